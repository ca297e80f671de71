// Tabs: a strip of tabs that scrolls where they do not fit, with a list of all beside it. One is chosen; the kernel says which.

import { button, make, put } from "./elements.mjs";
import { whole } from "./format.mjs";
import { keepKeys } from "./keys.mjs";
import { ALIVE, Pulse } from "./pulse.mjs";
import { Requests } from "./requests.mjs";
import { hideStill } from "./still.mjs";

const STEP = 0.8; // of the strip's width, for a click on an arrow

/** One tab: a button with a state, a title and a number. */
class Tab {
  constructor(name, choose) {
    this.title = make("span", { className: "wsn-tab-title" });
    this.count = make("span", { className: "wsn-tab-count" });
    this.element = make("button", { type: "button", className: "wsn-tab", role: "tab", onclick: () => choose(name) }, this.title, this.count);
    this.option = make("option", { value: name });
  }

  show(title, state, frames, isChosen) {
    const words = [title, state, `${whole(frames)} ${frames === 1 ? "frame" : "frames"}`].filter(Boolean).join(", ");
    if (this.element.title !== words) { // or a screen reader hears of each tab four times a second
      this.element.title = words;
      this.element.setAttribute("aria-label", words);
      this.element.dataset.state = state;
      this.title.textContent = title;
      this.count.textContent = whole(frames);
      this.option.textContent = words;
    }
    this.element.setAttribute("aria-selected", String(isChosen));
    this.element.tabIndex = isChosen ? 0 : -1;
  }
}

class TabsView {
  #tabs = new Map(); // by name, in the order of the strip
  #shown; // the tab that was last scrolled into sight
  #problem = ""; // why the last click did nothing

  constructor(model, el) {
    Object.assign(this, { model, el, requests: new Requests(model) });
    this.strip = make("div", { className: "wsn-tab-strip", role: "tablist", "aria-label": model.get("label") });
    this.back = button("‹", "Scroll to the tabs before", () => this.#scroll(-1), "wsn-x");
    this.on = button("›", "Scroll to the tabs after", () => this.#scroll(1), "wsn-x");
    this.list = make("select", { className: "wsn-tab-list", "aria-label": `all ${model.get("label")}` });
    this.note = make("div", { className: "wsn-note", role: "status" });
    el.classList.add("wsn-widget", "wsn-tabs");
    keepKeys(el);
    hideStill(el, model.get("still"));
    el.append(make("div", { className: "wsn-tab-line" }, this.back, this.strip, this.on, this.list), this.note);
    this.strip.addEventListener("keydown", (event) => this.#key(event));
    this.list.addEventListener("change", () => this.#choose(this.list.value));
    this.strip.addEventListener("scroll", () => this.#measure());
    this.observer = new ResizeObserver(() => { this.#measure(); this.#reveal(); });
    this.observer.observe(this.strip);
    this.show = () => this.#show();
    model.on("change", this.show);
    let isKnown = false; // to the kernel
    this.pulse = new Pulse(model, { mustSpeak: () => !isKnown, onChange: (state) => el.classList.toggle("wsn-gone", state !== ALIVE) });
    this.#show();
    this.requests.read("hello").then(() => { isKnown = true; }, (error) => this.#say(error.message));
  }

  remove() {
    this.model.off("change", this.show);
    this.observer.disconnect();
    this.pulse.close();
    this.requests.close();
  }

  get #chosen() { return this.model.get("chosen"); }

  #show() {
    const rows = this.model.get("tabs"), names = rows.map(([name]) => name);
    this.#arrange(names);
    for (const [name, title, state, frames] of rows) this.#tabs.get(name).show(title, state, frames, name === this.#chosen);
    if (!this.#tabs.has(this.#chosen)) names.slice(0, 1).forEach((name) => { this.#tabs.get(name).element.tabIndex = 0; }); // or no key gets there
    if (this.list.value !== this.#chosen) this.list.value = this.#chosen;
    this.#explain();
    this.#measure();
    if (this.#shown !== this.#chosen) this.#reveal();
  }

  /** Take away the tabs that are gone, and add the new ones; the others are left alone, so that one of them keeps the focus. */
  #arrange(names) {
    const wanted = new Set(names);
    for (const [name, tab] of this.#tabs) {
      if (wanted.has(name)) continue;
      tab.element.remove();
      tab.option.remove();
      this.#tabs.delete(name);
    }
    const isSame = [...this.#tabs.keys()].every((name, place) => name === names[place]);
    for (const name of names) if (!this.#tabs.has(name)) this.#add(name);
    if (isSame) return;
    this.#tabs = new Map(names.map((name) => [name, this.#tabs.get(name)]));
    const focused = this.strip.getRootNode().activeElement; // which leaves the page for a moment, and loses the focus
    this.strip.replaceChildren(...[...this.#tabs.values()].map((tab) => tab.element));
    this.list.replaceChildren(...[...this.#tabs.values()].map((tab) => tab.option));
    if (this.#nameOf(focused)) focused.focus({ preventScroll: true });
  }

  /** The name of the tab that an element is; undefined of another one. */
  #nameOf(element) { return [...this.#tabs].find(([, tab]) => tab.element === element)?.[0]; }

  #add(name) {
    const tab = new Tab(name, (chosen) => this.#choose(chosen));
    this.#tabs.set(name, tab);
    this.strip.append(tab.element);
    this.list.append(tab.option);
  }

  #choose(name) {
    this.requests.ask("choose", { name }).then(() => this.#say(""), (error) => this.#say(error.message));
  }

  #key(event) {
    // From the tab that has the focus: the kernel may not have heard of the key before.
    const names = [...this.#tabs.keys()], last = names.length - 1, here = Math.max(0, names.indexOf(this.#nameOf(event.target) ?? this.#chosen));
    const place = { ArrowRight: here === last ? 0 : here + 1, ArrowLeft: here === 0 ? last : here - 1, Home: 0, End: last }[event.key];
    if (place === undefined || last < 0) return;
    event.preventDefault();
    this.#tabs.get(names[place]).element.focus({ preventScroll: true }); // #reveal() scrolls the strip, and not the page
    this.#choose(names[place]);
  }

  #scroll(way) { this.strip.scrollLeft += way * STEP * this.strip.clientWidth; }

  /** Scroll the strip, and nothing around it, until the tab that is chosen is in sight. */
  #reveal() {
    const tab = this.#tabs.get(this.#chosen)?.element, { strip } = this;
    if (!tab || !strip.clientWidth) return; // or not on the page yet
    this.#shown = this.#chosen;
    const begin = tab.offsetLeft - strip.offsetLeft, end = begin + tab.offsetWidth;
    if (begin < strip.scrollLeft) strip.scrollLeft = begin;
    else if (end > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = end - strip.clientWidth;
  }

  /** Show arrows and list only where there is more than fits. */
  #measure() {
    const { strip } = this, left = strip.scrollLeft, most = strip.scrollWidth - strip.clientWidth;
    this.el.classList.toggle("wsn-overflows", most > 1);
    this.back.disabled = left <= 0;
    this.on.disabled = left >= most - 1;
  }

  #say(problem) {
    this.#problem = problem;
    this.#explain();
  }

  #explain() {
    const unlisted = this.model.get("unlisted");
    const older = unlisted ? `${whole(unlisted)} older ones that have ended have no tab: type session: and a name into the filter.` : "";
    put(this.note, this.#problem || older);
  }
}

export default {
  render({ model, el }) {
    const view = new TabsView(model, el);
    return () => view.remove();
  },
};
