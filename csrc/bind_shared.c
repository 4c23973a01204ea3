/*
** bind_shared.c - what many requests share, for Lua.
**
** loop:profile{ ca_file, cert_file, key_file, proxy, connect_timeout, http1,
**   tls13, trusted } → profile
** headers{ name = value, … } → headers | nil, message; values may be secrets
** parse_headers(head) → table: lower-case names, repeats joined with ", "
*/
#include <string.h>

#include "bind_http.h"

typedef struct profile_box {
  sk_head head;
  sk_profile *profile;
} profile_box;

typedef struct headers_box {
  sk_head head;
  sk_headers *headers;
} headers_box;

/* --- reading options ---------------------------------------------------------------- */

const char *sk_judge(lua_State *L, sk_status rc, const char *what) {
  if (rc == SK_NOMEM) luaL_error(L, "scalekit: out of memory");
  return rc == SK_OK ? NULL : what;
}

/* Raw: a metamethod of an options table must not run in the middle of ours. */
static void raw_field(lua_State *L, int table, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, table);
}

const char *sk_field_string(lua_State *L, int table, const char *name) {
  const char *s;
  raw_field(L, table, name);
  s = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : NULL;
  lua_pop(L, 1);
  return s;
}

double sk_field_number(lua_State *L, int table, const char *name, double fallback) {
  double n;
  raw_field(L, table, name);
  n = lua_isnil(L, -1) ? fallback : luaL_checknumber(L, -1);
  lua_pop(L, 1);
  return n;
}

int sk_field_flag(lua_State *L, int table, const char *name) {
  int on;
  raw_field(L, table, name);
  on = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return on;
}

/* --- profiles ------------------------------------------------------------------------- */

static int profile_gc(lua_State *L) {
  profile_box *b = (profile_box *)lua_touserdata(L, 1);
  if (sk_bury(&b->head)) {
    sk_profile_release(b->profile);
    b->profile = NULL;
  }
  return 0;
}

/* Milliseconds; more than 0 for any positive time, and bounded. */
static long to_ms(double seconds) {
  if (!(seconds > 0)) return 0;
  if (seconds > 1e6) return 1000000000L;
  return seconds < 0.001 ? 1 : (long)(seconds * 1000);
}

int sk_loop_profile_new(lua_State *L) {
  sk_profile_options o;
  profile_box *b;
  (void)sk_self_loop(L);
  luaL_checktype(L, 2, LUA_TTABLE);
  memset(&o, 0, sizeof o);
  o.ca_file = sk_field_string(L, 2, "ca_file");
  o.cert_file = sk_field_string(L, 2, "cert_file");
  o.key_file = sk_field_string(L, 2, "key_file");
  o.proxy = sk_field_string(L, 2, "proxy");
  o.connect_ms = to_ms(sk_field_number(L, 2, "connect_timeout", 0));
  o.http1 = sk_field_flag(L, 2, "http1");
  o.trusted = sk_field_flag(L, 2, "trusted");
  o.tls13 = sk_field_flag(L, 2, "tls13");
  b = (profile_box *)sk_new(L, SK_PROFILE, sizeof *b, 0);
  b->profile = sk_profile_new(sk_self_loop(L), &o);
  if (b->profile == NULL) luaL_error(L, "scalekit: out of memory");
  return 1;
}

sk_profile *sk_check_profile(lua_State *L, int index) {
  sk_profile *p = ((profile_box *)sk_check(L, index, SK_PROFILE))->profile;
  if (p == NULL) luaL_argerror(L, index, "the profile is closed");
  return p;
}

/* --- headers --------------------------------------------------------------------------- */

static int headers_gc(lua_State *L) {
  headers_box *b = (headers_box *)lua_touserdata(L, 1);
  if (sk_bury(&b->head)) {
    sk_headers_release(b->headers);
    b->headers = NULL;
  }
  return 0;
}

sk_headers *sk_test_headers(lua_State *L, int index) {
  headers_box *b = (headers_box *)sk_test(L, index, SK_HEADERS);
  return b ? b->headers : NULL;
}

const char *sk_fill_headers(lua_State *L, int index, sk_headers *h) {
  const char *problem = NULL;
  lua_pushnil(L);
  while (problem == NULL && lua_next(L, index)) {
    size_t nl, vl;
    const char *name, *value;
    if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "scalekit: header names are strings");
    name = lua_tolstring(L, -2, &nl);
    value = sk_check_bytes(L, lua_gettop(L), &vl);
    problem = sk_judge(L, sk_headers_add(h, name, nl, value, vl),
                       "a header has a byte that headers cannot carry");
    lua_pop(L, problem ? 2 : 1);
  }
  return problem;
}

int sk_headers_make(lua_State *L) {
  headers_box *b;
  const char *problem;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  b = (headers_box *)sk_new(L, SK_HEADERS, sizeof *b, 0);
  b->headers = sk_headers_new();
  if (b->headers == NULL) luaL_error(L, "scalekit: out of memory");
  problem = sk_fill_headers(L, 1, b->headers);
  if (problem == NULL) return 1;
  lua_pushnil(L);
  lua_pushstring(L, problem);
  return 2;
}

/* Lines of one name are joined with ", " (RFC 9110 5.3). */
int sk_headers_parse(lua_State *L) {
  size_t n, at = 0, nl, vl, i;
  const char *head = luaL_checklstring(L, 1, &n), *name, *value;
  char lower[128];
  lua_newtable(L);
  while (sk_next_header(head, n, &at, &name, &nl, &value, &vl)) {
    if (nl > sizeof lower) continue;
    for (i = 0; i < nl; i++)
      lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    lua_pushlstring(L, lower, nl);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushlstring(L, value, vl);
    } else {
      lua_pushliteral(L, ", ");
      lua_pushlstring(L, value, vl);
      lua_concat(L, 3);
    }
    lua_rawset(L, -3);
  }
  return 1;
}

void sk_open_shared(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  sk_class(L, SK_PROFILE, none, profile_gc);
  sk_class(L, SK_HEADERS, none, headers_gc);
}
