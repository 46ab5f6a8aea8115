//! Keeping an answer: signed by the verified enclave for this very call, with the evidence to the letter. The service's
//! evidence and signatures are real in their form (vectors/bundle, vectors/saved) and are judged by the package's verifier.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NOW, bundle, leaf, pem, root } from '../../../vectors/bundle/platform.mjs'
import { privateKey, publicRaw as resultKeyOf, signed } from '../../../vectors/saved/signed.mjs'
import { dangerousWithParts } from '../dist/esm/client.js'
import { dangerousDevelopment } from '../dist/esm/development.js'
import { HolderKey } from '../dist/esm/holder.js'
import { verifySaved } from '../dist/esm/saved.js'
import { VERIFIERS, packagedVerifier } from '../dist/esm/verifier.js'
import { SESSION, Service, TestClock, publicRaw } from './service.mjs'
import { failure } from './setup.mjs'

const skip = VERIFIERS['verifier.wasm'] === '' && 'this build has no verifier.wasm'
const secret = privateKey(Buffer.alloc(32, 7))
const policy = dangerousDevelopment(pem(root))

/** A service whose evidence is judged in earnest. */
class Proven extends Service {
  quote(nonce) {
    this.quotes += 1
    const made = bundle({ epoch: this.epoch, hpke: publicRaw(this.recipient), resultKey: resultKeyOf(secret), challenge: leaf(Buffer.from(nonce, 'base64url')), proof: { index: 0, size: 1, path: [] } })
    this.keysetHash = made.keysetHash
    made.document.time.enclave = this.clock.unixS
    return new Response(JSON.stringify(made.document))
  }
  /** Signs what it would have answered. */
  signs(change = {}) {
    for (const [path, body] of [['/enclave/summary/{session_id}', this.summary()], ['/enclave/metrics/{session_id}', { environment: this.stamp(), symbols: [], total: { fills: 3 } }]]) {
      this.answers.set(`GET ${path}`, ({ sign }) => [200, signed(JSON.stringify(change.body ?? body), { path, nonce: sign, created: this.clock.unixS, secret, ...change.signed }).answer])
    }
  }
}

function setup() {
  const clock = new TestClock()
  clock.unixS = NOW
  const service = new Proven(clock)
  service.signs()
  const client = dangerousWithParts({ enclaveUrl: 'https://enclave.example:3000', policy, sessionId: SESSION }, { clock, fetch: service.fetch, ...packagedVerifier() })
  return { clock, service, client }
}

test('an answer is kept in a file that others judge', { skip }, async () => {
  const { service, client } = setup()
  const { summary, file } = await client.saveSummary()
  assert.equal(summary.equity, '1.5')
  assert.equal(service.quotes, 1)
  const [{ session_id, sign }] = service.bodies
  assert.deepEqual([session_id, /^[\w-]{43}$/.test(sign)], [SESSION, true])
  assert.ok(!file.includes(SESSION), 'whoever judges it cannot read the session')
  assert.ok(file.endsWith('}\n') && file.startsWith('{\n  "type": "perf-aggregator.saved-answer.v1",\n  "answer": {\n    "method": "GET",'))
  const verdict = await verifySaved(file, { policy })
  assert.deepEqual([verdict.body, verdict.signedAt, verdict.path], [summary, '2026-11-24T12:00:00Z', '/enclave/summary/{session_id}'])
  assert.equal(verdict.enclave.keyset_hash, client.enclave.keyset_hash)

  const kept = await client.saveMetrics()
  assert.deepEqual([kept.metrics.total.fills, (await verifySaved(kept.file, { policy })).path], [3, '/enclave/metrics/{session_id}'])
  assert.notEqual(service.bodies[0].sign, service.bodies[1].sign)
  assert.equal((await failure(verifySaved(kept.file))).code, 'NOT_VERIFIED', 'nobody else believes the development root')
})

test('only the verified enclave signs what is kept, and only for this call', { skip }, async () => {
  const { service, client } = setup()
  const other = privateKey(Buffer.alloc(32, 8))
  const refused = async (code, change) => {
    service.signs(change)
    assert.equal((await failure(client.saveSummary())).code, code, JSON.stringify(Object.keys(change.signed ?? change)))
  }
  await refused('ANSWER_NOT_SIGNED', { signed: { secret: other } })
  await refused('ANSWER_NOT_SIGNED', { signed: { secret: other, key: resultKeyOf(secret) } })
  await refused('ANSWER_NOT_SIGNED', { signed: { nonce: 'of-another-call' } })
  await refused('ANSWER_NOT_SIGNED', { signed: { nonce: null } })
  await refused('ANSWER_NOT_SIGNED', { signed: { path: '/enclave/metrics/{session_id}' } })
  await refused('ANSWER_NOT_SIGNED', { signed: { method: 'DELETE' } })
  await refused('ANSWER_NOT_SIGNED', { signed: { tag: 'perf-aggregator/receipt/v1' } })
  await refused('ANSWER_NOT_SIGNED', { signed: { status: 201 } })
  await refused('ANSWER_NOT_SIGNED', { body: { ...service.summary(), environment: 'live' } })
  await refused('ANSWER_UNKNOWN_FORM', { body: { environment: 'development' } })
  service.answers.set('GET /enclave/summary/{session_id}', () => [200, service.summary()])
  assert.equal((await failure(client.saveSummary())).code, 'ANSWER_NOT_SIGNED', 'not signed at all')
})

test('receipts are kept, and judged as receipts alone', { skip }, async () => {
  const { service, clock } = setup()
  const holder = await HolderKey.generate()
  const make = () => dangerousWithParts({ enclaveUrl: 'https://enclave.example:3000', policy, sessionId: SESSION, holder }, { clock, fetch: service.fetch, ...packagedVerifier() })
  service.holders.set(SESSION, holder.publicKey)
  const erased = { erased: true, at: '2026-11-24T12:00:00Z', accounts: 1, sessions: 2, note: 'Delete the keys.' }
  const revoked = { revoked: true, at: '2026-11-24T12:00:00Z', note: 'Delete the key.' }
  const receipts = more => {
    for (const [path, body] of [['/enclave/record', erased], ['/enclave/sessions/{session_id}', revoked]]) {
      service.answers.set(`DELETE ${path}`, ({ sign }) => [200, signed(JSON.stringify(body), { method: 'DELETE', path, nonce: sign, created: clock.unixS, secret, tag: 'perf-aggregator/receipt/v1', ...more }).answer])
    }
  }
  for (const more of [{ tag: 'perf-aggregator/answer/v1' }, { nonce: 'n' }, { secret: privateKey(Buffer.alloc(32, 8)) }, { path: '/enclave/other' }]) {
    receipts(more)
    const client = make()
    for (const call of ['eraseRecord', 'saveRevocation']) assert.equal((await failure(client[call]())).code, 'ANSWER_NOT_SIGNED', JSON.stringify(Object.keys(more)))
    assert.equal(client.sessionId, SESSION, 'nothing ended')
  }
  receipts()
  for (const [call, said] of [[client => client.eraseRecord(), erased], [client => client.saveRevocation(), revoked]]) {
    const client = make()
    const { receipt, file } = await call(client)
    assert.deepEqual([receipt, client.sessionId], [said, undefined])
    assert.deepEqual((await verifySaved(file, { policy, receipt: true })).body, said)
    assert.equal((await failure(verifySaved(file, { policy }))).code, 'NOT_VERIFIED', 'no answer to a read')
    assert.ok(!file.includes(SESSION) && !file.includes(holder.publicKey))
  }
})

test('without a session nothing is asked for', async () => {
  const { service, clock } = setup()
  const client = dangerousWithParts({ enclaveUrl: 'https://enclave.example:3000', policy }, { clock, fetch: service.fetch, ...packagedVerifier() })
  assert.equal((await failure(client.saveMetrics())).code, 'NO_SESSION')
  assert.equal(service.requests.length, 0)
})
