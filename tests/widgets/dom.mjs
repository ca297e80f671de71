// As much of a page as the modules of the widgets use, and a model in the place of anywidget's. Markup is refused.

class Classes {
  constructor(element) { this.element = element; }
  get #names() { return this.element.className.split(" ").filter(Boolean); }
  contains(name) { return this.#names.includes(name); }
  add(name) { if (!this.contains(name)) this.element.className = [...this.#names, name].join(" "); }
  toggle(name, on) {
    const others = this.#names.filter((other) => other !== name);
    this.element.className = (on ? [...others, name] : others).join(" ");
  }
}

export class FakeElement {
  constructor(tag) {
    Object.assign(this, { tag, className: "", title: "", value: "", placeholder: "", hidden: false, open: false, disabled: false, checked: false, tabIndex: -1, type: "",
      rows: 0, id: "", label: "", inputMode: "", spellcheck: true, onclick: null, role: null, scrollTop: 0, clientHeight: 0,
      clientWidth: 1000, children: [], attributes: {}, dataset: {}, style: { setProperty(name, value) { this[name] = value; } }, listeners: {}, parent: null });
    this.classList = new Classes(this);
  }
  #value;
  get value() { return this.#value; }
  set value(text) { // as in a page
    this.#value = this.tag === "textarea" ? text.replace(/\r\n?/g, "\n") : text;
    this.selectionStart = this.selectionEnd = this.#value.length;
  }
  get parentElement() { return this.parent; }
  set innerHTML(markup) { throw new Error(`markup: ${markup}`); }
  set outerHTML(markup) { throw new Error(`markup: ${markup}`); }
  insertAdjacentHTML(place, markup) { throw new Error(`markup: ${markup}`); }
  remove() { if (this.parent) this.parent.children = this.parent.children.filter((child) => child !== this); }
  append(...children) {
    for (const child of children) {
      const node = child instanceof FakeElement ? child : Object.assign(new FakeElement("#text"), { data: String(child) });
      node.parent = this;
      this.children.push(node);
    }
  }
  replaceChildren(...children) { this.children = []; this.append(...children); }
  get textContent() { return this.tag === "#text" ? this.data : this.children.map((child) => child.textContent).join(""); }
  set textContent(text) { this.replaceChildren(...(text === "" ? [] : [text])); }
  setAttribute(name, value) { this.attributes[name] = String(value); }
  getAttribute(name) { return this.attributes[name] ?? null; }
  removeAttribute(name) { delete this.attributes[name]; }
  addEventListener(name, listener, { once = false } = {}) {
    const heard = once ? (event) => { this.removeEventListener(name, heard); listener(event); } : listener;
    (this.listeners[name] ??= []).push(heard);
  }
  fire(name, event = {}) {
    const made = { target: this, prevented: false, preventDefault() { this.prevented = true; }, ...event };
    for (const listener of this.listeners[name] ?? []) listener(made);
    return made;
  }
  click() { this.onclick?.({ target: this, preventDefault() {} }); }
  removeEventListener(name, listener) { this.listeners[name] = (this.listeners[name] ?? []).filter((each) => each !== listener); }
  focus() { document.activeElement = this; }
  getRootNode() { return document; }
  select() { this.setSelectionRange(0, this.value.length); }
  setSelectionRange(start, end) { this.selected = [this.selectionStart, this.selectionEnd] = [start, end]; }
  closest(selector) {
    for (let element = this; element; element = element.parent)
      if (element.classList.contains(selector.slice(1))) return element;
    return null;
  }
  /** All elements below this one, itself first. */
  *walk() { yield this; for (const child of this.children) yield* child.walk(); }
  find(test) { return [...this.walk()].find(test); }
  all(name) { return [...this.walk()].filter((element) => element.classList.contains(name)); }
  one(name) { return this.all(name)[0]; }
  button(label) { return this.find((element) => element.tag === "button" && element.textContent === label); }
}

export const observers = [];
const callbacks = [];

/** Run what waits for the next paint of the page. */
export const paint = () => { for (const callback of callbacks.splice(0)) callback(); };

/** Put the fake page in the place of the global one. */
export function install() {
  const { setInterval, setTimeout } = globalThis;
  globalThis.setInterval = (...what) => setInterval(...what).unref(); // that of a view keeps no test alive
  globalThis.setTimeout = (...what) => setTimeout(...what).unref();
  globalThis.document = { createElement: (tag) => new FakeElement(tag), createElementNS: (space, tag) => new FakeElement(tag) };
  globalThis.requestAnimationFrame = (callback) => callbacks.push(callback);
  globalThis.ResizeObserver = class {
    constructor(callback) { this.callback = callback; observers.push(this); }
    observe(element) { this.element = element; }
    disconnect() { this.element = null; }
  };
}

export class FakeModel {
  sent = [];
  listeners = new Map();
  constructor(state) { this.state = state; }
  get(name) { return this.state[name]; }
  on(name, callback) { this.listeners.set(name, [...(this.listeners.get(name) ?? []), callback]); }
  off(name, callback) { this.listeners.set(name, (this.listeners.get(name) ?? []).filter((other) => other !== callback)); }
  send(message) { this.sent.push(message); }
  save_changes() { this.saved = { ...this.state }; }
  set(what, value) {
    const changes = typeof what === "string" ? { [what]: value } : what;
    Object.assign(this.state, changes);
    for (const name of Object.keys(changes)) this.fire(`change:${name}`);
    this.fire("change");
  }
  /** Answer the newest message of a verb, as the kernel would, and let what waits for it run. */
  async answer(verb, fields = {}, buffers = []) {
    const asked = this.sent.findLast((message) => message.verb === verb);
    this.fire("msg:custom", { id: asked.id, ok: true, ...fields }, buffers);
    await settled();
    return asked;
  }
  refuse(verb, error) { return this.answer(verb, { ok: false, error }); }
  count(verb) { return this.sent.filter((message) => message.verb === verb).length; }
  get heard() { return [...this.listeners.values()].flat().length; }
  fire(name, ...args) { for (const callback of this.listeners.get(name) ?? []) callback(...args); }
}

/** The state of a table's model, with what a test changes. */
export const tableState = (changes) => ({
  span: [0, 0], edition: 0, event: [0, "", 0], sessions: ["ws-1"], is_part: false, of_server: false, placeholder: "No frames yet: press Send.", query: "", only_matches: true, line: "df", highlight: "",
  selection: [], formats: ["text", "JSON"], language: "help", columns: ["seq", "time", "direction", "type", "size", "payload"], first_columns: ["seq", "payload"], widths: {}, ...changes });

export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** Buffers as pack_rows() of table.py makes them, each at an odd offset of a larger one, as they come over a comm. */
export function pack(rows) {
  const encoder = new TextEncoder(), numbers = [], codes = [], ends = [], text = [];
  for (const row of rows) {
    numbers.push(row.seq, row.time ?? 0, row.length ?? 0, row.wire ?? row.length ?? 0, row.connection ?? 0);
    codes.push(row.head ?? 0x81, row.flags ?? 2, row.sent ?? 0);
    text.push(...encoder.encode(row.preview ?? ""));
    ends.push(text.length);
    text.push(...encoder.encode(row.detail ?? ""));
    ends.push(text.length);
  }
  return [new Float64Array(numbers), new Uint8Array(codes), new Uint32Array(ends), new Uint8Array(text)].map((array) => {
    const whole = new Uint8Array(array.byteLength + 7);
    whole.set(new Uint8Array(array.buffer), 3);
    return new DataView(whole.buffer, 3, array.byteLength);
  });
}
