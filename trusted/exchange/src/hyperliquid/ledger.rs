//! What moved: deposits, withdrawals, transfers and whatever else the venue books, and funding.
//!
//! The first four are read from one list, `userNonFundingLedgerUpdates`: 500 rows at most, to be gone on from the time of the
//! last one. [`Asked::account`] must name the address for it: without it a transfer between two addresses has no direction,
//! is neither deposit nor withdrawal, and stands in the ledger without a sign.

use super::{
    USDC, WALLET,
    delta::{Delta, Effect, Peer, SPOT, delta},
};
use crate::{
    Asked, Booking, Crossing, FundingPayment, Shift, Status, VenueError,
    dialect::{Row, Unit, rows},
};
use ledger::{Asset, Decimal};

const LEDGER: &str = "/info userNonFundingLedgerUpdates";
const FUNDING: &str = "/info userFunding";

/// Reads all rows. What a row did to the address has its sign; what only changed its place is seen from the wallet that was
/// asked for, `spot`, the perpetuals or both, and is zero where that one had no part in it. A fee comes on top of what went
/// out. Both together are also told in a word of what it was.
///
/// ```json
/// [{"time":1736927066501,"hash":"0x620a…","delta":{"type":"accountClassTransfer","usdc":"1.0","toPerp":true}},
///  {"time":1737370449463,"hash":"0x35ed…","delta":{"type":"withdraw","usdc":"99.0","nonce":1737370449000,"fee":"1.0"}},
///  {"time":1737370449463,"hash":"0x77f0…","delta":{"type":"spotTransfer","token":"HYPE","amount":"2.5","usdcValue":"50.1",
///   "user":"0x…","destination":"0x…","fee":"0.0","nativeTokenFee":"0.0","nonce":null,"feeToken":""}}]
/// ```
pub(super) fn bookings(body: &[u8], asked: Asked<'_>) -> Result<Vec<Booking>, VenueError> {
    let each = deltas(body, asked)?.into_iter().map(|row| Booking {
        own: (asked.market == WALLET).then(|| word(&row.effect).to_owned()),
        change: change(&row, asked.market),
        kind: match row.kind.as_str() {
            "accountClassTransfer" | "internalTransfer" => "transfer".to_owned(),
            _ => row.kind,
        },
        reference: Some(row.hash.clone()),
        id: row.hash,
        asset: row.asset,
        time: Some(row.time),
        symbol: None,
        fee: row.fee,
    });
    Ok(each.collect())
}

fn deltas(body: &[u8], asked: Asked<'_>) -> Result<Vec<Delta>, VenueError> {
    rows(LEDGER, body)?.iter().map(|row| delta(row, asked.account)).collect()
}

/// What a row was, as [`Booking::own`] says.
fn word(effect: &Effect) -> &'static str {
    match effect {
        Effect::In(Peer { internal: false, .. }) => own::DEPOSIT,
        Effect::In(_) => own::RECEIVED,
        Effect::Out(Peer { internal: false, .. }) => own::WITHDRAWAL,
        Effect::Out(_) => own::SENT,
        Effect::Moved { .. } => own::MOVED,
        Effect::Credit => own::CREDIT,
        Effect::Debit => own::DEBIT,
        Effect::Unknown => own::UNKNOWN,
    }
}

/// Words for what changed both wallets.
pub(super) mod own {
    /// It came from outside the venue.
    pub(in super::super) const DEPOSIT: &str = "deposit";
    /// It came from another address.
    pub(in super::super) const RECEIVED: &str = "received";
    /// It left the venue.
    pub(in super::super) const WITHDRAWAL: &str = "withdrawal";
    /// It went to another address.
    pub(in super::super) const SENT: &str = "sent";
    /// It was staked, lent, or went into a vault, or came back from there.
    pub(in super::super) const MOVED: &str = "moved";
    /// It was earned, given or lent.
    pub(in super::super) const CREDIT: &str = "credit";
    /// It was spent or paid back.
    pub(in super::super) const DEBIT: &str = "debit";
    /// Nobody knows.
    pub(in super::super) const UNKNOWN: &str = "unknown";
}

fn change(row: &Delta, market: &str) -> Decimal {
    // Wallets beside spot are perpetuals of the venue or of a builder; what is staked, lent or in a vault is in none.
    let seen = |place: &str| match place {
        SPOT => matches!(market, SPOT | WALLET),
        "staking" | "vault" | "lend" => false,
        _ => market != SPOT,
    };
    match &row.effect {
        Effect::In(_) | Effect::Credit | Effect::Unknown => row.amount,
        Effect::Out(_) | Effect::Debit => row.amount.negated(),
        Effect::Moved { from, to } => match (seen(from), seen(to)) {
            (false, true) => row.amount,
            (true, false) => row.amount.negated(),
            _ => Decimal::ZERO,
        },
    }
}

/// Reads what came in from outside or from other addresses, or what went out.
pub(super) fn crossings(body: &[u8], asked: Asked<'_>, incoming: bool) -> Result<Vec<Crossing>, VenueError> {
    let each = deltas(body, asked)?.into_iter().filter_map(|row| {
        let ((Effect::In(peer), true) | (Effect::Out(peer), false)) = (row.effect, incoming) else {
            return None;
        };
        let Peer { address, internal } = peer;
        Some(Crossing {
            id: None,
            transaction: Some(row.hash),
            incoming,
            asset: row.asset,
            amount: row.amount,
            status: Status::Ok,
            time: row.time,
            address,
            tag: None,
            network: None,
            internal: Some(internal),
            fee: row.fee,
        })
    });
    Ok(each.collect())
}

/// Reads what moved between the wallets of the address, and to and from what it staked, lent or gave to a vault.
pub(super) fn shifts(body: &[u8], asked: Asked<'_>) -> Result<Vec<Shift>, VenueError> {
    let each = deltas(body, asked)?.into_iter().filter_map(|row| {
        let Effect::Moved { from, to } = row.effect else { return None };
        Some(Shift {
            id: Some(row.hash),
            asset: row.asset,
            amount: row.amount,
            from: Some(from),
            to: Some(to),
            status: Status::Ok,
            time: row.time,
        })
    });
    Ok(each.collect())
}

/// Reads `userFunding`. Each `hash` is zero: a row's key is its time and coin.
///
/// ```json
/// [{"time":1750172400033,"hash":"0x0000…","delta":{"type":"funding","coin":"HYPE","usdc":"-0.044263","szi":"30.0",
///   "fundingRate":"0.0000369155","nSamples":null}}]
/// ```
pub(super) fn funding(body: &[u8]) -> Result<Vec<FundingPayment>, VenueError> {
    let payment = |row: &Row<'_>| {
        // The stream of the same rows has them without an object in between.
        let told = row.maybe("delta").map_or_else(|| Ok(row.clone()), |cell| cell.row())?;
        Ok(FundingPayment {
            id: row.maybe_string("hash")?,
            symbol: told.string("coin")?,
            asset: Asset::from(USDC),
            amount: told.decimal("usdc")?,
            time: row.time("time", Unit::Millis)?,
        })
    };
    rows(FUNDING, body)?.iter().map(payment).collect()
}

#[cfg(test)]
mod tests;
