// A development platform by Node's own cryptography, without our code: certificates, revocation lists, TCB info, QE identity,
// an SGX quote of version 3 and the bundle around it. Its signatures are those of RFC 6979, so that they are the same each time.
// Used by make.mjs here and in ../saved. Its root is for tests alone: whoever reads this can sign under it.
import { createECDH, createHash, createHmac } from 'node:crypto'

export const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest()
export const sha512 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha512')).digest()
export const seeded = label => sha256(`perf-aggregator vectors: ${label}`)
/** 2026-11-24T12:00:00Z */
export const NOW = 1795521600
const DAY = 1795478400
const rfc3339 = seconds => new Date(seconds * 1000).toISOString().replace('.000', '')
const le = (value, length) => { const bytes = Buffer.alloc(length); bytes.writeUIntLE(value, 0, length); return bytes }

// P-256 (SEC 2), and ECDSA with the nonce of RFC 6979 section 3.2.
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n
const number = bytes => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const scalar = value => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')
const point = (value, form = 'uncompressed') => { const curve = createECDH('prime256v1'); curve.setPrivateKey(scalar(value)); return curve.getPublicKey(null, form) }
const inverse = value => { let [result, base, power] = [1n, value, ORDER - 2n]; for (; power > 0n; power >>= 1n, base = base * base % ORDER) if (power & 1n) result = result * base % ORDER; return result }
const hmac = (key, ...parts) => parts.reduce((mac, part) => mac.update(part), createHmac('sha256', key)).digest()
function nonce(secret, hash) {
  const seed = Buffer.concat([scalar(secret), scalar(number(hash) % ORDER)])
  let [v, k] = [Buffer.alloc(32, 1), Buffer.alloc(32, 0)]
  for (const mark of [0, 1]) { k = hmac(k, v, Buffer.from([mark]), seed); v = hmac(k, v) }
  return number(hmac(k, v))
}
const key = name => number(seeded(`key ${name}`)) % ORDER
function signRaw(secret, message) {
  const hash = sha256(message)
  const k = nonce(secret, hash)
  const r = number(point(k).subarray(1, 33)) % ORDER
  return Buffer.concat([scalar(r), scalar(inverse(k) * (number(hash) + r * secret) % ORDER)])
}

// DER (X.690), as much of it as is needed.
const tlv = (tag, ...values) => {
  const value = Buffer.concat(values)
  const length = value.length < 0x80 ? [value.length] : value.length < 0x100 ? [0x81, value.length] : [0x82, value.length >> 8, value.length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...length]), value])
}
const sequence = (...values) => tlv(0x30, ...values)
const octets = value => tlv(0x04, value)
const bits = value => tlv(0x03, Buffer.from([0]), value)
const integer = bytes => { let value = Buffer.from(bytes); while (value.length > 1 && value[0] === 0 && value[1] < 0x80) value = value.subarray(1); return tlv(0x02, value[0] >= 0x80 ? Buffer.concat([Buffer.from([0]), value]) : value) }
const small = value => integer([value >> 8, value & 0xff])
const oid = text => {
  const [first, second, ...rest] = text.split('.').map(Number)
  const base128 = arc => { const bytes = [arc & 127]; for (arc >>= 7; arc > 0; arc >>= 7) bytes.unshift(arc & 127 | 128); return bytes }
  return tlv(0x06, Buffer.from([first * 40 + second, ...rest.flatMap(base128)]))
}
const time = seconds => tlv(0x17, Buffer.from(`${new Date(seconds * 1000).toISOString().replace(/[-:T]|\.000/g, '').slice(2)}`))
const ECDSA_SHA256 = sequence(oid('1.2.840.10045.4.3.2'))
const signDer = (secret, message) => { const raw = signRaw(secret, message); return sequence(integer(raw.subarray(0, 32)), integer(raw.subarray(32))) }
const name = text => sequence(...[['2.5.4.3', text], ['2.5.4.10', 'Perf-Aggregator vectors (not Intel)']].map(([type, value]) => tlv(0x31, sequence(oid(type), tlv(0x0c, Buffer.from(value))))))
const extension = (id, critical, value) => sequence(oid(id), ...(critical ? [tlv(0x01, Buffer.from([255]))] : []), octets(value))
const identifier = secret => sha256(point(secret)).subarray(0, 20)

function certificate({ subject, secret, issuer, signs, serial, ca, more = [], form }) {
  const usage = ca === undefined ? [6, 0xc0] : [1, 0x06]
  const extensions = [
    extension('2.5.29.35', false, sequence(tlv(0x80, identifier(signs)))),
    extension('2.5.29.14', false, octets(identifier(secret))),
    extension('2.5.29.15', true, tlv(0x03, Buffer.from(usage))),
    extension('2.5.29.19', true, ca === undefined ? sequence() : sequence(tlv(0x01, Buffer.from([255])), small(ca))),
    ...more,
  ]
  const spki = sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bits(point(secret, form)))
  const signed = sequence(tlv(0xa0, small(2)), small(serial), ECDSA_SHA256, name(issuer), sequence(time(1577836800), time(2524521600)), name(subject), spki, tlv(0xa3, sequence(...extensions)))
  return sequence(signed, ECDSA_SHA256, bits(signDer(signs, signed)))
}
function revocationList({ issuer, signs, revoked }) {
  const entries = revoked === undefined ? [] : [sequence(sequence(small(revoked), time(DAY)))]
  const extensions = [extension('2.5.29.35', false, sequence(tlv(0x80, identifier(signs)))), extension('2.5.29.20', false, small(1))]
  const signed = sequence(small(1), ECDSA_SHA256, name(issuer), time(DAY), time(DAY + 30 * 86400), ...entries, tlv(0xa0, sequence(...extensions)))
  return sequence(signed, ECDSA_SHA256, bits(signDer(signs, signed)))
}
export const pem = der => `-----BEGIN CERTIFICATE-----\n${der.toString('base64').match(/.{1,64}/g).join('\n')}\n-----END CERTIFICATE-----\n`

const FMSPC = Buffer.from('c0c0a0000001', 'hex')
const SVN = [4, 4, 2, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
/** Intel's extension of a PCK certificate (SGX PCK Certificate and CRL Profile, section 3.5). */
function platformExtension() {
  const sgx = '1.2.840.113741.1.13.1'
  const entry = (arc, value) => sequence(oid(`${sgx}.${arc}`), value)
  const levels = [...SVN.map((svn, at) => entry(`2.${at + 1}`, small(svn))), entry('2.17', small(13)), entry('2.18', octets(Buffer.from(SVN)))]
  return extension(sgx, false, sequence(entry(1, octets(seeded('PPID').subarray(0, 16))), entry(2, sequence(...levels)), entry(3, octets(Buffer.alloc(2))), entry(4, octets(FMSPC)), entry(5, tlv(0x0a, Buffer.from([0])))))
}

const REPORT = { svn: SVN, flags: 5, enclave: seeded('program'), signer: seeded('signer'), product: 3, version: 2, data: Buffer.alloc(64) }
/** REPORTBODY of an SGX enclave: 384 bytes. */
function report(given) {
  const { svn, flags, enclave, signer, product, version, data } = { ...REPORT, ...given }
  return Buffer.concat([Buffer.from(svn), Buffer.alloc(32), le(flags, 6), Buffer.alloc(2), le(0xe7, 6), Buffer.alloc(2), enclave, Buffer.alloc(32), signer, Buffer.alloc(96), le(product, 2), le(version, 2), Buffer.alloc(60), data])
}
export const MEASUREMENT = REPORT.enclave
export const SIGNER = REPORT.signer

const QE_SIGNER = seeded('signer of the quoting enclave')
const QE_AUTH = seeded('authentication data')
const [rootKey, caKey, pckKey, tcbKey, attestationKey, stranger] = ['root', 'PCK CA', 'PCK', 'TCB signer', 'attestation', 'stranger'].map(key)
const [ROOT, CA, PCK, TCB] = ['DEV SGX Root CA', 'DEV SGX PCK Processor CA', 'DEV SGX PCK Certificate', 'DEV SGX TCB Signing']
export const root = certificate({ subject: ROOT, secret: rootKey, issuer: ROOT, signs: rootKey, serial: 1, ca: 1 })

/** Evidence over 64 bytes of report data, of a platform as it should be but for what `knobs` says. */
export function evidence(reportData, knobs = {}) {
  const { pckForm, caForm, tcbForm, status = 'UpToDate', revoked, forged, debug = false } = knobs
  const ca = certificate({ subject: CA, secret: caKey, issuer: ROOT, signs: rootKey, serial: 2, ca: 0, form: caForm })
  const pck = certificate({ subject: PCK, secret: pckKey, issuer: CA, signs: forged === 'pck' ? stranger : caKey, serial: 4, more: [platformExtension()], form: pckForm })
  const tcb = certificate({ subject: TCB, secret: tcbKey, issuer: ROOT, signs: rootKey, serial: 3, form: tcbForm })
  const dates = { issueDate: rfc3339(DAY), nextUpdate: rfc3339(DAY + 30 * 86400) }
  const tcbInfo = JSON.stringify({ id: 'SGX', version: 3, ...dates, fmspc: FMSPC.toString('hex'), pceId: '0000', tcbType: 0, tcbEvaluationDataNumber: 20,
    tcbLevels: [{ tcb: { sgxtcbcomponents: SVN.map(svn => ({ svn })), pcesvn: 13 }, tcbDate: rfc3339(DAY), tcbStatus: status, advisoryIDs: [] }] })
  const qeIdentity = JSON.stringify({ id: 'QE', version: 2, ...dates, tcbEvaluationDataNumber: 20, miscselect: '00000000', miscselectMask: 'FFFFFFFF',
    attributes: '11000000000000000000000000000000', attributesMask: 'FBFFFFFFFFFFFFFF0000000000000000', mrsigner: QE_SIGNER.toString('hex'), isvprodid: 1, tcbLevels: [{ tcb: { isvsvn: 8 }, tcbDate: rfc3339(DAY), tcbStatus: 'UpToDate' }] })
  const sign = text => signRaw(forged === 'tcb-info' ? stranger : tcbKey, Buffer.from(text)).toString('hex')
  const collateral = {
    pck_crl_issuer_chain: pem(ca) + pem(root), root_ca_crl: revocationList({ issuer: ROOT, signs: rootKey }).toString('hex'),
    pck_crl: revocationList({ issuer: CA, signs: caKey, revoked: revoked ? 4 : undefined }).toString('hex'),
    tcb_info_issuer_chain: pem(tcb) + pem(root), tcb_info: tcbInfo, tcb_info_signature: sign(tcbInfo),
    qe_identity_issuer_chain: pem(tcb) + pem(root), qe_identity: qeIdentity, qe_identity_signature: signRaw(tcbKey, Buffer.from(qeIdentity)).toString('hex'),
  }
  const header = Buffer.concat([le(3, 2), le(2, 2), le(0, 4), le(8, 2), le(13, 2), Buffer.from('939a7233f79c4ca9940a0db3957f0607', 'hex'), Buffer.alloc(20)])
  const body = Buffer.concat([header, report({ data: reportData, flags: debug ? 7 : 5 })])
  const attestation = point(attestationKey).subarray(1)
  const vouched = forged === 'attestation-key' ? point(stranger).subarray(1) : attestation
  const qe = report({ flags: 0x15, enclave: seeded('quoting enclave'), signer: QE_SIGNER, product: 1, version: 8, data: Buffer.concat([sha256(vouched, QE_AUTH), Buffer.alloc(32)]) })
  const chain = Buffer.from(pem(pck) + pem(ca) + pem(root))
  const tail = Buffer.concat([signRaw(forged === 'quote' ? stranger : attestationKey, body), attestation, qe, signRaw(pckKey, qe), le(32, 2), QE_AUTH, le(5, 2), le(chain.length, 4), chain])
  return { quote: Buffer.concat([body, le(tail.length, 4), tail]), collateral }
}

/** The attested binding (docs/protocol.md, Evidence): fields by their tags. */
export function binding(fields) {
  const field = (tag, value) => { const head = Buffer.alloc(6); head.writeUInt16BE(tag, 0); head.writeUInt32BE(value.length, 2); return Buffer.concat([head, value]) }
  const keyset = Buffer.concat(fields.slice(0, 7).map((value, at) => field(at + 1, value)))
  const bytes = Buffer.concat([Buffer.from('perf-aggregator/attested-binding/v1\0'), keyset, ...fields.slice(7).map((value, at) => field(at + 8, value))])
  return { bytes, reportData: sha512(bytes), keysetHash: sha512('perf-aggregator/keyset/v1\0', keyset) }
}
export const be64 = value => { const bytes = Buffer.alloc(8); bytes.writeBigUInt64BE(BigInt(value)); return bytes }
/** RFC 9162 section 2.1.1 */
export const leaf = value => sha256(Buffer.from([0]), value)
export const node = (left, right) => sha256(Buffer.from([1]), left, right)

export const CONFIG = '{"environment":["development"],"lease_max":604800,"limits":{},"release_set":null,"session_ttl":{"default":86400,"max":604800},"venues":["binance"],"version":"0.1.0"}'

/** A bundle, and what its binding has. */
export function bundle({ epoch = 42, hpke = seeded('HPKE key'), resultKey, config = CONFIG, challenge, proof = null, knobs } = {}) {
  const fields = [Buffer.from('dev-sgx'), be64(epoch), Buffer.concat([Buffer.from('002000010002', 'hex'), hpke]), resultKey, Buffer.alloc(0), sha256(config), Buffer.alloc(0),
    Buffer.concat([be64(NOW - 60), be64(NOW + 86400)]), challenge ?? Buffer.alloc(0), Buffer.alloc(0)]
  const bound = binding(fields)
  const { quote, collateral } = evidence(bound.reportData, knobs)
  const document = { type: 'perf-aggregator.attestation.v1', tee: 'dev-sgx', binding: bound.bytes.toString('base64'), challenge_proof: proof, evidence: quote.toString('base64'), collateral, config,
    time: { enclave: NOW, venues: {} }, operator_endorsement: null, release: null }
  return { document, fields, ...bound }
}
