//! The shared cases of evidence, bundles and saved answers (vectors/evidence, vectors/bundle, vectors/saved), judged by the
//! verifiers of this package: the Rust tests read the same.

import assert from 'node:assert/strict'
import { readFileSync, readdirSync } from 'node:fs'
import { test } from 'node:test'
import * as main from '@perf-aggregator/secure-client'
import { dangerousDevelopment } from '@perf-aggregator/secure-client/development'
import { VERIFIERS, packagedVerifier } from '../dist/esm/verifier.js'
import { failure } from './setup.mjs'

const vectors = new URL('../../../vectors/', import.meta.url)
const read = name => readFileSync(new URL(name, vectors))
const skip = VERIFIERS['verifier.wasm'] === '' && 'this build has no verifier.wasm'
const bytesOf = file => readFileSync(new URL(`../dist/${file}`, import.meta.url))

const bundles = JSON.parse(read('bundle/cases.json'))
function bundleOf({ bundle, change }) {
  if (Object.keys(change).length === 0) return bundles.bundles[bundle]
  const document = JSON.parse(bundles.bundles[bundle])
  for (const [pointer, value] of Object.entries(change)) {
    const path = pointer.slice(1).split('/')
    path.slice(0, -1).reduce((inside, member) => inside[member], document)[path.at(-1)] = value
  }
  return JSON.stringify(document)
}

for (const file of ['verifier-sev-snp.wasm', 'verifier-nitro.wasm']) {
  test(`${file} knows no evidence but its own`, { skip: skip || (VERIFIERS[file] === '' && `this build has no ${file}`) }, async () => {
    const good = bundles.cases.find(one => one.expect.ok)
    const refused = await failure(packagedVerifier(bytesOf(file)).verify({ ...bundles.request, bundle: bundleOf(good), ...good.ask }))
    assert.deepEqual([refused.code, refused.class, refused.step], ['ATTESTATION_REFUSED', 'unsupported', 2])
  })
}

for (const file of ['verifier.wasm', 'verifier-dcap.wasm']) {
  test(`${file} judges every bundle as its case says`, { skip: skip || (VERIFIERS[file] === '' && `this build has no ${file}`) }, async () => {
    const verifier = packagedVerifier(bytesOf(file))
    assert.ok(bundles.cases.length > 40)
    for (const one of bundles.cases) {
      const judged = verifier.verify({ ...bundles.request, bundle: bundleOf(one), ...one.ask })
      if (one.expect.ok) {
        const enclave = await judged
        for (const [member, wanted] of Object.entries(one.expect.enclave)) assert.deepEqual(enclave[member], wanted, `${member} of ${one.name}`)
        assert.match(enclave.said.headline, /proves nothing about hardware/)
      } else {
        const refused = await failure(judged)
        assert.deepEqual([refused.code, refused.class], ['ATTESTATION_REFUSED', one.expect.class], one.name)
        assert.match(refused.hint, /^Nothing was sent\. [A-Z].*\.$/)
      }
    }
  })
}

const saved = JSON.parse(read('saved/cases.json'))
const fileOf = one => one.saved.replace(/"\{([a-z-]+)\}"/, (_, name) => JSON.stringify(saved.bundles[name]))
function trustOf(ask = {}) {
  const { policy, development_root } = { ...saved.request, ...ask }
  return development_root === null ? { policy: policy ?? undefined } : { policy: dangerousDevelopment(development_root, policy ?? undefined) }
}

test('every saved answer is judged as its case says', { skip }, async () => {
  const verifier = packagedVerifier()
  assert.ok(saved.cases.length > 60)
  for (const one of saved.cases) {
    const judged = verifier.saved({ ...saved.request, saved: fileOf(one), ...one.ask })
    const { expect } = one
    if (expect.ok) {
      const verdict = await judged
      assert.deepEqual([verdict.signedAt, verdict.resultKey, verdict.body], [expect.signed_at, expect.result_key, JSON.parse(expect.body)], one.name)
      assert.equal(Buffer.from(verdict.enclave.result_key, 'base64url').toString('hex'), verdict.resultKey)
      assert.ok([verdict, verdict.body, verdict.said.not_proven].every(Object.isFrozen))
    } else {
      const refused = await failure(judged)
      assert.deepEqual([refused.code, refused.constructor.name], [expect.code, expect.kind === 'form' ? 'AnswerError' : 'AttestationError'], one.name)
      if (expect.kind !== 'form') assert.deepEqual([refused.class, refused.againstPolicy], [expect.class, expect.kind === 'policy'], one.name)
      assert.ok(refused.hint !== '' && !refused.hint.includes('--') && refused.message.includes(refused.code))
    }
  }
})

test('verifySaved judges for who was not there', { skip }, async () => {
  const named = name => saved.cases.find(one => one.name === name)
  const verdict = await main.verifySaved(fileOf(named('summary')), trustOf())
  assert.equal(verdict.body.equity, '104233.18')
  assert.equal(verdict.body.return.twr, 0.04211000000000001, 'no digit is lost')
  assert.equal(verdict.said.not_proven.length, 7)
  assert.equal((await failure(main.verifySaved(fileOf(named('summary'))))).class, 'untrusted-root', 'a default client believes no development evidence')
  const other = await failure(main.verifySaved(fileOf(named('by-a-policy-that-names-another-program')), trustOf(named('by-a-policy-that-names-another-program').ask)))
  assert.deepEqual([other.code, other.class], ['AGAINST_POLICY', 'measurement'])
  for (const text of ['', '\ud800', '{"type":"\ud800"}', 'x'.repeat(3_000_000), undefined, null, 3]) assert.equal((await failure(main.verifySaved(text, trustOf()))).code, 'NOT_VERIFIED')
  assert.equal((await failure(main.verifySaved('{}', { policy: null }))).code, 'POLICY_INVALID')
  assert.equal((await failure(main.verifySaved('{}', { policy: { tee: 3 } }))).code, 'POLICY_INVALID')
  assert.equal((await failure(main.verifySaved('{}', { verifier: new Uint8Array(8) }))).code, 'VERIFIER_ALTERED')
  if (VERIFIERS['verifier-dcap.wasm'] === '') return
  const small = await failure(main.verifySaved(fileOf(named('summary')), { ...trustOf(), verifier: bytesOf('verifier-dcap.wasm') }))
  assert.deepEqual([small.code, /verifier\.wasm alone/.test(small.hint)], ['VERIFIER_MISSING', true])
})

test('a file of which any byte is another does not say anything else', { skip, timeout: 600_000 }, async () => {
  const one = saved.cases.find(({ name }) => name === 'summary')
  const text = fileOf(one)
  const verifier = packagedVerifier()
  let refused = 0
  for (let at = 0; at < text.length; at += 61) {
    const changed = text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ 1) + text.slice(at + 1)
    const verdict = await verifier.saved({ ...saved.request, saved: changed }).catch(error => { refused += 1; return error })
    if (!(verdict instanceof Error)) assert.deepEqual(verdict.body, JSON.parse(one.expect.body), `at ${at}`)
    else assert.match(verdict.code, /^(NOT_VERIFIED|AGAINST_POLICY)$/, `at ${at}`)
  }
  assert.ok(refused > 150, `${refused} of ${Math.ceil(text.length / 61)}`)
})

test('evidence by itself is judged as its folder says', { skip }, async () => {
  const { instance } = await WebAssembly.instantiate(bytesOf('verifier.wasm'), {})
  const { memory, allocate, verify, answer_length } = instance.exports
  const ask = request => {
    const bytes = Buffer.from(JSON.stringify(request))
    const pointer = allocate(bytes.length) >>> 0
    new Uint8Array(memory.buffer).set(bytes, pointer)
    const at = verify(pointer, bytes.length) >>> 0
    return JSON.parse(Buffer.from(new Uint8Array(memory.buffer, at, answer_length() >>> 0)))
  }
  const folders = readdirSync(new URL('evidence/', vectors), { withFileTypes: true }).filter(entry => entry.isDirectory())
  assert.ok(folders.length >= 6)
  for (const { name } of folders) {
    const file = file => read(`evidence/${name}/${file}`)
    const { expect, verification_time, policy: of, report_data, tee } = JSON.parse(file('expected.json'))
    const root = `-----BEGIN CERTIFICATE-----\n${file('root.der').toString('base64')}\n-----END CERTIFICATE-----\n`
    const kind = tee === 'tdx' ? 'dev-tdx' : 'dev-sgx'
    const accepted_advisories = of.advisories ?? []
    const sgx = (of.mr_enclave ?? []).flatMap(mr_enclave => (of.mr_signer ?? []).map(mr_signer => ({ mr_enclave, mr_signer, isv_prod_id: of.isv_prod_id, min_isv_svn: of.min_isv_svn, accepted_advisories })))
    const releases = [...sgx, ...(of.mr_td ?? []).map(mr_td => ({ mr_td, accepted_advisories }))]
    const policy = { tee: [kind], releases, allow_debug: of.allow_debug, tcb_status: of.tcb_status, min_tcb_evaluation_number: of.min_tcb_eval,
      platform: { allow_smt: of.allow_smt, allow_dynamic_platform: of.allow_dynamic_platform, allow_cached_keys: of.allow_cached_keys } }
    const said = ask({ call: 'verify_evidence', tee: kind, evidence: file('quote.bin').toString('base64'), collateral: file('collateral.json').toString(), development_root: root, policy, report_data, now: verification_time })
    assert.deepEqual([said.ok, said.error], [expect.accept, expect.error], `${name}: ${said.err}`)
  }
})
