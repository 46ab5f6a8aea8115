//! Movements as lines of the ledger: what changed an account beside fills, with signs (METRICS.md section 3.1).
//!
//! Not here: what a venue calls things; its connector turned that into movements.

use crate::{Movement, MovementKind, MovementStatus};
use ledger::{Asset, Decimal, Line, LineKind};
use std::sync::Arc;

/// The lines of a movement that took effect; none of one that did not (yet). Their ids are unique as [`Line`] wants it:
/// the legs of one movement differ in asset or sign.
pub fn lines(account: &Arc<str>, movement: &Movement) -> Vec<Line> {
    if movement.status == MovementStatus::Settled { legs(account, movement) } else { Vec::new() }
}

/// What has left the balance for a movement that is still under way: without it a withdrawal would look like a loss
/// until it settles. These lines may change or go, so they belong to the figures of one moment and not into a ledger.
pub fn lines_under_way(account: &Arc<str>, movement: &Movement) -> Vec<Line> {
    if movement.status != MovementStatus::Pending {
        return Vec::new();
    }
    legs(account, movement).into_iter().filter(|line| line.amount.is_negative()).collect()
}

fn legs(account: &Arc<str>, movement: &Movement) -> Vec<Line> {
    let Movement { id, kind, time, received, spent, fee, transaction, status: _ } = movement;
    let line_kind = match kind {
        MovementKind::Deposit => LineKind::Deposit,
        MovementKind::Withdrawal => LineKind::Withdrawal,
        MovementKind::Dust => LineKind::Dust,
        MovementKind::Convert => LineKind::Conversion,
        MovementKind::Distribution => LineKind::Airdrop,
        MovementKind::Interest => LineKind::Interest,
        MovementKind::Transfer => LineKind::Transfer,
        MovementKind::Funding => LineKind::Funding,
        MovementKind::Rebate => LineKind::Rebate,
    };
    let id: Arc<str> = Arc::from(id.as_str());
    let line = |kind: LineKind, asset: &Asset, amount: Decimal, transaction: Option<&String>| Line {
        account: Arc::clone(account),
        id: Arc::clone(&id),
        kind,
        time: *time,
        asset: asset.clone(),
        amount,
        transaction: transaction.map(|text| Arc::from(text.as_str())),
    };
    let mut lines = Vec::new();
    if let Some((asset, amount)) = spent {
        let network_fee = fee.as_ref().filter(|(of, _)| *kind == MovementKind::Withdrawal && of == asset);
        let network_fee = network_fee.map_or(Decimal::ZERO, |(_, fee)| *fee);
        // Where the fee does not fit in, all of it left: nothing may get lost.
        let (arrived, network_fee) = match amount.checked_sub(network_fee) {
            Ok(arrived) if !arrived.is_negative() => (arrived, network_fee),
            _ => (*amount, Decimal::ZERO),
        };
        lines.push(line(line_kind, asset, arrived.negated(), transaction.as_ref()));
        lines.push(line(LineKind::NetworkFee, asset, network_fee.negated(), None));
    }
    if let Some((asset, amount)) = received {
        lines.push(line(line_kind, asset, *amount, transaction.as_ref()));
    }
    lines.retain(|line| !line.amount.is_zero());
    lines
}
