//! Everything that can go wrong has its exit code, says what to do, and changes nothing.

use crate::{
    desk::Desk,
    service::{NOW, Response, refuses, well},
};
use protocol::{Code, Route};
use serde_json::json;
use std::net::TcpListener;

#[test]
fn without_the_dangerous_flag_development_evidence_is_refused() {
    let desk = Desk::new();
    let url = desk.service.url();
    let register = ["--json", "register", "--user-id", "a", "--exchange", "binance", "--service-url", &url];
    for arguments in [&["--json", "attest", &url][..], &register] {
        let ran = desk.run(arguments);
        let error = ran.error();
        assert_eq!(
            (ran.exit, &error["code"], &error["class"]),
            (3, &json!("ATTESTATION_REFUSED"), &json!("untrusted-root"))
        );
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains("No release") && detail.contains("--dangerous-development-root"), "{detail}");
    }
    desk.register(&[]).well();
    assert_eq!(desk.run(&["summary"]).exit, 3);
    assert_eq!(desk.run(&["revoke"]).exit, 3);
    assert!(desk.session_file().exists());
    assert_eq!(desk.service.count("/enclave"), 1, "only the registration that was told to trust");
}

#[test]
fn what_is_not_understood_says_so() {
    let desk = Desk::new();
    let url = desk.service.url();
    let register = ["register", "--user-id", "a", "--exchange", "binance", "--service-url"];
    let with = |more: &[&'static str]| [&register[..], &[url.as_str()], more].concat();
    let mut cases: Vec<Vec<&str>> = vec![
        vec![],
        vec!["frobnicate"],
        vec!["attest"],
        vec!["attest", "enclave.example"],
        vec!["attest", "http://enclave.example"],
        vec!["register"],
        with(&["--ttl", "1w"]),
        with(&["--ttl", "4m"]),
        with(&["--api-key", "x"]),
        with(&["--label", ""]),
        vec!["--dangerous-development-root", "absent.pem", "attest", &url],
        vec!["--dangerous-development-root", "/", "attest", &url],
    ];
    cases.push([&register[..], &["http://10.0.0.1:3000"]].concat());
    for arguments in cases {
        let ran = desk.run(&arguments);
        assert_eq!((ran.exit, ran.out.as_str()), (2, ""), "{arguments:?}: {}", ran.err);
        assert!(!ran.err.is_empty());
        let ran = desk.run(&[&["--json"], arguments.as_slice()].concat());
        assert_eq!((ran.exit, &ran.error()["code"]), (2, &json!("USAGE")), "{arguments:?}");
    }
    assert_eq!(desk.service.count("/"), 0, "nobody was called");
    let refused = desk.run(&["attest", "https://user:planted@enclave.example"]);
    assert!(refused.exit == 2 && !refused.err.contains("planted"), "{}", refused.err);
}

#[test]
fn each_answer_of_the_enclave_has_its_exit_code() {
    let desk = Desk::new();
    for &code in Code::ALL {
        desk.service.answers(move |_, _| refuses(code));
        let ran = desk.register(&["--json"]);
        let error = ran.error();
        let expected = match code {
            Code::SessionUnknown | Code::SessionExpired | Code::SessionRevoked => 5,
            Code::StateRolledBack => 3,
            Code::LedgerChanged => 6,
            _ if matches!(code.status(), 429 | 500..) => 6,
            _ => 4,
        };
        assert_eq!((ran.exit, error["code"].as_str()), (expected, Some(code.as_str())));
        assert_eq!((&error["request_id"], error.get("signed")), (&json!("request-1"), None));
        assert!(error["detail"].as_str().unwrap().contains("Advice of the enclave."));
        assert!(!desk.session_file().exists(), "nothing is kept");
    }
}

#[test]
fn answers_in_clear_are_shown_as_nobodys_word_and_change_nothing() {
    let desk = Desk::new();
    desk.register(&[]).well();
    let kept = desk.session();
    for (status, code) in
        [(502, "RELAY_BACKEND_UNREACHABLE"), (401, "SESSION_REVOKED"), (429, "RATE_LIMITED"), (418, "TEAPOT")]
    {
        desk.service.passes(move |asked, response| match asked.method.as_str() {
            "POST" => {
                Response { headers: "retry-after: 9\r\n".to_owned(), ..Response::problem(status, code) }
            }
            _ => response,
        });
        for command in ["summary", "metrics", "revoke"] {
            let ran = desk.trusting(&["--json", command]);
            let error = ran.error();
            assert_eq!(
                (ran.exit, &error["code"], &error["signed"]),
                (6, &json!(code), &json!(false)),
                "{command}"
            );
            assert_eq!(error["retry_after_s"], 9);
            let ran = desk.trusting(&[command]);
            assert!(ran.err.contains("not signed by the enclave"), "{}", ran.err);
        }
        assert_eq!(desk.session(), kept);
    }
}

#[test]
fn answers_that_were_not_sealed_are_refused() {
    let desk = Desk::new();
    desk.register(&[]).well();
    desk.service.passes(|asked, response| match asked.method.as_str() {
        "POST" => Response::new(200, well(Route::Revoke, &json!({})).1.to_string()),
        _ => response,
    });
    for command in ["summary", "metrics", "revoke"] {
        let ran = desk.trusting(&["--json", command]);
        assert_eq!((ran.exit, &ran.error()["code"]), (3, &json!("ANSWER_NOT_SEALED")));
    }
    assert!(desk.session_file().exists(), "no receipt, no removal");
}

#[test]
fn a_text_from_the_way_cannot_move_the_terminal() {
    let desk = Desk::new();
    desk.service.passes(|_, _| {
        let problem = json!({
            "type": "x", "title": "\u{1b}[2Jcleared", "status": 500, "code": "\u{202e}X", "detail": "\u{9b}31m\r\n", "request_id": "\u{7}",
        });
        Response::new(500, problem.to_string())
    });
    let ran = desk.trusting(&["attest", &desk.service.url()]);
    assert_eq!(ran.exit, 6);
    assert!(
        ran.err.chars().all(|char| char == '\n' || !char.is_control()) && !ran.err.contains('\u{202e}'),
        "{:?}",
        ran.err
    );
}

#[test]
fn a_service_that_is_not_there_is_exit_code_six() {
    let desk = Desk::new();
    let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let ran = desk.trusting(&["--json", "attest", &format!("http://{gone}")]);
    assert_eq!((ran.exit, &ran.error()["code"]), (6, &json!("CONNECTION_REFUSED")));
}

#[test]
fn the_time_of_development_evidence_is_the_enclaves() {
    let desk = Desk::new();
    for now in [NOW - 3 * 365 * 86_400, NOW + 3 * 365 * 86_400] {
        desk.service.state().now = now;
        desk.trusting(&["attest", &desk.service.url()]).well();
    }
}
