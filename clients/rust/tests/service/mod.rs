//! A service for tests of the client: real development evidence, real sealed answers, a socket on loopback, and a
//! stranger on the way who may change what passes.
#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod front;
pub(crate) mod holders;

pub(crate) use crate::asked::Asked;

use crate::asked::read;
use attestation::{
    Backend as _, Binding, Bundle, ChallengeProof, Config, EnclaveTime, Tee, Validity,
    development::{DevelopmentBackend, PUBLIC_DEVELOPMENT_SEED},
};
use ed25519_dalek::{Signer as _, SigningKey};
use holders::Holders;
use protocol::{
    AnswerSealer, Code, Envelope, EnvelopeKey, Problem, Route,
    api::Event,
    signed::{Message, SignedAnswer, Tag},
    sse, wire,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::{
    io::{BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex, MutexGuard},
    thread,
};

/// 2026-11-24T12:00:00Z
pub(crate) const NOW: u64 = 1_795_521_600;
pub(crate) const EPOCH: u64 = 1_795_500_000;
pub(crate) const SESSION_ID: &str = "session_1795521600_plantedPLANTED0123456";

/// What the enclave signs answers with.
pub(crate) fn result_key() -> SigningKey {
    SigningKey::from_bytes(&[4; 32])
}

/// An answer over the nonce that the call gives, signed with this key.
pub(crate) fn signed(key: &SigningKey, tag: Tag, route: Route, call: &Value, body: &Value) -> Value {
    let (method, path) = route.as_str().split_once(' ').unwrap();
    let text = body.to_string();
    let message = Message { status: 200, method, path, nonce: call["sign"].as_str(), body: text.as_bytes() };
    let key_id = wire::encode(key.verifying_key().as_bytes());
    let headers = message.sign(tag, i64::try_from(NOW).unwrap(), &key_id, |base| key.sign(base).to_bytes());
    serde_json::to_value(SignedAnswer::new(&message, headers, text.clone())).unwrap()
}

/// A response as it will pass.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: String::new(), body: body.into() }
    }

    /// A problem that nobody sealed.
    pub(crate) fn problem(status: u16, code: &str) -> Self {
        let problem = json!({
            "type": "urn:x", "title": "Said in clear", "status": status, "code": code, "detail": "Do this.",
            "request_id": "clear-1",
        });
        Self::new(status, problem.to_string())
    }
}

/// What the enclave answers inside the seal.
pub(crate) type Inside = Box<dyn FnMut(Route, &Value) -> (u16, Value) + Send>;
/// What the stranger on the way makes of a response.
pub(crate) type OnTheWay = Box<dyn FnMut(&Asked, Response) -> Response + Send>;

/// All that a test may change while the service runs.
pub(crate) struct State {
    pub(crate) backend: DevelopmentBackend,
    pub(crate) environment: &'static str,
    pub(crate) epoch: u64,
    pub(crate) now: u64,
    pub(crate) key_seed: u8,
    /// The TLS key that the evidence names.
    pub(crate) tls_spki: Option<[u8; 32]>,
    pub(crate) inside: Inside,
    pub(crate) on_the_way: OnTheWay,
    /// Every connection ends after one response, without a word.
    pub(crate) closes: bool,
    pub(crate) asked: Vec<Asked>,
    /// Which sessions answer only what a holder signed.
    pub(crate) holders: Holders,
    /// What signs answers.
    pub(crate) result_key: SigningKey,
    /// What it says of exchanges, if it says something.
    pub(crate) exchanges: Option<&'static str>,
}

impl State {
    /// The epoch's key.
    pub(crate) fn key(&self) -> EnvelopeKey {
        EnvelopeKey::from_bytes(&[self.key_seed; 32]).unwrap()
    }

    pub(crate) fn binding(&self) -> Binding {
        Binding {
            tee: Tee::DevSgx,
            epoch: self.epoch,
            hpke: *self.key().public(),
            result_key: self.result_key.verifying_key().to_bytes(),
            tls_spki: self.tls_spki,
            config: self.config().sha256(),
            log: None,
            validity: Validity { not_before: self.now - 60, not_after: self.now + 86_400 },
            challenge: None,
            channel: None,
        }
    }

    pub(crate) fn config(&self) -> Config {
        let mut document = json!({
            "environment": [self.environment], "lease_max": 604_800, "limits": {}, "release_set": null,
            "session_ttl": { "default": 86_400, "max": 604_800 }, "venues": ["binance"], "version": "0.1.0",
        });
        if let Some(told) = self.exchanges {
            document["exchanges_sha256"] = hex::encode(Sha256::digest(told)).into();
            document["egress_addresses"] = json!(["203.0.113.9", "2001:db8::1"]);
        }
        Config::from_document(&document).unwrap()
    }

    /// Fresh evidence over a nonce.
    pub(crate) fn bundle(&self, nonce: &[u8; 32]) -> String {
        let mut binding = self.binding();
        binding.answer(nonce);
        let evidence = self.backend.evidence(binding.report_data(), self.now).unwrap();
        let time = EnclaveTime { enclave: self.now, ..EnclaveTime::default() };
        Bundle::encode(&binding, Some(ChallengeProof::lone()), evidence, &self.config(), time)
    }

    fn answer(&mut self, asked: &Asked) -> Response {
        if let Some(nonce) = asked.target.strip_prefix("/attestation/quote?nonce=") {
            return Response::new(200, self.bundle(&wire::decode_array(nonce).expect("a nonce of 32 bytes")));
        }
        if let Some(told) = self.exchanges.filter(|_| asked.target == "/exchanges") {
            return Response::new(200, told);
        }
        assert_eq!(
            (asked.method.as_str(), asked.target.as_str()),
            ("POST", "/enclave/sealed"),
            "no other route"
        );
        let envelope = Envelope::parse(&asked.body).expect("an envelope");
        let header = envelope.header;
        if header.keyset_hash != self.binding().keyset_hash() {
            return Response::problem(409, "ENVELOPE_KEY_UNKNOWN");
        }
        if header.expires_at < self.now
            || header.expires_at - self.now > protocol::limits::ENVELOPE_LIFE_S_MAX
        {
            return Response::problem(400, "ENVELOPE_EXPIRED");
        }
        let (body, sealer) = envelope.open(&self.key()).expect("sealed to our key");
        let (status, inner) = match self.holders.admit(header.route, &header.envelope_id, &body) {
            Ok(call) => {
                let (status, inner) = (self.inside)(header.route, &call);
                self.holders.note(header.route, &call, status, &inner);
                (status, inner)
            }
            Err(code) => refuses(code),
        };
        if let (Route::Events, 200, Value::Array(events)) = (header.route, status, &inner) {
            return stream(sealer, events);
        }
        Response::new(status, sealer.seal(inner.to_string().as_bytes(), [9; 32]).unwrap())
    }
}

/// Events as a sealed stream; one whose last event ends it is whole, any other was cut there.
fn stream(sealer: AnswerSealer, events: &[Value]) -> Response {
    let mut body = sse::frame(sse::OPENED, None, &wire::encode(&[9; 32]));
    let mut sealer = Some(sealer.stream([9; 32]).unwrap());
    for event in events {
        let text = event.to_string();
        let last = serde_json::from_str::<Event>(&text).is_ok_and(|event| event.what.is_last());
        body.push_str(sse::HEARTBEAT);
        if last {
            let chunk = sealer.take().unwrap().seal_last(text.as_bytes()).unwrap();
            body.push_str(&sse::frame(sse::FINAL, None, &chunk));
        } else {
            let sealer = sealer.as_mut().expect("nothing comes after the last");
            let counter = sealer.counter();
            let chunk = sealer.seal(text.as_bytes()).unwrap();
            body.push_str(&sse::frame(sse::SEALED, Some(counter), &chunk));
        }
    }
    Response { headers: "content-type: text/event-stream\r\n".to_owned(), ..Response::new(200, body) }
}

/// The service, until the test ends.
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    state: Arc<Mutex<State>>,
}

impl Service {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            backend: DevelopmentBackend::new(PUBLIC_DEVELOPMENT_SEED, [2; 32]).unwrap(),
            environment: "development",
            epoch: EPOCH,
            now: NOW,
            key_seed: 7,
            tls_spki: None,
            inside: Box::new(well),
            on_the_way: Box::new(|_, response| response),
            closes: false,
            asked: Vec::new(),
            holders: Holders::default(),
            result_key: result_key(),
            exchanges: None,
        }));
        let serving = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&serving);
                thread::spawn(move || serve(stream, &state));
            }
        });
        Self { address, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// What the enclave answers from now on.
    pub(crate) fn answers(&self, inside: impl FnMut(Route, &Value) -> (u16, Value) + Send + 'static) {
        self.state().inside = Box::new(inside);
    }

    /// What passes from now on.
    pub(crate) fn passes(&self, on_the_way: impl FnMut(&Asked, Response) -> Response + Send + 'static) {
        self.state().on_the_way = Box::new(on_the_way);
    }

    /// How many requests to a path passed.
    pub(crate) fn count(&self, path: &str) -> usize {
        self.state().asked.iter().filter(|asked| asked.target.starts_with(path)).count()
    }

    pub(crate) fn root_pem(&self) -> String {
        self.state().backend.root_pem()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut input = BufReader::new(stream.try_clone().unwrap());
    let mut output = stream;
    while let Some(asked) = read(&mut input) {
        let (response, closes) = {
            let mut state = state.lock().unwrap();
            state.asked.push(asked.clone());
            let response = state.answer(&asked);
            ((state.on_the_way)(&asked, response), state.closes)
        };
        let Response { status, headers, body } = response;
        let head = format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\n\r\n", body.len());
        if output.write_all(head.as_bytes()).and_then(|()| output.write_all(&body)).is_err() || closes {
            return;
        }
    }
}

/// An enclave where all is well.
pub(crate) fn well(route: Route, call: &Value) -> (u16, Value) {
    match route {
        Route::Register => (201, holders::opened(call)),
        Route::Summary => (200, summary("live", 1.0)),
        Route::Metrics => (200, serde_json::from_str(include_str!("metrics.json")).unwrap()),
        Route::Ledger => (200, json!({ "revision": 7, "lines": LEDGER, "next": null })),
        Route::Events => (200, events()),
        Route::Revoke => {
            (200, json!({ "revoked": true, "at": "2026-11-24T12:00:09Z", "note": "The key was wiped." }))
        }
        Route::Sessions => (200, holders::sessions()),
        Route::Erase => (200, holders::erased()),
    }
}

/// The example of `docs/protocol.md`.
pub(crate) const LEDGER: &str = include_str!("ledger.jsonl");

/// What happens to a session that ends.
pub(crate) fn events() -> Value {
    json!([
        { "id": 40, "event": "sync", "data": { "state": "collecting", "progress": 0.25 } },
        { "id": 41, "event": "sync", "data": { "state": "live", "progress": 1.0 } },
        { "id": 42, "event": "metrics", "data": { "as_of": "2026-11-24T11:59:48Z", "revision": 7 } },
        { "id": 43, "event": "a_newer_kind", "data": { "what": "nobody here knows" } },
        { "id": 44, "event": "expiry", "data": { "state": "soon", "session_expires": "2026-11-25T12:00:00Z" } },
        { "id": 45, "event": "expiry", "data": { "state": "expired", "session_expires": "2026-11-25T12:00:00Z" } },
    ])
}

/// A problem inside the seal.
pub(crate) fn refuses(code: Code) -> (u16, Value) {
    let problem = Problem::new(code, "Advice of the enclave.", "request-1");
    (code.status(), serde_json::to_value(problem).unwrap())
}

pub(crate) fn opened() -> Value {
    json!({
        "session_id": SESSION_ID, "expires_at": "2026-11-25T12:00:00Z", "environment": "development",
        "account": { "venue": "binance", "fingerprint": "Zm9vYmFyYmF6cXV4MTIzNA", "types": ["spot"] },
        "key_rights": {
            "read": true, "trade": false, "withdraw": false, "transfer": false, "ip_restricted": true,
            "verdict": "read_only",
        },
        "lease_until": "2026-11-25T12:00:00Z", "sync": { "state": "collecting", "progress": 0.0 },
    })
}

pub(crate) fn summary(state: &str, progress: f64) -> Value {
    let mut summary: Value = serde_json::from_str(include_str!("summary.json")).unwrap();
    summary["sync"] = json!({ "state": state, "progress": progress });
    if state == "live" {
        summary["sync"]["age_seconds"] = json!(12);
    }
    summary
}
