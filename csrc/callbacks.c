/*
** callbacks.c - what libcurl tells of a transfer that runs. A callback touches its
** transfer and its loop, nothing else: it takes notes.
*/
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

#if LIBCURL_VERSION_NUM < 0x075000
#error "libcurl 7.80 or newer: without CURLOPT_PREREQFUNCTION a request may be sent twice"
#endif

/* Something came or went: where an idle time counts, it begins anew. */
static void touch(sk_transfer *t) {
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
  if (t->loop->poller.fresh == 0) return;
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
  touch(t);
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
  touch(t);
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
  touch(t);
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

void sk_callbacks_set(CURL *e, sk_seat *s, sk_loop *l) {
  curl_easy_setopt(e, CURLOPT_PRIVATE, s);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, l);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, l);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, s);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, s);
  curl_easy_setopt(e, CURLOPT_READFUNCTION, on_read);
  curl_easy_setopt(e, CURLOPT_READDATA, s);
  curl_easy_setopt(e, CURLOPT_PREREQFUNCTION, on_attempt);
  curl_easy_setopt(e, CURLOPT_PREREQDATA, s);
}
