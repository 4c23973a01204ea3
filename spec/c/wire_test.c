/*
** wire_test.c - JSON spans and encodings, without any Lua.
** Texts are copied into blocks of their exact size, so that a sanitizer sees a
** read behind them.
*/
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "count.h"
#include "json.h"

static char *exact(const char *text, size_t n) {
  char *copy = (char *)malloc(n > 0 ? n : 1);
  if (copy == NULL) abort();
  memcpy(copy, text, n);
  return copy;
}

/* --- JSON ----------------------------------------------------------------------- */

/* The message for `text`, or "" where it is good. */
static const char *check(const char *text, size_t n, int depth) {
  sk_json_report report;
  char *copy = exact(text, n);
  sk_status status = sk_json_check(copy, n, depth, &report);
  free(copy);
  CHECK(status == SK_OK || (status == SK_INVALID && report.offset <= n));
  return status == SK_OK ? "" : report.message;
}

#define GOOD(text) CHECK(strcmp(check(text, sizeof(text) - 1, 64), "") == 0)
#define BAD(text, message) CHECK(strcmp(check(text, sizeof(text) - 1, 64), message) == 0)

static void test_grammar(void) {
  GOOD("null");
  GOOD(" \t\r\n[ ] ");
  GOOD("{ }");
  GOOD("{\"a\":{\"a\":[1,2.5,-0,0e0,1E+2,-1.0e-3,true,false,null,\"x\"]},\"b\":{\"a\":1}}");
  GOOD("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\\uD83D\\uDE00\"");
  GOOD("\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\x7F\"");
  BAD("", "unexpected end");
  BAD("  ", "unexpected end");
  BAD("[", "unexpected end");
  BAD("[1", "unexpected end");
  BAD("[1,", "unexpected end");
  BAD("[1,]", "expected a value");
  BAD("[,1]", "expected a value");
  BAD("[1 2]", "expected ',' or ']'");
  BAD("[1}", "expected ',' or ']'");
  BAD("{\"a\":1]", "expected ',' or '}'");
  BAD("{", "expected a member name");
  BAD("{1:2}", "expected a member name");
  BAD("{\"a\":1,}", "expected a member name");
  BAD("{\"a\" 1}", "expected ':'");
  BAD("{\"a\":}", "expected a value");
  BAD("]", "expected a value");
  BAD("nul", "expected a value");
  BAD("NaN", "expected a value");
  BAD("Infinity", "expected a value");
  BAD("'a'", "expected a value");
  BAD("+1", "expected a value");
  BAD(".5", "expected a value");
  BAD("\xEF\xBB\xBF{}", "expected a value");
  BAD("/* */1", "expected a value");
  BAD("1.", "expected a digit");
  BAD("-", "expected a digit");
  BAD("1e", "expected a digit");
  BAD("1e+", "expected a digit");
  BAD("-a", "expected a digit");
  BAD("01", "number with a leading zero");
  BAD("-01", "number with a leading zero");
  BAD("0x10", "text after the value");
  BAD("truee", "text after the value");
  BAD("1 2", "text after the value");
  BAD("{}\0", "text after the value");
  BAD("\"a", "unfinished string");
  BAD("\"a\\", "bad escape in a string");
  BAD("\"a\nb\"", "control character in a string");
  BAD("\"a\0b\"", "control character in a string");
  BAD("\"\\x41\"", "bad escape in a string");
  BAD("\"\\\0\"", "bad escape in a string");
  BAD("\"\\u12\"", "bad escape in a string");
  BAD("\"\\u12G4\"", "bad escape in a string");
  BAD("\"\\uD83D\"", "bad escape in a string");
  BAD("\"\\uDE00\"", "bad escape in a string");
  BAD("\"\\uD83D\\n\"", "bad escape in a string");
  BAD("\"\\uD83D\\u0041\"", "bad escape in a string");
}

static void test_utf8(void) {
  BAD("\"\x80\"", "invalid UTF-8");
  BAD("\"\xC3\"", "invalid UTF-8");
  BAD("\"\xC3", "invalid UTF-8");
  BAD("\"\xC0\xAF\"", "invalid UTF-8");
  BAD("\"\xE0\x80\x80\"", "invalid UTF-8");
  BAD("\"\xED\xA0\x80\"", "invalid UTF-8");
  BAD("\"\xF0\x80\x80\x80\"", "invalid UTF-8");
  BAD("\"\xF4\x90\x80\x80\"", "invalid UTF-8");
  BAD("\"\xF5\x80\x80\x80\"", "invalid UTF-8");
  BAD("\"\xFF\"", "invalid UTF-8");
  BAD("{\"\xFF\":1}", "invalid UTF-8");
}

static void test_repeated_names(void) {
  BAD("{\"a\":1,\"a\":2}", "repeated member name");
  BAD("{\"a\":1,\"\\u0061\":2}", "repeated member name");
  BAD("{\"\\/\":1,\"/\":2}", "repeated member name");
  BAD("{\"\":1,\"\":2}", "repeated member name");
  BAD("{\"\\uD83D\\uDE00\":1,\"x\":0,\"\xF0\x9F\x98\x80\":2}", "repeated member name");
  BAD("[{\"b\":{\"c\":1,\"d\":[],\"c\":2}}]", "repeated member name");
  GOOD("{\"a\":1,\"a\\u0000\":2,\"A\":3,\"\":4,\"\\\\\":5,\"b\":{\"a\":1}}");
  GOOD("[{\"a\":1},{\"a\":1}]");
}

/* Many names that differ late, then one twice: sorting takes it in its stride. */
static void test_many_names(void) {
  enum { NAMES = 100000 };
  size_t room = (size_t)NAMES * 40, n = 1;
  char *text = (char *)malloc(room);
  sk_json_report report;
  int i;
  if (text == NULL) abort();
  text[0] = '{';
  for (i = 0; i < NAMES; i++)
    n += (size_t)snprintf(text + n, room - n, "\"same-beginning-%06d\":0,", i);
  text[n - 1] = '}';
  CHECK(sk_json_check(text, n, 1, &report) == SK_OK);
  memcpy(text + 1, "\"same-beginning-099999\"", 23);
  CHECK(sk_json_check(text, n, 1, &report) == SK_INVALID);
  CHECK(report.message != NULL && strcmp(report.message, "repeated member name") == 0);
  free(text);
}

static void test_depth(void) {
  enum { BOMB = 200000 };
  char *text = (char *)malloc(BOMB);
  sk_json_report report;
  if (text == NULL) abort();
  CHECK(strcmp(check("[[[]]]", 6, 3), "") == 0);
  CHECK(strcmp(check("[[[]]]", 6, 2), "nested too deeply") == 0);
  CHECK(strcmp(check("[[{}]]", 6, 2), "nested too deeply") == 0);
  CHECK(strcmp(check("1", 1, 0), "") == 0);
  CHECK(strcmp(check("[]", 2, 0), "nested too deeply") == 0);
  memset(text, '[', BOMB);
  CHECK(sk_json_check(text, BOMB, 1000000, &report) == SK_INVALID);
  CHECK(report.offset == SK_JSON_DEPTH);
  free(text);
}

/* Every beginning of a good text is bad, and reading it stays inside. */
static void test_truncation(void) {
  static const char text[] =
    "{\"a\\u00e9\\uD83D\\uDE00\":[1.5e-3,\"\xE2\x82\xAC\",true,null,{}],\"b\":\"\\n\"}";
  size_t i;
  for (i = 0; i < sizeof text - 1; i++) CHECK(strcmp(check(text, i, 9), "") != 0);
  CHECK(strcmp(check(text, i, 9), "") == 0);
}

static int unescapes(const char *text, const char *expected, size_t expected_len) {
  size_t n = strlen(text);
  char *copy = exact(text, n), *out = exact(text, n);
  int same;
  n = sk_json_unescape(copy, n, out);
  same = n == expected_len && memcmp(out, expected, n) == 0;
  free(out);
  free(copy);
  return same;
}

static void test_unescape(void) {
  CHECK(unescapes("", "", 0));
  CHECK(unescapes("plain", "plain", 5));
  CHECK(unescapes("\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", 8));
  CHECK(unescapes("a\\u0000b", "a\0b", 3));
  CHECK(unescapes("\\u0041\\u00e9\\u20AC\\uD83D\\uDE00", "A\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80", 10));
}

static int reads_as(const char *text, int expected_integer, double expected) {
  int is_integer = 0;
  double v = 0;
  size_t n = strlen(text);
  char *copy = exact(text, n);
  sk_status status = sk_json_number(copy, n, &is_integer, &v);
  free(copy);
  return status == SK_OK && is_integer == expected_integer && v == expected;
}

static void test_numbers(void) {
  int is_integer;
  double v;
  CHECK(reads_as("0", 1, 0));
  CHECK(reads_as("-7", 1, -7));
  CHECK(reads_as("9007199254740992", 1, 9007199254740992.0));
  CHECK(reads_as("9007199254740994", 0, 9007199254740994.0));
  CHECK(reads_as("1e3", 1, 1000));
  CHECK(reads_as("2.50", 0, 2.5));
  CHECK(reads_as("1e-400", 1, 0));
  CHECK(reads_as("1000000000000000000000000000000000000000000000000000000000000000000000000", 0, 1e72));
  CHECK(sk_json_number("1e999", 5, &is_integer, &v) == SK_INVALID);
}

/* Some write 2,5: their numbers are not JSON's. */
static void test_locale(void) {
  if (setlocale(LC_NUMERIC, "de_DE.UTF-8") == NULL) return;
  CHECK(reads_as("2.5", 0, 2.5));
  setlocale(LC_NUMERIC, "C");
}

/* The value of `name` in `text`, as a string that the next call overwrites. */
static const char *member(const char *text, const char *name, size_t name_len) {
  static char value[128];
  size_t n = strlen(text);
  char *copy = exact(text, n);
  sk_json_span span;
  span.p = copy;
  span.n = n;
  value[0] = '\0';
  if (sk_json_member(&span, name, name_len) && span.n < sizeof value) {
    memcpy(value, span.p, span.n);
    value[span.n] = '\0';
  }
  free(copy);
  return value;
}

static void test_member(void) {
  static const char text[] =
    " { \"a\" : [1, {\"b\":2}, \"]}\"] ,\"b\":{\"c\":\"x\"},\"c\":-1.5e3,\"\\u00e9\\\\\":true,"
    "\"\xF0\x9F\x98\x80\":null , \"n\\u0000\":0, \"\":\"\" }";
  sk_json_span span = {"\"a\\u0062\"", 9};
  CHECK(strcmp(member(text, "a", 1), "[1, {\"b\":2}, \"]}\"]") == 0);
  CHECK(strcmp(member(text, "b", 1), "{\"c\":\"x\"}") == 0);
  CHECK(strcmp(member(text, "c", 1), "-1.5e3") == 0);
  CHECK(strcmp(member(text, "\xC3\xA9\\", 3), "true") == 0);
  CHECK(strcmp(member(text, "\xF0\x9F\x98\x80", 4), "null") == 0);
  CHECK(strcmp(member(text, "n\0", 2), "0") == 0);
  CHECK(strcmp(member(text, "", 0), "\"\"") == 0);
  CHECK(strcmp(member(text, "n", 1), "") == 0);
  CHECK(strcmp(member(text, "aa", 2), "") == 0);
  CHECK(strcmp(member(text, "\\u00e9\\\\", 8), "") == 0);
  CHECK(strcmp(member("[{\"a\":1}]", "a", 1), "") == 0);
  CHECK(strcmp(member("\"a\"", "a", 1), "") == 0);
  CHECK(strcmp(member("{}", "a", 1), "") == 0);
  CHECK(sk_json_is(span, "ab", 2));
  CHECK(!sk_json_is(span, "a", 1));
  CHECK(!sk_json_is(span, "abc", 3));
}

/* Spans promise nothing for unchecked text but to stay inside and to end. */
static void test_unchecked(void) {
  static const char text[] = "{\"a\\\"\":[{\"b\":\"\\\\\"},[]],\"c\\u00\":1,,\"\xE2\x82\":}";
  size_t from, to;
  for (from = 0; from < sizeof text - 1; from++) {
    for (to = from; to < sizeof text; to++) {
      size_t n = to - from;
      char *copy = exact(text + from, n);
      char *out = (char *)malloc(n + 1);
      sk_json_span span;
      span.p = copy;
      span.n = n;
      (void)sk_json_member(&span, "c", 1);
      CHECK(span.p >= copy && span.p + span.n <= copy + n);
      CHECK(sk_json_unescape(copy, n, out) <= n);
      free(out);
      free(copy);
    }
  }
}

/* --- encodings ------------------------------------------------------------------ */

static int decodes(const char *text, int url, const char *expected) {
  char out[64];
  size_t n = 0;
  if (sk_unbase64(text, strlen(text), url, out, &n) != SK_OK) return expected == NULL;
  return expected != NULL && n == strlen(expected) && memcmp(out, expected, n) == 0;
}

static void test_base64(void) {
  static const char *const plain[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
  static const char *const coded[] = {
    "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  static const char *const bad[] = {
    "Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "=", "====", "Zg==Zg==", "Zm9v\n", "Zm 9", "Zm9-",
    "Z===", "Zm9v=", "ZZ=A"};
  static const char *const bad_url[] = {
    "Z", "Zg==", "Zh", "Zm9", "Zm9+", "Zm/v", "Zm9v.", "signature"};
  char out[16];
  size_t i, n;
  for (i = 0; i < sizeof plain / sizeof *plain; i++) {
    n = sk_base64(plain[i], strlen(plain[i]), 0, out);
    CHECK(n == strlen(coded[i]) && memcmp(out, coded[i], n) == 0);
    CHECK(n <= SK_BASE64_SIZE(strlen(plain[i])));
    CHECK(decodes(coded[i], 0, plain[i]));
    n = sk_base64(plain[i], strlen(plain[i]), 1, out);
    out[n] = '\0';
    CHECK(strchr(out, '=') == NULL && decodes(out, 1, plain[i]));
  }
  n = sk_base64("\xFB\xEF\xFF", 3, 0, out);
  CHECK(n == 4 && memcmp(out, "++//", 4) == 0);
  n = sk_base64("\xFB\xEF\xFF", 3, 1, out);
  CHECK(n == 4 && memcmp(out, "--__", 4) == 0);
  for (i = 0; i < sizeof bad / sizeof *bad; i++) CHECK(decodes(bad[i], 0, NULL));
  for (i = 0; i < sizeof bad_url / sizeof *bad_url; i++) CHECK(decodes(bad_url[i], 1, NULL));
}

static void test_percent(void) {
  static const char text[] = "a/b?c#d %~";
  char out[64], back[64];
  size_t n = sk_percent(text, sizeof text - 1, out), len;
  CHECK(n == 20 && memcmp(out, "a%2Fb%3Fc%23d%20%25~", n) == 0);
  CHECK(sk_unpercent(out, n, back, &len) == SK_OK && len == sizeof text - 1);
  CHECK(memcmp(back, text, len) == 0);
  CHECK(sk_unpercent("%2f+", 4, back, &len) == SK_OK && len == 2 && memcmp(back, "/+", 2) == 0);
  CHECK(sk_unpercent("%", 1, back, &len) == SK_INVALID);
  CHECK(sk_unpercent("%2", 2, back, &len) == SK_INVALID);
  CHECK(sk_unpercent("%2G", 3, back, &len) == SK_INVALID);
  CHECK(sk_unpercent("%00", 3, back, &len) == SK_OK && len == 1 && back[0] == '\0');
}

static void test_utf8_count(void) {
  size_t n;
  CHECK(sk_utf8_count("zo\xC3\xAB\xF0\x9F\x98\x80", 8, &n) == SK_OK && n == 4);
  CHECK(sk_utf8_count("", 0, &n) == SK_OK && n == 0);
  CHECK(sk_utf8_count("\xF4\x8F\xBF\xBF", 4, &n) == SK_OK && n == 1);
  CHECK(sk_utf8_count("\xEF\xBF\xBF", 3, &n) == SK_OK && n == 1);
  CHECK(sk_utf8_count("\xC3", 1, &n) == SK_INVALID);
  CHECK(sk_utf8_count("\xED\xA0\x80", 3, &n) == SK_INVALID);
}

int main(void) {
  test_grammar();
  test_utf8();
  test_repeated_names();
  test_many_names();
  test_depth();
  test_truncation();
  test_unescape();
  test_numbers();
  test_locale();
  test_member();
  test_unchecked();
  test_base64();
  test_percent();
  test_utf8_count();
  return report();
}
