//! What went wrong, for people at a page: the client's own title, hint and code, with the page's words where the client's
//! speak of options in a program. Nothing that was typed is repeated, and nothing a stranger said.

import { AttestationError, RefusedError, SecureClientError, UnsignedError, UsageError } from '@perf-aggregator/secure-client';

/** An error as it is shown. */
export interface Told {
  readonly title: string;
  readonly hint: string;
  readonly code: string;
  /** Whose word it is, where that matters. */
  readonly word?: string;
  readonly isTransient: boolean;
  /** The same key, typed again or another one, may help. */
  readonly ofKey: boolean;
  readonly requestId?: string;
  readonly steps?: readonly unknown[];
}

const UNREACHABLE =
  'A browser does not tell why. Check the address and your network. The service may be down; its certificate may be one that the web does not vouch for (an enclave that signs its own certificate cannot be reached by a browser: use the address of its main service); or something on the way opens TLS.';

/** Title and hint in the page's words; an empty one leaves the client's. */
const WORDS: ReadonlyMap<string, readonly [title: string, hint: string]> = new Map([
  ['URL_INVALID', ['This address cannot be used', '']],
  ['POLICY_INVALID', ['The policy or the development root cannot be used', '']],
  ['CREDENTIALS_MISSING', ['There is nothing to register with', 'User id, exchange, API key and secret are needed.']],
  ['CONNECTION_FAILED', ['The service cannot be reached', UNREACHABLE]],
  ['TIMEOUT', ['The service takes too long to answer', 'Try again. If it stays so, ask its operator.']],
  [
    'CRYPTO_MISSING',
    [
      'This browser cannot seal a key',
      'It has no X25519, or this page did not come over https. Use a current browser, or the self-contained file.',
    ],
  ],
  [
    'VERIFIER_MISSING',
    ['The verifier cannot be loaded', 'Reload the page. The self-contained file has the verifier inside.'],
  ],
  [
    'VERIFIER_ALTERED',
    ['The verifier is not the one this page was built with', 'It was not run. Do not type a key into this page.'],
  ],
  [
    'CREDENTIALS_REFUSED',
    ['The exchange refused this key', 'Check that key and secret belong together and are whole, then paste both again.'],
  ],
  [
    'KEY_NOT_READ_ONLY',
    [
      'This key can do more than read',
      'It was wiped and no session was opened. Make a key at the exchange that can only read, and delete this one if you made it for this. A key that can trade (never one that can withdraw) is taken if you say so under Advanced.',
    ],
  ],
  [
    'ANSWER_UNKNOWN_FORM',
    [
      'The enclave answers in a form that this page does not know',
      'One of both is older than the other. Reload the page or get the current self-contained file; if it stays so, ask the operator.',
    ],
  ],
  [
    'STATE_ROLLED_BACK',
    [
      'The service has lost what it told before',
      'It runs on an old copy of its data, by accident or on purpose, and its answer was not believed. Ask its operator. Answers that you saved remain true.',
    ],
  ],
  [
    'ED25519_MISSING',
    ['This browser cannot make or use a holder’s key', 'It has no Ed25519. Use a current browser, or perfagg.'],
  ],
  ['SESSION_EXPIRED', ['The session has ended', 'Its time was over and the key was wiped. Register again to go on.']],
  ['SESSION_REVOKED', ['The session was revoked', 'The key was wiped. Register again to go on.']],
  [
    'SESSION_UNKNOWN',
    [
      'The enclave no longer knows this session',
      'It ended, or the enclave has no longer what it had stored. The key is gone. Register again to go on.',
    ],
  ],
]);

/** What a refusal of evidence means here, where the client speaks of options. */
const REFUSED: ReadonlyMap<string, string> = new Map([
  [
    'measurement',
    'The program is not one that this page accepts. No release of the enclave is published yet, so nothing is accepted without a policy of your own (Advanced).',
  ],
  [
    'untrusted-root',
    'No maker of hardware stands behind this evidence. It may be a development enclave: that is accepted only with its root under Advanced, and proves nothing about hardware.',
  ],
  ['config', 'The enclave runs with other settings than are accepted. Without a policy of your own it must serve live accounts, or the test networks of exchanges if that is ticked.'],
  [
    'expired',
    'The evidence is not valid at the time of this computer’s clock. Check date and time; if they are right, the operator must renew it.',
  ],
]);

const KEY_CODES = ['CREDENTIALS_REFUSED', 'CREDENTIALS_INVALID', 'KEY_NOT_READ_ONLY', 'VENUE_IP_NOT_ALLOWED'];

/** An error in words. `remark` is what is known beside it, of the clock for one. */
export function told(failure: unknown, remark?: string): Told {
  if (!(failure instanceof SecureClientError)) {
    const hint = 'Reload the page and begin again. If it stays so, report it with the code.';
    return { title: 'This page failed', hint, code: 'PAGE_FAILED', isTransient: false, ofKey: false };
  }
  const { code, isTransient } = failure;
  const unsigned = failure instanceof UnsignedError;
  const [title, hint] = WORDS.get(code) ?? ['', ''];
  const ofRefusal = failure instanceof AttestationError ? attested(failure) : undefined;
  const inWords = ofRefusal ?? ((unsigned ? '' : hint) || failure.hint);
  return {
    title: title === '' ? sentence(failure.message.split(` (${code})`, 1)[0] ?? code) : title,
    hint: remark === undefined ? inWords : `${remark} ${inWords}`,
    code,
    isTransient,
    ofKey: !unsigned && KEY_CODES.includes(code),
    ...(unsigned ? { word: 'Nobody’s word: the enclave did not sign this. Whoever is on the way may have said it.' } : {}),
    ...(failure instanceof RefusedError
      ? { word: 'The enclave’s own word, under its seal.', requestId: failure.requestId }
      : {}),
    ...(failure instanceof AttestationError ? { steps: failure.steps } : {}),
  };
}

/** True if the enclave itself said that the session is over. */
export function endsSession(failure: unknown): boolean {
  return failure instanceof RefusedError && failure.endsSession;
}

function attested(refused: AttestationError): string {
  const words = REFUSED.get(refused.class) ?? refused.hint;
  return `${words} Refused at step ${refused.step} (${refused.stepName}).`;
}

/** What is to be said of a registration that failed on its way: it may have arrived. Nothing where it did not leave, or
 *  where the enclave itself answered. */
export function unsure(failure: unknown): string | undefined {
  const known = failure instanceof RefusedError || failure instanceof UsageError || failure instanceof AttestationError;
  if (known || !(failure instanceof SecureClientError)) return undefined;
  return 'Whether the enclave opened a session is not known: if it did, nobody has its id, and it ends by itself.';
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
