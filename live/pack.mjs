// `node pack.mjs FOLDER WHEEL`: what the site serves for live blocks. The scripts are bundled, and
// Python's core, NumPy and the compiled sources are gathered in FOLDER/runtime.
import {cpSync, mkdirSync, readFileSync, rmSync, writeFileSync} from "node:fs"
import {basename, join} from "node:path"
import {fileURLToPath} from "node:url"
import {build} from "esbuild"
import {loadPyodide} from "pyodide"

const [out, wheel] = process.argv.slice(2)
const here = name => fileURLToPath(new URL(name, import.meta.url))
const runtime = join(out, "runtime"), core = here("node_modules/pyodide/")
rmSync(out, {recursive: true, force: true})
mkdirSync(runtime, {recursive: true})

const common = {bundle: true, minify: true, format: "esm", target: "es2022", outdir: out, legalComments: "linked", logLevel: "warning"}
await build({...common, entryPoints: [here("live.js"), here("live.css")], external: ["./editor.js"]})
await build({...common, entryPoints: [here("editor.js"), here("worker.js")]})

for (const name of ["pyodide.mjs", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip"]) cpSync(core + name, join(runtime, name))
const lock = JSON.parse(readFileSync(core + "pyodide-lock.json"))
writeFileSync(join(runtime, "pyodide-lock.json"), JSON.stringify({...lock, packages: {numpy: lock.packages.numpy}}))
cpSync(wheel, join(runtime, basename(wheel)))

const python = await loadPyodide({packages: ["numpy"], packageCacheDir: join(wheel, ".."), stdout: () => {}})
python.mountNodeFS("/crossgrad", here(".."))
const archive = python.runPython(`
import sys
sys.path.insert(0, "/crossgrad")
from crossgrad.browser.archive import pack
pack("/crossgrad")
`)
writeFileSync(join(runtime, "reference.zip"), archive.toJs())
