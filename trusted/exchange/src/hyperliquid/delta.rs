//! One row of `userNonFundingLedgerUpdates`, and what it did to the address that asked. There is no common form: each `type`
//! has fields of its own (the schemas of <https://docs.chainstack.com/reference/hyperliquid-info-user-non-funding-ledger-updates>
//! and of the SDKs). A type that nobody knows yet is kept under the venue's word, so that it can be told as unread.

use super::USDC;
use crate::{
    VenueError,
    dialect::{Row, Unit},
};
use ledger::{Asset, Decimal, Timestamp};

/// The wallets of an address, and where its money may be beside them.
pub(super) const SPOT: &str = "spot";
pub(super) const PERPS: &str = "swap";
const STAKING: &str = "staking";
const VAULT: &str = "vault";
const LENT: &str = "lend";

/// The venue's gas.
const HYPE: &str = "HYPE";
/// The addresses behind which the venue's EVM lies, `0x2000…` and the index of a token, or this one for HYPE: what is sent
/// there leaves the exchange, and what comes from there enters it.
const SYSTEM: (&str, &str) = ("0x20000000000000000000000000", "0x2222222222222222222222222222222222222222");

/// A row.
pub(super) struct Delta {
    pub(super) hash: String,
    pub(super) time: Timestamp,
    /// The venue's word.
    pub(super) kind: String,
    pub(super) asset: Asset,
    /// Above zero, but for a genesis that takes something back.
    pub(super) amount: Decimal,
    pub(super) effect: Effect,
    /// Beside the amount.
    pub(super) fee: Option<(Asset, Decimal)>,
}

/// What a row did.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// It came from another address, or from outside the exchange.
    In(Peer),
    /// It went to another one.
    Out(Peer),
    /// It changed its place, and not its owner.
    Moved { from: String, to: String },
    /// It was earned, given or lent.
    Credit,
    /// It was spent or paid back.
    Debit,
    /// This is not told, or not to whom we do not know the name of.
    Unknown,
}

/// The other side.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Peer {
    pub(super) address: Option<String>,
    /// It is an address of the exchange.
    pub(super) internal: bool,
}

/// Reads a row, of the address `me`. Without it, who sent what to whom cannot be told.
pub(super) fn delta(row: &Row<'_>, me: Option<&str>) -> Result<Delta, VenueError> {
    let told = row.row("delta")?;
    let kind = told.string("type")?;
    let (asset, amount) = amount(&told, &kind)?;
    let effect = effect(&told, &kind, me)?;
    let fee = match effect {
        // The other side paid it.
        Effect::In(_) => None,
        _ => fee(&told)?,
    };
    Ok(Delta {
        hash: row.string("hash")?,
        time: row.time("time", Unit::Millis)?,
        kind,
        asset,
        amount,
        effect,
        fee,
    })
}

/// In what, and how much of it. A withdrawal of 100 tells 99 and a fee of 1: what arrives.
fn amount(told: &Row<'_>, kind: &str) -> Result<(Asset, Decimal), VenueError> {
    let usdc = |field| Ok((Asset::from(USDC), told.decimal(field)?));
    match kind {
        // Its executions say what it came to.
        "liquidation" => Ok((Asset::from(USDC), Decimal::ZERO)),
        "vaultWithdraw" => usdc("netWithdrawnUsd"),
        "deposit"
        | "withdraw"
        | "accountClassTransfer"
        | "internalTransfer"
        | "subAccountTransfer"
        | "vaultCreate"
        | "vaultDeposit"
        | "vaultDistribution"
        | "vaultLeaderCommission" => usdc("usdc"),
        "rewardsClaim"
        | "spotTransfer"
        | "send"
        | "spotGenesis"
        | "cStakingTransfer"
        | "borrowLend"
        | "perpDexClassTransfer"
        | "accountActivationGas"
        | "activateDexAbstraction"
        | "deployGasAuction"
        | "gossipPriorityGasAuction" => Ok((token(told)?, told.decimal("amount")?)),
        _ if told.maybe("usdc").is_some() => usdc("usdc"),
        _ => Ok((token(told)?, told.maybe_decimal("amount")?.unwrap_or(Decimal::ZERO))),
    }
}

/// `HYPE`, or `PURR:0xc1fb593aeffbeb02f85e0308e9956a90`.
fn token(told: &Row<'_>) -> Result<Asset, VenueError> {
    let token = told.maybe_text("token")?;
    Ok(Asset::from(token.as_deref().and_then(|token| token.split(':').next()).unwrap_or(USDC)))
}

fn fee(told: &Row<'_>) -> Result<Option<(Asset, Decimal)>, VenueError> {
    let gas = told.maybe_decimal("nativeTokenFee")?.filter(|gas| !gas.is_zero());
    match (told.maybe_decimal("fee")?, gas) {
        (Some(fee), Some(gas)) if fee.is_zero() => Ok(Some((Asset::from(HYPE), gas))),
        (Some(fee), _) => {
            let token = told.maybe_text("feeToken")?;
            Ok(Some((Asset::from(token.as_deref().unwrap_or(USDC)), fee)))
        }
        (None, gas) => Ok(gas.map(|gas| (Asset::from(HYPE), gas))),
    }
}

fn effect(told: &Row<'_>, kind: &str, me: Option<&str>) -> Result<Effect, VenueError> {
    let outside = || Peer { address: None, internal: false };
    let moved = |from: &str, to: &str| Effect::Moved { from: from.to_owned(), to: to.to_owned() };
    let either = |forth: bool, a: &str, b: &str| if forth { moved(a, b) } else { moved(b, a) };
    Ok(match kind {
        "deposit" => Effect::In(outside()),
        "withdraw" => Effect::Out(Peer { address: told.maybe_string("destination")?, internal: false }),
        "accountClassTransfer" => either(told.flag("toPerp")?, SPOT, PERPS),
        "perpDexClassTransfer" => either(told.flag("toPerp")?, SPOT, &told.text("dex")?),
        "cStakingTransfer" => either(told.flag("isDeposit")?, SPOT, STAKING),
        "internalTransfer" | "subAccountTransfer" | "spotTransfer" => sent(told, me, moved(SPOT, SPOT))?,
        "send" => {
            let place = |field| -> Result<String, VenueError> {
                Ok(told.maybe_string(field)?.unwrap_or_else(|| PERPS.to_owned()))
            };
            sent(told, me, Effect::Moved { from: place("sourceDex")?, to: place("destinationDex")? })?
        }
        "vaultCreate" | "vaultDeposit" => with_vault(told, me, true)?,
        "vaultWithdraw" | "vaultDistribution" => with_vault(told, me, false)?,
        "borrowLend" => match &*told.text("operation")? {
            "supply" => moved(SPOT, LENT),
            "withdraw" => moved(LENT, SPOT),
            "borrow" => Effect::Credit,
            "repay" => Effect::Debit,
            _ => Effect::Unknown,
        },
        "rewardsClaim" | "spotGenesis" | "vaultLeaderCommission" => Effect::Credit,
        "accountActivationGas" | "deployGasAuction" | "gossipPriorityGasAuction" => Effect::Debit,
        _ => Effect::Unknown,
    })
}

/// Between two addresses; `own` if both are ours.
fn sent(told: &Row<'_>, me: Option<&str>, own: Effect) -> Result<Effect, VenueError> {
    let Some(me) = me else { return Ok(Effect::Unknown) };
    let (user, destination) = (told.string("user")?, told.string("destination")?);
    let peer = |address: String| Peer { internal: !is_system(&address), address: Some(address) };
    match (user.eq_ignore_ascii_case(me), destination.eq_ignore_ascii_case(me)) {
        (true, true) => Ok(own),
        (true, false) => Ok(Effect::Out(peer(destination))),
        (false, true) => Ok(Effect::In(peer(user))),
        (false, false) => Err(told.wrong("user")),
    }
}

fn is_system(address: &str) -> bool {
    let address = address.to_ascii_lowercase();
    address.starts_with(SYSTEM.0) || address == SYSTEM.1
}

/// What is in a vault is its depositors', so that it only changes its place; unless it is the vault that asks.
fn with_vault(told: &Row<'_>, me: Option<&str>, into: bool) -> Result<Effect, VenueError> {
    let vault = told.maybe_text("vault")?;
    if me.zip(vault.as_deref()).is_some_and(|(me, vault)| vault.eq_ignore_ascii_case(me)) {
        let peer = Peer { address: told.maybe_string("user")?, internal: true };
        return Ok(if into { Effect::In(peer) } else { Effect::Out(peer) });
    }
    let (from, to) = if into { (PERPS, VAULT) } else { (VAULT, PERPS) };
    Ok(Effect::Moved { from: from.to_owned(), to: to.to_owned() })
}
