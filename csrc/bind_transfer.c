/*
** bind_transfer.c - transfers for Lua.
**
** loop:submit(profile, method, url, headers, auth, body, deadline, once, more)
**   → transfer | nil, message | false where the deadline has passed. headers: a
**   table or what headers() made; auth: a secret or nil; deadline: as now() counts,
**   or nil; more: nil or { max_body, idle_timeout, stream, producing, secret }.
**   Positions, not names: a lookup of each name would show in the time that a
**   small request takes.
** transfer:ready() :sent() :asked() :take() :value(reader) :read() :hungry() :write(bytes) :close()
*/
#include <string.h>

#include "bind_http.h"
#include "bind_json.h"

enum { LOOP = 1, PROFILE, METHOD, URL, HEADERS, AUTH, BODY, DEADLINE, ONCE, MORE };

/* --- submitting ------------------------------------------------------------------ */

/* stream = true: event streams; "chunks": any answer as it comes */
static int stream_mode(lua_State *L) {
  const char *mode = sk_field_string(L, MORE, "stream");
  if (mode) return strcmp(mode, "chunks") == 0 ? 2 : 1;
  return sk_field_flag(L, MORE, "stream");
}

/* A number of bytes; infinity and nonsense are the ceiling. */
static size_t byte_count(double n) {
  return n >= 0 && n < 1e15 ? (size_t)n : (size_t)1000000000000000;
}

static void read_options(lua_State *L, sk_transfer_options *o, int *secret) {
  memset(o, 0, sizeof *o);
  o->method = luaL_checkstring(L, METHOD);
  if (!lua_isnoneornil(L, DEADLINE)) o->timeout = luaL_checknumber(L, DEADLINE) - sk_now();
  o->once = lua_toboolean(L, ONCE);
  o->max_body = o->max_event = SK_MAX_BODY;
  *secret = 0;
  if (lua_istable(L, MORE)) {
    o->max_body = o->max_event = byte_count(sk_field_number(L, MORE, "max_body", SK_MAX_BODY));
    o->idle = sk_field_number(L, MORE, "idle_timeout", 0);
    o->stream = stream_mode(L);
    o->producing = sk_field_flag(L, MORE, "producing");
    *secret = sk_field_flag(L, MORE, "secret");
  }
}

static const char *add_headers(lua_State *L, sk_transfer *t) {
  sk_headers *h = sk_test_headers(L, HEADERS);
  if (h) {
    sk_transfer_headers(t, h);
  } else if (lua_istable(L, HEADERS)) {
    h = sk_headers_new();
    if (h == NULL) luaL_error(L, "scalekit: out of memory");
    sk_transfer_headers(t, h); /* the transfer owns it, whatever throws below */
    sk_headers_release(h);
    return sk_fill_headers(L, HEADERS, h);
  }
  return NULL;
}

static const char *add_bytes(lua_State *L, sk_transfer *t, int index,
                             sk_status (*put)(sk_transfer *, const char *, size_t),
                             const char *what) {
  size_t n;
  const char *p;
  if (lua_isnil(L, index)) return NULL;
  p = sk_check_bytes(L, index, &n);
  return sk_judge(L, put(t, p, n), what);
}

static const char *fill(lua_State *L, sk_transfer *t) {
  const char *problem = add_bytes(
    L, t, URL, sk_transfer_url,
    "a URL must be http or https, without user name, white space or backslash");
  if (!problem) problem = add_headers(L, t);
  if (!problem)
    problem = add_bytes(L, t, AUTH, sk_transfer_bearer,
                        "the bearer token has a byte that headers cannot carry");
  if (!problem) problem = add_bytes(L, t, BODY, sk_transfer_body, "the body is too large");
  return problem;
}

int sk_loop_submit(lua_State *L) {
  sk_profile *p = sk_check_profile(L, PROFILE);
  sk_transfer_options o;
  sk_transfer_box *b;
  const char *problem;
  int secret;
  (void)sk_self_loop(L);
  lua_settop(L, MORE);
  luaL_checkstring(L, URL);
  read_options(L, &o, &secret);
  if (o.timeout <= 0 && !lua_isnil(L, DEADLINE)) {
    lua_pushboolean(L, 0);
    return 1;
  }
  b = (sk_transfer_box *)sk_new(L, SK_TRANSFER, sizeof *b, 0);
  b->secret = secret;
  b->t = sk_transfer_new(sk_self_loop(L)); /* from here on the box owns it, whatever throws */
  if (b->t == NULL) return luaL_error(L, "scalekit: out of memory");
  problem = fill(L, b->t);
  if (!problem)
    problem = sk_judge(L, sk_transfer_submit(sk_self_loop(L), b->t, p, &o),
                       "not a request HTTP knows");
  if (!problem) return 1;
  lua_pushnil(L);
  lua_pushstring(L, problem);
  return 2;
}

/* --- transfers ---------------------------------------------------------------------- */

static int transfer_close(lua_State *L) {
  sk_transfer_box *b = (sk_transfer_box *)lua_touserdata(L, 1);
  if (sk_bury(&b->head)) {
    sk_transfer_free(b->t);
    b->t = NULL;
  }
  return 0;
}

static int transfer_close_checked(lua_State *L) {
  sk_transfer_box *b = (sk_transfer_box *)sk_self(L, SK_TRANSFER);
  if (b->use == SK_FREE) return transfer_close(L);
  b->use = SK_CLOSING;
  return 0;
}

sk_transfer_box *sk_check_transfer(lua_State *L, int index) {
  return (sk_transfer_box *)sk_check(L, index, SK_TRANSFER);
}

static sk_transfer_box *check_open(lua_State *L) {
  sk_transfer_box *b = (sk_transfer_box *)sk_self(L, SK_TRANSFER);
  if (b->t == NULL) luaL_argerror(L, 1, "the transfer is closed");
  sk_transfer_mine(b->t);
  return b;
}

/* What makes strings of a transfer's bytes makes the collector run, and a finalizer may
   close the transfer: then that waits for `release`. */
static sk_transfer_box *hold(lua_State *L) {
  sk_transfer_box *b = check_open(L);
  b->use = SK_HELD;
  return b;
}

static int release(lua_State *L, sk_transfer_box *b, int n) {
  int is_closing = b->use == SK_CLOSING;
  b->use = SK_FREE;
  if (is_closing) (void)transfer_close(L);
  return n;
}

static int transfer_sent(lua_State *L) {
  lua_pushboolean(L, sk_transfer_sent(check_open(L)->t));
  return 1;
}

static int transfer_ready(lua_State *L) {
  const sk_transfer *t = ((sk_transfer_box *)sk_self(L, SK_TRANSFER))->t;
  lua_pushboolean(L, t == NULL || sk_transfer_ready(t));
  return 1;
}

static void push_buf(lua_State *L, const sk_buf *b) {
  lua_pushlstring(L, b->len ? b->p : "", b->len);
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

/* asked() → URL [, body] */
static int transfer_asked(lua_State *L) {
  sk_transfer_box *b = hold(L);
  const sk_buf *body;
  size_t n;
  const char *url = sk_transfer_asked(b->t, &n, &body);
  lua_pushlstring(L, url, n);
  if (body) push_buf(L, body);
  return release(L, b, body ? 2 : 1);
}

static int push_answer(lua_State *L, const sk_transfer_box *b) {
  const sk_buf *body;
  int n;
  if (!sk_transfer_streaming(b->t)) {
    if (!sk_transfer_done(b->t)) return 0;
    n = push_failure(L, b->t);
    if (n) return n;
  }
  lua_pushinteger(L, sk_transfer_status(b->t));
  push_buf(L, sk_transfer_head(b->t));
  if (sk_transfer_streaming(b->t)) return 2;
  body = sk_transfer_received(b->t);
  if (b->secret)
    sk_push_secret(L, body->len ? body->p : "", body->len);
  else
    push_buf(L, body);
  return 3;
}

/* take() → status, head, body | status, head for a stream
          | nil, kind, message, outcome | nothing while it is not ready */
static int transfer_take(lua_State *L) {
  sk_transfer_box *b = hold(L);
  return release(L, b, push_answer(L, b));
}

/* value(reader) → what the reader makes of a success, which closes the transfer
                  | nothing: take() has it, or will have it */
static int transfer_value(lua_State *L) {
  sk_transfer_box *b = check_open(L);
  const sk_buf *body;
  long status;
  if (!sk_transfer_done(b->t) || sk_transfer_failure(b->t).kind) return 0;
  status = sk_transfer_status(b->t);
  if (b->secret || status < 200 || status > 299) return 0;
  body = sk_transfer_received(hold(L)->t);
  if (!sk_read_answer(L, 2, body->len ? body->p : "", body->len)) return release(L, b, 0);
  (void)transfer_close(L);
  return 1;
}

static int push_piece(lua_State *L, const sk_transfer_box *b) {
  const sk_buf *chunk;
  sk_event e;
  int n;
  if (sk_transfer_event(b->t, &e)) {
    sk_push_event(L, &e);
    return 1;
  }
  chunk = sk_transfer_received(b->t);
  if (chunk->len) {
    push_buf(L, chunk);
    sk_transfer_chunk_taken(b->t);
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

/* read() → event or chunk | false while none is here | nil at a clean end
          | nil, kind, message, outcome */
static int transfer_read(lua_State *L) {
  sk_transfer_box *b = hold(L);
  return release(L, b, push_piece(L, b));
}

static int transfer_hungry(lua_State *L) {
  lua_pushboolean(L, sk_transfer_hungry(check_open(L)->t));
  return 1;
}

/* write(bytes): the next piece of the body; write() ends it */
static int transfer_write(lua_State *L) {
  sk_transfer_box *b = check_open(L);
  size_t n = 0;
  const char *p = lua_isnoneornil(L, 2) ? "" : luaL_checklstring(L, 2, &n);
  if (n == 0 && !lua_isnoneornil(L, 2)) return 0; /* an empty piece is no end */
  if (sk_transfer_write(b->t, p, n) != SK_OK) luaL_error(L, "scalekit: out of memory");
  return 0;
}

void sk_open_transfer(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"ready", transfer_ready},   {"take", transfer_take},
    {"read", transfer_read}, {"hungry", transfer_hungry}, {"write", transfer_write},
    {"sent", transfer_sent},     {"asked", transfer_asked}, {"value", transfer_value},
    {"close", transfer_close_checked}, {NULL, NULL}};
  sk_class(L, SK_TRANSFER, methods, transfer_close);
}
