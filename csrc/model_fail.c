/*
** model_fail.c - violations: where, what, and what was probably meant.
*/
#include <stdio.h>
#include <string.h>

#include "model.h"
#include "wire.h"

#define CLIPPED 64 /* bytes of foreign text that a message repeats */

/* Foreign text, made fit to print: valid UTF-8, no control characters, short. */
static void add_clean(luaL_Buffer *b, const char *p, size_t n) {
  size_t room = CLIPPED;
  while (n > 0) {
    size_t size = sk_utf8_sequence(p, n);
    if (size > room) {
      luaL_addlstring(b, "...", 3);
      return;
    }
    if (size == 0 || (unsigned char)*p < 32 || *p == 127) luaL_addlstring(b, "?", 1);
    else luaL_addlstring(b, p, size);
    if (size == 0) size = 1;
    room = room > size ? room - size : 0;
    p += size;
    n -= size;
  }
}

static void push_clean(lua_State *L, int index) {
  luaL_Buffer b;
  size_t n;
  const char *p = lua_tolstring(L, index, &n);
  luaL_buffinit(L, &b);
  add_clean(&b, p, n);
  luaL_pushresult(&b);
}

/* a.b[2].c; the depth of `at` is bounded by that of the walk */
static void add_place(luaL_Buffer *b, const sk_place *at) {
  char digits[24];
  size_t n = sizeof digits;
  long i;
  if (at == NULL) return;
  add_place(b, at->up);
  if (at->name != NULL) {
    if (at->up != NULL) luaL_addlstring(b, ".", 1);
    add_clean(b, at->name, at->name_len);
    return;
  }
  digits[--n] = ']';
  for (i = at->index; i > 0; i /= 10) digits[--n] = (char)('0' + i % 10);
  digits[--n] = '[';
  luaL_addlstring(b, digits + n, sizeof digits - n);
}

static void push_place(lua_State *L, const sk_place *at) {
  luaL_Buffer b;
  luaL_buffinit(L, &b);
  add_place(&b, at);
  luaL_pushresult(&b);
}

sk_shape sk_violate(lua_State *L, sk_walk *w, const sk_place *at, const char *constraint,
                    int given) {
  int text = lua_gettop(L);
  if (w->quiet) {
    w->violations = SK_VIOLATIONS;
    lua_settop(L, text - 1);
    return SK_BAD;
  }
  luaL_checkstack(L, 8, "a model that deep");
  if (w->violations < SK_VIOLATIONS) {
    if (lua_isnil(L, SK_AT_VIOLATIONS)) {
      lua_newtable(L);
      lua_replace(L, SK_AT_VIOLATIONS);
    }
    lua_createtable(L, 0, 5);
    push_place(L, at);
    lua_setfield(L, -2, "field");
    lua_pushvalue(L, text);
    lua_setfield(L, -2, "description");
    lua_pushstring(L, constraint);
    lua_setfield(L, -2, "constraint");
    if (given != 0) {
      if (lua_type(L, given) == LUA_TSTRING) push_clean(L, given);
      else lua_pushvalue(L, given);
      lua_setfield(L, -2, "given");
    }
    lua_rawseti(L, SK_AT_VIOLATIONS, w->violations + 1);
  }
  w->violations++;
  lua_settop(L, text - 1);
  return SK_BAD;
}

void sk_push_amount(lua_State *L, const char *text, double n, const char *unit) {
  char digits[32]; /* %f of Lua says "30.0" for 30, on some versions */
  snprintf(digits, sizeof digits, "%.15g", n);
  if (unit == NULL) lua_pushfstring(L, "%s %s", text, digits);
  else lua_pushfstring(L, "%s %s %s%s", text, digits, unit, n == 1 ? "" : "s");
}

static const char *kind(lua_State *L, int index) {
  if (sk_is_null(L, index)) return "null";
  if (lua_type(L, index) == LUA_TTABLE) return sk_is_list(L, index) ? "list" : "object";
  return luaL_typename(L, index);
}

sk_shape sk_wrong_type(lua_State *L, sk_walk *w, const sk_place *at, const char *expected,
                       int value) {
  lua_pushfstring(L, "expected %s, got %s", expected, kind(L, value));
  return sk_violate(L, w, at, "type", 0);
}

/* --- unknown members ---------------------------------------------------------------- */

static char fold(char c) {
  if (c >= 'A' && c <= 'Z') return (char)(c - 'A' + 'a');
  return c == '-' ? '_' : c;
}

/* How many letters to insert, drop or change; names are at most CLIPPED long. */
static unsigned distance(const char *a, size_t n, const char *b, size_t m) {
  unsigned char row[CLIPPED + 1];
  size_t i, k;
  for (k = 0; k <= m; k++) row[k] = (unsigned char)k;
  for (i = 1; i <= n; i++) {
    unsigned char diagonal = row[0];
    row[0] = (unsigned char)i;
    for (k = 1; k <= m; k++) {
      unsigned char best = (unsigned char)(diagonal + (fold(a[i - 1]) != fold(b[k - 1])));
      diagonal = row[k];
      if (row[k] + 1 < best) best = (unsigned char)(row[k] + 1);
      if (row[k - 1] + 1 < best) best = (unsigned char)(row[k - 1] + 1);
      row[k] = best;
    }
  }
  return row[m];
}

/* The known name that is nearest, if it is near; else NULL. */
static const char *nearest(const sk_model *m, const char *name, size_t n) {
  const char *found = NULL;
  unsigned limit = (unsigned)(n / 4 + 1);
  int i;
  if (n > CLIPPED) return NULL;
  for (i = 0; i < m->n; i++) {
    const sk_field *f = &m->fields[i];
    size_t len = f->name_len;
    unsigned d;
    if (f->read_only || len > CLIPPED || (d = distance(name, n, f->name, len)) > limit) continue;
    found = f->name;
    if (d == 0) break;
    limit = d - 1;
  }
  return found;
}

void sk_unknown_member(lua_State *L, sk_walk *w, const sk_place *up, const sk_model *m, int table,
                       int key) {
  sk_place at = {up, NULL, 0, 0};
  const char *found = NULL;
  int i;
  if (lua_type(L, key) != LUA_TSTRING) {
    lua_pushfstring(L, "unknown member: a key that is a %s", luaL_typename(L, key));
    sk_violate(L, w, up, "unknown", 0);
    return;
  }
  at.name = lua_tolstring(L, key, &at.name_len);
  lua_pushvalue(L, key);
  lua_rawget(L, table);
  i = (int)lua_tointeger(L, -1);
  lua_pop(L, 1);
  if (i < 0) found = m->fields[-i - 1].name;
  else found = nearest(m, at.name, at.name_len);
  if (found == NULL) {
    lua_pushliteral(L, "unknown member");
    sk_violate(L, w, &at, "unknown", key);
    return;
  }
  lua_pushfstring(L, "unknown member; did you mean '%s'?", found);
  sk_violate(L, w, &at, "unknown", key);
  if (!w->quiet && w->violations <= SK_VIOLATIONS) {
    lua_rawgeti(L, SK_AT_VIOLATIONS, w->violations);
    lua_pushstring(L, found);
    lua_setfield(L, -2, "suggestion");
    lua_pop(L, 1);
  }
}
