//! The end of a session: its figures leave the page, and the tab may be closed without a question.

import { byId } from './dom.js';
import { leave } from './staying.js';
import { show } from './views.js';

const FINAL = 'The enclave has wiped the key. Only deleting the key at the exchange is final: do that if you need it no longer.';

/** Says why, and empties what showed the session. */
export function ended(why: string, note: string = FINAL): void {
  leave();
  byId('dashboard').replaceChildren();
  byId('arrivals').replaceChildren();
  byId('expires').textContent = '';
  document.getElementById('printed')?.remove();
  byId('ended-why').textContent = why;
  byId('ended-note').textContent = note;
  show('ended');
}
