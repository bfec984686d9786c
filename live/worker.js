// The page's Python: Pyodide in a worker of its own, so that the page stays usable while code runs
// and a loop without end can be stopped.
const tell = message => self.postMessage(message)
const status = text => tell({type: "status", text})
let ready

async function boot({runtime, interrupt}) {
  status("Getting Python (about 10 MB, the first time only)…")
  const archive = fetched(runtime + "reference.zip")        // under way while Python starts
  archive.catch(() => {})
  const {loadPyodide} = await import(runtime + "pyodide.mjs")
  const python = await loadPyodide({
    indexURL: runtime, packages: ["numpy"],
    stdin: () => null, stdout: () => {}, stderr: text => console.warn(text),
  })
  status("Starting Python…")
  python.unpackArchive(await archive, "zip", {extractDir: "/crossgrad"})
  if (interrupt) python.setInterruptBuffer(interrupt)
  python.runPython('import sys; sys.path.insert(0, "/crossgrad")')
  return python.pyimport("crossgrad.browser.session")
}

async function fetched(url) {
  const answer = await fetch(url)
  if (!answer.ok) throw new Error(`${url}: ${answer.status}`)
  return answer.arrayBuffer()
}

self.onmessage = async ({data}) => {
  if (data.type === "boot") { ready = boot(data); return }
  const {id} = data
  try {
    const session = await ready
    if (data.type === "forget") return session.forget(data.page)
    status("Running…")
    const begin = performance.now()
    const outcome = session.run(data.page, data.block, (type, text) => tell({type, id, text}))
    tell({type: "done", id, outcome: JSON.parse(outcome), seconds: (performance.now() - begin) / 1000})
  } catch (error) {
    // A reader may stop a block before its code begins. Else Python did not start, or it crashed:
    // the page starts a new one.
    if (error?.type === "KeyboardInterrupt") return tell({type: "done", id, outcome: {}, seconds: 0})
    tell({type: "crash", id, text: String(error?.message ?? error)})
  }
}
