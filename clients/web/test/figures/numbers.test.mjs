//! Numbers and times as they are shown: the digits of the answer, rounded half-even, never through a binary fraction.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { load } from './bench.mjs'

const { shown, day, moment, ago } = await load('format.ts')
const { decimalText, compareSizes, decimal, moveBy } = await load('decimal.ts')

const cases = [
  ['money', '312690.624333287271', '312,690.62'],
  ['money', '1234567', '1,234,567.00'],
  ['money', '-0.005', '−0.0050'],
  ['money', '0', '0.00'],
  ['money', '-0.000', '0.00'],
  // A double has 16 digits: these have more, and the last one counts.
  ['money', '12345678901234567890.995', '12,345,678,901,234,567,891.00'],
  ['money', '9007199254740993.01', '9,007,199,254,740,993.01'],
  // Half-even, as the ledger rounds.
  ['money', '2.125', '2.12'],
  ['money', '2.135', '2.14'],
  ['money', '2.1250000000000000000000001', '2.13'],
  ['money', '-2.135', '−2.14'],
  ['money', '0.00000000001', '< 0.00000001'],
  ['money', '-0.00000000001', '> −0.00000001'],
  ['change', '63.783003908808', '+63.78'],
  ['change', '-13152.72', '−13,152.72'],
  ['change', '0.00', '0.00'],
  ['flow', '320294.195826451881', '+320,294.20'],
  ['quantity', '0.544226072379234607', '0.544226'],
  ['quantity', '1319', '1,319'],
  ['quantity', '28186.50', '28,186.5'],
  ['quantity', '0.0000000412', '0.000000041'],
  ['percent', '0.9983', '99.83%'],
  ['percent', '0.998329631631840135380217082422589683', '99.83%'],
  ['percent', '1', '100.00%'],
  ['return', '-0.03961484862257303', '−3.96%'],
  ['return', '0.00005', '0.00%'],
  ['return', '0.00015', '+0.02%'],
  ['return', '12.5', '+1,250.00%'],
  ['ratio', '-0.31304911336043006', '−0.31'],
  ['count', '20412', '20,412'],
  ['days', '1', '1 day'],
  ['days', '187', '187 days'],
  ['bps', '0.4', '0.40 bps'],
  ['duration', '326705371.443091490164', '3 d 18 h'],
  ['duration', '59999', '59 s'],
  ['duration', '60000', '1 min'],
  ['duration', '12', 'under 1 s'],
  ['money', 'NaN', 'NaN'],
  ['money', '<b>', '<b>'],
]
for (const [kind, text, expected] of cases) {
  test(`${text} as ${kind} is ${expected}`, () => assert.equal(shown(text, kind), expected))
}

test('a seeded thousand of amounts agree with whole-number arithmetic', async () => {
  const { seeded } = await import('./bench.mjs')
  const next = seeded(7)
  for (let round = 0; round < 1000; round += 1) {
    const units = BigInt(Math.floor(next() * 2 ** 40)) * 1_000_003n
    const text = `${units / 1_000_000n}.${String(units % 1_000_000n).padStart(6, '0')}`
    if (units < 100_000n) continue
    // Cents, half to even.
    const [cents, rest] = [units / 10_000n, units % 10_000n]
    const up = rest > 5_000n || (rest === 5_000n && cents % 2n === 1n)
    const all = String(up ? cents + 1n : cents).padStart(3, '0')
    const whole = all.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',')
    assert.equal(shown(text, 'money'), `${whole}.${all.slice(-2)}`, text)
  }
})

test('a double becomes its shortest decimal text, without an exponent', () => {
  for (const [value, text] of [[1e-7, '0.0000001'], [-1.5e-9, '-0.0000000015'], [1e21, '1000000000000000000000'], [1.25e22, '12500000000000000000000'], [0.1, '0.1'], [-0, '0']]) {
    assert.equal(decimalText(value), text)
  }
  assert.equal(decimalText(Number.NaN), null)
  assert.equal(decimalText(Infinity), null)
  assert.deepEqual(moveBy(decimal('123.456'), -5), { negative: false, whole: '0', fraction: '00123456' })
})

test('sizes are compared digit by digit', () => {
  const order = ['0', '0.1', '0.10000000000000000000001', '9.99', '10', '100.5']
  for (const [index, one] of order.entries()) {
    for (const [other, text] of order.entries()) {
      assert.equal(Math.sign(compareSizes(decimal(`-${one}`), decimal(text))), Math.sign(index - other), `${one} ${text}`)
    }
  }
})

test('times are told as days and minutes of UTC, and what is no time as it came', () => {
  assert.equal(day('2026-02-01'), '1 Feb 2026')
  assert.equal(moment('2026-11-27T10:18:00Z'), '27 Nov 2026, 10:18 UTC')
  assert.equal(moment('2026-11-27T10:18:00.123Z'), '27 Nov 2026, 10:18 UTC')
  assert.equal(moment('yesterday'), 'yesterday')
  assert.equal(ago(59_000), 'less than a minute ago')
  assert.equal(ago(60_000), '1 minute ago')
  assert.equal(ago(3 * 3_600_000), '3 hours ago')
  assert.equal(ago(72 * 3_600_000), '3 days ago')
})

test('every reason of docs/metrics.md has words, and an unknown one is shown as it is', async () => {
  const { reason, REASONS } = await load('reasons.ts')
  const page = await readFile(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8')
  const table = page.split('| reason | when |')[1].split('\n\n')[0]
  const rows = table.split('\n').filter((row) => row.startsWith('| `'))
  const codes = rows.flatMap((row) => [...row.split('|')[1].matchAll(/`([a-z_]+)`/g)].map(([, code]) => code))
  assert.ok(codes.length > 15)
  assert.deepEqual([...REASONS].sort(), codes.sort())
  for (const code of codes) assert.ok(!reason(code).includes('_'), code)
  assert.equal(reason('a_new_code'), 'a_new_code')
  assert.equal(reason('constructor'), 'constructor')
})
