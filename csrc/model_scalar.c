/*
** model_scalar.c - values without parts: texts, numbers, times, enums.
*/
#include <string.h>

#include "model.h"
#include "wire.h"

#define EXACT 9007199254740992.0 /* 2^53: beyond it doubles skip integers */

static sk_shape push_same(lua_State *L, int value) {
  lua_pushvalue(L, value);
  return SK_SHAPED;
}

/* --- strings ----------------------------------------------------------------- */

static int in_set(const sk_charset *set, char c) {
  unsigned char u = (unsigned char)c;
  return u < 128 && (set->bits[u / 8] >> u % 8 & 1);
}

static int has_prefix(const sk_field *f, const char *s, size_t n) {
  int i;
  for (i = 0; i < f->prefixes; i++) {
    size_t len = strlen(f->prefix[i]);
    if (n >= len && memcmp(s, f->prefix[i], len) == 0) return 1;
  }
  return f->prefixes == 0;
}

/* The constraint that the string breaks, with a description pushed; or NULL. */
static const char *broken_pattern(lua_State *L, const sk_field *f, const char *s, size_t n) {
  const char *constraint = NULL, *what = "contains a character that is not allowed";
  size_t i, musts = 0;
  if (!f->has_charset && !f->has_must && f->prefixes == 0) return NULL;
  for (i = 0; i < n; i++) {
    if (f->has_charset && !in_set(&f->charset, s[i])) constraint = "string.pattern";
    musts += f->has_must && in_set(&f->must_have, s[i]);
  }
  if (constraint == NULL && f->has_must && musts == 0) {
    constraint = "string.pattern";
    what = "lacks a character that it needs";
  }
  if (constraint == NULL && !has_prefix(f, s, n)) {
    constraint = "string.prefix";
    what = NULL;
  }
  if (constraint == NULL) return NULL;
  if (f->pattern_text != NULL) lua_pushfstring(L, "must be %s", f->pattern_text);
  else if (what == NULL) lua_pushfstring(L, "must begin with '%s'", f->prefix[0]);
  else lua_pushstring(L, what);
  return constraint;
}

sk_shape sk_check_string(lua_State *L, sk_walk *w, const sk_field *f, int value,
                         const sk_place *at) {
  const char *s, *constraint;
  size_t n, points;
  if (lua_type(L, value) != LUA_TSTRING) return sk_wrong_type(L, w, at, "string", value);
  s = lua_tolstring(L, value, &n);
  if (sk_utf8_count(s, n, &points) != SK_OK) {
    lua_pushliteral(L, "is not valid UTF-8");
    return sk_violate(L, w, at, "string.utf8", 0);
  }
  if (w->mode == SK_REPLY || (n == 0 && f->empty)) return SK_SHAPED;
  if (n == 0 && f->required) { /* proto3 cannot tell "" from a field left out */
    lua_pushliteral(L, "is required");
    return sk_violate(L, w, at, "required", 0);
  }
  if (f->has_min && (double)points < f->min) {
    sk_push_amount(L, "needs at least", f->min, "character");
    return sk_violate(L, w, at, "string.min_len", 0);
  }
  if (f->has_max && (double)points > f->max) {
    sk_push_amount(L, "may have at most", f->max, "character");
    return sk_violate(L, w, at, "string.max_len", 0);
  }
  if ((constraint = broken_pattern(L, f, s, n)) != NULL)
    return sk_violate(L, w, at, constraint, value);
  return SK_SHAPED;
}

static sk_shape shape_string(lua_State *L, sk_walk *w, const sk_field *f, int value,
                             const sk_place *at) {
  sk_shape shape = sk_check_string(L, w, f, value, at);
  return shape == SK_SHAPED ? push_same(L, value) : shape;
}

/* --- numbers ------------------------------------------------------------------- */

int sk_read_integer(lua_State *L, int index, int from_text, long long *out) {
  if (sk_isint(L, index)) {
    *out = (long long)lua_tointeger(L, index);
    return *out <= (long long)EXACT && *out >= -(long long)EXACT;
  }
  if (lua_type(L, index) == LUA_TNUMBER) {
    double d = (double)lua_tonumber(L, index);
    if (!(d >= -EXACT && d <= EXACT) || (double)(long long)d != d) return 0;
    *out = (long long)d;
    return 1;
  }
  if (from_text && lua_type(L, index) == LUA_TSTRING) {
    size_t n, i;
    const char *s = lua_tolstring(L, index, &n);
    size_t first = n > 0 && s[0] == '-';
    long long v = 0;
    if (n == first || n - first > 16) return 0; /* 2^53 has 16 digits */
    for (i = first; i < n; i++) {
      if (s[i] < '0' || s[i] > '9') return 0;
      v = v * 10 + (s[i] - '0');
    }
    *out = first ? -v : v;
    return v <= (long long)EXACT;
  }
  return 0;
}

/* The bounds of a number; pushes nothing where it keeps them. */
static sk_shape keep_bounds(lua_State *L, sk_walk *w, const sk_field *f, const char *type,
                            double v, int value, const sk_place *at) {
  int low = f->has_min && v < f->min, high = f->has_max && v > f->max;
  const char *constraint;
  if (w->mode == SK_REPLY || (!low && !high)) return SK_SHAPED;
  if (low) sk_push_amount(L, "must be at least", f->min, NULL);
  else sk_push_amount(L, "must be at most", f->max, NULL);
  constraint = lua_pushfstring(L, "%s.%s", type, low ? "gte" : "lte");
  lua_insert(L, -2); /* the description on top, the name kept alive below it */
  sk_violate(L, w, at, constraint, value);
  lua_pop(L, 1);
  return SK_BAD;
}

static sk_shape shape_integer(lua_State *L, sk_walk *w, const sk_field *f, int value,
                              const sk_place *at) {
  int is_uint = f->type == SK_T_UINT32;
  long long v;
  if (!sk_read_integer(L, value, w->mode == SK_RECEIVE, &v)) {
    if (lua_type(L, value) != LUA_TNUMBER && lua_type(L, value) != LUA_TSTRING)
      return sk_wrong_type(L, w, at, "integer", value);
    if (lua_type(L, value) == LUA_TSTRING && w->mode != SK_RECEIVE)
      return sk_wrong_type(L, w, at, "integer", value);
    lua_pushliteral(L, "expected an integer");
    return sk_violate(L, w, at, "type", value);
  }
  if (is_uint && (v < 0 || v > 4294967295LL)) {
    lua_pushliteral(L, "expected an integer from 0 to 4294967295");
    return sk_violate(L, w, at, "type", value);
  }
  if (keep_bounds(L, w, f, is_uint ? "uint32" : "int", (double)v, value, at) == SK_BAD)
    return SK_BAD;
  lua_pushinteger(L, (lua_Integer)v);
  return SK_SHAPED;
}

static sk_shape shape_double(lua_State *L, sk_walk *w, const sk_field *f, int value,
                             const sk_place *at) {
  double v;
  if (lua_type(L, value) != LUA_TNUMBER) return sk_wrong_type(L, w, at, "number", value);
  v = (double)lua_tonumber(L, value);
  if (v - v != 0) {
    lua_pushliteral(L, "must be finite");
    return sk_violate(L, w, at, "double.finite", 0);
  }
  if (keep_bounds(L, w, f, "double", v, value, at) == SK_BAD) return SK_BAD;
  return push_same(L, value);
}

/* --- times --------------------------------------------------------------------- */

/* "must be at most 86400s (24h)" */
static void push_bound(lua_State *L, const char *text, const sk_time *t) {
  char bound[SK_TIME_SIZE], units[SK_TIME_SIZE];
  sk_duration_write(t, bound);
  if (sk_duration_write_units(t, units) == 0) lua_pushfstring(L, "%s %s", text, bound);
  else lua_pushfstring(L, "%s %s (%s)", text, bound, units);
}

sk_shape sk_shape_duration(lua_State *L, sk_walk *w, const sk_field *f, int value,
                           const sk_place *at, char text[SK_TIME_SIZE], size_t *n) {
  sk_status status = SK_INVALID;
  sk_time t;
  int low, high;
  if (lua_type(L, value) == LUA_TSTRING) {
    const char *s = lua_tolstring(L, value, n);
    status = w->mode == SK_RECEIVE ? sk_duration_read(s, *n, &t) : sk_duration_read_loose(s, *n, &t);
  } else if (lua_type(L, value) == LUA_TNUMBER && w->mode != SK_RECEIVE) {
    status = sk_time_from_seconds((double)lua_tonumber(L, value), &t);
  } else {
    return sk_wrong_type(L, w, at, w->mode == SK_RECEIVE ? "string" : "duration", value);
  }
  if (status != SK_OK) {
    lua_pushstring(L, w->mode == SK_RECEIVE
                        ? "expected a duration in seconds such as \"3600s\""
                        : "expected a duration: seconds, or a text such as \"90s\" or \"1h30m\"");
    return sk_violate(L, w, at, "duration.format", value);
  }
  low = w->mode != SK_REPLY && f->has_min && sk_time_compare(&t, &f->shortest) < 0;
  high = w->mode != SK_REPLY && f->has_max && sk_time_compare(&t, &f->longest) > 0;
  if (low || high) {
    if (low) push_bound(L, "must be at least", &f->shortest);
    else push_bound(L, "must be at most", &f->longest);
    return sk_violate(L, w, at, low ? "duration.gte" : "duration.lte", value);
  }
  *n = sk_duration_write(&t, text);
  return SK_SHAPED;
}

static sk_shape shape_duration(lua_State *L, sk_walk *w, const sk_field *f, int value,
                               const sk_place *at) {
  char text[SK_TIME_SIZE];
  size_t n;
  sk_shape shape = sk_shape_duration(L, w, f, value, at, text, &n);
  if (shape == SK_SHAPED) lua_pushlstring(L, text, n);
  return shape;
}

static sk_shape shape_timestamp(lua_State *L, sk_walk *w, int value, const sk_place *at) {
  char text[SK_TIME_SIZE];
  sk_time t;
  size_t n;
  if (lua_type(L, value) == LUA_TSTRING) {
    const char *s = lua_tolstring(L, value, &n);
    if (sk_timestamp_read(s, n, &t) == SK_OK) return push_same(L, value);
  } else if (lua_type(L, value) == LUA_TNUMBER && w->mode != SK_RECEIVE) {
    if (sk_time_from_seconds((double)lua_tonumber(L, value), &t) == SK_OK) {
      t.nanos += 500; /* a double cannot say today's time any better */
      t.nanos -= t.nanos % 1000000;
      if (t.nanos == 1000000000) t.seconds++, t.nanos = 0;
      if (sk_timestamp_write(&t, text, &n) == SK_OK) {
        lua_pushlstring(L, text, n);
        return SK_SHAPED;
      }
    }
  } else {
    return sk_wrong_type(L, w, at, "timestamp", value);
  }
  lua_pushliteral(L, "expected a timestamp such as \"2026-01-31T12:00:00Z\"");
  return sk_violate(L, w, at, "timestamp.format", value);
}

/* --- enums --------------------------------------------------------------------- */

static sk_shape shape_enum(lua_State *L, sk_walk *w, int names, int value, const sk_place *at) {
  luaL_Buffer b;
  long long number;
  int i, n;
  if (lua_type(L, value) == LUA_TSTRING) {
    lua_pushvalue(L, value);
    lua_rawget(L, names);
    i = !lua_isnil(L, -1);
    lua_pop(L, 1);
    if (i) return push_same(L, value);
  } else if (w->mode == SK_RECEIVE && sk_read_integer(L, value, 0, &number)) {
    if (number >= 0 && number < (long long)sk_rawlen(L, names)) {
      lua_rawgeti(L, names, (int)number + 1);
      return SK_SHAPED;
    }
  } else {
    return sk_wrong_type(L, w, at, "string", value);
  }
  n = (int)sk_rawlen(L, names);
  luaL_buffinit(L, &b);
  luaL_addstring(&b, "must be one of ");
  for (i = 1; i <= n; i++) {
    if (i > 1) luaL_addstring(&b, ", ");
    lua_rawgeti(L, names, i);
    luaL_addvalue(&b);
  }
  luaL_pushresult(&b);
  return sk_violate(L, w, at, "enum.defined_only", value);
}

sk_shape sk_shape_scalar(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value,
                         const sk_place *at) {
  switch (f->type) {
    case SK_T_BOOL:
      if (!lua_isboolean(L, value)) return sk_wrong_type(L, w, at, "boolean", value);
      return push_same(L, value);
    case SK_T_INT:
    case SK_T_UINT32: return shape_integer(L, w, f, value, at);
    case SK_T_DOUBLE: return shape_double(L, w, f, value, at);
    case SK_T_DURATION: return shape_duration(L, w, f, value, at);
    case SK_T_TIMESTAMP: return shape_timestamp(L, w, value, at);
    case SK_T_ENUM: return shape_enum(L, w, aux, value, at);
    default: return shape_string(L, w, f, value, at);
  }
}
