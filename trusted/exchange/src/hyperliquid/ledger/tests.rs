//! Every type of booking, as it is documented, and both sides of it.

use super::*;
use crate::{Need, Refusal};

const ME: &str = "0x00000000000000000000000000000000000000aa";
const OTHER: &str = "0x00000000000000000000000000000000000000bb";

fn asked(account: Option<&'static str>, market: &'static str) -> Asked<'static> {
    Asked { need: Need::Ledger, market, path: "/info", symbol: None, currency: None, account }
}

fn body(delta: &str) -> Vec<u8> {
    let delta = delta.replace("ME", &ME.to_uppercase().replace("0X", "0x")).replace("OTHER", OTHER);
    format!("[{{\"time\":1737370449463,\"hash\":\"0x1\",\"delta\":{{{}}}}}]", delta.replace('\'', "\""))
        .into_bytes()
}

/// Kind, change in the wallet of the perpetuals, and in that of spot.
fn booked(delta: &str) -> (String, String, String) {
    let read = |market| bookings(&body(delta), asked(Some(ME), market)).unwrap().remove(0);
    let (perps, spot) = (read("perp"), read("spot"));
    let told = |row: &Booking| format!("{} {}", row.change, row.asset.as_str());
    (perps.kind.clone(), told(&perps), told(&spot))
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_type_changes_what_it_should() {
    for (delta, kind, perps, spot) in [
        ("'type':'deposit','usdc':'100.5'", "deposit", "100.5 USDC", "100.5 USDC"),
        ("'type':'withdraw','usdc':'99','nonce':1,'fee':'1.0'", "withdraw", "-99 USDC", "-99 USDC"),
        ("'type':'accountClassTransfer','usdc':'1','toPerp':true", "transfer", "1 USDC", "-1 USDC"),
        ("'type':'accountClassTransfer','usdc':'1','toPerp':false", "transfer", "-1 USDC", "1 USDC"),
        (
            "'type':'internalTransfer','usdc':'5','user':'ME','destination':'OTHER','fee':'1'",
            "transfer",
            "-5 USDC",
            "-5 USDC",
        ),
        (
            "'type':'subAccountTransfer','usdc':'5','user':'OTHER','destination':'ME'",
            "subAccountTransfer",
            "5 USDC",
            "5 USDC",
        ),
        (
            "'type':'spotTransfer','token':'PURR','amount':'3','user':'ME','destination':'OTHER'",
            "spotTransfer",
            "-3 PURR",
            "-3 PURR",
        ),
        (
            "'type':'send','token':'HYPE:0x0d','amount':'3','user':'ME','destination':'ME','sourceDex':'spot',\
             'destinationDex':''",
            "send",
            "3 HYPE",
            "-3 HYPE",
        ),
        (
            "'type':'send','token':'USDC','amount':'3','user':'ME','destination':'ME','sourceDex':'','destinationDex':'xyz'",
            "send",
            "0 USDC",
            "0 USDC",
        ),
        ("'type':'vaultDeposit','usdc':'7','vault':'OTHER'", "vaultDeposit", "-7 USDC", "0 USDC"),
        ("'type':'vaultDeposit','usdc':'7','vault':'ME','user':'OTHER'", "vaultDeposit", "7 USDC", "7 USDC"),
        (
            "'type':'vaultWithdraw','vault':'OTHER','user':'ME','requestedUsd':'9','netWithdrawnUsd':'8'",
            "vaultWithdraw",
            "8 USDC",
            "0 USDC",
        ),
        (
            "'type':'vaultLeaderCommission','user':'ME','usdc':'2'",
            "vaultLeaderCommission",
            "2 USDC",
            "2 USDC",
        ),
        ("'type':'rewardsClaim','amount':'4'", "rewardsClaim", "4 USDC", "4 USDC"),
        ("'type':'spotGenesis','token':'HYPE','amount':'-4'", "spotGenesis", "-4 HYPE", "-4 HYPE"),
        (
            "'type':'cStakingTransfer','token':'HYPE','amount':'4','isDeposit':true",
            "cStakingTransfer",
            "0 HYPE",
            "-4 HYPE",
        ),
        (
            "'type':'borrowLend','token':'HYPE','operation':'repay','amount':'4','interestAmount':'1'",
            "borrowLend",
            "-4 HYPE",
            "-4 HYPE",
        ),
        (
            "'type':'accountActivationGas','token':'USDC','amount':'1'",
            "accountActivationGas",
            "-1 USDC",
            "-1 USDC",
        ),
        (
            "'type':'liquidation','liquidatedNtlPos':'9','accountValue':'1','liquidatedPositions':[]",
            "liquidation",
            "0 USDC",
            "0 USDC",
        ),
        ("'type':'somethingNew'", "somethingNew", "0 USDC", "0 USDC"),
    ] {
        let expected = (kind.to_owned(), perps.to_owned(), spot.to_owned());
        assert_eq!(booked(delta), expected, "{delta}");
    }
}

#[test]
fn one_list_tells_deposits_withdrawals_and_transfers() {
    let sent = body(
        "'type':'spotTransfer','token':'HYPE','amount':'3','user':'ME','destination':'OTHER','fee':'0.0',\
         'nativeTokenFee':'0.01','feeToken':''",
    );
    let account = asked(Some(ME), "spot");
    let out = crossings(&sent, account, false).unwrap();
    assert_eq!((out[0].internal, out[0].address.as_deref()), (Some(true), Some(OTHER)));
    assert_eq!(out[0].fee, Some((Asset::from("HYPE"), "0.01".parse().unwrap())));
    assert!(
        crossings(&sent, account, true).unwrap().is_empty() && shifts(&sent, account).unwrap().is_empty()
    );

    let bridged = body(
        "'type':'send','token':'USDC','amount':'3','destination':'ME','fee':'1','feeToken':'USDC',\
         'user':'0x2000000000000000000000000000000000000000','sourceDex':'spot','destinationDex':'spot'",
    );
    let came = crossings(&bridged, account, true).unwrap();
    assert_eq!((came[0].internal, came[0].fee.is_none()), (Some(false), true), "from the EVM, at its cost");

    let staked = body("'type':'cStakingTransfer','token':'HYPE','amount':'4','isDeposit':false");
    let shift = shifts(&staked, account).unwrap().remove(0);
    assert_eq!((shift.from.as_deref(), shift.to.as_deref()), (Some("staking"), Some("spot")));
}

#[test]
fn without_an_address_a_transfer_has_no_direction() {
    let sent = body("'type':'internalTransfer','usdc':'5','user':'ME','destination':'OTHER','fee':'1'");
    let nobody = asked(None, "perp");
    assert_eq!(bookings(&sent, nobody).unwrap()[0].change, "5".parse().unwrap());
    assert!(crossings(&sent, nobody, true).unwrap().is_empty());
    assert!(crossings(&sent, nobody, false).unwrap().is_empty());
    let stranger = asked(Some("0x00000000000000000000000000000000000000cc"), "perp");
    let wrong = VenueError::Permanent(Refusal::Answer { endpoint: LEDGER, field: "user" });
    assert_eq!(bookings(&sent, stranger), Err(wrong), "an answer to somebody else");
}

#[test]
fn a_row_that_lacks_something_applies_nothing() {
    for delta in
        ["'type':'deposit'", "'type':'accountClassTransfer','usdc':'1'", "'usdc':'1'", "'type':'send'"]
    {
        assert!(bookings(&body(delta), asked(Some(ME), "perp")).is_err(), "{delta}");
    }
    assert_eq!(funding(b"[{\"time\":1750172400033,\"coin\":\"HYPE\",\"usdc\":\"1e-2\"}]").unwrap().len(), 1);
}

#[test]
fn both_wallets_together_see_no_move_between_them_and_say_what_else_it_was() {
    for (delta, word, change) in [
        ("'type':'deposit','usdc':'100.5'", own::DEPOSIT, "100.5"),
        ("'type':'withdraw','usdc':'99','nonce':1,'fee':'1.0'", own::WITHDRAWAL, "-99"),
        ("'type':'accountClassTransfer','usdc':'1','toPerp':true", own::MOVED, "0"),
        ("'type':'vaultDeposit','vault':'0x1','usdc':'7'", own::MOVED, "-7"),
        ("'type':'cStakingTransfer','token':'HYPE','amount':'2','isDeposit':false", own::MOVED, "2"),
        (
            "'type':'spotTransfer','token':'PURR','amount':'3','user':'ME','destination':'OTHER'",
            own::SENT,
            "-3",
        ),
        (
            "'type':'spotTransfer','token':'PURR','amount':'3','user':'0x2000000000000000000000000000000000000001',\
             'destination':'ME'",
            own::DEPOSIT,
            "3",
        ),
        ("'type':'rewardsClaim','token':'HYPE','amount':'4'", own::CREDIT, "4"),
        ("'type':'accountActivationGas','token':'USDC','amount':'1'", own::DEBIT, "-1"),
        ("'type':'somethingOfTomorrow','usdc':'1'", own::UNKNOWN, "1"),
    ] {
        let row = bookings(&body(delta), asked(Some(ME), WALLET)).unwrap().remove(0);
        assert_eq!((row.own.as_deref(), row.change.to_string().as_str()), (Some(word), change), "{delta}");
    }
}
