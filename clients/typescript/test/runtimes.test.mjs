//! The package in Deno and in Bun, where they are: on the path, or where PERFAGG_DENO and PERFAGG_BUN name them.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'

const script = new URL('runtimes/journey.mjs', import.meta.url).pathname

for (const [name, options] of [['deno', ['run', '--no-prompt', '--allow-read', script]], ['bun', [script]]]) {
  const program = process.env[`PERFAGG_${name.toUpperCase()}`] ?? name
  const missing = spawnSync(program, ['--version']).status !== 0
  test(`the package runs in ${name}`, { skip: missing && `${program} is not there: npm install ${name} brings it` }, () => {
    const { status, stdout, stderr } = spawnSync(program, options, { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.match(stdout, /^done: sealed calls, signed calls, the journey/)
  })
}
