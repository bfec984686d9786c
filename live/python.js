// Python in its worker: one for the whole visit, started at the first Run.
const here = new URL(".", import.meta.url)

let worker = null
let job = null           // {id, block, resolve} of the block that runs
let interrupt = null     // memory shared with the worker, where the server allows it
let count = 0
let lost = () => {}

export const running = () => job?.block
export const onLost = action => { lost = action }

// Runs a block; resolves with {error, same, seconds}, {stopped, lost} or {crashed, error}.
export function run(page, block) {
  start()
  return new Promise(resolve => {
    job = {id: ++count, block, resolve}
    if (interrupt) interrupt[0] = 0
    worker.postMessage({type: "run", id: job.id, page, block: block.order()})
  })
}

// Interrupts the block; where memory can't be shared, or Python does not answer, it ends Python.
export function stop() {
  if (!job) return
  const {id} = job
  const end = () => { if (job?.id === id) { kill(); finish({stopped: true, lost: true}) } }
  if (!interrupt) return end()
  job.stopped = true
  interrupt[0] = 2
  setTimeout(end, 3000)
}

export function forget(page) {
  worker?.postMessage({type: "forget", page})
}

function start() {
  if (worker) return
  if (self.crossOriginIsolated) interrupt = new Uint8Array(new SharedArrayBuffer(1))
  worker = new Worker(new URL("worker.js", here), {type: "module", name: "python"})
  worker.postMessage({type: "boot", runtime: new URL("runtime/", here).href, interrupt})
  worker.onmessage = ({data}) => hear(data)
  worker.onerror = event => {
    kill()
    finish({error: event.message || "The worker did not load", crashed: true})
  }
}

function hear(data) {
  if (data.type === "status") return job?.block.say(data.text)
  if (data.id !== job?.id) return
  if (data.type === "done") finish({...data.outcome, seconds: data.seconds, stopped: job.stopped})
  else if (data.type === "crash") { kill(); finish({error: data.text, crashed: true}) }
  else job.block.write(data.type, data.text)
}

function finish(outcome) {
  const {resolve} = job ?? {}
  job = null
  resolve?.(outcome)
}

function kill() {
  worker?.terminate()
  worker = interrupt = null
  lost()
}
