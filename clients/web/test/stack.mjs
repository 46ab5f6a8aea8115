//! What the pages are driven against: simulator, enclave with development evidence, and the main service, which serves dist
//! as it serves any pages; and a way to it that can be cut, or can lie. And Chromium, watched: what it asked of whom, and
//! what its security policy stopped.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import http from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { chromium } from 'playwright-core'

const web = join(import.meta.dirname, '..')
export const dist = join(web, 'dist')
export const root = readFileSync(join(web, '../../trusted/attestation/development-root.pem'), 'utf8')
export const KEY = 'PLANTEDkeyPLANTEDkeyPLANTEDkeyPLANTEDkeyPLANTEDkeyPLANTEDkey0001'
export const SECRET = 'PLANTEDsecretPLANTEDsecretPLANTEDsecretPLANTEDsecretPLANTED00002'

const browser = [process.env.PERFAGG_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  .find(path => path !== undefined && existsSync(path))
const binaries = process.env.PERFAGG_BIN_DIR

/** Why these tests cannot run here; false if they can. */
export const skip =
  browser === undefined
    ? 'there is no Chromium: PERFAGG_CHROMIUM names one'
    : binaries === undefined
      ? 'PERFAGG_BIN_DIR is not set: the four programs, the enclave built with its feature development'
      : !existsSync(join(dist, 'build.json')) && 'there is no dist: node build.mjs makes it'

/** A program that is stopped with `stop`, and the first line that it said. */
async function program(name, args, env) {
  const child = spawn(join(binaries, name), args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'pipe', 'ignore'] })
  const lines = createInterface({ input: child.stdout })
  const ready = await new Promise((resolve, reject) => {
    lines.once('line', line => resolve(JSON.parse(line)))
    child.once('exit', code => reject(new Error(`${name} ended with ${code}`)))
  })
  const stop = () =>
    new Promise(resolve => {
      if (child.exitCode !== null || child.signalCode !== null) return resolve()
      child.once('exit', resolve)
      child.kill('SIGKILL')
    })
  return { ready, stop }
}

/** Everything, with further arguments of the simulator. */
export async function startStack(...simulatorArguments) {
  const directory = mkdtempSync(join(tmpdir(), 'perfagg-web-'))
  const simulator = await program('perf-aggregator-simulator', [
    '--port', '0', '--seed', '1', '--key', KEY, '--secret', SECRET, ...simulatorArguments,
  ])
  const startEnclave = port =>
    program('perf-aggregator-enclave', ['--dangerous-venue-url', simulator.ready.url], {
      ENCLAVE_HOST: '127.0.0.1', ENCLAVE_PORT: port, ENCLAVE_METRICS_ADDR: '127.0.0.1:0',
    })
  let enclave = await startEnclave('0')
  const main = await program('perf-aggregator-main', [], {
    HOST: '127.0.0.1', PORT: '0', BACKEND_URL: enclave.ready.listening, MAIN_METRICS_ADDR: '127.0.0.1:0', PAGES_DIR: dist,
  })
  const url = main.ready.listening
  const way = await startWay(url)
  const stop = async () => {
    await way.stop()
    for (const each of [main, enclave, simulator]) await each.stop()
    rmSync(directory, { recursive: true, force: true })
  }
  /** Another process at the same address, which knows no session. */
  const restartEnclave = async () => {
    await enclave.stop()
    enclave = await startEnclave(new URL(enclave.ready.listening).port)
  }
  return { simulator, url, way, directory, stop, restartEnclave }
}

/** A way to a service that can go bad: with `cut` true it closes each connection at once, and `answers` are its own. */
export async function startWay(backend) {
  const control = { cut: false, answers: new Map() }
  const sockets = new Set()
  const server = http.createServer((request, response) => {
    const fixed = control.answers.get(new URL(request.url, 'http://way').pathname)
    if (fixed !== undefined) return void response.writeHead(fixed.status, { 'content-type': 'application/json' }).end(fixed.body)
    const { host: _, ...headers } = request.headers
    const passed = http.request(backend + request.url, { method: request.method, headers }, answer => {
      response.writeHead(answer.statusCode, answer.headers)
      answer.pipe(response)
    })
    passed.on('error', () => response.destroy())
    response.on('close', () => passed.destroy())
    request.pipe(passed)
  })
  server.on('connection', socket => {
    if (control.cut) return void socket.destroy()
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${server.address().port}`
  const cut = is => {
    control.cut = is
    if (is) for (const socket of sockets) socket.destroy()
  }
  const stop = () => {
    cut(true)
    return new Promise(resolve => server.close(resolve))
  }
  return { url, cut, stop, answers: control.answers }
}

/** Chromium without a network of its own. */
export function startBrowser() {
  return chromium.launch({
    executablePath: browser,
    args: [
      ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []),
      '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync',
    ],
  })
}

/** A new page, and all that it did: requests, violations of its policy, messages of errors. */
export async function newPage(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, acceptDownloads: true, ...options })
  const did = { requests: [], violations: [], errors: [] }
  await context.exposeBinding('__violated', (_, what) => void did.violations.push(what))
  await context.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', event => window.__violated(`${event.violatedDirective} ${event.blockedURI}`))
  })
  const page = await context.newPage()
  page.on('request', request => did.requests.push(request.url()))
  page.on('pageerror', error => did.errors.push(String(error)))
  page.on('console', message => {
    // A failed call is said so by Chromium itself.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) did.errors.push(message.text())
  })
  return { page, context, did }
}

/** Fills the form of Register as a user of the demo does. */
export async function fillRegister(page, { key = KEY, secret = SECRET, service } = {}) {
  if (service !== undefined) await page.getByLabel('Service URL').fill(service)
  await page.getByLabel('User id').fill('demo')
  await page.getByLabel('API key', { exact: true }).fill(key)
  await page.getByLabel('Secret', { exact: true }).fill(secret)
  await page.locator('#register-advanced').evaluate(details => { details.open = true })
  await page.locator('#root').fill(root)
}

/** A minute passes at the exchange, so that it takes another collection's calls at once. */
export function rest(stack) {
  return tell(stack, 'clock', { advance_ms: 60_000 })
}

/** From the form to the figures. */
export async function register(page, options) {
  await fillRegister(page, options)
  await page.getByRole('button', { name: 'Check the enclave' }).click()
  await page.getByRole('button', { name: 'Seal the key and register' }).waitFor()
  await page.locator('#confirm-tick').check()
  await page.getByRole('button', { name: 'Seal the key and register' }).click()
  await page.getByRole('heading', { level: 1, name: 'Performance' }).waitFor({ timeout: 60_000 })
}

/** Tells the simulator something: a route under `/simulator` and what it takes. */
export async function tell(stack, route, body) {
  const answer = await fetch(`${stack.simulator.ready.url}/simulator/${route}`, { method: 'POST', body: JSON.stringify(body) })
  if (!answer.ok) throw new Error(`${route}: ${answer.status}`)
}

/** Runs `perfagg` with the demo's key, to its end; gives what it printed. */
export async function perfagg(stack, ...args) {
  const session = ['--session-file', join(stack.directory, 'session.json')]
  const development = ['--dangerous-development-root', join(web, '../../trusted/attestation/development-root.pem')]
  const child = spawn(join(binaries, 'perfagg'), [...session, ...development, ...args], {
    env: { PATH: process.env.PATH, HOME: stack.directory, PERFAGG_API_KEY: KEY, PERFAGG_API_SECRET: SECRET },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let [said, complained] = ['', '']
  child.stdout.on('data', part => (said += part))
  child.stderr.on('data', part => (complained += part))
  const code = await new Promise(resolve => child.once('close', resolve))
  if (code !== 0) throw new Error(`perfagg ${args[0]} ended with ${code}: ${complained}`)
  return said
}

/** All places of a page in which something could be left behind, as one text. */
export async function traces(page, context) {
  const kept = await page.evaluate(async () => ({
    url: location.href,
    title: document.title,
    name: window.name,
    history: [history.length, history.state],
    local: { ...localStorage },
    session: { ...sessionStorage },
    databases: 'indexedDB' in window ? await indexedDB.databases() : [],
    caches: 'caches' in window ? await caches.keys() : [],
    html: document.documentElement.outerHTML,
    fields: [...document.querySelectorAll('input, textarea, select')].map(field => field.value),
    globals: Object.keys(window).filter(name => typeof window[name] === 'string').map(name => window[name]),
  })).catch(error => ({ failed: String(error) }))
  return { text: JSON.stringify({ kept, cookies: await context.cookies() }), kept, cookies: await context.cookies() }
}
