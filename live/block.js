// One block of a page: its buttons, its editor, and the output of the reader's own run.
import {button, drawing, element} from "./elements.js"
import {stop} from "./python.js"

const HINT = "Ctrl+Enter runs, Shift+Enter runs and goes on, Esc then Tab leaves the editor."

export class Block {
  constructor(page, source, number) {
    Object.assign(this, {page, source, number, ran: false, editor: null, pending: ""})
    this.pre = source.querySelector("pre")
    this.original = this.code = read(source)
    this.raises = source.classList.contains("raises")
    this.whenAsked = source.classList.contains("when-asked")   // never a step to a later block
    this.echoes = source.matches(".jp-CodeCell *")
    this.reason = source.dataset.notLive           // why it does not run in the page
    this.mount()
  }

  mount() {
    const label = `block ${this.number}`
    this.buttons = {
      run: button("run", label, () => this.page.run(this)),
      stop: button("stop", label, stop),
      edit: button("edit", label, () => this.edit()),
      copy: button("copy", label, () => this.copy()),
      reset: button("reset", label, () => this.reset()),
    }
    this.buttons.stop.hidden = this.buttons.reset.hidden = true
    if (this.reason) this.buttons = {copy: this.buttons.copy}
    this.status = element("span", {class: "live-status", role: "status"})
    if (this.reason) this.say(`Not run in the page: ${this.reason}`)
    this.out = element("div", {class: "live-out", role: "group", "aria-label": `Your output of ${label}`, hidden: true})
    this.bar = element("div", {class: "live-bar", role: "group", "aria-label": `Code ${label}`}, ...Object.values(this.buttons), this.status)
    this.box = element("div", {class: "live", onkeydown: event => this.key(event)})
    this.source.before(this.box)
    this.box.append(this.source, this.bar, this.out)
  }

  // What Python is told of the block, as JSON.
  order() {
    const figures = document.querySelectorAll(`figure[data-block="${this.source.id}"]`)
    return JSON.stringify({
      code: this.code, filename: `block ${this.number}`, offset: 0, echoes: this.echoes,
      pictures: Array.from(figures, figure => JSON.parse(figure.dataset.picture)),
      expected: this.shown(),
    })
  }

  // The output that the page shows of this block.
  shown() {
    const outputs = this.source.id ? document.querySelectorAll(`.output[data-block="${this.source.id}"] code`) : []
    return Array.from(outputs, output => output.textContent).join("\n")
  }

  key(event) {
    if (this.reason || event.key !== "Enter" || event.defaultPrevented) return
    if (!(event.ctrlKey || event.metaKey || event.shiftKey)) return
    event.preventDefault()
    this.page.run(this, event.shiftKey)
  }

  focus() { (this.editor ?? this.buttons.run).focus() }

  say(text) { this.status.textContent = text }

  busy(on) {
    const {run, stop, reset} = this.buttons
    const focused = [run, stop].includes(document.activeElement)
    this.box.classList.toggle("live-busy", on)
    stop.hidden = !on
    run.hidden = reset.disabled = on
    if (focused) (on ? stop : run).focus({preventScroll: true})
  }

  clear() {
    this.out.replaceChildren()
    this.out.hidden = true
    this.pending = ""
  }

  write(kind, text) {
    this.out.hidden = this.buttons.reset.hidden = false
    if (kind === "text") {                   // lines that come in fast are added once a frame
      if (!this.pending) requestAnimationFrame(() => this.flush())
      this.pending += text
      return
    }
    this.flush()
    if (kind === "picture") this.out.append(element("figure", {class: "picture"}, drawing(text)))
    else this.out.append(this.region("live-error", "Error", text.trimEnd()))
  }

  flush() {
    if (!this.pending) return
    let pre = this.out.lastElementChild
    if (!pre?.matches(".live-text")) this.out.append(pre = this.region("live-text", "Printed text", ""))
    pre.append(this.pending)
    this.pending = ""
  }

  region(kind, name, text) {
    return element("pre", {class: kind, tabindex: "0", role: "group", "aria-label": `${name} of block ${this.number}`}, text)
  }

  // Says how a run ended; returns whether later blocks can build on it.
  end(outcome) {
    this.flush()
    this.busy(false)
    if (outcome.crashed) {
      this.write("error", outcome.error)
      this.say("Python ended. Run starts it again.")
      return false
    }
    if (outcome.stopped) {
      this.say(outcome.lost ? "Stopped. Its variables are gone: Run starts the page afresh." : "Stopped.")
      return false
    }
    const kind = outcome.error?.match(/^\w+/)?.[0]
    const own = this.code !== this.original
    this.ran = !outcome.error || (this.raises && !own)
    const what = outcome.error ? `Ended in ${kind}` : `Done in ${outcome.seconds.toFixed(2)} s`
    this.say(what + (own || this.echoes ? "" : this.compared(outcome.same)))
    return this.ran
  }

  // How the output of the page's own code compares with the one that the page shows.
  compared(same) {
    if (same) return this.shown() && ", as the page shows"
    const reason = this.source.dataset.differs
    return reason ? `, not quite as the page shows, because ${reason}` : ", but the page shows something else"
  }

  async edit() {
    if (this.editor) return this.editor.focus()
    this.buttons.edit.disabled = true
    try {
      const {createEditor} = await import("./editor.js")
      this.hint = element("p", {class: "live-hint", id: `live-hint-${this.number}`}, HINT)
      this.place = element("div", {class: "live-editor"})
      this.pre.after(this.place)
      this.bar.before(this.hint)
      this.editor = createEditor({
        parent: this.place, doc: this.code, label: `Code of block ${this.number}`, describedBy: this.hint.id,
        onChange: text => { this.code = text; this.ran = false },
        onRun: next => this.page.run(this, next),
      })
      this.pre.hidden = this.buttons.edit.hidden = true
      this.buttons.reset.hidden = false
      this.editor.focus()
    } catch (error) {
      this.say(`The editor did not load: ${error.message}`)
    } finally {
      this.buttons.edit.disabled = false
    }
  }

  async copy() {
    await navigator.clipboard.writeText(this.code)
    this.say("Copied")
  }

  reset() {
    this.editor?.destroy()
    this.editor = null
    this.place?.remove()
    this.hint?.remove()
    this.pre.hidden = false
    if (this.code !== this.original) this.ran = false
    this.code = this.original
    this.clear()
    this.say("")
    this.buttons.edit.hidden = false
    this.buttons.reset.hidden = true
    this.buttons.run.focus({preventScroll: true})
  }
}

function read(source) {
  const copy = source.querySelector("code, pre").cloneNode(true)
  copy.querySelectorAll("nav, button").forEach(node => node.remove())
  return copy.textContent.replace(/\n$/, "")
}
