// server-everything over Streamable HTTP, on a free port.
import http from "node:http";
import { announce, untilParentEnds } from "../../spec/peers/serve.mjs";

untilParentEnds();
const listen = http.Server.prototype.listen;
http.Server.prototype.listen = function () {
  this.once("listening", () => announce(this));
  return listen.call(this, 0, "127.0.0.1");
};
process.argv[2] = "streamableHttp";
await import("@modelcontextprotocol/server-everything/dist/index.js");
