//! A venue's facts as JSON: what `GET /exchanges` answers, and what documents and the command are made of.

use super::{Capability, Note, RightsTold, Source, capabilities};
use crate::{Method, Sandbox};
use serde_json::{Value, json};

/// All venues: those whose accounts can be registered, and those that are only spoken.
pub fn exchanges() -> Value {
    let (registrable, others): (Vec<_>, Vec<_>) =
        capabilities().partition(|(_, capability)| !capability.account_types.is_empty());
    let told = |venues: Vec<(&'static str, &'static Capability)>| -> Vec<Value> {
        venues.into_iter().map(|(name, capability)| capability.told(name)).collect()
    };
    json!({ "exchanges": told(registrable), "not_registrable": told(others) })
}

impl Capability {
    /// Its members: see `docs/protocol.md`.
    fn told(&self, venue: &str) -> Value {
        let notes = |notes: &[Note]| notes.iter().map(Note::told).collect::<Vec<_>>();
        // What is not read yet is told where nothing is.
        let of = if self.account_types.is_empty() { self.only_spoken } else { self.account_types };
        json!({
            "exchange": venue,
            "title": self.title,
            "registrable": !self.account_types.is_empty(),
            "account_types": self.account_types,
            "not_yet_account_types": self.only_spoken,
            "quote_currency": self.quote_currency,
            "sandbox": !self.sandboxes.is_empty(),
            "sandbox_note": self.sandbox.as_ref().map(Note::told),
            "sandboxes": self.sandboxes.iter().map(Sandbox::told).collect::<Vec<_>>(),
            "credentials": {
                "api_key": self.credentials.api_key,
                "secret": self.credentials.secret,
                "passphrase": self.credentials.passphrase,
            },
            "key_rights": {
                "told": self.rights == RightsTold::Told,
                "note": self.rights_words.told(),
            },
            "reads": self.reads(),
            "cannot_see": self.unseen(of),
            "history_limit": self.history_limit(of),
            "sources": self.sources.iter().map(|source| self.source(venue, source)).collect::<Vec<_>>(),
            "budgets": notes(self.budgets),
            "hosts": self.hosts(venue),
            "addresses_note": notes(self.addresses),
        })
    }

    fn source(&self, venue: &str, source: &Source) -> Value {
        let Source { subject, words, accounts, calls: _, asks, reach, page, sure } = *source;
        let calls = source.calls_at(venue).into_iter().map(|(method, host, path)| {
            let method = match method {
                Method::Get => "GET",
                Method::Post => "POST",
            };
            json!({ "method": method, "host": host, "path": path })
        });
        json!({
            "subject": subject.name(),
            "words": words,
            "account_types": accounts,
            "read": self.is_read(source),
            "calls": calls.collect::<Vec<_>>(),
            "asks": asks,
            "reach": reach,
            "page": page,
            "sure": sure,
        })
    }
}

impl Sandbox {
    /// Its members: see `docs/protocol.md`.
    fn told(&self) -> Value {
        let mut hosts: Vec<&str> = self.hosts.iter().map(|(_, here)| *here).collect();
        hosts.sort_unstable();
        json!({
            "name": self.name,
            "account_types": self.account_types,
            "hosts": hosts,
            "key_rights_told": self.tells_rights,
            "cannot_see": self.cannot_see.iter().map(Note::told).collect::<Vec<_>>(),
        })
    }
}
