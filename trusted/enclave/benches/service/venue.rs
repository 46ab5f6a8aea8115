//! A venue that tells its time, and the simulator's clock, which here is the machine's. Nothing else is answered: who asks
//! for an account stands in line, as all but a few do at every moment where one address has a hundred thousand.

use axum::{Router, extract::RawQuery, routing::get};
use exchange::Clock as _;
use ledger::Timestamp;
use serde_json::json;
use std::{net::SocketAddr, sync::Arc, time::Duration};

pub(crate) async fn start() -> SocketAddr {
    let clock = Arc::new(crate::system_clock::SystemClock::new());
    let (now, wait, time) = (Arc::clone(&clock), Arc::clone(&clock), clock);
    let told =
        |clock: &crate::system_clock::SystemClock| json!({ "now_ms": clock.now().millis() }).to_string();
    let routes = Router::new()
        .route("/simulator/clock", get(async move || told(&now)))
        .route(
            "/simulator/clock/wait",
            get(async move |RawQuery(asked): RawQuery| {
                let asked: i64 = asked.unwrap().strip_prefix("until_ms=").unwrap().parse().unwrap();
                // The simulator, too, answers after 20 s.
                let until = asked.min(wait.now().millis() + 20_000);
                wait.sleep_until(Timestamp::from_millis(until)).await;
                told(&wait)
            }),
        )
        .route("/api/v3/time", get(async move || json!({ "serverTime": time.now().millis() }).to_string()))
        .fallback(async || tokio::time::sleep(Duration::from_secs(3600)).await);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async { axum::serve(listener, routes).await });
    address
}
