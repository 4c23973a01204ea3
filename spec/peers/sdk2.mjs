// A server on version 2 of the TypeScript SDK: 2026-07-28. /mcp also serves the
// older era, without sessions; /strict does not; /stream always streams.
import { McpServer, createMcpHandler, fromJsonSchema, inputRequired } from "@modelcontextprotocol/server";
import { toNodeHandler } from "@modelcontextprotocol/node";
import { serve, text } from "../../spec/peers/serve.mjs";

let abandoned = 0;

function build() {
  const server = new McpServer({ name: "sdk2", version: "2.0.0" });
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
  tool("confirm", {}, async () =>
    inputRequired({
      inputRequests: {
        sure: inputRequired.elicit({
          message: "Sure?",
          requestedSchema: { type: "object", properties: { sure: { type: "boolean" } } },
        }),
      },
    }),
  );
  tool("slow", {}, async (_, ctx) => {
    await new Promise((resolve) => ctx.mcpReq.signal.addEventListener("abort", resolve));
    abandoned++;
    return text("too late");
  });
  tool("abandoned", {}, async () => text(abandoned));
  return server;
}

const handlers = {
  "/mcp": toNodeHandler(createMcpHandler(build)),
  "/strict": toNodeHandler(createMcpHandler(build, { legacy: "reject" })),
  "/stream": toNodeHandler(createMcpHandler(build, { responseMode: "sse" })),
};

serve((req, res) => {
  const handle = handlers[req.url];
  return handle ? handle(req, res) : res.writeHead(404).end();
});
