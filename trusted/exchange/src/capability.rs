//! What is told of a venue before anybody hands in a key of it: what is read and where, how far back and why, what stays unseen,
//! which keys are taken and which addresses ask. A venue's own facts stand in its folder (`<venue>/capability.rs`); answers,
//! documents and the coverage of accounts are made of them, so that all say the same. What is not confirmed by a document of
//! the venue's is marked: [`Note::sure`].
//!
//! Tests hold it to the code: every call that stands here can be made, and of a venue whose accounts can be registered the
//! calls are those that its connector makes, no more and no less.

mod told;
#[cfg(test)]
mod tests;

pub use told::exchanges;

use crate::{Method, Sandbox, Venue, binance, dialects};

/// What a list, or a state, of a venue tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// What the key may do.
    KeyRights,
    /// Which account it is a key of.
    AccountId,
    /// Which other accounts the same user has.
    SubAccounts,
    /// Which symbols the account ever traded.
    Symbols,
    /// Executions.
    Fills,
    /// What is held.
    Balances,
    /// Open contracts.
    Positions,
    /// What came in.
    Deposits,
    /// What went out.
    Withdrawals,
    /// What moved between accounts of one user.
    Transfers,
    /// Assets that were turned into others outside the order book, and what earns: conversions, dust, earn.
    Conversions,
    /// Funding and interest.
    Funding,
    /// What things are that are traded.
    Instruments,
    /// Candles.
    Klines,
    /// The venue's clock.
    Time,
}

impl Subject {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 15] = [
        Self::KeyRights,
        Self::AccountId,
        Self::SubAccounts,
        Self::Symbols,
        Self::Fills,
        Self::Balances,
        Self::Positions,
        Self::Deposits,
        Self::Withdrawals,
        Self::Transfers,
        Self::Conversions,
        Self::Funding,
        Self::Instruments,
        Self::Klines,
        Self::Time,
    ];

    /// Its name in answers.
    pub fn name(self) -> &'static str {
        match self {
            Self::KeyRights => "key_rights",
            Self::AccountId => "account_id",
            Self::SubAccounts => "sub_accounts",
            Self::Symbols => "symbols",
            Self::Fills => "fills",
            Self::Balances => "balances",
            Self::Positions => "positions",
            Self::Deposits => "deposits",
            Self::Withdrawals => "withdrawals",
            Self::Transfers => "transfers",
            Self::Conversions => "conversions",
            Self::Funding => "funding",
            Self::Instruments => "instruments",
            Self::Klines => "klines",
            Self::Time => "time",
        }
    }
}

/// A fact in words.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// The words.
    pub words: &'static str,
    /// Of which account types; none: of all.
    pub accounts: &'static [&'static str],
    /// A document of the venue's confirms it.
    pub sure: bool,
}

/// A fact of all accounts.
pub(crate) const fn note(words: &'static str) -> Note {
    Note { words, accounts: &[], sure: true }
}

impl Note {
    /// Of these account types alone.
    pub(crate) const fn of(self, accounts: &'static [&'static str]) -> Self {
        Self { accounts, ..self }
    }

    /// No document at hand confirms it.
    pub(crate) const fn unsure(self) -> Self {
        Self { sure: false, ..self }
    }

    /// The words, with the mark where it is not confirmed.
    pub fn told(&self) -> String {
        if self.sure { self.words.to_owned() } else { format!("{} (?)", self.words) }
    }

    /// Whether it is of one of these account types.
    fn concerns(&self, accounts: &[&str]) -> bool {
        self.accounts.is_empty() || self.accounts.iter().any(|own| accounts.contains(own))
    }
}

/// Where something is read.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// What it tells.
    pub subject: Subject,
    /// The same in words, as `reads` has it.
    pub words: &'static str,
    /// Of which account types; none: of all.
    pub accounts: &'static [&'static str],
    /// The calls, each by its path, with its host before it where two hosts have the path.
    pub calls: &'static [&'static str],
    /// Parameters that say which of all that a call tells is meant.
    pub asks: &'static str,
    /// How far back it reaches, and why.
    pub reach: &'static str,
    /// The longest window and the longest page.
    pub page: &'static str,
    /// A document of the venue's confirms all this.
    pub sure: bool,
}

/// Something that is told by these calls, of all accounts, as it is now.
pub(crate) const fn source(subject: Subject, words: &'static str, calls: &'static [&'static str]) -> Source {
    Source { subject, words, accounts: &[], calls, asks: "", reach: "", page: "", sure: true }
}

impl Source {
    /// Of these account types alone.
    pub(crate) const fn of(self, accounts: &'static [&'static str]) -> Self {
        Self { accounts, ..self }
    }

    /// How far back, and why.
    pub(crate) const fn reach(self, reach: &'static str) -> Self {
        Self { reach, ..self }
    }

    /// Windows and pages.
    pub(crate) const fn page(self, page: &'static str) -> Self {
        Self { page, ..self }
    }

    /// Parameters.
    pub(crate) const fn asks(self, asks: &'static str) -> Self {
        Self { asks, ..self }
    }

    /// No document at hand confirms it.
    pub(crate) const fn unsure(self) -> Self {
        Self { sure: false, ..self }
    }
}

/// What the credentials of a registration are at a venue.
#[derive(Clone, Copy, Debug)]
pub struct CredentialWords {
    /// `apiKey`.
    pub api_key: &'static str,
    /// `secret`.
    pub secret: &'static str,
    /// `passphrase`, where the venue has one.
    pub passphrase: Option<&'static str>,
}

/// Whether a venue says what a key may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RightsTold {
    /// It does: a key that can do more than read is refused.
    Told,
    /// It does not: keys are shown as undecided, never as read-only.
    Undecided,
}

/// All facts of a venue.
#[derive(Clone, Copy, Debug)]
pub struct Capability {
    /// As its users know it.
    pub title: &'static str,
    /// The account types that are read of a registered account; none where none can be registered.
    pub account_types: &'static [&'static str],
    /// Those whose signer and parser are there, and nothing reads them yet.
    pub only_spoken: &'static [&'static str],
    /// The currency in which totals are given: the venue's main stablecoin, or its dollar.
    pub quote_currency: &'static str,
    /// The venue's test system, if it has one.
    pub sandbox: Option<Note>,
    /// Those whose accounts can be registered, in the order in which a key is tried there.
    pub sandboxes: &'static [Sandbox],
    /// What a registration hands in.
    pub credentials: CredentialWords,
    /// Whether it tells what a key may do.
    pub rights: RightsTold,
    /// How that is judged.
    pub rights_words: Note,
    /// What is read, and where.
    pub sources: &'static [Source],
    /// How far back an account's history reaches, and why.
    pub history: &'static [Note],
    /// What an account may hold or do unseen.
    pub cannot_see: &'static [Note],
    /// What the venue allows to be asked.
    pub budgets: &'static [Note],
    /// What binding a key to addresses comes to.
    pub addresses: &'static [Note],
}

/// Of a venue, by the name that registrations use.
pub fn capability(venue: &str) -> Option<&'static Capability> {
    capabilities().find(|(name, _)| *name == venue).map(|(_, capability)| capability)
}

/// Of all venues, by their names.
pub fn capabilities() -> impl Iterator<Item = (&'static str, &'static Capability)> {
    dialects::DIALECTS.iter().map(|(name, _, capability)| (*name, *capability))
}

/// A call: method, host, path.
pub type Call = (Method, &'static str, &'static str);

/// Every call that can be made of a venue, once.
pub(crate) fn calls_of(venue: &str) -> Vec<Call> {
    let spoken = dialects::dialect(venue).map_or(&[][..], |dialect| dialect.calls());
    let mut calls = spoken.to_vec();
    // Its connector is older than its dialect, and asks on its own.
    if venue == Venue::Binance.name() {
        calls.extend(binance::ALLOWED.map(|(method, path)| (method, binance::HOST, path)));
    }
    calls.sort_unstable();
    calls.dedup();
    calls
}

impl Capability {
    /// Whether the connector reads this, or there are a signer and a parser for it and no more.
    pub fn is_read(&self, source: &Source) -> bool {
        let mut own = source.accounts.iter();
        match source.accounts {
            [] => !self.account_types.is_empty(),
            _ => own.any(|account| self.account_types.contains(account)),
        }
    }

    /// What is read, in words.
    pub fn reads(&self) -> Vec<&'static str> {
        let mut words = Vec::new();
        for source in self.sources.iter().filter(|source| self.is_read(source)) {
            if !words.contains(&source.words) {
                words.push(source.words);
            }
        }
        words
    }

    /// How far back the history of such an account reaches, and why.
    pub fn history_limit(&self, accounts: &[&str]) -> String {
        let notes = self.history.iter().filter(|note| note.concerns(accounts));
        let told: Vec<String> = notes
            .map(|note| match note.accounts {
                // One account needs no name.
                own if accounts.len() > 1 && !own.is_empty() => {
                    format!("{}: {}", own.join(", "), note.told())
                }
                _ => note.told(),
            })
            .collect();
        told.join("; ")
    }

    /// What such an account may hold or do unseen: what the venue hides, and what it was not registered for.
    pub fn unseen(&self, accounts: &[&str]) -> Vec<String> {
        let mut unseen: Vec<String> =
            self.cannot_see.iter().filter(|note| note.concerns(accounts)).map(Note::told).collect();
        let left_out: Vec<&str> =
            self.account_types.iter().copied().filter(|own| !accounts.contains(own)).collect();
        if !left_out.is_empty() {
            unseen.push(format!("{}: the account was not registered for this", left_out.join(", ")));
        }
        unseen
    }

    /// The hosts that are asked, by a connector where there is one.
    pub fn hosts(&self, venue: &str) -> Vec<&'static str> {
        let registrable = !self.account_types.is_empty();
        let asked = self.sources.iter().filter(|source| !registrable || self.is_read(source));
        let mut hosts: Vec<&str> =
            asked.flat_map(|source| source.calls_at(venue)).map(|(_, host, _)| host).collect();
        hosts.sort_unstable();
        hosts.dedup();
        hosts
    }
}

impl Source {
    /// Its calls, as the venue's table has them.
    pub fn calls_at(&self, venue: &str) -> Vec<Call> {
        self.calls.iter().flat_map(|name| called(venue, name)).collect()
    }
}

/// The calls of a venue that have this path, or host and path.
fn called(venue: &str, name: &str) -> Vec<Call> {
    let named =
        |(_, host, path): &Call| *path == name || name.strip_prefix(host).is_some_and(|rest| rest == *path);
    calls_of(venue).into_iter().filter(named).collect()
}
