//! What the tests of the figures share: the bundle, a seeded record, and a browser.

import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { build } from 'esbuild'
import { chromium } from 'playwright-core'

const SOURCES = new URL('../../src/figures/', import.meta.url)

/** A module of the figures, bundled as pages have it; `format` esm for Node, iife for a page. */
export async function bundle(name = 'index.ts', format = 'esm') {
  const { outputFiles } = await build({
    entryPoints: [new URL(name, SOURCES).pathname],
    bundle: true,
    write: false,
    format,
    platform: 'browser',
    target: 'es2022',
    logLevel: 'error',
    ...(format === 'iife' ? { globalName: 'figures' } : {}),
  })
  return outputFiles[0].text
}

/** A module of the figures, loaded here. */
export async function load(name) {
  return import(`data:text/javascript;base64,${Buffer.from(await bundle(name)).toString('base64')}`)
}

export const styleSheet = () => readFile(new URL('figures.css', SOURCES), 'utf8')

/** A real answer of the enclave: the simulator's account of seed 3, without what no page shows. */
export async function demo() {
  return JSON.parse(await readFile(new URL('simulated-3.json', import.meta.url), 'utf8'))
}

/** Numbers from 0 to 1 that are the same at each run. */
export function seeded(seed) {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** A made-up record: so many days until `last`, each with the mark and the values that `change` makes of it. */
export function record(base, { days, symbols = 0, seed = 1, last = '2026-11-26', change = (day) => day }) {
  const next = seeded(seed)
  const end = Date.parse(`${last}T00:00:00Z`)
  let equity = 100_000
  const made = Array.from({ length: days }, (_, index) => {
    const earned = (next() - 0.485) * 0.02
    equity *= 1 + earned
    const date = new Date(end - (days - 1 - index) * 86_400_000).toISOString().slice(0, 10)
    const day = { date, mark: 'reconstructed', equity: equity.toFixed(8), net_flow: '0', return: earned }
    return { residual: '0', residual_bps: '0', unpriced: [], why: {}, ...change(day, index) }
  })
  const one = base.symbols[0]
  const more = Array.from({ length: symbols }, (_, index) => ({
    ...one,
    symbol: `COIN${index}USDT`,
    realized_net: ((next() - 0.5) * 10_000).toFixed(12),
  }))
  return { ...base, total: { ...base.total, days: made }, symbols: symbols === 0 ? base.symbols : more }
}

export const sha256 = (text) => `sha256-${createHash('sha256').update(text).digest('base64')}`

const CHROMIUM = process.env.PERFAGG_CHROMIUM ?? '/usr/bin/chromium'

/** Why there is no browser here, or false. */
export const noBrowser = existsSync(CHROMIUM) ? false : `no Chromium at ${CHROMIUM}: name one in PERFAGG_CHROMIUM`

export function browser() {
  const flags = '--disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync'
  const root = process.getuid?.() === 0 ? ['--no-sandbox'] : []
  return chromium.launch({ executablePath: CHROMIUM, args: [...flags.split(' '), ...root] })
}
