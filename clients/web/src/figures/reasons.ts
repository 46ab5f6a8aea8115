//! Why a number does not exist, in words (docs/metrics.md, Reading them).

const WORDS: Readonly<Record<string, string>> = {
  insufficient_data: 'not enough observations',
  zero_variance: 'all values are equal',
  no_losses: 'nothing was lost',
  no_drawdown: 'never under water',
  not_recovered: 'still under water',
  period_under_one_year: 'less than a year: not annualised',
  nonpositive_capital: 'nothing was at work in a period with a gain or a loss',
  no_sign_change: 'money only went in, or only came out',
  no_root: 'the money-weighted equation has no solution',
  multiple_roots: 'the money-weighted equation has several solutions',
  sharpe_not_above_benchmark: 'the Sharpe ratio is not above zero',
  nonpositive_variance_term: 'the variance of the Sharpe ratio would not be above zero',
  fee_unvalued: 'a fee was paid in an asset that had no price then',
  no_price: 'an asset or an amount has no price in this currency',
  partial: 'a source of the day could not be read',
  history_missing: 'the exchange no longer tells',
  number_of_trials_unknown: 'nobody can prove how many strategies were tried',
  overflow: 'the figure does not fit a number',
  sync_in_progress: 'the history is still being read',
  venue_not_answering: 'the exchange does not answer',
  key_no_longer_used: 'the exchange refused the key',
};

/** Every code that has words. */
export const REASONS: readonly string[] = Object.keys(WORDS);

/** A reason in words; a code that is not known here is shown as it is. */
export function reason(code: string): string {
  return Object.hasOwn(WORDS, code) ? (WORDS[code] ?? code) : code;
}
