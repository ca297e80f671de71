// Columns: what each column of the table is called, how wide it is, and what it shows of a row.

import { clock, whole } from "./format.mjs";

const CHARACTER = 7.3; // px of a digit in the table's font
const NARROW = 640; // px of a table in which the payload keeps its room and other columns give up theirs

/** ms as "+1.234 s" or "+0.120 ms": as many digits as tell two frames apart; empty where a time is not known. */
export function apart(ms) {
  if (Number.isNaN(ms)) return "";
  const sign = ms < 0 ? "−" : "+", size = Math.abs(ms), seconds = Math.round(size / 1000);
  // Each limit is the size that would be rounded up to the next unit.
  if (size < 999.95) return `${sign}${size.toFixed(size < 9.9995 ? 3 : 1)} ms`;
  return size < 59_999.5 ? `${sign}${(size / 1000).toFixed(3)} s` : `${sign}${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

const extra = (name) => (row) => row.extra?.[name] ?? "";
const bits = (row) => [[0x80, "fin"], [0x40, "rsv1"], [0x20, "rsv2"], [0x10, "rsv3"]].filter(([bit]) => row.head & bit).map(([, name]) => name).join(" ");
const OPCODES = new Map([[0, "cont"], [1, "text"], [2, "binary"], [8, "close"], [9, "ping"], [10, "pong"]]);
export const opcodeName = (opcode) => OPCODES.get(opcode) ?? `0x${opcode.toString(16)}`;

/** By name: title, width in characters, whether it goes where there is little room, and the text of a row's cell.
 *  `around` has the row before, the selected one and the names of sessions. A text of its own for the menu is `name`. */
export const COLUMNS = {
  seq: { title: "#", name: "# (number)", chars: ({ digits }) => digits, isNumber: true, text: (row) => whole(row.seq) },
  time: { title: "time UTC", chars: () => 12, text: (row) => clock(row.time) },
  delta: { title: "Δ before", chars: () => 10, isNumber: true, text: (row, { before }) => before ? apart(row.time - before.time) : "" },
  since: { title: "Δ selected", chars: () => 11, isNumber: true, text: (row, { selected }) => selected ? apart(row.time - selected.time) : "" },
  session: { title: "session", chars: () => 10, text: (row, { sessions }) => sessions[row.connection] ?? "" },
  connection: { title: "connection", chars: () => 10, isNumber: true, text: (row) => String(row.connection) },
  recording: { title: "recording", chars: () => 12, text: extra("recording") },
  direction: { title: "", name: "direction", chars: () => 2, text: (row) => (row.out ? "↑" : "↓"), hint: (row) => (row.out ? "sent" : "received") },
  type: { title: "type", chars: () => 6, text: (row) => opcodeName(row.opcode) },
  bits: { title: "bits", chars: () => 9, text: bits },
  mask: { title: "mask", chars: () => 6, text: (row, { ofServer }) => (ofServer === null ? "" : row.masked ? "masked" : "no") },
  key: { title: "mask key", chars: () => 11, text: extra("key") },
  message: { title: "message", chars: ({ digits }) => Math.max(9, digits), isNumber: true, text: extra("message") },
  decoded: { title: "decoded type", chars: () => 14, text: (row) => row.extra?.decoded ?? "…" },
  status: { title: "status", chars: () => 9, text: (row) => row.status },
  size: { title: "bytes", chars: ({ bytes }) => bytes, isNumber: true, goes: true, text: (row) => whole(row.length) },
  wire: { title: "on wire", chars: ({ bytes }) => bytes, isNumber: true, text: (row) => (Number.isNaN(row.wire) ? "" : whole(row.wire)) },
  ratio: { title: "ratio", chars: () => 5, isNumber: true, text: (row) => (row.wire && row.wire !== row.length ? (row.length / row.wire).toFixed(1) : "") },
  payload: { title: "payload" },
};

/** The columns that a table of some width shows: those chosen, with the session where there are several. */
export function shownColumns(chosen, { sessions, width }) {
  const names = new Set(sessions).size > 1 && !chosen.includes("session") ? chosen.toSpliced(chosen.indexOf("direction"), 0, "session") : chosen;
  return width && width < NARROW ? names.filter((name) => !COLUMNS[name].goes) : names;
}

/** The width of a column in px: the one that a person has chosen, or what its texts need; null for what the others leave. */
export const widthOf = (name, sizes, chosen = {}) =>
  chosen[name] ?? (COLUMNS[name].chars ? Math.ceil(COLUMNS[name].chars(sizes) * CHARACTER) : null);

/** The value of grid-template-columns for some columns. */
export const template = (names, sizes, chosen) =>
  names.map((name) => { const width = widthOf(name, sizes, chosen); return width === null ? "minmax(0, 1fr)" : `${width}px`; }).join(" ");

/** The columns with one more, at its place in COLUMNS, or without it. */
export function toggled(chosen, name) {
  if (chosen.includes(name)) return chosen.filter((each) => each !== name);
  const order = Object.keys(COLUMNS), later = chosen.findIndex((each) => order.indexOf(each) > order.indexOf(name));
  return later < 0 ? [...chosen, name] : chosen.toSpliced(later, 0, name);
}
