//! Several files, one record: accounts that were exported apart are counted together (DESIGN.md sections 3 and 5).

use super::{AHEAD_MS_MAX, LedgerFile};
use crate::{api::PriceUse, statement::Frame};
use alloc::{
    collections::{BTreeMap, BTreeSet},
    string::{String, ToString as _},
    sync::Arc,
    vec::Vec,
};
use core::fmt;
use ledger::{Day, Fill, Known, LedgerError, Line, Price, PriceSource, Timestamp, record::Record};

/// Why files do not make one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MergeError {
    /// There is no file.
    Nothing,
    /// They differ in what must be one; this is what.
    Differ(&'static str),
    /// One account is in two of them: its venue and fingerprint.
    AccountTwice(String, String),
    /// The ledger refuses them together.
    Ledger(LedgerError),
}

impl fmt::Display for MergeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("there is no file"),
            Self::Differ(what) => write!(f, "the files are of different {what}: one record has one"),
            Self::AccountTwice(venue, fingerprint) => write!(
                f,
                "the account {} at {} is in two files: it would count twice",
                fingerprint.escape_debug(),
                venue.escape_debug()
            ),
            Self::Ledger(error) => write!(f, "the files contradict each other: {error}"),
        }
    }
}

impl core::error::Error for MergeError {}

/// One record of the accounts of all files, whatever their order. One file is its own record.
///
/// Files are seldom of one instant. What is known of all of them is known up to the earliest: the figures are made for the
/// last midnight before it, whose prices every file has.
///
/// # Errors
/// If they do not belong together; nothing is left out silently.
pub fn merge(mut files: Vec<LedgerFile>) -> Result<LedgerFile, MergeError> {
    let of_accounts = |file: &LedgerFile| -> Vec<(String, String)> {
        file.frame.accounts.values().map(|one| (one.venue.clone(), one.fingerprint.clone())).collect()
    };
    files.sort_by_key(of_accounts);
    let mut seen = BTreeSet::new();
    for (venue, fingerprint) in files.iter().flat_map(of_accounts) {
        if !seen.insert((venue.clone(), fingerprint.clone())) {
            return Err(MergeError::AccountTwice(venue, fingerprint));
        }
    }
    let as_of = common_instant(&files).ok_or(MergeError::Nothing)?;
    // Every fill was held against the instant of its own file.
    let latest = files.iter().map(|file| file.as_of).max().unwrap_or(as_of);
    let latest = Timestamp::from_millis(latest.millis().saturating_add(AHEAD_MS_MAX));
    let mut files = files.into_iter();
    let mut all = files.next().ok_or(MergeError::Nothing)?;
    let mut prices = Uses::default();
    prices.add(&all.frame.prices);
    for LedgerFile { frame, record, as_of: _ } in files {
        same(&all, &frame, &record)?;
        let names = join_frame(&mut all, frame, &mut prices);
        join_record(&mut all.record, record, latest, &names)?;
    }
    all.frame.prices = prices.all();
    all.as_of = as_of;
    Ok(all)
}

/// The instant of the files if it is one; else the last midnight before the earliest.
fn common_instant(files: &[LedgerFile]) -> Option<Timestamp> {
    let earliest = files.iter().map(|file| file.as_of).min()?;
    let one = files.iter().all(|file| file.as_of == earliest);
    Some(if one { earliest } else { Day::of(earliest).start() })
}

fn same(all: &LedgerFile, frame: &Frame, record: &Record) -> Result<(), MergeError> {
    for (what, one) in [
        ("environments", all.frame.environment == frame.environment),
        ("quote currencies", all.record.prices.quote() == record.prices.quote()),
        ("benchmarks", all.record.benchmark == record.benchmark),
        ("parameters of returns", all.record.parameters == record.parameters),
    ] {
        if !one {
            return Err(MergeError::Differ(what));
        }
    }
    Ok(())
}

/// The new name of each account: its own, unless another has it already.
type Names = BTreeMap<String, Arc<str>>;

fn join_frame(all: &mut LedgerFile, frame: Frame, uses: &mut Uses) -> Names {
    let Frame { environment: _, accounts, history_limit, cannot_see, unread, key_rights, prices } = frame;
    let mut names = Names::new();
    for (name, account) in accounts {
        let taken = |name: &str| all.frame.accounts.contains_key(name);
        let mut free = name.clone();
        while taken(&free) {
            free = [free.as_str(), account.fingerprint.as_str()].join(" ");
        }
        names.insert(name, Arc::from(free.as_str()));
        all.frame.accounts.insert(free, account);
    }
    for (words, more) in
        [(&mut all.frame.history_limit, history_limit), (&mut all.frame.key_rights, key_rights)]
    {
        if !words.split("; ").any(|said| said == more) {
            words.push_str("; ");
            words.push_str(&more);
        }
    }
    for words in cannot_see {
        if !all.frame.cannot_see.contains(&words) {
            all.frame.cannot_see.push(words);
        }
    }
    let missing: BTreeSet<_> = all.frame.unread.drain(..).chain(unread).collect();
    all.frame.unread = missing.into_iter().collect();
    uses.add(&prices);
    names
}

fn join_record(all: &mut Record, record: Record, now: Timestamp, names: &Names) -> Result<(), MergeError> {
    let Record { aggregator, lines, accounts, prices, benchmark: _, parameters: _ } = record;
    let named = |name: &Arc<str>| names.get(&**name).map_or_else(|| Arc::clone(name), Arc::clone);
    for instrument in aggregator.instruments() {
        all.aggregator.add_instrument(instrument.clone()).map_err(MergeError::Ledger)?;
    }
    let fills = aggregator.fills().map(|fill| Fill { account: named(&fill.account), ..fill });
    all.aggregator.apply(fills.collect(), now).map_err(MergeError::Ledger)?;
    let lines = lines.iter().map(|line| Line { account: named(&line.account), ..line.clone() });
    all.lines.apply(lines.collect()).map_err(MergeError::Ledger)?;
    all.accounts.extend(accounts.into_iter().map(|(name, account)| (named(&name), account)));
    for (asset, day, found) in prices.days() {
        if let Some(found) = better(found, all.prices.day(asset, day)) {
            all.prices.learn_day(asset.clone(), day, found);
        }
    }
    for (asset, at, found) in prices.minutes() {
        if let Some(found) = better(found, all.prices.at(asset, at)) {
            all.prices.learn_at(asset.clone(), at, found);
        }
    }
    Ok(())
}

/// What another file knows of a price, if nothing is known yet, or only that the venue of this one has none.
fn better(found: Option<(Price, &PriceSource)>, known: Known) -> Option<Option<(Price, PriceSource)>> {
    let told = found.map(|(price, source)| (price, source.clone()));
    match known {
        Known::Unasked => Some(told),
        Known::Absent => told.map(Some),
        Known::At(_) => None,
    }
}

/// Uses of prices, added up by source.
#[derive(Default)]
struct Uses(BTreeMap<(String, String, Vec<String>, String), u64>);

impl Uses {
    fn add(&mut self, uses: &[PriceUse]) {
        for PriceUse { asset, quote, path, interval, fills } in uses {
            let key = (asset.clone(), quote.clone(), path.clone(), interval.to_string());
            let count = self.0.entry(key).or_default();
            *count = count.saturating_add(*fills);
        }
    }

    fn all(self) -> Vec<PriceUse> {
        let uses = self.0.into_iter();
        uses.map(|((asset, quote, path, interval), fills)| PriceUse { asset, quote, path, interval, fills })
            .collect()
    }
}
