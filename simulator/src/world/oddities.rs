//! What is rare and must be got right: a coin that no market trades, a coin whose market closes while some of it is held, a
//! coin with days without a price, interest and gifts side by side, and money that comes and goes by more than a tenth of
//! the account.

use super::{
    World,
    market::UNLISTED,
    year::{convert, credit, deposit, withdraw},
};
use crate::{amount::Amount, random::Random};

/// Its own sequence of numbers: the rest of the year does not depend on what is odd in it.
pub(super) struct Oddities(Random);

impl Oddities {
    pub(super) fn new(seed: u64) -> Self {
        Self(Random::new(seed, "oddities"))
    }

    /// Before the rest of the night.
    pub(super) fn evening(&mut self, world: &mut World, day: i64, from_ms: i64) {
        let at_ms = self.at(from_ms);
        let interest = match day % 7 {
            5 => Some(("BNB", "Flexible")),
            6 if day > 100 => Some(("ETH", "ETH 2.0 Staking")),
            _ => None,
        };
        if let Some((asset, words)) = interest {
            // About two percent a year.
            let amount = world.account.free(asset).times(Amount::of(38, 5));
            credit(world, &mut self.0, (asset, amount), words, at_ms);
        }
        match day {
            58 | 240 => {
                let amount = Amount::of(i128::from(self.0.between(100, 900)), 0);
                credit(world, &mut self.0, (UNLISTED, amount), "HODLer Airdrops", at_ms);
            }
            // More than a tenth of everything, at once.
            149 => deposit(world, &mut self.0, "USDT", Amount::of(60_000, 0), 1, at_ms),
            _ => {}
        }
    }

    /// After the rest of the night.
    pub(super) fn morning(&mut self, world: &mut World, day: i64, from_ms: i64) {
        let at_ms = self.at(from_ms);
        match day {
            // Its market will close with some of it still here.
            92 => convert(world, &mut self.0, "USDT", "MITH", true, at_ms),
            110 | 175 | 290 => convert(world, &mut self.0, "USDT", "FIRO", true, at_ms),
            262 => {
                let amount = world.account.free("USDT").permille(600).floored(2);
                withdraw(world, &mut self.0, "USDT", amount, 6, at_ms);
            }
            _ => {}
        }
    }

    fn at(&mut self, from_ms: i64) -> i64 {
        from_ms.saturating_add_unsigned(self.0.between(1_000, 3_000_000))
    }
}
