//! Answers that take their time: streams, and what ends them.

use super::*;

#[tokio::test]
async fn an_answer_passes_while_it_is_still_being_made() {
    let ((listener, enclave), seen_first) = (listen().await, Arc::new(Notify::new()));
    let go_on = Arc::clone(&seen_first);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream
            .write_all(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nfirst\r\n")
            .await
            .unwrap();
        go_on.notified().await;
        stream.write_all(b"4\r\nlast\r\n0\r\n\r\n").await.unwrap();
    });
    let main = start(enclave, CALL).await;
    let mut stream = connect(main.address).await.unwrap();
    stream
        .write_all(b"GET /enclave/events/x HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("first") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed before the first piece");
    }
    seen_first.notify_one();
    stream.read_to_end(&mut answer).await.unwrap();
    assert!(String::from_utf8_lossy(&answer).ends_with("4\r\nlast\r\n0\r\n\r\n"));
}

#[tokio::test]
async fn an_answer_that_grows_too_large_breaks_off_or_takes_too_long_ends_early() {
    let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    let bounds = Call { answer_bytes_max: 10, passing_timeout: SHORT, ..CALL };
    for (what, pieces) in
        [("too large", "8\r\n12345678\r\n8\r\n12345678\r\n0\r\n\r\n"), ("broken off", "8\r\n1234")]
    {
        let main = start(backend(format!("{head}{pieces}")).await.0, bounds).await;
        assert!(!get(main.address, "/exchanges").await.ends_with("0\r\n\r\n"), "{what}");
    }
    let (listener, enclave) = listen().await;
    let stuck = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        stream.write_all(format!("{head}2\r\nok\r\n").as_bytes()).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await
    });
    let main = start(enclave, bounds).await;
    assert!(!get(main.address, "/exchanges").await.ends_with("0\r\n\r\n"));
    let _ = stuck.await.expect("the enclave's side is let go too");
}

/// A backend that begins a stream with `first`, and goes on when it is told to.
async fn streaming() -> (SocketAddr, Arc<Notify>) {
    let ((listener, address), go_on) = (listen().await, Arc::new(Notify::new()));
    let told = Arc::clone(&go_on);
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        read_request(&mut stream).await;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(format!("{head}5\r\nfirst\r\n").as_bytes()).await.unwrap();
        told.notified().await;
        let _ = stream.write_all(b"4\r\nlast\r\n0\r\n\r\n").await;
    });
    (address, go_on)
}

/// A stream through the relay, after its first piece.
async fn listening(main: &Running) -> TcpStream {
    let mut stream = connect(main.address).await.unwrap();
    let request =
        b"GET /enclave/events/x HTTP/1.1\r\nhost: a\r\nlast-event-id: 7\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = Vec::new();
    while !String::from_utf8_lossy(&answer).contains("first") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0, "closed before the first piece");
    }
    stream
}

#[tokio::test]
async fn a_stream_of_events_lasts_longer_than_other_answers_but_not_in_silence() {
    let mut rest = String::new();
    let (enclave, go_on) = streaming().await;
    // Any other answer would be cut at once.
    let main = start(enclave, Call { passing_timeout: Duration::ZERO, ..CALL }).await;
    let mut stream = listening(&main).await;
    go_on.notify_one();
    stream.read_to_string(&mut rest).await.unwrap();
    assert!(rest.ends_with("4\r\nlast\r\n0\r\n\r\n"), "{rest}");

    for bounds in [Call { stream_silence: SHORT, ..CALL }, Call { stream_life: SHORT, ..CALL }] {
        let (enclave, _go_on) = streaming().await;
        let main = start(enclave, bounds).await;
        let mut rest = String::new();
        let _ = listening(&main).await.read_to_string(&mut rest).await;
        assert!(!rest.ends_with("0\r\n\r\n"), "it was cut, and is seen to be: {rest}");
    }
}

#[tokio::test]
async fn a_stop_does_not_wait_for_streams() {
    let (enclave, _go_on) = streaming().await;
    let main = start(enclave, CALL).await;
    let mut stream = listening(&main).await;
    main.stop.send_replace(true);
    let mut rest = String::new();
    let _ = stream.read_to_string(&mut rest).await;
    assert!(!rest.ends_with("0\r\n\r\n"), "{rest}");
    main.serving.await.unwrap();
}
