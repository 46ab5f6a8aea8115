//! No secret comes out: not in an error, not in what a client shows of itself, not in what it sends.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { SecureClientError } from '../dist/esm/failure.js'
import { SESSION, problem } from './service.mjs'
import { PEM, SECRETS, setup } from './setup.mjs'

const PLANTED = [...Object.values(SECRETS), SESSION]

/** Everything that a program may print of a value. */
function shown(value) {
  const plain = [String(value), JSON.stringify(value) ?? '', inspect(value), inspect(value, { depth: null, showHidden: true, getters: false })]
  const own = value instanceof Error ? [value.stack, value.message, String(value.cause), ...Object.getOwnPropertyNames(value).map(name => inspect(value[name]))] : []
  return [...plain, ...own].join('\n')
}
function clean(value, of) {
  const text = shown(value)
  for (const secret of PLANTED) assert.ok(!text.includes(secret), `${of}: ${text}`)
}

test('a client shows nothing of what it holds, before and after', async () => {
  const { client, make } = setup()
  clean(client, 'before')
  const session = await client.register()
  clean(client, 'after')
  clean(session, 'the session')
  assert.equal(session.session_id, SESSION, 'who asks for it gets it')
  clean(await client.getSummary(), 'the summary')
  clean(client.watch(), 'a watch')
  clean(make({ sessionId: SESSION }), 'a client that goes on')
  assert.deepEqual(Reflect.ownKeys(client), [])
  assert.deepEqual(structuredClone(client), {})
  assert.ok(!shown(client).includes('BEGIN CERTIFICATE'))
})

test('no failure has a secret in it, wherever the journey is interrupted', async () => {
  const echo = PLANTED.join(' ')
  const answer = (status, body) => new Response(typeof body === 'string' ? body : JSON.stringify(body), { status })
  const strangers = [
    () => Promise.reject(Object.assign(new TypeError(echo), { cause: Object.assign(new Error(echo), { code: echo }) })),
    () => { throw new Error(echo) },
    () => answer(200, echo),
    () => answer(500, echo),
    () => answer(422, problem('CREDENTIALS_REFUSED', 422, echo)),
    () => answer(422, problem(echo, 422, echo)),
    () => answer(422, { ...problem('NOT_FOUND', 422), request_id: echo, title: echo, type: echo }),
    () => answer(200, { v: 1, nonce: echo, ciphertext: echo }),
    (request, next) => new Response(request.body ?? 'x'),
    () => new Response(new ReadableStream({ start: controller => controller.error(new Error(echo)) })),
  ]
  let failures = 0
  for (const stranger of strangers) {
    for (const from of [0, 1]) {
      for (const call of [client => client.register(), client => client.getSummary(), client => client.getMetrics(), client => client.revoke(), client => client.attest(), client => client.watch().next()]) {
        for (const sessionId of [undefined, SESSION]) {
          const { service, client, clock } = setup({ sessionId })
          let requests = 0
          service.stranger = (request, next) => (requests++ < from ? next() : stranger(request, next))
          const error = await clock.run(Promise.resolve(call(client)).then(() => undefined, failed => failed))
          if (error === undefined) continue
          failures += 1
          assert.ok(error instanceof SecureClientError, String(error))
          clean(error, stranger.toString())
          clean(client, 'the client')
        }
      }
    }
  }
  assert.ok(failures > 100)
})

test('options that cannot be used show nothing of the others', () => {
  for (const wrong of [{ ttlSeconds: 1 }, { label: 3 }, { enclaveUrl: `https://${SECRETS.secret}@host` }, { enclaveUrl: SECRETS.secret }, { userId: '\0' }, { [SECRETS.secret]: 1 }, { sessionId: SECRETS.secret },
    { apiKey: [SECRETS.apiKey] }, { policy: SECRETS.secret }, { policy: { releases: [], environment: [SECRETS.secret] } }]) {
    assert.throws(() => setup(wrong), error => {
      clean(error, 'an option')
      return error instanceof SecureClientError && error.hint !== ''
    })
  }
})

/** The bytes with the secret in them that are wiped while something is done. */
async function wipedBy(act) {
  const bodies = []
  const original = Uint8Array.prototype.fill
  Uint8Array.prototype.fill = function (value, ...range) {
    if (value === 0 && Buffer.from(this).includes(SECRETS.secret)) bodies.push(this)
    return original.call(this, value, ...range)
  }
  try {
    await act()
  } finally {
    Uint8Array.prototype.fill = original
  }
  return bodies
}

test('credentials are forgotten when the enclave has them, or when the client is told to', async () => {
  // What a seal is made of passes through here; the bytes of the body are those that the client keeps.
  const { client, make } = setup()
  const bodies = await wipedBy(() => client.register())
  assert.ok(bodies.length >= 2, 'the plaintext and the body are wiped')
  const unsent = await wipedBy(() => make().forget())
  assert.equal(unsent.length, 1, 'the body is wiped')
  assert.ok([...bodies, ...unsent].every(body => body.every(byte => byte === 0)))
  assert.ok(!inspect(PEM).includes(SECRETS.secret))
})
