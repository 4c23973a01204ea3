/*
** model_check.c - walks a value along its model. Raw access only: a metamethod
** would be foreign code in the middle of ours. `value` is never changed.
*/
#include <string.h>

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

static int is_absent(lua_State *L, int index) {
  return lua_isnil(L, index) || sk_is_null(L, index);
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

/* SK_SHAPED, and how many items, where `value` is a list; it pushes nothing. */
static sk_shape need_list(lua_State *L, sk_walk *w, int value, int *n, const sk_place *at) {
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

/* "struct", "list" and "any": what comes from JSON needs no copy. */
static sk_shape shape_free(lua_State *L, sk_walk *w, const sk_field *f, int value,
                           const sk_place *at) {
  int n;
  if (!is_raw(L, value)) {
    if (f->type == SK_T_STRUCT && (!lua_istable(L, value) || sk_is_list(L, value)))
      return sk_wrong_type(L, w, at, "object", value);
    if (f->type == SK_T_LIST && need_list(L, w, value, &n, at) == SK_BAD) return SK_BAD;
  }
  if (w->mode == SK_SEND) {
    if (sk_copy(L, w, value, at) != SK_SHAPED) return SK_BAD;
    if (f->type == SK_T_LIST && !is_raw(L, value)) sk_mark_list(L);
  } else {
    lua_pushvalue(L, value);
  }
  return SK_SHAPED;
}

static sk_shape required(lua_State *L, sk_walk *w, const sk_place *at) {
  lua_pushliteral(L, "is required");
  return sk_violate(L, w, at, "required", 0);
}

/*
** How many items there may be; SK_SHAPED where n of them are right. On the
** wire an empty list says the same as none, so an optional one may arrive;
** whoever sends it means something else by it.
*/
static sk_shape keep_size(lua_State *L, sk_walk *w, const sk_field *f, double n,
                          const sk_place *at) {
  int is_map = f->type == SK_T_MAP && !f->repeated;
  const char *unit = is_map ? "pair" : "item";
  if (w->mode == SK_REPLY) return SK_SHAPED;
  if (n == 0 && f->optional && w->mode == SK_RECEIVE) return SK_SHAPED;
  if (n == 0 && f->required) return required(L, w, at);
  if (n < f->min_items) {
    sk_push_amount(L, "needs at least", f->min_items, unit);
    return sk_violate(L, w, at, is_map ? "map.min_pairs" : "repeated.min_items", 0);
  }
  if (f->max_items >= 0 && n > f->max_items) {
    sk_push_amount(L, "may have at most", f->max_items, unit);
    return sk_violate(L, w, at, is_map ? "map.max_pairs" : "repeated.max_items", 0);
  }
  return SK_SHAPED;
}

static sk_shape shape_map(lua_State *L, sk_walk *w, const sk_field *f, int value,
                          const sk_place *up) {
  const sk_field key_rule = {.type = SK_T_STRING, .has_min = f->key_min > 0, .min = f->key_min,
                             .has_max = f->key_max >= 0, .max = f->key_max};
  const sk_field item_rule = {.type = SK_T_STRING, .has_min = f->has_min, .min = f->min,
                              .has_max = f->has_max, .max = f->max};
  sk_place at = {up, NULL, 0, 0};
  int out, n = 0, before = w->violations;
  if (!lua_istable(L, value) || sk_is_list(L, value))
    return sk_wrong_type(L, w, up, "object", value);
  lua_newtable(L);
  out = lua_gettop(L);
  lua_pushnil(L);
  while (lua_next(L, value) != 0 && w->violations < SK_VIOLATIONS) {
    int item = lua_gettop(L), key = item - 1;
    at.name = lua_type(L, key) == LUA_TSTRING ? lua_tolstring(L, key, &at.name_len) : "";
    if (at.name[0] == '\0') at.name_len = 0;
    if (sk_shape_scalar(L, w, &key_rule, 0, key, &at) == SK_SHAPED &&
        sk_shape_scalar(L, w, &item_rule, 0, item, &at) == SK_SHAPED)
      lua_rawset(L, out);
    lua_settop(L, key);
    n++;
  }
  lua_settop(L, out);
  keep_size(L, w, f, n, up);
  if (w->violations == before) return SK_SHAPED;
  lua_pop(L, 1);
  return SK_BAD;
}

/* --- fields ------------------------------------------------------------------------ */

/* One value that is there: the field's own, or an item of it. */
static sk_shape shape_one(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value,
                          const sk_place *at) {
  switch (f->type) {
    case SK_T_MODEL: return sk_shape_message(L, w, aux, value, at);
    case SK_T_MAP: return shape_map(L, w, f, value, at);
    case SK_T_STRUCT:
    case SK_T_LIST:
    case SK_T_ANY: return shape_free(L, w, f, value, at);
    default: return sk_shape_scalar(L, w, f, aux, value, at);
  }
}

static sk_shape shape_list(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value,
                           const sk_place *up) {
  sk_place at = {up, NULL, 0, 0};
  int i, n, out, before = w->violations;
  if (need_list(L, w, value, &n, up) == SK_BAD) return SK_BAD;
  if (keep_size(L, w, f, n, up) == SK_BAD) return SK_BAD;
  lua_createtable(L, n, 0);
  out = lua_gettop(L);
  for (i = 1; i <= n && w->violations < SK_VIOLATIONS; i++) {
    at.index = i;
    lua_rawgeti(L, value, i);
    if (shape_one(L, w, f, aux, out + 1, &at) == SK_SHAPED) lua_rawseti(L, out, i);
    lua_settop(L, out);
  }
  sk_mark_list(L);
  if (w->violations == before) return SK_SHAPED;
  lua_pop(L, 1);
  return SK_BAD;
}

/* What a server says where it has nothing to say. */
static sk_shape push_default(lua_State *L, const sk_field *f, int aux) {
  const char *first;
  size_t n;
  if (f->optional) return SK_ABSENT;
  if (f->repeated) {
    lua_newtable(L);
    sk_mark_list(L);
    return SK_SHAPED;
  }
  switch (f->type) {
    case SK_T_STRING: lua_pushliteral(L, ""); return SK_SHAPED;
    case SK_T_BOOL: lua_pushboolean(L, 0); return SK_SHAPED;
    case SK_T_INT:
    case SK_T_UINT32:
    case SK_T_DOUBLE: lua_pushinteger(L, 0); return SK_SHAPED;
    case SK_T_MAP: lua_newtable(L); return SK_SHAPED;
    case SK_T_ENUM:
      lua_rawgeti(L, aux, 1);
      first = lua_tolstring(L, -1, &n);
      if (n >= 11 && memcmp(first + n - 11, "UNSPECIFIED", 11) == 0) return SK_SHAPED;
      lua_pop(L, 1);
      return SK_ABSENT;
    default: return SK_ABSENT;
  }
}

sk_shape sk_shape_field(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value,
                        const sk_place *at) {
  if (f->read_only && w->mode != SK_REPLY) return SK_ABSENT;
  if (is_absent(L, value)) {
    if (w->mode == SK_REPLY) return push_default(L, f, aux);
    if (f->required) return required(L, w, at);
    if (f->repeated && !f->optional && keep_size(L, w, f, 0, at) == SK_BAD) return SK_BAD;
    return SK_ABSENT;
  }
  if (f->repeated) return shape_list(L, w, f, aux, value, at);
  return shape_one(L, w, f, aux, value, at);
}

/* Pushes member i of `value` under either of its names. */
static void push_member(lua_State *L, sk_walk *w, int table, int i, int value,
                        const sk_place *at) {
  lua_rawgeti(L, table, SK_NAME + i);
  lua_rawget(L, value);
  if (w->mode != SK_RECEIVE) return;
  lua_rawgeti(L, table, SK_CAMEL + i);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return;
  }
  lua_rawget(L, value);
  if (is_absent(L, -1)) {
    lua_pop(L, 1);
  } else if (is_absent(L, -2)) {
    lua_remove(L, -2);
  } else {
    lua_pop(L, 1);
    lua_pushliteral(L, "is given under two names");
    sk_violate(L, w, at, "duplicate", 0);
  }
}

/* Whether the key is one of the model's names, or stands beside them. */
static int is_known(lua_State *L, int table, int key, int outermost) {
  int known;
  if (lua_type(L, key) != LUA_TSTRING) return 0;
  lua_pushvalue(L, key);
  lua_rawget(L, table);
  known = lua_tointeger(L, -1) > 0;
  lua_pop(L, 1);
  if (known || !outermost || lua_isnil(L, SK_AT_ASIDE)) return known;
  lua_pushvalue(L, key);
  lua_rawget(L, SK_AT_ASIDE);
  known = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return known;
}

/* Whoever sends a member that nobody knows has misspelt one. */
static void find_unknown(lua_State *L, sk_walk *w, const sk_model *m, int table, int value,
                         const sk_place *at) {
  lua_pushnil(L);
  while (lua_next(L, value) != 0 && w->violations < SK_VIOLATIONS) {
    int key;
    lua_pop(L, 1);
    key = lua_gettop(L);
    if (!is_known(L, table, key, at == NULL)) sk_unknown_member(L, w, at, m, table, key);
  }
}

/* Whether no field of the same oneof is in `out` already. */
static int is_only_one(lua_State *L, sk_walk *w, const sk_model *m, int i, int out,
                       const sk_place *at) {
  const char *group = m->fields[i].oneof;
  int k;
  for (k = 0; group != NULL && k < i; k++) {
    const sk_field *f = &m->fields[k];
    if (f->oneof == NULL || strcmp(f->oneof, group) != 0) continue;
    lua_getfield(L, out, f->name);
    if (!lua_isnil(L, -1)) {
      lua_pushfstring(L, "cannot be given together with '%s'", f->name);
      return sk_violate(L, w, at, group, 0) == SK_SHAPED;
    }
    lua_pop(L, 1);
  }
  return 1;
}

sk_shape sk_shape_message(lua_State *L, sk_walk *w, int model, int value, const sk_place *up) {
  const sk_model *m = (const sk_model *)lua_touserdata(L, model);
  int i, table, out, before = w->violations;
  if (!lua_istable(L, value) || sk_is_list(L, value))
    return sk_wrong_type(L, w, up, "object", value);
  luaL_checkstack(L, 16, "a model that deep");
  sk_getuv(L, model);
  table = lua_gettop(L);
  lua_createtable(L, 0, m->n);
  out = table + 1;
  for (i = 0; i < m->n && w->violations < SK_VIOLATIONS; i++) {
    const sk_field *f = &m->fields[i];
    sk_place at = {up, f->name, strlen(f->name), 0};
    lua_rawgeti(L, table, SK_NAME + i);
    lua_rawgeti(L, table, SK_AUX + i);
    push_member(L, w, table, i, value, &at);
    if (sk_shape_field(L, w, f, out + 2, out + 3, &at) == SK_SHAPED &&
        is_only_one(L, w, m, i, out, &at)) {
      lua_pushvalue(L, out + 1);
      lua_insert(L, -2);
      lua_rawset(L, out);
    }
    lua_settop(L, out);
  }
  if (w->mode == SK_SEND) find_unknown(L, w, m, table, value, up);
  lua_settop(L, out);
  if (w->violations == before) {
    lua_remove(L, table);
    return SK_SHAPED;
  }
  lua_settop(L, table - 1);
  return SK_BAD;
}
