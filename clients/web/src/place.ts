//! Where this page is: served by a service, or a file of its own; and the verifier that comes with it.

import { bytes } from 'pages:verifier';

/** True for the self-contained file, wherever it is opened. */
export const isSelfContained = bytes !== undefined;

/** The verifier inside this file; undefined where it lies beside the code, and the client loads it. */
export const verifierInside = bytes;

/** The service that serves this page; empty for a file. */
export const ownOrigin = isSelfContained || location.protocol === 'file:' ? '' : location.origin;

/** The verifier, fetched ahead of the time when the network may be off. */
export async function verifierAhead(): Promise<Uint8Array<ArrayBuffer>> {
  if (bytes !== undefined) return bytes;
  const response = await fetch(new URL('verifier.wasm', document.baseURI), { credentials: 'omit', redirect: 'error' });
  if (!response.ok) throw new Error();
  return new Uint8Array(await response.arrayBuffer());
}
