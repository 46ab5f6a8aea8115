//! Holders at the imitation: it judges signatures as the enclave does, and gives nothing to whoever lacks one.

use super::{NOW, opened as session_opened, refuses, result_key, signed, well};
use ed25519_dalek::{Signature, VerifyingKey};
use ledger::Timestamp;
use protocol::{Code, Route, api, holder, rfc3339, signed::Tag, wire};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Which sessions answer only what a holder signed.
#[derive(Default)]
pub(crate) struct Holders {
    sessions: BTreeMap<String, String>,
    /// Who signed each call that was admitted, in their order.
    pub(crate) signed: Vec<(Route, Option<String>)>,
    seen: BTreeSet<[u8; 64]>,
}

impl Holders {
    /// What a call says without its signature, if whoever may make it did.
    pub(crate) fn admit(&mut self, route: Route, envelope_id: &[u8; 16], body: &[u8]) -> Result<Value, Code> {
        let (body, signature) = match holder::split(body) {
            Some((body, signature)) => (body, Some(signature)),
            None => (body.to_vec(), None),
        };
        is_of_the_form(route, &body).ok_or(Code::EnvelopeMalformed)?;
        let call: Value = serde_json::from_slice(&body).map_err(|_| Code::EnvelopeMalformed)?;
        let key = match route {
            Route::Register => call["holderKey"].as_str().map(str::to_owned),
            Route::Sessions | Route::Erase => Some(call["holder_key"].as_str().unwrap().to_owned()),
            _ => self.sessions.get(call["session_id"].as_str().unwrap()).cloned(),
        };
        let refused = if route == Route::Register { Code::EnvelopeMalformed } else { Code::SessionUnknown };
        match (&key, signature) {
            (None, None) => {}
            (Some(key), Some(signature)) => {
                let key = VerifyingKey::from_bytes(&wire::decode_array(key).ok_or(refused)?);
                let signed = holder::signed_bytes(envelope_id, &body);
                let judged =
                    key.and_then(|key| key.verify_strict(&signed, &Signature::from_bytes(&signature)));
                judged.map_err(|_| refused)?;
                assert!(self.seen.insert(signature), "a signature is of one envelope");
            }
            _ => return Err(refused),
        }
        self.signed.push((route, key));
        Ok(call)
    }

    /// Remembers whose a session is.
    pub(crate) fn note(&mut self, route: Route, call: &Value, status: u16, answer: &Value) {
        if let (Route::Register, 201, Some(id)) = (route, status, answer["session_id"].as_str()) {
            match call["holderKey"].as_str() {
                Some(key) => self.sessions.insert(id.to_owned(), key.to_owned()),
                None => self.sessions.remove(id),
            };
        }
    }
}

/// A call with a member too many, or too few, is none.
fn is_of_the_form(route: Route, body: &[u8]) -> Option<()> {
    let read = match route {
        Route::Register => serde_json::from_slice::<api::Registration>(body).ok()?.defect().is_none(),
        Route::Summary | Route::Metrics | Route::Revoke => {
            serde_json::from_slice::<api::SessionCall>(body).is_ok()
        }
        Route::Ledger => serde_json::from_slice::<api::LedgerCall>(body).is_ok(),
        Route::Events => serde_json::from_slice::<api::EventsCall>(body).is_ok(),
        Route::Sessions | Route::Erase => serde_json::from_slice::<api::HolderCall>(body).is_ok(),
    };
    read.then_some(())
}

/// The answer to a registration: with the record, if it names a holder.
pub(crate) fn opened(call: &Value) -> Value {
    let mut opened = session_opened();
    if let Some(lease_s) = call["leaseSeconds"].as_u64() {
        let until = i64::try_from((NOW + lease_s) * 1000).unwrap();
        opened["lease_until"] = rfc3339(Timestamp::from_millis(until)).into();
    }
    if call["holderKey"].is_string() {
        opened["record"] = record();
    }
    opened
}

fn record() -> Value {
    json!({
        "began": "2026-11-02T08:00:00Z", "record_restarted_at": null,
        "accounts": [{ "account": session_opened()["account"], "registered": "2026-11-24T12:00:00Z" }],
    })
}

/// Two sessions of a holder, and the record.
pub(crate) fn sessions() -> Value {
    let account = session_opened()["account"].take();
    json!({
        "sessions": [
            {
                "session": "9Fq3aZ0k", "account": account, "label": "main", "created": "2026-11-24T12:00:00Z",
                "last_used": "2026-11-24T12:00:00Z", "expires": "2026-11-25T12:00:00Z",
                "lease_until": "2027-02-22T12:00:00Z", "state": "open",
            },
            {
                "session": "p01XcVb7", "account": account, "label": null, "created": "2026-11-22T12:00:00Z",
                "last_used": null, "expires": "2026-11-23T12:00:00Z", "lease_until": null, "state": "expired",
            },
        ],
        "record": record(),
    })
}

/// The receipt of an erasure.
pub(crate) fn erased() -> Value {
    json!({
        "erased": true, "at": "2026-11-24T12:00:09Z", "accounts": 1, "sessions": 1,
        "note": "The record is gone. Only deleting the keys at the exchange is final.",
    })
}

/// An enclave where all is well, which signs what is asked for signed.
pub(crate) fn vouching(route: Route, call: &Value) -> (u16, Value) {
    let (status, answer) = well(route, call);
    (status, vouched(route, call, answer))
}

/// The same, whose store is at this checkpoint.
pub(crate) fn dated(seq: u64, root: u8) -> impl FnMut(Route, &Value) -> (u16, Value) + Send + 'static {
    move |route, call| {
        let (status, mut answer) = well(route, call);
        if matches!(route, Route::Register | Route::Summary | Route::Metrics) {
            answer["checkpoint"] = checkpoint(seq, root);
        }
        (status, vouched(route, call, answer))
    }
}

/// The same, whose store went through these states one after the other and is at the last: it judges what a caller saw as the
/// enclave does, and refuses who saw another.
pub(crate) fn grown(roots: &'static [u8]) -> impl FnMut(Route, &Value) -> (u16, Value) + Send + 'static {
    let mut last = dated(roots.len() as u64, *roots.last().unwrap());
    move |route, call| {
        let was = |seen: &Value| {
            let seq = usize::try_from(seen["seq"].as_u64().unwrap()).unwrap();
            roots.get(seq - 1).is_some_and(|root| *seen == checkpoint(seq as u64, *root))
        };
        match call.get("checkpoint") {
            Some(seen) if !was(seen) => refuses(Code::StateRolledBack),
            _ => last(route, call),
        }
    }
}

fn vouched(route: Route, call: &Value, answer: Value) -> Value {
    let tag = if matches!(route, Route::Revoke | Route::Erase) { Tag::Receipt } else { Tag::Answer };
    let signs = call["sign"].is_string();
    if signs { signed(&result_key(), tag, route, call, &answer) } else { answer }
}

/// A checkpoint of a store.
pub(crate) fn checkpoint(seq: u64, root: u8) -> Value {
    json!({ "seq": seq, "root": wire::encode(&[root; 32]), "anchored": false })
}
