//! What the build writes: the same bytes each time, nothing of another origin, nothing inline but in the self-contained
//! file, whose policy names exactly the code and the styles it has.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'

const web = join(import.meta.dirname, '..')
const skip = !existsSync(join(web, '../typescript/dist/verifier.wasm')) && 'clients/typescript is not built with its verifier'
const sha256 = (bytes, form = 'hex') => createHash('sha256').update(bytes).digest(form)

describe('The build', { skip }, () => {
  let folders
  const read = (name, from = folders[0]) => readFileSync(join(from, name), 'utf8')

  before(() => {
    folders = ['a', 'b'].map(name => mkdtempSync(join(tmpdir(), `perfagg-build-${name}-`)))
    // From another place and in another zone and language, as another machine would.
    const others = [{ cwd: web, env: {} }, { cwd: tmpdir(), env: { TZ: 'Asia/Tokyo', LANG: 'tr_TR.UTF-8' } }]
    others.forEach(({ cwd, env }, at) => {
      const made = spawnSync(process.execPath, [join(web, 'build.mjs'), folders[at]], { cwd, env: { ...process.env, ...env } })
      assert.equal(made.status, 0, String(made.stderr))
    })
  })
  after(() => folders.forEach(folder => rmSync(folder, { recursive: true, force: true })))

  it('writes the same bytes twice, and says their SHA-256', () => {
    const [first, second] = folders.map(folder => readdirSync(folder, { recursive: true }).sort())
    assert.deepEqual(first, second)
    const files = first.filter(name => name !== 'code')
    for (const name of files) {
      assert.equal(sha256(readFileSync(join(folders[0], name))), sha256(readFileSync(join(folders[1], name))), name)
    }
    const listed = JSON.parse(read('build.json')).sha256
    assert.deepEqual(Object.keys(listed), files.filter(name => name !== 'build.json'))
    for (const [name, hash] of Object.entries(listed)) assert.equal(sha256(readFileSync(join(folders[0], name))), hash, name)
  })

  it('publishes the hash of the self-contained file in the form that sha256sum -c reads', () => {
    const hash = sha256(readFileSync(join(folders[0], 'perf-aggregator.html')))
    assert.equal(read('perf-aggregator.html.sha256'), `${hash}  perf-aggregator.html\n`)
    assert.ok(read('register.html').includes(hash))
  })

  it('lets nothing run in the self-contained file but what it was built with', () => {
    const html = read('perf-aggregator.html')
    const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(html)
    const inline = (name, text) => [...text.matchAll(new RegExp(`<${name}>([\\s\\S]*?)</${name}>`, 'g'))].map(([, content]) => content)
    const scripts = inline('script', html)
    // The code holds the words of a tear sheet's own style.
    const styles = inline('style', html.replace(scripts[0], ''))
    assert.equal(scripts.length, 1)
    assert.equal(styles.length, 1)
    assert.ok(policy.includes(`script-src 'sha256-${sha256(scripts[0], 'base64')}' 'wasm-unsafe-eval'`))
    assert.ok(policy.includes(`style-src 'sha256-${sha256(styles[0], 'base64')}'`))
    assert.ok(policy.startsWith("default-src 'none'"))
    assert.ok(policy.includes('connect-src https: http://localhost:* http://127.0.0.1:*'))
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)/)
    assert.doesNotMatch(html.replace(scripts[0], ''), /(src|href)="(?!#|data:)/, 'it loads nothing')
  })

  it('has no inline code, style or handler in the served pages, and no other origin', () => {
    for (const name of ['index.html', 'register.html', 'verify.html']) {
      const html = read(name)
      assert.doesNotMatch(html, /<script(?! type="module" src=)|<style|\sstyle=|\son[a-z]+=/, name)
      const addresses = [...html.matchAll(/(?:src|href|action)="([^"]*)"/g)].map(([, address]) => address)
      for (const address of addresses) assert.match(address, /^(#|data:image|[a-z.-]+(\/app\.js)?$)/, name)
    }
    assert.doesNotMatch(read('app.css'), /url\(|@import/)
    for (const word of ['localStorage', 'sessionStorage', 'indexedDB', 'document.cookie', 'innerHTML', 'pushState', 'replaceState']) {
      assert.ok(!read('code/app.js').includes(word), word)
    }
  })
})
