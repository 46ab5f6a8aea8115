//! Saved answers, by way of the client: making one and judging one. The client does both; where it is too old, the page
//! says so.

import * as library from '@perf-aggregator/secure-client';
import type { Metrics, SecureClient, SecureClientOptions, Summary, VerifiedEnclave } from '@perf-aggregator/secure-client';
import type { Said } from './verdict.js';

/** What a saved answer proves. */
export interface Judged {
  /** The enclave's time, RFC 3339 or Unix seconds. */
  readonly signedAt: string | number;
  readonly resultKey: string;
  readonly enclave: VerifiedEnclave;
  readonly body: Summary | Metrics;
  readonly said?: Said;
}

interface Judge {
  readonly policy?: SecureClientOptions['policy'];
  readonly verifier?: SecureClientOptions['verifier'];
}

type VerifySaved = (text: string, judge: Judge) => Promise<Judged>;

/** Judges the text of a saved answer, offline. */
export function judgeSaved(text: string, judge: Judge): Promise<Judged> {
  const { verifySaved } = library as unknown as { verifySaved?: VerifySaved };
  if (verifySaved === undefined) return Promise.reject(new Error('this client judges no saved answers'));
  return verifySaved(text, judge);
}

/** True if this client can save. */
export function hasSaving(client: SecureClient): boolean {
  return 'saveMetrics' in client;
}

/** A signed answer with all figures and the evidence: text that others can judge. */
export async function savedBy(client: SecureClient): Promise<string> {
  const { file } = await (client as unknown as { saveMetrics(): Promise<{ file: string }> }).saveMetrics();
  return file;
}
