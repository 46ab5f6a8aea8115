//! The border to the verifier: a stand-in made by hand, of the same exports, that says what the test wants. What evidence
//! is worth is judged by the tests of the verifier itself.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { AttestationError } from '../dist/esm/failure.js'
import { VERIFIERS, compiled, judged, packagedVerifier } from '../dist/esm/verifier.js'
import { failure } from './setup.mjs'

const PAGE = 65536
/** LEB128. */
const unsigned = value => (value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)])
const signed = value => (value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)])
const vector = items => [...unsigned(items.length), ...items.flat()]
const section = (id, bytes) => [id, ...unsigned(bytes.length), ...bytes]
const name = text => vector([...Buffer.from(text)].map(byte => [byte]))
const code = body => { const bytes = [0, ...body, 0x0b]; return [...unsigned(bytes.length), ...bytes] }
const constant = value => [0x41, ...signed(value)]

/** A module that answers `said` to anything, at page 1; `request` goes to page 32. */
function saying(said, { pointer = PAGE, length = Buffer.byteLength(said), allocated = 32 * PAGE, trap = false } = {}) {
  const data = [...Buffer.from(said)]
  return new Uint8Array([
    0, 0x61, 0x73, 0x6d, 1, 0, 0, 0,
    ...section(1, vector([[0x60, 1, 0x7f, 1, 0x7f], [0x60, 2, 0x7f, 0x7f, 1, 0x7f], [0x60, 0, 1, 0x7f]])),
    ...section(3, vector([[0], [1], [2]])),
    ...section(5, [1, 0, 48]),
    ...section(7, vector([[...name('memory'), 2, 0], [...name('allocate'), 0, 0], [...name('verify'), 0, 1], [...name('answer_length'), 0, 2]])),
    ...section(10, vector([code(constant(allocated)), code(trap ? [0x00] : constant(pointer)), code(constant(length))])),
    ...section(11, vector([[0, ...constant(PAGE), 0x0b, ...vector(data.map(byte => [byte]))]])),
  ])
}
const request = { call: 'verify', bundle: '{"ü":1}', policy: null, development_root: null, nonce: 'n', asked_at: 1, now: 2, direct: false, connection: null }
const enclave = { hpke_public_key: Buffer.alloc(32, 1).toString('base64url'), result_key: Buffer.alloc(32, 2).toString('base64url'), keyset_hash: Buffer.alloc(64, 3).toString('base64url'),
  epoch: 7, environment: ['live'], time: 1_770_000_000, development: false, tee: 'sgx-dcap', steps: [] }
const said = { headline: 'h', program: 'p', hardware: 'w', platform: 'l', amber: null, connection: 'c', not_proven: ['that it rains'] }
const refusal = { ok: false, hint: 'Do not.', class: 'measurement', step: 14, step_name: 'identity', text: 'the program is not one that was released', against_policy: true, steps: [{ step: 1 }] }
const judge = async (said, options) => judged(request, await WebAssembly.compile(saying(typeof said === 'string' ? said : JSON.stringify(said), options)))

test('an enclave that the verifier accepts is given', async () => {
  const given = await judge({ ok: true, enclave, said })
  assert.deepEqual(given, { ...enclave, said })
  assert.ok([given, given.environment, given.steps, given.said, given.said.not_proven].every(Object.isFrozen))
})

test('a refusal is told as the verifier tells it', async () => {
  const refused = await failure(judge(refusal))
  assert.ok(refused instanceof AttestationError)
  assert.deepEqual([refused.code, refused.class, refused.step, refused.stepName, refused.againstPolicy, refused.steps.length], ['ATTESTATION_REFUSED', 'measurement', 14, 'identity', true, 1])
  assert.match(refused.message, /the program is not one that was released/)
  assert.equal(refused.hint, 'Nothing was sent. Do not.')
})

test('a policy that is none is its caller’s fault', async () => {
  for (const text of ['policy: releases is missing', 'development_root: not a root']) assert.equal((await failure(judge({ ...refusal, class: 'malformed', text }))).code, 'POLICY_INVALID')
})

test('what is no verdict accepts nobody', async () => {
  const not = ['', 'null', '[]', '{}', '{"ok":true}', '{"ok":1}', { ok: true, enclave: null }, { ok: 'true', enclave }, { ...refusal, class: 3 }, { ...refusal, steps: null }, { ...refusal, hint: undefined }, { ok: false }, { ok: true, enclave }, { ok: true, enclave, said: { ...said, not_proven: [3] } }]
  for (const member of ['hpke_public_key', 'result_key', 'keyset_hash', 'epoch', 'environment', 'time', 'development']) {
    not.push(...[undefined, 'AAAA', -1].map(value => ({ ok: true, said, enclave: { ...enclave, [member]: value } })))
  }
  for (const said of not) assert.equal((await failure(judge(said))).code, 'VERIFIER_FAILED', JSON.stringify(said))
})

test('a verifier that traps, or points out of its memory, accepts nobody', async () => {
  for (const options of [{ trap: true }, { pointer: -1 }, { pointer: 48 * PAGE }, { length: -1 }, { length: 5 * 1024 * 1024 }, { length: 3 }, { allocated: 48 * PAGE }, { allocated: -1 }]) {
    assert.equal((await failure(judge({ ok: true, enclave, said }, options))).code, 'VERIFIER_FAILED', JSON.stringify(options))
  }
})

test('a request that is too large for it is refused', async () => {
  assert.deepEqual([(await failure(judge({ ok: true, enclave }, { allocated: 0 }))).class], ['malformed'])
})

test('the request arrives as it was made', async () => {
  // Answers with the place of the request itself, which is no verdict; the memory shows what arrived.
  const module = await WebAssembly.compile(saying('{}'))
  const original = WebAssembly.instantiate
  let memory
  WebAssembly.instantiate = async (...call) => {
    const instance = await original(...call)
    assert.deepEqual(call[1], {}, 'it is given nothing')
    memory = instance.exports.memory
    return instance
  }
  await failure(judged(request, module)).finally(() => { WebAssembly.instantiate = original })
  const text = JSON.stringify(request)
  assert.equal(Buffer.from(memory.buffer, 32 * PAGE, Buffer.byteLength(text)).toString(), text)
})

test('only the bytes that the package was built with are run', async () => {
  const bytes = saying(JSON.stringify({ ok: true, enclave }))
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  assert.ok((await compiled(bytes, ['', sha256])) instanceof WebAssembly.Module)
  assert.ok((await compiled(bytes.buffer, ['', sha256])) instanceof WebAssembly.Module)
  assert.ok((await compiled(async () => bytes, ['', sha256])) instanceof WebAssembly.Module)
  const altered = new Uint8Array(bytes)
  altered[altered.length - 1] ^= 1
  assert.equal((await failure(compiled(altered, ['', sha256]))).code, 'VERIFIER_ALTERED')
  assert.equal((await failure(compiled(bytes, ['', '']))).code, 'VERIFIER_MISSING')
  assert.equal((await failure(compiled(() => Promise.reject(new Error('planted')), ['', sha256]))).code, 'VERIFIER_MISSING')
  const expected = VERIFIERS['verifier.wasm'] === '' ? 'VERIFIER_MISSING' : 'VERIFIER_ALTERED'
  assert.equal((await failure(packagedVerifier(bytes).verify(request))).code, expected)
})

test('the verifier of the package refuses what is no evidence', { skip: VERIFIERS['verifier.wasm'] === '' && 'this build has no verifier.wasm' }, async () => {
  for (const [file, sha256] of Object.entries(VERIFIERS)) assert.equal(existsSync(new URL(`../dist/${file}`, import.meta.url)), sha256 !== '', file)
  for (const bundle of ['{}', '', '{"tee":"dev-sgx"}', '{"tee":"sev-snp"}']) {
    const refused = await failure(packagedVerifier().verify({ ...request, bundle }))
    assert.ok(refused instanceof AttestationError, String(refused))
    assert.equal(refused.class, 'malformed')
  }
})
