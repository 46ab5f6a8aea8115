//! Kraken's names: old coins have a letter before theirs, bitcoin is XBT and dogecoin XDG. A pair of two old coins is
//! named by their long names, every other by the short ones.

use super::refusal::Refusal;
use crate::world::{
    World,
    market::{ASSETS, Market},
};

/// What the rest of the world calls it, its long name, its short one.
const OLD: [(&str, &str, &str); 6] = [
    ("BTC", "XXBT", "XBT"),
    ("ETH", "XETH", "ETH"),
    ("LTC", "XLTC", "LTC"),
    ("XRP", "XXRP", "XRP"),
    ("DOGE", "XXDG", "XDG"),
    ("USD", "ZUSD", "USD"),
];
/// Nobody here has any: it is what old coins are also priced in.
pub(crate) const DOLLAR: &str = "USD";

/// A coin as Kraken lists it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Coin {
    /// What the world calls it.
    pub(crate) name: &'static str,
}

/// A pair as Kraken lists it.
#[derive(Clone, Copy)]
pub(crate) struct Pair<'a> {
    pub(crate) market: &'a Market,
    pub(crate) quote: Coin,
}

impl Coin {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name }
    }

    fn old(self) -> Option<(&'static str, &'static str)> {
        OLD.iter().find(|(name, ..)| *name == self.name).map(|(_, long, short)| (*long, *short))
    }

    /// `XXBT`, `SOL`.
    pub(crate) fn id(self) -> &'static str {
        self.old().map_or(self.name, |(long, _)| long)
    }

    /// `XBT`, `SOL`.
    pub(crate) fn altname(self) -> &'static str {
        self.old().map_or(self.name, |(_, short)| short)
    }

    /// Of amounts in balances and ledgers. None is coarser than what the world counts in, but the dollar, and of that
    /// there is none.
    pub(crate) fn decimals(self) -> usize {
        match self.name {
            DOLLAR => 4,
            "USDT" | "FDUSD" | "XRP" | "DOGE" => 8,
            _ => 10,
        }
    }

    /// All there are.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        ASSETS.iter().map(|asset| asset.name).chain([DOLLAR]).map(Self::new)
    }

    /// The coin of either name.
    pub(crate) fn find(text: &str) -> Result<Self, Refusal> {
        Self::all().find(|coin| coin.id() == text || coin.altname() == text).ok_or_else(Refusal::asset)
    }
}

impl<'a> Pair<'a> {
    fn base(self) -> Coin {
        Coin::new(self.market.base.name)
    }

    /// `XXBTZUSD`, `XBTUSDT`.
    pub(crate) fn id(self) -> String {
        if self.base().old().is_some() && self.quote.old().is_some() {
            return format!("{}{}", self.base().id(), self.quote.id());
        }
        self.altname()
    }

    /// `XBTUSD`, `XBTUSDT`.
    pub(crate) fn altname(self) -> String {
        format!("{}{}", self.base().altname(), self.quote.altname())
    }

    /// `XBT/USD`, `XBT/USDT`.
    pub(crate) fn websocket_name(self) -> String {
        format!("{}/{}", self.base().altname(), self.quote.altname())
    }

    /// The pair that the account traded on a market.
    pub(crate) fn of(world: &'a World, index: usize) -> Option<Self> {
        let market = world.markets.get(index)?;
        Some(Self { market, quote: Coin::new(market.quote.name) })
    }

    /// All there are: the world's markets, and once more in dollars what old coins cost in USDT, for there is no dollar
    /// in this world and one USDT is one here.
    pub(crate) fn all(world: &'a World) -> Vec<Self> {
        let own = (0..world.markets.len()).filter_map(|index| Self::of(world, index));
        let in_dollars = own.clone().filter(|pair| pair.base().old().is_some() && pair.quote.name == "USDT");
        own.chain(in_dollars.map(|pair| Self { quote: Coin::new(DOLLAR), ..pair })).collect()
    }

    /// The pair of any of its names.
    pub(crate) fn find(world: &'a World, text: &str) -> Result<Self, Refusal> {
        let named =
            |pair: &Self| pair.id() == text || pair.altname() == text || pair.websocket_name() == text;
        Self::all(world).into_iter().find(named).ok_or_else(Refusal::pair)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_coins_have_two_names_and_pairs_three() {
        let world = World::new(1, 1_795_305_600_000, crate::world::FILLS);
        for (text, id, altname, websocket_name) in [
            ("XBT/USDT", "XBTUSDT", "XBTUSDT", "XBT/USDT"),
            ("XBTUSD", "XXBTZUSD", "XBTUSD", "XBT/USD"),
            ("XETHXXBT", "XETHXXBT", "ETHXBT", "ETH/XBT"),
            ("SOLXBT", "SOLXBT", "SOLXBT", "SOL/XBT"),
            ("XDGUSDT", "XDGUSDT", "XDGUSDT", "XDG/USDT"),
        ] {
            let pair = Pair::find(&world, text).unwrap();
            assert_eq!(
                (pair.id(), pair.altname(), pair.websocket_name()),
                (id.into(), altname.into(), websocket_name.into())
            );
        }
        assert_eq!(Coin::find("XXDG").map(|coin| coin.name), Ok("DOGE"));
        assert_eq!(Coin::find("XBT").map(|coin| coin.name), Ok("BTC"));
        assert_eq!((Coin::find("BTC"), Coin::find("DOGE")), (Err(Refusal::asset()), Err(Refusal::asset())));
        assert!(Pair::find(&world, "BTCUSDT").is_err());
        let mut ids: Vec<String> = Pair::all(&world).into_iter().map(Pair::id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), Pair::all(&world).len());
    }
}
