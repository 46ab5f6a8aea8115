//! The holder's key: an Ed25519 key that the trader makes and keeps. A record belongs to it, and a session that was registered
//! with it answers only calls that it signed, so that a stolen session id is useless. docs/protocol.md, Holder keys.

import { SecureClientError, UsageError } from './failure.js';
import { concat, decodeExactly, encode, utf8, wipe, type Bytes } from './wire.js';

const ALGORITHM = 'Ed25519';
/** What the text of a key begins with. The public half stands in it too: a text that was damaged is found. */
const FORM = 'perfagg-holder/1';
/** What every signed call begins with: no other signature of this protocol does. */
const DOMAIN = utf8('perf-aggregator/holder/v1\0');
const CLOSING_BRACE = 0x7d;

let signature: (key: HolderKey, bytes: Bytes) => Promise<Bytes>;

/** A holder's key. It shows nothing of its private half but to `export()`. */
export class HolderKey {
  readonly #private: CryptoKey;
  readonly #public: Bytes;
  readonly #fingerprint: string;

  static {
    signature = async (key, bytes) => new Uint8Array(await crypto.subtle.sign(ALGORITHM, key.#private, bytes));
  }

  private constructor(privateKey: CryptoKey, publicKey: Bytes, fingerprint: string) {
    this.#private = privateKey;
    this.#public = publicKey;
    this.#fingerprint = fingerprint;
  }

  /** A new key. Export it and keep the text before you register with it: without it the record can be neither continued nor
   *  erased, and nobody has a copy. */
  static async generate(): Promise<HolderKey> {
    const pair = await supported(crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']));
    return HolderKey.#of((pair as CryptoKeyPair).privateKey);
  }

  /** The key of a text that `export()` or `perfagg holder new` wrote. */
  static async import(text: string): Promise<HolderKey> {
    const [form, x, d, ...more] = String(text).trim().split(':');
    const isWhole = decodeExactly(32, x) !== undefined && decodeExactly(32, d) !== undefined;
    if (form !== FORM || more.length > 0 || x === undefined || d === undefined || !isWhole) throw invalid();
    const jwk = { kty: 'OKP', crv: ALGORITHM, x, d };
    const key = await HolderKey.#of(await supported(crypto.subtle.importKey('jwk', jwk, ALGORITHM, true, ['sign'])));
    // Not every engine looks whether the halves belong together.
    const judge = await supported(crypto.subtle.importKey('raw', key.#public, ALGORITHM, true, ['verify']));
    const isOne = await crypto.subtle.verify(ALGORITHM, judge, await signature(key, DOMAIN), DOMAIN);
    if (!isOne || key.publicKey !== x) throw invalid();
    return key;
  }

  static async #of(privateKey: CryptoKey): Promise<HolderKey> {
    const publicKey = decodeExactly(32, (await crypto.subtle.exportKey('jwk', privateKey)).x);
    if (publicKey === undefined) throw invalid();
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', publicKey)).subarray(0, 8);
    const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
    return new HolderKey(privateKey, publicKey, (hex.match(/.{4}/g) ?? []).join('-'));
  }

  /** The key as text, private half and all. **Whoever has this text is the holder**: keep it where you keep what you must not
   *  lose, never in a log, a page or a repository. `HolderKey.import` and `perfagg` read it. */
  async export(): Promise<string> {
    const { d } = await crypto.subtle.exportKey('jwk', this.#private);
    return `${FORM}:${this.publicKey}:${d}`;
  }

  /** The public half: base64url. */
  get publicKey(): string {
    return encode(this.#public);
  }

  /** A short name for people to compare, the same that `perfagg` shows. */
  get fingerprint(): string {
    return this.#fingerprint;
  }
}

/** The body of a call as it is sealed: with the signature over it and the id of its envelope, as the last member. */
export async function signedBody(holder: HolderKey, envelopeId: Bytes, body: Bytes): Promise<Bytes> {
  const bytes = concat(DOMAIN, envelopeId, body);
  const said = encode(await signature(holder, bytes));
  wipe(bytes);
  const comma = body.length > 2 ? ',' : '';
  if (body[body.length - 1] !== CLOSING_BRACE) throw new UsageError('SEALING_FAILED');
  return concat(body.subarray(0, -1), utf8(`${comma}"holderSignature":"${said}"}`));
}

/** What an engine makes of a key. One without Ed25519 says so in a name that all share. */
async function supported<T>(made: Promise<T>): Promise<T> {
  try {
    return await made;
  } catch (failure) {
    if (failure instanceof SecureClientError) throw failure;
    const isMissing = failure instanceof Error && failure.name === 'NotSupportedError';
    throw isMissing ? new UsageError('ED25519_MISSING') : invalid();
  }
}

function invalid(): UsageError {
  return new UsageError('OPTION_INVALID', 'This is no holder’s key, or not a whole one.');
}
