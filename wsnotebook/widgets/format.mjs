// Format numbers and times as text.

/** 1234567 bytes as "1.2 MB". */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let place = 0;
  while (count >= 999.5 && place < units.length - 1) { count /= 1000; place++; }
  return `${place && count < 99.95 ? count.toFixed(1) : Math.round(count)} ${units[place]}`;
}

const WHOLE = new Intl.NumberFormat("en"); // kept: toLocaleString looks for it again each time, a third of what a row costs

/** 1234567.6 as "1,234,568". */
export const whole = (count) => WHOLE.format(Math.round(count));

/** Milliseconds since 1970 as the time of day in UTC, which the DataFrame has too: "13:05:09.012"; empty where they are not known. */
export function clock(time) {
  if (!Number.isFinite(time)) return "";
  const date = new Date(Math.floor(time)), two = (n) => String(n).padStart(2, "0");
  const milliseconds = String(date.getUTCMilliseconds()).padStart(3, "0");
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}.${milliseconds}`;
}

/** 3725 s as "1 h 02 min", 65 s as "1 min 05 s", a part of a second in milliseconds. */
export function duration(seconds) {
  const count = Math.floor(seconds), two = (n) => String(n).padStart(2, "0");
  if (count < 1) return `${Math.floor(seconds * 1000)} ms`;
  if (count < 60) return `${count} s`;
  if (count < 3600) return `${Math.floor(count / 60)} min ${two(count % 60)} s`;
  return `${Math.floor(count / 3600)} h ${two(Math.floor(count / 60) % 60)} min`;
}
