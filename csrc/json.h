/*
** json.h - JSON text as bytes: is it valid, and where is a member. It never
** builds values; that is the codec's work.
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
  size_t rewrites;     /* places that sk_json_mark would change              */
} sk_json_report;

/*
** RFC 8259 to the letter, in valid UTF-8, with no pair of members of the same
** (decoded) name, no unpaired surrogate and at most `max_depth` open brackets.
** Takes O(n log n) time whatever the text; uses no recursion.
*/
sk_status sk_json_check(const char *text, size_t n, int max_depth, sk_json_report *report);

/*
** Rewrites checked text for a codec that loses things: an empty array becomes
** an array of the string `mark`, and an integer of more than 18 digits is
** spelt as a float. `out` needs SK_JSON_MARKED(n, rewrites, mark_len) bytes.
*/
#define SK_JSON_MARKED(n, rewrites, mark_len) ((n) + (rewrites) * ((mark_len) + 2))
size_t sk_json_mark(const char *text, size_t n, const char *mark, size_t mark_len, char *out);

typedef struct sk_json_span {
  const char *p;
  size_t n;
} sk_json_span;

/*
** Narrows `span`, checked text, to the value of its member `name`; false, and
** untouched, where it is no object or has no such member.
*/
int sk_json_member(sk_json_span *span, const char *name, size_t name_len);

typedef enum sk_flat {
  SK_FLAT_NOT, /* an escape, a number, a list, an object: for the codec */
  SK_FLAT_END,
  SK_FLAT_STRING,
  SK_FLAT_TRUE,
  SK_FLAT_FALSE,
  SK_FLAT_NULL
} sk_flat;

/*
** The next member of checked text that is an object of plain strings and words:
** its name and what stands between the quotes of its value. *at starts at 0.
*/
sk_flat sk_json_flat(const char *text, size_t n, size_t *at, sk_json_span *name,
                     sk_json_span *value);

/* Whether the value in `span` is the string `text`. */
int sk_json_is(sk_json_span span, const char *text, size_t n);

#pragma GCC visibility pop

#endif
