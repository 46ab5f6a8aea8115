//! Lowers a guard, by its name: development evidence. Apart from the rest, so that nobody meets it by accident.

import { DevelopmentTrust, type Policy } from './trust.js';

export type { DevelopmentTrust } from './trust.js';

/** Accepts development evidence under this root (PEM), and no other evidence. It proves nothing about hardware:
 *  whoever runs such an enclave can read what is sealed to it. A policy of its own must name `dev-sgx` or `dev-tdx` in
 *  `tee` and `development` in `environment`. */
export function dangerousDevelopment(root: string, policy?: Policy): DevelopmentTrust {
  return new DevelopmentTrust(root, policy);
}
