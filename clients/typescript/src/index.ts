//! `@perf-aggregator/secure-client`: verify the enclave, seal credentials, read performance.

export {
  SecureClient,
  type SavedMetrics,
  type SavedSummary,
  type SecureClientOptions,
  type WatchOptions,
} from './client.js';
export { verifySaved, type VerifySavedOptions } from './saved.js';
export type { RegistrationOptions } from './registration.js';
export type { DevelopmentTrust, Policy } from './trust.js';
export type { Said, SavedVerdict, VerifiedEnclave, VerifierSource } from './verifier.js';
export type { Metrics, Revoked, SessionEvent, SessionOpened, Summary, Sync } from './api.js';
export {
  AnswerError,
  AttestationError,
  RefusedError,
  SecureClientError,
  UnreachableError,
  UnsignedError,
  UsageError,
} from './failure.js';
