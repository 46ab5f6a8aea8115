//! The holder's key in the form: made in this page or read from its file, given to its owner as a file, and kept nowhere else.

import { HolderKey } from '@perf-aggregator/secure-client';
import { byId } from './dom.js';
import { download } from './download.js';
import { told } from './errors.js';
import { clearFlag, flag, isTicked, textOf } from './form.js';
import { say } from './views.js';

/** A key is one line of a hundred characters. */
const FILE_BYTES_MAX = 1024;
const FILE_NAME = 'perfagg-holder.key';

/** The key that was made or read for the choice that stands in the form. */
let key: HolderKey | undefined;

/** Wires the part of the form. */
export function startHolder(): void {
  byId('holder').addEventListener('change', choose);
  byId('holder-make').addEventListener('click', () => void create());
  byId('holder-saved').addEventListener('change', () => clearFlag(byId('holder-saved')));
  byId<HTMLInputElement>('holder-file').addEventListener('change', () => void read());
  choose();
}

/** The key that the form asks for; none where none is wanted. */
export function holderOfForm(): HolderKey | undefined {
  return key;
}

/** Whether the form has what was chosen; if not, it says what is missing. */
export function isHolderReady(): boolean {
  const choice = textOf('holder');
  if (choice === 'new' && key === undefined) return missing('holder-make', 'Make the key and save its file first.');
  if (choice === 'new' && !isTicked('holder-saved'))
    return missing('holder-saved', 'Tick this when the file is there: nobody has another copy.');
  return choice !== 'file' || key !== undefined || missing('holder-file', 'Choose the file of your key.');
}

/** Forgets the key and the choice. A client that has the key keeps it. */
export function forgetHolder(): void {
  byId<HTMLSelectElement>('holder').value = '';
  choose();
}

function missing(id: string, text: string): false {
  flag(byId(id), text);
  byId(id).focus();
  return false;
}

/** Shows what belongs to the choice; a key of another choice is forgotten. */
function choose(): void {
  const choice = textOf('holder');
  name(undefined);
  byId('holder-new').hidden = choice !== 'new';
  byId('holder-old').hidden = choice !== 'file';
  for (const id of ['holder-make', 'holder-file', 'holder-saved']) clearFlag(byId(id));
  // Plain reads are not signed.
  const bearer = byId<HTMLInputElement>('bearer');
  bearer.disabled = choice !== '';
  if (choice !== '') bearer.checked = false;
}

async function create(): Promise<void> {
  clearFlag(byId('holder-make'));
  try {
    const made = await HolderKey.generate();
    const text = await made.export();
    if (textOf('holder') !== 'new') return;
    download(FILE_NAME, 'text/plain', `${text}\n`);
    name(made);
    say('The key was made, and its file given to your browser.');
  } catch (failure) {
    flag(byId('holder-make'), said(failure));
  }
}

async function read(): Promise<void> {
  const input = byId<HTMLInputElement>('holder-file');
  const file = input.files?.[0];
  input.value = '';
  if (file === undefined) return;
  name(undefined);
  clearFlag(input);
  try {
    const text = file.size > FILE_BYTES_MAX ? '' : await file.text();
    const found = await HolderKey.import(text);
    if (textOf('holder') === 'file') name(found);
  } catch (failure) {
    flag(input, said(failure));
  }
}

/** What became of making or reading a key. */
function said(failure: unknown): string {
  const { code, title, hint } = told(failure);
  return code === 'OPTION_INVALID' ? 'This is no holder’s key, or not a whole one.' : `${title}. ${hint}`;
}

/** Takes a key, and shows its short name. */
function name(held: HolderKey | undefined): void {
  key = held;
  const saved = byId<HTMLInputElement>('holder-saved');
  saved.checked = false;
  saved.disabled = held === undefined;
  byId('holder-name').textContent = held === undefined ? '' : `Key ${held.fingerprint}: this is how perfagg and this page call it.`;
}
