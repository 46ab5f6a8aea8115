//! The figures of a record: on the dashboard, on the page that verifies a saved answer, and as a tear sheet.

import type { SavedVerdict, Summary } from '@perf-aggregator/secure-client';
import { figures } from './read.js';
import { View } from './view.js';

export { mountDashboard, type Mounted, type Options, type Source, type State } from './dashboard.js';
export { tearSheet, type Proof } from './tear_sheet.js';

const shownIn = new WeakMap<HTMLElement, View>();

/** Shows the figures of an answer as they are; again in the same element, it replaces what was there. */
export function renderFigures(root: HTMLElement, body: Summary | SavedVerdict['body']): void {
  const view = shownIn.get(root) ?? new View(root);
  shownIn.set(root, view);
  view.show(figures(body));
}
