//! Bytes on the wire: base64url without padding (RFC 4648 section 5) in its one canonical form, and the padding of
//! plaintexts. docs/protocol.md.

/** Bytes that are not shared between threads: what WebCrypto takes. */
export type Bytes = Uint8Array<ArrayBuffer>;

/** Plaintexts grow to a multiple of this, so that a length tells little. */
const PADDING_STEP_BYTES = 1024;
const SPACE = 0x20;

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const NO_VALUE = 255;
const VALUES = new Uint8Array(128).fill(NO_VALUE);
[...ALPHABET].forEach((character, value) => (VALUES[character.charCodeAt(0)] = value));

export function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

/** The text of UTF-8 bytes; undefined if they are none. */
export function text(bytes: Bytes): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

export function concat(...parts: Bytes[]): Bytes {
  const joined = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** Overwrites bytes that must not stay. Copies that an engine made of them are out of reach. */
export function wipe(...secrets: Bytes[]): void {
  for (const secret of secrets) secret.fill(0);
}

export function encode(bytes: Bytes): string {
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += 3) {
    const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3);
    const group = (a << 16) | (b << 8) | c;
    const characters = [group >> 18, (group >> 12) & 63, (group >> 6) & 63, group & 63].map((value) => ALPHABET[value]);
    parts.push(characters.slice(0, Math.min(bytes.length - at, 3) + 1).join(''));
  }
  return parts.join('');
}

/** The bytes of a text; undefined if it is not base64url in its one canonical form. */
export function decode(encoded: string): Bytes | undefined {
  if (encoded.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((encoded.length * 3) / 4));
  let [held, bits, at] = [0, 0, 0];
  for (let index = 0; index < encoded.length; index += 1) {
    const value = VALUES[encoded.charCodeAt(index)] ?? NO_VALUE;
    if (value === NO_VALUE) return undefined;
    held = ((held << 6) | value) & 0xffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 0xff;
      at += 1;
    }
  }
  // Bits that encode nothing are zero, or one text would have many spellings.
  return (held & ((1 << bits) - 1)) === 0 ? bytes : undefined;
}

/** As `decode`, of exactly so many bytes. */
export function decodeExactly(length: number, encoded: unknown): Bytes | undefined {
  if (typeof encoded !== 'string') return undefined;
  const bytes = decode(encoded);
  return bytes?.length === length ? bytes : undefined;
}

/** A body padded with spaces to the next step: JSON ignores them, so padding needs no length of its own. */
export function padded(body: Bytes): Bytes {
  const steps = Math.ceil(Math.max(body.length, 1) / PADDING_STEP_BYTES);
  const plaintext = new Uint8Array(steps * PADDING_STEP_BYTES).fill(SPACE);
  plaintext.set(body);
  return plaintext;
}

/** A plaintext without its padding. */
export function unpadded(plaintext: Bytes): Bytes {
  let length = plaintext.length;
  while (length > 0 && plaintext[length - 1] === SPACE) length -= 1;
  return plaintext.subarray(0, length);
}

/** A JSON object; undefined if a text is none. */
export function object(json: string | undefined): Record<string, unknown> | undefined {
  if (json === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(json);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Unix seconds, a counter and the like: whole, not negative, exact. */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
