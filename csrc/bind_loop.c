/*
** bind_loop.c - loops for Lua.
**
** loop{ host_connections, pool } → loop
**   loop:pollfd() :events() :timeout() :step()   for any event loop
**   loop:wait(seconds)    steps, waits for the next work at most that long
**   loop:drive(t, seconds) waits until t is ready, at most that long
**   loop:nudge()          wakes who waits on pollfd, so that it looks again
**   loop:await(t, wake) :forget(t) :news() :waiting() :prune()  (bind_wait.c)
**   loop:profile{…}       → profile (bind_shared.c)
**   loop:submit(…)        → transfer (bind_transfer.c)
**   loop:operation(…)     → operation (bind_operation.c)
** poll({ loop, … }, seconds), sleep(seconds), now()
*/
#include "bind_http.h"

/* --- loops -------------------------------------------------------------------- */

static int loop_close(lua_State *L) {
  sk_loop_box *b = (sk_loop_box *)lua_touserdata(L, 1);
  if (sk_bury(&b->head)) {
    sk_loop_close(b->loop);
    b->loop = NULL;
  }
  return 0;
}

static int loop_close_checked(lua_State *L) {
  sk_check(L, 1, SK_LOOP);
  return loop_close(L);
}

sk_loop *sk_loop_of(lua_State *L, const sk_loop_box *b) {
  if (b->loop == NULL) luaL_error(L, "scalekit: the loop is closed");
  if (sk_loop_mine(b->loop) != SK_OK) luaL_error(L, "scalekit: cannot reopen the loop after a fork");
  return b->loop;
}

sk_loop *sk_check_loop(lua_State *L, int index) {
  return sk_loop_of(L, (const sk_loop_box *)sk_check(L, index, SK_LOOP));
}

sk_loop *sk_self_loop(lua_State *L) {
  return sk_loop_of(L, (const sk_loop_box *)sk_self(L, SK_LOOP));
}

static long option(lua_State *L, const char *name, long fallback) {
  double value = sk_field_number(L, 1, name, (double)fallback);
  if (!(value >= 1 && value <= 1000000)) luaL_error(L, "%s must be from 1 to 1000000", name);
  return (long)value;
}

static int loop_new(lua_State *L) {
  sk_loop_limits limits;
  sk_loop_box *b;
  luaL_checktype(L, 1, LUA_TTABLE);
  limits.host_connections = option(L, "host_connections", 128);
  limits.pool = option(L, "pool", 256);
  b = (sk_loop_box *)sk_new(L, SK_LOOP, sizeof *b, 1);
  b->loop = sk_loop_open(&limits);
  if (b->loop == NULL) return luaL_error(L, "scalekit: cannot open a loop: out of memory or descriptors");
  b->generation = sk_loop_generation(b->loop);
  return 1;
}

static int loop_pollfd(lua_State *L) {
  lua_pushinteger(L, sk_loop_pollfd(sk_self_loop(L)));
  return 1;
}

static int loop_events(lua_State *L) {
  sk_check(L, 1, SK_LOOP);
  lua_pushliteral(L, "r");
  return 1;
}

static int loop_timeout(lua_State *L) {
  double left = sk_loop_timeout(sk_self_loop(L));
  if (left < 0) return 0;
  lua_pushnumber(L, left);
  return 1;
}

static int loop_step(lua_State *L) {
  sk_loop_step(sk_self_loop(L));
  return 0;
}

static int loop_nudge(lua_State *L) {
  sk_loop_nudge(sk_self_loop(L));
  return 0;
}

static int loop_wait(lua_State *L) {
  sk_loop *l = sk_self_loop(L);
  sk_loop_wait(l, luaL_optnumber(L, 2, -1));
  return 0;
}

/* drive(t, seconds): one wait; true once t is ready. The caller repeats, so
   that between two waits a signal's hook may run. */
static int loop_drive(lua_State *L) {
  sk_loop *l = sk_self_loop(L);
  const sk_transfer *t = sk_check_transfer(L, 2)->t;
  double seconds = luaL_optnumber(L, 3, -1);
  int ready = t == NULL || sk_transfer_ready(t);
  if (!ready) {
    sk_loop_wait(l, seconds);
    ready = sk_transfer_ready(t);
  }
  if (ready) sk_loop_ring(l);
  lua_pushboolean(L, ready);
  return 1;
}

/* --- functions ------------------------------------------------------------------ */

/* poll({ loop, … }, seconds): waits for work of any of them, and does it */
static int poll_loops(lua_State *L) {
  sk_loop *loops[64];
  int i, n;
  double seconds = luaL_optnumber(L, 2, -1);
  luaL_checktype(L, 1, LUA_TTABLE);
  n = (int)sk_rawlen(L, 1);
  if (n > 64) return luaL_error(L, "scalekit: more than 64 loops at once; share one");
  for (i = 0; i < n; i++) {
    lua_rawgeti(L, 1, i + 1);
    loops[i] = sk_check_loop(L, lua_gettop(L)); /* the table keeps it alive */
    lua_pop(L, 1);
  }
  sk_loop_wait_any(loops, n, seconds);
  return 0;
}

static int nap(lua_State *L) {
  double seconds = luaL_checknumber(L, 1);
  sk_loop_wait_any(NULL, 0, seconds > 0 ? seconds : 0);
  return 0;
}

static int now(lua_State *L) {
  lua_pushnumber(L, sk_now());
  return 1;
}

void sk_open_loop(lua_State *L) {
  static const luaL_Reg loop_methods[] = {
    {"pollfd", loop_pollfd}, {"events", loop_events}, {"timeout", loop_timeout},
    {"step", loop_step},     {"wait", loop_wait},     {"drive", loop_drive},
    {"nudge", loop_nudge},   {"await", sk_loop_await},     {"forget", sk_loop_forget},
    {"news", sk_loop_next},  {"waiting", sk_loop_waiting}, {"prune", sk_loop_prune},
    {"submit", sk_loop_submit}, {"operation", sk_loop_operation},
    {"profile", sk_loop_profile_new}, {"close", loop_close_checked},
    {NULL, NULL}};
  static const luaL_Reg functions[] = {
    {"loop", loop_new}, {"headers", sk_headers_make}, {"parse_headers", sk_headers_parse},
    {"poll", poll_loops}, {"sleep", nap}, {"now", now}, {NULL, NULL}};
  sk_class(L, SK_LOOP, loop_methods, loop_close); /* first: on most versions finalised last */
  sk_open_transfer(L);
  sk_open_shared(L);
  sk_open_operation(L);
  sk_setfuncs(L, functions, 0);
}
