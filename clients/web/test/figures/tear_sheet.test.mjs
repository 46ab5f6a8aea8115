//! The tear sheet: one document without scripts and without anything from elsewhere, whatever the answer says.

import assert from 'node:assert/strict'
import test from 'node:test'
import { browser, demo, load, noBrowser, record, sha256 } from './bench.mjs'

const { tearSheet } = await load('index.ts')
const { escaped } = await load('tree.ts')
const answer = await demo()
const proof = {
  signedAt: '2026-11-27T10:18:04Z',
  measurement: 'ab'.repeat(32),
  release: null,
  hardware: 'a development quote',
  development: true,
  environment: 'development',
  resultKey: '6kpsY-KcUgq-9VB7Ey7F-ZVHdq6-vnuSQh7qaRRG0iw',
  serviceUrl: 'https://perf.example:5000',
}

const restated = {
  count: 1204,
  list: [
    { account: 'Zm9vYmFyYmF6cXV4MTIzNA', number: 1203, at: '2026-11-21T07:12:03Z', from: '2026-11-20', days: 1, cause: 'fills_read_later' },
    { account: 'Zm9vYmFyYmF6cXV4MTIzNA', number: 1204, at: '2026-11-22T07:12:03Z', from: '2026-11-09', days: 14, cause: 'movement_read_later' },
  ],
}

/** Names of the elements in a document, and of all their attributes. */
function inventory(html) {
  const tags = [...html.matchAll(/<([a-z][a-z0-9]*)((?:\s[^<>]*?)?)>/gi)]
  return {
    tags: new Set(tags.map(([, tag]) => tag.toLowerCase())),
    attributes: new Set(tags.flatMap(([, , rest]) => [...rest.matchAll(/\s([a-z-]+)=/gi)].map(([, name]) => name.toLowerCase()))),
  }
}

test('it has no script, no handler, no inline style, and names nothing elsewhere', () => {
  const html = tearSheet(answer, proof)
  const { tags, attributes } = inventory(html)
  for (const tag of ['script', 'link', 'img', 'iframe', 'object', 'embed', 'form', 'input', 'button', 'a', 'image', 'use', 'base', 'foreignobject']) {
    assert.ok(!tags.has(tag), tag)
  }
  for (const name of attributes) assert.ok(!/^on|^style$|^src|^href$|^action$|xlink/.test(name), name)
  assert.equal(html.match(/<style>/g).length, 1)
  assert.ok(!/url\(|@import|javascript:|data:/i.test(html))
  assert.ok(html.startsWith('<!doctype html>\n<html lang="en">'))
})

test('its policy names the hash of its one style, and allows nothing else', () => {
  const html = tearSheet(answer, proof)
  const style = /<style>([^]*?)<\/style>/.exec(html)[1]
  const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html)[1].replaceAll('&#39;', "'")
  assert.equal(policy, `default-src 'none'; style-src '${sha256(style)}'; base-uri 'none'; form-action 'none'`)
})

const HOSTILE = `"><img src=x onerror=alert(1)>'</style></title><script>alert(2)</script>&lt;\u0000\ud800`

/** The answer with a hostile text in place of every text, but for those that pick how it is read. */
function poisoned(value, name = '') {
  if (typeof value === 'string') return /^(date|month|mark)$/.test(name) ? value : /^-?\d/.test(value) && name !== 'as_of' ? value : HOSTILE
  if (Array.isArray(value)) return value.map((one) => poisoned(one, name))
  if (value === null || typeof value !== 'object') return value
  const by = /fees_by_asset|fees_unvalued/.test(name)
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [by ? HOSTILE : key, poisoned(one, key)]))
}

test('hostile texts in every place stay text', () => {
  const why = { twr: HOSTILE, sharpe: HOSTILE, return: HOSTILE }
  const bad = poisoned({ ...answer, restatements: restated })
  bad.total.returns = { ...bad.total.returns, twr: null, why }
  bad.total.trade_stats = { count: 1, why: HOSTILE }
  bad.months[0] = { ...bad.months[0], return: null, why }
  const evil = Object.fromEntries(Object.entries(proof).map(([name, value]) => [name, typeof value === 'string' ? HOSTILE : value]))
  const html = tearSheet(bad, evil)
  assert.ok(html.includes('&lt;img src=x onerror=alert(1)&gt;'))
  const { tags } = inventory(html)
  assert.deepEqual([...tags].sort(), [...inventory(tearSheet(answer, proof)).tags, 'span'].filter((tag, at, all) => all.indexOf(tag) === at).sort())
  assert.ok(!html.includes('<script') && !html.includes('<img') && html.match(/<\/style>/g).length === 1)
  assert.ok(!html.includes('\u0000') && html.isWellFormed())
})

test('the one escape leaves nothing that could end a text or a value', () => {
  assert.equal(escaped(`<a b="c" d='e'>&amp;`), '&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;amp;')
  assert.equal(escaped('\u0007\ud800x\u{1f600}'), '\ufffd\ufffdx\u{1f600}')
})

test('no session id and no fingerprint is in it, wherever an answer might carry one', () => {
  const id = 'session_1770000000_0123456789abcdefghijkl'
  const html = tearSheet({ ...answer, restatements: restated, session_id: id, total: { ...answer.total, session_id: id } }, { ...proof, session_id: id })
  assert.ok(!html.includes('session_'))
  assert.ok(answer.accounts[0].fingerprint.length > 10)
  for (const { fingerprint } of [answer.accounts[0], { fingerprint: restated.list[0].account }]) assert.ok(!html.includes(fingerprint))
})

test('what the environment is stands over it, and a proof of another is contradicted', () => {
  const count = (html, text) => html.split(text).length - 1
  assert.equal(count(tearSheet(answer, proof), 'class="pf-band"'), 1)
  const live = { ...answer, environment: 'live' }
  const good = { ...proof, development: false, environment: 'live', release: '0.1.0' }
  assert.equal(count(tearSheet(live, good), 'class="pf-band"'), 0)
  assert.ok(tearSheet(live, good).includes('release 0.1.0'))
  assert.ok(tearSheet({ ...answer, environment: 'sandbox' }, { ...good, environment: 'sandbox' }).includes('SANDBOX.'))
  assert.ok(tearSheet(live, { ...good, environment: 'sandbox' }).includes('do not believe them'))
  assert.equal(count(tearSheet({ ...live, environment: 'odd' }, { ...good, environment: 'odd' }), 'class="pf-band"'), 1)
})

test('coverage and residual are on it, also where there are no figures', () => {
  const html = tearSheet(answer, proof)
  for (const text of [answer.coverage.history_limit.replaceAll("'", '&#39;'), 'GIFT', 'Residual', '365', 'read-only, checked 1 time']) {
    assert.ok(html.includes(text), text)
  }
  const none = tearSheet({ ...answer, total: null, why: { total: 'venue_not_answering' } }, proof)
  assert.ok(none.includes('the exchange does not answer') && none.includes('Why not further back'))
})

test('snapshots, the store and a restart of the record are on it', () => {
  const missed = { ...answer, snapshots: { ...answer.snapshots, missed: 3 }, record_restarted_at: '2026-08-12T09:30:00Z' }
  const html = tearSheet(missed, proof)
  for (const said of ['12 taken, 3 missed', 'state 41, not anchored', 'This record began anew on 12 Aug 2026']) assert.ok(html.includes(said), said)
  const { snapshots, checkpoint, ...older } = answer
  assert.ok(!/Snapshots|state/.test(tearSheet(older, proof)))
})

test('how often days were told anew is a line on it, and nothing where it never was', () => {
  assert.ok(!/Told anew/.test(tearSheet(answer, proof)))
  const html = tearSheet({ ...answer, restatements: restated }, proof)
  const line = '1,204 times, last on 22 Nov 2026 (14 days): a deposit, withdrawal or transfer was read later'
  assert.ok(html.includes(`Told anew</span></dt><dd>${line}</dd>`), html.match(/Told anew.{0,200}/)?.[0])
  assert.ok(tearSheet({ ...answer, restatements: { count: 1, list: [] } }, proof).includes('Told anew</span></dt><dd>1 time</dd>'))
})

test('it fits two pages of A4 and of Letter', { skip: noBrowser }, async () => {
  const chromium = await browser()
  try {
    const page = await chromium.newPage()
    const refused = []
    page.on('console', (message) => refused.push(message.text()))
    const months = Array.from({ length: 60 }, (_, index) => ({
      ...answer.months[0],
      month: `${2022 + Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, '0')}`,
      return: ((index % 7) - 3) / 50,
      days: 28,
    }))
    const marks = ['missing', 'reconstructed', 'bridged', 'partial', 'observed']
    const change = (day, index) => ({ ...day, mark: marks[Math.floor(index / 400)], ...(index < 400 ? { equity: null, return: null } : {}) })
    const coverage = { ...answer.coverage, residual: '-12.5', residual_bps: '0.4', days_missing: 400 }
    const long = { ...record(answer, { days: 1826, symbols: 300, change }), months, coverage }
    const anew = { record_restarted_at: '2026-08-12T09:30:00Z', restatements: restated }
    for (const body of [answer, long, { ...answer, ...anew }, { ...long, restatements: restated }]) {
      await page.setContent(tearSheet(body, proof))
      for (const format of ['A4', 'Letter']) {
        const pdf = (await page.pdf({ format, preferCSSPageSize: false })).toString('latin1')
        assert.equal(pdf.match(/\/Type\s*\/Page[^s]/g).length, 2, `${format}, ${body.months.length} months`)
      }
    }
    assert.deepEqual(refused, [])
  } finally {
    await chromium.close()
  }
})
