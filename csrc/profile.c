/*
** profile.c - what many requests share: the settings of their transport, and
** header lines. Both are counted, so that whoever lets go last frees them.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

/* --- profiles -------------------------------------------------------------------- */

static int copy(const char **to, const char *from) {
  *to = from ? strdup(from) : NULL;
  return from == NULL || *to != NULL;
}

static int environment_names_proxy(void) {
  static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy",
                                      "ALL_PROXY"};
  size_t i;
  for (i = 0; i < sizeof names / sizeof *names; i++) {
    const char *value = getenv(names[i]);
    if (value && *value) return 1;
  }
  return 0;
}

/* What stays on this machine passes no proxy of the environment. */
static const char *no_proxy(void) {
  const char *given = getenv("no_proxy");
  char *list;
  size_t n;
  if (given == NULL) given = getenv("NO_PROXY");
  if (given == NULL) given = "";
  n = strlen(given) + sizeof ",localhost,127.0.0.0/8,::1";
  list = (char *)malloc(n);
  if (list) snprintf(list, n, "%s%slocalhost,127.0.0.0/8,::1", given, *given ? "," : "");
  return list;
}

sk_profile *sk_profile_new(sk_loop *l, const sk_profile_options *o) {
  sk_profile *p = (sk_profile *)calloc(1, sizeof *p);
  if (p == NULL) return NULL;
  p->references = 1;
  p->id = ++l->last_profile;
  p->options = *o;
  p->options.cert_file = p->options.key_file = p->options.proxy = p->options.no_proxy = NULL;
  if (!copy(&p->options.ca_file, o->ca_file) || !copy(&p->options.cert_file, o->cert_file) ||
      !copy(&p->options.key_file, o->key_file) || !copy(&p->options.proxy, o->proxy) ||
      (environment_names_proxy() && (p->options.no_proxy = no_proxy()) == NULL)) {
    sk_profile_release(p);
    return NULL;
  }
  return p;
}

void sk_profile_release(sk_profile *p) {
  if (p == NULL || --p->references > 0) return;
  free((void *)p->options.ca_file);
  free((void *)p->options.cert_file);
  free((void *)p->options.key_file);
  free((void *)p->options.proxy);
  free((void *)p->options.no_proxy);
  free(p);
}

/* --- headers ----------------------------------------------------------------------- */

static sk_status append(sk_headers *h, const char *line) {
  struct curl_slist *list = curl_slist_append(h->list, line);
  if (list == NULL) return SK_NOMEM;
  h->list = list;
  return SK_OK;
}

/* What libcurl unpacks, and would say by itself: but it writes its own lines twice,
   and that shows in the time that a small request takes. */
static sk_status add_encodings(sk_headers *h) {
  char line[64];
  int has = curl_version_info(CURLVERSION_NOW)->features;
  if (!(has & CURL_VERSION_LIBZ)) return SK_OK;
  snprintf(line, sizeof line, "Accept-Encoding: deflate, gzip%s%s",
           has & CURL_VERSION_BROTLI ? ", br" : "", has & CURL_VERSION_ZSTD ? ", zstd" : "");
  h->encodings = 1;
  return append(h, line);
}

/* Somebody has a line of their own. */
static void drop_encodings(sk_headers *h) {
  struct curl_slist *line = h->list;
  if (!h->encodings) return;
  h->encodings = 0;
  h->list = line->next;
  line->next = NULL;
  curl_slist_free_all(line);
}

sk_headers *sk_headers_new(void) {
  sk_headers *h = (sk_headers *)calloc(1, sizeof *h);
  if (h == NULL) return NULL;
  h->references = 1;
  if (add_encodings(h) == SK_OK) return h;
  sk_headers_release(h);
  return NULL;
}

void sk_headers_release(sk_headers *h) {
  struct curl_slist *line;
  if (h == NULL || --h->references > 0) return;
  for (line = h->list; line; line = line->next) sk_wipe(line->data, strlen(line->data));
  curl_slist_free_all(h->list);
  free(h);
}

sk_status sk_headers_add(sk_headers *h, const char *name, size_t name_len, const char *value,
                         size_t value_len) {
  sk_buf line;
  sk_status rc;
  sk_buf_init(&line, SK_MAX_HEAD);
  rc = sk_header_line(&line, name, name_len, value, value_len);
  if (rc == SK_OK) rc = append(h, line.p);
  if (rc == SK_OK && name_len == 15 && sk_has_prefix(name, name_len, "accept-encoding"))
    drop_encodings(h);
  sk_buf_free(&line);
  return rc;
}
