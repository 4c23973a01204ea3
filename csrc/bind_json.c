/*
** bind_json.c - writes Lua values as JSON: json_encoder(null, array_mt, raw_mt,
** empty_array) → encode(value) → text.
**
** Access is raw, so no metamethod runs. A finaliser may all the same, wherever Lua
** allocates: it may encode something itself, so whoever encodes has the writer for
** himself, and change the tables, so names are copies.
*/
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bind_json.h"
#include "json.h"

enum { MAX_DEPTH = 512, MAX_PLACE = SK_WRITER_PLACE, SLOTS = 6 };
enum { SPARE = 64 * 1024 }; /* bytes; larger buffers are not kept */
enum { UP_WRITER = 1, UP_NULL, UP_ARRAY, UP_RAW, UP_EMPTY };
enum { VALUE = 1 }; /* where encode has it */

typedef struct key {
  const char *p;
  size_t n;
} key;

static int writer_gc(lua_State *L) {
  sk_writer *w = (sk_writer *)lua_touserdata(L, 1);
  if (sk_bury(&w->head)) {
    sk_buf_free(&w->out);
    sk_buf_free(&w->keys);
    sk_buf_free(&w->names);
  }
  return 0;
}

/* The name at `at`, which stays there until another is added. */
static key name_at(const sk_writer *w, size_t at) {
  key k;
  memcpy(&k.n, w->names.p + at, sizeof k.n);
  k.p = w->names.p + at + sizeof k.n;
  return k;
}

static void trim(sk_buf *b) {
  if (b->cap > SPARE) sk_buf_free(b);
}

void sk_writer_give(lua_State *L, sk_writer *w) {
  trim(&w->out);
  trim(&w->keys);
  trim(&w->names);
  lua_pushvalue(L, w->self);
  lua_replace(L, w->rest);
}

/* Never returns. */
static int fail(lua_State *L, sk_writer *w, const char *what) {
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
  sk_writer_give(L, w);
  return lua_error(L);
}

void sk_put_bytes(lua_State *L, sk_writer *w, const char *p, size_t n) {
  if (n < w->out.cap - w->out.len) {
    memcpy(w->out.p + w->out.len, p, n);
    w->out.len += n;
    return;
  }
  if (sk_buf_add(&w->out, p, n) != SK_OK) fail(L, w, "that much");
}

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Sets the high bit of a byte, at least, where one of the eight at p does not stand for
   itself: a control character, a quote, a backslash, what is beyond ASCII. */
static uint64_t odd_ones(const char *p) {
  uint64_t w;
  memcpy(&w, p, 8);
  return w | (w - EACH(0x20)) | (w + EACH(1)) | ((w ^ EACH('"')) - EACH(1)) |
         ((w ^ EACH('\\')) - EACH(1));
}

/* Whether the string needs no escape and no second look; a short one may. */
static int is_plain(const char *p, size_t n) {
  const char *end = p + n;
  uint64_t odd = 0;
  if (n < 8) return 0;
  for (; end - p >= 8; p += 8) odd |= odd_ones(p);
  return ((odd | odd_ones(end - 8)) & EACH(0x80)) == 0;
}

void sk_put_string(lua_State *L, sk_writer *w, const char *p, size_t n) {
  static const char special[] = "\"\\\b\f\n\r\t\0\"\\bfnrt"; /* bytes, then their letters */
  size_t i = is_plain(p, n) ? n : 0, from = 0;
  sk_put_bytes(L, w, "\"", 1);
  while (i < n) {
    unsigned char c = (unsigned char)p[i];
    const char *letter;
    char escape[8];
    size_t length;
    if (n - i >= 8 && (odd_ones(p + i) & EACH(0x80)) == 0) {
      i += 8;
      continue;
    }
    if (c >= 0x80) {
      size_t sequence = sk_utf8_sequence(p + i, n - i);
      if (sequence == 0) fail(L, w, "a string that is not UTF-8");
      i += sequence;
      continue;
    }
    if (c >= ' ' && c != '"' && c != '\\' && c != 0x7f) {
      i++;
      continue;
    }
    letter = strchr(special, c);
    if (letter && c)
      length = (size_t)snprintf(escape, sizeof escape, "\\%c", letter[8]);
    else
      length = (size_t)snprintf(escape, sizeof escape, "\\u%04x", c);
    sk_put_bytes(L, w, p + from, i - from);
    sk_put_bytes(L, w, escape, length);
    from = ++i;
  }
  sk_put_bytes(L, w, p + from, n - from);
  sk_put_bytes(L, w, "\"", 1);
}

/* The shortest of the spellings that read back as the same number. */
static void add_number(lua_State *L, sk_writer *w, int value) {
  char text[40];
  int n, digits;
  double v;
  if (sk_isint(L, value)) {
    sk_put_bytes(L, w, text, sk_decimal((long long)lua_tointeger(L, value), text));
    return;
  }
  v = (double)lua_tonumber(L, value);
  if (v - v != 0) fail(L, w, "a number that is not finite");
  if (v >= -9007199254740992.0 && v <= 9007199254740992.0 && v == (double)(long long)v) {
    n = (int)sk_decimal((long long)v, text);
  } else {
    for (digits = 15, n = 0; digits <= 17; digits++) {
      n = snprintf(text, sizeof text, "%.*g", digits, v);
      if (strtod(text, NULL) == v) break;
    }
    for (digits = 0; digits < n; digits++) /* a locale may write a comma */
      if (!strchr("0123456789+-eE", text[digits])) text[digits] = '.';
  }
  sk_put_bytes(L, w, text, (size_t)n);
}

static int is_meta(lua_State *L, int value, int meta) {
  int same;
  if (!lua_getmetatable(L, value)) return 0;
  same = lua_rawequal(L, -1, meta);
  lua_pop(L, 1);
  return same;
}

static void enter(lua_State *L, sk_writer *w) {
  if (w->depth == MAX_DEPTH) fail(L, w, "such deep nesting");
  luaL_checkstack(L, SLOTS, "cannot encode such deep nesting");
  w->depth++;
}

static void add_list(lua_State *L, sk_writer *w, int list, size_t n) {
  size_t i;
  enter(L, w);
  sk_put_bytes(L, w, "[", 1);
  for (i = 1; i <= n; i++) {
    if (w->depth <= MAX_PLACE) {
      w->place[w->depth - 1].is_name = 0;
      w->place[w->depth - 1].at = i;
    }
    if (i > 1) sk_put_bytes(L, w, ",", 1);
    lua_rawgeti(L, list, (int)i);
    sk_put(L, w, lua_gettop(L));
    lua_pop(L, 1);
  }
  sk_put_bytes(L, w, "]", 1);
  w->depth--;
}

static int by_name(const void *a, const void *b) {
  const key *x = (const key *)a, *y = (const key *)b;
  size_t n = x->n < y->n ? x->n : y->n;
  int order = memcmp(x->p, y->p, n);
  return order ? order : (x->n > y->n) - (x->n < y->n);
}

/* Sorts the keys at hand and notes their names: equal values give equal texts. */
static void add_names(lua_State *L, sk_writer *w, size_t n) {
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

static void add_object(lua_State *L, sk_writer *w, int object, size_t n) {
  size_t i, first = w->names.len, at = first;
  enter(L, w);
  add_names(L, w, n);
  sk_put_bytes(L, w, "{", 1);
  for (i = 0; i < n; i++) {
    key k = name_at(w, at);
    if (w->depth <= MAX_PLACE) {
      w->place[w->depth - 1].is_name = 1;
      w->place[w->depth - 1].at = at;
    }
    at += sizeof k.n + k.n;
    if (i > 0) sk_put_bytes(L, w, ",", 1);
    sk_put_string(L, w, k.p, k.n);
    sk_put_bytes(L, w, ":", 1);
    lua_pushlstring(L, k.p, k.n);
    lua_rawget(L, object);
    sk_put(L, w, lua_gettop(L));
    lua_pop(L, 1);
  }
  sk_put_bytes(L, w, "}", 1);
  w->names.len = first;
  w->depth--;
}

/* Never returns. The key is on top of the stack. */
static void fail_key(lua_State *L, sk_writer *w) {
  char what[80];
  if (lua_type(L, -1) == LUA_TNUMBER)
    snprintf(what, sizeof what, "a table with the key %.14g", (double)lua_tonumber(L, -1));
  else if (lua_type(L, -1) == LUA_TBOOLEAN)
    snprintf(what, sizeof what, "a table with the key %s", lua_toboolean(L, -1) ? "true" : "false");
  else
    snprintf(what, sizeof what, "a table with a %s as key", luaL_typename(L, -1));
  fail(L, w, what);
}

static void add_table(lua_State *L, sk_writer *w, int table) {
  size_t names = 0, numbers = 0, last = 0;
  int listed = is_meta(L, table, w->array_mt);
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

void sk_put(lua_State *L, sk_writer *w, int value) {
  const char *p;
  size_t n;
  switch (lua_type(L, value)) {
    case LUA_TSTRING:
      p = lua_tolstring(L, value, &n);
      sk_put_string(L, w, p, n);
      return;
    case LUA_TNUMBER:
      add_number(L, w, value);
      return;
    case LUA_TBOOLEAN:
      if (lua_toboolean(L, value))
        sk_put_bytes(L, w, "true", 4);
      else
        sk_put_bytes(L, w, "false", 5);
      return;
    case LUA_TTABLE:
      if (is_meta(L, value, w->raw_mt)) {
        lua_rawgeti(L, value, 1);
        p = lua_tolstring(L, -1, &n);
        sk_put_bytes(L, w, p ? p : "null", p ? n : 4);
        lua_pop(L, 1);
      } else {
        add_table(L, w, value);
      }
      return;
    default:
      break;
  }
  if (!lua_isnil(L, value) && lua_rawequal(L, value, w->null)) {
    sk_put_bytes(L, w, "null", 4);
  } else if (!lua_isnil(L, value) && lua_rawequal(L, value, w->empty)) {
    sk_put_bytes(L, w, "[]", 2);
  } else {
    char what[40];
    snprintf(what, sizeof what, "a %s", luaL_typename(L, value));
    fail(L, w, what);
  }
}

sk_writer *sk_writer_new(lua_State *L) {
  sk_writer *w = (sk_writer *)sk_new(L, SK_WRITER, sizeof *w, 0);
  sk_buf_init(&w->out, (size_t)-1 / 2);
  sk_buf_init(&w->keys, (size_t)-1 / 2);
  sk_buf_init(&w->names, (size_t)-1 / 2);
  return w;
}

sk_writer *sk_writer_take(lua_State *L, int rest) {
  sk_writer *w;
  lua_pushvalue(L, rest);
  w = (sk_writer *)lua_touserdata(L, -1);
  if (w == NULL) {
    lua_pop(L, 1);
    w = sk_writer_new(L);
  } else {
    lua_pushnil(L);
    lua_replace(L, rest);
  }
  w->self = lua_gettop(L);
  w->rest = rest;
  w->depth = 0;
  w->out.len = w->names.len = 0;
  return w;
}

static int encode(lua_State *L) {
  sk_writer *w;
  luaL_checkany(L, VALUE);
  lua_settop(L, VALUE);
  w = sk_writer_take(L, lua_upvalueindex(UP_WRITER));
  w->null = lua_upvalueindex(UP_NULL);
  w->array_mt = lua_upvalueindex(UP_ARRAY);
  w->raw_mt = lua_upvalueindex(UP_RAW);
  w->empty = lua_upvalueindex(UP_EMPTY);
  sk_put(L, w, VALUE);
  lua_pushlstring(L, w->out.p, w->out.len);
  sk_writer_give(L, w);
  return 1;
}

static int json_encoder(lua_State *L) {
  lua_settop(L, 4);
  (void)sk_writer_new(L);
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
