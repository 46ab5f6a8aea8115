//! Builds the pages into dist, the same bytes each time: three pages with code and styles beside them, and the
//! self-contained file with its SHA-256.
//!   node build.mjs [FOLDER]     into FOLDER instead of dist
//! `clients/typescript` must have been built, with its verifiers.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import ts from 'typescript'

const here = import.meta.dirname
const dist = resolve(process.argv[2] ?? join(here, 'dist'))
const client = join(here, '../typescript/dist')

const SINGLE = 'perf-aggregator.html'
/** The main service sends the same as a header, and with it what a meta element cannot say: frame-ancestors. */
const CSP_SITE =
  "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"

const read = (...path) => readFileSync(join(here, ...path), 'utf8')
const digest = (bytes, form) => createHash('sha256').update(bytes).digest(form)

checkTypes()
rmSync(dist, { recursive: true, force: true })
mkdirSync(join(dist, 'code'), { recursive: true })

const verifiers = ['verifier.wasm', 'verifier-dcap.wasm', 'verifier-sev-snp.wasm', 'verifier-nitro.wasm'].filter(name => existsSync(join(client, name)))
if (!verifiers.includes('verifier.wasm')) {
  throw new Error('clients/typescript/dist has no verifier.wasm: build it there first, such pages could verify nothing')
}

const css = minifiedCss()
const written = new Map()
const write = (name, content) => {
  writeFileSync(join(dist, name), content)
  written.set(name, digest(content, 'hex'))
}

// The self-contained file: code, styles and verifier inside, and a policy that lets nothing else run.
const inside = await bundle({ format: 'iife', inside: true })
const single = page('all', {
  csp: `default-src 'none'; script-src '${source(inside)}' 'wasm-unsafe-eval'; style-src '${source(css)}'; img-src data:; connect-src https: http://localhost:* http://127.0.0.1:*; base-uri 'none'; form-action 'none'`,
  title: 'Register and verify',
  brand: '<span>Perf-Aggregator</span>',
  nav: '<button type="button" class="link" id="to-register" aria-current="page">Register</button> <button type="button" class="link" id="to-verify">Verify</button>',
  style: `<style>${css}</style>`,
  script: `<script>${inside}</script>`,
  content: `<div data-part="register">${registerPage({
    whose: 'This page’s code is the file on your device: it asks nobody for more, and calls only the service you name.',
    safer: `<p>Before you type a key, compare the SHA-256 of the file with the one of the release, as its publisher gives it: <code>sha256sum ${SINGLE}</code> (Linux, macOS: <code>shasum -a 256</code>), <code>Get-FileHash ${SINGLE}</code> (Windows).</p>`,
    service: 'The enclave, or a main service in front of it: <code>https://HOST:PORT</code>.',
  })}</div><div data-part="verify" hidden>${read('src/pages/verify.html')}</div>`,
})
write(SINGLE, single)
write(`${SINGLE}.sha256`, `${digest(single, 'hex')}  ${SINGLE}\n`)

const code = await bundle({ format: 'esm', inside: false })
write('app.css', css)
write('code/app.js', code)
for (const name of verifiers) write(name, readFileSync(join(client, name)))
const site = {
  csp: CSP_SITE,
  style: '<link rel="stylesheet" href="app.css">',
  script: '<script type="module" src="code/app.js"></script>',
}
write('index.html', page('start', { ...site, title: 'Proof of performance', content: read('src/pages/start.html') }))
write('register.html', page('register', { ...site, title: 'Register', content: registerPage({
  whose: 'This page’s code comes from whoever serves it, <strong class="host">this host</strong>: whoever can change it there can read what you type here.',
  safer: `<p>Safer is the self-contained file, which stays the same on your disk: <a href="${SINGLE}" download>${SINGLE}</a>. Compare its SHA-256 with the one of the release, from its publisher and not from here alone:</p>
    <p><code class="hash" id="published">${digest(single, 'hex')}</code></p>
    <details class="how"><summary>How to check it</summary><p>Linux: <code>sha256sum ${SINGLE}</code><br>macOS: <code>shasum -a 256 ${SINGLE}</code><br>Windows: <code>Get-FileHash ${SINGLE}</code></p></details>`,
  service: 'The service that serves this page, and no other: the page may call nobody else.',
}) }))
write('verify.html', page('verify', { ...site, title: 'Verify', content: read('src/pages/verify.html') }))
const files = Object.fromEntries([...written].sort(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync(join(dist, 'build.json'), `${JSON.stringify({ sha256: files }, null, 2)}\n`)
console.log(`${dist}: ${readdirSync(dist).length} entries; ${SINGLE} ${(single.length / 1024).toFixed(0)} KiB, code ${(code.length / 1024).toFixed(0)} KiB`)

/** One page: the frame around its content. */
function page(name, parts) {
  const current = to => (to === name ? ' aria-current="page"' : '')
  const all = {
    page: name,
    brand: '<a href="index.html">Perf-Aggregator</a>',
    nav: `<a href="register.html"${current('register')}>Register</a> <a href="verify.html"${current('verify')}>Verify</a>`,
    ...parts,
  }
  return filled(read('src/pages/frame.html'), all)
}

function registerPage(parts) {
  return filled(read('src/pages/register.html'), parts)
}

/** A template with its places filled; each has to be there. */
function filled(template, parts) {
  return template.replace(/\{\{(\w+)\}\}/g, (_, name) => {
    if (parts[name] === undefined) throw new Error(`nothing to put for ${name}`)
    return parts[name]
  })
}

/** How a security policy names this text. */
function source(text) {
  return `sha256-${digest(text, 'base64')}`
}

/** The code as one text, with the verifier inside or beside it. */
async function bundle({ format, inside }) {
  const verifier = {
    name: 'verifier',
    setup(build) {
      build.onResolve({ filter: /^pages:verifier$/ }, () => ({ path: 'verifier', namespace: 'pages' }))
      build.onLoad({ filter: /.*/, namespace: 'pages' }, () => ({
        contents: inside
          ? `import bytes from ${JSON.stringify(join(client, 'verifier.wasm'))}; export { bytes }`
          : 'export const bytes = undefined',
        resolveDir: here,
      }))
    },
  }
  const { outputFiles, warnings } = await build({
    absWorkingDir: here,
    entryPoints: ['src/main.ts'],
    bundle: true,
    write: false,
    format,
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    charset: 'ascii',
    loader: { '.wasm': 'binary', '.css': 'text' },
    // Asked only where the verifier is loaded from beside the code.
    define: inside ? { 'import.meta.url': '"about:blank"' } : {},
    plugins: [verifier],
    logLevel: 'warning',
  })
  if (warnings.length > 0) throw new Error('the bundle has warnings')
  return outputFiles[0].text
}

function minifiedCss() {
  const sheets = ['src/app.css', 'src/views.css', 'src/figures/figures.css'].filter(name => existsSync(join(here, name)))
  // As it stands but for comments: light-dark() is left to the browser.
  return sheets.map(name => read(name)).join('\n').replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s+/gm, '').replace(/\n+/g, '\n').trim() + '\n'
}

function checkTypes() {
  const { config } = ts.readConfigFile(join(here, 'tsconfig.json'), ts.sys.readFile)
  const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, here)
  const complaints = ts.getPreEmitDiagnostics(ts.createProgram(fileNames, options))
  if (complaints.length === 0) return
  const host = { getCanonicalFileName: name => name, getCurrentDirectory: () => here, getNewLine: () => '\n' }
  process.stderr.write(ts.formatDiagnostics(complaints, host))
  process.exit(1)
}
