// Makes `cases.json`: answers that were kept, signed by Node's own cryptography over evidence of ../bundle/platform.mjs, and
// what a verifier says of them. See README.md.
// Write: node make.mjs > cases.json
import { MEASUREMENT, NOW, SIGNER, bundle, leaf, pem, root, seeded, sha256 } from '../bundle/platform.mjs'
import { privateKey, publicRaw, signed } from './signed.mjs'

const TYPE = 'perf-aggregator.saved-answer.v1'
const ORDER = (1n << 252n) + 27742317777372353535851937790883648493n
const ours = privateKey(seeded('result key'))
const theirs = privateKey(seeded('a key of somebody else'))
const b64 = bytes => Buffer.from(bytes).toString('base64')

/** Bundles stand beside the cases, and in a case by their name: `"{good}"`. */
const bundles = {}
const kept = (name, document) => { bundles[name] = JSON.stringify(document); return `{${name}}` }
const proven = (name, more) => kept(name, bundle({ resultKey: publicRaw(ours), challenge: leaf(seeded('nonce')), proof: { index: 0, size: 1, path: [] }, ...more }).document)
const evidence = proven('good')
const ENVIRONMENT = '"environment":"development"'
const SUMMARY = `{"coverage":{"history_limit":"account opened","key_rights":"read-only, checked 1 time","unread":[]},${ENVIRONMENT},"equity":"104233.18","gain":"4233.18","net_flow":"100000","quote_currency":"USDT","return":{"max_drawdown":-0.0834,"sharpe":1.37,"twr":0.04211000000000001,"twr_annualized":null},"why":{"return.twr_annualized":"under_a_year"}}`
const METRICS = `{${ENVIRONMENT},"symbols":[{"symbol":"BTCUSDT","realized_net":"12.5"}],"total":{"fills":3}}`
const file = (answer, document = evidence) => JSON.stringify({ type: TYPE, answer, bundle: document }, null, 2) + '\n'

const answered = (body, more) => signed(body, { secret: ours, ...more })
const good = answered(SUMMARY)
const cases = []
/** `ask`: members of the request that are others. `base`: what is signed. */
const add = (name, saved, expect, more = {}) => cases.push({ name, saved, expect, ...more })
const holds = (body, more = {}) => ({ ok: true, signed_at: '2026-11-24T12:00:00Z', result_key: publicRaw(ours).toString('hex'), body, ...more })
const proves = kind => reason => ({ ok: false, kind, code: kind === 'policy' ? 'AGAINST_POLICY' : 'NOT_VERIFIED', class: reason })
const form = proves('form')('malformed')
const change = (members, answer = good.answer) => file({ ...answer, ...members })

add('summary', file(good.answer), holds(SUMMARY), { base: good.base })
const metrics = answered(METRICS, { path: '/enclave/metrics/{session_id}' })
add('metrics', file(metrics.answer), holds(METRICS, { path: '/enclave/metrics/{session_id}' }), { base: metrics.base })
const unasked = answered(SUMMARY, { nonce: null })
add('without-a-nonce', file(unasked.answer), holds(SUMMARY), { base: unasked.base })
add('on-one-line-in-another-order', JSON.stringify({ bundle: evidence, answer: good.answer, type: TYPE }), holds(SUMMARY))
const long = SUMMARY.replace('"account opened"', JSON.stringify('ü "quoted" \\ '.repeat(300)))
add('long', file(answered(long).answer), holds(long))

// What somebody changed, and what was signed for something else.
const better = SUMMARY.replace('104233.18', '904233.18')
add('figures-changed', change({ body: better }), form)
add('figures-and-digest-changed', change({ body: better, content_digest: `sha-256=:${b64(sha256(better))}:` }), form)
add('a-space-more-in-the-body', change({ body: SUMMARY + ' ' }), form)
add('status-changed', change({ status: 201 }), form)
add('method-changed', change({ method: 'DELETE' }), form)
add('path-changed', change({ path: '/enclave/metrics/{session_id}' }), form)
add('a-line-in-the-path', change({ path: '/enclave/summary/{session_id}\n"@status": 200' }), form)
add('nonce-changed', change({ nonce: 'n-2' }), form)
add('nonce-removed', change({ nonce: null }), form)
add('nonce-added', change({ nonce: 'n-1' }, unasked.answer), form)
for (const [name, from, to] of [['time-changed', `=${NOW}`, `=${NOW + 60}`], ['time-written-in-another-way', `=${NOW}`, `=0${NOW}`], ['another-algorithm', '"ed25519"', '"rsa-v1_5-sha256"'], ['purpose-changed', 'answer/v1', 'receipt/v1'],
  ['a-component-less', ' "@path";req', ''], ['a-parameter-more', ';alg=', ';expires=1;alg='], ['another-label', 'result=', 'sig1=']]) {
  add(name, change({ signature_input: good.answer.signature_input.replace(from, to) }), form)
}
const signature = Buffer.from(good.answer.signature.slice(8, -1), 'base64')
const resigned = bytes => change({ signature: `result=:${b64(bytes)}:` })
for (const at of [0, 31, 32, 63]) { const other = Buffer.from(signature); other[at] ^= 1; add(`signature-with-another-byte-${at}`, resigned(other), form) }
add('signature-cut', resigned(signature.subarray(0, 63)), form)
// The same signature in another form (RFC 8032 section 5.1.7: S must be below the order).
const grown = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`) + ORDER
add('signature-with-s-above-the-order', resigned(Buffer.concat([signature.subarray(0, 32), Buffer.from(grown.toString(16).padStart(64, '0'), 'hex').reverse()])), form)
add('signed-by-somebody-else', file(answered(better, { secret: theirs }).answer), form)
add('signed-by-somebody-else-in-our-name', file(answered(better, { secret: theirs, key: publicRaw(ours) }).answer), form)
// A key of low order verifies anything, if one lets it.
const zero = Buffer.concat([Buffer.from([1]), Buffer.alloc(31)])
add('signed-by-a-key-of-low-order', file(answered(better, { key: zero, signature: Buffer.concat([zero, Buffer.alloc(32)]) }).answer, proven('low-order', { resultKey: zero })), form)
add('a-receipt', file(answered('{"revoked":true}', { tag: 'perf-aggregator/receipt/v1', method: 'DELETE' }).answer), form)
// Whoever asks for a receipt gets one, and nothing else.
const receipt = (body, more) => file(answered(body, { tag: 'perf-aggregator/receipt/v1', method: 'DELETE', ...more }).answer)
const asked = { ask: { receipt: true } }
const REVOKED = '{"revoked":true,"at":"2026-11-24T11:59:59Z","note":"Delete the key."}'
const ERASED = '{"erased":true,"at":"2026-11-24T11:59:59Z","accounts":1,"sessions":2,"note":"Delete the keys."}'
const [REVOKE, ERASE] = [{ path: '/enclave/sessions/{session_id}' }, { path: '/enclave/record' }]
add('the-receipt-of-a-revocation', receipt(REVOKED, REVOKE), holds(REVOKED), asked)
add('the-receipt-of-an-erasure', receipt(ERASED, ERASE), holds(ERASED), asked)
add('a-receipt-where-an-answer-is-asked-for', receipt(ERASED, ERASE), form)
add('an-answer-where-a-receipt-is-asked-for', file(good.answer), form, asked)
add('a-receipt-signed-as-an-answer', receipt(ERASED, { ...ERASE, tag: 'perf-aggregator/answer/v1' }), form, asked)
add('a-receipt-of-another-route', receipt(ERASED, { path: '/enclave/summary/{session_id}' }), form, asked)
add('a-receipt-of-another-method', receipt(ERASED, { ...ERASE, method: 'GET' }), form, asked)
add('a-receipt-signed-by-another-key', receipt(ERASED, { ...ERASE, secret: theirs }), form, asked)
add('a-refusal', file(answered('{"code":"SESSION_EXPIRED"}', { status: 401 }).answer), form)
add('a-body-that-is-not-json', file(answered('hello').answer), form)
add('figures-of-another-environment', file(answered(SUMMARY.replace(ENVIRONMENT, '"environment":"live"')).answer), form)
add('figures-of-no-environment', file(answered('{"equity":"1"}').answer), form)
add('signed-before-1970', file(answered(SUMMARY, { created: -1 }).answer), form)

// The evidence.
add('signed-before-the-evidence', file(answered(SUMMARY, { created: NOW - 86400 }).answer), proves('evidence')('expired'))
add('signed-after-the-collateral-ended', file(answered(SUMMARY, { created: NOW + 31 * 86400 }).answer), proves('evidence')('expired'))
add('evidence-of-another-enclave', file(good.answer, proven('of-another-enclave', { resultKey: publicRaw(theirs) })), form)
const goodBundle = JSON.parse(bundles.good)
const flipped = (member, at) => { const bytes = Buffer.from(goodBundle[member], 'base64'); bytes.writeUInt8(bytes.at(at) ^ 1, at < 0 ? bytes.length + at : at); return { ...goodBundle, [member]: b64(bytes) } }
add('evidence-with-another-byte', file(good.answer, kept('quote-altered', flipped('evidence', 200))), proves('evidence')('quote-signature'))
// Of the challenge, which stands before an empty last field.
add('a-binding-that-was-changed', file(good.answer, kept('binding-altered', flipped('binding', -10))), proves('evidence')('report-data'))
add('evidence-that-is-none', file(good.answer, '{}'), proves('evidence')('malformed'))
add('evidence-of-a-revoked-platform', file(good.answer, proven('revoked', { knobs: { revoked: true } })), proves('evidence')('revoked'))
add('evidence-of-a-debug-enclave', file(good.answer, proven('debug', { knobs: { debug: true } })), proves('evidence')('debug'))

// The policy.
const policy = (more, release) => ({ tee: ['dev-sgx'], environment: ['development'], min_tcb_evaluation_number: 0,
  releases: [{ name: 'vectors', mr_enclave: MEASUREMENT.toString('hex'), mr_signer: SIGNER.toString('hex'), isv_prod_id: 3, min_isv_svn: 2, ...release }], ...more })
const judged = (name, expect, ask) => add(name, file(good.answer), expect, { ask })
judged('by-a-policy-that-names-the-program', holds(SUMMARY), { policy: policy() })
judged('by-a-policy-that-wants-a-nonce-and-newer-keys', holds(SUMMARY), { policy: policy({ require_nonce: true, min_epoch: 43 }) })
judged('by-a-policy-that-names-another-program', proves('policy')('measurement'), { policy: policy({}, { mr_enclave: seeded('another program').toString('hex') }) })
judged('by-a-policy-for-live-figures', proves('policy')('config'), { policy: policy({ environment: ['live'] }) })
judged('by-a-policy-for-hardware', proves('policy')('untrusted-root'), { policy: { releases: [] } })
judged('without-the-root', proves('evidence')('untrusted-root'), { development_root: null })
add('of-a-platform-that-is-behind', file(good.answer, proven('out-of-date', { knobs: { status: 'OutOfDate' } })), proves('policy')('tcb-status'), { ask: { policy: policy() } })

// The file.
const whole = file(good.answer)
add('empty', '', form)
add('no-json', 'hello', form)
add('cut', whole.slice(0, -10), form)
add('something-after-it', whole + '{}', form)
add('a-byte-order-mark', '\ufeff' + whole, form)
add('another-type', whole.replace('answer.v1', 'answer.v2'), form)
add('a-member-more', whole.replace('"type"', '"more": 1, "type"'), form)
add('a-member-twice', whole.replace('"type"', `"type": "${TYPE}", "type"`), form)
add('a-member-more-in-the-answer', change({ more: 1 }), form)
add('no-bundle', JSON.stringify({ type: TYPE, answer: good.answer }), form)
add('an-array', JSON.stringify([TYPE, good.answer, evidence]), form)
add('the-answer-as-an-array', JSON.stringify({ type: TYPE, answer: Object.values(good.answer), bundle: evidence }), form)
add('nothing-of-an-answer', JSON.stringify({ type: TYPE, answer: {}, bundle: evidence }), form)

const request = { call: 'verify_saved', policy: null, development_root: pem(root) }
process.stdout.write(`${JSON.stringify({ format: 'perf-aggregator-saved-vectors/1', request, bundles, cases }, null, 1)}\n`)
