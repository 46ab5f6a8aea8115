//! The journey: quote, verification, sealed call, opened answer. It calls an enclave that it verified and nobody else.
//! ATTESTATION.md sections 7 and 8.

import { ageS, type Clock, type Moment } from './clock.js';
import { Connection, type Fetch } from './connection.js';
import { Events } from './events.js';
import { AnswerError, AttestationError, RefusedError, SecureClientError, UnsignedError } from './failure.js';
import type { HolderKey } from './holder.js';
import { savedFile } from './saved.js';
import { SealedCall, onTheWay, type Route } from './seal.js';
import type { ServiceUrl } from './service_url.js';
import type { Trust } from './trust.js';
import type { SavedVerdict, VerifiedEnclave, Verifier } from './verifier.js';
import { decodeExactly, encode, isCount, isObject, object, text, wipe, type Bytes } from './wire.js';

/** Section 8: so long it serves the calls of one client; after that, new evidence. */
const VERIFIED_FOR_S = 600;
/** A quote is made of what the enclave has at hand. */
const QUOTE_MS = 30_000;
const QUOTE_BYTES_MAX = 512 * 1024;
/** A registration waits for the venue, which may ask the enclave to slow down. */
const CALL_MS = 120_000;
const ANSWER_BYTES_MAX = 32 * 1024 * 1024;

/** Routes whose answers are of an environment. */
const STAMPED: readonly Route[] = [
  'POST /enclave/sessions',
  'GET /enclave/summary/{session_id}',
  'GET /enclave/metrics/{session_id}',
];

/** What must not be done twice. */
const ONCE: Route = 'POST /enclave/sessions';
/** Failures after which nothing has arrived, or which the enclave's own word explains. */
const NOT_ARRIVED = ['HOST_UNKNOWN', 'CONNECTION_REFUSED', 'TLS_FAILED', 'ENVELOPE_KEY_UNKNOWN', 'ENVELOPE_EXPIRED'];
const UNSURE =
  'Whether the enclave opened a session is not known: if it did, nobody has its id, and it ends by itself at the end of its life. Another registration opens another session.';

/** What a journey rests on. */
export interface Parts extends Verifier {
  readonly clock: Clock;
  readonly fetch: Fetch;
}

interface Verified {
  readonly enclave: VerifiedEnclave;
  readonly since: Moment;
  /** The evidence to the letter, for those who keep an answer. */
  readonly bundle: string;
}

/** What a call says. */
export interface Said {
  /** Its text, written anew for each envelope, for the deployment with this result key; it is wiped when it is sealed. */
  body(deployment: string): Bytes;
  /** Who signs it. */
  readonly holder?: HolderKey | undefined;
}

/** What the enclave answered, and where. */
export interface Told {
  readonly answer: Record<string, unknown>;
  /** The key that signs results there. */
  readonly deployment: string;
}

/** An answer that can be kept. */
export interface Kept {
  readonly verdict: SavedVerdict;
  readonly file: string;
  readonly deployment: string;
}

/** A sealed call, and whom it is sealed to. */
interface Sealed {
  readonly call: SealedCall;
  readonly verified: Verified;
}

/** What came back, and who sealed it. */
interface Answered {
  readonly answer: Record<string, unknown>;
  readonly verified: Verified;
}

/** Calls to one service. */
export class Journey {
  readonly #url: ServiceUrl;
  readonly #trust: Trust;
  readonly #parts: Parts;
  readonly #connection: Connection;
  #environments: readonly string[];
  #verified: Verified | undefined;
  #attesting: Promise<Verified> | undefined;
  /** The highest epoch seen at this service: nobody takes a client back to older keys. */
  #epoch = 0;

  constructor(url: ServiceUrl, trust: Trust, parts: Parts) {
    this.#url = url;
    this.#trust = trust;
    this.#parts = parts;
    this.#environments = trust.environments;
    this.#connection = new Connection(url, parts.fetch, parts.clock);
  }

  /** The enclave that was verified last. */
  get enclave(): VerifiedEnclave | undefined {
    return this.#verified?.enclave;
  }

  /** From now on figures of this environment only. */
  settle(environment: string): void {
    this.#environments = [environment];
  }

  /** Fetches fresh evidence over a nonce of its own and verifies it. Whoever asks meanwhile gets the same. */
  async attest(): Promise<VerifiedEnclave> {
    this.#verified = undefined;
    return (await this.#attest()).enclave;
  }

  /** One sealed call. Keys that were replaced meanwhile cost one new quote, and no more. */
  async call(route: Route, said: Said): Promise<Told> {
    const { answer, verified } = await this.#renewing(() => this.#attempt(route, said));
    if (STAMPED.includes(route)) this.#checkEnvironment(verified.enclave, answer['environment']);
    return { answer, deployment: verified.enclave.result_key };
  }

  /** A call whose body asks for a signature over `nonce`: what was signed, and the file that proves it to others. */
  async kept(route: Route, said: Said, nonce: string): Promise<Kept> {
    const { answer, verified } = await this.#renewing(() => this.#attempt(route, said));
    const receipt = route.startsWith('DELETE ');
    const file = savedFile(answer, verified.bundle);
    const { policy, developmentRoot } = this.#trust;
    const asked = { call: 'verify_saved', saved: file, policy, development_root: developmentRoot, receipt } as const;
    const verdict = await this.#parts.saved(asked).catch((failure: unknown) => {
      throw failure instanceof AnswerError ? new AnswerError('ANSWER_NOT_SIGNED') : failure;
    });
    const { method, path, nonce: signed, status } = answer;
    const isOurs = signed === nonce && `${String(method)} ${String(path)}` === route && status === 200;
    if (!isOurs || verdict.enclave.result_key !== verified.enclave.result_key) {
      throw new AnswerError('ANSWER_NOT_SIGNED');
    }
    if (!receipt) this.#checkEnvironment(verified.enclave, verdict.body['environment']);
    return { verdict, file, deployment: verified.enclave.result_key };
  }

  /** Follows what happens. */
  listen(route: Route, said: Said, signal: AbortSignal | undefined): Promise<Events> {
    return this.#renewing(() => this.#listen(route, said, signal));
  }

  async #renewing<T>(attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt();
    } catch (failure) {
      // Said in clear, so perhaps a lie: it costs a quote, and moves nothing else.
      const renew =
        failure instanceof UnsignedError && ['ENVELOPE_KEY_UNKNOWN', 'ENVELOPE_EXPIRED'].includes(failure.code);
      if (!renew) throw failure;
      await this.attest();
      return attempt();
    }
  }

  async #attempt(route: Route, said: Said): Promise<Answered> {
    let sealed = await this.#sealed(route, said);
    let isAgain = false;
    try {
      const reply = await this.#connection.ask(async () => {
        // An envelope opens once: a read is sealed anew, and what must not be done twice is sent as it was.
        if (isAgain && route !== ONCE) {
          sealed.call.forget();
          sealed = await this.#sealed(route, said);
        }
        isAgain = true;
        return sent(sealed.call);
      });
      return { answer: await sealed.call.answer(reply), verified: sealed.verified };
    } catch (failure) {
      throw route === ONCE ? unsure(failure) : failure;
    } finally {
      sealed.call.forget();
    }
  }

  async #listen(route: Route, said: Said, signal: AbortSignal | undefined): Promise<Events> {
    const { call } = await this.#sealed(route, said);
    const heard = await this.#connection.listen({ ...sent(call), signal });
    if ('next' in heard) return new Events(call, heard);
    await call.answer(heard);
    throw new AnswerError('ANSWER_UNKNOWN_FORM');
  }

  /** A call sealed to the enclave that was verified, or is now. */
  async #sealed(route: Route, said: Said): Promise<Sealed> {
    const verified = await this.#fresh();
    const { enclave, since } = verified;
    const hpkePublicKey = decodeExactly(32, enclave.hpke_public_key);
    const keysetHash = decodeExactly(64, enclave.keyset_hash);
    if (hpkePublicKey === undefined || keysetHash === undefined) throw new AnswerError('ANSWER_UNKNOWN_FORM');
    const enclaveS = enclave.time + ageS(since, this.#parts.clock.now());
    const body = said.body(enclave.result_key);
    const keys = { hpkePublicKey, keysetHash };
    const sealing = SealedCall.sealed(keys, enclaveS, route, body, said.holder);
    return { call: await sealing.finally(() => wipe(body)), verified };
  }

  async #fresh(): Promise<Verified> {
    const verified = this.#verified;
    const fresh = verified !== undefined && ageS(verified.since, this.#parts.clock.now()) < VERIFIED_FOR_S;
    if (fresh) return verified;
    this.#verified = undefined;
    return this.#attest();
  }

  async #attest(): Promise<Verified> {
    this.#attesting ??= this.#verify().finally(() => {
      this.#attesting = undefined;
    });
    const verified = await this.#attesting;
    this.#verified = verified;
    return verified;
  }

  async #verify(): Promise<Verified> {
    const nonce = encode(crypto.getRandomValues(new Uint8Array(32)));
    const asked = this.#parts.clock.now();
    const path = `/attestation/quote?nonce=${nonce}`;
    const reply = await this.#connection.ask(() => ({ path, bytesMax: QUOTE_BYTES_MAX, withinMs: QUOTE_MS }));
    if (reply.status !== 200) throw onTheWay(reply);
    const bundle = text(reply.body) ?? '';
    const now = this.#parts.clock.now();
    const { developmentRoot, policy } = this.#trust;
    // Development time comes from a simulator, so development evidence is judged by the enclave's word; it proves
    // nothing anyway. Anything else is judged by this machine's clock.
    const theirs = developmentRoot === null ? undefined : developmentTime(bundle);
    const judged = theirs ?? now.unixS;
    const enclave = await this.#parts.verify({
      call: 'verify',
      bundle,
      policy,
      development_root: developmentRoot,
      nonce,
      asked_at: Math.max(0, judged - ageS(asked, now)),
      now: judged,
      direct: false,
      connection: this.#url.tls ? null : 'plain',
    });
    this.#checkVerdict(enclave, theirs !== undefined);
    this.#epoch = enclave.epoch;
    return { enclave, since: now, bundle };
  }

  /** What the verifier does not know: which epoch was seen before, and by whose time it judged. */
  #checkVerdict(enclave: VerifiedEnclave, byTheirTime: boolean): void {
    const refused = { against_policy: false, steps: [] };
    if (enclave.epoch < this.#epoch) {
      const text = 'newer keys of this deployment have been seen before';
      const hint =
        'An old copy of the enclave may be answering: ask the operator. If it is your own development enclave, started with an earlier time, make a new client and register again.';
      const step = { class: 'epoch-rollback', step: 17, step_name: 'channel and configuration' };
      throw new AttestationError({ ...refused, ...step, text, hint });
    }
    if (enclave.development !== byTheirTime) {
      const text = 'development evidence where none was asked for, or judged by another time than its own';
      const hint = 'Do not use this service; ask its operator.';
      const step = { class: 'untrusted-root', step: 3, step_name: 'trust root' };
      throw new AttestationError({ ...refused, ...step, text, hint });
    }
  }

  /** Figures of one environment are never taken for those of another. */
  #checkEnvironment(enclave: VerifiedEnclave, environment: unknown): void {
    const is = (name: string): boolean => name === environment;
    if (!enclave.environment.some(is) || !this.#environments.some(is)) throw new AnswerError('ENVIRONMENT_MISMATCH');
  }
}

function sent(call: SealedCall): { path: string; body: string; bytesMax: number; withinMs: number } {
  return { path: '/enclave/sealed', body: call.json, bytesMax: ANSWER_BYTES_MAX, withinMs: CALL_MS };
}

/** The failure of a registration that may have arrived. */
function unsure(failure: unknown): unknown {
  const isOurs = failure instanceof SecureClientError && !(failure instanceof RefusedError);
  return isOurs && !NOT_ARRIVED.includes(failure.code) ? failure.and(UNSURE) : failure;
}

/** The enclave's own time, of evidence that says that it is development evidence. */
function developmentTime(bundle: string): number | undefined {
  const members = object(bundle);
  const isDevelopment = members?.['tee'] === 'dev-sgx' || members?.['tee'] === 'dev-tdx';
  const time = isObject(members?.['time']) ? members['time']['enclave'] : undefined;
  return isDevelopment && isCount(time) ? time : undefined;
}
