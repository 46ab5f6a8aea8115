//! OKX's names: instruments with a hyphen between their coins, chains after the coin that travels on them.

use super::refusal::Refusal;
use crate::world::{
    World,
    market::{ASSETS, Asset, Market},
};

/// Kinds of instruments.
pub(crate) const KINDS: [&str; 5] = ["SPOT", "MARGIN", "SWAP", "FUTURES", "OPTION"];
pub(crate) const SPOT: &str = "SPOT";

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

/// The market of that name.
pub(crate) fn market<'a>(world: &'a World, id: &str) -> Result<&'a Market, Refusal> {
    world.markets.iter().find(|market| instrument(market) == id).ok_or_else(Refusal::instrument)
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
