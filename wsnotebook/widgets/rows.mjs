// Rows: unpack the rows that the kernel sends, and make the element that shows one.

import { COLUMNS } from "./columns.mjs";
import { make } from "./elements.mjs";
import { whole } from "./format.mjs";

const STATUS = 0xb0;
const STATUSES = { 0x00: "ok", 0x10: "violation", 0x20: "unsent", 0x30: "truncated", 0x80: "oversized" };
// A frame's first byte, and the flags of wire/batch.py. RSV1 is no mark: it is on every compressed frame.
const FIN = 0x80, RSV = [[0x20, "rsv2"], [0x10, "rsv3"]], OPCODE = 0x0f, MASKED = 0x01;
const NUMBERS = 5; // float64 a row

/** Turn the four buffers of table.py's pack_rows() into rows. */
export function unpackRows(buffers) {
  // Copied: a buffer may start at any byte of the message, typed arrays need their own alignment.
  const [numbers, codes, ends, text] = [Float64Array, Uint8Array, Uint32Array, Uint8Array].map(
    (Kind, place) => {
      const { buffer, byteOffset, byteLength } = buffers[place];
      return new Kind(buffer.slice(byteOffset, byteOffset + byteLength));
    });
  const decoder = new TextDecoder();
  const rows = [];
  for (let i = 0, from = 0; i * NUMBERS < numbers.length; i++) {
    const [previewEnd, detailEnd] = [ends[2 * i], ends[2 * i + 1]];
    const [head, flags, sent] = codes.subarray(3 * i, 3 * i + 3);
    const [seq, time, length, wire, connection] = numbers.subarray(NUMBERS * i, NUMBERS * (i + 1));
    rows.push({
      seq, time, length, wire, connection,
      opcode: head & OPCODE, head, out: Boolean(sent), masked: Boolean(flags & MASKED), status: STATUSES[flags & STATUS],
      preview: decoder.decode(text.subarray(from, previewEnd)),
      detail: decoder.decode(text.subarray(previewEnd, detailEnd)),
    });
    from = detailEnd;
  }
  return rows;
}

/** What is unusual about a row, in words: [word, kind of mark]. */
export function marksOf(row, ofServer = false) {
  const marks = row.status === "ok" ? [] : [[row.detail ? `${row.status}: ${row.detail}` : row.status, "bad"]];
  if (row.frames) marks.push([`${whole(row.frames)} ${row.frames === 1 ? "frame" : "frames"}${row.isWhole ? "" : ", more to come"}`, "plain"]);
  else if (!(row.head & FIN)) marks.push([row.opcode === 0 ? "part" : "first part", "plain"]);
  else if (row.opcode === 0) marks.push(["last part", "plain"]);
  for (const [bit, name] of RSV) if (row.head & bit) marks.push([name, "plain"]);
  // A client masks what it sends, a server does not; null where it is not known.
  if (ofServer !== null && row.masked !== (row.out !== ofServer)) marks.push([row.masked ? "masked" : "unmasked", "warn"]);
  return marks;
}

const cell = (name, attributes, ...children) => make("span", { role: "gridcell", className: `wsn-${name}`, ...attributes }, ...children);

function payloadCell(row, { ofServer, highlight }) {
  const marks = marksOf(row, ofServer).map(([word, mark]) => make("span", { className: `wsn-mark wsn-${mark}` }, word));
  if (row.before) {
    const title = `before this frame:\n${row.before.title}`;
    marks.unshift(make("span", { className: "wsn-mark wsn-event", title }, row.before.label));
  }
  return cell("payload", {}, ...marks, make("bdi", {}, ...highlighted(row.preview, highlight)));
}

/** The text in pieces, with an element around each that matches. */
export function highlighted(text, pattern) {
  if (!pattern) return [text];
  const pieces = [];
  let from = 0;
  for (const found of text.matchAll(pattern)) {
    if (!found[0]) continue;
    pieces.push(text.slice(from, found.index), make("mark", { className: "wsn-hit" }, found[0]));
    from = found.index + found[0].length;
  }
  return [...pieces, text.slice(from)].filter((piece) => piece !== "");
}

/** Make the element of a row.
 *  `around` has `columns`, names in order, and what their cells need: `before`, `selected`, `sessions`, `ofServer`, `highlight`. */
export function rowElement(row, isSelected, around) {
  const classes = ["wsn-row", row.out ? "wsn-out" : "wsn-in", `wsn-op${row.opcode}`];
  if (row.status !== "ok") classes.push("wsn-odd");
  if (row.before) classes.push("wsn-eventful");
  if (row.isMatch) classes.push("wsn-match");
  const cells = around.columns.map((name) => {
    const { text, hint, isNumber } = COLUMNS[name];
    return text ? cell(isNumber ? `${name} wsn-digits` : name, hint ? { title: hint(row) } : {}, text(row, around)) : payloadCell(row, around);
  });
  return make("div", { className: classes.join(" "), role: "row", "aria-selected": String(isSelected) }, ...cells);
}

/** A row that the kernel has not sent yet: its number is known where no filter counts. */
export const waitingElement = (place, isSeq, columns) =>
  make("div", { className: "wsn-row wsn-waiting", role: "row" },
    ...columns.map((name) => cell(name, {}, name === "seq" && isSeq ? whole(place) : name === "payload" ? "…" : "")));
