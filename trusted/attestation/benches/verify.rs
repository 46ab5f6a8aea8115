//! How long judging evidence takes: `cargo bench -p attestation --features development --bench verify`. It measures, and
//! judges nothing. The first argument that is a number says how many rounds (2000 without one).
//!
//! For SGX and TDX it times in turns the call of `dcap-qvl` by itself, on collateral that is parsed already; ours, over the
//! same evidence under a policy that names its program; and a whole bundle, from its JSON on. Development evidence is made
//! here; real evidence, AMD's and AWS's too, is read where `PERFAGG_VECTORS` says.
//!
//! Lines that begin with `figure` are for machines: `figure <name> <value> <unit>`; a name without ending is the middle of
//! the rounds.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a measurement, not the product"
)]

#[path = "../tests/vectors/mod.rs"]
mod vectors;
#[path = "../tests/world/mod.rs"]
mod world;

use attestation::development::{Knobs, TdxKnobs};
use attestation::{
    Backend, Bundle, Collateral, Policy, Release, Roots, SnpCollateral, Tee, verify, verify_evidence,
};
use dcap_qvl::verify::QuoteVerifier;
use dcap_qvl::{QuoteCollateralV3, QuotePolicy};
use serde_json::{Value, json};
use std::{
    hint::black_box,
    path::Path,
    time::{Duration, Instant},
};
use world::{NOW, World, dcap, expected};

/// Nobody counts the first rounds: caches are cold.
const WARM_UP: usize = 50;

/// Something to time, and the name of its figure.
struct Timed<'a> {
    name: String,
    call: Box<dyn Fn() + 'a>,
}

fn timed<'a>(name: impl Into<String>, call: impl Fn() + 'a) -> Timed<'a> {
    Timed { name: name.into(), call: Box::new(call) }
}

/// Each once a round, so that what else the machine does hits all alike.
fn in_turns(rounds: usize, calls: &[Timed<'_>]) {
    let mut times = vec![Vec::with_capacity(rounds); calls.len()];
    for round in 0..WARM_UP + rounds {
        for turn in 0..calls.len() {
            let at = (round + turn) % calls.len();
            #[expect(clippy::disallowed_methods, reason = "a bench measures the machine it runs on")]
            let start = Instant::now();
            (calls[at].call)();
            let took = start.elapsed();
            if round >= WARM_UP {
                times[at].push(took);
            }
        }
    }
    for (timed, mut times) in calls.iter().zip(times) {
        times.sort_unstable();
        let at = |percent: usize| milliseconds(times[(times.len() - 1) * percent / 100]);
        println!("figure {} {:.4} ms", timed.name, at(50));
        println!("figure {}_p99 {:.4} ms", timed.name, at(99));
    }
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// What `dcap-qvl` does by itself (ATTESTATION.md section 6).
fn library(quote: &[u8], collateral: &QuoteCollateralV3, root: &[u8], now: u64) {
    let verifier = QuoteVerifier::new(root.to_vec());
    let claims =
        verifier.verify_with_policy(quote, black_box(collateral), now, &QuotePolicy::claims_only(now));
    black_box(claims.expect("the library accepts it"));
}

fn as_library(collateral: &Collateral) -> QuoteCollateralV3 {
    serde_json::from_slice(&serde_json::to_vec(collateral).unwrap()).unwrap()
}

fn development(name: &str, rounds: usize, knobs: Knobs) {
    let world = World::with(knobs);
    let release = match world.backend.tee() {
        Tee::DevTdx => Release::Tdx(world.tdx_release().into()),
        _ => Release::Sgx(world.release()),
    };
    let (policy, roots, tee) = (world.pinned_to(release), world.roots(), world.backend.tee());
    let evidence = world.evidence(&world.binding());
    let collateral = Collateral::from(dcap(evidence.collateral));
    let (quote, parsed, root) = (evidence.evidence, as_library(&collateral), world.backend.root_der());
    let bundle = world.json(&world.binding());
    in_turns(
        rounds,
        &[
            timed(format!("verify_{name}_library"), || library(&quote, &parsed, root, NOW)),
            timed(format!("verify_{name}"), || {
                let verdict = verify_evidence(tee, &quote, Some(&collateral), &policy, &roots, None, NOW);
                black_box(verdict.expect("we accept it"));
            }),
            timed(format!("verify_{name}_bundle"), || {
                let bundle = Bundle::parse(black_box(bundle.as_bytes())).unwrap();
                black_box(verify(&bundle, &policy, &roots, &expected(), NOW).expect("we accept it"));
            }),
        ],
    );
}

/// A folder of real evidence, or a line that says it is not there.
fn real(name: &str, folder: &str, run: impl FnOnce(&Path, u64, &Value)) {
    let Some(folder) = vectors::shared(&format!("attestation/{folder}")) else {
        println!("skipped verify_{name} PERFAGG_VECTORS is not set");
        return;
    };
    let expected: Value =
        serde_json::from_slice(&std::fs::read(folder.join("expected.json")).unwrap()).unwrap();
    run(&folder, expected["verification_time"].as_u64().unwrap(), &expected["decoded"]);
}

fn policy(tee: Tee, release: &Value) -> Policy {
    let document = json!({ "tee": [tee.name()], "releases": [release] });
    Policy::from_offline_json(document.to_string().as_bytes()).unwrap()
}

fn real_quote(name: &str, rounds: usize, folder: &str, tee: Tee, release: fn(&Value) -> Value) {
    real(name, folder, |folder, now, decoded| {
        let quote = std::fs::read(folder.join("quote.bin")).unwrap();
        let collateral = Collateral::parse(&std::fs::read(folder.join("collateral.json")).unwrap()).unwrap();
        let root = std::fs::read(folder.join("../../roots/intel-sgx-root-ca.der")).unwrap();
        let (parsed, policy) = (as_library(&collateral), policy(tee, &release(decoded)));
        let roots = Roots::default();
        in_turns(
            rounds,
            &[
                timed(format!("verify_{name}_library"), || library(&quote, &parsed, &root, now)),
                timed(format!("verify_{name}"), || {
                    let verdict = verify_evidence(tee, &quote, Some(&collateral), &policy, &roots, None, now);
                    black_box(verdict.expect("we accept it"));
                }),
            ],
        );
    });
}

fn real_report(rounds: usize) {
    real("snp_real", "snp/milan-v3-vcek", |folder, now, decoded| {
        let file = |name| std::fs::read(folder.join(name)).unwrap();
        let collateral =
            Collateral::Snp(SnpCollateral::from_files(&file("vek.der"), &file("chain.pem")).unwrap());
        let (report, roots) = (file("report.bin"), Roots::default());
        let policy = policy(Tee::SevSnp, &json!({ "measurement": decoded["measurement"] }));
        let call = || {
            let verdict =
                verify_evidence(Tee::SevSnp, &report, Some(&collateral), &policy, &roots, None, now);
            black_box(verdict.expect("we accept it"));
        };
        in_turns(rounds, &[timed("verify_snp_real", call)]);
    });
}

fn real_document(rounds: usize) {
    real("nitro_real", "nitro/nondebug", |folder, now, decoded| {
        let (document, roots) = (std::fs::read(folder.join("document.cbor")).unwrap(), Roots::default());
        let pcr = |number: &str| decoded["pcrs"][number].clone();
        let release = json!({ "pcr0": pcr("0"), "pcr1": pcr("1"), "pcr2": pcr("2") });
        let policy = policy(Tee::Nitro, &release);
        let call = || {
            let verdict = verify_evidence(Tee::Nitro, &document, None, &policy, &roots, None, now);
            black_box(verdict.expect("we accept it"));
        };
        in_turns(rounds, &[timed("verify_nitro_real", call)]);
    });
}

fn main() {
    let rounds = std::env::args().filter_map(|argument| argument.parse().ok()).next().unwrap_or(2000);
    development("sgx", rounds, Knobs::default());
    development("tdx", rounds, Knobs { tdx: Some(TdxKnobs::default()), ..Knobs::default() });
    real_quote("sgx_real", rounds, "sgx/v3-nondebug-platform-ca", Tee::SgxDcap, |decoded| {
        json!({
            "mr_enclave": decoded["mrenclave"], "mr_signer": decoded["mrsigner"],
            "isv_prod_id": decoded["isv_prod_id"], "min_isv_svn": decoded["isv_svn"],
            "accepted_advisories": ["INTEL-SA-00615"],
        })
    });
    real_quote(
        "tdx_real",
        rounds,
        "tdx/v4-td10-uptodate",
        Tee::Tdx,
        |decoded| json!({ "mr_td": decoded["mr_td"], "rtmr0": decoded["rtmr0"], "rtmr1": decoded["rtmr1"] }),
    );
    real_report(rounds.min(500));
    real_document(rounds.min(500));
}
