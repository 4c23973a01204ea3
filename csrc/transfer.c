/*
** transfer.c - the life of one HTTP exchange: submitted, waiting for a place,
** running, over.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop.h"

/* --- making and unmaking -------------------------------------------------------------- */

/* It does not know the loop before it is submitted: nobody would tell it of its end. */
sk_transfer *sk_transfer_new(sk_loop *l) {
  sk_transfer *t = l->spare;
  if (t) {
    l->spare = t->next;
    l->spare_len--;
    memset(&t->loop, 0, offsetof(sk_transfer, message) - offsetof(sk_transfer, loop));
    t->message[0] = 0;
  } else {
    t = (sk_transfer *)calloc(1, sizeof *t);
    if (t == NULL) return NULL;
    sk_buf_init(&t->url, SK_MAX_URL);
    sk_buf_init(&t->auth, SK_MAX_HEAD);
    sk_buf_init(&t->body, (size_t)-1);
    sk_buf_init(&t->head, SK_MAX_HEAD);
  }
  t->deadline = t->due = -1;
  return t;
}

void sk_transfer_destroy(sk_transfer *t) {
  sk_buf_free(&t->url);
  sk_buf_free(&t->auth);
  sk_buf_free(&t->body);
  sk_buf_free(&t->head);
  sk_buf_free(&t->received);
  free(t);
}

static void clear(sk_buf *b) {
  if (b->cap > SK_SPARE_BUF) {
    sk_buf_free(b);
  } else if (b->p) {
    sk_wipe(b->p, b->cap);
    b->len = 0;
  }
}

/* Wipes everything; the buffers stay with the struct where it is going to be
   used again. */
static void dispose(sk_transfer *t, sk_loop *l) {
  while (t->first) {
    sk_node *node = t->first;
    t->first = node->next;
    sk_node_free(node);
  }
  sk_node_free(t->current);
  t->current = NULL;
  if (l == NULL || l->spare_len >= SK_SPARE) {
    sk_transfer_destroy(t);
    return;
  }
  clear(&t->url);
  clear(&t->auth);
  clear(&t->body);
  clear(&t->head);
  clear(&t->received);
  t->next = l->spare;
  l->spare = t;
  l->spare_len++;
}

/* --- ending -------------------------------------------------------------------------- */

static void fail(sk_transfer *t, const char *kind, const char *message) {
  t->kind = kind;
  snprintf(t->message, sizeof t->message, "%s", message);
}

static void stop(sk_transfer *t) {
  t->done = 1;
  sk_headers_release(t->headers);
  sk_profile_release(t->profile);
  t->headers = NULL;
  t->profile = NULL;
  if (t->streaming == SK_EVENTS) sk_sse_free(&t->sse);
}

/* Leaves host, queue and heap; the handle goes back to the pool. */
static void leave(sk_transfer *t) {
  sk_loop *l = t->loop;
  sk_deadline_clear(l, t);
  if (t->host == NULL) return;
  if (t->waiting)
    sk_host_unqueue(t);
  else
    t->host->active--;
  sk_easy_give(l, t);
}

/* The transfer is over, for whatever reason it has noted. */
static void settle(sk_transfer *t) {
  leave(t);
  t->host = NULL;
  stop(t);
  sk_loop_announce(t->loop, t);
}

static void start(sk_transfer *t) {
  sk_loop *l = t->loop;
  t->host->active++;
  if (sk_easy_take(l, t) && curl_multi_add_handle(l->multi, t->easy) == CURLM_OK) {
    if (t->options.idle > 0) { /* it counts from here on */
      t->alive = sk_now();
      sk_deadline_clear(l, t);
      sk_deadline_set(l, t);
    }
    return;
  }
  fail(t, "internal", "out of memory");
  settle(t);
}

/* Gives the free places at a host to who waits for them. */
static void serve(sk_loop *l, sk_host *h) {
  while (h->first && h->active < l->limits.host_connections) {
    sk_transfer *t = h->first;
    sk_host_unqueue(t);
    start(t);
  }
  sk_host_drop_if_idle(l, h);
}

static void end(sk_transfer *t) {
  sk_host *h = t->host;
  settle(t);
  if (h) serve(t->loop, h);
}

static void unlink_from_loop(sk_transfer *t) {
  sk_loop *l = t->loop;
  sk_loop_unannounce(l, t);
  if (t->prev)
    t->prev->next = t->next;
  else
    l->all = t->next;
  if (t->next) t->next->prev = t->prev;
  t->next = t->prev = NULL;
  t->loop = NULL;
  l->count--;
}

/* --- submitting --------------------------------------------------------------------- */

sk_status sk_transfer_submit(sk_loop *l, sk_transfer *t, sk_profile *p,
                             const sk_transfer_options *o) {
  size_t n = strlen(o->method);
  if (t->url.len == 0 || n >= sizeof t->method || !sk_is_token(o->method, n)) return SK_INVALID;
  memcpy(t->method, o->method, n + 1);
  t->options = *o;
  t->options.method = NULL;
  t->producing = (unsigned char)(o->producing != 0);
  t->received.max = o->max_body;
  if (sk_deadline_room(l) != SK_OK) return SK_NOMEM;
  if (t->headers == NULL && (t->headers = sk_headers_new()) == NULL) return SK_NOMEM;
  t->host = sk_host_of(l, t->url.p, t->origin);
  if (t->host == NULL) return SK_NOMEM;
  p->references++;
  t->profile = p;
  t->started = sk_now();
  t->deadline = o->timeout > 0 ? t->started + o->timeout : -1;
  t->submitted = 1;
  t->loop = l;
  t->next = l->all;
  if (l->all) l->all->prev = t;
  l->all = t;
  l->count++;
  sk_host_queue(t);
  sk_deadline_set(l, t);
  serve(l, t->host);
  return SK_OK;
}

/* --- why it ended ----------------------------------------------------------------------- */

int sk_transfer_sent(const sk_transfer *t) {
  long sent = 0;
  if (t->easy) curl_easy_getinfo(t->easy, CURLINFO_REQUEST_SIZE, &sent);
  return sent > 0 || t->unknown;
}

/* A header line of more than 100 KiB: libcurl calls it "out of memory", from 8.6 on
   CURLE_TOO_LARGE, which is 100. */
static int is_long_line(const sk_transfer *t, CURLcode code) {
  return (code == CURLE_OUT_OF_MEMORY || (int)code == 100) && !t->head_taken && sk_transfer_sent(t);
}

/* With TLS 1.3 a server says what it thinks of our certificate, or of having none,
   after the handshake. */
static int is_alert(const sk_transfer *t, CURLcode code) {
  return code == CURLE_RECV_ERROR && strstr(t->message, " alert ") != NULL;
}

static const char *kind_of(CURLcode code) {
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT:
      return "timeout";
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_CRL_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
    case CURLE_SSL_INVALIDCERTSTATUS:
      return "tls";
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return "protocol";
    case CURLE_OUT_OF_MEMORY:
    case CURLE_WRITE_ERROR:
      return "internal";
    default:
      return "network";
  }
}

void sk_transfer_finish(sk_transfer *t, CURLcode code) {
  if (code == CURLE_ABORTED_BY_CALLBACK && t->stale && !t->restarted) {
    t->restarted = 1;
    if (sk_easy_restart(t->loop, t)) return;
  }
  t->over = 1;
  if (code != CURLE_OK) {
    memcpy(t->message, t->seat->message, sizeof t->message);
    t->unknown = (unsigned char)sk_transfer_sent(t);
    if (t->too_large || code == CURLE_FILESIZE_EXCEEDED || is_long_line(t, code))
      fail(t, "protocol", "the answer is larger than allowed");
    else if (code == CURLE_ABORTED_BY_CALLBACK)
      fail(t, "network", "the connection was closed before an answer came");
    else if (strstr(t->message, "wrong version number"))
      fail(t, "tls", "the peer does not speak TLS (is it an http:// port?)");
    else if (t->message[0])
      t->kind = is_alert(t, code) ? "tls" : kind_of(code);
    else
      fail(t, kind_of(code), curl_easy_strerror(code));
  } else if (!t->head_taken) {
    t->unknown = 1;
    fail(t, "network", "the connection was closed in the middle of the header lines");
  }
  end(t);
}

void sk_transfer_break(sk_transfer *t) {
  t->stranded = 0;
  t->unknown = (unsigned char)sk_transfer_sent(t);
  fail(t, "internal", "out of memory");
  end(t);
}

void sk_transfer_go_on(sk_transfer *t) {
  CURLcode code;
  if (t->options.idle > 0) t->alive = sk_now(); /* it was we who kept it waiting */
  sk_deadline_clear(t->loop, t);
  sk_deadline_set(t->loop, t);
  code = curl_easy_pause(t->easy, CURLPAUSE_CONT);
  if (code == CURLE_OK) return;
  sk_easy_forbid(t);           /* bytes of it are still to come */
  sk_transfer_finish(t, code); /* libcurl would not say it again */
}

void sk_transfer_expire(sk_transfer *t) {
  double now = sk_now(), connected = 0;
  const char *stage = "waiting for a free connection";
  if (t->easy) {
    curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME, &connected);
    stage = t->head_taken     ? "reading the answer"
            : sk_transfer_sent(t) ? "waiting for the answer"
            : connected > 0   ? "sending"
                              : "connecting";
  }
  t->unknown = (unsigned char)sk_transfer_sent(t);
  t->kind = "timeout";
  if (t->deadline >= 0 && t->deadline <= now)
    snprintf(t->message, sizeof t->message, "the deadline passed after %.1f s, %s",
             now - t->started, stage);
  else
    snprintf(t->message, sizeof t->message, "nothing came for %.1f s, %s", now - t->alive, stage);
  end(t);
}

void sk_transfer_orphan(sk_transfer *t, const char *kind, const char *message) {
  t->tag = 0;
  if (!t->done) {
    t->unknown = (unsigned char)sk_transfer_sent(t);
    fail(t, kind, message);
    leave(t);
    t->host = NULL;
    stop(t);
  }
  unlink_from_loop(t);
}

void sk_transfer_free(sk_transfer *t) {
  sk_loop *l;
  if (t == NULL) return;
  if (t->loop && t->submitted) (void)sk_loop_mine(t->loop); /* after a fork this orphans t */
  l = t->loop;
  if (l && t->submitted) {
    sk_host *h = t->host;
    leave(t);
    t->host = NULL;
    unlink_from_loop(t);
    if (h) serve(l, h);
  }
  stop(t);
  dispose(t, l);
}
