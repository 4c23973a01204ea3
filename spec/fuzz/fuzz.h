/*
** fuzz.h - what the targets share. A target states rules that hold for any
** bytes; a rule that breaks traps, and the bytes at hand are the repro.
*/
#ifndef SK_FUZZ_H
#define SK_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Kept in every build, unlike assert. */
#define MUST(condition) ((condition) ? (void)0 : __builtin_trap())

/* The part of the input that has not been used. */
typedef struct input {
  const uint8_t *p;
  size_t n;
} input;

static inline unsigned take_byte(input *in) {
  if (in->n == 0) return 0;
  in->n--;
  return *in->p++;
}

/* At most `most` bytes, as they are. */
static inline input take(input *in, size_t most) {
  input part = {in->p, in->n < most ? in->n : most};
  in->p += part.n;
  in->n -= part.n;
  return part;
}

/* Bytes up to the next zero, which is dropped. */
static inline input take_text(input *in) {
  const uint8_t *zero = in->n ? (const uint8_t *)memchr(in->p, 0, in->n) : NULL;
  input part = take(in, zero ? (size_t)(zero - in->p) : in->n);
  (void)take(in, 1);
  return part;
}

static inline void *block(size_t n) {
  void *p = malloc(n ? n : 1);
  if (p == NULL) abort();
  return p;
}

/* A copy in a block of just its size: one byte too far is seen. */
static inline char *exact(input in) {
  char *copy = (char *)malloc(in.n);
  if (copy == NULL) copy = (char *)block(in.n); /* of nothing */
  if (in.n) memcpy(copy, in.p, in.n);
  return copy;
}

#endif
