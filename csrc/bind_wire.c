/*
** bind_wire.c - raw JSON and encodings for Lua.
*/
#include <stdint.h>

#include "bind.h"
#include "json.h"

/* Collectable memory, so that a failing push leaks nothing. */
static void *scratch(lua_State *L, size_t size) {
  return lua_newuserdata(L, size);
}

/* Argument 1, short enough for any encoding to have a size that fits size_t. */
static const char *input(lua_State *L, size_t *n) {
  const char *p = sk_check_bytes(L, 1, n);
  luaL_argcheck(L, *n < SIZE_MAX / 4, 1, "too long");
  return p;
}

static int push_nil(lua_State *L) {
  lua_pushnil(L);
  return 1;
}

/* --- JSON ------------------------------------------------------------------- */

/* json_check(text, max_depth): true; nil, message, offset */
static int json_check(lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 1, &n);
  lua_Integer depth = luaL_checkinteger(L, 2);
  sk_json_report report;
  sk_status status;
  luaL_argcheck(L, depth >= 0 && depth <= SK_JSON_DEPTH, 2, "depth out of range");
  status = sk_json_check(text, n, (int)depth, &report);
  if (status == SK_NOMEM) return luaL_error(L, "not enough memory");
  if (status == SK_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, status == SK_FULL ? "text too long" : report.message);
  lua_pushinteger(L, (lua_Integer)report.offset + 1);
  return 3;
}

/* json_member(text, name [, name ...]): the raw JSON text of a nested member, or nil */
static int json_member(lua_State *L) {
  int i, names = lua_gettop(L);
  sk_json_span span;
  span.p = luaL_checklstring(L, 1, &span.n);
  luaL_checkstring(L, 2);
  for (i = 2; i <= names; i++) {
    size_t n;
    const char *name = luaL_checklstring(L, i, &n);
    if (!sk_json_member(&span, name, n)) return push_nil(L);
  }
  lua_pushlstring(L, span.p, span.n);
  return 1;
}

/* --- encodings ---------------------------------------------------------------- */

static int encode64(lua_State *L, int url) {
  size_t n;
  const char *p = input(L, &n);
  char *out = (char *)scratch(L, SK_BASE64_SIZE(n));
  lua_pushlstring(L, out, sk_base64(p, n, url, out));
  return 1;
}

static int decode64(lua_State *L, int url) {
  size_t n, len;
  const char *p = input(L, &n);
  char *out = (char *)scratch(L, SK_UNBASE64_SIZE(n));
  if (sk_unbase64(p, n, url, out, &len) != SK_OK) return push_nil(L);
  lua_pushlstring(L, out, len);
  return 1;
}

static int base64(lua_State *L) {
  return encode64(L, 0);
}

static int unbase64(lua_State *L) {
  return decode64(L, 0);
}

static int base64url(lua_State *L) {
  return encode64(L, 1);
}

static int unbase64url(lua_State *L) {
  return decode64(L, 1);
}

static int percent(lua_State *L) {
  size_t n;
  const char *p = input(L, &n);
  char *out = (char *)scratch(L, 3 * n);
  lua_pushlstring(L, out, sk_percent(p, n, out));
  return 1;
}

static int unpercent(lua_State *L) {
  size_t n, len;
  const char *p = input(L, &n);
  char *out = (char *)scratch(L, n);
  if (sk_unpercent(p, n, out, &len) != SK_OK) return push_nil(L);
  lua_pushlstring(L, out, len);
  return 1;
}

/* utf8_length(text): code points, or nil where it is not UTF-8 */
static int utf8_length(lua_State *L) {
  size_t n, points;
  const char *p = input(L, &n);
  if (sk_utf8_count(p, n, &points) != SK_OK) return push_nil(L);
  lua_pushinteger(L, (lua_Integer)points);
  return 1;
}

void sk_open_wire(lua_State *L) {
  static const luaL_Reg functions[] = {
    {"json_check", json_check}, {"json_member", json_member}, {"base64", base64},
    {"unbase64", unbase64}, {"base64url", base64url}, {"unbase64url", unbase64url},
    {"percent", percent}, {"unpercent", unpercent}, {"utf8_length", utf8_length},
    {NULL, NULL}};
  sk_setfuncs(L, functions, 0);
}
