/*
** bind.h - what the files of the Lua skin share.
**
** Core files (wire.h, http.h, auth.h, crypt.h) know nothing of Lua; these
** files know nothing of sockets. Every function here may throw a Lua error
** unless it says otherwise: hold nothing when you call one.
*/
#ifndef SK_BIND_H
#define SK_BIND_H

#include <stddef.h>

#include "compat.h"

#pragma GCC visibility push(hidden)

/* Each adds its functions to the module table on top of the stack. */
void sk_open_wire(lua_State *L);   /* raw JSON, encodings                   */
void sk_open_secret(lua_State *L); /* bytes that Lua can carry, not read    */
void sk_open_json(lua_State *L);   /* Lua values to JSON text                */
void sk_open_decode(lua_State *L); /* JSON text to Lua values               */
void sk_open_sse(lua_State *L);    /* event streams for other transports    */
void sk_open_crypt(lua_State *L);  /* keys, signatures, digests, randomness */
void sk_open_model(lua_State *L);  /* descriptors of API objects            */
void sk_open_request(lua_State *L); /* arguments to URL and body at once    */
void sk_open_answer(lua_State *L); /* an answer's bytes to its value at once */
void sk_open_seal(lua_State *L);   /* bytes sealed with a secret            */
void sk_open_auth(lua_State *L);   /* client credentials and access tokens  */
void sk_open_loop(lua_State *L);   /* the loop and its transfers            */

/*
** Classes of userdata. Every block begins with an sk_head, so that a census
** can say how many of each kind are alive; counters belong to one lua_State.
*/
typedef enum sk_kind {
  SK_LOOP, SK_TRANSFER, SK_STREAM, SK_SECRET, SK_CREDENTIALS, SK_KEY, SK_MODEL, SK_WRITER, SK_HEADERS,
  SK_PROFILE, SK_SEALER, SK_REQUEST, SK_READER, SK_OPERATION, SK_KINDS
} sk_kind;

typedef struct sk_head {
  long *live; /* the counter of this kind; NULL once finalised */
} sk_head;

/*
** Registers the metatable of `kind`: `methods` as __index, `gc` as __gc and
** __close, and a __tostring that prints only the class name.
*/
void sk_class(lua_State *L, sk_kind kind, const luaL_Reg *methods, lua_CFunction gc);

/* Pushes the metatable of `kind`. */
void sk_push_class(lua_State *L, sk_kind kind);

/*
** A zeroed userdata armed with its metatable and, where `with_table` is set,
** a table of its own as user value (5.1 would otherwise share one). All-zero
** is a legal closed object in every class, so a collection at any later
** point is safe: acquire resources only after this returns.
*/
void *sk_new(lua_State *L, sk_kind kind, size_t size, int with_table);

/* The block at `index` if it is of `kind`, else an argument error. */
void *sk_check(lua_State *L, int index, sk_kind kind);

/* The same for argument 1 of a method of that kind; quicker. */
void *sk_self(lua_State *L, sk_kind kind);

/* The same as sk_check, but NULL where it is something else. Never throws. */
void *sk_test(lua_State *L, int index, sk_kind kind);

struct sk_event;
/* Pushes { data, event, id, retry } (bind_sse.c). */
void sk_push_event(lua_State *L, const struct sk_event *e);

/* For __gc: true the first time, so that it may run twice. Never throws. */
int sk_bury(sk_head *head);

/*
** The bytes of the string or secret at `index`; any other type is an
** argument error. Valid while that value is on the stack.
*/
const char *sk_check_bytes(lua_State *L, int index, size_t *length);

/* Pushes a secret: a copy of `bytes`, wiped when collected. */
void sk_push_secret(lua_State *L, const char *bytes, size_t length);

/* Pushes a secret of zeros, to be written; its bytes are returned. */
char *sk_push_room(lua_State *L, size_t length);

#pragma GCC visibility pop

#endif
