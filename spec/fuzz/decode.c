/*
** decode.c - what json_decoder builds: it takes just what the check takes, and what
** it builds, written and read again, is the same text.
** Input: JSON text.
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "fuzz.h"
#include "json.h"

int luaopen_scalekit_core(lua_State *L);

static lua_State *L;
enum { DECODE = 1, ENCODE };

static const char setup[] =
  "local core = ...\n"
  "local array_mt = {}\n"
  "return core.json_decoder(core.null, array_mt),\n"
  "  core.json_encoder(core.null, array_mt, {}, nil)\n";

static void start(void) {
  if (L != NULL) return;
  L = luaL_newstate();
  if (L == NULL) abort();
  luaL_openlibs(L);
  MUST(luaL_loadstring(L, setup) == LUA_OK);
  lua_pushcfunction(L, luaopen_scalekit_core);
  lua_call(L, 0, 1);
  lua_call(L, 1, 2);
}

/* Calls one of the two with the value on top, which it replaces. */
static void call(int function, int results) {
  lua_pushvalue(L, function);
  lua_insert(L, -2);
  MUST(lua_pcall(L, 1, results, 0) == LUA_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  sk_json_report report;
  sk_status status = sk_json_check((const char *)bytes, n, 64, &report);
  start();
  lua_settop(L, ENCODE);
  lua_pushlstring(L, (const char *)bytes, n);
  call(DECODE, 2);
  if (status != SK_OK || lua_type(L, -1) == LUA_TSTRING) { /* or a number out of range */
    MUST(lua_isnil(L, -2) && lua_type(L, -1) == LUA_TSTRING);
    return 0;
  }
  lua_pop(L, 1);
  call(ENCODE, 1);
  lua_pushvalue(L, -1);
  call(DECODE, 1);
  call(ENCODE, 1);
  MUST(lua_rawequal(L, -1, -2));
  return 0;
}
