//! What no invented world has: a venue in a table.

use crate::{ADDRESS, NOW_MS, Told, connector};
use exchange::{Finding, MovementKind, Next, Refusal, Reply, Task, VenueError, Verdict};
use ledger::{Asset, Decimal, Symbol, Timestamp};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A venue in a table: the answer to each kind of question.
struct Desk(BTreeMap<&'static str, Value>);

impl Desk {
    fn new() -> Self {
        let summary = json!({ "accountValue": "10.5", "totalMarginUsed": "0.0" });
        Self(BTreeMap::from([
            ("exchangeStatus", json!({ "specialStatuses": null, "time": NOW_MS })),
            ("userRole", json!({ "role": "user" })),
            ("subAccounts", json!(null)),
            (
                "spotMeta",
                json!({
                    "tokens": [{ "name": "USDC", "index": 0 }, { "name": "PURR", "index": 1 }],
                    "universe": [{ "name": "PURR/USDC", "tokens": [1, 0] }],
                }),
            ),
            ("meta", json!({ "universe": [{ "name": "BTC" }] })),
            (
                "spotClearinghouseState",
                json!({ "balances": [{ "coin": "USDC", "total": "1.5", "hold": "1.0" }] }),
            ),
            ("userAbstraction", json!("disabled")),
            (
                "clearinghouseState",
                json!({ "marginSummary": summary, "assetPositions": [
                { "position": { "coin": "BTC", "szi": "-0.5", "unrealizedPnl": "0.5", "positionValue": "50.0" } },
            ] }),
            ),
            ("userFillsByTime", json!([])),
            ("userFunding", json!([])),
            ("userNonFundingLedgerUpdates", json!([])),
        ]))
    }

    fn converse(&self, task: Task) -> Result<Told, VenueError> {
        let (mut connector, mut told) = (connector(), Told::default());
        connector.start(task);
        for _ in 0..100 {
            match connector.next(Timestamp::from_millis(NOW_MS)) {
                Next::Ask(request) => {
                    let asked: Value = serde_json::from_slice(&request.body).unwrap();
                    assert!(asked.get("user").is_none_or(|user| *user == ADDRESS.to_lowercase()));
                    let answer = self.0[asked["type"].as_str().unwrap()].to_string();
                    let reply = Reply { status: 200, headers: Vec::new(), body: answer.into_bytes() };
                    for finding in connector.take(&reply, Timestamp::from_millis(NOW_MS))? {
                        if let Finding::Rights(rights) = &finding {
                            told.unread.insert(format!("{:?}", rights.verdict));
                        }
                        if let Finding::Account { id, .. } = &finding {
                            told.unread.insert(id.clone());
                        }
                        told.add(finding);
                    }
                }
                Next::Found(findings) => findings.into_iter().for_each(|finding| told.add(finding)),
                Next::Failed(refusal) => return Err(VenueError::Permanent(refusal)),
                Next::Finished => return Ok(told),
            }
        }
        panic!("it does not end");
    }
}

#[test]
fn an_account_is_its_address_and_what_is_none_cannot_be_read() {
    let mut desk = Desk::new();
    let told = desk.converse(Task::CheckKey).unwrap();
    let expected = [ADDRESS.to_lowercase(), format!("{:?}", Verdict::Accept)];
    assert_eq!(told.unread, BTreeSet::from(expected));
    desk.0.insert("userRole", json!({ "role": "agent", "data": { "user": "0x00" } }));
    assert!(desk.converse(Task::CheckKey).unwrap().unread.contains("Refuse"));
}

#[test]
fn both_wallets_are_one_account_and_open_profit_is_no_money_yet() {
    let told = Desk::new().converse(Task::Collect).unwrap();
    assert_eq!(told.balances, BTreeMap::from([(Asset::from("USDC"), "11.5".parse().unwrap())]));
    assert_eq!(told.positions, BTreeMap::from([(Symbol::from("BTC/USDC:USDC"), "-0.5".parse().unwrap())]));
}

#[test]
fn a_unified_account_has_its_money_in_spot_alone() {
    for mode in ["unifiedAccount", "portfolioMargin"] {
        let mut desk = Desk::new();
        desk.0.insert("userAbstraction", json!(mode));
        let told = desk.converse(Task::Collect).unwrap();
        assert_eq!(told.balances, BTreeMap::from([(Asset::from("USDC"), "1.5".parse().unwrap())]), "{mode}");
        let open = BTreeMap::from([(Symbol::from("BTC/USDC:USDC"), "-0.5".parse().unwrap())]);
        assert_eq!(told.positions, open, "{mode}");
    }
    let mut desk = Desk::new();
    desk.0.insert("userAbstraction", json!("aModeOfTomorrow"));
    assert!(desk.converse(Task::Collect).is_err());
}

#[test]
fn dust_has_no_number_and_is_told_once_each() {
    let mut desk = Desk::new();
    let dust = |time: i64, oid: u64| {
        json!({ "coin": "PURR/USDC", "px": "0.2", "sz": "0.5", "side": "A", "time": time, "oid": oid, "tid": 0, "fee": "0.0",
                "feeToken": "USDC", "crossed": true, "dir": "Spot Dust Conversion", "startPosition": "0.5" })
    };
    let rows = [dust(NOW_MS - 9, 1), dust(NOW_MS - 9, 2), dust(NOW_MS - 9, 2), dust(NOW_MS - 8, 2)];
    desk.0.insert("userFillsByTime", json!(rows));
    assert_eq!(desk.converse(Task::Collect).unwrap().fills.len(), 3);
}

#[test]
fn every_update_means_what_it_is() {
    let mut desk = Desk::new();
    let row =
        |at: usize, delta: Value| json!({ "time": NOW_MS - 5000, "hash": format!("0x{at}"), "delta": delta });
    let (me, other) = (ADDRESS.to_lowercase(), "0x00000000000000000000000000000000000000bb");
    let deltas = [
        json!({ "type": "deposit", "usdc": "100" }),
        json!({ "type": "withdraw", "usdc": "49", "nonce": 1, "fee": "1" }),
        json!({ "type": "accountClassTransfer", "usdc": "7", "toPerp": true }),
        json!({ "type": "spotTransfer", "token": "PURR", "amount": "3", "user": me, "destination": other, "fee": "0.1",
                "feeToken": "USDC", "nativeTokenFee": "0.0" }),
        json!({ "type": "internalTransfer", "usdc": "5", "user": other, "destination": me, "fee": "1" }),
        json!({ "type": "vaultDeposit", "vault": other, "usdc": "20" }),
        json!({ "type": "rewardsClaim", "token": "PURR", "amount": "2" }),
        json!({ "type": "accountActivationGas", "token": "USDC", "amount": "1" }),
        json!({ "type": "borrowLend", "token": "USDC", "operation": "borrow", "amount": "8" }),
        json!({ "type": "liquidation", "leverageType": "Cross", "accountValue": "1", "liquidatedPositions": [] }),
    ];
    let rows: Vec<Value> = deltas.into_iter().enumerate().map(|(at, delta)| row(at, delta)).collect();
    desk.0.insert("userNonFundingLedgerUpdates", json!(rows));
    let told = desk.converse(Task::Collect).unwrap();
    let side = |side: &Option<(Asset, Decimal)>| {
        side.as_ref().map(|(asset, amount)| format!("{amount} {asset}")).unwrap_or_default()
    };
    let mut got: Vec<_> =
        told.movements.values().map(|one| (one.kind, side(&one.received), side(&one.spent))).collect();
    let mut expected: Vec<_> = [
        (MovementKind::Deposit, "100 USDC", ""),
        (MovementKind::Deposit, "5 USDC", ""),
        (MovementKind::Withdrawal, "", "50 USDC"),
        (MovementKind::Withdrawal, "", "3 PURR"),
        (MovementKind::Interest, "", "0.1 USDC"),
        (MovementKind::Transfer, "", "20 USDC"),
        (MovementKind::Distribution, "2 PURR", ""),
        (MovementKind::Interest, "", "1 USDC"),
        (MovementKind::Transfer, "8 USDC", ""),
    ]
    .map(|(kind, received, spent)| (kind, received.to_owned(), spent.to_owned()))
    .into();
    got.sort();
    expected.sort();
    assert_eq!(got, expected);
    assert_eq!(told.unread, BTreeSet::new());
    let sent = told.movements.values().find(|one| side(&one.spent) == "3 PURR").unwrap();
    assert_eq!(sent.transaction.as_deref(), Some("0x3"), "the other side may be one of ours");

    desk.0
        .insert("userNonFundingLedgerUpdates", json!([row(0, json!({ "type": "ofTomorrow", "usdc": "1" }))]));
    let told = desk.converse(Task::Collect).unwrap();
    assert!(told.movements.is_empty() && told.unread.len() == 1, "it is said, and nobody guesses");
}

#[test]
fn a_full_page_of_one_instant_cannot_be_passed() {
    let mut desk = Desk::new();
    let rows: Vec<Value> = (0..500)
        .map(|at| json!({ "time": NOW_MS, "hash": format!("0x{at}"), "delta": { "type": "deposit", "usdc": "1" } }))
        .collect();
    desk.0.insert("userNonFundingLedgerUpdates", json!(rows));
    let failed = desk.converse(Task::Collect).err();
    assert!(matches!(failed, Some(VenueError::Permanent(Refusal::Answer { .. }))), "{failed:?}");
}
