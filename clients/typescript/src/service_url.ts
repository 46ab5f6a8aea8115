//! Where the service is: `https://` anywhere, `http://` on this machine only. Confidentiality never rests on TLS, but
//! over plain HTTP anyone on the way could keep calls from arriving.

import { UsageError } from './failure.js';

/** The address of an enclave or of a main service. */
export interface ServiceUrl {
  /** Scheme, host and port. */
  readonly origin: string;
  readonly tls: boolean;
}

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])$/;

/** Reads an address. Its text is never repeated in an error: it may hold a password. */
export function serviceUrl(text: unknown): ServiceUrl {
  const url = typeof text === 'string' ? parsed(text.trim()) : undefined;
  if (url === undefined || url.hostname === '' || url.port === '0') {
    throw defect('It reads https://HOST, or http://localhost:3000 for an enclave on this machine.');
  }
  const tls = url.protocol === 'https:';
  if (!tls && url.protocol !== 'http:') {
    throw defect('It begins with https://, or http:// for an enclave on this machine.');
  }
  if (url.username !== '' || url.password !== '') {
    throw defect('It holds no user name and no password; the service takes none.');
  }
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') {
    throw defect('It ends after the host and port, without a path or query.');
  }
  // A name is never looked up for this: whoever answers look-ups would decide what is local.
  if (!tls && (!LOOPBACK.test(url.hostname) || written(text) !== url.hostname)) {
    throw defect('Plain http:// is for this machine only (localhost, 127.0.0.1, [::1]); use https:// for another one.');
  }
  return { origin: url.origin, tls };
}

/** The host as it stands there: the parser makes `127.0.0.1` of `127.1`, `0x7f000001` and more, which `perfagg` does not
 *  take and nobody can check at a glance. Of an IPv6 address there is one loopback, however it is written. */
function written(text: unknown): string | undefined {
  const host = /^http:\/\/(\[[^\]]*\]|[^/?#:]*)/i.exec(String(text).trim())?.[1]?.toLowerCase();
  return host?.startsWith('[') === true ? '[::1]' : host;
}

function parsed(text: string): URL | undefined {
  // The parser takes much that nobody means: `https:host`, back slashes, white space inside.
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^\s\\]+$/i.test(text)) return undefined;
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

function defect(hint: string): UsageError {
  return new UsageError('URL_INVALID', hint);
}
