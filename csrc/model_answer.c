/*
** model_answer.c - reads what a server said. A newer server may say more, an
** older one less, and neither is a reason to fail: what cannot be shaped is
** handed on as it came.
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

static void answer_value(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value) {
  long long number;
  sk_time t;
  size_t n;
  switch (f->type) {
    case SK_T_MODEL: sk_shape_answer(L, w, aux, value); return;
    case SK_T_INT:
    case SK_T_UINT32:
      if (sk_read_integer(L, value, 1, &number)) {
        lua_pushinteger(L, (lua_Integer)number);
        return;
      }
      break;
    case SK_T_ENUM:
      if (lua_type(L, value) == LUA_TSTRING && push_word(L, aux, value)) return;
      if (sk_read_integer(L, value, 0, &number) && number >= 0 &&
          number < (long long)sk_rawlen(L, aux)) {
        lua_rawgeti(L, aux, (int)number + 1);
        return;
      }
      break;
    case SK_T_TIMESTAMP:
      if (lua_type(L, value) == LUA_TSTRING) {
        const char *s = lua_tolstring(L, value, &n);
        if (sk_timestamp_read(s, n, &t) == SK_OK && sk_timestamp_is_zero(&t)) {
          lua_pushnil(L); /* protobuf's word for "never" */
          return;
        }
      }
      break;
    default: break;
  }
  lua_pushvalue(L, value);
}

static void answer_list(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value) {
  int i, n, out;
  if (!lua_istable(L, value)) {
    lua_pushvalue(L, value);
    return;
  }
  n = (int)sk_rawlen(L, value);
  lua_createtable(L, n, 0);
  out = lua_gettop(L);
  for (i = 1; i <= n; i++) {
    lua_rawgeti(L, value, i);
    answer_value(L, w, f, aux, out + 1);
    lua_rawseti(L, out, i);
    lua_settop(L, out);
  }
  sk_mark_list(L);
}

/* Copies the members that the model does not know, but for nulls. */
static void keep_unknown(lua_State *L, int table, int value, int out) {
  lua_pushnil(L);
  while (lua_next(L, value) != 0) {
    int item = lua_gettop(L), key = item - 1;
    lua_pushvalue(L, key);
    if (lua_type(L, key) == LUA_TSTRING) lua_rawget(L, table);
    else lua_pushnil(L);
    if (lua_tointeger(L, -1) <= 0 && !sk_is_null(L, item)) {
      lua_pushvalue(L, key);
      lua_pushvalue(L, item);
      lua_rawset(L, out);
    }
    lua_settop(L, key);
  }
}

void sk_shape_answer(lua_State *L, sk_walk *w, int model, int value) {
  const sk_model *m = (const sk_model *)lua_touserdata(L, model);
  int i, table, out;
  if (!lua_istable(L, value) || sk_is_list(L, value)) {
    lua_pushvalue(L, value);
    return;
  }
  luaL_checkstack(L, 16, "a model that deep");
  sk_getuv(L, model);
  table = lua_gettop(L);
  lua_createtable(L, 0, m->n);
  out = table + 1;
  for (i = 0; i < m->n; i++) {
    const sk_field *f = &m->fields[i];
    lua_rawgeti(L, table, SK_NAME + i);
    lua_rawgeti(L, table, SK_AUX + i);
    lua_pushvalue(L, out + 1);
    lua_rawget(L, value);
    if (lua_isnil(L, -1) || sk_is_null(L, -1)) {
      if (f->repeated) {
        lua_newtable(L);
        sk_mark_list(L);
      } else {
        lua_pushnil(L);
      }
    } else if (f->repeated) {
      answer_list(L, w, f, out + 2, out + 3);
    } else {
      answer_value(L, w, f, out + 2, out + 3);
    }
    lua_pushvalue(L, out + 1);
    lua_insert(L, -2);
    lua_rawset(L, out); /* nil leaves it out */
    lua_settop(L, out);
  }
  keep_unknown(L, table, value, out);
  lua_remove(L, table);
}
