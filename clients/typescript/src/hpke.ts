//! HPKE (RFC 9180) in base mode, for one message: DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256 0x0001, AES-256-GCM
//! 0x0002, on WebCrypto. Each function stands under its section of the RFC; names are the RFC's.

import { concat, utf8, wipe, type Bytes } from './wire.js';

const KEM_ID = 0x0020;
const KDF_ID = 0x0001;
const AEAD_ID = 0x0002;

const KEM_SUITE = concat(utf8('KEM'), i2osp(KEM_ID, 2));
const HPKE_SUITE = concat(utf8('HPKE'), i2osp(KEM_ID, 2), i2osp(KDF_ID, 2), i2osp(AEAD_ID, 2));
const EMPTY = new Uint8Array(0);
const BASE_MODE = new Uint8Array([0]);
const HASH_BYTES = 32;

/** A sender's fresh key. */
export interface Ephemeral {
  readonly privateKey: CryptoKey;
  readonly publicKey: Bytes;
}

/** What a sender has: the encapsulated key, the key and nonce of the first message, and what exports secrets. */
export interface SenderContext {
  readonly enc: Bytes;
  readonly key: Bytes;
  readonly baseNonce: Bytes;
  readonly exporterSecret: Bytes;
}

/** I2OSP, RFC 8017 section 4.1. */
export function i2osp(value: number, length: number): Bytes {
  const bytes = new Uint8Array(length);
  for (let at = length - 1, rest = value; at >= 0; at -= 1, rest = Math.floor(rest / 256)) bytes[at] = rest % 256;
  return bytes;
}

async function hmac(key: Bytes, message: Bytes): Promise<Bytes> {
  // A key of zeros is the empty key padded, which some engines do not import (RFC 2104 section 2).
  const raw = key.length === 0 ? new Uint8Array(HASH_BYTES) : key;
  const imported = await crypto.subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, message));
}

/** HKDF-Extract, RFC 5869 section 2.2. */
export function extract(salt: Bytes, ikm: Bytes): Promise<Bytes> {
  return hmac(salt, ikm);
}

/** HKDF-Expand, RFC 5869 section 2.3. No length here is beyond one hash: T(1), cut. */
export async function expand(prk: Bytes, info: Bytes, length: number): Promise<Bytes> {
  if (length > HASH_BYTES) throw new RangeError('no key here is longer than a hash');
  return (await hmac(prk, concat(info, i2osp(1, 1)))).slice(0, length);
}

/** LabeledExtract, RFC 9180 section 4. */
async function labeledExtract(suite: Bytes, salt: Bytes, label: string, ikm: Bytes): Promise<Bytes> {
  const labeled = concat(utf8('HPKE-v1'), suite, utf8(label), ikm);
  const prk = await extract(salt, labeled);
  wipe(labeled);
  return prk;
}

/** LabeledExpand, RFC 9180 section 4. */
function labeledExpand(suite: Bytes, prk: Bytes, label: string, info: Bytes, length: number): Promise<Bytes> {
  return expand(prk, concat(i2osp(length, 2), utf8('HPKE-v1'), suite, utf8(label), info), length);
}

/** DH, RFC 9180 section 4.1 and 7.1.4: a result of zeros is refused. */
async function dh(privateKey: CryptoKey, publicKey: Bytes): Promise<Bytes> {
  const imported = await crypto.subtle.importKey('raw', publicKey, { name: 'X25519' }, false, []);
  const shared = new Uint8Array(await crypto.subtle.deriveBits({ name: 'X25519', public: imported }, privateKey, 256));
  if (shared.every((byte) => byte === 0)) throw new RangeError('the key is of low order');
  return shared;
}

/** GenerateKeyPair. The private half cannot be taken out again. */
export async function generateEphemeral(): Promise<Ephemeral> {
  const pair = (await crypto.subtle.generateKey({ name: 'X25519' }, false, ['deriveBits'])) as CryptoKeyPair;
  return {
    privateKey: pair.privateKey,
    publicKey: new Uint8Array(await crypto.subtle.exportKey('raw', pair.publicKey)),
  };
}

/** Encap, section 4.1, with ExtractAndExpand. */
async function encap(recipient: Bytes, ephemeral: Ephemeral): Promise<Bytes> {
  const agreed = await dh(ephemeral.privateKey, recipient);
  const kemContext = concat(ephemeral.publicKey, recipient);
  const eaePrk = await labeledExtract(KEM_SUITE, EMPTY, 'eae_prk', agreed);
  const sharedSecret = await labeledExpand(KEM_SUITE, eaePrk, 'shared_secret', kemContext, HASH_BYTES);
  wipe(agreed, eaePrk);
  return sharedSecret;
}

/** SetupBaseS, section 5.1.1: KeySchedule (section 5.1) in base mode, without a pre-shared key. */
export async function setupBaseS(recipient: Bytes, info: Bytes, ephemeral: Ephemeral): Promise<SenderContext> {
  const sharedSecret = await encap(recipient, ephemeral);
  const pskIdHash = await labeledExtract(HPKE_SUITE, EMPTY, 'psk_id_hash', EMPTY);
  const infoHash = await labeledExtract(HPKE_SUITE, EMPTY, 'info_hash', info);
  const context = concat(BASE_MODE, pskIdHash, infoHash);
  const secret = await labeledExtract(HPKE_SUITE, sharedSecret, 'secret', EMPTY);
  const key = await labeledExpand(HPKE_SUITE, secret, 'key', context, 32);
  const baseNonce = await labeledExpand(HPKE_SUITE, secret, 'base_nonce', context, 12);
  const exporterSecret = await labeledExpand(HPKE_SUITE, secret, 'exp', context, HASH_BYTES);
  wipe(sharedSecret, secret);
  return { enc: ephemeral.publicKey, key, baseNonce, exporterSecret };
}

/** Context.Export, section 5.3. */
export function exported(context: SenderContext, label: Bytes, length: number): Promise<Bytes> {
  return labeledExpand(HPKE_SUITE, context.exporterSecret, 'sec', label, length);
}

/** ComputeNonce, section 5.2: the counter XORed into the base, big-endian. */
export function nonceOf(baseNonce: Bytes, counter: number): Bytes {
  const nonce = i2osp(counter, baseNonce.length);
  return nonce.map((byte, at) => byte ^ (baseNonce[at] ?? 0));
}

/** AES-256-GCM. The key cannot be taken out again. */
export function aeadKey(raw: Bytes, use: 'encrypt' | 'decrypt'): Promise<CryptoKey> {
  return crypto.subtle.importKey('raw', raw, { name: 'AES-GCM' }, false, [use]);
}

/** Context.Seal, section 5.2, of the first message. */
export async function sealFirst(context: SenderContext, aad: Bytes, plaintext: Bytes): Promise<Bytes> {
  const key = await aeadKey(context.key, 'encrypt');
  const parameters = { name: 'AES-GCM', iv: context.baseNonce, additionalData: aad };
  return new Uint8Array(await crypto.subtle.encrypt(parameters, key, plaintext));
}

/** Opens what was sealed under a nonce; undefined if it was not. */
export async function open(key: CryptoKey, nonce: Bytes, aad: Bytes, ciphertext: Bytes): Promise<Bytes | undefined> {
  try {
    const parameters = { name: 'AES-GCM', iv: nonce, additionalData: aad };
    return new Uint8Array(await crypto.subtle.decrypt(parameters, key, ciphertext));
  } catch {
    return undefined;
  }
}
