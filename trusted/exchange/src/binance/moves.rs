//! What moves between the wallets of one key: told of both sides, so that each wallet adds up for itself.

use super::{SPOT, margin};
use crate::{
    Finding, Movement, MovementKind, Need, Shift, Status,
    reader::{Each, List, Paging, Plan as _, Telling, empty},
};

const DAY_MS: i64 = 86_400_000;
/// The venue tells six months.
const KEPT_MS: i64 = 180 * DAY_MS;

/// A list of moves of one kind.
pub(super) const fn list(name: &'static str, with: &'static [(&'static str, &'static str)]) -> List {
    List {
        name,
        need: Need::Transfers,
        market: "wallet",
        with,
        each: Each::All,
        since_ms: super::flows::GENESIS_MS,
        kept_ms: Some(KEPT_MS),
        window_ms: None,
        overlap_ms: DAY_MS,
        paging: Paging::Numbered { parameter: "current", rows: 100 },
        may_be_denied: false,
    }
}

/// Which side of a move is told.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sides {
    /// That of the spot account: the wallet's own list of bookings tells the other.
    Spot,
    /// That of the wallet, and of the other account if that does not list the move itself.
    Both,
}

/// Tells moves into and out of the wallet that the venue calls `own`.
pub(super) fn tell(telling: &mut Telling<'_>, own: &str, moves: Vec<Shift>, sides: Sides) {
    for moved in moves {
        if moved.status != Status::Ok {
            continue;
        }
        let inward = moved.to.as_deref() == Some(own);
        let other = if inward { &moved.from } else { &moved.to };
        let untold = match (other.as_deref(), own) {
            (Some("spot"), _) => Some(SPOT),
            // It is listed by pair, and cross margin does not know them.
            (Some("margin"), "isolated") => Some(margin::CROSS.account()),
            _ => None,
        };
        let id = moved.id.clone().unwrap_or_else(|| moved.time.millis().to_string());
        if sides == Sides::Both {
            telling.movement(side(&moved, id.clone(), inward));
        }
        if let Some(account) = untold {
            telling.within(account, Finding::Movement(side(&moved, id, !inward)));
        }
    }
}

fn side(moved: &Shift, id: String, inward: bool) -> Movement {
    let amount = Some((moved.asset.clone(), moved.amount));
    let movement = empty(MovementKind::Transfer, id, moved.time);
    if inward { Movement { received: amount, ..movement } } else { Movement { spent: amount, ..movement } }
}
