//! Shows an error where it happened: title, whose word it is, what to do, and the code to quote.

import { button, make } from './dom.js';
import { told, type Told } from './errors.js';
import { steps } from './verdict_view.js';

/** What the reader may do about it. */
export interface Ways {
  readonly remark?: string | undefined;
  readonly retry?: (() => void) | undefined;
}

/** Shows what went wrong in this place, and moves the focus there. */
export function showProblem(place: HTMLElement, failure: unknown, ways: Ways = {}): Told {
  const words = told(failure, ways.remark);
  showTold(place, words, ways.retry);
  return words;
}

/** The same, of words that are there. */
export function showTold(place: HTMLElement, words: Told, retry?: () => void): void {
  const again = retry === undefined ? undefined : button('Try again', 'button', retry);
  const seen = (words.steps?.length ?? 0) > 0 ? steps(words.steps ?? [], 'What had passed before') : undefined;
  const request = words.requestId === undefined ? '' : ` · request ${words.requestId}`;
  const box = make(
    'div',
    { class: 'problem', role: 'alert', tabindex: '-1' },
    make('h2', {}, words.title),
    words.word === undefined ? undefined : make('p', { class: 'word' }, words.word),
    make('p', {}, words.hint),
    make('p', { class: 'code' }, `${words.code}${request}`),
    again,
    seen,
  );
  place.replaceChildren(box);
  place.hidden = false;
  box.focus();
}

/** Takes it away. */
export function clearProblem(place: HTMLElement): void {
  place.replaceChildren();
  place.hidden = true;
}
