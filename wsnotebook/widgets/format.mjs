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

/** Milliseconds since 1970 as local time, "13:05:09.012". */
export function clock(time) {
  const date = new Date(time), two = (n) => String(n).padStart(2, "0");
  const milliseconds = String(date.getMilliseconds()).padStart(3, "0");
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${milliseconds}`;
}
