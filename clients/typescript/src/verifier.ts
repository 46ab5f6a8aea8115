//! The verifier: our Rust one, compiled to wasm32 without imports (clients/verifier). Pure: evidence, policy, roots, time
//! and nonce go in, a verdict comes out. Each verdict is given by a fresh instance.

import { AttestationError, UsageError, type Refusal } from './failure.js';
import { HERE } from './place.js';
import { decodeExactly, isCount, isObject, object, text, utf8, type Bytes } from './wire.js';

/** The files of the verifier and their SHA-256, hex: build.mjs writes them. Nothing else is ever run, wherever it is
 *  loaded from. `verifier.wasm` judges every kind of evidence; the other one Intel's alone, and is smaller. */
export const VERIFIERS: Readonly<Record<'verifier.wasm' | 'verifier-dcap.wasm', string>> = {
  'verifier.wasm': '',
  'verifier-dcap.wasm': '',
};

/** Kinds of evidence of Intel's structure. */
const DCAP: readonly unknown[] = ['sgx-dcap', 'tdx', 'dev-sgx', 'dev-tdx'];

const WASM_BYTES_MAX = 16 * 1024 * 1024;
const ANSWER_BYTES_MAX = 4 * 1024 * 1024;

/** What the verifier is asked. */
export interface Request {
  readonly call: 'verify';
  readonly bundle: string;
  readonly policy: object | null;
  readonly development_root: string | null;
  readonly nonce: string | null;
  readonly asked_at: number;
  readonly now: number;
  readonly direct: false;
  /** Null where TLS ends at a key that this client cannot see. */
  readonly connection: null | 'plain';
}

/** An enclave that was verified: what is public of it. */
export interface VerifiedEnclave {
  readonly hpke_public_key: string;
  readonly result_key: string;
  readonly keyset_hash: string;
  readonly epoch: number;
  readonly environment: readonly string[];
  /** The enclave's time when it answered, Unix seconds. */
  readonly time: number;
  /** True for development evidence, which proves nothing about hardware. */
  readonly development: boolean;
  readonly [member: string]: unknown;
}

/** Judges evidence: gives the enclave, or throws why it was refused. */
export type Verify = (request: Request) => Promise<VerifiedEnclave>;

/** Bytes of the verifier, or the module made of them. */
export type VerifierSource = ArrayBuffer | Uint8Array;

interface Exports {
  readonly memory: WebAssembly.Memory;
  allocate(length: number): number;
  verify(pointer: number, length: number): number;
  answer_length(): number;
}

/** The verifier of this package, loaded at its first use. */
export function packagedVerifier(source?: VerifierSource): Verify {
  const modules = new Map<string, Promise<WebAssembly.Module>>();
  return async (request) => {
    const file = fileFor(request.bundle);
    const module = modules.get(file) ?? compiled(source ?? (() => load(file)), Object.values(VERIFIERS));
    modules.set(file, module);
    try {
      return judged(request, await module);
    } catch (failure) {
      // What could not be loaded may be there the next time.
      if (failure instanceof UsageError) modules.delete(file);
      throw failure;
    }
  };
}

/** The file that judges this evidence. Whoever lies about its kind meets a verifier that refuses it. */
function fileFor(bundle: string): keyof typeof VERIFIERS {
  const dcap = VERIFIERS['verifier-dcap.wasm'] !== '' && DCAP.includes(object(bundle)?.['tee']);
  return dcap ? 'verifier-dcap.wasm' : 'verifier.wasm';
}

/** Compiles bytes that have one of these SHA-256, and no others. */
export async function compiled(
  source: VerifierSource | (() => Promise<VerifierSource>),
  known: readonly string[],
): Promise<WebAssembly.Module> {
  if (known.every((sha256) => sha256 === '')) {
    throw new UsageError('VERIFIER_MISSING', 'This is a build without a verifier: it can verify nothing.');
  }
  let bytes: Bytes;
  try {
    // A copy: what is hashed is what is compiled.
    bytes = new Uint8Array(typeof source === 'function' ? await source() : source).slice();
  } catch {
    throw new UsageError('VERIFIER_MISSING');
  }
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const hex = [...digest].map((byte) => byte.toString(16).padStart(2, '0')).join('');
  if (!known.includes(hex)) throw new UsageError('VERIFIER_ALTERED');
  return WebAssembly.compile(bytes);
}

/** Reads a file from where the package has it: from disk for Node, Deno and Bun, by URL for browsers. */
async function load(file: keyof typeof VERIFIERS): Promise<VerifierSource> {
  const url = new URL(`../${file}`, HERE);
  if (url.protocol === 'file:') {
    // Not an import: bundlers for browsers would look for it.
    const { process } = globalThis as { process?: { getBuiltinModule?: (name: string) => unknown } };
    const files = process?.getBuiltinModule?.('node:fs/promises') as
      { readFile(url: URL): Promise<Uint8Array> } | undefined;
    if (files === undefined) throw new Error();
    return files.readFile(url);
  }
  const response = await fetch(url, { credentials: 'omit', redirect: 'error' });
  const bytes = await response.arrayBuffer();
  if (!response.ok || bytes.byteLength > WASM_BYTES_MAX) throw new Error();
  return bytes;
}

/** The verdict of a fresh instance. */
export async function judged(request: Request, module: WebAssembly.Module): Promise<VerifiedEnclave> {
  // No imports: it reaches neither clock, nor network, nor us.
  const instance = await WebAssembly.instantiate(module, {});
  const answer = object(ask(instance.exports as unknown as Exports, utf8(JSON.stringify(request))));
  if (answer?.['ok'] === true && isEnclave(answer['enclave'])) return frozen(answer['enclave']);
  if (answer?.['ok'] === false && isRefusal(answer)) {
    // The caller's own words, not the service's: this decides the advice alone.
    const ours = /^(policy|development_root): /.test(answer.text);
    throw ours ? new UsageError('POLICY_INVALID', answer.text) : new AttestationError(answer);
  }
  throw new UsageError('VERIFIER_FAILED');
}

function ask(verifier: Exports, request: Bytes): string | undefined {
  try {
    const pointer = verifier.allocate(request.length) >>> 0;
    if (pointer === 0) throw tooLarge();
    new Uint8Array(verifier.memory.buffer).set(request, pointer);
    const at = verifier.verify(pointer, request.length) >>> 0;
    const length = verifier.answer_length() >>> 0;
    // The memory may have grown, and with it moved.
    if (length > ANSWER_BYTES_MAX) return undefined;
    return text(new Uint8Array(verifier.memory.buffer, at, length).slice());
  } catch (failure) {
    if (failure instanceof AttestationError) throw failure;
    return undefined;
  }
}

function tooLarge(): AttestationError {
  const [step, step_name] = [1, 'parse'];
  const refused = { class: 'malformed', step, step_name, text: 'the bundle is larger than one may be' };
  return new AttestationError({ ...refused, against_policy: false, steps: [] });
}

/** The same, which nobody can change: calls rest on it. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

/** What calls rest on is there, whatever else is said. */
function isEnclave(value: unknown): value is VerifiedEnclave {
  if (!isObject(value)) return false;
  const { hpke_public_key, result_key, keyset_hash, epoch, environment, time, development } = value;
  const keys = decodeExactly(32, hpke_public_key) && decodeExactly(32, result_key) && decodeExactly(64, keyset_hash);
  const counts = isCount(epoch) && isCount(time) && typeof development === 'boolean';
  return (
    keys !== undefined && counts && Array.isArray(environment) && environment.every((name) => typeof name === 'string')
  );
}

function isRefusal(value: Record<string, unknown>): value is Record<string, unknown> & Refusal {
  const { class: kind, step, step_name, text: said, against_policy, steps } = value;
  const texts = [kind, step_name, said].every((member) => typeof member === 'string');
  return texts && isCount(step) && typeof against_policy === 'boolean' && Array.isArray(steps);
}
