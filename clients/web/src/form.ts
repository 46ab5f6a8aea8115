//! Fields of a form: how much they take, what is wrong with them, and how they are emptied. A secret leaves its field once
//! it is in the client's hands.

import { byId, make } from './dom.js';
import { count } from './words.js';

type Field = HTMLInputElement | HTMLTextAreaElement;

/** Readies the fields with a bound inside `root`: what is too long is refused whole, for a key cut short is a wrong key. */
export function boundFields(root: ParentNode): void {
  for (const field of root.querySelectorAll<Field>('[data-chars-max]')) {
    const charsMax = Number(field.dataset['charsMax']);
    const refuse = (length: number): void =>
      flag(field, `That is ${count(length)} characters; this field takes ${count(charsMax)}. Nothing of it was kept.`);
    const target: HTMLElement = field;
    // Before it is in the field: a megabyte would have to be laid out first.
    target.addEventListener('beforeinput', (event) => {
      const given = event.data ?? event.dataTransfer?.getData('text/plain') ?? '';
      if (given.length <= charsMax) return;
      event.preventDefault();
      refuse(given.length);
    });
    field.addEventListener('input', () => {
      const { length } = field.value;
      clearFlag(field);
      if (length <= charsMax) return;
      field.value = '';
      refuse(length);
    });
  }
}

/** Makes the buttons work that show a secret. */
export function showToggles(root: ParentNode): void {
  for (const toggle of root.querySelectorAll<HTMLButtonElement>('button.show')) {
    toggle.addEventListener('click', () => setShown(toggle, toggle.getAttribute('aria-pressed') !== 'true'));
  }
}

function setShown(toggle: HTMLButtonElement, shown: boolean): void {
  byId<HTMLInputElement>(toggle.getAttribute('aria-controls') ?? '').type = shown ? 'text' : 'password';
  toggle.setAttribute('aria-pressed', String(shown));
  toggle.textContent = shown ? 'Hide' : 'Show';
}

/** The text of a field, without the space around it. */
export function textOf(id: string): string {
  return byId<Field | HTMLSelectElement>(id).value.trim();
}

export function isTicked(id: string): boolean {
  return byId<HTMLInputElement>(id).checked;
}

/** Empties fields, and hides them again if they were shown. */
export function wipeFields(...ids: readonly string[]): void {
  for (const id of ids) {
    const field = byId<Field>(id);
    field.value = '';
    // What the HTML of the page says of it is empty, and stays so.
    field.defaultValue = '';
    const toggle = document.querySelector<HTMLButtonElement>(`button.show[aria-controls="${id}"]`);
    if (toggle !== null) setShown(toggle, false);
  }
}

/** Says at a field what is wrong with it. */
export function flag(field: HTMLElement, text: string): void {
  const id = `${field.id}-error`;
  let error = document.getElementById(id);
  if (error === null) {
    error = make('p', { id, class: 'field-error', role: 'alert' });
    (field.closest('.field') ?? field).append(error);
  }
  error.textContent = text;
  field.setAttribute('aria-invalid', 'true');
  const about = new Set((field.getAttribute('aria-describedby') ?? '').split(' ').filter(Boolean)).add(id);
  field.setAttribute('aria-describedby', [...about].join(' '));
}

export function clearFlag(field: HTMLElement): void {
  const id = `${field.id}-error`;
  document.getElementById(id)?.remove();
  field.removeAttribute('aria-invalid');
  const about = (field.getAttribute('aria-describedby') ?? '').split(' ').filter((part) => part !== '' && part !== id);
  if (about.length > 0) field.setAttribute('aria-describedby', about.join(' '));
  else field.removeAttribute('aria-describedby');
}

/** Flags each of these that is empty; the first of them gets the focus. True if none is. */
export function filled(ids: Readonly<Record<string, string>>): boolean {
  const empty = Object.keys(ids).filter((id) => textOf(id) === '');
  for (const id of empty) flag(byId(id), ids[id] ?? '');
  const [first] = empty;
  if (first !== undefined) byId(first).focus();
  return first === undefined;
}

/** A private key in PEM as it was before a field of one line took its line breaks. */
export function unfolded(secret: string): string {
  const pem = /^(-----BEGIN [A-Z0-9 ]+-----)([A-Za-z0-9+/=\s]+)(-----END [A-Z0-9 ]+-----)$/.exec(secret);
  if (pem === null) return secret;
  const lines = (pem[2] ?? '').replace(/\s/g, '').match(/.{1,64}/g) ?? [];
  return [pem[1], ...lines, pem[3], ''].join('\n');
}
