/*
** easy.c - libcurl's easy handle: how it is set up for a transport and for a
** request, and where it rests between two.
*/
#include <stdlib.h>
#include <string.h>

#include "loop.h"

#define KEEPALIVE_IDLE 30L     /* seconds of silence before TCP asks */
#define KEEPALIVE_INTERVAL 10L /* seconds between two questions      */

/* --- what all requests of a transport share --------------------------------------- */

/* For options that libcurl keeps a copy of: false where it has no memory for it,
   and the request must not go out without. */
static int set_text(CURL *e, CURLoption option, const char *text) {
  return curl_easy_setopt(e, option, text) != CURLE_OUT_OF_MEMORY;
}

static int set_tls(CURL *e, const sk_profile_options *o) {
  long floor = o->tls13 ? CURL_SSLVERSION_TLSv1_3 : CURL_SSLVERSION_TLSv1_2;
  curl_easy_setopt(e, CURLOPT_SSLVERSION, floor);
  /* Any CAPATH, and some builds default to one, makes libcurl parse the whole
     bundle again for every connection. */
  curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
  return (!o->ca_file || set_text(e, CURLOPT_CAINFO, o->ca_file)) &&
         (!o->cert_file || set_text(e, CURLOPT_SSLCERT, o->cert_file)) &&
         (!o->key_file || set_text(e, CURLOPT_SSLKEY, o->key_file));
}

/* Where there is none, libcurl need not look for it with every request. */
static int set_proxy(CURL *e, const sk_profile_options *o) {
  if (o->proxy) return set_text(e, CURLOPT_PROXY, o->proxy);
  if (o->no_proxy) return set_text(e, CURLOPT_NOPROXY, o->no_proxy);
  return set_text(e, CURLOPT_PROXY, "") && set_text(e, CURLOPT_NOPROXY, "");
}

static int set_profile(sk_seat *s, sk_loop *l, const sk_profile_options *o) {
  CURL *e = s->easy;
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(e, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
                   (long)(o->http1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  if (o->connect_ms) curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, o->connect_ms);
  /* a stream may be silent for hours; that its peer is gone is for TCP to find out */
  curl_easy_setopt(e, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(e, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_IDLE);
  curl_easy_setopt(e, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_INTERVAL);
  sk_callbacks_set(e, s, l);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->message);
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, &s->first);
  return set_text(e, CURLOPT_ACCEPT_ENCODING, "") && set_tls(e, o) && set_proxy(e, o);
}

/* --- what is the request's own: told only where it differs from the last one's ----- */

enum { KIND_NONE, KIND_GET, KIND_HEAD, KIND_BODY, KIND_PIECES };

static int kind_of(const sk_transfer *t) {
  if (t->producing) return KIND_PIECES;
  if (t->has_body || strcmp(t->method, "POST") == 0 || strcmp(t->method, "PUT") == 0)
    return KIND_BODY;
  return strcmp(t->method, "HEAD") == 0 ? KIND_HEAD : KIND_GET;
}

static int set_method(sk_seat *s, const sk_transfer *t) {
  CURL *e = s->easy;
  int kind = kind_of(t);
  const char *method = t->method;
  if (strcmp(method, kind == KIND_BODY || kind == KIND_PIECES ? "POST" : "GET") == 0) method = "";
  if (s->kind == KIND_HEAD && kind != KIND_HEAD) curl_easy_setopt(e, CURLOPT_NOBODY, 0L);
  if (kind == KIND_PIECES) {
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-1);
  } else if (kind == KIND_BODY) {
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body.len ? t->body.p : "");
    if (s->kind == KIND_NONE || s->body_len != t->body.len)
      curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
    s->body_len = t->body.len;
  } else if (s->kind != kind) {
    curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
    if (kind == KIND_HEAD) curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
  }
  s->kind = (unsigned char)kind;
  if (strcmp(method, s->method) == 0) return 1;
  strcpy(s->method, method);
  return set_text(e, CURLOPT_CUSTOMREQUEST, *method ? method : NULL);
}

/* With every request libcurl parses a URL, puts it together again and copies that: an
   eighth of what a small request costs. So it gets one that is parsed, and keeps it for
   the next. What cannot be parsed it gets as it is, and says itself what is wrong. */
static int set_url(sk_seat *s, const sk_buf *url) {
  CURLU *parsed = s->parsed;
  if (s->url.len == url->len && memcmp(s->url.p, url->p, url->len) == 0) return 1;
  s->url.len = 0;
  if (parsed == NULL) parsed = s->parsed = curl_url();
  if (parsed && curl_url_set(parsed, CURLUPART_URL, url->p, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    parsed = NULL;
  curl_easy_setopt(s->easy, CURLOPT_CURLU, parsed);
  return set_text(s->easy, CURLOPT_URL, url->p) && sk_buf_add(&s->url, url->p, url->len) == SK_OK;
}

enum { SURE_TO_BE_WANTED = 1024 }; /* libcurl asks for the leave to send a large body */

/* The shared header lines, after those of its own. */
static void set_headers(sk_seat *s, const sk_transfer *t) {
  struct curl_slist *shared = t->headers->list, *ask = &s->second;
  int may_ask = t->producing || t->body.len > SURE_TO_BE_WANTED;
  if (t->auth.len) {
    s->first.data = t->auth.p;
    s->first.next = may_ask ? ask : shared;
  } else {
    ask = &s->first;
  }
  ask->data = (char *)"Expect:"; /* a body goes out unasked */
  ask->next = shared;
}

static int set_request(sk_seat *s, sk_transfer *t) {
  size_t max_body = t->options.stream == SK_WHOLE ? t->options.max_body : 0;
  CURL *e = s->easy;
  if (s->fresh) curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 0L);
  if (s->forbidden) curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 0L);
  s->fresh = s->forbidden = 0;
  s->message[0] = 0;
  set_headers(s, t);
  if (s->max_body != max_body)
    curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)max_body);
  s->max_body = max_body;
  return set_url(s, &t->url) && set_method(s, t);
}

/* --- the pool ------------------------------------------------------------------------- */

static sk_seat *new_seat(void) {
  sk_seat *s = (sk_seat *)calloc(1, sizeof *s);
  if (s == NULL) return NULL;
  sk_buf_init(&s->url, SK_MAX_URL + 1);
  s->easy = curl_easy_init();
  if (s->easy) return s;
  free(s);
  return NULL;
}

void sk_seat_free(sk_seat *s) {
  curl_easy_cleanup(s->easy);
  curl_url_cleanup(s->parsed);
  sk_buf_free(&s->url);
  free(s);
}

/* Forgets what the handle was told. */
static void reset(sk_seat *s) {
  curl_easy_reset(s->easy);
  s->profile = 0;
  s->url.len = s->body_len = s->max_body = 0;
  s->method[0] = 0;
  s->kind = s->fresh = s->forbidden = 0;
}

/* libcurl 7.83 to 8.0.1 remembers in a handle the last header line of its last answer,
   which is freed by then, and looks there when the next answer begins with a line that
   continues one: whom that may come from gets a handle of their own. */
static int may_share(const sk_transfer *t) {
  unsigned version;
  if (t->profile->options.trusted) return 1;
  version = curl_version_info(CURLVERSION_NOW)->version_num;
  return version < 0x075300 || version > 0x080001;
}

/* The free seat that serves best: one of the same profile needs no setting up. */
static sk_seat *pick(sk_loop *l, const sk_transfer *t) {
  unsigned long profile = t->profile->id;
  sk_seat *s;
  int i = l->idle_len - 1;
  if (i < 0 || !may_share(t)) return new_seat();
  while (i > 0 && l->idle[i]->profile != profile) i--;
  s = l->idle[i];
  l->idle[i] = l->idle[--l->idle_len];
  if (s->profile != profile && s->profile) reset(s);
  return s;
}

int sk_easy_take(sk_loop *l, sk_transfer *t) {
  unsigned long profile = t->profile->id;
  sk_seat *s = pick(l, t);
  if (s == NULL) return 0;
  if ((s->profile == profile || set_profile(s, l, &t->profile->options)) && set_request(s, t)) {
    s->profile = profile;
    s->t = t;
    t->seat = s;
    t->easy = s->easy;
    return 1;
  }
  sk_seat_free(s); /* half set up: nobody may use it */
  return 0;
}

int sk_easy_restart(sk_loop *l, sk_transfer *t) {
  curl_multi_remove_handle(l->multi, t->easy);
  curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
  t->seat->fresh = 1;
  t->seat->message[0] = 0;
  return curl_multi_add_handle(l->multi, t->easy) == CURLM_OK;
}

static void forbid(sk_seat *s) {
  curl_easy_setopt(s->easy, CURLOPT_FORBID_REUSE, 1L);
  s->forbidden = 1;
}

void sk_easy_forbid(sk_transfer *t) {
  forbid(t->seat);
}

void sk_easy_give(sk_loop *l, sk_transfer *t) {
  sk_seat *s = t->seat;
  t->seat = NULL;
  t->easy = NULL;
  if (s == NULL || l->multi == NULL) return; /* a forked child leaves the parent's alone */
  /* libcurl keeps the RST_STREAM of a stream that is broken off until somebody else
     uses the connection; without others the peer shall see that go at once */
  if (!t->over) forbid(s);
  curl_multi_remove_handle(l->multi, s->easy);
  if (l->idle_len == SK_EASY_POOL || !may_share(t)) {
    sk_seat_free(s);
    return;
  }
  /* what pointed into t points nowhere any more */
  s->t = NULL;
  s->first.data = s->second.data = (char *)"";
  s->first.next = s->second.next = NULL;
  if (s->kind == KIND_PIECES)
    reset(s);
  else if (s->kind == KIND_BODY)
    curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, NULL);
  l->idle[l->idle_len++] = s;
}
