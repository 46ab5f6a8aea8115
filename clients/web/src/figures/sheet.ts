//! Which figures a page shows, and in which order: of metrics, of a summary, and while nothing was collected.

import { charts } from './charts.js';
import { coverage } from './coverage.js';
import { collecting, environment, headline } from './headline.js';
import { section, type Setting } from './parts.js';
import type { Figures } from './read.js';
import { restatements } from './restatements.js';
import { snapshots } from './snapshots.js';
import { heatMap, statistics, trades } from './statistics.js';
import { change, costs, symbols } from './symbols.js';
import { h, type Child, type Tree } from './tree.js';

/** All of it, under a status line if there is one. */
export function sheet(setting: Setting, figures: Figures, status: Child = null): Tree {
  return h('div', { class: 'pf' }, environment(figures), status, content(setting, figures));
}

function content(setting: Setting, figures: Figures): Child {
  if (figures.whole && figures.total === null) return [collecting(figures), rest(setting, figures)];
  const top = headline(setting, figures);
  if (!figures.whole) return [top, rest(setting, figures)];
  return [
    top,
    charts(setting, figures),
    heatMap(setting, figures),
    section(
      'costs',
      'Costs and change',
      h('div', { class: 'pf-blocks' }, costs(setting, figures), change(setting, figures)),
    ),
    symbols(setting, figures),
    statistics(setting, figures),
    trades(setting, figures),
    rest(setting, figures),
  ];
}

/** What the figures rest on. */
function rest(setting: Setting, figures: Figures): Child {
  return [snapshots(setting, figures), restatements(setting, figures), coverage(setting, figures)];
}
