// Format numbers and times as text.

/** 1234567 bytes as "1.2 MB". */
export function bytes(count) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let place = 0;
  while (count >= 999.5 && place < units.length - 1) { count /= 1000; place++; }
  return `${place && count < 99.95 ? count.toFixed(1) : Math.round(count)} ${units[place]}`;
}

/** 1234567.6 as "1,234,568". */
export const whole = (count) => Math.round(count).toLocaleString("en");

/** Milliseconds since 1970 as the time of day in UTC, which the DataFrame has too: "13:05:09.012". */
export function clock(time) {
  const date = new Date(time), two = (n) => String(n).padStart(2, "0");
  const milliseconds = String(date.getUTCMilliseconds()).padStart(3, "0");
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}.${milliseconds}`;
}
