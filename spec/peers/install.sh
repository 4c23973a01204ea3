#!/bin/sh
# Installs, into build/node, the MCP servers that the interoperation specs talk
# to, the official conformance suite, and the Node that both run on. Needs npm,
# and touches nothing outside that directory. Does nothing where it has been
# done for the same lock file.
#
# The lock file names versions and checksums, not where packages come from. To
# renew it after a change of package.json: npm install --package-lock-only, then
# remove the members "resolved".
set -eu

cd "$(dirname "$0")"
home=../../build/node
cmp -s package-lock.json $home/installed && exit 0
mkdir -p $home
cp package.json package-lock.json $home/
cd $home
# no package here needs a script to be complete, and Debian's npm runs on a Node
# that several of them call too old; they never run on it
# npm trusts whom the machine trusts
[ -n "${NODE_EXTRA_CA_CERTS:-}" ] || [ ! -f /etc/ssl/certs/ca-certificates.crt ] ||
  export NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt
npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
cp package-lock.json installed
