//! Registrations, with the venue answered here, beside what opening their envelopes and one write each allow: the same
//! envelopes, the same kind of store on the same disk, as many at once.

use crate::{
    composed, figure,
    intake::{
        self,
        register::{Applying, Checked},
    },
    middle, publish, random,
    service::Service,
    store::{Expect, Table, Writes},
};
use attestation::{
    Bundle, Expected, Policy, Roots,
    development::{DevelopmentBackend, PUBLIC_DEVELOPMENT_SEED},
    verify,
};
use exchange::{Finding, Next, Reply, Task};
use protocol::{Envelope, Header, Route};
use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Instant};
use tokio::task::JoinSet;
use zeroize::Zeroizing;

const RUNS: usize = 3;
const CALLS: usize = 8192;
/// As many as share a transaction.
const AT_ONCE: usize = 256;
/// A session as it is written.
const ROW_BYTES: usize = 480;

pub(crate) async fn measure(directory: &Path, venue: SocketAddr) {
    let (mut ours, mut peer) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        for (name, rates) in [("peer", &mut peer), ("ours", &mut ours)] {
            let data = directory.join(format!("{name}-{run}"));
            let (service, _) = composed::compose(&data, venue).await;
            let now = service.clock.now();
            service.venue_times.heard("binance", now, now);
            let envelopes = envelopes(&service);
            let rate = match name {
                "ours" => per_second(envelopes, |body| registered(Arc::clone(&service), body)).await,
                _ => per_second(envelopes, |body| opened_and_written(Arc::clone(&service), body)).await,
            };
            rates.push(rate);
            service.polls.end_all(&service).await;
        }
    }
    figure("registrations", middle(ours), "registrations/s");
    figure("registrations_peer", middle(peer), "registrations/s");
}

async fn per_second<F: Future<Output = ()> + Send + 'static>(
    bodies: Vec<String>,
    call: impl Fn(String) -> F,
) -> f64 {
    let (start, count) = (Instant::now(), bodies.len());
    let (mut calls, mut bodies) = (JoinSet::new(), bodies.into_iter());
    bodies.by_ref().take(AT_ONCE).for_each(|body| drop(calls.spawn(call(body))));
    while let Some(made) = calls.join_next().await {
        made.unwrap();
        bodies.next().map(|body| calls.spawn(call(body)));
    }
    count as f64 / start.elapsed().as_secs_f64()
}

/// The whole call but for HTTP.
async fn registered(service: Arc<Service>, envelope: String) {
    let opened = intake::open(&service, envelope.as_bytes()).await.unwrap();
    let asked = serde_json::from_slice(&opened.body).unwrap();
    let applying = Applying::judged(&service, asked, opened.signed.as_ref()).unwrap();
    let checked = answered(&service, &applying);
    let answer = publish::encode(&applying.accepted(&service, checked).await.unwrap());
    opened.sealer.seal(&answer, random::bytes()).unwrap();
}

/// What it is held against.
async fn opened_and_written(service: Arc<Service>, envelope: String) {
    let envelope = Envelope::parse(envelope.as_bytes()).unwrap();
    let epoch = service.identity.epoch(&envelope.header.keyset_hash, service.clock.now()).unwrap();
    let (_body, _) = envelope.open(&epoch.key).unwrap();
    let mut writes = Writes::new();
    let row = Zeroizing::new(random::bytes::<ROW_BYTES>().to_vec());
    writes.put(Table::Session, &random::bytes::<32>(), Expect::Absent, row);
    service.vault.commit(writes).await.unwrap();
}

/// The venue says of every key that it reads an account of its own, and nothing else.
fn answered(service: &Service, applying: &Applying) -> Checked {
    const RIGHTS: &str = r#"{"ipRestrict":false,"createTime":1698645219000,"enableReading":true,"enableWithdrawals":false,
        "enableInternalTransfer":false,"enableMargin":false,"enableFutures":false,"permitsUniversalTransfer":false,
        "enableVanillaOptions":false,"enableSpotAndMarginTrading":false,"enablePortfolioMarginTrading":false}"#;
    let mut connector = applying.connector(service);
    let (mut rights, mut account) = (None, None);
    connector.start(Task::CheckKey);
    loop {
        let now = service.clock.now();
        let request = match connector.next(now) {
            Next::Ask(request) => request,
            Next::Finished => break,
            other => panic!("{other:?}"),
        };
        let body = match request.path {
            "/api/v3/time" => format!(r#"{{"serverTime":{}}}"#, now.millis()),
            "/sapi/v1/account/apiRestrictions" => RIGHTS.to_owned(),
            _ => format!(r#"{{"uid":{},"balances":[]}}"#, random::system_seed() >> 12),
        };
        let reply = Reply { status: 200, headers: Vec::new(), body: body.into_bytes() };
        for finding in connector.take(&reply, now).unwrap() {
            match finding {
                Finding::Rights(found) => rights = Some(found),
                Finding::Account { id, types } => account = Some((id, types)),
                _ => {}
            }
        }
    }
    let (account_id, types) = account.unwrap();
    Checked { rights: rights.unwrap(), account_id, types }
}

/// Sealed as a client does.
fn envelopes(service: &Service) -> Vec<String> {
    let now_s = u64::try_from(service.clock.now().seconds()).unwrap();
    let backend = DevelopmentBackend::new(PUBLIC_DEVELOPMENT_SEED, [0; 32]).unwrap();
    let roots = Roots::dangerous_development(backend.root_der()).unwrap();
    let nonce = random::bytes();
    let bundle = service.identity.bundle(Some(nonce), service.clock.now(), &BTreeMap::new()).unwrap();
    let bundle = Bundle::parse(bundle.as_bytes()).unwrap();
    let expected = Expected { nonce: Some(nonce), asked_at: now_s, ..Expected::default() };
    let enclave = verify(&bundle, &Policy::dangerous_development(), &roots, &expected, now_s).unwrap();
    let sealed = |number: usize| {
        let body = serde_json::json!({
            "userId": "a-user", "exchange": "binance", "apiKey": format!("key-{number:060}"), "secret": format!("{number:064}"),
        });
        let header = Header {
            envelope_id: random::bytes(),
            route: Route::Register,
            keyset_hash: enclave.keyset_hash(),
            expires_at: now_s + 500,
        };
        let (envelope, _) = protocol::seal(
            enclave.hpke_public_key(),
            header,
            body.to_string().as_bytes(),
            &mut random::system(),
        )
        .unwrap();
        envelope.to_json()
    };
    (0..CALLS).map(sealed).collect()
}
