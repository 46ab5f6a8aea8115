//! Sites by their names, and what leaves a connector of each.

use super::*;
use crate::{Verdict, capabilities};
use protocol::Secret;
use std::collections::BTreeSet;

const AT: Timestamp = Timestamp::from_millis(1_795_305_600_000);

fn all() -> Vec<Site> {
    Venue::ALL.into_iter().flat_map(|venue| Site::sandboxes(venue, &[])).collect()
}

fn credentials() -> Credentials {
    let secret = |text: &str| Secret::new(text.to_owned());
    Credentials {
        api_key: secret("0x0000000000000000000000000000000000000001"),
        secret: secret("c2VjcmV0"),
        passphrase: Some(secret("words")),
    }
}

fn reply(body: &str) -> Reply {
    Reply { status: 200, headers: Vec::new(), body: body.as_bytes().to_vec() }
}

#[test]
fn a_site_has_one_name_and_is_found_by_it() {
    let sites: Vec<Site> = Venue::ALL.map(Site::from).into_iter().chain(all()).collect();
    let names: BTreeSet<&str> = sites.iter().map(|site| site.name()).collect();
    assert_eq!(names.len(), sites.len());
    for site in sites {
        assert_eq!(Site::from_name(site.name()), Some(site));
        assert_eq!(site.is_sandbox(), site.name() != site.venue.name());
        assert!(site.name().starts_with(site.venue.name()));
    }
    assert_eq!(Site::from_name("kraken/testnet"), None);
}

#[test]
fn a_test_system_is_chosen_by_account_types() {
    let names = |types: &[&str]| {
        let types: Vec<String> = types.iter().map(|of| (*of).to_owned()).collect();
        Site::sandboxes(Venue::Binance, &types).into_iter().map(Site::name).collect::<Vec<_>>()
    };
    assert_eq!(names(&[]), ["binance/testnet", "binance/demo"]);
    assert_eq!(names(&["spot", "usdm"]), ["binance/demo"]);
    assert!(names(&["margin"]).is_empty());
    assert!(
        Site::sandboxes(Venue::Kraken, &[]).is_empty() && Site::sandboxes(Venue::Coinbase, &[]).is_empty()
    );
}

#[test]
fn hosts_of_test_systems_are_no_live_ones_and_each_host_that_is_asked_has_one() {
    let live: BTreeSet<&str> = capabilities().flat_map(|(name, capability)| capability.hosts(name)).collect();
    for site in all() {
        let (name, sandbox) = (site.venue.name(), site.sandbox.unwrap());
        let capability = site.venue.capability();
        let is_read = |of: &&&str| of.is_empty() || sandbox.account_types.contains(*of);
        assert!(sandbox.account_types.iter().all(|of| capability.account_types.contains(of)), "{name}");
        for (from, to) in sandbox.hosts {
            assert!(live.contains(from), "{from} is not asked");
            assert!(!live.contains(to) || (from == to && sandbox.header.is_some()), "{to} is a live one");
        }
        let sources = capability.sources.iter().filter(|source| {
            capability.is_read(source)
                && (source.accounts.is_empty() || source.accounts.iter().any(|of| is_read(&of)))
        });
        for (method, host, path) in sources.flat_map(|source| source.calls_at(name)) {
            // Which contracts there are is asked of both kinds, also by who reads one.
            let Some(here) = sandbox.host(host) else {
                assert_eq!(name, "binance", "{host} has nothing that stands for it");
                continue;
            };
            assert_eq!(site.venue.allows(method, here, path), sandbox.has(path), "{here}{path}");
        }
    }
    assert!(!Venue::Binance.allows(
        crate::Method::Get,
        "testnet.binance.vision",
        "/sapi/v1/capital/deposit/hisrec"
    ));
    assert!(!Venue::Binance.allows(crate::Method::Post, "testnet.binance.vision", "/api/v3/order"));
    assert!(!Venue::Bybit.allows(crate::Method::Get, "testnet.binance.vision", "/api/v3/account"));
}

/// Whatever is answered, nothing is asked at a live system.
#[test]
fn no_request_of_a_test_account_goes_to_a_live_system() {
    for site in all() {
        let sandbox = site.sandbox.unwrap();
        for body in
            ["{}", "[]", r#"{"uid":1,"balances":[],"symbols":[],"serverTime":1795305600000}"#, "<html>"]
        {
            for task in [Task::Time, Task::CheckKey, Task::Collect] {
                let mut connector = site.connector(credentials(), &SharedMarkets::default(), &[]);
                connector.start(task);
                for _ in 0..300 {
                    match connector.next(AT) {
                        Next::Ask(request) => {
                            assert!(
                                sandbox.hosts.iter().any(|(_, here)| *here == request.host),
                                "{}",
                                request.host
                            );
                            assert!(sandbox.has(request.path), "{}", request.path);
                            let told = |(name, value): (&str, &str)| {
                                request
                                    .headers
                                    .iter()
                                    .filter(|(own, has)| *own == name && **has == *value)
                                    .count()
                            };
                            assert!(sandbox.header.is_none_or(|header| told(header) == 1));
                            assert!(site.venue.allows(request.method, request.host, request.path));
                            let _ = connector.take(&reply(body), AT);
                        }
                        Next::Found(_) => {}
                        Next::Failed(_) | Next::Finished => break,
                    }
                }
            }
        }
    }
}

#[test]
fn key_rights_are_undecided_where_nobody_tells_them() {
    for site in Site::sandboxes(Venue::Binance, &[]) {
        let mut connector = site.connector(credentials(), &SharedMarkets::default(), &[]);
        connector.start(Task::CheckKey);
        let (mut found, mut asked) = (Vec::new(), Vec::new());
        loop {
            match connector.next(AT) {
                Next::Ask(request) => {
                    asked.push(request.path);
                    let body = if request.path == "/api/v3/time" {
                        r#"{"serverTime":1795305600000}"#
                    } else {
                        r#"{"uid":42,"balances":[]}"#
                    };
                    found.extend(connector.take(&reply(body), AT).unwrap());
                }
                Next::Finished => break,
                _ => panic!("it asks until it is done"),
            }
        }
        assert_eq!(asked, ["/api/v3/time", "/api/v3/account"]);
        assert!(found.contains(&Finding::Rights(crate::KeyRights::untold())));
        assert_eq!(crate::KeyRights::untold().verdict, Verdict::Undecided);
        let types = site.sandbox.unwrap().account_types.to_vec();
        assert!(found.contains(&Finding::Account { id: "42".to_owned(), types }), "{found:?}");
    }
}
