//! Credentials in, fills out (EXCHANGES.md). Connectors are pure; `transport` is the one place that opens
//! outgoing sockets.

mod connector;
mod request;
mod clock;

pub use clock::Clock;
pub use connector::*;
pub use request::{Cost, Method, Reply, Request};
