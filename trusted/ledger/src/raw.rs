//! A fill as text, field by field, as a file or a venue gives it (METRICS.md section 2.1). Reading one takes no memory but
//! for ids that are no numbers and names that were not seen before. What cannot be read is an error that names the fill.
//!
//! Not here: how fields are told apart.

use crate::{
    Asset, Decimal, Fill, FillId, LedgerError, Liquidity, NumberError, OrderId, Price, Quantity, Refused,
    Side, Symbol, Timestamp, error::FillName,
};
use alloc::{sync::Arc, vec::Vec};

/// A fill in its texts.
#[derive(Clone, Copy, Debug)]
pub struct RawFill<'a> {
    /// Whose.
    pub account: &'a str,
    /// Of which book.
    pub symbol: &'a str,
    /// The venue's id.
    pub id: &'a str,
    /// Its order, if the venue says.
    pub order_id: Option<&'a str>,
    /// Milliseconds since 1970-01-01 UTC.
    pub time: &'a str,
    /// The venue's sequence number, if it has one.
    pub sequence: Option<&'a str>,
    /// `buy` or `sell`.
    pub side: &'a str,
    /// Above zero.
    pub quantity: &'a str,
    /// Above zero.
    pub price: &'a str,
    /// Paid if above zero.
    pub fee: &'a str,
    /// What the fee was paid in.
    pub fee_asset: &'a str,
    /// `maker`, `taker`; anything else is unknown.
    pub liquidity: &'a str,
    /// Value of the fee asset, if it is known and needed.
    pub fee_rate: Option<&'a str>,
    /// Value of the settlement asset, if it is known and needed.
    pub reporting_rate: Option<&'a str>,
}

/// Names that were read before, so that each stands in memory once. There are few: what was read last is found first.
#[derive(Clone, Debug, Default)]
pub struct Names {
    accounts: Vec<Arc<str>>,
    symbols: Vec<Symbol>,
    assets: Vec<Asset>,
}

/// The name that reads so, which then stands first.
fn known<T: Clone>(names: &mut Vec<T>, text: &str, of: fn(&T) -> &str, new: fn(&str) -> T) -> T {
    match names.iter().position(|name| of(name) == text) {
        Some(0) => {}
        Some(at) => names.swap(0, at),
        None => {
            let first = names.len();
            names.push(new(text));
            names.swap(0, first);
        }
    }
    names.first().map_or_else(|| new(text), T::clone)
}

impl Names {
    /// An account.
    pub fn account(&mut self, text: &str) -> Arc<str> {
        known(&mut self.accounts, text, |name| name, |text| Arc::from(text))
    }

    /// A symbol.
    pub fn symbol(&mut self, text: &str) -> Symbol {
        known(&mut self.symbols, text, Symbol::as_str, |text| Symbol::from(text))
    }

    /// An asset.
    pub fn asset(&mut self, text: &str) -> Asset {
        known(&mut self.assets, text, Asset::as_str, |text| Asset::from(text))
    }
}

fn number(text: &str) -> Result<Decimal, Refused> {
    text.parse().map_err(|error| match error {
        NumberError::Malformed => Refused::InvalidNumber,
        NumberError::Overflow | NumberError::DivisionByZero => Refused::NumberTooLong,
    })
}

fn rate(text: Option<&str>) -> Result<Option<Price>, Refused> {
    text.map(|text| number(text).map(Price)).transpose()
}

impl RawFill<'_> {
    /// Reads the fill. Whether it can have happened is for [`crate::TradeAggregator::apply`] to say.
    ///
    /// # Errors
    /// If a text is not what it should be. The error names the fill.
    pub fn read(&self, names: &mut Names) -> Result<Fill, LedgerError> {
        self.parts(names).map_err(|refused| LedgerError::at(refused, self.name(names)))
    }

    fn side(&self) -> Option<Side> {
        match self.side {
            "buy" => Some(Side::Buy),
            "sell" => Some(Side::Sell),
            _ => None,
        }
    }

    fn name(&self, names: &mut Names) -> FillName {
        FillName {
            account: names.account(self.account),
            symbol: names.symbol(self.symbol),
            id: self.id.into(),
            side: self.side(),
        }
    }

    fn parts(&self, names: &mut Names) -> Result<Fill, Refused> {
        let Self { account, symbol, id, order_id, time, sequence, quantity, price, fee, fee_asset, .. } =
            *self;
        let is_plain = |text: &str| !text.starts_with('+');
        let time = Some(time).filter(|text| is_plain(text)).and_then(|text| text.parse().ok());
        let sequence = sequence
            .map(|text| Some(text).filter(|text| is_plain(text)).and_then(|text| text.parse().ok()))
            .map(|sequence| sequence.ok_or(Refused::InvalidNumber))
            .transpose()?;
        Ok(Fill {
            account: names.account(account),
            symbol: names.symbol(symbol),
            id: FillId::from(id),
            order_id: order_id.map(OrderId::from),
            time: Timestamp::from_millis(time.ok_or(Refused::InvalidTime)?),
            sequence,
            side: self.side().ok_or(Refused::InvalidSide)?,
            quantity: Quantity(number(quantity)?),
            price: Price(number(price)?),
            fee: number(fee)?,
            fee_asset: names.asset(fee_asset),
            liquidity: match self.liquidity {
                "maker" => Liquidity::Maker,
                "taker" => Liquidity::Taker,
                _ => Liquidity::Unknown,
            },
            fee_rate: rate(self.fee_rate)?,
            reporting_rate: rate(self.reporting_rate)?,
        })
    }
}
