//! The program around the calls: its own answers, its stop, its log.

use super::*;

#[tokio::test]
async fn what_is_not_the_enclaves_is_answered_here() {
    let (listener, nobody) = listen().await;
    drop(listener);
    let main = start(nobody, CALL).await;
    assert!(get(main.address, "/health/live").await.ends_with("\r\n\r\n{\"status\":\"live\"}"));
    assert_problem(&get(main.address, "/metrics").await, 404, "NOT_FOUND");
    let delete = "DELETE /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    assert_problem(&ask(main.address, delete).await, 405, "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn a_handler_that_panics_takes_down_one_request() {
    let relay = Arc::new(relay(&[("BACKEND_URL", "http://127.0.0.1:9")], CALL));
    let main = start_with(move |request| {
        let relay = Arc::clone(&relay);
        async move {
            assert_ne!(request.uri().path(), "/enclave/panic");
            relay.answer(request).await
        }
    })
    .await;
    let mut stream = connect(main.address).await.unwrap();
    stream.write_all(b"GET /enclave/panic HTTP/1.1\r\nhost: a\r\n\r\nGET /health/live HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert!(answers.starts_with("HTTP/1.1 500 ") && answers.contains("\"INTERNAL\""), "{answers}");
    assert!(answers.ends_with("{\"status\":\"live\"}"), "the next request on the same connection: {answers}");
}

#[tokio::test]
async fn a_stop_answers_what_is_under_way_and_takes_nothing_new() {
    let ((listener, enclave), stopped) = (listen().await, Arc::new(Notify::new()));
    let go_on = Arc::clone(&stopped);
    let asked = Arc::new(Notify::new());
    let told = Arc::clone(&asked);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        told.notify_one();
        go_on.notified().await;
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nlast").await.unwrap();
    });
    let main = start(enclave, CALL).await;
    let call = tokio::spawn(get(main.address, "/attestation/quote"));
    asked.notified().await;
    main.stop.send_replace(true);
    // The port is closed once the stop was seen; until then a connection may still be accepted.
    while connect(main.address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    stopped.notify_one();
    assert!(call.await.unwrap().ends_with("\r\n\r\nlast"));
    main.serving.await.unwrap();
}

#[tokio::test]
async fn the_log_tells_routes_and_statuses_and_nothing_that_a_caller_sent() {
    let (_guard, written) = log::tests::captured("trace,hyper=trace,hyper_util=trace");
    let (enclave, _) =
        backend(format!("HTTP/1.1 401 X\r\nx-request-id: {SESSION}\r\ncontent-length: 42\r\n\r\n{SESSION}"))
            .await;
    let main = start(enclave, CALL).await;
    ask(
        main.address,
        &format!(
            "GET /enclave/summary/{SESSION}?{SESSION} HTTP/1.1\r\nhost: a\r\nconnection: close\r\nauthorization: Bearer {SESSION}\r\n\
             content-length: 42\r\n\r\n{SESSION}"
        ),
    )
    .await;
    get(main.address, &format!("/{SESSION}")).await;
    let text = written.text();
    assert!(text.contains("/enclave/summary/{session_id}") && text.contains("status=401"), "{text}");
    assert!(text.contains("NOT_FOUND"), "{text}");
    assert!(!text.contains("PLANTED"), "{text}");
}
