/*
** model.c - reads the description of an API object into a model, and offers
** `check`.
*/
#include <string.h>

#include "model.h"

static const char *const type_names[] = {
  "string", "bool", "int", "uint32", "double", "duration", "timestamp",
  "struct", "list", "any", "map", "enum", NULL};

static const char *const options[] = {
  "required", "read_only", "optional", "repeated", "empty", "min", "max", "min_items",
  "max_items", "key_min", "key_max", "charset", "must_have", "prefix", "pattern_text", "oneof",
  "values", "wire", NULL};

static int model_gc(lua_State *L) {
  sk_bury((sk_head *)lua_touserdata(L, 1));
  return 0;
}

/* A description that is wrong is a bug of ours: it throws. */
static void bug(lua_State *L, const char *field, const char *what) {
  luaL_error(L, "model %s, field %s: %s", lua_tostring(L, 1), field, what);
}

/* --- reading a row: 3 is the model, 4 its table, 5 the row ---------------------- */

enum { NAME = 1, FIELDS, MODEL, TABLE, ROW };

static void push_option(lua_State *L, const char *name) {
  lua_pushstring(L, name);
  lua_rawget(L, ROW);
}

static unsigned flag(lua_State *L, const char *name) {
  unsigned set;
  push_option(L, name);
  set = lua_toboolean(L, -1) ? 1u : 0u;
  lua_pop(L, 1);
  return set;
}

/* A number, or `otherwise`; whether it was there. */
static unsigned bound(lua_State *L, const sk_field *f, const char *name, double *out,
                      double otherwise) {
  unsigned there;
  push_option(L, name);
  there = !lua_isnil(L, -1);
  if (there && lua_type(L, -1) != LUA_TNUMBER) bug(L, f->name, "a bound that is no number");
  *out = there ? (double)lua_tonumber(L, -1) : otherwise;
  lua_pop(L, 1);
  return there;
}

/* Pops what must be a string and makes it live as long as the model. */
static const char *keep(lua_State *L, const sk_field *f, int i) {
  const char *s;
  if (lua_type(L, -1) != LUA_TSTRING) bug(L, f->name, "an option that is no string");
  s = lua_tostring(L, -1);
  lua_rawgeti(L, TABLE, SK_KEEP + i);
  lua_insert(L, -2);
  lua_rawseti(L, -2, (int)sk_rawlen(L, -2) + 1);
  lua_pop(L, 1);
  return s;
}

/* A string option, or NULL. */
static const char *text(lua_State *L, const sk_field *f, int i, const char *name) {
  push_option(L, name);
  if (!lua_isnil(L, -1)) return keep(L, f, i);
  lua_pop(L, 1);
  return NULL;
}

/* "a-z0-9_-": the body of a character class */
static unsigned charset(lua_State *L, const sk_field *f, int i, const char *name,
                        sk_charset *set) {
  const char *s = text(L, f, i, name);
  if (s == NULL) return 0;
  for (; *s != '\0'; s++) {
    unsigned char from = (unsigned char)*s, to = from;
    if (s[1] == '-' && s[2] != '\0') {
      to = (unsigned char)s[2];
      s += 2;
    }
    if (to > 127 || from > to) bug(L, f->name, "a bad character class");
    for (; from <= to; from++) set->bits[from / 8] |= (unsigned char)(1 << from % 8);
  }
  return 1;
}

static void read_prefixes(lua_State *L, sk_field *f, int i) {
  push_option(L, "prefix");
  if (lua_istable(L, -1)) {
    int k, n = (int)sk_rawlen(L, -1);
    if (n > SK_PREFIXES) bug(L, f->name, "too many prefixes");
    for (k = 1; k <= n; k++) {
      lua_rawgeti(L, -1, k);
      f->prefix[f->prefixes++] = keep(L, f, i);
    }
  } else if (!lua_isnil(L, -1)) {
    lua_pushvalue(L, -1);
    f->prefix[f->prefixes++] = keep(L, f, i);
  }
  lua_pop(L, 1);
}

/* Names of an enum: a copy, position → name and name → position. */
static void read_values(lua_State *L, sk_field *f, int i) {
  int k, n;
  push_option(L, "values");
  if (!lua_istable(L, -1) || sk_rawlen(L, -1) == 0) bug(L, f->name, "an enum without values");
  n = (int)sk_rawlen(L, -1);
  lua_createtable(L, n, n);
  for (k = 1; k <= n; k++) {
    lua_rawgeti(L, -2, k);
    if (lua_type(L, -1) != LUA_TSTRING) bug(L, f->name, "an enum value that is no string");
    lua_pushvalue(L, -1);
    lua_rawseti(L, -3, k);
    lua_pushinteger(L, k);
    lua_rawset(L, -3);
  }
  lua_rawseti(L, TABLE, SK_AUX + i);
  lua_pop(L, 1);
}

/* Pushes the lowerCamelCase form of `name`. */
static void push_camel(lua_State *L, const char *name) {
  char out[128];
  size_t n = 0;
  for (; *name != '\0' && n < sizeof out; name++) {
    if (name[0] == '_' && name[1] >= 'a' && name[1] <= 'z') {
      name++;
      out[n++] = (char)(*name - 'a' + 'A');
    } else {
      out[n++] = *name;
    }
  }
  lua_pushlstring(L, out, n);
}

static void read_name(lua_State *L, sk_field *f, int i) {
  lua_rawgeti(L, ROW, 1);
  if (lua_type(L, -1) != LUA_TSTRING || sk_rawlen(L, -1) > 100 ||
      strpbrk(lua_tostring(L, -1), "\"\\") != NULL) /* JSON has it as it is */
    luaL_error(L, "model %s: field %d has no good name", lua_tostring(L, NAME), i + 1);
  f->name = lua_tolstring(L, -1, &f->name_len);
  lua_pushvalue(L, -1);
  lua_rawget(L, TABLE);
  if (!lua_isnil(L, -1)) bug(L, f->name, "named twice");
  lua_pop(L, 1);
  lua_pushvalue(L, -1);
  lua_rawseti(L, TABLE, SK_NAME + i);
  lua_pushinteger(L, i + 1);
  lua_rawset(L, TABLE);
  push_camel(L, f->name);
  lua_pushvalue(L, -1);
  lua_rawget(L, TABLE);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    lua_pushvalue(L, -1);
    lua_rawseti(L, TABLE, SK_CAMEL + i);
    lua_pushinteger(L, -(i + 1));
    lua_rawset(L, TABLE);
  } else {
    lua_pop(L, 2);
  }
  lua_newtable(L);
  lua_rawseti(L, TABLE, SK_KEEP + i);
}

static void read_type(lua_State *L, sk_field *f, int i) {
  lua_rawgeti(L, ROW, 2);
  if (sk_test(L, -1, SK_MODEL) != NULL) {
    f->type = SK_T_MODEL;
    lua_rawseti(L, TABLE, SK_AUX + i);
    return;
  }
  if (lua_type(L, -1) == LUA_TSTRING) {
    const char *s = lua_tostring(L, -1);
    int k;
    for (k = 0; type_names[k] != NULL; k++) {
      if (strcmp(s, type_names[k]) == 0) {
        f->type = (sk_type)k;
        lua_pop(L, 1);
        return;
      }
    }
  }
  bug(L, f->name, "unknown type");
}

/* An option that nobody reads would be a rule that nobody keeps. */
static void check_options(lua_State *L, const sk_field *f) {
  lua_pushnil(L);
  while (lua_next(L, ROW) != 0) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) {
      const char *s = lua_tostring(L, -1);
      int k = 0;
      while (options[k] != NULL && strcmp(s, options[k]) != 0) k++;
      if (options[k] == NULL) bug(L, f->name, "unknown option");
    }
  }
}

static void read_row(lua_State *L, sk_field *f, int i) {
  if (!lua_istable(L, ROW))
    luaL_error(L, "model %s: row %d is no table", lua_tostring(L, NAME), i + 1);
  read_name(L, f, i);
  read_type(L, f, i);
  f->recast = f->type == SK_T_INT || f->type == SK_T_UINT32 || f->type == SK_T_ENUM ||
              f->type == SK_T_TIMESTAMP;
  check_options(L, f);
  f->required = flag(L, "required");
  f->read_only = flag(L, "read_only");
  f->optional = flag(L, "optional");
  f->repeated = flag(L, "repeated");
  f->empty = flag(L, "empty");
  f->has_min = bound(L, f, "min", &f->min, 0);
  f->has_max = bound(L, f, "max", &f->max, 0);
  bound(L, f, "min_items", &f->min_items, 0);
  bound(L, f, "max_items", &f->max_items, -1);
  bound(L, f, "key_min", &f->key_min, 0);
  bound(L, f, "key_max", &f->key_max, -1);
  f->has_charset = charset(L, f, i, "charset", &f->charset);
  f->has_must = charset(L, f, i, "must_have", &f->must_have);
  read_prefixes(L, f, i);
  f->pattern_text = text(L, f, i, "pattern_text");
  f->oneof = text(L, f, i, "oneof");
  if (f->type == SK_T_ENUM) read_values(L, f, i);
  if (f->type == SK_T_DURATION &&
      (sk_time_from_seconds(f->min, &f->shortest) != SK_OK ||
       sk_time_from_seconds(f->max, &f->longest) != SK_OK))
    bug(L, f->name, "a bound that is no duration");
}

/* model(name, fields): a model; throws where the description is wrong */
static int model_new(lua_State *L) {
  sk_model *m;
  int i, n;
  luaL_checkstring(L, NAME);
  luaL_checktype(L, FIELDS, LUA_TTABLE);
  lua_settop(L, FIELDS);
  n = (int)sk_rawlen(L, FIELDS);
  luaL_argcheck(L, n <= SK_FIELDS, FIELDS, "too many fields");
  m = (sk_model *)sk_new(L, SK_MODEL, sizeof *m + (size_t)n * sizeof m->fields[0], 1);
  sk_getuv(L, MODEL);
  for (i = 0; i < n; i++) {
    lua_rawgeti(L, FIELDS, i + 1);
    read_row(L, &m->fields[i], i);
    lua_settop(L, TABLE);
    m->n = i + 1;
    m->lists += m->fields[i].repeated;
  }
  lua_settop(L, MODEL);
  return 1;
}

/* --- check ----------------------------------------------------------------------- */

static void push_helper(lua_State *L, const char *name) {
  if (lua_isnil(L, SK_AT_HELPERS)) {
    lua_pushnil(L);
  } else {
    lua_pushstring(L, name);
    lua_rawget(L, SK_AT_HELPERS);
  }
}

static sk_mode read_mode(lua_State *L) {
  static const char *const modes[] = {"send", "receive", "reply", "answer", NULL};
  const char *given = luaL_checkstring(L, SK_AT_MODE);
  if (strcmp(given, "send") == 0) return SK_SEND;
  if (strcmp(given, "answer") == 0) return SK_ANSWER;
  return (sk_mode)luaL_checkoption(L, SK_AT_MODE, NULL, modes);
}

/* model:check(value, mode [, helpers [, aside]]): a new table, or nil and the violations;
   for an answer the value itself, which is ours to shape. `aside`: names that "send" may
   meet beside the model's own. */
static int model_check(lua_State *L) {
  sk_walk w = {.mode = SK_SEND, .nodes = SK_NODES};
  sk_self(L, SK_MODEL);
  w.mode = read_mode(L);
  if (!lua_isnoneornil(L, SK_AT_HELPERS)) luaL_checktype(L, SK_AT_HELPERS, LUA_TTABLE);
  if (!lua_isnoneornil(L, SK_AT_ASIDE)) luaL_checktype(L, SK_AT_ASIDE, LUA_TTABLE);
  lua_settop(L, SK_AT_ASIDE);
  push_helper(L, "null");
  push_helper(L, "array_mt");
  push_helper(L, "raw_mt");
  lua_pushnil(L); /* a table once there is a violation */
  if (w.mode == SK_ANSWER) {
    sk_shape_answer(L, &w, SK_AT_MODEL, SK_AT_VALUE);
    lua_pushvalue(L, SK_AT_VALUE);
    return 1;
  }
  if (sk_shape_message(L, &w, SK_AT_MODEL, SK_AT_VALUE, NULL) == SK_SHAPED) return 1;
  lua_pushnil(L);
  lua_pushvalue(L, SK_AT_VIOLATIONS);
  return 2;
}

void sk_open_model(lua_State *L) {
  static const luaL_Reg methods[] = {{"check", model_check}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"model", model_new}, {NULL, NULL}};
  sk_class(L, SK_MODEL, methods, model_gc);
  sk_setfuncs(L, functions, 0);
}
