//! Ledger, then metrics, then answer (DESIGN.md section 4, Shapes): what a session may read, in METRICS.md's names.
//!
//! Every number that does not exist is `null`, and `why` of the same object tells its reason. Structs of figures are
//! taken apart in full: a new figure does not compile until someone decides how it is shown. Not here: computing any
//! of them.

use crate::{
    account::{AccountRecord, PriceUse, StopReason, SyncState},
    failure::Failure,
    service::Service,
    session::Session,
};
use exchange::{KeyRights, Venue, Verdict};
use ledger::{
    Asset, Currency, Decimal, Measured, MonthTotals, Open, Performance, Reason, Statistics, Timestamp,
    TradeAggregator,
};
use protocol::{
    api::{self, Coverage, Summary, TradesHeadline, Unread, Why},
    rfc3339,
};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// A body as it is sent.
pub(crate) fn encode(body: &impl serde::Serialize) -> Vec<u8> {
    // Strings, numbers and string-keyed maps always serialise.
    serde_json::to_vec(body).unwrap_or_default()
}

/// What a key may do, with the judgement on it.
pub(crate) fn key_rights(rights: &KeyRights, trading_accepted: bool) -> api::KeyRights {
    let KeyRights { read, trade, withdraw, transfer, ip_restricted, verdict } = *rights;
    let verdict = match (verdict, trading_accepted) {
        (_, true) => "trading_accepted",
        (Verdict::Accept, false) => "read_only",
        (Verdict::Undecided | Verdict::Refuse, false) => "undecided",
    };
    api::KeyRights { read, trade, withdraw, transfer, ip_restricted, verdict: verdict.to_owned() }
}

/// What each connector reads, how far back, and what it cannot see.
pub(crate) fn exchanges() -> Vec<u8> {
    let venues: Vec<Value> = Venue::ALL
        .into_iter()
        .map(|venue| {
            json!({
                "exchange": venue.name(),
                "account_types": venue.account_types(),
                "quote_currency": venue.reporting_currency(),
                "sandbox": venue.has_sandbox(),
                "reads": venue.reads(),
                "cannot_see": venue.cannot_see(),
                "history_limit": venue.history_limit(),
            })
        })
        .collect();
    encode(&json!({ "exchanges": venues }))
}

/// What follows from a ledger, made once a round: reading it costs no more than copying it out.
pub(crate) struct Figures {
    total: Performance,
    symbols: Value,
    months: Value,
}

impl Figures {
    /// Of a ledger as it stands.
    pub(crate) fn of(ledger: &TradeAggregator) -> Self {
        Self { total: ledger.total(), symbols: by_symbol(ledger), months: by_month(ledger) }
    }
}

/// The headline.
pub(crate) fn summary(service: &Service, session: &Session, now: Timestamp) -> Result<Vec<u8>, Failure> {
    service.venue_times.check(now)?;
    let record = session.record();
    let mut why = Why::new();
    let trades = match record.figures.as_deref() {
        Some(figures) => headline(&figures.total, &mut why),
        None => {
            for field in ["fills", "volume", "fees_valued", "realized_net", "matched_share", "win_rate"] {
                why.insert(format!("trades.{field}"), uncollected(&record).to_owned());
            }
            TradesHeadline::default()
        }
    };
    let body = Summary {
        environment: service.environment.to_owned(),
        quote_currency: record.ledger.reporting().to_string(),
        as_of: rfc3339(record.collected_at().unwrap_or(now)),
        session_expires: rfc3339(session.expires_at),
        trades,
        coverage: coverage(&record, session),
        sync: record.sync(now),
        why,
    };
    Ok(encode(&body))
}

/// Everything: the summary's envelope, and the figures in total, by account, by symbol and by month.
pub(crate) fn metrics(service: &Service, session: &Session, now: Timestamp) -> Result<Vec<u8>, Failure> {
    service.venue_times.check(now)?;
    let record = session.record();
    let mut why = Map::new();
    let (mut total, mut accounts, mut symbols, mut months) = (Value::Null, json!([]), json!([]), json!([]));
    if let Some(figures) = record.figures.as_deref() {
        let performance = performance(&figures.total);
        let api::Account { venue, fingerprint, types } = session.account.clone();
        let mut account = performance.clone();
        account.extend(Map::from_iter([
            ("venue".to_owned(), venue.into()),
            ("fingerprint".to_owned(), fingerprint.into()),
            ("types".to_owned(), types.into()),
        ]));
        (total, accounts) = (performance.into(), json!([account]));
        (symbols, months) = (figures.symbols.clone(), figures.months.clone());
    } else {
        why.insert("total".to_owned(), uncollected(&record).into());
    }
    Ok(encode(&json!({
        "environment": service.environment,
        "quote_currency": record.ledger.reporting().as_str(),
        "as_of": rfc3339(record.collected_at().unwrap_or(now)),
        "session_expires": rfc3339(session.expires_at),
        "total": total,
        "accounts": accounts,
        "symbols": symbols,
        "months": months,
        "prices": prices(&record),
        "coverage": coverage(&record, session),
        "sync": record.sync(now),
        "why": why,
    })))
}

/// Why there are no figures yet.
fn uncollected(record: &AccountRecord) -> &'static str {
    match record.state {
        SyncState::Stopped(..) => "key_no_longer_used",
        SyncState::Waiting(_) => "venue_not_answering",
        SyncState::Collecting(_) | SyncState::Live(_) => "sync_in_progress",
    }
}

fn headline(total: &Performance, why: &mut Why) -> TradesHeadline {
    let mut text = |field: &str, value: Measured<Decimal>| match value {
        Ok(value) => Some(value.to_string()),
        Err(reason) => {
            why.insert(format!("trades.{field}"), reason.as_str().to_owned());
            None
        }
    };
    let win_rate =
        total.trades.figures.as_ref().map_err(|reason| *reason).and_then(|figures| figures.win_rate);
    TradesHeadline {
        fills: Some(total.fills),
        volume: text("volume", total.volume),
        fees_valued: text("fees_valued", total.fees_valued),
        realized_net: text("realized_net", total.realized_net),
        matched_share: text("matched_share", total.matched_share),
        win_rate: text("win_rate", win_rate),
    }
}

fn coverage(record: &AccountRecord, session: &Session) -> Coverage {
    let fills = record.ledger.span();
    let movements = record.movements.values().map(|movement| movement.time);
    let oldest = movements.chain(fills.map(|(first, _)| first)).min();
    Coverage {
        first_fill: fills.map(|(first, _)| rfc3339(first)),
        last_fill: fills.map(|(_, last)| rfc3339(last)),
        history_from: oldest.map(rfc3339),
        history_limit: session.venue.history_limit().to_owned(),
        unread: missing(record),
        key_rights: rights_in_words(record, session.trading_accepted),
    }
}

/// What could not be read, and the fees that no price values: the sum of the others would mislead without them.
fn missing(record: &AccountRecord) -> Vec<Unread> {
    let mut missing = record.missing();
    let unvalued = record.figures.as_deref().map(|figures| &figures.total.fees_unvalued);
    missing.extend(unvalued.into_iter().flatten().map(|(asset, _)| Unread {
        what: format!("the value of some fees in {asset}"),
        why: Reason::NoPrice.as_str().to_owned(),
    }));
    missing
}

fn rights_in_words(record: &AccountRecord, trading_accepted: bool) -> String {
    let may = match (record.rights.verdict, trading_accepted) {
        (_, true) => "the key can trade, and its holder accepted that",
        (Verdict::Accept, false) => "read-only",
        (Verdict::Undecided | Verdict::Refuse, false) => "the exchange does not tell what the key may do",
    };
    let ended = match record.state {
        SyncState::Stopped(_, StopReason::Refused) => "; no longer used: the exchange refuses it",
        SyncState::Stopped(_, StopReason::RightsWidened) => "; no longer used: its rights were widened",
        SyncState::Stopped(_, StopReason::Fault) => "; no longer used: this enclave failed at the account",
        _ => "",
    };
    let times = record.rights_checks;
    format!("{may}, checked {times} {}{ended}", if times == 1 { "time" } else { "times" })
}

/// Figures of one object, and why some do not exist.
#[derive(Default)]
struct Sheet {
    shown: Map<String, Value>,
    why: Map<String, Value>,
}

impl Sheet {
    fn put(&mut self, field: &str, value: impl Into<Value>) {
        self.shown.insert(field.to_owned(), value.into());
    }

    fn measured(&mut self, field: &str, value: Measured<Decimal>) {
        if let Err(reason) = &value {
            self.why.insert(field.to_owned(), reason.as_str().into());
        }
        self.put(field, value.map_or(Value::Null, |value| value.to_string().into()));
    }

    fn by_asset(&mut self, field: &str, amounts: &BTreeMap<Asset, Measured<Decimal>>) {
        let mut inner = Self::default();
        for (asset, sum) in amounts {
            inner.measured(asset.as_str(), *sum);
        }
        self.why.extend(inner.why.into_iter().map(|(asset, why)| (format!("{field}.{asset}"), why)));
        self.put(field, inner.shown);
    }

    fn time(&mut self, field: &str, at: Option<Timestamp>) {
        self.put(field, at.map(rfc3339));
    }

    fn finished(mut self) -> Map<String, Value> {
        self.shown.insert("why".to_owned(), self.why.into());
        self.shown
    }
}

/// A performance, in METRICS.md's names.
fn performance(performance: &Performance) -> Map<String, Value> {
    let Performance {
        fills,
        first_fill,
        last_fill,
        volume,
        maker_share,
        fees_by_asset,
        fees_valued,
        fees_unvalued,
        matches,
        realized_gross,
        realized_fees,
        realized_net,
        matched_cost,
        return_on_cost,
        matched_share,
        unmatched_proceeds,
        incomplete_basis,
        trades,
        round_trips,
    } = performance;
    let mut sheet = Sheet::default();
    sheet.put("fills", *fills);
    sheet.time("first_fill", *first_fill);
    sheet.time("last_fill", *last_fill);
    sheet.measured("volume", *volume);
    sheet.measured("maker_share", *maker_share);
    sheet.by_asset("fees_by_asset", fees_by_asset);
    sheet.measured("fees_valued", *fees_valued);
    sheet.by_asset("fees_unvalued", fees_unvalued);
    sheet.put("matches", *matches);
    sheet.measured("realized_gross", *realized_gross);
    sheet.measured("realized_fees", *realized_fees);
    sheet.measured("realized_net", *realized_net);
    sheet.measured("matched_cost", *matched_cost);
    sheet.measured("return_on_cost", *return_on_cost);
    sheet.measured("matched_share", *matched_share);
    sheet.measured("unmatched_proceeds", *unmatched_proceeds);
    sheet.put("incomplete_basis", *incomplete_basis);
    sheet.put("trade_stats", statistics(trades));
    sheet.put("round_trip_stats", statistics(round_trips));
    sheet.finished()
}

/// Without a trade, or when one could not be valued, only the count exists.
fn statistics(of: &Statistics) -> Value {
    let mut sheet = Sheet::default();
    sheet.put("count", of.count);
    sheet.put("low_sample", of.low_sample());
    let ledger::Figures {
        wins,
        losses,
        scratches,
        win_rate,
        gross_profit,
        gross_loss,
        profit_factor,
        average_win,
        average_loss,
        largest_win,
        largest_loss,
        payoff_ratio,
        expectancy,
        max_consecutive_wins,
        max_consecutive_losses,
        sqn,
        kelly,
        average_holding_ms,
    } = match &of.figures {
        Ok(figures) => figures,
        Err(_) if of.count == 0 => return json!({ "count": 0 }),
        Err(reason) => return json!({ "count": of.count, "why": reason.as_str() }),
    };
    for (field, count) in [
        ("wins", wins),
        ("losses", losses),
        ("scratches", scratches),
        ("max_consecutive_wins", max_consecutive_wins),
        ("max_consecutive_losses", max_consecutive_losses),
    ] {
        sheet.put(field, *count);
    }
    sheet.put("gross_profit", gross_profit.to_string());
    sheet.put("gross_loss", gross_loss.to_string());
    for (field, value) in [
        ("win_rate", win_rate),
        ("profit_factor", profit_factor),
        ("average_win", average_win),
        ("average_loss", average_loss),
        ("largest_win", largest_win),
        ("largest_loss", largest_loss),
        ("payoff_ratio", payoff_ratio),
        ("expectancy", expectancy),
        ("sqn", sqn),
        ("kelly", kelly),
        ("average_holding_ms", average_holding_ms),
    ] {
        sheet.measured(field, *value);
    }
    sheet.finished().into()
}

/// Each symbol in its settlement asset, with what is open.
fn by_symbol(ledger: &TradeAggregator) -> Value {
    let symbols = ledger.symbols().into_iter().filter_map(|symbol| {
        let instrument = ledger.instrument(symbol)?;
        let Open { position, open_cost, average_entry, unmatched_quantity, open_lots } = ledger.open(symbol);
        let mut sheet = Sheet::default();
        sheet.put("symbol", symbol.as_str());
        sheet.put("base", instrument.base.as_str());
        sheet.put("quote", instrument.quote.as_str());
        sheet.put("settlement_asset", instrument.settlement().as_str());
        sheet.measured("position", position);
        sheet.put("open_lots", open_lots);
        sheet.measured("open_cost", open_cost);
        sheet.measured("average_entry", average_entry);
        sheet.measured("unmatched_qty", unmatched_quantity);
        let mut shown = performance(&ledger.symbol(symbol, Currency::Settlement));
        // The reasons of both halves stand in one `why`.
        if let Some(Value::Object(why)) = shown.get_mut("why") {
            why.append(&mut sheet.why);
        }
        shown.append(&mut sheet.shown);
        Some(Value::Object(shown))
    });
    symbols.collect()
}

/// Each month that has fills, in the reporting currency.
fn by_month(ledger: &TradeAggregator) -> Value {
    let months = ledger.months().into_iter().map(|(month, totals)| {
        let MonthTotals { fills, volume, fees_valued, realized_gross, realized_fees, realized_net } = totals;
        let mut sheet = Sheet::default();
        sheet.put("month", month.to_string());
        sheet.put("fills", fills);
        sheet.measured("volume", volume);
        sheet.measured("fees_valued", fees_valued);
        sheet.measured("realized_gross", realized_gross);
        sheet.measured("realized_fees", realized_fees);
        sheet.measured("realized_net", realized_net);
        sheet.finished()
    });
    months.map(Value::Object).collect()
}

/// Where the prices come from that value fees and totals (METRICS.md section 2.7), and how many fills each values.
fn prices(record: &AccountRecord) -> Value {
    let used = record.price_sources.iter().map(|(source, fills)| {
        let PriceUse { asset, quote, path, interval } = source;
        json!({
            "asset": asset.as_str(), "quote": quote.as_str(), "path": path, "interval": interval, "fills": fills,
        })
    });
    used.collect()
}
