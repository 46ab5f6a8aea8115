//! What each figure means: the words, formulas and edge cases of docs/metrics.md, to the letter (a test holds them
//! together), and the name under which people see it.

/** What one figure, or a few that are told together, mean. */
export interface Definition {
  readonly id: string;
  /** What people see. */
  readonly title: string;
  /** The heading of docs/metrics.md under which it stands. */
  readonly heading: string;
  readonly unit: string;
  /** Markdown: words in back quotes and stars. */
  readonly tells: string;
  readonly formula: string;
  /** When there is no number; empty if there always is one. */
  readonly nullWhen: string;
}

type Row = readonly [
  titles: Readonly<Record<string, string>>,
  unit: string,
  tells: string,
  formula: string,
  nullWhen: string,
];

function section(heading: string, rows: readonly Row[]): Definition[] {
  return rows.flatMap(([titles, unit, tells, formula, nullWhen]) =>
    Object.entries(titles).map(([id, title]) => ({ id, title, heading, unit, tells, formula, nullWhen })),
  );
}

const MONEY = 'money, in the currency of the figures';
const FRACTION = 'a fraction, shown as a percentage';
const RATIO = 'a ratio, without unit';

const ALL: readonly Definition[] = [
  ...section('Equity', [
    [{ equity: 'Equity' }, MONEY,
      'What the account holds, each coin at its market price, positions in contracts at their unrealised profit. A number that would rest on a price nobody has is withheld (`no_price`), never guessed.',
      'equity(t) = sum over assets of holding(asset, t) · price(asset, t)', 'a price is missing: `no_price`'],
  ]),
  ...section('The daily curve, and how each day is known', [
    [{ curve: 'Equity, day by day', how: 'How each day is known' }, MONEY,
      'Equity at each 00:00 UTC, from the beginning of complete history to yesterday; an event at the very midnight belongs to the day that ends there. Each day says how it is known:',
      'holding before an event = holding after it - its amount                 (backwards from the first observation)\nholding after an event  = holding before it + its amount                (forwards from each observation)', '`bridged`, `partial` and `missing` days: `no_price`, `partial`, `history_missing`'],
  ]),
  ...section('Drawdown', [
    [{ drawdown: 'Drawdown' }, FRACTION,
      'A drawdown goes from a highest value, through a trough, to the day that reaches the old height again. The start counts as a height, so that a loss on the first day is one. Indices count days: 0 is the start, i is after r_i.',
      'min of V_i / max(V_0..V_i) - 1', 'no daily return: `insufficient_data`'],
  ]),
  ...section('Explained', [
    [{ explained: 'Where the change comes from' }, MONEY,
      'Where the change of equity comes from, line by line; the parts add up to the total exactly, to the last digit. `trading` is what holdings gained by their prices and by being traded, before fees.',
      'opening + sum(lines by kind) + fees + trading + unexplained_in + unexplained_out + joined + newly_priced = closing', 'a fee without a price: `fee_unvalued`; a price is missing: `no_price`'],
  ]),
  ...section('Residual', [
    [{ residual: 'Residual', residual_bps: 'Residual by equity' }, 'money; by equity in basis points, 100 of which are 1%',
      'What changed in the balances and nothing explains: a source that we do not read, or a mistake. An increase counts as money from outside and a decrease as a loss, so nobody gains by what is not read; a residual of 0 means that every coin is accounted for.',
      'residual_bps      = 10000 · sum of absolute values, per finding / mean daily equity', 'no equity: its reason'],
  ]),
  ...section('Unpriced', [
    [{ unpriced: 'Held without a price' }, 'quantities, by asset',
      'Coins that are held and have no price, with their quantity. Up to 2% of equity (at the last known price) they are left out of that day: a loss that day, and a flow on the day they have a price again; above 2% the day is bridged, and if no later day can be priced the figures are withheld (`no_price`).',
      'left out:  last known worth of what has no price <= 2% of (priced equity + that worth)', ''],
  ]),
  ...section('Coverage: counts of days', [
    [{ coverage: 'Days' }, 'days',
      'How many days stand on what: `days_observed`, `days_reconstructed`, `days_bridged`, `days_partial`, `days_missing`. Fewer than 30 daily returns set `low_sample`; equity below zero on any day sets `negative_equity` (it counts as zero in a return, and is shown).',
      'days = number of daily marks of each kind;   turnover = volume / mean equity of the days that have one', 'nothing was collected yet: its reason'],
  ]),
  ...section('Coverage and sync', [
    [{ history: 'History', key_rights: 'Rights of the key', unread: 'Not read' }, 'times and words',
      'A number without its coverage misleads.',
      '', ''],
  ]),
  ...section('Returns with deposits and withdrawals', [
    [{ net_flow: 'Paid in, less taken out' }, MONEY,
      "What you paid in, less what you took out. It is an amount in the record's currency, and exact.",
      'sum of F', 'fewer than two valuations: `insufficient_data`'],
    [{ gain: 'Gain' }, MONEY,
      'What you earned in money, after taking deposits and withdrawals out. A large deposit with a small loss after it shows here as a loss, whatever the percentage says.',
      'E_end - E_start - `net_flow`', 'fewer than two valuations: `insufficient_data`'],
    [{ twr: 'Return (time-weighted)' }, FRACTION,
      'How the strategy did, as if no money had come or gone. This is the figure to compare traders by: the size and the moment of deposits do not change it.',
      'prod(1 + r) - 1; after -100% it stays there', 'one interval has none: its reason'],
    [{ twr_annualized: 'Return per year' }, 'a fraction, shown as a percentage, per year',
      'The same, as growth per year. It is not given for less than a year, because a good month is not a good year.',
      '(1 + `twr`)^(365/days) - 1', '`twr` has none: its reason; under 365 days: `period_under_one_year`'],
    [{ mwr_period: 'Money-weighted return' }, FRACTION,
      'How your money did: the constant growth that turns your deposits into what came back. It rewards paying in before a good time and punishes paying in before a bad one.',
      'x in E_end = E_start·(1+x) + sum F·(1+x)^((D - d)/D), whole days', 'within one day: `insufficient_data`; only paid in or only taken out: `no_sign_change`; no solution with 1+x from 1e-9 to 1e9: `no_root`; several: `multiple_roots`'],
    [{ mwr_annualized: 'Money-weighted per year' }, 'a fraction, shown as a percentage, per year',
      'The same per year, which is what spreadsheets call XIRR.',
      '(1 + x)^(365/D) - 1', 'as `mwr_period`; under 365 days: `period_under_one_year`'],
    [{ modified_dietz: 'Modified Dietz' }, FRACTION,
      'The formula of one interval over the whole time, for comparison. It needs no valuations between, and is wrong by what happened between.',
      'as `period_returns`, on the whole span', '`nonpositive_capital`'],
    [{ simple_dietz: 'Simple Dietz' }, FRACTION,
      'The same with every flow counted as if it came half-way. It can be done by hand, which is its use.',
      '(E_end - E_start - `net_flow`) / (E_start + `net_flow`/2)', '`nonpositive_capital`'],
  ]),
  ...section('Growth', [
    [{ total_return: 'Cumulative return, whole days' }, FRACTION,
      'What one unit became, less the unit. Gains and losses compound: +50% and -50% make -25%.',
      'V_n - 1', 'no daily return: `insufficient_data`'],
    [{ cagr: 'Growth per year (CAGR)' }, 'a fraction, shown as a percentage, per year',
      'Growth per year, for at least a year of returns. This is the annual return to quote.',
      '`cagr_raw`', 'under a year: `period_under_one_year`; fewer than P returns: `insufficient_data`'],
    [{ best_day: 'Best day', worst_day: 'Worst day' }, FRACTION,
      'The largest and the smallest return of a day. Both are real days.',
      'max r, min r', 'no daily return: `insufficient_data`'],
    [{ positive_days: 'Days with a gain' }, 'a fraction, shown as a percentage of days',
      'The share of days that made money. Days without any return count as days.',
      'days with r > 0, by n', 'no daily return: `insufficient_data`'],
    [{ positive_months: 'Months with a gain', best_month: 'Best month', worst_month: 'Worst month' }, FRACTION,
      'The same for calendar months (UTC), each with its days compounded. The first and the last month may be partial and count.',
      'prod(1 + r) - 1 for each month', 'no daily return: `insufficient_data`'],
  ]),
  ...section('Risk', [
    [{ volatility: 'Volatility' }, 'a fraction, shown as a percentage, per year',
      'How far returns scatter, as a yearly figure. Ups and downs count alike.',
      's·sqrt(P)', 'a flat series has 0; fewer than 2 returns: `insufficient_data`'],
    [{ downside_deviation: 'Downside deviation' }, 'a fraction, shown as a percentage, per year',
      'The same for what falls short of h only. All days are in the divisor, so that rare losses count as rare.',
      'sqrt(sum min(r - h, 0)^2 / n)·sqrt(P)', 'without losses 0; no daily return: `insufficient_data`'],
    [{ skewness: 'Skewness' }, RATIO,
      'Whether the large surprises are gains (above 0) or losses (below 0). Many small gains and a rare large loss make it negative.',
      'g1·sqrt(n(n-1))/(n-2), g1 = m3/m2^1.5', 'flat: `zero_variance`; fewer than 3 returns: `insufficient_data`'],
    [{ excess_kurtosis: 'Excess kurtosis' }, RATIO,
      'How much of the risk sits in few large days; 0 is Normal. Where it is high, volatility tells too little.',
      '(n-1)/((n-2)(n-3))·((n+1)·g2 + 6), g2 = m4/m2^2 - 3', 'flat: `zero_variance`; fewer than 4 returns: `insufficient_data`'],
    [{ var_hist_95: 'Value at risk, 95%', var_hist_99: 'Value at risk, 99%' }, 'a fraction, shown as a percentage, of a day',
      'The return that 5% (1%) of your days were below. It is read from your own days, and may be above 0.',
      'quantile of r at 5%, 1%, linear between days', 'no daily return: `insufficient_data`'],
    [{ cvar_hist_95: 'Expected shortfall, 95%', cvar_hist_99: 'Expected shortfall, 99%' }, 'a fraction, shown as a percentage, of a day',
      'The average of the worst 5% (1%) of days: what a bad day costs when it comes. It is never above the figure before.',
      'mean of the worst a·n days, the last with its fraction', 'no daily return: `insufficient_data`'],
    [{ tail_ratio: 'Tail ratio' }, RATIO,
      'The size of a very good day by that of a very bad one. Above 1 the good tail is the longer one.',
      'abs(q95)/abs(q5)', 'q5 = 0: `no_losses`; no daily return: `insufficient_data`'],
  ]),
  ...section('Drawdown', [
    [{ max_drawdown: 'Deepest drawdown' }, FRACTION,
      'The deepest fall from a height. Whoever came at the worst moment lost this much at the trough.',
      'min of V_i / max(V_0..V_i) - 1', 'never under water: 0; no daily return: `insufficient_data`'],
    [{ max_drawdown_days: 'Length of the deepest', longest_drawdown_days: 'Longest drawdown' }, 'days',
      'Days from the peak to the recovery, or until now: of the deepest, and of the one that took longest. They need not be the same.',
      'recovery (or n) - peak', 'never under water: 0; no daily return: `insufficient_data`'],
    [{ current_drawdown: 'Drawdown now' }, FRACTION,
      'How far below the highest value you are now. Zero means at the height.',
      'V_n / max V - 1', 'no daily return: `insufficient_data`'],
    [{ ulcer_index: 'Ulcer index' }, FRACTION,
      'Depth and length of all drawdowns in one figure. Long shallow ones count, which the deepest alone does not show.',
      'sqrt(sum d_i^2 / n)', 'no daily return: `insufficient_data`'],
  ]),
  ...section('Return for risk', [
    [{ sharpe: 'Sharpe ratio' }, 'a ratio, without unit, per year',
      'Return above the risk-free rate for each unit of volatility, per year. The usual first figure; see below how far it can be believed.',
      '(m - f)/s·sqrt(P)', 'flat: `zero_variance`; fewer than 2 returns: `insufficient_data`'],
    [{ sortino: 'Sortino ratio' }, 'a ratio, without unit, per year',
      'The same with downside deviation, so that large gains are no risk.',
      '(m - h)/sqrt(sum min(r - h, 0)^2 / n)·sqrt(P)', '`no_losses`; fewer than 2 returns: `insufficient_data`'],
    [{ omega: 'Omega ratio' }, RATIO,
      'All that was gained above h by all that fell short of it. Above 1, gains are the larger part.',
      'sum max(r - h, 0) / sum max(h - r, 0)', '`no_losses`; fewer than 2 returns: `insufficient_data`'],
    [{ calmar: 'Calmar ratio' }, RATIO,
      'Yearly growth by the deepest drawdown, over the whole history. It asks what the return cost in nerves.',
      '`cagr` / abs(`max_drawdown`)', 'that of `cagr`; `no_drawdown`; fewer than P returns: `insufficient_data`'],
    [{ martin_ratio: 'Martin ratio' }, RATIO,
      'Yearly growth above the risk-free rate by the ulcer index. Like Calmar, with all drawdowns instead of one.',
      '(`cagr` - annual risk-free rate) / `ulcer_index`', 'that of `cagr`; `no_drawdown`; fewer than P returns: `insufficient_data`'],
    [{ recovery_factor: 'Recovery factor' }, RATIO,
      'Total return by the deepest drawdown, at any length. It grows with time, so compare equal times only.',
      '`total_return` / abs(`max_drawdown`)', '`no_drawdown`; no daily return: `insufficient_data`'],
  ]),
  ...section('Against a benchmark', [
    [{ beta: 'Beta' }, RATIO,
      'How much you move when the benchmark moves by 1. A beta of 1 with no alpha is the benchmark, at a higher price.',
      'cov(r, b) / var(b)', 'benchmark flat: `zero_variance`'],
    [{ alpha: 'Alpha' }, 'a fraction, shown as a percentage, per year',
      'What you earned per year that beta does not explain. It is the intercept of the regression, not compounded.',
      'P·((mean r - f) - beta·(mean b - f))', 'benchmark flat: `zero_variance`'],
    [{ correlation: 'Correlation', r_squared: 'R squared' }, 'a ratio, without unit, from -1 to 1',
      'How closely you move together, and the share of your variance that the benchmark explains. Near 0 you are diversification, near 1 you are not.',
      'Pearson; its square', 'either flat: `zero_variance`'],
    [{ tracking_error: 'Tracking error' }, 'a fraction, shown as a percentage, per year',
      'How far you stray from the benchmark in a year. Zero means that you are it, or always the same distance away.',
      'std(a)·sqrt(P)', ''],
    [{ information_ratio: 'Information ratio' }, 'a ratio, without unit, per year',
      'Return above the benchmark for each unit of straying. It is the Sharpe ratio of the difference.',
      'mean(a)/std(a)·sqrt(P)', 'a flat: `zero_variance`'],
  ]),
  ...section('How far a Sharpe ratio can be believed', [
    [{ psr_0: 'P(Sharpe > 0)' }, 'a probability, from 0 to 1',
      'The probability that the true Sharpe ratio is above 0. Below 0.95, skill is not shown yet.',
      'psr(S*) = Phi((S - S*)·sqrt(n - 1) / sqrt(1 - g3·S + (g4 - 1)/4·S^2)), S* = 0', "the root's argument is not above 0: `nonpositive_variance_term`"],
    [{ psr_1: 'P(Sharpe > 1)' }, 'a probability, from 0 to 1',
      'The probability that it is above 1 per year. A stricter question, with the same formula.',
      'psr(1/sqrt(P))', 'the same'],
    [{ min_track_record_obs: 'Days until P is 95%' }, 'days',
      'How many days it takes until `psr_0` is 0.95, if the days go on like these. More than you have means: too early.',
      '1 + (1 - g3·S + (g4 - 1)/4·S^2)·(1.645/S)^2', 'S <= 0: `sharpe_not_above_benchmark`; `nonpositive_variance_term`'],
    [{ dsr: 'Deflated Sharpe ratio' }, 'a probability, from 0 to 1',
      'The same probability when this record is the best of N that were tried. The best of many looks good without any skill; N counts every try, and without N the figure is not published.',
      "psr(S0), S0 = sd·((1 - e)·Phi^-1(1 - 1/N) + e·Phi^-1(1 - 1/(N·exp 1))), e = 0.5772, sd: standard deviation of the tries' ratios", 'as `psr_0`'],
  ]),
  ...section('Realised profit and activity', [
    [{ fills: 'Fills' }, 'a number',
      'How many executions count, and when the first and the last were. A copy of a fill counts once.',
      '', 'no fill'],
    [{ volume: 'Volume' }, MONEY,
      'How much was traded, buys and sells together. It says how busy the account was, not how good.',
      'sum of notionals', '`no_price`'],
    [{ maker_share: 'Maker share' }, 'a fraction, shown as a percentage of volume',
      'The part of the volume that waited in the order book. Only volume counts of which the exchange says what it was.',
      'maker volume / volume with known liquidity', '`insufficient_data`, `no_price`'],
    [{ fees_by_asset: 'Fees, as they were paid' }, 'quantities, by asset',
      'What was paid, in the coins it was paid in. A rebate is negative.',
      'sums by asset', '`overflow`, as `why["fees_by_asset.BNB"]`'],
    [{ fees_valued: 'Fees' }, MONEY,
      'All fees in one currency, each at the price of its minute. It holds those of what is still open, too.',
      'sum of fee × its price', '`no_price`'],
    [{ fees_unvalued: 'Fees without a price' }, 'quantities, by asset',
      'Fees for whose coin there was no price, as they were paid. They are missing in `fees_valued`, and every net figure they touch is withheld.',
      'sums by asset', ''],
    [{ matches: 'Matches' }, 'a number',
      'How many parts of lots were closed. An order that closes three lots makes three.',
      '', ''],
    [{ realized_gross: 'Realised profit before fees' }, MONEY,
      'Profit of what was closed, before fees. What is still open is not in it.',
      'sum of `gross`', '`no_price`'],
    [{ realized_fees: 'Fees of what was closed' }, MONEY,
      'The fees of what was closed, those of opening and of closing. It is less than `fees_valued` while something is open.',
      'sum of both shares', '`fee_unvalued`, `no_price`'],
    [{ realized_net: 'Realised profit' }, MONEY,
      "Profit of what was closed, after its fees. It is the detail beside the account's return, not the return.",
      '`realized_gross` - `realized_fees`', 'the same'],
    [{ matched_cost: 'Cost of what was closed' }, MONEY,
      'What the closed lots cost when they were opened. The same money counts each time it is used.',
      'sum of opening notionals', '`no_price`'],
    [{ return_on_cost: 'Profit on that cost' }, FRACTION,
      'Profit on that turnover. It is **not** a return on the account: see `twr`.',
      '`realized_net` / `matched_cost`', '`insufficient_data` without a match'],
    [{ matched_share: 'Matched share' }, 'a fraction, shown as a percentage of what was sold',
      'How much of what was sold has a known cost. The rest came by deposit, conversion or another currency.',
      'M / (M + `unmatched_proceeds`), M = sum of *t* × closing price', '`insufficient_data` without a sale'],
    [{ unmatched_proceeds: 'Sales without a known cost' }, MONEY,
      'What the sales without a known cost brought. Nobody knows their profit, and nobody invents it.',
      'sum of quantity × price', '`no_price`'],
    [{ turnover: 'Turnover' }, RATIO,
      "How often the account's money was turned over. 2 means that volume was twice the mean equity.",
      '`volume` / mean daily equity', 'no equity: its reason'],
    [{ position: 'Open position' }, 'a quantity of the base asset',
      'What is open, above zero long and below zero short, and in how many lots. Coins that were deposited are held, but no lot.',
      'sum of open quantities', ''],
    [{ open_cost: 'Open cost' }, 'money, in the settlement asset',
      'What the open lots cost, without fees. For inverse contracts it is in the base.',
      'sum of notionals at entry', ''],
    [{ average_entry: 'Average entry' }, 'a price',
      'The price at which the open quantity would break even before fees. For inverse contracts the harmonic mean, which is what they earn.',
      '`open_cost` / quantity', '`insufficient_data` when flat'],
    [{ unmatched_qty: 'Quantity without a known cost' }, 'a quantity of the base asset',
      'The quantity that was sold without a known cost. Later buys never close it.',
      '', ''],
  ]),
  ...section('Statistics of trades', [
    [{ count: 'Count', wins: 'Won', losses: 'Lost', scratches: 'Scratches' }, 'a number',
      'How many trades there were, and how they ended. A scratch is neither won nor lost.',
      '*N*; how many *x* > 0, < 0, = 0', ''],
    [{ win_rate: 'Win rate' }, FRACTION,
      'The share of trades that made money. It says nothing of how much: look at `payoff_ratio` beside it.',
      'wins / *N*, scratches in the divisor', ''],
    [{ gross_profit: 'Won in all', gross_loss: 'Lost in all' }, MONEY,
      'All that the winning trades made, and the losing ones lost. Both are after fees.',
      'sum of wins; of losses (≤ 0)', ''],
    [{ profit_factor: 'Profit factor' }, RATIO,
      'What came in for each unit that was lost. Below 1 the account loses.',
      'gross_profit / abs(gross_loss)', '`no_losses`'],
    [{ average_win: 'Average win', average_loss: 'Average loss' }, MONEY,
      'The usual size of a win and of a loss. A few large ones move them.',
      'means', '`insufficient_data` without one'],
    [{ largest_win: 'Largest win', largest_loss: 'Largest loss' }, MONEY,
      'The extremes. If one trade made most of the profit, it is luck until repeated.',
      'max; min', '`insufficient_data` without one'],
    [{ payoff_ratio: 'Payoff ratio' }, RATIO,
      'How much larger the average win is than the average loss. With a low win rate it must be high.',
      'average_win / abs(average_loss)', '`insufficient_data` unless both exist'],
    [{ expectancy: 'Expectancy' }, 'money, in the currency of the figures, per trade',
      'What a trade brought on average, in money. Negative means that trading more loses more.',
      'sum *x* / *N*', ''],
    [{ max_consecutive_wins: 'Longest run of wins', max_consecutive_losses: 'Longest run of losses' }, 'a number',
      'The longest row of either. The second is what patience has had to bear.',
      'longest run; a scratch ends both', ''],
    [{ sqn: 'System quality number' }, RATIO,
      'How steadily trades earn: their mean by their scatter, times the root of their number. It grows with more trades of the same kind.',
      'sqrt(*N*) × mean / standard deviation (divisor *N* - 1), *N* not capped', '`insufficient_data` for *N* < 2; `zero_variance`'],
    [{ kelly: 'Kelly share' }, 'a fraction, shown as a percentage of capital',
      'The share of capital that a gambler with these odds would stake. Below 0 there is no edge; above it, it is a bound and no advice.',
      '*w* - (1 - *w*) / payoff_ratio, *w* = wins / (wins + losses)', 'as `payoff_ratio`'],
    [{ average_holding_ms: 'Average holding time' }, 'a time; milliseconds in the answer',
      'How long a trade was held, on average. Of a trade weighted by quantity, of a round trip from its first to its last fill.',
      'mean of holding times', ''],
  ]),
  ...section('Months', [
    [{ months: 'Return by month' }, FRACTION,
      "The month's daily returns compounded, and how many days it has. The first and the last month may be partial.",
      'prod(1 + r) - 1', 'no daily return: its reason'],
  ]),
  ...section('Snapshots, restatements, checkpoint, restart', [
    [{ snapshots: 'Snapshots' }, 'counts and times',
      'While it may use the key, the enclave takes the equity by itself, at the end of each UTC day and once more at an hour of it that nobody can foresee. Nobody can ask for one, skip one or write one anew: what was not taken within 15 minutes is missed for good, with its cause.',
      '', ''],
    [{ restatements: 'Told anew' }, 'counts and times',
      "Days that were over and had been told, and have other figures now: their equity or their flows changed, because something of them was read later. Each time has a number, of the account's own and without a gap, the first day that changed, how many did, and why. An answer that was kept from before is not wrong: it is older.",
      '', ''],
    [{ checkpoint: 'Store' }, 'a count and a hash',
      'How far the store of the service has come with the account, or with the record that it is in: `seq` counts the changes and only grows, `root` is a hash over all of them. Whoever saw a later state notices a store that was put back to an older one; `anchored` says that somebody outside vouches that there is no later one, and false is no alarm.',
      '', ''],
    [{ record_restarted_at: 'Begun anew' }, 'a time',
      'When the record began anew after its holder had erased it; null if that never happened. What was before is gone, and the mark stays: nobody sheds a bad past without a trace.',
      '', ''],
  ]),
];

/** Every definition, by the id of its figure. */
export const DEFINITIONS: ReadonlyMap<string, Definition> = new Map(ALL.map((one) => [one.id, one]));

/** What people see for a figure. */
export function title(id: string): string {
  return DEFINITIONS.get(id)?.title ?? id;
}

/** Where a definition stands, as the link of its heading. */
export function anchor({ heading }: Definition): string {
  const name = heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
  return `docs/metrics.md#${name}`;
}

/** What the letters of a formula stand for, under the headings that use them. */
const LETTERS = [
  'r_1 to r_n are the returns of n days; V_0 = 1 and V_i = V_(i-1)·(1 + r_i) is the growth of one unit. P is the number of periods in a year (365 unless it is said otherwise), f the risk-free rate of a period and h the return of a period that you want at least, both zero unless they are said: an annual rate x is (1 + x)^(1/P) - 1 per period.',
  'm is the mean and s the standard deviation with divisor n - 1.',
  '"Flat" is a series whose largest and smallest returns differ by at most 1e-14.',
];
const CONTEXTS: Readonly<Record<string, readonly string[]>> = {
  Growth: LETTERS,
  Risk: LETTERS,
  Drawdown: LETTERS,
  'Return for risk': LETTERS,
  'Against a benchmark': [
    "The benchmark is BTC's daily close at the same venue. Only days that both series have are compared; r and b are their returns, a = r - b. All need two days.",
    ...LETTERS,
  ],
  'How far a Sharpe ratio can be believed': [
    'S = (m - f)/s is the ratio per day; g3 = m3/m2^1.5 and g4 = m4/m2^2 say how far returns are from Normal (0 and 3). All need three days; a flat series has `zero_variance`.',
    ...LETTERS,
  ],
  'Statistics of trades': [
    '*x* is the net profit of each, *N* their number.',
    'A profit between -1e-20 and 1e-20 is a scratch: rounded shares of fees can leave that much of an exact zero.',
  ],
};

/** What the letters in a definition's formula stand for, in sentences; none if it says so itself. */
export function context({ heading }: Definition): readonly string[] {
  return CONTEXTS[heading] ?? [];
}
