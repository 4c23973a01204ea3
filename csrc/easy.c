/*
** easy.c - libcurl's easy handle: how it is set up, and what its callbacks
** note down. A callback touches its transfer and its loop, nothing else.
*/
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

#if LIBCURL_VERSION_NUM < 0x075000
#error "libcurl 7.80 or newer: without CURLOPT_PREREQFUNCTION a request may be sent twice"
#endif

#define KEEPALIVE_IDLE 30L     /* seconds of silence before TCP asks */
#define KEEPALIVE_INTERVAL 10L /* seconds between two questions      */

/* --- callbacks ------------------------------------------------------------------ */

/* Bytes have come, or gone. */
static void note_life(sk_transfer *t) {
  if (t->options.idle > 0) t->alive = sk_now();
}

static int is_event_stream(const sk_transfer *t) {
  size_t at = 0, nl, vl;
  const char *name, *value;
  while (sk_next_header(t->head.p, t->head.len, &at, &name, &nl, &value, &vl))
    if (nl == 12 && sk_has_prefix(name, nl, "content-type"))
      return sk_has_prefix(value, vl, "text/event-stream");
  return 0;
}

/* The first answer on a connection tells what it speaks. */
static void note_version(const sk_transfer *t) {
  long version = 0, opened = 0, port = 0;
  curl_easy_getinfo(t->easy, CURLINFO_NUM_CONNECTS, &opened);
  if (opened == 0) return;
  curl_easy_getinfo(t->easy, CURLINFO_HTTP_VERSION, &version);
  if (version != CURL_HTTP_VERSION_1_0 && version != CURL_HTTP_VERSION_1_1) return;
  curl_easy_getinfo(t->easy, CURLINFO_LOCAL_PORT, &port);
  sk_poller_silent(&t->loop->poller, (int)port);
}

/* The header lines of an answer are here; of the final one, or of a 1xx, which is
   forgotten. */
static void take_head(sk_transfer *t) {
  const sk_transfer_options *o = &t->options;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
  if (t->status < 200) {
    t->head.len = 0;
    return;
  }
  t->head_taken = 1;
  note_version(t);
  if (o->stream == SK_WHOLE || t->status >= 300) return;
  if (o->stream == SK_EVENTS && !is_event_stream(t)) return;
  t->streaming = (unsigned char)o->stream;
  if (o->stream == SK_EVENTS) sk_sse_init(&t->sse, o->max_event);
  sk_loop_announce(t->loop, t);
}

static size_t on_header(char *p, size_t one, size_t n, void *ud) {
  sk_transfer *t = ((sk_seat *)ud)->t;
  (void)one;
  note_life(t);
  t->head_total += n;
  if (t->head_total > SK_MAX_HEAD) {
    t->too_large = 1;
    return 0;
  }
  if (t->head_taken) return n; /* trailers: counted, not kept */
  if (sk_buf_add(&t->head, p, n) != SK_OK) return 0;
  if (*p == '\r' || *p == '\n') take_head(t);
  return n;
}

static sk_status enqueue(void *ud, const sk_event *e) {
  sk_transfer *t = (sk_transfer *)ud;
  size_t size = sizeof(sk_node) + e->data_len + e->event_len + e->id_len + 3;
  sk_node *node = (sk_node *)malloc(size);
  char *p;
  if (node == NULL) return SK_NOMEM;
  node->next = NULL;
  node->size = size;
  node->event = *e;
  p = (char *)(node + 1);
#define KEEP(field)                                   \
  if (e->field) {                                     \
    memcpy(p, e->field, e->field##_len);              \
    p[e->field##_len] = 0;                            \
    node->event.field = p;                            \
    p += e->field##_len + 1;                          \
  }
  KEEP(data)
  KEEP(event)
  KEEP(id)
#undef KEEP
  if (t->last)
    t->last->next = node;
  else
    t->first = node;
  t->last = node;
  t->queued += size;
  sk_loop_announce(t->loop, t);
  return SK_OK;
}

static size_t on_body(char *p, size_t one, size_t n, void *ud) {
  sk_transfer *t = ((sk_seat *)ud)->t;
  sk_status rc;
  (void)one;
  note_life(t);
  if (t->too_large) return 0;
  if (t->streaming && t->queued >= SK_HIGH_WATER) {
    t->paused = 1;
    return CURL_WRITEFUNC_PAUSE;
  }
  if (t->streaming == SK_EVENTS) {
    rc = sk_sse_feed(&t->sse, p, n, enqueue, t);
  } else {
    t->received_total += n;
    rc = t->received_total > t->options.max_body ? SK_FULL : sk_buf_add(&t->received, p, n);
    if (t->streaming && rc == SK_OK) {
      t->queued = t->received.len;
      sk_loop_announce(t->loop, t);
    }
  }
  if (rc == SK_FULL) t->too_large = 1;
  return rc == SK_OK ? n : 0;
}

/* A body that its owner hands over piece by piece. */
static size_t on_read(char *p, size_t size, size_t count, void *ud) {
  sk_transfer *t = ((sk_seat *)ud)->t;
  size_t n = t->body.len - t->body_at, room = size * count;
  note_life(t);
  if (n == 0 && t->body_ended) return 0;
  if (n > room) n = room;
  if (n) memcpy(p, t->body.p + t->body_at, n);
  t->body_at += n;
  if (t->body_at == t->body.len) t->body.len = t->body_at = 0;
  if (t->body.len - t->body_at < SK_LOW_WATER && !t->body_ended) sk_loop_announce(t->loop, t);
  if (n == 0) t->starving = 1;
  return n ? n : CURL_READFUNC_PAUSE;
}

/* libcurl sends a request again when a kept connection died under it. Where a
   repetition may do harm the caller has to hear of it instead. */
static int on_attempt(void *ud, char *a, char *b, int c, int port) {
  sk_transfer *t = ((sk_seat *)ud)->t;
  (void)a, (void)b, (void)c;
  /* Bytes on an idle HTTP/1 connection are a goodbye of TLS, or what libcurl
     would take for the answer to this request. */
  if (!t->attempted && sk_poller_noisy(&t->loop->poller, port)) {
    t->stale = 1;
    return CURL_PREREQFUNC_ABORT;
  }
  if (t->attempted && t->options.once) {
    t->unknown = 1;
    return CURL_PREREQFUNC_ABORT;
  }
  t->attempted = 1;
  return CURL_PREREQFUNC_OK;
}

/* A number that libcurl opens or closes is a new socket to the kernel's set. */
static curl_socket_t on_open(void *ud, curlsocktype purpose, struct curl_sockaddr *a) {
  curl_socket_t fd = socket(a->family, a->socktype, a->protocol);
  (void)purpose;
  if (fd >= 0) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    sk_poller_opened(&((sk_loop *)ud)->poller, (int)fd);
  }
  return fd;
}

static int on_close(void *ud, curl_socket_t fd) {
  sk_poller_drop(&((sk_loop *)ud)->poller, (int)fd);
  return close(fd);
}

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

int sk_easy_profile(sk_seat *s, sk_loop *l, const sk_profile_options *o) {
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
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, l);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, l);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_attempt);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, s);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
  curl_easy_setopt(e, CURLOPT_READDATA, s);
  curl_easy_setopt(e, CURLOPT_PREREQDATA, s);
  curl_easy_setopt(e, CURLOPT_PRIVATE, s);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, s->message);
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, &s->bearer);
  return set_text(e, CURLOPT_ACCEPT_ENCODING, "") && set_tls(e, o) && set_proxy(e, o);
}

/* --- what is the request's own ------------------------------------------------------ */

static int set_body(sk_seat *s, sk_transfer *t, const char *method) {
  const char *usual = "POST";
  CURL *e = s->easy;
  if (t->producing) {
    s->is_odd = 1;
    curl_easy_setopt(e, CURLOPT_POST, 1L);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)-1);
    curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
  } else if (t->has_body || strcmp(method, "POST") == 0 || strcmp(method, "PUT") == 0) {
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body.len ? t->body.p : "");
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
  } else {
    usual = "GET";
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, NULL);
    curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
    if (strcmp(method, "HEAD") == 0) {
      s->is_odd = 1;
      curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
    }
  }
  if (strcmp(method, usual) == 0) return 1;
  s->is_odd = 1;
  return set_text(e, CURLOPT_CUSTOMREQUEST, method);
}

/* libcurl copies it, byte by byte, and has it from the last request already. */
static int set_url(sk_seat *s, const sk_buf *url) {
  if (s->url.len == url->len && memcmp(s->url.p, url->p, url->len) == 0) return 1;
  s->url.len = 0;
  if (!set_text(s->easy, CURLOPT_URL, url->p)) return 0;
  if (sk_buf_add(&s->url, url->p, url->len) != SK_OK) s->url.len = 0; /* then told again */
  return 1;
}

int sk_easy_request(sk_seat *s, sk_transfer *t) {
  size_t most = t->options.stream == SK_WHOLE ? t->options.max_body : 0;
  struct curl_slist *shared = t->headers->list;
  CURL *e = s->easy;
  s->t = t;
  s->message[0] = 0;
  if (s->is_odd) {
    curl_easy_setopt(e, CURLOPT_FRESH_CONNECT, 0L);
    curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 0L);
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, NULL);
    curl_easy_setopt(e, CURLOPT_NOBODY, 0L);
    s->is_odd = 0;
  }
  if (s->most != most) curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)most);
  s->most = most;
  s->bearer = *shared; /* every list has a first line */
  if (t->auth.len) {
    s->bearer.data = t->auth.p;
    s->bearer.next = shared;
  }
  return set_url(s, &t->url) && set_body(s, t, t->method);
}
