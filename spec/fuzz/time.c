/*
** time.c - durations and timestamps: what is read and written again is the
** same time, and is written the one way there is.
** Input: which reader, then a text; or a number of seconds.
*/
#include "fuzz.h"
#include "model_values.h"

#define LONGEST 315576000000LL

static void proper(const sk_time *t) {
  MUST(t->nanos >= 0 && t->nanos < 1000000000L);
}

static void try_duration(const char *p, size_t n) {
  sk_time t, again, loose;
  char text[SK_TIME_SIZE];
  size_t len;
  sk_status strict = sk_duration_read(p, n, &t);
  MUST(strict == SK_OK || strict == SK_INVALID);
  if (sk_duration_read_loose(p, n, &loose) != SK_OK) {
    MUST(strict != SK_OK); /* people may write at least what protobuf does */
    return;
  }
  proper(&loose);
  MUST(loose.seconds >= -LONGEST && loose.seconds <= LONGEST);
  if (strict == SK_OK) MUST(sk_time_compare(&t, &loose) == 0);
  len = sk_duration_write(&loose, text);
  MUST(len < SK_TIME_SIZE && text[len] == 0 && strlen(text) == len);
  MUST(sk_duration_read(text, len, &again) == SK_OK);
  MUST(sk_time_compare(&loose, &again) == 0);
}

static void try_timestamp(const char *p, size_t n) {
  sk_time t, again;
  char text[SK_TIME_SIZE], twice[SK_TIME_SIZE];
  size_t len = 0, len2 = 0;
  if (sk_timestamp_read(p, n, &t) != SK_OK) return;
  proper(&t);
  MUST(sk_timestamp_write(&t, text, &len) == SK_OK);
  MUST(len >= 20 && len <= 30 && text[len] == 0 && text[len - 1] == 'Z');
  MUST(sk_timestamp_read(text, len, &again) == SK_OK);
  MUST(sk_time_compare(&t, &again) == 0);
  MUST(sk_timestamp_write(&again, twice, &len2) == SK_OK);
  MUST(len == len2 && memcmp(text, twice, len) == 0);
  MUST(!sk_timestamp_is_zero(&t) || memcmp(text, "0001-01-01T00:00:00Z", 20) == 0);
}

static void try_seconds(double seconds) {
  sk_time t, again;
  char text[SK_TIME_SIZE];
  double back, off;
  size_t len;
  if (sk_time_from_seconds(seconds, &t) != SK_OK) {
    MUST(!(seconds >= -(double)LONGEST && seconds <= (double)LONGEST));
    return;
  }
  proper(&t);
  back = (double)t.seconds + (double)t.nanos / 1e9;
  off = back - seconds;
  /* never later than a double can tell, never a nanosecond earlier */
  MUST(off <= 1e-12 + 4.6e-16 * (seconds < 0 ? -seconds : seconds));
  MUST(off >= -1.1e-9 - 4.6e-16 * (seconds < 0 ? -seconds : seconds));
  len = sk_duration_write(&t, text);
  MUST(sk_duration_read(text, len, &again) == SK_OK);
  MUST(sk_time_compare(&t, &again) == 0);
  if (sk_timestamp_write(&t, text, &len) == SK_OK) {
    MUST(sk_timestamp_read(text, len, &again) == SK_OK);
    MUST(sk_time_compare(&t, &again) == 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  input in = {bytes, n};
  unsigned which = take_byte(&in);
  char *p = exact(in);
  double seconds;
  if (which == '#' && in.n >= sizeof seconds) {
    memcpy(&seconds, in.p, sizeof seconds);
    try_seconds(seconds);
  } else {
    try_duration(p, in.n);
    try_timestamp(p, in.n);
  }
  free(p);
  return 0;
}
