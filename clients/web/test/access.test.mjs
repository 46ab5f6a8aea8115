//! For everyone: axe finds nothing serious on any view, light and dark; nothing scrolls sideways on a phone; the whole way
//! can be gone with the keyboard alone. With PERFAGG_SCREENSHOTS set, each view is kept there to be looked at.

import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { KEY, SECRET, fillRegister, newPage, rest, root, skip, startBrowser, startStack } from './stack.mjs'

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const screenshots = process.env.PERFAGG_SCREENSHOTS
const [DESKTOP, PHONE] = [{ width: 1280, height: 900 }, { width: 360, height: 740 }]

describe('The pages', { skip }, () => {
  let stack, browser

  before(async () => {
    if (screenshots !== undefined) mkdirSync(screenshots, { recursive: true })
    stack = await startStack()
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await stack?.stop()
  })

  /** Looks at a view as a machine can, and keeps it for people. */
  async function look(page, name) {
    await page.evaluate(axe)
    const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }))
    const bad = violations.filter(({ impact }) => impact === 'serious' || impact === 'critical')
    const told = bad.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(node => node.html.slice(0, 160)).join(' | ')}`)
    assert.deepEqual(told, [], name)
    const [content, window_] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth])
    assert.ok(content <= window_, `${name} is ${content} wide in ${window_}`)
    if (screenshots !== undefined) await page.screenshot({ path: join(screenshots, `${name}.png`), fullPage: true })
  }

  for (const [size, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE })) {
    for (const colorScheme of ['light', 'dark']) {
      // Colours are the same at every width: dark on a phone is for people's eyes alone.
      if (size === 'phone' && colorScheme === 'dark' && screenshots === undefined) continue
      it(`are sound at ${size} width, ${colorScheme}`, async () => {
        const { page, context, did } = await newPage(browser, { viewport, colorScheme })
        const at = name => look(page, `${size}-${colorScheme}-${name}`)
        await rest(stack)
        await page.goto(`${stack.url}/`)
        await at('0-start')
        await page.goto(`${stack.url}/register.html`)
        await at('1-register')
        await page.getByRole('button', { name: 'Check the enclave' }).click()
        await at('1-register-missing')
        await fillRegister(page)
        await page.locator('#root').fill('')
        await page.getByRole('button', { name: 'Check the enclave' }).click()
        await page.getByText('ATTESTATION_REFUSED').waitFor()
        await at('2-refused')
        await page.getByRole('button', { name: 'Go back, send nothing' }).click()
        await page.getByLabel('Holder’s key').selectOption('new')
        const [key] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Make the key and save its file' }).click()])
        await key.path()
        await page.locator('#holder-saved').check()
        await fillRegister(page)
        await at('1-register-advanced')
        await page.getByRole('button', { name: 'Check the enclave' }).click()
        await page.getByRole('button', { name: 'Seal the key and register' }).waitFor()
        await page.getByText('What was checked, step by step').click()
        await at('2-verdict')
        await page.locator('#confirm-tick').check()
        await page.getByRole('button', { name: 'Seal the key and register' }).click()
        await page.getByText('Session opened.').waitFor({ state: 'attached' })
        await at('3-collecting')
        await page.getByRole('heading', { level: 1, name: 'Performance' }).waitFor({ timeout: 60_000 })
        await page.waitForFunction(() => document.getElementById('dashboard').textContent.length > 100)
        await at('4-dashboard')
        const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save a signed answer' }).click()])
        const saved = readFileSync(await download.path())
        await page.getByRole('button', { name: 'Your record' }).click()
        await page.getByRole('dialog', { name: 'Your record' }).waitFor()
        await at('4-record')
        await page.getByRole('button', { name: 'Erase the record' }).click()
        await at('4-erase')
        await page.getByRole('button', { name: 'Keep it' }).click()
        await page.getByRole('button', { name: 'Revoke' }).click()
        await at('4-revoke')
        await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
        await page.getByRole('heading', { level: 1, name: 'The session has ended' }).waitFor()
        await at('5-ended')
        await page.goto(`${stack.url}/verify.html`)
        await at('6-verify')
        await page.locator('details.advanced').evaluate(details => { details.open = true })
        await page.locator('#verify-root').fill(root)
        await page.locator('#file').setInputFiles({ name: 'answer.json', mimeType: 'application/json', buffer: saved })
        await page.getByRole('heading', { level: 1, name: 'What the file proves' }).waitFor()
        await at('7-judged')
        const [sheet] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download tear sheet' }).click()])
        await page.goto('about:blank')
        await page.setContent(readFileSync(await sheet.path(), 'utf8'))
        await at('8-tear-sheet')
        assert.deepEqual(did.violations, [])
        await context.close()
      })
    }
  }

  it('switch between light and dark, and keep that nowhere', async () => {
    const { page, context } = await newPage(browser, { colorScheme: 'light' })
    await page.goto(`${stack.url}/`)
    const ground = () => page.evaluate(() => getComputedStyle(document.documentElement).backgroundColor)
    const light = await ground()
    await page.getByRole('button', { name: 'Use dark colours' }).click()
    const dark = await ground()
    assert.notEqual(dark, light)
    await page.getByRole('button', { name: 'Use light colours' }).click()
    assert.equal(await ground(), light)
    await page.getByRole('button', { name: 'Use dark colours' }).click()
    await page.reload()
    assert.equal(await ground(), light)
    assert.deepEqual(await page.evaluate(() => [{ ...localStorage }, { ...sessionStorage }, document.cookie]), [{}, {}, ''])
    await context.close()
  })

  it('are gone through with the keyboard alone', async () => {
    const { page, context } = await newPage(browser)
    await rest(stack)
    await page.goto(`${stack.url}/register.html`)
    const focused = () => page.evaluate(() => document.activeElement?.id ?? '')
    const to = async id => {
      for (let presses = 0; presses < 60; presses += 1) {
        if ((await focused()) === id) return
        await page.keyboard.press('Tab')
        const seen = await page.evaluate(() => {
          const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement)
          // A file field is drawn by its label.
          return outlineStyle !== 'none' && outlineWidth !== '0px'
        })
        assert.ok(seen, `the focus can be seen at ${await focused()}`)
      }
      assert.fail(`${id} is not reached`)
    }
    await page.keyboard.press('Tab')
    assert.equal(await page.evaluate(() => document.activeElement?.className), 'skip')
    await page.keyboard.press('Enter')
    assert.equal(await focused(), 'main')
    for (const [id, text] of [['user-id', 'demo'], ['api-key', KEY], ['secret', SECRET]]) {
      await to(id)
      await page.keyboard.insertText(text)
    }
    for (let presses = 0; (await page.evaluate(() => document.activeElement?.tagName)) !== 'SUMMARY'; presses += 1) {
      assert.ok(presses < 5)
      await page.keyboard.press('Tab')
    }
    await page.keyboard.press('Enter')
    await to('root')
    await page.keyboard.insertText(root)
    await to('check')
    await page.keyboard.press('Enter')
    await page.getByRole('button', { name: 'Seal the key and register' }).waitFor()
    await to('confirm-tick')
    await page.keyboard.press('Space')
    await to('seal')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'Performance' }).waitFor({ timeout: 60_000 })
    await page.waitForFunction(() => document.activeElement?.id === 'dashboard-title')
    await to('revoke')
    await page.keyboard.press('Enter')
    await to('revoke-yes')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { level: 1, name: 'The session has ended' }).waitFor()
    assert.equal(await focused(), 'ended-title')
    await context.close()
  })
})
