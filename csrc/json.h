/*
** json.h - JSON text as bytes: is it valid, what and where is a member. It never
** builds values; that is the work of bind_decode.c.
*/
#ifndef SK_JSON_H
#define SK_JSON_H

#include "wire.h"

#pragma GCC visibility push(hidden)

/* The deepest nesting anybody may ask for. */
#define SK_JSON_DEPTH 512

typedef struct sk_json_report {
  const char *message; /* what is wrong, and before which byte of the text   */
  size_t offset;
  int escapes; /* whether a string of it has any */
} sk_json_report;

/*
** RFC 8259 to the letter, in valid UTF-8, with no pair of members of the same
** (decoded) name, no unpaired surrogate and at most `max_depth` open brackets.
** Takes O(n log n) time whatever the text; uses no recursion.
*/
sk_status sk_json_check(const char *text, size_t n, int max_depth, sk_json_report *report);

/* --- json_text.c: in checked text ------------------------------------------------ */

/* Past white space; past the string whose opening quote is at p; past the value at p. */
static inline const char *sk_json_space(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
  return p;
}
const char *sk_json_string_end(const char *p, const char *end);
const char *sk_json_value_end(const char *p, const char *end);

/* Whether n bytes are ASCII without a control character or a backslash. */
int sk_json_is_plain(const char *p, size_t n);

/*
** Length of the escape at p and its code point; 0 where it is none. A high
** surrogate needs its low half: alone neither is a character.
*/
size_t sk_json_escape(const char *p, const char *end, long *point);
/* The next code point of what stands between two quotes; -1 at its end. */
long sk_json_next_point(const char **p, const char *end);
/* Decodes what stands between two quotes; `out` needs n bytes. Returns the length. */
size_t sk_json_unescape(const char *p, size_t n, char *out);

/*
** The value of a number. `is_integer`: it is whole, and a double can count as far.
** SK_INVALID: beyond every double.
*/
sk_status sk_json_number(const char *p, size_t n, int *is_integer, double *out);

typedef struct sk_json_span {
  const char *p;
  size_t n;
} sk_json_span;

/*
** Narrows `span`, checked text, to the value of its member `name`; false, and
** untouched, where it is no object or has no such member.
*/
int sk_json_member(sk_json_span *span, const char *name, size_t name_len);

/* Whether the value in `span` is the string `text`. */
int sk_json_is(sk_json_span span, const char *text, size_t n);

#pragma GCC visibility pop

#endif
