/*
** bind_decode.c - reads JSON text as Lua values: json_decoder(null, array_mt) →
** decode(text, max_depth) → value | nil, message.
**
** The text is checked first, so that building needs no second thoughts: the values
** grow on the Lua stack, and nothing is held that a throw could leak.
*/
#include <string.h>

#include "bind.h"
#include "decode.h"
#include "json.h"

enum { UP_NULL = 1, UP_ARRAY };
enum { SLOTS = 4 }; /* that one level of nesting takes */

typedef struct reader {
  lua_State *L;
  const char *end;
  const char *too_large; /* a number beyond every double   */
  int null, array_mt;    /* where these are                */
  int nulls;             /* how many have been read so far */
} reader;

static const char *value(reader *r, const char *p);

/* Between two quotes. */
static void push_text(lua_State *L, const char *p, size_t n) {
  char *decoded;
  if (memchr(p, '\\', n) == NULL) {
    lua_pushlstring(L, p, n);
    return;
  }
  decoded = (char *)lua_newuserdata(L, n);
  lua_pushlstring(L, decoded, sk_json_unescape(p, n, decoded));
  lua_remove(L, -2);
}

static const char *string(reader *r, const char *p) {
  const char *quote = (const char *)memchr(p + 1, '"', (size_t)(r->end - p) - 1);
  if (quote[-1] == '\\') quote = sk_json_string_end(p, r->end) - 1; /* perhaps not the last */
  push_text(r->L, p + 1, (size_t)(quote - p) - 1);
  return quote + 1;
}

static const char *number(reader *r, const char *p) {
  const char *q = sk_json_value_end(p, r->end);
  int is_integer;
  double v;
  sk_status status = sk_json_number(p, (size_t)(q - p), &is_integer, &v);
  if (status == SK_NOMEM) luaL_error(r->L, "not enough memory");
  if (status != SK_OK && r->too_large == NULL) r->too_large = p;
  if (is_integer)
    lua_pushinteger(r->L, (lua_Integer)v);
  else
    lua_pushnumber(r->L, (lua_Number)v);
  return q;
}

static const char *list(reader *r, const char *p) {
  int i = 0;
  lua_newtable(r->L);
  lua_pushvalue(r->L, r->array_mt);
  lua_setmetatable(r->L, -2);
  p = sk_json_space(p + 1, r->end);
  while (*p != ']') {
    p = sk_json_space(value(r, p), r->end);
    lua_rawseti(r->L, -2, ++i);
    if (*p == ',') p = sk_json_space(p + 1, r->end);
  }
  return p + 1;
}

static const char *object(reader *r, const char *p) {
  p = sk_json_space(p + 1, r->end);
  lua_createtable(r->L, 0, *p == '}' ? 0 : 4); /* millions of empty ones fit an answer */
  while (*p != '}') {
    p = sk_json_space(string(r, p), r->end);
    p = sk_json_space(p + 1, r->end); /* the colon */
    p = sk_json_space(value(r, p), r->end);
    lua_rawset(r->L, -3);
    if (*p == ',') p = sk_json_space(p + 1, r->end);
  }
  return p + 1;
}

static const char *value(reader *r, const char *p) {
  luaL_checkstack(r->L, SLOTS, "JSON that deep");
  switch (*p) {
    case '{': return object(r, p);
    case '[': return list(r, p);
    case '"': return string(r, p);
    case 't': lua_pushboolean(r->L, 1); return p + 4;
    case 'f': lua_pushboolean(r->L, 0); return p + 5;
    case 'n':
      r->nulls++;
      lua_pushvalue(r->L, r->null);
      return p + 4;
    default: return number(r, p);
  }
}

sk_status sk_decode(lua_State *L, const char *text, size_t n, int depth, int null, int array_mt,
                    int *nulls, sk_json_report *report) {
  reader r = {L, text + n, NULL, null, array_mt, 0};
  sk_status status = sk_json_check(text, n, depth, report);
  if (status == SK_NOMEM) luaL_error(L, "not enough memory");
  if (status == SK_FULL) report->message = "text too long";
  if (status != SK_OK) return status;
  value(&r, sk_json_space(text, r.end));
  *nulls = r.nulls;
  if (r.too_large == NULL) return SK_OK;
  lua_pop(L, 1);
  report->message = "number out of range";
  report->offset = (size_t)(r.too_large - text);
  return SK_INVALID;
}

static int decode(lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lua_Integer depth = luaL_optinteger(L, 2, 64);
  sk_json_report report;
  int nulls;
  luaL_argcheck(L, depth >= 0 && depth <= SK_JSON_DEPTH, 2, "depth out of range");
  if (sk_decode(L, text, n, (int)depth, lua_upvalueindex(UP_NULL), lua_upvalueindex(UP_ARRAY),
                &nulls, &report) == SK_OK)
    return 1;
  lua_pushnil(L);
  lua_pushfstring(L, "%s at byte %d", report.message, (int)report.offset + 1);
  return 2;
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
