/*
** model_free.c - what is null, what is a list, and values of no model. Raw access
** only, as in model_check.c.
*/
#include "model.h"
#include "wire.h"

int sk_is_null(lua_State *L, int index) {
  if (lua_islightuserdata(L, index) && lua_touserdata(L, index) == NULL) return 1;
  return !lua_isnil(L, SK_AT_NULL) && lua_rawequal(L, index, SK_AT_NULL);
}

static int has_metatable(lua_State *L, int index, int metatable) {
  int same = 0;
  if (lua_istable(L, metatable) && lua_getmetatable(L, index)) {
    same = lua_rawequal(L, -1, metatable);
    lua_pop(L, 1);
  }
  return same;
}

int sk_is_list(lua_State *L, int index) {
  int first;
  if (has_metatable(L, index, SK_AT_ARRAY_MT)) return 1;
  lua_rawgeti(L, index, 1);
  first = !lua_isnil(L, -1);
  lua_pop(L, 1);
  return first;
}

static int is_raw(lua_State *L, int index) {
  return lua_istable(L, index) && has_metatable(L, index, SK_AT_RAW_MT);
}

void sk_mark_list(lua_State *L) {
  if (!lua_istable(L, SK_AT_ARRAY_MT)) return;
  lua_pushvalue(L, SK_AT_ARRAY_MT);
  lua_setmetatable(L, -2);
}

/* --- lists -------------------------------------------------------------------------- */

/*
** What a table has that a list has not, or NULL; `n`: how many entries. Keys
** that are distinct positions with n for the largest are 1 to n. The border
** that Lua calls a length would not do: it is a guess where there are holes.
*/
static const char *list_fault(lua_State *L, int table, int *n) {
  int named = 0, other = 0;
  long long last = 0;
  *n = 0;
  lua_pushnil(L);
  while (lua_next(L, table) != 0) {
    long long key;
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) named = 1;
    else if (!sk_read_integer(L, -1, 0, &key) || key < 1) other = 1;
    else if (key > last) last = key;
    ++*n;
  }
  if (named) return "named keys";
  if (other) return "keys that no list has";
  return last == *n ? NULL : "holes";
}

sk_shape sk_need_list(lua_State *L, sk_walk *w, int value, int *n, const sk_place *at) {
  const char *fault;
  if (!lua_istable(L, value)) return sk_wrong_type(L, w, at, "list", value);
  fault = list_fault(L, value, n);
  if (w->mode == SK_RECEIVE) { /* JSON has no tables, and its lists are marked */
    int marks = lua_istable(L, SK_AT_ARRAY_MT);
    if (fault == NULL && (*n > 0 || !marks || sk_is_list(L, value))) return SK_SHAPED;
    lua_pushliteral(L, "expected list, got object");
  } else {
    if (fault == NULL) return SK_SHAPED;
    lua_pushfstring(L, "expected a list, got a table with %s", fault);
  }
  return sk_violate(L, w, at, "type", 0);
}

/* --- free-form values ----------------------------------------------------------- */

static sk_shape copy_table(lua_State *L, sk_walk *w, int value, const sk_place *up) {
  sk_place at = {up, NULL, 0, 0};
  int n, out, list = sk_is_list(L, value), before = w->violations;
  if (list && list_fault(L, value, &n) != NULL) {
    lua_pushliteral(L, "is neither a list nor an object");
    return sk_violate(L, w, up, "type", 0);
  }
  lua_newtable(L);
  out = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, value) != 0 && w->violations < SK_VIOLATIONS) {
    int item = lua_gettop(L), key = item - 1;
    if (list) {
      at.index = (long)lua_tonumber(L, key);
    } else if (lua_type(L, key) != LUA_TSTRING) {
      lua_pushfstring(L, "has a key that is a %s", luaL_typename(L, key));
      sk_violate(L, w, up, "type", 0);
    } else {
      size_t points;
      at.name = lua_tolstring(L, key, &at.name_len);
      if (sk_utf8_count(at.name, at.name_len, &points) != SK_OK) {
        lua_pushliteral(L, "has a name that is not valid UTF-8");
        sk_violate(L, w, &at, "string.utf8", 0);
      }
    }
    if (w->violations == before && sk_copy(L, w, item, &at) == SK_SHAPED) {
      lua_pushvalue(L, key);
      lua_insert(L, -2);
      lua_rawset(L, out);
    }
    lua_settop(L, key);
  }
  lua_settop(L, out);
  if (list) sk_mark_list(L);
  if (w->violations == before) return SK_SHAPED;
  lua_pop(L, 1);
  return SK_BAD;
}

sk_shape sk_copy(lua_State *L, sk_walk *w, int value, const sk_place *at) {
  static const sk_field text = {.type = SK_T_STRING}, number = {.type = SK_T_DOUBLE};
  sk_shape shape;
  switch (lua_type(L, value)) {
    case LUA_TSTRING: return sk_shape_scalar(L, w, &text, 0, value, at);
    case LUA_TNUMBER: return sk_shape_scalar(L, w, &number, 0, value, at);
    case LUA_TTABLE: break;
    default:
      if (!lua_isboolean(L, value) && !sk_is_null(L, value))
        return sk_wrong_type(L, w, at, "a JSON value", value);
      lua_pushvalue(L, value);
      return SK_SHAPED;
  }
  if (is_raw(L, value)) {
    lua_pushvalue(L, value);
    return SK_SHAPED;
  }
  if (w->depth >= SK_DEPTH || --w->nodes < 0) {
    lua_pushstring(L, w->nodes < 0 ? "is too large" : "is nested too deeply");
    return sk_violate(L, w, at, "depth", 0);
  }
  luaL_checkstack(L, 12, "a value that deep");
  w->depth++;
  shape = copy_table(L, w, value, at);
  w->depth--;
  return shape;
}

sk_shape sk_shape_free(lua_State *L, sk_walk *w, const sk_field *f, int value,
                       const sk_place *at) {
  int n;
  if (!is_raw(L, value)) {
    if (f->type == SK_T_STRUCT && (!lua_istable(L, value) || sk_is_list(L, value)))
      return sk_wrong_type(L, w, at, "object", value);
    if (f->type == SK_T_LIST && sk_need_list(L, w, value, &n, at) == SK_BAD) return SK_BAD;
  }
  if (w->mode == SK_SEND) {
    if (sk_copy(L, w, value, at) != SK_SHAPED) return SK_BAD;
    if (f->type == SK_T_LIST && !is_raw(L, value)) sk_mark_list(L);
  } else {
    lua_pushvalue(L, value);
  }
  return SK_SHAPED;
}
