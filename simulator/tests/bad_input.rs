//! Each bad input of a stranger or a mistaken user gets its code of DESIGN.md section 4, shows no secret, and
//! leaves nothing behind.

#![cfg(test)]

mod stack;

use attestation::{Bundle, Expected, Policy, Roots, VerifiedEnclave, verify};
use protocol::{Envelope, Header, Route, seal, wire};
use rand_core::{Rng as _, UnwrapErr};
use serde_json::{Value, json};
use stack::{KEY, PASSPHRASE, Reply, SECRET, Stack, holds, http};

/// A client that can also do wrong.
struct Stranger<'a> {
    stack: &'a Stack,
    enclave: VerifiedEnclave,
    time: u64,
}

impl<'a> Stranger<'a> {
    fn new(stack: &'a Stack) -> Self {
        let nonce: [u8; 32] = random();
        let quote = http(
            stack.enclave.address(),
            "GET",
            &format!("/attestation/quote?nonce={}", wire::encode(&nonce)),
            &[],
            "",
        );
        let bundle = Bundle::parse(&quote.body).unwrap();
        let time = bundle.time().enclave;
        let roots =
            Roots::dangerous_development(include_bytes!("../../trusted/attestation/development-root.pem"))
                .unwrap();
        let expected = Expected { nonce: Some(nonce), asked_at: time, ..Expected::default() };
        let enclave = verify(&bundle, &Policy::dangerous_development(), &roots, &expected, time).unwrap();
        Self { stack, enclave, time }
    }

    fn header(&self, route: Route) -> Header {
        Header {
            envelope_id: random(),
            route,
            keyset_hash: self.enclave.keyset_hash(),
            expires_at: self.time + 300,
        }
    }

    fn post(&self, body: &str) -> Reply {
        http(self.stack.enclave.address(), "POST", "/enclave/sealed", &[], body)
    }

    /// Seals, sends, opens the answer: its outer status and inner body.
    fn call(&self, route: Route, body: &Value) -> (u16, Value) {
        let body = body.to_string();
        let mut rng = UnwrapErr(getrandom::SysRng);
        let (envelope, opener) =
            seal(self.enclave.hpke_public_key(), self.header(route), body.as_bytes(), &mut rng).unwrap();
        let reply = self.post(&envelope.to_json());
        let inner = opener.open(&reply.body).unwrap_or_else(|_| panic!("not sealed: {}", reply.text()));
        (reply.status, serde_json::from_slice(&inner).unwrap())
    }

    fn register(&self, more: Value) -> (u16, Value) {
        let mut body = json!({ "userId": "u", "exchange": "binance", "apiKey": KEY, "secret": SECRET, "passphrase": PASSPHRASE });
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.call(Route::Register, &body)
    }

    /// A problem of this code, with the status that goes with it, and no secret in it.
    fn assert_problem(&self, (status, body): (u16, Value), code: &str) {
        let expected = protocol::Code::parse(code).expect("a code of the list");
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(
            (u64::from(status), body["status"].as_u64()),
            (u64::from(expected.status()), Some(u64::from(expected.status())))
        );
        assert!(body["detail"].as_str().is_some_and(|detail| detail.len() > 10), "advice: {body}");
        for secret in [KEY, SECRET, PASSPHRASE] {
            assert!(!holds(body.to_string().as_bytes(), secret), "{code} echoes a secret");
        }
    }
}

fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    UnwrapErr(getrandom::SysRng).fill_bytes(&mut bytes);
    bytes
}

fn plain(reply: Reply) -> (u16, Value) {
    (reply.status, reply.json())
}

fn sessions(stack: &Stack) -> String {
    let address =
        stack.enclave.ready["metrics"].as_str().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
    let text = http(address, "GET", "/metrics", &[], "").text();
    text.lines().find(|line| line.starts_with("perfagg_sessions{state=\"open\"} ")).unwrap().to_owned()
}

#[test]
fn envelopes_that_are_not_right_are_refused_by_their_code() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "envelopes", &[]);
    let stranger = Stranger::new(&stack);
    let mut rng = UnwrapErr(getrandom::SysRng);
    let mut sealed = |header: Header, body: &str| {
        seal(stranger.enclave.hpke_public_key(), header, body.as_bytes(), &mut rng).unwrap().0
    };
    let call = json!({ "session_id": "session_1_x" }).to_string();
    let good = stranger.header(Route::Summary);

    for body in ["", "{}", "[]", "not json", r#"{"v":1}"#, "\u{0}"] {
        stranger.assert_problem(plain(stranger.post(body)), "ENVELOPE_MALFORMED");
    }
    stranger.assert_problem(plain(stranger.post(&"x".repeat(40_000))), "ENVELOPE_TOO_LARGE");
    let unknown = Header { keyset_hash: [9; 64], ..good };
    stranger.assert_problem(plain(stranger.post(&sealed(unknown, &call).to_json())), "ENVELOPE_KEY_UNKNOWN");
    for expires_at in [stranger.time - 1, stranger.time + 1000, u64::MAX, 0] {
        let header = Header { expires_at, ..stranger.header(Route::Summary) };
        stranger.assert_problem(plain(stranger.post(&sealed(header, &call).to_json())), "ENVELOPE_EXPIRED");
    }
    let other_key = protocol::EnvelopeKey::generate(&mut UnwrapErr(getrandom::SysRng));
    let (wrong, _) =
        seal(other_key.public(), good, call.as_bytes(), &mut UnwrapErr(getrandom::SysRng)).unwrap();
    stranger.assert_problem(plain(stranger.post(&wrong.to_json())), "ENVELOPE_REJECTED");

    let envelope = sealed(good, &call);
    for tampered in tampered(&envelope) {
        stranger.assert_problem(plain(stranger.post(&tampered)), "ENVELOPE_REJECTED");
    }
    // None of those used it up: it opens, once.
    assert_eq!(stranger.post(&envelope.to_json()).status, 401, "an unknown session, sealed");
    stranger.assert_problem(plain(stranger.post(&envelope.to_json())), "ENVELOPE_REPLAYED");
    assert_eq!(sessions(&stack), "perfagg_sessions{state=\"open\"} 0");
}

/// Each member of an envelope changed in a way that keeps its form.
fn tampered(envelope: &Envelope) -> Vec<String> {
    let json: Value = serde_json::from_str(&envelope.to_json()).unwrap();
    let flip = |text: &str| {
        let mut bytes = wire::decode(text).unwrap();
        bytes[0] ^= 1;
        wire::encode(&bytes)
    };
    let mut all = Vec::new();
    for member in ["enc", "ciphertext"] {
        let mut changed = json.clone();
        changed[member] = flip(json[member].as_str().unwrap()).into();
        all.push(changed);
    }
    let mut changed = json.clone();
    changed["header"]["envelope_id"] = flip(json["header"]["envelope_id"].as_str().unwrap()).into();
    all.push(changed.clone());
    changed = json.clone();
    changed["header"]["expires_at"] = (json["header"]["expires_at"].as_u64().unwrap() + 1).into();
    all.push(changed.clone());
    changed = json;
    changed["header"]["route"] = Route::Metrics.as_str().into();
    all.push(changed);
    all.iter().map(Value::to_string).collect()
}

#[test]
fn registrations_that_cannot_be_are_refused_by_their_code() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "registrations", &[]);
    let stranger = Stranger::new(&stack);

    stranger.assert_problem(stranger.register(json!({ "exchange": "atlantis" })), "EXCHANGE_UNKNOWN");
    stranger.assert_problem(
        stranger.register(json!({ "exchange": "kraken", "sandbox": true })),
        "SANDBOX_UNSUPPORTED",
    );
    stranger.assert_problem(stranger.register(json!({ "apiKey": "" })), "CREDENTIALS_INVALID");
    stranger.assert_problem(stranger.register(json!({ "apiKey": "has\nlines" })), "CREDENTIALS_INVALID");
    stranger.assert_problem(stranger.register(json!({ "secret": "x".repeat(5000) })), "CREDENTIALS_INVALID");
    for more in [
        json!({ "userId": "" }),
        json!({ "userId": 7 }),
        json!({ "ttlSeconds": 299 }),
        json!({ "ttlSeconds": 604_801 }),
        json!({ "quoteCurrency": "DOGE" }),
        json!({ "accountTypes": ["futures"] }),
        json!({ "unknownField": SECRET }),
    ] {
        stranger.assert_problem(stranger.register(more), "ENVELOPE_MALFORMED");
    }
    stranger.assert_problem(stranger.register(json!({ "apiKey": "another" })), "CREDENTIALS_REFUSED");
    stranger.assert_problem(stranger.register(json!({ "secret": "another" })), "CREDENTIALS_REFUSED");
    assert_eq!(sessions(&stack), "perfagg_sessions{state=\"open\"} 0", "nothing is left behind");
}

#[test]
fn keys_that_can_do_more_than_read_are_refused_by_name() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "rights", &["--rights", "trade"]);
    let stranger = Stranger::new(&stack);
    let refused = stranger.register(json!({}));
    assert!(refused.1["detail"].as_str().unwrap().contains("trade"), "{}", refused.1);
    stranger.assert_problem(refused, "KEY_NOT_READ_ONLY");

    let (status, opened) = stranger.register(json!({ "acceptTradingKey": true }));
    assert_eq!(
        (status, opened["key_rights"]["verdict"].as_str()),
        (201, Some("trading_accepted")),
        "{opened}"
    );
    let (_, summary) = stranger.call(Route::Summary, &json!({ "session_id": opened["session_id"] }));
    assert!(
        summary["coverage"]["key_rights"].as_str().unwrap().contains("can trade"),
        "every figure says so: {summary}"
    );

    stack.tell("rights", r#"{"rights":"withdraw"}"#);
    for more in [json!({}), json!({ "acceptTradingKey": true })] {
        let refused = stranger.register(more);
        assert!(refused.1["detail"].as_str().unwrap().contains("withdraw"), "{}", refused.1);
        stranger.assert_problem(refused, "KEY_NOT_READ_ONLY");
    }
    assert_eq!(sessions(&stack), "perfagg_sessions{state=\"open\"} 1");
}

#[test]
fn a_venue_that_does_not_answer_is_told_apart_from_one_that_refuses() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "venue", &["--time-rate", "10"]);
    let stranger = Stranger::new(&stack);
    for (mode, code) in [
        ("region_blocked", "VENUE_REGION_BLOCKED"),
        ("key_refused", "CREDENTIALS_REFUSED"),
        ("down", "VENUE_UNREACHABLE"),
        ("rate_limited", "VENUE_RATE_LIMITED"),
    ] {
        stack.tell("mode", &json!({ "mode": mode }).to_string());
        let mut rng = UnwrapErr(getrandom::SysRng);
        let body =
            json!({ "userId": "u", "exchange": "binance", "apiKey": KEY, "secret": SECRET }).to_string();
        let header = Header { expires_at: stranger.time + 500, ..stranger.header(Route::Register) };
        let (envelope, opener) =
            seal(stranger.enclave.hpke_public_key(), header, body.as_bytes(), &mut rng).unwrap();
        let reply = stranger.post(&envelope.to_json());
        if protocol::Code::parse(code).unwrap().status() == 503 {
            assert!(
                reply.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()),
                "{}",
                reply.head
            );
        }
        let inner: Value = serde_json::from_slice(&opener.open(&reply.body).unwrap()).unwrap();
        stranger.assert_problem((reply.status, inner), code);
    }
    assert_eq!(sessions(&stack), "perfagg_sessions{state=\"open\"} 0");
}

#[test]
fn sessions_that_are_not_there_are_told_apart() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "sessions", &[]);
    let stranger = Stranger::new(&stack);
    let read = |id: &str| stranger.call(Route::Summary, &json!({ "session_id": id }));
    stranger.assert_problem(read("session_1700000000_aaaaaaaaaaaaaaaaaaaaaa"), "SESSION_UNKNOWN");
    stranger.assert_problem(read("../../etc/passwd"), "SESSION_UNKNOWN");

    let (_, opened) = stranger.register(json!({ "ttlSeconds": 300 }));
    let id = opened["session_id"].as_str().unwrap();
    let (status, receipt) = stranger.call(Route::Revoke, &json!({ "session_id": id }));
    assert_eq!((status, receipt["revoked"].as_bool()), (200, Some(true)));
    stranger.assert_problem(read(id), "SESSION_REVOKED");
    stranger.assert_problem(stranger.call(Route::Revoke, &json!({ "session_id": id })), "SESSION_REVOKED");

    let (_, opened) = stranger.register(json!({ "ttlSeconds": 300 }));
    let id = opened["session_id"].as_str().unwrap();
    stack.advance(301_000);
    let later = Stranger::new(&stack);
    stranger.assert_problem(later.call(Route::Summary, &json!({ "session_id": id })), "SESSION_EXPIRED");
}

#[test]
fn floods_are_refused_and_end() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "floods", &[]);
    let stranger = Stranger::new(&stack);
    let limited = (0..2000).map(|_| http(stack.enclave.address(), "GET", "/attestation/quote", &[], ""));
    let quote = limited.into_iter().find(|reply| reply.status != 200).expect("a flood of quotes is refused");
    assert!(quote.header("retry-after").is_some());
    stranger.assert_problem(plain(quote), "RATE_LIMITED");

    let junk = (0..200).map(|_| stranger.register(json!({ "exchange": "atlantis" })));
    let refused = junk
        .into_iter()
        .find(|(_, body)| body["code"] != "EXCHANGE_UNKNOWN")
        .expect("a flood of registrations");
    stranger.assert_problem(refused, "RATE_LIMITED");
    // A minute later all is well again.
    stack.advance(61_000);
    let later = Stranger::new(&stack);
    assert_eq!(later.register(json!({})).0, 201);
}

#[test]
fn requests_in_clear_are_answered_with_what_to_do() {
    let Some(binaries) = stack::binaries() else { return };
    let stack = Stack::start(binaries, "clear", &[]);
    let stranger = Stranger::new(&stack);
    let ask =
        |method: &str, path: &str, body: &str| plain(http(stack.enclave.address(), method, path, &[], body));
    let in_clear = json!({ "apiKey": KEY, "secret": SECRET }).to_string();
    stranger.assert_problem(ask("POST", "/enclave/sessions", &in_clear), "REQUEST_MALFORMED");
    stranger.assert_problem(ask("GET", "/attestation/quote?nonce=short", ""), "REQUEST_MALFORMED");
    stranger.assert_problem(ask("GET", "/attestation/quote?other=1", ""), "REQUEST_MALFORMED");
    stranger.assert_problem(ask("GET", "/somewhere", ""), "NOT_FOUND");
    stranger.assert_problem(ask("PUT", "/enclave/sealed", ""), "METHOD_NOT_ALLOWED");
    stranger.assert_problem(ask("GET", "/enclave/summary", ""), "SESSION_UNKNOWN");
    let preflight =
        http(stack.enclave.address(), "OPTIONS", "/enclave/sealed", &[("origin", "https://a.example")], "");
    assert_eq!((preflight.status, preflight.header("access-control-allow-origin")), (204, Some("*")));
    assert_eq!(preflight.header("access-control-allow-credentials"), None);
}
