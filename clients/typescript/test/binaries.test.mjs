//! Files that cross: what this client keeps `perfagg verify` judges, and the other way round. Against the development build of
//! the enclave, the simulator and `perfagg`, whose directory PERFAGG_BIN_DIR names; on loopback, at ports that are free.

import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { SecureClient, verifySaved } from '@perf-aggregator/secure-client'
import { dangerousDevelopment } from '@perf-aggregator/secure-client/development'
import { VERIFIERS } from '../dist/esm/verifier.js'
import { failure } from './setup.mjs'

const programs = process.env.PERFAGG_BIN_DIR
const skip = (programs === undefined && 'PERFAGG_BIN_DIR is not set') || (VERIFIERS['verifier.wasm'] === '' && 'this build has no verifier.wasm')
const rootFile = new URL('../../../trusted/attestation/development-root.pem', import.meta.url).pathname
const policy = dangerousDevelopment(readFileSync(rootFile, 'utf8'))
const running = []
let home, url, account, client

/** Starts a program and reads the line in which it says where it listens. */
async function started(name, options, env = {}) {
  const { PATH } = process.env
  const program = spawn(join(programs, name), options, { env: { PATH, ...env }, stdio: ['ignore', 'pipe', 'ignore'] })
  running.push(program)
  let said = ''
  for await (const chunk of program.stdout) {
    said += chunk
    if (said.includes('\n')) return JSON.parse(said.split('\n')[0])
  }
  throw new Error(`${name} ended`)
}

/** `perfagg` in a directory of its own. */
function perfagg(...options) {
  const env = { HOME: home, PERFAGG_API_KEY: account.key, PERFAGG_API_SECRET: account.secret }
  return spawnSync(join(programs, 'perfagg'), ['--json', '--dangerous-development-root', rootFile, ...options], { cwd: home, env, encoding: 'utf8' })
}

before(async () => {
  if (skip) return
  home = mkdtempSync(join(tmpdir(), 'perfagg-'))
  account = await started('perf-aggregator-simulator', ['--port', '0'])
  const places = { ENCLAVE_HOST: '127.0.0.1', ENCLAVE_PORT: '0', ENCLAVE_METRICS_ADDR: '127.0.0.1:0' }
  url = (await started('perf-aggregator-enclave', ['--dangerous-venue-url', account.url], places)).listening
  client = new SecureClient({ enclaveUrl: url, userId: 'trader-john', exchange: 'binance', apiKey: account.key, secret: account.secret, policy })
  await client.register()
  for await (const { event } of client.watch()) if (event === 'metrics') break
})

after(() => {
  for (const program of running) program.kill()
  if (home !== undefined) rmSync(home, { recursive: true })
})

test('what this client keeps perfagg judges, and says the same', { skip }, async () => {
  for (const [name, { file }] of Object.entries({ summary: await client.saveSummary(), metrics: await client.saveMetrics() })) {
    writeFileSync(join(home, `${name}.json`), file)
    const { status, stdout, stderr } = perfagg('verify', `${name}.json`)
    assert.equal(status, 0, stderr)
    const [theirs, ours] = [JSON.parse(stdout), await verifySaved(file, { policy })]
    assert.deepEqual([theirs.answer, theirs.signed_at, theirs.result_key, theirs.not_proven], [ours.body, ours.signedAt, ours.resultKey, ours.said.not_proven])
  }
})

test('what perfagg keeps this client judges, and each part that was changed both refuse', { skip }, async () => {
  const registered = perfagg('register', '--user-id', 'trader-john', '--exchange', 'binance', '--service-url', url, '--wait')
  assert.equal(registered.status, 0, registered.stderr)
  const saved = perfagg('summary', '--save', 'theirs.json')
  assert.equal(saved.status, 0, saved.stderr)
  const file = readFileSync(join(home, 'theirs.json'), 'utf8')
  assert.deepEqual((await verifySaved(file, { policy })).body, JSON.parse(saved.stdout))

  const document = JSON.parse(file)
  const bundle = JSON.parse(document.bundle)
  const change = text => {
    const at = Math.max(0, text.length - 8)
    return `${text.slice(0, at)}${text[at] === 'A' ? 'B' : 'A'}${text.slice(at + 1)}`
  }
  const inside = changed => ({ ...document, bundle: JSON.stringify({ ...bundle, ...changed }) })
  const answer = changed => ({ ...document, answer: { ...document.answer, ...changed } })
  const parts = [
    ...['method', 'path', 'nonce', 'content_digest', 'signature_input', 'signature', 'body'].map(member => answer({ [member]: change(document.answer[member]) })),
    answer({ status: 201 }), { ...document, type: 'another' },
    ...['binding', 'evidence'].map(member => inside({ [member]: change(bundle[member]) })),
    inside({ config: bundle.config.replace('86400', '86401') }), inside({ tee: 'sgx-dcap' }),
    ...Object.keys(bundle.collateral).map(member => inside({ collateral: { ...bundle.collateral, [member]: change(bundle.collateral[member]) } })),
  ]
  for (const part of parts) {
    const text = JSON.stringify(part)
    writeFileSync(join(home, 'changed.json'), text)
    const theirs = JSON.parse(perfagg('verify', 'changed.json').stderr).error
    const ours = await failure(verifySaved(text, { policy }))
    assert.deepEqual([ours.code, ours.class ?? 'malformed'], [theirs.code, theirs.class], ours.message)
    assert.equal(ours.code, 'NOT_VERIFIED')
  }
})

/** What the README and the issue show, with the one more line for development evidence. */
const SNIPPET = `
const client = new SecureClient({ enclaveUrl: process.env.SERVICE_URL, userId: 'trader-john', exchange: 'binance',
  apiKey: process.env.BINANCE_API_KEY, secret: process.env.BINANCE_SECRET,
  policy: dangerousDevelopment(root) });
await client.register();
const metrics = await client.getMetrics();
const summary = await client.getSummary();
console.log(JSON.stringify([metrics.environment, summary.environment, summary.quote_currency]));
`

test('packed and installed into an empty project it runs as the README shows it', { skip }, () => {
  const project = mkdtempSync(join(home, 'project-'))
  const npm = (cwd, ...options) => {
    const ran = spawnSync('npm', [...options, '--ignore-scripts', '--no-audit', '--no-fund', '--offline'], { cwd, encoding: 'utf8' })
    assert.equal(ran.status, 0, ran.stderr)
    return ran.stdout
  }
  const [{ filename }] = JSON.parse(npm(join(import.meta.dirname, '..'), 'pack', '--json', '--pack-destination', project))
  npm(project, 'init', '--yes')
  npm(project, 'install', join(project, filename))
  const head = `const root = require('node:fs').readFileSync(process.env.ROOT, 'utf8')\n`
  const names = ['SecureClient', 'dangerousDevelopment']
  const from = ['@perf-aggregator/secure-client', '@perf-aggregator/secure-client/development']
  const forms = {
    'snippet.mjs': `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)\n${head}${from.map((name, at) => `import { ${names[at]} } from '${name}'\n`).join('')}${SNIPPET}`,
    'snippet.cjs': `${head}${from.map((name, at) => `const { ${names[at]} } = require('${name}')\n`).join('')}void (async () => {${SNIPPET}})()\n`,
  }
  for (const [name, text] of Object.entries(forms)) {
    writeFileSync(join(project, name), text)
    const env = { PATH: process.env.PATH, SERVICE_URL: url, BINANCE_API_KEY: account.key, BINANCE_SECRET: account.secret, ROOT: rootFile }
    const { status, stdout, stderr } = spawnSync('node', [name], { cwd: project, env, encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.deepEqual(JSON.parse(stdout), ['development', 'development', 'USDT'], name)
  }
})
