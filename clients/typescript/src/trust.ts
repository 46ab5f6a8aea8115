//! Whom the client believes: a policy and roots (ATTESTATION.md section 5), chosen by the caller, never by a service.

import { UsageError } from './failure.js';
import { isObject } from './wire.js';

/** What evidence must show: a JSON object as docs/policy.md says. The verifier reads it, and refuses what is no policy. */
export type Policy = Readonly<Record<string, unknown>>;

/** Trust in development evidence: made by `dangerousDevelopment` alone. */
export class DevelopmentTrust {
  readonly #root: string;
  readonly #policy: Policy | undefined;

  /** @internal */
  constructor(root: string, policy: Policy | undefined) {
    if (typeof root !== 'string' || !root.includes('-----BEGIN CERTIFICATE-----')) {
      throw new UsageError('POLICY_INVALID', 'dangerousDevelopment takes the text of one PEM certificate.');
    }
    this.#root = root;
    this.#policy = policy;
  }

  /** @internal */
  static of(value: unknown): { root: string; policy: Policy | undefined } | undefined {
    if (typeof value !== 'object' || value === null || !(#root in value)) return undefined;
    return { root: value.#root, policy: value.#policy };
  }
}

/** Policy and roots, as the verifier takes them. */
export interface Trust {
  /** Null: the one that was released with this client. Nothing was released yet, so it accepts nothing. */
  readonly policy: Policy | null;
  readonly developmentRoot: string | null;
  /** Environments whose figures are accepted. */
  readonly environments: readonly string[];
}

/** Trust in what the caller named, for figures of these environments. A policy is never widened; where a development root
 *  was named, `development` is asked for too: evidence under that root serves nothing else. */
export function trust(chosen: unknown, environments: readonly string[]): Trust {
  const development = DevelopmentTrust.of(chosen);
  // Null is not what was left out: whoever meant a policy must not get another one.
  const policy = development === undefined ? chosen : development.policy;
  const asked = [...environments, ...(development === undefined ? [] : ['development'])];
  if (policy === undefined) return builtIn(development?.root, asked);
  if (!isObject(policy)) {
    throw new UsageError(
      'POLICY_INVALID',
      'policy must be an object as docs/policy.md says, or dangerousDevelopment(root).',
    );
  }
  const copy = copied(policy);
  const named: unknown = 'environment' in copy ? copy['environment'] : ['live'];
  if (!Array.isArray(named)) throw new UsageError('POLICY_INVALID', 'environment of the policy must be a list.');
  const accepted = named.filter((name): name is string => asked.includes(name as string));
  if (accepted.length === 0) throw new UsageError('POLICY_ENVIRONMENT');
  const developmentRoot = development?.root ?? null;
  return { policy: { ...copy, environment: accepted }, developmentRoot, environments: accepted };
}

/** A copy by way of JSON, so that it cannot change later. */
function copied(policy: Record<string, unknown>): Record<string, unknown> {
  try {
    const copy: unknown = JSON.parse(JSON.stringify(policy));
    if (isObject(copy)) return copy;
  } catch {
    // Said below.
  }
  throw new UsageError('POLICY_INVALID', 'policy must be what JSON can say.');
}

function builtIn(root: string | undefined, asked: readonly string[]): Trust {
  if (root !== undefined) return { policy: null, developmentRoot: root, environments: ['development'] };
  return { policy: null, developmentRoot: null, environments: asked };
}
