// Makes the Python blocks of a page runnable and editable. Nothing more is loaded before a reader
// asks for it: Python at the first Run, the editor at the first Edit.
import {Block} from "./block.js"
import * as python from "./python.js"

const BLOCKS = ".language-python.highlight[id^=block-], .jp-CodeCell .jp-InputArea .highlight-ipynb"

class Page {
  constructor() {
    this.address = location.pathname
    const sources = document.querySelectorAll(BLOCKS)
    this.blocks = Array.from(sources, (source, index) => new Block(this, source, index + 1))
    this.runnable = this.blocks.filter(block => !block.reason)
  }

  // Runs the earlier blocks that have not run yet, then this one.
  async run(block, next = false) {
    const running = python.running()
    if (running) return block.say(`Block ${running.number} is still running`)
    if (next) this.runnable[this.runnable.indexOf(block) + 1]?.focus()
    const before = this.runnable.filter(other => other.number < block.number && !other.whenAsked)
    for (const one of before.filter(other => !other.ran)) {
      block.say(`Running block ${one.number} first…`)
      if (!await this.runOne(one)) return block.say(`Not run: block ${one.number} did not finish`)
    }
    await this.runOne(block)
  }

  async runOne(block) {
    block.clear()
    block.busy(true)
    return block.end(await python.run(this.address, block))
  }

  leave() {
    if (python.running()) python.stop()
    python.forget(this.address)
  }
}

let page = null
python.onLost(() => page?.blocks.forEach(block => { block.ran = false }))

function mount() {
  page?.leave()
  page = new Page()
}

if (window.document$) window.document$.subscribe(mount)   // also after instant navigation
else mount()
