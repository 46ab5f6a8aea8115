//! Verify: a saved answer judged in the page with the network off, one that was tampered with, and what is no answer.

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { newPage, perfagg, register, rest, root, skip, startBrowser, startStack } from './stack.mjs'

describe('Verify', { skip }, () => {
  let stack, browser, saved

  before(async () => {
    stack = await startStack()
    browser = await startBrowser()
    await perfagg(stack, 'register', '--user-id', 'demo', '--exchange', 'binance', '--service-url', stack.url, '--wait')
    saved = Object.fromEntries(['summary', 'metrics'].map(what => [what, join(stack.directory, `${what}.json`)]))
    for (const [what, file] of Object.entries(saved)) await perfagg(stack, what, '--save', file)
  })
  after(async () => {
    await browser?.close()
    await stack?.stop()
  })

  /** The page, with its network off. */
  async function offline(options) {
    const opened = await newPage(browser, options)
    const { page, context } = opened
    await page.goto(`${stack.url}/verify.html`)
    await page.waitForLoadState('networkidle')
    await context.setOffline(true)
    return opened
  }
  async function judge(page, file, withRoot = true) {
    await page.locator('details.advanced').first().evaluate(details => { details.open = true })
    await page.locator('#verify-root').fill(withRoot ? root : '')
    await page.locator('#file').setInputFiles(file)
  }
  const changed = (name, change) => {
    const file = join(stack.directory, `${name}.json`)
    writeFileSync(file, change(readFileSync(saved.summary, 'utf8')))
    return file
  }

  for (const what of ['summary', 'metrics']) {
    it(`reads the verdict and the figures of a saved ${what}, with the network off`, async () => {
      const { page, context, did } = await offline()
      await judge(page, saved[what])
      await page.getByRole('heading', { level: 1, name: 'What the file proves' }).waitFor()
      await page.getByText('The signature is right, and the evidence vouches for its key.').first().waitFor()
      const { answer } = JSON.parse(readFileSync(saved[what], 'utf8'))
      const key = Buffer.from(/keyid="([^"]+)"/.exec(answer.signature_input)[1], 'base64url').toString('hex')
      assert.ok((await page.locator('#judged').textContent()).includes(key), 'the key that signed')
      assert.match(await page.locator('#judged').textContent(), /anything about hardware/)
      const { equity } = JSON.parse(answer.body)
      if (typeof equity === 'string') {
        const shown = Number(equity).toLocaleString('en-GB', { minimumFractionDigits: 2, maximumFractionDigits: 2 })
        await page.locator('#judged-figures').getByText(shown).first().waitFor()
      }
      const rests = await page.locator('#judged-figures').textContent()
      assert.match(rests, /Taken and missednone was due yet/)
      assert.match(rests, /Storestate \d+, not anchored/)
      assert.ok(await page.locator('#development').isVisible())
      assert.deepEqual([did.violations, did.errors], [[], []])
      await context.close()
    })
  }

  it('refuses an answer in which one digit is another', async () => {
    const { page, context } = await offline()
    const tampered = changed('tampered', text => text.replace(/(\\"fills\\":)(\d)/, (_, name, digit) => `${name}${(Number(digit) + 1) % 10}`))
    assert.notEqual(readFileSync(tampered, 'utf8'), readFileSync(saved.summary, 'utf8'))
    await judge(page, tampered)
    await page.getByRole('alert').locator('h2').waitFor()
    assert.equal(await page.locator('#view-judged').isVisible(), false)
    assert.equal(await page.locator('#judged-figures').innerHTML(), '', 'no figure of it is shown')
    await context.close()
  })

  it('refuses development evidence where none was asked for, and what is no answer', async () => {
    const { page, context } = await offline()
    await judge(page, saved.summary, false)
    await page.getByRole('alert').getByText('No maker of hardware stands behind this evidence').waitFor()
    for (const [name, text] of [['empty', ''], ['html', '<html>'], ['list', '[]'], ['large', `{"type":"${'x'.repeat(1024 * 1024)}"}`]]) {
      await judge(page, changed(name, () => text))
      const alert = page.getByRole('alert').filter({ hasNotText: 'No maker of hardware' })
      await alert.locator('.code').waitFor()
      assert.equal(await alert.locator('.code').textContent(), 'NOT_VERIFIED', name)
      await page.evaluate(() => document.getElementById('verify-problem').replaceChildren())
    }
    await context.close()
  })

  it('takes what the dashboard saves', async () => {
    const { page, context } = await newPage(browser)
    await page.goto(`${stack.url}/register.html`)
    await rest(stack)
    await register(page)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save a signed answer' }).click()])
    const file = join(stack.directory, 'from-dashboard.json')
    await download.saveAs(file)
    assert.doesNotMatch(readFileSync(file, 'utf8'), /session_\d+_/, 'no id of a session')
    const other = await offline()
    await judge(other.page, file)
    await other.page.getByText('The signature is right').first().waitFor()
    await other.context.close()
    await context.close()
  })
})
