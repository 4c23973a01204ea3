/*
** bind_wait.c - who waits for which transfer: the book of a loop, which any number
** of drivers share.
**
** loop:await(t, wake)  notes the function that wakes who waits for t; true, and
**                      nothing is noted, where t is ready
** loop:forget(t)       crosses him out: the function, or nil where there was none.
**                      Harmless for a closed transfer
** loop:news()          the same for the next transfer that has news, nil when none
**                      has any. After a fork everything under way is the parent's,
**                      and everybody is woken
** loop:waiting()       how many wait
** loop:prune()         crosses out whose transfers are gone: an event loop that is
**                      dropped takes its coroutines with it, and they theirs
**
** The book is the loop's own table, so that a loop that nobody knows any more is
** collected with all who wait for it.
*/
#include "bind_http.h"

enum { LOOP = 1, TRANSFER, WAKE };

static sk_loop_box *self_box(lua_State *L) {
  (void)sk_self_loop(L); /* open, and of this process */
  return (sk_loop_box *)lua_touserdata(L, LOOP);
}

static void push_id(lua_State *L, unsigned long id) {
  lua_pushinteger(L, (lua_Integer)id);
}

int sk_loop_await(lua_State *L) {
  sk_loop_box *b = self_box(L);
  const sk_transfer_box *t = sk_check_transfer(L, TRANSFER);
  int is_new;
  if (t->t == NULL || sk_transfer_ready(t->t)) {
    lua_pushboolean(L, 1);
    return 1;
  }
  luaL_checktype(L, WAKE, LUA_TFUNCTION);
  lua_settop(L, WAKE);
  sk_getuv(L, LOOP);
  push_id(L, t->id);
  lua_pushvalue(L, -1);
  lua_rawget(L, -3);
  is_new = lua_isnil(L, -1);
  lua_pop(L, 1);
  lua_pushvalue(L, WAKE);
  lua_rawset(L, -3);
  b->waiting += is_new;
  return 0;
}

/* Takes the entry with that id out of the book on top, and pushes it; 0, and nothing,
   where there is none. */
static int take(lua_State *L, sk_loop_box *b, unsigned long id) {
  push_id(L, id);
  lua_rawget(L, -2);
  if (lua_isnil(L, -1)) {
    lua_pop(L, 1);
    return 0;
  }
  push_id(L, id);
  lua_pushnil(L);
  lua_rawset(L, -4);
  b->waiting--;
  return 1;
}

int sk_loop_forget(lua_State *L) {
  sk_loop_box *b = (sk_loop_box *)sk_self(L, SK_LOOP); /* perhaps closed: in a finalizer */
  const sk_transfer_box *t = sk_check_transfer(L, TRANSFER);
  sk_getuv(L, LOOP);
  return take(L, b, t->id);
}

/* Any entry of the book on top. */
static int take_any(lua_State *L, sk_loop_box *b) {
  lua_pushnil(L);
  if (lua_next(L, -2) == 0) return 0;
  lua_insert(L, -2);
  lua_pushnil(L);
  lua_rawset(L, -4);
  b->waiting--;
  return 1;
}

int sk_loop_next(lua_State *L) {
  sk_loop_box *b = self_box(L);
  unsigned long id;
  sk_getuv(L, LOOP);
  while ((id = sk_loop_news(b->loop)) != 0)
    if (take(L, b, id)) return 1;
  if (b->generation == sk_loop_generation(b->loop)) return 0;
  if (take_any(L, b)) return 1;
  b->generation = sk_loop_generation(b->loop);
  return 0;
}

int sk_loop_waiting(lua_State *L) {
  lua_pushinteger(L, self_box(L)->waiting);
  return 1;
}

int sk_loop_prune(lua_State *L) {
  sk_loop_box *b = self_box(L);
  size_t i, n = sk_loop_count(b->loop);
  unsigned long *ids = (unsigned long *)lua_newuserdata(L, (n + 1) * sizeof *ids);
  int book, fresh;
  long kept = 0;
  n = sk_loop_ids(b->loop, ids, n); /* the line above may have collected some */
  sk_getuv(L, LOOP);
  book = lua_gettop(L);
  lua_newtable(L);
  fresh = lua_gettop(L);
  for (i = 0; i < n; i++) {
    push_id(L, ids[i]);
    push_id(L, ids[i]);
    lua_rawget(L, book);
    kept += !lua_isnil(L, -1);
    lua_rawset(L, fresh);
  }
  sk_setuv(L, LOOP);
  b->waiting = kept;
  return 0;
}
