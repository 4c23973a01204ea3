/*
** count.h - the least a test program needs.
*/
#ifndef SK_COUNT_H
#define SK_COUNT_H

#include <stdio.h>

static int passed, failed;

#define CHECK(condition) \
  ((condition) ? (void)passed++ \
               : (void)(failed++, fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition)))

static int report(void) {
  printf("%d passed, %d failed\n", passed, failed);
  return failed > 0;
}

#endif
