//! Kraken's spot account as the reader sees it (EXCHANGES.md section 5). Its ledger books every change of every balance, without
//! an end; fills say beside it at which price. What a fill cost, and in which asset, stands in the ledger alone: both are read,
//! and joined by the fill's id.
//!
//! The venue tells no id of an account: a hash of the key stands for it, so two keys of one account look like two accounts.

use super::{CAPABILITY, Kraken, assets};
use crate::{
    Board, Booking, Dialect, Execution, Finding, Movement, MovementKind, Need, Question, Reply, VenueError,
    prices::{Candles, Depth},
    reader::{Digest, Each, List, Markets, Paging, Plan, Rows, empty, instrument},
};
use ledger::{Asset, Decimal, Fill, FillId, Instrument, Interval, OrderId, Price, Quantity, Timestamp};
use protocol::Credentials;
use sha2::{Digest as _, Sha256};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// The account that fills and lines belong to, for the ledger's books.
pub(crate) const ACCOUNT: &str = "kraken/spot";

/// Kraken opened in July 2011.
const GENESIS_MS: i64 = 1_309_478_400_000;
const HOUR_MS: i64 = 3_600_000;
/// What one list tells and the other does not by then will not come any more.
const LATE_MS: i64 = 24 * HOUR_MS;

static LISTS: [List; 2] = [
    List {
        name: "fills",
        need: Need::Fills,
        market: "spot",
        with: &[("consolidate_taker", "false")],
        each: Each::All,
        since_ms: GENESIS_MS,
        kept_ms: None,
        window_ms: None,
        overlap_ms: HOUR_MS,
        paging: Paging::Offset { parameter: "ofs", rows: 50 },
        may_be_denied: false,
    },
    List {
        name: "ledger entries",
        need: Need::Ledger,
        market: "spot",
        with: &[],
        each: Each::All,
        since_ms: GENESIS_MS,
        kept_ms: None,
        window_ms: None,
        overlap_ms: HOUR_MS,
        paging: Paging::Offset { parameter: "ofs", rows: 50 },
        may_be_denied: false,
    },
];

/// The spot account.
pub(crate) struct Spot;

impl Plan for Spot {
    fn account(&self) -> &'static str {
        ACCOUNT
    }

    fn dialect(&self) -> &'static dyn Dialect {
        &Kraken
    }

    fn saved_head(&self) -> &'static [u8] {
        b"kraken/2\n"
    }

    fn time(&self) -> Question<'static> {
        Question::of(Need::Time, "spot")
    }

    /// Nonces must rise from one connector of a key to the next, and this clock stands still for a second.
    fn time_step_ms(&self) -> i64 {
        1000
    }

    fn rights(&self) -> Question<'static> {
        Question::of(Need::Permission, "spot")
    }

    fn account_id(&self, _: &Reply, key: &Credentials) -> Result<String, VenueError> {
        let hash = Sha256::digest([b"kraken account\0", key.api_key.expose().as_bytes()].concat());
        Ok(hex::encode(hash))
    }

    fn account_types(&self) -> &'static [&'static str] {
        CAPABILITY.account_types
    }

    fn listings(&self) -> Vec<Question<'static>> {
        vec![Question::of(Need::Listings, "spot")]
    }

    fn balances(&self) -> Vec<Question<'static>> {
        vec![Question::of(Need::Balances, "spot")]
    }

    fn lists(&self) -> &'static [List] {
        &LISTS
    }

    /// Pages cost what a key has little of: what was read of a long history is not to be read again.
    fn slice_ms(&self) -> Option<i64> {
        Some(30 * 24 * HOUR_MS)
    }

    fn candles(&self, asked: &Candles) -> Question<'static> {
        let minutes = match asked.interval {
            Interval::Minute => "1",
            Interval::Hour => "60",
            Interval::Day => "1440",
        };
        // `since` leaves out the candle that begins then.
        let from_ms = Some(asked.first_ms.saturating_sub(1000));
        let with = vec![("pair", asked.symbol.to_string()), ("interval", minutes.to_owned())];
        Question { from_ms, with, ..Question::of(Need::Klines, "spot") }
    }

    /// The last 720 of each length.
    fn depth(&self) -> Depth {
        Depth { a_request: 720, kept: Some(720) }
    }

    fn own_asset(&self, asset: Asset) -> Asset {
        assets::plain(&asset)
    }

    fn digest(&self, mut rows: Rows, markets: &Markets, now: Timestamp) -> Digest {
        let is_late = |at: Timestamp| now.millis().saturating_sub(at.millis()) <= LATE_MS;
        let (fills, bookings) = (rows.take("fills").fills, rows.take("ledger entries").bookings);
        let mut entries: BTreeMap<String, Booking> = BTreeMap::new();
        for mut booking in bookings {
            booking.asset = assets::plain(&booking.asset);
            booking.fee = booking.fee.map(|(asset, fee)| (assets::plain(&asset), fee));
            // A page may tell again what another told.
            entries.insert(booking.id.clone(), booking);
        }
        let mut by_reference: BTreeMap<String, Vec<Booking>> = BTreeMap::new();
        for booking in entries.into_values() {
            let reference = booking.reference.clone().unwrap_or_else(|| booking.id.clone());
            by_reference.entry(reference).or_default().push(booking);
        }
        let mut digest = Digest::default();
        let (mut told, mut instruments) = (BTreeSet::new(), BTreeSet::new());
        for execution in fills.into_iter().filter(|execution| told.insert(execution.id.clone())) {
            let Some(entries) = by_reference.get(&execution.id) else {
                // The ledger is behind: it will say what the fill cost.
                match is_late(execution.time) {
                    true => digest.hold(execution.time),
                    false => digest.findings.push(Finding::Unread {
                        what: "fills that the ledger does not book".to_owned(),
                        why: "what they came to is not told",
                    }),
                }
                continue;
            };
            match filled(&execution, entries, markets) {
                Some(Joined { instrument, fill, rest }) => {
                    by_reference.remove(&execution.id);
                    if instruments.insert(instrument.symbol.clone()) {
                        digest.findings.push(Finding::Instrument(instrument));
                    }
                    digest.findings.push(Finding::Fills(vec![fill]));
                    digest.findings.extend(rest.into_iter().map(Finding::Movement));
                }
                // Tokenized stocks are not among the pairs. What was exchanged is booked in two entries, and told as that.
                None if markets.listings().find(&execution.symbol, Board::Spot).is_none() => {
                    digest.findings.push(Finding::Unread {
                        what: "fills of pairs that are not listed".to_owned(),
                        why: "they are told as the exchanges that the ledger books, without their prices",
                    });
                }
                // On margin nothing is exchanged: what it came to is booked otherwise, and told as that.
                None => digest.findings.push(Finding::Unread {
                    what: "fills on margin".to_owned(),
                    why: "only what they came to is read, as the ledger books it",
                }),
            }
        }
        for (reference, entries) in by_reference {
            let unfilled = entries.iter().any(|entry| own(entry) == "trade") && !told.contains(&reference);
            match entries.iter().filter_map(|entry| entry.time).min() {
                // The fill is in the other list, or will be: without its price it is not told.
                Some(at) if unfilled && is_late(at) => digest.hold(at),
                _ => tell(&mut digest, &reference, &entries),
            }
        }
        digest
    }
}

/// A fill with what it cost.
struct Joined {
    instrument: Instrument,
    fill: Fill,
    /// A second fee, in another asset.
    rest: Vec<Movement>,
}

/// What a fill did, by the ledger's word; `None`: it did not exchange base against quote.
fn filled(execution: &Execution, entries: &[Booking], markets: &Markets) -> Option<Joined> {
    let listing = markets.listings().find(&execution.symbol, Board::Spot)?;
    let (base, quote) = (&listing.base, &listing.quote);
    let leg = |asset: &Asset| entries.iter().any(|entry| entry.kind == "trade" && entry.asset == *asset);
    if !leg(base) || !leg(quote) {
        return None;
    }
    let mut fees: BTreeMap<Asset, Decimal> = BTreeMap::new();
    for entry in entries {
        let mut fee = entry.fee.as_ref().map_or(Decimal::ZERO, |(_, fee)| *fee);
        if entry.asset != *base && entry.asset != *quote {
            // A third asset moves for nothing else.
            fee = fee.checked_sub(entry.change).ok()?;
        }
        let sum = fees.entry(entry.asset.clone()).or_default();
        *sum = sum.checked_add(fee).ok()?;
    }
    let mut fees = fees.into_iter().filter(|(_, fee)| !fee.is_zero());
    let (fee_asset, fee) = fees.next().unwrap_or_else(|| (quote.clone(), Decimal::ZERO));
    let rest = fees.map(|(asset, fee)| Movement {
        spent: Some((asset.clone(), fee)),
        ..empty(MovementKind::Interest, format!("{}/{}", execution.id, asset.as_str()), execution.time)
    });
    let instrument = instrument(listing)?;
    let symbol = instrument.symbol.clone();
    let fill = Fill {
        account: Arc::from(ACCOUNT),
        symbol,
        id: FillId::from(execution.id.as_str()),
        order_id: execution.order_id.as_deref().map(OrderId::from),
        time: execution.time,
        sequence: execution.sequence,
        side: execution.side,
        quantity: Quantity(execution.quantity),
        price: Price(execution.price),
        fee,
        fee_asset,
        liquidity: execution.liquidity,
        fee_rate: None,
        reporting_rate: None,
    };
    Some(Joined { instrument, fill, rest: rest.collect() })
}

/// Tells bookings that belong together and are of no fill that was told. A trade that no list of fills tells is an exchange of
/// one thing for another.
fn tell(digest: &mut Digest, reference: &str, entries: &[Booking]) {
    let is_leg =
        |entry: &&Booking| matches!(own(entry), "spend" | "receive" | "conversion" | "sale" | "trade");
    let legs: Vec<&Booking> = entries.iter().filter(is_leg).collect();
    if let [one, other] = legs.as_slice()
        && one.change.is_negative() != other.change.is_negative()
    {
        let (out, came) = if one.change.is_negative() { (one, other) } else { (other, one) };
        return digest.findings.extend(converted(reference, out, came).map(Finding::Movement));
    }
    digest.findings.extend(entries.iter().filter_map(moved).map(Finding::Movement));
}

/// The type that Kraken gives an entry.
fn own(entry: &Booking) -> &str {
    let own = entry.own.as_deref().unwrap_or(&entry.kind);
    own.split('/').next().unwrap_or(own)
}

/// What an entry did to the balance, its fee included. `None`: no number.
fn change(entry: &Booking) -> Option<Decimal> {
    entry.change.checked_sub(entry.fee.as_ref().map_or(Decimal::ZERO, |(_, fee)| *fee)).ok()
}

fn converted(reference: &str, out: &Booking, came: &Booking) -> Option<Movement> {
    let side = |entry: &Booking| Some((entry.asset.clone(), change(entry)?));
    let (asset, amount) = side(out)?;
    Some(Movement {
        received: side(came),
        spent: Some((asset, amount.negated())),
        ..empty(MovementKind::Convert, reference.to_owned(), came.time?)
    })
}

/// What a single entry was. Where Kraken's word is not known, what came is a gift and what went is a cost: nobody gains by it.
fn moved(entry: &Booking) -> Option<Movement> {
    let change = change(entry)?;
    let subtype = entry.own.as_deref().and_then(|own| own.split_once('/')).map_or("", |(_, subtype)| subtype);
    let came = !change.is_negative();
    let kind = match (own(entry), came) {
        ("deposit", _) => MovementKind::Deposit,
        ("withdrawal", _) => MovementKind::Withdrawal,
        ("staking" | "dividend", _) => MovementKind::Interest,
        ("earn", _) if subtype == "reward" => MovementKind::Interest,
        // Between a balance and its staked or earning variant, which are one asset here: both legs are there, and cancel.
        ("earn" | "transfer" | "custodytransfer" | "reserve", _) => MovementKind::Transfer,
        ("rollover" | "margin" | "settled", _) => MovementKind::Interest,
        (_, true) => MovementKind::Distribution,
        (_, false) => MovementKind::Interest,
    };
    let amount = (entry.asset.clone(), if came { change } else { change.negated() });
    let (received, spent) = if came { (Some(amount), None) } else { (None, Some(amount)) };
    let fee = entry.fee.clone().filter(|(_, fee)| !fee.is_zero());
    Some(Movement { received, spent, fee, ..empty(kind, entry.id.clone(), entry.time?) })
}
