//! Whether this computer's clock can be right. Evidence is judged by it, so a clock that is off refuses good evidence, or
//! believes old one. The enclave's time is a second opinion; of which of both is wrong it says nothing.

import { duration } from './words.js';

/** Less apart is nobody's concern. */
const APART_S_MAX = 300;
const QUOTE_BYTES_MAX = 512 * 1024;

/** What to say of a clock that is so many seconds behind the enclave's (before it, if negative); nothing if both agree. */
export function remark(behindS: number): string | undefined {
  if (Math.abs(behindS) <= APART_S_MAX) return undefined;
  const direction = behindS > 0 ? 'behind' : 'ahead of';
  return `This computer’s clock is ${duration(Math.abs(behindS))} ${direction} the enclave’s. One of both is wrong: check the date, time and time zone of this computer, then try again.`;
}

/** Seconds that this clock is behind a time of the enclave. */
export function behindS(enclaveS: number): number {
  return enclaveS - Date.now() / 1000;
}

/** What a service that was refused says of the time: nobody's word, good for advice alone. */
export async function remarkOfService(origin: string): Promise<string | undefined> {
  try {
    const random = crypto.getRandomValues(new Uint8Array(32));
    const nonce = btoa(String.fromCharCode(...random)).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
    const response = await fetch(`${origin}/attestation/quote?nonce=${nonce}`, {
      credentials: 'omit',
      cache: 'no-store',
      redirect: 'error',
      referrerPolicy: 'no-referrer',
      signal: AbortSignal.timeout(10_000),
    });
    const text = await response.text();
    if (text.length > QUOTE_BYTES_MAX) return undefined;
    const { time } = JSON.parse(text) as { time?: { enclave?: unknown } };
    return typeof time?.enclave === 'number' ? remark(behindS(time.enclave)) : undefined;
  } catch {
    return undefined;
  }
}
