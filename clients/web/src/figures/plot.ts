//! A chart of days as a tree: lines over one axis of money or percent, and under it how each day is known. Days
//! without a value are gaps; what is drawn across one is dotted.

import { extent } from 'd3-array';
import { scaleLinear, scaleUtc } from 'd3-scale';
import { area, line } from 'd3-shape';
import { utcFormat } from 'd3-time-format';
import { day, shownNumber, type Kind } from './format.js';
import { MARKS, type Day, type Mark } from './read.js';
import { downsampled, runs, type Place, type Point } from './series.js';
import { h, type Tree } from './tree.js';

/** One line of a chart. */
export interface Line {
  readonly name: string;
  readonly points: readonly Point[];
  /** `main` is heavier where days were observed, `beside` is thin and dashed. */
  readonly style: 'main' | 'beside';
}

export interface Plot {
  /** The figure whose definition it opens. */
  readonly id: string;
  readonly title: string;
  readonly kind: Kind;
  /** What values are in, for the description. */
  readonly unit: string;
  readonly days: readonly Day[];
  readonly lines: readonly Line[];
  /** Whether the space between the first line and zero is filled. */
  readonly filled: boolean;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const MILLISECONDS_A_DAY = 86_400_000;
const EDGE = { top: 8, right: 8, bottom: 36, left: 52 } as const;
const STRIP = { height: 8, below: 6 } as const;

/** A day under a chart. */
interface TickX {
  readonly x: number;
  readonly text: string;
  readonly anchor: 'start' | 'middle' | 'end';
}

/** Where days and values stand. */
export interface Layout {
  readonly x: (day: number) => number;
  readonly y: (value: number) => number;
  readonly dayAt: (x: number) => number;
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  readonly ticksX: readonly TickX[];
  readonly ticksY: readonly { readonly y: number; readonly text: string }[];
}

/** Layouts that were asked for last: the crosshair asks at each move of the pointer. */
const LAYOUTS = new WeakMap<Plot, { readonly size: Size; readonly layout: Layout }>();

export function layout(plot: Plot, size: Size): Layout {
  const last = LAYOUTS.get(plot);
  if (last !== undefined && last.size.width === size.width && last.size.height === size.height) return last.layout;
  const fresh = laidOut(plot, size);
  LAYOUTS.set(plot, { size, layout: fresh });
  return fresh;
}

function laidOut(plot: Plot, { width, height }: Size): Layout {
  const [left, right, top, bottom] = [
    EDGE.left,
    Math.max(EDGE.left + 40, width - EDGE.right),
    EDGE.top,
    height - EDGE.bottom,
  ];
  const [first, last] = [plot.days.at(0)?.number ?? 0, plot.days.at(-1)?.number ?? 1];
  const x = scaleLinear([first, Math.max(last, first + 1)], [left, right]);
  const values = plot.lines.flatMap(({ points }) => points.flatMap(({ value }) => (value === null ? [] : [value])));
  const [low, high] = extent(plot.filled ? [0, ...values] : values);
  const y = scaleLinear(domain(low ?? 0, high ?? 1), [bottom, top]).nice(4);
  const time = scaleUtc([first * MILLISECONDS_A_DAY, Math.max(last, first + 1) * MILLISECONDS_A_DAY], [left, right]);
  const times = time.ticks(Math.max(2, Math.floor((right - left) / 75)));
  const whole = times.filter((at) => at.getTime() % MILLISECONDS_A_DAY === 0);
  return {
    x,
    y,
    dayAt: (at) => Math.round(x.invert(at)),
    left,
    right,
    top,
    bottom,
    ticksX: thinned(whole.map((at) => tickX(time(at), dateTick(at, last - first), left, right))),
    ticksY: y.ticks(4).map((at) => ({ y: y(at), text: tick(at, plot.kind, y.ticks(4)) })),
  };
}

function domain(low: number, high: number): [number, number] {
  return low < high ? [low, high] : [low - (Math.abs(low) || 1) * 0.05, high + (Math.abs(high) || 1) * 0.05];
}

/** About how wide a character of a tick is, and how far apart ticks are at least, in pixels. */
const CHARACTER = 6.2;
const APART = 10;

function tickX(x: number, text: string, left: number, right: number): TickX {
  const half = (text.length * CHARACTER) / 2;
  return { x, text, anchor: x - half < left ? 'start' : x + half > right ? 'end' : 'middle' };
}

/** From where to where the text of a tick reaches. */
function reach({ x, text, anchor }: TickX): [number, number] {
  const width = text.length * CHARACTER;
  const from = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return [from, from + width];
}

/** Every tick, or every second one and so on, until none stands in another. */
function thinned(ticks: readonly TickX[]): readonly TickX[] {
  for (let every = 1; every < ticks.length; every += 1) {
    const kept = ticks.filter((_, index) => index % every === 0);
    const stand = kept.map(reach);
    if (stand.every(([from], index) => index === 0 || from - (stand[index - 1]?.[1] ?? 0) >= APART)) return kept;
  }
  return ticks.slice(0, 1);
}

const formatYear = utcFormat('%Y');
const formatMonth = utcFormat('%b %Y');
const formatDate = utcFormat('%-d %b');

function dateTick(at: Date, days: number): string {
  if (days > 1500) return formatYear(at);
  return days > 75 ? formatMonth(at) : formatDate(at);
}

/** A number on an axis: short, and with as many places as tell neighbours apart. */
function tick(at: number, kind: Kind, all: readonly number[]): string {
  const step = Math.abs((all[1] ?? 1) - (all[0] ?? 0));
  const places = (scale: number): number => Math.min(8, Math.max(0, -Math.floor(Math.log10(step * scale) + 1e-9)));
  const sign = at < 0 ? '−' : '';
  const size = Math.abs(at);
  if (kind === 'percent' || kind === 'return') return `${sign}${(size * 100).toFixed(places(100))}%`;
  const largest = Math.max(...all.map(Math.abs));
  const units: readonly (readonly [number, string])[] = [
    [1e12, 'T'],
    [1e9, 'B'],
    [1e6, 'M'],
    [1e3, 'k'],
  ];
  const [unit, letter] = units.find(([least]) => largest >= least * 10 || (least >= 1e6 && largest >= least)) ?? [
    1,
    '',
  ];
  return `${sign}${(size / unit).toFixed(places(1 / unit))}${size === 0 ? '' : letter}`;
}

/** The chart as an image with its name and description. `name` begins the ids in it. */
export function image(plot: Plot, size: Size, name: string): Tree {
  const at = layout(plot, size);
  const [titleId, descriptionId] = [`${name}-title`, `${name}-description`];
  return h(
    'svg',
    {
      class: 'pf-image',
      role: 'img',
      'aria-labelledby': `${titleId} ${descriptionId}`,
      viewBox: `0 0 ${size.width} ${size.height}`,
      width: size.width,
      height: size.height,
    },
    h('title', { id: titleId }, plot.title),
    h('desc', { id: descriptionId }, description(plot)),
    axes(at),
    plot.filled && fill(plot, at),
    [...plot.lines].reverse().map((one) => drawn(one, plot.days, at)),
    strip(plot.days, at),
    h('g', { class: 'pf-cross', 'data-own': 'cross', key: 'cross' }),
  );
}

function axes(at: Layout): Tree {
  return h(
    'g',
    { class: 'pf-axes', 'aria-hidden': 'true' },
    at.ticksY.map(({ y, text }) => [
      h('line', { class: 'pf-grid-line', x1: at.left, x2: at.right, y1: round(y), y2: round(y) }),
      h('text', { class: 'pf-tick', x: at.left - 6, y: round(y), dy: '0.32em', 'text-anchor': 'end' }, text),
    ]),
    at.ticksX.map(({ x, text, anchor }) => {
      const y = at.bottom + STRIP.below + STRIP.height + 14;
      return h('text', { class: 'pf-tick', x: round(x), y, 'text-anchor': anchor }, text);
    }),
  );
}

function places(points: readonly Point[], at: Layout): Place[] {
  return points.flatMap(({ day: number, value }) => (value === null ? [] : [{ x: at.x(number), y: at.y(value) }]));
}

const path = line<Place>(
  ({ x }) => round(x),
  ({ y }) => round(y),
);

function fill(plot: Plot, at: Layout): Tree[] {
  const zero = round(at.y(0));
  const shape = area<Place>(
    ({ x }) => round(x),
    zero,
    ({ y }) => round(y),
  );
  return runs(plot.lines[0]?.points ?? []).map((run) =>
    h('path', { class: 'pf-area', d: shape(downsampled(places(run, at))) ?? '' }),
  );
}

/** A line: heavy where days were observed, plain where they were reconstructed, dotted across days without a value. */
function drawn({ points, style }: Line, days: readonly Day[], at: Layout): Tree[] {
  const found = runs(points);
  const gaps = found.slice(1).flatMap((run, index) => {
    const [from, to] = [found[index]?.at(-1), run[0]];
    return from === undefined || to === undefined ? [] : [path(places([from, to], at)) ?? ''];
  });
  const all = found.map((run) => path(downsampled(places(run, at))) ?? '').join('');
  const alone = found.filter((run) => run.length === 1).flatMap((run) => places(run, at));
  const heavy = style === 'main' ? observed(found, days, at) : '';
  return [
    h('path', { class: `pf-line pf-${style}`, d: all }),
    ...(gaps.length === 0 ? [] : [h('path', { class: `pf-line pf-across`, d: gaps.join('') })]),
    ...(heavy === '' ? [] : [h('path', { class: 'pf-line pf-observed', d: heavy })]),
    ...alone.map(({ x, y }) => h('circle', { class: 'pf-alone', cx: round(x), cy: round(y), r: 1.5 })),
  ];
}

function observed(found: readonly Point[][], days: readonly Day[], at: Layout): string {
  const known = new Set(days.filter(({ mark }) => mark === 'observed').map(({ number }) => number));
  const cut = found.flatMap((run) =>
    runs(run.map((point) => (known.has(point.day) ? point : { day: point.day, value: null }))),
  );
  return cut.map((run) => path(downsampled(places(run, at))) ?? '').join('');
}

/** Under the chart, how each day is known: the less sure, the lower; what is missing is empty. A column of pixels
 *  shows the least sure of its days. */
function strip(days: readonly Day[], at: Layout): Tree {
  const worst = new Map<number, number>();
  const width = Math.max(1, at.x(1) - at.x(0));
  for (const { number, mark } of days) {
    const column = Math.floor(at.x(number));
    worst.set(column, Math.max(worst.get(column) ?? 0, MARKS.indexOf(mark)));
  }
  const bars: { from: number; to: number; mark: Mark }[] = [];
  for (const [column, index] of [...worst].sort(([one], [other]) => one - other)) {
    const mark = MARKS[index] ?? 'missing';
    const last = bars.at(-1);
    if (last !== undefined && last.mark === mark && column <= last.to + 1) last.to = column + width;
    else bars.push({ from: column, to: column + width, mark });
  }
  const top = at.bottom + STRIP.below;
  return h(
    'g',
    { class: 'pf-strip', 'aria-hidden': 'true' },
    bars.map(({ from, to, mark }) => {
      const height = STRIP.height * HEIGHTS[mark];
      const [x, end] = [Math.max(at.left, from - width / 2), Math.min(at.right, to - width / 2)];
      return h('rect', {
        class: `pf-mark pf-mark-${mark}`,
        x: round(x),
        y: round(top + STRIP.height - height),
        width: round(Math.max(1, end - x)),
        height: round(height),
      });
    }),
  );
}

/** The height of a mark says the same as its colour. */
const HEIGHTS: Readonly<Record<Mark, number>> = {
  observed: 1,
  reconstructed: 0.6,
  bridged: 0.3,
  partial: 0.45,
  missing: 0.12,
};

/** The sign of a mark in a legend. */
export function markSign(mark: Mark): Tree {
  const height = round(STRIP.height * HEIGHTS[mark]);
  return h(
    'svg',
    { class: 'pf-sign', viewBox: '0 0 12 8', width: 12, height: 8, 'aria-hidden': 'true' },
    h('rect', { class: `pf-mark pf-mark-${mark}`, x: 0.5, y: round(8 - height), width: 11, height }),
  );
}

/** The chart in words. */
export function description({ lines, days, kind, unit }: Plot): string {
  const of = unit === '' ? '' : ` ${unit}`;
  const points = (lines[0]?.points ?? []).flatMap(({ day: number, value }) =>
    value === null ? [] : [{ number, value }],
  );
  const [first, last] = [points[0], points.at(-1)];
  if (first === undefined || last === undefined) return 'No day has a value.';
  const low = points.reduce((one, other) => (other.value < one.value ? other : one));
  const high = points.reduce((one, other) => (other.value > one.value ? other : one));
  const said = (name: string, point: { number: number; value: number }): string =>
    `${name} ${shownNumber(point.value, kind)}${of} on ${day(dateOf(point.number))}`;
  const without = days.length - points.length;
  return (
    `${[said('First', first), said('lowest', low), said('highest', high), said('last', last)].join(', ')}. ` +
    `${points.length} days${without === 0 ? '' : `; ${without} more have no value`}.`
  );
}

/** A day since 1970 as a date. */
export function dateOf(number: number): string {
  return new Date(number * MILLISECONDS_A_DAY).toISOString().slice(0, 10);
}

/** A tenth of a pixel is enough. */
export function round(place: number): number {
  return Math.round(place * 10) / 10;
}
