//! `@perf-aggregator/secure-client`: verify the enclave, seal credentials, read performance.

export { SecureClient, type SecureClientOptions, type WatchOptions } from './client.js';
export type { RegistrationOptions } from './registration.js';
export type { DevelopmentTrust, Policy } from './trust.js';
export type { VerifiedEnclave, VerifierSource } from './verifier.js';
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
