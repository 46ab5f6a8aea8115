//! What client and enclave agree on, byte for byte: sealed calls and answers, bodies, error codes, bounds.
//!
//! Pure: no clock and no source of randomness of its own, no input or output. `docs/protocol.md` is the page
//! for implementers; `vectors/envelope` the cases that every implementation must pass.
#![no_std]

extern crate alloc;

mod envelope;
mod answer;
mod stream;
pub mod handover;
pub mod signed;
pub mod countersign;
pub mod holder;
pub mod sse;
mod route;
mod credentials;
mod challenge;
pub mod api;
pub mod statement;
mod code;
pub mod ledger_file;
pub mod limits;
mod time;
pub mod wire;

pub use answer::{AnswerError, AnswerOpener, AnswerSealer, fuzz_answer};
pub use challenge::challenge;
pub use code::{Code, Problem};
pub use credentials::{Credentials, Secret};
pub use envelope::{Envelope, EnvelopeError, EnvelopeKey, Header, fuzz_envelope, seal};
pub use route::Route;
pub use stream::{StreamOpener, StreamSealer, fuzz_stream};
pub use time::{parse_rfc3339, rfc3339};
