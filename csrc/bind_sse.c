/*
** bind_sse.c - the event-stream splitter for transports that are not ours:
** sse(max_event) → parser; parser:feed(bytes) → true | nil, message;
** parser:next() → event table | nil.
*/
#include <stdlib.h>
#include <string.h>

#include "bind.h"
#include "wire.h"

typedef struct stream {
  sk_head head;
  sk_sse sse;
  sk_buf queue; /* events one behind the other: a struct, then its bytes */
  size_t at;
} stream;

static int stream_gc(lua_State *L) {
  stream *s = (stream *)lua_touserdata(L, 1);
  if (sk_bury(&s->head)) {
    sk_sse_free(&s->sse);
    sk_buf_free(&s->queue);
  }
  return 0;
}

static sk_status add_text(sk_buf *b, const char *p, size_t n) {
  return p ? sk_buf_add(b, p, n) : SK_OK;
}

static sk_status enqueue(void *ud, const sk_event *e) {
  sk_buf *q = &((stream *)ud)->queue;
  size_t before = q->len;
  sk_status rc;
  if ((rc = sk_buf_add(q, e, sizeof *e)) != SK_OK || (rc = add_text(q, e->data, e->data_len)) != SK_OK ||
      (rc = add_text(q, e->event, e->event_len)) != SK_OK ||
      (rc = add_text(q, e->id, e->id_len)) != SK_OK)
    q->len = before;
  return rc;
}

static int feed(lua_State *L) {
  stream *s = (stream *)sk_check(L, 1, SK_STREAM);
  size_t n;
  const char *p = luaL_checklstring(L, 2, &n);
  sk_status rc = sk_sse_feed(&s->sse, p, n, enqueue, s);
  if (rc == SK_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  lua_pushnil(L);
  lua_pushstring(L, rc == SK_FULL ? "an event is larger than allowed" : "out of memory");
  return 2;
}

void sk_push_event(lua_State *L, const sk_event *e) {
  lua_createtable(L, 0, 4);
  lua_pushlstring(L, e->data, e->data_len);
  lua_setfield(L, -2, "data");
  if (e->event) {
    lua_pushlstring(L, e->event, e->event_len);
    lua_setfield(L, -2, "event");
  }
  if (e->id) {
    lua_pushlstring(L, e->id, e->id_len);
    lua_setfield(L, -2, "id");
  }
  if (e->retry >= 0) {
    lua_pushinteger(L, e->retry);
    lua_setfield(L, -2, "retry");
  }
}

static int next(lua_State *L) {
  stream *s = (stream *)sk_check(L, 1, SK_STREAM);
  sk_event e;
  const char *p;
  if (s->at >= s->queue.len) {
    s->at = s->queue.len = 0;
    return 0;
  }
  memcpy(&e, s->queue.p + s->at, sizeof e);
  p = s->queue.p + s->at + sizeof e;
  e.data = p;
  p += e.data_len;
  if (e.event) e.event = p;
  p += e.event_len;
  if (e.id) e.id = p;
  p += e.id_len;
  s->at = (size_t)(p - s->queue.p);
  sk_push_event(L, &e);
  return 1;
}

static int sse(lua_State *L) {
  lua_Integer max = luaL_optinteger(L, 1, 4 << 20);
  stream *s;
  luaL_argcheck(L, max > 0, 1, "must be positive");
  s = (stream *)sk_new(L, SK_STREAM, sizeof *s, 0);
  sk_sse_init(&s->sse, (size_t)max);
  sk_buf_init(&s->queue, (size_t)-1 / 2);
  return 1;
}

void sk_open_sse(lua_State *L) {
  static const luaL_Reg methods[] = {{"feed", feed}, {"next", next}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"sse", sse}, {NULL, NULL}};
  sk_class(L, SK_STREAM, methods, stream_gc);
  sk_setfuncs(L, functions, 0);
}
