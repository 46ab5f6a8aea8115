//! Keeping an answer and judging it: exit code 0, 1 or 2, and nothing but the file is needed.

use crate::{
    desk::Desk,
    service::{result_key, signed, summary, well},
};
use protocol::{Route, signed::Tag};
use serde_json::Value;
use std::fs;

/// A registered desk whose enclave signs what is asked for so.
pub(crate) fn signing() -> Desk {
    let desk = Desk::new();
    desk.register(&[]).well();
    desk.service.answers(|route, call| {
        let (status, body) = well(route, call);
        let signs = matches!(route, Route::Summary | Route::Metrics) && !call["sign"].is_null();
        (status, if signs { signed(&result_key(), Tag::Answer, route, call, &body) } else { body })
    });
    desk
}

#[test]
fn a_saved_answer_is_judged_without_session_and_service() {
    let desk = signing();
    let shown = desk.trusting(&["summary"]).well();
    assert_eq!(desk.trusting(&["summary", "--save", "record.json"]).well().out, shown.out);
    desk.trusting(&["metrics", "--save", "all.json"]).well();
    fs::remove_file(desk.session_file()).unwrap();
    desk.service.passes(|_, _| panic!("nobody is called"));

    let judged: Value =
        serde_json::from_str(&desk.trusting(&["--json", "verify", "record.json"]).well().out).unwrap();
    assert_eq!((&judged["ok"], &judged["answer"]), (&true.into(), &summary("live", 1.0)));
    assert!(judged["not_proven"].as_array().unwrap().len() > 5, "{judged}");
    let page = desk.trusting(&["verify", "record.json"]).well().out;
    assert!(page.contains("What this does not prove") && page.contains("Realised profit"), "{page}");
    assert!(desk.trusting(&["verify", "all.json"]).well().out.contains("By symbol"), "the page of metrics");

    // What is there is not written over by accident.
    let again = desk.trusting(&["--json", "summary", "--save", "record.json"]);
    assert_eq!(again.error()["exit"], 2);
}

#[test]
fn what_proves_nothing_and_what_the_policy_refuses_have_exit_codes_of_their_own() {
    let desk = signing();
    desk.trusting(&["summary", "--save", "record.json"]).well();
    let file = fs::read_to_string(desk.home.join("record.json")).unwrap();
    fs::write(desk.home.join("better.json"), file.replace("104233.18", "904233.18")).unwrap();
    fs::write(desk.home.join("noise.json"), vec![b'x'; 10_000_000]).unwrap();
    fs::write(desk.home.join("open.json"), vec![b'['; 10_000_000]).unwrap();
    fs::write(desk.home.join("long.json"), file.clone() + &"x".repeat(10_000_000)).unwrap();
    for name in ["better.json", "noise.json", "open.json", "long.json", "missing.json", "root.pem"] {
        let error = desk.trusting(&["--json", "verify", name]).error();
        assert_eq!((&error["exit"], &error["code"]), (&1.into(), &"NOT_VERIFIED".into()), "{name}");
    }
    // Nor does what was not understood look like a verdict.
    for arguments in
        [&["verify"][..], &["verify", "record.json", "more"], &["verify-evidence", "--time", "soon"]]
    {
        assert_eq!(desk.run(arguments).exit, 1, "{arguments:?}");
        assert_eq!(desk.run(&[&["--json"], arguments].concat()).error()["exit"], 1, "{arguments:?}");
    }
    let unread = desk.run(&["--dangerous-development-root", "missing.pem", "verify", "record.json"]);
    assert_eq!(unread.exit, 1, "{}", unread.err);
    // Who trusts no development root has no reason to believe development evidence.
    let error = desk.run(&["--json", "verify", "record.json"]).error();
    assert_eq!((&error["exit"], &error["class"]), (&1.into(), &"untrusted-root".into()));
}
