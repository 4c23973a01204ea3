/*
** model.c - model:check with values that no program would send: it never
** throws, never touches what it is given (but for an answer, which it shapes),
** says the same twice, and what it passes can be said in JSON and passes again.
** request_writer writes just that, and nothing else.
** Input: a program for the little value builder below.
*/
#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "fuzz.h"
#include "wire.h"

int luaopen_scalekit_core(lua_State *L);

static lua_State *L;
enum { MODEL = 1, HELPERS, TRAP, AGREE, VALUE, FIXED = AGREE };

static const char setup[] =
  "local core = ...\n"
  "local leaf = core.model('Leaf', {\n"
  "  { 'id', 'string', required = true, min = 2, max = 9, charset = 'a-z0-9_-',\n"
  "    must_have = 'a-z', prefix = { 'm_', 'id' } },\n"
  "  { 'names', 'string', repeated = true, max_items = 3 },\n"
  "  { 'tag_map', 'map' }, { 'when_at', 'timestamp' },\n"
  "})\n"
  "local model = core.model('Root', {\n"
  "  { 'name', 'string', min = 1, max = 5, empty = true }, { 'flag', 'bool', optional = true },\n"
  "  { 'whole', 'int', min = -5, max = 1000 }, { 'count', 'uint32' },\n"
  "  { 'real', 'double' }, { 'span', 'duration', min = 60, max = 86400 },\n"
  "  { 'moment', 'timestamp', read_only = true }, { 'object', 'struct' }, { 'items', 'list' },\n"
  "  { 'any', 'any' }, { 'tags', 'map' }, { 'leaf', leaf },\n"
  "  { 'leaf_list', leaf, repeated = true, min_items = 0, max_items = 4 },\n"
  "  { 'state', 'enum', values = { 'STATE_UNSPECIFIED', 'ON', 'OFF' } },\n"
  "})\n"
  "local function never() error 'a metamethod ran' end\n"
  "local trap = { __index = never, __newindex = never, __len = never, __pairs = never,\n"
  "  __tostring = never, __eq = never, __lt = never, __concat = never, __call = never }\n"
  "local helpers = { null = core.null, array_mt = {}, raw_mt = {} }\n"
  "local encode = core.json_encoder(core.null, helpers.array_mt, helpers.raw_mt, nil)\n"
  "local writer = core.request_writer { path = { '/x' }, model = model, body = true,\n"
  "  null = core.null, array_mt = helpers.array_mt, raw_mt = helpers.raw_mt }\n"
  "local function agree(value)\n"
  "  local checked, url, body = model:check(value, 'send', helpers), writer:write('', value)\n"
  "  if not checked or getmetatable(value) then return url == nil end\n"
  "  return url == '/x' and body == encode(checked)\n"
  "end\n"
  "return model, helpers, trap, agree\n";

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

/* --- the builder: bytes to a Lua value ---------------------------------------------- */

static const char *const words[] = {
  "name", "flag", "whole", "count", "real", "span", "moment", "object", "items", "any", "tags",
  "leaf", "leaf_list", "state", "id", "names", "tag_map", "when_at", "leafList", "tagMap",
  "whenAt", "nmae", "ON", "OFF", "STATE_UNSPECIFIED", "m_1", "id-a", "90s", "1h30m", "-0.5s",
  "2026-01-31T12:00:00Z", "0001-01-01T00:00:00Z", "12", "-9007199254740992", "\xC3\xA9", "\xFF"};
#define WORDS (sizeof words / sizeof *words)

static void push_word(unsigned i) {
  lua_pushstring(L, words[i % WORDS]);
}

static void push_number(input *in) {
  static const double odd[] = {0.5, -0.0, 1e308, 9007199254740992.0, 9007199254740994.0, -1.5,
                               59.9995, 315576000000.0, 4294967295.0, 1e300 * 1e300};
  unsigned i = take_byte(in);
  if (i < sizeof odd / sizeof *odd) lua_pushnumber(L, odd[i]);
  else if (i == 255) lua_pushnumber(L, 1e300 * 1e300 - 1e300 * 1e300);
  else if (i == 254) lua_pushinteger(L, LUA_MININTEGER);
  else lua_pushinteger(L, (lua_Integer)i - 100);
}

static void push_value(input *in, int depth);

static void push_table(input *in, int depth) {
  unsigned shape = take_byte(in), n = take_byte(in) % 12, i;
  lua_newtable(L);
  for (i = 1; i <= n && in->n > 0; i++) {
    if (shape & 1) lua_pushinteger(L, (lua_Integer)i);
    else push_word(take_byte(in));
    if ((shape & 2) && take_byte(in) % 4 == 0) { /* a key that does not belong */
      lua_pop(L, 1);
      push_value(in, 99);
      if (lua_isnil(L, -1) || (lua_type(L, -1) == LUA_TNUMBER && lua_tonumber(L, -1) !=
                               lua_tonumber(L, -1))) {
        lua_pop(L, 1);
        continue;
      }
    }
    push_value(in, depth + 1);
    lua_rawset(L, -3);
  }
  if (shape >> 4 == 1) lua_pushvalue(L, TRAP), lua_setmetatable(L, -2);
  if (shape >> 4 == 2) lua_getfield(L, HELPERS, "array_mt"), lua_setmetatable(L, -2);
  if (shape >> 4 == 3) lua_getfield(L, HELPERS, "raw_mt"), lua_setmetatable(L, -2);
}

static void push_value(input *in, int depth) {
  unsigned op = take_byte(in), i;
  input text;
  switch (op % 11) {
    case 0: lua_pushnil(L); return;
    case 1: lua_pushboolean(L, op > 127); return;
    case 2: push_number(in); return;
    case 3: push_word(take_byte(in)); return;
    case 4:
      text = take(in, take_byte(in) % 24);
      lua_pushlstring(L, (const char *)text.p, text.n);
      return;
    case 5: lua_pushlightuserdata(L, op > 127 ? (void *)words : NULL); return;
    case 6: lua_pushvalue(L, MODEL); return; /* a userdata */
    case 7: lua_pushcfunction(L, luaopen_scalekit_core); return;
    case 8:
      if (depth >= 8) break;
      push_value(in, 99);
      for (i = take_byte(in) % 80; i > 0; i--) { /* deeper than anybody may go */
        lua_createtable(L, 1, 0);
        lua_insert(L, -2);
        if (lua_isnil(L, -1)) lua_pop(L, 1);
        else lua_rawseti(L, -2, 1);
      }
      return;
    default: break;
  }
  if (depth >= 8) lua_pushboolean(L, 1);
  else push_table(in, depth);
}

/* --- looking at values ---------------------------------------------------------------- */

static uint64_t mix(uint64_t a, uint64_t b) {
  a = (a ^ b) * 0x9E3779B97F4A7C15u;
  return a ^ a >> 29;
}

/* Equal for equal values, whatever the order of their keys. */
static uint64_t digest(int index) {
  uint64_t d = mix((uint64_t)lua_type(L, index), 77), bits;
  size_t n = 0;
  const char *s;
  double number;
  switch (lua_type(L, index)) {
    case LUA_TBOOLEAN: return mix(d, (uint64_t)lua_toboolean(L, index));
    case LUA_TNUMBER:
      number = lua_tonumber(L, index);
      if (number != number) return d;
      memcpy(&bits, &number, sizeof bits);
      return mix(mix(d, bits), (uint64_t)lua_isinteger(L, index));
    case LUA_TSTRING:
      for (s = lua_tolstring(L, index, &n); n > 0; n--) d = mix(d, (unsigned char)*s++);
      return d;
    case LUA_TTABLE:
      luaL_checkstack(L, 8, NULL);
      if (lua_getmetatable(L, index)) {
        d = mix(d, (uint64_t)(uintptr_t)lua_topointer(L, -1));
        lua_pop(L, 1);
      }
      lua_pushnil(L);
      for (bits = 0; lua_next(L, index); lua_pop(L, 1))
        bits += mix(digest(lua_gettop(L) - 1), digest(lua_gettop(L)));
      return mix(d, bits);
    default: return mix(d, (uint64_t)(uintptr_t)lua_topointer(L, index));
  }
}

static int is_raw(int index) {
  int raw = 0;
  if (lua_getmetatable(L, index)) {
    lua_getfield(L, HELPERS, "raw_mt");
    raw = lua_rawequal(L, -1, -2);
    lua_pop(L, 2);
  }
  return raw;
}

/* Whether JSON can say it: strings in UTF-8, objects, lists without holes. */
static int sayable(int index) {
  size_t n, points, strings = 0, numbers = 0;
  const char *s;
  double number;
  int good = 1;
  switch (lua_type(L, index)) {
    case LUA_TBOOLEAN: return 1;
    case LUA_TLIGHTUSERDATA: return lua_touserdata(L, index) == NULL;
    case LUA_TNUMBER:
      number = lua_tonumber(L, index);
      return number - number == 0;
    case LUA_TSTRING:
      s = lua_tolstring(L, index, &n);
      return sk_utf8_count(s, n, &points) == SK_OK;
    case LUA_TTABLE: break;
    default: return 0;
  }
  if (is_raw(index)) return 1;
  luaL_checkstack(L, 8, NULL);
  lua_pushnil(L);
  for (; good && lua_next(L, index); lua_pop(L, 1)) {
    int key = lua_gettop(L) - 1;
    if (lua_type(L, key) == LUA_TSTRING) strings++, good = sayable(key);
    else numbers++, good = lua_isinteger(L, key);
    good = good && sayable(key + 1);
  }
  if (!good) return 0;
  return (strings == 0 || numbers == 0) && numbers == lua_rawlen(L, index);
}

/* --- rules ------------------------------------------------------------------------------ */

static void text_of(int table, const char *name, int may_be_empty) {
  size_t n, points;
  const char *s;
  lua_getfield(L, table, name);
  MUST(lua_type(L, -1) == LUA_TSTRING);
  s = lua_tolstring(L, -1, &n);
  MUST((n > 0 || may_be_empty) && sk_utf8_count(s, n, &points) == SK_OK);
  lua_pop(L, 1);
}

static void judge_violations(int list) {
  size_t n, i;
  MUST(lua_istable(L, list));
  n = lua_rawlen(L, list);
  MUST(n >= 1 && n <= 16);
  for (i = 1; i <= n; i++) {
    lua_rawgeti(L, list, (lua_Integer)i);
    text_of(lua_gettop(L), "field", 1);
    text_of(lua_gettop(L), "description", 0);
    text_of(lua_gettop(L), "constraint", 0);
    lua_pop(L, 1);
  }
}

/* check(value, mode): pushes two results. */
static void check(int value, const char *mode, int helpers) {
  lua_getfield(L, MODEL, "check");
  lua_pushvalue(L, MODEL);
  lua_pushvalue(L, value);
  lua_pushstring(L, mode);
  if (helpers) lua_pushvalue(L, HELPERS);
  else lua_pushnil(L);
  MUST(lua_pcall(L, 4, 2, 0) == LUA_OK);
}

static void try_mode(const char *mode, int helpers) {
  int top = lua_gettop(L);
  uint64_t before = digest(VALUE), said;
  check(VALUE, mode, helpers);
  MUST(digest(VALUE) == before || strcmp(mode, "answer") == 0);
  said = digest(top + 1);
  if (lua_isnil(L, top + 1) && strcmp(mode, "answer") != 0) {
    judge_violations(top + 2);
  } else {
    MUST(lua_isnil(L, top + 2));
    check(VALUE, mode, helpers);
    MUST(digest(top + 3) == said);
    lua_settop(L, top + 1);
    if (strcmp(mode, "send") == 0 && helpers) {
      MUST(sayable(top + 1));
      check(top + 1, "send", helpers); /* what passed, passes */
      MUST(digest(top + 2) == said);
      check(top + 1, "receive", helpers); /* and a server takes it */
      MUST(lua_istable(L, top + 4));
      check(top + 4, "reply", helpers);
      MUST(lua_istable(L, top + 6));
    }
  }
  lua_settop(L, top);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  static unsigned runs;
  input in = {bytes, n};
  unsigned plain;
  start();
  plain = take_byte(&in) & 1;
  if (plain) push_value(&in, 0);
  else push_table(&in, 0);
  lua_pushvalue(L, AGREE);
  lua_pushvalue(L, VALUE);
  MUST(lua_pcall(L, 1, 1, 0) == LUA_OK && lua_toboolean(L, -1));
  lua_settop(L, VALUE);
  try_mode("send", 1);
  try_mode("send", 0);
  try_mode("receive", 1);
  try_mode("reply", 1);
  try_mode("answer", 1);
  try_mode("answer", 0);
  lua_settop(L, FIXED);
  if (++runs % 64 == 0) lua_gc(L, LUA_GCCOLLECT);
  return 0;
}
