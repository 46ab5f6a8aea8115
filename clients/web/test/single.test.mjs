//! The self-contained file, opened from disk: the same way as on the served pages, with no server for its code.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { after, before, describe, it } from 'node:test'
import { dist, fillRegister, newPage, register, skip, startBrowser, startStack, traces } from './stack.mjs'

const file = pathToFileURL(join(dist, 'perf-aggregator.html')).href

describe('The self-contained file', { skip }, () => {
  let stack, browser

  before(async () => {
    stack = await startStack()
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await stack?.stop()
  })

  it('goes the whole way from disk, asking the named service alone', async () => {
    const { page, context, did } = await newPage(browser)
    await page.goto(file)
    const service = stack.url
    assert.equal(await page.getByLabel('Service URL').inputValue(), '')
    await register(page, { service })
    assert.deepEqual(did.requests.filter(url => !/^(data|blob|about):/.test(url) && url !== file && !url.startsWith(`${service}/`)), [])
    assert.ok(!did.requests.some(url => url.endsWith('.wasm')), 'the verifier is inside')

    await page.getByRole('button', { name: 'Verify', exact: true }).click()
    await page.getByRole('heading', { level: 1, name: 'Verify a saved answer' }).waitFor()
    await page.getByRole('button', { name: 'Register', exact: true }).click()
    assert.ok(await page.getByRole('heading', { level: 1, name: 'Performance' }).isVisible(), 'the session is still there')
    const { text, kept } = await traces(page, context)
    assert.doesNotMatch(text, /PLANTED|session_\d/)
    assert.equal(kept.url, file)
    assert.deepEqual([did.violations, did.errors], [[], []])
    await context.close()
  })

  it('says what is wrong with an address, and what to do when nobody answers there', async () => {
    const { page, context } = await newPage(browser)
    await page.goto(file)
    for (const [service, words] of [
      ['enclave.example', /begins|reads https/],
      ['http://enclave.example', /this machine only/],
      ['https://me:pw@enclave.example', /no user name/],
      ['https://enclave.example/path', /without a path/],
    ]) {
      await fillRegister(page, { service })
      await page.getByRole('button', { name: 'Check the enclave' }).click()
      await page.getByText('URL_INVALID').waitFor()
      assert.match(await page.locator('#register-problem').textContent(), words)
    }
    // A port that nobody listens on, and one that speaks no TLS.
    for (const service of ['http://127.0.0.1:9', stack.url.replace('http:', 'https:')]) {
      await fillRegister(page, { service })
      await page.getByRole('button', { name: 'Check the enclave' }).click()
      await page.getByText('CONNECTION_FAILED').waitFor()
      await page.getByRole('button', { name: 'Go back, send nothing' }).click()
    }
    await context.close()
  })

  it('lets no code in that it was not built with', async () => {
    const { page, context, did } = await newPage(browser)
    await page.goto(file)
    await page.evaluate(() => {
      const script = document.createElement('script')
      script.textContent = 'window.foreign = true'
      document.body.append(script)
    })
    assert.equal(await page.evaluate(() => window.foreign), undefined)
    assert.equal(did.violations.length, 1)
    await context.close()
  })
})
