//! What moves balances and is not a fill: deposits, withdrawals, dust, converts, distributions.
//!
//! Each is read in windows no longer than the venue allows. A window whose page is full is cut in two and each half
//! is asked for again: that needs no order of rows, no cursor, and loses nothing to rows that arrive meanwhile.

use super::{
    endpoint::{Ask, CONVERTS, DEPOSITS, DIVIDENDS, DUST, Endpoint, WITHDRAWALS},
    income, wire,
};
use crate::{
    Movement, MovementKind, MovementStatus, VenueError,
    saved::{Form, Instant},
};
use ledger::Asset;

/// Binance opened in July 2017: there is nothing before.
pub(crate) const GENESIS_MS: i64 = 1_498_867_200_000;
pub(crate) const DAY_MS: i64 = 86_400_000;
/// What is pending for longer than this is no longer looked after.
pub(crate) const PENDING_MS_MAX: i64 = 90 * DAY_MS;

/// A list of the venue. They stand in the order in which they are first read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Source {
    Deposits,
    Distributions,
    Dust,
    Withdrawals,
    Converts,
}

/// A span of time of a list, bounds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    pub(crate) from_ms: i64,
    pub(crate) to_ms: i64,
}

impl Source {
    /// These cost so little that they are always read from the beginning.
    pub(crate) const CHEAP: [Self; 3] = [Self::Deposits, Self::Distributions, Self::Dust];
    /// These are read from the account's first sign of life, and further back bit by bit, so many windows a round.
    pub(crate) const DEAR: [(Self, i64); 2] = [(Self::Withdrawals, 2), (Self::Converts, 4)];

    pub(crate) fn endpoint(self) -> &'static Endpoint {
        match self {
            Self::Deposits => &DEPOSITS,
            Self::Distributions => &DIVIDENDS,
            Self::Dust => &DUST,
            Self::Withdrawals => &WITHDRAWALS,
            Self::Converts => &CONVERTS,
        }
    }

    /// As the coverage calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Deposits => "deposits",
            Self::Distributions => "distributions",
            Self::Dust => "dust conversions",
            Self::Withdrawals => "withdrawals",
            Self::Converts => "conversions",
        }
    }

    pub(crate) fn window_ms(self) -> i64 {
        match self {
            Self::Deposits | Self::Withdrawals => 90 * DAY_MS - 1,
            Self::Converts => 30 * DAY_MS - 1,
            Self::Distributions => 180 * DAY_MS - 1,
            // The last ones, whenever they were.
            Self::Dust => i64::MAX,
        }
    }

    /// The list that tells a movement of this kind.
    pub(crate) fn of(kind: MovementKind) -> Self {
        match kind {
            MovementKind::Deposit => Self::Deposits,
            MovementKind::Withdrawal => Self::Withdrawals,
            MovementKind::Dust => Self::Dust,
            MovementKind::Convert => Self::Converts,
            // The last three are told by other wallets, if at all.
            MovementKind::Distribution
            | MovementKind::Interest
            | MovementKind::Transfer
            | MovementKind::Funding
            | MovementKind::Rebate => Self::Distributions,
        }
    }

    /// For how long a movement is remembered by its id. What is pending may change for so long; what is told when it
    /// is done only has to outlive the overlap.
    pub(crate) fn kept_ms(self) -> i64 {
        match self {
            Self::Deposits | Self::Withdrawals | Self::Converts => PENDING_MS_MAX,
            Self::Distributions | Self::Dust => 7 * DAY_MS,
        }
    }

    fn rows_max(self) -> usize {
        match self {
            Self::Deposits | Self::Withdrawals | Self::Converts => 1000,
            Self::Distributions => 500,
            Self::Dust => 100,
        }
    }

    pub(crate) fn ask(self, window: Window) -> Ask {
        if self == Self::Dust {
            return self.endpoint().ask();
        }
        let ask = self.endpoint().ask().with("startTime", window.from_ms).with("endTime", window.to_ms);
        ask.with("limit", self.rows_max())
    }

    /// The movements of a page, and whether there may be more in its window.
    pub(crate) fn read(self, body: &[u8]) -> Result<(Vec<Movement>, bool), VenueError> {
        let at = self.endpoint().path;
        let (movements, more) = match self {
            Self::Deposits => (rows(wire::read::<Vec<_>>(at, body)?, deposit)?, false),
            Self::Withdrawals => (rows(wire::read::<Vec<_>>(at, body)?, withdrawal)?, false),
            Self::Distributions => {
                (rows(wire::read::<wire::Distributions<'_>>(at, body)?.rows, distribution)?, false)
            }
            Self::Converts => {
                let told: wire::Converts<'_> = wire::read(at, body)?;
                (rows(told.list, convert)?, told.more_data)
            }
            Self::Dust => {
                let told: wire::Dribblets<'_> = wire::read(at, body)?;
                let full = told.user_asset_dribblets.len() >= self.rows_max();
                let each: Result<Vec<_>, _> = told.user_asset_dribblets.into_iter().map(dust).collect();
                return Ok((each?.concat(), full));
            }
        };
        let full = more || movements.len() >= self.rows_max();
        Ok((movements, full))
    }
}

impl Window {
    pub(crate) fn has(self, at_ms: i64) -> bool {
        (self.from_ms..=self.to_ms).contains(&at_ms)
    }

    /// Windows of at most `length_ms` that cover a span.
    pub(crate) fn split(self, length_ms: i64) -> Vec<Self> {
        let mut windows = Vec::new();
        let mut from_ms = self.from_ms;
        while from_ms <= self.to_ms {
            let to_ms = from_ms.saturating_add(length_ms).min(self.to_ms);
            windows.push(Self { from_ms, to_ms });
            from_ms = to_ms.saturating_add(1);
        }
        windows
    }

    /// Both halves; `None` for a single millisecond.
    pub(crate) fn halves(self) -> Option<[Self; 2]> {
        let middle_ms = self.from_ms + (self.to_ms - self.from_ms) / 2;
        (self.from_ms < self.to_ms)
            .then_some([Self { to_ms: middle_ms, ..self }, Self { from_ms: middle_ms + 1, ..self }])
    }
}

impl Form for Window {
    fn write(&self, out: &mut Vec<u8>) {
        let Self { from_ms, to_ms } = self;
        Instant(*from_ms).write(out);
        Instant(*to_ms).write(out);
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        let (Instant(from_ms), Instant(to_ms)) = Form::read(left)?;
        Some(Self { from_ms, to_ms })
    }
}

/// The numbers are part of what is written.
impl Form for Source {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Deposits => 0,
            Self::Distributions => 1,
            Self::Dust => 2,
            Self::Withdrawals => 3,
            Self::Converts => 4,
        });
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        Some(match u64::read(left)? {
            0 => Self::Deposits,
            1 => Self::Distributions,
            2 => Self::Dust,
            3 => Self::Withdrawals,
            4 => Self::Converts,
            _ => return None,
        })
    }
}

/// The numbers are part of what is written.
impl Form for MovementKind {
    fn write(&self, out: &mut Vec<u8>) {
        out.push(match self {
            Self::Deposit => 0,
            Self::Withdrawal => 1,
            Self::Dust => 2,
            Self::Convert => 3,
            Self::Distribution => 4,
            Self::Interest => 5,
            Self::Transfer => 6,
            Self::Funding => 7,
            Self::Rebate => 8,
        });
    }

    fn read(left: &mut &[u8]) -> Option<Self> {
        Some(match u64::read(left)? {
            0 => Self::Deposit,
            1 => Self::Withdrawal,
            2 => Self::Dust,
            3 => Self::Convert,
            4 => Self::Distribution,
            5 => Self::Interest,
            6 => Self::Transfer,
            7 => Self::Funding,
            8 => Self::Rebate,
            _ => return None,
        })
    }
}

fn rows<T>(rows: Vec<T>, read: fn(T) -> Result<Movement, VenueError>) -> Result<Vec<Movement>, VenueError> {
    rows.into_iter().map(read).collect()
}

fn asset(text: &wire::Text<'_>) -> Asset {
    Asset::from(text.as_str())
}

/// An empty text stands for none: nothing was sent yet.
fn transaction(text: Option<&wire::Text<'_>>) -> Option<String> {
    text.map(|text| text.as_str().trim().to_owned()).filter(|text| !text.is_empty())
}

fn deposit(row: wire::Deposit<'_>) -> Result<Movement, VenueError> {
    let at = DEPOSITS.path;
    Ok(Movement {
        id: row.id.as_str().to_owned(),
        kind: MovementKind::Deposit,
        time: row.insert_time.time(at, "insertTime")?,
        received: Some((asset(&row.coin), row.amount.decimal(at, "amount")?)),
        spent: None,
        fee: None,
        transaction: transaction(row.tx_id.as_ref()),
        status: match row.status.whole::<i64>(at, "status")? {
            // 6: credited, not to be withdrawn yet.
            1 | 6 => MovementStatus::Settled,
            // 2: rejected, 7: wrong deposit.
            2 | 7 => MovementStatus::Failed,
            // 0: confirming, 8: waiting for the user; what is new to us may be settled later.
            _ => MovementStatus::Pending,
        },
    })
}

fn withdrawal(row: wire::Withdrawal<'_>) -> Result<Movement, VenueError> {
    let at = WITHDRAWALS.path;
    let amount = row.amount.decimal(at, "amount")?;
    let fee =
        row.transaction_fee.map(|fee| fee.decimal(at, "transactionFee")).transpose()?.unwrap_or_default();
    let gross = amount.checked_add(fee).map_err(|_| wire::wrong(at, "transactionFee"))?;
    Ok(Movement {
        id: row.id.as_str().to_owned(),
        kind: MovementKind::Withdrawal,
        time: row.apply_time.time(at, "applyTime")?,
        received: None,
        spent: Some((asset(&row.coin), gross)),
        fee: Some((asset(&row.coin), fee)),
        transaction: transaction(row.tx_id.as_ref()),
        status: match row.status.whole::<i64>(at, "status")? {
            6 => MovementStatus::Settled,
            // 1: cancelled, 3: rejected, 5: failure.
            1 | 3 | 5 => MovementStatus::Failed,
            // 0: mail sent, 2: awaiting approval, 4: processing.
            _ => MovementStatus::Pending,
        },
    })
}

fn distribution(row: wire::Distribution<'_>) -> Result<Movement, VenueError> {
    let at = DIVIDENDS.path;
    let amount = (asset(&row.asset), row.amount.decimal(at, "amount")?);
    let id = row.id.or(row.tran_id).ok_or_else(|| wire::wrong(at, "id"))?;
    let back = row.direction.is_some_and(|direction| direction.as_str() == "-1");
    let (received, spent) = if back { (None, Some(amount)) } else { (Some(amount), None) };
    let earned = row.en_info.as_ref().is_some_and(|text| income::is_interest(text.as_str()));
    Ok(Movement {
        id: id.as_str().to_owned(),
        kind: if earned { MovementKind::Interest } else { MovementKind::Distribution },
        time: row.div_time.time(at, "divTime")?,
        received,
        spent,
        fee: None,
        transaction: None,
        status: MovementStatus::Settled,
    })
}

fn convert(row: wire::Convert<'_>) -> Result<Movement, VenueError> {
    let at = CONVERTS.path;
    Ok(Movement {
        id: row.order_id.as_str().to_owned(),
        kind: MovementKind::Convert,
        time: row.create_time.time(at, "createTime")?,
        received: Some((asset(&row.to_asset), row.to_amount.decimal(at, "toAmount")?)),
        spent: Some((asset(&row.from_asset), row.from_amount.decimal(at, "fromAmount")?)),
        fee: None,
        transaction: None,
        status: match row.order_status.as_str() {
            "SUCCESS" => MovementStatus::Settled,
            "FAIL" | "EXPIRED" => MovementStatus::Failed,
            _ => MovementStatus::Pending,
        },
    })
}

/// One movement for each asset that was swept; what arrived is BNB.
fn dust(row: wire::Dribblet<'_>) -> Result<Vec<Movement>, VenueError> {
    let at = DUST.path;
    let each = row.user_asset_dribblet_details.into_iter().map(|detail| {
        let bnb = |text: &wire::Text<'_>, field| Ok((Asset::from("BNB"), text.decimal(at, field)?));
        Ok(Movement {
            id: format!("{}/{}", row.trans_id.as_str(), detail.from_asset.as_str()),
            kind: MovementKind::Dust,
            time: detail.operate_time.time(at, "operateTime")?,
            received: Some(bnb(&detail.transfered_amount, "transferedAmount")?),
            spent: Some((asset(&detail.from_asset), detail.amount.decimal(at, "amount")?)),
            fee: Some(bnb(&detail.service_charge_amount, "serviceChargeAmount")?),
            transaction: None,
            status: MovementStatus::Settled,
        })
    });
    each.collect()
}
