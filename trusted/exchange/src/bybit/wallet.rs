//! Balances and what moves them (https://bybit-exchange.github.io/docs/v5/asset/deposit/deposit-record and its neighbours).

use crate::{
    VenueError,
    dialect::{Conversion, Crossing, Holding, Row, Shift, Status, Unit, chain},
};
use ledger::{Asset, Decimal, Timestamp};

use super::{answer::Answer, endpoint::INTERNAL_DEPOSITS};

/// Reads `GET /v5/account/wallet-balance` and `GET /v5/asset/transfer/query-account-coins-balance`.
///
/// ```json
/// {"list":[{"accountType":"UNIFIED","coin":[{"coin":"USDT","walletBalance":"1200.00","availableToWithdraw":"800.00",
///  "locked":"0","totalPositionIM":"0","totalOrderIM":"0","borrowAmount":"200.00","accruedInterest":"0.50"}]}]}
/// {"accountType":"FUND","balance":[{"coin":"USDT","transferBalance":"1010","walletBalance":"1010","bonus":""}]}
/// ```
///
/// `availableToWithdraw` is empty where all of an account is one collateral; what is bound is told then.
pub(super) fn balances(answer: &Answer<'_>) -> Result<Vec<Holding>, VenueError> {
    if answer.result.maybe("list").is_none() {
        return answer.rows(&["balance"])?.iter().map(funding_balance).collect();
    }
    let mut holdings = Vec::new();
    for account in answer.rows(&["list"])? {
        for coin in account.rows("coin")? {
            holdings.push(balance(&coin)?);
        }
    }
    Ok(holdings)
}

fn balance(row: &Row<'_>) -> Result<Holding, VenueError> {
    let free = match row.maybe_decimal("availableToWithdraw")? {
        None => row.maybe_decimal("free")?,
        told => told,
    };
    let used = match free {
        Some(_) => None,
        None => Some(sum(row, &["locked", "totalPositionIM", "totalOrderIM"])?),
    };
    let owes = row.maybe_decimal("borrowAmount")?.is_some();
    Ok(Holding {
        asset: row.asset("coin")?,
        free,
        used,
        total: Some(row.decimal("walletBalance")?),
        debt: if owes { Some(sum(row, &["borrowAmount", "accruedInterest"])?) } else { None },
    })
}

fn funding_balance(row: &Row<'_>) -> Result<Holding, VenueError> {
    Ok(Holding {
        asset: row.asset("coin")?,
        free: row.maybe_decimal("transferBalance")?,
        used: None,
        total: Some(row.decimal("walletBalance")?),
        debt: None,
    })
}

fn sum(row: &Row<'_>, names: &[&'static str]) -> Result<Decimal, VenueError> {
    names.iter().try_fold(Decimal::ZERO, |sum, name| {
        let part = row.maybe_decimal(name)?.unwrap_or(Decimal::ZERO);
        sum.checked_add(part).map_err(|_| row.wrong(name))
    })
}

/// Reads `GET /v5/asset/deposit/query-record`, of the chains, and `…/query-internal-record`, between users.
///
/// ```json
/// {"rows":[{"coin":"USDT","chain":"ETH","amount":"10000","txID":"0x…","status":3,"toAddress":"0x…","tag":"",
///  "depositFee":"","successAt":"1672134274000"}],"nextPageCursor":""}
/// {"rows":[{"id":"1103","amount":"0.1","type":1,"coin":"ETH","address":"x***@gmail.com","status":2,
///  "createdTime":"1705393280","txID":"77c37e5c…"}],"nextPageCursor":""}
/// ```
pub(super) fn deposits(answer: &Answer<'_>) -> Result<Vec<Crossing>, VenueError> {
    let internal = answer.endpoint == INTERNAL_DEPOSITS.path;
    let read = |row: &Row<'_>| {
        let (status, address) = if internal {
            (internal_deposit_status(&row.text("status")?), "address")
        } else {
            (deposit_status(&row.text("status")?), "toAddress")
        };
        let asset = row.asset("coin")?;
        Ok(Crossing {
            id: row.maybe_string("id")?,
            transaction: row.maybe_string("txID")?,
            incoming: true,
            amount: row.decimal("amount")?,
            time: deposit_time(answer, row, &status)?,
            status,
            address: row.maybe_string(address)?,
            tag: row.maybe_string("tag")?,
            network: row.maybe_text("chain")?.map(|id| network(&id, &asset).to_owned()),
            internal: Some(internal),
            fee: row.maybe_decimal("depositFee")?.map(|fee| (asset.clone(), fee)),
            asset,
        })
    };
    answer.rows(&["rows"])?.iter().map(read).collect()
}

/// What is under way has no time yet: it is no older than the answer.
fn deposit_time(answer: &Answer<'_>, row: &Row<'_>, status: &Status) -> Result<Timestamp, VenueError> {
    if let Some(created) = row.maybe("createdTime") {
        // Documented as milliseconds, told in seconds.
        return created.time(Unit::Seconds).or_else(|_| created.time(Unit::Millis));
    }
    match row.maybe_time("successAt", Unit::Millis)? {
        Some(at) => Ok(at),
        None if *status == Status::Ok => Err(row.wrong("successAt")),
        None => answer.time(),
    }
}

/// `processing`, `fail` and `unknown` are words of their own.
fn deposit_status(code: &str) -> Status {
    match code {
        "3" | "10012" => Status::Ok,
        "1" | "10011" => Status::Pending,
        "0" => Status::Other("unknown".to_owned()),
        "2" => Status::Other("processing".to_owned()),
        "4" => Status::Other("fail".to_owned()),
        other => Status::Other(other.to_owned()),
    }
}

fn internal_deposit_status(code: &str) -> Status {
    match code {
        "1" => Status::Pending,
        "2" => Status::Ok,
        "3" => Status::Failed,
        other => Status::Other(other.to_owned()),
    }
}

/// Reads `GET /v5/asset/withdraw/query-record`. `amount` arrives, the fee is on top; `withdrawType` 1 is between users.
///
/// ```json
/// {"rows":[{"coin":"USDT","chain":"ETH","amount":"77","txID":"","status":"SecurityCheck","toAddress":"0x…","tag":"",
///  "withdrawFee":"10","createTime":"1670922217000","withdrawId":"9976","withdrawType":0}],"nextPageCursor":""}
/// ```
pub(super) fn withdrawals(answer: &Answer<'_>) -> Result<Vec<Crossing>, VenueError> {
    let read = |row: &Row<'_>| {
        let asset = row.asset("coin")?;
        Ok(Crossing {
            id: row.maybe_string("withdrawId")?,
            transaction: row.maybe_string("txID")?,
            incoming: false,
            amount: row.decimal("amount")?,
            status: withdrawal_status(&row.text("status")?),
            time: row.time("createTime", Unit::Millis)?,
            address: row.maybe_string("toAddress")?,
            tag: row.maybe_string("tag")?,
            network: row.maybe_text("chain")?.map(|id| network(&id, &asset).to_owned()),
            internal: row.maybe_text("withdrawType")?.map(|kind| kind == "1"),
            fee: row.maybe_decimal("withdrawFee")?.map(|fee| (asset.clone(), fee)),
            asset,
        })
    };
    answer.rows(&["rows"])?.iter().map(read).collect()
}

/// `rejected` is a word of its own.
fn withdrawal_status(word: &str) -> Status {
    match word {
        "success" | "BlockchainConfirmed" => Status::Ok,
        "SecurityCheck" | "Pending" | "MoreInformationRequired" => Status::Pending,
        "CancelByUser" => Status::Canceled,
        "Fail" => Status::Failed,
        "Reject" => Status::Other("rejected".to_owned()),
        other => Status::Other(other.to_owned()),
    }
}

/// Reads `GET /v5/asset/transfer/query-inter-transfer-list` and `…/query-universal-transfer-list`.
///
/// ```json
/// {"list":[{"transferId":"selfTransfer_a1091cc7…","coin":"USDT","amount":"5000","fromAccountType":"SPOT",
///  "toAccountType":"UNIFIED","timestamp":"1667283263000","status":"SUCCESS"}],"nextPageCursor":""}
/// ```
pub(super) fn transfers(answer: &Answer<'_>) -> Result<Vec<Shift>, VenueError> {
    let account = |row: &Row<'_>, name| {
        Ok::<_, VenueError>(row.maybe_text(name)?.map(|account| self::account(&account).to_owned()))
    };
    let read = |row: &Row<'_>| {
        Ok(Shift {
            id: row.maybe_string("transferId")?,
            asset: row.asset("coin")?,
            amount: row.decimal("amount")?,
            from: account(row, "fromAccountType")?,
            to: account(row, "toAccountType")?,
            status: match &*row.text("status")? {
                "SUCCESS" | "OK" | "0" => Status::Ok,
                "PENDING" => Status::Pending,
                "FAILED" => Status::Failed,
                other => Status::Other(other.to_owned()),
            },
            time: row.time("timestamp", Unit::Millis)?,
        })
    };
    answer.rows(&["list"])?.iter().map(read).collect()
}

fn account(word: &str) -> &str {
    match word {
        "SPOT" | "MARGIN" => "spot",
        "CONTRACT" => "contract",
        "OPTION" => "option",
        "INVESTMENT" => "investment",
        "UNIFIED" => "unified",
        "FUND" => "fund",
        other => other,
    }
}

/// Reads `GET /v5/asset/exchange/query-convert-history`; only what succeeded is one.
///
/// ```json
/// {"list":[{"accountType":"eb_convert_uta","exchangeTxId":"1010020692439483803499737088","fromCoin":"USDT",
///  "fromAmount":"10","toCoin":"BTC","toAmount":"0.00015344889","exchangeStatus":"success","createdAt":"1727257904726"}]}
/// ```
pub(super) fn conversions(answer: &Answer<'_>) -> Result<Vec<Conversion>, VenueError> {
    let mut conversions = Vec::new();
    for row in answer.rows(&["list"])? {
        if row.text("exchangeStatus")? != "success" {
            continue;
        }
        conversions.push(Conversion {
            id: row.string("exchangeTxId")?,
            from: (row.asset("fromCoin")?, row.decimal("fromAmount")?),
            to: (row.asset("toCoin")?, row.decimal("toAmount")?),
            time: row.time("createdAt", Unit::Millis)?,
        });
    }
    Ok(conversions)
}

/// A chain under the name that all venues have for it, where Bybit's is another.
fn network<'a>(id: &'a str, coin: &Asset) -> &'a str {
    let named = match id {
        "BSC" => "BEP20",
        "BNB" => "BEP2",
        "SPL" => "SOL",
        "APTOS" => "APT",
        "ARBI" | "ARB" | "ARBONE" => "ARBITRUM",
        "ARBINOVA" | "ARBNOVA" => "ARBITRUM_NOVA",
        "CAVAX" => "AVAXC",
        "XAVAX" => "AVAXX",
        "FITFI" => "STEP",
        "OAS" => "OASYS",
        "ROSE" => "OASIS",
        "WAXP" => "WAX",
        "ZKSYNC" => "ZKSYNCLITE",
        "ZKV2" => "ZKSYNCERA",
        "ZEROGRAVITY" => "0G",
        "CHILIZ" => "CHZ",
        "HYPEREVM" => "HYPER",
        other => other,
    };
    chain(named, coin.as_str())
}
