//! Streams of events: opened chunk by chunk, cut and mended, and never believed when a stranger touched them.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { pauseS } from '../dist/esm/client.js'
import { FrameReader } from '../dist/esm/events.js'
import { AnswerError, RefusedError } from '../dist/esm/failure.js'
import { SESSION, b64, frame, problem } from './service.mjs'
import { failure, setup } from './setup.mjs'

const sync = (id, progress = 1) => ({ id, event: 'sync', data: { state: 'live', progress } })
const metrics = id => ({ id, event: 'metrics', data: { as_of: '2026-11-22T00:00:00Z', revision: id } })
const expired = id => ({ id, event: 'expiry', data: { state: 'expired', session_expires: '2026-11-22T00:00:00Z' } })
const closing = id => ({ id, event: 'closing', data: { why: 'time' } })
const opened = sealer => frame('opened', b64(sealer.nonce))
const sealed = (sealer, event) => frame('sealed', sealer.chunk(event, false), sealer.counter - 1)
const last = (sealer, event) => frame('final', sealer.chunk(event, true), sealer.counter - 1)

/** Watches to the end; what was seen, and how it ended. */
async function watched(client, clock, options) {
  const seen = []
  const ended = (async () => {
    for await (const event of client.watch(options)) seen.push(event)
  })()
  const error = await clock.run(ended.then(() => undefined, failed => failed))
  return { seen, error }
}

function watching(...streams) {
  const made = setup({ sessionId: SESSION })
  made.streams = streams
  made.service.stream = async function* (sealer, body) {
    const stream = streams.shift()
    if (stream === undefined) throw new Error('no more streams')
    yield* stream(sealer, body)
  }
  return made
}

test('events come in their order, whatever pieces they come in, and end with the session', async () => {
  for (const size of [1, 7, 1000, 1_000_000]) {
    const { client, clock, service } = watching(function* (sealer) {
      const whole = [opened(sealer), ':\n\n', sealed(sealer, sync(1)), frame('chatter', 'of a stranger'), sealed(sealer, { id: 2, event: 'later', data: 3 }), sealed(sealer, metrics(3)), last(sealer, expired(4))].join('')
      for (let at = 0; at < whole.length; at += size) yield whole.slice(at, at + size)
    })
    const { seen, error } = await watched(client, clock, { after: 0 })
    assert.equal(error, undefined)
    assert.deepEqual(seen, [sync(1), metrics(3), expired(4)])
    assert.deepEqual(service.bodies.at(-1), { session_id: SESSION, after: 0 })
  }
})

test('a stream that was cut or closed is taken up after the last event that opened', async () => {
  const { client, clock, service } = watching(
    function* (sealer) { yield opened(sealer) + sealed(sealer, sync(5)) + sealed(sealer, metrics(6)).slice(0, -3) },
    function* (sealer) { yield opened(sealer) + sealed(sealer, metrics(6)) + last(sealer, closing(7)) },
    function* (sealer) { yield opened(sealer) + last(sealer, expired(8)) },
  )
  const { seen, error } = await watched(client, clock)
  assert.equal(error, undefined)
  assert.deepEqual(seen.map(event => event.id), [5, 6, 7, 8])
  assert.deepEqual(service.bodies.map(body => body.after), [undefined, 5, 7])
})

test('what a stranger moves, repeats, drops, forges or ends too early is not believed', async () => {
  const tampered = {
    'reordered': (sealer, [one, two, three]) => [one, three, two],
    'repeated': (sealer, [one, two, three]) => [one, two, two, three],
    'dropped': (sealer, [one, , three]) => [one, three],
    'forged': (sealer, [one]) => [one, frame('sealed', b64(Buffer.alloc(1040)))],
    'in clear': (sealer, [one]) => [one, frame('sealed', JSON.stringify(metrics(2)))],
    'called the last': (sealer, [one, two]) => [one, two.replace('event: sealed', 'event: final')],
    'called not the last': (sealer, [one, two, three]) => [one, two, three.replace('event: final', 'event: sealed')],
    'of another stream': (sealer, [one, , , other]) => [one, other],
    'too long': (sealer, [one]) => [one, `data: ${'x'.repeat(70_000)}`],
    'of too many lines': (sealer, [one]) => [one, 'data: x\n'.repeat(70_000)],
  }
  let other
  for (const [name, change] of Object.entries(tampered)) {
    const { client, clock } = watching(function* (sealer) {
      const begin = opened(sealer)
      const frames = [sealed(sealer, sync(1)), sealed(sealer, metrics(2)), last(sealer, expired(3))]
      other ??= frames[1]
      yield begin + change(sealer, [...frames, other]).join('')
    })
    const { seen, error } = await watched(client, clock)
    assert.ok(error instanceof AnswerError, `${name}: ${error}`)
    assert.equal(error.code, 'ANSWER_NOT_SEALED', name)
    assert.ok(seen.length <= 2 && seen.every((event, at) => event.id === at + 1), name)
  }
})

test('a stream that does not begin with its nonce is none', async () => {
  for (const begin of [frame('sealed', 'AAAA'), frame('opened', 'AAAA'), frame('final', ''), frame('', 'x')]) {
    const { client, clock } = watching(function* () { yield begin })
    assert.equal((await watched(client, clock)).error.code, 'ANSWER_NOT_SEALED')
  }
})

test('events in a form that nobody knows are not guessed at', async () => {
  for (const said of ['[]', 'text', {}, { id: -1, event: 'sync', data: {} }, { id: 1, event: 'sync', data: {} }, { id: 1, event: 'metrics', data: { as_of: 3, revision: 1 } }]) {
    const { client, clock } = watching(function* (sealer) { yield opened(sealer) + sealed(sealer, said) })
    assert.equal((await watched(client, clock)).error.code, 'ANSWER_UNKNOWN_FORM', JSON.stringify(said))
  }
})

test('a service that is away is waited for ever longer, and given up after some eight minutes', async () => {
  const { client, clock, service } = watching(function* (sealer) { yield opened(sealer) + sealed(sealer, sync(1)) })
  const { seen, error } = await watched(client, clock)
  assert.deepEqual(seen, [sync(1)])
  assert.equal(error.code, 'CONNECTION_FAILED')
  assert.ok(service.bodies.length > 10 && service.bodies.slice(1).every(body => body.after === 1))
  assert.equal(clock.elapsedMs, 483_000)
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map(failures => pauseS(failures)), [0, 1, 2, 4, 8, 16, 32, 60, 60, 60])
  assert.deepEqual([pauseS(1, 9), pauseS(1, 9000), pauseS(1e9)], [9, 60, 60])
})

test('silence for 45 seconds is a stream that was cut', async () => {
  const { client, clock } = watching(
    async function* (sealer) {
      yield opened(sealer) + sealed(sealer, sync(1))
      await new Promise(() => undefined)
    },
    function* (sealer) { yield opened(sealer) + last(sealer, expired(2)) },
  )
  const { seen, error } = await watched(client, clock)
  assert.equal(error, undefined)
  assert.deepEqual(seen, [sync(1), expired(2)])
  assert.equal(clock.elapsedMs, 45_000)
})

test('what the enclave refuses ends it, keys that were replaced do not', async () => {
  const { client, clock, service } = setup({ sessionId: SESSION })
  service.answers.set('GET /enclave/events/{session_id}', () => [401, problem('SESSION_UNKNOWN', 401)])
  const { error } = await watched(client, clock)
  assert.ok(error instanceof RefusedError && error.endsSession)
  const other = watching(function* (sealer) { yield opened(sealer) + last(sealer, expired(1)) })
  await other.client.attest()
  other.service.rotate()
  assert.deepEqual((await watched(other.client, other.clock)).seen, [expired(1)])
  assert.equal(other.service.quotes, 2)
})

test('whoever watches ends it when they like', async () => {
  const endless = async function* (sealer) {
    yield opened(sealer)
    for (let id = 1; ; id += 1) yield sealed(sealer, sync(id))
  }
  const one = watching(endless)
  for await (const event of one.client.watch()) if (event.id === 3) break
  assert.equal(one.clock.timers.size, 0)
  const controller = new AbortController()
  const two = watching(async function* (sealer) {
    yield opened(sealer) + sealed(sealer, sync(1))
    await new Promise(() => undefined)
  })
  const seen = []
  const ended = await failure((async () => {
    for await (const event of two.client.watch({ signal: controller.signal })) {
      seen.push(event)
      setImmediate(() => controller.abort(new Error('enough')))
    }
  })())
  assert.equal(ended.message, 'enough')
  assert.equal(two.clock.timers.size, 0)
  assert.equal((await failure(two.client.watch({ signal: AbortSignal.abort(new Error('before')) }).next())).message, 'before')
})

test('lines end as the standard allows and strange fields are left alone', () => {
  const text = 'retry: 3\r\nevent:a\r\ndata:1\rdata: 2\ndata\r\n\r\nevent: nothing\n\n: comment\n\ndata: 3\n\n'
  const expected = [{ event: 'a', data: '1\n2\n' }, { event: '', data: '3' }]
  for (let size = 1; size <= text.length; size += 1) {
    const reader = new FrameReader()
    const frames = []
    for (let at = 0; at < text.length; at += size) frames.push(...reader.read(new TextEncoder().encode(text.slice(at, at + size))))
    assert.deepEqual(frames, expected, `pieces of ${size}`)
  }
})
