//! Fills of one symbol, page by page. Pages follow ids, which rise with time: no window, no equal times to pass.

use super::{
    endpoint::{Ask, MY_TRADES},
    wire,
};
use crate::{
    VenueError,
    saved::{Form, Instant, read_length, write_length},
};
use core::ops::ControlFlow;
use ledger::{Asset, Decimal, Fill, FillId, Liquidity, OrderId, Side, Symbol};
use std::{collections::BTreeMap, sync::Arc};

/// The account that fills belong to, for the ledger's books.
pub(crate) const ACCOUNT: &str = "binance/spot";
/// Fills are indexed late: what happened so shortly before the newest known one is read again.
const OVERLAP_MS: i64 = 3_600_000;
const ROWS_MAX: usize = 1000;

/// A fill, its id as a number, and what its price times quantity came to.
pub(crate) struct Row {
    pub(crate) id: u64,
    pub(crate) fill: Fill,
    pub(crate) proceeds: Decimal,
}

/// How far a symbol was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cursor {
    /// All ids below are known, and older than the overlap.
    from_id: u64,
    /// What is known from there on.
    recent: BTreeMap<(u64, Side), i64>,
    /// Base and quote, once there was a fill: the symbol may not be listed for ever.
    pub(crate) traded: Option<(Asset, Asset)>,
}

impl Cursor {
    /// Where the next round begins.
    pub(crate) fn start(&self) -> u64 {
        self.from_id
    }

    /// Takes a page in, in any order, and gives back the rows that are new. What happened after `keep_ms` stays in
    /// the overlap.
    pub(crate) fn advance<'a>(&mut self, rows: &'a [Row], keep_ms: i64) -> Vec<&'a Row> {
        let mut new = Vec::new();
        for row in rows.iter().filter(|row| row.id >= self.from_id) {
            if self.recent.insert((row.id, row.fill.side), row.fill.time.millis()).is_none() {
                new.push(row);
            }
        }
        let newest_ms = self.recent.values().copied().max().unwrap_or(0);
        let overlap_ms = keep_ms.min(newest_ms - OVERLAP_MS);
        let old = self.recent.iter().filter(|(_, time_ms)| **time_ms < overlap_ms);
        if let Some(last) = old.map(|((id, _), _)| *id).max() {
            self.from_id = last + 1;
            self.recent.retain(|(id, _), _| *id > last);
        }
        new
    }
}

/// Ids and times are told as distances from the row before.
impl Form for Cursor {
    fn write(&self, out: &mut Vec<u8>) {
        let Self { from_id, recent, traded } = self;
        from_id.write(out);
        traded.write(out);
        write_length(recent.len(), out);
        let (mut last_id, mut last_ms) = (0_u64, 0_i64);
        for ((id, side), time_ms) in recent {
            id.wrapping_sub(last_id).write(out);
            side.write(out);
            time_ms.wrapping_sub(last_ms).write(out);
            (last_id, last_ms) = (*id, *time_ms);
        }
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        let (from_id, traded): (u64, _) = (Form::read(left)?, Form::read(left)?);
        let (mut recent, mut last_id, mut last_ms) = (BTreeMap::new(), 0_u64, 0_i64);
        for _ in 0..read_length(left)? {
            last_id = last_id.checked_add(Form::read(left)?)?;
            let side = Form::read(left)?;
            last_ms = Instant::checked(last_ms.wrapping_add(Form::read(left)?))?;
            let key = (last_id, side);
            if recent.last_key_value().is_some_and(|(last, _)| *last >= key) {
                return None;
            }
            recent.insert(key, last_ms);
        }
        // A next id must exist.
        (from_id.max(last_id) < u64::MAX).then_some(Self { from_id, recent, traded })
    }
}

pub(crate) fn ask(symbol: &Symbol, from_id: u64) -> Ask {
    MY_TRADES.ask().with("symbol", symbol).with("fromId", from_id).with("limit", ROWS_MAX)
}

/// The rows of a page that was asked for from `from_id`, and the id that the next page begins with, if any.
pub(crate) fn read(
    body: &[u8],
    symbol: &Symbol,
    from_id: u64,
) -> Result<(Vec<Row>, ControlFlow<(), u64>), VenueError> {
    let told: Vec<wire::MyTrade<'_>> = wire::read(MY_TRADES.path, body)?;
    let full = told.len() >= ROWS_MAX;
    let mut names = Names { account: Arc::from(ACCOUNT), assets: BTreeMap::new() };
    let mut rows = Vec::with_capacity(told.len());
    for row in &told {
        rows.push(fill(row, symbol, &mut names)?);
    }
    let last = rows.iter().map(|row: &Row| row.id).max();
    match last {
        // A page from before the one that was asked for: asked for again, it may be the right one.
        Some(last) if last < from_id => Err(VenueError::Retry),
        Some(last) if full => Ok((rows, ControlFlow::Continue(last + 1))),
        _ => Ok((rows, ControlFlow::Break(()))),
    }
}

/// What all fills of a page repeat: one copy of each name.
struct Names {
    account: Arc<str>,
    assets: BTreeMap<String, Asset>,
}

fn fill(row: &wire::MyTrade<'_>, symbol: &Symbol, names: &mut Names) -> Result<Row, VenueError> {
    let at = MY_TRADES.path;
    if row.symbol.as_str() != symbol.as_str() {
        return Err(wire::wrong(at, "symbol"));
    }
    let (price, quantity) = (row.price.decimal(at, "price")?, row.qty.decimal(at, "qty")?);
    let proceeds = match &row.quote_qty {
        Some(told) => told.decimal(at, "quoteQty")?,
        None => price.checked_mul(quantity).map_err(|_| wire::wrong(at, "qty"))?,
    };
    let fee_asset = row.commission_asset.as_str();
    let fee_asset =
        names.assets.entry(fee_asset.to_owned()).or_insert_with(|| Asset::from(fee_asset)).clone();
    let fill = Fill {
        account: Arc::clone(&names.account),
        symbol: symbol.clone(),
        id: FillId::from(row.id.as_str()),
        order_id: Some(OrderId::from(row.order_id.as_str())),
        time: row.time.time(at, "time")?,
        sequence: None,
        side: if row.is_buyer { Side::Buy } else { Side::Sell },
        quantity: ledger::Quantity(quantity),
        price: ledger::Price(price),
        fee: row.commission.decimal(at, "commission")?,
        fee_asset,
        liquidity: if row.is_maker { Liquidity::Maker } else { Liquidity::Taker },
        fee_rate: None,
        reporting_rate: None,
    };
    Ok(Row { id: row.id.whole(at, "id")?, fill, proceeds })
}
