//! Credentials in, fills out (EXCHANGES.md). Connectors are pure; `transport` is the one place that opens
//! outgoing sockets.

mod venue;
mod site;
mod connector;
mod lines;
mod request;
mod dialect;
mod dialects;
mod capability;
mod clock;
#[cfg(feature = "development")]
mod simulated_clock;
mod transport;
mod hosts;
mod recipient;
mod pace;
mod retry;
mod offset;
mod saved;
mod prices;
mod reader;
mod joined;
mod binance;
mod bybit;
mod okx;
mod kraken;
mod coinbase;
mod kucoin;
mod deribit;
mod hyperliquid;
mod alpaca;
mod ibkr;
mod bitget;
mod gate;
mod mexc;

pub use binance::{fuzz_binance_error, fuzz_binance_reply, fuzz_binance_saved};
pub use capability::{
    Call, Capability, CredentialWords, Note, RightsTold, Source, Subject, capabilities, capability, exchanges,
};
pub use clock::{Clock, Wait};
pub use connector::*;
pub use dialect::{
    Asked, Board, Booking, Conversion, Crossing, Dialect, Execution, FeeRate, FundingPayment, Holding, Kline,
    Listing, Listings, Moment, Need, Position, Question, Said, Shift, Status, Ticker,
};
pub use dialects::{dialect, fuzz_dialect_reply};
pub use hosts::Hosts;
pub use lines::{lines, lines_under_way};
pub use pace::Class;
pub use prices::AT_PAR;
pub use recipient::{PostError, Posted, Recipient};
pub use request::{Cost, Method, Reply, Request};
#[cfg(feature = "development")]
pub use simulated_clock::SimulatedClock;
pub use site::{Sandbox, Site};
pub use transport::Transport;
pub use venue::{SharedMarkets, Unproven, Venue};
