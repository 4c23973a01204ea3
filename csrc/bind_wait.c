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
** collected with all who wait for it. It is a list with gaps, as luaL_ref makes it; a
** transfer's place in it is its tag. After a fork the book of before is at OLD.
*/
#include <string.h>

#include "bind_http.h"

enum { LOOP = 1, TRANSFER, WAKE };

#define OLD "old"

static sk_loop_box *self_box(lua_State *L) {
  (void)sk_self_loop(L); /* open, and of this process */
  return (sk_loop_box *)lua_touserdata(L, LOOP);
}

/* Pushes the book of this process, a new one after a fork. */
static void push_book(lua_State *L, sk_loop_box *b) {
  sk_getuv(L, LOOP);
  if (b->loop == NULL || b->generation == sk_loop_generation(b->loop)) return;
  lua_newtable(L);
  lua_insert(L, -2);
  lua_setfield(L, -2, OLD);
  lua_pushvalue(L, -1);
  sk_setuv(L, LOOP);
  b->generation = sk_loop_generation(b->loop);
}

/* Takes what is at a place of the book on top, and pushes it. */
static void take(lua_State *L, sk_loop_box *b, int place) {
  lua_rawgeti(L, -1, place);
  luaL_unref(L, -2, place);
  b->waiting--;
}

int sk_loop_await(lua_State *L) {
  sk_loop_box *b = self_box(L);
  sk_transfer *t = sk_check_transfer(L, TRANSFER)->t;
  int place;
  if (t == NULL || sk_transfer_ready(t)) {
    lua_pushboolean(L, 1);
    return 1;
  }
  luaL_checktype(L, WAKE, LUA_TFUNCTION);
  lua_settop(L, WAKE);
  push_book(L, b);
  lua_pushvalue(L, WAKE);
  place = (int)sk_transfer_tag(t);
  if (place) {
    lua_rawseti(L, -2, place);
    return 0;
  }
  sk_transfer_set_tag(t, (unsigned long)luaL_ref(L, -2));
  b->waiting++;
  return 0;
}

int sk_loop_forget(lua_State *L) {
  sk_loop_box *b = (sk_loop_box *)sk_self(L, SK_LOOP); /* perhaps closed: in a finalizer */
  sk_transfer *t = sk_check_transfer(L, TRANSFER)->t;
  int place = t ? (int)sk_transfer_tag(t) : 0;
  if (place == 0) return 0;
  sk_transfer_set_tag(t, 0);
  push_book(L, b);
  take(L, b, place);
  return 1;
}

/* Pushes one of those in the book of before a fork, the last one; 0, and nothing, where
   none is left. The book of now is on top. */
static int take_old(lua_State *L, sk_loop_box *b) {
  int i;
  lua_getfield(L, -1, OLD);
  if (lua_isnil(L, -1)) return 0;
  while ((i = (int)sk_rawlen(L, -1)) > 0) {
    lua_rawgeti(L, -1, i);
    lua_pushnil(L);
    lua_rawseti(L, -3, i);
    if (lua_isfunction(L, -1)) {
      b->waiting--;
      return 1;
    }
    lua_pop(L, 1); /* a gap */
  }
  lua_pushnil(L);
  lua_setfield(L, -3, OLD);
  return 0;
}

int sk_loop_next(lua_State *L) {
  sk_loop_box *b = self_box(L);
  unsigned long tag;
  push_book(L, b);
  if ((tag = sk_loop_news(b->loop)) == 0) return take_old(L, b);
  take(L, b, (int)tag);
  return 1;
}

int sk_loop_waiting(lua_State *L) {
  const sk_loop_box *b = (const sk_loop_box *)sk_self(L, SK_LOOP); /* perhaps closed */
  lua_pushinteger(L, b->waiting);
  return 1;
}

int sk_loop_prune(lua_State *L) {
  sk_loop_box *b = self_box(L);
  size_t k, n = sk_loop_count(b->loop);
  unsigned long *tags = (unsigned long *)lua_newuserdata(L, (n + 1) * sizeof *tags);
  char *is_known;
  int i, places;
  push_book(L, b);
  places = (int)sk_rawlen(L, -1);
  is_known = (char *)lua_newuserdata(L, (size_t)places + 1);
  lua_insert(L, -2);
  memset(is_known, 0, (size_t)places + 1);
  if (b->loop == NULL || sk_loop_count(b->loop) > n || (int)sk_rawlen(L, -1) != places)
    return 0; /* a finalizer has closed it, or waits: the next time, then */
  n = sk_loop_tags(b->loop, tags, n); /* now: it may have collected some, too */
  for (k = 0; k < n; k++) is_known[tags[k]] = 1;
  for (i = 1; i <= places; i++) {
    if (is_known[i]) continue;
    lua_rawgeti(L, -1, i);
    if (lua_isfunction(L, -1)) {
      luaL_unref(L, -2, i);
      b->waiting--;
    }
    lua_pop(L, 1);
  }
  return 0;
}
