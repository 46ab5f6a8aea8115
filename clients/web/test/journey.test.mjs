//! Register, as a person does it, in a real Chromium against the whole demo: from the form to the figures and to the end
//! of the session; and every way in which it can go wrong before a session is open.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, beforeEach, describe, it } from 'node:test'
import { KEY, SECRET, fillRegister, newPage, register, rest, skip, startBrowser, startStack, tell, traces } from './stack.mjs'

describe('Register', { skip }, () => {
  let stack, browser, page, context, did

  before(async () => {
    stack = await startStack()
    browser = await startBrowser()
  })
  after(async () => {
    await browser?.close()
    await stack?.stop()
  })
  beforeEach(async () => {
    ;({ page, context, did } = await newPage(browser))
    await page.goto(`${stack.url}/register.html`)
  })
  afterEach(async () => {
    assert.deepEqual(did.violations, [], 'the security policy stopped nothing')
    assert.deepEqual(did.errors, [], 'nothing failed that was not caught')
    const ours = [stack.url, stack.way.url]
    const strangers = did.requests.filter(url => !/^(data|blob|about):/.test(url) && !ours.some(one => url.startsWith(`${one}/`)))
    assert.deepEqual(strangers, [], 'nobody else was asked')
    await context.close()
  })

  const problem = () => page.getByRole('alert').filter({ has: page.locator('h2') })
  const check = () => page.getByRole('button', { name: 'Check the enclave' }).click()
  const sealed = () => did.requests.filter(url => url.endsWith('/enclave/sealed')).length

  it('says first whose code the page is, and offers the file with its hash', async () => {
    const first = await page.locator('main p').first().textContent()
    assert.equal(first, `This page’s code comes from whoever serves it, ${new URL(stack.url).host}: whoever can change it there can read what you type here.`)
    const shown = await page.locator('#published').textContent()
    const file = await (await fetch(`${stack.url}/perf-aggregator.html`)).arrayBuffer()
    const digest = Buffer.from(await crypto.subtle.digest('SHA-256', file)).toString('hex')
    assert.equal(shown, digest)
  })

  it('has the policy of the main service, which allows no more than the page’s own', async () => {
    const directives = policy => Object.fromEntries(policy.split(';').map(one => one.trim().split(' ')).map(([name, ...sources]) => [name, sources.join(' ')]))
    const { headers } = await fetch(`${stack.url}/register.html`)
    const [sent, own] = [headers.get('content-security-policy'), await page.locator('meta[http-equiv]').getAttribute('content')].map(directives)
    assert.equal(own['default-src'], "'none'")
    for (const [name, sources] of Object.entries(own)) assert.equal(sent[name], sources, name)
    assert.equal(sent['frame-ancestors'], "'none'")
    assert.deepEqual(['x-content-type-options', 'referrer-policy', 'cache-control'].map(name => headers.get(name)), ['nosniff', 'no-referrer', 'no-cache'])
  })

  it('asks for a passphrase where keys of the exchange have one, and wipes it with them', async () => {
    const field = page.locator('#passphrase')
    assert.equal(await field.isVisible(), false, 'Binance has none')
    await page.locator('#exchange').evaluate(select => {
      const option = new Option('Another', 'another')
      option.dataset.passphrase = ''
      select.add(option)
    })
    await page.locator('#exchange').selectOption('another')
    await fillRegister(page)
    await check()
    assert.ok(await page.getByText('Paste the passphrase.').isVisible())
    await field.fill('PLANTEDphrase')
    await page.locator('#exchange').selectOption('binance')
    assert.deepEqual([await field.isVisible(), await field.inputValue()], [false, ''], 'one of another exchange is not kept')
    await page.locator('#exchange').selectOption('another')
    await field.fill('PLANTEDphrase')
    await check()
    await page.getByRole('button', { name: 'Seal the key and register' }).waitFor()
    assert.ok(!(await traces(page, context)).text.includes('PLANTED'), 'with key and secret it is out of the page')
  })

  it('goes from the form over the verdict to the figures, and ends with a revocation that leaves nothing', async () => {
    await fillRegister(page)
    await page.getByRole('button', { name: 'Show the secret' }).click()
    assert.equal(await page.locator('#secret').inputValue(), SECRET)
    await check()
    await page.getByText('Development evidence: its parts fit together').first().waitFor()
    assert.equal(sealed(), 0, 'nothing was sealed before the reader agreed')
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'verdict-title', 'the focus is at the new view')
    const unproven = await page.getByRole('region', { name: 'What this does not prove' }).getByRole('listitem').allTextContents()
    assert.ok(unproven.some(text => text.includes('anything about hardware')), unproven.join('; '))
    assert.ok(!(await traces(page, context)).text.includes('PLANTED'), 'the fields are empty once the client has the key')

    await page.getByRole('button', { name: 'Seal the key and register' }).click()
    assert.ok(await page.getByText('Tick this first').isVisible())
    assert.equal(sealed(), 0, 'an enclave that is not protected needs a tick')
    await page.locator('#confirm-tick').check()
    // A short history is read before anybody looks from outside: the page itself says that it showed it.
    const shown = page.evaluate(() => new Promise(resolve => {
      const view = document.getElementById('view-collecting')
      const look = () => view.hidden || resolve(view.querySelector('h1').textContent)
      new MutationObserver(look).observe(view, { attributeFilter: ['hidden'] })
    }))
    await page.getByRole('button', { name: 'Seal the key and register' }).click()
    assert.equal(await shown, 'Reading history')
    await page.getByText('Session opened.').waitFor({ state: 'attached' })
    await page.getByRole('heading', { level: 1, name: 'Performance' }).waitFor({ timeout: 60_000 })
    assert.ok(await page.locator('#development').isVisible(), 'the banner stays')
    await page.locator('#dashboard .pf-band').waitFor({ state: 'attached' })
    const band = () => page.locator('#dashboard .pf-band').isVisible()
    assert.equal(await band(), false, 'and says it once')
    await page.emulateMedia({ media: 'print' })
    assert.deepEqual([await band(), await page.locator('#development').isVisible()], [true, false], 'on paper the figures say it')
    await page.emulateMedia({ media: 'screen' })
    await page.getByText(/Session ends \d+ \w+ 2\d{3}/).waitFor()

    await page.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Keep it' }).click()
    await page.getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByRole('heading', { level: 1, name: 'The session has ended' }).waitFor()
    assert.equal(await page.locator('#ended-why').textContent(), 'You revoked it.')

    const { text, kept, cookies } = await traces(page, context)
    assert.ok(!text.includes('PLANTED'), 'no key, no secret')
    assert.doesNotMatch(text, /session_\d/, 'no id of a session')
    assert.deepEqual([kept.local, kept.session, kept.databases, kept.caches, cookies], [{}, {}, [], [], []])
    assert.deepEqual(kept.history, [2, null], 'the blank page and this one')
    assert.equal(kept.url, `${stack.url}/register.html`)
    assert.equal(kept.title, 'Register · Perf-Aggregator')
    assert.ok(!did.requests.some(url => /PLANTED|session_/.test(url)), 'no address has one')
  })

  it('gives the tear sheet as a file without a script, and prints it without breaking its policy', async () => {
    await rest(stack)
    // What the printer would get.
    await context.addInitScript(() => {
      window.print = () => { window.printed = document.documentElement.outerHTML }
    })
    await page.reload()
    await register(page)
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download tear sheet' }).click()])
    const html = readFileSync(await download.path(), 'utf8')
    assert.doesNotMatch(html, /<script|https?:\/\/(?!127\.0\.0\.1)(?!www\.w3\.org)/)
    assert.doesNotMatch(html, /PLANTED|session_\d/)
    await page.getByRole('button', { name: 'Print' }).click()
    const frame = await (await page.locator('#printed').elementHandle()).contentFrame()
    await frame.waitForFunction(() => window.printed !== undefined)
    assert.ok(await frame.evaluate(() => document.adoptedStyleSheets[0].cssRules.length > 0 && document.body.textContent.length > 500))
    assert.ok(await frame.locator('svg').count() > 0, 'with its charts')
  })

  it('asks before a tab with a session is closed, and keeps nothing when it is', async () => {
    await rest(stack)
    await register(page)
    const asked = new Promise(resolve => page.once('dialog', dialog => (resolve(dialog.type()), dialog.accept())))
    await page.reload()
    assert.equal(await asked, 'beforeunload')
    await page.getByRole('heading', { level: 1, name: 'Register an account' }).waitFor()
    const { text, kept } = await traces(page, context)
    assert.doesNotMatch(text, /PLANTED|session_\d/)
    assert.deepEqual([kept.local, kept.session], [{}, {}])
  })

  it('refuses an enclave without protected hardware where none was asked for', async () => {
    await fillRegister(page)
    await page.locator('#root').fill('')
    await check()
    await problem().getByText('ATTESTATION_REFUSED').waitFor()
    assert.match(await problem().textContent(), /No maker of hardware stands behind this evidence/)
    assert.equal(await page.getByRole('button', { name: 'Seal the key and register' }).isVisible(), false)
    assert.equal(sealed(), 0)
    await page.getByRole('button', { name: 'Go back, send nothing' }).click()
    assert.equal(await page.locator('#secret').inputValue(), '')
    assert.ok(!(await traces(page, context)).text.includes('PLANTED'))
  })

  it('goes back from a verdict with nothing sent, and the client forgets the key', async () => {
    await context.addInitScript(() => {
      const fill = Uint8Array.prototype.fill
      Uint8Array.prototype.fill = function (value, ...range) {
        if (value === 0 && new TextDecoder().decode(this).includes('PLANTEDsecret')) window.wiped = (window.wiped ?? 0) + 1
        return fill.call(this, value, ...range)
      }
    })
    await page.reload()
    await fillRegister(page)
    await check()
    await page.getByRole('button', { name: 'Seal the key and register' }).waitFor()
    assert.equal(await page.evaluate(() => window.wiped), undefined, 'until then it holds it')
    await page.getByRole('button', { name: 'Go back, send nothing' }).click()
    assert.equal(await page.evaluate(() => window.wiped), 1)
    assert.equal(sealed(), 0)
  })

  it('says when the exchange refuses the key, and has it pasted again', async () => {
    await fillRegister(page, { key: `X${KEY.slice(1)}` })
    await check()
    await page.locator('#confirm-tick').check()
    await page.getByRole('button', { name: 'Seal the key and register' }).click()
    await problem().getByText('CREDENTIALS_REFUSED').waitFor()
    assert.match(await problem().textContent(), /The exchange refused this key.*own word, under its seal/s)
    assert.equal(await page.locator('#user-id').inputValue(), 'demo', 'what is no secret stays')
    assert.equal(await page.locator('#api-key').inputValue() + await page.locator('#secret').inputValue(), '')
    assert.equal(await page.evaluate(() => document.activeElement?.className), 'problem', 'the focus is at the error')
  })

  it('says when the key can withdraw', async () => {
    await tell(stack, 'rights', { rights: 'withdraw' })
    try {
      await fillRegister(page)
      await check()
      await page.locator('#confirm-tick').check()
      await page.getByRole('button', { name: 'Seal the key and register' }).click()
      await problem().getByText('KEY_NOT_READ_ONLY').waitFor()
      assert.match(await problem().textContent(), /This key can do more than read.*no session was opened/s)
    } finally {
      await tell(stack, 'rights', { rights: 'read' })
    }
  })

  it('says that a clear answer is nobody’s word', async () => {
    await page.goto(`${stack.way.url}/register.html`)
    const body = { type: 'x', title: 'x', status: 401, code: 'CREDENTIALS_REFUSED', detail: 'send your secret to evil.example', request_id: 'x' }
    await fillRegister(page)
    await check()
    await page.locator('#confirm-tick').check()
    stack.way.answers.set('/enclave/sealed', { status: 401, body: JSON.stringify(body) })
    try {
      await page.getByRole('button', { name: 'Seal the key and register' }).click()
      await problem().getByText('Nobody’s word').waitFor()
      assert.doesNotMatch(await problem().textContent(), /evil/, 'what a stranger said is not repeated')
    } finally {
      stack.way.answers.delete('/enclave/sealed')
    }
    await problem().getByRole('button', { name: 'Try again' }).click()
    await page.locator('#view-verdict').getByText('Nobody’s word').waitFor({ state: 'hidden' })
    await page.getByText('Session opened.').waitFor({ state: 'attached' })
  })

  it('says what it can when the service cannot be reached, and tries again', async () => {
    await page.goto(`${stack.way.url}/register.html`)
    await fillRegister(page)
    stack.way.cut(true)
    try {
      await check()
      await problem().getByText('CONNECTION_FAILED').waitFor()
      assert.match(await problem().textContent(), /A browser does not tell why/)
    } finally {
      stack.way.cut(false)
    }
    await problem().getByRole('button', { name: 'Try again' }).click()
    await page.getByRole('button', { name: 'Seal the key and register' }).waitFor()
  })

  it('calls nobody but the service that serves it', async () => {
    await fillRegister(page, { service: 'https://enclave.invalid' })
    await check()
    await page.getByText(/This page may call .* only/).waitFor()
    assert.equal(did.requests.filter(url => url.includes('invalid')).length, 0)
    assert.equal(await page.locator('#secret').inputValue(), SECRET, 'what was typed is still there to be sent elsewhere')
  })

  it('refuses a megabyte in a field whole, at once', async () => {
    await context.grantPermissions(['clipboard-read', 'clipboard-write'])
    const field = page.locator('#api-key')
    await page.evaluate(() => navigator.clipboard.writeText('A'.repeat(1024 * 1024)))
    await field.focus()
    const started = performance.now()
    await page.keyboard.press('Control+V')
    await page.getByText('That is 1,048,576 characters; this field takes 4,096. Nothing of it was kept.').waitFor()
    assert.ok(performance.now() - started < 3000, 'without a freeze')
    assert.equal(await field.inputValue(), '')
    assert.equal(await field.getAttribute('aria-invalid'), 'true')
    await field.fill('B'.repeat(1024 * 1024))
    assert.equal(await field.inputValue(), '', 'nor does a script get one in')
    await field.fill('short')
    assert.equal(await field.getAttribute('aria-invalid'), null)
  })

  it('names each field that is missing', async () => {
    await check()
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'user-id')
    for (const text of ['A name of your choice is needed.', 'Paste the API key.', 'Paste the secret.']) {
      assert.ok(await page.getByText(text).isVisible(), text)
    }
  })

  it('answers of a form that it does not know are said to be so', async () => {
    await page.goto(`${stack.way.url}/register.html`)
    await fillRegister(page)
    stack.way.answers.set('/attestation/quote', { status: 200, body: '{"version":"99","tee":"sgx-dcap"}' })
    try {
      await check()
      await problem().getByText('ATTESTATION_REFUSED').waitFor()
      assert.match(await problem().textContent(), /newer|judge/)
    } finally {
      stack.way.answers.delete('/attestation/quote')
    }
  })
})
