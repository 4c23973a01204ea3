/*
** bind_http.h - between bind_loop.c, bind_shared.c and bind_transfer.c.
*/
#ifndef SK_BIND_HTTP_H
#define SK_BIND_HTTP_H

#include "bind.h"
#include "http.h"

#pragma GCC visibility push(hidden)

/* The open loop at `index`, of this process; else an error. */
sk_loop *sk_check_loop(lua_State *L, int index);
/* The same for argument 1 of its methods. */
sk_loop *sk_self_loop(lua_State *L);
/* The transfer at `index`, or NULL where it is closed; else an error. */
sk_transfer *sk_check_transfer(lua_State *L, int index);
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

int sk_loop_profile_new(lua_State *L);
int sk_loop_submit(lua_State *L);
int sk_headers_make(lua_State *L);
int sk_headers_parse(lua_State *L);
void sk_open_transfer(lua_State *L);
void sk_open_shared(lua_State *L);

#pragma GCC visibility pop

#endif
