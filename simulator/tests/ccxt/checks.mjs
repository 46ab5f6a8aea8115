// What the checks of every venue share: an unmodified ccxt, what the simulator holds, and a count of what agrees.
//
// CCXT_DIR is a directory in which `npm install` of the package.json beside this file was run.

import { createRequire } from "node:module";
import { join } from "node:path";
import { env, exit } from "node:process";

export const ccxt = createRequire(join(env.CCXT_DIR, "package.json"))("ccxt");
export const url = env.SIMULATOR_URL;
export const truth = await (await fetch(`${url}/simulator/truth`)).json();

const counts = { passed: 0, failed: 0 };

export async function check(name, work) {
  try {
    await work();
    counts.passed += 1;
  } catch (error) {
    counts.failed += 1;
    console.log(`failed: ${name}: ${error?.constructor?.name}: ${error?.message}`);
  }
}

export function equal(got, expected, what) {
  const [a, b] = [JSON.stringify(got), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: ${String(a).slice(0, 300)} instead of ${String(b).slice(0, 300)}`);
}

/** Whether the work fails, with an error that `isRefusal` knows. */
export async function refused(work, isRefusal) {
  try {
    await work();
  } catch (error) {
    if (isRefusal(error)) return;
    throw error;
  }
  throw new Error("was not refused");
}

/** The last line, and the exit. */
export function conclude() {
  console.log(`${counts.passed} passed, ${counts.failed} failed`);
  exit(counts.failed > 0 ? 1 : 0);
}
