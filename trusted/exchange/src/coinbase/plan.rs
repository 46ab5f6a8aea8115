//! Coinbase's account as the reader sees it (EXCHANGES.md section 6): the fills of Advanced Trade in one list, and a list for each
//! wallet in which every change of its balance is a transaction. Fills stand in both; they are told from the first, which has
//! their prices, and passed over in the second.
//!
//! Transactions have their times in whole seconds, and their lists know none: they go from the newest back.

use super::{CAPABILITY, Coinbase};
use crate::{
    Booking, Dialect, Movement, MovementKind, MovementStatus, Need, Question, Reply, VenueError,
    dialect::Cell,
    prices::{Candles, Depth},
    reader::{Digest, Each, List, Markets, Paging, Plan, Rows, Telling, Told, empty},
};
use ledger::{Interval, Timestamp};
use protocol::Credentials;
use std::collections::{BTreeMap, BTreeSet};

/// The account that fills and lines belong to, for the ledger's books.
pub(crate) const ACCOUNT: &str = "coinbase/spot";

/// Coinbase opened in June 2012.
const GENESIS_MS: i64 = 1_338_508_800_000;
const HOUR_MS: i64 = 3_600_000;
/// What one wallet tells and the other does not by then will not come any more.
const LATE_MS: i64 = 24 * HOUR_MS;
/// What is pending for longer is not looked for any more.
const PENDING_MS: i64 = 30 * 24 * HOUR_MS;

const FILLS: &str = "fills";
const TRANSACTIONS: &str = "transactions of wallets";

static LISTS: [List; 2] = [
    List {
        name: FILLS,
        need: Need::Fills,
        market: "spot",
        with: &[],
        each: Each::All,
        since_ms: GENESIS_MS,
        kept_ms: None,
        window_ms: None,
        overlap_ms: HOUR_MS,
        paging: Paging::Cursor { rows: 250 },
        may_be_denied: false,
    },
    List {
        name: TRANSACTIONS,
        need: Need::Ledger,
        market: "wallet",
        with: &[],
        each: Each::Segment,
        since_ms: GENESIS_MS,
        kept_ms: None,
        window_ms: None,
        overlap_ms: 24 * HOUR_MS,
        paging: Paging::Back { rows: 100 },
        may_be_denied: false,
    },
];

/// The account that a key sees: one portfolio.
pub(crate) struct Spot;

impl Plan for Spot {
    fn account(&self) -> &'static str {
        ACCOUNT
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &Coinbase
    }

    fn saved_head(&self) -> &'static [u8] {
        b"coinbase/1\n"
    }

    fn time(&self) -> Question<'static> {
        Question::of(Need::Time, "spot")
    }

    fn rights(&self) -> Question<'static> {
        Question::of(Need::Permission, "spot")
    }

    fn account_id(&self, rights: &Reply, _: &Credentials) -> Result<String, VenueError> {
        Cell::whole("key_permissions", &rights.body)?.row()?.string("portfolio_uuid")
    }

    fn account_types(&self) -> &'static [&'static str] {
        CAPABILITY.account_types
    }

    fn inventory(&self) -> Option<Question<'static>> {
        Some(Question::of(Need::SubAccounts, "spot"))
    }

    fn listings(&self) -> Vec<Question<'static>> {
        vec![Question::of(Need::Listings, "spot")]
    }

    fn balances(&self) -> Vec<Question<'static>> {
        vec![Question { limit: Some(250), ..Question::of(Need::Balances, "spot") }]
    }

    fn lists(&self) -> &'static [List] {
        &LISTS
    }

    fn subjects(&self, list: &List, told: &Told<'_>) -> BTreeSet<String> {
        if list.name == TRANSACTIONS { told.wallets.clone() } else { BTreeSet::new() }
    }

    fn candles(&self, asked: &Candles) -> Question<'static> {
        let granularity = match asked.interval {
            Interval::Minute => "ONE_MINUTE",
            Interval::Hour => "ONE_HOUR",
            Interval::Day => "ONE_DAY",
        };
        let with = vec![("product_id", asked.symbol.to_string()), ("granularity", granularity.to_owned())];
        let (from_ms, to_ms) = (Some(asked.first_ms), Some(asked.last_ms));
        Question { from_ms, to_ms, with, ..Question::of(Need::Klines, "spot") }
    }

    fn depth(&self) -> Depth {
        Depth { a_request: 350, kept: None }
    }

    fn digest(&self, mut rows: Rows, markets: &Markets, now: Timestamp) -> Digest {
        let mut telling = Telling::new(ACCOUNT, markets);
        rows.take(FILLS).fills.into_iter().for_each(|execution| telling.fill(execution));
        let mut exchanged: BTreeMap<String, Vec<Booking>> = BTreeMap::new();
        let mut told = BTreeSet::new();
        for booking in rows.take(TRANSACTIONS).bookings {
            if !told.insert(booking.id.clone()) {
                continue;
            }
            match (own(&booking), &booking.reference) {
                // Told as a fill.
                ("advanced_trade_fill", _) => {}
                (kind, Some(reference)) if is_exchange(kind) => {
                    exchanged.entry(reference.clone()).or_default().push(booking);
                }
                _ => tell(&mut telling, &booking, now),
            }
        }
        for sides in exchanged.into_values() {
            exchange(&mut telling, &sides, now);
        }
        telling.end()
    }
}

/// The type that Coinbase gives a transaction.
fn own(booking: &Booking) -> &str {
    booking.own.as_deref().and_then(|own| own.split('/').next()).unwrap_or(&booking.kind)
}

/// Whether it took effect. A status that nobody explains is one that waits.
fn status(booking: &Booking) -> MovementStatus {
    match booking.own.as_deref().and_then(|own| own.split('/').nth(1)) {
        None | Some("completed") => MovementStatus::Settled,
        Some("failed" | "canceled" | "expired") => MovementStatus::Failed,
        Some(_) => MovementStatus::Pending,
    }
}

/// Types that turn one thing into another, each side in its own wallet.
fn is_exchange(own: &str) -> bool {
    matches!(own, "trade" | "wrap_asset" | "unwrap_asset")
}

/// An exchange. Each side is told by itself, whatever else is there: sides that are read again without each other, at the
/// beginning of what is read, are known already. A side that is new waits for the other.
fn exchange(telling: &mut Telling<'_>, sides: &[Booking], now: Timestamp) {
    let is_whole = sides.iter().any(|side| side.change.is_negative())
        && sides.iter().any(|side| !side.change.is_negative());
    for side in sides {
        match side.time {
            // The other side stands in another wallet, which was read before it happened.
            Some(at) if !is_whole && now.millis().saturating_sub(at.millis()) <= LATE_MS => telling.hold(at),
            _ => tell(telling, side, now),
        }
    }
}

/// One transaction by itself.
fn tell(telling: &mut Telling<'_>, booking: &Booking, now: Timestamp) {
    let Some(time) = booking.time else {
        return telling.unread("transactions without a time", "what they were is not told");
    };
    let came = !booking.change.is_negative();
    let kind = kind(own(booking), came);
    let amount = (booking.asset.clone(), booking.change.abs());
    let (received, spent) = if came { (Some(amount), None) } else { (None, Some(amount)) };
    let crosses = matches!(kind, MovementKind::Deposit | MovementKind::Withdrawal);
    let movement = Movement {
        received,
        spent,
        fee: booking.fee.clone().filter(|(_, fee)| !fee.is_zero()),
        transaction: booking.reference.clone().filter(|_| crosses),
        status: status(booking),
        ..empty(kind, booking.id.clone(), time)
    };
    settle(telling, movement, now);
}

/// What is pending is looked at again.
fn settle(telling: &mut Telling<'_>, movement: Movement, now: Timestamp) {
    let age_ms = now.millis().saturating_sub(movement.time.millis());
    if movement.status == MovementStatus::Pending && age_ms <= PENDING_MS {
        telling.hold(movement.time);
    }
    telling.movement(movement);
}

/// What a transaction was. Where Coinbase's word is not known, what came is a gift and what went is a charge: nobody gains by it.
fn kind(own: &str, came: bool) -> MovementKind {
    match (own, came) {
        (
            "send" | "receive" | "request" | "onchain_send" | "fiat_deposit" | "fiat_withdrawal"
            | "cardspend",
            true,
        ) => MovementKind::Deposit,
        (
            "send" | "receive" | "request" | "onchain_send" | "fiat_deposit" | "fiat_withdrawal"
            | "cardspend",
            false,
        ) => MovementKind::Withdrawal,
        ("interest" | "staking_reward" | "inflation_reward", _) => MovementKind::Interest,
        ("retail_simple_dust", _) => MovementKind::Dust,
        // Given back: a gift that was none.
        ("clawback" | "incentives_shared_clawback", _) => MovementKind::Distribution,
        // To and from what the key does not read. A simple purchase may be paid by a card or a bank, and then has one side.
        (
            "transfer"
            | "vault_withdrawal"
            | "staking_transfer"
            | "unstaking_transfer"
            | "exchange_deposit"
            | "exchange_withdrawal"
            | "pro_deposit"
            | "pro_withdrawal"
            | "intx_deposit"
            | "intx_withdrawal"
            | "derivatives_settlement"
            | "fcm_futures_usdc_sell"
            | "fcm_futures_usdc_sell_additional_encumberment_rollup"
            | "unsupported_asset_recovery"
            // The wallet of ETH2 was emptied into that of ETH: both sides are there, and nothing was earned or lost.
            | "retail_eth2_deprecation"
            | "buy"
            | "sell",
            _,
        ) => MovementKind::Transfer,
        (own, _) if is_exchange(own) => MovementKind::Convert,
        (_, true) => MovementKind::Distribution,
        (_, false) => MovementKind::Interest,
    }
}
