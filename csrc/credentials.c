/*
** credentials.c - client id and secret, access token, and when to renew it.
*/
#include "auth.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"

enum { MAX_SECRET = 4096, MAX_TOKEN = 32 * 1024 };

struct sk_credentials {
  sk_buf id, secret, token;
  double renew; /* from here on another is wanted                      */
  double end;   /* and from here on this one is of no use              */
  unsigned long generation;
};

sk_credentials *sk_credentials_new(const char *id, size_t id_len, const char *secret,
                                   size_t secret_len) {
  sk_credentials *c = (sk_credentials *)calloc(1, sizeof *c);
  if (c == NULL) return NULL;
  sk_buf_init(&c->id, MAX_SECRET);
  sk_buf_init(&c->secret, MAX_SECRET);
  sk_buf_init(&c->token, MAX_TOKEN);
  if (sk_buf_add(&c->id, id, id_len) != SK_OK ||
      sk_buf_add(&c->secret, secret, secret_len) != SK_OK) {
    sk_credentials_free(c);
    return NULL;
  }
  return c;
}

void sk_credentials_free(sk_credentials *c) {
  if (c == NULL) return;
  sk_buf_free(&c->id);
  sk_buf_free(&c->secret);
  sk_buf_free(&c->token);
  free(c);
}

static sk_status add_percent(sk_buf *out, const sk_buf *value) {
  char escaped[3];
  size_t i;
  for (i = 0; i < value->len; i++) {
    size_t n = sk_percent(value->p + i, 1, escaped);
    sk_status rc = sk_buf_add(out, escaped, n);
    if (rc != SK_OK) return rc;
  }
  return SK_OK;
}

sk_status sk_credentials_form(const sk_credentials *c, sk_buf *out) {
  sk_status rc;
  if ((rc = sk_buf_adds(out, "grant_type=client_credentials&client_id=")) == SK_OK &&
      (rc = add_percent(out, &c->id)) == SK_OK &&
      (rc = sk_buf_adds(out, "&client_secret=")) == SK_OK)
    rc = add_percent(out, &c->secret);
  return rc;
}

/* A token is printable ASCII (RFC 6750 2.1); JSON may still escape its '/'. */
static sk_status set_token(sk_buf *out, sk_json_span span) {
  size_t i;
  out->len = 0;
  if (span.n < 3 || span.p[0] != '"') return SK_INVALID;
  for (i = 1; i + 1 < span.n; i++) {
    int escaped = span.p[i] == '\\';
    unsigned char c = (unsigned char)span.p[i += (size_t)escaped];
    sk_status rc;
    if (c <= ' ' || c >= 0x7f || c == '"' || (escaped && c != '/')) return SK_INVALID;
    if ((rc = sk_buf_add(out, &c, 1)) != SK_OK) return rc;
  }
  return SK_OK;
}

static double lifetime(const char *json, size_t n) {
  sk_json_span span;
  double seconds = 0;
  size_t i;
  span.p = json;
  span.n = n;
  if (!sk_json_member(&span, "expires_in", 10) || span.p[0] == 'n') return 3600; /* or null */
  for (i = 0; i < span.n; i++) { /* a number, or one in quotes */
    char c = span.p[i];
    if (c >= '0' && c <= '9')
      seconds = seconds * 10 + (c - '0');
    else if (c != '"')
      break;
  }
  if (seconds > 30.0 * 86400) return 30.0 * 86400;
  return seconds;
}

sk_status sk_credentials_accept(sk_credentials *c, const char *json, size_t n, double now,
                                double spread) {
  sk_json_span span;
  double life, margin;
  sk_status rc;
  span.p = json;
  span.n = n;
  if (!sk_json_member(&span, "access_token", 12)) return SK_INVALID;
  rc = set_token(&c->token, span);
  if (rc != SK_OK) {
    c->token.len = 0;
    return rc;
  }
  life = lifetime(json, n);
  if (life < 1) { /* of no use to anybody */
    c->token.len = 0;
    return SK_INVALID;
  }
  margin = life > 240 ? 60 : life / 4; /* a minute early, less for short-lived ones */
  c->renew = now + life - margin - spread * margin / 2;
  c->end = now + life - margin / 6;
  c->generation++;
  return SK_OK;
}

const sk_buf *sk_credentials_token(const sk_credentials *c, double now) {
  return c->token.len && now < c->renew ? &c->token : NULL;
}

double sk_credentials_renew(const sk_credentials *c) {
  return c->renew;
}

double sk_credentials_end(const sk_credentials *c) {
  return c->end;
}

const sk_buf *sk_credentials_stale(const sk_credentials *c, double now) {
  return c->token.len && now >= c->renew && now < c->end ? &c->token : NULL;
}

sk_status sk_credentials_adopt(sk_credentials *c, const char *token, size_t n, double renew,
                               double end, double now) {
  size_t i;
  sk_status rc;
  if (n == 0 || !(now < end) || !(renew <= end)) return SK_INVALID;
  for (i = 0; i < n; i++)
    if ((unsigned char)token[i] <= ' ' || (unsigned char)token[i] >= 0x7f) return SK_INVALID;
  c->token.len = 0;
  if ((rc = sk_buf_add(&c->token, token, n)) != SK_OK) return rc;
  c->renew = renew;
  c->end = end;
  c->generation++;
  return SK_OK;
}

unsigned long sk_credentials_generation(const sk_credentials *c) {
  return c->generation;
}

void sk_credentials_drop(sk_credentials *c, unsigned long generation) {
  if (generation != c->generation) return;
  sk_wipe(c->token.p, c->token.len);
  c->token.len = 0;
}
