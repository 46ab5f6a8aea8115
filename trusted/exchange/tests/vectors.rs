//! The spot and wallet cases of the shared exchange vectors (`exchanges/binance`), read in place and played to the
//! connector through its conversation. How they are read and compared: the README there.
#![cfg(test)]

mod desk;

use desk::{Desk, connector_with};
use exchange::{
    Finding, Movement, MovementKind, MovementStatus, Next, PriceAt, Refusal, Reply, Task, VenueError, Verdict,
};
use ledger::{Decimal, Liquidity, Side, Timestamp};
use serde_json::Value;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

fn vectors(file: &str) -> Option<Value> {
    #[expect(clippy::disallowed_methods, reason = "how the test command hands the vectors over")]
    let Some(shared) = std::env::var_os("PERFAGG_VECTORS").map(PathBuf::from) else {
        println!("skipped: PERFAGG_VECTORS is not set, exchanges/binance/{file} is not read");
        return None;
    };
    let text = std::fs::read_to_string(shared.join("exchanges/binance").join(file)).unwrap();
    Some(serde_json::from_str(&text).unwrap())
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Equal as decimals, unless the judge does not say.
fn assert_number(expected: &Value, got: Decimal, what: &str) {
    if !expected.is_null() {
        assert_eq!(text(expected).parse::<Decimal>().unwrap(), got, "{what}");
    }
}

fn assert_text(expected: &Value, got: &str, what: &str) {
    if !expected.is_null() {
        assert_eq!(text(expected), got, "{what}");
    }
}

/// A desk that knows the vectors' spot markets, and the answer of a case at its path.
fn desk_for(document: &Value, case: &Value) -> Desk {
    let spot = document["markets"].as_array().unwrap().iter().filter(|market| market["type"] == "spot");
    let rows = spot.map(|market| ["id", "base", "quote"].map(|field| text(&market[field])));
    let mut desk = Desk::new(&[]);
    desk.markets = rows.collect();
    let path = case["http"]["path"].as_str().unwrap();
    let known = [
        desk::TIME,
        desk::RIGHTS,
        desk::ACCOUNT,
        desk::MY_TRADES,
        desk::KLINES,
        desk::DEPOSITS,
        desk::WITHDRAWALS,
        desk::CONVERTS,
        desk::DUST,
        desk::DIVIDENDS,
    ];
    let path = known.into_iter().find(|known| *known == path).expect("a path of the connector");
    let status = u16::try_from(case["http"]["status"].as_u64().unwrap()).unwrap();
    desk.fixed.insert(path, (status, text(&case["http"]["body"])));
    desk
}

fn play(document: &Value, case: &Value) {
    let id = case["id"].as_str().unwrap();
    let mut desk = desk_for(document, case);
    match case["need"].as_str().unwrap() {
        "fills" => play_fills(&mut desk, case),
        "balances" => play_balances(&mut desk, case),
        need @ ("deposits" | "withdrawals" | "conversions") => {
            let found = desk.collect(desk::connector().as_mut());
            let movements = found.into_iter().filter_map(|finding| match finding {
                Finding::Movement(movement) => Some((movement.id.clone(), movement)),
                _ => None,
            });
            let movements: BTreeMap<String, Movement> = movements.collect();
            let expected = case["expect"].as_array().unwrap();
            assert_eq!(movements.len(), expected.len(), "{id}");
            for row in expected {
                compare_movement(row, &movements[&text(&row["id"])], need, id);
            }
        }
        "klines" => play_klines(&mut desk, case),
        "time" => {
            let mut connector = desk::connector();
            connector.start(Task::CheckKey);
            let Next::Ask(request) = connector.next(Timestamp::from_millis(0)) else { panic!("{id}") };
            assert_eq!(request.path, desk::TIME);
            let body = text(&case["http"]["body"]).into_bytes();
            let found =
                connector.take(&Reply { status: 200, headers: Vec::new(), body }, Timestamp::from_millis(0));
            let expected = Timestamp::from_millis(case["expect"].as_i64().unwrap());
            assert_eq!(found, Ok(vec![Finding::VenueTime(expected)]), "{id}");
        }
        "permission" => play_permission(&mut desk, case),
        need => panic!("{id}: {need}"),
    }
}

fn play_fills(desk: &mut Desk, case: &Value) {
    let (id, expected) = (case["id"].as_str().unwrap(), case["expect"].as_array().unwrap());
    let symbols: BTreeSet<String> = expected.iter().map(|row| text(&row["market_id"])).collect();
    assert_eq!(symbols.len(), 1, "{id}");
    // Only the symbol's own assets are held, so that the answer is for it.
    desk.markets.retain(|[symbol, ..]| symbols.contains(symbol));
    desk.balances =
        desk.markets[0][1..].iter().map(|asset| [asset.clone(), "1".to_owned(), "0".to_owned()]).collect();
    let fills: Vec<_> = desk
        .collect(desk::connector().as_mut())
        .into_iter()
        .filter_map(|finding| match finding {
            Finding::Fills(fills) => Some(fills),
            _ => None,
        })
        .flatten()
        .collect();
    assert_eq!(fills.len(), expected.len(), "{id}");
    for row in expected {
        let fill = fills.iter().find(|fill| fill.id.to_string() == text(&row["id"])).expect(id);
        assert_text(&row["order_id"], &fill.order_id.as_ref().unwrap().to_string(), id);
        assert_text(&row["market_id"], fill.symbol.as_str(), id);
        assert_text(&row["side"], if fill.side == Side::Buy { "buy" } else { "sell" }, id);
        assert_text(
            &row["liquidity"],
            if fill.liquidity == Liquidity::Maker { "maker" } else { "taker" },
            id,
        );
        assert_number(&row["price"], fill.price.0, id);
        assert_number(&row["amount"], fill.quantity.0, id);
        assert_number(&row["cost"], fill.price.0.checked_mul(fill.quantity.0).unwrap(), id);
        assert_number(&row["ts_ms"], Decimal::from(fill.time.millis()), id);
        let fees = row["fees"].as_array().unwrap();
        assert_eq!(fees.is_empty(), fill.fee.is_zero(), "{id}");
        for fee in fees {
            assert_number(&fee["cost"], fill.fee, id);
            assert_text(&fee["currency"], fill.fee_asset.as_str(), id);
        }
    }
}

fn play_balances(desk: &mut Desk, case: &Value) {
    let id = case["id"].as_str().unwrap();
    let found = desk.collect(desk::connector().as_mut());
    let balances = found.into_iter().find_map(|finding| match finding {
        Finding::Balances { balances, .. } => Some(balances),
        _ => None,
    });
    let balances = balances.expect(id);
    for (asset, row) in case["expect"].as_object().unwrap() {
        let balance = balances.iter().find(|balance| balance.asset.as_str() == asset).expect(id);
        assert_number(&row["free"], balance.free, id);
        assert_number(&row["used"], balance.locked, id);
        assert_number(&row["total"], balance.free.checked_add(balance.locked).unwrap(), id);
    }
}

fn compare_movement(row: &Value, movement: &Movement, need: &str, id: &str) {
    assert_number(&row["ts_ms"], Decimal::from(movement.time.millis()), id);
    let amount = |side: &Option<(ledger::Asset, Decimal)>| side.clone().expect("one side");
    match need {
        "conversions" => {
            let ((from, from_amount), (to, to_amount)) =
                (amount(&movement.spent), amount(&movement.received));
            assert_text(&row["from_currency"], from.as_str(), id);
            assert_number(&row["from_amount"], from_amount, id);
            assert_text(&row["to_currency"], to.as_str(), id);
            assert_number(&row["to_amount"], to_amount, id);
            return;
        }
        "deposits" => {
            assert_eq!(movement.kind, MovementKind::Deposit, "{id}");
            let (asset, received) = amount(&movement.received);
            assert_text(&row["currency"], asset.as_str(), id);
            assert_number(&row["amount"], received, id);
        }
        _ => {
            assert_eq!(movement.kind, MovementKind::Withdrawal, "{id}");
            let ((asset, gross), (fee_asset, fee)) = (amount(&movement.spent), amount(&movement.fee));
            assert_text(&row["currency"], asset.as_str(), id);
            assert_number(&row["amount"], gross.checked_sub(fee).unwrap(), id);
            assert_text(&row["fee"]["currency"], fee_asset.as_str(), id);
            assert_number(&row["fee"]["cost"], fee, id);
        }
    }
    let status = match row["status"].as_str() {
        Some("ok") => MovementStatus::Settled,
        Some("pending") => MovementStatus::Pending,
        _ => MovementStatus::Failed,
    };
    assert_eq!(movement.status, status, "{id}");
}

fn play_klines(desk: &mut Desk, case: &Value) {
    let (id, expected) = (case["id"].as_str().unwrap(), case["expect"].as_array().unwrap());
    let unified = case["call"]["args"][0].as_str().unwrap();
    let (base, quote) = unified.split_once('/').unwrap();
    let opens = expected.iter().map(|row| row[0].as_i64().unwrap());
    let task = Task::Price(opens.map(|open_ms| desk::wanted(base, quote, open_ms)).collect());
    let found = desk.converse(desk::connector().as_mut(), task).unwrap();
    for row in expected {
        let at = PriceAt::Instant(Timestamp::from_millis(row[0].as_i64().unwrap()));
        let price = found.iter().find_map(|finding| match finding {
            Finding::Price(wanted, Some((price, _))) if wanted.at == at => Some(price.0),
            _ => None,
        });
        assert_number(&row[4], price.expect(id), id);
    }
}

fn play_permission(desk: &mut Desk, case: &Value) {
    let (id, expected) = (case["id"].as_str().unwrap(), &case["expect"]);
    if case["http"]["path"] != desk::RIGHTS {
        // The account's answer speaks of the account: the connector takes no right from it, so nothing is decided.
        assert_eq!(expected["verdict"], "undecided", "{id}");
        let found = desk.converse(desk::connector().as_mut(), Task::CheckKey).unwrap();
        let rights = found.iter().filter(|finding| matches!(finding, Finding::Rights(_))).count();
        assert_eq!(rights, 1, "{id}: rights come from apiRestrictions alone");
        return;
    }
    let found = desk.converse(desk::connector().as_mut(), Task::CheckKey).unwrap();
    let rights = found.iter().find_map(|finding| match finding {
        Finding::Rights(rights) => Some(*rights),
        _ => None,
    });
    let rights = rights.expect(id);
    let told: Value = serde_json::from_str(&text(&case["http"]["body"])).unwrap();
    assert_eq!(expected["read"], rights.read, "{id}");
    for (field, right) in [
        ("withdraw", rights.withdraw),
        ("transfer", rights.transfer),
        ("ip_restricted", rights.ip_restricted),
    ] {
        assert!(expected[field].is_null() || expected[field].as_bool() == right, "{id}: {field}");
    }
    if told["enablePortfolioMarginTrading"] == true {
        // EXCHANGES.md section 2 lists this flag among the rights to trade, the judge of this case does not. The text
        // holds, and the safer reading.
        assert_eq!((rights.trade, rights.verdict), (Some(true), Verdict::Refuse), "{id}");
        return;
    }
    assert_eq!(expected["trade"].as_bool(), rights.trade, "{id}");
    let verdict = match rights.verdict {
        Verdict::Accept => "accept",
        Verdict::Refuse => "refuse",
        Verdict::Undecided => "undecided",
    };
    assert_eq!(expected["verdict"], verdict, "{id}");
}

#[test]
fn answers_mean_what_their_judge_says() {
    let Some(document) = vectors("response.json") else { return };
    let cases = document["cases"].as_array().unwrap();
    let ours = |case: &&Value| {
        let (path, need) =
            (case["http"]["path"].as_str().unwrap_or_default(), case["need"].as_str().unwrap());
        let market = case["market"].as_str().unwrap();
        matches!(market, "spot" | "wallet" | "convert")
            && matches!(
                need,
                "fills"
                    | "balances"
                    | "deposits"
                    | "withdrawals"
                    | "conversions"
                    | "klines"
                    | "time"
                    | "permission"
            )
            && !matches!(path, "/sapi/v1/fiat/orders" | "/api/v3/ticker/24hr")
    };
    let ours: Vec<&Value> = cases.iter().filter(ours).collect();
    assert!(ours.len() >= 15, "{} cases", ours.len());
    ours.into_iter().for_each(|case| play(&document, case));
}

#[test]
fn errors_are_of_their_kind() {
    let Some(document) = vectors("response.json") else { return };
    let errors = document["cases"].as_array().unwrap().iter().filter(|case| case["need"] == "error");
    let mut seen = 0;
    for case in errors {
        let id = case["id"].as_str().unwrap();
        let mut connector = desk::connector();
        connector.start(Task::CheckKey);
        let Next::Ask(_) = connector.next(Timestamp::from_millis(desk::NOW_MS)) else { panic!("{id}") };
        let headers = case["http"]["headers"].as_object().unwrap().iter();
        let headers = headers.map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect();
        let status = u16::try_from(case["http"]["status"].as_u64().unwrap()).unwrap();
        let reply = Reply { status, headers, body: text(&case["http"]["body"]).into_bytes() };
        let error = connector.take(&reply, Timestamp::from_millis(desk::NOW_MS)).expect_err(id);
        let (action, retry_after_s) = match error {
            VenueError::Retry => ("retry", None),
            VenueError::BackOff { retry_after_ms } => ("back_off", retry_after_ms.map(|ms| ms / 1000)),
            VenueError::FixClock => ("fix_clock", None),
            VenueError::Permanent(_) => ("permanent", None),
        };
        assert_eq!(case["expect"]["action"], action, "{id}");
        assert!(
            case["expect"]["retry_after_s"].is_null()
                || case["expect"]["retry_after_s"].as_u64() == retry_after_s,
            "{id}"
        );
        if text(&case["http"]["body"]).contains("restricted location") {
            assert_eq!(error, VenueError::Permanent(Refusal::Region), "{id}: the region, not the key");
        }
        seen += 1;
    }
    assert!(seen >= 10, "{seen} errors");
}

/// Every request of ours that has a case: method, host, path, header and the set of parameters.
#[test]
fn requests_look_as_they_must_on_the_wire() {
    let Some(document) = vectors("request.json") else { return };
    let key = &document["test_keys"]["binance"];
    let key_text = key["apiKey"].as_str().unwrap();
    let mut desk = Desk::new(&[["BTCUSDT", "BTC", "USDT"]]);
    desk.strict = false;
    desk.balances = [["BTC", "1", "0"], ["USDT", "1", "0"]].map(|row| row.map(str::to_owned)).to_vec();
    let mut seen = BTreeSet::new();
    for case in document["cases"].as_array().unwrap().iter().filter(|case| case["key"] == "binance") {
        let (id, http) = (case["id"].as_str().unwrap(), &case["http"]);
        let path = http["path"].as_str().unwrap();
        let mut connector = connector_with(key_text, key["secret"].as_str().unwrap());
        for task in
            [Task::CheckKey, Task::Collect, Task::Price(vec![desk::wanted("BTC", "USDT", 1_704_067_200_000)])]
        {
            connector.start(task);
            let Some(request) = first_request_to(&mut *connector, &mut desk, path) else { continue };
            assert_eq!(http["origin"].as_str().unwrap(), format!("https://{}", request.host), "{id}");
            assert_eq!(http["method"], "GET", "{id}");
            let names = |query: &str| -> BTreeSet<String> {
                query
                    .split('&')
                    .filter(|part| !part.is_empty())
                    .map(|part| part.split('=').next().unwrap().to_owned())
                    .collect()
            };
            let theirs = names(http["query"].as_str().unwrap_or_default());
            let ours = names(&request.query);
            // Windows, pages and what is left out at zero are a client's own choice; the rest is not.
            let chosen = ["startTime", "endTime", "fromId", "limit", "omitZeroBalances"];
            let fixed = |names: BTreeSet<String>| -> BTreeSet<String> {
                names.into_iter().filter(|name| !chosen.contains(&name.as_str())).collect()
            };
            assert_eq!(fixed(ours), fixed(theirs), "{id}");
            let signed = case["sign"].is_object();
            assert_eq!(
                request.headers.iter().any(|(name, value)| *name == "x-mbx-apikey" && **value == key_text),
                signed,
                "{id}"
            );
            assert_eq!(
                request.query.rsplit('&').next().is_some_and(|last| last.starts_with("signature=")),
                signed,
                "{id}"
            );
            seen.insert(path.to_owned());
            break;
        }
    }
    for path in [
        desk::TIME,
        desk::RIGHTS,
        desk::ACCOUNT,
        desk::MY_TRADES,
        desk::KLINES,
        desk::DEPOSITS,
        desk::WITHDRAWALS,
    ] {
        assert!(seen.contains(path), "no case for {path}");
    }
}

/// Goes on with a task until it asks a path.
fn first_request_to(
    connector: &mut dyn exchange::ExchangeConnector,
    desk: &mut Desk,
    path: &str,
) -> Option<exchange::Request> {
    let now = Timestamp::from_millis(desk::NOW_MS);
    loop {
        match connector.next(now) {
            Next::Ask(request) if request.path == path => return Some(request),
            Next::Ask(request) => {
                let reply = desk.answer(&request);
                connector.take(&reply, now).ok()?;
            }
            Next::Found(_) => {}
            Next::Failed(_) | Next::Finished => return None,
        }
    }
}
