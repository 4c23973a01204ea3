/*
** model_answer.c - shapes what a server said, in place. A newer server may say more,
** an older one less, and neither is a reason to fail: what cannot be shaped stays as
** it came. What a program would stumble over is noted: a text, an object or a list that
** is something else. Members that are missing, unknown or of an unknown word are none
** of it.
*/
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

/* Pushes what the value at `value` becomes; 0, and nothing, where it stays. */
static int answer_one(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value) {
  long long number;
  sk_time t;
  size_t n;
  switch (f->type) {
    case SK_T_MODEL:
      sk_shape_answer(L, w, aux, value);
      return 0;
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
    case SK_T_STRING:
      if (lua_type(L, value) != LUA_TSTRING) w->misshapen = 1;
      return 0;
    case SK_T_TIMESTAMP:
      if (lua_type(L, value) == LUA_TSTRING) {
        const char *s = lua_tolstring(L, value, &n);
        if (sk_timestamp_read(s, n, &t) == SK_OK && sk_timestamp_is_zero(&t)) {
          lua_pushnil(L); /* protobuf's word for "never" */
          return 1;
        }
      } else {
        w->misshapen = 1;
      }
      return 0;
    default: return 0;
  }
}

static int has_members(lua_State *L, int table) {
  lua_pushnil(L);
  if (lua_next(L, table) == 0) return 0;
  lua_pop(L, 2);
  return 1;
}

static void answer_list(lua_State *L, sk_walk *w, const sk_field *f, int aux, int list) {
  int i, n, item = list + 1;
  /* an object is none, unless there is nothing in it */
  if (!lua_istable(L, list) || (!sk_is_list(L, list) && has_members(L, list))) {
    w->misshapen = 1;
    return;
  }
  n = (int)sk_rawlen(L, list);
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
  if (!lua_istable(L, value) || sk_is_list(L, value)) {
    w->misshapen = 1;
    return;
  }
  luaL_checkstack(L, 16, "a model that deep");
  if (!w->no_nulls) drop_nulls(L, value);
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
