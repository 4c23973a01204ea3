/*
** replay.c - a main for compilers without libFuzzer: runs a target over the
** files it is given, each once.
*/
#include <stdio.h>

#include "fuzz.h"

static void replay(const char *path) {
  uint8_t *bytes = NULL;
  size_t n = 0, got;
  FILE *f = fopen(path, "rb");
  if (f == NULL) {
    perror(path);
    exit(2);
  }
  do {
    bytes = (uint8_t *)realloc(bytes, n + 65536);
    if (bytes == NULL) abort();
    got = fread(bytes + n, 1, 65536, f);
    n += got;
  } while (got == 65536);
  fclose(f);
  fprintf(stderr, "%s\n", path); /* the last one named is the one that crashed */
  LLVMFuzzerTestOneInput(bytes, n);
  free(bytes);
}

int main(int argc, char **argv) {
  int i;
  for (i = 1; i < argc; i++) replay(argv[i]);
  return 0;
}
