/*
** bind_http.h - between bind_loop.c, bind_wait.c, bind_shared.c and bind_transfer.c.
*/
#ifndef SK_BIND_HTTP_H
#define SK_BIND_HTTP_H

#include "bind.h"
#include "http.h"

#pragma GCC visibility push(hidden)

/* Its table is the book of who waits (bind_wait.c). */
typedef struct sk_loop_box {
  sk_head head;
  sk_loop *loop;
  long waiting;             /* how many are in the book, or in that of before a fork */
  unsigned long generation; /* of the loop, as the book knows it                     */
} sk_loop_box;

typedef struct sk_transfer_box {
  sk_head head;
  sk_transfer *t;
  int secret; /* the body of the answer is for C alone */
  enum { SK_FREE, SK_HELD, SK_CLOSING } use; /* its bytes are on their way to Lua  */
} sk_transfer_box;

#define SK_MAX_BODY (8 << 20) /* bytes of an answer, unless its request says otherwise */

/* The loop of a box, open and of this process; else an error. To be asked again after
** whatever makes the collector run: a finalizer may close it. */
sk_loop *sk_loop_of(lua_State *L, const sk_loop_box *b);
/* The open loop at `index`, of this process; else an error. */
sk_loop *sk_check_loop(lua_State *L, int index);
/* The same for argument 1 of its methods. */
sk_loop *sk_self_loop(lua_State *L);
/* The transfer at `index`, perhaps a closed one; else an error. */
sk_transfer_box *sk_check_transfer(lua_State *L, int index);
sk_profile *sk_check_profile(lua_State *L, int index);
/* Prepared headers, or NULL where something else stands at `index`. */
sk_headers *sk_test_headers(lua_State *L, int index);
/* Adds the table at `index` to h; NULL, or what is wrong with it. */
const char *sk_fill_headers(lua_State *L, int index, sk_headers *h);

/* NULL where all is well, else `what` is wrong; out of memory is thrown. */
const char *sk_judge(lua_State *L, sk_status rc, const char *what);
double sk_field_number(lua_State *L, int table, const char *name, double fallback);
int sk_field_flag(lua_State *L, int table, const char *name);
/* The table keeps the string alive. */
const char *sk_field_string(lua_State *L, int table, const char *name);

/* Methods of a loop. */
int sk_loop_await(lua_State *L);
int sk_loop_forget(lua_State *L);
int sk_loop_next(lua_State *L);
int sk_loop_waiting(lua_State *L);
int sk_loop_prune(lua_State *L);
int sk_loop_profile_new(lua_State *L);
int sk_loop_submit(lua_State *L);
int sk_loop_operation(lua_State *L);
int sk_headers_make(lua_State *L);
int sk_headers_parse(lua_State *L);
void sk_open_transfer(lua_State *L);
void sk_open_shared(lua_State *L);
void sk_open_operation(lua_State *L);

#pragma GCC visibility pop

#endif
