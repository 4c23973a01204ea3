/*
** bind.c - classes of userdata, secrets and the census: what the other files
** of the Lua skin stand on.
*/
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "bind.h"
#include "wire.h"

static const char *const class_name[SK_KINDS] = {
  "scalekit.loop", "scalekit.transfer", "scalekit.stream", "scalekit.secret",
  "scalekit.credentials", "scalekit.key", "scalekit.model",
  "scalekit.json.writer", "scalekit.headers", "scalekit.profile", "scalekit.sealer",
  "scalekit.request", "scalekit.reader", "scalekit.operation",
};

static const char *const census_name[SK_KINDS] = {
  "loops", "transfers", "streams", "secrets", "credentials", "keys", "models",
  "writers", "headers", "profiles", "sealers",
  "requests", "readers", "operations",
};

/* Addresses are keys of the registry that need no hashing: of the counters, and beside
   its name of each class. */
static const char counter_key, class_key[SK_KINDS];

static void register_at(lua_State *L, const char *key) {
  lua_pushlightuserdata(L, (void *)(uintptr_t)key);
  lua_insert(L, -2);
  lua_rawset(L, LUA_REGISTRYINDEX);
}

/* One block of counters a lua_State, anchored in its registry for good. */
static long *counters(lua_State *L) {
  long *c;
  sk_rawgetp(L, LUA_REGISTRYINDEX, &counter_key);
  c = (long *)lua_touserdata(L, -1);
  lua_pop(L, 1);
  if (c == NULL) {
    c = (long *)lua_newuserdata(L, sizeof(long) * SK_KINDS);
    memset(c, 0, sizeof(long) * SK_KINDS);
    register_at(L, &counter_key);
  }
  return c;
}

static int census(lua_State *L) {
  const long *c = counters(L);
  int i;
  lua_createtable(L, 0, SK_KINDS);
  for (i = 0; i < SK_KINDS; i++) {
    lua_pushinteger(L, c[i]);
    lua_setfield(L, -2, census_name[i]);
  }
  return 1;
}

static int show(lua_State *L) {
  lua_pushvalue(L, lua_upvalueindex(1));
  return 1;
}

void sk_class(lua_State *L, sk_kind kind, const luaL_Reg *methods, lua_CFunction gc) {
  luaL_getmetatable(L, class_name[kind]);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_newtable(L);
    lua_newtable(L);
    lua_pushvalue(L, -2); /* methods know their class, so that sk_self is quick */
    sk_setfuncs(L, methods, 1);
    lua_setfield(L, -2, "__index");
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__gc");
    lua_pushcfunction(L, gc);
    lua_setfield(L, -2, "__close");
    lua_pushstring(L, class_name[kind]);
    lua_pushcclosure(L, show, 1);
    lua_setfield(L, -2, "__tostring");
    lua_pushboolean(L, 0); /* getmetatable() answers false: no way in */
    lua_setfield(L, -2, "__metatable");
    lua_pushstring(L, class_name[kind]);
    lua_setfield(L, -2, "__name");
    lua_pushvalue(L, -1); /* registered once it is whole: any step may throw */
    register_at(L, &class_key[kind]);
    lua_pushvalue(L, -1);
    lua_setfield(L, LUA_REGISTRYINDEX, class_name[kind]);
  }
  lua_pop(L, 1);
}

void sk_push_class(lua_State *L, sk_kind kind) {
  luaL_getmetatable(L, class_name[kind]);
}

void *sk_new(lua_State *L, sk_kind kind, size_t size, int with_table) {
  long *c = counters(L);
  sk_head *h = (sk_head *)lua_newuserdata(L, size);
  memset(h, 0, size);
  if (with_table) {
    lua_newtable(L);
    sk_setuv(L, -2);
  }
  sk_rawgetp(L, LUA_REGISTRYINDEX, &class_key[kind]);
  lua_setmetatable(L, -2);
  h->live = c + kind;
  ++*h->live;
  return h;
}

void *sk_check(lua_State *L, int index, sk_kind kind) {
  void *p = sk_test(L, index, kind);
  return p ? p : luaL_checkudata(L, index, class_name[kind]); /* whose message is the usual one */
}

void *sk_self(lua_State *L, sk_kind kind) {
  if (lua_getmetatable(L, 1)) {
    int same = lua_rawequal(L, -1, lua_upvalueindex(1));
    lua_pop(L, 1);
    if (same) return lua_touserdata(L, 1);
  }
  return sk_check(L, 1, kind);
}

void *sk_test(lua_State *L, int index, sk_kind kind) {
  void *p = lua_touserdata(L, index);
  int same;
  if (p == NULL || !lua_getmetatable(L, index)) return NULL;
  sk_rawgetp(L, LUA_REGISTRYINDEX, &class_key[kind]);
  same = lua_rawequal(L, -1, -2);
  lua_pop(L, 2);
  return same ? p : NULL;
}

int sk_bury(sk_head *head) {
  if (head->live == NULL) return 0;
  --*head->live;
  head->live = NULL;
  return 1;
}

#if LUA_VERSION_NUM < 503
void sk_pushi64(lua_State *L, long long v) {
  char digits[24];
  if (v >= -9007199254740992LL && v <= 9007199254740992LL) {
    lua_pushnumber(L, (lua_Number)v);
  } else {
    snprintf(digits, sizeof digits, "%lld", v);
    lua_pushstring(L, digits);
  }
}
#endif

/* --- secrets -------------------------------------------------------------- */

typedef struct secret {
  sk_head head;
  size_t length;
  char bytes[1];
} secret;

static int secret_gc(lua_State *L) {
  secret *s = (secret *)lua_touserdata(L, 1);
  if (sk_bury(&s->head)) {
    sk_wipe(s->bytes, s->length);
    s->length = 0;
  }
  return 0;
}

char *sk_push_room(lua_State *L, size_t length) {
  secret *s = (secret *)sk_new(L, SK_SECRET, sizeof *s + length, 0);
  s->length = length;
  return s->bytes;
}

void sk_push_secret(lua_State *L, const char *bytes, size_t length) {
  memcpy(sk_push_room(L, length), bytes, length);
}

const char *sk_check_bytes(lua_State *L, int index, size_t *length) {
  const secret *s = (const secret *)sk_test(L, index, SK_SECRET);
  if (s == NULL) return luaL_checklstring(L, index, length);
  *length = s->length;
  return s->bytes;
}

/* secret(text [, ...]): one secret of all the strings and secrets given */
static int secret_new(lua_State *L) {
  int i, n = lua_gettop(L);
  size_t total = 0, at = 0, length;
  secret *s;
  for (i = 1; i <= n; i++) {
    sk_check_bytes(L, i, &length);
    total += length;
  }
  s = (secret *)sk_new(L, SK_SECRET, sizeof *s + total, 0);
  s->length = total;
  for (i = 1; i <= n; i++) {
    const char *p = sk_check_bytes(L, i, &length);
    memcpy(s->bytes + at, p, length);
    at += length;
  }
  return 1;
}

/* reveal(secret): its bytes as a string, for a transport that is not ours */
static int secret_reveal(lua_State *L) {
  size_t length;
  const char *p = sk_check_bytes(L, 1, &length);
  lua_pushlstring(L, p, length);
  return 1;
}

void sk_open_secret(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {
    {"secret", secret_new}, {"reveal", secret_reveal}, {"census", census}, {NULL, NULL}};
  sk_class(L, SK_SECRET, none, secret_gc);
  sk_setfuncs(L, functions, 0);
}
