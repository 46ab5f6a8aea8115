//! What a client saw of a store: sent with reads, and never told less than before.

use crate::{
    desk::Desk,
    holder::PUBLIC,
    service::{
        holders::{checkpoint, dated, grown},
        opened, refuses, well,
    },
};
use ed25519_dalek::SigningKey;
use protocol::{Code, Route, wire};
use serde_json::{Value, json};
use std::{
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
};

impl Desk {
    fn memory(&self) -> PathBuf {
        self.home.join(".local/state/perfagg/checkpoints.json")
    }

    fn remembered(&self) -> Value {
        serde_json::from_slice(&fs::read(self.memory()).unwrap()).unwrap()
    }

    /// An older store, or another one, is refused by every read, and what was seen stays.
    fn refuses_what_is_older(&self) {
        let (session, memory) = (self.session(), self.remembered());
        for command in [&["summary"][..], &["metrics"], &["summary", "--save", "record.json"]] {
            let ran = self.trusting(&[&["--json"], command].concat());
            let error = ran.error();
            assert_eq!((ran.exit, &error["code"]), (3, &json!("STATE_ROLLED_BACK")), "{command:?}");
            assert!(error["detail"].as_str().unwrap().contains("operator"), "{error}");
        }
        assert!(!self.home.join("record.json").exists(), "nothing of it is kept");
        assert_eq!((self.session(), self.remembered()), (session, memory));
    }
}

#[test]
fn the_last_checkpoint_goes_with_the_next_read() {
    let desk = Desk::new();
    let sent = Arc::new(Mutex::new(Vec::new()));
    let told = |seq, root| {
        let (mut service, sent) = (dated(seq, root), Arc::clone(&sent));
        move |route, call: &Value| {
            sent.lock().unwrap().push((route, call.get("checkpoint").cloned()));
            service(route, call)
        }
    };
    desk.service.answers(told(5, 1));
    desk.register(&[]).well();
    desk.trusting(&["summary"]).well();
    desk.service.answers(told(6, 2));
    desk.trusting(&["metrics"]).well();
    desk.trusting(&["export"]).well();
    desk.trusting(&["watch"]).well();
    desk.trusting(&["revoke"]).well();
    let expected = [
        (Route::Register, None),
        (Route::Summary, Some(checkpoint(5, 1))),
        (Route::Metrics, Some(checkpoint(5, 1))),
        (Route::Ledger, Some(checkpoint(6, 2))),
        (Route::Events, None),
        (Route::Revoke, None),
    ];
    assert_eq!(*sent.lock().unwrap(), expected);
}

#[test]
fn figures_of_an_older_store_are_not_shown() {
    let desk = Desk::new();
    desk.service.answers(dated(7, 1));
    desk.register(&[]).well();
    let shown = desk.trusting(&["--json", "summary"]).well().out;
    assert!(shown.contains("\"anchored\":false"), "the answer says it, and no alarm is made of it");
    let page = desk.trusting(&["summary"]).well();
    assert_eq!(page.err, "");
    assert!(page.out.contains("  Store          state 7, not anchored: "), "{}", page.out);
    for (seq, root) in [(6, 9), (7, 2), (0, 1), (6, 1)] {
        desk.service.answers(dated(seq, root));
        desk.refuses_what_is_older();
    }
    for (seq, root) in [(7, 1), (8, 3), (8, 3), (100, 4)] {
        desk.service.answers(dated(seq, root));
        desk.trusting(&["summary"]).well();
        assert_eq!(desk.session()["checkpoint"], checkpoint(seq, root));
    }
    // One that says nothing of itself is as it was before there were checkpoints.
    desk.service.answers(well);
    desk.trusting(&["summary"]).well();
    desk.service.answers(dated(99, 1));
    desk.refuses_what_is_older();
}

#[test]
fn a_new_session_of_the_same_account_remembers_what_an_old_one_saw() {
    let desk = Desk::new();
    desk.service.answers(dated(7, 1));
    desk.register(&[]).well();
    desk.trusting(&["revoke"]).well();
    let result_key = wire::encode(desk.service.state().result_key.verifying_key().as_bytes());
    let fingerprint = opened()["account"]["fingerprint"].take();
    let expected = json!({ "v": 1, "checkpoints": [{
        "deployment": result_key, "of": fingerprint, "seq": 7, "root": wire::encode(&[1; 32]), "anchored": false,
    }] });
    assert_eq!(desk.remembered(), expected);

    desk.service.answers(dated(6, 1));
    let ran = desk.register(&["--json"]);
    assert_eq!((ran.exit, &ran.error()["code"]), (3, &json!("STATE_ROLLED_BACK")));
    assert!(!desk.session_file().exists());
    let last = desk.service.state().holders.signed.last().cloned();
    assert_eq!(last, Some((Route::Revoke, None)), "its key does not stay at an old store");

    // Another deployment counts for itself.
    desk.service.state().result_key = SigningKey::from_bytes(&[5; 32]);
    desk.register(&[]).well();
    assert_eq!(desk.remembered()["checkpoints"].as_array().unwrap().len(), 2);
}

#[test]
fn a_registration_at_a_store_that_grew_another_way_is_refused_and_there_is_a_way_out() {
    let desk = Desk::new();
    desk.service.answers(grown(&[1, 2, 3]));
    desk.register(&[]).well();
    desk.trusting(&["revoke"]).well();
    let memory = desk.remembered();
    desk.service.answers(grown(&[1, 2, 8, 9]));
    for more in [&["--json"][..], &["--json", "--session-file", ".local/state/perfagg/other.json"]] {
        let ran = desk.register(more);
        let error = ran.error();
        assert_eq!((ran.exit, &error["code"]), (3, &json!("STATE_ROLLED_BACK")));
        let detail = error["detail"].as_str().unwrap();
        assert!(detail.contains("No session is kept") && detail.contains("another folder"), "{detail}");
        let last = desk.service.state().holders.signed.last().cloned();
        assert_eq!((last, desk.remembered()), (Some((Route::Revoke, None)), memory.clone()));
    }
    desk.register(&["--session-file", "elsewhere/session.json"]).well();
    desk.trusting(&["--session-file", "elsewhere/session.json", "summary"]).well();
    assert_eq!(desk.remembered(), memory);
}

#[test]
fn a_record_is_remembered_by_its_holder() {
    let desk = Desk::holding();
    desk.service.answers(dated(7, 1));
    desk.register_held(&[]).well();
    assert_eq!(desk.remembered()["checkpoints"][0]["of"], PUBLIC);
    desk.service.answers(dated(3, 1));
    desk.refuses_what_is_older();
    // The account by itself is another history.
    desk.register(&["--replace"]).well();
}

#[test]
fn a_session_remembers_by_itself_where_the_file_beside_it_is_lost() {
    let desk = Desk::new();
    desk.service.answers(dated(7, 1));
    desk.register(&[]).well();
    fs::remove_file(desk.memory()).unwrap();
    desk.service.answers(dated(6, 1));
    assert_eq!(desk.trusting(&["summary"]).exit, 3);
    // Nor does it help to sign with another key.
    desk.service.state().result_key = SigningKey::from_bytes(&[5; 32]);
    assert_eq!(desk.trusting(&["summary"]).exit, 3);
}

#[test]
fn a_memory_that_cannot_be_read_is_said_and_left_alone() {
    let desk = Desk::new();
    desk.service.answers(dated(7, 1));
    desk.register(&[]).well();
    for text in ["", "{}", "[]", "{\"v\":2,\"checkpoints\":[]}", "{\"v\":1,\"checkpoints\":[{\"of\":\"x\"}]}"]
    {
        fs::write(desk.memory(), text).unwrap();
        let ran = desk.trusting(&["summary"]).well();
        assert!(ran.err.contains("checkpoints.json") && ran.err.contains("unnoticed"), "{}", ran.err);
        assert_eq!(ran.err.matches("checkpoints.json").count(), 1, "said once");
        assert_eq!(fs::read_to_string(desk.memory()).unwrap(), text);
    }
    fs::remove_file(desk.memory()).unwrap();
    let ran = desk.trusting(&["summary"]).well();
    assert_eq!((ran.err.as_str(), desk.remembered()["checkpoints"][0]["seq"].as_u64()), ("", Some(7)));
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(fs::metadata(desk.memory()).unwrap().mode() & 0o777, 0o600);
    }
}

#[test]
fn the_enclaves_own_word_that_its_store_is_behind_is_as_good() {
    let desk = Desk::new();
    desk.service.answers(dated(7, 1));
    desk.register(&[]).well();
    desk.service.answers(|route, call| match route {
        Route::Revoke => well(route, call),
        _ => refuses(Code::StateRolledBack),
    });
    let ran = desk.trusting(&["--json", "summary"]);
    assert_eq!((ran.exit, &ran.error()["code"]), (3, &json!("STATE_ROLLED_BACK")));
    desk.trusting(&["revoke"]).well();
}

#[test]
fn a_checkpoint_in_another_form_is_not_believed() {
    let desk = Desk::new();
    desk.service.answers(dated(7, 1));
    desk.register(&[]).well();
    for root in ["", "x", "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE="] {
        desk.service.answers(move |route, call| {
            let (status, mut answer) = well(route, call);
            answer["checkpoint"] = json!({ "seq": 8, "root": root, "anchored": true });
            (status, answer)
        });
        assert_eq!(desk.trusting(&["--json", "summary"]).error()["code"], "ANSWER_UNKNOWN_FORM", "{root}");
    }
}
