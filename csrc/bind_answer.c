/*
** bind_answer.c - from the bytes of an answer to its value in one step:
** answer_reader(model, null, array_mt) → reader:read(text) → value.
**
** The value takes the shape of its model while it grows, as model_answer.c says. Where
** the text is no JSON object, or has a text, an object or a list where a program would
** stumble over it, there is nothing: the long way, in scalekit.reply, knows what to say.
*/
#include <string.h>

#include "bind_json.h"
#include "json.h"
#include "model.h"

enum { MAX_DEPTH = 64 };
enum { MOST = 8 };   /* members that an object has room for from the start */
enum { SLOTS = 12 }; /* that one level of nesting takes */
enum { KEPT_MODEL = 1, KEPT_NULL, KEPT_ARRAY_MT }; /* in the reader's table */

typedef struct answer { /* an object that grows, and where on the stack its parts are */
  sk_builder *b;
  const sk_model *m;
  int table; /* the model's */
  int out;
  int next; /* the field that comes if they come in order */
  unsigned char lists[SK_FIELDS / 8]; /* those that have come */
} answer;

static const char *build_object(sk_builder *b, int model, const char *p);

/* The field of a name, or -1. */
static int find(answer *a, const char *name, size_t n) {
  const sk_model *m = a->m;
  int i, k = a->next;
  for (i = 0; i < m->n; i++, k++) {
    if (k >= m->n) k = 0;
    if (m->fields[k].name_len == n && memcmp(m->fields[k].name, name, n) == 0) {
      a->next = k + 1;
      return k;
    }
  }
  return -1;
}

/* One value of field i, the field's own or an item. NULL where it is misshapen. */
static const char *build_one(answer *a, int i, const char *p) {
  lua_State *L = a->b->L;
  const sk_field *f = &a->m->fields[i];
  int value = lua_gettop(L) + 1;
  if (f->type == SK_T_MODEL) {
    if (*p != '{') return NULL;
    lua_rawgeti(L, a->table, SK_AUX + i);
    if ((p = build_object(a->b, value, p)) != NULL) lua_remove(L, value);
    return p;
  }
  if (f->type == SK_T_STRING || f->type == SK_T_TIMESTAMP) {
    if (*p != '"') return NULL;
    p = sk_build_string(a->b, p);
  } else {
    p = sk_build(a->b, p);
  }
  if (!f->recast) return p;
  lua_rawgeti(L, a->table, SK_AUX + i);
  if (sk_answer_scalar(L, f, value + 1, value)) lua_replace(L, value);
  lua_settop(L, value);
  return p;
}

static const char *build_list(answer *a, int i, const char *p) {
  lua_State *L = a->b->L;
  const char *end = a->b->end;
  char close = *p == '{' ? '}' : ']';
  int n = 0;
  if (*p != '{' && *p != '[') return NULL;
  p = sk_json_space(p + 1, end);
  if (close == '}' && *p != '}') return NULL; /* an empty object is an empty list */
  lua_newtable(L);
  sk_build_mark(a->b);
  while (*p != close) {
    if ((p = build_one(a, i, p)) == NULL || lua_isnil(L, -1)) return NULL;
    lua_rawseti(L, -2, ++n);
    p = sk_json_space(p, end);
    if (*p == ',') p = sk_json_space(p + 1, end);
  }
  a->lists[i / 8] |= (unsigned char)(1 << i % 8);
  return p + 1;
}

/* Pushes the name at p and tells its field, or -1. */
static const char *build_name(answer *a, const char *p, int *i) {
  const char *end = a->b->end, *name = p + 1;
  const sk_field *f = &a->m->fields[a->next];
  size_t n;
  if (a->next < a->m->n && (size_t)(end - name) > f->name_len && name[f->name_len] == '"' &&
      memcmp(name, f->name, f->name_len) == 0) {
    *i = a->next++;
    lua_rawgeti(a->b->L, a->table, SK_NAME + *i);
    return name + f->name_len + 1;
  }
  n = (size_t)((const char *)memchr(name, '"', (size_t)(end - name)) - name);
  if ((!a->b->escapes || memchr(name, '\\', n) == NULL) && (*i = find(a, name, n)) >= 0) {
    lua_rawgeti(a->b->L, a->table, SK_NAME + *i);
    return name + n + 1;
  }
  p = sk_build_string(a->b, p);
  name = lua_tolstring(a->b->L, -1, &n);
  *i = find(a, name, n);
  return p;
}

/* The member whose name is at p. null says the same as nothing. */
static const char *build_member(answer *a, const char *p) {
  lua_State *L = a->b->L;
  const char *end = a->b->end;
  int i;
  p = build_name(a, p, &i);
  p = sk_json_space(sk_json_space(p, end) + 1, end); /* past the colon */
  if (*p == 'n') {
    lua_settop(L, a->out);
    return p + 4;
  }
  if (i < 0) p = sk_build(a->b, p);
  else if (a->m->fields[i].repeated) p = build_list(a, i, p);
  else p = build_one(a, i, p);
  if (p == NULL) return NULL;
  if (lua_isnil(L, -1)) lua_settop(L, a->out);
  else lua_rawset(L, a->out);
  return p;
}

/* Every list is there, if only an empty one. */
static void add_lists(answer *a) {
  lua_State *L = a->b->L;
  int i;
  for (i = 0; i < a->m->n; i++) {
    if (!a->m->fields[i].repeated || (a->lists[i / 8] >> i % 8 & 1)) continue;
    lua_rawgeti(L, a->table, SK_NAME + i);
    lua_newtable(L);
    sk_build_mark(a->b);
    lua_rawset(L, a->out);
  }
}

/* Pushes the object at p in the shape of the model at `model`; NULL where it is misshapen. */
static const char *build_object(sk_builder *b, int model, const char *p) {
  lua_State *L = b->L;
  answer a = {.b = b, .m = (const sk_model *)lua_touserdata(L, model)};
  luaL_checkstack(L, SLOTS, "an answer that deep");
  sk_getuv(L, model);
  a.table = lua_gettop(L);
  a.out = a.table + 1;
  p = sk_json_space(p + 1, b->end);
  lua_createtable(L, 0, *p == '}' ? 0 : a.m->n < MOST ? a.m->n : MOST);
  while (*p != '}') {
    if ((p = build_member(&a, p)) == NULL) return NULL;
    p = sk_json_space(p, b->end);
    if (*p == ',') p = sk_json_space(p + 1, b->end);
  }
  if (a.m->lists > 0) add_lists(&a);
  lua_remove(L, a.table);
  return p + 1;
}

int sk_read_answer(lua_State *L, int reader, const char *text, size_t n) {
  sk_builder b = {.L = L, .end = text + n};
  sk_json_report report;
  const char *p = sk_json_space(text, b.end);
  int top = lua_gettop(L), table = top + 1;
  sk_status status;
  sk_check(L, reader, SK_READER);
  if (p == b.end || *p != '{') return 0;
  status = sk_json_check(text, n, MAX_DEPTH, &report);
  if (status == SK_NOMEM) return luaL_error(L, "not enough memory");
  if (status != SK_OK) return 0;
  b.escapes = report.escapes;
  luaL_checkstack(L, SLOTS, "an answer");
  sk_getuv(L, reader);
  lua_rawgeti(L, table, KEPT_MODEL);
  lua_rawgeti(L, table, KEPT_NULL);
  lua_rawgeti(L, table, KEPT_ARRAY_MT);
  b.null = table + KEPT_NULL;
  b.array_mt = table + KEPT_ARRAY_MT;
  if (build_object(&b, table + KEPT_MODEL, p) == NULL || b.too_large != NULL) {
    lua_settop(L, top);
    return 0;
  }
  lua_replace(L, table);
  lua_settop(L, table);
  return 1;
}

/* read(text): the value, or nothing */
static int reader_read(lua_State *L) {
  size_t n;
  const char *text;
  text = luaL_checklstring(L, 2, &n);
  return sk_read_answer(L, 1, text, n);
}

static int reader_new(lua_State *L) {
  sk_check(L, KEPT_MODEL, SK_MODEL);
  luaL_argcheck(L, lua_isuserdata(L, KEPT_NULL), KEPT_NULL, "a mark for null expected");
  luaL_checktype(L, KEPT_ARRAY_MT, LUA_TTABLE);
  lua_settop(L, KEPT_ARRAY_MT);
  sk_new(L, SK_READER, sizeof(sk_head), 1);
  sk_getuv(L, -1);
  lua_pushvalue(L, KEPT_MODEL);
  lua_rawseti(L, -2, KEPT_MODEL);
  lua_pushvalue(L, KEPT_NULL);
  lua_rawseti(L, -2, KEPT_NULL);
  lua_pushvalue(L, KEPT_ARRAY_MT);
  lua_rawseti(L, -2, KEPT_ARRAY_MT);
  lua_pop(L, 1);
  return 1;
}

static int reader_gc(lua_State *L) {
  sk_bury((sk_head *)lua_touserdata(L, 1));
  return 0;
}

void sk_open_answer(lua_State *L) {
  static const luaL_Reg methods[] = {{"read", reader_read}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"answer_reader", reader_new}, {NULL, NULL}};
  sk_class(L, SK_READER, methods, reader_gc);
  sk_setfuncs(L, functions, 0);
}
