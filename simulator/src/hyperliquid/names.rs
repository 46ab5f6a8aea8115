//! The venue's names: the first spot pair by its coins, every other one by `@` and its number, perpetuals by their coin.

use crate::{
    amount::Amount,
    world::{
        World,
        contracts::ContractMarket,
        market::{ASSETS, Market},
    },
};

/// The venue's money, and what the world calls it.
pub(crate) const MONEY: &str = "USDC";
const OWN_MONEY: &str = "USDT";

/// What a coin of the world is called here.
pub(crate) fn coin(name: &'static str) -> &'static str {
    if name == OWN_MONEY { MONEY } else { name }
}

/// The number of a coin of the world.
pub(crate) fn token(name: &str) -> usize {
    ASSETS.iter().position(|asset| asset.name == name).unwrap_or_default()
}

/// The address behind which a token lies on the venue's other chain.
pub(crate) fn system_address(name: &str) -> String {
    format!("0x20{:038x}", token(name))
}

/// What a pair of the world is called here.
pub(crate) fn pair(index: usize, market: &Market) -> String {
    match index {
        0 => format!("{}/{}", coin(market.base.name), coin(market.quote.name)),
        _ => format!("@{index}"),
    }
}

/// The contracts that are told: those in the venue's money. Others it does not have.
pub(crate) fn perpetuals(world: &World) -> impl Iterator<Item = (usize, &ContractMarket)> {
    let all = world.contracts.iter().flat_map(|contracts| contracts.markets.iter().enumerate());
    all.filter(|(_, market)| !market.inverse && market.settle == OWN_MONEY)
}

/// What can be traded under a name.
#[derive(Clone, Copy)]
pub(crate) enum Traded<'a> {
    Pair(&'a Market),
    Perpetual(&'a ContractMarket),
}

impl<'a> Traded<'a> {
    pub(crate) fn find(world: &'a World, name: &str) -> Option<Self> {
        let mut pairs = world.markets.iter().enumerate();
        let found = pairs.find(|(index, market)| pair(*index, market) == name);
        let perpetual = || perpetuals(world).find(|(_, market)| market.base == name);
        found
            .map(|(_, market)| Self::Pair(market))
            .or_else(|| perpetual().map(|(_, market)| Self::Perpetual(market)))
    }
}

/// A number as the venue writes it: without zeros at the end, and never without a decimal.
pub(crate) fn number(amount: Amount) -> String {
    let text = amount.short();
    if text.contains('.') { text } else { format!("{text}.0") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_again_and_means_one_thing() {
        let now_ms = 1_795_305_600_000;
        let world = World::new(1, now_ms, crate::world::FILLS).with_contracts(now_ms);
        for (index, market) in world.markets.iter().enumerate() {
            let found = Traded::find(&world, &pair(index, market));
            assert!(matches!(found, Some(Traded::Pair(found)) if found.symbol == market.symbol));
        }
        let perpetuals: Vec<&str> = perpetuals(&world).map(|(_, market)| market.base).collect();
        assert_eq!(perpetuals, ["BTC", "ETH"]);
        assert!(
            matches!(Traded::find(&world, "ETH"), Some(Traded::Perpetual(found)) if found.symbol == "ETHUSDT")
        );
        assert!(Traded::find(&world, "BTC/USDC").is_some() && Traded::find(&world, "BTC/USDT").is_none());
        assert!(Traded::find(&world, "@0").is_none() && Traded::find(&world, "@36").is_none());
        assert_eq!(pair(1, &world.markets[1]), "@1");
        assert_eq!(system_address("BTC"), "0x2000000000000000000000000000000000000001");
    }

    #[test]
    fn numbers_have_a_decimal() {
        assert_eq!([Amount::of(250, 2), Amount::of(-7, 0), Amount::ZERO].map(number), ["2.5", "-7.0", "0.0"]);
    }
}
