//! The small parts that figures are set from: a name that opens its definition, a number, a row, a section.

import { decimal, isZero } from './decimal.js';
import { title } from './definitions.js';
import { shown, type Kind } from './format.js';
import { reason } from './reasons.js';
import type { Value } from './read.js';
import { h, type Child, type Tree } from './tree.js';

/** How a set of figures is shown. */
export interface Setting {
  /** Begins the ids on the page. */
  readonly name: string;
  readonly currency: string;
  /** Whether names open their definitions; on paper they do not. */
  readonly opens: boolean;
  /** The width that charts have, in pixels. */
  readonly width: number;
  /** Whether all symbols are shown. */
  readonly allSymbols: boolean;
}

/** The name of a figure; pressed, it opens the definition, which tells the exact number too. */
export function label(setting: Setting, id: string, exact?: string, said = title(id)): Tree {
  if (!setting.opens) return h('span', { class: 'pf-label' }, said);
  return h('button', { type: 'button', class: 'pf-label pf-opens', 'data-opens': id, 'data-exact': exact }, said);
}

/** A number; where there is none, a dash and its reason. */
export function number({ text, why }: Value, kind: Kind, unit = ''): Tree {
  if (text === null)
    return h('span', { class: 'pf-none' }, '—', why !== null && h('span', { class: 'pf-why' }, ` ${reason(why)}`));
  return h(
    'data',
    { class: `pf-number${tone(text, kind)}`, value: text, title: exactly(text, unit) },
    shown(text, kind),
    unit !== '' && h('span', { class: 'pf-unit' }, ` ${unit}`),
  );
}

/** Gains and losses have a colour beside their sign. */
function tone(text: string, kind: Kind): string {
  const value = decimal(text);
  if (value === null || isZero(value) || (kind !== 'change' && kind !== 'return')) return '';
  return value.negative ? ' pf-bad' : ' pf-good';
}

function exactly(text: string, unit: string): string {
  return `exactly ${text}${unit === '' ? '' : ` ${unit}`}`;
}

/** A named number of a list of them. */
export function figure(setting: Setting, id: string, value: Value, kind: Kind, unit = ''): Tree {
  return h(
    'div',
    { class: 'pf-figure', key: id },
    h('dt', {}, label(setting, id, exact(value, unit))),
    h('dd', {}, number(value, kind, unit)),
  );
}

/** What a definition says of the number that it was opened from. */
export function exact({ text, why }: Value, unit: string): string {
  return text === null ? (why === null ? 'none' : `none: ${reason(why)}`) : `${text}${unit === '' ? '' : ` ${unit}`}`;
}

/** A number in a table: where there is none, the reason is in its title and for screen readers. */
export function cell(value: Value, kind: Kind): Tree {
  const why = value.why === null ? 'no value' : reason(value.why);
  return h(
    'td',
    { class: 'pf-n' },
    value.text === null
      ? h('span', { class: 'pf-none', title: why }, '—', h('span', { class: 'pf-hidden' }, ` ${why}`))
      : number(value, kind),
  );
}

/** Under a table: what its dashes mean. */
export function dashes(values: readonly Value[]): Tree | null {
  const whys = new Map<string, number>();
  for (const { text, why } of values) {
    if (text === null && why !== null) whys.set(why, (whys.get(why) ?? 0) + 1);
  }
  if (whys.size === 0) return null;
  const said = [...whys].map(([why, times]) => `${reason(why)} (${times})`);
  return h('p', { class: 'pf-note' }, `—: ${said.join('; ')}`);
}

/** A section under its heading. */
export function section(id: string, heading: string, ...content: readonly Child[]): Tree {
  return h('section', { class: `pf-section pf-${id}`, key: id }, h('h2', {}, heading), content);
}

/** A table that scrolls sideways by itself, also by keyboard: a tear sheet too may be read on a phone. */
export function scrolling(said: string, table: Tree): Tree {
  return h('div', { class: 'pf-scroll', tabindex: '0', role: 'region', 'aria-label': said }, table);
}
