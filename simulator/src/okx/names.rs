//! OKX's names: instruments with a hyphen between their coins, chains after the coin that travels on them.

use super::refusal::Refusal;
use crate::{
    amount::Amount,
    world::{
        World,
        contracts::ContractMarket,
        market::{ASSETS, Asset, Market},
        price::Candle,
    },
};

/// Kinds of instruments.
pub(crate) const KINDS: [&str; 5] = ["SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"];
pub(crate) const SPOT: &str = "SPOT";
pub(crate) const SWAP: &str = "SWAP";

/// Chains whose name here is another than the rest of the world's.
const CHAINS: [(&str, &str); 12] = [
    ("TRX", "TRC20"),
    ("BTC", "Bitcoin"),
    ("ETH", "ERC20"),
    ("BSC", "BSC"),
    ("SOL", "Solana"),
    ("XRP", "Ripple"),
    ("ADA", "Cardano"),
    ("DOGE", "Dogecoin"),
    ("LTC", "Litecoin"),
    ("AVAXC", "Avalanche C-Chain"),
    ("DOT", "Polkadot"),
    ("ATOM", "Cosmos"),
];

/// `BTC-USDT`.
pub(crate) fn instrument(market: &Market) -> String {
    format!("{}-{}", market.base.name, market.quote.name)
}

/// What is traded under a name.
#[derive(Clone, Copy)]
pub(crate) enum Listed<'a> {
    Coins(&'a Market),
    Contract(&'a ContractMarket),
}

/// Decimals that the volume of an inverse contract has of its coin.
const INVERSE_STEP: u32 = 4;

/// What was traded: contracts or coins, coins, and what they came to.
pub(crate) struct Volumes {
    pub(crate) size: Amount,
    pub(crate) base: Amount,
    pub(crate) quote: Amount,
}

impl Listed<'_> {
    pub(crate) fn id(self) -> String {
        match self {
            Self::Coins(market) => instrument(market),
            Self::Contract(market) => contract(market),
        }
    }

    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Coins(_) => SPOT,
            Self::Contract(_) => SWAP,
        }
    }

    /// So many ticks.
    pub(crate) fn price(self, ticks: i64) -> String {
        let tick = match self {
            Self::Coins(market) => market.tick,
            Self::Contract(market) => market.tick,
        };
        Amount::of(i128::from(ticks), tick).short()
    }

    /// The candle of a span of time up to now; none if nobody traded in it.
    pub(crate) fn candle(self, world: &World, open_ms: i64, next_ms: i64, now_ms: i64) -> Option<Candle> {
        match self {
            Self::Coins(market) => world.candle(market, open_ms, next_ms, now_ms),
            Self::Contract(market) => world.contract_candle(market, open_ms, next_ms, now_ms),
        }
    }

    pub(crate) fn volumes(self, candle: &Candle) -> Volumes {
        let (tick, step) = match self {
            Self::Coins(market) => (market.tick, market.step),
            Self::Contract(market) if market.inverse => (market.tick, INVERSE_STEP),
            Self::Contract(market) => (market.tick, market.step),
        };
        let base = Amount::of(i128::from(candle.volume), step);
        let quote = Amount::of(candle.quote_volume, tick + step);
        let size = match self {
            Self::Coins(_) => base,
            Self::Contract(market) if market.inverse => quote.over(market.face).floored(0),
            Self::Contract(market) => contract_count(market, base),
        };
        Volumes { size, base, quote }
    }
}

/// What is traded under that name.
pub(crate) fn listed<'a>(world: &'a World, id: &str) -> Result<Listed<'a>, Refusal> {
    let coins = world.markets.iter().find(|market| instrument(market) == id).map(Listed::Coins);
    let contract = || contracts(world).find(|market| contract(market) == id).map(Listed::Contract);
    coins.or_else(contract).ok_or_else(Refusal::instrument)
}

/// The contracts there are.
pub(crate) fn contracts(world: &World) -> impl Iterator<Item = &ContractMarket> {
    world.contracts.iter().flat_map(|contracts| &contracts.markets)
}

/// `BTC-USDT-SWAP`.
pub(crate) fn contract(market: &ContractMarket) -> String {
    format!("{}-SWAP", family(market))
}

/// `BTC-USDT`.
pub(crate) fn family(market: &ContractMarket) -> String {
    format!("{}-{}", market.base, market.quote)
}

/// What one contract stands for: so much of its coin, or of its quote where it is inverse.
pub(crate) const fn contract_size(market: &ContractMarket) -> Amount {
    if market.inverse { market.face } else { Amount::of(1, market.step) }
}

/// How many contracts a quantity is.
pub(crate) const fn contract_count(market: &ContractMarket, quantity: Amount) -> Amount {
    if market.inverse { quantity } else { quantity.over(contract_size(market)) }
}

/// `USDT-TRC20`.
pub(crate) fn chain(asset: &Asset) -> String {
    let known = CHAINS.iter().find(|(network, _)| *network == asset.network);
    format!("{}-{}", asset.name, known.map_or(asset.network, |(_, chain)| *chain))
}

/// The coins that `ccy` names; all without it. Of one that nobody knows there is nothing.
pub(crate) fn coins<'a>(names: Option<&'a [&'a str]>) -> impl Iterator<Item = &'static Asset> + 'a {
    ASSETS.iter().filter(move |asset| names.is_none_or(|names| names.contains(&asset.name)))
}
