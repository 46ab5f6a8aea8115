//! Draws a verdict: the headline, what is known, what is not proven, and the steps on demand.

import { facts, hash, make, type Child } from './dom.js';
import type { Verdict } from './verdict.js';
import { instant } from './words.js';

const MARK = { good: 'Verified', warn: 'Verified, with reservations', bad: 'Not protected' } as const;

/** Shows a verdict in this place. `more` are further facts of the occasion. */
export function drawVerdict(
  place: HTMLElement,
  verdict: Verdict,
  more: readonly (readonly [name: string, value: Child])[] = [],
): void {
  const ids = verdict.platformIds.map((id) => hash(id));
  place.replaceChildren(
    make(
      'div',
      { class: `verdict ${verdict.tone}` },
      make('p', { class: 'mark' }, MARK[verdict.tone]),
      make('p', { class: 'headline' }, verdict.headline),
    ),
    facts([
      ['Hardware', verdict.hardware],
      ['Program', verdict.program],
      ['Platform', verdict.platform],
      ...given('Accepted for a while', verdict.amber),
      ...given('Connection', verdict.connection),
      ...more,
      ['Measurement', hash(verdict.measurement)],
      ...(ids.length === 0 ? [] : ([['Platform id', make('span', {}, ...ids)]] as const)),
      ...(verdict.validUntil === undefined ? [] : ([['Evidence holds until', instant(verdict.validUntil)]] as const)),
    ]),
    make(
      'section',
      { class: 'open', 'aria-label': 'What this does not prove' },
      make('h2', {}, 'What this does not prove'),
      make('ul', {}, ...verdict.not_proven.map((item) => make('li', {}, item))),
    ),
    steps(verdict.steps, 'What was checked, step by step'),
  );
}

/** A row, where there is something to say. */
function given(name: string, text: string | null): readonly (readonly [string, Child])[] {
  return text === null ? [] : [[name, text]];
}

/** The steps of a verification, folded away until asked for. */
export function steps(passed: readonly unknown[], title: string): HTMLElement {
  const rows = passed.map((step) => {
    const { step: number, name, seen } = step as Record<string, unknown>;
    return make(
      'li',
      { value: String(Number(number)) },
      make('b', {}, String(name)),
      ' ',
      make('span', { class: 'seen' }, String(seen)),
    );
  });
  return make('details', { class: 'steps' }, make('summary', {}, title), make('ol', {}, ...rows));
}
