// A server on version 1 of the TypeScript SDK: 2025-11-25, sessions, streams
// that can be resumed. POST /forget drops all sessions.
import { randomUUID } from "node:crypto";
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StreamableHTTPServerTransport } from "@modelcontextprotocol/sdk/server/streamableHttp.js";
import {
  SubscribeRequestSchema, UnsubscribeRequestSchema,
} from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import { serve, sleep, text } from "../../spec/peers/serve.mjs";

class EventStore {
  events = [];
  async storeEvent(stream, message) {
    this.events.push({ stream, message });
    return String(this.events.length);
  }
  async replayEventsAfter(id, { send }) {
    const stream = this.events[id - 1].stream;
    for (let i = Number(id); i < this.events.length; i++) {
      if (this.events[i].stream === stream) await send(String(i + 1), this.events[i].message);
    }
    return stream;
  }
}

let abandoned = 0;

function build() {
  let grown;
  const server = new McpServer(
    { name: "sdk1", version: "1.0.0" },
    { capabilities: { logging: {}, resources: { subscribe: true } } },
  );
  const tool = (name, inputSchema, run) => server.registerTool(name, { inputSchema }, run);
  server.registerTool(
    "add",
    {
      description: "Adds two numbers",
      inputSchema: { a: z.number(), b: z.number() },
      outputSchema: { sum: z.number() },
    },
    async ({ a, b }) => ({ ...text(a + b), structuredContent: { sum: a + b } }),
  );
  tool("count", { to: z.number() }, async ({ to }, extra) => {
    for (let i = 1; i <= to; i++) {
      await extra.sendNotification({
        method: "notifications/progress",
        params: { progressToken: extra._meta.progressToken, progress: i, total: to },
      });
    }
    return text("counted");
  });
  tool("ask", { method: z.string() }, async ({ method }, extra) => {
    const params = method === "ping" ? undefined : { message: "?", messages: [], maxTokens: 1 };
    try {
      return text(JSON.stringify(await extra.sendRequest({ method, params }, z.any())));
    } catch (error) {
      return text(error.code);
    }
  });
  // what this client has subscribed to changes, and so do the tools
  const subscribed = new Set();
  server.server.setRequestHandler(SubscribeRequestSchema, async ({ params }) => {
    subscribed.add(params.uri);
    return {};
  });
  server.server.setRequestHandler(UnsubscribeRequestSchema, async ({ params }) => {
    subscribed.delete(params.uri);
    return {};
  });
  tool("touch", {}, async () => {
    for (const uri of subscribed) await server.server.sendResourceUpdated({ uri });
    if (!grown) grown = server.registerTool("grown", {}, async () => text("grown"));
    else grown.update({ description: "grown again" });
    return text("touched");
  });
  tool("log", {}, async (_, extra) => {
    for (const level of ["debug", "warning"]) {
      await server.sendLoggingMessage({ level, data: level, logger: "peer" }, extra.sessionId);
      await extra.sendNotification({
        method: "notifications/message",
        params: { level, data: `${level} of the call` },
      });
    }
    return text("logged");
  });
  server.registerResource("one", "note://one", { mimeType: "text/plain" }, async (uri) => ({
    contents: [{ uri: uri.href, mimeType: "text/plain", text: "one" }],
  }));
  tool("poll", {}, async (_, extra) => {
    extra.closeSSEStream();
    await sleep(100);
    return text("polled");
  });
  tool("slow", {}, async (_, extra) => {
    await new Promise((resolve) => extra.signal.addEventListener("abort", resolve));
    abandoned++;
    return text("too late");
  });
  tool("abandoned", {}, async () => text(abandoned));
  tool("fail", {}, async () => {
    throw new Error("it did not work");
  });
  return server;
}

const sessions = new Map();

async function open(json) {
  const transport = new StreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    enableJsonResponse: json,
    eventStore: json ? undefined : new EventStore(),
    retryInterval: 50,
    onsessioninitialized: (id) => sessions.set(id, transport),
    onsessionclosed: (id) => sessions.delete(id),
  });
  await build().connect(transport);
  return transport;
}

serve(async (req, res) => {
  if (req.url === "/forget") {
    sessions.clear();
    return res.writeHead(204).end();
  }
  if (req.url === "/sessions") return res.writeHead(200).end(String(sessions.size));
  const id = req.headers["mcp-session-id"];
  if (id && !sessions.has(id)) return res.writeHead(404).end();
  const transport = id ? sessions.get(id) : await open(req.url === "/json");
  await transport.handleRequest(req, res);
});
