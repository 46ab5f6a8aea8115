//! Figures on a page: drawn into an element, updated in place, and what keys and pointer do there.

import { chartSize, plots } from './charts.js';
import { openDefinition } from './definition_dialog.js';
import type { Setting } from './parts.js';
import { layout, type Plot } from './plot.js';
import type { Figures } from './read.js';
import { cross, moved, nearest, table } from './scrub.js';
import { sheet } from './sheet.js';
import { toElement, update, type Child, type Tree } from './tree.js';

let views = 0;

export class View {
  readonly #root: HTMLElement;
  readonly #name: string;
  readonly #ends = new AbortController();
  readonly #resizes: ResizeObserver;
  #figures: Figures | null = null;
  #status: Child = null;
  #plots: readonly Plot[] = [];
  #width: number;
  #allSymbols = false;
  /** The day that each chart's crosshair is on, days since 1970. */
  readonly #crosses = new Map<string, number>();
  readonly #allDays = new Set<string>();

  constructor(root: HTMLElement) {
    views += 1;
    this.#root = root;
    this.#name = `pf-${views}`;
    this.#width = widthOf(root);
    const { signal } = this.#ends;
    root.addEventListener('click', (event) => this.#clicked(event), { signal });
    root.addEventListener('keydown', (event) => this.#pressed(event), { signal });
    root.addEventListener('pointermove', (event) => this.#pointed(event), { signal });
    root.addEventListener('pointerdown', (event) => this.#pointed(event), { signal });
    root.addEventListener('pointerout', (event) => this.#left(event), { signal });
    root.addEventListener('focusout', (event) => this.#left(event), { signal });
    // `toggle` does not bubble.
    root.addEventListener('toggle', (event) => this.#fillTable(event.target), { signal, capture: true });
    this.#resizes = new ResizeObserver(() => this.#resized());
    this.#resizes.observe(root);
  }

  /** Shows figures, under a status line. */
  show(figures: Figures, status: Child = null): void {
    this.#figures = figures;
    this.#status = status;
    this.#plots = plots(figures);
    this.#draw();
  }

  /** The status line alone. */
  status(tree: Tree): void {
    this.#status = tree;
    const line = this.#root.querySelector('.pf-status');
    if (line !== null) update(line, tree);
  }

  close(): void {
    this.#ends.abort();
    this.#resizes.disconnect();
  }

  get #setting(): Setting {
    const [name, width, allSymbols] = [this.#name, this.#width, this.#allSymbols];
    return { name, width, allSymbols, currency: this.#figures?.currency ?? '', opens: true };
  }

  #draw(): void {
    if (this.#figures === null) return;
    const tree = sheet(this.#setting, this.#figures, this.#status);
    const old = this.#root.firstElementChild;
    if (old?.classList.contains('pf')) update(old, tree);
    else this.#root.replaceChildren(toElement(tree));
    for (const plot of this.#plots) {
      const figure = this.#figure(plot.id);
      if (figure === null) continue;
      this.#cross(plot, this.#crosses.get(plot.id) ?? null);
      this.#fillTable(figure.querySelector('details'));
    }
  }

  #resized(): void {
    const width = widthOf(this.#root);
    if (width === this.#width) return;
    this.#width = width;
    this.#draw();
  }

  #figure(id: string): Element | null {
    return this.#root.querySelector(`[data-chart="${id}"]`);
  }

  #clicked({ target }: Event): void {
    const on = target instanceof Element ? target.closest<HTMLElement>('button') : null;
    const opens = on?.dataset['opens'];
    if (opens !== undefined) openDefinition(this.#root, opens, on?.dataset['exact'] ?? null, this.#name);
    if (on?.dataset['symbols'] !== undefined) {
      this.#allSymbols = !this.#allSymbols;
      this.#draw();
    }
    if (on?.dataset['days'] !== undefined) {
      const details = on.closest('details');
      this.#allDays.add(details?.dataset['table'] ?? '');
      this.#fillTable(details);
      details?.querySelector<HTMLElement>('.pf-scroll')?.focus();
    }
  }

  #plotOf(target: EventTarget | null): { plot: Plot; scrub: HTMLElement } | null {
    const scrub = target instanceof Element ? target.closest<HTMLElement>('.pf-scrub') : null;
    const id = scrub?.closest<HTMLElement>('[data-chart]')?.dataset['chart'];
    const plot = this.#plots.find((one) => one.id === id);
    return scrub === null || plot === undefined ? null : { plot, scrub };
  }

  #pressed(event: KeyboardEvent): void {
    const found = this.#plotOf(event.target);
    if (found === null || event.altKey || event.ctrlKey || event.metaKey) return;
    const { plot } = found;
    if (event.key === 'Escape') return this.#cross(plot, null);
    const on = this.#crosses.get(plot.id);
    const index = on === undefined ? plot.days.length - 1 : nearest(plot, on);
    const next = moved(event.key, index, plot.days.length);
    if (next === null) return;
    event.preventDefault();
    this.#cross(plot, plot.days[next]?.number ?? null);
  }

  #pointed(event: PointerEvent): void {
    const found = this.#plotOf(event.target);
    if (found === null) return;
    const { plot, scrub } = found;
    const box = scrub.getBoundingClientRect();
    const size = chartSize(this.#setting, plot.id);
    const x = ((event.clientX - box.left) / Math.max(1, box.width)) * size.width;
    const day = layout(plot, size).dayAt(x);
    this.#cross(plot, plot.days[nearest(plot, day)]?.number ?? null);
  }

  #left(event: Event): void {
    const found = this.#plotOf(event.target);
    if (found !== null && (event.type === 'focusout' || document.activeElement !== found.scrub))
      this.#cross(found.plot, null);
  }

  #cross(plot: Plot, day: number | null): void {
    if (day === null) this.#crosses.delete(plot.id);
    else this.#crosses.set(plot.id, day);
    const figure = this.#figure(plot.id);
    if (figure !== null)
      cross(figure, plot, chartSize(this.#setting, plot.id), day === null ? null : nearest(plot, day));
  }

  /** Tables are made when they are opened: there may be thousands of days. */
  #fillTable(target: EventTarget | null): void {
    if (!(target instanceof HTMLDetailsElement)) return;
    const id = target.dataset['table'];
    const plot = this.#plots.find((one) => one.id === id);
    const place = target.querySelector('[data-own="table"]');
    if (plot === undefined || place === null) return;
    if (!target.open) return place.replaceChildren();
    const scrolled = place.querySelector('.pf-scroll')?.scrollTop ?? 0;
    const had = place.contains(document.activeElement);
    place.replaceChildren(table(plot, this.#allDays.has(plot.id)));
    const fresh = place.querySelector<HTMLElement>('.pf-scroll');
    if (fresh !== null) fresh.scrollTop = scrolled;
    if (had) fresh?.focus({ preventScroll: true });
  }
}

/** The room that charts have; a page that is not laid out yet gets a usual one. */
function widthOf(root: HTMLElement): number {
  return root.clientWidth > 0 ? Math.max(280, Math.min(root.clientWidth, 1600)) : 720;
}
