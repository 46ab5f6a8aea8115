//! Figures on a page, in a real Chromium under the policy that the pages have: drawn, opened, updated in place.

import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import test, { after, before } from 'node:test'
import { browser, bundle, demo, noBrowser, record, styleSheet } from './bench.mjs'

const skip = { skip: noBrowser }
const answer = await demo()
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const script = await bundle('index.ts', 'iife')
const style = await styleSheet()
const COLOURS = {
  light: '--bg:#fbfaf7;--surface:#fff;--text:#1d2126;--muted:#5b6470;--line:#dfe1e4;--accent:#1f4e8c;--good:#17693d;--bad:#a8261c;--warn:#8a5a00',
  dark: '--bg:#14171b;--surface:#1c2026;--text:#e6e8ea;--muted:#9aa3ad;--line:#2e343b;--accent:#7fb0ee;--good:#63c18d;--bad:#f08a7f;--warn:#e0ac4c',
}
const ORIGIN = 'http://127.0.0.1:9'

let chromium
before(async () => {
  if (!noBrowser) chromium = await browser()
})
after(async () => chromium?.close())

/** A page with the figures loaded, served without any network, under the policy of the pages. */
async function opened({ width = 1200, scheme = 'light', body = answer } = {}) {
  const page = await chromium.newPage({ viewport: { width, height: 900 } })
  const complaints = []
  page.on('pageerror', (error) => complaints.push(String(error)))
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()))
  const files = {
    '/': ['text/html', '<!doctype html><html lang="en"><head><title>Figures</title><link rel="stylesheet" href="/style.css"><link rel="icon" href="data:,"><script src="/figures.js"></script></head><body><main><h1>Figures</h1><div id="root"></div></main></body></html>'],
    '/figures.js': ['text/javascript', script],
    '/style.css': ['text/css', `:root{${COLOURS[scheme]}} body{background:var(--bg);color:var(--text);font-family:sans-serif;margin:0} main{padding:16px}\n${style}`],
  }
  await page.route('**/*', (route) => {
    const found = files[new URL(route.request().url()).pathname]
    if (found === undefined) return route.abort()
    const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:"
    return route.fulfill({ contentType: found[0], body: found[1], headers: { 'content-security-policy': policy } })
  })
  await page.goto(`${ORIGIN}/`)
  await page.evaluate((body) => {
    const queue = []
    let wake = () => {}
    const test = { body, states: [], reads: 0, fail: null }
    test.send = (event, data = {}) => {
      queue.push({ id: 1, event, data })
      wake()
    }
    test.source = {
      getSummary: async () => test.body,
      getMetrics: async () => {
        test.reads += 1
        if (test.fail !== null) throw test.fail
        return test.body
      },
      async *watch({ signal }) {
        for (;;) {
          while (queue.length > 0) yield queue.shift()
          await new Promise((done) => {
            wake = done
            signal.addEventListener('abort', done)
          })
          if (signal.aborted) return
        }
      },
    }
    globalThis.bench = test
  }, body)
  return { page, complaints }
}

/** The dashboard, mounted and drawn. */
async function mounted(options) {
  const { page, complaints } = await opened(options)
  await page.evaluate(() => {
    const { bench, figures } = globalThis
    bench.dashboard = figures.mountDashboard(document.getElementById('root'), bench.source, { onState: (state) => bench.states.push(state) })
  })
  await page.waitForSelector('.pf-status')
  return { page, complaints }
}

// Colours are the same at every width.
for (const [scheme, widths] of Object.entries({ light: [360, 1200], dark: [1200] })) {
  for (const width of widths) {
    test(`axe finds nothing serious, ${scheme}, ${width} px, and nothing overflows`, skip, async () => {
      const gap = (day, index) => (index > 40 && index < 60 ? { ...day, mark: 'bridged', equity: null, return: null, why: { equity: 'no_price' } } : { ...day, mark: index > 300 ? 'observed' : day.mark })
      const { page, complaints } = await mounted({ width, scheme, body: { ...record(answer, { days: 400, change: gap }), restatements: { count: 1, list: [told(1, '20', '11-09', 11, 'history_reach')] } } })
      for (const details of await page.$$('summary')) await details.click()
      await page.click('[data-opens="sharpe"]')
      const check = async () => {
        // Playwright evaluates outside of the page's policy.
        await page.evaluate(axe)
        const { violations } = await page.evaluate(() => globalThis.axe.run())
        return violations.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(({ id, nodes }) => `${id}: ${nodes[0].html}`)
      }
      assert.deepEqual(await check(), [])
      await page.keyboard.press('Escape')
      assert.deepEqual(await check(), [])
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width)
      assert.deepEqual(complaints, [])
      await page.close()
    })
  }
}

for (const width of [360, 800, 1200]) {
  test(`days under charts keep apart at ${width} px, and charts stand two in a row where there is room`, skip, async () => {
    // Days, months and years under the narrowest; wider ones differ by their room alone.
    for (const days of width === 360 ? [20, 365, 3650] : [365]) {
      const { page } = await mounted({ width, body: record(answer, { days }) })
      const charts = await page.$$eval('.pf-chart', (all) => all.map((chart) => ({
        top: chart.getBoundingClientRect().top,
        ticks: [...chart.querySelectorAll('.pf-axes text:not([dy])')].map((text) => text.getBoundingClientRect()).map(({ left, right }) => [left, right]),
        ground: (({ left, right }) => [left, right])(chart.querySelector('.pf-image').getBoundingClientRect()),
      })))
      assert.equal(charts.length, 3)
      for (const { ticks, ground } of charts) {
        assert.ok(ticks.length >= 2, `${days} days have ${ticks.length} ticks`)
        for (const [index, [left, right]] of ticks.entries()) {
          assert.ok(left >= (ticks[index - 1]?.[1] ?? ground[0]) + 2 && right <= ground[1] + 1, `tick ${index} of ${days} days`)
        }
      }
      assert.equal(charts[1].top === charts[2].top, width > 760)
      await page.close()
    }
  })
}

test('every definition opens by keyboard, tells the exact number, and gives focus back', skip, async () => {
  const { page } = await mounted()
  const ids = await page.$$eval('[data-opens]', (buttons) => buttons.map((button, index) => (button.setAttribute('data-at', index), index)))
  assert.ok(ids.length > 80)
  const bad = await page.$$eval('[data-opens]', (buttons) => buttons.filter((button) => {
    button.click()
    const dialog = document.querySelector('dialog[open]')
    const said = dialog?.querySelectorAll('.pf-definition p').length ?? 0
    dialog?.close()
    return said < 2
  }).map((button) => button.dataset.opens))
  assert.deepEqual(bad, [], 'each opens its definition')
  for (const at of ids.filter((at) => at % 8 === 0)) {
    await page.focus(`[data-at="${at}"]`)
    await page.keyboard.press('Enter')
    const dialog = page.locator('dialog[open]')
    assert.equal(await dialog.count(), 1, String(at))
    assert.ok((await dialog.locator('.pf-definition p').count()) > 1)
    await page.keyboard.press('Escape')
    assert.equal(await page.locator('dialog[open]').count(), 0)
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('data-at')), String(at))
  }
  await page.click('.pf-headline [data-opens="realized_net"]')
  assert.ok((await page.textContent('.pf-exact')).includes(`${answer.total.realized_net} USDT`))
  await page.click('[data-close]')
  assert.equal(await page.locator('dialog[open]').count(), 0)
  await page.close()
})

test('new figures come in place: focus, scrolling and what stands open stay', skip, async () => {
  const { page } = await mounted()
  await page.click('[data-table="curve"] > summary')
  await page.focus('.pf-statistics [data-opens="volatility"]')
  await page.evaluate(() => {
    globalThis.bench.kept = document.activeElement
    document.querySelector('[data-table="curve"] .pf-tall').scrollTop = 300
    globalThis.scrollTo(0, 900)
    const { bench } = globalThis
    const total = { ...bench.body.total, equity: { ...bench.body.total.equity, equity: '999888.777' } }
    bench.body = { ...bench.body, total }
    bench.send('metrics', { as_of: bench.body.as_of, revision: 2 })
  })
  await page.waitForFunction(() => document.querySelector('.pf-headline')?.textContent.includes('999,888.78'))
  const kept = await page.evaluate(() => ({
    same: document.activeElement === globalThis.bench.kept && document.activeElement.isConnected,
    open: document.querySelector('[data-table="curve"]').open,
    table: document.querySelector('[data-table="curve"] .pf-tall').scrollTop,
    page: globalThis.scrollY,
    reads: globalThis.bench.reads,
  }))
  assert.deepEqual(kept, { same: true, open: true, table: 300, page: 900, reads: 2 })
  await page.close()
})

test('the crosshair moves by keys, says its day, and stays on it when a day is added', skip, async () => {
  const { page } = await mounted()
  const scrub = page.locator('[data-chart="curve"] .pf-scrub')
  await scrub.focus()
  await page.keyboard.press('Home')
  const days = answer.total.days
  const first = await scrub.getAttribute('aria-valuetext')
  assert.ok(first.startsWith('27 Nov 2025: equity '), first)
  assert.ok(first.endsWith('(reconstructed)'), first)
  for (const key of ['ArrowRight', 'ArrowRight', 'PageUp', 'ArrowLeft']) await page.keyboard.press(key)
  assert.equal(await scrub.getAttribute('aria-valuenow'), '31')
  const before = await scrub.getAttribute('aria-valuetext')
  assert.equal(await page.locator('[data-chart="curve"] .pf-cross circle').count(), 2)
  await page.evaluate((last) => {
    const { bench } = globalThis
    const days = [...bench.body.total.days, { ...last, date: '2026-11-27' }]
    bench.body = { ...bench.body, total: { ...bench.body.total, days } }
    bench.send('metrics')
  }, days.at(-1))
  await page.waitForFunction((most) => document.querySelector('[data-chart="curve"] .pf-scrub').getAttribute('aria-valuemax') === most, String(days.length))
  assert.equal(await scrub.getAttribute('aria-valuetext'), before)
  assert.equal(await scrub.evaluate((element) => element === document.activeElement), true)
  await page.keyboard.press('End')
  assert.equal(await scrub.getAttribute('aria-valuenow'), String(days.length))
  await page.close()
})

test('progress is shown while the history is read, and figures when they are there', skip, async () => {
  const collecting = { ...answer, total: null, symbols: [], months: [], accounts: [], why: { total: 'sync_in_progress' }, sync: { state: 'collecting', progress: 0.2 } }
  const { page, complaints } = await mounted({ body: collecting })
  assert.equal(await page.getAttribute('.pf-collecting progress', 'value'), '0.2')
  await page.evaluate(() => globalThis.bench.send('sync', { state: 'collecting', progress: 0.75 }))
  await page.waitForFunction(() => document.querySelector('.pf-collecting progress').value === 0.75)
  assert.ok((await page.textContent('.pf-collecting')).includes('75%'))
  await page.evaluate((body) => {
    globalThis.bench.body = body
    globalThis.bench.send('sync', { state: 'live', progress: 1 })
    globalThis.bench.send('metrics')
  }, answer)
  await page.waitForSelector('.pf-hero-number')
  assert.equal(await page.locator('.pf-collecting').count(), 0)
  assert.equal(await page.evaluate(() => globalThis.bench.states.at(-1).kind), 'live')
  assert.deepEqual(complaints, [])
  await page.close()
})

test('a failed read keeps the last figures with their age, and no stranger’s text', skip, async () => {
  const { page } = await mounted()
  await page.evaluate(() => {
    globalThis.bench.fail = new Error('secret-from-elsewhere')
    globalThis.bench.send('metrics')
  })
  await page.waitForFunction(() => globalThis.bench.states.at(-1).kind === 'waiting')
  const text = await page.textContent('#root')
  assert.ok(text.includes('320,357.98') && text.includes('The figures could not be read.') && text.includes(' ago'))
  assert.ok(!text.includes('secret-from-elsewhere'))
  await page.evaluate(() => {
    globalThis.bench.fail = null
    globalThis.bench.send('metrics')
  })
  await page.waitForFunction(() => globalThis.bench.states.at(-1).kind === 'live')
  await page.evaluate(() => globalThis.bench.send('expiry', { state: 'revoked', session_expires: '2026-11-28T10:18:00Z' }))
  await page.waitForFunction(() => globalThis.bench.states.at(-1).kind === 'ended')
  assert.ok((await page.textContent('[role="status"]')).includes('revoked'))
  await page.close()
})

test('after close nothing is read or told any more', skip, async () => {
  const { page } = await mounted()
  const after = await page.evaluate(async () => {
    const { bench } = globalThis
    bench.dashboard.close()
    const before = [bench.reads, bench.states.length]
    bench.send('metrics')
    await new Promise((done) => setTimeout(done))
    return [before, [bench.reads, bench.states.length]]
  })
  assert.deepEqual(after[0], after[1])
  await page.close()
})

test('ten years and five hundred symbols are drawn and redrawn quickly, with few elements', skip, async () => {
  const body = record(answer, { days: 3650, symbols: 500, change: (day, index) => ({ ...day, mark: index % 2 === 0 ? 'observed' : 'reconstructed' }) })
  const { page } = await mounted({ body })
  assert.equal(await page.locator('.pf-symbol-table tbody tr').count(), 12)
  await page.click('[data-symbols]')
  assert.equal(await page.locator('.pf-symbol-table tbody tr').count(), 500)
  assert.equal(await page.evaluate(() => document.activeElement.hasAttribute('data-symbols')), true)
  const { length, elements } = await page.evaluate(() => ({
    length: Math.max(...[...document.querySelectorAll('.pf-line')].map((path) => path.getAttribute('d').length)),
    elements: document.querySelectorAll('svg *').length,
  }))
  assert.ok(length < 70_000, String(length))
  assert.ok(elements < 4000, String(elements))
  await page.close()
})

test('a saved answer is shown without a dashboard: metrics, and a summary with its coverage', skip, async () => {
  const { page } = await opened()
  const { total, accounts, symbols, months, prices, transfers, ...common } = answer
  const summary = {
    ...common,
    equity: total.equity.equity,
    gain: total.equity.gain,
    net_flow: total.equity.net_flow,
    return: { twr: total.returns.twr, twr_annualized: null, max_drawdown: total.risk.max_drawdown, sharpe: total.risk.sharpe },
    trades: { fills: total.fills, volume: total.volume, fees_valued: null, realized_net: total.realized_net, matched_share: total.matched_share, win_rate: total.trade_stats.win_rate },
    why: { 'return.twr_annualized': 'period_under_one_year', 'trades.fees_valued': 'no_price' },
  }
  await page.evaluate((body) => globalThis.figures.renderFigures(document.getElementById('root'), body), summary)
  const text = await page.textContent('#root')
  for (const said of ['less than a year: not annualised', 'has no price in this currency', '+0.26%', 'Why not further back', 'Development']) assert.ok(text.includes(said), said)
  assert.equal(await page.locator('.pf-chart').count(), 0)
  await page.evaluate((body) => globalThis.figures.renderFigures(document.getElementById('root'), body), answer)
  assert.equal(await page.locator('.pf-chart').count(), 3)
  assert.equal(await page.locator('.pf').count(), 1)
  await page.close()
})

/** A body with misses, the latest last. */
const missing = (misses, more = {}) => ({ ...answer, snapshots: { ...answer.snapshots, taken: 204, missed: misses.length, misses, ...more } })
const miss = (day, hour, cause) => ({ due: `2026-11-${day}T${hour}:00:00Z`, cause })

test('snapshots are a line where none was missed, and say when and why where some were', skip, async () => {
  const { page, complaints } = await mounted()
  const part = page.locator('.pf-snapshots')
  assert.ok((await part.textContent()).includes('12 taken, none missed'))
  assert.deepEqual([await part.locator('table').count(), await part.locator('svg').count(), await part.locator('.pf-warning').count()], [0, 0, 0])
  await page.evaluate((body) => {
    globalThis.bench.body = body
    globalThis.bench.send('metrics')
  }, missing([miss('03', '00', 'enclave_down'), miss('03', '14', 'enclave_down'), miss('04', '00', 'venue_not_answering'), miss('05', '05', 'a_newer_cause')], { missed: 1204 }))
  await part.locator('table').waitFor()
  const rows = await part.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)))
  assert.deepEqual(rows, [
    ['5 Nov 2026', '05:00', 'a_newer_cause'],
    ['4 Nov 2026', '00:00', 'the exchange did not answer'],
    ['3 Nov 2026', '00:00, 14:00', 'the enclave did not run, or had no key'],
  ])
  assert.deepEqual(await part.locator('.pf-day-counts li').allTextContents(), [
    '204 taken', '2 missed: the enclave did not run, or had no key', '1 missed: the exchange did not answer', '1 missed: a_newer_cause', '1,200 missed before those',
  ])
  const text = await part.textContent()
  for (const said of ['204 taken, 1,204 missed', 'These are the latest 4; 1,200 earlier ones are counted and not listed.']) assert.ok(text.includes(said), said)
  assert.deepEqual(complaints, [])
  await page.close()
})

test('many misses are folded away, also on a phone', skip, async () => {
  const days = Array.from({ length: 28 }, (_, index) => miss(String(index + 1).padStart(2, '0'), '00', 'store_unavailable'))
  const { page } = await mounted({ width: 390, body: missing(days) })
  assert.equal(await page.locator('.pf-snapshots tbody tr:visible').count(), 7)
  await page.click('.pf-snapshots summary')
  assert.equal(await page.locator('.pf-snapshots tbody tr:visible').count(), 28)
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390)
  await page.close()
})

test('how far the store is stands in a line that explains itself, and a record that began anew says so at the top', skip, async () => {
  const { page } = await mounted({ body: { ...answer, record_restarted_at: '2026-08-12T09:30:00Z' } })
  const store = page.locator('.pf-fact', { has: page.locator('[data-opens="checkpoint"]') })
  assert.equal(await store.locator('dd').textContent(), 'state 41, not anchored')
  await store.locator('button').click()
  const dialog = await page.locator('dialog').textContent()
  for (const said of ['41, root -BZUPlD', 'false is no alarm']) assert.ok(dialog.includes(said), said)
  await page.keyboard.press('Escape')
  assert.ok((await page.locator('.pf-headline').textContent()).includes('This record began anew on 12 Aug 2026: its holder had erased it.'))
  // An answer that was saved before there were any says nothing of them.
  const { snapshots, checkpoint, record_restarted_at, ...older } = answer
  await page.evaluate((body) => globalThis.figures.renderFigures(document.getElementById('root'), body), older)
  assert.deepEqual([await page.locator('.pf-snapshots').count(), await page.locator('[data-opens="checkpoint"]').count()], [0, 0])
  await page.close()
})

const told = (number, day, from, days, cause) => ({ account: 'Zm9vYmFyYmF6cXV4MTIzNA', number, at: `2026-11-${day}T07:12:03Z`, from: `2026-${from}`, days, cause })

test('days that were told anew are no word where none was, and a table that says when, from which day and why where some were', skip, async () => {
  const { page, complaints } = await mounted()
  assert.equal(await page.locator('.pf-snapshots').count(), 1)
  assert.equal(await page.getByText('told anew', { exact: false }).count(), 0)
  const list = [told(3, '20', '11-09', 1204, 'price_read_later'), told(4, '21', '10-31', 1, 'fills_read_later'), told(5, '22', '11-20', 2, 'a_newer_cause')]
  await page.evaluate((body) => {
    globalThis.bench.body = body
    globalThis.bench.send('metrics')
  }, { ...answer, restatements: { count: 5, list } })
  const part = page.locator('.pf-restatements')
  await part.locator('table').waitFor()
  const rows = await part.locator('tbody tr').evaluateAll((rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)))
  assert.deepEqual(rows, [
    ['22 Nov 2026', '20 Nov 2026', '2', 'a_newer_cause'],
    ['21 Nov 2026', '31 Oct 2026', '1', 'fills were read later'],
    ['20 Nov 2026', '9 Nov 2026', '1,204', 'a price or a balance was read later'],
  ])
  const text = await part.textContent()
  for (const said of ['5 times: days that were over have other figures since.', '2 earlier ones are counted and not listed.']) assert.ok(text.includes(said), said)
  assert.equal(await part.locator('.pf-warning').count(), 0)
  await part.locator('[data-opens="restatements"]').click()
  assert.ok((await page.locator('dialog').textContent()).includes('not wrong: it is older'))
  assert.deepEqual(complaints, [])
  await page.close()
})

test('what was told anew often is folded away, also on a phone and in a summary', skip, async () => {
  const list = Array.from({ length: 28 }, (_, index) => told(index + 1, String(index + 1).padStart(2, '0'), '10-01', index + 1, index % 2 === 0 ? 'movement_read_later' : 'history_reach'))
  const { total, ...summary } = { ...answer, restatements: { count: 28, list } }
  for (const body of [{ ...summary, total }, summary]) {
    const { page } = await mounted({ width: 390, body })
    const rows = page.locator('.pf-restatements tbody tr:visible')
    assert.equal(await rows.count(), 7)
    assert.equal(await rows.first().locator('td').last().textContent(), 'the history begins elsewhere, or has other gaps')
    await page.click('.pf-restatements summary')
    assert.equal(await rows.count(), 28)
    assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), 390)
    const fits = await page.locator('.pf-restatements .pf-scroll').evaluateAll((all) => all.map((one) => one.scrollWidth <= one.clientWidth))
    assert.deepEqual(fits, [true, true])
    await page.close()
  }
})
