// Makes `cases.json`: calls that a holder signed, by Node's own Ed25519 and none of our code, and plaintexts that are none.
// See README.md.
// Write: node make.mjs > cases.json
import { createHash, createPrivateKey, createPublicKey, sign } from 'node:crypto'

const DOMAIN = 'perf-aggregator/holder/v1\0'
/** The order of the group (RFC 8032 section 5.1). */
const ORDER = (1n << 252n) + 27742317777372353535851937790883648493n
const seeded = label => createHash('sha256').update(`perf-aggregator vectors: ${label}`).digest()
const b64 = bytes => Buffer.from(bytes).toString('base64url')

const holder = label => {
  const seed = seeded(label)
  const secret = createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
  const raw = createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32)
  const digest = createHash('sha256').update(raw).digest('hex').slice(0, 16)
  return { secret, public: b64(raw), text: `perfagg-holder/1:${b64(raw)}:${b64(seed)}`, fingerprint: digest.match(/.{4}/g).join('-') }
}
const ours = holder('holder key')
const theirs = holder('holder key of somebody else')

const signature = (key, id, body) => sign(null, Buffer.concat([Buffer.from(DOMAIN), id, Buffer.from(body)]), key.secret)
const member = bytes => `"holderSignature":"${typeof bytes === 'string' ? bytes : b64(bytes)}"`
const joined = (body, bytes) => `${body.slice(0, -1)}${body === '{}' ? '' : ','}${member(bytes)}}`

const ID = seeded('envelope of a signed call').subarray(0, 16)
const OTHER_ID = seeded('envelope of another call').subarray(0, 16)
const SESSION = 'session_1770000000_0123456789abcdefghijkl'
const READ = `{"session_id":"${SESSION}"}`

const cases = [
  ['registration', ours, ID, `{"userId":"alice","exchange":"binance","apiKey":"example-key","secret":"example-secret","sandbox":false,"ttlSeconds":86400,"leaseSeconds":7776000,"holderKey":"${ours.public}","acceptTradingKey":false,"bearer":false}`],
  ['read', ours, ID, READ],
  ['read under another id', ours, OTHER_ID, READ],
  ['read with what was seen', ours, ID, `{"session_id":"${SESSION}","sign":"n-1","checkpoint":{"seq":7,"root":"${b64(seeded('root'))}","anchored":false}}`],
  ['sessions', theirs, ID, `{"holder_key":"${theirs.public}"}`],
  ['an empty object', ours, ID, '{}'],
  ['texts that look like the member', ours, ID, '{"label":"\\",\\"holderSignature\\":\\"x\\"}"}'],
  ['letters beyond ASCII', ours, ID, '{"label":"Zürich ₿ 币"}'],
].map(([name, key, id, body]) => {
  const bytes = signature(key, id, body)
  return { name, key: key.text, public_key: key.public, fingerprint: key.fingerprint, envelope_id: b64(id), body, signature: b64(bytes), joined: joined(body, bytes) }
})

const good = signature(ours, ID, READ)
const text = joined(READ, good)
/** S + L instead of S: the same point for a verifier that does not look (RFC 8032 section 5.1.7). */
const unreduced = () => {
  const s = BigInt('0x' + Buffer.from(good.subarray(32)).reverse().toString('hex')) + ORDER
  return Buffer.concat([good.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()])
}
/** The last character of 64 bytes in base64url has four bits that say nothing: here they are not zero. */
const uncanonical = () => b64(good).slice(0, -1) + { A: 'B', Q: 'R', g: 'h', w: 'x' }[b64(good).at(-1)]
// `unsigned`: the plaintext has no signature where one stands; `refused`: it has one, which is not this key's over this id and body.
const bad = [
  ['of another envelope', 'refused', joined(READ, signature(ours, OTHER_ID, READ))],
  ['of another body', 'refused', joined(READ, signature(ours, ID, READ.replace('session_1', 'session_2')))],
  ['of another key', 'refused', joined(READ, signature(theirs, ID, READ))],
  ['without the domain', 'refused', joined(READ, sign(null, Buffer.concat([ID, Buffer.from(READ)]), ours.secret))],
  ['over the body with its member', 'refused', joined(READ, signature(ours, ID, text))],
  ['a body that was written again', 'refused', joined(READ.replace(':', ': '), good)],
  ['all zeros', 'refused', joined(READ, Buffer.alloc(64))],
  ['an S that is not reduced', 'refused', joined(READ, unreduced())],
  ['no member', 'unsigned', READ],
  ['the member is not the last', 'unsigned', `{${member(good)},${READ.slice(1)}`],
  ['something after the member', 'unsigned', `${text.slice(0, -1)},"more":1}`],
  ['white space after the member', 'unsigned', `${text.slice(0, -1)} }`],
  ['white space before the member', 'unsigned', text.replace(',"holder', ', "holder')],
  ['no comma before the member', 'unsigned', text.replace(',"holder', '"holder')],
  ['another name', 'unsigned', text.replace('holderSignature', 'holder_signature')],
  ['63 bytes', 'unsigned', joined(READ, good.subarray(0, 63))],
  ['65 bytes', 'unsigned', joined(READ, Buffer.concat([good, Buffer.alloc(1)]))],
  ['base64 with padding', 'unsigned', joined(READ, `${b64(good)}==`)],
  ['base64 of the other alphabet', 'unsigned', joined(READ, Buffer.alloc(64, 255).toString('base64').slice(0, 86))],
  ['base64 that is not canonical', 'unsigned', joined(READ, uncanonical())],
  ['a letter that is none of base64', 'unsigned', joined(READ, `${b64(good).slice(0, 40)}!${b64(good).slice(41)}`)],
  ['nothing', 'unsigned', ''],
  ['no object', 'unsigned', `[${READ},${member(good)}]`],
].map(([name, expect, plaintext]) => ({ name, expect, public_key: ours.public, envelope_id: b64(ID), plaintext }))

const [form, publicText, secretText] = ours.text.split(':')
const bad_keys = [
  ['nothing', ''],
  ['another form', `perfagg-holder/2:${publicText}:${secretText}`],
  ['one half', `${form}:${secretText}`],
  ['the halves exchanged', `${form}:${secretText}:${publicText}`],
  ['the public half of another key', `${form}:${theirs.public}:${secretText}`],
  ['cut', ours.text.slice(0, -1)],
  ['something after it', `${ours.text}:`],
  ['with padding', `${ours.text}=`],
].map(([name, key]) => ({ name, key }))

process.stdout.write(JSON.stringify({ cases, bad, bad_keys }, null, 2) + '\n')
