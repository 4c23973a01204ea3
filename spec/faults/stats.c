/*
** stats.c - what the server has seen since it was last asked to forget.
*/
#include "server.h"

#include <stdio.h>
#include <string.h>

stats seen;
atomic_long seen_fault[MAX_FAULTS];
atomic_long seen_chaos[32];

void stats_reset(void) {
  int i;
  seen.connections = seen.tokens = seen.requests = 0; /* `open` stays true */
  seen.bytes_in = seen.bytes_out = seen.strayed = seen.resets = seen.again = 0;
  for (i = 0; i < MAX_FAULTS; i++) seen_fault[i] = 0;
  for (i = 0; i < 32; i++) seen_chaos[i] = 0;
}

static size_t add(char *out, size_t at, size_t size, const char *name, long value) {
  int n = snprintf(out + at, size - at, "%s\"%s\":%ld", out[at - 1] == '{' ? "" : ",", name, value);
  return at + (size_t)n;
}

size_t stats_write(char *out, size_t size) {
  size_t at = 1;
  int i;
  out[0] = '{';
  at = add(out, at, size, "connections", seen.connections);
  at = add(out, at, size, "open", seen.open);
  at = add(out, at, size, "tokens", seen.tokens);
  at = add(out, at, size, "requests", seen.requests);
  at = add(out, at, size, "bytes_in", seen.bytes_in);
  at = add(out, at, size, "bytes_out", seen.bytes_out);
  at = add(out, at, size, "strayed", seen.strayed);
  at = add(out, at, size, "resets", seen.resets);
  at = add(out, at, size, "again", seen.again);
  at += (size_t)snprintf(out + at, size - at, ",\"faults\":{");
  for (i = 0; i < raw_count() + acted_count(); i++) {
    const fault *f = i < raw_count() ? raw_faults + i : acted_faults + (i - raw_count());
    if (seen_fault[i]) at = add(out, at, size, f->name, seen_fault[i]);
  }
  at += (size_t)snprintf(out + at, size - at, "},\"chaos\":{");
  for (i = 0; chaos_name(i); i++)
    if (seen_chaos[i]) at = add(out, at, size, chaos_name(i), seen_chaos[i]);
  return at + (size_t)snprintf(out + at, size - at, "}}");
}
