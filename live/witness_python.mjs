// The thread of witness.mjs that is Python. The sources are read where they are, and what is
// compiled from them is kept in .cache/, as Python itself would.
import {mkdirSync} from "node:fs"
import {fileURLToPath} from "node:url"
import {parentPort} from "node:worker_threads"
import {loadPyodide} from "pyodide"

const folder = path => fileURLToPath(new URL(path, import.meta.url))
const root = folder(".."), cache = folder("../.cache/pyodide"), bytecode = cache + "/bytecode"
mkdirSync(bytecode, {recursive: true})

const python = await loadPyodide({
  packages: ["numpy"], packageCacheDir: cache, env: {PYTHONHASHSEED: "3"},
  stdin: () => null, stdout: () => {}, stderr: text => process.stderr.write(text + "\n"),
})
python.mountNodeFS("/crossgrad", root)
python.mountNodeFS("/bytecode", bytecode)
const run = python.runPython(`
import sys
sys.path.insert(0, "/crossgrad")
sys.pycache_prefix, sys.dont_write_bytecode = "/bytecode", False
from crossgrad.browser.witness import run
run
`)
parentPort.on("message", order => {
  try {
    run(order, text => parentPort.postMessage({text}))
    parentPort.postMessage({end: null})
  } catch (error) {
    parentPort.postMessage({end: `${error.message}`.trim().split("\n").at(-1)})
  }
})
parentPort.postMessage({ready: true})
