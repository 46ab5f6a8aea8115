//! `cargo xtask vectors`, run as a command: the cases of `vectors/metrics`, those of `PERFAGG_VECTORS` if it is set, and
//! what it says to files that are wrong.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::print_stdout, reason = "test code")]

use serde_json::{Value, json};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Whether it was content, and all that it printed.
fn vectors(directory: &Path, answers: Option<&Path>) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.arg("vectors").arg(directory);
    if let Some(answers) = answers {
        command.arg("--answers").arg(answers);
    }
    let output = command.output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

fn last_line(said: &str) -> &str {
    said.lines().last().unwrap_or_default()
}

/// An empty directory of this test.
fn empty(name: &str) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    directory
}

fn ours() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors/metrics")
}

fn read(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn every_case_gives_what_outside_programs_gave() {
    let (good, said) = vectors(&ours(), None);
    assert!(good, "{said}");
    let passed: usize = last_line(&said).strip_suffix(" passed, 0 failed").unwrap().parse().unwrap();
    assert!(passed >= 106, "{said}");
}

#[test]
fn cases_outside_the_repository_pass_too() {
    #[expect(clippy::disallowed_methods, reason = "where vectors are that are not part of the repository")]
    let Some(folder) = std::env::var_os("PERFAGG_VECTORS") else {
        println!("skipped: PERFAGG_VECTORS is not set");
        return;
    };
    let (good, said) = vectors(&Path::new(&folder).join("metrics"), None);
    assert!(good, "{said}");
}

#[test]
fn answers_are_the_same_without_any_expectation() {
    let (with, bare, without) = (empty("answers"), empty("bare"), empty("bare-answers"));
    vectors(&ours(), Some(&with));
    let mut cases = 0;
    for entry in fs::read_dir(ours()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let mut file = read(&path);
        for list in ["cases", "series"] {
            for case in file.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
                assert!(case.as_object_mut().unwrap().remove("expect").is_some());
                cases += 1;
            }
        }
        fs::write(bare.join(path.file_name().unwrap()), file.to_string()).unwrap();
    }
    let (good, said) = vectors(&bare, Some(&without));
    assert!(good && last_line(&said) == "0 passed, 0 failed", "{said}");
    let mut answered = 0;
    for entry in fs::read_dir(&with).unwrap() {
        let path = entry.unwrap().path();
        let answers = read(&path);
        assert_eq!(answers, read(&without.join(path.file_name().unwrap())));
        answered += answers["cases"].as_object().unwrap().len();
    }
    assert_eq!(answered, cases);
}

#[test]
fn one_bad_case_is_told_by_its_name_and_the_others_run() {
    let (directory, answers) = (empty("bad"), empty("bad-answers"));
    let cases = json!({ "kind": "returns", "cases": [
        { "name": "no returns" },
        { "name": "a text", "returns": [0.01, "a"] },
        { "name": "bad date", "returns": [0.01], "params": { "first_date": "2021-02-30" } },
        { "name": "good", "returns": [0.5, -0.5], "expect": { "total_return": { "v": -0.25 } } },
        { "name": "wrong", "returns": [0.5, -0.5], "expect": { "total_return": { "v": 0.25 } } },
        { "name": "below", "returns": [-1.5] },
        { "name": "good", "returns": [] },
        "nothing",
    ]});
    fs::write(directory.join("returns_some.json"), cases.to_string()).unwrap();
    fs::write(directory.join("returns_cut.json"), "{\"kind\": \"returns\", \"cases\": [").unwrap();
    fs::write(directory.join("fills_other.json"), json!({ "kind": "songs", "cases": [] }).to_string())
        .unwrap();
    let xirr =
        json!({ "kind": "xirr", "cases": [{ "name": "odd", "dates": ["2021-01-01"], "amounts": [] }] });
    fs::write(directory.join("cashflows_xirr.json"), xirr.to_string()).unwrap();
    fs::write(directory.join("notes.json"), "not for us").unwrap();
    let (good, said) = vectors(&directory, Some(&answers));
    assert!(!good);
    assert_eq!(last_line(&said), "1 passed, 9 failed", "{said}");
    for told in [
        "returns_some.json, no returns: has no returns",
        "returns_some.json, a text: returns is \"a\", not a number",
        "returns_some.json, bad date: first_date is 2021-02-30",
        "total_return: expected 0.25, got -0.25",
        "returns_some.json, good: a case needs a name of its own",
        "returns_some.json, case 7: ",
        "returns_cut.json: is not a JSON object",
        "fills_other.json: kind songs is none that is known",
        "cashflows_xirr.json, odd: has 1 dates and 0 amounts",
        "1 answered without an expectation",
    ] {
        assert!(said.contains(told), "{told}\n{said}");
    }
    let answers = read(&answers.join("returns_some.json"));
    assert_eq!(answers["cases"].as_object().unwrap().len(), 3);
    assert_eq!(answers["cases"]["below"], json!({ "status": "error", "error": "INVALID_RETURN" }));
}

#[test]
fn fills_that_are_none_are_answered_by_their_code() {
    let directory = empty("fills");
    let columns = [
        "id",
        "ts",
        "symbol",
        "side",
        "qty",
        "price",
        "fee",
        "fee_asset",
        "fee_rate",
        "liquidity",
        "order_id",
        "account",
        "seq",
    ];
    let case = |name: &str, side: &str, quantity: &str, code: &str| {
        let fill = json!([
            "1",
            1_700_000_000_000_u64,
            "BTCUSDT",
            side,
            quantity,
            "100",
            "0",
            "USDT",
            null,
            "taker",
            null,
            "a",
            null
        ]);
        json!({
            "name": name, "columns": columns, "fills": [fill],
            "instruments": { "BTCUSDT": { "kind": "spot", "base": "BTC", "quote": "USDT", "multiplier": "1" } },
            "expect": { "status": "error", "error": code }
        })
    };
    let long = "9".repeat(90);
    let cases = json!({ "kind": "fills", "cases": [
        case("a word", "buy", "NaN", "INVALID_FILL"),
        case("below zero", "buy", "-1", "INVALID_FILL"),
        case("another side", "hold", "1", "INVALID_FILL"),
        case("too long", "buy", &long, "OVERFLOW"),
    ]});
    fs::write(directory.join("fills_bad.json"), cases.to_string()).unwrap();
    let (good, said) = vectors(&directory, None);
    assert!(good && last_line(&said) == "4 passed, 0 failed", "{said}");
}

#[test]
fn a_directory_without_cases_is_an_error() {
    let (good, said) = vectors(&empty("none"), None);
    assert!(!good && said.is_empty());
}
