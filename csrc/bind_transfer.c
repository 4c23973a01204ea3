/*
** bind_transfer.c - transfers for Lua.
**
** loop:submit{ url, method, headers, auth, body, timeout, connect_timeout,
**   idle_timeout, max_body, stream, secret, http1, ca_file, cert_file,
**   key_file, proxy } → transfer | nil, message
** transfer:id() :ready() :take() :read() :close()
*/
#include <string.h>

#include "bind_http.h"

typedef struct transfer_box {
  sk_head head;
  sk_transfer *t;
  int secret; /* the body of the answer is for C alone */
} transfer_box;

/* --- submitting ------------------------------------------------------------------ */

/* NULL where all is well, else what is wrong with the request. */
static const char *judge(lua_State *L, sk_status rc, const char *what) {
  if (rc == SK_NOMEM) luaL_error(L, "scalekit: out of memory");
  return rc == SK_OK ? NULL : what;
}

static const char *get_string(lua_State *L, const char *name) {
  const char *s;
  lua_getfield(L, 2, name);
  s = lua_tostring(L, -1);
  lua_pop(L, 1); /* the request table keeps the string alive */
  return s;
}

static double get_number(lua_State *L, const char *name, double fallback) {
  double n;
  lua_getfield(L, 2, name);
  n = lua_isnil(L, -1) ? fallback : luaL_checknumber(L, -1);
  lua_pop(L, 1);
  return n;
}

static int get_flag(lua_State *L, const char *name) {
  int on;
  lua_getfield(L, 2, name);
  on = lua_toboolean(L, -1);
  lua_pop(L, 1);
  return on;
}

/* Milliseconds; more than 0 for any positive time, and bounded. */
static long to_ms(double seconds) {
  if (seconds <= 0) return 0;
  if (seconds > 1e6) return 1000000000L;
  return seconds < 0.001 ? 1 : (long)(seconds * 1000);
}

static void read_options(lua_State *L, sk_transfer_options *o) {
  memset(o, 0, sizeof *o);
  o->method = get_string(L, "method");
  if (o->method == NULL) o->method = "GET";
  o->ca_file = get_string(L, "ca_file");
  o->cert_file = get_string(L, "cert_file");
  o->key_file = get_string(L, "key_file");
  o->proxy = get_string(L, "proxy");
  o->timeout_ms = to_ms(get_number(L, "timeout", 0));
  o->connect_ms = to_ms(get_number(L, "connect_timeout", 0));
  o->idle_s = (long)get_number(L, "idle_timeout", 0);
  o->max_body = (size_t)get_number(L, "max_body", 8 << 20);
  o->max_event = o->max_body;
  o->stream = get_flag(L, "stream");
  o->http1 = get_flag(L, "http1");
}

static const char *add_headers(lua_State *L, sk_transfer *t) {
  const char *problem = NULL;
  lua_getfield(L, 2, "headers");
  if (lua_istable(L, -1)) {
    int headers = lua_gettop(L);
    lua_pushnil(L);
    while (lua_next(L, headers)) {
      size_t nl, vl;
      const char *name, *value;
      if (lua_type(L, -2) != LUA_TSTRING) luaL_error(L, "scalekit: header names are strings");
      name = lua_tolstring(L, -2, &nl);
      value = sk_check_bytes(L, lua_gettop(L), &vl);
      problem = judge(L, sk_transfer_header(t, name, nl, value, vl),
                      "a header has a byte that headers cannot carry");
      if (problem) {
        lua_pop(L, 3);
        return problem;
      }
      lua_pop(L, 1);
    }
  }
  lua_pop(L, 1);
  return NULL;
}

static const char *add_bytes(lua_State *L, sk_transfer *t, const char *name,
                             sk_status (*add)(sk_transfer *, const char *, size_t),
                             const char *what) {
  const char *problem = NULL;
  lua_getfield(L, 2, name);
  if (!lua_isnil(L, -1)) {
    size_t n;
    const char *p = sk_check_bytes(L, lua_gettop(L), &n);
    problem = judge(L, add(t, p, n), what);
  }
  lua_pop(L, 1);
  return problem;
}

static const char *fill(lua_State *L, sk_transfer *t) {
  const char *problem = add_bytes(
    L, t, "url", sk_transfer_url,
    "a URL must be http or https, without user name, white space or backslash");
  if (!problem) problem = add_headers(L, t);
  if (!problem)
    problem = add_bytes(L, t, "auth", sk_transfer_bearer,
                        "the bearer token has a byte that headers cannot carry");
  if (!problem) problem = add_bytes(L, t, "body", sk_transfer_body, "the body is too large");
  return problem;
}

/* submit(request) → transfer | nil, message */
int sk_loop_submit(lua_State *L) {
  sk_loop *l = sk_check_loop(L, 1);
  sk_transfer_options o;
  transfer_box *b;
  const char *problem;
  luaL_checktype(L, 2, LUA_TTABLE);
  lua_settop(L, 2);
  luaL_checkstack(L, 12, NULL);
  b = (transfer_box *)sk_new(L, SK_TRANSFER, sizeof *b, 1);
  sk_getuv(L, -1); /* the transfer keeps its loop alive */
  lua_pushvalue(L, 1);
  lua_rawseti(L, -2, 1);
  lua_pop(L, 1);
  b->t = sk_transfer_new(); /* from here on the box owns it, whatever throws */
  if (b->t == NULL) return luaL_error(L, "scalekit: out of memory");
  b->secret = get_flag(L, "secret");
  read_options(L, &o);
  problem = fill(L, b->t);
  if (!problem) problem = judge(L, sk_transfer_submit(b->t, l, &o), "not a request HTTP knows");
  if (!problem) return 1;
  lua_pushnil(L);
  lua_pushstring(L, problem);
  return 2;
}

/* --- transfers ---------------------------------------------------------------------- */

static int transfer_close(lua_State *L) {
  transfer_box *b = (transfer_box *)lua_touserdata(L, 1);
  if (sk_bury(&b->head)) {
    sk_transfer_free(b->t);
    b->t = NULL;
  }
  return 0;
}

static int transfer_close_checked(lua_State *L) {
  sk_check(L, 1, SK_TRANSFER);
  return transfer_close(L);
}

static transfer_box *check_transfer(lua_State *L) {
  transfer_box *b = (transfer_box *)sk_check(L, 1, SK_TRANSFER);
  if (b->t == NULL) luaL_argerror(L, 1, "the transfer is closed");
  return b;
}

static int transfer_id(lua_State *L) {
  lua_pushnumber(L, (lua_Number)sk_transfer_id(check_transfer(L)->t));
  return 1;
}

static int transfer_ready(lua_State *L) {
  const transfer_box *b = (transfer_box *)sk_check(L, 1, SK_TRANSFER);
  lua_pushboolean(L, b->t == NULL || sk_transfer_ready(b->t));
  return 1;
}

/* Lower-case names; lines of one name are joined with ", " (RFC 9110 5.3). */
static void push_headers(lua_State *L, const sk_transfer *t) {
  size_t at = 0, nl, vl, i;
  const char *name, *value;
  char lower[128];
  lua_newtable(L);
  while (sk_transfer_next_header(t, &at, &name, &nl, &value, &vl)) {
    if (nl > sizeof lower) continue;
    for (i = 0; i < nl; i++)
      lower[i] = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
    lua_pushlstring(L, lower, nl);
    lua_pushvalue(L, -1);
    lua_rawget(L, -3);
    if (lua_isnil(L, -1)) {
      lua_pop(L, 1);
      lua_pushlstring(L, value, vl);
    } else {
      lua_pushliteral(L, ", ");
      lua_pushlstring(L, value, vl);
      lua_concat(L, 3);
    }
    lua_rawset(L, -3);
  }
}

static int push_failure(lua_State *L, const sk_transfer *t) {
  sk_failure f = sk_transfer_failure(t);
  if (f.kind == NULL) return 0;
  lua_pushnil(L);
  lua_pushstring(L, f.kind);
  lua_pushstring(L, f.message);
  lua_pushstring(L, f.unknown ? "unknown" : "none");
  return 4;
}

/* take() → status, headers, body | status, headers, nil for a stream
          | nil, kind, message, outcome | nothing while it is not ready */
static int transfer_take(lua_State *L) {
  transfer_box *b = check_transfer(L);
  const sk_buf *body;
  int n;
  if (!sk_transfer_ready(b->t)) return 0;
  if (sk_transfer_streaming(b->t)) {
    lua_pushinteger(L, sk_transfer_status(b->t));
    push_headers(L, b->t);
    return 2;
  }
  n = push_failure(L, b->t);
  if (n) return n;
  lua_pushinteger(L, sk_transfer_status(b->t));
  push_headers(L, b->t);
  body = sk_transfer_received(b->t);
  if (b->secret)
    sk_push_secret(L, body->len ? body->p : "", body->len);
  else
    lua_pushlstring(L, body->len ? body->p : "", body->len);
  return 3;
}

/* read() → event | false while none is here | nil at a clean end
          | nil, kind, message, outcome */
static int transfer_read(lua_State *L) {
  transfer_box *b = check_transfer(L);
  sk_event e;
  int n;
  if (sk_transfer_event(b->t, &e)) {
    sk_push_event(L, &e);
    return 1;
  }
  if (!sk_transfer_done(b->t)) {
    lua_pushboolean(L, 0);
    return 1;
  }
  n = push_failure(L, b->t);
  if (n) return n;
  lua_pushnil(L);
  return 1;
}

sk_transfer *sk_check_transfer(lua_State *L, int index) {
  return ((transfer_box *)sk_check(L, index, SK_TRANSFER))->t;
}

void sk_open_transfer(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"id", transfer_id},     {"ready", transfer_ready}, {"take", transfer_take},
    {"read", transfer_read}, {"close", transfer_close_checked}, {NULL, NULL}};
  sk_class(L, SK_TRANSFER, methods, transfer_close);
}
