//! A session that is open, and what happens to it: the network goes, the enclave forgets it, the clock of this computer is
//! wrong.

import assert from 'node:assert/strict'
import { after, afterEach, before, describe, it } from 'node:test'
import { fillRegister, newPage, register, rest, skip, startBrowser, startStack } from './stack.mjs'

describe('A session', { skip }, () => {
  let stack, browser

  before(async () => {
    stack = await startStack()
    browser = await startBrowser()
  })
  // One test that fails half-way is one failure.
  afterEach(() => {
    stack.way.cut(false)
    stack.way.answers.clear()
  })
  after(async () => {
    await browser?.close()
    await stack?.stop()
  })

  it('outlives a network that is gone, and says meanwhile when the service was seen last', async () => {
    const { page, context, did } = await newPage(browser)
    await page.goto(`${stack.way.url}/register.html`)
    await register(page)
    await page.locator('#dashboard').waitFor()
    stack.way.cut(true)
    await page.locator('#dashboard-reach').getByText(/The service does not answer\. Last seen \d\d:\d\d:\d\d UTC, trying again\./).waitFor()
    assert.ok(await page.locator('#dashboard').isVisible(), 'the figures that were read stay')
    const before = did.requests.length
    stack.way.cut(false)
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await page.locator('#dashboard-reach').waitFor({ state: 'hidden' })
    assert.ok(did.requests.slice(before).some(url => url.endsWith('/enclave/sealed')), 'the stream was taken up again')
    assert.equal(await page.getByRole('alert').filter({ has: page.locator('h2') }).count(), 0)
    await context.close()
  })

  it('is not ended by a word in clear; ended under the seal, its figures leave the page', async () => {
    const { page, context } = await newPage(browser)
    await rest(stack)
    await page.goto(`${stack.way.url}/register.html`)
    await register(page)
    await page.locator('#dashboard').waitFor()
    stack.way.answers.set('/enclave/sealed', { status: 503, body: '{}' })
    // Other calls of the page may be lied to meanwhile; an envelope names its route in clear.
    const lied = route => page.waitForResponse(
      answer => answer.status() === 503 && (answer.request().postData() ?? '').includes(`"${route}`))
    const revoked = lied('DELETE /enclave/sessions/')
    await page.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await revoked
    const problem = page.locator('#dashboard-problem')
    await problem.getByText('ANSWER_UNSIGNED', { exact: true }).waitFor()
    await problem.getByText('Nobody’s word').waitFor()
    const streamed = lied('GET /enclave/events/')
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await streamed
    assert.equal(await page.getByRole('heading', { level: 1, name: 'Performance' }).isVisible(), true, 'nobody’s word ends no session')
    stack.way.answers.delete('/enclave/sealed')
    await page.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('heading', { level: 1, name: 'The session has ended' }).waitFor()
    assert.equal(await page.locator('#dashboard').innerHTML(), '')
    await page.getByRole('button', { name: 'Register again' }).click()
    assert.equal(await page.locator('#secret').inputValue(), '')
    await context.close()
  })

  it('is asked for on a computer whose clock is an hour off: the page says so', async () => {
    for (const [hours, words] of [[-1, 'behind'], [1, 'ahead of']]) {
      const { page, context } = await newPage(browser)
      await context.addInitScript(ms => {
        const now = Date.now.bind(Date)
        Date.now = () => now() + ms
      }, hours * 3_600_000)
      await page.goto(`${stack.url}/register.html`)
      await fillRegister(page)
      await page.getByRole('button', { name: 'Check the enclave' }).click()
      const remark = await page.locator('#verdict-clock:not([hidden])').textContent()
      // The exchange's time, which a development enclave goes by, is a minute on.
      assert.match(remark, new RegExp(`^This computer’s clock is (1 h|1 h \\d min|5\\d min) ${words} the enclave’s`))
      await context.close()
    }
  })

  it('goes with an enclave that starts anew', async () => {
    const { page, context } = await newPage(browser)
    await rest(stack)
    await page.goto(`${stack.url}/register.html`)
    await register(page)
    await stack.restartEnclave()
    await page.evaluate(() => dispatchEvent(new Event('online')))
    await page.getByRole('heading', { level: 1, name: 'The session has ended' }).waitFor({ timeout: 60_000 })
    await context.close()
  })
})
