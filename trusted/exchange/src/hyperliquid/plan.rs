//! An address of Hyperliquid as the reader sees it (EXCHANGES.md section 11): its spot wallet and that of the perpetuals are one
//! account, so what moves between them changes nothing. Of fills the venue tells the newest 10,000, of the rest everything.

use super::{CAPABILITY, Hyperliquid, WALLET, ledger::own, pages};
use crate::{
    Booking, Dialect, Execution, FundingPayment, Movement, MovementKind, Need, Question, Reply, VenueError,
    prices::{Candles, Depth},
    reader::{Digest, Each, List, Markets, Paging, Plan, Rows, Telling, empty},
};
use ledger::{Interval, Timestamp};
use protocol::Credentials;

/// The account that fills and lines belong to, for the ledger's books.
pub(crate) const ACCOUNT: &str = "hyperliquid";

/// Its first block was made in 2023.
const GENESIS_MS: i64 = 1_672_531_200_000;
const HOUR_MS: i64 = 3_600_000;
const FILLS_KEPT: usize = 10_000;

const FILLS: &str = "fills";
const FUNDING: &str = "funding";
const UPDATES: &str = "ledger updates";

const fn list(name: &'static str, need: Need, rows: usize, newest: Option<usize>) -> List {
    List {
        name,
        need,
        market: WALLET,
        with: &[],
        each: Each::All,
        since_ms: GENESIS_MS,
        kept_ms: None,
        window_ms: None,
        overlap_ms: HOUR_MS,
        paging: Paging::Forward { rows, newest },
        may_be_denied: false,
    }
}

static LISTS: [List; 3] = [
    list(FILLS, Need::Fills, pages::FILLS, Some(FILLS_KEPT)),
    list(FUNDING, Need::Funding, pages::ROWS, None),
    list(UPDATES, Need::Ledger, pages::ROWS, None),
];

/// The account of an address.
pub(crate) struct Address;

impl Plan for Address {
    fn account(&self) -> &'static str {
        ACCOUNT
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &Hyperliquid
    }

    fn saved_head(&self) -> &'static [u8] {
        b"hyperliquid/1\n"
    }

    fn time(&self) -> Question<'static> {
        Question::of(Need::Time, WALLET)
    }

    fn rights(&self) -> Question<'static> {
        Question::of(Need::Permission, WALLET)
    }

    fn account_id(&self, _: &Reply, key: &Credentials) -> Result<String, VenueError> {
        Ok(key.api_key.expose().trim().to_ascii_lowercase())
    }

    fn account_types(&self) -> &'static [&'static str] {
        CAPABILITY.account_types
    }

    fn whose<'a>(&self, key: &'a Credentials) -> Option<&'a str> {
        Some(key.api_key.expose().trim())
    }

    fn inventory(&self) -> Option<Question<'static>> {
        Some(Question::of(Need::SubAccounts, WALLET))
    }

    fn listings(&self) -> Vec<Question<'static>> {
        vec![Question::of(Need::Listings, "spot"), Question::of(Need::Listings, "perp")]
    }

    /// The second asks first whether there is anything beside the first.
    fn balances(&self) -> Vec<Question<'static>> {
        vec![Question::of(Need::Balances, "spot"), Question::of(Need::Balances, WALLET)]
    }

    fn positions(&self) -> Vec<Question<'static>> {
        vec![Question::of(Need::Positions, WALLET)]
    }

    fn lists(&self) -> &'static [List] {
        &LISTS
    }

    fn candles(&self, asked: &Candles) -> Question<'static> {
        let interval = match asked.interval {
            Interval::Minute => "1m",
            Interval::Hour => "1h",
            Interval::Day => "1d",
        };
        Question {
            from_ms: Some(asked.first_ms),
            to_ms: Some(asked.last_ms),
            with: vec![("coin", asked.symbol.to_string()), ("interval", interval.to_owned())],
            ..Question::of(Need::Klines, WALLET)
        }
    }

    /// Names are of one kind here, and many a coin has a contract and no pair.
    fn is_priced_by_contracts(&self) -> bool {
        true
    }

    /// The newest 5000 of each length.
    fn depth(&self) -> Depth {
        Depth { a_request: 5000, kept: Some(5000) }
    }

    fn digest(&self, mut rows: Rows, markets: &Markets, _: Timestamp) -> Digest {
        let mut telling = Telling::new(ACCOUNT, markets);
        for execution in rows.take(FILLS).fills {
            telling.fill(named(execution));
        }
        for payment in rows.take(FUNDING).funding {
            // What it calls a transaction is zero in each: time and coin name a payment.
            telling.funding(FundingPayment { id: None, ..payment });
        }
        for booking in rows.take(UPDATES).bookings {
            update(&mut telling, booking);
        }
        telling.end()
    }
}

/// Dust that was swept has no number: what names it is its time and its order.
fn named(execution: Execution) -> Execution {
    if execution.id != "0" {
        return execution;
    }
    let order = execution.order_id.as_deref().unwrap_or_default();
    Execution { id: format!("0/{}/{order}", execution.time.millis()), ..execution }
}

/// What an update did to the account.
fn update(telling: &mut Telling<'_>, row: Booking) {
    let Booking { id: hash, kind: name, own, asset, change, time, fee, .. } = row;
    let Some(time) = time else { return };
    let own = own.as_deref().unwrap_or(own::UNKNOWN);
    let id = format!("{hash}/{}/{change}", asset.as_str());
    // Who lends and borrows on the venue holds what no list tells: no profit of ours.
    let lent = name == "borrowLend";
    let kind = match own {
        own::DEPOSIT | own::RECEIVED => MovementKind::Deposit,
        own::WITHDRAWAL | own::SENT => MovementKind::Withdrawal,
        own::MOVED => MovementKind::Transfer,
        own::CREDIT | own::DEBIT if lent => MovementKind::Transfer,
        own::CREDIT => MovementKind::Distribution,
        own::DEBIT => MovementKind::Interest,
        // Its fills tell what it came to.
        _ if name == "liquidation" => return,
        _ => {
            return telling.unread("ledger updates of a kind that is not known", "what they did is not told");
        }
    };
    // What goes out is told without the fee, which comes on top where it is in the same coin.
    let (on_top, beside) = match fee.filter(|(_, fee)| !fee.is_zero()) {
        Some(fee) if fee.0 == asset && change.is_negative() => (Some(fee), None),
        beside => (None, beside),
    };
    let whole = on_top.as_ref().map_or(Ok(change), |(_, fee)| change.checked_sub(*fee));
    let Ok(whole) = whole else {
        return telling.unread("a ledger update", "its amount is no number that a ledger takes");
    };
    if let Some((of, fee)) = beside {
        telling.change(MovementKind::Interest, format!("{id}/fee"), (of, fee.negated()), time);
    }
    if !matches!(kind, MovementKind::Deposit | MovementKind::Withdrawal) {
        return telling.change(kind, id, (asset, whole), time);
    }
    let (received, spent) = match kind {
        MovementKind::Deposit => (Some((asset, whole)), None),
        _ => (None, Some((asset, whole.negated()))),
    };
    telling.movement(Movement {
        received,
        spent,
        fee: on_top,
        transaction: Some(hash),
        ..empty(kind, id, time)
    });
}
