//! A service for the tests: the other side of the seal, by Node's own cryptography and none of our code. Its evidence is
//! a text that only the verifier of these tests believes; what it proves is judged in the verifier's own tests.

import { createCipheriv, createDecipheriv, createHmac, createPrivateKey, createPublicKey, diffieHellman, generateKeyPairSync, randomBytes, verify } from 'node:crypto'
import { AttestationError } from '../dist/esm/failure.js'

const text = said => Buffer.from(said, 'utf8')
export const b64 = bytes => Buffer.from(bytes).toString('base64url')
const i2osp = (n, length) => { const bytes = Buffer.alloc(length); bytes.writeUIntBE(n, 0, length); return bytes }
export const extract = (salt, ikm) => createHmac('sha256', salt.length ? salt : Buffer.alloc(32)).update(ikm).digest()
export const expand = (prk, info, length) => createHmac('sha256', prk).update(Buffer.concat([info, Buffer.from([1])])).digest().subarray(0, length)
const kem = Buffer.concat([text('KEM'), i2osp(0x20, 2)])
const hpke = Buffer.concat([text('HPKE'), i2osp(0x20, 2), i2osp(1, 2), i2osp(2, 2)])
const labeledExtract = (suite, salt, label, ikm) => extract(salt, Buffer.concat([text('HPKE-v1'), suite, text(label), ikm]))
const labeledExpand = (suite, prk, label, info, length) => expand(prk, Buffer.concat([i2osp(length, 2), text('HPKE-v1'), suite, text(label), info]), length)
const none = Buffer.alloc(0)

export const pkcs8 = raw => Buffer.concat([Buffer.from('302e020100300506032b656e04220420', 'hex'), raw])
export const privateKey = raw => createPrivateKey({ key: pkcs8(raw), format: 'der', type: 'pkcs8' })
export const publicRaw = key => createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
const publicKey = raw => createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b656e032100', 'hex'), raw]), format: 'der', type: 'spki' })
/** RFC 9180 section 7.1.3: a key from 32 random bytes. */
export const derive = ikm => labeledExpand(kem, labeledExtract(kem, none, 'dkp_prk', ikm), 'sk', none, 32)

export const gcm = (key, nonce, aad, plain) => {
  const cipher = createCipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(aad)
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()])
}
const ungcm = (key, nonce, aad, sealed) => {
  const cipher = createDecipheriv('aes-256-gcm', key, nonce)
  cipher.setAAD(aad)
  cipher.setAuthTag(sealed.subarray(-16))
  return Buffer.concat([cipher.update(sealed.subarray(0, -16)), cipher.final()])
}
const pad = body => Buffer.concat([body, Buffer.alloc(Math.ceil(Math.max(body.length, 1) / 1024) * 1024 - body.length, ' ')])

/** Opens an envelope: the inner body, and what seals the answer. */
export function open(recipient, envelope) {
  const { header } = envelope
  const enc = Buffer.from(envelope.enc, 'base64url')
  const own = publicRaw(recipient)
  const eae = labeledExtract(kem, none, 'eae_prk', diffieHellman({ privateKey: recipient, publicKey: publicKey(enc) }))
  const shared = labeledExpand(kem, eae, 'shared_secret', Buffer.concat([enc, own]), 32)
  const info = Buffer.concat([text('perf-aggregator/call/v1\0'), Buffer.from(header.keyset_hash, 'base64url')])
  const context = Buffer.concat([Buffer.from([0]), labeledExtract(hpke, none, 'psk_id_hash', none), labeledExtract(hpke, none, 'info_hash', info)])
  const secret = labeledExtract(hpke, shared, 'secret', none)
  const exporter = labeledExpand(hpke, secret, 'exp', context, 32)
  const response = labeledExpand(hpke, exporter, 'sec', text('perf-aggregator/response/v1'), 32)
  const aad = `{"envelope_id":"${header.envelope_id}","expires_at":${header.expires_at},"keyset_hash":"${header.keyset_hash}","route":"${header.route}","v":1}`
  const plain = ungcm(labeledExpand(hpke, secret, 'key', context, 32), labeledExpand(hpke, secret, 'base_nonce', context, 12), text(aad), Buffer.from(envelope.ciphertext, 'base64url'))
  if (plain.length % 1024 !== 0) throw new Error('the plaintext is not padded')
  return { plain: plain.toString().trimEnd(), enc, response }
}

/** Seals the chunks of an answer. */
export class Sealer {
  constructor({ enc, response }, nonce = randomBytes(32)) {
    const prk = extract(Buffer.concat([enc, nonce]), response)
    Object.assign(this, { nonce, key: expand(prk, text('key'), 32), base: expand(prk, text('nonce'), 12), counter: 0 })
  }
  chunk(body, last) {
    const nonce = Buffer.from(this.base)
    nonce.writeUInt32BE((nonce.readUInt32BE(8) ^ this.counter++) >>> 0, 8)
    return b64(gcm(this.key, nonce, text(last ? 'final' : ''), pad(text(typeof body === 'string' ? body : JSON.stringify(body)))))
  }
  answer(body) {
    return JSON.stringify({ v: 1, nonce: b64(this.nonce), ciphertext: this.chunk(body, true) })
  }
}

const ed25519 = raw => createPublicKey({ key: Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), raw]), format: 'der', type: 'spki' })
/** The body of a call without the holder's signature, and whether `key` made one over it and this envelope's id. */
export function split(plain, id, key) {
  const [, object, signature] = /^(\{|\{.+(?=,)),?"holderSignature":"([\w-]{86})"\}$/s.exec(plain) ?? []
  if (object === undefined) return { body: plain, signed: false }
  const [body, bytes] = [`${object}}`, Buffer.from(signature, 'base64url')]
  const said = Buffer.concat([text('perf-aggregator/holder/v1\0'), Buffer.from(id, 'base64url'), text(body)])
  const isCanonical = b64(bytes) === signature
  return { body, signed: true, holds: key !== undefined && isCanonical && verify(null, said, ed25519(Buffer.from(key, 'base64url')), bytes) }
}

export const SESSION = 'session_1770000000_0123456789abcdefghijkl'
export const problem = (code, status, detail = 'Do this.') =>
  ({ type: `urn:perf-aggregator:problem:${code.toLowerCase()}`, title: 'Title', status, code, detail, request_id: 'r-1' })
const json = (status, body, headers = {}) =>
  new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers: { 'content-type': 'application/json', ...headers } })

export class Service {
  environment = 'development'
  stamped = undefined
  epoch = 7
  development = true
  tee = 'dev-sgx'
  requests = []
  bodies = []
  /** Which session answers only what this holder signed; and who signed each call that was admitted. */
  holders = new Map()
  signed = []
  quotes = 0
  /** What a call answers: `[status, inner body]`. */
  answers = new Map([
    ['POST /enclave/sessions', () => [201, this.opened()]],
    ['GET /enclave/summary/{session_id}', () => [200, this.summary()]],
    ['GET /enclave/metrics/{session_id}', () => [200, { environment: this.stamp(), total: { fills: 3 } }]],
    ['DELETE /enclave/sessions/{session_id}', () => [200, { revoked: true, at: '2026-11-22T00:00:00Z', note: 'Delete the key.' }]],
  ])
  /** What a stream says, by a generator of frames over a sealer. */
  stream = undefined
  /** Whoever is on the way: gets the request and what answers it. */
  stranger = (request, next) => next()

  constructor(clock) {
    this.clock = clock
    this.rotate()
  }
  rotate() {
    this.recipient = generateKeyPairSync('x25519').privateKey
    this.keysetHash = randomBytes(64)
    this.epoch += 1
  }
  stamp() { return this.stamped ?? this.environment }
  opened() {
    return { session_id: SESSION, expires_at: '2026-11-23T00:00:00Z', environment: this.stamp(), account: { venue: 'binance', fingerprint: 'f', types: ['spot'] },
      key_rights: { read: true, trade: false, withdraw: false, transfer: false, ip_restricted: null, verdict: 'read_only' }, lease_until: '2026-11-23T00:00:00Z', sync: { state: 'collecting', progress: 0 } }
  }
  summary() {
    return { environment: this.stamp(), quote_currency: 'USDT', as_of: '2026-11-22T00:00:00Z', session_expires: '2026-11-23T00:00:00Z', equity: '1.5', net_flow: null, gain: null,
      return: { twr: 0.1 }, trades: { fills: 3 }, coverage: {}, sync: { state: 'live', progress: 1 }, why: {} }
  }
  fetch = (url, init) => {
    this.requests.push({ url, ...init })
    return Promise.resolve(this.stranger({ url, ...init }, () => this.handle(url, init)))
  }
  handle(url, init) {
    if (new URL(url).pathname === '/attestation/quote') return this.quote(new URL(url).searchParams.get('nonce'))
    const envelope = JSON.parse(init.body)
    if (envelope.header.keyset_hash !== b64(this.keysetHash)) return json(409, problem('ENVELOPE_KEY_UNKNOWN', 409))
    const life = envelope.header.expires_at - this.clock.unixS
    if (life <= 0 || life > 600) return json(400, problem('ENVELOPE_EXPIRED', 400))
    const opened = open(this.recipient, envelope)
    opened.body = this.admitted(envelope.header, opened.plain)
    const unknown = problem('SESSION_UNKNOWN', 401)
    if (opened.body === undefined) return json(401, new Sealer(opened).answer(unknown))
    this.bodies.push(opened.body)
    if (envelope.header.route === 'GET /enclave/events/{session_id}' && this.stream) return this.streamed(opened)
    const [status, body, headers] = this.answers.get(envelope.header.route)(opened.body)
    if (status === 201) this.holders.set(body.session_id, opened.body.holderKey)
    return json(status, new Sealer(opened).answer(body), headers)
  }
  /** What a call says, if whoever may make it did. */
  admitted({ envelope_id, route }, plain) {
    const said = JSON.parse(plain)
    const key = said.holderKey ?? said.holder_key ?? this.holders.get(said.session_id)
    const { body, signed, holds } = split(plain, envelope_id, key)
    if (signed ? !holds : key !== undefined) return undefined
    this.signed.push([route, key])
    return JSON.parse(body)
  }
  quote(nonce) {
    this.quotes += 1
    return json(200, { tee: this.tee, time: { enclave: this.clock.unixS }, nonce, enclave: this.enclave() })
  }
  enclave() {
    return { hpke_public_key: b64(publicRaw(this.recipient)), result_key: b64(Buffer.alloc(32, 1)), keyset_hash: b64(this.keysetHash), epoch: this.epoch,
      environment: [this.environment], time: this.clock.unixS, development: this.development }
  }
  streamed(opened) {
    const frames = this.stream(new Sealer(opened), opened.body)
    const body = new ReadableStream({
      async pull(controller) {
        const { value, done } = await frames.next()
        if (done) controller.close()
        else controller.enqueue(Buffer.from(value))
      },
    })
    return new Response(body, { status: 200, headers: { 'content-type': 'text/event-stream' } })
  }
  /** Stands for the verifier: believes this service, if it answers the nonce. */
  asked = []
  verify = async request => {
    this.asked.push(request)
    const refused = (kind, said) => new AttestationError({ class: kind, step: 16, step_name: 'freshness', text: said, hint: 'Do not.', against_policy: false, steps: [] })
    let bundle
    try {
      bundle = JSON.parse(request.bundle)
    } catch {
      throw refused('malformed', 'the bundle is not JSON')
    }
    if (bundle.nonce !== request.nonce) throw refused('freshness', 'the evidence does not answer this request’s nonce')
    if (request.now - request.asked_at >= 60) throw refused('freshness', 'the nonce is older than a minute')
    return bundle.enclave
  }
}

export const frame = (event, data, id) => `event: ${event}\n${id === undefined ? '' : `id: ${id}\n`}data: ${data}\n\n`

/** Calls of WebCrypto that are under way, in threads that no turn of the event loop waits for. */
let working = 0
for (const name of ['sign', 'verify', 'importKey', 'exportKey', 'generateKey', 'deriveBits', 'encrypt', 'decrypt', 'digest']) {
  const original = crypto.subtle[name].bind(crypto.subtle)
  const value = (...call) => {
    working += 1
    return original(...call).finally(() => { working -= 1 })
  }
  Object.defineProperty(crypto.subtle, name, { value, configurable: true })
}

/** Time that moves when told to. */
export class TestClock {
  unixS = 1_770_000_000
  elapsedMs = 0
  timers = new Set()
  pauses = []
  now() { return { unixS: this.unixS, elapsedMs: this.elapsedMs } }
  after(ms, callback) {
    const timer = { at: this.elapsedMs + ms, callback }
    this.timers.add(timer)
    return () => this.timers.delete(timer)
  }
  advance(seconds) {
    this.unixS += seconds
    this.elapsedMs += seconds * 1000
    for (const timer of [...this.timers]) {
      if (timer.at <= this.elapsedMs && this.timers.delete(timer)) timer.callback()
    }
  }
  /** Lets what can happen happen; then the clock goes on to its next timer, again and again until `promise` is settled. */
  async run(promise) {
    let settled = false
    const end = () => { settled = true }
    promise.then(end, end)
    while (!settled) {
      for (let turn = 0; turn < 20 && !settled; turn += 1) {
        await new Promise(resolve => setImmediate(resolve))
        if (working > 0) turn = 0
      }
      const next = Math.min(...[...this.timers].map(timer => timer.at))
      if (!settled && Number.isFinite(next)) this.advance(Math.max(0, (next - this.elapsedMs) / 1000))
    }
    return promise
  }
}
