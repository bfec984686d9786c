// Elements of the page, and the signs on the buttons.
const SIGNS = {
  run: "M8 5v14l11-7z",
  stop: "M6 6h12v12H6z",
  edit: "M3 17.25V21h3.75L17.81 9.94l-3.75-3.75zM20.71 7.04a1 1 0 0 0 0-1.41l-2.34-2.34a1 1 0 0 0-1.41 0l-1.83 1.83 3.75 3.75z",
  reset: "M12 5V1L7 6l5 5V7a6 6 0 1 1-6 6H4a8 8 0 1 0 8-8z",
  copy: "M16 1H4a2 2 0 0 0-2 2v14h2V3h12zm3 4H8a2 2 0 0 0-2 2v14a2 2 0 0 0 2 2h11a2 2 0 0 0 2-2V7a2 2 0 0 0-2-2zm0 16H8V7h11z",
}
const SVG = "http://www.w3.org/2000/svg"

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag)
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value)
    else if (value === true) node.setAttribute(key, "")
    else if (value !== false && value != null) node.setAttribute(key, value)
  }
  node.append(...children)
  return node
}

export function button(kind, label, onclick) {
  const svg = document.createElementNS(SVG, "svg"), path = document.createElementNS(SVG, "path")
  svg.setAttribute("viewBox", "0 0 24 24")
  svg.setAttribute("aria-hidden", "true")
  path.setAttribute("d", SIGNS[kind])
  svg.append(path)
  const text = kind[0].toUpperCase() + kind.slice(1)
  const attributes = {type: "button", class: `live-button live-${kind}`, "aria-label": `${text} ${label}`, onclick}
  return element("button", attributes, svg, text)
}

// A drawing as part of the page, so that it follows the colours of the page.
export function drawing(text) {
  const svg = new DOMParser().parseFromString(text, "image/svg+xml").documentElement
  svg.querySelectorAll("style, script").forEach(node => node.remove())
  return document.importNode(svg, true)
}
