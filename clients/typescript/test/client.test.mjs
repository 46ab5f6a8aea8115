//! The journey, against a service that seals for real, with strangers on the way.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dangerousDevelopment } from '../dist/esm/development.js'
import { AnswerError, AttestationError, RefusedError, SecureClientError, UnreachableError, UnsignedError, UsageError } from '../dist/esm/failure.js'
import { SESSION, b64, problem } from './service.mjs'
import { ACCOUNT, PEM, SECRETS, failure, setup } from './setup.mjs'

const json = (status, body, headers = {}) => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })
const isQuote = request => request.url.includes('/attestation/quote')

test('an account is registered and read', async () => {
  const { service, client } = setup({ label: 'mine', ttlSeconds: 3600, accountTypes: ['spot'], acceptTradingKey: true, bearer: true })
  const session = await client.register()
  assert.equal(session.session_id, SESSION)
  assert.equal(client.sessionId, SESSION)
  assert.equal((await client.getMetrics()).total.fills, 3)
  assert.equal((await client.getSummary()).equity, '1.5')
  assert.equal((await client.revoke()).revoked, true)
  assert.equal(client.sessionId, undefined)
  assert.equal(service.quotes, 1)
  assert.deepEqual(service.bodies[0], { ...ACCOUNT, accountTypes: ['spot'], sandbox: false, label: 'mine', ttlSeconds: 3600, acceptTradingKey: true, bearer: true })
  assert.deepEqual(service.bodies.slice(1), [{ session_id: SESSION }, { session_id: SESSION }, { session_id: SESSION }])
  assert.equal((await failure(client.getMetrics())).code, 'NO_SESSION')
})

test('what the trader did not say is left to the service', async () => {
  const { service, client } = setup({ passphrase: undefined, accountTypes: [] })
  await client.register()
  const { passphrase, ...account } = ACCOUNT
  assert.equal(passphrase, SECRETS.passphrase)
  assert.deepEqual(service.bodies[0], { ...account, sandbox: false, acceptTradingKey: false, bearer: false })
})

test('requests follow nobody, carry no cookie, and show nothing', async () => {
  const { service, client } = setup()
  await client.register()
  await client.getSummary()
  for (const request of service.requests) {
    assert.deepEqual([request.redirect, request.credentials, request.cache, request.referrerPolicy], ['error', 'omit', 'no-store', 'no-referrer'])
    const seen = JSON.stringify(request)
    for (const secret of [...Object.values(SECRETS), SESSION, 'trader-john']) assert.ok(!seen.includes(secret))
  }
  assert.match(service.requests[0].url, /^https:\/\/enclave\.example:3000\/attestation\/quote\?nonce=[\w-]{43}$/)
})

test('nothing is sent but the request for evidence until it is verified', async () => {
  const { service, client } = setup()
  service.stranger = (request, next) => (isQuote(request) ? json(200, { tee: 'dev-sgx', time: { enclave: 1 }, nonce: 'another', enclave: service.enclave() }) : next())
  const refused = await failure(client.register())
  assert.ok(refused instanceof AttestationError)
  assert.deepEqual([refused.code, refused.class, refused.step], ['ATTESTATION_REFUSED', 'freshness', 16])
  assert.equal(service.requests.length, 1)
})

test('the verifier is asked about this very request', async () => {
  const policy = { releases: [], tee: ['dev-sgx'], environment: ['development', 'live'] }
  const { service, client, clock } = setup({ policy: dangerousDevelopment(PEM, policy), enclaveUrl: 'http://localhost:3000' })
  policy.environment = ['sandbox']
  service.stranger = (request, next) => {
    clock.advance(5)
    return next()
  }
  await client.attest()
  const { bundle, nonce, ...asked } = service.asked[0]
  assert.equal(JSON.parse(bundle).nonce, nonce)
  assert.deepEqual(asked, { call: 'verify', policy: { releases: [], tee: ['dev-sgx'], environment: ['development', 'live'] }, development_root: PEM,
    asked_at: clock.unixS - 5, now: clock.unixS, direct: false, connection: 'plain' })
  const other = setup({ policy: undefined })
  other.service.development = false
  await other.client.attest()
  assert.deepEqual([other.service.asked[0].policy, other.service.asked[0].development_root, other.service.asked[0].connection], [null, null, null])
})

test('every request has a nonce of its own', async () => {
  const { service, client } = setup()
  for (let time = 0; time < 20; time += 1) await client.attest()
  assert.equal(new Set(service.asked.map(asked => asked.nonce)).size, 20)
})

test('development evidence is judged by the time of its enclave, other evidence by ours', async () => {
  const { service, client, clock } = setup()
  service.stranger = (request, next) => (isQuote(request) ? next().json().then(bundle => json(200, { ...bundle, time: { enclave: 99 } })) : next())
  await client.attest()
  assert.equal(service.asked[0].now, 99)
  // Without a development root nobody else's time counts, whatever the evidence says of itself.
  const other = setup({ policy: { releases: [] } })
  Object.assign(other.service, { stranger: service.stranger, development: false })
  await other.client.attest()
  assert.equal(other.service.asked[0].now, clock.unixS)
  // Nor for evidence that says it is none.
  const third = setup()
  Object.assign(third.service, { stranger: service.stranger, development: false, tee: 'sgx-dcap' })
  await third.client.attest()
  assert.equal(third.service.asked[0].now, clock.unixS)
})

test('development evidence that was judged as anything else is refused', async () => {
  const { service, client } = setup({ policy: { releases: [] } })
  assert.equal((await failure(client.register())).class, 'untrusted-root')
  assert.equal(service.bodies.length, 0)
  const other = setup()
  other.service.development = false
  assert.equal((await failure(other.client.register())).class, 'untrusted-root')
})

test('evidence serves for ten minutes, of reads too, and then is asked for again', async () => {
  const { service, client, clock } = setup()
  await client.register()
  clock.advance(599)
  await client.getSummary()
  assert.equal(service.quotes, 1)
  clock.advance(1)
  await client.getSummary()
  assert.equal(service.quotes, 2)
  // A machine that slept: one of its clocks stood still.
  clock.unixS += 600
  await client.getMetrics()
  assert.equal(service.quotes, 3)
})

test('each client asks for evidence of its own, and calls made at once share it', async () => {
  const { service, client, make } = setup()
  await client.register()
  await make({ sessionId: SESSION }).getSummary()
  assert.equal(service.quotes, 2)
  const third = make({ sessionId: SESSION })
  await Promise.all([third.getSummary(), third.getMetrics(), third.getSummary()])
  assert.equal(service.quotes, 3)
})

test('keys that were replaced cost one new quote', async () => {
  const { service, client } = setup()
  await client.register()
  service.rotate()
  await client.getSummary()
  assert.equal(service.quotes, 2)
  assert.equal(client.enclave.epoch, service.epoch)
})

test('keys that are always replaced cost no more than that', async () => {
  for (const code of ['ENVELOPE_KEY_UNKNOWN', 'ENVELOPE_EXPIRED']) {
    const { service, client } = setup()
    service.stranger = (request, next) => (isQuote(request) ? next() : json(409, problem(code, 409)))
    const refused = await failure(client.register())
    assert.ok(refused instanceof UnsignedError)
    assert.deepEqual([refused.code, refused.signed, service.quotes, service.requests.length], [code, false, 2, 4])
  }
})

test('time at the enclave goes on while evidence is kept', async () => {
  const { service, client, clock } = setup()
  await client.register()
  clock.advance(590)
  await client.getSummary()
  const expiry = JSON.parse(service.requests.at(-1).body).header.expires_at
  assert.equal(expiry, clock.unixS + 300)
  assert.equal(service.quotes, 1)
})

test('epochs never go back', async () => {
  const { service, client } = setup()
  await client.attest()
  service.epoch -= 1
  const refused = await failure(client.attest())
  assert.deepEqual([refused.class, refused.step], ['epoch-rollback', 17])
  assert.equal((await failure(client.register())).class, 'epoch-rollback')
  assert.equal(service.bodies.length, 0)
  service.epoch += 1
  await client.register()
})

test('figures of another environment are refused', async () => {
  for (const stamped of ['live', 'sandbox', undefined]) {
    const { service, client } = setup()
    service.stamped = stamped
    if (stamped === undefined) service.answers.set('POST /enclave/sessions', () => [201, { ...service.opened(), environment: undefined }])
    const refused = await failure(client.register())
    assert.ok(refused instanceof AnswerError)
    assert.equal(refused.code, 'ENVIRONMENT_MISMATCH')
    assert.equal(client.sessionId, undefined)
  }
})

test('a session stays in the environment that it was opened in', async () => {
  const { service, client } = setup({ policy: dangerousDevelopment(PEM, { releases: [], environment: ['live', 'development'] }) })
  await client.register()
  service.enclave = () => ({ ...Object.getPrototypeOf(service).enclave.call(service), environment: ['live', 'development'] })
  await client.attest()
  await client.getSummary()
  service.stamped = 'live'
  assert.equal((await failure(client.getSummary())).code, 'ENVIRONMENT_MISMATCH')
  assert.equal((await failure(client.getMetrics())).code, 'ENVIRONMENT_MISMATCH')
})

test('a policy is never widened, and one that leaves out what is asked for calls nobody', async () => {
  const live = { releases: [], environment: ['live'] }
  assert.throws(() => setup({ policy: live, sandbox: true }), { code: 'POLICY_ENVIRONMENT' })
  assert.throws(() => setup({ policy: { releases: [], environment: ['development'] } }), { code: 'POLICY_ENVIRONMENT' })
  const { service, client } = setup({ policy: { releases: [], environment: ['sandbox', 'live'] }, sandbox: true })
  service.development = false
  await client.attest()
  assert.deepEqual(service.asked[0].policy.environment, ['sandbox'])
  const loop = { releases: [] }
  loop.loop = loop
  for (const policy of [null, { releases: [], environment: null }, 3, 'text', [], loop, { releases: [], environment: 'live' }]) assert.throws(() => setup({ policy }), { code: 'POLICY_INVALID' })
  for (const root of [undefined, 3, '', 'AAAA']) assert.throws(() => dangerousDevelopment(root), { code: 'POLICY_INVALID' })
})

test('no answer that a stranger touched is believed', async () => {
  const { service, client } = setup()
  await client.register()
  let kept
  service.stranger = async (request, next) => {
    const reply = await next()
    if (!isQuote(request)) kept ??= await reply.clone().text()
    return reply
  }
  await client.getSummary()
  const tampered = {
    'replayed': () => kept,
    'altered': text => text.replace(/"ciphertext":"./, found => found.slice(0, -1) + (found.endsWith('A') ? 'B' : 'A')),
    'cut': text => text.slice(0, text.length / 2),
    'in clear': () => JSON.stringify(service.summary()),
    'empty': () => '',
    'no JSON': () => '<html>',
    'with more in it': text => JSON.stringify({ ...JSON.parse(text), more: 1 }),
    'of another nonce': text => JSON.stringify({ ...JSON.parse(text), nonce: b64(Buffer.alloc(32, 7)) }),
  }
  for (const [name, change] of Object.entries(tampered)) {
    for (const status of [200, 201]) {
      service.stranger = async (request, next) => json(status, change(await (await next()).text()))
      const refused = await failure(client.getSummary())
      assert.ok(refused instanceof AnswerError, name)
      assert.equal(refused.code, 'ANSWER_NOT_SEALED', name)
    }
  }
  // Swapped between two calls that are open at once.
  const held = []
  service.stranger = async (request, next) => {
    const own = held.push(await (await next()).text())
    while (held.length < 2) await new Promise(resolve => setImmediate(resolve))
    return json(200, held[2 - own])
  }
  const outcomes = await Promise.allSettled([client.getSummary(), client.getMetrics()])
  assert.deepEqual(outcomes.map(outcome => outcome.reason?.code), ['ANSWER_NOT_SEALED', 'ANSWER_NOT_SEALED'])
})

test('mutations of answers are never accepted', async () => {
  const { service, client } = setup()
  await client.register()
  let random = 1
  const draw = below => {
    random = (random * 48271) % 2147483647
    return random % below
  }
  for (let round = 0; round < 400; round += 1) {
    service.stranger = async (request, next) => {
      const bytes = Buffer.from(await (await next()).text())
      const original = bytes.toString()
      let changed
      do {
        changed = Buffer.from(bytes)
        for (let times = 0; times <= draw(3); times += 1) {
          const at = draw(changed.length)
          switch (draw(4)) {
            case 0: changed[at] = draw(256); break
            case 1: changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + 1)]); break
            case 2: changed = Buffer.concat([changed.subarray(0, at), Buffer.from([draw(256)]), changed.subarray(at)]); break
            default: changed = changed.subarray(0, at)
          }
        }
        // White space and the spelling of members are not part of what is sealed.
      } while (isSame(changed.toString(), original))
      return new Response(changed, { status: [200, 400, 409, 500][draw(4)] })
    }
    const refused = await failure(client.getSummary())
    assert.ok(refused instanceof AnswerError || refused instanceof UnsignedError, `round ${round}: ${refused}`)
  }
})

function isSame(changed, original) {
  try {
    const [a, b] = [JSON.parse(changed), JSON.parse(original)]
    return a.v === b.v && a.nonce === b.nonce && a.ciphertext === b.ciphertext && Object.keys(a).length === 3
  } catch {
    return false
  }
}

test('the status stands outside the seal and decides nothing', async () => {
  const { service, client } = setup()
  await client.register()
  service.stranger = async (request, next) => json(500, await (await next()).text())
  assert.equal((await client.getSummary()).equity, '1.5')
})

test('what the enclave refuses keeps its code, its advice and its number', async () => {
  const { service, client } = setup()
  service.answers.set('POST /enclave/sessions', () => [422, problem('KEY_NOT_READ_ONLY', 422, 'Make a key that can only read.')])
  const refused = await failure(client.register())
  assert.ok(refused instanceof RefusedError)
  assert.deepEqual([refused.name, refused.code, refused.hint, refused.status, refused.requestId, refused.isTransient, refused.endsSession],
    ['RefusedError', 'KEY_NOT_READ_ONLY', 'Make a key that can only read.', 422, 'r-1', false, false])
  // The credentials are still there for another try.
  service.answers.set('POST /enclave/sessions', () => [503, problem('VENUE_RATE_LIMITED', 503), { 'retry-after': '7' }])
  const later = await failure(client.register())
  assert.deepEqual([later.code, later.isTransient, later.retryAfterSeconds], ['VENUE_RATE_LIMITED', true, 7])
  service.answers.set('POST /enclave/sessions', () => [201, service.opened()])
  await client.register()
  service.answers.set('GET /enclave/summary/{session_id}', () => [401, problem('SESSION_REVOKED', 401)])
  assert.equal((await failure(client.getSummary())).endsSession, true)
})

test('what comes in clear is nobody’s word, and none of it is repeated', async () => {
  const { service, client } = setup()
  service.stranger = (request, next) => (isQuote(request) ? next() : json(422, problem('CREDENTIALS_REFUSED', 422, '\u001b[31mplanted')))
  const said = await failure(client.register())
  assert.ok(said instanceof UnsignedError)
  assert.deepEqual([said.code, said.signed, said.status, said.isTransient], ['CREDENTIALS_REFUSED', false, 422, false])
  for (const body of [problem('PLANTED', 502, 'planted'), 'planted', problem('constructor', 502), problem('toString', 502)]) {
    service.stranger = (request, next) => (isQuote(request) ? next() : json(502, body))
    const other = await failure(client.register())
    assert.deepEqual([other.code, other.isTransient], ['ANSWER_UNSIGNED', true])
    assert.ok(!/planted|native/i.test(other.message + other.hint))
  }
  service.stranger = () => json(503, problem('CLOCK_UNTRUSTED', 503), { 'retry-after': '12' })
  const quote = await failure(setupOf(service).attest())
  assert.deepEqual([quote.code, quote.signed, quote.retryAfterSeconds], ['CLOCK_UNTRUSTED', false, 12])
})

function setupOf(service) {
  const { make, service: own } = setup()
  own.stranger = service.stranger
  return make()
}

test('an answer in a form that nobody knows is not guessed at', async () => {
  for (const answer of ['[]', '"text"', '3', '', {}, { environment: 'development' }]) {
    const { service, client } = setup()
    service.answers.set('POST /enclave/sessions', () => [201, answer])
    assert.ok(['ANSWER_UNKNOWN_FORM', 'ENVIRONMENT_MISMATCH'].includes((await failure(client.register())).code), JSON.stringify(answer))
    service.answers.set('POST /enclave/sessions', () => [201, service.opened()])
    await client.register()
    service.answers.set('GET /enclave/summary/{session_id}', () => [200, answer])
    assert.ok(['ANSWER_UNKNOWN_FORM', 'ENVIRONMENT_MISMATCH'].includes((await failure(client.getSummary())).code))
    service.answers.set('DELETE /enclave/sessions/{session_id}', () => [200, answer])
    assert.equal((await failure(client.revoke())).code, 'ANSWER_UNKNOWN_FORM')
    assert.equal(client.sessionId, SESSION, 'the session may not be over')
  }
})

test('a registration is made once', async () => {
  const { service, client } = setup()
  const [one, two] = await Promise.all([client.register(), client.register()])
  assert.equal(one, two)
  assert.equal(service.bodies.length, 1)
  assert.equal((await failure(client.register())).code, 'SESSION_OPEN')
  assert.equal((await failure(setup({ sessionId: SESSION }).client.register())).code, 'SESSION_OPEN')
})

test('a client that was told to forget has nothing left, and asks nobody', async () => {
  const { service, client, make } = setup()
  await client.attest()
  client.forget()
  assert.equal((await failure(client.register())).code, 'CREDENTIALS_MISSING')
  assert.equal(service.requests.length, 1, 'the request for evidence alone')

  const open = make({ sessionId: SESSION })
  open.forget()
  open.forget()
  assert.equal(open.sessionId, undefined)
  assert.equal((await failure(open.getSummary())).code, 'NO_SESSION')
  assert.equal((await failure(open.register())).code, 'CREDENTIALS_MISSING')
  assert.equal(service.requests.length, 1)
})

test('told to forget while it registers, it seals no credentials, and keeps no session', async () => {
  const { service, client, clock, make } = setup()
  service.stranger = (request, next) => {
    if (isQuote(request)) client.forget()
    return next()
  }
  assert.ok((await failure(clock.run(client.register()))) instanceof SecureClientError)
  assert.deepEqual(service.bodies, [], 'what was sealed opens to no credentials')

  const late = make()
  service.stranger = (request, next) => {
    if (!isQuote(request)) late.forget()
    return next()
  }
  assert.equal((await late.register()).session_id, SESSION, 'whoever registered can still revoke it')
  assert.equal(late.sessionId, undefined)
})

test('options that cannot be used are named, and never repeated', async () => {
  const bad = { userId: [3, 'x'.repeat(129), 'a\nb'], exchange: [3], apiKey: [3, null], secret: [{}], passphrase: [3], accountTypes: ['spot', [3]], sandbox: ['yes', 1], label: ['x'.repeat(129)],
    ttlSeconds: ['3600', 299, 604801, 300.5, Number.NaN], acceptTradingKey: [1], bearer: ['planted'], sessionId: [3, 'planted', '../planted'], verifier: ['planted', {}] }
  for (const [name, values] of Object.entries(bad)) {
    for (const value of values) {
      assert.throws(() => setup({ [name]: value }), error => error instanceof UsageError && error.code === 'OPTION_INVALID' && error.hint.startsWith(name) && !error.hint.includes('planted'))
    }
  }
  assert.throws(() => setup({ apikey: 'planted' }), error => error.code === 'OPTION_INVALID' && error.hint.includes('apiKey') && !error.hint.includes('planted'))
  for (const name of ['userId', 'exchange', 'apiKey', 'secret']) {
    for (const value of [undefined, '']) {
      const { service, client } = setup({ [name]: value })
      const missing = await failure(client.register())
      assert.equal(missing.code, 'CREDENTIALS_MISSING')
      assert.ok(missing.hint.startsWith(`Missing: ${name}.`))
      assert.equal(service.bodies.length, 0)
    }
  }
})

test('a call that does not fit is not sent', async () => {
  const { client } = setup({ secret: 'x'.repeat(17_000) })
  assert.equal((await failure(client.register())).code, 'ENVELOPE_TOO_LARGE')
})

test('an answer that does not come is waited for so long and no longer', async () => {
  const { service, client, clock } = setup()
  service.stranger = () => new Promise(() => undefined)
  const late = await clock.run(failure(client.attest()))
  assert.ok(late instanceof UnreachableError)
  assert.deepEqual([late.code, late.isTransient, clock.elapsedMs], ['TIMEOUT', true, 30_000])
  service.stranger = (request, next) => (isQuote(request) ? next() : new Response(new ReadableStream({ start: controller => controller.enqueue(Buffer.from('{')) })))
  const begun = clock.elapsedMs
  assert.equal((await clock.run(failure(client.register()))).code, 'TIMEOUT')
  assert.equal(clock.elapsedMs - begun, 120_000)
  assert.equal(clock.timers.size, 0)
})

test('an answer that is too large is not read to its end', async () => {
  const { service, client } = setup()
  let sent = 0
  service.stranger = () => new Response(new ReadableStream({
    pull(controller) {
      sent += 1
      controller.enqueue(new Uint8Array(64 * 1024))
    },
  }))
  assert.equal((await failure(client.attest())).code, 'ANSWER_TOO_LARGE')
  assert.ok(sent < 12, `${sent}`)
})
