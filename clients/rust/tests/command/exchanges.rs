//! What is told of exchanges before a key is made: by this program, and by an enclave that was verified.

use crate::{desk::Desk, pages::check_pages, service::Response};
use serde_json::Value;

const TOLD: &str = include_str!("../service/exchanges.json");

fn telling() -> Desk {
    let desk = Desk::new();
    desk.service.state().exchanges = Some(TOLD);
    desk
}

#[test]
fn the_pages_of_exchanges_are_as_agreed() {
    let desk = telling();
    let url = desk.service.url();
    let page = |name, more: &[&str]| {
        let ran = desk.trusting(&[&["exchanges", "--url", &url], more].concat()).well();
        (name, desk.page(&ran.out))
    };
    check_pages(&[
        page("exchanges.txt", &[]),
        page("exchanges-northern.txt", &["--exchange", "northern"]),
        page("exchanges-southern.txt", &["--exchange", "southern"]),
    ]);
}

#[test]
fn without_an_enclave_this_program_tells_of_all_thirteen_in_eighty_columns() {
    let desk = Desk::new();
    let told: Value = serde_json::from_str(&desk.run(&["--json", "exchanges"]).well().out).unwrap();
    let names = |list: &str| -> Vec<String> {
        told[list]
            .as_array()
            .unwrap()
            .iter()
            .map(|one| one["exchange"].as_str().unwrap().to_owned())
            .collect()
    };
    let all = [names("exchanges"), names("not_registrable")].concat();
    assert_eq!(all.len(), 13);
    assert!(names("exchanges").contains(&"binance".to_owned()));
    let overview = desk.run(&["exchanges"]).well().out;
    for name in &all {
        assert!(overview.contains(name.as_str()), "{name}");
        let page = desk.run(&["exchanges", "--exchange", name]).well().out;
        let wide = page.lines().chain(overview.lines()).find(|line| line.chars().count() > 80);
        assert_eq!(wide, None, "{name}");
        let one: Value =
            serde_json::from_str(&desk.run(&["--json", "exchanges", "--exchange", name]).well().out).unwrap();
        assert_eq!(one["exchange"], name.as_str());
        // The legend stands where something is marked, and nowhere else.
        let marked = one.to_string().contains("(?)") || one["sources"].to_string().contains("\"sure\":false");
        assert_eq!(page.contains("(?) no document"), marked, "{name}");
    }
    assert_eq!(desk.service.count("/"), 0, "nobody was asked");
}

#[test]
fn an_exchange_that_is_not_there_is_answered_with_those_that_are() {
    let ran = Desk::new().run(&["exchanges", "--exchange", "nowhere"]);
    assert_eq!(ran.exit, 2);
    assert!(ran.err.contains("binance") && ran.err.contains("kraken"), "{}", ran.err);
}

#[test]
fn what_the_verified_enclave_does_not_vouch_for_is_not_shown() {
    let desk = telling();
    let url = desk.service.url();
    let ask = || desk.trusting(&["exchanges", "--url", &url]);
    assert!(ask().well().out.contains("203.0.113.9, 2001:db8::1"));
    // Someone on the way puts an address of his own in the place of theirs.
    desk.service.passes(|asked, response| match asked.target == "/exchanges" {
        true => Response::new(200, TOLD.replace("203.0.113.9", "203.0.113.8")),
        false => response,
    });
    let ran = ask();
    assert_eq!((ran.exit, ran.out.as_str()), (3, ""));
    assert!(ran.err.contains("not signed"), "{}", ran.err);
    // Evidence that is not believed: nothing is asked.
    let asked = desk.service.count("/exchanges");
    let ran = desk.run(&["exchanges", "--url", &url]);
    assert_eq!((ran.exit, ran.out.as_str(), desk.service.count("/exchanges")), (3, "", asked));
}
