// A client on `ws`: node client.mjs <folder with node_modules> <url> <bytes>. Prints what came back as a line of JSON.
import { createRequire } from "node:module";

const [, , folder, url, size] = process.argv;
const { WebSocket } = createRequire(`${folder}/`)("ws");
const socket = new WebSocket(url, { maxPayload: 64 << 20, perMessageDeflate: { threshold: 0 } });
const large = Buffer.alloc(Number(size), "0123456789");
const result = { texts: [], large: false, pong: "" };
socket.on("open", () => {
  socket.send("grüße 🐙");
  socket.send("frag", { fin: false });
  socket.send("mented", { fin: true });
  socket.ping("are you there?");
  socket.send(large);
});
socket.on("pong", (data) => (result.pong = data.toString()));
socket.on("message", (data, isBinary) => {
  if (!isBinary) result.texts.push(data.toString());
  else {
    result.large = data.equals(large);
    socket.send("close me");
  }
});
socket.on("close", (code, reason) => console.log(JSON.stringify({ ...result, code, reason: reason.toString() })));
