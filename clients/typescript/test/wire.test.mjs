//! Bytes on the wire, and addresses.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { serviceUrl } from '../dist/esm/service_url.js'
import { decode, encode, padded, unpadded } from '../dist/esm/wire.js'

test('base64url is that of others, and comes back', () => {
  for (let length = 0; length < 200; length += 1) {
    const bytes = new Uint8Array(randomBytes(length))
    assert.equal(encode(bytes), Buffer.from(bytes).toString('base64url'))
    assert.deepEqual(decode(encode(bytes)), bytes)
  }
})

test('a text that is not base64url in its one form is none', () => {
  for (const bad of ['A', 'AA=', 'AA==', 'AB', 'AAB', 'A+A', 'A/A', 'A A', 'AA\n', 'ü', 'AAA\u{10000}', 'AA\0A']) assert.equal(decode(bad), undefined, bad)
})

test('padding goes to whole steps and comes off again', () => {
  for (const [length, steps] of [[0, 1], [1, 1], [1023, 1], [1024, 1], [1025, 2], [16384, 16]]) {
    const body = new Uint8Array(length).fill(0x78)
    assert.equal(padded(body).length, steps * 1024)
    assert.deepEqual(unpadded(padded(body)), body)
  }
})

test('https goes anywhere and http stays on this machine', () => {
  for (const [said, origin] of [
    ['https://enclave.example', 'https://enclave.example'], ['https://Enclave.example:8443/', 'https://enclave.example:8443'], ['http://localhost:3000', 'http://localhost:3000'],
    ['http://127.8.9.1', 'http://127.8.9.1'], ['http://[::1]:3000', 'http://[::1]:3000'],
    ['http://LOCALHOST:3000', 'http://localhost:3000'], ['http://[0:0:0:0:0:0:0:1]:3000', 'http://[::1]:3000'], [' https://enclave.example:443 ', 'https://enclave.example'],
  ]) assert.equal(serviceUrl(said).origin, origin)
})

test('what is not an address of a service is refused, and not repeated', () => {
  for (const said of [
    undefined, 3, '', 'localhost:3000', 'enclave.example', '/somewhere', 'https://', 'https:enclave.example', 'https://host:70000', 'https://host:0', 'ftp://host', 'file:///etc',
    'https://user:planted@host', 'https://planted@host', 'https://host/path', 'https://host/?query', 'https://host/#fragment', 'https://ho st', 'https:\\\\host', 'javascript://host',
    'http://enclave.example', 'http://10.0.0.1:3000', 'http://0.0.0.0:3000', 'http://localhost.example:3000', 'http://127.0.0.1.example', 'http://[::ffff:127.0.0.1]:3000',
    // The parser makes 127.0.0.1 of each of these; perfagg takes none.
    'http://127.1:3000', 'http://2130706433', 'http://0x7f000001:3000', 'http://0177.0.0.1', 'http://127.0.0.1.:3000', 'http://%31%32%37.0.0.1', 'http://１２７.0.0.1',
  ]) {
    assert.throws(() => serviceUrl(said), error => error.code === 'URL_INVALID' && !error.message.includes('planted') && error.hint !== '', String(said))
  }
})
