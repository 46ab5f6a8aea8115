//! Runs the wasm build of the verifier: requests come on stdin, answers go to stdout, in one instance.
//!
//! A request is its length (u32, little endian) and its bytes. An answer is what it took (microseconds of processor time,
//! which others on the machine do not lengthen; u32), its
//! length (u32), and its bytes; of no buffer for it: 0xffffffff and nothing.

import { readFile } from "node:fs/promises";

const NO_BUFFER = 0xffffffff;

const { module, instance } = await WebAssembly.instantiate(await readFile(process.argv[2]), {});
const wanted = WebAssembly.Module.imports(module);
if (wanted.length > 0) throw new Error(`it wants ${wanted.map(({ name }) => name).join(", ")}`);
const { memory, allocate, verify, answer_length } = instance.exports;

function answer(request) {
  const pointer = allocate(request.length) >>> 0;
  if (pointer === 0) return undefined;
  new Uint8Array(memory.buffer, pointer, request.length).set(request);
  const at = verify(pointer, request.length) >>> 0;
  // Copied: it stands until the next call, and the memory moves when it grows.
  return Buffer.from(new Uint8Array(memory.buffer, at, answer_length() >>> 0));
}

function framed(request) {
  const begun = process.cpuUsage();
  const said = answer(request);
  const took = process.cpuUsage(begun);
  const head = Buffer.alloc(8);
  head.writeUInt32LE(took.user + took.system, 0);
  head.writeUInt32LE(said === undefined ? NO_BUFFER : said.length, 4);
  return said === undefined ? head : Buffer.concat([head, said]);
}

let chunks = [];
let held = 0;
for await (const chunk of process.stdin) {
  chunks.push(chunk);
  held += chunk.length;
  let bytes = Buffer.concat(chunks);
  while (held >= 4 && held >= 4 + bytes.readUInt32LE(0)) {
    const end = 4 + bytes.readUInt32LE(0);
    const frame = framed(bytes.subarray(4, end));
    if (!process.stdout.write(frame)) await new Promise((resolve) => process.stdout.once("drain", resolve));
    bytes = bytes.subarray(end);
    held = bytes.length;
  }
  chunks = [bytes];
}
