// The same job for the TypeScript SDK's client: argv is url N C modern|legacy;
// "legacy" is version 1 of the SDK, "modern" version 2.
const [url, total, atOnce, era] = process.argv.slice(-4);

const [{ Client }, { StreamableHTTPClientTransport }] =
  era === "modern"
    ? [await import("@modelcontextprotocol/client"), await import("@modelcontextprotocol/client")]
    : [
        await import("@modelcontextprotocol/sdk/client/index.js"),
        await import("@modelcontextprotocol/sdk/client/streamableHttp.js"),
      ];

const client = new Client(
  { name: "bench", version: "1.0.0" },
  era === "modern" ? { versionNegotiation: { mode: "auto" } } : {},
);
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
if ((await client.listTools()).tools.length !== 1) throw new Error("no tool");

const start = performance.now();
let begun = 0;
async function worker() {
  while (begun < total) {
    begun++;
    const result = await client.callTool({ name: "weather", arguments: { town: "Zürich" } });
    if (result.structuredContent.temperature !== 12) throw new Error("wrong answer");
  }
}
await Promise.all(Array.from({ length: Number(atOnce) }, worker));
const seconds = (performance.now() - start) / 1000;
await client.close();

const { user, system } = process.cpuUsage();
console.log(seconds.toFixed(6), user + system, process.resourceUsage().maxRSS);
process.exit(0);
