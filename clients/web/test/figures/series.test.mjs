//! Series for charts and months: arithmetic held against docs/metrics.md and against the enclave's own figures.

import assert from 'node:assert/strict'
import test from 'node:test'
import { demo, load, record, seeded } from './bench.mjs'

const { figures } = await load('read.ts')
const series = await load('series.ts')
const answer = await demo()

test("growth and drawdown of the days come to the enclave's own figures", () => {
  const { days } = figures(answer)
  const { risk } = answer.total
  const growth = series.growthSeries(days)
  assert.ok(Math.abs(growth.at(-1).value - risk.total_return) < 1e-12)
  const drawdown = series.drawdownSeries(days).map(({ value }) => value)
  assert.ok(Math.abs(Math.min(...drawdown) - risk.max_drawdown) < 1e-12)
  // Index 0 is the start, so r_i is at i - 1 here.
  assert.equal(drawdown.indexOf(Math.min(...drawdown)) + 1, risk.max_drawdown_trough_index)
  assert.ok(Math.abs(drawdown.at(-1) - risk.current_drawdown) < 1e-12)
})

test('what was paid in ends at equity less gain of whole days, and equity is as it was answered', () => {
  const of = figures(answer)
  const paid = series.paidInSeries(of)
  const flows = answer.total.days.reduce((sum, day) => sum + Number(day.net_flow), 0)
  assert.ok(Math.abs(paid.at(-1).value - flows - Number(answer.total.equity.explained.opening)) < 1e-6)
  assert.equal(series.equitySeries(of.days)[10].value, Number(answer.total.days[10].equity))
})

test('the return of a month is that of its days, and that of a year is its months compounded', () => {
  const [first, second] = series.years(answer.months)
  assert.deepEqual([first.year, second.year], [2025, 2026])
  for (const month of second.months.filter((one) => one !== null)) {
    const start = `2026-${String(month.month).padStart(2, '0')}`
    const days = answer.total.days.filter(({ date }) => date.startsWith(start))
    const product = days.reduce((grown, day) => grown * (1 + day.return), 1) - 1
    assert.ok(Math.abs(product - Number(month.return)) < 1e-12, start)
    assert.equal(month.days, days.length)
  }
  const days = answer.total.days.filter(({ date }) => date.startsWith('2026'))
  const year = days.reduce((grown, day) => grown * (1 + day.return), 1) - 1
  assert.ok(Math.abs(second.return - year) < 1e-12)
})

test('a month without a number makes its year none; one without any day does not', () => {
  const month = (name, earned, days) => ({ month: name, return: earned, days, why: earned === null ? { return: days === 0 ? 'insufficient_data' : 'no_price' } : {} })
  const [broken] = series.years([month('2024-01', 0.1, 31), month('2024-02', null, 29)])
  assert.equal(broken.return, null)
  assert.equal(broken.months[1].why, 'no_price')
  const [early] = series.years([month('2024-01', 0.5, 31), month('2024-02', null, 0)])
  assert.equal(early.return, 0.5)
  const [unread] = series.years([month('2024-01', 0.5, 31), { ...month('2024-02', null, 0), why: { return: 'partial' } }])
  assert.equal(unread.return, null)
  const [half] = series.years([month('2024-01', 0.5, 31), month('2024-02', -0.5, 29)])
  assert.equal(half.return, -0.25)
  assert.equal(half.months[1].daysInMonth, 29)
  const spread = series.years([month('2022-03', 0, 3), month('2024-02', 0, 29)])
  assert.deepEqual(spread.map(({ year }) => year), [2022, 2023, 2024])
  assert.deepEqual(series.years([{ month: '2024-13' }, { month: 7 }]), [])
})

test('a bridged day has no value, and the return of the whole interval counts once', () => {
  const earned = [0.1, null, null, -0.5]
  const base = record(answer, {
    days: 4,
    change: (day, index) =>
      earned[index] === null
        ? { ...day, mark: 'bridged', equity: null, return: null, net_flow: null, why: { equity: 'no_price' } }
        : { ...day, return: earned[index] },
  })
  const { days } = figures(base)
  const growth = series.growthSeries(days).map(({ value }) => value)
  assert.deepEqual(growth.slice(1, 3), [null, null])
  assert.ok(Math.abs(growth[3] - (1.1 * 0.5 - 1)) < 1e-15)
  assert.equal(series.drawdownSeries(days)[3].value, 0.55 / 1.1 - 1)
  assert.deepEqual(series.runs(series.equitySeries(days)).map((run) => run.length), [1, 1])
})

test('a day with equity and without a return ends growth: nothing is invented after it', () => {
  const { days } = figures(record(answer, { days: 5, change: (day, index) => (index === 2 ? { ...day, return: null } : day) }))
  assert.deepEqual(series.growthSeries(days).map(({ value }) => value === null), [false, false, true, true, true])
})

test('days that do not follow each other are a gap, whatever their mark', () => {
  const points = [1, 2, 4, 5].map((day) => ({ day, value: day }))
  assert.deepEqual(series.runs(points).map((run) => run.map(({ day }) => day)), [[1, 2], [4, 5]])
})

test('fewer places draw the same line: each column keeps its first, lowest, highest and last', () => {
  const next = seeded(3)
  const places = Array.from({ length: 5000 }, (_, index) => ({ x: index / 50, y: next() * 100 }))
  const kept = series.downsampled(places)
  assert.ok(kept.length <= 400 && kept.length > 300, String(kept.length))
  for (let column = 0; column < 100; column += 1) {
    const [all, few] = [places, kept].map((list) => list.filter(({ x }) => Math.floor(x) === column))
    const ends = (list) => [list[0], list.at(-1), Math.min(...list.map(({ y }) => y)), Math.max(...list.map(({ y }) => y))]
    assert.deepEqual(ends(few), ends(all), String(column))
  }
  assert.deepEqual(kept.map(({ x }) => x), kept.map(({ x }) => x).sort((one, other) => one - other))
  assert.deepEqual(series.downsampled(places.slice(0, 3)), places.slice(0, 3))
})

test('symbols come by the size of their profit, digit by digit, those without a number last', () => {
  const symbols = ['-10.00000000000000000002', '10.00000000000000000001', null, '3', '-10.00000000000000000003'].map(
    (realized_net, index) => ({ symbol: `S${index}`, settlement_asset: 'USDT', realized_net }),
  )
  symbols.push({ symbol: 'B', settlement_asset: 'BTC', realized_net: '99999' })
  const order = series.symbolsInOrder({ symbols, currency: 'USDT' }).map(({ symbol }) => symbol)
  assert.deepEqual(order, ['S4', 'S0', 'S1', 'S3', 'S2', 'B'])
})

test('colours of months have fixed steps and the side of the sign', () => {
  const steps = [-0.2, -0.1, -0.03, -0.001, 0, 0.0024, 0.0025, 0.06].map(series.strength)
  assert.deepEqual(steps.map((step) => step + 0), [-5, -5, -3, 0, 0, 0, 1, 4])
})

test('an answer of a strange form is read without an exception', () => {
  for (const body of [null, [], 7, {}, { total: 3 }, { total: { days: [{ date: 'x' }, null, { date: '2026-01-01', equity: {} }] } }, { total: null, why: { total: 'sync_in_progress' } }]) {
    const of = figures(body)
    assert.equal(of.equity.text, null)
    series.growthSeries(of.days)
    series.paidInSeries(of)
  }
  assert.equal(figures({ total: null, why: { total: 'sync_in_progress' } }).equity.why, 'sync_in_progress')
})
