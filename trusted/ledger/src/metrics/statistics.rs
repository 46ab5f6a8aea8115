//! Statistics of closed trades and of round trips (METRICS.md section 5), over their net profits x_i in order.
//!
//! ```text
//! win_rate      = wins / N                 profit_factor = sum W / |sum L|
//! payoff_ratio  = mean W / |mean L|        expectancy    = sum x / N
//! sqn           = sqrt(N) · mean(x) / std(x), divisor N - 1
//! kelly         = w - (1 - w) / payoff_ratio,  w = wins / (wins + losses)
//! ```

use crate::{Decimal, Measured, NumberError, Reason};
use alloc::vec::Vec;

/// Fewer trades than this are a small sample (METRICS.md section 1, Quality flags).
const SAMPLE_MIN: u64 = 30;
/// A profit up to this is a scratch: it may be what the rounded shares of a fee leave of an exact zero.
const PROFIT_MIN: &str = "0.00000000000000000001";
/// METRICS.md section 1: a dispersion up to 1e-14 is none.
const DISPERSION_MIN: &str = "0.00000000000001";
/// Decimals of profits in the unit of their range: the squares of 10^10 of them add up without loss.
const SCALED_DECIMALS: u8 = 28;
/// Decimals of a system quality number.
const SQN_DECIMALS: u8 = 36;

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

/// One trade as statistics see it.
pub(crate) struct Observation {
    pub(crate) net: Measured<Decimal>,
    /// Holding time in milliseconds.
    pub(crate) held_ms: Measured<Decimal>,
}

impl Statistics {
    /// Of trades in their order.
    pub(crate) fn of(observations: &[Observation]) -> Self {
        let count = count(observations.iter());
        Self { count, figures: figures(observations, count) }
    }

    /// So few trades that the figures say little.
    pub const fn low_sample(&self) -> bool {
        self.count < SAMPLE_MIN
    }
}

fn figures(observations: &[Observation], trades: u64) -> Measured<Figures> {
    let least: Decimal = PROFIT_MIN.parse()?;
    let noticed = |net: Decimal| if net.abs() > least { net } else { Decimal::ZERO };
    let nets = observations.iter().map(|trade| trade.net.map(noticed)).collect::<Measured<Vec<_>>>()?;
    if nets.is_empty() {
        return Err(Reason::InsufficientData);
    }
    let won = || nets.iter().copied().filter(Decimal::is_positive);
    let lost = || nets.iter().copied().filter(Decimal::is_negative);
    let (wins, losses) = (count(won()), count(lost()));
    let (gross_profit, gross_loss) = (total(won())?, total(lost())?);
    let (average_win, average_loss) = (mean(gross_profit, wins), mean(gross_loss, losses));
    let payoff_ratio = match (average_win, average_loss) {
        (Ok(win), Ok(loss)) => Ok(win.checked_div(loss.abs())?),
        (Err(why), _) | (_, Err(why)) => Err(why),
    };
    let held = observations.iter().map(|trade| trade.held_ms).collect::<Measured<Vec<_>>>();
    Ok(Figures {
        wins,
        losses,
        scratches: trades.saturating_sub(wins).saturating_sub(losses),
        win_rate: mean(wins.into(), trades),
        gross_profit,
        gross_loss,
        profit_factor: match losses {
            0 => Err(Reason::NoLosses),
            _ => Ok(gross_profit.checked_div(gross_loss.abs())?),
        },
        average_win,
        average_loss,
        largest_win: won().max().ok_or(Reason::InsufficientData),
        largest_loss: lost().min().ok_or(Reason::InsufficientData),
        payoff_ratio,
        expectancy: mean(total(nets.iter().copied())?, trades),
        max_consecutive_wins: longest_run(&nets, Decimal::is_positive),
        max_consecutive_losses: longest_run(&nets, Decimal::is_negative),
        sqn: sqn(&nets, trades),
        kelly: kelly(wins, losses, payoff_ratio),
        average_holding_ms: held.and_then(|held| mean(total(held.into_iter())?, trades)),
    })
}

fn count<T>(values: impl Iterator<Item = T>) -> u64 {
    u64::try_from(values.count()).unwrap_or(u64::MAX)
}

fn total(mut values: impl Iterator<Item = Decimal>) -> Result<Decimal, NumberError> {
    values.try_fold(Decimal::ZERO, Decimal::checked_add)
}

fn mean(sum: Decimal, count: u64) -> Measured<Decimal> {
    if count == 0 { Err(Reason::InsufficientData) } else { Ok(sum.checked_div(count.into())?) }
}

/// A scratch ends a run.
fn longest_run(nets: &[Decimal], belongs: fn(&Decimal) -> bool) -> u64 {
    nets.chunk_by(|a, b| belongs(a) == belongs(b))
        .filter(|run| run.first().is_some_and(belongs))
        .map(|run| count(run.iter()))
        .max()
        .unwrap_or(0)
}

fn kelly(wins: u64, losses: u64, payoff_ratio: Measured<Decimal>) -> Measured<Decimal> {
    let payoff_ratio = payoff_ratio?;
    let win_share = mean(wins.into(), wins.saturating_add(losses))?;
    let lost = Decimal::ONE.checked_sub(win_share)?.checked_div(payoff_ratio)?;
    Ok(win_share.checked_sub(lost)?)
}

/// With u_i = (x_i - min x) / range, from 0 to 1: sqn = sum x / range · sqrt((N - 1) / V), where
/// V = N · sum u² - (sum u)². So nothing is lost where profits hardly differ.
fn sqn(nets: &[Decimal], trades: u64) -> Measured<Decimal> {
    let (Some(least), Some(most)) = (nets.iter().min(), nets.iter().max()) else {
        return Err(Reason::InsufficientData);
    };
    if trades < 2 {
        return Err(Reason::InsufficientData);
    }
    let range = most.checked_sub(*least)?;
    if range <= DISPERSION_MIN.parse()? {
        return Err(Reason::ZeroVariance);
    }
    let scale = Decimal::ONE.checked_div(range)?;
    let (mut sum, mut squares) = (Decimal::ZERO, Decimal::ZERO);
    for net in nets {
        let scaled = net.checked_sub(*least)?.rounded_mul(scale, SCALED_DECIMALS)?;
        sum = sum.checked_add(scaled)?;
        squares = squares.checked_add(scaled.checked_mul(scaled)?)?;
    }
    let spread = squares.checked_mul(trades.into())?.checked_sub(sum.checked_mul(sum)?)?;
    let root = Decimal::from(trades.saturating_sub(1)).checked_div(spread)?.sqrt().ok_or(Reason::Overflow)?;
    let total = total(nets.iter().copied())?.checked_div(range)?;
    Ok(total.rounded_mul(root, SQN_DECIMALS)?)
}
