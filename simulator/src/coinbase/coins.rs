//! Coins, wallets and products, and what they are called: `BTC`, an id, `BTC-USDT`.

use super::ids;
use crate::{
    amount::Amount,
    random::name,
    world::{
        World,
        market::{ASSETS, Asset, Market},
        price::{Candle, MINUTE_MS},
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

/// Nobody here has any: it is what most things are priced in on this venue. There is none in this world, and one USDT is
/// one here.
const DOLLAR: &str = "USDC";
/// What one USDT is told to cost.
const ONE: Candle = Candle {
    open: 10_000,
    high: 10_000,
    low: 10_000,
    close: 10_000,
    volume: 1,
    quote_volume: 10_000,
    trades: 1,
};

/// A product as Coinbase lists it.
#[derive(Clone, Copy)]
pub(crate) struct Product<'a> {
    /// The market, with its place; none of the one in which USDT itself is priced.
    market: Option<(usize, &'a Market)>,
    pub(crate) quote: &'static str,
}

impl<'a> Product<'a> {
    /// The product that the account traded on a market.
    pub(crate) fn of(world: &'a World, index: usize) -> Option<Self> {
        let market = world.markets.get(index)?;
        Some(Self { market: Some((index, market)), quote: market.quote.name })
    }

    /// All there are: the world's markets, and in dollars what is priced in USDT, and USDT itself.
    pub(crate) fn all(world: &'a World) -> impl Iterator<Item = Self> {
        let own = (0..world.markets.len()).filter_map(|index| Self::of(world, index));
        let in_dollars = own.clone().filter(|product| product.quote == "USDT");
        let in_dollars = in_dollars.map(|product| Self { quote: DOLLAR, ..product });
        own.chain(in_dollars).chain([Self { market: None, quote: DOLLAR }])
    }

    pub(crate) fn find(world: &'a World, id: &str) -> Option<Self> {
        Self::all(world).find(|product| product.id() == id)
    }

    /// `BTC-USDT`.
    pub(crate) fn id(self) -> String {
        format!("{}-{}", self.base().map_or("USDT", |base| base.name), self.quote)
    }

    fn base(self) -> Option<&'static Asset> {
        self.market.map(|(_, market)| market.base)
    }

    /// What is traded.
    pub(crate) fn base_names(self) -> (&'static str, &'static str) {
        self.base().map_or(("USDT", "TetherUS"), |base| (base.name, base.long_name))
    }

    /// The market whose fills are told of this product.
    pub(crate) fn traded(self) -> Option<usize> {
        self.market.filter(|(_, market)| market.quote.name == self.quote).map(|(index, _)| index)
    }

    pub(crate) fn is_closed(self) -> bool {
        self.market.is_some_and(|(_, market)| market.closed_ms.is_some())
    }

    /// Decimals of a price, and of a quantity.
    pub(crate) fn decimals(self) -> (u32, u32) {
        self.market.map_or((4, 2), |(_, market)| (market.tick, market.step))
    }

    pub(crate) fn min_notional(self) -> Amount {
        self.market.map_or(Amount::of(1, 0), |(_, market)| market.min_notional())
    }

    /// The last minute that has a price, not after now.
    pub(crate) fn last_minute(self, world: &World, now_ms: i64) -> i64 {
        self.market.map_or(now_ms.div_euclid(MINUTE_MS), |(_, market)| world.last_minute(market, now_ms))
    }

    /// What happened in a span of time up to now; nothing if nobody traded in it.
    pub(crate) fn candle(self, world: &World, open_ms: i64, next_ms: i64, now_ms: i64) -> Option<Candle> {
        self.market.map_or(Some(ONE), |(_, market)| world.candle(market, open_ms, next_ms, now_ms))
    }

    pub(crate) fn price(self, ticks: i64) -> String {
        Amount::of(i128::from(ticks), self.decimals().0).short()
    }

    pub(crate) fn volume(self, steps: i64) -> String {
        Amount::of(i128::from(steps), self.decimals().1).short()
    }
}

/// The portfolio that the key sees, and one that it does not.
pub(crate) fn portfolios(world: &World) -> [String; 2] {
    ["portfolio", "another portfolio"].map(|kind| ids::uuid(kind, &[world.seed, world.account.uid]))
}
