//! What the figures are read from: the client, with a patience of its own. The client gives a dead stream up after some
//! minutes; this one tries as long as the page is open, and at once when the network is back.

import { SecureClientError, type SecureClient, type SessionEvent } from '@perf-aggregator/secure-client';
import type { Source } from './figures/index.js';

const PAUSE_MS = 30_000;

/** The figures of one session. */
export function sourceOf(client: SecureClient): Source {
  return {
    getSummary: () => client.getSummary(),
    getMetrics: () => client.getMetrics(),
    watch: ({ signal } = {}) => patient(client, signal),
  };
}

async function* patient(client: SecureClient, signal: AbortSignal | undefined): AsyncGenerator<SessionEvent> {
  let after: number | undefined;
  for (;;) {
    const again = new AbortController();
    const stop = (): void => again.abort();
    // The client may be in a long pause between two tries when the network is back.
    const back = (): void => again.abort();
    addEventListener('online', back);
    signal?.addEventListener('abort', stop, { once: true });
    try {
      signal?.throwIfAborted();
      for await (const event of client.watch({ after, signal: again.signal })) {
        after = event.id;
        yield event;
      }
      return;
    } catch (failure) {
      signal?.throwIfAborted();
      const isTransient = failure instanceof SecureClientError && failure.isTransient;
      if (!again.signal.aborted) {
        if (!isTransient) throw failure;
        await pause(PAUSE_MS, signal);
      }
    } finally {
      removeEventListener('online', back);
      signal?.removeEventListener('abort', stop);
    }
  }
}

/** So long, or until the network is back. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener('online', done);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    addEventListener('online', done);
    signal?.addEventListener('abort', done);
  });
}
