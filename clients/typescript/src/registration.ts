//! What a registration says, and its body (DESIGN.md section 4). The body exists to be sealed: it is kept as bytes,
//! which can be wiped, until the enclave has it, and no other module can take it out.

import { UsageError } from './failure.js';
import { HolderKey } from './holder.js';
import { utf8, wipe, type Bytes } from './wire.js';

/** What the trader says of an account. */
export interface RegistrationOptions {
  /** A label of your choice, 1 to 128 characters. Never an authority. */
  readonly userId?: string | undefined;
  /** Which venue, such as `binance`; `GET /exchanges` lists them. */
  readonly exchange?: string | undefined;
  /** API key, key name or address. */
  readonly apiKey?: string | undefined;
  /** Secret, private key or signature. */
  readonly secret?: string | undefined;
  /** Where the venue has one. */
  readonly passphrase?: string | undefined;
  /** Which account types to read; all that the key can read if absent. */
  readonly accountTypes?: readonly string[] | undefined;
  /** The venue's test network. */
  readonly sandbox?: boolean | undefined;
  /** What you call the account, at most 128 characters. */
  readonly label?: string | undefined;
  /** Life of the session, 300 to 604800; the service's default if absent. */
  readonly ttlSeconds?: number | undefined;
  /** How long the key may be used, 300 to 7776000; as long as the session if absent. */
  readonly leaseSeconds?: number | undefined;
  /** The key whose record the account joins. Every call of the session is then signed by it. */
  readonly holder?: HolderKey | undefined;
  /** Accept a key that can trade. Every figure then says so. */
  readonly acceptTradingKey?: boolean | undefined;
  /** Allow plain reads by session id: whoever ends TLS sees them. */
  readonly bearer?: boolean | undefined;
}

const LABEL_CHARS_MAX = 128;
const TTL_S_MIN = 300;
const TTL_S_MAX = 604_800;
const LEASE_S_MAX = 7_776_000;

/** A registration that is ready to be sealed. */
export class Registration {
  readonly #body: Bytes;
  readonly #missing: string | undefined;

  constructor(options: RegistrationOptions) {
    const { userId, exchange, apiKey, secret, passphrase, accountTypes, label, ttlSeconds, leaseSeconds } = options;
    const { holder } = options;
    const named = { userId, exchange, apiKey, secret };
    for (const [name, value] of Object.entries({ ...named, passphrase, label })) check(name, value, 'a text', isText);
    check('userId', userId, 'a text of at most 128 characters, without control characters', fits);
    check('label', label, 'a text of at most 128 characters, without control characters', fits);
    check('accountTypes', accountTypes, 'a list of texts', (value) => Array.isArray(value) && value.every(isText));
    check('ttlSeconds', ttlSeconds, 'a whole number from 300 (5 minutes) to 604800 (7 days)', isTtl);
    const isLease = (value: unknown): boolean => isWithin(Math.max(TTL_S_MIN, ttlSeconds ?? 0), value, LEASE_S_MAX);
    check('leaseSeconds', leaseSeconds, 'a whole number from 300, or from ttlSeconds, to 7776000 (90 days)', isLease);
    check('holder', holder, 'a HolderKey', (value) => value instanceof HolderKey);
    for (const name of ['sandbox', 'acceptTradingKey', 'bearer'] as const) {
      check(name, options[name], 'true or false', (value) => typeof value === 'boolean');
    }
    const isBearer = options.bearer === true;
    check('bearer', options.bearer, 'left out with a holder: plain reads are not signed', () => !isBearer || !holder);
    this.#missing = Object.entries(named)
      .filter(([, value]) => value === undefined || value === '')
      .map(([name]) => name)
      .join(', ');
    // JSON leaves out what is undefined: what the trader did not say is left to the service.
    const body = {
      ...named,
      passphrase: passphrase === '' ? undefined : passphrase,
      accountTypes: accountTypes?.length === 0 ? undefined : accountTypes,
      sandbox: options.sandbox ?? false,
      label,
      ttlSeconds,
      leaseSeconds,
      holderKey: holder?.publicKey,
      acceptTradingKey: options.acceptTradingKey ?? false,
      bearer: options.bearer ?? false,
    };
    this.#body = utf8(JSON.stringify(body));
  }

  /** The inner body, for a seal. */
  body(): Bytes {
    if (this.#missing !== '') {
      const hint = `Missing: ${this.#missing}. A variable of the environment that is not set comes as undefined.`;
      throw new UsageError('CREDENTIALS_MISSING', hint);
    }
    return this.#body;
  }

  /** Wipes it. */
  forget(): void {
    wipe(this.#body);
  }
}

/** Says what an option must be, never what it was. */
export function check(name: string, value: unknown, what: string, holds: (value: unknown) => boolean): void {
  if (value !== undefined && !holds(value)) throw new UsageError('OPTION_INVALID', `${name} must be ${what}.`);
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function fits(value: unknown): boolean {
  return isText(value) && [...value].length <= LABEL_CHARS_MAX && !/\p{Cc}/u.test(value);
}

function isTtl(value: unknown): boolean {
  return isWithin(TTL_S_MIN, value, TTL_S_MAX);
}

function isWithin(least: number, value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
