// Makes `cases.json`: sealed calls by Node's own cryptography, without our code or an HPKE library.
// RFC 9180 base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-256-GCM; answers as RFC 9458 section 4.4.
// Write: node make.mjs > cases.json   Check: node make.mjs --check (exit code 1 if cases.json is another)
import { createCipheriv, createHash, createHmac, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto'
import { readFileSync } from 'node:fs'

const text = s => Buffer.from(s, 'utf8')
const b64 = b => Buffer.from(b).toString('base64url')
const i2osp = (n, len) => { const b = Buffer.alloc(len); b.writeUIntBE(n, 0, len); return b }
const seeded = label => createHash('sha256').update(`perf-aggregator vectors: ${label}`).digest()

const extract = (salt, ikm) => createHmac('sha256', salt.length ? salt : Buffer.alloc(32)).update(ikm).digest()
const expand = (prk, info, len) => {
  let out = Buffer.alloc(0), last = Buffer.alloc(0)
  for (let i = 1; out.length < len; i++) {
    last = createHmac('sha256', prk).update(Buffer.concat([last, info, Buffer.from([i])])).digest()
    out = Buffer.concat([out, last])
  }
  return out.subarray(0, len)
}
const suites = { kem: Buffer.concat([text('KEM'), i2osp(0x20, 2)]), hpke: Buffer.concat([text('HPKE'), i2osp(0x20, 2), i2osp(1, 2), i2osp(2, 2)]) }
const labeledExtract = (suite, salt, label, ikm) => extract(salt, Buffer.concat([text('HPKE-v1'), suite, text(label), ikm]))
const labeledExpand = (suite, prk, label, info, len) => expand(prk, Buffer.concat([i2osp(len, 2), text('HPKE-v1'), suite, text(label), info]), len)

const privateKey = raw => createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), raw]), format: 'der', type: 'pkcs8' })
const publicRaw = raw => createPublicKey(privateKey(raw)).export({ format: 'der', type: 'spki' }).subarray(-32)
const publicKey = raw => createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), raw]), format: 'der', type: 'spki' })

// RFC 9180 section 7.1.3: the sender's key from 32 random bytes.
const derive = ikm => labeledExpand(suites.kem, labeledExtract(suites.kem, Buffer.alloc(0), 'dkp_prk', ikm), 'sk', Buffer.alloc(0), 32)

const gcm = (key, nonce, aad, plain) => {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}
const pad = body => Buffer.concat([body, Buffer.alloc(Math.ceil(Math.max(body.length, 1) / 1024) * 1024 - body.length, ' ')])
const canonical = h => `{"envelope_id":"${h.envelope_id}","expires_at":${h.expires_at},"keyset_hash":"${h.keyset_hash}","route":"${h.route}","v":1}`

function seal(recipientPublic, ikm, header, body, { unpadded = false } = {}) {
  const ephemeral = derive(ikm)
  const enc = publicRaw(ephemeral)
  const dh = diffieHellman({ privateKey: privateKey(ephemeral), publicKey: publicKey(recipientPublic) })
  const eae = labeledExtract(suites.kem, Buffer.alloc(0), 'eae_prk', dh)
  const shared = labeledExpand(suites.kem, eae, 'shared_secret', Buffer.concat([enc, recipientPublic]), 32)
  const info = Buffer.concat([text('perf-aggregator/call/v1\0'), Buffer.from(header.keyset_hash, 'base64url')])
  const context = Buffer.concat([Buffer.from([0]), labeledExtract(suites.hpke, Buffer.alloc(0), 'psk_id_hash', Buffer.alloc(0)),
    labeledExtract(suites.hpke, Buffer.alloc(0), 'info_hash', info)])
  const secret = labeledExtract(suites.hpke, shared, 'secret', Buffer.alloc(0))
  const key = labeledExpand(suites.hpke, secret, 'key', context, 32)
  const nonce = labeledExpand(suites.hpke, secret, 'base_nonce', context, 12)
  const exporter = labeledExpand(suites.hpke, secret, 'exp', context, 32)
  const response = labeledExpand(suites.hpke, exporter, 'sec', text('perf-aggregator/response/v1'), 32)
  const ciphertext = gcm(key, nonce, text(canonical(header)), unpadded ? body : pad(body))
  return { envelope: { v: 1, header, enc: b64(enc), ciphertext: b64(ciphertext) }, enc, response }
}
function answer({ enc, response }, nonce, body, { marker = 'final', counter = 0 } = {}) {
  const prk = extract(Buffer.concat([enc, nonce]), response)
  const base = expand(prk, text('nonce'), 12)
  base[11] ^= counter
  const ciphertext = gcm(expand(prk, text('key'), 32), base, text(marker), pad(body))
  return { v: 1, nonce: b64(nonce), ciphertext: b64(ciphertext) }
}

const recipient = seeded('recipient'), recipientPublic = publicRaw(recipient)
const keysetHash = createHash('sha512').update('perf-aggregator vectors: keyset').digest()
const header = { envelope_id: b64(seeded('envelope id').subarray(0, 16)), route: 'POST /enclave/sessions', keyset_hash: b64(keysetHash), expires_at: 1770000000 }
const body = text('{"userId":"alice","exchange":"binance","apiKey":"example-key","secret":"example-secret"}')
const reply = text('{"session_id":"session_1770000000_0123456789abcdefghijkl"}')
const good = seal(recipientPublic, seeded('ephemeral'), header, body)
const goodAnswer = answer(good, seeded('answer nonce'), reply)

const cases = []
const add = (name, envelope, expect, more = {}) => cases.push({ name, envelope: typeof envelope === 'string' ? envelope : JSON.stringify(envelope), expect, ...more })
const change = (path, value) => { const e = structuredClone(good.envelope); let o = e; for (const p of path.slice(0, -1)) o = o[p]; if (value === undefined) delete o[path.at(-1)]; else o[path.at(-1)] = value; return e }
const flip = s => { const b = Buffer.from(s, 'base64url'); b[b.length - 1] ^= 1; return b64(b) }

add('registration', good.envelope, 'opens', { plaintext: body.toString(), answer: JSON.stringify(goodAnswer), answer_plaintext: reply.toString() })
const summaryHeader = { ...header, route: 'GET /enclave/summary/{session_id}', envelope_id: b64(seeded('second id').subarray(0, 16)) }
const summaryBody = text('{"session_id":"session_1770000000_0123456789abcdefghijkl"}')
const summary = seal(recipientPublic, seeded('second ephemeral'), summaryHeader, summaryBody)
const longReply = text(JSON.stringify({ environment: 'development', why: { note: 'ü'.repeat(1000) } }))
add('summary', summary.envelope, 'opens', { plaintext: summaryBody.toString(), answer: JSON.stringify(answer(summary, seeded('second answer nonce'), longReply)), answer_plaintext: longReply.toString() })
add('body-longer-than-one-step', seal(recipientPublic, seeded('third'), header, text('"' + 'x'.repeat(3000) + '"')).envelope, 'opens', { plaintext: '"' + 'x'.repeat(3000) + '"' })
add('largest-plaintext', seal(recipientPublic, seeded('largest'), header, text('"' + 'x'.repeat(16382) + '"')).envelope, 'opens', { plaintext: '"' + 'x'.repeat(16382) + '"' })
add('plaintext-without-padding', seal(recipientPublic, seeded('unpadded'), header, body, { unpadded: true }).envelope, 'opens', { plaintext: body.toString() })
add('members-in-another-order', JSON.stringify({ ciphertext: good.envelope.ciphertext, enc: good.envelope.enc, header: { expires_at: header.expires_at, keyset_hash: header.keyset_hash, route: header.route, envelope_id: header.envelope_id }, v: 1 }), 'opens', { plaintext: body.toString() })
add('json-escapes', JSON.stringify(good.envelope).replace('POST /', 'POST \\/').replace('"enc":"G', '"\\u0065nc":"\\u0047'), 'opens', { plaintext: body.toString() })
add('white-space', JSON.stringify(good.envelope, null, 2) + '\n', 'opens', { plaintext: body.toString() })

add('tampered-envelope-id', change(['header', 'envelope_id'], flip(header.envelope_id)), 'rejected')
add('tampered-expiry', change(['header', 'expires_at'], header.expires_at + 1), 'rejected')
add('tampered-route', change(['header', 'route'], 'GET /enclave/summary/{session_id}'), 'rejected')
add('tampered-keyset-hash', change(['header', 'keyset_hash'], flip(header.keyset_hash)), 'rejected')
add('tampered-enc', change(['enc'], flip(good.envelope.enc)), 'rejected')
add('tampered-ciphertext', change(['ciphertext'], flip(good.envelope.ciphertext)), 'rejected')
add('enc-of-low-order', change(['enc'], b64(Buffer.alloc(32))), 'rejected')
add('ciphertext-cut', change(['ciphertext'], b64(Buffer.from(good.envelope.ciphertext, 'base64url').subarray(0, -1))), 'rejected')
add('ciphertext-empty', change(['ciphertext'], ''), 'rejected')
add('sealed-to-another-key', seal(publicRaw(seeded('another recipient')), seeded('ephemeral'), header, body).envelope, 'rejected')

add('no-json', '{"v":1,', 'malformed')
add('empty', '', 'malformed')
add('version-2', change(['v'], 2), 'malformed')
add('version-as-text', change(['v'], '1'), 'malformed')
add('version-missing', change(['v'], undefined), 'malformed')
add('unknown-member', change(['extra'], 1), 'malformed')
add('unknown-header-member', change(['header', 'extra'], 1), 'malformed')
add('header-missing', change(['header'], undefined), 'malformed')
add('route-unknown', change(['header', 'route'], 'GET /somewhere'), 'malformed')
add('route-with-a-session-id', change(['header', 'route'], 'GET /enclave/summary/session_1770000000_0123456789abcdefghijkl'), 'malformed')
add('envelope-id-of-15-bytes', change(['header', 'envelope_id'], b64(Buffer.alloc(15))), 'malformed')
add('keyset-hash-of-32-bytes', change(['header', 'keyset_hash'], b64(Buffer.alloc(32))), 'malformed')
add('enc-of-31-bytes', change(['enc'], b64(Buffer.alloc(31))), 'malformed')
add('base64-with-padding', change(['enc'], good.envelope.enc + '='), 'malformed')
add('base64-of-the-other-alphabet', change(['ciphertext'], good.envelope.ciphertext.slice(0, -4) + '+/+/'), 'malformed')
add('base64-with-stray-bits', change(['enc'], good.envelope.enc.slice(0, -1) + '_'), 'malformed')
add('expiry-negative', change(['header', 'expires_at'], -1), 'malformed')
add('expiry-as-text', change(['header', 'expires_at'], '1770000000'), 'malformed')
add('duplicate-member', JSON.stringify(good.envelope).replace('{"v":1,', '{"v":1,"v":1,'), 'malformed')
add('two-documents', JSON.stringify(good.envelope) + '{}', 'malformed')
add('larger-than-32-kib', JSON.stringify(good.envelope) + ' '.repeat(32 * 1024), 'too_large')
add('plaintext-larger-than-16-kib', seal(recipientPublic, seeded('too large'), header, text('"' + 'x'.repeat(16384) + '"')).envelope, 'too_large')

const badAnswers = [
  { name: 'ciphertext-altered', answer: JSON.stringify({ ...goodAnswer, ciphertext: flip(goodAnswer.ciphertext) }) },
  { name: 'nonce-altered', answer: JSON.stringify({ ...goodAnswer, nonce: flip(goodAnswer.nonce) }) },
  { name: 'nonce-missing', answer: JSON.stringify({ v: 1, ciphertext: goodAnswer.ciphertext }) },
  { name: 'nonce-of-16-bytes', answer: JSON.stringify({ ...goodAnswer, nonce: b64(Buffer.alloc(16)) }) },
  { name: 'version-2', answer: JSON.stringify({ ...goodAnswer, v: 2 }) },
  { name: 'of-another-call', answer: JSON.stringify(answer(seal(recipientPublic, seeded('other call'), header, body), seeded('answer nonce'), reply)) },
  { name: 'a-chunk-that-is-not-the-last', answer: JSON.stringify(answer(good, seeded('answer nonce'), reply, { marker: '' })) },
  { name: 'a-second-chunk', answer: JSON.stringify(answer(good, seeded('answer nonce'), reply, { counter: 1 })) },
  { name: 'ciphertext-cut', answer: JSON.stringify({ ...goodAnswer, ciphertext: b64(Buffer.from(goodAnswer.ciphertext, 'base64url').subarray(0, -1)) }) },
  { name: 'unknown-member', answer: JSON.stringify({ ...goodAnswer, extra: 1 }) },
  { name: 'empty', answer: '' },
  { name: 'no-json', answer: 'Bad Gateway' },
]
const made = JSON.stringify({
  format: 'perf-aggregator-envelope-vectors/1',
  recipient_private_key: recipient.toString('hex'), recipient_public_key: recipientPublic.toString('hex'),
  ephemeral_ikm: seeded('ephemeral').toString('hex'), associated_data: canonical(header), response_secret: good.response.toString('hex'),
  cases, bad_answers: badAnswers,
}, null, 1) + '\n'

if (process.argv[2] === '--check') {
  const same = readFileSync(new URL('cases.json', import.meta.url), 'utf8') === made
  console.log(same ? `cases.json holds what this makes: ${cases.length} cases, ${badAnswers.length} bad answers` : 'cases.json is another: node make.mjs > cases.json')
  process.exitCode = same ? 0 : 1
} else {
  process.stdout.write(made)
}
