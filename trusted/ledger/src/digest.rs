//! One number for everything that a ledger says, so that two builds of it, on any machine, can be compared.
//!
//! ```text
//! digest = FNV-1a, 64 bits, over the lines below in UTF-8, each with a line feed
//! ```
//! The lines are the Debug texts of, in this order: the span; total and settled performance; performance, open part and
//! average cost of each symbol in both currencies; the performance and average cost of each account; each month with its
//! sums; every open lot; every match, closed trade and round trip. Debug texts of numbers are their plain decimals.

use crate::{Currency, TradeAggregator};
use core::fmt::{self, Write};

/// FNV-1a of what is written to it.
struct Fnv(u64);

impl Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        Ok(())
    }
}

impl TradeAggregator {
    /// A digest of all public figures. Equal fills give equal digests, whatever their order of arrival.
    pub fn digest(&self) -> u64 {
        let mut digest = Fnv(0xcbf2_9ce4_8422_2325);
        let written = self.write_figures(&mut digest);
        debug_assert!(written.is_ok(), "nothing that is hashed refuses");
        digest.0
    }

    /// The lines themselves.
    ///
    /// # Errors
    /// Those of `to`.
    pub fn write_figures(&self, to: &mut impl Write) -> fmt::Result {
        writeln!(to, "{:?}", self.span())?;
        writeln!(to, "{:?}\n{:?}", self.total(), self.settled())?;
        for symbol in self.symbols() {
            for currency in [Currency::Settlement, Currency::Reporting] {
                let average = self.average_cost(symbol, currency);
                writeln!(to, "{symbol} {:?}\n{average:?}", self.symbol(symbol, currency))?;
            }
            writeln!(to, "{:?}", self.open(symbol))?;
        }
        for account in self.accounts() {
            writeln!(to, "{account} {:?}\n{:?}", self.account(account), self.account_average_cost(account))?;
        }
        for (month, totals) in self.months() {
            writeln!(to, "{month} {totals:?}")?;
        }
        for (account, symbol, book) in self.books() {
            for lot in book.open_lots() {
                let (quantity, fee) = (lot.quantity(), lot.fee_left());
                let (opened, direction) = (lot.opened.millis(), lot.direction.as_str());
                writeln!(
                    to,
                    "{account} {symbol} {} {opened} {direction} {quantity} {} {fee:?}",
                    lot.id, lot.price
                )?;
            }
        }
        self.matches().iter().try_for_each(|done| writeln!(to, "{done:?}"))?;
        for trade in self.trades() {
            writeln!(to, "{trade:?} {:?}", trade.held_ms())?;
        }
        self.round_trips().iter().try_for_each(|trip| writeln!(to, "{trip:?}"))
    }
}
