//! The tables against the code: nothing that is not done is told, and of venues that are read nothing that is done is left out.

use super::*;
use crate::{
    Moment, Question, Venue, bybit, coinbase, hyperliquid, kraken, okx,
    prices::Candles,
    reader::{Each, List, Plan},
};
use ledger::{Interval, Timestamp};
use protocol::{Credentials, Secret};
use std::collections::BTreeSet;

/// A key of nobody: Coinbase signs with one on this curve.
const P256: &str = "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIIS11z2KqdJxwRBjcCc6/aclaJUWUJ402R+tN6GFCOjboAoGCCqGSM49\nAwEHoUQDQgAEYxkM5gyxLd4YCELlG9VH+pnWZmNVov/rXiGA3rNpeL6qj46TttFr\nYMOo++CLdXoebtdJ+Tz+2t9LoJ+HRN2Duw==\n-----END EC PRIVATE KEY-----\n";

/// Calls that are made of a venue whose accounts can be registered.
fn made(venue: Venue) -> BTreeSet<Call> {
    let planned = plans(venue).into_iter().flat_map(|(plan, signs)| planned(plan, signs));
    // Its spot account has a connector of its own.
    let spot: Vec<Call> = match venue {
        Venue::Binance => {
            binance::ALLOWED.into_iter().map(|(method, path)| (method, binance::HOST, path)).collect()
        }
        _ => Vec::new(),
    };
    planned.chain(spot).collect()
}

/// Every call that a plan's questions come to. The secret is one that signs there.
fn planned(plan: &dyn Plan, signs: &str) -> BTreeSet<Call> {
    let candles = [Interval::Minute, Interval::Hour, Interval::Day].map(|interval| {
        let first_ms = 1_735_689_600_000;
        let last_ms = first_ms + 300_000;
        plan.candles(&Candles { symbol: "XBTUSDT".into(), interval, first_ms, last_ms, limit: 5 })
    });
    let lists = plan.lists().iter().map(of_list);
    let states = [vec![plan.time(), plan.rights()], plan.listings(), plan.balances(), plan.positions()];
    let questions = states.into_iter().flatten().chain(plan.inventory()).chain(lists).chain(candles);
    questions.map(|question| asked(plan, &question, signs)).collect()
}

fn of_list(list: &List) -> Question<'static> {
    let with = list.with.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Question {
        symbol: (list.each == Each::Symbol).then_some("XBTUSDT"),
        segment: (list.each == Each::Segment).then_some("wallet"),
        from_ms: Some(1_735_689_600_000),
        to_ms: Some(1_735_689_900_000),
        with,
        ..Question::of(list.need, list.market)
    }
}

fn asked(plan: &dyn Plan, question: &Question<'_>, signs: &str) -> Call {
    let secret = |text: &str| Secret::new(text.to_owned());
    // Where the account is an address the key is one; elsewhere any text is a key.
    let key = Credentials {
        api_key: secret("0x0000000000000000000000000000000000000001"),
        secret: secret(signs),
        passphrase: Some(secret("words")),
    };
    let moment = Moment { at: Timestamp::from_millis(1_735_689_600_123), random: [7; 16] };
    let request = plan.dialect().ask(question, &key, moment).expect("a question of a plan can be asked");
    (request.method, request.host, request.path)
}

/// The plans of a venue, with a secret that signs there.
fn plans(venue: Venue) -> Vec<(&'static dyn Plan, &'static str)> {
    match venue {
        Venue::Binance => vec![
            (&binance::contracts::USDM, "secret"),
            (&binance::contracts::COINM, "secret"),
            (&binance::margin::ISOLATED, "secret"),
            (&binance::margin::CROSS, "secret"),
        ],
        Venue::Kraken => vec![(&kraken::plan::Spot, "c2VjcmV0")],
        Venue::Bybit => vec![(&bybit::plan::Unified, "secret")],
        Venue::Okx => vec![(&okx::plan::Unified, "secret")],
        Venue::Coinbase => vec![(&coinbase::plan::Spot, P256)],
        Venue::Hyperliquid => vec![(&hyperliquid::plan::Address, "none")],
    }
}

#[test]
fn a_list_that_is_not_kept_for_ever_or_has_windows_says_so() {
    for venue in Venue::ALL {
        for (plan, signs) in plans(venue) {
            for list in plan.lists() {
                let call = asked(plan, &of_list(list), signs);
                let sources = venue.capability().sources.iter();
                let told: Vec<_> =
                    sources.filter(|source| source.calls_at(venue.name()).contains(&call)).collect();
                let says = |fact: fn(&Source) -> &str| told.iter().any(|source| !fact(source).is_empty());
                assert!(says(|source| source.reach), "{}: how far back {}", venue.name(), list.name);
                assert!(says(|source| source.page), "{}: windows and pages of {}", venue.name(), list.name);
            }
        }
    }
}

#[test]
fn a_venue_that_is_read_tells_each_call_that_it_makes_and_no_other() {
    for venue in Venue::ALL {
        let capability = venue.capability();
        let told: BTreeSet<Call> = capability
            .sources
            .iter()
            .filter(|source| capability.is_read(source))
            .flat_map(|source| source.calls_at(venue.name()))
            .collect();
        assert_eq!(told, made(venue), "{}", venue.name());
    }
}

#[test]
fn every_call_that_is_told_can_be_made() {
    for (name, capability) in capabilities() {
        for source in capability.sources {
            for call in source.calls {
                let found = called(name, call);
                let hosts: BTreeSet<_> = found.iter().map(|(_, host, _)| host).collect();
                let several = name == "ibkr" || call.contains(".com/");
                assert!(!found.is_empty() && (hosts.len() == 1 || several), "{name}: {call}: {found:?}");
            }
        }
    }
}

#[test]
fn a_venue_can_be_registered_where_account_types_are_read_and_only_there() {
    let registrable: BTreeSet<_> = Venue::ALL.map(Venue::name).into();
    let told: BTreeSet<_> =
        capabilities().filter(|(_, told)| !told.account_types.is_empty()).map(|(name, _)| name).collect();
    assert_eq!(told, registrable);
    for venue in Venue::ALL {
        assert!(std::ptr::eq(venue.capability(), capability(venue.name()).unwrap()), "{}", venue.name());
    }
}

#[test]
fn facts_name_account_types_that_the_venue_has_and_say_something() {
    for (name, capability) in capabilities() {
        let known = [capability.account_types, capability.only_spoken].concat();
        let notes =
            [capability.history, capability.cannot_see, capability.budgets, capability.addresses].concat();
        let of = notes.iter().map(|note| (note.accounts, note.words));
        for (accounts, words) in
            of.chain(capability.sources.iter().map(|source| (source.accounts, source.words)))
        {
            assert!(
                accounts.iter().all(|account| known.contains(account)),
                "{name}: {accounts:?} of {words}"
            );
            assert!(!words.is_empty() && !words.ends_with('.') && !words.contains("(?)"), "{name}: {words}");
        }
        assert!(!capability.history.is_empty() && !capability.cannot_see.is_empty(), "{name}");
        let told = |subject| capability.sources.iter().any(|source| source.subject == subject);
        // What every venue has; Interactive Brokers prepares statements, and has neither rights nor a clock to ask for.
        for subject in [Subject::Fills, Subject::Balances, Subject::Deposits, Subject::Withdrawals] {
            assert!(told(subject), "{name}: {subject:?}");
        }
        assert_eq!(told(Subject::KeyRights), name != "ibkr", "{name}");
    }
}

#[test]
fn what_is_not_confirmed_is_marked_wherever_it_is_told() {
    let [sure, unsure] = [note("all of it"), note("all of it").unsure()];
    assert_eq!((sure.told().as_str(), unsure.told().as_str()), ("all of it", "all of it (?)"));
    let told = exchanges().to_string();
    let marks = told.matches(" (?)").count();
    let notes = capabilities()
        .flat_map(|(_, told)| [told.budgets, told.addresses].concat().into_iter().chain([told.rights_words]));
    assert!(marks >= notes.filter(|note| !note.sure).count() && marks > 0, "{marks}");
}

#[test]
fn an_account_is_told_what_concerns_its_types_and_which_it_leaves_out() {
    const HISTORY: &[Note] = &[note("everything").of(&["spot"]), note("6 months").of(&["usdm"]).unsure()];
    const CANNOT_SEE: &[Note] = &[note("cards"), note("transfers").of(&["usdm"])];
    let some = Capability {
        account_types: &["spot", "usdm"],
        history: HISTORY,
        cannot_see: CANNOT_SEE,
        ..*Venue::Binance.capability()
    };
    assert_eq!(some.history_limit(&["spot"]), "everything");
    assert_eq!(some.history_limit(&["spot", "usdm"]), "spot: everything; usdm: 6 months (?)");
    assert_eq!(some.unseen(&["spot"]), ["cards", "usdm: the account was not registered for this"]);
    assert_eq!(some.unseen(&["spot", "usdm"]), ["cards", "transfers"]);
}

#[test]
fn hosts_are_those_that_are_asked() {
    assert_eq!(
        Venue::Binance.capability().hosts("binance"),
        ["api.binance.com", "dapi.binance.com", "fapi.binance.com"]
    );
    assert_eq!(Venue::Kraken.capability().hosts("kraken"), ["api.kraken.com"]);
    let kucoin = capability("kucoin").unwrap();
    assert_eq!(kucoin.hosts("kucoin"), ["api-futures.kucoin.com", "api.kucoin.com"]);
}
