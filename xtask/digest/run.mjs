//! Runs the wasm build of the digest: `node run.mjs FILE BYTES` prints so many bytes, in hexadecimal. It imports nothing.

import { readFile } from "node:fs/promises";

const [file, bytes] = process.argv.slice(2);
const { module, instance } = await WebAssembly.instantiate(await readFile(file), {});
const wanted = WebAssembly.Module.imports(module);
if (wanted.length > 0) throw new Error(`it wants ${wanted.map(({ name }) => name).join(", ")}`);
// Each call of `main` gives the next byte (src/main.rs says why).
const digest = Uint8Array.from({ length: Number(bytes) }, () => instance.exports.main(0, 0));
console.log(Buffer.from(digest).toString("hex"));
