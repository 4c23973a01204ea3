/*
** bind_operation.c - an operation of a client on its loop: what is the same in each of its
** requests is looked at once, and the rest goes from the arguments to the wire without
** becoming Lua values.
**
** loop:operation(profile, writer, { base, method, headers, once }) → operation
**   writer: of request_writer; base: what URLs begin with; headers: what headers() made
** operation:submit(auth, args, deadline) → transfer | nothing, where the writer writes
**   nothing, the deadline has passed, it is no request HTTP knows, or the operation has
**   been finalised
*/
#include <string.h>

#include "bind_http.h"
#include "bind_json.h"

enum { KEPT_LOOP = 1, KEPT_PROFILE, KEPT_WRITER, KEPT_BASE, KEPT_METHOD, KEPT_HEADERS };
enum { SELF = 1, AUTH, ARGS, DEADLINE, WRITER }; /* as sk_write_request wants them */
enum { UP_CLASS = 1, UP_WRITER };

/* What it points to is in its table, and older: finalised no sooner than itself. */
typedef struct operation {
  sk_head head;
  const sk_loop_box *loop;
  sk_profile *profile;
  sk_headers *headers;
  const char *method, *base;
  size_t base_len;
  int once;
} operation;

static int gc(lua_State *L) {
  sk_bury((sk_head *)lua_touserdata(L, 1));
  return 0;
}

static sk_status fill(lua_State *L, sk_transfer *t, const operation *o, const sk_written *r) {
  size_t n;
  const char *token = sk_check_bytes(L, AUTH, &n), *text = r->w->out.p;
  sk_status rc = sk_transfer_url(t, text, r->url_len);
  sk_transfer_headers(t, o->headers);
  if (rc == SK_OK) rc = sk_transfer_bearer(t, token, n);
  if (rc == SK_OK && r->has_body)
    rc = sk_transfer_body(t, text + r->url_len, r->w->out.len - r->url_len);
  return rc;
}

static int submit(lua_State *L) {
  const operation *o = (const operation *)sk_self(L, SK_OPERATION);
  sk_loop *l;
  sk_transfer_options options;
  sk_transfer_box *b;
  sk_written r;
  sk_status rc;
  if (o->head.live == NULL) return 0; /* a finalizer asks, and what it points to may be gone */
  memset(&options, 0, sizeof options);
  options.method = o->method;
  options.once = o->once;
  options.max_body = options.max_event = SK_MAX_BODY;
  options.timeout = luaL_checknumber(L, DEADLINE) - sk_now();
  if (options.timeout <= 0) return 0;
  lua_settop(L, DEADLINE);
  sk_getuv(L, SELF);
  lua_rawgeti(L, -1, KEPT_WRITER);
  lua_replace(L, WRITER);
  if (!sk_write_request(L, WRITER, o->base, o->base_len, lua_upvalueindex(UP_WRITER), &r)) return 0;
  b = (sk_transfer_box *)sk_new(L, SK_TRANSFER, sizeof *b, 0);
  l = sk_loop_of(L, o->loop); /* now: nothing from here on makes the collector run */
  b->t = sk_transfer_new(l); /* from here on the box owns it, whatever throws */
  rc = b->t ? fill(L, b->t, o, &r) : SK_NOMEM;
  sk_writer_give(L, r.w);
  if (rc == SK_OK) rc = sk_transfer_submit(l, b->t, o->profile, &options);
  if (rc == SK_NOMEM) return luaL_error(L, "scalekit: out of memory");
  return rc == SK_OK;
}

int sk_loop_operation(lua_State *L) {
  enum { LOOP = 1, PROFILE, ARG_WRITER, SPEC, OPERATION, TABLE };
  static const char *const names[] = {"base", "method", "headers", NULL};
  operation *o;
  int i;
  (void)sk_self_loop(L);
  luaL_checktype(L, SPEC, LUA_TTABLE);
  lua_settop(L, SPEC);
  sk_check(L, ARG_WRITER, SK_REQUEST);
  o = (operation *)sk_new(L, SK_OPERATION, sizeof *o, 1);
  sk_getuv(L, OPERATION);
  for (i = LOOP; i <= ARG_WRITER; i++) {
    lua_pushvalue(L, i);
    lua_rawseti(L, TABLE, i);
  }
  for (i = 0; names[i]; i++) {
    lua_getfield(L, SPEC, names[i]);
    lua_pushvalue(L, -1);
    lua_rawseti(L, TABLE, KEPT_BASE + i);
  }
  o->headers = sk_test_headers(L, -1);
  luaL_argcheck(L, o->headers != NULL, SPEC, "no headers");
  o->method = luaL_checkstring(L, -2);
  o->base = luaL_checklstring(L, -3, &o->base_len);
  o->loop = (const sk_loop_box *)lua_touserdata(L, LOOP);
  o->profile = sk_check_profile(L, PROFILE);
  lua_getfield(L, SPEC, "once");
  o->once = lua_toboolean(L, -1);
  lua_settop(L, OPERATION);
  return 1;
}

void sk_open_operation(lua_State *L) {
  static const luaL_Reg none[] = {{NULL, NULL}};
  sk_class(L, SK_OPERATION, none, gc);
  sk_add_writing(L, SK_OPERATION, "submit", submit);
}
