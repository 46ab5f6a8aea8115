//! Statistics of closed trades and of round trips (METRICS.md section 5), over their net profits x_i in order.
//!
//! ```text
//! win_rate      = wins / N                 profit_factor = sum W / |sum L|
//! payoff_ratio  = mean W / |mean L|        expectancy    = sum x / N
//! sqn           = sqrt(N) · mean(x) / std(x), divisor N - 1
//! kelly         = w - (1 - w) / payoff_ratio,  w = wins / (wins + losses)
//! ```

use super::Summary;
use crate::{Decimal, Measured, Reason};

/// Fewer trades than this are a small sample (METRICS.md section 1, Quality flags).
const SAMPLE_MIN: u64 = 30;
/// METRICS.md section 1: a dispersion up to 1e-14 is none.
const DISPERSION_MIN: Decimal = Decimal::from_short(1, 14);

/// What is known of a list of trades.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// How many.
    pub count: u64,
    /// The rest; without a trade, or when one could not be valued, only the count exists.
    pub figures: Measured<Figures>,
}

/// Statistics of at least one trade.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    /// Trades above zero.
    pub wins: u64,
    /// Trades below zero.
    pub losses: u64,
    /// Trades of zero.
    pub scratches: u64,
    /// Wins among all.
    pub win_rate: Measured<Decimal>,
    /// Sum of the wins.
    pub gross_profit: Decimal,
    /// Sum of the losses, not above zero.
    pub gross_loss: Decimal,
    /// Wins for each unit of loss.
    pub profit_factor: Measured<Decimal>,
    /// Mean win.
    pub average_win: Measured<Decimal>,
    /// Mean loss.
    pub average_loss: Measured<Decimal>,
    /// Best trade, if one won.
    pub largest_win: Measured<Decimal>,
    /// Worst trade, if one lost.
    pub largest_loss: Measured<Decimal>,
    /// Mean win for each unit of mean loss.
    pub payoff_ratio: Measured<Decimal>,
    /// Mean trade.
    pub expectancy: Measured<Decimal>,
    /// Longest run of wins.
    pub max_consecutive_wins: u64,
    /// Longest run of losses.
    pub max_consecutive_losses: u64,
    /// System quality number.
    pub sqn: Measured<Decimal>,
    /// Kelly's fraction.
    pub kelly: Measured<Decimal>,
    /// Mean of the quantity-weighted holding times, in milliseconds.
    pub average_holding_ms: Measured<Decimal>,
}

impl Statistics {
    /// Of trades that are summed up.
    pub(crate) fn of(summary: &Summary) -> Self {
        Self { count: summary.count, figures: figures(summary) }
    }

    /// So few trades that the figures say little.
    pub const fn low_sample(&self) -> bool {
        self.count < SAMPLE_MIN
    }
}

fn figures(summary: &Summary) -> Measured<Figures> {
    let Summary { count, wins, losses, .. } = *summary;
    let (gross_profit, gross_loss) = (summary.won?, summary.lost?);
    let (Some(most), Some(least)) = (summary.most, summary.least) else {
        return Err(Reason::InsufficientData);
    };
    let (average_win, average_loss) = (mean(gross_profit, wins), mean(gross_loss, losses));
    let payoff_ratio = match (average_win, average_loss) {
        (Ok(win), Ok(loss)) => Ok(win.checked_div(loss.abs())?),
        (Err(why), _) | (_, Err(why)) => Err(why),
    };
    Ok(Figures {
        wins,
        losses,
        scratches: count.saturating_sub(wins).saturating_sub(losses),
        win_rate: mean(wins.into(), count),
        gross_profit,
        gross_loss,
        profit_factor: match losses {
            0 => Err(Reason::NoLosses),
            _ => Ok(gross_profit.checked_div(gross_loss.abs())?),
        },
        average_win,
        average_loss,
        largest_win: Some(most).filter(Decimal::is_positive).ok_or(Reason::InsufficientData),
        largest_loss: Some(least).filter(Decimal::is_negative).ok_or(Reason::InsufficientData),
        payoff_ratio,
        expectancy: mean(gross_profit.checked_add(gross_loss)?, count),
        max_consecutive_wins: summary.runs.wins_max,
        max_consecutive_losses: summary.runs.losses_max,
        sqn: sqn(summary, most.checked_sub(least)?),
        kelly: kelly(wins, losses, payoff_ratio),
        average_holding_ms: summary.held_ms.and_then(|held| mean(held, count)),
    })
}

fn mean(sum: Decimal, count: u64) -> Measured<Decimal> {
    if count == 0 { Err(Reason::InsufficientData) } else { Ok(sum.checked_div(count.into())?) }
}

fn kelly(wins: u64, losses: u64, payoff_ratio: Measured<Decimal>) -> Measured<Decimal> {
    let payoff_ratio = payoff_ratio?;
    let win_share = mean(wins.into(), wins.saturating_add(losses))?;
    let lost = Decimal::ONE.checked_sub(win_share)?.checked_div(payoff_ratio)?;
    Ok(win_share.checked_sub(lost)?)
}

fn sqn(summary: &Summary, range: Decimal) -> Measured<Decimal> {
    if summary.count < 2 {
        return Err(Reason::InsufficientData);
    }
    if range <= DISPERSION_MIN {
        return Err(Reason::ZeroVariance);
    }
    Ok(summary.squares.quality(summary.count)?)
}
