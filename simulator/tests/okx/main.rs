//! The rules of EXCHANGES.md section 4, each against the running program, and that OKX tells what Binance tells.
#![cfg(test)]

#[path = "../venue/mod.rs"]
mod venue;
mod client;
mod auth;
mod limits;
mod market;
mod history;
mod bills;
mod funding;
mod contracts;
mod faults;
