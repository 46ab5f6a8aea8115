//! The venues of this release: names, what each connector reads, and the table of calls that the transport allows.

use crate::{
    Capability, ExchangeConnector, Method, Site, binance, bybit, coinbase, dialect, hyperliquid, kraken, okx,
    reader::{self, Plan, Reader},
};
use protocol::{Credentials, Secret};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What is public and the same for all accounts: the lists of what the venues trade. Megabytes each, so a process makes
/// one of these and all its connectors hold that: whichever needs a list first, or finds it a day old, reads it for all.
#[derive(Clone, Default)]
pub struct SharedMarkets(Arc<Mutex<BTreeMap<&'static str, Lists>>>);

/// What one site trades.
#[derive(Clone, Default)]
pub(crate) struct Lists {
    /// Of Binance's spot account, which has a connector of its own.
    binance: Arc<binance::Listed>,
    reader: Arc<reader::Listed>,
}

impl SharedMarkets {
    /// Test systems trade other things than their venue does.
    pub(crate) fn of(&self, site: Site) -> Lists {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(site.name()).or_default().clone()
    }
}

/// A venue whose accounts can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Venue {
    /// Binance: spot, margin, USD-M and COIN-M (EXCHANGES.md section 2).
    Binance,
    /// Kraken, spot accounts (EXCHANGES.md section 5).
    Kraken,
    /// Bybit, unified accounts (EXCHANGES.md section 3).
    Bybit,
    /// OKX, the trading and the funding account of the global site (EXCHANGES.md section 4).
    Okx,
    /// Coinbase, the portfolio of the key (EXCHANGES.md section 6).
    Coinbase,
    /// Hyperliquid, the account of an address (EXCHANGES.md section 11).
    Hyperliquid,
}

/// Why credentials that should prove whose account it is do not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unproven {
    /// The account's name is none, or mistyped.
    Address,
    /// The proof has not its form.
    Form,
    /// It is of somebody else, of something else, or for another enclave or day.
    Signature,
}

impl Venue {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Binance, Self::Kraken, Self::Bybit, Self::Okx, Self::Coinbase, Self::Hyperliquid];

    /// The venue of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|venue| venue.name() == name)
    }

    /// Its name in registrations and answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::Binance => "binance",
            Self::Kraken => "kraken",
            Self::Bybit => "bybit",
            Self::Okx => "okx",
            Self::Coinbase => "coinbase",
            Self::Hyperliquid => "hyperliquid",
        }
    }

    /// What its reader follows; `None`: it has a connector of its own.
    fn plan(self) -> Option<&'static dyn Plan> {
        match self {
            Self::Binance => None,
            Self::Kraken => Some(&kraken::plan::Spot),
            Self::Bybit => Some(&bybit::plan::Unified),
            Self::Okx => Some(&okx::plan::Unified),
            Self::Coinbase => Some(&coinbase::plan::Spot),
            Self::Hyperliquid => Some(&hyperliquid::plan::Address),
        }
    }

    /// A conversation about the account of these credentials. A secret that cannot sign fails its first task.
    pub fn connector(self, credentials: Credentials) -> Box<dyn ExchangeConnector> {
        self.connector_sharing(credentials, &SharedMarkets::default(), &[])
    }

    /// The same, among others that share what is public; of these account types alone, or of all if none is named.
    pub fn connector_sharing(
        self,
        credentials: Credentials,
        markets: &SharedMarkets,
        types: &[&str],
    ) -> Box<dyn ExchangeConnector> {
        Site::from(self).connector(credentials, markets, types)
    }

    /// A connector that speaks with the venue; of one that does not tell what a key may do, nobody asks for it.
    pub(crate) fn speaking(
        self,
        credentials: Credentials,
        lists: Lists,
        types: &[&str],
        tells_rights: bool,
    ) -> Box<dyn ExchangeConnector> {
        match self.plan() {
            Some(plan) => Box::new(Reader::new(plan, credentials, lists.reader)),
            None => binance::connector(credentials, (lists.binance, &lists.reader), types, tells_rights),
        }
    }

    /// A conversation about nobody's account, for [`Task::Time`](crate::Task::Time) alone.
    pub fn time_reader(self) -> Box<dyn ExchangeConnector> {
        let nothing = || Secret::new(String::new());
        self.connector(Credentials { api_key: nothing(), secret: nothing(), passphrase: None })
    }

    /// Whether everybody may read every account: then credentials must prove whose it is, and no key can be refused.
    pub fn is_public(self) -> bool {
        matches!(self, Self::Hyperliquid)
    }

    /// Whether credentials prove whose account it is to an enclave, by the hash of its keys. Where a venue judges the key
    /// itself, there is nothing to prove.
    ///
    /// # Errors
    /// They do not.
    pub fn proof(self, credentials: &Credentials, keyset_hash: &[u8; 64]) -> Result<(), Unproven> {
        match self {
            Self::Hyperliquid => hyperliquid::challenge::judge(credentials, keyset_hash),
            _ => Ok(()),
        }
    }

    /// The name of an account in the books of its record.
    pub fn account(self) -> &'static str {
        self.plan().map_or(binance::SPOT, Plan::account)
    }

    /// What is told of it: what is read, how far back and why, and what is not.
    pub fn capability(self) -> &'static Capability {
        match self {
            Self::Binance => &binance::CAPABILITY,
            Self::Kraken => &kraken::CAPABILITY,
            Self::Bybit => &bybit::CAPABILITY,
            Self::Okx => &okx::CAPABILITY,
            Self::Coinbase => &coinbase::CAPABILITY,
            Self::Hyperliquid => &hyperliquid::CAPABILITY,
        }
    }

    /// The account types that are read.
    pub fn account_types(self) -> &'static [&'static str] {
        self.capability().account_types
    }

    /// The currency in which totals are given: the venue's main stablecoin.
    pub fn reporting_currency(self) -> &'static str {
        self.capability().quote_currency
    }

    /// Whether a connector of this venue may send this: the allow-list of EXCHANGES.md section 1, rule 1. What may be read at the
    /// venue may be read at its test systems.
    pub(crate) fn allows(self, method: Method, host: &str, path: &str) -> bool {
        let mut sandboxes = self.capability().sandboxes.iter();
        self.allows_live(method, host, path)
            || sandboxes.any(|sandbox| {
                sandbox.stands_for(host, path).any(|live| self.allows_live(method, live, path))
            })
    }

    fn allows_live(self, method: Method, host: &str, path: &str) -> bool {
        match self {
            Self::Binance => binance::allows(method, host, path),
            _ => dialect(self.name()).is_some_and(|dialect| dialect.calls().contains(&(method, host, path))),
        }
    }
}
