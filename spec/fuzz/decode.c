/*
** decode.c - what json_decoder builds: it takes just what the check takes, and what
** it builds, written and read again, is the same text. What answer_reader reads of it
** is that in the shape of its model.
** Input: JSON text.
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "fuzz.h"
#include "json.h"

int luaopen_scalekit_core(lua_State *L);

static lua_State *L;
enum { DECODE = 1, ENCODE, AGREE, FIXED = AGREE };

static const char setup[] =
  "local core = ...\n"
  "local array_mt = {}\n"
  "local decode = core.json_decoder(core.null, array_mt)\n"
  "local encode = core.json_encoder(core.null, array_mt, {}, nil)\n"
  "local leaf = core.model('Leaf', { { 'b', 'string' }, { 'c', 'string', repeated = true } })\n"
  "local model = core.model('Root', { { 'a', 'string' }, { 'bc', leaf }, { 'x', 'int' },\n"
  "  { 'm', leaf, repeated = true }, { 't', 'timestamp' }, { 'z', 'any', repeated = true },\n"
  "  { 'e', 'enum', values = { 'A', 'B' } } })\n"
  "local reader = core.answer_reader(model, core.null, array_mt)\n"
  "local helpers = { null = core.null, array_mt = array_mt, raw_mt = {} }\n"
  "local function agree(text)\n"
  "  local read, value = reader:read(text), decode(text)\n"
  "  return read == nil or encode(read) == encode(model:check(value, 'answer', helpers))\n"
  "end\n"
  "return decode, encode, agree\n";

static void start(void) {
  if (L != NULL) return;
  L = luaL_newstate();
  if (L == NULL) abort();
  luaL_openlibs(L);
  MUST(luaL_loadstring(L, setup) == LUA_OK);
  lua_pushcfunction(L, luaopen_scalekit_core);
  lua_call(L, 0, 1);
  lua_call(L, 1, FIXED);
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
  lua_settop(L, FIXED);
  lua_pushlstring(L, (const char *)bytes, n);
  lua_pushvalue(L, -1);
  call(AGREE, 1);
  MUST(lua_toboolean(L, -1));
  lua_pop(L, 1);
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
