//! Handovers between identities in one process, through rows in memory.

use super::{
    giver::Giver,
    message::{self, Evidence, Step, fuzz_messages},
    newcomer::{Asked, ask},
    secrets::{self, fuzz_secrets},
};
use crate::{
    identity::Identity,
    keys::ResultKey,
    random,
    service::Service,
    settings::Settings,
    store::{Batch, Change, Expect, KeyRing, Memory, Store, StoreError, Stored, Table, Vault, Writes},
    tls::{self, Tls},
};
use attestation::{Roots, development::DevelopmentBackend};
use exchange::{Clock, Hosts, Transport, Wait};
use ledger::Timestamp;
use protocol::{Code, Header, Route, wire};
use std::{sync::Arc, time::Duration};
use zeroize::Zeroizing;

const START_MS: i64 = 1_795_305_600_000;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(START_MS)
    }

    fn sleep_until(&self, _: Timestamp) -> Wait<'_> {
        Box::pin(core::future::pending())
    }
}

/// An enclave: a program in a configuration.
fn enclave(program: u8, ttl_max_s: u64) -> (Identity, Roots) {
    let backend = DevelopmentBackend::new([1; 32], [program; 32]).unwrap();
    let roots = Roots::dangerous_development(backend.root_der()).unwrap();
    let key = ResultKey::open(&Settings::read(|_| None).unwrap(), None).unwrap();
    let document =
        crate::service::configuration("development", "process", (300, ttl_max_s), "clear", None, &[]);
    let tls = Tls::new(tls::names("enclave.example").unwrap(), 1_795_305_600).unwrap();
    let identity = Identity::new(Box::new(backend), &document, key, Some(Arc::new(tls)), Noon.now());
    (identity.unwrap(), roots)
}

/// Keys of rows that were born now, in a store.
fn vault(store: &Arc<Memory>) -> Vault {
    Vault::new(Arc::<Memory>::clone(store), KeyRing::born(random::bytes))
}

/// What comes of asking while a giver does its rounds, each of which may be looked at.
async fn handed(
    (giver, roots): &(Identity, Roots),
    newcomer: &Identity,
    store: &Arc<Memory>,
    mut between: impl FnMut(&Memory),
) -> (Asked, Vault) {
    let (vault, mut side) = (vault(store), Giver::default());
    let giving = async {
        loop {
            side.round(&vault, giver, roots, Noon.now()).await.unwrap();
            between(store);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let asked = tokio::select! {
        asked = ask(store.as_ref(), newcomer, roots, &Noon) => asked.unwrap(),
        () = giving => unreachable!("it never ends"),
    };
    (asked, vault)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_enclave_is_given_the_keys_of_another_and_to_clients_they_are_one() {
    let store = Arc::new(Memory::new());
    let mut giver = enclave(7, 604_800);
    let (mut newcomer, _) = enclave(7, 604_800);
    giver.0.found(0, Noon.now());
    assert_ne!(newcomer.present().keyset_hash(), giver.0.present().keyset_hash());
    let (asked, vault) = handed(&giver, &newcomer, &store, |_| ()).await;
    let Asked::Given(given) = asked else { panic!("nothing was given") };
    assert_eq!(*given.ring.encode(), *vault.ring_bytes().await, "what one seals the other opens");
    newcomer.join(given.identity, Noon.now()).unwrap();
    assert_eq!(newcomer.present().keyset_hash(), giver.0.present().keyset_hash());
    assert_eq!(newcomer.newest(), giver.0.newest());

    // A client sealed this to one of them, and the other gets it.
    let keyset_hash = *giver.0.present().keyset_hash();
    let route = Route::Register;
    let header = Header { envelope_id: [1; 16], route, keyset_hash, expires_at: 1 };
    let to = *giver.0.present().key.public();
    let (envelope, _) = protocol::seal(&to, header, b"{}", &mut random::system()).unwrap();
    let epoch = newcomer.epoch(&keyset_hash, Noon.now()).unwrap();
    assert_eq!(envelope.open(&epoch.key).unwrap().0.as_slice(), b"{}");
    assert!(message::all(store.as_ref()).await.unwrap().is_empty(), "nothing of the handover is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_keys_pass_to_or_from_another_program_or_configuration() {
    for (giver, newcomer) in
        [(enclave(7, 604_800), enclave(8, 604_800)), (enclave(7, 604_800), enclave(7, 604_799))]
    {
        let store = Arc::new(Memory::new());
        let mut keys = 0;
        let (asked, _) = handed(&giver, &newcomer.0, &store, |store| {
            keys += usize::from(has_keys(store));
        })
        .await;
        assert!(matches!(asked, Asked::Refused));
        assert_eq!(keys, 0, "the newcomer refuses the giver before it proves anything itself");

        // A newcomer that believes everybody: the giver is who refuses.
        let store = Arc::new(Memory::new());
        let (id, mut side, vault) = ([5; 16], Giver::default(), vault(&store));
        message::put(store.as_ref(), &id, Step::Ask, &message::Ask::new(&[6; 32])).await.unwrap();
        side.round(&vault, &giver.0, &giver.1, Noon.now()).await.unwrap();
        let offer: message::Offer =
            message::get(store.as_ref(), &id, Step::Offer).await.unwrap().expect("an offer");
        let (bundle, _) = super::peer::evidence(&newcomer.0, offer.nonce().unwrap(), Noon.now()).unwrap();
        message::put(store.as_ref(), &id, Step::Evidence, &Evidence { bundle }).await.unwrap();
        side.round(&vault, &giver.0, &giver.1, Noon.now()).await.unwrap();
        let steps = message::all(store.as_ref()).await.unwrap().remove(&id).unwrap();
        assert!(steps.contains(&Step::Refusal) && !steps.contains(&Step::Keys), "{steps:?}");
    }
}

fn has_keys(store: &Memory) -> bool {
    store.all_of(Table::Join).iter().any(|(key, _)| key.last() == Some(&b'k'))
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_was_recorded_or_borrowed_is_given_nothing() {
    let (giver, newcomer) = (enclave(7, 604_800), enclave(7, 604_800));
    let (store, mut side) = (Arc::new(Memory::new()), Giver::default());
    let vault = vault(&store);
    for nonce in [[6; 32], [7; 32]] {
        // Over a nonce of a host's own choice, as anyone may ask an enclave for it.
        let id = [nonce[0]; 16];
        message::put(store.as_ref(), &id, Step::Ask, &message::Ask::new(&nonce)).await.unwrap();
        side.round(&vault, &giver.0, &giver.1, Noon.now()).await.unwrap();
        let (bundle, _) = super::peer::evidence(&newcomer.0, nonce, Noon.now()).unwrap();
        message::put(store.as_ref(), &id, Step::Evidence, &Evidence { bundle }).await.unwrap();
        side.round(&vault, &giver.0, &giver.1, Noon.now()).await.unwrap();
        let steps = message::all(store.as_ref()).await.unwrap().remove(&id).unwrap();
        assert!(steps.contains(&Step::Refusal) && !steps.contains(&Step::Keys), "{steps:?}");
    }
    assert!(!has_keys(&store));
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_that_were_changed_on_the_way_or_signed_by_nobody_are_refused() {
    let mut giver = enclave(7, 604_800);
    giver.0.found(0, Noon.now());
    let (newcomer, _) = enclave(7, 604_800);
    for field in ["enc", "ciphertext", "signature"] {
        let store = Arc::new(Memory::new());
        let (asked, _) = handed(&giver, &newcomer, &store, |store| spoil(store, field)).await;
        assert!(matches!(asked, Asked::Refused), "{field}");
    }
}

/// Flips a bit of a field of the message that holds the keys.
fn spoil(store: &Memory, field: &str) {
    for (key, row) in store.all_of(Table::Join) {
        let Ok(mut keys) = serde_json::from_slice::<serde_json::Value>(&row.sealed) else { continue };
        let Some(mut bytes) = keys[field].as_str().and_then(wire::decode) else { continue };
        if row.version == 1 {
            bytes[0] ^= 1;
            keys[field] = wire::encode(&bytes).into();
            let sealed = serde_json::to_vec(&keys).unwrap();
            let row = Some(Stored { generation: 0, version: 2, sealed });
            let changes = vec![Change { table: Table::Join, key, expect: Expect::Version(1), row }];
            drop(store.commit(Batch { changes, fences: Vec::new() }));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_epoch_is_founded_by_one_and_begins_for_all_at_once() {
    let (mut first, _) = enclave(7, 604_800);
    let (mut second, _) = enclave(7, 604_800);
    let at = |s: i64| Timestamp::from_millis(START_MS + s * 1000);
    first.found(0, at(0));
    second.join(first.parts(), at(0)).unwrap();
    let day_one = *first.present().keyset_hash();
    assert!(!first.wants_next(at(86_339)) && first.wants_next(at(86_340)), "a minute before");
    let number = first.plan(first.newest(), at(86_340));
    assert!(!first.wants_next(at(86_340)), "it is made once");
    assert!(second.learn(first.parts()));
    assert!(!second.learn(first.parts()), "nothing new");
    assert_eq!(second.newest(), number);
    for identity in [&first, &second] {
        identity.turn(at(86_399));
        assert_eq!(*identity.present().keyset_hash(), day_one, "the whole day");
        identity.turn(at(86_400));
        assert_eq!(identity.present().number(), number);
    }
    assert_eq!(second.present().keyset_hash(), first.present().keyset_hash());
    assert_ne!(*first.present().keyset_hash(), day_one);
    assert!(second.epoch(&day_one, at(86_400 + 3599)).is_ok());
    assert!(second.epoch(&day_one, at(86_400 + 3600)).is_err(), "wiped after its hour");

    // Keys of another deployment are not learned.
    let (mut other, _) = enclave(7, 604_800);
    other.found(number + 1, at(86_400));
    assert!(!second.learn(other.parts()));
    assert_eq!(second.newest(), number);
}

#[test]
fn what_is_handed_over_has_one_encoding_and_nothing_else_is_read() {
    let (mut identity, _) = enclave(7, 604_800);
    identity.found(0, Noon.now());
    identity.plan(0, Noon.now());
    let ring = KeyRing::born(random::bytes);
    let bytes = secrets::encode(&ring.encode(), &identity.parts());
    let again = secrets::decode(&bytes).unwrap();
    assert_eq!(*again.ring.encode(), *ring.encode());
    assert_eq!(again.identity.epochs.len(), 2);
    assert_eq!(*secrets::encode(&again.ring.encode(), &again.identity), *bytes);
    for length in 0..bytes.len() {
        assert!(secrets::decode(&bytes[..length]).is_none(), "cut at {length}");
    }
    assert!(secrets::decode(&[&bytes[..], &[0]].concat()).is_none());
}

#[test]
fn whatever_lies_in_the_database_is_read_in_bounds() {
    let (mut identity, _) = enclave(7, 604_800);
    identity.found(0, Noon.now());
    let real = secrets::encode(&KeyRing::born(random::bytes).encode(), &identity.parts());
    let mut seed = 7_u64;
    let mut next = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).unwrap()
    };
    for _ in 0..2000 {
        let mut bytes = real.to_vec();
        for _ in 0..=next() % 4 {
            let at = next() % bytes.len();
            bytes[at] = u8::try_from(next() % 256).unwrap();
        }
        bytes.truncate(bytes.len() - next() % 3);
        fuzz_secrets(&bytes);
        fuzz_messages(&bytes);
    }
    for text in [
        "{}",
        "{\"nonce\":\"\"}",
        "{\"nonce\":1}",
        "[]",
        "{\"enc\":\"\",\"ciphertext\":\"\",\"signature\":\"\"}",
    ] {
        fuzz_messages(text.as_bytes());
    }
}

/// A row, written through a vault; the generation that sealed it.
async fn written(vault: &Vault, key: &[u8]) -> u32 {
    let mut writes = Writes::new();
    writes.put(Table::Session, key, Expect::Absent, Zeroizing::new(key.to_vec()));
    vault.commit(writes).await.unwrap();
    vault.store().get(Table::Session, key).await.unwrap().unwrap().generation
}

#[tokio::test]
async fn keys_of_rows_are_replaced_and_no_enclave_meets_a_row_that_it_cannot_read() {
    let store = Arc::new(Memory::new());
    let one = vault(&store);
    let two = Vault::new(Arc::<Memory>::clone(&store), KeyRing::decode(&one.ring_bytes().await).unwrap());
    let keep = |_: &KeyRing| Ok::<(), StoreError>(());
    let reads = async |vault: &Vault, keys: &[&[u8]]| {
        for key in keys {
            assert_eq!(vault.get(Table::Session, key).await.unwrap().unwrap().bytes.as_slice(), *key);
        }
    };
    let next = |ring: Zeroizing<Vec<u8>>| KeyRing::decode(&ring).unwrap();
    assert_eq!(written(&one, b"before").await, 1);
    assert_eq!(one.add_keys([9; 32], keep).await.unwrap(), Some(2));
    assert_eq!(written(&one, b"known to one").await, 1, "the other cannot read more yet");
    assert!(two.take_keys(next(one.ring_bytes().await), keep).await.unwrap());
    assert!(one.seal_with_newest().await);
    assert_eq!(
        (written(&one, b"new").await, written(&two, b"old").await),
        (2, 1),
        "one is later than the other"
    );
    let all: [&[u8]; 4] = [b"before", b"known to one", b"new", b"old"];
    reads(&one, &all).await;
    reads(&two, &all).await;
    assert!(two.seal_with_newest().await && !two.seal_with_newest().await);
    let mut after = None;
    loop {
        after = one.reseal(after, 2).await.unwrap().next;
        if after.is_none() {
            break;
        }
    }
    assert!(one.retire(1, keep).await.unwrap());
    reads(&two, &all).await;
    assert!(two.take_keys(next(one.ring_bytes().await), keep).await.unwrap());
    assert!(two.older().await.is_empty(), "what one forgot the other forgets with the next keys");
    assert!(!two.take_keys(KeyRing::born(random::bytes), keep).await.unwrap(), "keys of other rows");

    // A generation that another enclave was faster with goes back.
    assert_eq!(one.add_keys([8; 32], keep).await.unwrap(), Some(3));
    one.drop_unused(3, keep).await.unwrap();
    one.drop_unused(2, keep).await.unwrap();
    assert!(!one.seal_with_newest().await, "the one that seals stays");
    reads(&one, &all).await;
}

#[tokio::test]
async fn who_was_not_given_the_next_keys_opens_nothing_after_its_hour() {
    let (mut left_behind, _) = enclave(7, 604_800);
    let at = |s: i64| Timestamp::from_millis(START_MS + s * 1000);
    left_behind.found(0, at(0));
    let own = *left_behind.present().keyset_hash();
    assert!(left_behind.epoch(&own, at(86_400 + 3599)).is_ok());
    assert!(!left_behind.is_over(at(86_400 + 3599)) && left_behind.is_over(at(86_400 + 3600)));
    assert!(left_behind.epoch(&own, at(86_400 + 3600)).is_err());
}

/// The clock of an enclave that was halted, and goes on this many seconds after it started.
struct Thawed(i64);

impl Clock for Thawed {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(START_MS + self.0 * 1000)
    }

    fn sleep_until(&self, _: Timestamp) -> Wait<'_> {
        Box::pin(core::future::pending())
    }
}

#[test]
fn who_was_halted_for_longer_than_its_keys_last_serves_and_writes_nothing_of_a_shared_store() {
    let admits = |store: Memory, seconds: i64| {
        let vault = Arc::new(Vault::new(Arc::new(store), KeyRing::born(random::bytes)));
        let transport = Transport::new(Hosts::default(), 1);
        let (identity, _) = enclave(7, 604_800);
        let service = Service::new("development", identity, Arc::new(Thawed(seconds)), transport, vault);
        service.admit().map_err(|failure| failure.code)
    };
    assert_eq!(admits(Memory::shared(), 86_400 + 3599), Ok(()));
    // The others may have forgotten the keys that it seals with: a row of its own they could not open.
    assert_eq!(admits(Memory::shared(), 86_400 + 3600), Err(Code::StoreUnavailable));
    assert_eq!(admits(Memory::new(), 86_400 + 3600), Ok(()), "who is alone makes its own keys");
}
