// Rows: unpack the rows that the kernel sends, and make the element that shows one.

import { make } from "./elements.mjs";
import { clock, whole } from "./format.mjs";

const OPCODES = new Map([[0, "cont"], [1, "text"], [2, "binary"], [8, "close"], [9, "ping"], [10, "pong"]]);
const STATUS = 0xb0;
const STATUSES = { 0x00: "ok", 0x10: "violation", 0x20: "unsent", 0x30: "truncated", 0x80: "oversized" };
// A frame's first byte, and the flags of wire/batch.py. RSV1 is no mark: it is on every compressed frame.
const FIN = 0x80, RSV = [[0x20, "rsv2"], [0x10, "rsv3"]], OPCODE = 0x0f, MASKED = 0x01;

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
  for (let i = 0, from = 0; i * 3 < numbers.length; i++) {
    const [previewEnd, detailEnd] = [ends[2 * i], ends[2 * i + 1]];
    const [head, flags, sent] = codes.subarray(3 * i, 3 * i + 3);
    rows.push({
      seq: numbers[3 * i], time: numbers[3 * i + 1], length: numbers[3 * i + 2],
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
  if (!(row.head & FIN)) marks.push([row.opcode === 0 ? "part" : "first part", "plain"]);
  else if (row.opcode === 0) marks.push(["last part", "plain"]);
  for (const [bit, name] of RSV) if (row.head & bit) marks.push([name, "plain"]);
  // A client masks what it sends, a server does not.
  if (row.masked !== (row.out !== ofServer)) marks.push([row.masked ? "masked" : "unmasked", "warn"]);
  return marks;
}

export const opcodeName = (opcode) => OPCODES.get(opcode) ?? `0x${opcode.toString(16)}`;

/** Make the element of a row; the column widths of table.css go with the order of its cells. */
export function rowElement(row, selected, ofServer = false) {
  const marks = marksOf(row, ofServer).map(([word, mark]) => make("span", { className: `wsn-mark wsn-${mark}` }, word));
  if (row.before) {
    const title = `before this frame:\n${row.before.title}`;
    marks.unshift(make("span", { className: "wsn-mark wsn-event", title }, row.before.label));
  }
  const classes = ["wsn-row", row.out ? "wsn-out" : "wsn-in"];
  if (row.status !== "ok") classes.push("wsn-odd");
  if (row.before) classes.push("wsn-eventful");
  const cell = (attributes, ...children) => make("span", { role: "gridcell", ...attributes }, ...children);
  return make("div", { className: classes.join(" "), role: "row", "aria-selected": String(selected) },
    cell({ className: "wsn-seq" }, whole(row.seq)),
    cell({ className: "wsn-time" }, clock(row.time)),
    cell({ className: "wsn-arrow", title: row.out ? "sent" : "received" }, row.out ? "↑" : "↓"),
    cell({ className: `wsn-kind wsn-op${row.opcode}` }, opcodeName(row.opcode)),
    cell({ className: "wsn-size" }, whole(row.length)),
    cell({ className: "wsn-payload" }, ...marks, make("bdi", {}, row.preview)));
}
