//! Credentials that come in clear go no further, and are said nowhere.

use super::*;

const BODIES: [&str; 4] = [
    r#"{"apiKey":"PLANTED","secret":"PLANTED"}"#,
    r#"{"v":1,"inner":{"api_secret":"PLANTED"}}"#,
    "api_key=PLANTED&secret=PLANTED",
    r#"{"apiKey":"PLANTED"#,
];

async fn send(to: SocketAddr, method: &str, target: &str, body: &str) -> String {
    let length = body.len();
    ask(to, &format!("{method} {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}")).await
}

#[tokio::test]
async fn credentials_in_clear_are_refused_on_every_route_and_told_nowhere() {
    let (_guard, written) = log::tests::captured("trace");
    let (enclave, seen) = backend("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let main = start(enclave, CALL).await;
    for (method, target) in [
        ("POST", "/enclave/sealed"),
        ("POST", "/enclave/sessions"),
        ("PUT", "/enclave/later"),
        ("GET", "/attestation/quote"),
        ("POST", "/register"),
        ("POST", "/"),
    ] {
        for body in BODIES {
            let answer = send(main.address, method, target, body).await;
            assert_problem(&answer, 422, "RELAY_CLEAR_CREDENTIALS");
            assert!(answer.contains("delete it at the exchange now"), "{answer}");
            assert!(!answer.contains("PLANTED"), "{answer}");
        }
    }
    for target in [
        "/enclave/sessions?apiKey=PLANTED",
        "/attestation/quote?api%4Bey=PLANTED",
        "/health/live?secret=PLANTED",
        "/unknown?x=1&user[api_secret]=PLANTED",
    ] {
        let answer = send(main.address, "GET", target, "").await;
        assert_problem(&answer, 422, "RELAY_CLEAR_CREDENTIALS");
        assert!(!answer.contains("PLANTED"), "{answer}");
    }
    assert!(seen.lock().unwrap().is_empty(), "nothing of it is passed on");
    let text = written.text();
    assert!(text.contains("RELAY_CLEAR_CREDENTIALS") && !text.contains("PLANTED"), "{text}");
}

#[tokio::test]
async fn a_body_that_comes_in_pieces_is_read_as_a_whole() {
    let (enclave, seen) = backend("HTTP/1.1 200 OK\r\n\r\n").await;
    let main = start(enclave, CALL).await;
    let request = "POST /enclave/sealed HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n\
                   6\r\n{\"apiK\r\nc\r\ney\":\"PLANT\"}\r\n0\r\n\r\n";
    assert_problem(&ask(main.address, request).await, 422, "RELAY_CLEAR_CREDENTIALS");
    assert!(seen.lock().unwrap().is_empty());
}

/// What is sealed is sealed, whatever its texts look like; and elsewhere even an envelope is only a body.
#[tokio::test]
async fn a_sealed_call_passes_and_what_only_looks_like_one_does_not() {
    let (enclave, seen) = backend("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let main = start(enclave, CALL).await;
    let sealed = |more: &str| {
        let (id, hash, enc) = ("A".repeat(22), "A".repeat(86), "A".repeat(43));
        format!(
            r#"{{"v":1,"header":{{"envelope_id":"{id}","route":"POST /enclave/sessions","keyset_hash":"{hash}","expires_at":1770000000}},"enc":"{enc}","ciphertext":"secretapiKeyAAAAAAAAAAAAAAAAAAAAAAAAAAA"{more}}}"#
        )
    };
    assert!(protocol::Envelope::parse(sealed("").as_bytes()).is_ok());
    assert!(send(main.address, "POST", "/enclave/sealed", &sealed("")).await.ends_with("ok"));
    assert_eq!(seen.lock().unwrap().len(), 1);
    let more = sealed(r#","apiKey":"PLANTED""#);
    let answer = send(main.address, "POST", "/enclave/sealed", &more).await;
    assert_problem(&answer, 422, "RELAY_CLEAR_CREDENTIALS");
    let answer = send(main.address, "POST", "/enclave/sealed?secret=PLANTED", &sealed("")).await;
    assert_problem(&answer, 422, "RELAY_CLEAR_CREDENTIALS");
    assert_eq!(seen.lock().unwrap().len(), 1);
}
