//! Whether the service answers. The client takes a cut stream up again by itself and says nothing of it, so the page
//! watches each `fetch` go by: when the last answer came, and whether the last try failed.

/** What is known. */
export interface Reach {
  /** When an answer came last. */
  readonly seen: Date | undefined;
  readonly isAnswering: boolean;
}

/** A call that is given up after so long was not answered. */
const PATIENCE_MS = 10_000;

type Listener = (reach: Reach) => void;

const listeners = new Set<Listener>();
let reach: Reach = { seen: undefined, isAnswering: true };

/** Tells at each change; gives what ends that. */
export function onReach(listener: Listener): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Begins to watch, and no more: what is asked and answered passes as it is. */
export function watchReach(): void {
  const inner = globalThis.fetch;
  globalThis.fetch = async (...call) => {
    const started = performance.now();
    try {
      const response = await inner(...call);
      tell({ seen: new Date(), isAnswering: true });
      return response;
    } catch (failure) {
      // What was called off at once says nothing of the service; what was called off late had been waited for.
      const calledOff = call[1]?.signal?.aborted === true && performance.now() - started < PATIENCE_MS;
      if (!calledOff) tell({ seen: reach.seen, isAnswering: false });
      throw failure;
    }
  };
  addEventListener('offline', () => tell({ seen: reach.seen ?? new Date(), isAnswering: false }));
}

function tell(next: Reach): void {
  reach = next;
  for (const listener of listeners) listener(next);
}
