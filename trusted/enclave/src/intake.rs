//! Envelope, then credentials, then session.
//!
//! Credentials exist in three places only: the opened plaintext, which is wiped when this module is done with it,
//! the connector, which is wiped when the session ends, and the signed request on its way to the venue.

use crate::{
    events::Listener,
    failure::Failure,
    poll, publish,
    service::Service,
    session::{Session, Terms},
};
use exchange::{ExchangeConnector, Finding, Task, Venue, Verdict};
use ledger::Timestamp;
use protocol::{
    AnswerSealer, Code, Credentials, Envelope, Route, Secret,
    api::{self, EventsCall, LedgerCall, Registration, SessionCall},
    limits, rfc3339,
    signed::{Message, SignedAnswer, Tag},
};
use std::sync::Arc;
use zeroize::Zeroizing;

/// An envelope that opened: it will not open again.
pub(crate) struct Opened {
    /// What it calls.
    pub(crate) route: Route,
    /// The inner body.
    pub(crate) body: Zeroizing<Vec<u8>>,
    /// Seals the answer.
    pub(crate) sealer: AnswerSealer,
}

/// Opens a sealed call: parse, time, keys, seal, and last the one use, so that only the holder of the envelope
/// can use it up.
pub(crate) fn open(service: &Service, body: &[u8]) -> Result<Opened, Failure> {
    let envelope = Envelope::parse(body)?;
    let (now, header) = (service.clock.now(), envelope.header);
    let now_s = u64::try_from(now.seconds()).unwrap_or(0);
    let epoch = service.identity.epoch(&header.keyset_hash, now)?;
    if header.expires_at < now_s || header.expires_at - now_s > limits::ENVELOPE_LIFE_S_MAX {
        return Err(Code::EnvelopeExpired.into());
    }
    let (body, sealer) = envelope.open(&epoch.key)?;
    service.used_envelopes.insert(header.envelope_id, header.expires_at, now)?;
    Ok(Opened { route: header.route, body, sealer })
}

/// Does what an opened call asks. The answer's status and body.
pub(crate) async fn call(
    service: &Arc<Service>,
    route: Route,
    body: &[u8],
) -> Result<(u16, Vec<u8>), Failure> {
    if route == Route::Register {
        let opened = register(service, parsed(body)?).await?;
        return Ok((201, publish::encode(&opened)));
    }
    let now = service.clock.now();
    if route == Route::Ledger {
        let LedgerCall { session_id, after, revision } = parsed(body)?;
        let session = service.sessions.find(session_id.expose(), now)?;
        return Ok((200, publish::ledger(&session, after.as_deref(), revision)?));
    }
    let call: SessionCall = parsed(body)?;
    let id = call.session_id.expose();
    let body = match route {
        Route::Summary => publish::summary(service, &*service.sessions.find(id, now)?, now)?,
        Route::Metrics => publish::metrics(service, &*service.sessions.find(id, now)?, now)?,
        Route::Revoke => revoke(service, id).await?,
        // Each has a body of its own and was answered before.
        Route::Register | Route::Ledger | Route::Events => return Err(Code::Internal.into()),
    };
    match &call.sign {
        None => Ok((200, body)),
        Some(nonce) => Ok((200, signed(service, route, nonce, body, now)?)),
    }
}

/// The answer with a signature that somebody else can judge later. Its path names no session.
fn signed(
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
    let tag = if route == Route::Revoke { Tag::Receipt } else { Tag::Answer };
    let headers = service.identity.signed(&message, tag, now);
    let text = core::str::from_utf8(&body).map_err(|_| Code::Internal)?;
    Ok(publish::encode(&SignedAnswer::new(&message, headers, text.to_owned())))
}

/// Lets in who wants to hear events.
pub(crate) fn listen(service: &Service, body: &[u8]) -> Result<Listener, Failure> {
    let EventsCall { session_id, after } = parsed(body)?;
    let session = service.sessions.find(session_id.expose(), service.clock.now())?;
    Listener::admit(service, session, after)
}

/// Ends a session: polling stops and the key is wiped before the receipt is made.
pub(crate) async fn revoke(service: &Service, id: &str) -> Result<Vec<u8>, Failure> {
    let now = service.clock.now();
    service.sessions.revoke(id, now).await?;
    tracing::info!("a session was revoked");
    Ok(publish::encode(&api::Revoked {
        revoked: true,
        at: rfc3339(now),
        note: "Polling stopped, the key was wiped from the enclave's memory. Only deleting the key at the exchange is final."
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

async fn register(service: &Arc<Service>, asked: Registration) -> Result<api::SessionOpened, Failure> {
    if let Some(defect) = asked.defect() {
        return Err(Failure::new(Code::EnvelopeMalformed, defect));
    }
    let venue = Venue::from_name(&asked.exchange).ok_or(Code::ExchangeUnknown)?;
    let (ttl_s, accept_trading_key, bearer) = terms(service, venue, &asked)?;
    let credentials = credentials(asked)?;
    let mut connector = venue.connector(credentials);
    let checked = check_key(service, venue, connector.as_mut()).await?;
    let trading_accepted = judge(&checked.rights, accept_trading_key)?;

    let now = service.clock.now();
    service.venue_times.check(now)?;
    let ttl_ms = i64::try_from(ttl_s).unwrap_or(0).saturating_mul(1000);
    let expires_at = Timestamp::from_millis(now.millis().saturating_add(ttl_ms));
    let account = api::Account {
        venue: venue.name().to_owned(),
        fingerprint: service
            .sessions
            .fingerprint("account", &format!("{}/{}", venue.name(), checked.account_id)),
        types: checked.types.iter().map(|kind| (*kind).to_owned()).collect(),
    };
    let terms = Terms { opened_at: now, expires_at, bearer, trading_accepted };
    let session = Session::new(terms, venue, account.clone(), checked.rights);
    let session = Arc::new(session);
    let id = service.sessions.insert(Arc::clone(&session), now)?;
    let task = tokio::spawn(poll::run(Arc::clone(service), Arc::clone(&session), connector));
    session.polled_by(task);
    tracing::info!(venue = venue.name(), "a session was opened");
    let sync = session.record().sync(now);
    Ok(api::SessionOpened {
        session_id: id.expose().to_owned(),
        expires_at: rfc3339(expires_at),
        environment: service.environment.to_owned(),
        account,
        key_rights: publish::key_rights(&checked.rights, trading_accepted),
        lease_until: rfc3339(expires_at),
        sync,
    })
}

/// What the registration asks for beside the key, if it can be had.
fn terms(service: &Service, venue: Venue, asked: &Registration) -> Result<(u64, bool, bool), Failure> {
    if asked.sandbox && !venue.has_sandbox() {
        return Err(Code::SandboxUnsupported.into());
    }
    let ttl_s = asked.ttl_seconds.unwrap_or(service.session_ttl_default_s);
    if ttl_s > service.session_ttl_max_s {
        let detail = "ttlSeconds exceeds what this enclave allows; session_ttl.max of its attested configuration tells.";
        return Err(Failure::new(Code::EnvelopeMalformed, detail));
    }
    if asked.quote_currency.as_deref().is_some_and(|currency| currency != venue.reporting_currency()) {
        let detail = "quoteCurrency: this release reports in the venue's main stablecoin only. Leave it out.";
        return Err(Failure::new(Code::EnvelopeMalformed, detail));
    }
    let readable = venue.account_types();
    if asked.account_types.iter().flatten().any(|kind| !readable.contains(&kind.as_str())) {
        let detail = "accountTypes names a type that this release does not read. GET /exchanges lists them.";
        return Err(Failure::new(Code::EnvelopeMalformed, detail));
    }
    Ok((ttl_s, asked.accept_trading_key, asked.bearer))
}

fn credentials(asked: Registration) -> Result<Credentials, Failure> {
    let Registration { api_key, secret, passphrase, .. } = asked;
    // Line ends occur in PEM keys; nothing else that cannot be seen belongs into a credential.
    let printable = |byte: u8| byte.is_ascii_graphic() || byte == b'\n' || byte == b'\r' || byte == b' ';
    let fits = |part: &Secret| {
        let text = part.expose();
        !text.trim().is_empty() && text.len() <= limits::CREDENTIAL_BYTES_MAX && text.bytes().all(printable)
    };
    let header_safe = api_key.expose().bytes().all(|byte| byte.is_ascii_graphic());
    if fits(&api_key) && header_safe && fits(&secret) && passphrase.as_ref().is_none_or(fits) {
        Ok(Credentials { api_key, secret, passphrase })
    } else {
        Err(Code::CredentialsInvalid.into())
    }
}

struct Checked {
    rights: exchange::KeyRights,
    account_id: String,
    types: Vec<&'static str>,
}

async fn check_key(
    service: &Service,
    venue: Venue,
    connector: &mut dyn ExchangeConnector,
) -> Result<Checked, Failure> {
    let (mut rights, mut account) = (None, None);
    service
        .transport
        .converse(connector, service.clock.as_ref(), Task::CheckKey, &mut |findings, _| {
            for finding in findings {
                match finding {
                    Finding::Rights(found) => rights = Some(found),
                    Finding::Account { id, types } => account = Some((id, types)),
                    Finding::VenueTime(at) => {
                        service.venue_times.heard(venue.name(), at, service.clock.now())
                    }
                    _ => {}
                }
            }
        })
        .await?;
    match (rights, account) {
        (Some(rights), Some((account_id, types))) => Ok(Checked { rights, account_id, types }),
        _ => Err(Failure::from(Code::VenueUnreachable).retry_after(60)),
    }
}

/// Whether the key may be used (DESIGN.md section 4, Key rights); `true`: it can trade, and the trader accepted that.
pub(crate) fn judge(rights: &exchange::KeyRights, accept_trading_key: bool) -> Result<bool, Failure> {
    let refuse = |right: &'static str| {
        Failure::new(
            Code::KeyNotReadOnly,
            format!(
                "The key can {right}. Make a key that can only read, and delete this one at the exchange."
            ),
        )
    };
    if rights.withdraw == Some(true) {
        return Err(refuse("withdraw"));
    }
    if rights.transfer == Some(true) {
        return Err(refuse("transfer"));
    }
    if !rights.read {
        return Err(Failure::new(
            Code::CredentialsRefused,
            "The key cannot read. Give it the right to read, then register again.",
        ));
    }
    match (rights.verdict, rights.trade) {
        (Verdict::Refuse, Some(true)) if accept_trading_key => Ok(true),
        (Verdict::Refuse, Some(true)) => Err(Failure::new(
            Code::KeyNotReadOnly,
            "The key can trade. Make a key that can only read, or register with acceptTradingKey: every figure then says so.",
        )),
        (Verdict::Refuse, _) => Err(refuse("do more than read")),
        (Verdict::Accept | Verdict::Undecided, _) => Ok(false),
    }
}
