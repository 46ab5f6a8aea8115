//! The shared cases: vectors/hpke (RFC 9180), vectors/envelope (sealed calls) and vectors/challenge, to the letter.

import assert from 'node:assert/strict'
import { createHash, webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { challengeText } from '../dist/esm/challenge.js'
import * as hpke from '../dist/esm/hpke.js'
import { SealedCall, associatedData } from '../dist/esm/seal.js'
import { derive, pkcs8, privateKey, publicRaw } from './service.mjs'

const vectors = new URL('../../../vectors/', import.meta.url)
const read = name => JSON.parse(readFileSync(new URL(name, vectors), 'utf8'))
const bytes = hex => new Uint8Array(Buffer.from(hex, 'hex'))
const hex = value => Buffer.from(value).toString('hex')
const utf8 = said => new TextEncoder().encode(said)

async function ephemeral(ikm) {
  const raw = derive(Buffer.from(ikm))
  return { privateKey: await webcrypto.subtle.importKey('pkcs8', pkcs8(raw), { name: 'X25519' }, false, ['deriveBits']), publicKey: new Uint8Array(publicRaw(privateKey(raw))) }
}

test('RFC 9180 in base mode, as published', async () => {
  const cases = read('hpke/rfc9180-x25519-hkdfsha256-aes256gcm.json').filter(vector => vector.mode === 0)
  assert.equal(cases.length, 1)
  for (const vector of cases) {
    const context = await hpke.setupBaseS(bytes(vector.pkRm), bytes(vector.info), await ephemeral(bytes(vector.ikmE)))
    assert.equal(hex(context.enc), vector.enc)
    assert.equal(hex(context.key), vector.key)
    assert.equal(hex(context.baseNonce), vector.base_nonce)
    assert.equal(hex(context.exporterSecret), vector.exporter_secret)
    const [first] = vector.encryptions
    assert.equal(hex(await hpke.sealFirst(context, bytes(first.aad), bytes(first.pt))), first.ct)
    // Nonces of the messages that are numbered one after the other: the stream's counters follow the same rule.
    for (const [counter, message] of vector.encryptions.entries()) {
      if (counter > 3) break
      assert.equal(hex(hpke.nonceOf(context.baseNonce, counter)), message.nonce)
      const key = await hpke.aeadKey(context.key, 'decrypt')
      assert.equal(hex(await hpke.open(key, bytes(message.nonce), bytes(message.aad), bytes(message.ct))), message.pt)
    }
    for (const { exporter_context, L, exported_value } of vector.exports) assert.equal(hex(await hpke.exported(context, bytes(exporter_context), L)), exported_value)
  }
})

test('a recipient of low order is refused', async () => {
  await assert.rejects(hpke.setupBaseS(new Uint8Array(32), utf8('info'), await hpke.generateEphemeral()))
})

const cases = read('envelope/cases.json')
const seeded = label => createHash('sha256').update(`perf-aggregator vectors: ${label}`).digest()
const named = name => cases.cases.find(found => found.name === name)

async function again(vector, ikm) {
  const { header } = JSON.parse(vector.envelope)
  return SealedCall.under(bytes(cases.recipient_public_key), header, utf8(vector.plaintext), await ephemeral(ikm))
}

test('the associated data is that of the vectors', () => {
  assert.equal(Buffer.from(associatedData(JSON.parse(named('registration').envelope).header)).toString(), cases.associated_data)
})

for (const [name, label] of [['registration', 'ephemeral'], ['summary', 'second ephemeral'], ['body-longer-than-one-step', 'third'], ['largest-plaintext', 'largest']]) {
  test(`envelope ${name} is sealed to the letter, and its answer opens`, async () => {
    const vector = named(name)
    const call = await again(vector, name === 'registration' ? bytes(cases.ephemeral_ikm) : seeded(label))
    assert.equal(call.json, vector.envelope)
    if (vector.answer) assert.equal(Buffer.from(await call.opened(utf8(vector.answer))).toString(), vector.answer_plaintext)
  })
}

test('a plaintext larger than 16 KiB is not sealed', async () => {
  const body = utf8(`"${'x'.repeat(16384)}"`)
  const { header } = JSON.parse(named('registration').envelope)
  await assert.rejects(SealedCall.under(bytes(cases.recipient_public_key), header, body, await hpke.generateEphemeral()), { code: 'ENVELOPE_TOO_LARGE' })
})

test('an enclave of low order gets nothing', async () => {
  const { header } = JSON.parse(named('registration').envelope)
  await assert.rejects(SealedCall.under(bytes(named('enc-of-low-order') && '00'.repeat(32)), header, utf8('{}'), await hpke.generateEphemeral()), { code: 'SEALING_FAILED' })
})

for (const { name, answer } of cases.bad_answers) {
  test(`bad answer ${name} is refused`, async () => {
    assert.equal(await (await again(named('registration'), bytes(cases.ephemeral_ikm))).opened(utf8(answer)), undefined)
  })
}

test('no answer with a byte changed, removed or added opens', async () => {
  const call = await again(named('registration'), bytes(cases.ephemeral_ikm))
  const answer = JSON.parse(named('registration').answer)
  for (const member of ['nonce', 'ciphertext']) {
    const original = Buffer.from(answer[member], 'base64url')
    const refused = async changed => assert.equal(await call.opened(utf8(JSON.stringify({ ...answer, [member]: changed.toString('base64url') }))), undefined)
    for (let at = 0; at < original.length; at += 1) {
      const changed = Buffer.from(original)
      changed[at] ^= 1 << at % 8
      await refused(changed)
    }
    for (const length of [0, 1, 15, 16, 31, original.length - 1]) await refused(original.subarray(0, length))
    await refused(Buffer.concat([original, Buffer.from([0])]))
  }
})

test('a challenge is the one that the enclave expects', () => {
  const cases = read('challenge/cases.json')
  assert.equal(cases.length, 4)
  for (const { address, keyset_hash, text } of cases) {
    for (const told of [address, address.toLowerCase(), address.toUpperCase()]) assert.equal(challengeText(told, keyset_hash), text)
    for (const wrong of ['', address.slice(2), address.slice(0, -1), `${address}0`, `${address.slice(0, -1)}g`]) assert.equal(challengeText(wrong, keyset_hash), undefined)
  }
})
