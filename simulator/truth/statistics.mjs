// Statistics of a series of returns (METRICS.md sections 4, 6 and 7), in double precision, each by its formula.

const FLAT = 1e-14;
const Z_95 = 1.6448536269514722;

const total = (all) => all.reduce((a, b) => a + b, 0);
const mean = (all) => total(all) / all.length;
const flat = (all) => Math.max(...all) - Math.min(...all) <= FLAT;
const deviation = (all) => Math.sqrt(total(all.map((x) => (x - mean(all)) ** 2)) / (all.length - 1));
const perPeriod = (annual, periods) => Math.pow(1 + Number(annual), 1 / periods) - 1;
const moment = (all, power) => {
  const centre = mean(all);
  return mean(all.map((x) => (x - centre) ** power));
};

/** Linear between order statistics, position (n - 1)·p from 0. */
function quantile(returns, p) {
  const sorted = [...returns].sort((a, b) => a - b);
  const place = (sorted.length - 1) * p;
  const below = Math.floor(place);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below);
}

/** The mean of the worst share `a`, the last of it with its fraction. */
function expectedShortfall(returns, a) {
  const sorted = [...returns].sort((x, y) => x - y);
  const mass = a * sorted.length;
  const whole = Math.floor(mass + 1e-12);
  const rest = mass - whole > 1e-12 ? (mass - whole) * sorted[whole] : 0;
  return (total(sorted.slice(0, whole)) + rest) / mass;
}

/** What one gained, each followed by how far it lies below the highest so far. Gains, not values: they may be tiny. */
function drawdowns(returns) {
  let [gain, peak, peakAt] = [0, 0, 0];
  return [{ at: 0, gain, peak, peakAt, depth: 0 }, ...returns.map((r, index) => {
    gain += r + gain * r;
    if (gain >= peak) [peak, peakAt] = [gain, index + 1];
    return { at: index + 1, gain, peak, peakAt, depth: (gain - peak) / (1 + peak) };
  })];
}

/** From the peak before it to the end of the drawdown that a point lies in or ends; 0 for any other. */
function underWater(path, point) {
  if (point.depth < 0) return point.at - point.peakAt;
  const before = path[point.at - 1];
  return before !== undefined && before.depth < 0 ? point.at - before.peakAt : 0;
}

/** By UTC calendar month of dates that follow each other day by day. */
export function months(returns, firstDate) {
  const grown = new Map();
  returns.forEach((r, index) => {
    const month = new Date(Date.parse(`${firstDate}T00:00:00Z`) + index * 86400000).toISOString().slice(0, 7);
    grown.set(month, (grown.get(month) ?? 1) * (1 + r));
  });
  return [...grown].map(([month, growth]) => ({ month, r: growth - 1 }));
}

export function series(returns, firstDate, { periods = 365, riskFree = 0, mar = 0 } = {}) {
  const n = returns.length;
  const needs = (least, value) => (n >= least ? value() : null);
  const [f, h] = [perPeriod(riskFree, periods), perPeriod(mar, periods)];
  const [m, s] = [needs(1, () => mean(returns)), needs(2, () => (flat(returns) ? 0 : deviation(returns)))];
  const year = Math.sqrt(periods);
  const path = drawdowns(returns);
  const gained = path.at(-1).gain;
  const raw = needs(1, () => Math.pow(1 + gained, periods / n) - 1);
  const cagr = n >= periods ? raw : null;
  const down = needs(1, () => Math.sqrt(total(returns.map((r) => Math.min(r - h, 0) ** 2)) / n));
  const gains = total(returns.map((r) => Math.max(r - h, 0)));
  const shortfall = total(returns.map((r) => Math.max(h - r, 0)));
  const worst = path.reduce((a, b) => (b.depth < a.depth ? b : a));
  const under = worst.depth < 0;
  const recovered = path.find((point) => point.at > worst.at && point.gain >= worst.peak);
  const lengths = path.map((point) => underWater(path, point));
  const ulcer = needs(1, () => Math.sqrt(total(path.slice(1).map((point) => point.depth ** 2)) / n));
  const byMonth = n === 0 ? [] : months(returns, firstDate).map((month) => month.r);
  const [m2, m3, m4] = n === 0 ? [] : [2, 3, 4].map((power) => moment(returns, power));
  const [q5, q95] = n === 0 ? [] : [0.05, 0.95].map((p) => quantile(returns, p));
  return {
    n_obs: n,
    total_return: needs(1, () => gained),
    cagr_raw: raw,
    cagr,
    mean_return: m,
    best_day: needs(1, () => Math.max(...returns)),
    worst_day: needs(1, () => Math.min(...returns)),
    volatility: needs(2, () => s * year),
    downside_deviation: needs(1, () => down * year),
    sharpe: needs(2, () => (flat(returns) ? null : ((m - f) / s) * year)),
    sortino: needs(2, () => (down === 0 ? null : ((m - h) / down) * year)),
    omega: needs(2, () => (shortfall === 0 ? null : gains / shortfall)),
    max_drawdown: needs(1, () => worst.depth),
    max_drawdown_peak_index: under ? worst.peakAt : null,
    max_drawdown_trough_index: under ? worst.at : null,
    max_drawdown_recovery_index: under && recovered ? recovered.at : null,
    max_drawdown_days: needs(1, () => (under ? (recovered?.at ?? n) - worst.peakAt : 0)),
    longest_drawdown_days: needs(1, () => Math.max(...lengths)),
    current_drawdown: needs(1, () => path.at(-1).depth),
    ulcer_index: ulcer,
    martin_ratio: cagr === null || ulcer === 0 ? null : (cagr - Number(riskFree)) / ulcer,
    calmar: cagr === null || !under ? null : cagr / Math.abs(worst.depth),
    recovery_factor: needs(1, () => (under ? gained / Math.abs(worst.depth) : null)),
    tail_ratio: needs(1, () => (q5 === 0 ? null : Math.abs(q95) / Math.abs(q5))),
    skewness: needs(3, () => (flat(returns) ? null : ((m3 / m2 ** 1.5) * Math.sqrt(n * (n - 1))) / (n - 2))),
    excess_kurtosis: needs(4, () =>
      (flat(returns) ? null : ((n - 1) / ((n - 2) * (n - 3))) * ((n + 1) * (m4 / m2 ** 2 - 3) + 6))),
    var_hist_95: needs(1, () => q5),
    var_hist_99: needs(1, () => quantile(returns, 0.01)),
    cvar_hist_95: needs(1, () => expectedShortfall(returns, 0.05)),
    cvar_hist_99: needs(1, () => expectedShortfall(returns, 0.01)),
    var_param_95: needs(2, () => m - Z_95 * s),
    cvar_param_95: needs(2, () => m - (s * Math.exp(-(Z_95 ** 2) / 2)) / Math.sqrt(2 * Math.PI) / 0.05),
    positive_days: needs(1, () => returns.filter((r) => r > 0).length / n),
    positive_months: needs(1, () => byMonth.filter((r) => r > 0).length / byMonth.length),
    best_month: needs(1, () => Math.max(...byMonth)),
    worst_month: needs(1, () => Math.min(...byMonth)),
  };
}

/** Element i is of the window that ends at observation w - 1 + i. */
export function rollingSharpe(returns, window, periods = 365) {
  const ends = returns.slice(window - 1).map((_, index) => returns.slice(index, index + window));
  return ends.map((part) => (flat(part) ? null : (mean(part) / deviation(part)) * Math.sqrt(periods)));
}

/** Section 6, of two series of the same days. */
export function benchmark(returns, other, { periods = 365, riskFree = 0 } = {}) {
  const [n, f] = [returns.length, perPeriod(riskFree, periods)];
  if (n < 2) {
    const none = { beta: null, alpha: null, correlation: null, r_squared: null };
    return { n_obs: n, ...none, tracking_error: null, information_ratio: null };
  }
  const covariance = (a, b) => total(a.map((x, index) => (x - mean(a)) * (b[index] - mean(b)))) / (n - 1);
  const beta = flat(other) ? null : covariance(returns, other) / covariance(other, other);
  const correlation = flat(other) || flat(returns) ? null : covariance(returns, other) / deviation(returns) / deviation(other);
  const active = returns.map((r, index) => r - other[index]);
  return {
    n_obs: n,
    beta,
    alpha: beta === null ? null : periods * (mean(returns) - f - beta * (mean(other) - f)),
    correlation,
    r_squared: correlation === null ? null : correlation ** 2,
    tracking_error: flat(active) ? 0 : deviation(active) * Math.sqrt(periods),
    information_ratio: flat(active) ? null : (mean(active) / deviation(active)) * Math.sqrt(periods),
  };
}

/** Section 7, with no risk-free rate: against a ratio of zero, and of one a year. */
export function confidence(returns, periods = 365) {
  const n = returns.length;
  if (n < 3 || flat(returns)) return { psr_0: null, psr_1: null, min_track_record_obs: null };
  const [m2, m3, m4] = [2, 3, 4].map((power) => moment(returns, power));
  const ratio = mean(returns) / deviation(returns);
  const variance = 1 - (m3 / m2 ** 1.5) * ratio + ((m4 / m2 ** 2 - 1) / 4) * ratio ** 2;
  const psr = (than) => (variance <= 0 ? null : normal(((ratio - than) * Math.sqrt(n - 1)) / Math.sqrt(variance)));
  return {
    psr_0: psr(0),
    psr_1: psr(1 / Math.sqrt(periods)),
    min_track_record_obs: ratio <= 0 ? null : 1 + variance * (Z_95 / ratio) ** 2,
  };
}

/** The normal distribution: a series near the middle, a continued fraction in the tails. */
function normal(x) {
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (Math.abs(x) < 4) {
    let [term, all] = [x, x];
    for (let odd = 3; Math.abs(term) > 1e-18 * Math.abs(all); odd += 2) {
      term *= (x * x) / odd;
      all += term;
    }
    return 0.5 + density * all;
  }
  let fraction = 0;
  for (let k = 200; k > 0; k -= 1) fraction = k / (Math.abs(x) + fraction);
  const tail = density / (Math.abs(x) + fraction);
  return x < 0 ? tail : 1 - tail;
}
