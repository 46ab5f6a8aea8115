//! Fills of one taking order at one instant, told as one trade: what `consolidate_taker` means.

use super::Trade;

/// The trades with those of a taker put together. The first one's id stands for all; its price is their mean.
pub(super) fn consolidated(trades: &[Trade]) -> Vec<Trade> {
    let mut all: Vec<Trade> = Vec::new();
    for trade in trades {
        let is_more = |last: &&mut Trade| {
            !last.maker && !trade.maker && last.order_id == trade.order_id && last.time_ms == trade.time_ms
        };
        match all.last_mut().filter(is_more) {
            Some(last) => extend(last, trade),
            None => all.push(trade.clone()),
        }
    }
    all
}

fn extend(all: &mut Trade, more: &Trade) {
    all.quantity = all.quantity.plus(more.quantity);
    all.cost = all.cost.plus(more.cost);
    all.fee = all.fee.plus(more.fee);
    all.price = all.cost.over(all.quantity);
    all.found_ms = all.found_ms.max(more.found_ms);
    all.ledgers.extend_from_slice(&more.ledgers);
}
