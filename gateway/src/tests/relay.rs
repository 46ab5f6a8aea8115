//! Calls and answers: what passes, what does not, and what is said instead.

use super::*;

#[tokio::test]
async fn a_call_and_its_answer_pass_unchanged() {
    let (enclave, seen) = backend("HTTP/1.1 409 Conflict\r\ncontent-type: application/problem+json\r\ncontent-length: 12\r\n\r\n{\"sealed\": 1}").await;
    let main = start(enclave, CALL).await;
    let answer = post(main.address, r#"{"v":1,"enc":"é"}"#).await;
    assert!(answer.starts_with("HTTP/1.1 409 Conflict\r\n"), "{answer}");
    assert!(answer.contains("content-type: application/problem+json\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n{\"sealed\": 1"), "{answer}");
    get(main.address, "/attestation/quote?nonce=abc%20-_").await;
    let seen = seen.lock().unwrap();
    assert!(
        seen[0].starts_with("POST /enclave/sealed HTTP/1.1\r\n") && seen[0].ends_with(r#"{"v":1,"enc":"é"}"#),
        "{seen:?}"
    );
    assert!(seen[1].starts_with("GET /attestation/quote?nonce=abc%20-_ HTTP/1.1\r\n"), "{seen:?}");
}

#[tokio::test]
async fn only_the_headers_that_are_named_pass_in_either_direction() {
    let (enclave, seen) = backend(
        "HTTP/1.1 200 OK\r\nserver: planted\r\nset-cookie: planted\r\nkeep-alive: planted\r\nconnection: close\r\n\
         x-request-id: r1\r\nsignature: s1\r\nsignature-input: i1\r\ncontent-digest: d1\r\nretry-after: 7\r\n\
         cache-control: no-store\r\naccess-control-allow-origin: *\r\naccess-control-expose-headers: signature\r\ncontent-length: 0\r\n\r\n",
    )
    .await;
    let main = start(enclave, CALL).await;
    let answer = ask(
        main.address,
        "GET /enclave/summary HTTP/1.1\r\nhost: planted\r\nconnection: close, x-planted\r\nx-planted: planted\r\ncookie: planted\r\n\
         x-forwarded-for: planted\r\nuser-agent: planted\r\nte: planted\r\nauthorization: Bearer b1\r\nlast-event-id: 7\r\nperfagg-nonce: n1\r\ncontent-type: c1\r\n\r\n",
    )
    .await;
    for header in [
        "x-request-id: r1",
        "signature: s1",
        "signature-input: i1",
        "content-digest: d1",
        "retry-after: 7",
        "cache-control: no-store",
        "access-control-allow-origin: *",
        "access-control-expose-headers: signature",
    ] {
        assert!(answer.contains(&format!("{header}\r\n")), "{header}: {answer}");
    }
    let seen = seen.lock().unwrap();
    for header in ["authorization: Bearer b1", "last-event-id: 7", "perfagg-nonce: n1", "content-type: c1"] {
        assert!(seen[0].contains(&format!("{header}\r\n")), "{header}: {seen:?}");
    }
    assert!(seen[0].contains(&format!("host: {enclave}\r\n")), "{seen:?}");
    assert!(!seen[0].contains("planted") && !answer.contains("planted"), "{seen:?} {answer}");
}

#[tokio::test]
async fn a_preflight_is_the_enclaves_to_answer() {
    let (enclave, seen) =
        backend("HTTP/1.1 204 No Content\r\naccess-control-allow-methods: GET\r\n\r\n").await;
    let main = start(enclave, CALL).await;
    let answer = ask(
        main.address,
        "OPTIONS /enclave/sealed HTTP/1.1\r\nhost: a\r\norigin: o1\r\naccess-control-request-method: POST\r\nconnection: close\r\n\r\n",
    )
    .await;
    assert!(
        answer.starts_with("HTTP/1.1 204 ") && answer.contains("access-control-allow-methods: GET\r\n"),
        "{answer}"
    );
    let seen = seen.lock().unwrap();
    assert!(
        seen[0].contains("origin: o1") && seen[0].contains("access-control-request-method: POST"),
        "{seen:?}"
    );
}

#[tokio::test]
async fn an_enclave_that_does_not_answer_is_told_as_a_problem() {
    let (listener, nobody) = listen().await;
    drop(listener);
    let main = start(nobody, CALL).await;
    assert_problem(&get(main.address, "/attestation/quote").await, 502, "RELAY_BACKEND_UNREACHABLE");
    for nonsense in [
        "",
        "no HTTP at all\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n",
        "HTTP/1.1 101 X\r\n\r\n",
    ] {
        let main = start(backend(nonsense).await.0, CALL).await;
        assert_problem(&get(main.address, "/attestation/quote").await, 502, "RELAY_BACKEND_UNREACHABLE");
    }
}

#[tokio::test]
async fn an_enclave_that_takes_too_long_is_told_as_a_problem() {
    // The backend accepts, by its queue, and never answers.
    let (_listener, silent) = listen().await;
    let main = start(silent, Call { answer_timeout: SHORT, ..CALL }).await;
    assert_problem(&post(main.address, "{}").await, 504, "RELAY_TIMEOUT");
}

#[tokio::test]
async fn a_body_may_weigh_as_much_as_a_call_and_no_byte_more() {
    let (enclave, seen) = backend("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
    let main = start(enclave, CALL).await;
    let largest = "x".repeat(32 * 1024);
    assert!(post(main.address, &largest).await.ends_with("\r\n\r\nok"));
    assert_problem(&post(main.address, &format!("{largest}x")).await, 413, "RELAY_TOO_LARGE");
    let chunked = format!(
        "POST /enclave/sealed HTTP/1.1\r\nhost: a\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n8001\r\n{largest}x\r\n0\r\n\r\n"
    );
    assert_problem(&ask(main.address, &chunked).await, 413, "RELAY_TOO_LARGE");
    assert_eq!(seen.lock().unwrap().len(), 1, "the enclave is not troubled with the rest");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_refused() {
    let (enclave, seen) = backend("HTTP/1.1 200 OK\r\n\r\n").await;
    let main = start(enclave, Call { request_timeout: SHORT, ..CALL }).await;
    let half = "POST /enclave/sealed HTTP/1.1\r\nhost: a\r\ncontent-length: 10\r\n\r\nhalf";
    assert_problem(&ask(main.address, half).await, 400, "REQUEST_MALFORMED");
    assert!(seen.lock().unwrap().is_empty());
}
