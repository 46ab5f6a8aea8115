//! The verdict on evidence in plain words: which hardware, which program, which platform, and what all that leaves open.
//! The verifier says it itself (`said`) where it is new enough; an older one's members are put into the same words here.

import type { VerifiedEnclave } from '@perf-aggregator/secure-client';
import { instant } from './words.js';

/** What a verdict says. */
export interface Said {
  readonly hardware: string;
  readonly program: string;
  readonly platform: string;
  readonly not_proven: readonly string[];
  /** The one sentence to remember. */
  readonly headline?: string;
  /** What to know of a machine that is behind, and is accepted for a while. */
  readonly amber?: string | null;
  /** How one is connected, and who sees what. */
  readonly connection?: string | null;
}

/** A verdict as it is shown. */
export interface Verdict extends Said {
  readonly tone: 'good' | 'warn' | 'bad';
  readonly headline: string;
  readonly development: boolean;
  readonly measurement: string;
  readonly release: string | null;
  readonly validUntil: string | undefined;
  readonly platformIds: readonly string[];
  readonly steps: readonly unknown[];
}

const HARDWARE: ReadonlyMap<unknown, string> = new Map([
  ['sgx-dcap', 'Intel SGX enclave'],
  ['tdx', 'Intel TDX virtual machine'],
  ['sev-snp', 'AMD SEV-SNP virtual machine'],
  ['nitro', 'AWS Nitro enclave'],
  ['dev-sgx', 'none: development evidence in the form of an Intel SGX enclave'],
  ['dev-tdx', 'none: development evidence in the form of an Intel TDX virtual machine'],
]);

const PATCHES: ReadonlyMap<unknown, string> = new Map([
  ['UpToDate', 'up to date'],
  ['SWHardeningNeeded', 'up to date; programs must guard themselves against known weaknesses'],
  ['ConfigurationNeeded', 'patched, but its settings leave known weaknesses open'],
  [
    'ConfigurationAndSWHardeningNeeded',
    'patched, but its settings leave known weaknesses open, and programs must guard themselves',
  ],
  ['OutOfDate', 'behind: it lacks patches that its vendor has published'],
]);

const OF_A_SERVICE = [
  'that the service stays available: its operator can stop it at any time',
  'that an exchange tells the truth about an account',
  'that the hardware withstands side channels and physical attacks beyond what its vendor mitigates',
  'that nobody learns when you call, how much is sent, and which exchange is asked',
  'that your own device is sound: a key is read there before it is sealed',
];

/** The verdict of evidence that was accepted. */
export function verdictOf(enclave: VerifiedEnclave): Verdict {
  const said = saidBy(enclave['said']) ?? derived(enclave);
  const judged = headline(enclave, release(enclave));
  const ids = enclave['platform_ids'];
  const steps = enclave['steps'];
  return {
    ...said,
    tone: judged.tone,
    headline: said.headline ?? judged.headline,
    development: enclave.development,
    measurement: textOf(enclave['measurement']) ?? '',
    release: release(enclave),
    validUntil: textOf(enclave['valid_until']),
    platformIds: Array.isArray(ids) ? ids.filter((id) => typeof id === 'string') : [],
    steps: Array.isArray(steps) ? steps : [],
  };
}

function release(enclave: VerifiedEnclave): string | null {
  return textOf(enclave['release']) ?? null;
}

function headline(enclave: VerifiedEnclave, named: string | null): Pick<Verdict, 'tone' | 'headline'> {
  if (enclave.development) {
    return {
      tone: 'bad',
      headline: 'Development evidence: its parts fit together, and that proves nothing about hardware.',
    };
  }
  const amber = membersOf(membersOf(enclave['outcome'])?.['amber']);
  if (amber !== undefined) {
    const until = textOf(amber['until']) ?? amber['until'];
    const when = typeof until === 'string' || typeof until === 'number' ? `, until ${instant(until)}` : '';
    return { tone: 'warn', headline: `Genuine, on a platform with known weaknesses that your policy bears with${when}.` };
  }
  if (enclave['measurement_checked'] !== true) {
    return { tone: 'warn', headline: 'Genuine hardware; which program runs in it was not compared with any release.' };
  }
  const name = named === null ? 'a program that your policy names' : `release ${named}`;
  return { tone: 'good', headline: `Genuine: ${name} runs in protected hardware, and nobody else can open what you seal.` };
}

function derived(enclave: VerifiedEnclave): Said {
  const checked = enclave['measurement_checked'] === true;
  const named = release(enclave);
  const tcb = membersOf(enclave['tcb']);
  const advisories = tcb?.['advisories'];
  const advised = Array.isArray(advisories) && advisories.length > 0 ? `; advisories: ${advisories.join(', ')}` : '';
  const status = textOf(tcb?.['status']);
  const matches = named === null ? 'one that your policy names' : `release ${named}`;
  return {
    hardware: HARDWARE.get(enclave['tee']) ?? 'of a kind that this page has no words for',
    program: checked ? matches : 'not compared with any release',
    platform:
      status === undefined
        ? 'its vendor signs no judgement of the patch level'
        : `${PATCHES.get(status) ?? 'with weaknesses that its vendor names'} (${status})${advised}`,
    not_proven: [
      ...(enclave.development
        ? ['anything about hardware: whoever runs this enclave can read and sign what they like']
        : []),
      ...(checked ? [] : ['which program runs: its measurement was not compared with any release']),
      ...OF_A_SERVICE,
    ],
  };
}

/** What the verifier said itself, if it is in the form that is known. */
export function saidBy(value: unknown): Said | undefined {
  const { hardware, program, platform, not_proven, headline, amber, connection } = membersOf(value) ?? {};
  const texts = [hardware, program, platform].every((text) => typeof text === 'string');
  const items = Array.isArray(not_proven) && not_proven.every((item) => typeof item === 'string');
  const further = [headline, amber, connection].every((text) => text === undefined || text === null || typeof text === 'string');
  return texts && items && further ? (value as Said) : undefined;
}

function membersOf(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
