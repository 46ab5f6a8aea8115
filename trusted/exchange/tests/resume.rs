//! A connector that is saved and resumed into a fresh one tells what one that was never interrupted tells, and asks for no
//! more: in worlds by seed, with rounds that fail, lists that are refused, and prices that are late.
#![cfg(test)]

mod desk;
mod worlds;

use desk::{DAY_MS, Desk, KEY, NOW_MS, SECRET, connector, connector_with, fill, trader::*};
use exchange::{ExchangeConnector, Finding, SharedMarkets, Task, Venue, VenueError};
use proptest::prelude::*;
use protocol::{Credentials, Secret};
use sha2::{Digest as _, Sha256};
use worlds::{World, seeded};

/// A connector that goes on from another one's bytes.
fn resumed(before: &dyn ExchangeConnector, markets: &SharedMarkets) -> Box<dyn ExchangeConnector> {
    let credentials = Credentials {
        api_key: Secret::new(KEY.to_owned()),
        secret: Secret::new(SECRET.to_owned()),
        passphrase: None,
    };
    let mut next = Venue::Binance.connector_sharing(credentials, markets, &["spot"]);
    let saved = before.saved();
    assert!(next.resume(&saved));
    assert_eq!(next.saved(), saved);
    next
}

/// What was told of the account: the venue's time is told whenever a connector is new.
fn told(found: Result<Vec<Finding>, VenueError>) -> Result<Vec<Finding>, VenueError> {
    found.map(|found| found.into_iter().filter(|finding| !matches!(finding, Finding::VenueTime(_))).collect())
}

/// Paths and parameters, but for what a fresh connector must read again, and what each request has of its own.
fn requests(desk: &Desk) -> Vec<String> {
    let again = |path| matches!(path, desk::TIME | "/api/v3/exchangeInfo" | desk::SUB_ACCOUNTS);
    let of_account = desk.log.iter().filter(|asked| !again(asked.path));
    let text = of_account.map(|asked| {
        let own = ["timestamp", "signature", "recvWindow"];
        let params = asked.params.iter().filter(|(name, _)| !own.contains(&name.as_str()));
        format!("{} {:?}", asked.path, params.collect::<Vec<_>>())
    });
    text.collect()
}

/// Both do a task at their own desk: the same is told, and the same is asked.
fn same(
    [one, other]: [&mut World; 2],
    [never, again]: [&mut dyn ExchangeConnector; 2],
    task: &Task,
) -> Result<Vec<Finding>, VenueError> {
    for world in [&mut *one, &mut *other] {
        world.desk.log.clear();
    }
    let left = told(one.desk.converse(never, task.clone()));
    let right = told(other.desk.converse(again, task.clone()));
    assert_eq!(left, right);
    if matches!(task, Task::Collect) {
        assert_eq!(requests(&one.desk), requests(&other.desk), "nothing is read again");
        let more = "the time, the list of markets and the accounts below at most";
        assert!(other.desk.log.len() <= one.desk.log.len() + 3, "{more}");
    }
    left
}

/// `shared`: the account was put out of memory, and the process lives; else it was killed.
fn rounds_are_the_same(seed: u64, rounds: usize, shared: bool) -> worlds::Seen {
    let (mut one, mut other) = (World::new(seed), World::new(seed));
    let (mut random, mut seen) = (seeded(seed), worlds::Seen::default());
    let process = SharedMarkets::default();
    let (mut never, mut again) = (connector(), connector());
    for _ in 0..rounds {
        // Both worlds draw from generators of the same state.
        seen.add(one.step());
        other.step();
        let markets = if shared { process.clone() } else { SharedMarkets::default() };
        again = resumed(again.as_ref(), &markets);
        let collected = same([&mut one, &mut other], [never.as_mut(), again.as_mut()], &Task::Collect);
        seen.failed += usize::from(collected.is_err());
        if let Ok(found) = collected {
            seen.told(&found);
            let wanted = worlds::prices_wanted(&found, one.desk.now_ms);
            // Not each round gets as far as its prices.
            if !wanted.is_empty() && random(8) > 0 {
                let priced = same(
                    [&mut one, &mut other],
                    [never.as_mut(), again.as_mut()],
                    &Task::Price(wanted.clone()),
                );
                seen.owed += usize::from(priced.as_ref().is_ok_and(|found| found.len() < wanted.len()));
                seen.failed += usize::from(priced.is_err());
            }
        }
        assert_eq!(never.saved(), again.saved(), "and both know the same afterwards");
    }
    seen
}

#[test]
fn a_connector_that_is_resumed_before_each_round_tells_the_same() {
    let mut seen = worlds::Seen::default();
    for seed in 0..12 {
        seen.add(rounds_are_the_same(seed, 60, seed % 2 == 0));
    }
    println!("{seen:?}");
    assert!(seen.everything_happened(), "{seen:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 6, ..ProptestConfig::default() })]

    #[test]
    fn so_in_any_world(seed in any::<u64>(), shared in any::<bool>()) {
        rounds_are_the_same(seed, 25, shared);
    }
}

#[test]
fn what_was_collected_and_not_priced_is_not_saved_as_received() {
    let (mut desk, mut connector) = (trader(5, 1000), connector());
    let nothing = connector.saved();
    connector.start(Task::Collect);
    assert_eq!(connector.saved(), nothing, "under way");
    desk.fixed.insert(desk::CONVERTS, (400, r#"{"code":-2015,"msg":"no"}"#.to_owned()));
    desk.converse(connector.as_mut(), Task::Collect).unwrap_err();
    assert_eq!(connector.saved(), nothing, "failed half-way");
    desk.fixed.clear();
    desk.collect(connector.as_mut());
    let first = connector.saved();
    assert_ne!(first, nothing);

    desk.now_ms += 60_000;
    desk.fills.push(fill("BTCUSDT", 900, desk.now_ms - 1, "1", "2"));
    settle(&mut desk);
    desk.collect(connector.as_mut());
    assert_ne!(connector.saved(), first);
    desk.fixed.insert(desk::KLINES, (429, "{}".to_owned()));
    let wanted = vec![desk::wanted("BTC", "USDT", NOW_MS - DAY_MS)];
    desk.converse(connector.as_mut(), Task::Price(wanted.clone())).unwrap_err();
    assert_eq!(connector.saved(), first, "its prices failed, and it with them");
    desk.fixed.clear();
    // A check of the key in between does not make it received.
    desk.converse(connector.as_mut(), Task::CheckKey).unwrap();
    let mut next = desk::connector();
    assert!(next.resume(&connector.saved()));
    let found = desk.collect(next.as_mut());
    assert!(fill_set(&found).contains(&("BTCUSDT".to_owned(), "900".to_owned())), "it is told again");
    desk.converse(next.as_mut(), Task::Price(wanted)).unwrap();
    assert_ne!(next.saved(), first);
}

#[test]
fn a_long_history_is_kept_in_parts_and_each_begins_where_the_one_before_it_ended() {
    // The pair that is read first has more than a round takes, and the one behind it fills another one.
    let history = || {
        let mut desk = trader(20_000, 60_000);
        let first_ms = NOW_MS - 40 * DAY_MS;
        desk.fills.extend(
            (0..85_500).map(|id| fill("BNBUSDT", 7 + id, first_ms + 30_000 * id.cast_signed(), "1", "2")),
        );
        settle(&mut desk);
        desk.balances[0] = balance("BTC", "20000");
        desk.balances.push(balance("BNB", "85500"));
        desk
    };
    let mut desk = history();
    let (mut found, mut parts, mut before) = (Vec::new(), 0, connector().saved());
    loop {
        let mut connector = connector();
        assert!(parts == 0 || connector.resume(&before), "as after a kill");
        let told = desk.converse(connector.as_mut(), Task::Collect).unwrap();
        let is_part = told.contains(&Finding::More);
        let shown = |finding: &Finding| matches!(finding, Finding::Balances { .. } | Finding::Reach(_));
        assert_eq!(told.iter().any(shown), !is_part, "balances are told of the whole");
        found.extend(told);
        (parts, before) = (parts + 1, connector.saved());
        if !is_part {
            break;
        }
    }
    assert_eq!(parts, 3, "of fifty thousand each");
    assert_eq!(fill_set(&found).len(), 105_500);
    assert!(fills(&found).len() <= 105_500 + 121, "an hour of a pair is told again, at two fills a minute");
    assert_eq!(unread(&found), [""; 0]);
    let pages = desk.asked(desk::MY_TRADES).len();
    // A page of a thousand each, and of each pair once where there is nothing more.
    assert!(pages <= 106 + 2 + 2 * MARKETS.len(), "{pages}");

    let (mut whole, mut never) = (history(), connector());
    whole.collect(never.as_mut());
    assert_eq!(never.saved(), before, "whoever was never killed knows the same");
}

#[test]
fn an_account_with_years_behind_it_costs_an_ordinary_round() {
    let mut desk = trader(20_000, 120_000);
    let deposits = desk.lists.get_mut(desk::DEPOSITS).unwrap();
    deposits
        .extend((0..300).map(|day| deposit(&format!("e{day}"), NOW_MS - (day + 40) * DAY_MS, "ETH", "1")));
    desk.balances.push(balance("ETH", "300"));
    let mut connector = connector();
    desk.collect(connector.as_mut());
    let first = desk.log.len();
    let mut round = |connector: &mut dyn ExchangeConnector| {
        desk.now_ms += 60_000;
        desk.log.clear();
        assert_eq!(unread(&desk.collect(connector)), [""; 0]);
        (desk.log.len(), desk.log.iter().map(|asked| asked.weight).sum::<u32>())
    };
    for _ in 0..60 {
        round(connector.as_mut());
    }
    let mut next = resumed(connector.as_ref(), &SharedMarkets::default());
    let (ordinary, after) = (round(connector.as_mut()), round(next.as_mut()));
    println!(
        "requests and weight: first round {first} requests, ordinary {ordinary:?}, after a resume {after:?}"
    );
    assert!(after.0 <= ordinary.0 + 3 && after.1 <= ordinary.1 + 22 && ordinary.0 + 3 < first / 2);
}

#[test]
fn what_is_damaged_or_of_another_form_is_not_taken() {
    let (mut desk, mut connector) = (trader(20, 1000), connector());
    desk.collect(connector.as_mut());
    let saved = connector.saved();
    let mut other = desk::connector();
    let before = other.saved();
    let mut refuses = |bytes: &[u8], what: &str| {
        assert!(!other.resume(bytes), "{what}");
        assert_eq!(other.saved(), before, "{what}: nothing was taken");
    };
    for length in 0..saved.len() {
        refuses(&saved[..length], "cut");
    }
    for at in 0..saved.len() {
        for bit in 0..8 {
            let mut altered = saved.clone();
            altered[at] ^= 1 << bit;
            refuses(&altered, "altered");
        }
    }
    refuses(&[&*saved, b"\0"].concat(), "longer");
    let content = &saved[..saved.len() - 16];
    let checked = |content: &[u8]| [content, &Sha256::digest(content)[..16]].concat();
    assert_eq!(checked(content), saved);
    refuses(&checked(&[content, b"\0"].concat()), "longer, with the right check");
    for head in ["binance/1\n", "binance/0\n", "coinbase/1"] {
        refuses(&checked(&[head.as_bytes(), &content[10..]].concat()), head);
    }
    // One that goes on refuses as well, and goes on.
    connector.start(Task::Collect);
    assert!(!connector.resume(&saved[1..]));
    assert_eq!(connector.saved(), saved);
    assert_eq!(fill_set(&desk.collect(connector.as_mut())).len(), 20);
}

#[test]
fn a_new_key_goes_on_once_the_account_is_known_to_be_the_same() {
    let (mut desk, mut connector) = (trader(20, 1000), connector());
    desk.strict = false;
    desk.converse(connector.as_mut(), Task::CheckKey).unwrap();
    desk.collect(connector.as_mut());
    let saved = connector.saved();
    let mut next = connector_with("anotherKey", SECRET);
    assert!(!next.resume(&saved), "whose key it is was not told yet");
    desk.converse(next.as_mut(), Task::CheckKey).unwrap();
    assert!(next.resume(&saved));
    desk.fixed.insert(desk::ACCOUNT, (200, r#"{"uid":1,"balances":[]}"#.to_owned()));
    let mut stranger = connector_with(KEY, SECRET);
    desk.converse(stranger.as_mut(), Task::CheckKey).unwrap();
    assert!(!stranger.resume(&saved), "another account");
    // What was resumed says whose it is in its turn.
    let mut third = connector_with("anotherKey", SECRET);
    assert!(third.resume(&next.saved()));
}
