//! A client, its service and its clock.

import { dangerousWithParts } from '../dist/esm/client.js'
import { dangerousDevelopment } from '../dist/esm/development.js'
import { Service, TestClock } from './service.mjs'

export const PEM = '-----BEGIN CERTIFICATE-----\nMAo=\n-----END CERTIFICATE-----\n'
/** Texts that must not appear anywhere but under a seal. */
export const SECRETS = { apiKey: 'planted-key-1f0c', secret: 'planted-secret-9ab3', passphrase: 'planted-phrase-77de' }
export const ACCOUNT = { userId: 'trader-john', exchange: 'binance', ...SECRETS }

export function setup(options = {}) {
  const clock = new TestClock()
  const service = new Service(clock)
  const parts = { clock, fetch: service.fetch, verify: service.verify }
  const make = more => dangerousWithParts({ enclaveUrl: 'https://enclave.example:3000', policy: dangerousDevelopment(PEM), ...ACCOUNT, ...options, ...more }, parts)
  return { clock, service, make, client: make() }
}

/** What a promise fails with. */
export async function failure(promise) {
  try {
    await promise
  } catch (error) {
    return error
  }
  throw new Error('it did not fail')
}
