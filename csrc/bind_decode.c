/*
** bind_decode.c - reads JSON text as Lua values: json_decoder(null, array_mt) →
** decode(text, max_depth) → value | nil, message.
**
** The text is checked first, so that building needs no second thoughts: the values
** grow on the Lua stack, and nothing is held that a throw could leak.
*/
#include <string.h>

#include "bind_json.h"
#include "json.h"

enum { UP_NULL = 1, UP_ARRAY };
enum { SLOTS = 4 }; /* that one level of nesting takes */

/* Between two quotes, with escapes. */
static void push_escaped(lua_State *L, const char *p, size_t n) {
  char *decoded = (char *)lua_newuserdata(L, n);
  lua_pushlstring(L, decoded, sk_json_unescape(p, n, decoded));
  lua_remove(L, -2);
}

const char *sk_build_string(sk_builder *b, const char *p) {
  const char *quote = (const char *)memchr(p + 1, '"', (size_t)(b->end - p) - 1);
  p++;
  if (!b->escapes || memchr(p, '\\', (size_t)(quote - p)) == NULL) {
    lua_pushlstring(b->L, p, (size_t)(quote - p));
  } else {
    if (quote[-1] == '\\') quote = sk_json_string_end(p - 1, b->end) - 1; /* perhaps not the last */
    push_escaped(b->L, p, (size_t)(quote - p));
  }
  return quote + 1;
}

static const char *number(sk_builder *b, const char *p) {
  const char *q = sk_json_value_end(p, b->end);
  int is_integer;
  double v;
  sk_status status = sk_json_number(p, (size_t)(q - p), &is_integer, &v);
  if (status == SK_NOMEM) luaL_error(b->L, "not enough memory");
  if (status != SK_OK && b->too_large == NULL) b->too_large = p;
  if (is_integer)
    lua_pushinteger(b->L, (lua_Integer)v);
  else
    lua_pushnumber(b->L, (lua_Number)v);
  return q;
}

void sk_build_mark(sk_builder *b) {
  lua_pushvalue(b->L, b->array_mt);
  lua_setmetatable(b->L, -2);
}

static const char *list(sk_builder *b, const char *p) {
  int i = 0;
  lua_newtable(b->L);
  sk_build_mark(b);
  p = sk_json_space(p + 1, b->end);
  while (*p != ']') {
    p = sk_json_space(sk_build(b, p), b->end);
    lua_rawseti(b->L, -2, ++i);
    if (*p == ',') p = sk_json_space(p + 1, b->end);
  }
  return p + 1;
}

static const char *object(sk_builder *b, const char *p) {
  p = sk_json_space(p + 1, b->end);
  lua_createtable(b->L, 0, *p == '}' ? 0 : 4); /* millions of empty ones fit an answer */
  while (*p != '}') {
    p = sk_json_space(sk_build_string(b, p), b->end);
    p = sk_json_space(p + 1, b->end); /* the colon */
    p = sk_json_space(sk_build(b, p), b->end);
    lua_rawset(b->L, -3);
    if (*p == ',') p = sk_json_space(p + 1, b->end);
  }
  return p + 1;
}

const char *sk_build(sk_builder *b, const char *p) {
  luaL_checkstack(b->L, SLOTS, "JSON that deep");
  switch (*p) {
    case '{': return object(b, p);
    case '[': return list(b, p);
    case '"': return sk_build_string(b, p);
    case 't': lua_pushboolean(b->L, 1); return p + 4;
    case 'f': lua_pushboolean(b->L, 0); return p + 5;
    case 'n': lua_pushvalue(b->L, b->null); return p + 4;
    default: return number(b, p);
  }
}

static int refuse(lua_State *L, const char *message, size_t offset) {
  lua_pushnil(L);
  lua_pushfstring(L, "%s at byte %d", message, (int)offset + 1);
  return 2;
}

static int decode(lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lua_Integer depth = luaL_optinteger(L, 2, 64);
  sk_json_report report;
  sk_status status;
  sk_builder b = {L, text + n, NULL, 0, lua_upvalueindex(UP_NULL), lua_upvalueindex(UP_ARRAY)};
  luaL_argcheck(L, depth >= 0 && depth <= SK_JSON_DEPTH, 2, "depth out of range");
  status = sk_json_check(text, n, (int)depth, &report);
  if (status == SK_NOMEM) return luaL_error(L, "not enough memory");
  if (status != SK_OK)
    return refuse(L, status == SK_FULL ? "text too long" : report.message, report.offset);
  b.escapes = report.escapes;
  sk_build(&b, sk_json_space(text, b.end));
  if (b.too_large) return refuse(L, "number out of range", (size_t)(b.too_large - text));
  return 1;
}

static int json_decoder(lua_State *L) {
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  lua_pushcclosure(L, decode, 2);
  return 1;
}

void sk_open_decode(lua_State *L) {
  static const luaL_Reg functions[] = {{"json_decoder", json_decoder}, {NULL, NULL}};
  sk_setfuncs(L, functions, 0);
  lua_pushlightuserdata(L, NULL); /* what lua-cjson and nginx call null */
  lua_setfield(L, -2, "null");
}
