//! Asks before a tab is closed that holds a session nobody else has: its id is in memory only, and goes with it.

function ask(event: BeforeUnloadEvent): void {
  event.preventDefault();
}

/** From now on. */
export function stay(): void {
  addEventListener('beforeunload', ask);
}

/** There is nothing left to lose. */
export function leave(): void {
  removeEventListener('beforeunload', ask);
}
