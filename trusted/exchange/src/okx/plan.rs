//! OKX's account as the reader sees it (EXCHANGES.md section 4): one account that holds coins and settles contracts (trading),
//! one that money passes through (funding), and what is lent out of that (savings).
//!
//! Executions, deposits, withdrawals and conversions have lists of their own. What else changes a balance stands in the
//! bookings of the two accounts: of these all is left out that one of those lists tells. A transfer between the two is told as
//! both of them book it, and comes to nothing; one to a sub-account is booked by one of them alone.
//!
//! Executions and the bookings of trading are kept for three months: the account's history begins there.

#[cfg(test)]
mod tests;

use super::{CAPABILITY, Okx, answer::Answer, endpoint::CONFIG};
use crate::{
    Asked, Booking, Crossing, Dialect, Execution, Listing, MovementKind, Need, Question, Reply, Status,
    VenueError,
    prices::{Candles, Depth},
    reader::{Digest, Each, List, Markets, Paging, Plan, Rows, Telling, instrument},
};
use ledger::{Asset, Decimal, Interval, Timestamp};
use protocol::Credentials;
use std::collections::BTreeMap;

/// The account that fills and lines belong to, for the ledger's books.
pub(crate) const ACCOUNT: &str = "okx/trading";

const DAY_MS: i64 = 24 * HOUR_MS;
const HOUR_MS: i64 = 3_600_000;
/// The shortest three months have 89 days.
const KEPT_MS: i64 = 89 * DAY_MS;
/// So much is read before the next part is: a long history is kept in parts.
const SLICE_MS: i64 = 15 * DAY_MS;
/// OKX opened in 2017.
const GENESIS_MS: i64 = 1_483_228_800_000;
/// A deposit is booked within this time of when it is listed.
const BOOKED_MS: u64 = DAY_MS.unsigned_abs();

const TRADING_BOOKINGS: &str = "bookings of the trading account";
const FUNDING_BOOKINGS: &str = "bookings of the funding account";
const DEPOSITS: &str = "deposits";
const WITHDRAWALS: &str = "withdrawals";
const CONVERSIONS: &str = "conversions";

static LISTS: [List; 9] = [
    list("fills of spot", Need::Fills, "spot", HOUR_MS),
    list("fills of margin", Need::Fills, "margin", HOUR_MS),
    list("fills of perpetual contracts", Need::Fills, "swap", HOUR_MS),
    list("fills of futures", Need::Fills, "futures", HOUR_MS),
    list(TRADING_BOOKINGS, Need::Ledger, "archive", HOUR_MS),
    list(FUNDING_BOOKINGS, Need::Ledger, "funding-archive", DAY_MS),
    // What waits for its chain is told anew until it is there.
    list(DEPOSITS, Need::Deposits, "wallet", 3 * DAY_MS),
    list(WITHDRAWALS, Need::Withdrawals, "wallet", 3 * DAY_MS),
    list(CONVERSIONS, Need::Conversions, "funding", DAY_MS),
];

const fn list(name: &'static str, need: Need, market: &'static str, overlap_ms: i64) -> List {
    List {
        name,
        need,
        market,
        with: &[],
        each: Each::All,
        since_ms: GENESIS_MS,
        kept_ms: Some(KEPT_MS),
        window_ms: Some(SLICE_MS),
        overlap_ms,
        paging: Paging::Cursor { rows: 100 },
        may_be_denied: false,
    }
}

/// The account.
pub(crate) struct Unified;

impl Plan for Unified {
    fn account(&self) -> &'static str {
        ACCOUNT
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &Okx
    }

    fn saved_head(&self) -> &'static [u8] {
        b"okx/1\n"
    }

    fn time(&self) -> Question<'static> {
        Question::of(Need::Time, "trading")
    }

    fn rights(&self) -> Question<'static> {
        Question::of(Need::Permission, "trading")
    }

    fn account_id(&self, rights: &Reply, _: &Credentials) -> Result<String, VenueError> {
        let (need, market, path) = (Need::Permission, "trading", CONFIG.path);
        let asked = Asked { need, market, path, symbol: None, currency: None, account: None };
        Answer::of(path, asked, &rights.body)?.first()?.string("uid")
    }

    fn account_types(&self) -> &'static [&'static str] {
        CAPABILITY.account_types
    }

    fn inventory(&self) -> Option<Question<'static>> {
        Some(Question::of(Need::SubAccounts, "trading"))
    }

    fn listings(&self) -> Vec<Question<'static>> {
        ["spot", "swap", "futures"].map(|market| Question::of(Need::Listings, market)).into()
    }

    fn balances(&self) -> Vec<Question<'static>> {
        ["settled", "funding", "savings"].map(|market| Question::of(Need::Balances, market)).into()
    }

    fn positions(&self) -> Vec<Question<'static>> {
        ["swap", "futures"].map(|market| Question::of(Need::Positions, market)).into()
    }

    fn lists(&self) -> &'static [List] {
        &LISTS
    }

    fn slice_ms(&self) -> Option<i64> {
        Some(SLICE_MS)
    }

    /// Days are those of Greenwich.
    fn candles(&self, asked: &Candles) -> Question<'static> {
        let bar = match asked.interval {
            Interval::Minute => "1m",
            Interval::Hour => "1H",
            Interval::Day => "1Dutc",
        };
        Question {
            from_ms: Some(asked.first_ms),
            to_ms: Some(asked.last_ms),
            limit: u32::try_from(asked.limit).ok(),
            with: vec![("instId", asked.symbol.to_string()), ("bar", bar.to_owned())],
            ..Question::of(Need::Klines, "spot")
        }
    }

    fn depth(&self) -> Depth {
        Depth { a_request: 100, kept: None }
    }

    fn digest(&self, mut rows: Rows, markets: &Markets, now: Timestamp) -> Digest {
        let since = rows.since(&[TRADING_BOOKINGS, FUNDING_BOOKINGS]);
        let mut telling = Telling::new(ACCOUNT, markets);
        for list in LISTS.iter().filter(|list| list.need == Need::Fills) {
            for fill in rows.take(list.name).fills {
                match gone(&fill, markets).as_ref().and_then(instrument) {
                    Some(instrument) => telling.fill_of(named(fill), instrument),
                    None => telling.fill(named(fill)),
                }
            }
        }
        rows.take(CONVERSIONS).conversions.into_iter().for_each(|row| telling.conversion(row));
        let funding = rows.take(FUNDING_BOOKINGS).bookings;
        let deposits = credited(rows.take(DEPOSITS).crossings, &funding);
        deposits.into_iter().for_each(|row| telling.crossing(row));
        rows.take(WITHDRAWALS).crossings.into_iter().for_each(|row| telling.crossing(row));
        for booking in rows.take(TRADING_BOOKINGS).bookings {
            if is_option(&booking) {
                telling.unread("fills of options", "what they paid is told as it is booked");
            }
            tell(&mut telling, &booking, of_trading(&booking));
        }
        funding.iter().for_each(|booking| tell(&mut telling, booking, of_funding(booking)));
        telling.end_as_one(since, now)
    }
}

/// By the number of its booking, which no other has: those of trades repeat from instrument to instrument.
fn named(execution: Execution) -> Execution {
    match execution.sequence {
        Some(number) => Execution { id: number.to_string(), ..execution },
        None => execution,
    }
}

/// What was traded and is listed no more: its name says it. Futures go every week, and are worth what others of their family
/// are. `None`: it is listed, or cannot be known.
fn gone(execution: &Execution, markets: &Markets) -> Option<Listing> {
    let (id, board) = (&execution.symbol, execution.board);
    if markets.listings().find(id, board).is_some() {
        return None;
    }
    let parts: Vec<&str> = id.split('-').collect();
    match *parts {
        [base, quote] => Some(Listing {
            id: id.clone(),
            board,
            base: Asset::from(base),
            quote: Asset::from(quote),
            settle: None,
            contract_size: Decimal::ONE,
            inverse: false,
            expires: None,
        }),
        [base, quote, last] => {
            let of_family = |listing: &&Listing| listing.id.starts_with(&format!("{base}-{quote}-"));
            let kin = markets.listings().on(board).find(of_family)?;
            let expires = if last == "SWAP" { None } else { Some(expiry(last)?) };
            Some(Listing { id: id.clone(), expires, ..kin.clone() })
        }
        _ => None,
    }
}

/// `260327`: that day at eight.
fn expiry(day: &str) -> Option<Timestamp> {
    let (year, rest) = day.split_at_checked(2)?;
    let (month, day) = rest.split_at_checked(2)?;
    protocol::parse_rfc3339(&format!("20{year}-{month}-{day}T08:00:00Z"))
}

/// Deposits that are booked have come, though the venue may still wait before they may leave again.
fn credited(deposits: Vec<Crossing>, funding: &[Booking]) -> Vec<Crossing> {
    let mut booked: BTreeMap<(Asset, Decimal), Vec<Timestamp>> = BTreeMap::new();
    for booking in funding.iter().filter(|booking| codes(booking) == ("1", None)) {
        booked.entry((booking.asset.clone(), booking.change)).or_default().extend(booking.time);
    }
    let mut is_booked = |row: &Crossing| {
        let times = booked.entry((row.asset.clone(), row.amount)).or_default();
        let near = |at: &Timestamp| at.millis().abs_diff(row.time.millis()) <= BOOKED_MS;
        times.iter().position(near).map(|found| times.remove(found)).is_some()
    };
    // Those that are done have their bookings first: of two alike one may still wait.
    let (mut all, waiting): (Vec<Crossing>, Vec<Crossing>) =
        deposits.into_iter().partition(|row| row.status != Status::Pending);
    for row in &all {
        let _ = is_booked(row);
    }
    all.extend(waiting.into_iter().map(|row| match is_booked(&row) {
        true => Crossing { status: Status::Ok, ..row },
        false => row,
    }));
    all
}

/// OKX's codes for a booking: its type, and its subtype where there is one.
fn codes(booking: &Booking) -> (&str, Option<&str>) {
    let mut parts = booking.own.as_deref().unwrap_or_default().split('/');
    (parts.next().unwrap_or_default(), parts.next().filter(|part| *part != "trade"))
}

fn is_of_trade(booking: &Booking) -> bool {
    booking.own.as_deref().is_some_and(|own| own.ends_with("/trade"))
}

/// Options have two more parts in their name than futures: `BTC-USD-260327-90000-C`.
fn is_option(booking: &Booking) -> bool {
    booking.symbol.as_ref().is_some_and(|(symbol, _)| symbol.split('-').count() >= 5)
}

fn tell(telling: &mut Telling<'_>, booking: &Booking, kind: Option<MovementKind>) {
    if let (Some(kind), Some(time)) = (kind, booking.time) {
        telling.change(kind, booking.id.clone(), (booking.asset.clone(), booking.change), time);
    }
}

/// Of what is not known what came is a gift and what went is a cost: nobody gains by it.
fn unknown(booking: &Booking) -> MovementKind {
    if booking.change.is_negative() { MovementKind::Interest } else { MovementKind::Distribution }
}

/// What a booking of the trading account was; `None`: another list tells it.
fn of_trading(booking: &Booking) -> Option<MovementKind> {
    Some(match codes(booking).0 {
        _ if is_option(booking) => unknown(booking),
        // Trades, deliveries, liquidations and deleveraging are fills.
        "2" | "3" | "5" | "9" => return None,
        _ if is_of_trade(booking) => return None,
        // What futures settle of an open position comes again when it is closed: fills count from where it was opened.
        "34" => return None,
        // Conversions.
        "27" => return None,
        // To and from the funding account, positions, bots and products; what is borrowed and given back.
        "1" | "6" | "12" | "15" | "16" | "22" | "26" | "33" => MovementKind::Transfer,
        // Of one coin into another: by force, of dust, to repay, by one button.
        "4" | "11" | "29" | "30" => MovementKind::Convert,
        "28" => MovementKind::Dust,
        "7" => MovementKind::Interest,
        "8" => MovementKind::Funding,
        _ => unknown(booking),
    })
}

/// Types of the funding account by which something comes from or goes to what is not read: sub-accounts, people, products,
/// stakes and loans; and the trading account, which books the other side.
const MOVED: [&str; 83] = [
    "20", "21", "22", "23", "72", "73", "74", "78", "80", "82", "116", "117", "118", "124", "130", "131",
    "132", "133", "134", "137", "138", "160", "161", "163", "175", "176", "177", "178", "179", "180", "195",
    "196", "197", "202", "203", "205", "207", "208", "210", "212", "215", "217", "218", "225", "226", "228",
    "240", "241", "243", "249", "250", "252", "270", "284", "285", "286", "287", "288", "289", "303", "304",
    "305", "306", "311", "313", "314", "315", "329", "330", "331", "332", "339", "340", "341", "342", "345",
    "348", "349", "351", "361", "372", "373", "476",
];
/// Types that are income from what is held.
const EARNED: [&str; 18] = [
    "83", "89", "139", "162", "204", "209", "227", "242", "251", "307", "308", "309", "328", "343", "344",
    "350", "400", "408",
];

/// What a booking of the funding account was; `None`: another list tells it, or it stays within what is read.
fn of_funding(booking: &Booking) -> Option<MovementKind> {
    Some(match codes(booking).0 {
        // Deposits, withdrawals, their cancellation and their fee.
        "1" | "2" | "13" | "221" => return None,
        // Savings, which are a balance; conversions.
        "75" | "76" | "272" | "273" => return None,
        "68" | "173" | "300" => MovementKind::Rebate,
        kind if MOVED.contains(&kind) => MovementKind::Transfer,
        kind if EARNED.contains(&kind) => MovementKind::Interest,
        _ => unknown(booking),
    })
}
