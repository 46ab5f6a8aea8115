//! The venues of this release: names, what each connector reads, and the table of calls that the transport allows.

use crate::{ExchangeConnector, Method, binance, coinbase, dialect, kraken, reader};
use protocol::{Credentials, Secret};
use std::sync::Arc;

/// What is public and the same for all accounts: the lists of what the venues trade. Megabytes each, so a process makes
/// one of these and all its connectors hold that: whichever needs a list first, or finds it a day old, reads it for all.
#[derive(Clone, Default)]
pub struct SharedMarkets {
    binance: Arc<binance::Listed>,
    binance_wallets: Arc<reader::Listed>,
    kraken: Arc<reader::Listed>,
    coinbase: Arc<reader::Listed>,
}

/// A conversation about a Binance account with the wallets beside its spot account: USD-M, COIN-M and cross margin. What is found
/// of them is told within their accounts.
pub fn binance_with_wallets(
    credentials: &Credentials,
    markets: &SharedMarkets,
) -> Box<dyn ExchangeConnector> {
    let SharedMarkets { binance: spot, binance_wallets: wallets, .. } = markets;
    Box::new(binance::with_wallets(credentials, Arc::clone(spot), wallets))
}

/// A venue whose accounts can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Venue {
    /// Binance, spot accounts (EXCHANGES.md section 2).
    Binance,
    /// Kraken, spot accounts (EXCHANGES.md section 5).
    Kraken,
    /// Coinbase, the portfolio of the key (EXCHANGES.md section 6).
    Coinbase,
}

impl Venue {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Binance, Self::Kraken, Self::Coinbase];

    /// The venue of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|venue| venue.name() == name)
    }

    /// Its name in registrations and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binance => "binance",
            Self::Kraken => "kraken",
            Self::Coinbase => "coinbase",
        }
    }

    /// A conversation about the account of these credentials. A secret that cannot sign fails its first task.
    pub fn connector(self, credentials: Credentials) -> Box<dyn ExchangeConnector> {
        self.connector_sharing(credentials, &SharedMarkets::default())
    }

    /// The same, among others that share what is public.
    pub fn connector_sharing(
        self,
        credentials: Credentials,
        markets: &SharedMarkets,
    ) -> Box<dyn ExchangeConnector> {
        match self {
            Self::Binance => Box::new(binance::Binance::new(credentials, Arc::clone(&markets.binance))),
            Self::Kraken => {
                let listed = Arc::clone(&markets.kraken);
                Box::new(reader::Reader::new(&kraken::plan::Spot, credentials, listed))
            }
            Self::Coinbase => {
                let listed = Arc::clone(&markets.coinbase);
                Box::new(reader::Reader::new(&coinbase::plan::Spot, credentials, listed))
            }
        }
    }

    /// A conversation about nobody's account, for [`Task::Time`](crate::Task::Time) alone.
    pub fn time_reader(self) -> Box<dyn ExchangeConnector> {
        let nothing = || Secret::new(String::new());
        self.connector(Credentials { api_key: nothing(), secret: nothing(), passphrase: None })
    }

    /// The name of an account in the books of its record.
    pub fn account(self) -> &'static str {
        match self {
            Self::Binance => binance::SPOT,
            Self::Kraken => kraken::plan::ACCOUNT,
            Self::Coinbase => coinbase::plan::ACCOUNT,
        }
    }

    /// The account types that are read.
    pub fn account_types(self) -> &'static [&'static str] {
        match self {
            Self::Binance => binance::ACCOUNT_TYPES,
            Self::Kraken => kraken::plan::ACCOUNT_TYPES,
            Self::Coinbase => coinbase::plan::ACCOUNT_TYPES,
        }
    }

    /// The currency in which totals are given: the venue's main stablecoin.
    pub fn reporting_currency(self) -> &'static str {
        match self {
            Self::Binance | Self::Kraken => "USDT",
            Self::Coinbase => "USDC",
        }
    }

    /// Whether the venue has a test system that this connector can read.
    pub fn has_sandbox(self) -> bool {
        match self {
            // Key rights, deposits and withdrawals are under `/sapi`, which the test network does not have.
            Self::Binance => false,
            // There is none for everyone.
            Self::Kraken => false,
            // Its own gives the same answers to everybody.
            Self::Coinbase => false,
        }
    }

    /// What is read, in words.
    pub fn reads(self) -> &'static [&'static str] {
        match self {
            Self::Binance => binance::READS,
            Self::Kraken => kraken::plan::READS,
            Self::Coinbase => coinbase::plan::READS,
        }
    }

    /// What the account may hold or do unseen, in words.
    pub fn cannot_see(self) -> &'static [&'static str] {
        match self {
            Self::Binance => binance::CANNOT_SEE,
            Self::Kraken => kraken::plan::CANNOT_SEE,
            Self::Coinbase => coinbase::plan::CANNOT_SEE,
        }
    }

    /// How far back history reaches, and why.
    pub fn history_limit(self) -> &'static str {
        match self {
            Self::Binance => binance::HISTORY_LIMIT,
            Self::Kraken => kraken::plan::HISTORY_LIMIT,
            Self::Coinbase => coinbase::plan::HISTORY_LIMIT,
        }
    }

    /// Whether a connector of this venue may send this: the allow-list of EXCHANGES.md section 1, rule 1.
    pub(crate) fn allows(self, method: Method, host: &str, path: &str) -> bool {
        match self {
            Self::Binance => {
                (host == binance::HOST && binance::ALLOWED.contains(&(method, path)))
                    || (method == Method::Get && binance::WALLET_CALLS.contains(&(host, path)))
            }
            Self::Kraken => {
                dialect("kraken").is_some_and(|kraken| kraken.calls().contains(&(method, host, path)))
            }
            Self::Coinbase => {
                dialect("coinbase").is_some_and(|coinbase| coinbase.calls().contains(&(method, host, path)))
            }
        }
    }
}
