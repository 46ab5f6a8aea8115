//! Elements of the page, found and made. Text goes in as text: nothing here reads HTML.

/** What an element may hold. */
export type Child = Node | string | undefined;

/** The element of that id, which the page's HTML has. */
export function byId<T extends HTMLElement = HTMLElement>(id: string): T {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no ${id}`);
  return found as T;
}

/** A new element. `class`, `role`, `aria-…` and the like are attributes; styles are for the style sheet. */
export function make<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** A button that does something. */
export function button(text: string, kind: string, onClick: () => void): HTMLButtonElement {
  const made = make('button', { type: 'button', class: kind }, text);
  made.addEventListener('click', onClick);
  return made;
}

/** A list of names and what they are. */
export function facts(rows: readonly (readonly [name: string, value: Child])[]): HTMLDListElement {
  const list = make('dl', { class: 'facts' });
  for (const [name, value] of rows) list.append(make('div', {}, make('dt', {}, name), make('dd', {}, value)));
  return list;
}

/** A long hash, which may be broken anywhere and is selected as one. */
export function hash(hex: string): HTMLElement {
  return make('code', { class: 'hash' }, hex);
}
