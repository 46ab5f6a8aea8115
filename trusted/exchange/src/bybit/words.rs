//! Bybit's words for what it books, and what its contracts are called
//! (https://bybit-exchange.github.io/docs/v5/enum#typeuta-translog).

use crate::{
    MovementKind,
    dialect::{Board, Listing},
};
use ledger::{Asset, Decimal};

/// What a booking is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Executions or funding tell it.
    Trade,
    /// One side of an exchange.
    Leg,
    /// A change of one balance.
    Kind(MovementKind),
    /// Nobody explains it.
    Unknown,
}

/// The types of the unified wallet's log.
pub(super) fn of_log(kind: &str) -> Word {
    const MOVED: [&str; 15] = [
        "TRANSFER_",
        "_SUBSCRIPTION",
        "_REDEMPTION",
        "_REFUND",
        "_INS_LOAN",
        "INSTITUTION_",
        "LOANS_",
        "CUSTODY_",
        "PEF_",
        "PREMARKET_",
        "BORROW",
        "REPAY",
        "PLATFORM_TOKEN_",
        "_LST",
        "DBS_CASH",
    ];
    match kind {
        "TRADE" | "SETTLEMENT" | "DELIVERY" | "LIQUIDATION" | "ADL" => Word::Trade,
        "FEE_REFUND" => Word::Kind(MovementKind::Rebate),
        "CUSTODY_NETWORK_FEE" | "CUSTODY_SETTLE_FEE" => Word::Kind(MovementKind::Interest),
        "AIRDROP"
        | "BONUS"
        | "BONUS_RECOLLECT"
        | "BONUS_TRANSFER_IN"
        | "BONUS_TRANSFER_OUT"
        | "TWAP_BUDGET_AIRDROP"
        | "TWAP_BUDGET_RECALL" => Word::Kind(MovementKind::Distribution),
        // What an exchange gave and got that nobody named a purchase or a sale.
        "AUTO_SOLD_COLLATERAL_INS_LOAN"
        | "AUTO_BUY_LIABILITY_INS_LOAN"
        | "CONVERT"
        | "IDN_CONVERT_IN"
        | "IDN_CONVERT_OUT" => Word::Leg,
        _ if kind.contains("INTEREST") => Word::Kind(MovementKind::Interest),
        _ if kind.ends_with("_BUY") || kind.ends_with("_SELL") => Word::Leg,
        _ if MOVED.iter().any(|word| kind.contains(word)) => Word::Kind(MovementKind::Transfer),
        _ => Word::Unknown,
    }
}

/// `Earn/Easy Earn | Flexible Interest Distribution`: the funding wallet's words are for people, and no list of them is public.
pub(super) fn of_funding_wallet(words: &str) -> Word {
    let words = words.to_ascii_lowercase();
    let says = |all: &[&str]| all.iter().any(|word| words.contains(word));
    let kind = words.split('/').next().unwrap_or_default();
    match kind {
        _ if kind.contains("transfer") => Word::Kind(MovementKind::Transfer),
        _ if kind.contains("deposit") => Word::Kind(MovementKind::Deposit),
        _ if kind.contains("withdraw") => Word::Kind(MovementKind::Withdrawal),
        _ if says(&["interest", "yield", "staking reward"]) => Word::Kind(MovementKind::Interest),
        _ if says(&["convert", "exchange"]) => Word::Leg,
        _ if says(&["airdrop", "reward", "bonus"]) => Word::Kind(MovementKind::Distribution),
        _ if says(&["earn", "staking", "loan", "transfer", "subscription", "redemption", "bot"]) => {
            Word::Kind(MovementKind::Transfer)
        }
        _ => Word::Unknown,
    }
}

/// A perpetual contract that is listed no more, by its name: `BTCUSDT`, `BTCPERP`, `BTCUSD`. One that ended is not guessed at.
pub(super) fn contract(symbol: &str, inverse: bool) -> Option<Listing> {
    let of = |end: &str, quote: &str| {
        let base = symbol.strip_suffix(end).filter(|base| !base.is_empty() && !base.contains('-'))?;
        Some((Asset::from(base), Asset::from(quote)))
    };
    let (base, quote) =
        if inverse { of("USD", "USD") } else { of("USDT", "USDT").or_else(|| of("PERP", "USDC")) }?;
    Some(Listing {
        id: symbol.to_owned(),
        board: Board::Contract,
        settle: Some(if inverse { base.clone() } else { quote.clone() }),
        base,
        quote,
        contract_size: Decimal::ONE,
        inverse,
        expires: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_trades_tell_is_no_movement_and_what_nobody_explains_is_no_income() {
        use MovementKind::{Deposit, Distribution, Interest, Rebate, Transfer, Withdrawal};
        for (kind, word) in [
            ("TRADE", Word::Trade),
            ("SETTLEMENT", Word::Trade),
            ("CURRENCY_BUY", Word::Leg),
            ("EARNING_REDEMPTION_SELL", Word::Leg),
            ("SPOT_REPAYMENT_BUY", Word::Leg),
            ("TRANSFER_IN", Word::Kind(Transfer)),
            ("FLEXIBLE_STAKING_SUBSCRIPTION", Word::Kind(Transfer)),
            ("BORROWED_AMOUNT_INS_LOAN", Word::Kind(Transfer)),
            ("PRINCIPLE_REPAYMENT_INS_LOAN", Word::Kind(Transfer)),
            ("AUTO_SOLD_COLLATERAL_INS_LOAN", Word::Leg),
            ("AUTO_BUY_LIABILITY_INS_LOAN", Word::Leg),
            ("BORROW", Word::Kind(Transfer)),
            ("REPAY", Word::Kind(Transfer)),
            ("FLOATING_TO_FIXED_REPAY", Word::Kind(Transfer)),
            ("CONVERT", Word::Leg),
            ("IDN_CONVERT_OUT", Word::Leg),
            ("PLATFORM_TOKEN_MNT_LIQRECALLEDMMNT", Word::Kind(Transfer)),
            ("TWAP_BUDGET_RECALL", Word::Kind(Distribution)),
            ("INTEREST", Word::Kind(Interest)),
            ("INTEREST_REPAYMENT_INS_LOAN", Word::Kind(Interest)),
            ("FEE_REFUND", Word::Kind(Rebate)),
            ("AIRDROP", Word::Kind(Distribution)),
            ("AUTO_DEDUCTION", Word::Unknown),
            ("", Word::Unknown),
        ] {
            assert_eq!(of_log(kind), word, "{kind}");
        }
        for (words, word) in [
            ("Deposit/Deposit", Word::Kind(Deposit)),
            ("Withdraw/Withdraw", Word::Kind(Withdrawal)),
            ("Transfer/Transfer to Unified Trading Account", Word::Kind(Transfer)),
            ("Earn/Easy Earn | Flexible Interest Distribution", Word::Kind(Interest)),
            ("Earn/Easy Earn | Subscription", Word::Kind(Transfer)),
            ("Convert/Convert", Word::Leg),
            ("Rewards/Airdrop", Word::Kind(Distribution)),
            ("P2P/Sell", Word::Unknown),
        ] {
            assert_eq!(of_funding_wallet(words), word, "{words}");
        }
    }

    #[test]
    fn a_perpetual_is_known_by_its_name() {
        let named = |symbol, inverse| {
            let Listing { base, quote, settle, .. } = contract(symbol, inverse)?;
            Some([base, quote, settle?].map(|asset| asset.as_str().to_owned()))
        };
        assert_eq!(named("OLDUSDT", false).unwrap(), ["OLD", "USDT", "USDT"]);
        assert_eq!(named("ETHPERP", false).unwrap(), ["ETH", "USDC", "USDC"]);
        assert_eq!(named("BTCUSD", true).unwrap(), ["BTC", "USD", "BTC"]);
        for (symbol, inverse) in [("ETH-26DEC25", false), ("BTCUSDZ25", true), ("USDT", false)] {
            assert_eq!(named(symbol, inverse), None, "{symbol}");
        }
    }
}
