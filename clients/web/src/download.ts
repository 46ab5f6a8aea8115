//! Hands a file to the reader.

/** Saves text as a file; where to is the browser's business. */
export function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

const STYLE = /<style>([^<]*)<\/style>/g;

/** Prints a whole document of ours, which has no script. The page's security policy allows no style in markup, not even
 *  where it is only parsed, so the sheet is taken out first and adopted. */
export function print(html: string): void {
  document.getElementById('printed')?.remove();
  const frame = document.createElement('iframe');
  frame.id = 'printed';
  frame.title = 'Tear sheet';
  frame.className = 'printed';
  frame.tabIndex = -1;
  frame.setAttribute('aria-hidden', 'true');
  document.body.append(frame);
  const inner = frame.contentWindow as (Window & typeof globalThis) | null;
  if (inner === null) return;
  const parsed = new DOMParser().parseFromString(html.replace(STYLE, ''), 'text/html');
  const sheet = new inner.CSSStyleSheet();
  sheet.replaceSync([...html.matchAll(STYLE)].map(([, style]) => style).join('\n'));
  inner.document.adoptedStyleSheets = [sheet];
  inner.document.title = parsed.title;
  inner.document.documentElement.lang = parsed.documentElement.lang;
  inner.document.body.replaceChildren(...parsed.body.childNodes);
  inner.addEventListener('afterprint', () => frame.remove());
  inner.print();
}
