//! What the wallet of an address signs where there are no API keys (docs/protocol.md, Challenge): a text that names the address
//! and the keys of one enclave. Pure.

/** The text for an address and the hash of the keys that a registration is sealed to, in base64url; undefined: it is no
 *  address. */
export function challengeText(address: string, keysetHash: string): string | undefined {
  const digits = /^0[xX]([0-9a-fA-F]{40})$/.exec(address)?.[1];
  if (digits === undefined) return undefined;
  return `Perf-Aggregator: read and prove the record of 0x${digits.toLowerCase()}\nEnclave keys: ${keysetHash}`;
}
