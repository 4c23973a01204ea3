/*
** bind_json.h - the JSON writer and the JSON builder, for the files that know what they
** write or read. All of these may throw, and none holds anything then but userdata.
*/
#ifndef SK_BIND_JSON_H
#define SK_BIND_JSON_H

#include "bind.h"
#include "wire.h"

#pragma GCC visibility push(hidden)

/* --- bind_json.c: Lua values to text ---------------------------------------------- */

enum { SK_WRITER_PLACE = 16 };

typedef struct sk_step { /* one step of the way to a value, for messages */
  int is_name;
  size_t at; /* in writer.names; or the index */
} sk_step;

typedef struct sk_writer {
  sk_head head;
  sk_buf out;
  sk_buf keys;  /* of the object at hand, to be sorted                   */
  sk_buf names; /* of all that are open: each its length, then its bytes */
  int self;     /* its own index on the stack                            */
  int rest;     /* the upvalue where it rests while nobody writes        */
  int null, array_mt, raw_mt, empty; /* indices of what is special       */
  int depth;
  sk_step place[SK_WRITER_PLACE];
} sk_writer;

/* Pushes a writer; `rest` is to hold one, or nil. */
sk_writer *sk_writer_new(lua_State *L);
/* Pushes a writer that nobody else has: the one at rest, or a new one. */
sk_writer *sk_writer_take(lua_State *L, int rest);
/* Puts it back to rest; its bytes are gone then. */
void sk_writer_give(lua_State *L, sk_writer *w);

void sk_put_bytes(lua_State *L, sk_writer *w, const char *p, size_t n);
/* A JSON string of those bytes. */
void sk_put_string(lua_State *L, sk_writer *w, const char *p, size_t n);
/* The value at `value`, an absolute index; throws where JSON cannot say it. */
void sk_put(lua_State *L, sk_writer *w, int value);

/* --- bind_decode.c: text that has been checked to Lua values ------------------------ */

typedef struct sk_builder {
  lua_State *L;
  const char *end;
  const char *too_large; /* a number beyond every double, or NULL           */
  int escapes;           /* whether there are any: sk_json_report            */
  int null, array_mt;    /* indices of what null is and what marks a list   */
} sk_builder;

/* Each pushes what stands at p and returns what is behind it. */
const char *sk_build(sk_builder *b, const char *p);
const char *sk_build_string(sk_builder *b, const char *p);
/* Gives the table on top the mark of a list. */
void sk_build_mark(sk_builder *b);

/* --- bind_request.c ------------------------------------------------------------------ */

typedef struct sk_written {
  sk_writer *w;     /* a URL, and behind it a body, where there is one */
  size_t url_len;
  int has_body;
} sk_written;

/*
** Writes a request with what request_writer has made, at index 1 to 5, of the arguments at
** 3, the URL with `base` first; `rest` is an upvalue with a writer. Returns 1, and out->w is
** to be given back; or 0, and nothing, where the long way has something to say. Index 4
** and everything above 5 go.
*/
int sk_write_request(lua_State *L, int request, const char *base, size_t n, int rest,
                     sk_written *out);

/* Adds a method to a class whose second upvalue is such a writer; the first is the class. */
void sk_add_writing(lua_State *L, sk_kind kind, const char *name, lua_CFunction method);

/* --- bind_answer.c ------------------------------------------------------------------- */

/*
** Reads an answer with the reader at `reader`. Pushes its value and returns 1, or pushes
** nothing and returns 0: the long way knows what is wrong with it. The text must stay
** where it is, whatever Lua's collector runs.
*/
int sk_read_answer(lua_State *L, int reader, const char *text, size_t n);

#pragma GCC visibility pop

#endif
