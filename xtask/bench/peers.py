"""Measures other libraries on what benches/race.rs wrote: python peers.py DIRECTORY.

Each figure is a line `figure NAME NUMBER UNIT`, of a library that does not work here `skipped NAME WHY`. The first run
of each is not counted (it compiles or imports); of the others the fastest is, in time of this process on a core.
"""

import sys
import time
import warnings

import numpy as np
import pandas as pd

RUNS = 5


def best(run):
    """The fastest of several runs in seconds, and what it made."""
    made = run()
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        made = run()
        times.append(time.process_time() - start)
    return min(times), made


def tell(name, number, unit):
    print(f"figure {name} {number:.10g} {unit}", flush=True)


def vectorbt(fills):
    """Average cost, doubles, compiled by numba. Its orders know cash and position; profit is made of them when asked."""
    import vectorbt as vbt
    from vectorbt.portfolio.nb import simulate_from_orders_nb

    size, price, fee = (pd.Series(column) for column in fills.T.copy())
    shape = (len(fills), 1)
    columns = [np.ascontiguousarray(fills[:, [column]]) for column in range(3)]

    def kernel():
        size, price, fee = columns
        start = np.array([1]), np.array([1e9]), np.zeros(shape, dtype=np.int64)
        return simulate_from_orders_nb(shape, *start, size=size, price=price, fixed_fees=fee, close=price)

    def orders():
        return vbt.Portfolio.from_orders(price, size=size, price=price, fixed_fees=fee, init_cash=1e9, freq="1s")

    def statistics():
        trades = orders().trades
        figures = trades.count(), trades.win_rate(), trades.profit_factor(), trades.expectancy(), trades.sqn()
        return trades, figures, trades.winning_streak.max(), trades.losing_streak.max(), trades.duration.mean()

    for name, run in [("kernel", kernel), ("orders", orders), ("statistics", statistics)]:
        seconds, made = best(run)
        tell(f"race_vectorbt_{name}", len(fills) / seconds, "fills/s")
    trades = made[0].values
    tell("race_vectorbt_gross", (trades["pnl"] + trades["entry_fees"] + trades["exit_fees"]).sum(), "USDT")


def accfifo(fills):
    """FIFO in plain Python, without fees and statistics."""
    from accfifo import FIFO, Entry

    pairs = fills[:, :2].tolist()
    seconds, book = best(lambda: FIFO([Entry(size, price) for size, price in pairs]))
    tell("race_accfifo", len(fills) / seconds, "fills/s")
    # Its sum is of what was paid: a profit is negative.
    tell("race_accfifo_gross", -book.profit_and_loss, "USDT")


def quantstats(returns):
    """Its functions for what METRICS.md sections 4 and 7 name. Its ready-made full table takes several times as long."""
    from quantstats import stats

    names = """comp cagr avg_return best worst volatility sharpe sortino omega max_drawdown ulcer_index
        ulcer_performance_index calmar recovery_factor tail_ratio skew kurtosis value_at_risk
        conditional_value_at_risk win_rate monthly_returns probabilistic_sharpe_ratio"""
    functions = [getattr(stats, name) for name in names.split()]

    def run():
        made = [function(returns) for function in functions]
        return made, stats.drawdown_details(stats.to_drawdown_series(returns))

    tell("metrics_quantstats", best(run)[0] * 1e3, "ms")


def empyrical(returns):
    """Its own list of simple statistics, and four more of METRICS.md section 4; it has no drawdown lengths."""
    import empyrical as ep
    from empyrical.stats import SIMPLE_STAT_FUNCS

    functions = [*SIMPLE_STAT_FUNCS, ep.downside_risk, ep.conditional_value_at_risk, ep.cum_returns]

    def run():
        made = [function(returns) for function in functions]
        return made, ep.aggregate_returns(returns, "monthly")

    tell("metrics_empyrical", best(run)[0] * 1e3, "ms")


def main(directory):
    fills = np.fromfile(f"{directory}/fills.f64").reshape(-1, 3)
    returns = np.fromfile(f"{directory}/returns.f64")
    returns = pd.Series(returns, pd.date_range("2015-01-01", periods=len(returns), freq="D"))
    warnings.simplefilter("ignore")
    for peer, data in [(vectorbt, fills), (accfifo, fills), (quantstats, returns), (empyrical, returns)]:
        try:
            peer(data)
        except Exception as error:  # One that fails must not hide the others.
            print(f"skipped {peer.__name__} {type(error).__name__}: {error}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
