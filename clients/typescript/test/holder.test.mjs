//! Holder keys, their sessions and records: signed as other implementations sign, and useless to whoever lacks the key.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { HolderKey, signedBody } from '../dist/esm/holder.js'
import { SESSION, b64, frame, split } from './service.mjs'
import { failure, setup } from './setup.mjs'

const vectors = JSON.parse(readFileSync(new URL('../../../vectors/holder/cases.json', import.meta.url), 'utf8'))
const bytes = text => new Uint8Array(Buffer.from(text, 'base64url'))
const utf8 = text => new TextEncoder().encode(text)
const RECORD = { began: '2026-11-02T08:00:00Z', record_restarted_at: null, accounts: [] }
const HELD = { sessions: [{ session: '9Fq3aZ0k', account: { venue: 'binance', fingerprint: 'f', types: ['spot'] }, label: null, created: '2026-11-22T00:00:00Z', last_used: null, expires: '2026-11-23T00:00:00Z', lease_until: null, state: 'open' }], record: RECORD }

/** A client with a holder's key, at a service that guards by it. */
async function holding(options = {}) {
  const holder = await HolderKey.generate()
  const all = setup({ holder, ...options })
  const { service } = all
  service.answers.set('POST /enclave/sessions', ({ holderKey }) => [201, { ...service.opened(), ...(holderKey === undefined ? {} : { record: RECORD }) }])
  service.answers.set('GET /enclave/sessions', () => [200, HELD])
  return { ...all, holder }
}

test('calls are signed as another implementation signs them', async () => {
  assert.ok(vectors.cases.length >= 8)
  for (const { name, key, public_key, fingerprint, envelope_id, body, joined } of vectors.cases) {
    const holder = await HolderKey.import(key)
    assert.deepEqual([holder.publicKey, holder.fingerprint, await holder.export()], [public_key, fingerprint, key], name)
    const signed = new TextDecoder().decode(await signedBody(holder, bytes(envelope_id), utf8(body)))
    assert.equal(signed, joined, name)
  }
})

test('the service of these tests judges as an enclave does', () => {
  for (const { public_key, envelope_id, body, joined, name } of vectors.cases) assert.deepEqual(split(joined, envelope_id, public_key), { body, signed: true, holds: true }, name)
  for (const { public_key, envelope_id, plaintext, expect, name } of vectors.bad) {
    const { signed, holds } = split(plaintext, envelope_id, public_key)
    assert.ok(expect === 'unsigned' ? !signed || !holds : signed && !holds, name)
  }
})

test('a text that was damaged is no key', async () => {
  for (const { name, key } of vectors.bad_keys) assert.equal((await failure(HolderKey.import(key))).code, 'OPTION_INVALID', name)
  assert.equal((await HolderKey.import(`${vectors.cases[0].key}\r\n`)).publicKey, vectors.cases[0].public_key, 'as editors leave it')
})

test('a key shows nothing of itself, and is written out for who asks', async () => {
  const key = await HolderKey.generate()
  const text = await key.export()
  assert.match(text, /^perfagg-holder\/1:[\w-]{43}:[\w-]{43}$/)
  const secret = text.split(':')[2]
  for (const shown of [String(key), JSON.stringify(key), inspect(key, { depth: null, showHidden: true })]) assert.ok(!shown.includes(secret))
  assert.notEqual((await HolderKey.generate()).publicKey, key.publicKey)
  assert.equal((await HolderKey.import(text)).fingerprint, key.fingerprint)
})

test('every call of a session with a holder is signed', async () => {
  const { service, client, holder } = await holding({ leaseSeconds: 7_776_000, ttlSeconds: 604_800 })
  const { record } = await client.register()
  assert.deepEqual(record, RECORD)
  assert.deepEqual([service.bodies[0].holderKey, service.bodies[0].leaseSeconds], [holder.publicKey, 7_776_000])
  await client.getSummary()
  await client.getMetrics()
  service.stream = async function* (sealer) {
    yield frame('opened', b64(sealer.nonce))
    yield frame('final', sealer.chunk({ id: 1, event: 'expiry', data: { state: 'expired', session_expires: 'x' } }, true))
  }
  for await (const { event } of client.watch()) assert.equal(event, 'expiry')
  assert.deepEqual(await client.listSessions(), HELD)
  await client.revoke()
  const routes = service.signed.map(([route]) => route)
  assert.deepEqual(new Set(routes), new Set(['POST /enclave/sessions', 'GET /enclave/summary/{session_id}', 'GET /enclave/metrics/{session_id}', 'GET /enclave/events/{session_id}', 'GET /enclave/sessions', 'DELETE /enclave/sessions/{session_id}']))
  assert.ok(service.signed.every(([, key]) => key === holder.publicKey))
})

test('a stolen session id is useless without the key', async () => {
  const { service, client, make, holder } = await holding()
  await client.register()
  const thief = make({ sessionId: SESSION, holder: undefined })
  const other = make({ sessionId: SESSION, holder: await HolderKey.generate() })
  for (const client of [thief, other]) {
    for (const call of ['getSummary', 'getMetrics', 'revoke']) assert.equal((await failure(client[call]())).code, 'SESSION_UNKNOWN', call)
  }
  assert.equal((await failure(thief.listSessions())).code, 'NO_HOLDER')
  const [{ body }] = service.requests.slice(-1)
  assert.ok(!body.includes('holderSignature'), 'the signature is under the seal')
  const mine = make({ sessionId: SESSION, holder })
  assert.equal((await mine.getSummary()).equity, '1.5')
})

test('an enclave that does not guard by the key gets no session', async () => {
  const { service, client } = await holding()
  service.answers.set('POST /enclave/sessions', () => [201, service.opened()])
  const refused = await failure(client.register())
  assert.deepEqual([refused.code, refused.constructor.name], ['HOLDER_KEY_IGNORED', 'AnswerError'])
  assert.equal(client.sessionId, undefined)
  assert.equal(service.signed.at(-1)[0], 'DELETE /enclave/sessions/{session_id}', 'it was revoked')
})

test('options that cannot go together are refused before anybody is called', async () => {
  const holder = await HolderKey.generate()
  for (const wrong of [{ holder, bearer: true }, { holder: await holder.export() }, { holder: {} }, { leaseSeconds: 299 }, { leaseSeconds: 7_776_001 }, { leaseSeconds: 3600, ttlSeconds: 3601 }, { leaseSeconds: 300.5 }, { checkpoints: {} }, { checkpoints: [{}] }]) {
    assert.throws(() => setup(wrong), { code: 'OPTION_INVALID' })
  }
  setup({ leaseSeconds: 3600, ttlSeconds: 3600 })
})

test('a machine without Ed25519 says so', async () => {
  const { generateKey, importKey } = crypto.subtle
  const none = { value: () => Promise.reject(new DOMException('Unrecognized name.', 'NotSupportedError')), configurable: true, writable: true }
  Object.defineProperty(crypto.subtle, 'generateKey', none)
  Object.defineProperty(crypto.subtle, 'importKey', none)
  try {
    for (const make of [() => HolderKey.generate(), () => HolderKey.import(vectors.cases[0].key)]) {
      const refused = await failure(make())
      assert.equal(refused.code, 'ED25519_MISSING')
      assert.match(refused.hint, /Node 20/)
    }
  } finally {
    Object.defineProperty(crypto.subtle, 'generateKey', { ...none, value: generateKey })
    Object.defineProperty(crypto.subtle, 'importKey', { ...none, value: importKey })
  }
})
