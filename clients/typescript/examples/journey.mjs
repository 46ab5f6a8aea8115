// The journey: verify the enclave, seal a read-only key to it, read the figures, end the session.
//   SERVICE_URL=… BINANCE_API_KEY=… BINANCE_SECRET=… node journey.mjs
// Against the demo, DEVELOPMENT_ROOT names its root: development evidence proves nothing about hardware.
import { readFileSync } from 'node:fs'
import { SecureClient, SecureClientError } from '@perf-aggregator/secure-client'
import { dangerousDevelopment } from '@perf-aggregator/secure-client/development'

const { SERVICE_URL, BINANCE_API_KEY, BINANCE_SECRET, DEVELOPMENT_ROOT } = process.env
const client = new SecureClient({
  enclaveUrl: SERVICE_URL ?? 'http://localhost:3000',
  userId: 'trader-john',
  exchange: 'binance',
  apiKey: BINANCE_API_KEY,
  secret: BINANCE_SECRET,
  policy: DEVELOPMENT_ROOT === undefined ? undefined : dangerousDevelopment(readFileSync(DEVELOPMENT_ROOT, 'utf8')),
})

try {
  const { account, key_rights, expires_at } = await client.register()
  console.log(`${account.venue}: key is ${key_rights.verdict}, session until ${expires_at}`)

  for await (const { event, data } of client.watch()) {
    if (event === 'sync') console.error(`${data.state}, ${Math.round(data.progress * 100)} %`)
    if (event === 'metrics') break
  }

  const summary = await client.getSummary()
  console.log(`equity ${summary.equity ?? 'unknown'} ${summary.quote_currency}, ${summary.trades.fills} fills`)
  const metrics = await client.getMetrics()
  console.log(`environment ${summary.environment}, ${metrics.months.length} months`)

  console.log((await client.revoke()).note)
} catch (error) {
  if (!(error instanceof SecureClientError)) throw error
  console.error(`${error.name} ${error.code}: ${error.message}`)
  process.exitCode = 1
}
