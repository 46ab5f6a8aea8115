//! Figures, then answer: the JSON of `summary` and `metrics` (DESIGN.md section 4, Shapes) in METRICS.md's names.
//!
//! Everything that a record decides is here, so that whoever holds the same record and the same [`Frame`] writes the
//! same bytes: the enclave adds only when its session ends and how its collection stands. Members are sorted by name, so
//! that no bytes depend on how a JSON library keeps them. Structs of figures are taken
//! apart in full: a new figure does not compile until someone decides how it is shown. Not here: computing any of them.

mod equity;
mod sheet;
mod trades;

use crate::{
    api::{Account, PriceUse, Unread},
    rfc3339,
};
use alloc::{
    borrow::ToOwned,
    collections::{BTreeMap, BTreeSet},
    format,
    string::{String, ToString},
    sync::Arc,
    vec::Vec,
};
use ledger::{
    Asset, Performance, PriceSource, Reason, Timestamp,
    record::{EquityFigures, Mark, Record, RecordFigures},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use sheet::Sheet;

/// What stands in answers and is not computed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// `live`, `sandbox` or `development`.
    pub environment: String,
    /// Each account as it is shown, by its name in the record.
    pub accounts: BTreeMap<String, Account>,
    /// Why history reaches no further back.
    pub history_limit: String,
    /// What such accounts may hold or do unseen.
    #[serde(default)]
    pub cannot_see: Vec<String>,
    /// What could not be read, and why.
    pub unread: Vec<Unread>,
    /// What the key may do, in words.
    pub key_rights: String,
    /// Where the prices come from that value fees and totals, and how many fills each values.
    pub prices: Vec<PriceUse>,
}

/// `summary` of a record, but for `session_expires` and `sync`.
pub fn summary(frame: &Frame, record: &Record, figures: &RecordFigures) -> Map<String, Value> {
    Statement::of(record, figures).summary(frame)
}

/// `metrics` of a record, but for `session_expires` and `sync`.
pub fn metrics(frame: &Frame, record: &Record, figures: &RecordFigures) -> Map<String, Value> {
    Statement::of(record, figures).metrics(frame)
}

/// What figures say, made once: reading it costs no more than copying it out.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    as_of: String,
    quote: String,
    headline: Map<String, Value>,
    headline_why: Map<String, Value>,
    coverage: Map<String, Value>,
    coverage_why: Map<String, Value>,
    unvalued: BTreeSet<Unread>,
    total: Value,
    accounts: Vec<(Arc<str>, Map<String, Value>)>,
    symbols: Value,
    months: Value,
    transfers: u32,
    valuations: BTreeMap<PriceKey, u64>,
    why: Map<String, Value>,
}

/// Asset, quote, path and interval of a price.
type PriceKey = (String, String, Vec<String>, String);

impl Statement {
    /// Of a record and its figures.
    pub fn of(record: &Record, figures: &RecordFigures) -> Self {
        let RecordFigures { as_of, total: (performance, equity), accounts, months, symbols: _, transfers } =
            figures;
        let whole = |performance: &Performance, figures: &EquityFigures| {
            let mut sheet = trades::performance(performance);
            sheet.join(equity::sections(figures, &record.parameters, &record.benchmark));
            sheet.finished()
        };
        let headline = headline(performance, equity);
        let coverage = coverage(record, equity);
        Self {
            as_of: rfc3339(*as_of),
            quote: record.aggregator.reporting().to_string(),
            headline: headline.shown,
            headline_why: headline.why,
            coverage: coverage.shown,
            coverage_why: coverage.why,
            unvalued: unvalued(performance, equity),
            total: whole(performance, equity).into(),
            accounts: accounts
                .iter()
                .map(|(name, performance, equity)| (Arc::clone(name), whole(performance, equity)))
                .collect(),
            symbols: trades::by_symbol(&record.aggregator),
            months: trades::by_month(months, &equity.months),
            transfers: *transfers,
            valuations: valuations(record),
            why: Map::new(),
        }
    }

    /// Before there is anything: every number is `null`, and `why` is the reason of each.
    pub fn none(quote: &Asset, as_of: Timestamp, why: &str) -> Self {
        let mut headline = Sheet::default();
        for field in ["equity", "net_flow", "gain"] {
            headline.missing(field, why);
        }
        for (object, fields) in [("return", RETURNS.as_slice()), ("trades", TRADES.as_slice())] {
            let mut inner = Sheet::default();
            fields.iter().for_each(|field| inner.missing(field, why));
            headline.nest(object, inner);
        }
        let mut coverage = Sheet::default();
        for field in COVERAGE {
            coverage.missing(field, why);
        }
        Self {
            as_of: rfc3339(as_of),
            quote: quote.to_string(),
            headline: headline.shown,
            headline_why: headline.why,
            coverage: coverage.shown,
            coverage_why: coverage.why,
            unvalued: BTreeSet::new(),
            total: Value::Null,
            accounts: Vec::new(),
            symbols: json!([]),
            months: json!([]),
            transfers: 0,
            valuations: BTreeMap::new(),
            why: Map::from_iter([("total".to_owned(), why.into())]),
        }
    }

    /// When it holds.
    pub fn as_of(&self) -> &str {
        &self.as_of
    }

    /// The headline, but for `session_expires` and `sync`.
    pub fn summary(&self, frame: &Frame) -> Map<String, Value> {
        let mut body = self.envelope(frame);
        body.extend(self.headline.clone());
        let mut why = self.headline_why.clone();
        why.extend(self.paths_of_coverage());
        body.insert("why".to_owned(), why.into());
        sorted(body)
    }

    /// Everything, but for `session_expires` and `sync`.
    pub fn metrics(&self, frame: &Frame) -> Map<String, Value> {
        let mut body = self.envelope(frame);
        let mut why = self.why.clone();
        why.extend(self.paths_of_coverage());
        let accounts = self.accounts.iter().map(|(name, figures)| {
            let known = frame.accounts.get(&**name).cloned().unwrap_or_default();
            let Account { venue, fingerprint, types } = known;
            let mut account = figures.clone();
            account.insert("account".to_owned(), (&**name).into());
            account.insert("venue".to_owned(), venue.into());
            account.insert("fingerprint".to_owned(), fingerprint.into());
            account.insert("types".to_owned(), types.into());
            Value::Object(account)
        });
        body.insert("accounts".to_owned(), accounts.collect());
        body.insert("total".to_owned(), self.total.clone());
        body.insert("symbols".to_owned(), self.symbols.clone());
        body.insert("months".to_owned(), self.months.clone());
        body.insert("transfers".to_owned(), self.transfers.into());
        body.insert("prices".to_owned(), self.prices(frame));
        body.insert("why".to_owned(), why.into());
        sorted(body)
    }

    fn envelope(&self, frame: &Frame) -> Map<String, Value> {
        let Frame { environment, accounts: _, history_limit, cannot_see, unread, key_rights, prices: _ } =
            frame;
        let mut coverage = self.coverage.clone();
        let mut missing: BTreeSet<&Unread> = unread.iter().collect();
        missing.extend(&self.unvalued);
        let unread = missing.into_iter().map(|Unread { what, why }| json!({ "what": what, "why": why }));
        coverage.insert("history_limit".to_owned(), history_limit.as_str().into());
        coverage.insert("cannot_see".to_owned(), cannot_see.as_slice().into());
        coverage.insert("unread".to_owned(), unread.collect());
        coverage.insert("key_rights".to_owned(), key_rights.as_str().into());
        Map::from_iter([
            ("environment".to_owned(), environment.as_str().into()),
            ("quote_currency".to_owned(), self.quote.as_str().into()),
            ("as_of".to_owned(), self.as_of.as_str().into()),
            ("coverage".to_owned(), coverage.into()),
        ])
    }

    fn paths_of_coverage(&self) -> impl Iterator<Item = (String, Value)> {
        self.coverage_why.iter().map(|(field, why)| (format!("coverage.{field}"), why.clone()))
    }

    /// Where prices come from (METRICS.md section 2.7): how many fills, and how many days and instants of the equity,
    /// each values.
    fn prices(&self, frame: &Frame) -> Value {
        let mut uses: BTreeMap<PriceKey, (u64, u64)> = BTreeMap::new();
        for PriceUse { asset, quote, path, interval, fills } in &frame.prices {
            let key = (asset.clone(), quote.clone(), path.clone(), interval.clone());
            uses.entry(key).or_default().0 += fills;
        }
        for (key, valuations) in &self.valuations {
            uses.entry(key.clone()).or_default().1 += valuations;
        }
        let shown = uses.into_iter().map(|((asset, quote, path, interval), (fills, valuations))| {
            json!({
                "asset": asset, "quote": quote, "path": path, "interval": interval, "fills": fills,
                "valuations": valuations,
            })
        });
        shown.collect()
    }
}

fn sorted(mut body: Map<String, Value>) -> Map<String, Value> {
    body.sort_keys();
    body.values_mut().for_each(Value::sort_all_objects);
    body
}

const RETURNS: [&str; 4] = ["twr", "twr_annualized", "max_drawdown", "sharpe"];
const TRADES: [&str; 6] = ["fills", "volume", "fees_valued", "realized_net", "matched_share", "win_rate"];
const COVERAGE: [&str; 10] = [
    "first_fill",
    "last_fill",
    "history_from",
    "days_observed",
    "days_reconstructed",
    "days_bridged",
    "days_partial",
    "days_missing",
    "residual",
    "residual_bps",
];

fn headline(performance: &Performance, equity: &EquityFigures) -> Sheet {
    let mut sheet = Sheet::default();
    sheet.amount("equity", equity.equity);
    sheet.amount("net_flow", equity.cashflows.net_flow);
    sheet.amount("gain", equity.cashflows.gain);
    let mut returns = Sheet::default();
    returns.ratio("twr", equity.cashflows.twr);
    returns.ratio("twr_annualized", equity.cashflows.twr_annualized);
    returns.ratio("max_drawdown", equity.series.max_drawdown);
    returns.ratio("sharpe", equity.series.sharpe);
    sheet.nest("return", returns);
    let mut trades = Sheet::default();
    trades.put("fills", performance.fills);
    trades.amount("volume", performance.volume);
    trades.amount("fees_valued", performance.fees_valued);
    trades.amount("realized_net", performance.realized_net);
    trades.amount("matched_share", performance.matched_share);
    trades.amount("win_rate", trades::win_rate(performance));
    sheet.nest("trades", trades);
    sheet
}

/// How complete the figures are, as far as the record tells (DESIGN.md section 5).
fn coverage(record: &Record, equity: &EquityFigures) -> Sheet {
    let fills = record.aggregator.span();
    let mut sheet = Sheet::default();
    sheet.time("first_fill", fills.map(|(first, _)| first));
    sheet.time("last_fill", fills.map(|(_, last)| last));
    sheet.time("history_from", record.accounts.values().map(|account| account.complete_from).min());
    for (field, mark) in [
        ("days_observed", Mark::Observed),
        ("days_reconstructed", Mark::Reconstructed),
        ("days_bridged", Mark::Bridged),
        ("days_partial", Mark::Partial),
        ("days_missing", Mark::Missing),
    ] {
        sheet.put(field, equity::marked(equity, mark));
    }
    sheet.amount("residual", equity.residual);
    sheet.amount("residual_bps", equity.residual_bps);
    sheet
}

/// Fees and holdings that no price values: the sum of the others would mislead without them.
fn unvalued(performance: &Performance, equity: &EquityFigures) -> BTreeSet<Unread> {
    let no_price = |what: String| Unread { what, why: Reason::NoPrice.as_str().to_owned() };
    let fees = performance.fees_unvalued.keys().map(|asset| format!("the value of some fees in {asset}"));
    let held = equity.unpriced.keys().map(|asset| format!("the value of {asset} that is held"));
    fees.chain(held).map(no_price).collect()
}

/// How many days and instants each source of prices values.
fn valuations(record: &Record) -> BTreeMap<PriceKey, u64> {
    let quote = record.prices.quote();
    let days = record.prices.days().filter_map(|(asset, _, found)| Some((asset, found?.1)));
    let instants = record.prices.minutes().filter_map(|(asset, _, found)| Some((asset, found?.1)));
    let mut counted: BTreeMap<(&Asset, &PriceSource), u64> = BTreeMap::new();
    for source in days.chain(instants) {
        let count = counted.entry(source).or_default();
        *count = count.saturating_add(1);
    }
    let shown = counted.into_iter().map(|((asset, PriceSource { path, interval }), count)| {
        let key = (asset.to_string(), quote.to_string(), path.clone(), interval.as_str().to_owned());
        (key, count)
    });
    shown.collect()
}
