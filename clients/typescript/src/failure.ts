//! What a journey may end with: classes that say who is at fault, each with a stable `code` and a `hint`. Texts are our
//! own. Nothing here repeats what was sent: no key, no secret, no session id, no URL.

import { isObject } from './wire.js';

/** Every code of our own; further ones are the enclave's (docs/protocol.md, Errors). */
const OWN = {
  OPTION_INVALID: ['an option cannot be used', ''],
  URL_INVALID: ['enclaveUrl cannot be used', ''],
  CREDENTIALS_MISSING: ['there is nothing to register with', ''],
  POLICY_INVALID: ['the policy cannot be used', ''],
  POLICY_ENVIRONMENT: [
    'the policy does not accept figures of the environment that is asked for',
    'Nobody was called. Its environment must name it: sandbox for the exchange’s test network, live otherwise.',
  ],
  NO_SESSION: ['there is no session', 'Call register() first, or give the sessionId of a session that is open.'],
  NO_HOLDER: [
    'there is no holder’s key',
    'Give it as the option holder: HolderKey.import(text), or HolderKey.generate() for a new one.',
  ],
  SESSION_OPEN: ['this client has a session already', 'Use it, or make a new client for another registration.'],
  ENVELOPE_TOO_LARGE: [
    'the sealed call is too large',
    'Key, secret, passphrase and labels together must stay under 16 KiB.',
  ],
  CRYPTO_MISSING: [
    'this machine has no WebCrypto with X25519',
    'Use Node 20.16 or later, or a current browser; pages must come over https or from localhost.',
  ],
  ED25519_MISSING: [
    'this machine has no WebCrypto with Ed25519',
    'Holder keys need it: Node 20.16 or later, Chrome 137, Firefox 129, Safari 17 or later; pages must come over https or from localhost.',
  ],
  SEALING_FAILED: [
    'the call cannot be sealed to the key of the evidence',
    'Nothing was sent. Do not use this service; ask its operator.',
  ],
  VERIFIER_MISSING: [
    'the verifier cannot be loaded',
    'verifier.wasm must lie beside the code as the package has it; where it cannot, pass its bytes as the option verifier.',
  ],
  VERIFIER_ALTERED: ['the verifier is not the one of this package', 'Install the package again. Nothing was sent.'],
  VERIFIER_FAILED: ['the verifier gave no verdict', 'Nothing was sealed. Try again; if it stays so, report it.'],
  HOST_UNKNOWN: ['the host has no address', 'Check the host in enclaveUrl, and your network.'],
  CONNECTION_REFUSED: ['nobody takes the connection', 'Check host and port of enclaveUrl, and that the service runs.'],
  TLS_FAILED: [
    'no web authority vouches for the host, or the TLS handshake failed',
    'An enclave that signs its own certificate cannot be reached by fetch: give it a certificate of an authority, or use a main service in front of it.',
  ],
  CONNECTION_FAILED: [
    'the service cannot be reached',
    'Check enclaveUrl and your network. Redirects are not followed, and a certificate must be one that the web vouches for.',
  ],
  CONNECTION_BROKEN: ['the connection broke', 'Check that enclaveUrl has the right scheme and port; then try again.'],
  TIMEOUT: ['the answer took too long', 'Try again later.'],
  ANSWER_TOO_LARGE: [
    'the answer is larger than one may be',
    'Check that enclaveUrl is that of an enclave or its main service.',
  ],
  ATTESTATION_REFUSED: ['the evidence was refused', ''],
  ANSWER_NOT_SEALED: ['the answer was not sealed by the enclave for this call', ''],
  ANSWER_NOT_SIGNED: ['the answer is not signed by the verified enclave for this call', ''],
  ENVIRONMENT_MISMATCH: ['the answer is of another environment than the verified one', ''],
  ANSWER_UNKNOWN_FORM: ['the enclave’s answer is not in a form that this version knows', ''],
  STATE_ROLLED_BACK: [
    'the service’s store is older than what was seen before, or another one',
    'The answer was not believed: it leaves out what the enclave told before. The service runs on an old copy of its data, by accident or on purpose. Ask its operator to bring back the newest copy, and try again then. If it cannot be brought back, make a client without `checkpoints`, after the operator told you what was lost. A session that was just registered was revoked.',
  ],
  HOLDER_KEY_IGNORED: [
    'the enclave does not guard the session by the holder’s key',
    'The session that it opened was revoked. Ask the operator for a newer enclave, or register without a holder.',
  ],
  ANSWER_UNSIGNED: ['someone answered in clear', ''],
} as const satisfies Record<string, readonly [title: string, hint: string]>;

/** What the service's own codes mean, in our words. */
const SERVICE: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ENVELOPE_MALFORMED: 'the sealed call is not in the form of the protocol',
    ENVELOPE_TOO_LARGE: 'the sealed call is too large',
    ENVELOPE_KEY_UNKNOWN: 'the call is sealed to keys that the enclave no longer has',
    ENVELOPE_EXPIRED: 'the sealed call has expired or would live too long',
    ENVELOPE_REPLAYED: 'this sealed call was already used',
    ENVELOPE_REJECTED: 'the sealed call does not open',
    EXCHANGE_UNKNOWN: 'no connector reads this exchange',
    CREDENTIALS_INVALID: 'the credentials are not in the form that the exchange uses',
    KEY_NOT_READ_ONLY: 'the key can do more than read',
    SANDBOX_UNSUPPORTED: 'this exchange has no sandbox that can be read',
    CREDENTIALS_REFUSED: 'the exchange refused the credentials',
    VENUE_REGION_BLOCKED: 'the exchange does not serve the region of this enclave',
    VENUE_IP_NOT_ALLOWED: 'the key is bound to addresses that do not include this enclave’s',
    VENUE_UNREACHABLE: 'the exchange does not answer',
    VENUE_RATE_LIMITED: 'the exchange asks this enclave to slow down',
    SESSION_UNKNOWN: 'there is no such session',
    SESSION_EXPIRED: 'the session has expired',
    SESSION_REVOKED: 'the session was revoked',
    LEDGER_CHANGED: 'the ledger changed between two pages',
    RATE_LIMITED: 'too many calls',
    CLOCK_UNTRUSTED: 'the enclave’s clock disagrees with the exchanges’',
    STATE_ROLLED_BACK: 'the enclave’s state is older than what was seen before',
    STORE_UNAVAILABLE: 'the enclave cannot store anything now',
    REQUEST_MALFORMED: 'the request is not in the form of the protocol',
    NOT_FOUND: 'there is no such route',
    METHOD_NOT_ALLOWED: 'the route takes another method',
    INTERNAL: 'the enclave failed at this request',
    RELAY_BACKEND_UNREACHABLE: 'the main service does not reach the enclave',
    RELAY_TIMEOUT: 'the enclave did not answer the main service in time',
    RELAY_TOO_LARGE: 'the main service refuses the size',
  }),
);

const NOT_BELIEVED =
  'Nothing of it was believed. Try again; if it stays so, do not use this service, and ask its operator whether this package is as new as the enclave.';
const NOBODYS_WORD = 'This is not signed by the enclave: it may be the word of a relay, or of anyone on the way.';

/** A code of ours. */
export type OwnCode = keyof typeof OWN;

/** What everything that fails here is. */
export class SecureClientError extends Error {
  /** A stable name of what happened. */
  readonly code: string;
  /** What to do. */
  readonly hint: string;
  /** True if the same call may succeed later. */
  readonly isTransient: boolean = false;
  /** Seconds after which to try again, as the answer advised: outside every seal, so advice only. */
  readonly retryAfterSeconds: number | undefined;

  /** @internal */
  constructor(code: string, title: string, hint: string, retryAfterS?: number) {
    super(`${title} (${code})${hint === '' ? '' : `. ${hint}`}`);
    this.code = code;
    this.hint = hint;
    this.retryAfterSeconds = retryAfterS;
  }

  /** @internal The same failure, with more advice. */
  and(advice: string): this {
    const [hint, message] = [`${this.hint} ${advice}`.trim(), `${this.message} ${advice}`];
    return Object.assign(this, { hint, message });
  }
}

/** The caller's options, or the machine they run on, cannot be used. Nobody was called. */
export class UsageError extends SecureClientError {
  /** @internal */
  constructor(code: OwnCode, hint: string = OWN[code][1]) {
    super(code, OWN[code][0], hint);
  }
}

/** There was no answer within its bounds and time. */
export class UnreachableError extends SecureClientError {
  override readonly isTransient: boolean;

  /** @internal */
  constructor(code: OwnCode) {
    super(code, OWN[code][0], OWN[code][1]);
    this.isTransient = code !== 'ANSWER_TOO_LARGE';
  }
}

/** A step of the verification that passed. */
export interface Step {
  readonly step: number;
  readonly name: string;
  readonly seen: string;
}

/** Why evidence was refused. */
export interface Refusal {
  /** The class of ATTESTATION.md section 4, `measurement` for one. */
  readonly class: string;
  readonly step: number;
  readonly step_name: string;
  readonly text: string;
  /** What it means, and what to do. */
  readonly hint: string;
  /** Genuine, and not what the policy accepts. */
  readonly against_policy: boolean;
  /** Of a platform whose patches alone are behind: how far. */
  readonly behind?: unknown;
  readonly steps: readonly unknown[];
}

/** Why a saved answer was refused. */
export interface SavedRefusal {
  readonly kind: 'form' | 'evidence' | 'policy';
  /** `NOT_VERIFIED` or `AGAINST_POLICY`. */
  readonly code: string;
  readonly class: string;
  readonly text: string;
  readonly hint: string;
  /** Where evidence was refused. */
  readonly step: number | null;
  readonly step_name: string | null;
}

/** The evidence was refused: nothing was sealed, and nothing sent but the request for it; or it is the evidence of a saved
 *  answer. */
export class AttestationError extends SecureClientError {
  /** The class of ATTESTATION.md section 4. */
  readonly class: string;
  /** The step that refused, and its name. */
  readonly step: number;
  readonly stepName: string;
  /** The evidence is genuine, and not what the policy accepts. */
  readonly againstPolicy: boolean;
  /** How far the platform is behind, where that alone is what the policy does not accept. */
  readonly behind: unknown;
  /** The steps that had passed before. */
  readonly steps: readonly unknown[];

  /** @internal */
  constructor(refusal: Refusal, saved?: SavedRefusal) {
    if (saved === undefined) {
      const title = `${OWN.ATTESTATION_REFUSED[0]}: ${refusal.text}`;
      super('ATTESTATION_REFUSED', title, `Nothing was sent. ${refusal.hint}`);
    } else {
      super(saved.code, saved.text, saved.hint);
    }
    this.class = refusal.class;
    this.step = refusal.step;
    this.stepName = refusal.step_name;
    this.againstPolicy = refusal.against_policy;
    this.behind = refusal.behind;
    this.steps = refusal.steps;
  }
}

/** An answer that cannot be believed: not sealed or signed for this call, of another environment, in an unknown form, of an
 *  older store; or a saved one that proves nothing. */
export class AnswerError extends SecureClientError {
  /** @internal */
  constructor(
    code:
      | 'ANSWER_NOT_SEALED'
      | 'ANSWER_NOT_SIGNED'
      | 'ENVIRONMENT_MISMATCH'
      | 'ANSWER_UNKNOWN_FORM'
      | 'STATE_ROLLED_BACK'
      | 'HOLDER_KEY_IGNORED'
      | SavedRefusal,
  ) {
    if (typeof code === 'string') super(code, OWN[code][0], OWN[code][1] || NOT_BELIEVED);
    else super(code.code, code.text, code.hint);
  }
}

/** What a refused file is thrown as. */
export function savedError(refused: SavedRefusal): AnswerError | AttestationError {
  const { kind, step, step_name } = refused;
  if (kind === 'form' || step === null || step_name === null) return new AnswerError(refused);
  return new AttestationError({ ...refused, step, step_name, against_policy: kind === 'policy', steps: [] }, refused);
}

/** The enclave itself said no, under its seal. */
export class RefusedError extends SecureClientError {
  /** The status that goes with the code. */
  readonly status: number;
  /** To be quoted when asking the operator. */
  readonly requestId: string;
  override readonly isTransient: boolean;

  /** @internal */
  constructor(refused: Problem, retryAfterS: number | undefined) {
    super(refused.code, SERVICE.get(refused.code) ?? 'the enclave refused the call', refused.detail, retryAfterS);
    this.status = refused.status;
    this.requestId = refused.requestId;
    // A store that is behind does not come forward by itself.
    this.isTransient = this.code !== 'STATE_ROLLED_BACK' && (refused.status === 429 || refused.status >= 500);
  }

  /** True if the session is over. */
  get endsSession(): boolean {
    return ['SESSION_UNKNOWN', 'SESSION_EXPIRED', 'SESSION_REVOKED'].includes(this.code);
  }
}

/** Someone said no in clear. That is the word of whoever is on the way, never the enclave's: `signed` is false. */
export class UnsignedError extends SecureClientError {
  readonly signed = false;
  /** The HTTP status. */
  readonly status: number;
  override readonly isTransient: boolean;

  /** @internal */
  constructor(status: number, said: Problem | undefined, retryAfterS: number | undefined) {
    // Of a stranger's document nothing is repeated but a code that is on our list.
    const code = said !== undefined && SERVICE.has(said.code) ? said.code : 'ANSWER_UNSIGNED';
    const title = `${SERVICE.get(code) ?? `${OWN.ANSWER_UNSIGNED[0]}, with HTTP status ${status}`}, not signed by the enclave`;
    const advice =
      status === 404 || status === 405 ? 'Check that enclaveUrl is that of an enclave or its main service. ' : '';
    super(code, title, `${advice}${NOBODYS_WORD} Try again later; if it stays so, ask the operator.`, retryAfterS);
    this.status = status;
    this.isTransient = status === 429 || status >= 500;
  }
}

// On the prototypes, so that no minifier renames them and no output lists them.
for (const [name, failure] of Object.entries({
  SecureClientError,
  UsageError,
  UnreachableError,
  AttestationError,
  AnswerError,
  RefusedError,
  UnsignedError,
})) {
  Object.defineProperty(failure.prototype, 'name', { value: name, configurable: true });
}

/** A problem document (RFC 9457). */
export interface Problem {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly requestId: string;
}

/** The problem that an answer is; undefined if it is none. */
export function problem(members: Record<string, unknown>): Problem | undefined {
  const { type, title, status, code, detail, request_id } = members;
  const texts = [type, title, code, detail, request_id].every((member) => typeof member === 'string');
  if (!isObject(members) || !texts || !Number.isInteger(status)) return undefined;
  return {
    code: plain(code as string, 64),
    status: status as number,
    detail: plain(detail as string, 1000),
    requestId: plain(request_id as string, 64),
  };
}

/** A text from outside as one line that no terminal takes for orders. */
function plain(text: string, charsMax: number): string {
  return text.slice(0, charsMax).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, '?');
}
