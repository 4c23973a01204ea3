/*
** wire.h - bytes: a bounded buffer, encodings, the event-stream splitter and
** raw JSON spans. Needs libc only. Nothing here knows HTTP or Lua.
*/
#ifndef SK_WIRE_H
#define SK_WIRE_H

#include <stddef.h>

#pragma GCC visibility push(hidden)

typedef enum sk_status {
  SK_OK = 0,
  SK_NOMEM,   /* an allocation failed                            */
  SK_FULL,    /* the ceiling given at initialisation was reached */
  SK_INVALID  /* the bytes are not what they claim to be         */
} sk_status;

/* --- buf.c: a growing buffer that knows its ceiling ------------------------ */

typedef struct sk_buf {
  char *p;
  size_t len, cap, max;
} sk_buf;

/* Cannot fail. All-zero is an empty buffer with ceiling 0. */
void sk_buf_init(sk_buf *b, size_t max);
/* Appends; on SK_FULL or SK_NOMEM the buffer is as it was. */
sk_status sk_buf_add(sk_buf *b, const void *bytes, size_t n);
sk_status sk_buf_adds(sk_buf *b, const char *text);
/* Drops the first n bytes. */
void sk_buf_shift(sk_buf *b, size_t n);
/* Wipes and frees; the buffer is empty and usable afterwards. */
void sk_buf_free(sk_buf *b);

/* Overwrites memory in a way no compiler drops. */
void sk_wipe(void *p, size_t n);

/* --- sse.c: the event-stream splitter (WHATWG rules) ----------------------- */

typedef struct sk_sse {
  sk_buf line, data, event, id; /* id: the last id seen, sticky             */
  long retry;                   /* milliseconds; -1 where none was given    */
  size_t max;                   /* ceiling of one event                     */
  unsigned char started, skip_lf, has_data, has_id;
} sk_sse;

typedef struct sk_event {
  const char *data, *event, *id; /* event and id may be NULL                */
  size_t data_len, event_len, id_len;
  long retry;
} sk_event;

/* Called for each complete event; its pointers die with the call. */
typedef sk_status (*sk_sse_sink)(void *ud, const sk_event *e);

void sk_sse_init(sk_sse *s, size_t max);
/* SK_FULL: an event above the ceiling; anything else: the sink's answer. */
sk_status sk_sse_feed(sk_sse *s, const char *bytes, size_t n, sk_sse_sink sink, void *ud);
void sk_sse_free(sk_sse *s);

/* --- encode.c: base64, percent encoding, UTF-8 ----------------------------- */

/* Room that base64 of n bytes needs, and room that decoding n characters needs. */
#define SK_BASE64_SIZE(n) (((n) + 2) / 3 * 4)
#define SK_UNBASE64_SIZE(n) ((n) / 4 * 3 + 3)

/* `url`: the URL alphabet, never padded; else the common one, always padded. */
size_t sk_base64(const void *bytes, size_t n, int url, char *out);
/* Strict: alphabet, padding and zero trailing bits, so each value has one spelling. */
sk_status sk_unbase64(const char *text, size_t n, int url, void *out, size_t *len);

/* Everything but A-Z a-z 0-9 - . _ ~; `out` needs 3 * n bytes. */
size_t sk_percent(const char *text, size_t n, char *out);
/* `out` needs n bytes; a '%' without two hex digits is SK_INVALID. */
sk_status sk_unpercent(const char *text, size_t n, char *out, size_t *len);

#define SK_DECIMAL_SIZE 24 /* room for any integer in digits */
/* Writes v in digits, with no end; returns the length. */
size_t sk_decimal(long long v, char out[SK_DECIMAL_SIZE]);

/* Length of the UTF-8 sequence that p[0..n) begins with; 0 where it is none. */
size_t sk_utf8_sequence(const char *p, size_t n);
/* Counts code points; SK_INVALID where the bytes are not UTF-8. */
sk_status sk_utf8_count(const char *p, size_t n, size_t *points);

#pragma GCC visibility pop

#endif
