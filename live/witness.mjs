// The witness `wasm`: `node witness.mjs FD` runs pages in Pyodide. It speaks the protocol of
// crossgrad/nursery.py over the socket with that number, one page at a time. Python is in a thread,
// so that a block without end can be ended; the page after it gets a new one.
import {Socket} from "node:net"
import {Worker} from "node:worker_threads"
import {createInterface} from "node:readline"

const socket = new Socket({fd: Number(process.argv[2])})
const say = message => socket.write(JSON.stringify(message) + "\n")

let python = null      // the thread
let ready = null       // resolves when it can take a page
let job = null         // {number, seconds, timer} of the page that it runs
const waiting = []

function start() {
  const thread = python = new Worker(new URL("witness_python.mjs", import.meta.url))
  ready = new Promise((resolve, reject) => {
    thread.on("message", message => {
      if (message.ready) return resolve()
      if (thread === python) relay(message)
    })
    thread.on("error", error => { reject(error); lose(thread, `Python ended: ${error.message}`) })
    thread.on("exit", () => { reject(new Error("Python ended")); lose(thread, "its Python ended") })
  })
  ready.catch(() => {})
}

function relay({text, end}) {
  if (text === undefined) return finish(end ?? null)
  socket.write(`{"job": ${job.number}, ${text.slice(1)}\n`)
  extend()
}

function extend() {
  clearTimeout(job.timer)
  job.timer = setTimeout(() => lose(python, `it did not end within ${job.seconds} s`), job.seconds * 1000)
}

function lose(thread, why) {
  if (thread !== python) return
  python = null
  thread.terminate()
  if (job) finish(why)
}

function finish(why) {
  clearTimeout(job.timer)
  say({job: job.number, end: why})
  job = null
  next()
}

async function next() {
  if (job || !waiting.length) return
  const {job: number, order, seconds} = waiting.shift()
  job = {number, seconds}
  try {
    if (!python) start()
    await ready
    extend()
    python.postMessage(JSON.stringify(order))
  } catch (error) {
    finish(`Python did not start: ${error.message}`)
  }
}

start()
try {
  await ready
  say({ready: true})
} catch (error) {
  say({broken: `Pyodide does not start: ${error.message}`})
}
createInterface({input: socket}).on("line", line => { waiting.push(JSON.parse(line)); next() })
socket.on("close", () => process.exit())
socket.on("error", () => process.exit())
