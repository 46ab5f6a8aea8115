//! Credentials in, fills out (EXCHANGES.md). Connectors are pure; `transport` is the one place that opens
//! outgoing sockets.

mod venue;
mod connector;
mod lines;
mod request;
mod clock;
#[cfg(feature = "development")]
mod simulated_clock;
mod transport;
mod hosts;
mod recipient;
mod pace;
mod retry;
mod binance;

pub use binance::{fuzz_binance_error, fuzz_binance_reply, fuzz_binance_saved};
pub use clock::{Clock, Wait};
pub use connector::*;
pub use hosts::Hosts;
pub use lines::{lines, lines_under_way};
pub use recipient::{PostError, Posted, Recipient};
pub use request::{Cost, Method, Reply, Request};
#[cfg(feature = "development")]
pub use simulated_clock::SimulatedClock;
pub use transport::Transport;
pub use venue::{SharedMarkets, Venue};
