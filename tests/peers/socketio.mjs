// Socket.IO: node socketio.mjs <folder with node_modules> serve | <url>. The server prints its port, and ends with its input;
// the client asks for two acknowledgements, one of bytes, waits for an event, and prints what came.
import { createRequire } from "node:module";

const [, , folder, what] = process.argv;
const require = createRequire(`${folder}/`);

function serve() {
  const http = require("node:http").createServer();
  const { Server } = require("socket.io");
  const server = new Server(http, { transports: ["websocket"] });
  server.on("connection", (socket) => {
    socket.on("add", (one, other, answer) => answer(one + other));
    socket.on("reverse", (data, answer) => {
      answer(Buffer.from(data).reverse());
      socket.emit("done", { well: true });
    });
  });
  http.listen(0, "127.0.0.1", () => console.log(http.address().port));
  process.stdin.resume().on("end", () => process.exit(0));
}

async function ask() {
  const { io } = require("socket.io-client");
  const socket = io(what.replace("ws:", "http:"), { transports: ["websocket"], reconnection: false });
  const done = new Promise((resolve) => socket.on("done", resolve));
  const sum = await socket.timeout(10_000).emitWithAck("add", 1, 2);
  const reversed = await socket.timeout(10_000).emitWithAck("reverse", Buffer.from([1, 2, 3]));
  console.log(JSON.stringify([sum, [...reversed], await done]));
  socket.disconnect();
}

await (what === "serve" ? serve() : ask());
