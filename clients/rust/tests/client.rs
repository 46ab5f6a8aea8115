//! The library against a service that speaks the real protocol, on a good day and with a stranger on the way.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod asked;
mod service;

use attestation::Class;
use perfagg::{Client, Clock, Failure, Moment, Registration, ServiceUrl, Trust, Unreachable};
use protocol::{Code, Credentials, Route, Secret};
use serde_json::{Value, json};
use service::{EPOCH, NOW, Response, SESSION_ID, Service, opened, refuses, summary, well};
use std::{
    io::{Read as _, Write as _},
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

const KEY: &str = "PLANTEDkey";
const PHRASE: &str = "PLANTEDphrase";

/// A clock that a test sets. Its wall time is of another year than the evidence, which must not matter.
#[derive(Clone, Default)]
struct TestClock(Arc<AtomicU64>);

impl TestClock {
    fn clock(&self) -> Clock {
        let seconds = Arc::clone(&self.0);
        Clock::new(move || Moment { unix_s: 1, elapsed: Duration::from_secs(seconds.load(Ordering::SeqCst)) })
    }

    fn set(&self, seconds: u64) {
        self.0.store(seconds, Ordering::SeqCst);
    }
}

fn trust(service: &Service) -> Trust {
    Trust::dangerous_development(service.root_pem().as_bytes()).unwrap()
}

fn client(service: &Service) -> Client {
    Client::new(ServiceUrl::parse(&service.url()).unwrap(), trust(service), TestClock::default().clock())
}

fn registration() -> Registration {
    let secret = |text: &str| Secret::new(text.to_owned());
    Registration {
        user_id: "alice".to_owned(),
        exchange: "binance".to_owned(),
        credentials: Credentials {
            api_key: secret(KEY),
            secret: secret("PLANTEDsecret"),
            passphrase: Some(secret(PHRASE)),
        },
        account_types: vec!["spot".to_owned()],
        sandbox: false,
        label: None,
        ttl_seconds: Some(3600),
        lease_seconds: None,
        holder: None,
        accept_trading_key: false,
        bearer: false,
    }
}

fn session() -> Secret {
    Secret::new(SESSION_ID.to_owned())
}

async fn read(client: &mut Client) -> Result<Value, Failure> {
    client.summary(&session()).await.map(|answer| serde_json::from_str(answer.json()).unwrap())
}

#[tokio::test]
async fn the_journey_from_evidence_to_receipt() {
    let service = Service::start();
    let mut client = client(&service);
    let enclave = client.attest().await.unwrap();
    assert!(enclave.development());
    assert_eq!(enclave.epoch(), EPOCH);

    service.answers(|route, body| {
        if route == Route::Register {
            assert_eq!(body["apiKey"], KEY);
            assert_eq!(body["passphrase"], PHRASE);
            assert_eq!((&body["ttlSeconds"], &body["accountTypes"]), (&json!(3600), &json!(["spot"])));
        } else {
            assert_eq!(body, &json!({ "session_id": SESSION_ID }));
        }
        well(route, body)
    });
    let session = client.register(&registration()).await.unwrap();
    assert_eq!(session.json(), opened().to_string(), "to the letter");
    assert_eq!(session.body.session_id, SESSION_ID);
    assert_eq!(read(&mut client).await.unwrap(), summary("live", 1.0));
    assert_eq!(client.metrics(&self::session()).await.unwrap().body["total"]["matches"], 15003);
    assert!(client.revoke(&self::session()).await.unwrap().body.revoked);

    assert_eq!(service.count("/attestation/quote"), 1, "one verification serves the calls of ten minutes");
    for asked in &service.state().asked {
        let passed = format!("{}{}", asked.head, String::from_utf8_lossy(&asked.body));
        assert!(!passed.contains("PLANTED") && !passed.contains(SESSION_ID), "{passed}");
    }
}

#[tokio::test]
async fn by_default_no_enclave_is_accepted_and_nothing_is_sent() {
    let service = Service::start();
    let url = ServiceUrl::parse(&service.url()).unwrap();
    let mut client = Client::new(url, Trust::default(), TestClock::default().clock());
    let refused = client.register(&registration()).await.unwrap_err();
    assert!(matches!(&refused, Failure::Evidence(why) if why.class == Class::UntrustedRoot), "{refused}");
    assert_eq!(service.count("/enclave"), 0);
    assert!(client.enclave().is_none());
}

#[tokio::test]
async fn evidence_that_is_not_for_this_request_is_refused() {
    for replay in [false, true] {
        let service = Service::start();
        let mut client = client(&service);
        let first = Arc::new(std::sync::Mutex::new(None));
        if replay {
            let keep = Arc::clone(&first);
            service.passes(move |_, response| {
                keep.lock().unwrap().get_or_insert(response.body.clone());
                response
            });
            client.attest().await.unwrap();
        } else {
            *first.lock().unwrap() = Some(service.state().bundle(&[1; 32]).into_bytes());
        }
        let again = first.lock().unwrap().clone().unwrap();
        service.passes(move |_, _| Response::new(200, again.clone()));
        let refused = client.attest().await.unwrap_err();
        assert!(matches!(&refused, Failure::Evidence(why) if why.class == Class::Freshness), "{refused}");
        assert!(client.enclave().is_none(), "what was verified before is not used either");
        assert!(read(&mut client).await.is_err());
        assert_eq!(service.count("/enclave"), 0);
    }
}

#[tokio::test]
async fn evidence_that_took_over_a_minute_is_refused() {
    for (seconds, accepted) in [(59, true), (60, false)] {
        let (service, clock) = (Service::start(), TestClock::default());
        let url = ServiceUrl::parse(&service.url()).unwrap();
        let mut client = Client::new(url, trust(&service), clock.clock());
        service.passes(move |_, response| {
            clock.set(seconds);
            response
        });
        assert_eq!(client.attest().await.is_ok(), accepted, "{seconds} s");
    }
}

#[tokio::test]
async fn evidence_under_another_root_is_refused() {
    let (service, stranger) = (Service::start(), Service::start());
    stranger.state().backend = attestation::development::DevelopmentBackend::new([1; 32], [2; 32]).unwrap();
    let url = ServiceUrl::parse(&stranger.url()).unwrap();
    let mut client = Client::new(url, trust(&service), TestClock::default().clock());
    assert!(matches!(client.attest().await.unwrap_err(), Failure::Evidence(_)));
}

#[tokio::test]
async fn an_answer_that_was_changed_is_not_believed() {
    const MEMBER: &[u8] = b"\"ciphertext\":\"";
    let flip = |at: usize| {
        move |asked: &service::Asked, mut response: Response| {
            if asked.method == "POST" {
                let member = response.body.windows(MEMBER.len()).position(|window| window == MEMBER).unwrap();
                // A base64url digit inside the ciphertext, changed to another one.
                let digit = &mut response.body[member + MEMBER.len() + at];
                *digit = if *digit == b'A' { b'B' } else { b'A' };
            }
            response
        }
    };
    for at in [0, 100, 500] {
        let service = Service::start();
        let mut client = client(&service);
        service.passes(flip(at));
        assert!(matches!(read(&mut client).await, Err(Failure::NotSealed)), "at {at}");
    }
}

#[tokio::test]
async fn the_answer_to_another_call_is_not_believed() {
    let service = Service::start();
    let mut client = client(&service);
    let kept = Arc::new(std::sync::Mutex::new(None));
    service.passes(move |asked, response| match asked.method.as_str() {
        "POST" => Response::new(200, kept.lock().unwrap().get_or_insert(response.body).clone()),
        _ => response,
    });
    assert!(read(&mut client).await.is_ok());
    assert!(matches!(read(&mut client).await, Err(Failure::NotSealed)));
}

#[tokio::test]
async fn a_success_without_a_seal_is_an_error() {
    for (status, body) in [
        (200, summary("live", 1.0).to_string()),
        (201, opened().to_string()),
        (200, String::new()),
        (204, String::new()),
        (200, json!({ "code": "SESSION_REVOKED" }).to_string()),
        (200, String::from_utf8(Response::problem(200, "SESSION_REVOKED").body).unwrap()),
        (500, json!({ "v": 1, "nonce": "AA", "ciphertext": "AA" }).to_string()),
    ] {
        let service = Service::start();
        let mut client = client(&service);
        let answer = body.clone();
        service.passes(move |asked, response| match asked.method.as_str() {
            "POST" => Response::new(status, answer.clone()),
            _ => response,
        });
        for outcome in [
            read(&mut client).await.map(|_| ()),
            client.register(&registration()).await.map(|_| ()),
            client.metrics(&session()).await.map(|_| ()),
            client.revoke(&session()).await.map(|_| ()),
        ] {
            assert!(matches!(outcome, Err(Failure::NotSealed)), "{status} {body}: {outcome:?}");
        }
    }
}

#[tokio::test]
async fn what_opened_counts_whatever_status_the_relay_gives() {
    let service = Service::start();
    let mut client = client(&service);
    service.passes(|asked, response| match asked.method.as_str() {
        "POST" => Response { status: if response.status == 200 { 500 } else { 200 }, ..response },
        _ => response,
    });
    assert_eq!(read(&mut client).await.unwrap(), summary("live", 1.0));
    service.answers(|_, _| refuses(Code::SessionExpired));
    let refused = read(&mut client).await.unwrap_err();
    assert!(matches!(&refused, Failure::Refused(_)) && refused.ends_session(), "{refused}");
}

#[tokio::test]
async fn a_problem_in_clear_is_the_word_of_whoever_is_on_the_way() {
    for (status, code, transient) in [
        (502, "RELAY_BACKEND_UNREACHABLE", true),
        (429, "RATE_LIMITED", true),
        (401, "SESSION_REVOKED", false),
        (400, "ENVELOPE_REJECTED", false),
    ] {
        let service = Service::start();
        let mut client = client(&service);
        service.passes(move |asked, response| match asked.method.as_str() {
            "POST" => {
                Response { headers: "retry-after: 7\r\n".to_owned(), ..Response::problem(status, code) }
            }
            _ => response,
        });
        let failure = read(&mut client).await.unwrap_err();
        let Failure::OnTheWay(answer) = &failure else { panic!("{failure}") };
        assert_eq!((answer.status, answer.code(), answer.retry_after_s), (status, Some(code), Some(7)));
        assert!(failure.to_string().contains("not signed by the enclave"), "{failure}");
        assert!(!failure.ends_session(), "only the enclave ends a session");
        assert_eq!(failure.is_transient(), transient);
        assert_eq!(service.count("/enclave"), 1, "not tried again behind the caller's back");
    }
}

#[tokio::test]
async fn the_enclaves_own_problems_are_told_by_their_code() {
    let service = Service::start();
    let mut client = client(&service);
    for &code in Code::ALL {
        service.answers(move |_, _| refuses(code));
        let failure = client.register(&registration()).await.unwrap_err();
        let Failure::Refused(refused) = &failure else { panic!("{failure}") };
        assert_eq!((refused.problem.code.as_str(), failure.code()), (code.as_str(), code.as_str()));
        // A store that is behind does not come forward by itself.
        let passes = matches!(code.status(), 429 | 500..) && code != Code::StateRolledBack;
        assert_eq!(failure.is_transient(), passes, "{code}");
    }
}

#[tokio::test]
async fn keys_that_were_replaced_cost_one_new_quote() {
    let service = Service::start();
    let mut client = client(&service);
    read(&mut client).await.unwrap();
    {
        let mut state = service.state();
        state.key_seed = 8;
        state.epoch += 1;
    }
    read(&mut client).await.unwrap();
    assert_eq!(client.enclave().unwrap().epoch(), EPOCH + 1);
    assert_eq!((service.count("/attestation/quote"), service.count("/enclave")), (2, 3));
}

#[tokio::test]
async fn keys_that_stay_unknown_are_not_asked_for_again_and_again() {
    let service = Service::start();
    let mut client = client(&service);
    service.passes(|asked, response| match asked.method.as_str() {
        "POST" => Response::problem(409, "ENVELOPE_KEY_UNKNOWN"),
        _ => response,
    });
    let failure = read(&mut client).await.unwrap_err();
    assert_eq!(failure.code(), "ENVELOPE_KEY_UNKNOWN");
    assert_eq!((service.count("/attestation/quote"), service.count("/enclave")), (2, 2));
}

#[tokio::test]
async fn a_time_that_moved_on_costs_one_new_quote() {
    let service = Service::start();
    let mut client = client(&service);
    read(&mut client).await.unwrap();
    service.state().now = NOW + 3600;
    read(&mut client).await.unwrap();
    assert_eq!(service.count("/attestation/quote"), 2);
}

#[tokio::test]
async fn older_keys_than_were_seen_are_refused() {
    let service = Service::start();
    let mut client = client(&service);
    client.attest().await.unwrap();
    service.state().epoch = EPOCH - 1;
    let refused = client.attest().await.unwrap_err();
    assert!(matches!(&refused, Failure::Evidence(why) if why.class == Class::EpochRollback), "{refused}");

    // The same when the epoch was seen by an earlier run.
    let mut later = self::client(&service);
    later.remember_epoch(EPOCH);
    assert!(later.attest().await.is_err());
    later.remember_epoch(1);
    assert!(later.attest().await.is_err(), "what was seen stays seen");
    service.state().epoch = EPOCH;
    assert!(later.attest().await.is_ok());
}

#[tokio::test]
async fn a_verification_is_used_for_ten_minutes() {
    let (service, clock) = (Service::start(), TestClock::default());
    let url = ServiceUrl::parse(&service.url()).unwrap();
    let mut client = Client::new(url, trust(&service), clock.clock());
    for (seconds, quotes) in [(0, 1), (200, 1), (599, 1), (600, 2), (1199, 2), (1200, 3)] {
        clock.set(seconds);
        service.state().now = NOW + seconds;
        read(&mut client).await.unwrap();
        assert_eq!(service.count("/attestation/quote"), quotes, "after {seconds} s");
    }
}

#[tokio::test]
async fn figures_of_another_environment_are_not_believed() {
    let service = Service::start();
    let mut client = client(&service);
    service.answers(|route, body| {
        let (status, mut answer) = well(route, body);
        answer["environment"] = json!("live");
        (status, answer)
    });
    assert!(matches!(read(&mut client).await, Err(Failure::Environment)));
    assert!(matches!(client.register(&registration()).await, Err(Failure::Environment)));
    assert!(matches!(client.metrics(&session()).await, Err(Failure::Environment)));

    // A session of a real account is not even told to an enclave of another environment.
    let url = ServiceUrl::parse(&service.url()).unwrap();
    let live = trust(&service).in_environments(&["live"]);
    let mut client = Client::new(url, live, TestClock::default().clock());
    let calls = service.count("/enclave");
    let refused = read(&mut client).await.unwrap_err();
    assert!(matches!(&refused, Failure::Evidence(why) if why.class == Class::Config), "{refused}");
    assert_eq!(service.count("/enclave"), calls);
}

#[tokio::test]
async fn an_answer_of_another_form_is_not_guessed_at() {
    let service = Service::start();
    let mut client = client(&service);
    for answer in [json!({}), json!([]), json!(7), json!({ "session_id": 7 })] {
        service.answers(move |_, _| (200, answer.clone()));
        assert!(matches!(read(&mut client).await, Err(Failure::AnswerForm)));
        assert!(matches!(client.revoke(&session()).await, Err(Failure::AnswerForm)));
    }
    service.answers(|_, _| (200, json!({ "revoked": false, "at": "", "note": "" })));
    assert!(matches!(client.revoke(&session()).await, Err(Failure::AnswerForm)));
}

#[tokio::test]
async fn connections_that_end_after_each_answer_do_no_harm() {
    let service = Service::start();
    service.state().closes = true;
    let mut client = client(&service);
    for _ in 0..5 {
        read(&mut client).await.unwrap();
    }
    assert_eq!(service.count("/attestation/quote"), 1);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (service, elsewhere) = (Service::start(), Service::start());
    let location = format!("location: {}/attestation/quote\r\n", elsewhere.url());
    service.passes(move |_, _| Response { headers: location.clone(), ..Response::new(302, "") });
    let failure = client(&service).attest().await.map(|_| ()).unwrap_err();
    assert!(matches!(&failure, Failure::OnTheWay(answer) if answer.status == 302), "{failure}");
    assert_eq!(elsewhere.count("/"), 0);
}

#[tokio::test]
async fn answers_have_a_bound() {
    let service = Service::start();
    service.passes(|_, _| Response::new(200, vec![b' '; 600 * 1024]));
    let failure = client(&service).attest().await.map(|_| ()).unwrap_err();
    assert!(matches!(failure, Failure::Unreachable(Unreachable::TooLarge)), "{failure}");
}

#[tokio::test]
async fn a_call_that_is_too_large_is_not_sent() {
    let service = Service::start();
    let mut client = client(&service);
    let large = Registration { user_id: "x".repeat(20_000), ..registration() };
    assert!(matches!(client.register(&large).await, Err(Failure::CallTooLarge)));
    assert_eq!(service.count("/enclave"), 0);
}

#[tokio::test]
async fn nobody_there_and_no_http_there_are_told_apart() {
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let failure = attest_at(&format!("http://{gone}")).await;
    assert!(matches!(failure, Failure::Unreachable(Unreachable::Connect)), "{failure}");
    assert!(failure.is_transient());

    for speech in [&b"SSH-2.0-x\r\n"[..], b"", b"HTTP/1.1 200 OK\r\ncontent-length: 50\r\n\r\nhalf"] {
        let address = speaker(speech);
        let failure = attest_at(&format!("http://{address}")).await;
        assert!(matches!(failure, Failure::Unreachable(Unreachable::Broken)), "{failure}");
    }
}

async fn attest_at(url: &str) -> Failure {
    let service = Service::start();
    let url = ServiceUrl::parse(url).unwrap();
    let mut client = Client::new(url, trust(&service), TestClock::default().clock());
    client.attest().await.map(|_| ()).unwrap_err()
}

/// Says the same to everybody and hangs up.
fn speaker(speech: &'static [u8]) -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(speech);
        }
    });
    address
}
