//! Register: from the form to a session. Evidence first, then the verdict; the key is sealed when the reader agrees to it.
//! What was typed into a field of a secret leaves the page's HTML as soon as the client has it.

import { AttestationError, SecureClient, type HolderKey, type SecureClientOptions, type VerifiedEnclave } from '@perf-aggregator/secure-client';
import { belief, PolicyUnreadable } from './belief.js';
import { behindS, remark, remarkOfService } from './clock.js';
import { collect } from './collecting.js';
import { byId } from './dom.js';
import { told, unsure } from './errors.js';
import { clearFlag, filled, flag, isTicked, textOf, unfolded, wipeFields } from './form.js';
import { forgetHolder, holderOfForm, isHolderReady, startHolder } from './holder.js';
import { isSelfContained, ownOrigin, verifierInside } from './place.js';
import { clearProblem, showProblem, showTold } from './problem.js';
import { leave, stay } from './staying.js';
import { verdictOf } from './verdict.js';
import { drawVerdict } from './verdict_view.js';
import { markDevelopment, say, show } from './views.js';
import { instant } from './words.js';

/** A verdict serves so long; then the enclave is asked again before a key goes out. The client's own bound is ten minutes. */
const VERDICT_MS_MAX = 9 * 60 * 1000;
const SECRETS = ['api-key', 'secret', 'passphrase'] as const;

/** A registration on its way. */
interface Candidate {
  readonly client: SecureClient;
  readonly origin: string;
  readonly exchange: string;
  readonly holder: HolderKey | undefined;
  verdictAt: number;
}

let candidate: Candidate | undefined;

/** Opens the form. */
export function startRegister(): void {
  byId<HTMLInputElement>('service').value = ownOrigin;
  for (const host of document.querySelectorAll('.whose .host')) host.textContent = location.host;
  byId<HTMLFieldSetElement>('register-fields').disabled = false;
  byId('exchange').addEventListener('change', showPassphrase);
  byId('root').addEventListener('input', () => markDevelopment(textOf('root') !== ''));
  byId('register-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void submit();
  });
  byId('confirm-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void confirmed();
  });
  byId('back').addEventListener('click', () => {
    giveUp();
    begin();
    say('Nothing was sent. The key was wiped from this page.');
  });
  byId('again').addEventListener('click', begin);
  startHolder();
  showPassphrase();
}

/** The client of a registration that is not gone on with forgets the key. */
function giveUp(): void {
  candidate?.client.forget();
  candidate = undefined;
}

/** Whether keys of the chosen exchange have a passphrase: its option says so. */
function hasPassphrase(): boolean {
  return byId<HTMLSelectElement>('exchange').selectedOptions[0]?.dataset['passphrase'] !== undefined;
}

function showPassphrase(): void {
  const has = hasPassphrase();
  byId('passphrase-field').hidden = !has;
  byId('challenge-about').hidden = textOf('exchange') !== 'hyperliquid';
  // One of another exchange is not sent along.
  if (!has) wipeFields('passphrase');
}

/** Back to the form, whose secrets are empty. */
function begin(): void {
  wipeFields(...SECRETS);
  clearProblem(byId('register-problem'));
  show('register');
}

/** Reads the form, asks for evidence and shows the verdict. */
async function submit(): Promise<void> {
  clearProblem(byId('register-problem'));
  const complete = filled({
    service: 'Where is the service?',
    'user-id': 'A name of your choice is needed.',
    'api-key': 'Paste the API key.',
    secret: 'Paste the secret.',
    ...(hasPassphrase() ? { passphrase: 'Paste the passphrase.' } : {}),
  });
  if (!complete || !isOwnService() || !isHolderReady()) return;
  try {
    candidate = candidateOfForm();
  } catch (failure) {
    showUsage(failure);
    return;
  }
  wipeFields(...SECRETS);
  await attest(candidate);
}

/** A served page may call nobody but who serves it: its security policy says so, and the browser holds it to that. */
function isOwnService(): boolean {
  const field = byId('service');
  clearFlag(field);
  const other = !isSelfContained && textOf('service').replace(/\/$/, '') !== ownOrigin;
  if (other) {
    flag(field, `This page may call ${ownOrigin} only. For another service use the self-contained file, or the page there.`);
    field.focus();
  }
  return !other;
}

function candidateOfForm(): Candidate {
  const { policy, development } = belief('policy', 'root');
  markDevelopment(development);
  const types = textOf('account-types').split(/[\s,]+/).filter(Boolean);
  const ttl = textOf('ttl');
  const options: SecureClientOptions = {
    enclaveUrl: textOf('service').replace(/\/$/, ''),
    userId: textOf('user-id'),
    exchange: textOf('exchange'),
    apiKey: textOf('api-key'),
    secret: unfolded(textOf('secret')),
    passphrase: textOf('passphrase') || undefined,
    label: textOf('label') || undefined,
    accountTypes: types.length > 0 ? types : undefined,
    ttlSeconds: ttl === '' ? undefined : Number(ttl),
    sandbox: isTicked('sandbox'),
    acceptTradingKey: isTicked('trading'),
    bearer: isTicked('bearer'),
    holder: holderOfForm(),
    policy,
    verifier: verifierInside,
  };
  const client = new SecureClient(options);
  return { client, origin: textOf('service'), exchange: textOf('exchange'), holder: options.holder, verdictAt: 0 };
}

function showUsage(failure: unknown): void {
  if (failure instanceof PolicyUnreadable) {
    byId<HTMLDetailsElement>('register-advanced').open = true;
    flag(byId('policy'), 'This is no JSON object.');
    byId('policy').focus();
    return;
  }
  showProblem(byId('register-problem'), failure);
}

/** Asks for evidence, and shows what it proves. */
async function attest(asked: Candidate): Promise<void> {
  clearProblem(byId('verdict-problem'));
  byId('verdict').replaceChildren();
  byId('confirm-form').hidden = true;
  byId('verdict-clock').hidden = true;
  title('Checking the enclave');
  byId('verdict-lead').textContent = `Asking ${hostOf(asked.origin)} for evidence, and verifying it in this page. Nothing else is sent.`;
  show('verdict');
  let enclave: VerifiedEnclave;
  try {
    enclave = await asked.client.attest();
  } catch (failure) {
    await refused(asked, failure);
    return;
  }
  if (candidate !== asked) return;
  asked.verdictAt = performance.now();
  drawEnclave(enclave, asked.origin);
}

async function refused(asked: Candidate, failure: unknown): Promise<void> {
  const remark = failure instanceof AttestationError ? await remarkOfService(asked.origin) : undefined;
  if (candidate !== asked) return;
  title('Not verified');
  byId('verdict-lead').textContent = 'Nothing was sealed, and no key was sent.';
  // A typing mistake in the address is mended in the form; the key has to be pasted again.
  const retry = (): void => void attest(asked);
  showProblem(byId('verdict-problem'), failure, { remark, retry });
  byId('confirm-form').hidden = false;
  setConfirm(false, false);
}

function drawEnclave(enclave: VerifiedEnclave, origin: string): void {
  const verdict = verdictOf(enclave);
  title('What was verified');
  byId('verdict-lead').textContent = `This is what answers at ${hostOf(origin)}. Your key has not been sent yet.`;
  drawVerdict(byId('verdict'), verdict, [
    ['Figures of', enclave.environment.join(', ')],
    ['Its time', instant(enclave.time)],
  ]);
  const apart = remark(behindS(enclave.time));
  byId('verdict-clock').textContent = apart ?? '';
  byId('verdict-clock').hidden = apart === undefined;
  markDevelopment(enclave.development);
  byId('confirm-form').hidden = false;
  setConfirm(true, enclave.development);
  say(verdict.headline);
  byId('verdict-title').focus({ preventScroll: true });
}

/** What the reader may do: seal, after a tick where the enclave is not protected; or go back. */
function setConfirm(maySeal: boolean, isDangerous: boolean): void {
  byId('seal').hidden = !maySeal;
  setSealing(false);
  byId('confirm-danger').hidden = !(maySeal && isDangerous);
  byId<HTMLInputElement>('confirm-tick').checked = false;
  byId('confirm-error').hidden = true;
}

/** What is being sealed cannot be taken back. */
function setSealing(is: boolean): void {
  for (const id of ['seal', 'back']) byId<HTMLButtonElement>(id).disabled = is;
}

/** The reader agrees: the key is sealed, to what was shown and nothing else. */
async function confirmed(): Promise<void> {
  const asked = candidate;
  if (asked === undefined) return;
  const unticked = !byId('confirm-danger').hidden && !isTicked('confirm-tick');
  byId('confirm-error').hidden = !unticked;
  if (unticked) {
    byId('confirm-tick').focus();
    return;
  }
  if (performance.now() - asked.verdictAt > VERDICT_MS_MAX) {
    say('The verdict is too old: the enclave is asked again.');
    await attest(asked);
    return;
  }
  setSealing(true);
  clearProblem(byId('verdict-problem'));
  say('Sealing the key and registering.');
  stay();
  try {
    const opened = await asked.client.register();
    candidate = undefined;
    forgetHolder();
    await collect({ client: asked.client, opened, origin: asked.origin, holder: asked.holder });
  } catch (failure) {
    leave();
    failed(asked, failure);
  }
}

/** A key that was refused goes back to the form, which is empty of it; anything else may be tried again with it. */
function failed(asked: Candidate, failure: unknown): void {
  const words = told(failure);
  setSealing(false);
  if (words.ofKey) {
    giveUp();
    begin();
    showTold(byId('register-problem'), words);
    return;
  }
  const remark = unsure(failure);
  byId('verdict-lead').textContent =
    remark === undefined ? `No session was opened at ${hostOf(asked.origin)}.` : 'The registration was sent, and no answer that counts came back.';
  showProblem(byId('verdict-problem'), failure, { remark, retry: () => void confirmed() });
}

function title(text: string): void {
  byId('verdict-title').textContent = text;
}

function hostOf(origin: string): string {
  return URL.canParse(origin) ? new URL(origin).host : 'the service';
}
