//! The verifier of evidence for other languages (ATTESTATION.md sections 6 and 16): a request in JSON comes in, a verdict
//! in JSON goes out. As one wasm file it imports nothing: no clock, no network, no randomness, nothing of its host.
//!
//! Not here: judging; that is `attestation`, compiled as it stands.

mod request;
mod answer;
mod buffers;
#[cfg(target_arch = "wasm32")]
mod abi;

pub use answer::{answer, answer_dcap};
pub use buffers::Buffers;

/// Bytes of a request: a bundle of 512 KiB whose every other character is written with a backslash still fits.
pub const REQUEST_BYTES_MAX: usize = 1024 * 1024;
