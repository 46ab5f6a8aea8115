//! The verdict on evidence as a page shows it: the verifier's own words, and how loudly they are shown.

import type { Said, VerifiedEnclave } from '@perf-aggregator/secure-client';

/** A verdict as it is shown. */
export interface Verdict extends Said {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly development: boolean;
  readonly measurement: string;
  readonly release: string | null;
  readonly validUntil: string | undefined;
  readonly platformIds: readonly string[];
  readonly steps: readonly unknown[];
}

/** The verdict of evidence that was accepted. */
export function verdictOf(enclave: VerifiedEnclave): Verdict {
  const { said, development, platform_ids: ids, steps } = enclave;
  return {
    ...said,
    tone: toneOf(enclave),
    development,
    measurement: textOf(enclave['measurement']) ?? '',
    release: textOf(enclave['release']) ?? null,
    validUntil: textOf(enclave['valid_until']),
    platformIds: Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [],
    steps: Array.isArray(steps) ? steps : [],
  };
}

/** Good only where nothing is left to be borne with: hardware, program and patch level. */
function toneOf({ development, said, measurement_checked: isChecked }: VerifiedEnclave): Verdict['tone'] {
  if (development) return 'bad';
  return said.amber === null && isChecked === true ? 'good' : 'warn';
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
