//! What the command line may say.

use crate::{calendar, world::FILLS};
use base64ct::{Base64, Encoding as _};
use clap::{Parser, ValueEnum};
use std::path::PathBuf;

/// Publicly known: the account behind it is invented.
const DEMO_KEY: &str = "demoKeyOfAnInventedAccountdemoKeyOfAnInventedAccountdemoKey00001";
const DEMO_SECRET: &str = "demoSecretOfAnInventedAccountdemoSecretOfAnInventedAccount000002";
/// Venues that want a passphrase want this one.
const DEMO_PASSPHRASE: &str = "demo-passphrase";
/// Kraken's secrets are Base64: this one says that it is of an invented account.
const DEMO_KRAKEN_KEY: &str = "demoKrakenKeyOfAnInventedAccountdemoKrakenKeyOfAnInvent0001";
const DEMO_KRAKEN_SECRET: &str =
    "ZGVtby1rcmFrZW4tc2VjcmV0LW9mLWFuLWludmVudGVkLWFjY291bnQtZGVtby1rcmFrZW4tc2VjcmV0LTAwMg==";

/// Of so many fills a year is busy and the account not yet eaten up by their fees.
const FILLS_MAX: u64 = 1_000_000;

/// The private key of Coinbase's key: made for this program, and for nothing else.
pub(crate) const COINBASE_SECRET: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIJhKNAMwghO8rqQclGLdP3+cdO+cOonNj5wCqaHuijLGoAoGCCqGSM49\nAwEHoUQDQgAEpTPohvEuKz0baWk05mp8rwpZ0ZayqHh3KBl/3uN+BFeoEvX2lF8L\nl/Gt2U+6TqTaLTD3h6lnkl3Ba4fD5HirIw==\n-----END EC PRIVATE KEY-----\n";

/// Imitates Binance, Bybit, OKX, Kraken, Coinbase and Hyperliquid, for development and tests. Loopback only.
#[derive(Parser)]
#[command(name = "perf-aggregator-simulator", version)]
pub(crate) struct Args {
    /// Port to listen on; 0 takes any free one
    #[arg(long, default_value_t = 9900)]
    pub(crate) port: u16,
    /// What the invented world grows from
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// API key that is accepted
    #[arg(long)]
    key: Option<String>,
    /// Secret of that key
    #[arg(long)]
    secret: Option<String>,
    /// API key that is accepted on Kraken's paths
    #[arg(long)]
    kraken_key: Option<String>,
    /// Secret of that key, in Base64
    #[arg(long, value_parser = base64)]
    kraken_secret: Option<String>,
    /// Passphrase of the key, where a venue wants one
    #[arg(long)]
    passphrase: Option<String>,
    /// What the keys may do
    #[arg(long, value_enum, default_value_t = Rights::Read)]
    pub(crate) rights: Rights,
    /// Turns every fault on, drawn from this seed
    #[arg(long, value_name = "SEED")]
    pub(crate) faults: Option<u64>,
    /// How many fills the year has
    #[arg(long, value_name = "N", default_value_t = FILLS, value_parser = clap::value_parser!(u64).range(..=FILLS_MAX))]
    pub(crate) fills: u64,
    /// Refuses nothing for what it costs: weights are told as ever, and no budget is ever used up
    #[arg(long)]
    pub(crate) no_limits: bool,
    /// Where time starts: Unix milliseconds, Unix seconds or RFC 3339; the machine's clock if not given
    #[arg(long, value_parser = calendar::parse_instant)]
    pub(crate) now: Option<i64>,
    /// Simulated seconds in a real one; 0 stops time
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) time_rate: u32,
    /// Gives the account a derivatives side: perpetual contracts and their wallets
    #[arg(long)]
    pub(crate) contracts: bool,
    /// How many of the newest fills Hyperliquid tells
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub(crate) hyperliquid_fills: usize,
    /// Writes everything the world was seeded with to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
}

/// What an API key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rights {
    /// Reads
    Read,
    /// Reads and trades
    Trade,
    /// Reads and withdraws
    Withdraw,
}

impl Args {
    pub(crate) fn key(&self) -> &str {
        self.key.as_deref().unwrap_or(DEMO_KEY)
    }

    pub(crate) fn secret(&self) -> &str {
        self.secret.as_deref().unwrap_or(DEMO_SECRET)
    }

    pub(crate) fn kraken_key(&self) -> &str {
        self.kraken_key.as_deref().unwrap_or(DEMO_KRAKEN_KEY)
    }

    pub(crate) fn kraken_secret(&self) -> &str {
        self.kraken_secret.as_deref().unwrap_or(DEMO_KRAKEN_SECRET)
    }

    pub(crate) fn passphrase(&self) -> &str {
        self.passphrase.as_deref().unwrap_or(DEMO_PASSPHRASE)
    }

    /// The passphrase, if it is the one everybody knows.
    pub(crate) fn public_passphrase(&self) -> Option<&str> {
        self.passphrase.is_none().then_some(DEMO_PASSPHRASE)
    }

    /// Kraken's secret, if it is the one everybody knows.
    pub(crate) fn public_kraken_secret(&self) -> Option<&str> {
        self.kraken_secret.is_none().then_some(DEMO_KRAKEN_SECRET)
    }

    /// The secret, if it is the one everybody knows.
    pub(crate) fn public_secret(&self) -> Option<&str> {
        self.secret.is_none().then_some(DEMO_SECRET)
    }
}

fn base64(text: &str) -> Result<String, String> {
    Base64::decode_vec(text).map(|_| text.to_owned()).map_err(|_| "a secret of Kraken's is Base64".to_owned())
}
