// An echo server on `ws`: node echo.mjs <folder with node_modules> <deflate|plain>. Prints its port, ends with its input.
import { createRequire } from "node:module";

const [, , folder, mode] = process.argv;
const { WebSocketServer } = createRequire(`${folder}/`)("ws");
const server = new WebSocketServer({
  host: "127.0.0.1",
  port: 0,
  maxPayload: 64 << 20,
  perMessageDeflate: mode === "deflate" ? { threshold: 0 } : false,
});
server.on("listening", () => console.log(server.address().port));
server.on("connection", (socket) => {
  socket.on("message", (data, isBinary) => {
    if (!isBinary && data.toString() === "ping me") socket.ping("from ws");
    else if (!isBinary && data.toString() === "close me") socket.close(4321, "grüße");
    else socket.send(data, { binary: isBinary });
  });
  socket.on("error", () => {}); // of a client that breaks a rule; without a listener it would end the process
  socket.on("pong", (data) => socket.send(`pong ${data}`));
});
process.stdin.resume().on("end", () => process.exit(0));
