//! The verifier of evidence for other languages (ATTESTATION.md sections 6 and 16): a request in JSON comes in, a verdict
//! in JSON goes out. As one wasm file it imports nothing: no clock, no network, no randomness, nothing of its host.
//!
//! What `perfagg` says too lies here as a library: answers that were kept, and verdicts in plain words.
//!
//! Not here: judging evidence; that is `attestation`, compiled as it stands.

pub mod words;
pub mod saved;
mod request;
mod answer;
mod buffers;
#[cfg(target_arch = "wasm32")]
mod abi;

pub use answer::{answer, answer_dcap, answer_nitro, answer_sev_snp};
pub use buffers::Buffers;

/// Bytes of a request about evidence: a bundle of 512 KiB whose every other character is written with a backslash still
/// fits.
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;
/// Bytes of a request about a saved answer: the longest file, as a text in the request, and a policy.
pub const SAVED_REQUEST_BYTES_MAX: usize = 2 * saved::Saved::BYTES_MAX + REQUEST_BYTES_MAX;
