//! What is asked about a key and with it: rights, time, signatures, and answers that are not as documented.
#![cfg(test)]

mod desk;

use desk::{Desk, NOW_MS, connector, trader::*};
use exchange::{Finding, KeyRights, Next, Refusal, Reply, Task, VenueError, Verdict};
use ledger::Timestamp;
use serde_json::{Value, json};

#[test]
fn time_is_measured_and_measured_again() {
    for skew_ms in [-5_000_000, -900, 0, 3_600_000] {
        let mut desk = trader(2, 1000);
        desk.skew_ms = skew_ms;
        let mut connector = connector();
        let found = desk.converse(connector.as_mut(), Task::CheckKey).unwrap();
        assert!(found.contains(&Finding::VenueTime(Timestamp::from_millis(NOW_MS + skew_ms))));
        assert_eq!(desk.asked(desk::TIME).len(), 1);
        desk.collect(connector.as_mut());
        assert_eq!(desk.asked(desk::TIME).len(), 1, "not again so soon");
        // Within the hour at least.
        desk.now_ms += 3_600_000;
        desk.log.clear();
        desk.collect(connector.as_mut());
        assert_eq!(desk.asked(desk::TIME).len(), 1);
        // And when the venue complains.
        desk.skew_ms += 60_000;
        desk.log.clear();
        desk.collect(connector.as_mut());
        assert_eq!(desk.asked(desk::TIME).len(), 1);
    }
}

#[test]
fn the_venues_time_is_that_of_the_middle_of_the_question() {
    let mut connector = connector();
    let at = |ms: i64| Timestamp::from_millis(NOW_MS + ms);
    connector.start(Task::CheckKey);
    let Next::Ask(_) = connector.next(at(0)) else { panic!("the time") };
    // Ours and theirs are the same; the answer was made half-way.
    let body = format!(r#"{{"serverTime":{}}}"#, NOW_MS + 4000).into_bytes();
    connector.take(&Reply { status: 200, headers: Vec::new(), body }, at(8000)).unwrap();
    let Next::Ask(request) = connector.next(at(8000)) else { panic!("the rights") };
    assert!(request.query.contains(&format!("timestamp={}", NOW_MS + 8000)));
}

#[test]
fn requests_repeat_until_they_are_answered_and_are_signed_for_the_moment() {
    let mut desk = trader(1, 0);
    let mut connector = connector();
    desk.converse(connector.as_mut(), Task::CheckKey).unwrap();
    connector.start(Task::CheckKey);
    let mut ask = |now_ms| match connector.next(Timestamp::from_millis(now_ms)) {
        Next::Ask(request) => (request.path, request.query.to_string()),
        other => panic!("{other:?}"),
    };
    assert_eq!(ask(NOW_MS), ask(NOW_MS));
    let ((path, first), (same, second)) = (ask(NOW_MS), ask(NOW_MS + 30_000));
    assert_eq!((path, same), (desk::RIGHTS, desk::RIGHTS));
    assert!(
        first.contains(&format!("timestamp={NOW_MS}"))
            && second.contains(&format!("timestamp={}", NOW_MS + 30_000))
    );
}

fn judged(body: Value) -> KeyRights {
    let mut desk = Desk::new(&MARKETS);
    desk.fixed.insert(desk::RIGHTS, (200, body.to_string()));
    let found = desk.converse(connector().as_mut(), Task::CheckKey).unwrap();
    let rights = found
        .iter()
        .find_map(|finding| if let Finding::Rights(rights) = finding { Some(*rights) } else { None });
    assert!(found.contains(&Finding::Account { id: "354937868".to_owned(), types: vec!["spot"] }));
    rights.unwrap()
}

#[test]
fn only_a_key_that_can_read_and_nothing_else_is_accepted() {
    let reading = json!({ "ipRestrict": true, "createTime": 1, "enableReading": true, "enableFixReadOnly": true, "enableWithdrawals": false });
    let rights = judged(reading.clone());
    assert_eq!((rights.verdict, rights.read, rights.ip_restricted), (Verdict::Accept, true, Some(true)));
    let kind =
        |rights: KeyRights| (rights.trade.unwrap(), rights.withdraw.unwrap(), rights.transfer.unwrap());
    assert_eq!(kind(rights), (false, false, false));
    for (flag, expected) in [
        ("enableSpotAndMarginTrading", (true, false, false)),
        ("enableMargin", (true, false, false)),
        ("enableFutures", (true, false, false)),
        ("enableVanillaOptions", (true, false, false)),
        ("enablePortfolioMarginTrading", (true, false, false)),
        ("enableFixApiTrade", (true, false, false)),
        ("enableWithdrawals", (false, true, false)),
        ("enableInternalTransfer", (false, false, true)),
        ("permitsUniversalTransfer", (false, false, true)),
        ("enableTeleportation", (false, false, false)),
        ("permitsAnything", (false, false, false)),
    ] {
        let mut body = reading.clone();
        body[flag] = true.into();
        let rights = judged(body.clone());
        assert_eq!((rights.verdict, kind(rights)), (Verdict::Refuse, expected), "{flag}");
        body[flag] = false.into();
        assert_eq!(judged(body.clone()).verdict, Verdict::Accept, "{flag}");
        // Anything but false is not a no.
        body[flag] = "false".into();
        assert_eq!(judged(body).verdict, Verdict::Refuse, "{flag}");
    }
    let mut blind = reading;
    blind["enableReading"] = false.into();
    assert_eq!((judged(blind.clone()).verdict, judged(blind).read), (Verdict::Refuse, false));
}

/// What an answer with this status, `retry-after` and body means.
fn meaning(status: u16, retry_after: Option<&str>, body: &str) -> Result<Vec<Finding>, VenueError> {
    let mut connector = connector();
    let now = Timestamp::from_millis(NOW_MS);
    connector.start(Task::CheckKey);
    let Next::Ask(_) = connector.next(now) else { panic!("a request") };
    let headers = retry_after.map(|text| ("retry-after".to_owned(), text.to_owned())).into_iter().collect();
    connector.take(&Reply { status, headers, body: body.as_bytes().to_vec() }, now)
}

#[test]
fn errors_are_of_four_kinds() {
    let back_off = |retry_after_ms| VenueError::BackOff { retry_after_ms };
    let refused = VenueError::Permanent;
    let request = |code| refused(Refusal::Request { code });
    let until =
        format!(r#"{{"code":-1003,"msg":"IP banned until {}. Please use WebSocket."}}"#, NOW_MS + 90_500);
    for (status, retry_after, body, error) in [
        (
            400,
            None,
            r#"{"code":-1021,"msg":"Timestamp for this request is outside of the recvWindow."}"#,
            VenueError::FixClock,
        ),
        (
            400,
            None,
            r#"{"code":-1022,"msg":"Signature for this request is not valid."}"#,
            refused(Refusal::Credentials),
        ),
        (401, None, r#"{"code":-2014,"msg":"API-key format invalid."}"#, refused(Refusal::Credentials)),
        (
            400,
            None,
            r#"{"code":"-2015","msg":"Invalid API-key, IP, or permissions for action."}"#,
            refused(Refusal::Credentials),
        ),
        (
            200,
            None,
            r#"{"code":-2015,"msg":"An error that comes as a success."}"#,
            refused(Refusal::Credentials),
        ),
        (401, None, "", refused(Refusal::Credentials)),
        (400, None, r#"{"code":-1121,"msg":"Invalid symbol."}"#, request(-1121)),
        (400, None, r#"{"code":-4047,"msg":"Time interval must be within 0-90 days"}"#, request(-4047)),
        (400, None, r#"{"code":-987654,"msg":"Nobody knows."}"#, request(-987654)),
        (404, None, "<html></html>", request(0)),
        (302, None, "", request(0)),
        (451, None, "<html></html>", refused(Refusal::Region)),
        (403, None, "<html>Request blocked.</html>", refused(Refusal::Region)),
        (
            403,
            None,
            r#"{"code":0,"msg":"Service unavailable from a restricted location."}"#,
            refused(Refusal::Region),
        ),
        (429, Some("7"), r#"{"code":-1003,"msg":"Too many requests."}"#, back_off(Some(7000))),
        (418, Some("120"), &until, back_off(Some(120_000))),
        (418, None, &until, back_off(Some(90_500))),
        (418, None, "", back_off(None)),
        (429, Some("soon"), "", back_off(None)),
        (400, None, r#"{"code":-1003,"msg":"Too much request weight used."}"#, back_off(None)),
        (500, None, r#"{"code":-1000,"msg":"An unknown error occurred."}"#, VenueError::Retry),
        (408, None, r#"{"code":-1007,"msg":"Timeout waiting for response."}"#, VenueError::Retry),
        (400, None, r#"{"code":-1008,"msg":"Server is currently overloaded."}"#, VenueError::Retry),
        (502, None, "<html>Bad Gateway</html>", VenueError::Retry),
        (599, None, "", VenueError::Retry),
        (200, None, r#"{"serverTime":17953"#, VenueError::Retry),
        (200, None, "", VenueError::Retry),
    ] {
        assert_eq!(meaning(status, retry_after, body), Err(error), "{status} {body}");
    }
    assert!(meaning(200, None, r#"{"serverTime":1795305600000}"#).is_ok());
}

#[test]
fn a_secret_that_cannot_sign_fails_as_a_refused_key() {
    let mut desk = Desk::new(&MARKETS);
    let mut connector =
        desk::connector_with("key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----");
    let failed = desk.converse(connector.as_mut(), Task::CheckKey);
    assert_eq!(failed, Err(VenueError::Permanent(Refusal::Credentials)));
}

#[test]
fn answers_that_are_not_as_documented_name_the_field() {
    for (body, field) in [
        (
            r#"[{"symbol":"BTCUSDT","id":1,"orderId":1,"price":"x","qty":"1","commission":"0","commissionAsset":"BNB","time":1795305600000,"isBuyer":true,"isMaker":true}]"#,
            "price",
        ),
        (
            r#"[{"symbol":"BTCUSDT","id":"a","orderId":1,"price":"1","qty":"1","commission":"0","commissionAsset":"BNB","time":1795305600000,"isBuyer":true,"isMaker":true}]"#,
            "id",
        ),
        (
            r#"[{"symbol":"BTCUSDT","id":1,"orderId":1,"price":"1","commission":"0","commissionAsset":"BNB","time":1795305600000,"isBuyer":true,"isMaker":true}]"#,
            "qty",
        ),
        (
            r#"[{"symbol":"ETHUSDT","id":1,"orderId":1,"price":"1","qty":"1","commission":"0","commissionAsset":"BNB","time":1795305600000,"isBuyer":true,"isMaker":true}]"#,
            "symbol",
        ),
        (
            r#"[{"symbol":"BTCUSDT","id":1,"orderId":1,"price":"1","qty":"1","commission":"0","commissionAsset":"BNB","time":1795305600,"isBuyer":true,"isMaker":true}]"#,
            "time",
        ),
    ] {
        let mut desk = trader(1, 0);
        desk.markets.truncate(1);
        desk.fixed.insert(desk::MY_TRADES, (200, body.to_owned()));
        let failed = desk.converse(connector().as_mut(), Task::Collect);
        assert_eq!(failed, Err(VenueError::Permanent(Refusal::Answer { endpoint: desk::MY_TRADES, field })));
    }
    for broken in ["", "[", r#"[{"symbol":"BTCUSDT","id":1"#, "<html>", "[[{"] {
        let mut desk = trader(1, 0);
        desk.fixed.insert(desk::MY_TRADES, (200, broken.to_owned()));
        assert_eq!(desk.converse(connector().as_mut(), Task::Collect), Err(VenueError::Retry), "{broken}");
    }
}

#[test]
fn accounts_below_this_one_are_counted_once_a_day_and_said() {
    let unread = |found: &[Finding]| -> Vec<String> {
        let told = found.iter().filter_map(|finding| match finding {
            Finding::Unread { what, .. } if what.contains("sub-account") => Some(what.clone()),
            _ => None,
        });
        told.collect()
    };
    for (count, said) in [
        (0, None),
        (1, Some("1 sub-account")),
        (200, Some("200 sub-accounts")),
        (450, Some("450 sub-accounts")),
    ] {
        let mut desk = trader(1, 0);
        desk.sub_accounts = count;
        let mut connector = connector();
        for _ in 0..2 {
            let found = desk.collect(connector.as_mut());
            assert_eq!(unread(&found), said.map(str::to_owned).into_iter().collect::<Vec<_>>(), "{count}");
            desk.now_ms += desk::DAY_MS / 2;
        }
        assert_eq!(desk.asked(desk::SUB_ACCOUNTS).len(), count / 200 + 1, "not in each round");
        desk.now_ms += desk::DAY_MS / 2;
        desk.collect(connector.as_mut());
        assert_eq!(desk.asked(desk::SUB_ACCOUNTS).len(), 2 * (count / 200 + 1), "but each day");
    }
    let mut desk = trader(1, 0);
    desk.fixed.insert(desk::SUB_ACCOUNTS, (400, r#"{"code":-12000,"msg":"no"}"#.to_owned()));
    assert_eq!(unread(&desk.collect(connector().as_mut())), ["whether there are sub-accounts"]);
}
