//! The package as others see it: both module formats, their types, and nothing but what is exported. Over a real socket of
//! this machine: what `fetch` itself does.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { test } from 'node:test'
import * as main from '@perf-aggregator/secure-client'
import { dangerousDevelopment } from '@perf-aggregator/secure-client/development'
import { PEM, failure } from './setup.mjs'

const require = createRequire(import.meta.url)
const here = new URL('..', import.meta.url)
const NAMES = ['AnswerError', 'AttestationError', 'HolderKey', 'RefusedError', 'SecureClient', 'SecureClientError', 'UnreachableError', 'UnsignedError', 'UsageError', 'verifySaved']

test('both module formats export the same, and nothing that lowers a guard', () => {
  assert.deepEqual(Object.keys(main).sort(), NAMES)
  assert.deepEqual(Object.keys(require('@perf-aggregator/secure-client')).sort(), NAMES)
  assert.deepEqual(Object.keys(require('@perf-aggregator/secure-client/development')), ['dangerousDevelopment'])
})

test('no file inside can be reached', async () => {
  for (const path of ['client', 'client.js', 'dist/esm/client.js', 'verifier', 'dist/cjs/client.js']) {
    assert.equal((await failure(import(`@perf-aggregator/secure-client/${path}`))).code, 'ERR_PACKAGE_PATH_NOT_EXPORTED')
  }
})

test('both formats make a client, and know their own development trust alone', () => {
  const common = require('@perf-aggregator/secure-client')
  const development = require('@perf-aggregator/secure-client/development')
  new main.SecureClient({ enclaveUrl: 'https://enclave.example', policy: dangerousDevelopment(PEM) })
  new common.SecureClient({ enclaveUrl: 'https://enclave.example', policy: development.dangerousDevelopment(PEM) })
  assert.throws(() => new main.SecureClient({ enclaveUrl: 'https://enclave.example', policy: JSON.parse(JSON.stringify(dangerousDevelopment(PEM))), sandbox: 3 }), { code: 'OPTION_INVALID' })
})

test('nothing is needed but the machine', () => {
  const { dependencies, scripts, devDependencies } = JSON.parse(readFileSync(new URL('package.json', here), 'utf8'))
  assert.equal(dependencies, undefined)
  assert.ok(!Object.keys(scripts).some(name => /^(pre|post)?install$|^prepare$/.test(name)))
  assert.ok(Object.values(devDependencies).every(version => /^\d+\.\d+\.\d+$/.test(version)), 'pinned')
})

test('the types are right in both formats', () => {
  const folder = mkdtempSync(new URL('types-', new URL('dist/', here)).pathname)
  try {
    const use = `
      const client: SecureClient = new SecureClient({ enclaveUrl: 'https://x', userId: 'a', exchange: 'binance', apiKey: undefined as string | undefined, secret: 's', policy: dangerousDevelopment('') });
      export async function journey(): Promise<string | null> {
        const { session_id } = await client.register();
        for await (const event of client.watch({ after: 3 })) if (event.event === 'metrics') event.data.revision.toFixed(session_id.length);
        const key: string = await (await HolderKey.import(await (await HolderKey.generate()).export())).export();
        const held = new SecureClient({ enclaveUrl: 'https://x', holder: await HolderKey.import(key), leaseSeconds: 300, checkpoints: client.checkpoints });
        for (const { session, last_used } of (await held.listSessions()).sessions) session.concat(last_used ?? '');
        const { receipt, file } = await held.eraseRecord(); receipt.accounts.toFixed(file.length);
        try { await client.revoke(); } catch (error) { if (error instanceof SecureClientError) { const text: string = error.code + error.hint; text.length; } }
        // @ts-expect-error: there is no such option
        new SecureClient({ enclaveUrl: 'https://x', apikey: 'k' });
        return (await client.getSummary()).equity;
      }\n`
    writeFileSync(`${folder}/a.mts`, `import { HolderKey, SecureClient, SecureClientError } from '@perf-aggregator/secure-client'; import { dangerousDevelopment } from '@perf-aggregator/secure-client/development';${use}`)
    writeFileSync(`${folder}/b.cts`, `import { HolderKey, SecureClient, SecureClientError } from '@perf-aggregator/secure-client'; import { dangerousDevelopment } from '@perf-aggregator/secure-client/development';${use}`)
    const tsc = require.resolve('typescript/bin/tsc')
    const options = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--module', 'nodenext', '--target', 'es2022', '--lib', 'es2022,dom']
    const { status, stdout } = spawnSync(process.execPath, [tsc, ...options, `${folder}/a.mts`, `${folder}/b.cts`], { cwd: here.pathname, encoding: 'utf8' })
    assert.equal(status, 0, stdout)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('over a socket: redirects, broken ends and closed doors are told apart', async () => {
  let handler
  const server = createServer((request, response) => handler(request, response))
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address()
  const attempt = () => failure(new main.SecureClient({ enclaveUrl: `http://127.0.0.1:${port}`, policy: dangerousDevelopment(PEM) }).attest())
  const asked = []
  handler = (request, response) => {
    asked.push(request.url)
    response.writeHead(302, { location: '/elsewhere' }).end()
  }
  assert.equal((await attempt()).code, 'CONNECTION_FAILED')
  assert.equal(asked.length, 1, 'it went nowhere')
  handler = request => request.socket.destroy()
  assert.equal((await attempt()).code, 'CONNECTION_BROKEN')
  handler = (request, response) => {
    response.writeHead(200, { 'content-length': 100 })
    response.write('{')
    setImmediate(() => request.socket.destroy())
  }
  assert.equal((await attempt()).code, 'CONNECTION_BROKEN')
  handler = (request, response) => response.writeHead(200).end('x'.repeat(600 * 1024))
  assert.equal((await attempt()).code, 'ANSWER_TOO_LARGE')
  handler = (request, response) => response.writeHead(404, { 'content-type': 'text/html' }).end('<html>')
  assert.equal((await attempt()).code, 'ANSWER_UNSIGNED')
  handler = request => request.socket.end('SSH-2.0-OpenSSH\r\n')
  assert.equal((await attempt()).code, 'CONNECTION_BROKEN')
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
  assert.equal((await attempt()).code, 'CONNECTION_REFUSED')
})
