//! What coins, wallets and products are called: `BTC`, an id, `BTC-USDT`.

use super::ids;
use crate::{
    random::name,
    world::{
        World,
        market::{ASSETS, Asset, Market},
    },
};
use serde_json::{Value, json};

/// A coin as Coinbase lists it.
#[derive(Clone, Copy)]
pub(crate) struct Coin(&'static Asset);

impl Coin {
    /// All there are.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        ASSETS.iter().map(Self)
    }

    /// Those of which the account ever held any: each has a wallet.
    pub(crate) fn held(world: &World) -> impl Iterator<Item = Self> {
        Self::all().filter(|coin| world.account.ever_held(coin.name()))
    }

    pub(crate) const fn asset(self) -> &'static Asset {
        self.0
    }

    pub(crate) const fn name(self) -> &'static str {
        self.0.name
    }

    /// The id of its wallet, in v2 and v3 alike.
    pub(crate) fn wallet(self, world: &World) -> String {
        ids::uuid("wallet", &[world.seed, world.account.uid, name(self.name())])
    }

    pub(crate) fn currency(self) -> Value {
        let position = ASSETS.iter().position(|asset| asset.name == self.name()).unwrap_or(0);
        json!({
            "asset_id": ids::uuid("asset", &[name(self.name())]),
            "code": self.name(),
            "name": self.0.long_name,
            "color": "#0052FF",
            "sort_index": 100 + position,
            "exponent": 8,
            "type": "crypto",
            "address_regex": "^[A-Za-z0-9-]{8,64}$",
        })
    }
}

/// `BTC-USDT`.
pub(crate) fn product_id(market: &Market) -> String {
    format!("{}-{}", market.base.name, market.quote.name)
}

/// The market of a product.
pub(crate) fn market<'a>(world: &'a World, id: &str) -> Option<(usize, &'a Market)> {
    world.markets.iter().enumerate().find(|(_, market)| product_id(market) == id)
}

/// The portfolio that the key sees, and one that it does not.
pub(crate) fn portfolios(world: &World) -> [String; 2] {
    ["portfolio", "another portfolio"].map(|kind| ids::uuid(kind, &[world.seed, world.account.uid]))
}
