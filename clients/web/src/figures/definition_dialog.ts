//! The dialog that tells what a figure means, opened from its name.

import { DEFINITIONS, anchor, context, type Definition } from './definitions.js';
import { h, toElement, type Child, type Tree } from './tree.js';

/** Opens the definition of a figure over the page; `exact` is its number in full. Focus goes back when it closes. */
export function openDefinition(root: Element, id: string, exact: string | null, name: string): void {
  const definition = DEFINITIONS.get(id);
  if (definition === undefined) return;
  const dialog = toElement(content(definition, exact, `${name}-definition`)) as HTMLDialogElement;
  dialog.addEventListener('click', ({ target }) => {
    const on = target instanceof Element ? target : null;
    // Outside of the dialog's content is its backdrop.
    if (on === dialog || on?.closest('[data-close]') !== null) dialog.close();
  });
  dialog.addEventListener('close', () => dialog.remove());
  root.append(dialog);
  dialog.showModal();
}

function content(definition: Definition, exact: string | null, name: string): Tree {
  const { id, title, unit, tells, formula, nullWhen } = definition;
  const letters = context(definition).join(' ');
  return h(
    'dialog',
    { class: 'pf-dialog', 'aria-labelledby': name },
    h(
      'div',
      { class: 'pf-definition' },
      h('h2', { id: name }, title),
      exact !== null && h('p', { class: 'pf-exact' }, h('span', { class: 'pf-note' }, 'Here, exactly '), exact),
      h('p', {}, words(tells)),
      formula !== '' && [h('h3', {}, 'Formula'), h('pre', {}, h('code', {}, formula.replaceAll('`', '')))],
      letters !== '' && h('p', { class: 'pf-note' }, words(letters)),
      h('h3', {}, 'Unit'),
      h('p', {}, unit),
      nullWhen !== '' && [h('h3', {}, 'No number when'), h('p', {}, words(nullWhen))],
      h('p', { class: 'pf-note' }, h('code', {}, id), ' · ', h('code', {}, anchor(definition))),
      h('button', { type: 'button', class: 'pf-more', 'data-close': true, autofocus: true }, 'Close'),
    ),
  );
}

/** The little Markdown of the definitions: words in back quotes and stars, and links, of which the words stay. */
export function words(markdown: string): Child {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .split(/(`[^`]*`|\*{1,2}[^*]+\*{1,2})/)
    .map((part) => {
      if (part.startsWith('`')) return h('code', {}, part.slice(1, -1));
      return /^\*.+\*$/.test(part) ? h('em', {}, part.replaceAll('*', '')) : part;
    });
}
