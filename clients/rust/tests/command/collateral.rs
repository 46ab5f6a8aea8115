//! Collateral brought to an enclave by the command, from an imitation of Intel's service that also misbehaves.

use crate::{
    desk::{Desk, Ran},
    pages::check_pages,
    pcs::{self, Documents, Response, Server},
};
use attestation::{
    Backend as _, Collateral, DcapCollateral, Roots,
    development::{DevelopmentBackend, Knobs, PUBLIC_DEVELOPMENT_SEED, TdxKnobs},
};
use serde_json::{Value, json};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
};

/// The command judges by the machine's clock, so what it is given is of today.
#[expect(clippy::disallowed_methods, reason = "documents for a command that has the machine's clock")]
fn now() -> u64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs()
}

/// An operator's machine: an enclave, and Intel's service.
struct Site {
    desk: Desk,
    pcs: Server,
    enclave: Server,
    quote: Vec<u8>,
    collateral: DcapCollateral,
}

fn made(knobs: Knobs) -> (DevelopmentBackend, Vec<u8>, DcapCollateral) {
    let backend = DevelopmentBackend::with_knobs(PUBLIC_DEVELOPMENT_SEED, [2; 32], knobs).unwrap();
    let evidence = backend.evidence([3; 64], now()).unwrap();
    let Some(Collateral::Dcap(collateral)) = evidence.collateral else { panic!("no collateral") };
    (backend, evidence.evidence, collateral)
}

impl Site {
    fn new() -> Self {
        Self::with(Knobs::default(), |_| {})
    }

    fn with(knobs: Knobs, change: impl FnOnce(&mut Documents)) -> Self {
        let (backend, quote, collateral) = made(knobs);
        let mut documents = Documents::of(&quote, collateral.clone());
        change(&mut documents);
        let roots = Roots::dangerous_development(backend.root_der()).unwrap();
        let enclave = pcs::enclave(backend.tee(), quote.clone(), roots, now);
        Self { desk: Desk::new(), pcs: pcs::pcs(documents), enclave, quote, collateral }
    }

    /// `perfagg collateral` of this kind, from this service, with more arguments.
    fn arguments(&self, before: &[&str], kind: &str, more: &[&str]) -> Vec<String> {
        let (url, root_crl) = (self.pcs.url(), format!("{}/IntelSGXRootCA.der", self.pcs.url()));
        let usual = ["collateral", kind, "--pcs", &url, "--root-crl", &root_crl];
        [before, &usual, more].concat().into_iter().map(str::to_owned).collect()
    }

    fn fetch(&self, before: &[&str], more: &[&str]) -> Ran {
        let arguments = self.arguments(before, "fetch", more);
        self.desk.trusting(&arguments.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// For the enclave.
    fn bring(&self, before: &[&str], more: &[&str]) -> Ran {
        let url = self.enclave.url();
        self.fetch(before, &[&["--enclave", &url], more].concat())
    }

    fn page(&self, ran: &Ran) -> String {
        let page = self.desk.page(&format!("{}{}", ran.err, ran.out));
        without_instants(&page)
    }
}

/// `2026-11-27 06:35:29 UTC`, which differs from day to day.
fn without_instants(text: &str) -> String {
    let shape = "dddd-dd-dd dd:dd:dd UTC";
    let is_one = |text: &str| {
        text.len() == shape.len()
            && text
                .bytes()
                .zip(shape.bytes())
                .all(|(byte, wanted)| if wanted == b'd' { byte.is_ascii_digit() } else { byte == wanted })
    };
    let mut rest = text;
    let mut page = String::new();
    while let Some(first) = rest.chars().next() {
        if rest.get(..shape.len()).is_some_and(is_one) {
            page.push_str("YYYY-MM-DD hh:mm:ss UTC");
            rest = &rest[shape.len()..];
        } else {
            page.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    page
}

#[test]
fn an_operators_pages_are_as_agreed() {
    let site = Site::new();
    let lower = made(Knobs {
        tcb_status: "OutOfDate",
        advisories: vec!["INTEL-SA-00009"],
        evaluation_number: 21,
        ..Knobs::default()
    });
    let warned = Site::with(Knobs::default(), |documents| documents.early = lower.2);
    let busy = Site::new();
    busy.pcs.passes(|_, _| Response::new(503, "").with("Retry-After", "90"));
    let fetched = site.bring(&[], &["--out", "."]).well();
    check_pages(&[
        ("collateral.txt", site.page(&fetched)),
        ("collateral-recovery.txt", warned.page(&warned.bring(&[], &[]).well())),
        ("collateral-busy.txt", busy.page(&busy.bring(&[], &[]))),
    ]);
}

#[test]
fn what_is_handed_in_is_what_is_written_and_what_was_signed() {
    for tdx in [None, Some(TdxKnobs::default())] {
        let site = Site::with(Knobs { tdx, platform_ca: true, ..Knobs::default() }, |_| {});
        let out = site.desk.home.join("out");
        fs::create_dir(&out).unwrap();
        let ran = site.bring(&["--json"], &["--out", "out"]).well();
        let said: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!((&said["enclave"], &said["file"]), (&json!("kept"), &json!("out/collateral.json")));
        assert_eq!(
            (&said["platform"]["ca"], &said["early"]),
            (&json!("platform"), &json!({ "lower": false }))
        );
        assert_eq!(said["tcb"]["tcb_evaluation_data_number"], 20);
        assert_eq!(ran.err, "");
        let asked = site.enclave.asked();
        assert_eq!(Collateral::parse(&asked[1].body).unwrap(), site.collateral.clone().into());
        assert_eq!(fs::read(out.join("collateral.json")).unwrap(), asked[1].body);
        assert_eq!(fs::read_dir(&out).unwrap().count(), 1, "nothing else is left there");
    }
}

#[test]
fn a_saved_quote_needs_no_enclave() {
    let site = Site::new();
    fs::write(site.desk.home.join("quote.bin"), &site.quote).unwrap();
    fs::write(site.desk.home.join("collateral.json"), "the one before").unwrap();
    let ran = site.fetch(&["--json"], &["--quote", "quote.bin", "--out", "."]).well();
    let said: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&said["enclave"], &said["file"]), (&Value::Null, &json!("./collateral.json")));
    let written = fs::read(site.desk.home.join("collateral.json")).unwrap();
    assert_eq!(Collateral::parse(&written).unwrap(), site.collateral.clone().into());
    assert!(site.enclave.asked().is_empty());
}

/// Changes the answer whose target holds a word.
fn change(site: &Site, word: &'static str, change: impl Fn(Response) -> Response + Send + 'static) {
    site.pcs.passes(move |asked, response| {
        if asked.target.contains(word) && !asked.target.contains("early") {
            change(response)
        } else {
            response
        }
    });
}

/// The fetch fails like this, and nothing is handed in or written.
fn fails(site: &Site, exit: i32, code: &str) -> Value {
    let ran = site.bring(&["--json"], &["--out", "."]);
    let error = ran.error();
    assert_eq!((ran.exit, &error["code"]), (exit, &json!(code)), "{error}");
    assert!(site.enclave.asked().iter().all(|asked| asked.target == "/quote"), "nothing is handed in");
    let left = fs::read_dir(&site.desk.home).unwrap().map(|entry| entry.unwrap().file_name());
    assert_eq!(left.collect::<Vec<_>>(), ["root.pem"], "nothing is written");
    error
}

#[test]
fn answers_of_another_form_are_told_apart() {
    let site = Site::new();
    let form = "PCS_ANSWER_UNKNOWN_FORM";
    let html = |_| Response::new(200, "<!DOCTYPE html>\n<p>Log in</p>");
    let cut = |mut response: Response| {
        response.body.truncate(response.body.len() / 2);
        response
    };
    let bare = |mut response: Response| {
        response.headers.clear();
        response
    };
    let long = |mut response: Response| {
        response.headers.iter_mut().for_each(|(_, value)| *value = value.repeat(20));
        response
    };
    let twice = |mut response: Response| {
        response.headers.extend(response.headers.clone());
        response
    };
    let odd = |mut response: Response| {
        response.headers.iter_mut().for_each(|(_, value)| *value = format!("%1b[2J{value}"));
        response
    };
    let unsigned = |mut response: Response| {
        let text = String::from_utf8(response.body).unwrap();
        let (document, _) = text.rsplit_once(",\"signature\"").unwrap();
        response.body = format!("{document}}}").into_bytes();
        response
    };
    for word in ["/tcb?", "/qe/identity", "pckcrl", "IntelSGXRootCA.der"] {
        change(&site, word, html);
        assert!(fails(&site, 6, form)["title"].as_str().unwrap().ends_with("is a web page"), "{word}");
        change(&site, word, |response| Response { body: Vec::new(), ..response });
        assert!(fails(&site, 6, form)["title"].as_str().unwrap().ends_with("is empty"), "{word}");
    }
    for word in ["/tcb?", "/qe/identity"] {
        change(&site, word, cut);
        assert!(fails(&site, 6, form)["title"].as_str().unwrap().ends_with("is cut short"), "{word}");
        change(&site, word, unsigned);
        assert!(fails(&site, 6, form)["title"].as_str().unwrap().contains("lacks its signature"), "{word}");
    }
    for word in ["/tcb?", "/qe/identity", "pckcrl"] {
        for (misbehaves, said) in [
            (bare as fn(Response) -> Response, "without the header"),
            (twice, "without the header"),
            (long, "too long"),
            (odd, "not PEM"),
        ] {
            change(&site, word, misbehaves);
            let error = fails(&site, 6, form);
            assert!(error["title"].as_str().unwrap().contains(said), "{word}: {error}");
        }
    }
}

#[test]
fn statuses_say_what_to_do() {
    let site = Site::new();
    for (status, code, exit, words) in [
        (404, "PLATFORM_UNKNOWN", 4, "production platform"),
        (400, "PCS_STATUS", 6, "--pcs"),
        (401, "PCS_STATUS", 6, "--pcs"),
        (302, "PCS_STATUS", 6, "Redirects are not followed"),
        (429, "PCS_STATUS", 6, "Try again in 7 s"),
        (500, "PCS_STATUS", 6, "Try again in 7 s"),
        (503, "PCS_STATUS", 6, "Try again in 7 s"),
    ] {
        let enclave = site.enclave.url();
        change(&site, "/tcb?", move |_| {
            Response::new(status, "").with("Retry-After", "7").with("Location", &enclave)
        });
        let error = fails(&site, exit, code);
        assert!(error["detail"].as_str().unwrap().contains(words), "{status}: {error}");
        if exit == 6 {
            assert_eq!((&error["status"], &error["retry_after_s"]), (&json!(status), &json!(7)));
        }
    }
    change(&site, "pckcrl", |_| Response::new(404, ""));
    fails(&site, 6, "PCS_STATUS");
    change(&site, "/tcb?", |_| Response::new(200, vec![b' '; 300 * 1024]));
    fails(&site, 6, "PCS_UNREACHABLE");
}

#[test]
fn what_does_not_verify_the_quote_is_not_handed_in() {
    let other = made(Knobs { fmspc: [9; 6], ..Knobs::default() }).2;
    let site = Site::with(Knobs::default(), |documents| documents.standard = other);
    assert_eq!(fails(&site, 3, "COLLATERAL_NOT_VERIFIED")["class"], "collateral-mismatch");

    let site = Site::new();
    change(&site, "/tcb?", |mut response| {
        let body = String::from_utf8(response.body).unwrap();
        response.body = body.replace("UpToDate", "upToDate").into_bytes();
        response
    });
    let error = fails(&site, 3, "COLLATERAL_NOT_VERIFIED");
    assert!(["malformed", "collateral-signature"].contains(&error["class"].as_str().unwrap()), "{error}");

    // Without the development root it is nobody's word.
    let url = site.enclave.url();
    let arguments = site.arguments(&["--json"], "fetch", &["--enclave", &url]);
    site.pcs.passes(|_, response| response);
    let ran = site.desk.run(&arguments.iter().map(String::as_str).collect::<Vec<_>>());
    assert_eq!((ran.exit, &ran.error()["class"]), (3, &json!("untrusted-root")));
}

#[test]
fn the_enclaves_word_is_the_last_one() {
    let site = Site::new();
    for (status, words, exit, code) in [
        (422, "the collateral does not verify this platform's evidence: expired\n", 4, "COLLATERAL_REFUSED"),
        (422, "\u{1b}[2Jgone\u{202e}", 4, "COLLATERAL_REFUSED"),
        (503, "the platform gives no evidence\n", 6, "ENCLAVE_STATUS"),
        (413, "collateral has at most 256 KiB\n", 6, "ENCLAVE_STATUS"),
        (404, "GET /metrics\n", 6, "ENCLAVE_STATUS"),
    ] {
        site.enclave.passes(
            move |asked, response| {
                if asked.method == "PUT" { Response::new(status, words) } else { response }
            },
        );
        let ran = site.bring(&["--json"], &["--out", "."]);
        let error = ran.error();
        assert_eq!((ran.exit, &error["code"]), (exit, &json!(code)), "{error}");
        let title = error["title"].as_str().unwrap();
        assert_eq!(title.contains("evidence: expired"), words.contains("expired"), "{title}");
        assert!(!title.chars().any(|char| char.is_control() || char == '\u{202e}'), "{title:?}");
        assert!(!site.desk.home.join("collateral.json").exists(), "what the enclave refuses is not written");
    }
    site.enclave.passes(|asked, response| {
        if asked.method == "PUT" {
            Response::new(422, "the collateral is older than what is served\n")
        } else {
            response
        }
    });
    let ran = site.bring(&["--json"], &["--out", "."]).well();
    let said: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&said["enclave"], &said["file"]), (&json!("has-newer"), &Value::Null));
    assert!(site.bring(&[], &[]).well().out.contains("serves a newer one already"));
}

#[test]
fn an_enclave_that_gives_no_quote_is_told_so() {
    let site = Site::new();
    for (response, code) in [
        (Response::new(200, "a quote"), "NO_QUOTE"),
        (Response::new(200, ""), "NO_QUOTE"),
        (Response::new(200, vec![3; 40 * 1024]), "ENCLAVE_UNREACHABLE"),
        (Response::new(503, "the platform gives no evidence\n"), "ENCLAVE_STATUS"),
        (Response::new(404, "not here"), "ENCLAVE_STATUS"),
    ] {
        site.enclave.passes(move |_, _| response.clone());
        fails(&site, 6, code);
        assert!(site.pcs.asked().is_empty(), "nobody else is asked");
    }
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = site.fetch(&["--json"], &["--enclave", &format!("http://{gone}")]);
    assert_eq!((ran.exit, &ran.error()["code"]), (6, &json!("ENCLAVE_UNREACHABLE")));
}

#[test]
fn a_coming_recovery_is_one_line_on_stderr() {
    let knobs = Knobs { evaluation_number: 21, tcb_status: "OutOfDate", ..Knobs::default() };
    let lower = made(Knobs { advisories: vec!["INTEL-SA-00009"], ..knobs }).2;
    let site = Site::with(Knobs::default(), |documents| documents.early = lower);
    let ran = site.bring(&["--json"], &[]).well();
    let warning: Value = serde_json::from_str(&ran.err).unwrap();
    let warning = &warning["warning"];
    assert_eq!((&warning["code"], &warning["tcb"]["status"]), (&json!("TCB_RECOVERY"), &json!("OutOfDate")));
    let said: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((&said["early"]["lower"], &said["enclave"]), (&json!(true), &json!("kept")));

    site.pcs.passes(
        |asked, response| {
            if asked.target.contains("early") { Response::new(404, "") } else { response }
        },
    );
    let ran = site.bring(&["--json"], &[]).well();
    let warning: Value = serde_json::from_str(&ran.err).unwrap();
    assert_eq!(warning["warning"]["code"], "TCB_EARLY_UNKNOWN");
}

#[test]
fn what_cannot_be_used_is_said_before_anyone_is_asked() {
    let site = Site::new();
    fs::write(site.desk.home.join("noise"), vec![3; 1 << 20]).unwrap();
    for arguments in [
        &["--quote", "root.pem"][..],
        &["--quote", "root.pem", "--out", "."],
        &["--quote", "noise", "--out", "."],
        &["--quote", "absent", "--out", "."],
        &["--quote", "root.pem", "--out", ".", "--enclave", "http://127.0.0.1:1"],
        &["--enclave", "http://10.0.0.1:9464"],
        &["--every", "6h"],
    ] {
        let ran = site.fetch(&["--json"], arguments);
        assert_eq!((ran.exit, &ran.error()["code"]), (2, &json!("USAGE")), "{arguments:?}");
    }
    for arguments in [
        &["--pcs", "http://pccs.example"][..],
        &["--pcs", "https://user:planted@pccs.example"],
        &["--root-crl", "https://pccs.example"],
        &["--root-crl", "http://pccs.example/root.der"],
    ] {
        let ran = site.desk.run(&[&["--json", "collateral", "fetch"], arguments].concat());
        assert_eq!((ran.exit, &ran.error()["code"]), (2, &json!("USAGE")), "{arguments:?}");
        assert!(!ran.err.contains("planted"));
    }
    assert_eq!(site.desk.run(&["collateral", "watch", "--every", "1m"]).exit, 2);
    let ran = site.bring(&["--json"], &["--out", "absent"]);
    assert_eq!((ran.exit, &ran.error()["code"]), (1, &json!("COLLATERAL_NOT_WRITTEN")));
    assert!(site.pcs.asked().is_empty() && site.enclave.asked().is_empty());
}

#[test]
fn a_watch_tells_each_fetch_and_ends_when_it_is_told() {
    let site = Site::new();
    let url = site.enclave.url();
    let root = ["--json", "--dangerous-development-root", "root.pem"];
    let arguments = site.arguments(&root, "watch", &["--enclave", &url]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    for signal in ["-TERM", "-INT"] {
        let mut child = site.desk.command(&arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{signal}");
        let said: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(said["enclave"], "kept");
        let next = said["next_in_s"].as_u64().unwrap();
        assert!((19_440..=21_600).contains(&next), "six hours, less up to a tenth: {next}");
    }
    // A failure ends nothing.
    site.pcs.passes(|_, _| Response::new(429, "").with("Retry-After", "300"));
    let mut child = site.desk.command(&arguments).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let error: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&error["error"]["code"], &error["error"]["next_in_s"]), (&json!("PCS_STATUS"), &json!(300)));
}
