/*
** url.c - what a request may say. A URL or header line that is let through
** cannot hide another line, another host or somebody's password, and libcurl
** reads it as we do.
** Input: what it is ('u', 'h' or 'b'), then the bytes; 'h': name, zero, value.
*/
#include "fuzz.h"
#include "loop.h"

static char *part(CURLU *u, CURLUPart which) {
  char *text = NULL;
  return curl_url_get(u, which, &text, 0) == CURLUE_OK ? text : NULL;
}

static int same_letters(const char *a, const char *b, size_t n) {
  size_t i;
  for (i = 0; i < n; i++) {
    char c = a[i], d = b[i];
    if (c >= 'A' && c <= 'Z') c = (char)(c + 32);
    if (d >= 'A' && d <= 'Z') d = (char)(d + 32);
    if (c != d) return 0;
  }
  return 1;
}

/* libcurl's reading of a URL that we let through. */
static void ask_libcurl(const char *url) {
  CURLU *u = curl_url();
  if (u == NULL) abort();
  if (curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK) {
    char *scheme = part(u, CURLUPART_SCHEME), *host = part(u, CURLUPART_HOST);
    char *user = part(u, CURLUPART_USER), *password = part(u, CURLUPART_PASSWORD);
    const char *at = strstr(url, "://") + 3;
    MUST(scheme && (strcmp(scheme, "http") == 0 || strcmp(scheme, "https") == 0));
    MUST(user == NULL && password == NULL);
    MUST(host && *host);
    /* escapes and odd spellings of 127.0.0.1 aside, it is what we take for the host */
    MUST(strcspn(at, "%[") < strcspn(at, "/?#") || strspn(host, "0123456789.") == strlen(host) ||
         same_letters(at, host, strlen(host)));
    curl_free(scheme);
    curl_free(host);
    curl_free(user);
    curl_free(password);
  }
  curl_url_cleanup(u);
}

static void try_url(sk_transfer *t, input in) {
  char *p = exact(in);
  sk_status rc = sk_transfer_url(t, p, in.n);
  size_t i, authority;
  free(p);
  MUST(rc != SK_NOMEM && (rc != SK_FULL || in.n >= SK_MAX_URL));
  if (rc != SK_OK) return;
  MUST(t->url.len == in.n + 1 && strlen(t->url.p) == in.n && memcmp(t->url.p, in.p, in.n) == 0);
  for (i = 0; i < in.n; i++) MUST(in.p[i] > ' ' && in.p[i] != 0x7f && in.p[i] != '\\');
  authority = (size_t)(strstr(t->url.p, "://") + 3 - t->url.p);
  MUST(authority == 7 || authority == 8);
  i = strcspn(t->url.p + authority, "/?#");
  MUST(i > 0 && memchr(t->url.p + authority, '@', i) == NULL);
  ask_libcurl(t->url.p);
}

static void harmless(const char *line) {
  for (; *line; line++) MUST(((unsigned char)*line >= ' ' || *line == '\t') && *line != 0x7f);
}

static void try_header(input in) {
  input name = take_text(&in);
  char *n = exact(name), *v = exact(in);
  sk_headers *h = sk_headers_new();
  struct curl_slist *added;
  sk_status rc;
  if (h == NULL) abort();
  rc = sk_headers_add(h, n, name.n, v, in.n);
  added = h->list->next; /* behind the one that every request has */
  MUST(rc != SK_NOMEM);
  if (rc == SK_OK) {
    const char *line = added->data;
    MUST(added->next == NULL);
    MUST(name.n > 0 && strcspn(line, ":\r\n \t;") == name.n);
    MUST(strlen(line) == name.n + (in.n ? 2 + in.n : 1));
    MUST(memcmp(line, n, name.n) == 0);
    MUST(in.n ? memcmp(line + name.n, ": ", 2) == 0 : strcmp(line + name.n, ";") == 0);
    harmless(line);
  } else {
    MUST(added == NULL);
  }
  sk_headers_release(h);
  free(n);
  free(v);
}

static void try_bearer(sk_transfer *t, input in) {
  char *p = exact(in);
  sk_status rc = sk_transfer_bearer(t, p, in.n);
  MUST(rc != SK_NOMEM);
  if (rc == SK_OK) {
    const char *line = t->auth.p;
    MUST(strlen(line) == 22 + in.n && t->auth.len == 23 + in.n);
    MUST(memcmp(line, "Authorization: Bearer ", 22) == 0);
    MUST(memcmp(line + 22, p, in.n) == 0 && !strpbrk(line + 22, " \t"));
    harmless(line);
  } else {
    MUST(t->auth.len == 0);
  }
  free(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  input in = {bytes, n};
  static const sk_loop_limits limits = {1, 1};
  static sk_loop *loop;
  sk_transfer *t;
  if (loop == NULL) loop = sk_loop_open(&limits);
  t = loop ? sk_transfer_new(loop) : NULL;
  if (t == NULL) abort();
  switch (take_byte(&in)) {
    case 'h': try_header(in); break;
    case 'b': try_bearer(t, in); break;
    default: try_url(t, in); break;
  }
  sk_transfer_free(t);
  return 0;
}
