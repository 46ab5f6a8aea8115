//! The rules of EXCHANGES.md section 3, each against the running program, and that Bybit tells what Binance tells.
#![cfg(test)]

#[path = "../venue/mod.rs"]
mod venue;
mod client;
mod auth;
mod limits;
mod market;
mod history;
mod wallet;
mod faults;
