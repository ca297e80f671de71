// Columns: what each column of the table is called, how wide it is, and what it shows of a row.

import { clock, whole } from "./format.mjs";

const CHARACTER = 7.3; // px of a digit in the table's font
const NARROW = 640; // px of a table in which the payload keeps its room and other columns give up theirs

/** ms as "+1.234 s" or "+0.120 ms": as many digits as tell two frames apart. */
export function apart(ms) {
  const sign = ms < 0 ? "−" : "+", size = Math.abs(ms);
  if (size < 1000) return `${sign}${size.toFixed(size < 10 ? 3 : 1)} ms`;
  return size < 60_000 ? `${sign}${(size / 1000).toFixed(3)} s` : `${sign}${Math.floor(size / 60_000)} min ${Math.round(size / 1000) % 60} s`;
}

const bits = (row) => [[0x80, "fin"], [0x40, "rsv1"], [0x20, "rsv2"], [0x10, "rsv3"]].filter(([bit]) => row.head & bit).map(([, name]) => name).join(" ");
const OPCODES = new Map([[0, "cont"], [1, "text"], [2, "binary"], [8, "close"], [9, "ping"], [10, "pong"]]);
export const opcodeName = (opcode) => OPCODES.get(opcode) ?? `0x${opcode.toString(16)}`;

/** By name: title, width in characters, whether it goes where there is little room, and the text of a row's cell.
 *  `around` has the row before, the selected one and the names of sessions. */
export const COLUMNS = {
  seq: { title: "#", chars: ({ digits }) => digits, isNumber: true, text: (row) => whole(row.seq) },
  time: { title: "time UTC", chars: () => 12, text: (row) => clock(row.time) },
  delta: { title: "Δ before", chars: () => 10, isNumber: true, goes: true, text: (row, { before }) => before ? apart(row.time - before.time) : "" },
  since: { title: "Δ selected", chars: () => 11, isNumber: true, goes: true, text: (row, { selected }) => selected ? apart(row.time - selected.time) : "" },
  session: { title: "session", chars: () => 10, text: (row, { sessions }) => sessions[row.connection] ?? "" },
  direction: { title: "", chars: () => 2, text: (row) => (row.out ? "↑" : "↓"), hint: (row) => (row.out ? "sent" : "received") },
  type: { title: "type", chars: () => 6, text: (row) => opcodeName(row.opcode) },
  bits: { title: "bits", chars: () => 9, goes: true, text: bits },
  status: { title: "status", chars: () => 9, goes: true, text: (row) => row.status },
  size: { title: "bytes", chars: ({ bytes }) => bytes, isNumber: true, goes: true, text: (row) => whole(row.length) },
  wire: { title: "on wire", chars: ({ bytes }) => bytes, isNumber: true, goes: true, text: (row) => whole(row.wire) },
  ratio: { title: "ratio", chars: () => 5, isNumber: true, goes: true, text: (row) => (row.wire && row.wire !== row.length ? (row.length / row.wire).toFixed(1) : "") },
  payload: { title: "payload" },
};

/** The columns that a table of some width shows: those chosen, with the session where there are several. */
export function shownColumns(chosen, { sessions, width }) {
  const names = new Set(sessions).size > 1 && !chosen.includes("session") ? chosen.toSpliced(chosen.indexOf("direction"), 0, "session") : chosen;
  return width && width < NARROW ? names.filter((name) => !COLUMNS[name].goes) : names;
}

/** The value of grid-template-columns for some columns. */
export const template = (names, sizes) =>
  names.map((name) => (name === "payload" ? "minmax(0, 1fr)" : `${Math.ceil(COLUMNS[name].chars(sizes) * CHARACTER)}px`)).join(" ");
