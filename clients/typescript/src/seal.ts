//! One sealed call: sealed to the verified key, and its answer judged. What did not open is nobody's word.
//! ATTESTATION.md section 7, docs/protocol.md.

import type { Reply } from './connection.js';
import { AnswerError, RefusedError, UnsignedError, UsageError, problem } from './failure.js';
import { signedBody, type HolderKey } from './holder.js';
import * as hpke from './hpke.js';
import {
  concat,
  decode,
  decodeExactly,
  encode,
  isCount,
  object,
  padded,
  text,
  unpadded,
  utf8,
  wipe,
  type Bytes,
} from './wire.js';

const VERSION = 1;
/** What is inside an envelope, padding included. */
const PLAINTEXT_BYTES_MAX = 16 * 1024;
/** Long enough for a slow network, and half of what the enclave allows. */
const LIFE_S = 300;
/** A frame of a stream. */
const CHUNK_CHARS_MAX = 64 * 1024;
/** AES-GCM allows so many messages with one key (NIST SP 800-38D section 8.3); no stream comes near. */
const CHUNKS_MAX = 2 ** 32;

const CALL_LABEL = utf8('perf-aggregator/call/v1\0');
const RESPONSE_LABEL = utf8('perf-aggregator/response/v1');
const FINAL = utf8('final');
const NOT_FINAL = utf8('');

/** The routes, to the letter: a header is public, so none holds a session id. */
export type Route =
  | 'POST /enclave/sessions'
  | 'GET /enclave/summary/{session_id}'
  | 'GET /enclave/metrics/{session_id}'
  | 'GET /enclave/events/{session_id}'
  | 'DELETE /enclave/sessions/{session_id}'
  | 'GET /enclave/sessions'
  | 'DELETE /enclave/record';

/** The verified keys that a call is sealed to. */
export interface Keys {
  readonly hpkePublicKey: Bytes;
  readonly keysetHash: Bytes;
}

/** What stands outside the seal, and is bound to it. */
export interface Header {
  readonly envelope_id: string;
  readonly route: string;
  readonly keyset_hash: string;
  readonly expires_at: number;
}

/** The RFC 8785 form of header and version. Its texts need no escapes: base64url, and routes of ours. */
export function associatedData(header: Header): Bytes {
  const { envelope_id, expires_at, keyset_hash, route } = header;
  return utf8(JSON.stringify({ envelope_id, expires_at, keyset_hash, route, v: VERSION }));
}

/** A call on its way: what is sent, and what opens the answer. */
export class SealedCall {
  readonly #enc: Bytes;
  readonly #secret: Bytes;
  /** The body of the request. */
  readonly json: string;

  private constructor(json: string, enc: Bytes, secret: Bytes) {
    this.json = json;
    this.#enc = enc;
    this.#secret = secret;
  }

  /** Seals `body` for `route`, at an enclave whose time is `enclaveS` now; signed by its holder, if it has one. */
  static async sealed(
    keys: Keys,
    enclaveS: number,
    route: Route,
    body: Bytes,
    holder?: HolderKey | undefined,
  ): Promise<SealedCall> {
    const id = crypto.getRandomValues(new Uint8Array(16));
    const header = {
      envelope_id: encode(id),
      route,
      keyset_hash: encode(keys.keysetHash),
      expires_at: enclaveS + LIFE_S,
    };
    const ephemeral = await hpke.generateEphemeral().catch(() => {
      throw new UsageError('CRYPTO_MISSING');
    });
    if (holder === undefined) return SealedCall.under(keys.hpkePublicKey, header, body, ephemeral);
    const signed = await signedBody(holder, id, body);
    return SealedCall.under(keys.hpkePublicKey, header, signed, ephemeral).finally(() => wipe(signed));
  }

  /** The same with every choice made: for the vectors. An ephemeral key is used once. */
  static async under(recipient: Bytes, header: Header, body: Bytes, ephemeral: hpke.Ephemeral): Promise<SealedCall> {
    const keysetHash = decodeExactly(64, header.keyset_hash);
    const plaintext = padded(body);
    if (plaintext.length > PLAINTEXT_BYTES_MAX || keysetHash === undefined) {
      wipe(plaintext);
      throw new UsageError('ENVELOPE_TOO_LARGE');
    }
    try {
      const context = await hpke.setupBaseS(recipient, concat(CALL_LABEL, keysetHash), ephemeral);
      const ciphertext = await hpke.sealFirst(context, associatedData(header), plaintext);
      const secret = await hpke.exported(context, RESPONSE_LABEL, 32);
      wipe(context.key, context.exporterSecret);
      const envelope = { v: VERSION, header, enc: encode(context.enc), ciphertext: encode(ciphertext) };
      return new SealedCall(JSON.stringify(envelope), context.enc, secret);
    } catch {
      // A key of low order, or an engine that does not do its part.
      throw new UsageError('SEALING_FAILED');
    } finally {
      wipe(plaintext);
    }
  }

  /** The bytes that the enclave sealed as the one answer to this call; undefined if it did not seal these. */
  async opened(answer: Bytes): Promise<Bytes | undefined> {
    const members = object(text(answer));
    if (members === undefined || Object.keys(members).sort().join() !== 'ciphertext,nonce,v') return undefined;
    const nonce = decodeExactly(32, members['nonce']);
    const ciphertext = typeof members['ciphertext'] === 'string' ? decode(members['ciphertext']) : undefined;
    if (members['v'] !== VERSION || nonce === undefined || ciphertext === undefined) return undefined;
    const { key, baseNonce } = await this.#keys(nonce);
    const plaintext = await hpke.open(key, baseNonce, FINAL, ciphertext);
    return plaintext && unpadded(plaintext);
  }

  /** The inner answer, if the enclave sealed one that is no problem. The status stands outside the seal: it decides
   *  nothing about what opened. */
  async answer(reply: Reply): Promise<Record<string, unknown>> {
    const opened = await this.opened(reply.body);
    if (opened === undefined) throw unopened(reply);
    const inner = object(text(opened));
    wipe(opened);
    if (inner === undefined) throw new AnswerError('ANSWER_UNKNOWN_FORM');
    const refused = problem(inner);
    if (refused !== undefined) throw new RefusedError(refused, reply.retryAfterS);
    return inner;
  }

  /** What opens the chunks of an answer that comes piece by piece, under the nonce that it begins with. */
  async stream(nonce: string): Promise<StreamOpener> {
    const bytes = decodeExactly(32, nonce);
    if (bytes === undefined) throw new AnswerError('ANSWER_NOT_SEALED');
    const { key, baseNonce } = await this.#keys(bytes);
    return new StreamOpener(key, baseNonce);
  }

  /** Forgets what opens the answer. */
  forget(): void {
    wipe(this.#secret);
  }

  /** prk = Extract(enc || nonce, secret); key = Expand(prk, "key", 32); base = Expand(prk, "nonce", 12) */
  async #keys(nonce: Bytes): Promise<{ key: CryptoKey; baseNonce: Bytes }> {
    const prk = await hpke.extract(concat(this.#enc, nonce), this.#secret);
    const raw = await hpke.expand(prk, utf8('key'), 32);
    const baseNonce = await hpke.expand(prk, utf8('nonce'), 12);
    const key = await hpke.aeadKey(raw, 'decrypt');
    wipe(prk, raw);
    return { key, baseNonce };
  }
}

/** Opens the chunks of one answer, in their order. After one that does not open, none does. */
export class StreamOpener {
  readonly #key: CryptoKey;
  readonly #baseNonce: Bytes;
  #next = 0;
  #state: 'open' | 'complete' | 'broken' = 'open';

  constructor(key: CryptoKey, baseNonce: Bytes) {
    this.#key = key;
    this.#baseNonce = baseNonce;
  }

  /** What a chunk says. Whether it is the last one is what its frame claims, and its seal proves. */
  async open(chunk: string, last: boolean): Promise<Bytes> {
    const opened = await this.#opened(chunk, last);
    this.#next += 1;
    if (opened === undefined) {
      this.#state = 'broken';
      throw new AnswerError('ANSWER_NOT_SEALED');
    }
    if (last) this.#state = 'complete';
    return unpadded(opened);
  }

  async #opened(chunk: string, last: boolean): Promise<Bytes | undefined> {
    if (this.#state !== 'open' || this.#next >= CHUNKS_MAX || chunk.length > CHUNK_CHARS_MAX) return undefined;
    const ciphertext = decode(chunk);
    if (ciphertext === undefined) return undefined;
    return hpke.open(this.#key, hpke.nonceOf(this.#baseNonce, this.#next), last ? FINAL : NOT_FINAL, ciphertext);
  }

  /** The last chunk was opened. A stream that ends before was cut. */
  get isComplete(): boolean {
    return this.#state === 'complete';
  }
}

/** What an answer means that the enclave did not seal for this call. */
export function unopened(reply: Reply): AnswerError | UnsignedError {
  const members = object(text(reply.body));
  // Someone changed a sealed answer, or gave one to another call.
  const looksSealed = members !== undefined && 'ciphertext' in members && 'nonce' in members;
  if ((reply.status >= 200 && reply.status < 300) || looksSealed) return new AnswerError('ANSWER_NOT_SEALED');
  return onTheWay(reply);
}

/** What an answer in clear says, without believing it. */
export function onTheWay(reply: Reply): UnsignedError {
  const members = object(text(reply.body));
  return new UnsignedError(reply.status, members && problem(members), reply.retryAfterS);
}

/** Seconds from a header that may say anything. */
export function seconds(header: string | null): number | undefined {
  const value = header !== null && /^\d{1,9}$/.test(header.trim()) ? Number(header) : undefined;
  return isCount(value) ? value : undefined;
}
