// Returns of an account with flows (METRICS.md section 3). Equity, flows and the returns of intervals are exact.

import { ONE, abs, double, over, sum, times } from "./numbers.mjs";

const DAY_MS = 86400000;

/** The formula of section 3.2 on one piece; `null` where nothing positive was at work. */
function piece(start, end, flows) {
  if (flows.length === 0 && start.equity === 0n && end.equity === 0n) return 0n;
  const from = start.equity === 0n && flows.length > 0 ? flows[0].time : start.time;
  const to = end.equity === 0n && flows.length > 0 ? flows.at(-1).time : end.time;
  const weighed = flows.map(({ time, amount }) => {
    if (to === from) return amount > 0n ? amount : 0n;
    return (amount * BigInt(to - time)) / BigInt(to - from);
  });
  const capital = start.equity + sum(weighed);
  return capital <= 0n ? null : over(end.equity - start.equity - sum(flows.map((flow) => flow.amount)), capital);
}

const link = (growths) => (growths.includes(null) ? null : growths.reduce((all, r) => times(all, ONE + r), ONE) - ONE);
const notBelowZero = (equity) => (equity < 0n ? 0n : equity);

/** One valuation interval: flows that were valued just before cut it. */
function interval(start, end, flows) {
  const growths = [];
  let [opening, open] = [start, []];
  for (const flow of flows) {
    if (flow.before === null) {
      open.push(flow);
      continue;
    }
    growths.push(piece(opening, { time: flow.time, equity: notBelowZero(flow.before) }, open));
    [opening, open] = [{ time: flow.time, equity: notBelowZero(flow.before + flow.amount) }, []];
  }
  growths.push(piece(opening, end, open));
  return link(growths);
}

/** Of `valuations` {time, equity} and `flows` {time, amount, before}, in the order of time. */
export function cashflows(valuations, flows) {
  const [first, last] = [valuations[0], valuations.at(-1)];
  const within = flows.filter((flow) => flow.time > first.time && flow.time <= last.time);
  const known = valuations.map(({ time, equity }) => ({ time, equity: notBelowZero(equity) }));
  const periods = known.slice(1).map((end, index) =>
    interval(known[index], end, within.filter((flow) => flow.time > known[index].time && flow.time <= end.time)));
  const netFlow = sum(within.map((flow) => flow.amount));
  let lost = false;
  const kept = periods.map((r) => {
    lost ||= r === -ONE;
    return lost ? -ONE : r;
  });
  const twr = link(kept);
  const days = (last.time - first.time) / DAY_MS;
  const money = moneyWeighted(first, last, within);
  const halves = first.equity + netFlow / 2n;
  return {
    period_returns: periods,
    net_flow: netFlow,
    gain: last.equity - first.equity - netFlow,
    twr: twr === null ? null : double(twr),
    twr_annualized: twr === null || days < 365 ? null : Math.pow(1 + double(twr), 365 / days) - 1,
    modified_dietz: asDouble(piece(known[0], known.at(-1), within)),
    simple_dietz: halves <= 0n ? null : double(over(last.equity - first.equity - netFlow, halves)),
    ...money,
  };
}

const asDouble = (value) => (value === null ? null : double(value));

/** The rate at which what was put in grew to what is there (section 3.4), by looking for changes of sign. */
function moneyWeighted(first, last, flows) {
  const date = (time) => Math.floor(time / DAY_MS);
  const days = date(last.time) - date(first.time);
  const dated = new Map([[0, double(first.equity)]]);
  for (const { time, amount } of flows) {
    const day = date(time) - date(first.time);
    dated.set(day, (dated.get(day) ?? 0) + double(amount));
  }
  const equity = double(last.equity);
  const none = { mwr_period: null, mwr_annualized: null };
  if (days === 0) return none;
  const paid = [...dated.values()];
  if (paid.every((amount) => amount === 0) && equity === 0) return { mwr_period: 0, mwr_annualized: days < 365 ? null : 0 };
  if (equity === 0 && paid.every((amount) => amount >= 0)) return { mwr_period: -1, mwr_annualized: days < 365 ? null : -1 };
  const worth = (growth) =>
    [...dated].reduce((all, [day, amount]) => all + amount * Math.pow(growth, (days - day) / days), -equity);
  const grid = Array.from({ length: 20001 }, (_, index) => Math.pow(10, -9 + (18 * index) / 20000));
  const roots = [];
  for (let index = 1; index < grid.length; index += 1) {
    let [low, high] = [grid[index - 1], grid[index]];
    if (worth(low) * worth(high) > 0 || worth(low) === 0) continue;
    for (let step = 0; step < 200; step += 1) {
      const middle = (low + high) / 2;
      if (worth(low) * worth(middle) <= 0) high = middle;
      else low = middle;
    }
    roots.push((low + high) / 2);
  }
  if (roots.length !== 1) return none;
  return { mwr_period: roots[0] - 1, mwr_annualized: days < 365 ? null : Math.pow(roots[0], 365 / days) - 1 };
}

/** Whether a flow must be valued at its instant. */
export const isLarge = (amount, equity) => abs(amount) * 10n > equity;
