// Makes `cases.json`: evidence bundles, and what a verifier says of them. See README.md.
// Write: node make.mjs > cases.json
import { MEASUREMENT, NOW, SIGNER, bundle, leaf, node, pem, root, seeded, sha256, CONFIG, binding } from './platform.mjs'

const b64 = bytes => Buffer.from(bytes).toString('base64url')
const hex = bytes => Buffer.from(bytes).toString('hex')
const nonce = seeded('nonce')
const usual = { resultKey: seeded('result key'), challenge: leaf(nonce), proof: { index: 0, size: 1, path: [] } }
const good = bundle(usual)
const enclave = made => ({ hpke_public_key: b64(made.fields[2].subarray(6)), result_key: b64(made.fields[3]), keyset_hash: b64(made.keysetHash), epoch: 42, environment: ['development'], time: NOW,
  development: true, tee: 'dev-sgx', measurement: hex(MEASUREMENT), config_sha256: hex(sha256(CONFIG)) })

const bundles = {}
const cases = []
/** `change`: JSON pointers into the bundle, and what stands there instead. `ask`: members of the request that are others. */
const add = (name, expect, { of = 'good', change = {}, ask = {} } = {}) => cases.push({ name, bundle: of, change, ask, expect })
const made = (name, more) => { const one = bundle({ ...usual, ...more }); bundles[name] = JSON.stringify(one.document); return one }
const accepted = (of = good) => ({ ok: true, enclave: enclave(of) })
const refused = error => ({ ok: false, class: error })
bundles.good = JSON.stringify(good.document)

add('accepted', accepted())
add('accepted-without-a-nonce-where-the-policy-asks-for-none', accepted(), { ask: { nonce: null, policy: policy({ require_nonce: false }) } })
add('the-program-is-the-released-one', { ok: true, enclave: { ...enclave(good), release: 'vectors', measurement_checked: true } }, { ask: { policy: policy() } })
function policy(more = {}, release = {}) {
  return { tee: ['dev-sgx'], environment: ['development'], min_tcb_evaluation_number: 0,
    releases: [{ name: 'vectors', mr_enclave: hex(MEASUREMENT), mr_signer: hex(SIGNER), isv_prod_id: 3, min_isv_svn: 2, ...release }], ...more }
}

// The nonce in a tree: the second of two, and the third of three.
const [one, two] = [leaf(seeded('another nonce')), leaf(seeded('a third nonce'))]
add('the-second-of-two-nonces', accepted(made('second-of-two', { challenge: node(one, leaf(nonce)), proof: { index: 1, size: 2, path: [hex(one)] } })), { of: 'second-of-two' })
add('the-third-of-three-nonces', accepted(made('third-of-three', { challenge: node(node(one, two), leaf(nonce)), proof: { index: 2, size: 3, path: [hex(node(one, two))] } })), { of: 'third-of-three' })
add('the-proof-of-another-place', refused('freshness'), { of: 'second-of-two', change: { '/challenge_proof/index': 0 } })
add('a-proof-that-is-too-long', refused('freshness'), { change: { '/challenge_proof/path': [hex(one)] } })
add('another-nonce', refused('freshness'), { ask: { nonce: b64(seeded('another nonce')) } })
add('no-nonce', refused('freshness'), { ask: { nonce: null } })
add('asked-a-minute-ago', refused('freshness'), { ask: { asked_at: NOW - 60 } })
add('the-proof-is-missing', refused('freshness'), { change: { '/challenge_proof': null } })

// The binding: the evidence is of these bytes, and of no other.
const rebound = (at, value) => { const fields = [...good.fields]; fields[at] = value; return binding(fields).bytes.toString('base64') }
const flipped = bytes => { const other = Buffer.from(bytes); other[other.length - 1] ^= 1; return other }
for (const [at, field] of [[1, 'epoch'], [2, 'hpke-key'], [3, 'result-key'], [7, 'dates'], [8, 'challenge']]) add(`binding-with-another-${field}`, refused('report-data'), { change: { '/binding': rebound(at, flipped(good.fields[at])) } })
add('binding-with-a-tls-key', refused('report-data'), { change: { '/binding': rebound(4, seeded('TLS key')) } })
add('binding-with-another-suite', refused('malformed'), { change: { '/binding': rebound(2, Buffer.concat([Buffer.from('002000010001', 'hex'), seeded('HPKE key')])) } })
add('binding-with-a-key-of-31-bytes', refused('malformed'), { change: { '/binding': rebound(3, Buffer.alloc(31, 1)) } })
add('binding-with-a-byte-more', refused('malformed'), { change: { '/binding': Buffer.concat([good.bytes, Buffer.from([0])]).toString('base64') } })
add('binding-cut', refused('malformed'), { change: { '/binding': good.bytes.subarray(0, -1).toString('base64') } })
add('binding-of-another-version', refused('malformed'), { change: { '/binding': Buffer.from(good.bytes.toString('latin1').replace('binding/v1', 'binding/v2'), 'latin1').toString('base64') } })
add('binding-of-another-kind', refused('malformed'), { change: { '/binding': rebound(0, Buffer.from('sgx-dcap')) } })
add('another-configuration', refused('config'), { change: { '/config': CONFIG.replace('604800,', '604801,') } })
add('the-same-configuration-with-white-space', refused('malformed'), { change: { '/config': CONFIG.replace(',', ', ') } })
add('an-environment-that-is-not-accepted', refused('config'), { ask: { policy: policy({ environment: ['live'] }) } })
add('keys-older-than-were-seen', refused('epoch-rollback'), { ask: { policy: policy({ min_epoch: 43 }) } })
add('keys-as-old-as-were-seen', { ok: true, enclave: { epoch: 42 } }, { ask: { policy: policy({ min_epoch: 42 }) } })

// The evidence.
for (const forged of ['pck', 'tcb-info', 'attestation-key', 'quote']) made(`forged-${forged}`, { knobs: { forged } })
add('pck-certificate-signed-by-a-stranger', refused('cert-chain'), { of: 'forged-pck' })
add('tcb-info-signed-by-a-stranger', refused('collateral-signature'), { of: 'forged-tcb-info' })
add('another-attestation-key-vouched-for', refused('qe-report'), { of: 'forged-attestation-key' })
add('quote-signed-by-a-stranger', refused('quote-signature'), { of: 'forged-quote' })
made('revoked', { knobs: { revoked: true } })
add('pck-certificate-revoked', refused('revoked'), { of: 'revoked' })
made('out-of-date', { knobs: { status: 'OutOfDate' } })
add('platform-out-of-date', refused('tcb-status'), { of: 'out-of-date' })
made('debug', { knobs: { debug: true } })
add('debug-enclave', refused('debug'), { of: 'debug' })
add('another-program', refused('measurement'), { ask: { policy: policy({}, { mr_enclave: hex(seeded('another program')) }) } })
add('another-signer', refused('signer'), { ask: { policy: policy({}, { mr_signer: hex(seeded('another signer')) }) } })
add('an-older-program', refused('svn'), { ask: { policy: policy({}, { min_isv_svn: 3 }) } })
add('collateral-that-has-ended', refused('expired'), { ask: { now: NOW + 31 * 86400, asked_at: NOW + 31 * 86400 } })
add('collateral-of-the-future', refused('expired'), { ask: { now: NOW - 86400, asked_at: NOW - 86400 } })
// Rightly signed, with a key in a form that Intel does not use: SEC 1 section 2.3.3, compressed. Libraries differ in whether they take it.
for (const which of ['pck', 'ca', 'tcb']) {
  made(`compressed-${which}`, { knobs: { [`${which}Form`]: 'compressed' } })
  add(`${which}-key-compressed`, refused('malformed'), { of: `compressed-${which}` })
}
add('no-development-root', refused('untrusted-root'), { ask: { development_root: null } })
add('said-to-be-of-hardware', refused('malformed'), { change: { '/tee': 'sgx-dcap' } })

// The form.
add('another-type', refused('malformed'), { change: { '/type': 'perf-aggregator.attestation.v2' } })
add('evidence-that-is-not-base64', refused('malformed'), { change: { '/evidence': '=' } })
add('no-collateral', refused('malformed'), { change: { '/collateral': null } })
add('a-kind-that-is-unknown', refused('malformed'), { change: { '/tee': 'sgx-epid' } })

const request = { call: 'verify', policy: null, development_root: pem(root), nonce: b64(nonce), asked_at: NOW - 1, now: NOW, direct: false, connection: null }
process.stdout.write(`${JSON.stringify({ format: 'perf-aggregator-bundle-vectors/1', request, bundles, cases }, null, 1)}\n`)
