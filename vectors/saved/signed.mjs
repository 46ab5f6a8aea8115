// Signed answers (docs/protocol.md, Plain reads) by Node's own Ed25519. Used by make.mjs and by the tests of the TypeScript client.
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { NOW, sha256 } from '../bundle/platform.mjs'

export const privateKey = seed => createPrivateKey({ key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]), format: 'der', type: 'pkcs8' })
export const publicRaw = secret => createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32)
const b64 = bytes => Buffer.from(bytes).toString('base64')

/** RFC 9421 section 2.5, with the components and parameters of docs/protocol.md, Plain reads. */
export function signed(body, { method = 'GET', path = '/enclave/summary/{session_id}', nonce = 'n-1', status = 200, created = NOW, tag = 'perf-aggregator/answer/v1', secret, key, signature } = {}) {
  const content_digest = `sha-256=:${b64(sha256(body))}:`
  const components = `("@status" "content-digest" "@method";req "@path";req${nonce === null ? '' : ' "perfagg-nonce";req'})`
  const parameters = `${components};created=${created};keyid="${(key ?? publicRaw(secret)).toString('base64url')}";alg="ed25519";tag="${tag}"`
  const base = [`"@status": ${status}`, `"content-digest": ${content_digest}`, `"@method";req: ${method}`, `"@path";req: ${path}`, ...(nonce === null ? [] : [`"perfagg-nonce";req: ${nonce}`]), `"@signature-params": ${parameters}`].join('\n')
  const bytes = signature ?? sign(null, Buffer.from(base), secret)
  return { base, answer: { method, path, nonce, status, content_digest, signature_input: `result=${parameters}`, signature: `result=:${b64(bytes)}:`, body } }
}
