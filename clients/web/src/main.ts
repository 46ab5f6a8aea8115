//! Wires a page. Its HTML is whole without this; until it runs, fields are closed.

import { byId } from './dom.js';
import { boundFields, showToggles } from './form.js';
import { isSelfContained } from './place.js';
import { watchReach } from './reach.js';
import { startRegister } from './register.js';
import { setTheme } from './theme.js';
import { startVerify } from './verify.js';
import { showPage } from './views.js';

setTheme();
boundFields(document);
showToggles(document);
const { page } = document.body.dataset;
if (page !== 'start' && page !== undefined) watchReach();
if (page === 'register' || page === 'all') startRegister();
if (page === 'verify' || page === 'all') startVerify();
if (isSelfContained) {
  for (const name of ['register', 'verify']) byId(`to-${name}`).addEventListener('click', () => showPage(name));
}
