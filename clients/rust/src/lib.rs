//! The client of the Perf-Aggregator, named **SecureClient** in other languages: verifies the enclave, seals calls to
//! its key, and believes only what it opened.
//!
//! [`Client`] walks the journey: fresh evidence, [`attestation::verify`], a call sealed with [`protocol::seal`] to the
//! verified key and nothing else, the answer opened. Whoever stands in between may delay or drop; it can neither read
//! nor change. There is no other way to send credentials: a key to seal to comes out of a `VerifiedEnclave` only.
//!
//! Not here: arguments, prompts and tables (the command `perfagg`), and any judgement on evidence.

mod client;
mod events;
mod registration;
pub mod holder;
pub mod holder_file;
mod checkpoint;
pub mod checkpoint_file;
pub mod access_log;
mod seal;
mod connection;
mod handshake;
mod service_url;
mod trust;
mod clock;
pub mod private_file;
pub mod session_file;
pub mod collateral;
mod failure;
mod fuzz;

pub use attestation_wasm::saved::{Judged, Saved, SavedError};
pub use checkpoint::Checkpoints;
pub use client::{Answer, Client, Known, Ledger};
pub use clock::{Clock, Moment};
pub use events::Events;
pub use failure::{Failure, OnTheWay, Refused, Unreachable};
pub use holder::HolderKey;
pub use registration::Registration;
pub use service_url::{ServiceUrl, UrlDefect};
pub use trust::Trust;

#[doc(hidden)]
pub use fuzz::{fuzz_access_log, fuzz_pcs, fuzz_reply, fuzz_saved, fuzz_service_url, fuzz_session};
