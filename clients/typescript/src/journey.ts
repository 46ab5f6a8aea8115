//! The journey: quote, verification, sealed call, opened answer. It calls an enclave that it verified and nobody else.
//! ATTESTATION.md sections 7 and 8.

import { ageS, type Clock, type Moment } from './clock.js';
import { Connection, type Fetch } from './connection.js';
import { Events } from './events.js';
import { AnswerError, AttestationError, UnsignedError } from './failure.js';
import { SealedCall, onTheWay, type Route } from './seal.js';
import type { ServiceUrl } from './service_url.js';
import type { Trust } from './trust.js';
import type { VerifiedEnclave, Verify } from './verifier.js';
import { decodeExactly, encode, isCount, isObject, object, text, type Bytes } from './wire.js';

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

/** What a journey rests on. */
export interface Parts {
  readonly clock: Clock;
  readonly fetch: Fetch;
  readonly verify: Verify;
}

interface Verified {
  readonly enclave: VerifiedEnclave;
  readonly since: Moment;
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
  call(route: Route, body: Bytes): Promise<Record<string, unknown>> {
    return this.#renewing(() => this.#attempt(route, body));
  }

  /** Follows what happens. */
  listen(route: Route, body: Bytes, signal: AbortSignal | undefined): Promise<Events> {
    return this.#renewing(() => this.#listen(route, body, signal));
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

  async #attempt(route: Route, body: Bytes): Promise<Record<string, unknown>> {
    const { call, enclave } = await this.#sealed(route, body);
    try {
      const reply = await this.#connection.ask(sent(call));
      const answer = await call.answer(reply);
      if (STAMPED.includes(route)) this.#checkEnvironment(enclave, answer['environment']);
      return answer;
    } finally {
      call.forget();
    }
  }

  async #listen(route: Route, body: Bytes, signal: AbortSignal | undefined): Promise<Events> {
    const { call } = await this.#sealed(route, body);
    const heard = await this.#connection.listen({ ...sent(call), signal });
    if ('next' in heard) return new Events(call, heard);
    await call.answer(heard);
    throw new AnswerError('ANSWER_UNKNOWN_FORM');
  }

  /** A call sealed to the enclave that was verified, or is now. */
  async #sealed(route: Route, body: Bytes): Promise<{ call: SealedCall; enclave: VerifiedEnclave }> {
    const { enclave, since } = await this.#fresh();
    const hpkePublicKey = decodeExactly(32, enclave.hpke_public_key);
    const keysetHash = decodeExactly(64, enclave.keyset_hash);
    if (hpkePublicKey === undefined || keysetHash === undefined) throw new AnswerError('ANSWER_UNKNOWN_FORM');
    const enclaveS = enclave.time + ageS(since, this.#parts.clock.now());
    return { call: await SealedCall.sealed({ hpkePublicKey, keysetHash }, enclaveS, route, body), enclave };
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
    const reply = await this.#connection.ask({ path, bytesMax: QUOTE_BYTES_MAX, withinMs: QUOTE_MS });
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
    return { enclave, since: now };
  }

  /** What the verifier does not know: which epoch was seen before, and by whose time it judged. */
  #checkVerdict(enclave: VerifiedEnclave, byTheirTime: boolean): void {
    const step = { step: 17, step_name: 'channel', against_policy: false, steps: [] };
    if (enclave.epoch < this.#epoch) {
      const said = 'newer keys of this deployment have been seen before';
      throw new AttestationError({ ...step, class: 'epoch-rollback', text: said });
    }
    if (enclave.development !== byTheirTime) {
      const said = 'development evidence where none was asked for, or judged by another time than its own';
      throw new AttestationError({ ...step, step: 3, step_name: 'root', class: 'untrusted-root', text: said });
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

/** The enclave's own time, of evidence that says that it is development evidence. */
function developmentTime(bundle: string): number | undefined {
  const members = object(bundle);
  const isDevelopment = members?.['tee'] === 'dev-sgx' || members?.['tee'] === 'dev-tdx';
  const time = isObject(members?.['time']) ? members['time']['enclave'] : undefined;
  return isDevelopment && isCount(time) ? time : undefined;
}
