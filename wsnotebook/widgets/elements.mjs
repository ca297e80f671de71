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

/** Make a button that does not submit a form around it; a double click is one gesture, and asks once. */
export function button(label, title, action, className = "wsn-button") {
  const onclick = (event) => { if (!(event?.detail > 1)) action(event); }; // detail counts the clicks of one gesture
  return make("button", { type: "button", className, title, onclick }, label);
}
