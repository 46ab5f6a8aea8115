//! `@perf-aggregator/secure-client`: verify the enclave, seal credentials, read performance.

export {
  SecureClient,
  type SavedMetrics,
  type SavedReceipt,
  type SavedSummary,
  type SecureClientOptions,
  type WatchOptions,
} from './client.js';
export { HolderKey } from './holder.js';
export type { Checkpoint, SeenCheckpoint } from './checkpoints.js';
export { verifySaved, type VerifySavedOptions } from './saved.js';
export type { RegistrationOptions } from './registration.js';
export type { DevelopmentTrust, Policy } from './trust.js';
export type { Said, SavedVerdict, VerifiedEnclave, VerifierSource } from './verifier.js';
export type {
  Account,
  Erased,
  HeldRecord,
  HeldSessions,
  Metrics,
  Restatements,
  Revoked,
  SessionEvent,
  SessionOpened,
  Snapshots,
  Summary,
  Sync,
} from './api.js';
export {
  AnswerError,
  AttestationError,
  RefusedError,
  SecureClientError,
  UnreachableError,
  UnsignedError,
  UsageError,
} from './failure.js';
