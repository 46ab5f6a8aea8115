//! What a client remembers of a service's store: the last checkpoint of each account and record that it saw. A store that is
//! behind one of them was put back to an older state, and figures of it leave out what was already told.

import { AnswerError, UsageError } from './failure.js';
import { decodeExactly, isCount, isObject } from './wire.js';

/** How far a store has come with an account or a record. */
export interface Checkpoint {
  /** How many changes. */
  readonly seq: number;
  /** A hash over all of them. */
  readonly root: string;
  /** Whether somebody outside vouches that there is no later one. False is no alarm. */
  readonly anchored: boolean;
}

/** The last checkpoint that was seen of an account or a record: plain JSON, to be kept and given to the next client. */
export interface SeenCheckpoint extends Checkpoint {
  /** The key that signs results there. */
  readonly deployment: string;
  /** The fingerprint of an account, the public key of a record's holder, or the hash of a session's id. */
  readonly of: string;
}

/** Accounts and records that are remembered at once; those that were not seen for the longest time go first. */
const SEEN_MAX = 256;

/** The last checkpoints that were seen. */
export class Memory {
  readonly #seen = new Map<string, SeenCheckpoint>();

  constructor(kept: unknown = []) {
    if (!Array.isArray(kept) || !kept.every(isSeen)) {
      throw new UsageError('OPTION_INVALID', 'checkpoints must be what client.checkpoints gave.');
    }
    for (const seen of kept) if (!isBehind(seen, this.#at(seen.deployment, seen.of))) this.#keep(seen);
  }

  /** All of them. */
  get list(): SeenCheckpoint[] {
    return [...this.#seen.values()].map((seen) => ({ ...seen }));
  }

  /** The last one of what has these names; undefined if none was seen. */
  last(deployment: string, names: readonly string[]): Checkpoint | undefined {
    const seen = names.map((name) => this.#at(deployment, name)).filter((one) => one !== undefined);
    const last = seen.sort((one, other) => other.seq - one.seq)[0];
    return last && { seq: last.seq, root: last.root, anchored: last.anchored };
  }

  /** Judges the checkpoint of an answer, if it has one, by what was seen of what has these names, and remembers it. */
  notice(deployment: string, names: readonly string[], answer: Record<string, unknown>): void {
    const came = this.judged(deployment, names, answer);
    if (came === undefined) return;
    const { seq, root, anchored } = came;
    for (const of of names) this.#keep({ deployment, of, seq, root, anchored });
  }

  /** The checkpoint of an answer, if it has one, and if it is not behind what was seen; nor behind `before`. */
  judged(
    deployment: string,
    names: readonly string[],
    answer: Record<string, unknown>,
    before?: Checkpoint,
  ): Checkpoint | undefined {
    const came = answer['checkpoint'] ?? undefined;
    if (came === undefined) return undefined;
    if (!isCheckpoint(came)) throw new AnswerError('ANSWER_UNKNOWN_FORM');
    const seen = [before, ...names.map((name) => this.#at(deployment, name))];
    if (seen.some((one) => isBehind(came, one))) throw new AnswerError('STATE_ROLLED_BACK');
    return came;
  }

  /** Forgets what was seen of a record. */
  forget(deployment: string, of: string): void {
    this.#seen.delete(`${deployment} ${of}`);
  }

  #at(deployment: string, of: string): SeenCheckpoint | undefined {
    return this.#seen.get(`${deployment} ${of}`);
  }

  #keep({ deployment, of, seq, root, anchored }: SeenCheckpoint): void {
    const name = `${deployment} ${of}`;
    // The last one seen stands last.
    this.#seen.delete(name);
    this.#seen.set(name, { deployment, of, seq, root, anchored });
    const [first] = this.#seen.keys();
    if (this.#seen.size > SEEN_MAX && first !== undefined) this.#seen.delete(first);
  }
}

/** True of an older state, and of another one. */
function isBehind(came: Checkpoint, seen: Checkpoint | undefined): boolean {
  return seen !== undefined && (came.seq < seen.seq || (came.seq === seen.seq && came.root !== seen.root));
}

function isCheckpoint(value: unknown): value is Checkpoint {
  if (!isObject(value)) return false;
  const { seq, root, anchored } = value;
  return isCount(seq) && decodeExactly(32, root) !== undefined && typeof anchored === 'boolean';
}

function isSeen(value: unknown): value is SeenCheckpoint {
  if (!isObject(value) || !isCheckpoint(value)) return false;
  const { deployment, of } = value as Record<string, unknown>;
  return [deployment, of].every((text) => typeof text === 'string' && text.length <= 128);
}
