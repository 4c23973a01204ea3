/*
** bind_json.c - writes Lua values as JSON: json_encoder(null, array_mt, raw_mt,
** empty_array) → encode(value) → text.
**
** Access is raw, so no metamethod runs. A finaliser may all the same, wherever Lua
** allocates: it may encode something itself, so whoever encodes has the writer for
** himself, and change the tables, so names are copies.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "json.h"

enum { MAX_DEPTH = 512, MAX_PLACE = 16, SLOTS = 6 };
enum { SPARE = 64 * 1024 }; /* bytes; larger buffers are not kept */
enum { UP_WRITER = 1, UP_NULL, UP_ARRAY, UP_RAW, UP_EMPTY };
enum { VALUE = 1, WRITER }; /* where encode has them */

typedef struct step { /* one step of the way to a value, for messages */
  int is_name;
  size_t at; /* in writer.names; or the index */
} step;

typedef struct key {
  const char *p;
  size_t n;
} key;

typedef struct writer {
  sk_head head;
  sk_buf out;
  sk_buf keys;  /* of the object at hand, to be sorted                   */
  sk_buf names; /* of all that are open: each its length, then its bytes */
  int depth;
  step place[MAX_PLACE];
} writer;

static int writer_gc(lua_State *L) {
  writer *w = (writer *)lua_touserdata(L, 1);
  if (sk_bury(&w->head)) {
    sk_buf_free(&w->out);
    sk_buf_free(&w->keys);
    sk_buf_free(&w->names);
  }
  return 0;
}

/* The name at `at`, which stays there until another is added. */
static key name_at(const writer *w, size_t at) {
  key k;
  memcpy(&k.n, w->names.p + at, sizeof k.n);
  k.p = w->names.p + at + sizeof k.n;
  return k;
}

static void trim(sk_buf *b) {
  if (b->cap > SPARE) sk_buf_free(b);
}

/* Puts the writer back to rest. */
static void give(lua_State *L, writer *w) {
  trim(&w->out);
  trim(&w->keys);
  trim(&w->names);
  lua_pushvalue(L, WRITER);
  lua_replace(L, lua_upvalueindex(UP_WRITER));
}

/* Never returns. */
static int fail(lua_State *L, writer *w, const char *what) {
  luaL_Buffer b;
  int i;
  luaL_checkstack(L, LUA_MINSTACK, "cannot encode such deep nesting"); /* long names take many */
  luaL_buffinit(L, &b);
  luaL_addstring(&b, "cannot encode ");
  luaL_addstring(&b, what);
  for (i = 0; i < w->depth && i < MAX_PLACE; i++) {
    char text[32];
    luaL_addstring(&b, i == 0 ? " at " : w->place[i].is_name ? "." : "");
    if (w->place[i].is_name) {
      key k = name_at(w, w->place[i].at);
      luaL_addlstring(&b, k.p, k.n);
    } else {
      snprintf(text, sizeof text, "[%lu]", (unsigned long)w->place[i].at);
      luaL_addstring(&b, text);
    }
  }
  luaL_pushresult(&b);
  give(L, w);
  return lua_error(L);
}

static void add(lua_State *L, writer *w, const char *p, size_t n) {
  if (sk_buf_add(&w->out, p, n) != SK_OK) fail(L, w, "that much");
}

static void add_string(lua_State *L, writer *w, const char *p, size_t n) {
  sk_status rc = sk_json_quote(&w->out, p, n);
  if (rc != SK_OK) fail(L, w, rc == SK_INVALID ? "a string that is not UTF-8" : "that much");
}

/* The shortest of the spellings that read back as the same number. */
static void add_number(lua_State *L, writer *w, int value) {
  char text[40];
  int n, digits;
  double v;
  if (sk_isint(L, value)) {
    n = snprintf(text, sizeof text, "%lld", (long long)lua_tointeger(L, value));
    add(L, w, text, (size_t)n);
    return;
  }
  v = (double)lua_tonumber(L, value);
  if (v - v != 0) fail(L, w, "a number that is not finite");
  if (v >= -9007199254740992.0 && v <= 9007199254740992.0 && v == (double)(long long)v) {
    n = snprintf(text, sizeof text, "%lld", (long long)v);
  } else {
    for (digits = 15, n = 0; digits <= 17; digits++) {
      n = snprintf(text, sizeof text, "%.*g", digits, v);
      if (strtod(text, NULL) == v) break;
    }
    for (digits = 0; digits < n; digits++) /* a locale may write a comma */
      if (!strchr("0123456789+-eE", text[digits])) text[digits] = '.';
  }
  add(L, w, text, (size_t)n);
}

static int is_meta(lua_State *L, int value, int upvalue) {
  int same;
  if (!lua_getmetatable(L, value)) return 0;
  same = lua_rawequal(L, -1, lua_upvalueindex(upvalue));
  lua_pop(L, 1);
  return same;
}

static void put(lua_State *L, writer *w, int value);

static void enter(lua_State *L, writer *w) {
  if (w->depth == MAX_DEPTH) fail(L, w, "such deep nesting");
  luaL_checkstack(L, SLOTS, "cannot encode such deep nesting");
  w->depth++;
}

static void add_list(lua_State *L, writer *w, int list, size_t n) {
  size_t i;
  enter(L, w);
  add(L, w, "[", 1);
  for (i = 1; i <= n; i++) {
    if (w->depth <= MAX_PLACE) {
      w->place[w->depth - 1].is_name = 0;
      w->place[w->depth - 1].at = i;
    }
    if (i > 1) add(L, w, ",", 1);
    lua_rawgeti(L, list, (int)i);
    put(L, w, lua_gettop(L));
    lua_pop(L, 1);
  }
  add(L, w, "]", 1);
  w->depth--;
}

static int by_name(const void *a, const void *b) {
  const key *x = (const key *)a, *y = (const key *)b;
  size_t n = x->n < y->n ? x->n : y->n;
  int order = memcmp(x->p, y->p, n);
  return order ? order : (x->n > y->n) - (x->n < y->n);
}

/* Sorts the keys at hand and notes their names: equal values give equal texts. */
static void add_names(lua_State *L, writer *w, size_t n) {
  size_t i;
  if (n > 1) qsort(w->keys.p, n, sizeof(key), by_name);
  for (i = 0; i < n; i++) {
    key k;
    memcpy(&k, w->keys.p + i * sizeof k, sizeof k);
    if (sk_buf_add(&w->names, &k.n, sizeof k.n) != SK_OK ||
        sk_buf_add(&w->names, k.p, k.n) != SK_OK)
      fail(L, w, "that much");
  }
}

static void add_object(lua_State *L, writer *w, int object, size_t n) {
  size_t i, first = w->names.len, at = first;
  enter(L, w);
  add_names(L, w, n);
  add(L, w, "{", 1);
  for (i = 0; i < n; i++) {
    key k = name_at(w, at);
    if (w->depth <= MAX_PLACE) {
      w->place[w->depth - 1].is_name = 1;
      w->place[w->depth - 1].at = at;
    }
    at += sizeof k.n + k.n;
    if (i > 0) add(L, w, ",", 1);
    add_string(L, w, k.p, k.n);
    add(L, w, ":", 1);
    lua_pushlstring(L, k.p, k.n);
    lua_rawget(L, object);
    put(L, w, lua_gettop(L));
    lua_pop(L, 1);
  }
  add(L, w, "}", 1);
  w->names.len = first;
  w->depth--;
}

/* Never returns. The key is on top of the stack. */
static void fail_key(lua_State *L, writer *w) {
  char what[80];
  if (lua_type(L, -1) == LUA_TNUMBER)
    snprintf(what, sizeof what, "a table with the key %.14g", (double)lua_tonumber(L, -1));
  else if (lua_type(L, -1) == LUA_TBOOLEAN)
    snprintf(what, sizeof what, "a table with the key %s", lua_toboolean(L, -1) ? "true" : "false");
  else
    snprintf(what, sizeof what, "a table with a %s as key", luaL_typename(L, -1));
  fail(L, w, what);
}

static void add_table(lua_State *L, writer *w, int table) {
  size_t names = 0, numbers = 0, last = 0;
  int listed = is_meta(L, table, UP_ARRAY);
  w->keys.len = 0;
  lua_pushnil(L);
  while (lua_next(L, table)) {
    lua_pop(L, 1);
    if (lua_type(L, -1) == LUA_TSTRING) {
      key k;
      k.p = lua_tolstring(L, -1, &k.n);
      names++;
      if (sk_buf_add(&w->keys, &k, sizeof k) != SK_OK) fail(L, w, "that much");
    } else if (lua_type(L, -1) == LUA_TNUMBER) {
      double v = (double)lua_tonumber(L, -1);
      if (!(v >= 1 && v <= 2147483647 && v == (double)(size_t)v)) fail_key(L, w);
      numbers++;
      if ((size_t)v > last) last = (size_t)v;
    } else {
      fail_key(L, w);
    }
  }
  if (numbers != last) fail(L, w, "a list with holes");
  if (numbers && names) fail(L, w, "a table that is both list and object");
  if (listed && names) fail(L, w, "a list with named members");
  if (numbers || listed)
    add_list(L, w, table, numbers);
  else
    add_object(L, w, table, names);
}

static void put(lua_State *L, writer *w, int value) {
  const char *p;
  size_t n;
  switch (lua_type(L, value)) {
    case LUA_TSTRING:
      p = lua_tolstring(L, value, &n);
      add_string(L, w, p, n);
      return;
    case LUA_TNUMBER:
      add_number(L, w, value);
      return;
    case LUA_TBOOLEAN:
      if (lua_toboolean(L, value))
        add(L, w, "true", 4);
      else
        add(L, w, "false", 5);
      return;
    case LUA_TTABLE:
      if (is_meta(L, value, UP_RAW)) {
        lua_rawgeti(L, value, 1);
        p = lua_tolstring(L, -1, &n);
        add(L, w, p ? p : "null", p ? n : 4);
        lua_pop(L, 1);
      } else {
        add_table(L, w, value);
      }
      return;
    default:
      break;
  }
  if (!lua_isnil(L, value) && lua_rawequal(L, value, lua_upvalueindex(UP_NULL))) {
    add(L, w, "null", 4);
  } else if (!lua_isnil(L, value) && lua_rawequal(L, value, lua_upvalueindex(UP_EMPTY))) {
    add(L, w, "[]", 2);
  } else {
    char what[40];
    snprintf(what, sizeof what, "a %s", luaL_typename(L, value));
    fail(L, w, what);
  }
}

static writer *new_writer(lua_State *L) {
  writer *w = (writer *)sk_new(L, SK_WRITER, sizeof *w, 0);
  sk_buf_init(&w->out, (size_t)-1 / 2);
  sk_buf_init(&w->keys, (size_t)-1 / 2);
  sk_buf_init(&w->names, (size_t)-1 / 2);
  return w;
}

/* Pushes a writer that nobody else has: the one at rest, or a new one. */
static writer *take(lua_State *L) {
  writer *w;
  lua_pushvalue(L, lua_upvalueindex(UP_WRITER));
  w = (writer *)lua_touserdata(L, -1);
  if (w == NULL) return new_writer(L);
  lua_pushnil(L);
  lua_replace(L, lua_upvalueindex(UP_WRITER));
  w->depth = 0;
  w->out.len = w->names.len = 0;
  return w;
}

static int encode(lua_State *L) {
  writer *w;
  luaL_checkany(L, VALUE);
  lua_settop(L, VALUE);
  w = take(L);
  put(L, w, VALUE);
  lua_pushlstring(L, w->out.p, w->out.len);
  give(L, w);
  return 1;
}

static int json_encoder(lua_State *L) {
  lua_settop(L, 4);
  (void)new_writer(L);
  lua_insert(L, 1);
  lua_pushcclosure(L, encode, 5);
  return 1;
}

void sk_open_json(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"json_encoder", json_encoder}, {NULL, NULL}};
  sk_class(L, SK_WRITER, none, writer_gc);
  sk_setfuncs(L, functions, 0);
}
