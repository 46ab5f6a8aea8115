//! Envelope, then call: what a sealed call asks, and who may ask it.
//!
//! Credentials exist in three places only: the opened plaintext, which is wiped when this module is done with it, the lease,
//! which is wiped when it ends, and the signed request on its way to the venue. Not here: registration (`register.rs`).

pub(crate) mod register;

pub(crate) use register::judge;

use crate::{
    erase, events::Listener, failure::Failure, holder::Signed, lease, publish, service::Service,
    session::Session,
};
use ledger::Timestamp;
use protocol::{
    AnswerSealer, Code, Envelope, Route,
    api::{self, EventsCall, HolderCall, LedgerCall, SessionCall},
    limits, rfc3339,
    signed::{Message, SignedAnswer, Tag},
    wire,
};
use std::sync::Arc;
use zeroize::Zeroizing;

/// An envelope that opened: it will not open again.
pub(crate) struct Opened {
    /// What it calls.
    pub(crate) route: Route,
    /// The keys that it was sealed to.
    keyset_hash: [u8; 64],
    /// The inner body, without the signature of a holder.
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// That signature, if there is one.
    pub(crate) signed: Option<Signed>,
    /// Seals the answer.
    pub(crate) sealer: AnswerSealer,
}

/// Opens a sealed call: parse, time, keys, seal, and last the one use, so that only the holder of the envelope
/// can use it up.
pub(crate) async fn open(service: &Service, body: &[u8]) -> Result<Opened, Failure> {
    let envelope = Envelope::parse(body)?;
    let (now, header) = (service.clock.now(), envelope.header);
    let now_s = u64::try_from(now.seconds()).unwrap_or(0);
    let epoch = service.identity.epoch(&header.keyset_hash, now)?;
    if header.expires_at < now_s || header.expires_at - now_s > limits::ENVELOPE_LIFE_S_MAX {
        return Err(Code::EnvelopeExpired.into());
    }
    let (body, sealer) = envelope.open(&epoch.key)?;
    service.used_envelopes.insert(header.envelope_id, header.expires_at, now)?;
    let store = service.vault.store();
    if store.is_shared() && !store.use_envelope(header.envelope_id, header.expires_at).await? {
        return Err(Code::EnvelopeReplayed.into());
    }
    let (body, signed) = Signed::split(header.envelope_id, body);
    Ok(Opened { route: header.route, keyset_hash: header.keyset_hash, body, signed, sealer })
}

/// Does what an opened call asks. The answer's status and body.
pub(crate) async fn call(service: &Arc<Service>, opened: &Opened) -> Result<(u16, Vec<u8>), Failure> {
    let Opened { route, keyset_hash, body, signed, sealer: _ } = opened;
    let (now, holder) = (service.clock.now(), signed.as_ref());
    let (body, nonce) = match route {
        Route::Register => {
            let opened = register::register(service, parsed(body)?, holder, keyset_hash).await?;
            return Ok((201, publish::encode(&opened)));
        }
        Route::Ledger => {
            let LedgerCall { session_id, after, revision, checkpoint } = parsed(body)?;
            let session = session(service, session_id.expose(), holder, now).await?;
            let account = service.accounts.get(session.terms.account, now).await?;
            publish::checkpoint(service, &session, &account, checkpoint.as_ref(), now).await?;
            (publish::ledger(service, &session, after.as_deref(), revision, now).await?, None)
        }
        Route::Summary | Route::Metrics | Route::Revoke => {
            let SessionCall { session_id, sign, checkpoint } = parsed(body)?;
            let session = session(service, session_id.expose(), holder, now).await?;
            let seen = checkpoint.as_ref();
            let body = match route {
                Route::Summary => publish::summary(service, &session, seen, now).await?,
                Route::Metrics => publish::metrics(service, &session, seen, now).await?,
                _ => revoke(service, &session).await?,
            };
            (body, sign)
        }
        Route::Sessions | Route::Erase => {
            let HolderCall { holder_key, sign } = parsed(body)?;
            let record = of_holder(service, &holder_key, holder)?;
            let body = match route {
                Route::Sessions => sessions(service, record, now).await?,
                _ => erase::erase(service, record, now).await?,
            };
            (body, sign)
        }
        // It is answered piece by piece.
        Route::Events => return Err(Code::Internal.into()),
    };
    match nonce {
        None => Ok((200, body)),
        Some(nonce) => Ok((200, signed_answer(service, *route, &nonce, body, now)?)),
    }
}

/// The open session of an id, if the caller may read it: with a holder key, a stolen id is useless.
async fn session(
    service: &Service,
    id: &str,
    signed: Option<&Signed>,
    now: Timestamp,
) -> Result<Arc<Session>, Failure> {
    let session = service.sessions.find(id, now).await?;
    match (&session.terms.holder, signed) {
        (Some((public, _)), Some(signed)) if signed.is_by(public) => Ok(session),
        (None, None) => Ok(session),
        // A signature that nobody asked for is no harm.
        (None, Some(_)) => Ok(session),
        (Some(_), _) => Err(Code::SessionUnknown.into()),
    }
}

/// The key of a record whose holder signed the call.
fn of_holder(service: &Service, public: &str, signed: Option<&Signed>) -> Result<[u8; 32], Failure> {
    let public: Option<[u8; 32]> = wire::decode_array(public);
    match (public, signed) {
        (Some(public), Some(signed)) if signed.is_by(&public) => Ok(service.holders.key(&public)),
        _ => Err(Failure::new(
            Code::SessionUnknown,
            "The call is not signed by the holder key that it names. Sign it as docs/protocol.md says.",
        )),
    }
}

async fn sessions(service: &Service, record: [u8; 32], now: Timestamp) -> Result<Vec<u8>, Failure> {
    let Some((record, _)) = service.holders.get(&record).await? else {
        return Ok(publish::encode(&api::HeldSessions { sessions: Vec::new(), record: None }));
    };
    let mut sessions = Vec::new();
    for key in record.sessions.iter().rev() {
        if let Some(session) = service.sessions.get(*key).await? {
            sessions.push(session.held(now));
        }
    }
    Ok(publish::encode(&api::HeldSessions { sessions, record: record.held() }))
}

/// The answer with a signature that somebody else can judge later. Its path names no session.
fn signed_answer(
    service: &Service,
    route: Route,
    nonce: &str,
    body: Vec<u8>,
    now: Timestamp,
) -> Result<Vec<u8>, Failure> {
    let is_nonce = (1..=limits::NONCE_CHARS_MAX).contains(&nonce.len());
    if !is_nonce || !nonce.bytes().all(|byte| byte.is_ascii_graphic()) {
        let detail = "sign takes a nonce of 1 to 128 visible ASCII characters.";
        return Err(Failure::new(Code::EnvelopeMalformed, detail));
    }
    let (method, path) = route.as_str().split_once(' ').ok_or(Code::Internal)?;
    let message = Message { status: 200, method, path, nonce: Some(nonce), body: &body };
    let tag = if matches!(route, Route::Revoke | Route::Erase) { Tag::Receipt } else { Tag::Answer };
    let headers = service.identity.signed(&message, tag, now);
    let text = core::str::from_utf8(&body).map_err(|_| Code::Internal)?;
    Ok(publish::encode(&SignedAnswer::new(&message, headers, text.to_owned())))
}

/// Lets in who wants to hear events.
pub(crate) async fn listen(service: &Service, opened: &Opened) -> Result<Listener, Failure> {
    let EventsCall { session_id, after } = parsed(&opened.body)?;
    let now = service.clock.now();
    let session = session(service, session_id.expose(), opened.signed.as_ref(), now).await?;
    let account = service.accounts.get(session.terms.account, now).await?;
    Listener::admit(service, session, account, after)
}

/// Ends a session: polling stops and the key is wiped before the receipt is made.
pub(crate) async fn revoke(service: &Arc<Service>, session: &Session) -> Result<Vec<u8>, Failure> {
    let now = service.clock.now();
    let account = session.terms.account;
    // The key first: it is gone whatever the store says.
    service.polls.end(service, &account, &session.key).await;
    let lease = lease::row_key(&account, &session.key);
    service.sessions.revoke(session, &lease).await.map_err(|error| {
        tracing::error!(%error, "a revocation could not be written");
        Failure::new(
            Code::StoreUnavailable,
            "Polling stopped here and the key was wiped from memory, but it could not be written down. Revoke again when \
             the service answers, and delete the key at the exchange now.",
        )
        .retry_after(limits::STORE_RETRY_S)
    })?;
    tracing::info!("a session was revoked");
    Ok(publish::encode(&api::Revoked {
        revoked: true,
        at: rfc3339(now),
        note: "Polling stopped, the key was wiped from the enclave's memory and store. Only deleting the key at the exchange \
               is final."
            .to_owned(),
    }))
}

/// serde's messages may quote input; they are not passed on.
fn parsed<'a, T: serde::Deserialize<'a>>(body: &'a [u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|_| {
        Failure::new(
            Code::EnvelopeMalformed,
            "The body inside the envelope is not what the route takes: a field is missing, unknown or of the wrong type.",
        )
    })
}
