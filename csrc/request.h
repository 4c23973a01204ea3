/*
** request.h - between bind_request.c, which writes requests, and bind_operation.c, which
** sends them.
*/
#ifndef SK_REQUEST_H
#define SK_REQUEST_H

#include "bind.h"
#include "model.h"
#include "wire.h"

#pragma GCC visibility push(hidden)

typedef struct sk_request_writer {
  sk_head head;
  sk_buf path, body; /* what has been written    */
  int busy;          /* and nobody has taken yet */
  int has_body, path_parts, fields;
  unsigned char order[SK_FIELDS]; /* of the fields, by name */
} sk_request_writer;

/* Where the arguments of a call have to be. */
enum { SK_AT_ARGS = 2 };

/*
** Writes with the writer at `writer`, 1 to 5: the path, after `base`, and the body are the
** caller's until he says sk_request_written. NULL: this is for the long way. At most five
** values on the stack stay, whatever is above goes.
*/
sk_request_writer *sk_write_request(lua_State *L, int writer, const char *base, size_t n);
void sk_request_written(sk_request_writer *r);

#pragma GCC visibility pop

#endif
