//! Who ends TLS: the enclave, a relay, or a man in the middle.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "helpers of tests fail as tests do")]

mod asked;
mod service;

use attestation::{Class, Mode};
use core::time::Duration;
use perfagg::{Client, Clock, Failure, Moment, ServiceUrl, Trust, Unreachable};
use protocol::Secret;
use service::{SESSION_ID, Service, front::Front};

fn client(service: &Service, url: &str) -> Client {
    let trust = Trust::dangerous_development(service.root_pem().as_bytes()).unwrap();
    let clock = Clock::new(|| Moment { unix_s: 1, elapsed: Duration::ZERO });
    Client::new(ServiceUrl::parse(url).unwrap(), trust, clock)
}

/// A service whose evidence names the key of the front before it.
fn direct() -> (Service, Front) {
    let service = Service::start();
    let front = Front::before(service.address);
    service.state().tls_spki = Some(front.spki());
    (service, front)
}

fn session() -> Secret {
    Secret::new(SESSION_ID.to_owned())
}

#[tokio::test]
async fn tls_that_ends_at_the_attested_key_is_direct_whoever_signed_the_certificate() {
    let (service, front) = direct();
    let mut client = client(&service, &front.url());
    client.require_direct();
    assert_eq!(client.attest().await.unwrap().mode(), Some(Mode::Direct));
    client.summary(&session()).await.unwrap();
    assert_eq!(service.count("/attestation/quote"), 1, "one verification serves the calls");
}

#[tokio::test]
async fn a_man_in_the_middle_who_ends_tls_sees_a_request_for_evidence_and_no_more() {
    let (service, _front) = direct();
    let man = Front::before(service.address);
    let mut client = client(&service, &man.url());
    let failure = client.summary(&session()).await.unwrap_err();
    let Failure::Evidence(failure) = failure else { panic!("{failure}") };
    assert_eq!((failure.class, failure.step.number()), (Class::Channel, 17));
    let asked: Vec<String> = service.state().asked.iter().map(|asked| asked.target.clone()).collect();
    assert!(asked.len() == 1 && asked[0].starts_with("/attestation/quote?nonce="), "{asked:?}");
}

#[tokio::test]
async fn a_man_in_the_middle_who_comes_later_is_not_called() {
    let (service, front) = direct();
    service.state().closes = true;
    let mut client = client(&service, &front.url());
    client.summary(&session()).await.unwrap();
    let before = service.count("/enclave/sealed");
    // Each connection ends after an answer: the next one meets another key, which no evidence names.
    front.turn();
    let failure = client.summary(&session()).await.unwrap_err();
    assert!(matches!(&failure, Failure::Evidence(failure) if failure.class == Class::Channel), "{failure}");
    assert_eq!(service.count("/enclave/sealed"), before);
    let events = client.events(&session(), None).await.err().unwrap();
    assert!(matches!(&events, Failure::Evidence(failure) if failure.class == Class::Channel), "{events}");
    assert_eq!(service.count("/enclave/sealed"), before);
}

#[tokio::test]
async fn a_tls_key_that_turned_with_its_evidence_costs_one_new_quote() {
    let (service, front) = direct();
    service.state().closes = true;
    let mut client = client(&service, &front.url());
    client.summary(&session()).await.unwrap();
    front.turn();
    service.state().tls_spki = Some(front.spki());
    client.summary(&session()).await.unwrap();
    assert_eq!(service.count("/attestation/quote"), 2);
}

#[tokio::test]
async fn without_tls_on_one_machine_the_mode_is_relayed_and_can_be_refused() {
    let service = Service::start();
    let mut relayed = client(&service, &service.url());
    assert_eq!(relayed.attest().await.unwrap().mode(), Some(Mode::Relayed));
    let mut strict = client(&service, &service.url());
    strict.require_direct();
    let failure = strict.attest().await.err().unwrap();
    assert!(matches!(&failure, Failure::Evidence(failure) if failure.class == Class::Channel), "{failure}");
}

#[tokio::test]
async fn a_key_without_evidence_for_it_is_no_ones() {
    // A host with a certificate of its own and no enclave behind TLS: the web vouches for nobody here.
    let service = Service::start();
    let front = Front::before(service.address);
    let failure = client(&service, &front.url()).attest().await.err().unwrap();
    assert!(matches!(&failure, Failure::Evidence(failure) if failure.class == Class::Channel), "{failure}");
    // What ends TLS there need not even speak HTTP.
    let nobody = Front::before("127.0.0.1:1".parse().unwrap());
    let failure = client(&service, &nobody.url()).attest().await.err().unwrap();
    assert!(matches!(failure, Failure::Unreachable(Unreachable::Broken)), "{failure}");
}
