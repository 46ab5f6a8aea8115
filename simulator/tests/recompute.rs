//! The script that checks the service's figures is itself checked: against published cases, and that it notices.
#![cfg(test)]

mod venue;

use serde_json::{Value, json};
use std::{fs, path::PathBuf, process::Command};
use venue::Venue;

const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/truth");

/// What a script says, and whether it is content.
fn run(script: &str, arguments: &[&str]) -> (bool, String) {
    let output = Command::new("node").arg(format!("{DIRECTORY}/{script}")).args(arguments).output();
    let output = output.expect("node runs the script");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

fn last_line(said: &str) -> &str {
    said.lines().last().unwrap_or_default()
}

#[test]
fn it_agrees_with_the_published_cases() {
    let vectors = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/metrics");
    let files: Vec<String> = fs::read_dir(vectors)
        .unwrap()
        .map(|entry| entry.unwrap().path().to_str().unwrap().to_owned())
        .filter(|path| path.ends_with(".json"))
        .collect();
    let (content, said) = run("vectors.mjs", &files.iter().map(String::as_str).collect::<Vec<_>>());
    let passed: u32 = last_line(&said).split(' ').next().unwrap().parse().unwrap();
    assert!(content && passed > 2500, "{said}");
}

/// Files that end with the test.
struct Files(PathBuf);

impl Drop for Files {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn it_notices_every_figure_that_is_off_by_its_last_digit() {
    let files = Files(std::env::temp_dir().join(format!("simulator-recompute-{}", std::process::id())));
    fs::create_dir_all(&files.0).unwrap();
    let (truth, metrics) = (files.0.join("truth.json"), files.0.join("metrics.json"));
    let (truth, metrics) = (truth.to_str().unwrap(), metrics.to_str().unwrap());
    fs::write(truth, Venue::still(&[]).truth().to_string()).unwrap();
    let mut told: Value = serde_json::from_str(&run("recompute.mjs", &[truth]).1).unwrap();
    told["quote_currency"] = json!("USDT");
    told["accounts"] = json!([told["total"]]);
    let compare = |told: &Value| {
        fs::write(metrics, told.to_string()).unwrap();
        run("recompute.mjs", &[truth, "--compare", metrics])
    };
    let (content, said) = compare(&told);
    assert!(content && last_line(&said).ends_with(" 0 failed"), "{said}");

    let exact = [
        "/total/volume",
        "/total/realized_gross",
        "/total/fees_by_asset/BNB",
        "/accounts/0/fees_valued",
        "/symbols/3/open_cost",
        "/symbols/0/position",
        "/months/5/volume",
        "/total/equity/equity",
        "/total/equity/explained/interest",
        "/accounts/0/equity/gain",
        "/total/days/217/equity",
        "/accounts/0/days/149/net_flow",
    ];
    let others = [
        "/total/trade_stats/wins",
        "/total/trade_stats/win_rate",
        "/total/trade_stats/sqn",
        "/total/last_fill",
        "/symbols/0/matches",
        "/symbols/2/matched_share",
        "/months/1/realized_net",
        "/months/2/return",
        "/total/returns/twr",
        "/total/risk/sharpe",
        "/accounts/0/risk/max_drawdown",
        "/total/benchmark/beta",
        "/total/days/218/unpriced",
        "/accounts/0/days/7/return",
        "/total/rolling_sharpe/9/sharpe",
        "/total/equity/residual",
    ];
    for path in exact {
        let figure = told.pointer_mut(path).unwrap();
        *figure = json!(last_digit_changed(figure.as_str().unwrap()));
    }
    for path in others {
        *told.pointer_mut(path).unwrap() = json!("0.000000000000000000000001");
    }
    let (content, said) = compare(&told);
    assert!(
        !content && last_line(&said).ends_with(&format!(" {} failed", exact.len() + others.len())),
        "{said}"
    );
    for path in exact.iter().chain(&others) {
        let field = path.rsplit('/').next().unwrap();
        assert!(
            said.lines().any(|line| line.starts_with("failed: ") && line.contains(field)),
            "{path}: {said}"
        );
    }

    told["months"] = json!([]);
    told["symbols"].as_array_mut().unwrap().pop();
    let (content, said) = compare(&told);
    assert!(!content && said.contains("months has") && said.contains("symbols has"), "{said}");
}

fn last_digit_changed(figure: &str) -> String {
    let (rest, last) = figure.split_at(figure.len() - 1);
    format!("{rest}{}", (last.parse::<u32>().unwrap() + 1) % 10)
}
