/*
** model_values.h - durations and timestamps as texts and as numbers. No Lua.
*/
#ifndef SK_MODEL_VALUES_H
#define SK_MODEL_VALUES_H

#include "wire.h"

#pragma GCC visibility push(hidden)

/* A point or a span of time: seconds rounded down, and 0 to 999999999 more. */
typedef struct sk_time {
  long long seconds;
  long nanos;
} sk_time;

#define SK_TIME_SIZE 48 /* room for any of the texts below */

/* -1, 0 or 1. */
int sk_time_compare(const sk_time *a, const sk_time *b);
/* SK_INVALID where protobuf could not say it. Never rounds up. */
sk_status sk_time_from_seconds(double seconds, sk_time *t);

/* Protobuf JSON: "3600s", "-0.5s", up to nine decimals. */
sk_status sk_duration_read(const char *text, size_t n, sk_time *t);
/* That, and what people write: "30m", "1h30m", "1.5h", "250ms". */
sk_status sk_duration_read_loose(const char *text, size_t n, sk_time *t);
/* Protobuf JSON without trailing zeros; returns the length. */
size_t sk_duration_write(const sk_time *t, char out[SK_TIME_SIZE]);
/* "24h" or "90m"; 0 where it is not a positive number of whole ones. */
size_t sk_duration_write_units(const sk_time *t, char out[SK_TIME_SIZE]);

/* RFC 3339, 0 to 9 decimals, "Z" or an offset; counts from 1970. */
sk_status sk_timestamp_read(const char *text, size_t n, sk_time *t);
/* With 0, 3, 6 or 9 decimals and "Z"; SK_INVALID outside the years 1 to 9999. */
sk_status sk_timestamp_write(const sk_time *t, char out[SK_TIME_SIZE], size_t *len);
/* What protobuf says for "never": 0001-01-01T00:00:00Z. */
int sk_timestamp_is_zero(const sk_time *t);

#pragma GCC visibility pop

#endif
