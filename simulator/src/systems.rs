//! The systems that venues have: the live one, and test systems where no money is. Which one a request is for follows from the
//! host that it names, or from a header. Each has a key and budgets of its own, and all tell of the one invented account.
//!
//! ```text
//! live      any other host                                                        key
//! testnet   testnet.binance.vision, api-testnet.bybit.com,
//!           api.hyperliquid-testnet.xyz                                           key + "Testnet"
//! demo      demo-api.binance.com, demo-fapi.…, demo-dapi.…;
//!           OKX where it is told x-simulated-trading: 1                           key + "Demo"
//! ```
//!
//! A key of one is unknown to the others. Test systems of Binance have nothing below `/sapi/`, as the real ones.

use crate::{
    args::{Args, COINBASE_SECRET},
    bybit::{self, Bybit},
    coinbase::{self, Coinbase},
    http::{Incoming, Outcome, Reply},
    hyperliquid::{self, Hyperliquid},
    kraken::{self, Kraken},
    okx::{self, Okx},
    rest::{Binance, Keys},
    venue::Venue,
};
use std::sync::Arc;

/// Of which keys are known, and what is asked where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum System {
    Live,
    Testnet,
    Demo,
}

impl System {
    pub(crate) const ALL: [Self; 3] = [Self::Live, Self::Testnet, Self::Demo];

    /// The key of this system.
    pub(crate) fn key(self, live: &str) -> String {
        let suffix = match self {
            Self::Live => "",
            Self::Testnet => "Testnet",
            Self::Demo => "Demo",
        };
        format!("{live}{suffix}")
    }

    fn of(request: &Incoming) -> Self {
        match request.header("host") {
            Some("testnet.binance.vision" | "api-testnet.bybit.com" | "api.hyperliquid-testnet.xyz") => {
                Self::Testnet
            }
            Some("demo-api.binance.com" | "demo-fapi.binance.com" | "demo-dapi.binance.com") => Self::Demo,
            _ if request.header("x-simulated-trading") == Some("1") => Self::Demo,
            _ => Self::Live,
        }
    }
}

/// All venues, as one system of them is.
struct Venues {
    system: System,
    binance: Arc<Binance>,
    kraken: Arc<Kraken>,
    coinbase: Arc<Coinbase>,
    okx: Arc<Okx>,
    bybit: Arc<Bybit>,
    hyperliquid: Arc<Hyperliquid>,
}

/// All systems.
#[derive(Clone)]
pub(crate) struct Systems(Arc<[Venues; 3]>);

impl Systems {
    pub(crate) fn new(venue: &Arc<Venue>, args: &Args) -> Self {
        Self(Arc::new(System::ALL.map(|system| Venues::new(system, venue, args))))
    }

    /// Answers a request, in whatever way.
    pub(crate) async fn answer(&self, request: Incoming) -> Outcome {
        let system = System::of(&request);
        let Some(venues) = self.0.iter().find(|venues| venues.system == system) else {
            return Outcome::Dropped;
        };
        venues.answer(request).await
    }
}

impl Venues {
    fn new(system: System, venue: &Arc<Venue>, args: &Args) -> Self {
        let (venue, key, secret) = (|| Arc::clone(venue), system.key(args.key()), args.secret());
        let kraken_key = system.key(args.kraken_key());
        Self {
            system,
            binance: Arc::new(Binance::new(venue(), Keys::new(&key, secret))),
            kraken: Arc::new(Kraken::new(venue(), kraken::Keys::new(&kraken_key, args.kraken_secret()))),
            coinbase: Arc::new(Coinbase::new(venue(), coinbase::Keys::new(&key, COINBASE_SECRET))),
            okx: Arc::new(Okx::new(venue(), okx::Keys::new(&key, secret, args.passphrase()))),
            bybit: Arc::new(Bybit::new(venue(), bybit::Keys::new(&key, secret))),
            hyperliquid: Arc::new(Hyperliquid::new(venue(), args.hyperliquid_fills)),
        }
    }

    async fn answer(&self, request: Incoming) -> Outcome {
        if request.path.starts_with(kraken::PREFIX) {
            Arc::clone(&self.kraken).answer(request).await
        } else if coinbase::is_path(&request.path) {
            Arc::clone(&self.coinbase).answer(request).await
        } else if request.path.starts_with(okx::PREFIX) {
            Arc::clone(&self.okx).answer(request).await
        } else if request.path.starts_with(bybit::PREFIX) {
            Arc::clone(&self.bybit).answer(request).await
        } else if hyperliquid::PATHS.contains(&request.path.as_str()) {
            Arc::clone(&self.hyperliquid).answer(request).await
        } else if self.system != System::Live && request.path.starts_with("/sapi/") {
            Outcome::Whole(Reply::html(404, "Not Found"))
        } else {
            Arc::clone(&self.binance).answer(request).await
        }
    }
}
