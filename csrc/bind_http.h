/*
** bind_http.h - between bind_loop.c and bind_transfer.c.
*/
#ifndef SK_BIND_HTTP_H
#define SK_BIND_HTTP_H

#include "bind.h"
#include "http.h"

#pragma GCC visibility push(hidden)

/* The open loop at `index`, of this process; else an error. */
sk_loop *sk_check_loop(lua_State *L, int index);
/* The transfer at `index`, or NULL where it is closed; else an error. */
sk_transfer *sk_check_transfer(lua_State *L, int index);

int sk_loop_submit(lua_State *L);
void sk_open_transfer(lua_State *L);

#pragma GCC visibility pop

#endif
