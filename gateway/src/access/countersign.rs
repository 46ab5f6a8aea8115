//! Has the enclave countersign the head of the access log: at the start, every hour, when a day's file ends, and at the
//! stop. It is how a log becomes more than the word of whoever keeps it. When the enclave does not answer, calls go on as
//! before, the log says so, and the enclave is asked again.

use super::{AccessLog, Entry};
use crate::{backend::Connector, clock::Clock, limits, settings::Backend};
use ed25519_dalek::{Signature, VerifyingKey};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, Uri, body::Bytes, header::CONTENT_TYPE};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use protocol::{
    countersign::{self, CountersignCall, Countersignature},
    limits::COUNTERSIGN_INTERVAL_S,
    wire,
};
use std::sync::{Arc, atomic::Ordering};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// Why there is no countersignature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missed {
    /// No answer in time.
    Unreachable,
    /// An answer that says no: the enclave does not trust its clock, or was asked too often.
    Refused,
    /// An answer that is no countersignature of this head.
    Invalid,
}

impl Missed {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::Refused => "refused",
            Self::Invalid => "invalid",
        }
    }
}

/// When to ask.
#[derive(Debug, Default)]
pub(super) struct Schedule {
    due_s: u64,
    /// When the log was last told that there is none.
    told_s: Option<u64>,
}

impl Schedule {
    /// A clock that was set back far does not put the next one off.
    pub(super) fn is_due(&self, now_s: u64) -> bool {
        now_s >= self.due_s || self.due_s.saturating_sub(now_s) > COUNTERSIGN_INTERVAL_S
    }

    /// There is one. The next: in an hour, or when the day ends and its file with it.
    pub(super) fn signed(&mut self, now_s: u64) {
        let day_ends_s = (now_s / 86_400).saturating_add(1).saturating_mul(86_400);
        *self = Self { due_s: now_s.saturating_add(COUNTERSIGN_INTERVAL_S).min(day_ends_s), told_s: None };
    }

    /// There is none. Whether the log is to be told: at first, and then every hour.
    pub(super) fn missed(&mut self, now_s: u64) -> bool {
        self.due_s = now_s.saturating_add(limits::COUNTERSIGN_RETRY_S);
        let is_news = self.told_s.is_none_or(|told_s| now_s.abs_diff(told_s) >= COUNTERSIGN_INTERVAL_S);
        if is_news {
            self.told_s = Some(now_s);
        }
        is_news
    }
}

/// Asks the enclave for one log.
pub(crate) struct Countersigner {
    client: Client<Connector, Full<Bytes>>,
    address: Uri,
    log: Arc<AccessLog>,
    clock: Clock,
    schedule: Schedule,
}

impl Countersigner {
    /// # Errors
    /// If TLS cannot be set up, which would be a mistake of ours.
    pub(crate) fn new(backend: &Backend, log: Arc<AccessLog>) -> anyhow::Result<Self> {
        let clock = log.clock;
        let client = Client::builder(TokioExecutor::new())
            .pool_max_idle_per_host(0)
            .build(Connector::new(backend, clock)?);
        let address = Uri::builder()
            .scheme(backend.scheme())
            .authority(backend.authority.clone())
            .path_and_query(crate::route::COUNTERSIGN)
            .build()?;
        Ok(Self { client, address, log, clock, schedule: Schedule::default() })
    }

    /// Asks when it is time to, until `stop` says so; gives itself back for the last time.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) -> Self {
        loop {
            if self.schedule.is_due((self.clock)()) {
                self.turn().await;
            }
            tokio::select! {
                () = sleep(limits::COUNTERSIGN_LOOK) => {}
                // What this gives is dropped here: it must not be held while something is awaited.
                () = async { let _ = stop.wait_for(|stop| *stop).await; } => return self,
            }
        }
    }

    /// Asks once, and has the log say what came of it.
    pub(crate) async fn turn(&mut self) {
        // No log, or one whose disk is slower than its calls: it is asked for again.
        let Some((seq, head)) = self.log.head().await else { return };
        let now_s = (self.clock)();
        let counters = &self.log.counters;
        match self.ask(seq, head).await {
            Ok(signed) => {
                counters.countersigned.fetch_add(1, Ordering::Relaxed);
                self.schedule.signed(now_s);
                self.log.note(signed);
            }
            Err(why) => {
                counters.countersign_missed.fetch_add(1, Ordering::Relaxed);
                if self.schedule.missed(now_s) {
                    let why_told = why.as_str();
                    tracing::warn!(code = "access-log-unsigned", why = why_told, "no countersignature");
                    self.log.note(Entry::CountersignMissed(why));
                }
            }
        }
    }

    async fn ask(&self, seq: u64, head: [u8; 32]) -> Result<Entry, Missed> {
        let body = serde_json::to_vec(&CountersignCall { head: wire::encode(&head) });
        let mut request = Request::new(Full::new(Bytes::from(body.map_err(|_| Missed::Invalid)?)));
        *request.method_mut() = hyper::Method::POST;
        *request.uri_mut() = self.address.clone();
        let json = hyper::header::HeaderValue::from_static("application/json");
        request.headers_mut().insert(CONTENT_TYPE, json);
        let answer = async {
            let answer = self.client.request(request).await.map_err(|_| Missed::Unreachable)?;
            if answer.status() != 200 {
                return Err(Missed::Refused);
            }
            let body = Limited::new(answer.into_body(), limits::COUNTERSIGN_BYTES_MAX).collect().await;
            Ok(body.map_err(|_| Missed::Invalid)?.to_bytes())
        };
        let answered = timeout(limits::COUNTERSIGN_TIMEOUT, answer).await;
        let body = answered.map_err(|_| Missed::Unreachable)??;
        signed(&body, seq, &head).ok_or(Missed::Invalid)
    }
}

/// The entry of an answer, if that is a signature over this head: any other would break the log for its readers. Whose
/// key it is they judge.
pub(super) fn signed(answer: &[u8], seq: u64, head: &[u8; 32]) -> Option<Entry> {
    let Countersignature { head: of, created, keyid, signature } = serde_json::from_slice(answer).ok()?;
    let (key, signature) = (wire::decode_array::<32>(&keyid)?, wire::decode_array::<64>(&signature)?);
    let message = countersign::bytes(head, created);
    let verified = VerifyingKey::from_bytes(&key)
        .and_then(|key| key.verify_strict(&message, &Signature::from_bytes(&signature)));
    let fits = wire::decode_array::<32>(&of)? == *head && verified.is_ok();
    fits.then_some(Entry::Countersign { seq, head: *head, created_s: created, key, signature })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::{Signer as _, SigningKey};

    const HOUR: u64 = 3600;
    /// A day's beginning.
    const DAY: u64 = 1_795_478_400;

    #[test]
    fn it_is_due_at_the_start_every_hour_and_when_a_day_ends() {
        let mut schedule = Schedule::default();
        assert!(schedule.is_due(DAY));
        schedule.signed(DAY + 10);
        assert!(!schedule.is_due(DAY + 10 + HOUR - 1) && schedule.is_due(DAY + 10 + HOUR));
        schedule.signed(DAY + 86_400 - 60);
        assert!(!schedule.is_due(DAY + 86_399) && schedule.is_due(DAY + 86_400), "the day's file ends");
        schedule.signed(DAY + 86_400);
        assert!(!schedule.is_due(DAY + 86_400 + HOUR - 1));
        assert!(schedule.is_due(DAY), "the clock was set back by a day");
    }

    #[test]
    fn a_miss_is_asked_again_in_a_minute_and_told_once_an_hour() {
        let mut schedule = Schedule::default();
        assert!(schedule.missed(DAY));
        assert!(!schedule.is_due(DAY + 59) && schedule.is_due(DAY + 60));
        let told = (1..=180).filter(|minute| schedule.missed(DAY + minute * 60)).count();
        assert_eq!(told, 3, "after one, two and three hours");
        schedule.signed(DAY + 4 * HOUR);
        assert!(schedule.missed(DAY + 5 * HOUR), "a new miss is news");
    }

    #[test]
    fn only_a_signature_over_this_head_becomes_a_line() {
        let (key, head) = (SigningKey::from_bytes(&[5; 32]), [7; 32]);
        let answer = |of: &[u8; 32], created: u64| {
            let signature = key.sign(&countersign::bytes(of, created)).to_bytes();
            Countersignature {
                head: wire::encode(of),
                created,
                keyid: wire::encode(&key.verifying_key().to_bytes()),
                signature: wire::encode(&signature),
            }
        };
        let judged = |answer: &Countersignature| signed(&serde_json::to_vec(answer).unwrap(), 3, &head);
        let good = answer(&head, DAY);
        let entry = judged(&good).unwrap();
        let key = key.verifying_key().to_bytes();
        let signature = wire::decode_array(&good.signature).unwrap();
        assert_eq!(entry, Entry::Countersign { seq: 3, head, created_s: DAY, key, signature });
        for bad in [
            answer(&[8; 32], DAY),
            Countersignature { head: good.head.clone(), ..answer(&[8; 32], DAY) },
            Countersignature { created: DAY + 1, ..good.clone() },
            Countersignature { keyid: wire::encode(&[0; 32]), ..good.clone() },
            Countersignature { keyid: wire::encode(&key[..31]), ..good.clone() },
            Countersignature { signature: wire::encode(&[0; 64]), ..good.clone() },
            Countersignature { signature: String::new(), ..good.clone() },
            Countersignature { head: "PLANTED".to_owned(), ..good.clone() },
        ] {
            assert_eq!(judged(&bad), None, "{bad:?}");
        }
        for text in ["", "{}", "[]", "PLANTED", r#"{"head":1}"#] {
            assert_eq!(signed(text.as_bytes(), 3, &head), None, "{text}");
        }
    }
}
