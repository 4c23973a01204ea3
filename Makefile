# scalekit for Lua.
#
#   make demo     the main job, end to end, with no account and no network
#   make test     every check there is
#
# Both install what they need on a fresh Debian machine. The other targets
# assume that it is there.

LUA ?= 5.4
RUNTIMES := 5.1 5.2 5.3 5.4 jit
VERSION := $(shell sed -n 's/^local VERSION = "\(.*\)"$$/\1/p' lua/scalekit/version.lua)

CC ?= cc
CFLAGS ?= -O2 -g
WARN = -std=c11 -Wall -Wextra -Werror -Wpedantic -Wshadow -Wmissing-prototypes \
       -Wstrict-prototypes -Wpointer-arith -Wwrite-strings
DEFS = -D_GNU_SOURCE -DSK_VERSION='"$(VERSION)"'
LIBS = -lcurl -lcrypto -lpthread -ldl

# The core knows nothing of Lua; the skin knows nothing of sockets.
CORE := buf sse json_check json_text encode poll loop queue profile request easy callbacks \
        transfer answer credentials crypt jwt seal model_values
SRC := $(sort $(wildcard csrc/*.c))
HDR := $(wildcard csrc/*.h)

demo:
	@.ci/setup demo
	@$(MAKE) --no-print-directory -s build-5.4 build-jit
	@$(WITH_5.4) SCALEKIT_DEMO=1 $(DEV) -- lua5.4 examples/quickstart.lua

dev:
	@.ci/setup demo
	@$(MAKE) --no-print-directory -s build-5.4 build-jit
	@$(WITH_5.4) $(DEV) $(if $(PORT),--port $(PORT))

test:
	@.ci/setup test
	@$(MAKE) --no-print-directory -s build-all build/faults/server
	@spec/run

WITH_5.4 = LUA_PATH="$(CURDIR)/lua/?.lua;$(CURDIR)/lua/?/init.lua;$(CURDIR)/?.lua;;" \
	LUA_CPATH="$(CURDIR)/build/5.4/?.so;;" SCALEKIT_NGINX_CPATH="$(CURDIR)/build/jit/?.so"
DEV = lua5.4 lua/scalekit/cli/main.lua dev

# --- the C module, once for each Lua ------------------------------------------

build: build-$(LUA)
build-%: build/%/scalekit/core.so ;
build-all: $(RUNTIMES:%=build-%)

define RUNTIME
build/$(1)/obj/%.o: csrc/%.c $(HDR) lua/scalekit/version.lua
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(WARN) $$(DEFS) -fPIC -fvisibility=hidden \
	  $$(shell pkg-config --cflags $(if $(filter jit,$(1)),luajit,lua$(1))) -c $$< -o $$@
build/$(1)/scalekit/core.so: $(SRC:csrc/%.c=build/$(1)/obj/%.o)
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS) $$(LDFLAGS) -shared $$^ $$(LIBS) -o $$@
endef
$(foreach runtime,$(RUNTIMES),$(eval $(call RUNTIME,$(runtime))))

# --- checks, each also a part of spec/run ---------------------------------------

# C units of the core alone, without Lua, under the sanitizers.
c-%: build/c/%_test
	@UBSAN_OPTIONS=halt_on_error=1 $<
build/c/%_test: spec/c/%_test.c $(CORE:%=csrc/%.c) $(HDR)
	@mkdir -p $(@D)
	$(CC) -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all $(WARN) $(DEFS) \
	  -Icsrc $< $(CORE:%=csrc/%.c) $(LIBS) -o $@

# What the layers must not know: the core Lua, the skin sockets, the handlers nginx.
NGINX_FILES = lua/scalekit/(host/nginx|host/edge|host/shared|driver/nginx|transport/cosocket|vmcp/store/shdict)\.lua
layers:
	@! grep -nE '<(lua|lauxlib)\.h>|"(bind|compat)\.h"' $(CORE:%=csrc/%.c) \
	  csrc/wire.h csrc/json.h csrc/http.h csrc/loop.h csrc/auth.h csrc/crypt.h csrc/seal.h csrc/model_values.h
	@! grep -nE '<sys/socket\.h>|<curl/|<sys/epoll\.h>|"loop\.h"' \
	  $(filter-out $(CORE:%=csrc/%.c),$(SRC)) csrc/bind.h csrc/compat.h csrc/model.h
	@! grep -rnE '\bngx\b' lua --include='*.lua' | grep -vE '^$(NGINX_FILES):' | \
	  grep -vE ':[0-9]+: *--'
	@! grep -nE 'scalekit\.(client|resource|vmcp|ops|schema)\b' -r lua/scalekit/mcp

# The main job under valgrind: no leak, no error.
valgrind: build-5.4 build-jit
	@$(WITH_5.4) SCALEKIT_DEMO=1 $(DEV) -- valgrind --quiet --error-exitcode=9 --leak-check=full \
	  --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
	  lua5.4 examples/quickstart.lua

# The server of the fault table; the specs build it too where it is missing.
build/faults/server: $(wildcard spec/faults/*.c spec/faults/*.h)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(WARN) -D_GNU_SOURCE $(filter %.c,$^) -lssl -lcrypto -lpthread -o $@

# Tables and targets, in Markdown: the client beside bare libcurl, the MCP
# client beside the TypeScript SDK's, a worker of nginx beside proxy_pass.
bench: bench-client bench-mcp-client bench-nginx
bench-client: build-5.4 build/bench/limit
	@$(WITH_5.4) lua5.4 spec/bench/client.lua $(ROUNDS)
# Inside nginx, beside proxy_pass. The load comes from wrk.
bench-nginx:
	@.ci/setup bench
	@$(MAKE) --no-print-directory -s build-5.4 build-jit
	@$(WITH_5.4) lua5.4 spec/bench/nginx.lua $(ROUNDS)
	@for bench in $(wildcard spec/bench/edge.lua); do $(WITH_5.4) lua5.4 $$bench $(ROUNDS); done
build/bench/limit: spec/bench/limit.c
	@mkdir -p $(@D)
	$(CC) -O2 $(WARN) -D_GNU_SOURCE $< -lcurl -o $@

bench-mcp-client: build-5.4
	@spec/peers/install.sh
	@$(WITH_5.4) lua5.4 spec/bench/mcp.lua $(ROUNDS)

# The official MCP conformance suite on our client.
conformance: build-5.4
	@spec/peers/install.sh
	@$(WITH_5.4) lua5.4 spec/conformance/run.lua $(SCENARIO)

# libFuzzer on every parser: FUZZ_SECONDS for each target. Needs clang.
fuzz:
	@spec/fuzz/run

# Every allocation of the main job fails once; WALK_FULL=1 for all of Lua's too.
walk: build-5.4 build-jit
	@spec/walk/run

# --- documentation ------------------------------------------------------------

# The reference, as HTML in build/doc/html.
docs: build-5.4
	@$(WITH_5.4) spec/docs/build
	@echo build/doc/html/index.html

# lua/scalekit/types, for editors: made of the comments and the operation table.
types: build-5.4
	@$(WITH_5.4) lua5.4 spec/docs/generate.lua types

clean:
	rm -rf build

.PHONY: demo dev test build build-all layers valgrind bench bench-client \
  bench-mcp-client bench-nginx conformance fuzz walk docs types clean
.SECONDARY:
