//! The words of verdicts, errors and clocks, and the patience of the source: pure parts, run in Node as they stand.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { build } from 'esbuild'

const web = join(import.meta.dirname, '..')
const skip = !existsSync(join(web, '../typescript/dist/esm')) && 'clients/typescript is not built'

const load = async contents => {
  const { outputFiles } = await build({ stdin: { contents, resolveDir: join(web, 'src') }, bundle: true, write: false, format: 'esm', target: 'es2022', logLevel: 'silent', loader: { '.css': 'text' } })
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`)
}

const parts = skip ? {} : await load(`
  export { verdictOf } from './verdict.js'
  export { told, endsSession } from './errors.js'
  export { remark } from './clock.js'
  export { unfolded } from './form.js'
  export { duration, instant } from './words.js'
  export { sourceOf } from './source.js'
  export * as client from '@perf-aggregator/secure-client'
`)

const SAID = {
  headline: 'H', program: 'P', hardware: 'W', platform: 'L', amber: null, connection: 'C', not_proven: ['N', 'M'],
}
const GENUINE = {
  hpke_public_key: '', result_key: '', keyset_hash: '', epoch: 1, environment: ['live'], time: 0, development: false, said: SAID,
  measurement: 'ab', measurement_checked: true, release: '1.2.0', valid_until: '2026-12-27T00:00:00Z', platform_ids: ['01', 2], steps: [],
}

describe('A verdict', { skip }, () => {
  it('is in the verifier’s words, all of them', () => {
    const { tone, measurement, release, validUntil, platformIds, steps, development, ...said } = parts.verdictOf(GENUINE)
    assert.deepEqual(said, SAID)
    assert.deepEqual([tone, measurement, release, validUntil, platformIds, steps, development], ['good', 'ab', '1.2.0', '2026-12-27T00:00:00Z', ['01'], [], false])
  })

  it('is good only where nothing is left to be borne with', () => {
    const tone = more => parts.verdictOf({ ...GENUINE, ...more }).tone
    assert.equal(tone({ said: { ...SAID, amber: 'A' } }), 'warn', 'a platform that is behind')
    assert.equal(tone({ measurement_checked: false }), 'warn', 'a program compared with nothing')
    assert.equal(tone({ measurement_checked: undefined }), 'warn', 'nor where nobody says')
    assert.equal(tone({ development: true }), 'bad', 'never for development evidence, whatever else it says')
  })
})

describe('An error in words', { skip }, () => {
  it('of ours has a title, a hint and a code', () => {
    const { client, told } = parts
    const { title, hint, code } = told(new client.UnreachableError('CONNECTION_FAILED'))
    assert.deepEqual([title, code], ['The service cannot be reached', 'CONNECTION_FAILED'])
    assert.match(hint, /opens TLS/)
  })

  it('said in clear ends no session, and is not taken for one of the key', () => {
    const { client, told, endsSession } = parts
    const said = { code: 'CREDENTIALS_REFUSED', status: 401, detail: 'x', requestId: 'x' }
    const unsigned = told(new client.UnsignedError(401, said, undefined))
    assert.equal(unsigned.ofKey, false)
    assert.match(unsigned.word, /^Nobody’s word/)
    assert.equal(endsSession(new client.UnsignedError(404, { ...said, code: 'SESSION_UNKNOWN' }, undefined)), false)
    const sealed = new client.RefusedError({ ...said, code: 'SESSION_UNKNOWN' }, undefined)
    assert.equal(endsSession(sealed), true)
    assert.match(told(sealed).hint, /Register again/)
  })

  it('about time comes with what is known of this clock', () => {
    const { client, told, remark } = parts
    const refused = new client.AttestationError({ class: 'expired', step: 5, step_name: 'validity', text: 'x', against_policy: false, steps: [] })
    const { hint } = told(refused, remark(3600))
    assert.match(hint, /^This computer’s clock is 1 h behind the enclave’s\..*Check date and time.*Refused at step 5/s)
    assert.equal(remark(200), undefined)
    assert.match(remark(-7200), /2 h ahead of/)
  })

  it('of this page repeats nothing of it', () => {
    const { title, hint, code } = parts.told(new TypeError('PLANTED'))
    assert.doesNotMatch(`${title}${hint}${code}`, /PLANTED/)
  })
})

describe('Small things', { skip }, () => {
  it('a private key in PEM gets back the line breaks that a field of one line took', () => {
    const body = 'MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fMC4CAQAwBQYD'
    const pem = `-----BEGIN PRIVATE KEY-----\n${body.slice(0, 64)}\n${body.slice(64)}\n-----END PRIVATE KEY-----\n`
    assert.equal(parts.unfolded(pem.replaceAll('\n', '').trim()), pem)
    assert.equal(parts.unfolded(pem.replaceAll('\n', ' ').trim()), pem)
    assert.equal(parts.unfolded('abc def'), 'abc def')
  })

  it('durations are as long as they are said to be', () => {
    assert.deepEqual([0, 59.6, 60, 3600, 5400, 172_800 + 3600].map(parts.duration), ['0 s', '1 min', '1 min', '1 h', '1 h 30 min', '2 d 1 h'])
    assert.equal(parts.instant('2026-11-28T10:17:58Z'), '28 Nov 2026, 10:17 UTC')
    assert.equal(parts.instant('soon'), 'soon')
  })

  it('a stream that the client gave up is taken up again after the last event, as soon as the network is back', async () => {
    const network = new EventTarget()
    Object.assign(globalThis, {
      addEventListener: network.addEventListener.bind(network),
      removeEventListener: network.removeEventListener.bind(network),
    })
    const { UnreachableError, UsageError } = parts.client
    const asked = []
    const client = {
      async *watch({ after }) {
        asked.push(after)
        if (asked.length === 1) {
          yield { id: 7, event: 'sync', data: { state: 'collecting', progress: 0.5 } }
          setImmediate(() => network.dispatchEvent(new Event('online')))
          throw new UnreachableError('CONNECTION_FAILED')
        }
        yield { id: 8, event: 'sync', data: { state: 'live', progress: 1 } }
        throw new UsageError('NO_SESSION')
      },
    }
    const seen = []
    await assert.rejects(async () => {
      for await (const { id } of parts.sourceOf(client).watch()) seen.push(id)
    }, { code: 'NO_SESSION' })
    assert.deepEqual([seen, asked], [[7, 8], [undefined, 7]])
  })
})
