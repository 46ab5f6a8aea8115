//! What changes an account beside fills: deposits, funding, dust, and the like. Each is a line of the account with an
//! asset and a signed amount, and says whether it is an external flow or part of the result (METRICS.md section 3.1).

use crate::{Asset, Decimal, LedgerError, Refused, Timestamp};
use alloc::{collections::BTreeMap, sync::Arc, vec::Vec};

/// 2009-01-03, when there was the first block to move coins with.
const TIME_MIN: Timestamp = Timestamp::from_millis(1_230_940_800_000);
/// Digits of an amount.
const DIGITS_MAX: u8 = 38;

/// What a line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineKind {
    /// Coins or money arrived from outside.
    Deposit,
    /// Coins or money left, without the network's fee.
    Withdrawal,
    /// To or from an account of the same venue that is not read.
    Transfer,
    /// A credit of the venue that nobody earned: airdrop, bonus, voucher.
    Airdrop,
    /// What a withdrawal cost.
    NetworkFee,
    /// Funding of a perpetual contract.
    Funding,
    /// Interest paid or earned, staking and lending income.
    Interest,
    /// A fee that came back apart from its fill.
    Rebate,
    /// A forced closing's own charge.
    Liquidation,
    /// One leg of an exchange outside the order book.
    Conversion,
    /// One leg of a sweep of small balances.
    Dust,
}

/// What a kind of line means for performance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LineClass {
    /// Money from or to outside: never profit.
    Flow,
    /// Part of the result.
    Result,
    /// Legs of an exchange: what they differ by, at the prices of the instant, is part of the result.
    Exchange,
}

impl LineKind {
    /// All of them, flows first.
    pub const ALL: [Self; 11] = [
        Self::Deposit,
        Self::Withdrawal,
        Self::Transfer,
        Self::Airdrop,
        Self::NetworkFee,
        Self::Funding,
        Self::Interest,
        Self::Rebate,
        Self::Liquidation,
        Self::Conversion,
        Self::Dust,
    ];

    /// What it means for performance.
    pub const fn class(self) -> LineClass {
        match self {
            Self::Deposit | Self::Withdrawal | Self::Transfer | Self::Airdrop => LineClass::Flow,
            Self::NetworkFee | Self::Funding | Self::Interest | Self::Rebate | Self::Liquidation => {
                LineClass::Result
            }
            Self::Conversion | Self::Dust => LineClass::Exchange,
        }
    }

    /// As it stands in answers and files.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Deposit => "deposit",
            Self::Withdrawal => "withdrawal",
            Self::Transfer => "transfer",
            Self::Airdrop => "airdrop",
            Self::NetworkFee => "network_fee",
            Self::Funding => "funding",
            Self::Interest => "interest",
            Self::Rebate => "rebate",
            Self::Liquidation => "liquidation",
            Self::Conversion => "conversion",
            Self::Dust => "dust",
        }
    }

    /// The kind of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// One change of one asset of one account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Whose.
    pub account: Arc<str>,
    /// The venue's id. Unique per account, kind, asset and sign.
    pub id: Arc<str>,
    /// What it is.
    pub kind: LineKind,
    /// When it took effect.
    pub time: Timestamp,
    /// Of which asset.
    pub asset: Asset,
    /// How much: above zero came in.
    pub amount: Decimal,
    /// The transaction on a chain, where there is one: a withdrawal here and a deposit there with the same one are a
    /// transfer between own accounts.
    pub transaction: Option<Arc<str>>,
}

/// What tells lines apart: account, kind, id, asset, and whether it came in.
type LineKey = (Arc<str>, LineKind, Arc<str>, Asset, bool);

/// Lines of accounts, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines {
    all: BTreeMap<LineKey, Line>,
}

impl Lines {
    /// Adds lines, in any order, with any repetition. Returns how many were not known.
    ///
    /// # Errors
    /// If one contradicts another of its id, is older than any coin, or has an amount that no venue writes; then nothing
    /// was added.
    pub fn apply(&mut self, lines: Vec<Line>) -> Result<usize, LedgerError> {
        let mut fresh: BTreeMap<LineKey, Line> = BTreeMap::new();
        for line in lines {
            if line.time < TIME_MIN {
                return Err(Refused::InvalidTime.into());
            }
            if !line.amount.has_digits_up_to(DIGITS_MAX) {
                return Err(Refused::NumberTooLong.into());
            }
            let key = (
                Arc::clone(&line.account),
                line.kind,
                Arc::clone(&line.id),
                line.asset.clone(),
                !line.amount.is_negative(),
            );
            match self.all.get(&key).or_else(|| fresh.get(&key)) {
                Some(known) if *known != line => return Err(Refused::DuplicateConflict.into()),
                Some(_) => {}
                None => {
                    fresh.insert(key, line);
                }
            }
        }
        let new = fresh.len();
        self.all.append(&mut fresh);
        Ok(new)
    }

    /// All lines, by account, kind, id, asset and sign.
    pub fn iter(&self) -> impl Iterator<Item = &Line> {
        self.all.values()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// There is none.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }
}
