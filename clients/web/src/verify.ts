//! Verify: a file somebody sent, judged in this page. The verifier is fetched when the page opens, so that the network may
//! be off from then on.

import { verifySaved, type SavedVerdict } from '@perf-aggregator/secure-client';
import { belief, PolicyUnreadable } from './belief.js';
import { behindS, remark } from './clock.js';
import { byId, hash, make } from './dom.js';
import { download } from './download.js';
import { renderFigures, tearSheet } from './figures/index.js';
import { flag, textOf } from './form.js';
import { verifierAhead } from './place.js';
import { clearProblem, showProblem, showTold } from './problem.js';
import { verdictOf } from './verdict.js';
import { drawVerdict } from './verdict_view.js';
import { markDevelopment, say, show } from './views.js';
import { instant } from './words.js';

/** An answer is at most 32 MiB, and is written as text inside JSON. */
const FILE_BYTES_MAX = 80 * 1024 * 1024;

/** The answer that is shown. */
let shown: SavedVerdict | undefined;

/** Opens the page for a file. */
export function startVerify(): void {
  const verifier = verifierAhead();
  // Whoever drops a file hears of it; until then nobody waits for it.
  verifier.catch(() => undefined);
  const input = byId<HTMLInputElement>('file');
  input.disabled = false;
  input.addEventListener('change', () => {
    const file = input.files?.[0];
    input.value = '';
    if (file !== undefined) void judge(file, verifier);
  });
  const drop = byId('drop');
  const over = (is: boolean): void => void drop.classList.toggle('over', is);
  // Anywhere on the page: a file that misses its place must not replace the page.
  addEventListener('dragover', (event) => {
    event.preventDefault();
    over(true);
  });
  addEventListener('dragleave', () => over(false));
  addEventListener('drop', (event) => {
    event.preventDefault();
    over(false);
    const file = event.dataTransfer?.files[0];
    if (file !== undefined && drop.offsetParent !== null) void judge(file, verifier);
  });
  byId('verify-root').addEventListener('input', () => markDevelopment(textOf('verify-root') !== ''));
  byId('another').addEventListener('click', again);
  byId('judged-sheet').addEventListener('click', () => {
    if (shown !== undefined) download('perf-aggregator-tear-sheet.html', 'text/html', sheetOf(shown));
  });
}

function again(): void {
  shown = undefined;
  byId('judged').replaceChildren();
  byId('judged-figures').replaceChildren();
  clearProblem(byId('verify-problem'));
  show('verify');
}

async function judge(file: File, verifier: Promise<Uint8Array<ArrayBuffer>>): Promise<void> {
  const problem = byId('verify-problem');
  clearProblem(problem);
  if (file.size > FILE_BYTES_MAX) {
    const hint = 'A saved answer has at most 80 MiB. It was not read.';
    showTold(problem, { title: 'This file is too large', hint, code: 'FILE_TOO_LARGE', isTransient: false, ofKey: false });
    return;
  }
  say('Judging the file.');
  try {
    const { policy } = belief('verify-policy', 'verify-root');
    draw(await verifySaved(await file.text(), { policy, verifier: await verifier }));
  } catch (failure) {
    if (failure instanceof PolicyUnreadable) {
      flag(byId('verify-policy'), 'This is no JSON object.');
      byId('verify-policy').focus();
    } else {
      showProblem(problem, failure);
    }
  }
}

function draw(judged: SavedVerdict): void {
  const { enclave, signedAt, resultKey, body } = judged;
  const verdict = verdictOf(enclave);
  const headline = `The signature is right, and the evidence vouches for its key. ${verdict.headline}`;
  markDevelopment(enclave.development);
  drawVerdict(byId('judged'), { ...verdict, headline }, [
    ['Signed', instant(signedAt)],
    ['By the key', hash(resultKey)],
  ]);
  const ahead = behindS(Date.parse(signedAt) / 1000);
  // An answer may well be old; it cannot be of the future.
  const apart = ahead > 0 ? remark(ahead) : undefined;
  byId('judged-clock').textContent = apart ?? '';
  byId('judged-clock').hidden = apart === undefined;
  // A place of its own: figures remember where they were drawn.
  const figures = make('div');
  byId('judged-figures').replaceChildren(figures);
  shown = judged;
  // A headline alone is no sheet.
  byId('judged-sheet').hidden = !('symbols' in body);
  drawFigures(figures, body);
  show('judged');
  say(headline);
}

function sheetOf({ enclave, signedAt, resultKey, body }: SavedVerdict): string {
  const { measurement, release, hardware, development } = verdictOf(enclave);
  const environment = String(body['environment']);
  const proof = { measurement, release, hardware, development, environment, resultKey, signedAt };
  return tearSheet({ ...body, environment }, proof);
}

/** The figures; a signed answer of another kind has none. */
function drawFigures(place: HTMLElement, body: SavedVerdict['body']): void {
  try {
    renderFigures(place, body);
  } catch {
    place.replaceChildren(make('p', { class: 'muted' }, 'This answer is signed, and holds no figures in a form that this page knows.'));
  }
}
