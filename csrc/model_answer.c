/*
** model_answer.c - shapes what a server said, in place. A newer server may say more,
** an older one less, and neither is a reason to fail: what cannot be shaped stays as
** it came.
*/
#include <string.h>

#include "model.h"

#define LONGEST 63 /* bytes of an enum's word */

/* Pushes an enum's word as it is spelt; 0, and nothing, where there is none like it. */
static int push_word(lua_State *L, int names, int value) {
  char upper[LONGEST];
  size_t n, i;
  const char *s = lua_tolstring(L, value, &n);
  if (n > LONGEST) return 0;
  for (i = 0; i < n; i++) upper[i] = (char)(s[i] >= 'a' && s[i] <= 'z' ? s[i] - 'a' + 'A' : s[i]);
  lua_pushlstring(L, upper, n);
  lua_pushvalue(L, -1);
  lua_rawget(L, names);
  n = !lua_isnil(L, -1);
  lua_pop(L, n ? 1 : 2);
  return (int)n;
}

/* Whether a timestamp is protobuf's word for "never", whose year is the first. */
static int is_never(const char *s, size_t n) {
  sk_time t;
  return n > 4 && memcmp(s, "0001", 4) == 0 && sk_timestamp_read(s, n, &t) == SK_OK &&
         sk_timestamp_is_zero(&t);
}

int sk_answer_scalar(lua_State *L, const sk_field *f, int aux, int value) {
  long long number;
  const char *s;
  size_t n;
  switch (f->type) {
    case SK_T_INT:
    case SK_T_UINT32:
      if (!sk_read_integer(L, value, 1, &number)) return 0;
      lua_pushinteger(L, (lua_Integer)number);
      return 1;
    case SK_T_ENUM:
      if (lua_type(L, value) == LUA_TSTRING) return push_word(L, aux, value);
      if (!sk_read_integer(L, value, 0, &number) || number < 0 ||
          number >= (long long)sk_rawlen(L, aux))
        return 0;
      lua_rawgeti(L, aux, (int)number + 1);
      return 1;
    case SK_T_TIMESTAMP:
      if (lua_type(L, value) != LUA_TSTRING) return 0;
      s = lua_tolstring(L, value, &n);
      if (!is_never(s, n)) return 0;
      lua_pushnil(L);
      return 1;
    default: return 0;
  }
}

/* Pushes what the value at `value` becomes; 0, and nothing, where it stays. */
static int answer_one(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value) {
  if (f->type != SK_T_MODEL) return sk_answer_scalar(L, f, aux, value);
  sk_shape_answer(L, w, aux, value);
  return 0;
}

static int has_members(lua_State *L, int table) {
  lua_pushnil(L);
  if (lua_next(L, table) == 0) return 0;
  lua_pop(L, 2);
  return 1;
}

static void answer_list(lua_State *L, sk_walk *w, const sk_field *f, int aux, int list) {
  int i, n, item = list + 1;
  if (!lua_istable(L, list)) return;
  if (!sk_is_list(L, list)) { /* an object is none, unless there is nothing in it */
    lua_pushnil(L);
    if (lua_next(L, list) != 0) {
      lua_settop(L, list);
      return;
    }
  }
  n = (int)sk_rawlen(L, list);
  if (n == 0 && has_members(L, list)) return; /* an object */
  for (i = 1; i <= n; i++) {
    lua_rawgeti(L, list, i);
    if (answer_one(L, w, f, aux, item)) lua_rawseti(L, list, i);
    lua_settop(L, list);
  }
  sk_mark_list(L);
}

/* null says the same as nothing. */
static void drop_nulls(lua_State *L, int value) {
  lua_pushnil(L);
  while (lua_next(L, value) != 0) {
    if (sk_is_null(L, -1)) {
      lua_pushvalue(L, -2);
      lua_pushnil(L);
      lua_rawset(L, value);
    }
    lua_pop(L, 1);
  }
}

void sk_shape_answer(lua_State *L, sk_walk *w, int model, int value) {
  const sk_model *m = (const sk_model *)lua_touserdata(L, model);
  int i, table;
  if (!lua_istable(L, value) || sk_is_list(L, value)) return;
  luaL_checkstack(L, 16, "a model that deep");
  drop_nulls(L, value);
  sk_getuv(L, model);
  table = lua_gettop(L);
  for (i = 0; i < m->n; i++) {
    const sk_field *f = &m->fields[i];
    int aux = table + 2, member = table + 3, changed = 0;
    lua_rawgeti(L, table, SK_NAME + i);
    lua_rawgeti(L, table, SK_AUX + i);
    lua_pushvalue(L, table + 1);
    lua_rawget(L, value);
    if (lua_isnil(L, member)) {
      if (f->repeated) {
        lua_newtable(L);
        sk_mark_list(L);
        changed = 1;
      }
    } else if (f->repeated) {
      answer_list(L, w, f, aux, member);
    } else {
      changed = answer_one(L, w, f, aux, member);
    }
    if (changed) {
      lua_pushvalue(L, table + 1);
      lua_insert(L, -2);
      lua_rawset(L, value); /* nil takes it away */
    }
    lua_settop(L, table);
  }
  lua_settop(L, table - 1);
}
