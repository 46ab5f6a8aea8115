//! Which view is shown, and what a screen reader hears of it. A change of view moves the focus to its heading; the
//! address, the history and the title of the page never change, so that they hold nothing.

import { byId } from './dom.js';

/** Shows the view of that name in its page, hides its siblings, and moves the focus to its heading. */
export function show(name: string): void {
  const view = byId(`view-${name}`);
  for (const sibling of view.parentElement?.children ?? []) {
    if (sibling instanceof HTMLElement && sibling.id.startsWith('view-')) sibling.hidden = sibling !== view;
  }
  window.scrollTo({ top: 0 });
  const heading = view.querySelector<HTMLElement>('h1');
  heading?.focus({ preventScroll: true });
}

/** Has a screen reader say this when it is done with what it says. */
export function say(text: string): void {
  const live = byId('live');
  if (live.textContent !== text) live.textContent = text;
}

/** The banner that stays on every view once development evidence is accepted. */
export function markDevelopment(on: boolean): void {
  byId('development').hidden = !on;
}

/** In the self-contained file: shows one of its pages, as it was left. */
export function showPage(name: string): void {
  for (const page of document.querySelectorAll<HTMLElement>('[data-part]')) {
    const shown = page.dataset['part'] === name;
    page.hidden = !shown;
    const link = byId(`to-${page.dataset['part']}`);
    if (shown) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
    if (shown) page.querySelector<HTMLElement>('section:not([hidden]) > h1')?.focus();
  }
}
