//! The time of `perf-aggregator-simulator`, for development builds: tests move it, and nobody waits for a day.
//! Not in release builds.

use crate::{Clock, clock::Wait};
use core::{net::SocketAddr, time::Duration};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use ledger::Timestamp;
use std::{
    io,
    sync::{Mutex, PoisonError},
    time::Instant,
};
use tokio::net::TcpStream;

/// A question takes at most this long; waiting for an instant is answered after 20 s at the latest.
const TIMEOUT: Duration = Duration::from_secs(30);
/// A simulator that does not answer is asked again after this long.
const PAUSE: Duration = Duration::from_millis(200);

/// Time as the simulator tells it, and by the machine's monotonic clock between two answers.
pub struct SimulatedClock {
    simulator: SocketAddr,
    known: Mutex<Known>,
}

struct Known {
    simulated_ms: i64,
    at: Instant,
}

impl SimulatedClock {
    /// The clock of the simulator at `simulator`, which must be on loopback. Zero until its first `refresh`.
    ///
    /// # Errors
    /// If the address is not on loopback.
    pub fn dangerous_development(simulator: SocketAddr) -> io::Result<Self> {
        if !simulator.ip().is_loopback() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a simulator is on loopback"));
        }
        Ok(Self { simulator, known: Mutex::new(Known { simulated_ms: 0, at: monotonic() }) })
    }

    async fn ask(&self, path: &str) -> Option<()> {
        let answer = tokio::time::timeout(TIMEOUT, fetch(self.simulator, path)).await.ok()?.ok()?;
        let told: serde_json::Value = serde_json::from_slice(&answer).ok()?;
        let told_ms = told.get("now_ms")?.as_i64()?;
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let now_ms = known.now_ms();
        // The answer to an older question must not move time back.
        if told_ms > now_ms {
            *known = Known { simulated_ms: told_ms, at: monotonic() };
        }
        Some(())
    }
}

impl Known {
    fn now_ms(&self) -> i64 {
        // Before the first answer there is no time that could pass.
        let elapsed = if self.simulated_ms == 0 { Duration::ZERO } else { self.at.elapsed() };
        self.simulated_ms.saturating_add(i64::try_from(elapsed.as_millis()).unwrap_or(0))
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(self.known.lock().unwrap_or_else(PoisonError::into_inner).now_ms())
    }

    fn sleep_until(&self, at: Timestamp) -> Wait<'_> {
        Box::pin(async move {
            while self.now() < at {
                if self.ask(&format!("/simulator/clock/wait?until_ms={}", at.millis())).await.is_none() {
                    tokio::time::sleep(PAUSE).await;
                }
            }
        })
    }

    fn refresh(&self) -> Wait<'_> {
        Box::pin(async move {
            // A simulator that does not answer leaves the time running as it was.
            let _ = self.ask("/simulator/clock").await;
        })
    }
}

#[expect(clippy::disallowed_methods, reason = "development only: how long ago the simulator told its time")]
fn monotonic() -> Instant {
    Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "development only: the simulator is no venue")]
async fn fetch(address: SocketAddr, path: &str) -> Result<Bytes, Box<dyn core::error::Error + Send + Sync>> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driven = tokio::spawn(connection);
    let request = Request::get(path).header("host", address.to_string()).body(Empty::<Bytes>::new())?;
    let response = sender.send_request(request).await?;
    let body = Limited::new(response.into_body(), 1024).collect().await?.to_bytes();
    driven.abort();
    Ok(body)
}
