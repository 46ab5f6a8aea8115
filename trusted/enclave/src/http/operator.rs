//! What the operator's listener on loopback answers: counters, and the way of DCAP collateral and of certificates into
//! an enclave that reads no file of the host's. Nothing here is trusted, and nothing here names a session.

use super::Answer;
use crate::{counters, service::Service, tls::PEM_BYTES_MAX};
use attestation::{BackendError, limits};
use hyper::{Method, Request, body::Incoming};
use std::sync::Arc;

const TEXT: &str = "text/plain; charset=utf-8";
const ROUTES: &[u8] =
    b"GET /metrics, GET /quote, PUT /collateral, GET /tls.csr, PUT /tls.pem, GET /log.vkey\n";

pub(super) async fn answer(service: &Arc<Service>, request: Request<Incoming>) -> Answer {
    let (head, body) = request.into_parts();
    match (&head.method, head.uri.path()) {
        (&Method::GET | &Method::HEAD, "/metrics") => {
            let text = counters::text(service, service.clock.now());
            Answer::new(200, "text/plain; version=0.0.4", text.into_bytes())
        }
        (&Method::GET, "/quote") => {
            let asked = Arc::clone(service);
            told(work(move || asked.identity.sample()).await, |quote| {
                Answer::new(200, "application/octet-stream", quote)
            })
        }
        (&Method::PUT, "/collateral") => match super::server::read(body, limits::COLLATERAL).await {
            None => Answer::new(413, TEXT, b"collateral has at most 256 KiB\n".to_vec()),
            Some(json) => {
                let asked = Arc::clone(service);
                let offered = work(move || asked.identity.offer(&json, asked.clock.now())).await;
                told(offered, |()| Answer::new(200, TEXT, b"kept\n".to_vec()))
            }
        },
        (&Method::GET, "/tls.csr") => match service.identity.certificate_request(service.clock.now()) {
            Some(Ok(pem)) => Answer::new(200, "application/x-pem-file", pem.into_bytes()),
            Some(Err(_)) => Answer::new(503, TEXT, b"no request could be made\n".to_vec()),
            None => Answer::new(404, TEXT, NO_TLS.to_vec()),
        },
        (&Method::GET, "/log.vkey") => match service.anchors.log_key() {
            Some(key) => Answer::new(200, TEXT, (key + "\n").into_bytes()),
            None => Answer::new(404, TEXT, b"no witness is set\n".to_vec()),
        },
        (&Method::PUT, "/tls.pem") => match super::server::read(body, PEM_BYTES_MAX).await {
            None => Answer::new(413, TEXT, b"a certificate chain has at most 64 KiB\n".to_vec()),
            Some(pem) => match service.identity.certify(&pem, service.clock.now()) {
                Some(Ok(())) => Answer::new(200, TEXT, b"kept\n".to_vec()),
                Some(Err(error)) => Answer::new(422, TEXT, format!("{error}\n").into_bytes()),
                None => Answer::new(404, TEXT, NO_TLS.to_vec()),
            },
        },
        _ => Answer::new(404, TEXT, ROUTES.to_vec()),
    }
}

const NO_TLS: &[u8] = b"this enclave speaks plain HTTP\n";

/// What may block, away from those who wait for calls.
async fn work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, BackendError> + Send + 'static,
) -> Result<T, BackendError> {
    tokio::task::spawn_blocking(work).await.unwrap_or(Err(BackendError::Unavailable))
}

fn told<T>(outcome: Result<T, BackendError>, good: impl FnOnce(T) -> Answer) -> Answer {
    match outcome {
        Ok(value) => good(value),
        Err(error) => {
            let status = match error {
                BackendError::Collateral(_) | BackendError::Older => 422,
                BackendError::Unavailable | BackendError::Encoding | BackendError::NoCollateral => 503,
            };
            Answer::new(status, TEXT, format!("{error}\n").into_bytes())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        http,
        identity::{Identity, seconds},
        keys::ResultKey,
        service,
        settings::Settings,
        store::Vault,
        tls::{Tls, names},
    };
    use attestation::{Backend, Class, Evidence, Tee};
    use exchange::{Clock, Hosts, Transport, Wait};
    use ledger::Timestamp;
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
        sync::watch,
    };

    /// A platform that keeps collateral which says `good`.
    struct Platform;

    impl Backend for Platform {
        fn tee(&self) -> Tee {
            Tee::SgxDcap
        }

        fn evidence(&self, _: [u8; 64], _: u64) -> Result<Evidence, BackendError> {
            Err(BackendError::NoCollateral)
        }

        fn sample(&self) -> Result<Vec<u8>, BackendError> {
            Ok(b"a quote".to_vec())
        }

        fn offer(&self, collateral: &[u8], now: u64) -> Result<(), BackendError> {
            assert_eq!(now, 1_795_521_600);
            match collateral {
                b"good" => Ok(()),
                b"old" => Err(BackendError::Older),
                b"late" => Err(BackendError::Unavailable),
                _ => Err(BackendError::Collateral(Class::CollateralMismatch)),
            }
        }
    }

    struct Noon;

    impl Clock for Noon {
        fn now(&self) -> Timestamp {
            Timestamp::from_millis(1_795_521_600_000)
        }

        fn sleep_until(&self, _: Timestamp) -> Wait<'_> {
            Box::pin(core::future::pending())
        }
    }

    fn service() -> Arc<Service> {
        let configuration = service::configuration("live", "process", (86_400, 604_800), "none", None, &[]);
        let result_key = ResultKey::open(&Settings::read(|_| None).unwrap(), None).unwrap();
        let tls = Arc::new(Tls::new(names("enclave.example").unwrap(), seconds(Noon.now())).unwrap());
        let identity =
            Identity::new(Box::new(Platform), &configuration, result_key, Some(tls), Noon.now()).unwrap();
        let vault = Arc::new(Vault::in_memory());
        Arc::new(Service::new("live", identity, Arc::new(Noon), Transport::new(Hosts::default(), 1), vault))
    }

    #[expect(clippy::disallowed_methods, reason = "a test's own client")]
    async fn ask(to: core::net::SocketAddr, line: &str, body: &[u8]) -> (u16, String) {
        let mut stream = TcpStream::connect(to).await.unwrap();
        let head = format!(
            "{line} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        // Where a body is too long, the answer may come before all of it was taken.
        let _ = stream.write_all(&[head.as_bytes(), body].concat()).await;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
    }

    #[tokio::test]
    async fn the_operator_reads_counters_and_a_quote_and_hands_in_collateral() {
        let listener = http::Listener::bind_plain("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = listener.url().unwrap().strip_prefix("http://").unwrap().parse().unwrap();
        let (stop, stopping) = watch::channel(false);
        let serving = tokio::spawn(http::serve_metrics(listener, service(), stopping));
        let mismatch = "the collateral does not verify this platform's evidence: collateral-mismatch\n";
        let routes = core::str::from_utf8(ROUTES).unwrap();
        let form = "takes one to five certificates in PEM, the enclave's own first, and no private key\n";
        for (line, body, status, answer) in [
            ("GET /quote", &b""[..], 200, "a quote"),
            ("PUT /collateral", b"good", 200, "kept\n"),
            ("PUT /collateral", b"planted", 422, mismatch),
            ("PUT /collateral", b"", 422, mismatch),
            ("PUT /collateral", b"old", 422, "the collateral is older than what is served\n"),
            ("PUT /collateral", b"late", 503, "the platform gives no evidence\n"),
            ("PUT /quote", b"", 404, routes),
            ("GET /collateral", b"", 404, routes),
            ("POST /collateral", b"good", 404, routes),
            ("GET /tls.pem", b"", 404, routes),
            ("PUT /tls.pem", b"planted", 422, form),
        ] {
            assert_eq!(ask(address, line, body).await, (status, answer.to_owned()), "{line}");
        }
        assert_eq!(ask(address, "PUT /collateral", &vec![b' '; limits::COLLATERAL + 1]).await.0, 413);
        assert_eq!(ask(address, "PUT /tls.pem", &vec![b' '; PEM_BYTES_MAX + 1]).await.0, 413);
        let (status, request) = ask(address, "GET /tls.csr", b"").await;
        assert!(status == 200 && request.starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"), "{request}");
        let (status, counters) = ask(address, "GET /metrics", b"").await;
        assert!(status == 200 && counters.contains("perfagg_sessions{state=\"open\"} 0"), "{counters}");
        stop.send_replace(true);
        serving.await.unwrap();
    }
}
