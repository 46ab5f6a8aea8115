//! The holder's key: made once, kept apart from the session, and without it nobody reads.

use crate::{
    desk::{Desk, Ran},
    pages::check_pages,
    service::{holders::vouching, opened, well},
};
use perfagg::HolderKey;
use protocol::Route;
use serde_json::{Value, json};
use std::{fs, path::PathBuf};

/// Of `vectors/holder`: a transcript must not change with each run.
const KEY: &str = "perfagg-holder/1:hKpfOvGYEgyu-EfnzU5Z1OUrJS_woslEZYQnWQoiKsw:p5nYAtqWeXKCugQyPQxvJCHCKRg7ABVsCGxRqUwK8oQ";
pub(crate) const PUBLIC: &str = "hKpfOvGYEgyu-EfnzU5Z1OUrJS_woslEZYQnWQoiKsw";
const SECRET_HALF: &str = "p5nYAtqWeXKCugQyPQxvJCHCKRg7ABVsCGxRqUwK8oQ";

impl Desk {
    pub(crate) fn holder_file(&self) -> PathBuf {
        self.home.join(".local/state/perfagg/holder.key")
    }

    /// A desk with the key of the vectors, where it is looked for.
    pub(crate) fn holding() -> Self {
        let desk = Self::new();
        private(&desk.holder_file(), KEY);
        desk.service.answers(vouching);
        desk
    }

    pub(crate) fn register_held(&self, more: &[&str]) -> Ran {
        self.register(&[&["--holder", "default"], more].concat())
    }

    /// Who signed the calls that were admitted.
    fn signed(&self) -> Vec<(Route, Option<String>)> {
        self.service.state().holders.signed.clone()
    }
}

/// A file that its owner alone may read.
fn private(path: &PathBuf, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
    #[cfg(unix)]
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
}

#[test]
fn a_new_key_is_its_owners_alone_never_shown_and_never_written_over() {
    let desk = Desk::new();
    let made = desk.run(&["holder", "new"]).well();
    let text = fs::read_to_string(desk.holder_file()).unwrap();
    let key = HolderKey::import(&text).unwrap();
    let secret = text.trim().rsplit_once(':').unwrap().1;
    let shown = desk.run(&["holder", "show"]).well();
    let as_json = desk.run(&["--json", "holder", "show"]).well();
    for ran in [&made, &shown, &as_json] {
        assert!(!format!("{}{}", ran.out, ran.err).contains(secret), "the private half stays in its file");
        assert!(ran.out.contains(&key.public_text()) && ran.out.contains(&key.fingerprint()), "{}", ran.out);
    }
    let as_json: Value = serde_json::from_str(&as_json.out).unwrap();
    let expected = json!({
        "public_key": key.public_text(), "fingerprint": key.fingerprint(), "file": desk.holder_file(),
    });
    assert_eq!(as_json, expected);
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        assert_eq!(fs::metadata(desk.holder_file()).unwrap().mode() & 0o777, 0o600);
    }

    let again = desk.run(&["--json", "holder", "new"]);
    assert_eq!((again.exit, &again.error()["code"]), (2, &json!("HOLDER_KEY_EXISTS")));
    assert_eq!(fs::read_to_string(desk.holder_file()).unwrap(), text);
    desk.run(&["holder", "new", "--out", "other.key"]).well();
    assert_ne!(fs::read_to_string(desk.home.join("other.key")).unwrap(), text, "each is another");
    let mut command = desk.command(&["holder", "show"]);
    let named = Ran::of(command.env("PERFAGG_HOLDER", "other.key").output().unwrap());
    assert!(named.out.contains("other.key") && !named.out.contains(&key.public_text()), "{}", named.out);
}

#[test]
fn every_call_of_a_session_with_a_holder_is_signed() {
    let desk = Desk::holding();
    desk.register_held(&["--lease", "90d", "--wait"]).well();
    let kept = desk.session();
    assert_eq!(kept["holder"], json!({ "file": desk.holder_file(), "public_key": PUBLIC }));
    let commands: [&[&str]; 7] = [
        &["summary"],
        &["metrics"],
        &["summary", "--save", "record.json"],
        &["watch"],
        &["export"],
        &["sessions"],
        &["revoke", "--save", "receipt.json"],
    ];
    for command in commands {
        let ran = desk.trusting(command).well();
        assert!(!ran.out.contains(SECRET_HALF) && !ran.err.contains(SECRET_HALF));
    }
    let signed = desk.signed();
    let routes: Vec<Route> = signed.iter().map(|(route, _)| *route).collect();
    let expected = [
        Route::Register,
        Route::Summary,
        Route::Summary,
        Route::Metrics,
        Route::Summary,
        Route::Events,
        Route::Ledger,
        Route::Sessions,
        Route::Revoke,
    ];
    assert_eq!(routes, expected);
    assert!(signed.iter().all(|(_, by)| by.as_deref() == Some(PUBLIC)), "{signed:?}");
    assert!(!kept.to_string().contains(SECRET_HALF), "the session file has no key");
}

#[test]
fn a_registration_says_the_lease_and_the_holder() {
    let desk = Desk::holding();
    desk.service.answers(|route, body| {
        if route == Route::Register {
            assert_eq!((&body["leaseSeconds"], &body["holderKey"]), (&json!(7_776_000), &json!(PUBLIC)));
        }
        vouching(route, body)
    });
    let ran = desk.register_held(&["--json", "--lease", "90d", "--ttl", "7d"]).well();
    let opened: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(opened["lease_until"], "2027-02-22T12:00:00Z");
    let calls = desk.service.count("/");
    for arguments in [
        &["--lease", "1h", "--ttl", "2h"][..],
        &["--lease", "91d"],
        &["--holder", "default", "--bearer"],
        &["--holder", "missing.key"],
    ] {
        assert_eq!(desk.register(&[arguments, &["--replace"]].concat()).exit, 2, "{arguments:?}");
    }
    assert_eq!(desk.service.count("/"), calls, "nobody was called");
}

#[test]
fn a_stolen_session_is_useless_without_the_key() {
    let desk = Desk::holding();
    desk.register_held(&[]).well();
    let whole = desk.session();
    let mut stolen = whole.clone();
    stolen.as_object_mut().unwrap().remove("holder");
    fs::write(desk.session_file(), stolen.to_string()).unwrap();
    for command in ["summary", "metrics", "export", "watch", "revoke"] {
        let error = desk.trusting(&["--json", command]).error();
        assert_eq!((&error["exit"], &error["code"]), (&json!(5), &json!("SESSION_UNKNOWN")), "{command}");
    }
    // Nor does another key help, whatever the file says of it.
    desk.run(&["holder", "new", "--out", "theirs.key"]).well();
    let theirs = HolderKey::import(&fs::read_to_string(desk.home.join("theirs.key")).unwrap()).unwrap();
    stolen["holder"] = json!({ "file": desk.home.join("theirs.key"), "public_key": theirs.public_text() });
    fs::write(desk.session_file(), stolen.to_string()).unwrap();
    let error = desk.trusting(&["--json", "summary"]).error();
    assert_eq!(error["code"], "SESSION_UNKNOWN");

    fs::write(desk.session_file(), whole.to_string()).unwrap();
    desk.trusting(&["summary"]).well();
}

#[test]
fn a_key_that_cannot_be_used_loses_nothing() {
    let desk = Desk::holding();
    desk.register_held(&[]).well();
    let (session, calls) = (desk.session(), desk.service.count("/"));
    let moved = desk.home.join("moved.key");
    fs::rename(desk.holder_file(), &moved).unwrap();
    let check = |code: &str| {
        for command in ["summary", "metrics", "watch", "revoke"] {
            let ran = desk.trusting(&["--json", command]);
            let error = ran.error();
            assert_eq!((ran.exit, error["code"].as_str()), (2, Some(code)), "{command}");
            assert_eq!(error["file"], json!(desk.holder_file()));
            let detail = error["detail"].as_str().unwrap();
            assert!(detail.contains("Nobody was called") && detail.contains("--holder FILE"), "{detail}");
        }
        assert_eq!(desk.session(), session, "the session file stays");
        assert_eq!(desk.service.count("/"), calls, "nobody was called");
    };
    check("HOLDER_KEY_MISSING");
    private(&desk.holder_file(), &KEY[..KEY.len() - 2]);
    check("HOLDER_KEY_MALFORMED");
    private(&desk.holder_file(), &HolderKey::generate().export());
    check("HOLDER_KEY_OTHER");
    #[cfg(unix)]
    {
        fs::set_permissions(desk.holder_file(), std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        check("HOLDER_KEY_EXPOSED");
    }
    // A session that cannot be asked is not taken for one that is over.
    let again = desk.register(&[]);
    assert_eq!(again.exit, 2, "{}", again.err);
    assert_eq!(desk.session(), session);

    desk.trusting(&["summary", "--holder", "moved.key"]).well();
}

#[test]
fn a_holder_signs_for_the_enclave_that_guards_by_it_and_no_other() {
    let desk = Desk::holding();
    // As an enclave from before holders answers: the key is not read.
    desk.service
        .answers(|route, body| if route == Route::Register { (201, opened()) } else { well(route, body) });
    let ran = desk.register_held(&["--json"]);
    assert_eq!((ran.exit, &ran.error()["code"]), (3, &json!("HOLDER_KEY_IGNORED")));
    assert!(!desk.session_file().exists());
    let last = desk.signed().pop().unwrap();
    assert_eq!(last, (Route::Revoke, Some(PUBLIC.to_owned())), "the key at the exchange does not stay there");
}

#[test]
fn the_pages_of_holders_are_as_agreed() {
    let desk = Desk::holding();
    let url = desk.service.url();
    let page = |name, ran: Ran| (name, desk.page(&format!("{}{}", ran.err, ran.out)));
    let made = page("holder-new.txt", desk.run(&["holder", "new", "--out", "made.key"]).well());
    let key = HolderKey::import(&fs::read_to_string(desk.home.join("made.key")).unwrap()).unwrap();
    let masked =
        made.1.replace(&key.public_text(), &"P".repeat(43)).replace(&key.fingerprint(), "FINGERPRINT");
    check_pages(&[
        ("holder-new.txt", masked),
        page("holder-again.txt", desk.run(&["holder", "new"])),
        page("holder-show.txt", desk.run(&["holder", "show"]).well()),
        page("register-held.txt", desk.register_held(&["--lease", "90d", "--wait"]).well()),
        page("sessions.txt", desk.trusting(&["sessions"]).well()),
        page("holder-lost.txt", {
            fs::rename(desk.holder_file(), desk.home.join("moved.key")).unwrap();
            desk.trusting(&["summary"])
        }),
        page("erase.txt", {
            fs::rename(desk.home.join("moved.key"), desk.holder_file()).unwrap();
            desk.trusting(&["erase", "--yes", "--service-url", &url]).well()
        }),
        page("sessions-nowhere.txt", desk.trusting(&["sessions"])),
    ]);
}
