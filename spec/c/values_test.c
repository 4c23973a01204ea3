/*
** values_test.c - durations and timestamps, without any Lua.
*/
#include <string.h>

#include "count.h"
#include "model_values.h"

static int duration(const char *text, int loose, const char *expected) {
  char out[SK_TIME_SIZE];
  sk_time t;
  size_t n = strlen(text);
  sk_status status = loose ? sk_duration_read_loose(text, n, &t) : sk_duration_read(text, n, &t);
  if (status != SK_OK) return expected == NULL;
  n = sk_duration_write(&t, out);
  return expected != NULL && n == strlen(expected) && strcmp(out, expected) == 0;
}

static int seconds(double value, const char *expected) {
  char out[SK_TIME_SIZE];
  sk_time t;
  if (sk_time_from_seconds(value, &t) != SK_OK) return expected == NULL;
  return expected != NULL && sk_duration_write(&t, out) == strlen(expected) &&
         strcmp(out, expected) == 0;
}

static void test_durations(void) {
  static const char *const bad[] = {
    "", "s", "3600", "1h", "60000ms", "1.s", ".5s", "1.0000000001s", "1s ", " 1s", "1e3s", "--1s",
    "+-1s", "1S", "315576000001s", "315576000000.1s", "99999999999999999999s", "0x1s", "1,5s"};
  static const char *const bad_loose[] = {
    "", "1", "h", "1h1h", "1m1h", "1s1m", "1 h", "1d", "1ms1s", "-", "1h30", "99999999999999h"};
  size_t i;
  CHECK(duration("3600s", 0, "3600s"));
  CHECK(duration("0s", 0, "0s"));
  CHECK(duration("-0s", 0, "0s"));
  CHECK(duration("+5s", 0, "5s"));
  CHECK(duration("90.5s", 0, "90.5s"));
  CHECK(duration("90.500s", 0, "90.5s"));
  CHECK(duration("60.000000001s", 0, "60.000000001s"));
  CHECK(duration("-0.5s", 0, "-0.5s"));
  CHECK(duration("-60.000000001s", 0, "-60.000000001s"));
  CHECK(duration("315576000000s", 0, "315576000000s"));
  CHECK(duration("-315576000000s", 0, "-315576000000s"));
  for (i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(duration(bad[i], 0, NULL));
  CHECK(duration("90s", 1, "90s"));
  CHECK(duration("1.5s", 1, "1.5s"));
  CHECK(duration("30m", 1, "1800s"));
  CHECK(duration("1h30m", 1, "5400s"));
  CHECK(duration("1.5h", 1, "5400s"));
  CHECK(duration("1h0.5s", 1, "3600.5s"));
  CHECK(duration("-1h30m", 1, "-5400s"));
  CHECK(duration("250ms", 1, "0.25s"));
  CHECK(duration("1m1500ms", 1, "61.5s"));
  CHECK(duration("59999.5ms", 1, "59.9995s"));
  CHECK(duration("0.000000001h", 1, "0.0000036s"));
  for (i = 0; i < sizeof bad_loose / sizeof *bad_loose; i++) CHECK(duration(bad_loose[i], 1, NULL));
  CHECK(seconds(90, "90s"));
  CHECK(seconds(5400, "5400s"));
  CHECK(seconds(59.9995, "59.9995s"));
  CHECK(seconds(0.1, "0.1s"));
  CHECK(seconds(-0.1, "-0.1s"));
  CHECK(seconds(59.9999999999, "59.999999999s"));
  CHECK(seconds(86399.999999999, "86399.999999999s"));
  CHECK(seconds(1e300, NULL));
  CHECK(seconds(-1e300, NULL));
}

static int timestamp(const char *text, long long since, const char *expected) {
  char out[SK_TIME_SIZE];
  sk_time t;
  size_t n;
  if (sk_timestamp_read(text, strlen(text), &t) != SK_OK) return expected == NULL;
  return expected != NULL && t.seconds == since && sk_timestamp_write(&t, out, &n) == SK_OK &&
         n == strlen(expected) && strcmp(out, expected) == 0;
}

static void test_timestamps(void) {
  static const char *const bad[] = {
    "", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-13-01T00:00:00Z",
    "2026-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z",
    "2026-01-01T00:60:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00.Z", "0000-01-01T00:00:00Z",
    "2026-01-01T00:00:00.1234567890Z", "2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+24:00",
    "2026-01-01T00:00:00ZZ", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
    "2026-1-01T00:00:00Z", "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z"};
  sk_time t;
  size_t i;
  CHECK(timestamp("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"));
  CHECK(timestamp("2100-01-01T00:00:00Z", 4102444800LL, "2100-01-01T00:00:00Z"));
  CHECK(timestamp("2024-02-29T23:59:59.5Z", 1709251199, "2024-02-29T23:59:59.500Z"));
  CHECK(timestamp("2000-02-29t12:00:00.416772z", 951825600, "2000-02-29T12:00:00.416772Z"));
  CHECK(timestamp("1969-12-31T23:59:59.895815554Z", -1, "1969-12-31T23:59:59.895815554Z"));
  CHECK(timestamp("1970-01-01T01:30:00+01:30", 0, "1970-01-01T00:00:00Z"));
  CHECK(timestamp("1969-12-31T22:30:00-01:30", 0, "1970-01-01T00:00:00Z"));
  CHECK(timestamp("0001-01-01T00:00:00Z", -62135596800LL, "0001-01-01T00:00:00Z"));
  CHECK(timestamp("9999-12-31T23:59:59Z", 253402300799LL, "9999-12-31T23:59:59Z"));
  for (i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(timestamp(bad[i], 0, NULL));
  CHECK(sk_timestamp_read("0001-01-01T00:00:00.000Z", 24, &t) == SK_OK && sk_timestamp_is_zero(&t));
  CHECK(sk_timestamp_read("0001-01-01T00:00:00.001Z", 24, &t) == SK_OK);
  CHECK(!sk_timestamp_is_zero(&t));
}

int main(void) {
  test_durations();
  test_timestamps();
  return report();
}
