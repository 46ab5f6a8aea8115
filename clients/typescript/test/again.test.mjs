//! What is tried again, and what is said of a call that may have arrived: an envelope opens once, and no session is opened
//! twice without its caller's word.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { problem } from './service.mjs'
import { failure, setup } from './setup.mjs'

const json = (status, body) => new Response(JSON.stringify(body), { status })
const broken = () => Promise.reject(Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error('planted'), { code: 'UND_ERR_SOCKET' }) }))
const isQuote = request => request.url.includes('/attestation/quote')

test('a connection that was closed while nobody looked costs a second try, of reads in a new envelope', async () => {
  const { service, client } = setup()
  await client.register()
  let times = 1
  service.stranger = (request, next) => (times-- > 0 ? broken() : next())
  await client.getSummary()
  const [first, second] = service.requests.slice(-2).map(request => JSON.parse(request.body).header)
  assert.equal(first.route, second.route)
  assert.notEqual(first.envelope_id, second.envelope_id, 'one that arrived before would be refused as repeated')
  times = 9
  const refused = await failure(client.getSummary())
  assert.deepEqual([refused.code, times, /planted/.test(refused.stack), /not known/.test(refused.hint)], ['CONNECTION_BROKEN', 7, false, false])
})

test('a registration is tried again in the same envelope, so that no two sessions are opened', async () => {
  const { service, client } = setup()
  await client.attest()
  let times = 1
  service.stranger = (request, next) => (times-- > 0 ? broken() : next())
  await client.register()
  const [first, second] = service.requests.slice(-2)
  assert.equal(first.body, second.body)
  assert.equal(service.bodies.length, 1)
})

/** What becomes of a registration whose envelope meets this. */
async function registering(stranger) {
  const { service, client } = setup()
  await client.attest()
  service.stranger = (request, next) => (isQuote(request) ? next() : stranger(request, next))
  return failure(client.register())
}

test('a registration whose answer was lost says that a session may be open', async () => {
  const lost = [
    ['CONNECTION_BROKEN', broken],
    // It arrived, its answer did not; then the same envelope is refused as repeated.
    ['ENVELOPE_REPLAYED', (times => (request, next) => (times++ === 0 ? (next(), broken()) : json(409, problem('ENVELOPE_REPLAYED', 409))))(0)],
    ['ANSWER_UNSIGNED', () => json(502, {})],
    ['RELAY_TIMEOUT', () => json(504, problem('RELAY_TIMEOUT', 504))],
    ['ANSWER_NOT_SEALED', () => json(201, {})],
  ]
  for (const [code, stranger] of lost) {
    const failed = await registering(stranger)
    assert.equal(failed.code, code)
    assert.match(failed.hint, /Whether the enclave opened a session is not known/)
    assert.ok(failed.message.endsWith(failed.hint.split('. ').at(-1)), failed.message)
  }
})

test('a registration that nobody got, or that the enclave refused, says nothing of the kind', async () => {
  const refused = Object.assign(new TypeError('fetch failed'), { cause: Object.assign(new Error(), { code: 'ECONNREFUSED' }) })
  assert.doesNotMatch((await registering(() => Promise.reject(refused))).hint, /not known/)
  const { service, client } = setup()
  service.answers.set('POST /enclave/sessions', () => [422, problem('KEY_NOT_READ_ONLY', 422)])
  const said = await failure(client.register())
  assert.deepEqual([said.code, said.hint], ['KEY_NOT_READ_ONLY', 'Do this.'])
})
