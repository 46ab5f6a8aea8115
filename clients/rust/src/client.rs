//! The journey: quote, verification, sealed call, opened answer.

pub(crate) mod call;
mod ledger;
mod memory;
mod record;

pub use call::Known;
pub use ledger::Ledger;

use crate::{
    checkpoint::Checkpoints,
    clock::{Clock, Moment},
    connection::{Ask, Connection, Heard, Reply},
    events::Events,
    failure::{Failure, Unreachable},
    registration::Registration,
    seal::{self, SealedCall},
    service_url::ServiceUrl,
    trust::Trust,
};
use attestation::{Bundle, Connection as Seen, Expected, Mode, VerifiedEnclave, verify};
use attestation_wasm::saved::{self, Saved};
use call::{Members, Place, Said, Sessions};
use core::time::Duration;
use hyper::Method;
use protocol::{
    Route, Secret,
    api::{Revoked, SessionOpened, Summary},
    limits,
    signed::{SignedAnswer, Tag},
    wire,
};
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// ATTESTATION.md section 8: so long it serves the calls of one client, over a new connection too if need be; after
/// that, new evidence.
const VERIFIED_FOR: Duration = Duration::from_secs(600);
/// A quote is made of what the enclave has at hand.
const QUOTE_TIME: Duration = Duration::from_secs(30);
/// A registration waits for the venue, which may ask the enclave to slow down.
const CALL_TIME: Duration = Duration::from_secs(120);

/// A client of one service. It calls an enclave that it verified and nobody else.
pub struct Client {
    url: ServiceUrl,
    trust: Trust,
    clock: Clock,
    direct: bool,
    connection: Option<Connection>,
    verified: Option<Verified>,
    sessions: Sessions,
    checkpoints: Checkpoints,
}

struct Verified {
    enclave: VerifiedEnclave,
    since: Duration,
    /// The evidence to the letter, for those who keep an answer.
    bundle: String,
}

/// What the enclave answered.
#[derive(Debug)]
pub struct Answer<T> {
    /// Read.
    pub body: T,
    json: Zeroizing<String>,
}

impl<T> Answer<T> {
    /// To the letter, as it came out of the seal.
    pub fn json(&self) -> &str {
        &self.json
    }
}

impl<T> Answer<T> {
    /// What came out of the seal, read.
    pub(crate) fn read(opened: &[u8]) -> Result<Self, Failure>
    where
        T: DeserializeOwned,
    {
        let json = core::str::from_utf8(opened).map_err(|_| Failure::AnswerForm)?;
        let body = serde_json::from_str(json).map_err(|_| Failure::AnswerForm)?;
        Ok(Self { body, json: Zeroizing::new(json.to_owned()) })
    }
}

impl Client {
    /// A client that has not called anyone yet.
    pub fn new(url: ServiceUrl, trust: Trust, clock: Clock) -> Self {
        let (sessions, checkpoints) = (Sessions::default(), Checkpoints::default());
        Self { url, trust, clock, direct: false, connection: None, verified: None, sessions, checkpoints }
    }

    /// Refuses an enclave in which TLS does not end: nobody in between then sees when and how much is asked.
    pub fn require_direct(&mut self) {
        self.direct = true;
    }

    /// The service.
    pub fn url(&self) -> &ServiceUrl {
        &self.url
    }

    /// Refuses keys of an epoch before `epoch`: it was seen at this deployment (ATTESTATION.md section 12).
    pub fn remember_epoch(&mut self, epoch: u64) {
        let policy = &mut self.trust.policy;
        policy.min_epoch = Some(policy.min_epoch.map_or(epoch, |seen| seen.max(epoch)));
    }

    /// The enclave that was verified last.
    pub fn enclave(&self) -> Option<&VerifiedEnclave> {
        self.verified.as_ref().map(|verified| &verified.enclave)
    }

    /// Fetches fresh evidence over a nonce of its own, on a new connection, and verifies it.
    ///
    /// # Errors
    /// If there is no evidence, or it is refused: then nothing can be sealed.
    pub async fn attest(&mut self) -> Result<&VerifiedEnclave, Failure> {
        (self.verified, self.connection) = (None, None);
        let nonce = seal::random::<32>();
        let asked = self.clock.now();
        let ask = Ask {
            method: Method::GET,
            path: format!("/attestation/quote?nonce={}", wire::encode(&nonce)),
            body: String::new(),
            bytes_max: attestation::limits::BUNDLE,
            within: QUOTE_TIME,
        };
        let reply = self.ask(ask).await?;
        if reply.status != 200 {
            return Err(seal::on_the_way(&reply));
        }
        let bundle = Bundle::parse(&reply.body)?;
        let text = String::from_utf8_lossy(&reply.body).into_owned();
        let now = self.clock.now();
        let judged_s = judgement_time(&bundle, now);
        let waited_s = now.elapsed.saturating_sub(asked.elapsed).as_secs();
        let asked_at = judged_s.saturating_sub(waited_s);
        let connection = self.connection.as_ref().map(|connection| connection.seen).unwrap_or_default();
        let expected =
            Expected { nonce: Some(nonce), asked_at, connection, direct: self.direct, channel: None };
        let enclave = verify(&bundle, &self.trust.policy, &self.trust.roots, &expected, judged_s)?;
        self.remember_epoch(enclave.epoch());
        let verified = self.verified.insert(Verified { enclave, since: now.elapsed, bundle: text });
        Ok(&verified.enclave)
    }

    /// Registers an account: credentials in, session out. With a holder's key, later calls of the session are signed too. Where
    /// the account or its record was seen before, the enclave must show that its store still has what was seen.
    ///
    /// # Errors
    /// Why there is no session. One that was opened and cannot be believed is revoked: its key must not stay there.
    pub async fn register(&mut self, registration: &Registration) -> Result<Answer<SessionOpened>, Failure> {
        let said = Said::Registration(registration);
        let opened: Answer<SessionOpened> = self.call(Route::Register, &said).await?;
        let session_id = Secret::new(opened.body.session_id.clone());
        let (holder, account) = (registration.holder.clone(), opened.body.account.fingerprint.clone());
        let mut known = Known { holder, account: Some(account), checkpoint: None };
        known.checkpoint = self.remembered(&known);
        self.resume(&session_id, known);
        if let Err(failure) = self.believe(registration, &opened).await {
            let _ = self.revoke(&session_id).await;
            return Err(failure);
        }
        Ok(opened)
    }

    async fn believe(&mut self, asked: &Registration, opened: &Answer<SessionOpened>) -> Result<(), Failure> {
        self.check_environment(&opened.body.environment)?;
        if asked.holder.is_some() && opened.body.record.is_none() {
            return Err(Failure::HolderIgnored);
        }
        self.confirm(&Secret::new(opened.body.session_id.clone()), opened.json()).await
    }

    /// Reads the headline.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn summary(&mut self, session_id: &Secret) -> Result<Answer<Summary>, Failure> {
        let summary: Answer<Summary> = self.read(Route::Summary, session_id).await?;
        self.check_environment(&summary.body.environment)?;
        Ok(summary)
    }

    /// Reads everything.
    ///
    /// # Errors
    /// Why there is nothing.
    pub async fn metrics(&mut self, session_id: &Secret) -> Result<Answer<Value>, Failure> {
        let metrics: Answer<Value> = self.read(Route::Metrics, session_id).await?;
        self.check_environment(environment(&metrics.body))?;
        Ok(metrics)
    }

    /// Reads what this enclave reads of exchanges, and which addresses a key must allow. It passes in clear, and its hash
    /// stands in the configuration that was attested.
    ///
    /// # Errors
    /// Why there is nothing, or nothing that the verified enclave vouches for.
    pub async fn exchanges(&mut self) -> Result<Answer<Value>, Failure> {
        self.attest().await?;
        let ask = Ask {
            method: Method::GET,
            path: "/exchanges".to_owned(),
            body: String::new(),
            bytes_max: limits::ANSWER_BYTES_MAX,
            within: QUOTE_TIME,
        };
        let reply = self.ask(ask).await?;
        if reply.status != 200 {
            return Err(seal::on_the_way(&reply));
        }
        let attested = self.enclave().and_then(|enclave| {
            enclave.config().document().get("exchanges_sha256").and_then(Value::as_str).map(str::to_owned)
        });
        if attested != Some(hex::encode(Sha256::digest(&reply.body))) {
            return Err(Failure::NotSigned);
        }
        Answer::read(&reply.body)
    }

    async fn read<T: DeserializeOwned>(
        &mut self,
        route: Route,
        session_id: &Secret,
    ) -> Result<Answer<T>, Failure> {
        let answer = self.call(route, &Said::Session(session_id, Members::default())).await?;
        self.notice(session_id, answer.json())?;
        Ok(answer)
    }

    /// Reads the headline, with everything that vouches for it to others.
    ///
    /// # Errors
    /// Why there is none.
    pub async fn saved_summary(&mut self, session_id: &Secret) -> Result<(Answer<Summary>, Saved), Failure> {
        let (summary, saved) = self.saved(Route::Summary, session_id).await?;
        let summary: Answer<Summary> = summary;
        self.check_environment(&summary.body.environment)?;
        Ok((summary, saved))
    }

    /// The same of everything.
    ///
    /// # Errors
    /// Why there is nothing.
    pub async fn saved_metrics(&mut self, session_id: &Secret) -> Result<(Answer<Value>, Saved), Failure> {
        let (metrics, saved) = self.saved(Route::Metrics, session_id).await?;
        let metrics: Answer<Value> = metrics;
        self.check_environment(environment(&metrics.body))?;
        Ok((metrics, saved))
    }

    async fn saved<T: DeserializeOwned>(
        &mut self,
        route: Route,
        session_id: &Secret,
    ) -> Result<(Answer<T>, Saved), Failure> {
        let nonce = wire::encode(&seal::random::<32>());
        let members = Members { sign: Some(&nonce), ..Members::default() };
        let said = Said::Session(session_id, members);
        let (answer, saved) = self.signed(route, &said, &nonce, Tag::Answer).await?;
        self.notice(session_id, answer.json())?;
        Ok((answer, saved))
    }

    /// Has an answer signed over a nonce of ours, and makes sure that the verified enclave did that.
    async fn signed<T: DeserializeOwned>(
        &mut self,
        route: Route,
        said: &Said<'_>,
        nonce: &str,
        tag: Tag,
    ) -> Result<(Answer<T>, Saved), Failure> {
        let answer: Answer<SignedAnswer> = self.call(route, said).await?;
        let signed = saved::verified(&answer.body).map_err(|_| Failure::NotSigned)?;
        let Some(Verified { enclave, bundle, .. }) = &self.verified else { return Err(Failure::AnswerForm) };
        let SignedAnswer { method, path, nonce: answered, status, .. } = &answer.body;
        let is_ours =
            answered.as_deref() == Some(nonce) && [method.as_str(), path].join(" ") == route.as_str();
        if signed.key != *enclave.result_key() || signed.tag != tag || !is_ours || *status != 200 {
            return Err(Failure::NotSigned);
        }
        let read = Answer::read(answer.body.body.as_bytes())?;
        Ok((read, Saved::new(answer.body, bundle.clone())))
    }

    /// Follows what happens, from the event `after` on.
    ///
    /// # Errors
    /// Why nothing can be followed.
    pub async fn events(&mut self, session_id: &Secret, after: Option<u64>) -> Result<Events, Failure> {
        let members = Members { after: after.map(Place::Event), ..Members::default() };
        let said = Said::Session(session_id, members);
        match self.listen(&said).await {
            Err(failure) if failure.asks_for_a_new_quote() => {
                self.attest().await?;
                self.listen(&said).await
            }
            outcome => outcome,
        }
    }

    async fn listen(&mut self, said: &Said<'_>) -> Result<Events, Failure> {
        let (call, ask) = self.sealed(Route::Events, said).await?;
        // Its own connection: it is busy as long as the stream lasts.
        match self.open().await?.listen(ask).await? {
            Heard::Stream(stream) => Ok(Events::new(call, stream)),
            Heard::Reply(reply) => {
                call.open(&reply)?;
                Err(Failure::AnswerForm)
            }
        }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// Why it may not be over.
    pub async fn revoke(&mut self, session_id: &Secret) -> Result<Answer<Revoked>, Failure> {
        let said = Said::Session(session_id, Members::default());
        let receipt: Answer<Revoked> = self.call(Route::Revoke, &said).await?;
        if receipt.body.revoked { Ok(receipt) } else { Err(Failure::AnswerForm) }
    }

    /// Ends a session, with a receipt that the enclave signed.
    ///
    /// # Errors
    /// Why it may not be over.
    pub async fn revoke_with_receipt(
        &mut self,
        session_id: &Secret,
    ) -> Result<(Answer<Revoked>, Saved), Failure> {
        let nonce = wire::encode(&seal::random::<32>());
        let said = Said::Session(session_id, Members { sign: Some(&nonce), ..Members::default() });
        let (receipt, saved) = self.signed(Route::Revoke, &said, &nonce, Tag::Receipt).await?;
        let receipt: Answer<Revoked> = receipt;
        if receipt.body.revoked { Ok((receipt, saved)) } else { Err(Failure::AnswerForm) }
    }

    /// One sealed call. Keys that were replaced meanwhile cost one new quote, and no more.
    async fn call<T: DeserializeOwned>(
        &mut self,
        route: Route,
        said: &Said<'_>,
    ) -> Result<Answer<T>, Failure> {
        let opened = match self.attempt(route, said).await {
            Err(failure) if failure.asks_for_a_new_quote() => {
                self.attest().await?;
                self.attempt(route, said).await?
            }
            outcome => outcome?,
        };
        Answer::read(&opened)
    }

    async fn attempt(&mut self, route: Route, said: &Said<'_>) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let (call, ask) = self.sealed(route, said).await?;
        call.open(&self.ask(ask).await?)
    }

    /// A call sealed to the enclave that was verified, or is now.
    async fn sealed(&mut self, route: Route, said: &Said<'_>) -> Result<(SealedCall, Ask), Failure> {
        let now = self.clock.now();
        let fresh = |verified: &Verified| now.elapsed.saturating_sub(verified.since) < VERIFIED_FOR;
        if !self.verified.as_ref().is_some_and(fresh) {
            self.attest().await?;
        }
        let Some(Verified { enclave, since, .. }) = &self.verified else { return Err(Failure::AnswerForm) };
        let enclave_s = enclave.time().enclave.saturating_add(now.elapsed.saturating_sub(*since).as_secs());
        let body = said.body(self.last_seen(route, said).as_ref());
        let holder = said.holder(&self.sessions);
        let call = SealedCall::new(enclave, enclave_s, route, &body, holder.as_deref())?;
        let ask = Ask {
            method: Method::POST,
            path: "/enclave/sealed".to_owned(),
            body: call.json.clone(),
            bytes_max: limits::ANSWER_BYTES_MAX,
            within: CALL_TIME,
        };
        Ok((call, ask))
    }

    /// Asks over the open connection, or over a new one. One that was closed while nobody looked costs a second try:
    /// an envelope that arrives twice opens once.
    async fn ask(&mut self, ask: Ask) -> Result<Reply, Failure> {
        if let Some(mut connection) = self.connection.take() {
            match connection.ask(ask.clone()).await {
                Err(Unreachable::Broken) => {}
                outcome => return self.keep(connection, outcome),
            }
        }
        let mut connection = self.open().await?;
        let outcome = connection.ask(ask).await;
        self.keep(connection, outcome)
    }

    /// A new connection: for evidence to whoever is there, for calls to the same as the evidence came from.
    async fn open(&self) -> Result<Connection, Unreachable> {
        let connection = Connection::open(&self.url).await?;
        let Some(Verified { enclave, .. }) = &self.verified else { return Ok(connection) };
        let same = match connection.seen {
            Seen::Tls { spki, .. } if enclave.tls_spki() == Some(&spki) => true,
            Seen::Tls { certified, .. } => certified && enclave.mode() == Some(Mode::Relayed),
            Seen::Plain | Seen::None => enclave.mode() == Some(Mode::Relayed),
        };
        if same { Ok(connection) } else { Err(Unreachable::OtherKey) }
    }

    /// A connection that failed is not used again.
    fn keep(
        &mut self,
        connection: Connection,
        outcome: Result<Reply, Unreachable>,
    ) -> Result<Reply, Failure> {
        let reply = outcome?;
        self.connection = Some(connection);
        Ok(reply)
    }

    /// Figures of one environment are never taken for those of another.
    fn check_environment(&self, environment: &str) -> Result<(), Failure> {
        let is_it = |name: &String| name == environment;
        let served = self.enclave().is_some_and(|enclave| enclave.environment().iter().any(is_it));
        let wanted = self.trust.policy.environment.iter().any(is_it);
        if served && wanted { Ok(()) } else { Err(Failure::Environment) }
    }
}

fn environment(metrics: &Value) -> &str {
    metrics.get("environment").and_then(Value::as_str).unwrap_or_default()
}

/// The time by which evidence is judged. Development time comes from a simulator, so development evidence is judged
/// by the enclave's word; it proves nothing anyway. Anything else is judged by this machine's clock.
fn judgement_time(bundle: &Bundle, now: Moment) -> u64 {
    if bundle.tee().is_development() { bundle.time().enclave } else { now.unix_s }
}
