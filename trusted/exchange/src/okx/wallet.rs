//! Balances and what moves them (https://www.okx.com/docs-v5/en/#funding-account-rest-api).

use crate::{
    VenueError,
    dialect::{Conversion, Crossing, Holding, Row, Status, Unit, chain},
};
use ledger::{Asset, Decimal};

use super::{
    answer::Answer,
    endpoint::{FUNDING_BALANCES, SAVINGS},
};

/// Reads `GET /api/v5/account/balance`, `/api/v5/asset/balances` and `/api/v5/finance/savings/balance`.
///
/// ```json
/// [{"uTime":"1705474164160","details":[{"ccy":"USDT","eq":"4992.89","cashBal":"4850.43","availEq":"4834.31",
///   "availBal":"4834.31","frozenBal":"158.573","upl":"-7.5"}]}]
/// [{"ccy":"ETH","bal":"37.11827078","availBal":"37.11827078","frozenBal":"0"}]
/// [{"ccy":"USDT","amt":"12.5","earnings":"0.01","loanAmt":"12.5","pendingAmt":"0"}]
/// ```
pub(super) fn balances(answer: &Answer<'_>) -> Result<Vec<Holding>, VenueError> {
    if answer.endpoint == FUNDING_BALANCES.path {
        return answer.rows()?.iter().map(|row| holding(row, "bal")).collect();
    }
    if answer.endpoint == SAVINGS.path {
        return answer.rows()?.iter().map(saved).collect();
    }
    let mut holdings = Vec::new();
    for account in answer.rows()? {
        for row in account.rows("details")? {
            holdings.push(match answer.asked.market {
                "cash" => holding(&row, "cashBal")?,
                "settled" => settled(&row)?,
                _ => equity(&row)?,
            });
        }
    }
    Ok(holdings)
}

/// What is there in cash, and what of it orders bind: profit that is not realised yet, and margin, are none.
fn settled(row: &Row<'_>) -> Result<Holding, VenueError> {
    let (total, used) = (Some(row.decimal("cashBal")?), row.maybe_decimal("ordFrozen")?);
    Ok(Holding { asset: row.asset("ccy")?, free: None, used, total, debt: None })
}

/// With what positions are worth now.
fn equity(row: &Row<'_>) -> Result<Holding, VenueError> {
    let Some(free) = row.maybe_decimal("availEq")? else { return holding(row, "eq") };
    let total = Some(row.decimal("eq")?);
    Ok(Holding { asset: row.asset("ccy")?, free: Some(free), used: None, total, debt: None })
}

fn holding(row: &Row<'_>, total: &'static str) -> Result<Holding, VenueError> {
    Ok(Holding {
        asset: row.asset("ccy")?,
        free: row.maybe_decimal("availBal")?,
        used: row.maybe_decimal("frozenBal")?,
        total: Some(row.decimal(total)?),
        debt: None,
    })
}

fn saved(row: &Row<'_>) -> Result<Holding, VenueError> {
    let total = Some(row.decimal("amt")?);
    Ok(Holding { asset: row.asset("ccy")?, free: None, used: None, total, debt: None })
}

/// Reads `GET /api/v5/asset/deposit-history`.
///
/// ```json
/// [{"depId":"88****33","ccy":"USDT","chain":"USDT-TRC20","amt":"1","from":"","fromWdId":"","to":"TN4h…","txId":"fee2…",
///   "state":"2","ts":"1674038705000"}]
/// ```
pub(super) fn deposits(answer: &Answer<'_>) -> Result<Vec<Crossing>, VenueError> {
    let read = |row: &Row<'_>| {
        // The sender is told of users of the venue only.
        let internal = row.maybe_text("from")?.is_some() || row.maybe_text("fromWdId")?.is_some();
        let deposit = crossing(row, "depId", true)?;
        let fee = Some((deposit.asset.clone(), Decimal::ZERO));
        Ok(Crossing { internal: Some(internal), fee, ..deposit })
    };
    answer.rows()?.iter().map(read).collect()
}

/// Reads `GET /api/v5/asset/withdrawal-history`. `amt` arrives, the fee is on top.
///
/// ```json
/// [{"wdId":"15447421","ccy":"ETH","chain":"ETH-Ethereum","amt":"0.029809","fee":"0.007","from":"156****359","to":"0xa3…",
///   "tag":"","txId":"0x35c…","state":"2","ts":"1655251200000"}]
/// ```
pub(super) fn withdrawals(answer: &Answer<'_>) -> Result<Vec<Crossing>, VenueError> {
    let read = |row: &Row<'_>| {
        let withdrawal = crossing(row, "wdId", false)?;
        let asset = match row.maybe_text("feeCcy")? {
            Some(asset) => Asset::from(&*asset),
            None => withdrawal.asset.clone(),
        };
        let fee = match row.maybe_text("fee")? {
            // Older answers name the coin after the number: `0.01000000eth`.
            Some(fee) => Some(number(&fee).ok_or_else(|| row.wrong("fee"))?),
            None => None,
        };
        Ok(Crossing { fee: fee.map(|fee| (asset, fee)), ..withdrawal })
    };
    answer.rows()?.iter().map(read).collect()
}

fn number(text: &str) -> Option<Decimal> {
    text.parse().or_else(|_| text.trim_end_matches(|char: char| char.is_ascii_alphabetic()).parse()).ok()
}

fn crossing(row: &Row<'_>, id: &'static str, incoming: bool) -> Result<Crossing, VenueError> {
    let mut tag = None;
    for name in ["pmtId", "tag", "memo"] {
        tag = if tag.is_some() { tag } else { row.maybe_string(name)? };
    }
    let coin = row.text("ccy")?;
    Ok(Crossing {
        id: row.maybe_string(id)?,
        transaction: row.maybe_string("txId")?,
        incoming,
        asset: Asset::from(&*coin),
        amount: row.decimal("amt")?,
        status: status(&row.text("state")?, incoming),
        time: row.time("ts", Unit::Millis)?,
        address: row.maybe_string("to")?,
        tag,
        network: row.maybe_text("chain")?.map(|id| network(&id, &coin).to_owned()),
        internal: None,
        fee: None,
    })
}

/// Deposits: 0 waits for confirmation, 1 is credited and 2 may be withdrawn; the rest waits for something. Withdrawals:
/// −3 is being canceled, −2 canceled, −1 failed, 2 sent; the rest is on its way.
fn status(state: &str, incoming: bool) -> Status {
    match state {
        "2" => Status::Ok,
        "-2" => Status::Canceled,
        "-1" => Status::Failed,
        "-3" | "0" | "1" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "10" | "12" | "15" | "16" | "17"
        | "19" => Status::Pending,
        "11" | "13" | "14" if incoming => Status::Pending,
        other => Status::Other(other.to_owned()),
    }
}

/// Reads `GET /api/v5/asset/convert/history`; only what was filled is one. Whoever buys gives quote and gets base.
///
/// ```json
/// [{"tradeId":"trader16461885203381437","instId":"ETH-USDT","side":"buy","baseCcy":"ETH","quoteCcy":"USDT",
///   "fillBaseSz":"0.01023052","fillQuoteSz":"30","fillPx":"2932.401044","state":"fullyFilled","ts":"1646188520000"}]
/// ```
pub(super) fn conversions(answer: &Answer<'_>) -> Result<Vec<Conversion>, VenueError> {
    let mut conversions = Vec::new();
    for row in answer.rows()? {
        if row.maybe_text("state")?.is_some_and(|state| state != "fullyFilled") {
            continue;
        }
        let base = (row.asset("baseCcy")?, row.decimal("fillBaseSz")?);
        let quote = (row.asset("quoteCcy")?, row.decimal("fillQuoteSz")?);
        let (from, to) = match &*row.text("side")? {
            "buy" => (quote, base),
            "sell" => (base, quote),
            _ => return Err(row.wrong("side")),
        };
        conversions.push(Conversion {
            id: row.string("tradeId")?,
            from,
            to,
            time: row.time("ts", Unit::Millis)?,
        });
    }
    Ok(conversions)
}

/// The chain of `USDT-TRC20`, under the name that all venues have for it, where OKX's is another.
fn network<'a>(id: &'a str, coin: &str) -> &'a str {
    let named = match id.split_once('-').map_or(id, |(_, network)| network) {
        "Bitcoin" => "BTC",
        "Lightning" => "BTCLIGHTNING",
        "BSC" => "BEP20",
        "Crypto" => "CRONOS",
        "Arbitrum One" => "ARBITRUM",
        "Avalanche C-Chain" => "AVAXC",
        "Avalanche X-Chain" => "AVAXX",
        "Optimism" => "OP",
        "Polygon" => "MATIC",
        "Solana" => "SOL",
        "Aptos" => "APT",
        "Base" => "BASE",
        "Linea" => "LINEA",
        "Scroll" => "SCROLL",
        "Sonic" => "SONIC",
        "zkSync Era" => "ZKSYNCERA",
        "Algorand" => "ALGO",
        "BitcoinCash" => "BCH",
        "Bitcoin SV" => "BSV",
        "Cardano" => "ADA",
        "Celestia" => "TIA",
        "Cosmos" => "ATOM",
        "Dfinity" => "ICP",
        "Dogecoin" => "DOGE",
        "Elrond" => "EGLD",
        "Ethereum Classic" => "ETC",
        "EthereumPow" => "ETHW",
        "Filecoin" => "FIL",
        "Hedera" => "HBAR",
        "Kusama" => "KSM",
        "Litecoin" => "LTC",
        "Metis" => "METIS",
        "Mina" => "MINA",
        "MIOTA" => "IOTA",
        "Polkadot" => "DOT",
        "Ripple" => "XRP",
        "Stellar Lumens" => "XLM",
        "Tezos" => "XTZ",
        "Theta" => "THETA",
        "l-Stacks" => "STX",
        "Zcash" => "ZEC",
        "Zilliqa" => "ZIL",
        other => own_coin(other),
    };
    chain(named, coin)
}

/// Chains that go by the name of their coin.
fn own_coin(named: &str) -> &str {
    match named {
        "Acala" => "ACA",
        "Arweave" => "AR",
        "Astar" => "ASTR",
        "Babylon" => "BABY",
        "Berachain" => "BERA",
        "Canton Network" => "CANTON",
        "Casper" => "CSPR",
        "Chia" => "XCH",
        "Conflux" => "CFX",
        "Digibyte" => "DGB",
        "Flare" => "FLR",
        "HyperEVM" => "HYPER",
        "Klaytn" => "KLAY",
        "Lisk" => "LSK",
        "Monad" => "MONAD",
        "Moonbeam" => "GLMR",
        "Moonriver" => "MOVR",
        "Nano" => "NANO",
        "Ontology" => "ONT",
        "Plasma" => "PLASMA",
        "Ravencoin" => "RVN",
        "Ronin" => "RONIN",
        "Siacoin" => "SC",
        "Vaulta" => "VAULTA",
        "Wax" => "WAX",
        "ZetaChain" => "ZETA",
        other => other,
    }
}
