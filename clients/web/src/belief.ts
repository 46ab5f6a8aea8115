//! Which enclaves the reader believes, from the fields under Advanced: a policy, a development root, or neither.

import type { SecureClientOptions } from '@perf-aggregator/secure-client';
import { dangerousDevelopment } from '@perf-aggregator/secure-client/development';
import { textOf } from './form.js';

/** What was chosen. */
export interface Belief {
  readonly policy: SecureClientOptions['policy'];
  readonly development: boolean;
}

/** A policy that is no JSON. */
export class PolicyUnreadable extends Error {}

/** Reads both fields. */
export function belief(policyField: string, rootField: string): Belief {
  const [root, text] = [textOf(rootField), textOf(policyField)];
  const policy = text === '' ? undefined : policyIn(text);
  if (root === '') return { policy, development: false };
  return { policy: dangerousDevelopment(root, policy), development: true };
}

/** A policy, or what `perfagg policy show --json` prints around one. */
function policyIn(text: string): Record<string, unknown> {
  try {
    const read = JSON.parse(text) as unknown;
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) {
      const { policy } = read as { policy?: unknown };
      return (typeof policy === 'object' && policy !== null ? policy : read) as Record<string, unknown>;
    }
  } catch {
    // The text is not repeated: it may be anything that was on the clipboard.
  }
  throw new PolicyUnreadable();
}
