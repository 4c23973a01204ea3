/*
** bind_request.c - from a call's arguments to its URL and body in one step:
** request_writer(spec) → writer:write(base, args) → url, body.
**
** It writes what is right and plain, and answers nothing to everything else: the long
** way, in scalekit.arguments, is slower and knows what to say.
*/
#include <stdint.h>
#include <string.h>

#include "bind_json.h"
#include "model.h"

enum { PARTS = 9 }; /* of a path: the texts before, between and behind its parameters */

typedef struct row { /* what the arguments may hold, the fields in the order of names */
  const char *name;
  size_t name_len;
  const char *label; /* "name": as the body has it */
  size_t label_len;
  const sk_field *field; /* NULL: a parameter of the path that is none */
  int needed;            /* without it there is a violation */
} row;

typedef struct part {
  const char *text;
  size_t n;
  int row; /* of the parameter behind the text; the last has none */
} part;

/* Strings here belong to its table. */
typedef struct request {
  sk_head head;
  int n; /* rows */
  int parts;
  int has_body;
  part path[PARTS];
  row rows[1];
} request;

/* Its table: what model_check.c calls helpers, the model, and for row k (from 0) what
   SK_AUX is for its field. Strings stand there as keys. */
enum { KEPT_NULL = 1, KEPT_ARRAY_MT, KEPT_RAW_MT, KEPT_EMPTY, KEPT_MODEL, KEPT_AUX };

/* --- making one: 1 is the spec, 2 its model, 3 its path ------------------------------- */

enum { SPEC = 1, MODEL, PATH, REQUEST, TABLE, WRITER };

/* Pops a string and makes it live as long as the request. */
static const char *keep(lua_State *L, size_t *n) {
  const char *s = lua_tolstring(L, -1, n);
  lua_pushboolean(L, 1);
  lua_rawset(L, TABLE);
  return s;
}

static void keep_option(lua_State *L, const char *name, int at, int type) {
  lua_getfield(L, SPEC, name);
  if (type != LUA_TNONE && lua_type(L, -1) != type)
    luaL_error(L, "request_writer: %s is no %s", name, lua_typename(L, type));
  lua_rawseti(L, TABLE, at);
}

static void set_name(lua_State *L, row *r, sk_writer *w) { /* the name is on top */
  r->name = keep(L, &r->name_len);
  w->out.len = 0;
  sk_put_string(L, w, r->name, r->name_len);
  sk_put_bytes(L, w, ":", 1);
  lua_pushlstring(L, w->out.p, w->out.len);
  r->label = keep(L, &r->label_len);
}

static int comes_before(const row *a, const row *b) {
  int order = memcmp(a->name, b->name, a->name_len < b->name_len ? a->name_len : b->name_len);
  return order != 0 ? order < 0 : a->name_len < b->name_len;
}

static void read_fields(lua_State *L, request *q, const sk_model *m, sk_writer *w) {
  int i, k;
  sk_getuv(L, MODEL);
  for (i = 0; i < m->n; i++) {
    row fresh;
    fresh.field = &m->fields[i];
    fresh.needed = fresh.field->required ||
                   (fresh.field->repeated && !fresh.field->optional && fresh.field->min_items > 0);
    if (fresh.field->read_only) fresh.needed = 0;
    lua_rawgeti(L, -1, SK_NAME + i);
    set_name(L, &fresh, w);
    for (k = i; k > 0 && comes_before(&fresh, &q->rows[k - 1]); k--) q->rows[k] = q->rows[k - 1];
    q->rows[k] = fresh;
  }
  for (k = 0; k < m->n; k++) {
    lua_rawgeti(L, -1, SK_AUX + (int)(q->rows[k].field - m->fields));
    lua_rawseti(L, TABLE, KEPT_AUX + k);
  }
  lua_pop(L, 1);
  q->n = m->n;
}

/* The row of a name, or -1. Short strings are the same where they are equal. */
static int find(const request *q, const char *name, size_t n) {
  int k;
  for (k = 0; k < q->n; k++)
    if (q->rows[k].name == name) return k;
  for (k = 0; k < q->n; k++)
    if (q->rows[k].name_len == n && memcmp(q->rows[k].name, name, n) == 0) return k;
  return -1;
}

static void read_path(lua_State *L, request *q, sk_writer *w) {
  int i;
  for (i = 0; i < q->parts; i++) {
    part *p = &q->path[i];
    lua_rawgeti(L, PATH, 2 * i + 1);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, SPEC, "a path of strings expected");
    p->text = keep(L, &p->n);
    if (i + 1 == q->parts) return;
    lua_rawgeti(L, PATH, 2 * i + 2);
    luaL_argcheck(L, lua_type(L, -1) == LUA_TSTRING, SPEC, "a path of strings expected");
    p->row = find(q, lua_tostring(L, -1), sk_rawlen(L, -1));
    if (p->row < 0) {
      set_name(L, &q->rows[q->n], w);
      p->row = q->n++;
    } else {
      lua_pop(L, 1);
    }
  }
}

/* request_writer{ path =, model =, body =, null =, array_mt =, raw_mt =, empty_array = } */
static int request_new(lua_State *L) {
  const sk_model *m;
  request *q;
  sk_writer *w;
  size_t n;
  luaL_checktype(L, SPEC, LUA_TTABLE);
  lua_settop(L, SPEC);
  lua_getfield(L, SPEC, "model");
  m = (const sk_model *)sk_test(L, MODEL, SK_MODEL);
  luaL_argcheck(L, m != NULL, SPEC, "a model expected");
  lua_getfield(L, SPEC, "path");
  luaL_argcheck(L, lua_istable(L, PATH), SPEC, "a path expected");
  n = sk_rawlen(L, PATH);
  luaL_argcheck(L, n % 2 == 1 && n / 2 < PARTS, SPEC, "a path of texts and names expected");
  q = (request *)sk_new(L, SK_REQUEST, sizeof *q + ((size_t)m->n + n / 2) * sizeof q->rows[0], 1);
  sk_getuv(L, REQUEST);
  w = sk_writer_new(L);
  w->self = w->rest = WRITER;
  keep_option(L, "null", KEPT_NULL, LUA_TNONE);
  keep_option(L, "array_mt", KEPT_ARRAY_MT, LUA_TTABLE);
  keep_option(L, "raw_mt", KEPT_RAW_MT, LUA_TTABLE);
  keep_option(L, "empty_array", KEPT_EMPTY, LUA_TNONE);
  keep_option(L, "model", KEPT_MODEL, LUA_TUSERDATA);
  lua_rawgeti(L, TABLE, KEPT_NULL);
  luaL_argcheck(L, lua_isuserdata(L, -1), SPEC, "a mark for null expected");
  lua_getfield(L, SPEC, "body");
  q->has_body = lua_toboolean(L, -1);
  q->parts = (int)n / 2 + 1;
  read_fields(L, q, m, w);
  read_path(L, q, w);
  lua_settop(L, REQUEST);
  return 1;
}

static int request_gc(lua_State *L) {
  sk_bury((sk_head *)lua_touserdata(L, 1));
  return 0;
}

/* --- writing: the fixed slots of model.h, then the value of each row, if it has one ------ */

enum { BASE = SK_AT_VALUE, ARGS = SK_AT_MODE, AT_EMPTY = SK_AT_HELPERS,
       FIRST = SK_AT_VIOLATIONS + 1 };
enum { SLOTS = 24 }; /* besides those of the rows */
enum { UP_CLASS = 1, UP_WRITER };

typedef struct act { /* one request that is written */
  lua_State *L;
  const request *q;
  sk_writer *w;
  sk_walk walk;
  size_t body; /* where it begins */
  int table;   /* where the request's own is */
  int prepared; /* the fixed slots are filled */
} act;

/* Puts each argument into its slot; false where there is one that nobody knows. */
static int spread(lua_State *L, const request *q) {
  lua_pushnil(L);
  while (lua_next(L, ARGS) != 0) {
    size_t n;
    const char *name;
    int k;
    if (lua_type(L, -2) != LUA_TSTRING) return 0;
    name = lua_tolstring(L, -2, &n);
    if ((k = find(q, name, n)) < 0) return 0;
    lua_replace(L, FIRST + k);
  }
  return 1;
}

/* What needs no encoding and cannot be "." or "..": letters, digits, "-", "_", "~". */
static int is_plain(const char *s, size_t n) {
  static const uint32_t plain[8] = {0, 0x03FF2000, 0x87FFFFFE, 0x47FFFFFE, 0, 0, 0, 0};
  size_t i;
  for (i = 0; i < n; i++) {
    unsigned char c = (unsigned char)s[i];
    if (!(plain[c >> 5] >> (c & 31) & 1)) return 0;
  }
  return n > 0;
}

static int put_path(lua_State *L, const request *q, sk_writer *w) {
  int i;
  for (i = 0; i < q->parts; i++) {
    const part *p = &q->path[i];
    sk_put_bytes(L, w, p->text, p->n);
    if (i + 1 < q->parts) {
      int value = FIRST + p->row;
      const char *s;
      size_t n;
      if (lua_type(L, value) != LUA_TSTRING) return 0;
      s = lua_tolstring(L, value, &n);
      if (!is_plain(s, n)) return 0;
      sk_put_bytes(L, w, s, n);
    }
  }
  return 1;
}

/* Fills the slots that only what is no scalar needs. */
static void prepare(act *a) {
  lua_State *L = a->L;
  if (a->prepared) return;
  a->prepared = 1;
  lua_rawgeti(L, a->table, KEPT_NULL);
  lua_replace(L, SK_AT_NULL);
  lua_rawgeti(L, a->table, KEPT_ARRAY_MT);
  lua_replace(L, SK_AT_ARRAY_MT);
  lua_rawgeti(L, a->table, KEPT_RAW_MT);
  lua_replace(L, SK_AT_RAW_MT);
  lua_rawgeti(L, a->table, KEPT_EMPTY);
  lua_replace(L, AT_EMPTY);
}

static int is_given(act *a, int k) {
  switch (lua_type(a->L, FIRST + k)) {
    case LUA_TNIL: return 0;
    case LUA_TSTRING:
    case LUA_TNUMBER:
    case LUA_TBOOLEAN: return 1;
    default:
      prepare(a);
      return !sk_is_null(a->L, FIRST + k);
  }
}

/* Whether another of the same oneof is given too. */
static int has_rival(act *a, int k) {
  const char *group = a->q->rows[k].field->oneof;
  int i;
  for (i = 0; i < a->q->n; i++) {
    const sk_field *f = a->q->rows[i].field;
    if (i != k && f != NULL && f->oneof != NULL && !f->read_only && strcmp(f->oneof, group) == 0 &&
        is_given(a, i))
      return 1;
  }
  return 0;
}

static int put_member(act *a, int k) {
  lua_State *L = a->L;
  const row *r = &a->q->rows[k];
  const sk_field *f = r->field;
  sk_place at = {NULL, r->name, r->name_len, 0};
  const char *s;
  size_t n;
  if (f->oneof != NULL && has_rival(a, k)) return 0;
  if (a->w->out.len > a->body + 1) sk_put_bytes(L, a->w, ",", 1);
  sk_put_bytes(L, a->w, r->label, r->label_len);
  if (f->type == SK_T_STRING && !f->repeated) {
    if (sk_check_string(L, &a->walk, f, FIRST + k, &at) != SK_SHAPED) return 0;
    s = lua_tolstring(L, FIRST + k, &n);
    sk_put_string(L, a->w, s, n);
    return 1;
  }
  if (f->type == SK_T_DURATION && !f->repeated) {
    char text[SK_TIME_SIZE];
    if (sk_shape_duration(L, &a->walk, f, FIRST + k, &at, text, &n) != SK_SHAPED) return 0;
    sk_put_bytes(L, a->w, "\"", 1);
    sk_put_bytes(L, a->w, text, n);
    sk_put_bytes(L, a->w, "\"", 1);
    return 1;
  }
  if (f->repeated || (f->type >= SK_T_STRUCT && f->type != SK_T_ENUM)) prepare(a);
  lua_rawgeti(L, a->table, KEPT_AUX + k);
  if (sk_shape_value(L, &a->walk, f, a->table + 1, FIRST + k, &at) != SK_SHAPED) return 0;
  sk_put(L, a->w, a->table + 2);
  lua_settop(L, a->table);
  return 1;
}

static int put_body(act *a) {
  int k;
  sk_put_bytes(a->L, a->w, "{", 1);
  for (k = 0; k < a->q->n; k++) {
    const row *r = &a->q->rows[k];
    if (r->field == NULL || r->field->read_only) continue;
    if (!is_given(a, k)) {
      if (r->needed) return 0;
    } else if (!a->q->has_body || !put_member(a, k)) {
      return 0;
    }
  }
  sk_put_bytes(a->L, a->w, "}", 1);
  return 1;
}

int sk_write_request(lua_State *L, int request_at, const char *base, size_t n, int rest,
                     sk_written *out) {
  act a = {.L = L, .walk = {.mode = SK_SEND, .quiet = 1, .nodes = SK_NODES}};
  const request *q = a.q = (const request *)sk_check(L, request_at, SK_REQUEST);
  if (!lua_istable(L, ARGS) || lua_getmetatable(L, ARGS)) return 0;
  luaL_checkstack(L, q->n + SLOTS, "so many arguments");
  lua_settop(L, SK_AT_ASIDE);
  lua_settop(L, FIRST - 1 + q->n);
  if (!spread(L, q)) return 0;
  a.w = out->w = sk_writer_take(L, rest);
  a.w->null = SK_AT_NULL;
  a.w->array_mt = SK_AT_ARRAY_MT;
  a.w->raw_mt = SK_AT_RAW_MT;
  a.w->empty = AT_EMPTY;
  sk_getuv(L, request_at);
  a.table = lua_gettop(L);
  sk_put_bytes(L, a.w, base, n);
  if (put_path(L, q, a.w)) {
    out->has_body = q->has_body;
    out->url_len = a.body = a.w->out.len;
    if (put_body(&a)) return 1;
  }
  sk_writer_give(L, a.w);
  return 0;
}

/* write(base, args): base and the path; the body, where the operation has one; or nothing */
static int request_write(lua_State *L) {
  sk_written r;
  size_t n;
  const char *base = luaL_checklstring(L, BASE, &n);
  if (!sk_write_request(L, 1, base, n, lua_upvalueindex(UP_WRITER), &r)) return 0;
  lua_pushlstring(L, r.w->out.p, r.url_len);
  if (r.has_body) lua_pushlstring(L, r.w->out.p + r.url_len, r.w->out.len - r.url_len);
  sk_writer_give(L, r.w);
  return 1 + r.has_body;
}

void sk_add_writing(lua_State *L, sk_kind kind, const char *name, lua_CFunction method) {
  sk_push_class(L, kind);
  lua_getfield(L, -1, "__index");
  lua_pushvalue(L, -2);
  (void)sk_writer_new(L);
  lua_pushcclosure(L, method, UP_WRITER);
  lua_setfield(L, -2, name);
  lua_pop(L, 2);
}

void sk_open_request(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  static const luaL_Reg functions[] = {{"request_writer", request_new}, {NULL, NULL}};
  sk_class(L, SK_REQUEST, none, request_gc);
  sk_add_writing(L, SK_REQUEST, "write", request_write);
  sk_setfuncs(L, functions, 0);
}
