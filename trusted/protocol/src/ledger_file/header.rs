//! The first row: what stands around the record.

use super::{ACCOUNTS_MAX, AHEAD_MS_MAX, Defect, EARLIEST_MS, FORMAT, Flaw, LATEST_MS, TEXT_BYTES_MAX};
use crate::{
    api::{Account, PriceUse, Unread},
    statement::Frame,
};
use alloc::{
    borrow::Cow,
    collections::BTreeMap,
    format,
    string::{String, ToString as _},
    sync::Arc,
    vec::Vec,
};
use ledger::{
    Asset, Timestamp,
    record::{self, Gap, Record},
    returns::Parameters,
};
use serde::{Deserialize, Serialize};

/// As it is written. The ratios are texts: not every reader of JSON keeps their last digit.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<'a> {
    format: Cow<'a, str>,
    environment: Cow<'a, str>,
    as_of: i64,
    quote_currency: Cow<'a, str>,
    benchmark: Cow<'a, str>,
    periods_per_year: String,
    risk_free_annual: String,
    mar_annual: String,
    history_limit: Cow<'a, str>,
    /// Left out where there is nothing, as in files of before it was told.
    #[serde(default, skip_serializing_if = "<[String]>::is_empty")]
    cannot_see: Cow<'a, [String]>,
    key_rights: Cow<'a, str>,
    unread: Cow<'a, [Unread]>,
    prices: Cow<'a, [PriceUse]>,
    accounts: Vec<HeaderAccount<'a>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct HeaderAccount<'a> {
    name: Cow<'a, str>,
    venue: Cow<'a, str>,
    fingerprint: Cow<'a, str>,
    types: Cow<'a, [String]>,
    registered: i64,
    complete_from: i64,
    since_opening: bool,
    gaps: Vec<[i64; 2]>,
}

/// Of which version it is, whatever else it says.
#[derive(Deserialize)]
struct Version {
    format: String,
}

/// The row as text.
pub(super) fn write(record: &Record, frame: &Frame, as_of: Timestamp) -> String {
    let Frame { environment, accounts, history_limit, cannot_see, unread, key_rights, prices } = frame;
    let Parameters { periods_per_year, risk_free_annual, mar_annual } = record.parameters;
    let described = record.accounts.iter().filter_map(|(name, account)| {
        let record::Account { registered, complete_from, since_opening, gaps, observations: _ } = account;
        let Account { venue, fingerprint, types } = accounts.get(&**name)?;
        Some(HeaderAccount {
            name: Cow::Borrowed(name),
            venue: venue.into(),
            fingerprint: fingerprint.into(),
            types: types.into(),
            registered: registered.millis(),
            complete_from: complete_from.millis(),
            since_opening: *since_opening,
            gaps: gaps.iter().map(|Gap { from, to }| [from.millis(), to.millis()]).collect(),
        })
    });
    let header = Header {
        format: FORMAT.into(),
        environment: environment.into(),
        as_of: as_of.millis(),
        quote_currency: record.prices.quote().as_str().into(),
        benchmark: record.benchmark.as_str().into(),
        periods_per_year: format!("{periods_per_year}"),
        risk_free_annual: format!("{risk_free_annual}"),
        mar_annual: format!("{mar_annual}"),
        history_limit: history_limit.into(),
        cannot_see: cannot_see.into(),
        key_rights: key_rights.into(),
        unread: unread.into(),
        prices: prices.into(),
        accounts: described.collect(),
    };
    // Texts and whole numbers always serialise.
    serde_json::to_string(&header).unwrap_or_default()
}

/// What the row says: an empty record, what stands around it, and its instant.
pub(super) fn read(line: &str) -> Result<(Frame, Record, Timestamp), Defect> {
    let version: Version = serde_json::from_str(line).map_err(|_| Defect::Foreign)?;
    if version.format != FORMAT {
        let ours = version.format.starts_with("perfagg-ledger/");
        return Err(if ours { Defect::Version } else { Defect::Foreign });
    }
    let header: Header<'_> = serde_json::from_str(line).map_err(|_| Defect::Header)?;
    if !(EARLIEST_MS..=LATEST_MS).contains(&header.as_of) {
        return Err(Defect::Element("as_of", Flaw::OutOfTime));
    }
    if header.accounts.len() > ACCOUNTS_MAX {
        return Err(Defect::TooManyAccounts);
    }
    let benchmark = name("benchmark", &header.benchmark)?;
    let mut record = Record::new(name("quote_currency", &header.quote_currency)?, benchmark);
    record.parameters = Parameters {
        periods_per_year: ratio("periods_per_year", &header.periods_per_year)?,
        risk_free_annual: ratio("risk_free_annual", &header.risk_free_annual)?,
        mar_annual: ratio("mar_annual", &header.mar_annual)?,
    };
    if record.parameters.periods_per_year <= 0.0 {
        return Err(Defect::Element("periods_per_year", Flaw::NotAboveZero));
    }
    let mut accounts = BTreeMap::new();
    for HeaderAccount { name, venue, fingerprint, types, registered, complete_from, since_opening, gaps } in
        header.accounts
    {
        let last = accounts.last_key_value();
        if last.is_some_and(|(last, _): (&String, _)| **last >= *name) {
            return Err(Defect::Element("accounts", Flaw::Order));
        }
        let account = record::Account {
            registered: Timestamp::from_millis(registered),
            complete_from: Timestamp::from_millis(complete_from),
            since_opening,
            gaps: gaps.into_iter().map(gap).collect::<Result<_, _>>()?,
            observations: Vec::new(),
        };
        record.accounts.insert(Arc::from(&*name), account);
        let (venue, fingerprint) = (venue.into_owned(), fingerprint.into_owned());
        accounts.insert(name.into_owned(), Account { venue, fingerprint, types: types.into_owned() });
    }
    let frame = Frame {
        environment: header.environment.into_owned(),
        accounts,
        history_limit: header.history_limit.into_owned(),
        cannot_see: header.cannot_see.into_owned(),
        unread: header.unread.into_owned(),
        key_rights: header.key_rights.into_owned(),
        prices: header.prices.into_owned(),
    };
    Ok((frame, record, Timestamp::from_millis(header.as_of)))
}

/// Whether something may have happened at an instant of a file of `as_of`.
pub(super) fn in_time(at_ms: i64, as_of: Timestamp) -> bool {
    (EARLIEST_MS..=as_of.millis().saturating_add(AHEAD_MS_MAX)).contains(&at_ms)
}

fn name(element: &'static str, text: &str) -> Result<Asset, Defect> {
    match text.len() {
        0 => Err(Defect::Element(element, Flaw::Empty)),
        1..=TEXT_BYTES_MAX => Ok(Asset::from(text)),
        _ => Err(Defect::Element(element, Flaw::TooLong)),
    }
}

/// The one text of a finite double, or nothing: other texts of it would not be written again as they were read.
fn ratio(element: &'static str, text: &str) -> Result<f64, Defect> {
    let value = text.parse::<f64>().ok().filter(|value| value.is_finite() && value.to_string() == text);
    value.ok_or(Defect::Element(element, Flaw::NotA("a number in its shortest form")))
}

fn gap([from, to]: [i64; 2]) -> Result<Gap, Defect> {
    let (from, to) = (Timestamp::from_millis(from), Timestamp::from_millis(to));
    if from <= to { Ok(Gap { from, to }) } else { Err(Defect::Element("gaps", Flaw::Order)) }
}
