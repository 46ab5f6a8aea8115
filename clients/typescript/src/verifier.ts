//! The verifier: our Rust one, compiled to wasm32 without imports (clients/verifier). Pure: evidence, policy, roots, time
//! and nonce go in, a verdict comes out. Each verdict is given by a fresh instance.

import { AnswerError, AttestationError, UsageError, savedError, type Refusal, type SavedRefusal } from './failure.js';
import { HERE } from './place.js';
import { decodeExactly, isCount, isObject, object, text, utf8, type Bytes } from './wire.js';

/** The files of the verifier and their SHA-256, hex: build.mjs writes them. Nothing else is ever run, wherever it is
 *  loaded from. `verifier.wasm` judges every kind of evidence and saved answers; the others the evidence of one family,
 *  and are smaller. */
export const VERIFIERS = {
  'verifier.wasm': '',
  'verifier-dcap.wasm': '',
  'verifier-sev-snp.wasm': '',
  'verifier-nitro.wasm': '',
} as const satisfies Record<string, string>;

type File = keyof typeof VERIFIERS;

/** Which file judges which kind of evidence. */
const FAMILIES: ReadonlyMap<unknown, File> = new Map<unknown, File>([
  ['sgx-dcap', 'verifier-dcap.wasm'],
  ['tdx', 'verifier-dcap.wasm'],
  ['dev-sgx', 'verifier-dcap.wasm'],
  ['dev-tdx', 'verifier-dcap.wasm'],
  ['sev-snp', 'verifier-sev-snp.wasm'],
  ['nitro', 'verifier-nitro.wasm'],
]);

const WASM_BYTES_MAX = 16 * 1024 * 1024;
/** An answer about a saved answer repeats it. */
const ANSWER_BYTES_MAX = 48 * 1024 * 1024;

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

/** What it is asked of a saved answer. */
export interface SavedRequest {
  readonly call: 'verify_saved';
  readonly saved: string;
  /** It is to be a receipt, and no answer to a read. */
  readonly receipt?: boolean;
  readonly policy: object | null;
  readonly development_root: string | null;
}

/** A verdict in plain words, the same that `perfagg` says. */
export interface Said {
  /** The one sentence to remember. */
  readonly headline: string;
  /** Which program runs. */
  readonly program: string;
  /** Inside what it runs. */
  readonly hardware: string;
  /** The machine's patch level, as its vendor judges it. */
  readonly platform: string;
  /** What to know of a machine that is behind, and is accepted for a while. */
  readonly amber: string | null;
  /** How one is connected, and who sees what; null of a saved answer. */
  readonly connection: string | null;
  /** What this does not prove, each as the end of a sentence. To be shown with the rest. */
  readonly not_proven: readonly string[];
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
  /** The verdict in plain words. */
  readonly said: Said;
  readonly [member: string]: unknown;
}

/** A saved answer that holds. */
export interface SavedVerdict {
  /** When it was signed, by the enclave's clock, RFC 3339. */
  readonly signedAt: string;
  /** The key that signed it, hex. */
  readonly resultKey: string;
  /** What was asked for: `/enclave/summary/{session_id}`. */
  readonly path: string;
  /** Who signed it; `said` is of the saved answer. */
  readonly enclave: VerifiedEnclave;
  readonly said: Said;
  /** What it says: a summary, metrics, or a receipt. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** Judges evidence: gives the enclave, or throws why it was refused. */
export type Verify = (request: Request) => Promise<VerifiedEnclave>;
/** Judges a saved answer: gives what it says, or throws why it was refused. */
export type VerifySaved = (request: SavedRequest) => Promise<SavedVerdict>;

/** Both. */
export interface Verifier {
  readonly verify: Verify;
  readonly saved: VerifySaved;
}

/** Bytes of the verifier, or the module made of them. */
export type VerifierSource = ArrayBuffer | Uint8Array;

interface Exports {
  readonly memory: WebAssembly.Memory;
  allocate(length: number): number;
  verify(pointer: number, length: number): number;
  answer_length(): number;
}

/** The verifier of this package, loaded at its first use. */
export function packagedVerifier(source?: VerifierSource): Verifier {
  const modules = new Map<string, Promise<WebAssembly.Module>>();
  const module = (file: File): Promise<WebAssembly.Module> => {
    const made = modules.get(file) ?? compiled(source ?? (() => load(file)), Object.values(VERIFIERS));
    modules.set(file, made);
    // What could not be loaded may be there the next time.
    made.catch(() => modules.delete(file));
    return made;
  };
  return {
    verify: async (request) => judged(request, await module(fileFor(request.bundle))),
    saved: async (request) => judgedSaved(request, await module('verifier.wasm')),
  };
}

/** The file that judges this evidence. Whoever lies about its kind meets a verifier that refuses it. */
function fileFor(bundle: string): File {
  const file = FAMILIES.get(object(bundle)?.['tee']) ?? 'verifier.wasm';
  return isPackaged(file) ? file : 'verifier.wasm';
}

/** build.mjs writes the hashes into the text: what is here need not be what is shipped. */
function isPackaged(file: File): boolean {
  return (VERIFIERS[file] as string) !== '';
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
  const answer = await answered(request, module, tooLarge);
  const enclave = enclaveOf(answer);
  if (answer['ok'] === true && enclave !== undefined) return frozen(enclave);
  if (answer['ok'] === false && isRefusal(answer)) throw notUnderstood(answer) ?? new AttestationError(answer);
  throw new UsageError('VERIFIER_FAILED');
}

/** The same of a saved answer. */
export async function judgedSaved(request: SavedRequest, module: WebAssembly.Module): Promise<SavedVerdict> {
  const answer = await answered(request, module, savedTooLarge);
  const [enclave, { signed_at, result_key, path, body }] = [enclaveOf(answer), answer];
  const texts = isText(signed_at) && isText(result_key) && isText(path);
  if (answer['ok'] === true && enclave !== undefined && texts && isObject(body)) {
    return frozen({ signedAt: signed_at, resultKey: result_key, path, enclave, said: enclave.said, body });
  }
  if (answer['ok'] === false && isSavedRefusal(answer)) throw savedError(answer);
  if (answer['ok'] === false && isRefusal(answer)) {
    const hint = 'Saved answers are judged by verifier.wasm alone: give its bytes as the option verifier.';
    throw notUnderstood(answer) ?? new UsageError('VERIFIER_MISSING', hint);
  }
  throw new UsageError('VERIFIER_FAILED');
}

/** What a request was not understood for is its caller's, not the service's: this decides the advice alone. */
function notUnderstood(refusal: Refusal): UsageError | undefined {
  const ours = /^(policy|development_root): /.test(refusal.text);
  return ours ? new UsageError('POLICY_INVALID', refusal.text) : undefined;
}

async function answered(
  request: Request | SavedRequest,
  module: WebAssembly.Module,
  tooLarge: () => AnswerError | AttestationError,
): Promise<Record<string, unknown>> {
  // No imports: it reaches neither clock, nor network, nor us.
  const instance = await WebAssembly.instantiate(module, {});
  // Half of a character is none in JSON, and would make the request one that is not understood.
  const asked = { ...request, ...('saved' in request ? { saved: text(utf8(request.saved)) } : {}) };
  return object(ask(instance.exports as unknown as Exports, utf8(JSON.stringify(asked)), tooLarge)) ?? {};
}

function ask(
  verifier: Exports,
  request: Bytes,
  tooLarge: () => AnswerError | AttestationError,
): string | undefined {
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
    if (failure instanceof AttestationError || failure instanceof AnswerError) throw failure;
    return undefined;
  }
}

function tooLarge(): AttestationError {
  const refused = { class: 'malformed', step: 1, step_name: 'sizes and form', against_policy: false, steps: [] };
  const hint = 'Check the address. Otherwise do not use this service.';
  return new AttestationError({ ...refused, text: 'the bundle is larger than one may be', hint });
}

function savedTooLarge(): AnswerError {
  const text = 'it proves nothing: the file is larger than any saved answer';
  const refused = { kind: 'form', code: 'NOT_VERIFIED', class: 'malformed', step: null, step_name: null } as const;
  return new AnswerError({ ...refused, text, hint: 'Believe nothing of it.' });
}

/** The same, which nobody can change: calls rest on it. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(frozen);
  return value;
}

/** The enclave and what is said of it: what calls rest on is there, whatever else is. */
function enclaveOf(answer: Record<string, unknown>): VerifiedEnclave | undefined {
  const enclave = isObject(answer['enclave']) ? { ...answer['enclave'], said: answer['said'] } : undefined;
  return isEnclave(enclave) ? enclave : undefined;
}

function isEnclave(value: unknown): value is VerifiedEnclave {
  if (!isObject(value)) return false;
  const { hpke_public_key, result_key, keyset_hash, epoch, environment, time, development, said } = value;
  const keys = decodeExactly(32, hpke_public_key) && decodeExactly(32, result_key) && decodeExactly(64, keyset_hash);
  const counts = isCount(epoch) && isCount(time) && typeof development === 'boolean';
  return keys !== undefined && counts && areTexts(environment) && isSaid(said);
}

function isSaid(value: unknown): value is Said {
  if (!isObject(value)) return false;
  const { headline, program, hardware, platform, amber, connection, not_proven } = value;
  const maybe = [amber, connection].every((member) => member === null || isText(member));
  return areTexts([headline, program, hardware, platform]) && maybe && areTexts(not_proven);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function areTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(isText);
}

function isRefusal(value: Record<string, unknown>): value is Record<string, unknown> & Refusal {
  const { class: kind, step, step_name, text: said, hint, against_policy, steps } = value;
  const texts = areTexts([kind, step_name, said, hint]);
  return texts && isCount(step) && typeof against_policy === 'boolean' && Array.isArray(steps);
}

function isSavedRefusal(value: Record<string, unknown>): value is Record<string, unknown> & SavedRefusal {
  const { kind, code, class: refused, text: said, hint, step, step_name } = value;
  const where = kind === 'form' ? step === null && step_name === null : isCount(step) && isText(step_name);
  return areTexts([code, refused, said, hint]) && ['form', 'evidence', 'policy'].includes(String(kind)) && where;
}
