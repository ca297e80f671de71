// STOMP: node stomp.mjs <folder with node_modules> serve | <url> [<options in JSON>]. The client, @stomp/stompjs, subscribes, sends, also
// in several messages, waits for receipts and messages, and prints what came. The server is a small one of ours, which reads and writes
// with the client's own parser; it prints its port, and ends with its input. The options are for a real broker: see recordings/README.md.
import { createRequire } from "node:module";

const [, , folder, what, options] = process.argv;
const require = createRequire(`${folder}/`);
const { Client, FrameImpl, Parser } = require("@stomp/stompjs");
const { WebSocket, WebSocketServer } = require("ws");

function serve() {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, handleProtocols: () => "v12.stomp" });
  server.on("connection", (socket) => {
    const topics = new Map();
    const write = (command, headers, body = "") =>
      socket.send(FrameImpl.marshall({ command, headers, body, escapeHeaderValues: true, skipContentLengthHeader: false }));
    const take = ({ command, headers, body }) => {
      if (command === "CONNECT") write("CONNECTED", { version: "1.2", "heart-beat": "1000,1000" });
      if (command === "SUBSCRIBE") topics.set(headers.id, headers.destination);
      if (command === "UNSUBSCRIBE") topics.delete(headers.id);
      if (command === "SEND" && headers.destination === "/queue/secret") write("ERROR", { message: "refused", "receipt-id": headers.receipt });
      else if (command === "SEND") {
        for (const [subscription, destination] of topics) {
          if (destination === headers.destination) write("MESSAGE", { ...headers, subscription, "message-id": headers.receipt }, body);
        }
        write("RECEIPT", { "receipt-id": headers.receipt });
      } else if (headers.receipt) write("RECEIPT", { "receipt-id": headers.receipt });
    };
    const parser = new Parser((raw) => take(FrameImpl.fromRawFrame(raw, true)), () => socket.send("\n"));
    socket.on("message", (data, isBinary) => parser.parseChunk(isBinary ? data : data.toString()));
  });
  server.on("listening", () => console.log(server.address().port));
  process.stdin.resume().on("end", () => process.exit(0));
}

async function ask({ login = "me", passcode = "hunter2" }) {
  const client = new Client({
    webSocketFactory: () => new WebSocket(what, ["v12.stomp", "v11.stomp"]),
    connectHeaders: { login, passcode },
    heartbeatOutgoing: 1000,
    heartbeatIncoming: 1000,
    reconnectDelay: 0,
    splitLargeFrames: true,
    maxWebSocketChunkSize: 150,
  });
  await new Promise((resolve) => ((client.onConnect = resolve), client.activate()));
  const confirmed = (receipt) => new Promise((resolve) => client.watchForReceipt(receipt, resolve));
  const found = [];
  const take = (message) => found.push([message.body, message.headers.note]);
  const subscription = client.subscribe("/topic/prices", take, { receipt: "subscribed" });
  await confirmed("subscribed");
  for (const [receipt, body] of [["first", '{"price":4}'], ["large", `{"name":"${"é".repeat(150)}"}`]]) {
    const done = confirmed(receipt);
    client.publish({ destination: "/topic/prices", body, headers: { receipt, note: "a:b\nc" } });
    await done;
  }
  await new Promise((resolve) => setTimeout(resolve, 1300)); // a heartbeat of each side
  subscription.unsubscribe({ receipt: "unsubscribed" });
  await confirmed("unsubscribed");
  const refused = new Promise((resolve) => (client.onStompError = (frame) => resolve(frame.headers.message)));
  client.publish({ destination: "/queue/secret", body: "x", headers: { receipt: "refused", "content-type": options ? "%" : "text" } });
  found.push(options ? null : await refused);
  await client.deactivate();
  console.log(JSON.stringify(found));
}

await (what === "serve" ? serve() : ask(options ? JSON.parse(options) : {}));
