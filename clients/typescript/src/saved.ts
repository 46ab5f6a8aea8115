//! Answers that are kept: a file that holds an answer, its signature, and the evidence that vouches for the key that signed
//! it. `perfagg summary --save` writes the same, and `perfagg verify` judges the same (docs/protocol.md, Answers that are
//! kept). Judged by the verifier, offline; nothing here has a key.

import { AnswerError } from './failure.js';
import { trust, type DevelopmentTrust, type Policy } from './trust.js';
import { packagedVerifier, type SavedVerdict, type VerifierSource } from './verifier.js';

/** How a saved answer is judged. */
export interface VerifySavedOptions {
  /** Which enclaves are believed, as the option of `SecureClient`. */
  readonly policy?: Policy | DevelopmentTrust | undefined;
  /** True for the receipt of a revocation or an erasure: neither passes for an answer to a read. */
  readonly receipt?: boolean | undefined;
  /** The bytes of `verifier.wasm`, where they cannot be loaded from beside the code. */
  readonly verifier?: VerifierSource | undefined;
}

/** Judges the text of a saved answer, for somebody who was not there: signature, evidence as of that instant, policy. Asks
 *  nobody. Throws what does not hold: `AnswerError` (`NOT_VERIFIED`: it proves nothing), or `AttestationError`
 *  (`NOT_VERIFIED`: its evidence is not genuine; `AGAINST_POLICY`: it is, and the policy does not accept it). */
export async function verifySaved(text: string, options: VerifySavedOptions = {}): Promise<SavedVerdict> {
  const { policy, developmentRoot } = trust(options.policy, ['live', 'sandbox']);
  const { saved } = packagedVerifier(options.verifier);
  const asked = { call: 'verify_saved', saved: String(text), policy, development_root: developmentRoot } as const;
  return saved(options.receipt === true ? { ...asked, receipt: true } : asked);
}

/** The members of a signed answer, in the order in which they are kept. */
const SIGNED = ['method', 'path', 'nonce', 'status', 'content_digest', 'signature_input', 'signature', 'body'];

/** The file of a signed answer. Whether it holds is not looked at here. */
export function savedFile(answer: Record<string, unknown>, bundle: string): string {
  if (Object.keys(answer).sort().join() !== [...SIGNED].sort().join()) throw new AnswerError('ANSWER_NOT_SIGNED');
  const signed = Object.fromEntries(SIGNED.map((member) => [member, answer[member]]));
  return `${JSON.stringify({ type: 'perf-aggregator.saved-answer.v1', answer: signed, bundle }, null, 2)}\n`;
}
