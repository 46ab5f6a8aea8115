//! What a plain read is held against: an axum server on the same threads, which signs a constant body once a request, with
//! a key of the same kind, over the same words, and does nothing else.

use axum::{
    Router,
    body::Bytes,
    extract::State,
    http::{HeaderMap, Method, Uri, header},
    response::IntoResponse,
};
use ed25519_dalek::{Signer as _, SigningKey};
use protocol::{
    signed::{Headers, Message, Tag},
    wire,
};
use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

struct Peer {
    key: SigningKey,
    key_id: String,
    body: Bytes,
}

/// A process of it: `sign FILE`.
pub(crate) async fn sign(arguments: &[String]) {
    let key = SigningKey::from_bytes(&crate::random::bytes());
    let key_id = wire::encode(key.verifying_key().as_bytes());
    let body = Bytes::from(std::fs::read(&arguments[0]).unwrap());
    let routes = Router::new().fallback(answer).with_state(Arc::new(Peer { key, key_id, body }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    println!("{}", serde_json::json!({ "listening": url }));
    axum::serve(listener, routes).await.unwrap();
}

async fn answer(
    State(peer): State<Arc<Peer>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> impl IntoResponse {
    let nonce = headers.get("perfagg-nonce").and_then(|nonce| nonce.to_str().ok());
    let message = Message { status: 200, method: method.as_str(), path: uri.path(), nonce, body: &peer.body };
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let Headers { content_digest, signature_input, signature } =
        message.sign(Tag::Answer, now_s, &peer.key_id, |base| peer.key.sign(base).to_bytes());
    let headers = [
        (header::CONTENT_TYPE.as_str(), "application/json".to_owned()),
        (header::CACHE_CONTROL.as_str(), "no-store".to_owned()),
        ("content-digest", content_digest),
        ("signature-input", signature_input),
        ("signature", signature),
    ];
    (headers, peer.body.clone())
}
