// graphql-ws: node graphql.mjs <folder with node_modules> serve | <url>. The server prints its port, and ends with its input;
// the client makes a query, and two subscriptions side by side of which it ends one, and prints what came.
import { createRequire } from "node:module";

const [, , folder, what] = process.argv;
const require = createRequire(`${folder}/`);
const { WebSocket, WebSocketServer } = require("ws");

function serve() {
  const { buildSchema } = require("graphql");
  const { useServer } = require("graphql-ws/use/ws");
  const schema = buildSchema("type Query { hello(name: String): String } type Subscription { count(to: Int): Int }");
  const roots = {
    query: { hello: ({ name }) => `hello ${name}` },
    subscription: {
      async *count({ to }) {
        for (let n = 1; n <= to; n++) yield { count: n };
        if (to > 2) await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
      },
    },
  };
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  useServer({ schema, roots }, server);
  server.on("listening", () => console.log(server.address().port));
  process.stdin.resume().on("end", () => process.exit(0));
}

async function ask() {
  const { createClient } = require("graphql-ws");
  const client = createClient({ url: what, webSocketImpl: WebSocket, lazy: false, retryAttempts: 0 });
  const read = async (query, limit) => {
    const found = [];
    for await (const { data } of client.iterate({ query })) {
      found.push(Object.values(data)[0]);
      if (found.length === limit) break;
    }
    return found;
  };
  const hello = await read('{ hello(name: "me") }');
  const counts = await Promise.all([read("subscription { count(to: 2) }"), read("subscription { count(to: 3) }", 3)]);
  console.log(JSON.stringify([hello, ...counts]));
  await client.dispose();
}

await (what === "serve" ? serve() : ask());
