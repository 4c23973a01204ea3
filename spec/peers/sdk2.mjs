// A server on version 2 of the TypeScript SDK: 2026-07-28. /mcp also serves the
// older era, without sessions; /strict does not; /stream always streams.
import {
  McpServer, ResourceTemplate, acceptedContent, completable, createMcpHandler, fromJsonSchema,
  inputRequired, inputResponse,
} from "@modelcontextprotocol/server";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { z } from "zod";
import { serve, text } from "../../spec/peers/serve.mjs";

let abandoned = 0;

function build() {
  const server = new McpServer(
    { name: "sdk2", version: "2.0.0" },
    {
      instructions: "Ask nicely.",
      capabilities: {
        logging: {},
        tools: { listChanged: true },
        prompts: { listChanged: true },
        resources: { listChanged: true, subscribe: true },
      },
    },
  );
  const tool = (name, properties, run) => {
    const inputSchema = fromJsonSchema({ type: "object", properties });
    server.registerTool(name, { description: name, inputSchema }, run);
  };
  tool("add", { a: { type: "number" }, b: { type: "number" } }, async ({ a, b }) => ({
    ...text(a + b),
    structuredContent: { sum: a + b },
  }));
  tool(
    "where",
    {
      region: { type: "string", "x-mcp-header": "Region" },
      depth: { type: "integer", "x-mcp-header": "Depth" },
    },
    async (args) => text(JSON.stringify(args)),
  );
  tool("wrong", { a: { type: "number", "x-mcp-header": "A" } }, async () => text("never"));
  tool("count", { to: { type: "integer" } }, async ({ to }, ctx) => {
    for (let i = 1; i <= to; i++) {
      await ctx.mcpReq.notify({
        method: "notifications/progress",
        params: { progressToken: ctx.mcpReq._meta.progressToken, progress: i, total: to },
      });
    }
    return text("counted");
  });
  tool("confirm", {}, async (_, ctx) => {
    const sure = inputResponse(ctx.mcpReq.inputResponses, "sure");
    if (sure.kind !== "missing") return text(JSON.stringify(sure));
    return inputRequired({
      inputRequests: {
        sure: inputRequired.elicit({
          message: "Sure?",
          requestedSchema: {
            type: "object",
            properties: { sure: { type: "boolean", default: true }, why: { type: "string" } },
          },
        }),
      },
      requestState: '{ "asked" : 1.0 }',
    });
  });
  tool("visit", {}, async (_, ctx) => {
    const visited = inputResponse(ctx.mcpReq.inputResponses, "page");
    if (visited.kind !== "missing") return text(visited.action);
    return inputRequired({
      inputRequests: {
        page: inputRequired.elicitUrl({ message: "Look", url: "https://example.com/page" }),
      },
    });
  });
  tool("poem", {}, async (_, ctx) => {
    const poem = inputResponse(ctx.mcpReq.inputResponses, "poem");
    if (poem.kind !== "missing") return text(poem.result.content.text);
    return inputRequired({
      inputRequests: {
        poem: inputRequired.createMessage({
          messages: [{ role: "user", content: { type: "text", text: "A poem" } }],
          maxTokens: 100,
        }),
      },
    });
  });
  // three rounds: a state alone, then a question, and both states come back
  tool("patient", {}, async (_, ctx) => {
    const state = ctx.mcpReq.requestState();
    if (!state) return inputRequired({ requestState: "first \u00fc \u2028" });
    const name = acceptedContent(ctx.mcpReq.inputResponses, "name");
    if (name) return text(`${state}, ${name.name}`);
    return inputRequired({
      requestState: state + " second",
      inputRequests: {
        name: inputRequired.elicit({
          message: "Your name?",
          requestedSchema: { type: "object", properties: { name: { type: "string" } } },
        }),
      },
    });
  });
  tool("log", {}, async (_, ctx) => {
    await ctx.mcpReq.log("debug", "quiet");
    await ctx.mcpReq.log("warning", { loud: true }, "peer");
    return text("logged");
  });
  tool("touch", { what: { type: "string" } }, async ({ what }) => {
    for (const { notify } of endpoints) {
      if (what === "tools") notify.toolsChanged();
      if (what === "prompts") notify.promptsChanged();
      if (what === "resources") notify.resourcesChanged();
      if (what.includes("://")) notify.resourceUpdated(what);
    }
    return text("touched");
  });
  tool("slow", {}, async (_, ctx) => {
    await new Promise((resolve) => ctx.mcpReq.signal.addEventListener("abort", resolve));
    abandoned++;
    return text("too late");
  });
  tool("abandoned", {}, async () => text(abandoned));

  const starting = (list) => (start) => list.filter((name) => name.startsWith(start));
  const note = (uri) => ({ contents: [{ uri: uri.href, mimeType: "text/plain", text: uri.href }] });
  server.registerResource("one", "note://one", {}, async (uri) => note(uri));
  server.registerResource(
    "note",
    new ResourceTemplate("note://{name}", {
      list: undefined,
      complete: { name: starting(["one", "other", "two"]) },
    }),
    {},
    async (uri) => note(uri),
  );
  server.registerPrompt(
    "greet",
    {
      description: "A greeting",
      argsSchema: z.object({
        name: completable(z.string(), starting(["Ada", "Alan"])),
      }),
    },
    ({ name }) => ({
      messages: [{ role: "user", content: { type: "text", text: `Greet ${name}` } }],
    }),
  );
  return server;
}

const endpoints = [];
const endpoint = (options) => {
  const handler = createMcpHandler(build, options);
  endpoints.push(handler);
  return toNodeHandler(handler);
};
const handlers = {
  "/mcp": endpoint(),
  "/strict": endpoint({ legacy: "reject" }),
  "/stream": endpoint({ responseMode: "sse" }),
};

serve((req, res) => {
  const handle = handlers[req.url];
  return handle ? handle(req, res) : res.writeHead(404).end();
});
