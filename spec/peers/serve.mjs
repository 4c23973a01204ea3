// Serves a handler on a free port of the loopback interface, says where, and
// ends with the program that started it: its end closes our standard input.
import http from "node:http";

export function untilParentEnds() {
  process.stdin.resume();
  process.stdin.on("end", () => process.exit(0));
}

export function announce(server) {
  console.log(`listening on http://127.0.0.1:${server.address().port}`);
}

export function serve(handle) {
  untilParentEnds();
  const token = process.env.MCP_TOKEN;
  const server = http.createServer((req, res) => {
    if (token && req.headers.authorization !== `Bearer ${token}`) {
      res.writeHead(401, {
        "www-authenticate": 'Bearer realm="peer", error="invalid_token", ' +
          'error_description="not the token", resource_metadata="http://127.0.0.1/meta"',
        "content-type": "application/json",
      });
      return res.end('{"error":"invalid_token"}');
    }
    Promise.resolve(handle(req, res)).catch((error) => {
      console.error(error);
      if (!res.headersSent) res.writeHead(500).end();
    });
  });
  server.listen(0, "127.0.0.1", () => announce(server));
}

export const text = (value) => ({ content: [{ type: "text", text: String(value) }] });

export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
