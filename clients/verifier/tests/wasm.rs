//! The wasm build says of everything what the native build says, member by member (ATTESTATION.md section 16).
//!
//! `cargo xtask test` builds it and names its directory in `PERFAGG_VERIFIER_DIR`; Node runs it.
#![cfg(test)]

mod asked;
mod cases;
mod seeded;

use asked::{NOW, Sample, World, with};
use attestation::development::{Forged, Knobs, Revoked, TdxKnobs};
use base64::prelude::{BASE64_STANDARD, Engine as _};
use seeded::Seeded;
use serde_json::{Value, json};
use std::{
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
    process::{ChildStdin, ChildStdout, Command, Stdio},
    thread,
    time::Duration,
};

const NO_BUFFER: u32 = u32::MAX;

/// Node with one instance of the wasm build, which answers everything that a test asks.
struct Wasm {
    file: PathBuf,
    native: fn(&[u8]) -> String,
}

impl Wasm {
    fn built(name: &str, native: fn(&[u8]) -> String) -> Option<Self> {
        let folder = asked::variable("PERFAGG_VERIFIER_DIR", "the wasm build is not compared")?;
        Some(Self { file: Path::new(&folder).join(name), native })
    }

    /// What judges every family.
    fn whole() -> Option<Self> {
        Self::built("verifier.wasm", attestation_wasm::answer)
    }

    /// What judges Intel's alone.
    fn dcap() -> Option<Self> {
        Self::built("verifier-dcap.wasm", attestation_wasm::answer_dcap)
    }

    /// The answers, and how long each took; none where it has no buffer for a request.
    fn answers(&self, requests: &[Vec<u8>]) -> Vec<(Option<String>, Duration)> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/run.mjs");
        let mut node = Command::new("node");
        node.arg(script).arg(&self.file).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut node = node.spawn().unwrap();
        let (stdin, mut stdout) = (node.stdin.take().unwrap(), node.stdout.take().unwrap());
        let answers = thread::scope(|scope| {
            scope.spawn(|| ask(stdin, requests));
            requests.iter().map(|_| read(&mut stdout)).collect()
        });
        assert!(node.wait().unwrap().success());
        answers
    }

    /// Both builds say the same of each; what they say.
    fn agrees(&self, requests: &[Vec<u8>]) -> Vec<Value> {
        let answers = self.answers(requests);
        let both = requests.iter().zip(answers);
        both.map(|(request, (wasm, _))| {
            let native: Value = serde_json::from_str(&(self.native)(request)).unwrap();
            let Some(wasm) = wasm else {
                assert!(request.len() > attestation_wasm::REQUEST_BYTES_MAX);
                assert_eq!((&native["ok"], &native["class"]), (&json!(false), &json!("malformed")));
                return native;
            };
            let wasm: Value = serde_json::from_str(&wasm).unwrap();
            for (name, value) in native.as_object().unwrap() {
                assert_eq!(wasm[name], *value, "{name} of {}", String::from_utf8_lossy(request));
            }
            assert_eq!(wasm, native, "no member more");
            native
        })
        .collect()
    }

    fn agrees_on(&self, requests: &[Value]) -> Vec<Value> {
        self.agrees(&requests.iter().map(text).collect::<Vec<_>>())
    }
}

fn ask(mut stdin: ChildStdin, requests: &[Vec<u8>]) {
    for request in requests {
        let length = u32::try_from(request.len()).unwrap().to_le_bytes();
        // If Node has ended, whoever reads its answers says so.
        if stdin.write_all(&length).and_then(|()| stdin.write_all(request)).is_err() {
            return;
        }
    }
}

fn read(stdout: &mut ChildStdout) -> (Option<String>, Duration) {
    let mut number = || {
        let mut bytes = [0; 4];
        stdout.read_exact(&mut bytes).expect("the wasm build answers, and does not trap");
        u32::from_le_bytes(bytes)
    };
    let (took, length) = (Duration::from_micros(number().into()), number());
    if length == NO_BUFFER {
        return (None, took);
    }
    let mut answer = vec![0; length.try_into().unwrap()];
    stdout.read_exact(&mut answer).unwrap();
    (Some(String::from_utf8(answer).unwrap()), took)
}

fn text(request: &Value) -> Vec<u8> {
    request.to_string().into_bytes()
}

/// As it is, with other report data, under no policy of ours, a day and two months later, as other kinds of evidence, and
/// under a development root.
fn around(sample: &Sample) -> Vec<Value> {
    let Sample { request, .. } = sample;
    let now = request["now"].as_u64().unwrap();
    let root = World::usual().backend.root_pem();
    let mut requests = vec![
        request.clone(),
        with(request.clone(), json!({ "report_data": "00".repeat(64) })),
        with(request.clone(), json!({ "policy": { "tee": [request["tee"]], "releases": [] } })),
        with(request.clone(), json!({ "policy": { "releases": [] } })),
        with(request.clone(), json!({ "collateral": null, "vek": null })),
        with(request.clone(), json!({ "now": now + 86_400 })),
        with(request.clone(), json!({ "now": now + 60 * 86_400 })),
        with(request.clone(), json!({ "now": 0 })),
        with(request.clone(), json!({ "development_root": root })),
    ];
    for tee in ["sgx-dcap", "tdx", "sev-snp", "nitro", "dev-sgx", "dev-tdx"] {
        requests.push(with(request.clone(), json!({ "tee": tee, "development_root": root })));
    }
    requests
}

/// Bits flipped, and ends cut off, in the evidence; bytes changed in what judges it.
fn tampered(sample: &Sample, seeded: &mut Seeded) -> Vec<Value> {
    let Sample { request, .. } = sample;
    let decode = |name: &str| request[name].as_str().map(|text| BASE64_STANDARD.decode(text).unwrap());
    let evidence = decode("evidence").unwrap();
    let cuts = [0, 1, 47, 435, 1100, evidence.len() - 1].into_iter().filter(|cut| *cut < evidence.len());
    let mut changed: Vec<Vec<u8>> = cuts.map(|cut| evidence[..cut].to_vec()).collect();
    for _ in 0..24 {
        let mut evidence = evidence.clone();
        let at = seeded.below(evidence.len());
        evidence[at] ^= 1 << seeded.below(8);
        changed.push(evidence);
    }
    let mut requests: Vec<Value> = changed
        .iter()
        .map(|evidence| with(request.clone(), json!({ "evidence": BASE64_STANDARD.encode(evidence) })))
        .collect();
    if let Some(vek) = decode("vek") {
        for _ in 0..12 {
            let mut vek = vek.clone();
            seeded.mutate(&mut vek);
            requests.push(with(request.clone(), json!({ "vek": BASE64_STANDARD.encode(vek) })));
        }
    }
    for name in ["collateral", "chain"] {
        let Some(text) = request[name].as_str() else { continue };
        let upgraded = text.replace("OutOfDate", "UpToDate");
        requests.push(with(request.clone(), json!({ name: upgraded })));
        for _ in 0..12 {
            let mut text = text.as_bytes().to_vec();
            seeded.mutate(&mut text);
            requests.push(with(request.clone(), json!({ name: String::from_utf8_lossy(&text) })));
        }
    }
    requests
}

fn check(samples: &[Sample]) {
    let Some(wasm) = Wasm::whole() else { return };
    let mut seeded = Seeded(1);
    for sample in samples {
        let said = wasm.agrees_on(&around(sample));
        assert_eq!(said[0]["ok"], sample.is_genuine(), "{}: {}", sample.name, said[0]);
        let said = wasm.agrees_on(&tampered(sample, &mut seeded));
        let passed = said.iter().filter(|said| said["ok"] == true).count();
        assert!(passed * 2 < said.len(), "{}: {passed} of {} tampered pass", sample.name, said.len());
        if sample.is_synthetic() {
            let said = wasm.agrees_on(&[sample.by_its_policy()]);
            let expect = &sample.expected["expect"];
            assert_eq!(said[0]["ok"], expect["accept"], "{}: {}", sample.name, said[0]);
            assert_eq!(said[0]["error"], expect["error"], "{}", sample.name);
        }
    }
}

#[test]
fn both_builds_judge_our_evidence_alike() {
    check(&asked::own());
}

#[test]
fn both_builds_judge_real_and_shared_evidence_alike() {
    check(&asked::shared());
}

/// Worlds in which one thing is wrong, and some in which nothing is.
fn worlds() -> Vec<World> {
    let usual = Knobs::default;
    let mut old = usual();
    old.cpu_svn[0] = 10;
    let knobs = vec![
        usual(),
        old,
        Knobs { tdx: Some(TdxKnobs::default()), ..usual() },
        Knobs { platform_ca: true, ..usual() },
        Knobs { tcb_status: "OutOfDate", advisories: vec!["INTEL-SA-00615"], ..usual() },
        Knobs { tcb_status: "Revoked", ..usual() },
        Knobs { debug: true, ..usual() },
        Knobs { qe_debug: true, ..usual() },
        Knobs { smt: true, platform_ca: true, ..usual() },
        Knobs { revoked: Some(Revoked::Pck), ..usual() },
        Knobs { forged: Some(Forged::QeReport), ..usual() },
        Knobs { evaluation_number: 3, ..usual() },
    ];
    knobs.into_iter().map(World::with).collect()
}

#[test]
fn both_builds_judge_bundles_alike() {
    let (Some(whole), Some(dcap)) = (Wasm::whole(), Wasm::dcap()) else { return };
    for world in worlds() {
        let (request, pinned) = (world.request(), world.pinned());
        let amber = json!([{ "status": "OutOfDate", "reason": "microcode is on its way", "until": NOW + 9 }]);
        let spki = |byte: u8, certified: bool| json!({ "tls_spki": hex::encode([byte; 32]), "certified": certified });
        let changes = [
            json!({}),
            json!({ "policy": pinned }),
            json!({ "policy": with(pinned.clone(), json!({ "extra_tcb_status": amber })) }),
            json!({ "policy": with(pinned.clone(), json!({ "min_epoch": 43 })) }),
            json!({ "policy": with(pinned.clone(), json!({ "environment": ["live"] })) }),
            json!({ "policy": with(pinned, json!({ "require_channel": true })), "connection": spki(9, false) }),
            json!({ "development_root": null }),
            json!({ "nonce": null }),
            json!({ "nonce": "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwg" }),
            json!({ "asked_at": NOW - 60 }),
            json!({ "asked_at": NOW + 1 }),
            json!({ "now": NOW + 400 * 86_400, "asked_at": NOW + 400 * 86_400 }),
            json!({ "now": u64::MAX, "asked_at": u64::MAX }),
            json!({ "connection": "plain" }),
            json!({ "connection": "plain", "direct": true }),
            json!({ "connection": spki(9, false), "direct": true }),
            json!({ "connection": spki(8, true) }),
            json!({ "connection": spki(8, false) }),
        ];
        let requests = changes.map(|change| with(request.clone(), change));
        assert_eq!(whole.agrees_on(&requests), dcap.agrees_on(&requests), "Intel's evidence is judged alike");
    }
    let said = whole.agrees_on(&[World::usual().request()]);
    assert_eq!(said[0]["ok"], true, "{}", said[0]);
}

/// The shared cases, and what somebody changed of a saved answer at any place.
#[test]
fn the_wasm_builds_judge_the_shared_cases_as_they_say() {
    let (Some(whole), Some(dcap)) = (Wasm::whole(), Wasm::dcap()) else { return };
    let (bundles, saved) = (cases::bundles(), cases::saved());
    let requests = |cases: &[cases::Case]| cases.iter().map(|case| case.request.clone()).collect::<Vec<_>>();
    for (case, said) in bundles.iter().zip(dcap.agrees_on(&requests(&bundles))) {
        case.check(&said);
    }
    for (case, said) in bundles
        .iter()
        .chain(&saved)
        .zip(whole.agrees_on(&requests(&bundles)).into_iter().chain(whole.agrees_on(&requests(&saved))))
    {
        case.check(&said);
    }
    for said in dcap.agrees_on(&requests(&saved)) {
        assert_eq!(said["text"], "this build judges bundles alone");
    }
    let mut seeded = Seeded(7);
    let good = saved.iter().find(|case| case.name == "summary").unwrap();
    let text = good.request["saved"].as_str().unwrap();
    let changed: Vec<Value> = (0..600)
        .map(|_| {
            let mut bytes = text.as_bytes().to_vec();
            seeded.mutate(&mut bytes);
            with(good.request.clone(), json!({ "saved": String::from_utf8_lossy(&bytes) }))
        })
        .collect();
    let said = whole.agrees_on(&changed);
    let passed = said.iter().filter(|said| said["ok"] == true);
    // What passes says the same.
    for said in passed {
        assert_eq!(
            said["body"],
            serde_json::from_str::<Value>(good.expect["body"].as_str().unwrap()).unwrap()
        );
    }
}

/// What the small build does not judge it refuses, and says so.
/// The small builds, each with the kinds of evidence of its family.
fn families() -> Option<[(&'static [&'static str], Wasm); 3]> {
    Some([
        (&["dev-sgx", "dev-tdx", "sgx-dcap", "tdx"], Wasm::dcap()?),
        (&["sev-snp"], Wasm::built("verifier-sev-snp.wasm", attestation_wasm::answer_sev_snp)?),
        (&["nitro"], Wasm::built("verifier-nitro.wasm", attestation_wasm::answer_nitro)?),
    ])
}

#[test]
fn each_small_build_knows_its_family_and_no_other() {
    let Some(families) = families() else { return };
    let world = World::usual();
    let asked = |tee: &str, bundle: String, now: &Value| {
        let policy = json!({ "tee": [tee], "releases": [] });
        with(world.request(), json!({ "bundle": bundle, "policy": policy, "asked_at": now, "now": now }))
    };
    let whole = |request: &Value| -> Value {
        serde_json::from_str(&attestation_wasm::answer(request.to_string().as_bytes())).unwrap()
    };
    let shared = asked::shared();
    for (own, wasm) in families {
        let mut requests = Vec::new();
        for tee in ["dev-sgx", "sgx-dcap", "tdx", "sev-snp", "nitro"] {
            requests.push((tee, asked(tee, world.bundle_of(tee), &json!(NOW))));
        }
        for sample in &shared {
            let (tee, now) = (sample.request["tee"].as_str().unwrap(), &sample.request["now"]);
            requests.push((tee, asked(tee, world.bundle_around(sample), now)));
        }
        let mut passed = 0;
        let said = wasm.agrees_on(&requests.iter().map(|(_, request)| request.clone()).collect::<Vec<_>>());
        for ((tee, request), said) in requests.iter().zip(said) {
            if own.contains(tee) {
                assert_eq!(said, whole(request));
                passed = passed.max(said["step"].as_u64().unwrap_or_default());
            } else {
                assert_eq!((&said["class"], &said["step"]), (&json!("unsupported"), &json!(2)), "{said}");
            }
        }
        // Evidence of others vouches for other bytes than ours; where there is some, it is judged up to there or its program.
        assert!(shared.is_empty() || passed >= 14, "{own:?}: {passed}");
        let evidence = asked::own().iter().map(|sample| sample.request.clone()).collect::<Vec<_>>();
        assert!(
            wasm.agrees_on(&evidence).iter().all(|said| said["class"] == "malformed"),
            "it judges bundles alone"
        );
    }
}

/// Half of them change a byte of the JSON, half a byte of what lies in it and is signed.
#[test]
fn both_builds_refuse_the_same_mutated_bundles() {
    let Some(wasm) = Wasm::whole() else { return };
    let mut seeded = Seeded(2026);
    let worlds = [World::usual(), World::with(Knobs { tdx: Some(TdxKnobs::default()), ..Knobs::default() })];
    let mut requests = Vec::new();
    for round in 0..2000 {
        let world = &worlds[round % 2];
        let mut bundle = world.bundle.clone().into_bytes();
        if round % 4 < 2 {
            for _ in 0..=seeded.below(3) {
                seeded.mutate(&mut bundle);
            }
        } else {
            let mut document: Value = serde_json::from_slice(&bundle).unwrap();
            mutate_inside(&mut document, &mut seeded);
            bundle = text(&document);
        }
        let bundle = String::from_utf8_lossy(&bundle).into_owned();
        requests.push(with(world.request(), json!({ "bundle": bundle })));
    }
    let said = wasm.agrees_on(&requests);
    let passed = said.iter().filter(|said| said["ok"] == true).count();
    let late = said.iter().filter(|said| said["step"].as_u64().is_some_and(|step| step > 5)).count();
    // What passes changed white space, time, or the order in which nothing stands.
    assert!(passed < 200 && late > 200, "{passed} pass, {late} are refused late");
}

fn mutate_inside(bundle: &mut Value, seeded: &mut Seeded) {
    let names =
        ["evidence", "binding", "tcb_info", "qe_identity", "pck_crl", "root_ca_crl", "tcb_info_issuer_chain"];
    let name = names[seeded.below(names.len())];
    let place = match name {
        "evidence" | "binding" => &mut bundle[name],
        _ => &mut bundle["collateral"][name],
    };
    let before = place.as_str().unwrap();
    let mut bytes = match name {
        "evidence" | "binding" => BASE64_STANDARD.decode(before).unwrap(),
        "pck_crl" | "root_ca_crl" => hex::decode(before).unwrap(),
        _ => before.as_bytes().to_vec(),
    };
    let at = seeded.below(bytes.len());
    bytes[at] ^= 1 << seeded.below(7);
    *place = match name {
        "evidence" | "binding" => BASE64_STANDARD.encode(bytes),
        "pck_crl" | "root_ca_crl" => hex::encode(bytes),
        _ => String::from_utf8_lossy(&bytes).into_owned(),
    }
    .into();
}

/// Noise of every size, requests that end too early, and JSON of any depth.
#[test]
fn both_builds_refuse_what_is_no_request() {
    let Some(wasm) = Wasm::whole() else { return };
    let mut seeded = Seeded(10);
    let whole = text(&World::usual().request());
    let mut requests: Vec<Vec<u8>> =
        [0, 1, 100, 10_000, 1024 * 1024, 1024 * 1024 + 1, 10_000_000].map(|size| seeded.bytes(size)).to_vec();
    requests.extend((0..whole.len()).step_by(211).map(|end| whole[..end].to_vec()));
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [100, 127, 128, 10_000, 100_000] {
            let deep = format!("{}0{}", open.repeat(depth), close.repeat(depth));
            requests.push(deep.clone().into_bytes());
            let request = World::usual().request().to_string();
            requests.push(request.replacen("\"policy\":null", &format!("\"policy\":{deep}"), 1).into_bytes());
        }
    }
    for said in wasm.agrees(&requests) {
        assert_eq!(
            (&said["ok"], &said["class"], &said["step"]),
            (&json!(false), &json!("malformed"), &json!(1))
        );
    }
}

/// How long it takes is said and not judged: other programs of the machine would decide. Section 16 asks for 50 ms at the
/// 99th percentile. A few are let go first: what is young runs in a slower tier.
#[test]
fn verifications_in_wasm_say_how_long_they_take() {
    let Some(wasm) = Wasm::whole() else { return };
    let mut requests = vec![text(&World::usual().request()); 400];
    requests.extend(asked::shared().iter().flat_map(|sample| vec![text(&sample.request); 20]));
    let answers = wasm.answers(&requests);
    assert!(answers.iter().all(|(answer, _)| answer.is_some()));
    let mut took: Vec<Duration> = answers.into_iter().skip(20).map(|(_, took)| took).collect();
    took.sort();
    let (half, most) = (took[took.len() / 2], took[took.len() * 99 / 100]);
    println!("of {}: p50 {half:?}, p99 {most:?}", took.len());
}
