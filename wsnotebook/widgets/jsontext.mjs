// JSON as text: laid out without a change of any value. JSON.stringify(JSON.parse(text)) would round large numbers.

/** The tokens of JSON: they are kept as they were written. */
export const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

/** Lay a document out, an entry a line; throws the SyntaxError of the browser where it is not JSON. */
export function laidOut(text) {
  JSON.parse(text); // for its error alone
  let out = "", depth = 0;
  const line = () => `\n${"  ".repeat(depth)}`;
  const tokens = text.match(TOKEN);
  tokens.forEach((token, place) => {
    if ("{[".includes(token)) {
      depth++;
      out += token + ("}]".includes(tokens[place + 1]) ? "" : line());
    } else if ("}]".includes(token)) {
      depth--;
      out += ("{[".includes(tokens[place - 1]) ? "" : line()) + token;
    } else out += token === "," ? token + line() : token === ":" ? ": " : token;
  });
  return out;
}

/** The place that an error of the kernel or the browser names, as an index of the text; null where it names none. */
export function placeOf(sentence, text) {
  const line = sentence.match(/line (\d+)(,?) column (\d+)/), position = sentence.match(/position (\d+)/), character = sentence.match(/character (\d+)/);
  if (line) {
    const before = text.split("\n").slice(0, line[1] - 1).reduce((sum, each) => sum + each.length + 1, 0), column = Number(line[3]) - 1;
    return before + (line[2] ? indexOf(column, text.slice(before)) : column); // the browser's sentence has no comma
  }
  if (position) return Number(position[1]);
  return character ? indexOf(Number(character[1]) - 1, text) : null;
}

/** The index of a character that the kernel counts: an emoji is one in Python, and two units in JavaScript. */
function indexOf(character, text) {
  return [...text].slice(0, character).join("").length;
}
