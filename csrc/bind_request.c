/*
** bind_request.c - writes the request of an operation at one go, where there is nothing
** to be said about the arguments.
**
** request_writer{ path, model, body, encode, null, array_mt, raw_mt } → writer
**   path: text and names of parameters in turn; body: whether the model's fields go into
**   one; encode: writes what is no scalar
** writer:write(args) → path, body | nothing, where a name is unknown, a value is wrong or
**   has to be encoded in the path; the long way (arguments.lua) tells which.
**
** Access is raw. A finaliser may write with the same writer wherever Lua allocates: the
** buffers are busy then, and it gets nothing.
*/
#include <string.h>

#include "json.h"
#include "model.h"
#include "request.h"

enum { UV_MODEL = 1, UV_NULL, UV_ARRAY, UV_RAW, UV_ENCODE, UV_PATH };
/* on the stack: what the model files want, then */
enum { AT_OWN = SK_AT_VIOLATIONS + 1, AT_TABLE, AT_ENCODE, AT_PARTS };
enum { SPARE = 64 * 1024 }; /* bytes; larger buffers are not kept */

typedef sk_request_writer request;

typedef struct member {
  const char *name;
  int is_text; /* else JSON already */
} member;

static int gc(lua_State *L) {
  request *r = (request *)lua_touserdata(L, 1);
  if (sk_bury(&r->head)) {
    sk_buf_free(&r->path);
    sk_buf_free(&r->body);
  }
  return 0;
}

/* --- the path ---------------------------------------------------------------------- */

/* Needs no encoding, and cannot be "." or "..". */
static int is_plain(const char *p, size_t n) {
  size_t i;
  for (i = 0; i < n; i++) {
    char c = p[i];
    if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
          c == '_' || c == '-' || c == '~'))
      return 0;
  }
  return n > 0;
}

static int add(sk_buf *out, const char *p, size_t n) {
  return sk_buf_add(out, p, n) == SK_OK;
}

/* 0 where a parameter is not there or not plain. */
static int write_path(lua_State *L, request *r) {
  int i, ok = 1;
  for (i = 0; ok && i < r->path_parts; i++) {
    size_t n;
    const char *p;
    lua_rawgeti(L, AT_OWN, UV_PATH + i);
    if (i % 2 == 1) lua_rawget(L, SK_AT_ARGS);
    ok = lua_type(L, -1) == LUA_TSTRING;
    p = ok ? lua_tolstring(L, -1, &n) : NULL;
    ok = ok && (i % 2 == 0 || is_plain(p, n)) && add(&r->path, p, n);
    lua_pop(L, 1);
  }
  return ok;
}

/* --- the body ----------------------------------------------------------------------- */

/* Whether every argument is a field of the body or a parameter of the path. */
static int are_known(lua_State *L, const request *r) {
  lua_pushnil(L);
  while (lua_next(L, SK_AT_ARGS)) {
    int known;
    lua_pop(L, 1);
    if (lua_type(L, -1) != LUA_TSTRING) return 0;
    lua_pushvalue(L, -1);
    lua_rawget(L, AT_TABLE);
    known = r->has_body && lua_tointeger(L, -1) > 0;
    lua_pop(L, 1);
    if (!known) {
      lua_pushvalue(L, -1);
      lua_rawget(L, AT_OWN);
      known = lua_toboolean(L, -1);
      lua_pop(L, 1);
    }
    if (!known) return 0;
  }
  return 1;
}

static int is_text(const sk_field *f) {
  return !f->repeated && (f->type == SK_T_STRING || f->type == SK_T_ENUM ||
                          f->type == SK_T_DURATION || f->type == SK_T_TIMESTAMP);
}

/* Pushes what the fields become, in the order of their names: texts as they are, all else
   as JSON. How many there are, or -1 where one is wrong. */
static int push_members(lua_State *L, const request *r, const sk_model *m, member *members) {
  sk_walk w = {SK_SEND, 0, 0, SK_NODES, 0, 0};
  int k, n = 0;
  for (k = 0; k < r->fields; k++) {
    int i = r->order[k], at = AT_PARTS + n; /* where the value ends up */
    const sk_field *f = &m->fields[i];
    sk_place place = {NULL, f->name, strlen(f->name), 0};
    sk_shape shape;
    lua_rawgeti(L, AT_TABLE, SK_AUX + i);
    lua_rawgeti(L, AT_TABLE, SK_NAME + i);
    lua_rawget(L, SK_AT_ARGS);
    if (f->oneof && !lua_isnil(L, -1)) return -1; /* who else is given is a long story */
    shape = sk_shape_field(L, &w, f, at, at + 1, &place);
    if (shape == SK_BAD || w.violations) return -1;
    if (shape == SK_ABSENT) {
      lua_settop(L, at - 1);
      continue;
    }
    members[n].name = f->name;
    members[n++].is_text = is_text(f);
    if (!is_text(f)) {
      lua_pushvalue(L, AT_ENCODE);
      lua_insert(L, -2);
      lua_call(L, 1, 1);
    }
    lua_replace(L, at);
    lua_settop(L, at);
  }
  return n;
}

static int add_member(lua_State *L, sk_buf *out, const member *m, int value) {
  size_t n;
  const char *p = lua_tolstring(L, value, &n);
  if (!add(out, "\"", 1) || !add(out, m->name, strlen(m->name)) || !add(out, "\":", 2)) return 0;
  return m->is_text ? sk_json_quote(out, p, n) == SK_OK : add(out, p, n);
}

/* 0 where a field is wrong. */
static int write_body(lua_State *L, request *r, const sk_model *m) {
  member members[SK_FIELDS];
  int i, ok, n;
  luaL_checkstack(L, r->fields + 8, "a request with that many fields");
  n = push_members(L, r, m, members);
  if (n < 0) return 0;
  r->body.len = 0;
  ok = add(&r->body, "{", 1);
  for (i = 0; ok && i < n; i++)
    ok = (i == 0 || add(&r->body, ",", 1)) && add_member(L, &r->body, members + i, AT_PARTS + i);
  return ok && add(&r->body, "}", 1);
}

/* --- writing --------------------------------------------------------------------------- */

static int write_both(lua_State *L, request *r, int writer) {
  const sk_model *m;
  lua_settop(L, SK_AT_VIOLATIONS);
  sk_getuv(L, writer);
  lua_rawgeti(L, AT_OWN, UV_NULL);
  lua_replace(L, SK_AT_NULL);
  lua_rawgeti(L, AT_OWN, UV_ARRAY);
  lua_replace(L, SK_AT_ARRAY_MT);
  lua_rawgeti(L, AT_OWN, UV_RAW);
  lua_replace(L, SK_AT_RAW_MT);
  lua_rawgeti(L, AT_OWN, UV_MODEL);
  m = (const sk_model *)lua_touserdata(L, -1);
  sk_getuv(L, -1);
  lua_replace(L, AT_TABLE);
  if (sk_is_list(L, SK_AT_ARGS) || !are_known(L, r)) return 0;
  lua_settop(L, AT_TABLE);
  lua_rawgeti(L, AT_OWN, UV_ENCODE);
  return write_path(L, r) && (!r->has_body || write_body(L, r, m));
}

request *sk_write_request(lua_State *L, int writer, const char *base, size_t n) {
  request *r = (request *)sk_check(L, writer, SK_REQUEST);
  if (r->busy || !lua_istable(L, SK_AT_ARGS)) return NULL;
  r->busy = 1;
  r->path.len = 0;
  if (add(&r->path, base, n) && write_both(L, r, writer)) return r;
  r->busy = 0;
  return NULL;
}

void sk_request_written(request *r) {
  if (r->path.cap > SPARE) sk_buf_free(&r->path);
  if (r->body.cap > SPARE) sk_buf_free(&r->body);
  r->busy = 0;
}

static int write(lua_State *L) {
  request *r;
  lua_settop(L, SK_AT_ARGS);
  r = sk_write_request(L, 1, "", 0);
  if (r == NULL) return 0;
  lua_pushlstring(L, r->path.p, r->path.len);
  if (r->has_body) lua_pushlstring(L, r->body.p, r->body.len);
  sk_request_written(r);
  return 1 + r->has_body;
}

/* --- making one -------------------------------------------------------------------------- */

static void sort_fields(request *r, const sk_model *m) {
  int i, k;
  r->fields = m->n;
  for (i = 0; i < m->n; i++) {
    for (k = i; k > 0 && strcmp(m->fields[r->order[k - 1]].name, m->fields[i].name) > 0; k--)
      r->order[k] = r->order[k - 1];
    r->order[k] = (unsigned char)i;
  }
}

/* Puts what the specification has under a name into the table on top. */
static void keep(lua_State *L, const char *name, int at, int type) {
  lua_getfield(L, 1, name);
  if (type != LUA_TNONE) luaL_checktype(L, -1, type);
  lua_rawseti(L, -2, at);
}

static void keep_path(lua_State *L, request *r) {
  int i, own = lua_gettop(L);
  lua_getfield(L, 1, "path");
  luaL_checktype(L, -1, LUA_TTABLE);
  r->path_parts = (int)sk_rawlen(L, -1);
  for (i = 0; i < r->path_parts; i++) {
    lua_rawgeti(L, own + 1, i + 1);
    luaL_checktype(L, -1, LUA_TSTRING);
    if (i % 2 == 1) {
      lua_pushvalue(L, -1);
      lua_pushboolean(L, 1);
      lua_rawset(L, own);
    }
    lua_rawseti(L, own, UV_PATH + i);
  }
  lua_settop(L, own);
}

static int request_writer(lua_State *L) {
  request *r;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  r = (request *)sk_new(L, SK_REQUEST, sizeof *r, 1);
  sk_buf_init(&r->path, (size_t)-1 / 2);
  sk_buf_init(&r->body, (size_t)-1 / 2);
  sk_getuv(L, 2);
  keep(L, "model", UV_MODEL, LUA_TUSERDATA);
  keep(L, "null", UV_NULL, LUA_TNONE);
  keep(L, "array_mt", UV_ARRAY, LUA_TTABLE);
  keep(L, "raw_mt", UV_RAW, LUA_TTABLE);
  keep(L, "encode", UV_ENCODE, LUA_TFUNCTION);
  keep_path(L, r);
  lua_rawgeti(L, 3, UV_MODEL);
  sort_fields(r, (const sk_model *)sk_check(L, 4, SK_MODEL));
  lua_getfield(L, 1, "body");
  r->has_body = lua_toboolean(L, -1);
  lua_settop(L, 2);
  return 1;
}

void sk_open_request(lua_State *L) {
  static const luaL_Reg methods[] = {{"write", write}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"request_writer", request_writer}, {NULL, NULL}};
  sk_class(L, SK_REQUEST, methods, gc);
  sk_setfuncs(L, functions, 0);
}
