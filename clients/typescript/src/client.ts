//! `SecureClient`: what a trader's program holds. It registers an account at a verified enclave and reads its figures.
//! Session and credentials are in private fields and in memory only.

import type { Erased, HeldSessions, Metrics, Revoked, SessionEvent, SessionOpened, Summary } from './api.js';
import { challengeText } from './challenge.js';
import { Memory, type SeenCheckpoint } from './checkpoints.js';
import { systemClock } from './clock.js';
import { AnswerError, SecureClientError, UsageError } from './failure.js';
import type { HolderKey } from './holder.js';
import { Journey, type Kept, type Parts, type Said } from './journey.js';
import { Registration, check, isText, type RegistrationOptions } from './registration.js';
import type { Route } from './seal.js';
import { serviceUrl, type ServiceUrl } from './service_url.js';
import { trust, type DevelopmentTrust, type Policy, type Trust } from './trust.js';
import { packagedVerifier, type VerifiedEnclave, type VerifierSource } from './verifier.js';
import { encode, isObject, utf8 } from './wire.js';

/** What a client is made of. `apiKey` and `secret` are needed to register, `sessionId` to go on with a session, `holder` with
 *  the key that it was registered with. */
export interface SecureClientOptions extends RegistrationOptions {
  /** The enclave, or a main service in front of it: `https://HOST:PORT`; `http://` on this machine only. */
  readonly enclaveUrl: string;
  /** Which enclaves are believed: a policy (docs/policy.md), or `dangerousDevelopment(root)`. Without one, the policy
   *  that was released with this package. */
  readonly policy?: Policy | DevelopmentTrust | undefined;
  /** The id of a session that is open. */
  readonly sessionId?: string | undefined;
  /** What `client.checkpoints` of an earlier client gave: an older store is then noticed by this one too. */
  readonly checkpoints?: readonly SeenCheckpoint[] | undefined;
  /** The bytes of `verifier.wasm`, where they cannot be loaded from beside the code. Others are refused. */
  readonly verifier?: VerifierSource | undefined;
}

/** A headline that was signed. */
export interface SavedSummary {
  readonly summary: Summary;
  /** The text to keep: `verifySaved` and `perfagg verify` judge it. It holds no session id. */
  readonly file: string;
}

/** Everything, signed. */
export interface SavedMetrics {
  readonly metrics: Metrics;
  /** As of a headline. */
  readonly file: string;
}

/** A receipt that the enclave signed. */
export interface SavedReceipt<T> {
  readonly receipt: T;
  /** As of a headline; `verifySaved(file, { receipt: true })` judges it. It names neither the session nor the holder. */
  readonly file: string;
}

/** Where to begin, and when to end. */
export interface WatchOptions {
  /** The id of the last event that was received: what came after it is told first. */
  readonly after?: number | undefined;
  /** Ends the watching, by throwing its reason. */
  readonly signal?: AbortSignal | undefined;
}

const OPTIONS: Readonly<Record<keyof SecureClientOptions, true>> = {
  enclaveUrl: true,
  userId: true,
  exchange: true,
  apiKey: true,
  secret: true,
  passphrase: true,
  accountTypes: true,
  sandbox: true,
  label: true,
  ttlSeconds: true,
  leaseSeconds: true,
  holder: true,
  acceptTradingKey: true,
  bearer: true,
  policy: true,
  sessionId: true,
  checkpoints: true,
  verifier: true,
};

/** How often in a row a stream may fail before it is given up: with the pauses between about eight minutes. */
const FAILURES_MAX = 14;
/** The longest pause between two tries. */
const PAUSE_S_MAX = 60;

/** @internal The same client on other parts: for our tests. Not exported by the package. */
export let dangerousWithParts: (options: SecureClientOptions, parts: Parts) => SecureClient;

/** A client of one service, for one account. */
export class SecureClient {
  readonly #url: ServiceUrl;
  readonly #trust: Trust;
  #parts: Parts;
  #journey: Journey;
  #registration: Registration | undefined;
  #registering: Promise<SessionOpened> | undefined;
  #sessionId: string | undefined;
  readonly #holder: HolderKey | undefined;
  readonly #memory: Memory;
  /** The fingerprint of the account, once it is known. */
  #account: string | undefined;
  /** Told to forget: it registers no more. */
  #isForgetful = false;

  static {
    dangerousWithParts = (options, parts) => {
      const client = new SecureClient(options);
      client.#parts = parts;
      client.#journey = new Journey(client.#url, client.#trust, parts);
      return client;
    };
  }

  /** Calls nobody yet. */
  constructor(options: SecureClientOptions) {
    if (!isObject(options)) throw new UsageError('OPTION_INVALID', 'new SecureClient takes an object.');
    if (!Object.keys(options).every((name) => Object.hasOwn(OPTIONS, name))) {
      throw new UsageError('OPTION_INVALID', `Options are ${Object.keys(OPTIONS).join(', ')}.`);
    }
    const { enclaveUrl, policy, sessionId, checkpoints, verifier } = options;
    check(
      'sessionId',
      sessionId,
      'the id of a session',
      (id) => isText(id) && /^session_\d{1,12}_[0-9A-Za-z]{16,64}$/.test(id),
    );
    check(
      'verifier',
      verifier,
      'the bytes of verifier.wasm',
      (bytes) => bytes instanceof ArrayBuffer || bytes instanceof Uint8Array,
    );
    if (globalThis.crypto?.subtle === undefined) throw new UsageError('CRYPTO_MISSING');
    this.#url = serviceUrl(enclaveUrl);
    this.#registration = new Registration(options);
    this.#holder = options.holder;
    this.#memory = new Memory(checkpoints);
    this.#trust = trust(policy, [options.sandbox === true ? 'sandbox' : 'live']);
    this.#sessionId = sessionId;
    this.#parts = { clock: systemClock, fetch: (...call) => fetch(...call), ...packagedVerifier(verifier) };
    this.#journey = new Journey(this.#url, this.#trust, this.#parts);
  }

  /** The id of the session, if there is one. Whoever has it reads. */
  get sessionId(): string | undefined {
    return this.#sessionId;
  }

  /** The last checkpoints that were seen of the service's store: plain JSON. Keep it and give it to the next client as the
   *  option `checkpoints`: whoever saw a later state is not told an older one. */
  get checkpoints(): SeenCheckpoint[] {
    return this.#memory.list;
  }

  /** The enclave that was verified last. */
  get enclave(): VerifiedEnclave | undefined {
    return this.#journey.enclave;
  }

  /** Fetches fresh evidence and verifies it. Other calls do so by themselves. */
  attest(): Promise<VerifiedEnclave> {
    return this.#journey.attest();
  }

  /** What the wallet of an address signs, by `personal_sign`, to register it where there are no API keys (Hyperliquid): the
   *  address is then `apiKey`, the signature `secret`. It is for the enclave that is verified now, and for the day. */
  async challenge(address: string): Promise<string> {
    const enclave = await this.#journey.attest();
    const text = isText(address) ? challengeText(address.trim(), enclave.keyset_hash) : undefined;
    if (text === undefined) throw new UsageError('OPTION_INVALID', 'An address is 0x and forty hexadecimal digits.');
    return text;
  }

  /** Verifies the enclave, seals the credentials to it and opens a session. Then this client forgets the credentials;
   *  if it fails, it keeps them for another try. Where the account or its record was seen before (`checkpoints`), the enclave
   *  must show that its store still has what was seen. */
  async register(): Promise<SessionOpened> {
    this.#registering ??= this.#register().finally(() => {
      this.#registering = undefined;
    });
    return this.#registering;
  }

  async #register(): Promise<SessionOpened> {
    const registration = this.#registration;
    if (this.#isForgetful) {
      throw new UsageError('CREDENTIALS_MISSING', 'This client was told to forget them: make a new one.');
    }
    if (this.#sessionId !== undefined || registration === undefined) throw new UsageError('SESSION_OPEN');
    const said = { body: () => registration.body().slice(), holder: this.#holder };
    const { answer, deployment } = await this.#journey.call('POST /enclave/sessions', said);
    const { session_id, expires_at, environment, account, key_rights } = answer;
    const known =
      isText(session_id) && isText(expires_at) && isText(environment) && isObject(account) && isObject(key_rights);
    if (!known) throw new AnswerError('ANSWER_UNKNOWN_FORM');
    await this.#believe(answer, deployment, session_id);
    // Who gave the session up meanwhile still gets its id, to revoke it; this client holds it no longer.
    if (!this.#isForgetful) this.#sessionId = session_id;
    this.#journey.settle(environment);
    this.#registration = undefined;
    registration.forget();
    // An accessor: not even an inspection of hidden members shows it.
    Object.defineProperty(answer, 'session_id', { get: () => session_id, enumerable: false });
    return answer as unknown as SessionOpened;
  }

  /** A session that was opened and cannot be believed is revoked: its key must not stay there. */
  async #believe(answer: Record<string, unknown>, deployment: string, sessionId: string): Promise<void> {
    const { fingerprint } = answer['account'] as Record<string, unknown>;
    this.#account = isText(fingerprint) ? fingerprint : undefined;
    try {
      if (this.#holder !== undefined && !isObject(answer['record'])) throw new AnswerError('HOLDER_KEY_IGNORED');
      await this.#confirm(answer, deployment, sessionId);
    } catch (failure) {
      const said = this.#of(sessionId);
      await this.#journey.call('DELETE /enclave/sessions/{session_id}', said).catch(() => undefined);
      throw failure;
    }
  }

  /** Notices the checkpoint of a registration. A later state says that the store went on, and not from where: one that was put
   *  back may have grown past what was seen. The enclave alone can tell, so what was seen is given to it with a read, before
   *  what came takes its place. */
  async #confirm(answer: Record<string, unknown>, deployment: string, sessionId: string): Promise<void> {
    const names = await this.#names(sessionId);
    const seen = this.#memory.last(deployment, names);
    const came = this.#memory.judged(deployment, names, answer);
    if (seen !== undefined && came?.seq !== seen.seq) {
      const said = this.#of(sessionId, { checkpoint: seen });
      const read = await this.#journey.call('GET /enclave/summary/{session_id}', said);
      this.#memory.judged(read.deployment, names, read.answer, came);
      this.#memory.notice(read.deployment, names, read.answer);
    } else {
      this.#memory.notice(deployment, names, answer);
    }
  }

  /** Reads the headline. */
  async getSummary(): Promise<Summary> {
    return asSummary(await this.#read('GET /enclave/summary/{session_id}'));
  }

  /** Reads everything. */
  async getMetrics(): Promise<Metrics> {
    return (await this.#read('GET /enclave/metrics/{session_id}')) as Metrics;
  }

  /** Reads the headline, signed for this call, and gives it as a file as well that others can judge without you. */
  async saveSummary(): Promise<SavedSummary> {
    const { body, file } = await this.#saved('GET /enclave/summary/{session_id}');
    return { summary: asSummary(body), file };
  }

  /** The same of everything. */
  async saveMetrics(): Promise<SavedMetrics> {
    const { body, file } = await this.#saved('GET /enclave/metrics/{session_id}');
    return { metrics: body as Metrics, file };
  }

  /** Ends the session: the enclave stops polling and wipes the key. Only deleting the key at the venue is final. */
  async revoke(): Promise<Revoked> {
    const { answer } = await this.#journey.call('DELETE /enclave/sessions/{session_id}', this.#said());
    return this.#revoked(answer);
  }

  /** The same, with a receipt that the enclave signed. */
  async saveRevocation(): Promise<SavedReceipt<Revoked>> {
    const { verdict, file } = await this.#kept('DELETE /enclave/sessions/{session_id}', (sign) => this.#said({ sign }));
    return { receipt: this.#revoked(verdict.body), file };
  }

  #revoked(answer: Readonly<Record<string, unknown>>): Revoked {
    if (answer['revoked'] !== true) throw new AnswerError('ANSWER_UNKNOWN_FORM');
    this.#sessionId = undefined;
    return answer as unknown as Revoked;
  }

  /** The sessions that were registered with the holder's key, on any machine, and its record. */
  async listSessions(): Promise<HeldSessions> {
    const { answer } = await this.#journey.call('GET /enclave/sessions', this.#held());
    if (!Array.isArray(answer['sessions'])) throw new AnswerError('ANSWER_UNKNOWN_FORM');
    return answer as unknown as HeldSessions;
  }

  /** Erases the record of the holder's key for good and ends all its sessions, on any machine. A mark remains: a record that
   *  begins anew says so. Keys stay valid at the exchange until they are deleted there. */
  async eraseRecord(): Promise<SavedReceipt<Erased>> {
    const { verdict, file, deployment } = await this.#kept('DELETE /enclave/record', (sign) => this.#held({ sign }));
    if (verdict.body['erased'] !== true) throw new AnswerError('ANSWER_UNKNOWN_FORM');
    this.#sessionId = undefined;
    // A record that begins anew counts anew.
    if (this.#holder !== undefined) this.#memory.forget(deployment, this.#holder.publicKey);
    return { receipt: verdict.body as unknown as Erased, file };
  }

  /** Wipes the credentials that were not sent, and forgets the id of the session. Asks nobody: a session that is open stays
   *  so until its time is over or somebody revokes it. A registration that is under way fails, unless it was sent. */
  forget(): void {
    this.#isForgetful = true;
    this.#registration?.forget();
    this.#registration = undefined;
    this.#sessionId = undefined;
  }

  /** What happens, as it happens, until the session ends. A stream that was cut is taken up where it was. */
  async *watch(options: WatchOptions = {}): AsyncGenerator<SessionEvent, void, undefined> {
    const { signal } = options;
    let { after } = options;
    let failures = 0;
    for (;;) {
      const seen = after;
      try {
        for await (const event of this.#stream(after, signal)) {
          after = event.id;
          yield event;
          if (event.event === 'expiry' && event.data.state !== 'soon') return;
        }
        failures = 0;
      } catch (failure) {
        // What came before it was sealed, so a stream that was moving is not a failure of its own.
        failures = seen === after ? failures + 1 : 1;
        if (!(failure instanceof SecureClientError) || !failure.isTransient || failures > FAILURES_MAX) throw failure;
        await this.#pause(pauseS(failures, failure.retryAfterSeconds), signal);
      }
    }
  }

  /** One stream, to its end. */
  async *#stream(
    after: number | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<SessionEvent, void, undefined> {
    const events = await this.#journey.listen('GET /enclave/events/{session_id}', this.#said({ after }), signal);
    try {
      for (let event = await events.next(); event !== undefined; event = await events.next()) yield event;
    } finally {
      events.close();
    }
  }

  async #read(route: Route): Promise<Record<string, unknown>> {
    const names = await this.#names(this.#session());
    const { answer, deployment } = await this.#journey.call(route, this.#said({}, names));
    this.#memory.notice(deployment, names, answer);
    return answer;
  }

  async #saved(route: Route): Promise<{ body: Record<string, unknown>; file: string }> {
    const names = await this.#names(this.#session());
    const { verdict, file, deployment } = await this.#kept(route, (sign) => this.#said({ sign }, names));
    this.#memory.notice(deployment, names, verdict.body);
    return { body: verdict.body, file };
  }

  /** A call that asks for a signature over a nonce of its own. */
  async #kept(route: Route, said: (nonce: string) => Said): Promise<Kept> {
    const nonce = encode(crypto.getRandomValues(new Uint8Array(32)));
    return this.#journey.kept(route, said(nonce), nonce);
  }

  /** What a call of the session says; of what was seen of the store, if it has these names. */
  #said(more: { after?: number | undefined; sign?: string } = {}, names: readonly string[] = []): Said {
    const session = this.#session();
    return {
      body: (deployment) => this.#of(session, { ...more, checkpoint: this.#memory.last(deployment, names) }).body(deployment),
      holder: this.#holder,
    };
  }

  /** What a call of a session says, and nothing else. */
  #of(session_id: string, more: Readonly<Record<string, unknown>> = {}): Said {
    return { body: () => utf8(JSON.stringify({ session_id, ...more })), holder: this.#holder };
  }

  /** What a call of the holder says. */
  #held(more: { sign?: string } = {}): Said {
    const holder = this.#holder;
    if (holder === undefined) throw new UsageError('NO_HOLDER');
    return { body: () => utf8(JSON.stringify({ holder_key: holder.publicKey, ...more })), holder };
  }

  #session(): string {
    if (this.#sessionId === undefined) throw new UsageError('NO_SESSION');
    return this.#sessionId;
  }

  /** What the checkpoints of a session are of: the record of its holder; or its account, which who goes on with a session does
   *  not know, and so a hash of its id too. */
  async #names(sessionId: string): Promise<readonly string[]> {
    if (this.#holder !== undefined) return [this.#holder.publicKey];
    const hash = encode(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(sessionId))));
    return this.#account === undefined ? [hash] : [this.#account, hash];
  }

  #pause(forS: number, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        cancel();
        reject(signal?.reason);
      };
      const cancel = this.#parts.clock.after(forS * 1000, () => {
        signal?.removeEventListener('abort', stop);
        resolve();
      });
      signal?.addEventListener('abort', stop, { once: true });
      if (signal?.aborted === true) stop();
    });
  }
}

function asSummary(answer: Record<string, unknown>): Summary {
  const parts = ['return', 'trades', 'coverage', 'sync', 'why'];
  if (!parts.every((part) => isObject(answer[part]))) throw new AnswerError('ANSWER_UNKNOWN_FORM');
  return answer as unknown as Summary;
}

/** At once after the first failure, then 1, 2, 4 seconds and so on; longer if the service says so. */
export function pauseS(failures: number, advisedS: number | undefined): number {
  const doubled = failures <= 1 ? 0 : 2 ** Math.min(failures - 2, 6);
  return Math.min(Math.max(doubled, advisedS ?? 0), PAUSE_S_MAX);
}
