//! A holder's key at the page: made there and given to its owner as a file, read back from it, and kept nowhere else; what
//! only its holder can see and do.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { fillRegister, newPage, register, rest, root, skip, startBrowser, startStack, traces } from './stack.mjs'

/** The text of a key: both halves. */
const TEXT = /^perfagg-holder\/1:[\w-]{43}:([\w-]{43})\n$/

describe('A holder’s key', { skip }, () => {
  let stack, browser

  before(async () => {
    stack = await startStack()
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await stack?.stop()
  })

  /** A form for which a key was made, and the text of its file. */
  async function made() {
    const opened = await newPage(browser)
    const { page } = opened
    await rest(stack)
    await page.goto(`${stack.url}/register.html`)
    await page.getByLabel('Holder’s key').selectOption('new')
    const button = page.getByRole('button', { name: 'Make the key and save its file' })
    const [download] = await Promise.all([page.waitForEvent('download'), button.click()])
    assert.equal(download.suggestedFilename(), 'perfagg-holder.key')
    return { ...opened, text: readFileSync(await download.path(), 'utf8') }
  }

  const check = page => page.getByRole('button', { name: 'Check the enclave' }).click()

  it('is made in the page, saved as a file, and left nowhere else', async () => {
    const { page, context, did, text } = await made()
    assert.match(text, TEXT)
    const [, secret] = TEXT.exec(text)
    await page.getByText(/^Key [0-9a-f]{4}(-[0-9a-f]{4}){3}: /).waitFor()
    await fillRegister(page)
    await check(page)
    assert.ok(await page.getByText('Tick this when the file is there').isVisible(), 'without its file nobody registers')
    assert.equal(did.requests.filter(url => url.includes('/attestation/')).length, 0)
    await page.locator('#holder-saved').check()
    await register(page)
    const { text: left, kept } = await traces(page, context)
    assert.ok(!left.includes(secret) && !left.includes('perfagg-holder'), 'the private half is in no place of the page')
    assert.deepEqual([kept.local, kept.session, kept.databases], [{}, {}, []])
    assert.equal(await page.locator('#holder').inputValue(), '', 'the form has forgotten it')
    assert.deepEqual(did.violations, [])

    await page.getByRole('button', { name: 'Your record' }).click()
    const record = page.getByRole('dialog', { name: 'Your record' })
    assert.match(await record.textContent(), /Holder’s key[0-9a-f-]{19}Begun.*Accountbinance \(spot, usdm, coinm, isolated, margin\), since .*Sessions \(1\)binance, open: opened .*ends /s)
    await record.getByRole('button', { name: 'Close' }).click()
    await page.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('heading', { level: 1, name: 'The session has ended' }).waitFor()
    assert.doesNotMatch((await traces(page, context)).text, /session_\d|[0-9a-f]{4}(-[0-9a-f]{4}){3}/, 'nor is its name')
    await context.close()
  })

  it('goes on with the record from its file, erases it for good, and says afterwards that it began anew', async () => {
    const { page, context, text } = await made()
    await page.locator('#holder-saved').check()
    await register(page)
    await page.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('button', { name: 'Register again' }).click()

    const again = async () => {
      await rest(stack)
      await page.getByLabel('Holder’s key').selectOption('file')
      await page.locator('#holder-file').setInputFiles({ name: 'my.key', mimeType: 'text/plain', buffer: Buffer.from(text) })
      await page.getByText(/^Key [0-9a-f]{4}-/).waitFor()
      await register(page)
    }
    await again()
    await page.getByRole('button', { name: 'Your record' }).click()
    const record = page.getByRole('dialog', { name: 'Your record' })
    assert.match(await record.textContent(), /Sessions \(2\).*, open: .*, over: opened .*, revoked; its key is no longer used/s)
    await record.getByRole('button', { name: 'Erase the record' }).click()
    const erase = page.getByRole('dialog', { name: 'Erase your record for good?' })
    await erase.getByRole('button', { name: 'Erase for good' }).click()
    assert.ok(await erase.getByText('Without this tick').isVisible(), 'nothing is erased by a slip')
    await page.locator('#erase-tick').check()
    const [receipt] = await Promise.all([page.waitForEvent('download'), erase.getByRole('button', { name: 'Erase for good' }).click()])
    await page.getByRole('heading', { level: 1, name: 'The session has ended' }).waitFor()
    assert.match(await page.locator('#ended-why').textContent(), /You erased your record/)
    const { answer } = JSON.parse(readFileSync(await receipt.path(), 'utf8'))
    assert.equal(JSON.parse(answer.body).erased, true)

    await page.getByRole('button', { name: 'Register again' }).click()
    await again()
    await page.locator('.pf-headline').getByText(/This record began anew on \d+ \w+ 2\d{3}/).waitFor()
    await context.close()
  })

  it('is refused where its file is none, and excludes plain reads', async () => {
    const { page, context } = await newPage(browser)
    await page.goto(`${stack.url}/register.html`)
    await fillRegister(page)
    await page.locator('#bearer').check()
    await page.getByLabel('Holder’s key').selectOption('file')
    assert.deepEqual([await page.locator('#bearer').isChecked(), await page.locator('#bearer').isDisabled()], [false, true])
    await check(page)
    assert.ok(await page.getByText('Choose the file of your key.').isVisible())
    const half = `perfagg-holder/1:${'A'.repeat(43)}:${'B'.repeat(43)}`
    for (const bad of ['', root, 'x'.repeat(4096), half]) {
      await page.locator('#holder-file').setInputFiles({ name: 'my.key', mimeType: 'text/plain', buffer: Buffer.from(bad) })
      await page.getByText('This is no holder’s key, or not a whole one.').waitFor()
    }
    await page.getByLabel('Holder’s key').selectOption('')
    await check(page)
    await page.getByRole('button', { name: 'Seal the key and register' }).waitFor()
    await context.close()
  })

  it('is not in the way of those who want none', async () => {
    const { page, context } = await newPage(browser)
    await rest(stack)
    await page.goto(`${stack.url}/register.html`)
    await register(page)
    assert.equal(await page.getByRole('button', { name: 'Your record' }).isVisible(), false)
    await context.close()
  })
})
