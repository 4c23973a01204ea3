/*
** credentials.c - the answer of a token endpoint, and the form that asks for
** it. A token that is taken is one line of printable ASCII.
** Input: id, zero, secret, zero, spread, JSON.
*/
#include "auth.h"
#include "fuzz.h"
#include "json.h"

static void try_form(const sk_credentials *c, size_t bytes) {
  static const char safe[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%";
  sk_buf form;
  const char *id, *secret;
  sk_buf_init(&form, 32 * 1024);
  MUST(sk_credentials_form(c, &form) == SK_OK);
  MUST(sk_buf_add(&form, "", 1) == SK_OK);
  MUST(strlen(form.p) == form.len - 1 && form.len <= 100 + 3 * bytes);
  id = strstr(form.p, "&client_id=") + 11;
  secret = strstr(id, "&client_secret=");
  MUST(strncmp(form.p, "grant_type=client_credentials&client_id=", 40) == 0);
  MUST(secret != NULL && strspn(id, safe) == (size_t)(secret - id));
  MUST(strspn(secret + 15, safe) == strlen(secret + 15));
  sk_buf_free(&form);
}

static void try_accept(sk_credentials *c, const char *json, size_t n, double spread) {
  unsigned long generation = sk_credentials_generation(c);
  const double now = 1000;
  sk_status rc = sk_credentials_accept(c, json, n, now, spread);
  const sk_buf *token = sk_credentials_token(c, now);
  size_t i;
  MUST(rc == SK_OK || rc == SK_INVALID || (rc == SK_FULL && n > 32 * 1024));
  MUST(sk_credentials_generation(c) == generation + (rc == SK_OK));
  if (rc != SK_OK) {
    MUST(token == NULL);
    return;
  }
  if (token) {
    MUST(token->len > 0 && token->len < n);
    for (i = 0; i < token->len; i++) MUST(token->p[i] > ' ' && token->p[i] < 0x7f);
  }
  MUST(sk_credentials_token(c, now + 30.0 * 86400) == NULL);
  sk_credentials_drop(c, generation); /* an older one: that is over */
  MUST(sk_credentials_token(c, now) == token);
  sk_credentials_drop(c, generation + 1);
  MUST(sk_credentials_token(c, now) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  input in = {bytes, n}, id = take_text(&in), secret = take_text(&in);
  double spread = take_byte(&in) / 255.0;
  char *json = exact(in);
  sk_credentials *c = sk_credentials_new((const char *)id.p, id.n, (const char *)secret.p, secret.n);
  sk_json_report report;
  if (c == NULL) {
    MUST(id.n > 4096 || secret.n > 4096);
  } else {
    try_form(c, id.n + secret.n);
    if (sk_json_check(json, in.n, 16, &report) == SK_OK) {
      try_accept(c, json, in.n, spread);
      try_accept(c, json, in.n, spread);
    }
    sk_credentials_free(c);
  }
  free(json);
  return 0;
}
