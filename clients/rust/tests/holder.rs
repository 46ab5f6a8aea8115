//! Calls that a holder signs, through the library: whatever happens on the way, each signature is of one envelope.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod asked;
mod service;

use perfagg::{
    Checkpoints, Client, Clock, Failure, HolderKey, Known, Moment, Registration, ServiceUrl, Trust,
};
use protocol::{Code, Credentials, Route, Secret, api::Checkpoint, wire};
use serde_json::Value;
use service::{EPOCH, SESSION_ID, Service, holders::dated, holders::grown, holders::vouching, refuses};
use std::{sync::Arc, time::Duration};

fn client(service: &Service) -> Client {
    let clock = Clock::new(|| Moment { unix_s: 1, elapsed: Duration::ZERO });
    let trust = Trust::dangerous_development(service.root_pem().as_bytes()).unwrap();
    Client::new(ServiceUrl::parse(&service.url()).unwrap(), trust, clock)
}

fn registration(holder: Option<&Arc<HolderKey>>) -> Registration {
    let secret = |text: &str| Secret::new(text.to_owned());
    Registration {
        user_id: "alice".to_owned(),
        exchange: "binance".to_owned(),
        credentials: Credentials { api_key: secret("k"), secret: secret("s"), passphrase: None },
        account_types: Vec::new(),
        sandbox: false,
        label: None,
        ttl_seconds: None,
        lease_seconds: Some(7_776_000),
        holder: holder.cloned(),
        accept_trading_key: false,
        bearer: false,
    }
}

fn session() -> Secret {
    Secret::new(SESSION_ID.to_owned())
}

fn started() -> (Service, Client, Arc<HolderKey>) {
    let service = Service::start();
    service.answers(vouching);
    let client = client(&service);
    (service, client, Arc::new(HolderKey::generate()))
}

/// Who signed each call that was admitted: the imitation itself refuses a signature that it has seen.
fn signed(service: &Service) -> Vec<(Route, Option<String>)> {
    service.state().holders.signed.clone()
}

#[tokio::test]
async fn a_call_that_is_sealed_again_is_signed_again() {
    let (service, mut client, holder) = started();
    client.register(&registration(Some(&holder))).await.unwrap();
    // Keys that were replaced, connections that end: each call is tried once more, under another envelope or the same.
    service.state().key_seed = 8;
    service.state().epoch = EPOCH + 1;
    client.summary(&session()).await.unwrap();
    service.state().closes = true;
    client.metrics(&session()).await.unwrap();
    client.sessions(&holder).await.unwrap();
    let (receipt, _) = client.erase(&holder).await.unwrap();
    assert_eq!((receipt.body.accounts, receipt.body.sessions), (1, 1));
    let routes = [Route::Register, Route::Summary, Route::Metrics, Route::Sessions, Route::Erase];
    let by = Some(holder.public_text());
    assert_eq!(signed(&service), routes.map(|route| (route, by.clone())));
}

#[tokio::test]
async fn a_client_that_goes_on_with_a_session_needs_its_key() {
    let (service, mut first, holder) = started();
    first.register(&registration(Some(&holder))).await.unwrap();
    let mut second = client(&service);
    let unknown = |outcome: Result<_, Failure>| {
        assert!(matches!(outcome.map(|_| ()), Err(failure) if failure.ends_session()));
    };
    unknown(second.summary(&session()).await);
    let other = Arc::new(HolderKey::generate());
    second.resume(&session(), Known { holder: Some(other), ..Known::default() });
    unknown(second.summary(&session()).await);
    second.resume(&session(), Known { holder: Some(Arc::clone(&holder)), ..Known::default() });
    second.summary(&session()).await.unwrap();
}

#[tokio::test]
async fn a_session_without_a_holder_is_not_signed_beside_one_that_is() {
    let (service, mut client, holder) = started();
    client.register(&registration(Some(&holder))).await.unwrap();
    service.answers(|route, call| {
        let (status, mut answer) = vouching(route, call);
        if route == Route::Register {
            answer["session_id"] = Value::from("session_2_another");
        }
        (status, answer)
    });
    client.register(&registration(None)).await.unwrap();
    client.summary(&Secret::new("session_2_another".to_owned())).await.unwrap();
    client.summary(&session()).await.unwrap();
    let by: Vec<bool> = signed(&service).iter().map(|(_, key)| key.is_some()).collect();
    assert_eq!(by, [true, false, false, true]);
}

#[tokio::test]
async fn what_one_client_saw_another_remembers() {
    let (service, mut first, holder) = started();
    service.answers(dated(7, 1));
    first.register(&registration(Some(&holder))).await.unwrap();
    let checkpoint = Checkpoint { seq: 7, root: wire::encode(&[1; 32]), anchored: false };
    assert_eq!(first.checkpoint(&session()), Some(&checkpoint));
    let deployment = service.state().result_key.verifying_key().to_bytes();
    assert_eq!(first.checkpoints().last(&deployment, &holder.public_text()), Some(checkpoint));
    let kept: Checkpoints =
        serde_json::from_value(serde_json::to_value(first.checkpoints()).unwrap()).unwrap();

    service.answers(dated(6, 1));
    let known = || Known { holder: Some(Arc::clone(&holder)), ..Known::default() };
    let mut second = client(&service);
    second.resume(&session(), known());
    second.remember_checkpoints(kept);
    let refused = second.summary(&session()).await.unwrap_err();
    assert!(matches!(refused, Failure::RolledBack { seen: 7, came: 6 }), "{refused:?}");
    assert!(!refused.is_transient() && !refused.ends_session() && refused.code() == "STATE_ROLLED_BACK");
    let mut third = client(&service);
    third.resume(&session(), known());
    third.summary(&session()).await.unwrap();
}

/// A registration at a store that went through `roots`, by who saw `seen`; and what was called for it.
async fn registered_again(
    seen: &'static [u8],
    roots: &'static [u8],
    holder: Option<&Arc<HolderKey>>,
) -> (Result<(), Failure>, Client, Vec<Route>) {
    let service = Service::start();
    service.answers(grown(seen));
    let mut first = client(&service);
    first.register(&registration(holder)).await.unwrap();
    let before = service.state().holders.signed.len();
    service.answers(grown(roots));
    let mut second = client(&service);
    second.remember_checkpoints(first.checkpoints().clone());
    let outcome = second.register(&registration(holder)).await.map(|_| ());
    let called = signed(&service).iter().skip(before).map(|(route, _)| *route).collect();
    (outcome, second, called)
}

#[tokio::test]
async fn a_store_that_grew_past_what_was_seen_another_way_is_refused_at_registration() {
    let holder = Arc::new(HolderKey::generate());
    for holder in [None, Some(&holder)] {
        let (outcome, client, called) = registered_again(&[1, 2, 3], &[1, 2, 8, 9], holder).await;
        let refused = outcome.unwrap_err();
        assert!(refused.code() == "STATE_ROLLED_BACK" && !refused.is_transient(), "{refused:?}");
        assert_eq!(called, [Route::Register, Route::Summary, Route::Revoke], "its key does not stay there");
        let kept = serde_json::to_value(client.checkpoints()).unwrap();
        assert_eq!(
            (&kept[0]["seq"], kept.as_array().unwrap().len()),
            (&Value::from(3), 1),
            "what was seen stays"
        );
    }
}

#[tokio::test]
async fn a_store_that_went_on_from_what_was_seen_shows_it_at_registration() {
    let (outcome, client, called) = registered_again(&[1, 2, 3], &[1, 2, 3, 4, 5], None).await;
    outcome.unwrap();
    assert_eq!(called, [Route::Register, Route::Summary]);
    assert_eq!(client.checkpoint(&session()).unwrap().seq, 5);
    // One that stands still, or is behind by its own word, needs no question.
    let (outcome, _, called) = registered_again(&[1, 2, 3], &[1, 2, 3], None).await;
    assert_eq!((outcome.is_ok(), called), (true, vec![Route::Register]));
    let (outcome, _, called) = registered_again(&[1, 2, 3], &[1, 2], None).await;
    assert!(matches!(outcome, Err(Failure::RolledBack { seen: 3, came: 2 })));
    assert_eq!(called, [Route::Register, Route::Revoke]);
}

#[tokio::test]
async fn a_registration_whose_question_is_not_answered_is_not_taken() {
    let service = Service::start();
    service.answers(grown(&[1, 2, 3]));
    let mut first = client(&service);
    first.register(&registration(None)).await.unwrap();
    let mut told = grown(&[1, 2, 3, 4]);
    service.answers(move |route, call| match route {
        Route::Summary => refuses(Code::StoreUnavailable),
        _ => told(route, call),
    });
    assert!(first.register(&registration(None)).await.unwrap_err().says(Code::StoreUnavailable));
    assert_eq!(signed(&service).last(), Some(&(Route::Revoke, None)));
    // A question that is answered by an older state than the registration was is no answer.
    let (mut younger, mut older) = (grown(&[1, 2, 3, 4]), grown(&[1, 2, 3]));
    service.answers(move |route, call| match route {
        Route::Summary => older(route, call),
        _ => younger(route, call),
    });
    let refused = first.register(&registration(None)).await.unwrap_err();
    assert!(matches!(refused, Failure::RolledBack { seen: 4, came: 3 }), "{refused:?}");
}
