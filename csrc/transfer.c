/*
** transfer.c - the life of one HTTP exchange: submitted, running, over.
*/
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "loop.h"

enum {
  HIGH_WATER = 256 * 1024,     /* queued events beyond this stop the sender    */
  LOW_WATER = 64 * 1024
};

sk_transfer *sk_transfer_new(void) {
  sk_transfer *t = (sk_transfer *)calloc(1, sizeof *t);
  if (t == NULL) return NULL;
  sk_buf_init(&t->url, SK_MAX_URL);
  sk_buf_init(&t->body, (size_t)-1);
  sk_buf_init(&t->head, SK_MAX_HEAD);
  return t;
}

/* --- libcurl's callbacks ---------------------------------------------------------- */

static size_t on_header(char *p, size_t one, size_t n, void *ud) {
  sk_transfer *t = (sk_transfer *)ud;
  (void)one;
  if (n >= 5 && memcmp(p, "HTTP/", 5) == 0) t->head.len = 0; /* after a 1xx */
  t->head_total += n;
  if (t->head_total > SK_MAX_HEAD || sk_buf_add(&t->head, p, n) != SK_OK) {
    t->too_large = 1;
    return 0;
  }
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

static int is_event_stream(const sk_transfer *t) {
  size_t at = 0, nl, vl;
  const char *name, *value;
  while (sk_transfer_next_header(t, &at, &name, &nl, &value, &vl))
    if (nl == 12 && sk_has_prefix(name, nl, "content-type"))
      return sk_has_prefix(value, vl, "text/event-stream");
  return 0;
}

/* Called with the first byte of the body, or at its end where there is none. */
static void take_head(sk_transfer *t) {
  if (t->head_taken) return;
  t->head_taken = 1;
  curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &t->status);
  if (t->options.stream && t->status >= 200 && t->status < 300 && is_event_stream(t)) {
    t->streaming = 1;
    sk_sse_init(&t->sse, t->options.max_event);
    sk_loop_announce(t->loop, t);
  }
}

static size_t on_body(char *p, size_t one, size_t n, void *ud) {
  sk_transfer *t = (sk_transfer *)ud;
  sk_status rc;
  (void)one;
  take_head(t);
  if (!t->streaming) {
    rc = sk_buf_add(&t->received, p, n);
  } else if (t->queued >= HIGH_WATER) {
    t->paused = 1;
    return CURL_WRITEFUNC_PAUSE;
  } else {
    rc = sk_sse_feed(&t->sse, p, n, enqueue, t);
  }
  if (rc == SK_FULL) t->too_large = 1;
  return rc == SK_OK ? n : 0;
}

/* A number that libcurl opens or closes is a new socket to the kernel's set. */
static curl_socket_t on_open(void *ud, curlsocktype purpose, struct curl_sockaddr *a) {
  curl_socket_t fd = socket(a->family, a->socktype, a->protocol);
  (void)purpose;
  if (fd >= 0) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    sk_poller_forget(&((sk_loop *)ud)->poller, (int)fd);
  }
  return fd;
}

static int on_close(void *ud, curl_socket_t fd) {
  sk_poller_forget(&((sk_loop *)ud)->poller, (int)fd);
  return close(fd);
}

/* --- submitting --------------------------------------------------------------------- */

static int is_default_method(const char *method, int has_body) {
  return strcmp(method, has_body ? "POST" : "GET") == 0;
}

static void set_request(sk_transfer *t) {
  const sk_transfer_options *o = &t->options;
  CURL *e = t->easy;
  int body = t->has_body || strcmp(o->method, "POST") == 0 || strcmp(o->method, "PUT") == 0;
  curl_easy_setopt(e, CURLOPT_URL, t->url.p);
  if (body) {
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, t->body.len ? t->body.p : "");
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)t->body.len);
  } else {
    curl_easy_setopt(e, CURLOPT_HTTPGET, 1L);
  }
  if (strcmp(o->method, "HEAD") == 0)
    curl_easy_setopt(e, CURLOPT_NOBODY, 1L);
  else if (!is_default_method(o->method, body))
    curl_easy_setopt(e, CURLOPT_CUSTOMREQUEST, o->method);
  curl_easy_setopt(e, CURLOPT_HTTPHEADER, t->headers);
}

static void set_limits(sk_transfer *t) {
  const sk_transfer_options *o = &t->options;
  CURL *e = t->easy;
  curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(e, CURLOPT_FOLLOWLOCATION, 0L);
#if LIBCURL_VERSION_NUM >= 0x075500
  curl_easy_setopt(e, CURLOPT_PROTOCOLS_STR, "http,https");
#else
  curl_easy_setopt(e, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
  curl_easy_setopt(e, CURLOPT_TIMEOUT_MS, o->timeout_ms);
  if (o->connect_ms) curl_easy_setopt(e, CURLOPT_CONNECTTIMEOUT_MS, o->connect_ms);
  if (o->idle_s) {
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(e, CURLOPT_LOW_SPEED_TIME, o->idle_s);
  }
  if (!o->stream) curl_easy_setopt(e, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)o->max_body);
  curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
}

static void set_connection(sk_transfer *t, sk_loop *l) {
  const sk_transfer_options *o = &t->options;
  CURL *e = t->easy;
  curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
                   (long)(o->http1 ? CURL_HTTP_VERSION_1_1 : CURL_HTTP_VERSION_2TLS));
  /* Any CAPATH, and some builds default to one, makes libcurl parse the whole
     bundle again for every connection. */
  curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
  if (o->ca_file) curl_easy_setopt(e, CURLOPT_CAINFO, o->ca_file);
  if (o->cert_file) curl_easy_setopt(e, CURLOPT_SSLCERT, o->cert_file);
  if (o->key_file) curl_easy_setopt(e, CURLOPT_SSLKEY, o->key_file);
  if (o->proxy) curl_easy_setopt(e, CURLOPT_PROXY, o->proxy);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETFUNCTION, on_open);
  curl_easy_setopt(e, CURLOPT_OPENSOCKETDATA, l);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
  curl_easy_setopt(e, CURLOPT_CLOSESOCKETDATA, l);
}

static void set_callbacks(sk_transfer *t) {
  CURL *e = t->easy;
  curl_easy_setopt(e, CURLOPT_PRIVATE, t);
  curl_easy_setopt(e, CURLOPT_ERRORBUFFER, t->message);
  curl_easy_setopt(e, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(e, CURLOPT_HEADERDATA, t);
  curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(e, CURLOPT_WRITEDATA, t);
}

static void detach(sk_transfer *t) {
  sk_loop *l = t->loop;
  if (l == NULL) return;
  sk_loop_unannounce(l, t);
  if (t->prev)
    t->prev->next = t->next;
  else
    l->all = t->next;
  if (t->next) t->next->prev = t->prev;
  t->next = t->prev = NULL;
  t->loop = NULL;
}

/* Hands the easy handle back to the pool. Never called inside a callback. */
static void release_easy(sk_transfer *t) {
  sk_loop *l = t->loop;
  CURL *e = t->easy;
  if (e == NULL) return;
  t->easy = NULL;
  curl_multi_remove_handle(l->multi, e);
  curl_easy_reset(e);
  if (l->idle_len < SK_EASY_POOL)
    l->idle[l->idle_len++] = e;
  else
    curl_easy_cleanup(e);
}

sk_status sk_transfer_submit(sk_transfer *t, sk_loop *l, const sk_transfer_options *o) {
  if (t->url.len == 0 || !sk_is_token(o->method, strlen(o->method))) return SK_INVALID;
  t->options = *o;
  sk_buf_init(&t->received, o->max_body);
  if (sk_transfer_line(t, "Expect:") != SK_OK) return SK_NOMEM;
  t->easy = l->idle_len ? l->idle[--l->idle_len] : curl_easy_init();
  if (t->easy == NULL) return SK_NOMEM;
  set_callbacks(t);
  set_connection(t, l);
  set_limits(t);
  set_request(t);
  t->started = sk_now();
  t->loop = l;
  t->id = ++l->last_id;
  t->prev = NULL;
  t->next = l->all;
  if (l->all) l->all->prev = t;
  l->all = t;
  if (curl_multi_add_handle(l->multi, t->easy) != CURLM_OK) {
    release_easy(t);
    detach(t);
    return SK_NOMEM;
  }
  return SK_OK;
}

/* --- ending -------------------------------------------------------------------------- */

static void fail(sk_transfer *t, const char *kind, const char *message) {
  t->kind = kind;
  snprintf(t->message, sizeof t->message, "%s", message);
}

static void explain(sk_transfer *t, CURLcode code) {
  long sent = 0;
  const char *kind = "network";
  curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
  t->unknown = sent > 0;
  if (t->message[0] == 0) snprintf(t->message, sizeof t->message, "%s", curl_easy_strerror(code));
  if (t->too_large || code == CURLE_FILESIZE_EXCEEDED) {
    fail(t, "protocol", "the answer is larger than allowed");
    return;
  }
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      kind = "timeout";
      break;
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
      kind = "tls";
      break;
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_UNSUPPORTED_PROTOCOL:
      kind = "protocol";
      break;
    case CURLE_OUT_OF_MEMORY:
    case CURLE_WRITE_ERROR:
      kind = "internal";
      break;
    default:
      break;
  }
  t->kind = kind;
}

static void end(sk_transfer *t) {
  t->done = 1;
  sk_transfer_wipe_headers(t);
  sk_buf_free(&t->body);
  sk_sse_free(&t->sse);
}

void sk_transfer_finish(sk_transfer *t, CURLcode code) {
  if (code == CURLE_OK)
    take_head(t);
  else
    explain(t, code);
  release_easy(t);
  end(t);
  sk_loop_announce(t->loop, t);
}

void sk_transfer_orphan(sk_transfer *t, const char *kind, const char *message) {
  if (!t->done) {
    t->unknown = 1;
    fail(t, kind, message);
    release_easy(t);
    end(t);
  }
  detach(t);
}

void sk_transfer_free(sk_transfer *t) {
  if (t == NULL) return;
  if (t->loop) (void)sk_loop_mine(t->loop); /* after a fork this orphans t */
  if (t->loop) {
    release_easy(t);
    detach(t);
  }
  end(t);
  while (t->first) {
    sk_node *node = t->first;
    t->first = node->next;
    sk_node_free(node);
  }
  sk_node_free(t->current);
  sk_buf_free(&t->url);
  sk_buf_free(&t->head);
  sk_buf_free(&t->received);
  free(t);
}
