//! What a client saw of a store: sent with reads, and never told less than before.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { Memory } from '../dist/esm/checkpoints.js'
import { HolderKey } from '../dist/esm/holder.js'
import { SESSION, problem } from './service.mjs'
import { failure, setup } from './setup.mjs'

const root = byte => Buffer.alloc(32, byte).toString('base64url')
const at = (seq, byte, anchored = false) => ({ seq, root: root(byte), anchored })
const SUMMARY = 'GET /enclave/summary/{session_id}'
const METRICS = 'GET /enclave/metrics/{session_id}'

/** From now on the store is there. */
function tells(service, checkpoint) {
  service.answers.set('POST /enclave/sessions', () => [201, { ...service.opened(), checkpoint, record: {} }])
  service.answers.set(SUMMARY, () => [200, { ...service.summary(), checkpoint }])
  service.answers.set(METRICS, () => [200, { environment: service.stamp(), checkpoint }])
}

test('the last checkpoint goes with the next read, and with no revocation', async () => {
  const { service, client } = setup()
  tells(service, at(5, 1))
  await client.register()
  tells(service, at(6, 2, true))
  await client.getSummary()
  await client.getMetrics()
  await client.revoke()
  assert.deepEqual(service.bodies.map(body => body.checkpoint), [undefined, at(5, 1), at(6, 2, true), undefined])
})

test('figures of an older store, or of another one, are not given', async () => {
  const { service, client } = setup()
  tells(service, at(7, 1))
  await client.register()
  const before = client.checkpoints
  for (const older of [at(6, 9), at(7, 2), at(0, 1)]) {
    tells(service, older)
    for (const call of ['getSummary', 'getMetrics']) {
      const refused = await failure(client[call]())
      assert.deepEqual([refused.code, refused.constructor.name, refused.isTransient], ['STATE_ROLLED_BACK', 'AnswerError', false])
      assert.match(refused.hint, /operator/)
    }
    assert.deepEqual(client.checkpoints, before)
  }
  for (const good of [at(7, 1, true), at(8, 3), at(8, 3), null, undefined]) {
    tells(service, good)
    await client.getSummary()
  }
  assert.equal(client.checkpoints[0].seq, 8)
  for (const odd of [{}, { seq: 9, root: 'x', anchored: false }, { seq: -1, root: root(1), anchored: false }, { seq: 9, root: root(1) }, 3]) {
    tells(service, odd)
    assert.equal((await failure(client.getSummary())).code, 'ANSWER_UNKNOWN_FORM')
  }
})

test('what one client saw the next one remembers', async () => {
  const { service, client, make } = setup()
  tells(service, at(7, 1))
  await client.register()
  const kept = JSON.parse(JSON.stringify(client.checkpoints))
  const hash = createHash('sha256').update(SESSION).digest('base64url')
  const deployment = Buffer.alloc(32, 1).toString('base64url')
  assert.deepEqual(kept, ['f', hash].map(of => ({ deployment, of, ...at(7, 1) })))

  tells(service, at(6, 1))
  const again = make({ sessionId: SESSION, checkpoints: kept })
  assert.equal((await failure(again.getSummary())).code, 'STATE_ROLLED_BACK')
  const anew = make({ checkpoints: kept })
  assert.equal((await failure(anew.register())).code, 'STATE_ROLLED_BACK')
  assert.deepEqual([anew.sessionId, service.signed.at(-1)[0]], [undefined, 'DELETE /enclave/sessions/{session_id}'], 'its key does not stay at an old store')
  await make({ sessionId: SESSION }).getSummary()
  assert.ok(!JSON.stringify(kept).includes(SESSION))
})

/** From now on the store went through these states and is at the last; it judges what a caller saw as the enclave does. */
function went(service, roots) {
  tells(service, at(roots.length, roots.at(-1)))
  const judging = (route, answer) => service.answers.set(route, body => {
    const { seq, root: seen } = body.checkpoint ?? {}
    return seq === undefined || (roots[seq - 1] !== undefined && root(roots[seq - 1]) === seen) ? answer(body) : [503, problem('STATE_ROLLED_BACK', 503)]
  })
  for (const route of [SUMMARY, METRICS]) judging(route, service.answers.get(route))
}

/** A registration at a store that went through `roots`, by who saw `seen`; and what was called for it. */
async function registeredAgain(seen, roots, holder) {
  const { service, client, make } = setup({ holder })
  went(service, seen)
  await client.register()
  const before = service.signed.length
  went(service, roots)
  const again = make({ checkpoints: client.checkpoints })
  const outcome = await again.register().catch(error => error)
  return { service, again, outcome, seen: client.checkpoints, called: service.signed.slice(before).map(([route]) => route) }
}
const REGISTER = 'POST /enclave/sessions'
const REVOKE = 'DELETE /enclave/sessions/{session_id}'

test('a store that grew past what was seen another way is refused at registration', async () => {
  for (const holder of [undefined, await HolderKey.generate()]) {
    const { again, outcome, seen, called } = await registeredAgain([1, 2, 3], [1, 2, 8, 9], holder)
    assert.deepEqual([outcome.code, outcome.isTransient, again.sessionId], ['STATE_ROLLED_BACK', false, undefined])
    assert.deepEqual(called, [REGISTER, SUMMARY, REVOKE], 'its key does not stay there')
    assert.deepEqual(again.checkpoints, seen, 'what was seen stays')
  }
})

test('a store that went on from what was seen shows it at registration', async () => {
  const on = await registeredAgain([1, 2, 3], [1, 2, 3, 4, 5])
  assert.deepEqual([on.outcome.session_id, on.called, on.again.checkpoints.at(-1).seq], [SESSION, [REGISTER, SUMMARY], 5])
  // The question is what was seen, and nothing else.
  assert.deepEqual(on.service.bodies.at(-1), { session_id: SESSION, checkpoint: at(3, 3) })
  // One that stands still, or is behind by its own word, needs no question.
  const still = await registeredAgain([1, 2, 3], [1, 2, 3])
  assert.deepEqual([still.outcome.session_id, still.called], [SESSION, [REGISTER]])
  const behind = await registeredAgain([1, 2, 3], [1, 2])
  assert.deepEqual([behind.outcome.constructor.name, behind.outcome.code, behind.called], ['AnswerError', 'STATE_ROLLED_BACK', [REGISTER, REVOKE]])
})

test('a registration whose question is not answered is not taken', async () => {
  const { service, client, make } = setup()
  went(service, [1, 2, 3])
  await client.register()
  const older = service.answers.get(SUMMARY)
  const { checkpoints } = client
  went(service, [1, 2, 3, 4])
  for (const [answer, code] of [
    [() => [503, problem('STORE_UNAVAILABLE', 503)], 'STORE_UNAVAILABLE'],
    [() => [401, problem('SESSION_UNKNOWN', 401)], 'SESSION_UNKNOWN'],
    [older, 'STATE_ROLLED_BACK'],
  ]) {
    service.answers.set(SUMMARY, answer)
    const again = make({ checkpoints })
    assert.equal((await failure(again.register())).code, code)
    assert.deepEqual([again.sessionId, again.checkpoints, service.signed.at(-1)[0]], [undefined, checkpoints, REVOKE])
  }
  // The same client may try again: it kept the credentials.
  const again = make({ checkpoints })
  await failure(again.register())
  went(service, [1, 2, 3, 4])
  await again.register()
})

test('a record is remembered by its holder, and every deployment by itself', async () => {
  const holder = await HolderKey.generate()
  const { service, client, make } = setup({ holder })
  tells(service, at(7, 1))
  await client.register()
  assert.deepEqual(client.checkpoints.map(seen => seen.of), [holder.publicKey])
  tells(service, at(3, 1))
  assert.equal((await failure(client.getSummary())).code, 'STATE_ROLLED_BACK')
  const kept = client.checkpoints.map(seen => ({ ...seen, deployment: root(2) }))
  await make({ sessionId: SESSION, checkpoints: kept }).getSummary()
})

test('a memory has a bound and forgets what was not seen for the longest time', () => {
  const memory = new Memory()
  for (let number = 0; number < 256; number += 1) memory.notice('d', [String(number)], { checkpoint: at(1, 1) })
  memory.notice('d', ['0'], { checkpoint: at(1, 1) })
  memory.notice('d', ['new'], { checkpoint: at(1, 1) })
  assert.equal(memory.list.length, 256)
  assert.deepEqual([memory.last('d', ['0'])?.seq, memory.last('d', ['1'])], [1, undefined])
  assert.deepEqual(new Memory([{ deployment: 'd', of: 'x', ...at(2, 1) }, { deployment: 'd', of: 'x', ...at(1, 1) }]).last('d', ['x']), at(2, 1))
})
