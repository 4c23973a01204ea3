/*
** model_values.c - durations and timestamps, to the nanosecond. Texts are
** read digit by digit: doubles would lose the last ones.
*/
#include <stdio.h>

#include "model_values.h"

#define BILLION 1000000000L
#define LONGEST 315576000000LL /* seconds: what a protobuf Duration can say */
#define FIRST (-62135596800LL) /* 0001-01-01T00:00:00Z                      */
#define LAST 253402300799LL    /* 9999-12-31T23:59:59Z                      */

static int is_digit(char c) {
  return c >= '0' && c <= '9';
}

int sk_time_compare(const sk_time *a, const sk_time *b) {
  if (a->seconds != b->seconds) return a->seconds < b->seconds ? -1 : 1;
  return (a->nanos > b->nanos) - (a->nanos < b->nanos);
}

sk_status sk_time_from_seconds(double seconds, sk_time *t) {
  double part, nearest, slack;
  if (!(seconds >= -(double)LONGEST && seconds <= (double)LONGEST)) return SK_INVALID;
  t->seconds = (long long)seconds;
  if ((double)t->seconds > seconds) t->seconds--;
  part = (seconds - (double)t->seconds) * BILLION;
  nearest = (double)(long)(part + 0.5);
  /* 59.9995 is a double a little below it: allow for what a double cannot say */
  slack = ((seconds < 0 ? -seconds : seconds) + 1) * 2.3e-16 * BILLION;
  if (nearest - part <= slack) part = nearest;
  t->nanos = (long)part;
  if (t->nanos == BILLION) {
    t->seconds++;
    t->nanos = 0;
  }
  return SK_OK;
}

/* --- durations ----------------------------------------------------------------- */

typedef struct reader {
  const char *p, *end;
} reader;

/* "12.5" as whole and billionths; false where no such number stands here. */
static int read_decimal(reader *r, long long *whole, long *billionths) {
  const char *start = r->p;
  long scale = BILLION;
  *whole = 0;
  *billionths = 0;
  for (; r->p < r->end && is_digit(*r->p); r->p++) {
    if (*whole > LONGEST) return 0;
    *whole = *whole * 10 + (*r->p - '0');
  }
  if (r->p == start) return 0;
  if (r->p == r->end || *r->p != '.') return 1;
  start = ++r->p;
  for (; r->p < r->end && is_digit(*r->p); r->p++) {
    if ((scale /= 10) == 0) return 0;
    *billionths += (*r->p - '0') * scale;
  }
  return r->p > start;
}

/* True, and past it, where `word` stands here. */
static int skip(reader *r, const char *word) {
  const char *p = r->p;
  for (; *word != '\0'; word++, p++)
    if (p == r->end || *p != *word) return 0;
  r->p = p;
  return 1;
}

/* Puts a size and a sign together. */
static sk_status finish(long long seconds, long nanos, int negative, sk_time *t) {
  if (seconds > LONGEST || (seconds == LONGEST && nanos > 0)) return SK_INVALID;
  t->seconds = negative ? -seconds : seconds;
  t->nanos = nanos;
  if (negative && nanos > 0) {
    t->seconds--;
    t->nanos = BILLION - nanos;
  }
  return SK_OK;
}

static int read_sign(reader *r) {
  int negative = r->p < r->end && *r->p == '-';
  if (negative || (r->p < r->end && *r->p == '+')) r->p++;
  return negative;
}

sk_status sk_duration_read(const char *text, size_t n, sk_time *t) {
  reader r = {text, text + n};
  int negative = read_sign(&r);
  long long whole;
  long billionths;
  if (!read_decimal(&r, &whole, &billionths) || !skip(&r, "s") || r.p != r.end)
    return SK_INVALID;
  return finish(whole, billionths, negative, t);
}

sk_status sk_duration_read_loose(const char *text, size_t n, sk_time *t) {
  static const struct { const char *name; long long seconds; } units[] = {
    {"h", 3600}, {"m", 60}, {"s", 1}};
  reader r = {text, text + n};
  int negative = read_sign(&r);
  size_t next = 0; /* units come from large to small, each once */
  long long seconds = 0, nanos = 0;
  if (r.p == r.end) return SK_INVALID;
  while (r.p < r.end) {
    long long whole, part;
    long billionths;
    if (!read_decimal(&r, &whole, &billionths) || whole > LONGEST) return SK_INVALID;
    if (skip(&r, "ms")) {
      if (r.p != r.end) return SK_INVALID;
      seconds += whole / 1000;
      nanos += whole % 1000 * 1000000 + billionths / 1000;
      break;
    }
    while (next < 3 && !skip(&r, units[next].name)) next++;
    if (next == 3) return SK_INVALID;
    part = billionths * units[next].seconds;
    seconds += whole * units[next].seconds + part / BILLION;
    nanos += part % BILLION;
    next++;
  }
  seconds += nanos / BILLION;
  return finish(seconds, (long)(nanos % BILLION), negative, t);
}

/* "." and the decimals, as many groups of `group` as it takes; the length. */
static size_t write_fraction(long nanos, int group, char *out) {
  int n = 9;
  if (nanos == 0) return 0;
  snprintf(out, 11, ".%09ld", nanos);
  while (n > group) {
    int i, zero = 1;
    for (i = 0; i < group; i++) zero = zero && out[n - i] == '0';
    if (!zero) break;
    n -= group;
  }
  return (size_t)n + 1;
}

size_t sk_duration_write(const sk_time *t, char out[SK_TIME_SIZE]) {
  long long seconds = t->seconds;
  long nanos = t->nanos;
  size_t n = 0;
  if (seconds < 0) {
    out[n++] = '-';
    seconds = -seconds;
    if (nanos > 0) {
      seconds--;
      nanos = BILLION - nanos;
    }
  }
  n += sk_decimal(seconds, out + n);
  n += write_fraction(nanos, 1, out + n);
  out[n++] = 's';
  out[n] = '\0';
  return n;
}

size_t sk_duration_write_units(const sk_time *t, char out[SK_TIME_SIZE]) {
  int hours = t->seconds % 3600 == 0;
  if (t->seconds <= 0 || t->seconds % 60 != 0 || t->nanos != 0) return 0;
  return (size_t)snprintf(out, SK_TIME_SIZE, "%lld%c", t->seconds / (hours ? 3600 : 60),
                          hours ? 'h' : 'm');
}

/* --- timestamps ------------------------------------------------------------------ */

/* Days from 1970-01-01 in the Gregorian calendar; years begin in March. */
static long long days(long year, long month, long day) {
  long y = month > 2 ? year : year - 1;
  long era = y / 400, of_era = y % 400;
  long of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return (long long)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static long month_days(long year, long month) {
  static const char lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  int leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return lengths[month - 1] + (month == 2 && leap);
}

/* `width` digits, at most `most`; -1 where they are not there. */
static long read_fixed(reader *r, int width, long most) {
  long v = 0;
  if (r->end - r->p < width) return -1;
  for (; width > 0; width--, r->p++) {
    if (!is_digit(*r->p)) return -1;
    v = v * 10 + (*r->p - '0');
  }
  return v <= most ? v : -1;
}

static int read_offset(reader *r, long *seconds) {
  long hours, minutes;
  int negative = r->p < r->end && *r->p == '-';
  *seconds = 0;
  if (skip(r, "Z") || skip(r, "z")) return 1;
  if (!skip(r, "-") && !skip(r, "+")) return 0;
  if ((hours = read_fixed(r, 2, 23)) < 0 || !skip(r, ":")) return 0;
  if ((minutes = read_fixed(r, 2, 59)) < 0) return 0;
  *seconds = (hours * 60 + minutes) * (negative ? -60 : 60);
  return 1;
}

sk_status sk_timestamp_read(const char *text, size_t n, sk_time *t) {
  reader r = {text, text + n};
  long year, month, day, hour, minute, second, offset, scale = BILLION;
  if ((year = read_fixed(&r, 4, 9999)) < 1 || !skip(&r, "-")) return SK_INVALID;
  if ((month = read_fixed(&r, 2, 12)) < 1 || !skip(&r, "-")) return SK_INVALID;
  if ((day = read_fixed(&r, 2, month_days(year, month))) < 1) return SK_INVALID;
  if (!skip(&r, "T") && !skip(&r, "t")) return SK_INVALID;
  if ((hour = read_fixed(&r, 2, 23)) < 0 || !skip(&r, ":")) return SK_INVALID;
  if ((minute = read_fixed(&r, 2, 59)) < 0 || !skip(&r, ":")) return SK_INVALID;
  if ((second = read_fixed(&r, 2, 59)) < 0) return SK_INVALID;
  t->nanos = 0;
  if (skip(&r, ".")) {
    if (r.p == r.end || !is_digit(*r.p)) return SK_INVALID;
    for (; r.p < r.end && is_digit(*r.p); r.p++) {
      if ((scale /= 10) == 0) return SK_INVALID;
      t->nanos += (*r.p - '0') * scale;
    }
  }
  if (!read_offset(&r, &offset) || r.p != r.end) return SK_INVALID;
  t->seconds = days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second - offset;
  return t->seconds >= FIRST && t->seconds <= LAST ? SK_OK : SK_INVALID;
}

sk_status sk_timestamp_write(const sk_time *t, char out[SK_TIME_SIZE], size_t *len) {
  long long since = t->seconds - FIRST;
  long rest = (long)(since % 86400), year, month;
  long long day = since / 86400; /* since 0001-01-01 */
  size_t n;
  if (t->seconds < FIRST || t->seconds > LAST) return SK_INVALID;
  year = (long)(day / 366) + 1; /* never too late, then forward */
  while (days(year + 1, 1, 1) - days(1, 1, 1) <= day) year++;
  day -= days(year, 1, 1) - days(1, 1, 1);
  for (month = 1; day >= month_days(year, month); month++) day -= month_days(year, month);
  n = (size_t)snprintf(out, SK_TIME_SIZE, "%04ld-%02ld-%02ldT%02ld:%02ld:%02ld", year, month,
                       (long)day + 1, rest / 3600, rest / 60 % 60, rest % 60);
  n += write_fraction(t->nanos, 3, out + n);
  out[n++] = 'Z';
  out[n] = '\0';
  *len = n;
  return SK_OK;
}

int sk_timestamp_is_zero(const sk_time *t) {
  return t->seconds == FIRST && t->nanos == 0;
}
