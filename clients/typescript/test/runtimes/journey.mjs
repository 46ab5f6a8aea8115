//! What Deno and Bun are asked to do, by test/runtimes.test.mjs: the package as it is, without its tests' runner. Ends with a
//! line of what was done, or with an error.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { HolderKey, verifySaved } from '../../dist/esm/index.js'
import { dangerousDevelopment } from '../../dist/esm/development.js'
import { signedBody } from '../../dist/esm/holder.js'
import { SealedCall } from '../../dist/esm/seal.js'
import { VERIFIERS } from '../../dist/esm/verifier.js'
import { derive, pkcs8, privateKey, publicRaw } from '../service.mjs'
import { setup } from '../setup.mjs'

const read = name => JSON.parse(readFileSync(new URL(`../../../../vectors/${name}/cases.json`, import.meta.url), 'utf8'))
const done = []

// A sealed call, to the letter, and its answer.
const sealed = read('envelope')
const { envelope, plaintext, answer, answer_plaintext } = sealed.cases.find(({ name }) => name === 'registration')
const raw = derive(Buffer.from(sealed.ephemeral_ikm, 'hex'))
const ephemeral = { privateKey: await crypto.subtle.importKey('pkcs8', new Uint8Array(pkcs8(raw)), { name: 'X25519' }, false, ['deriveBits']), publicKey: new Uint8Array(publicRaw(privateKey(raw))) }
const utf8 = text => new TextEncoder().encode(text)
const call = await SealedCall.under(new Uint8Array(Buffer.from(sealed.recipient_public_key, 'hex')), JSON.parse(envelope).header, utf8(plaintext), ephemeral)
assert.equal(call.json, envelope)
assert.equal(Buffer.from(await call.opened(utf8(answer))).toString(), answer_plaintext)
for (const bad of sealed.bad_answers) assert.equal(await call.opened(utf8(bad.answer)), undefined, bad.name)
done.push('sealed calls')

// A holder's signature, to the letter.
for (const { key, envelope_id, body, joined } of read('holder').cases) {
  const signed = await signedBody(await HolderKey.import(key), new Uint8Array(Buffer.from(envelope_id, 'base64url')), utf8(body))
  assert.equal(new TextDecoder().decode(signed), joined)
}
done.push('signed calls')

// The journey, with every key fresh.
const { service, client } = setup()
const session = await client.register()
assert.equal((await client.getSummary()).equity, '1.5')
assert.equal((await client.getMetrics()).total.fills, 3)
assert.equal((await client.revoke()).revoked, true)
assert.ok(session.session_id.startsWith('session_') && service.quotes === 1)
done.push('the journey')

// The verifier, loaded from where the package has it.
if (VERIFIERS['verifier.wasm'] !== '') {
  const { request, bundles, cases } = read('saved')
  for (const { saved, ask = {}, expect, name } of cases) {
    const { policy, development_root } = { ...request, ...ask }
    const chosen = development_root === null ? policy ?? undefined : dangerousDevelopment(development_root, policy ?? undefined)
    const file = saved.replace(/"\{([a-z-]+)\}"/, (_, of) => JSON.stringify(bundles[of]))
    const outcome = await verifySaved(file, { policy: chosen, receipt: ask.receipt }).then(() => 'holds', error => error.code)
    assert.equal(outcome, expect.ok ? 'holds' : expect.code, name)
  }
  done.push(`${cases.length} saved answers`)
}
console.log(`done: ${done.join(', ')}`)
