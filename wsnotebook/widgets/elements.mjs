// Elements of the page. A string becomes text, never markup: a payload is shown and not parsed.

/** Make an element; what it has no property for becomes an attribute. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** Give an element a text, and leave it alone where it has that already: else the browser lays it out anew, and a screen reader
 *  may say it again. */
export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A line of the page that breaks where it is too long, between groups only: what stands in a group stays together. */
export const line = (...parts) => make("div", { className: "wsn-line" }, ...parts);
export const group = (...parts) => make("span", { className: "wsn-group" }, ...parts);

/** Give the focus of a control that goes away, or cannot be used any more, to the next: else the page takes it, and a person
 *  without a mouse begins at its top. */
export function handOn(control, next) {
  const isUseless = control.hidden || control.disabled;
  if (isUseless && control.getRootNode().activeElement === control) next.focus({ preventScroll: true });
}

/** Make an element of a drawing. */
export function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** Make a button that does not submit a form around it; a double click is one gesture, and asks once. */
export function button(label, title, action, className = "wsn-button") {
  const onclick = (event) => { if (!(event?.detail > 1)) action(event); }; // detail counts the clicks of one gesture
  return make("button", { type: "button", className, title, onclick }, label);
}
