//! Every figure has its definition, and every definition says what docs/metrics.md says.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import test from 'node:test'
import { demo, load } from './bench.mjs'

const { DEFINITIONS, anchor, context } = await load('definitions.ts')
const { figures } = await load('read.ts')
const { sheet } = await load('sheet.ts')
const page = await readFile(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8')
const answer = await demo()

const setting = { name: 'pf', currency: 'USDT', opens: true, width: 720, allSymbols: false }

function opened(tree, found = new Set()) {
  if (typeof tree === 'string') return found
  if (tree.attributes['data-opens'] !== undefined) found.add(tree.attributes['data-opens'])
  for (const child of tree.children) opened(child, found)
  return found
}

test('every figure that is shown opens a definition, and no definition is idle', () => {
  const summary = { ...answer, coverage: answer.coverage }
  delete summary.total
  const unpriced = { ...answer, total: { ...answer.total, fees_unvalued: { MITH: '1' } } }
  const anew = { ...answer, record_restarted_at: '2026-11-20T08:00:00Z', restatements: { count: 1, list: [] } }
  const shown = [answer, summary, unpriced, anew].map((body) => opened(sheet(setting, figures(body))))
  const all = new Set(shown.flatMap((ids) => [...ids]))
  assert.ok(all.size > 60, String(all.size))
  assert.deepEqual([...DEFINITIONS.keys()].filter((id) => !all.has(id)), [])
  assert.deepEqual([...all].filter((id) => !DEFINITIONS.has(id)), [])
})

test('each definition stands under its heading of docs/metrics.md, word for word', () => {
  const parts = new Map(page.split(/^#+ /m).map((part) => [part.split('\n')[0], part]))
  for (const { id, heading, tells, formula, nullWhen } of DEFINITIONS.values()) {
    const part = parts.get(heading)
    assert.ok(part !== undefined, `${id}: no heading "${heading}"`)
    assert.ok(part.includes(tells), `${id}: ${tells}`)
    assert.ok(part.includes(formula), `${id}: ${formula}`)
    for (const [code] of nullWhen.matchAll(/`[a-z_]+`/g)) assert.ok(page.includes(code), `${id}: ${code}`)
  }
})

test('a definition of a table stands in the row that names it', () => {
  let rows = 0
  for (const { id, tells, formula } of DEFINITIONS.values()) {
    const row = page.split('\n').find((line) => line.startsWith('| `') && line.split('|')[1].includes(`\`${id}\``) && line.includes(tells))
    if (row === undefined) continue
    rows += 1
    assert.ok(row.includes(`| ${formula}`) || formula === '', id)
  }
  assert.ok(rows > 60, String(rows))
})

test('what letters stand for is said as in docs/metrics.md', () => {
  for (const definition of DEFINITIONS.values()) {
    for (const sentence of context(definition)) assert.ok(page.includes(sentence), sentence)
  }
})

test('anchors are those of the headings', () => {
  const links = new Set([...page.matchAll(/\]\(#([a-z0-9-]+)\)/g)].map(([, name]) => name))
  assert.ok(links.has('returns-with-deposits-and-withdrawals'))
  assert.equal(anchor(DEFINITIONS.get('twr')), 'docs/metrics.md#returns-with-deposits-and-withdrawals')
  assert.equal(anchor(DEFINITIONS.get('how')), 'docs/metrics.md#the-daily-curve-and-how-each-day-is-known')
})
