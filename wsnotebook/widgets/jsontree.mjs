// JsonTree: JSON that folds. Its tokens are kept as they were sent: parsed as numbers, 1.10 and long ones would be others.
// What is shown has escapes for characters that are not seen or reorder a line; what is copied is exact.

import { button, make } from "./elements.mjs";
import { whole } from "./format.mjs";
import { TOKEN } from "./jsontext.mjs";

const AT_ONCE = 200; // children of one node in the page
const OPEN = 40; // a node with fewer children is open at first, down to the second level
const NAME = /^[A-Za-z_][\w-]*$/;

/** The nodes of a JSON text: {token} of a value, {kind, children} of an object or array, each child [key, node, token of the key]. */
export function parseJson(text) {
  const root = { children: [] }, stack = [root];
  let key; // its token
  const add = (node) => {
    const parent = stack.at(-1);
    parent.children.push(parent.kind === "{" ? [nameOf(key), node, key] : [parent.children.length, node]);
    key = undefined;
  };
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "{" || token === "[") {
      const node = { kind: token, children: [] };
      add(node);
      stack.push(node);
    } else if (token === "}" || token === "]") stack.pop();
    else if (token === "," || token === ":") continue;
    else if (stack.at(-1).kind === "{" && key === undefined) key = token;
    else add({ token });
  }
  return root.children[0][1];
}

function nameOf(token) {
  try {
    return JSON.parse(token);
  } catch {
    return token.slice(1, -1);
  }
}

/** The path of a child in the filter's language: $.trade.price, $.rows[0], $["two words"]. */
export const pathOf = (path, key) =>
  typeof key === "number" ? `${path}[${key}]` : NAME.test(key) ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`;

/** The JSON text of a node, on one line. */
export function textOf(node) {
  if (node.token) return node.token;
  const parts = node.children.map(([, child, key]) => (key ? `${key}: ` : "") + textOf(child));
  return node.kind === "{" ? `{${parts.join(", ")}}` : `[${parts.join(", ")}]`;
}

const kindOf = (token) => (token.startsWith('"') ? "string" : /^[-\d]/.test(token) ? "number" : "word");

/** Make the element of a tree. `onCopy(text)` is called with a path or a value. */
export function jsonTree(text, onCopy) {
  const root = parseJson(text);
  return make("div", { className: "wsn-tree" }, nodeElement(undefined, root, "$", 0, onCopy));
}

function nodeElement(key, node, path, depth, onCopy) {
  const label = key === undefined ? [] : [make("span", { className: "wsn-key" }, typeof key === "number" ? String(key) : shown(JSON.stringify(key).slice(1, -1))), ": "];
  const copies = make("span", { className: "wsn-copies" }, button("path", `Copy ${shown(path)}`, () => onCopy(path), "wsn-copy"),
    button("value", "Copy the value", () => onCopy(textOf(node)), "wsn-copy"));
  if (node.token) return make("div", { className: "wsn-leaf" }, ...label, make("span", { className: `wsn-${kindOf(node.token)}` }, shown(node.token)), copies);
  const count = node.children.length;
  const brackets = node.kind === "{" ? ["{", "}"] : ["[", "]"];
  const summary = make("summary", {}, ...label, make("span", { className: "wsn-bracket" }, `${brackets[0]}${count ? ` ${whole(count)} ` : ""}${brackets[1]}`));
  const inner = make("div", { className: "wsn-children" });
  const element = make("details", { open: depth < 2 && count < OPEN }, summary, inner);
  let filled = 0;
  const fill = () => {
    const next = node.children.slice(filled, filled + AT_ONCE);
    filled += next.length;
    inner.append(...next.map(([name, child]) => nodeElement(name, child, pathOf(path, name), depth + 1, onCopy)));
    if (filled < count) {
      const more = button(`${whole(count - filled)} more`, "Show the next ones", () => { more.remove(); fill(); }, "wsn-chip");
      inner.append(more);
    }
  };
  if (element.open) fill();
  element.addEventListener("toggle", () => { if (element.open && !filled) fill(); });
  return make("div", { className: "wsn-node" }, element, copies); // not in the summary, which is a button itself
}

/** JSON as it is shown: control and invisible characters are its escapes. */
const shown = (text) => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu, (character) =>
  character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join(""));
