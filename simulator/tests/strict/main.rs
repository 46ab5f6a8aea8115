//! The rules of EXCHANGES.md sections 2 and 15, each against the running program.
#![cfg(test)]

#[path = "../venue/mod.rs"]
mod venue;
mod auth;
mod fills;
mod income;
mod margin;
mod futures;
mod market;
mod wallet;
mod weights;

/// Fills of contracts.
const USDM_TRADES: &str = "/fapi/v1/userTrades";
const COINM_TRADES: &str = "/dapi/v1/userTrades";
const ACCOUNT: &str = "/api/v3/account";
const TRADES: &str = "/api/v3/myTrades";
const DEPOSITS: &str = "/sapi/v1/capital/deposit/hisrec";
const WITHDRAWALS: &str = "/sapi/v1/capital/withdraw/history";
