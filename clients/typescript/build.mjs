// Builds the package into dist: ESM with types by tsc, the same in CommonJS, and the verifier beside them.
//   node build.mjs             with the verifier's files of the folder that PERFAGG_VERIFIER_DIR names, or of this one;
//                              without any, the build says so
//   node build.mjs --release   fails without one: such a package could verify nothing
import { createHash } from 'node:crypto'
import { copyFileSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import ts from 'typescript'

process.chdir(import.meta.dirname)
rmSync('dist', { recursive: true, force: true })

const replaced = (file, what, by) => {
  const text = readFileSync(file, 'utf8')
  if (text.split(what).length !== 2) throw new Error(`${file} does not have ${what} once`)
  writeFileSync(file, text.replace(what, by))
}

const { config } = ts.readConfigFile('tsconfig.json', ts.sys.readFile)
const { options, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, '.')
const program = ts.createProgram(fileNames, options)
const { diagnostics } = program.emit()
const complaints = [...ts.getPreEmitDiagnostics(program), ...diagnostics]
if (complaints.length > 0) {
  process.stderr.write(ts.formatDiagnostics(complaints, { getCanonicalFileName: name => name, getCurrentDirectory: ts.sys.getCurrentDirectory, getNewLine: () => '\n' }))
  process.exit(1)
}

const verifiers = []
for (const name of ['verifier.wasm', 'verifier-dcap.wasm', 'verifier-sev-snp.wasm', 'verifier-nitro.wasm']) {
  const file = join(process.env.PERFAGG_VERIFIER_DIR ?? '.', name)
  if (!existsSync(file)) continue
  copyFileSync(file, `dist/${name}`)
  const sha256 = createHash('sha256').update(readFileSync(file)).digest('hex')
  replaced('dist/esm/verifier.js', `'${name}': ''`, `'${name}': '${sha256}'`)
  verifiers.push(name)
}
if (!verifiers.includes('verifier.wasm')) {
  // The smaller files alone would leave evidence that nothing judges.
  if (verifiers.length > 0 || process.argv.includes('--release')) {
    process.stderr.write('verifier.wasm is not there: build clients/verifier and put it here\n')
    process.exit(1)
  }
  console.log('verifier.wasm is not there: this build can verify nothing')
}

// The checked ESM build in the other module format. What explains the code stays in its source and in the types: those who
// load it need not.
mkdirSync('dist/cjs')
const written = (file, text, module) => {
  const compilerOptions = { module, target: ts.ScriptTarget.ES2022, removeComments: true }
  writeFileSync(file, ts.transpileModule(text, { compilerOptions }).outputText)
}
for (const name of readdirSync('dist/esm')) {
  if (name.endsWith('.js')) {
    const text = readFileSync(`dist/esm/${name}`, 'utf8')
    written(`dist/esm/${name}`, text, ts.ModuleKind.ESNext)
    written(`dist/cjs/${name}`, text, ts.ModuleKind.CommonJS)
  } else {
    cpSync(`dist/esm/${name}`, `dist/cjs/${name}`)
  }
}
replaced('dist/cjs/place.js', 'import.meta.url', "require('node:url').pathToFileURL(__filename).href")
writeFileSync('dist/cjs/package.json', '{ "type": "commonjs" }\n')

const size = names => gzipSync(Buffer.concat(names.map(name => readFileSync(name)))).length
const code = readdirSync('dist/esm').filter(name => name.endsWith('.js')).map(name => `dist/esm/${name}`)
console.log(`dist: ${code.length} files, ${(size(code) / 1024).toFixed(1)} KiB gzipped`)
for (const name of verifiers) console.log(`${name}: ${(size([`dist/${name}`]) / 1024).toFixed(1)} KiB gzipped`)
