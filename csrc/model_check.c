/*
** model_check.c - walks a value along its model. Raw access only: a metamethod
** would be foreign code in the middle of ours. `value` is never changed.
*/
#include <string.h>

#include "model.h"

static int is_absent(lua_State *L, int index) {
  return lua_isnil(L, index) || sk_is_null(L, index);
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
    case SK_T_ANY: return sk_shape_free(L, w, f, value, at);
    default: return sk_shape_scalar(L, w, f, aux, value, at);
  }
}

static sk_shape shape_list(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value,
                           const sk_place *up) {
  sk_place at = {up, NULL, 0, 0};
  int i, n, out, before = w->violations;
  if (sk_need_list(L, w, value, &n, up) == SK_BAD) return SK_BAD;
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

sk_shape sk_shape_value(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value,
                        const sk_place *at) {
  if (f->repeated) return shape_list(L, w, f, aux, value, at);
  return shape_one(L, w, f, aux, value, at);
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

static sk_shape shape_field(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value,
                            const sk_place *at) {
  if (f->read_only && w->mode != SK_REPLY) return SK_ABSENT;
  if (is_absent(L, value)) {
    if (w->mode == SK_REPLY) return push_default(L, f, aux);
    if (f->required) return required(L, w, at);
    if (f->repeated && !f->optional && keep_size(L, w, f, 0, at) == SK_BAD) return SK_BAD;
    return SK_ABSENT;
  }
  return sk_shape_value(L, w, f, aux, value, at);
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
    sk_place at = {up, f->name, f->name_len, 0};
    lua_rawgeti(L, table, SK_NAME + i);
    lua_rawgeti(L, table, SK_AUX + i);
    push_member(L, w, table, i, value, &at);
    if (shape_field(L, w, f, out + 2, out + 3, &at) == SK_SHAPED &&
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
