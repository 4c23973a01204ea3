/*
** answer.c - what a transfer has got: status, header lines, body, events; and
** what it still wants: the next piece of a body.
*/
#include <stdlib.h>
#include <string.h>

#include "loop.h"

void sk_node_free(sk_node *node) {
  if (node == NULL) return;
  sk_wipe(node + 1, node->size - sizeof *node);
  free(node);
}

void sk_transfer_set_tag(sk_transfer *t, unsigned long tag) {
  t->tag = tag;
}

unsigned long sk_transfer_tag(const sk_transfer *t) {
  return t->tag;
}

int sk_transfer_ready(const sk_transfer *t) {
  return t->done || t->first || (t->streaming && !t->head_seen) ||
         (t->streaming == SK_CHUNKS && t->received.len) || sk_transfer_hungry(t);
}

void sk_transfer_mine(sk_transfer *t) {
  if (t->loop) (void)sk_loop_mine(t->loop);
}

int sk_transfer_done(const sk_transfer *t) {
  return t->done;
}

int sk_transfer_streaming(sk_transfer *t) {
  if (t->streaming) t->head_seen = 1;
  return t->streaming;
}

sk_failure sk_transfer_failure(const sk_transfer *t) {
  sk_failure f;
  f.kind = t->kind;
  f.message = t->message;
  f.unknown = t->unknown;
  return f;
}

long sk_transfer_status(const sk_transfer *t) {
  return t->status;
}

const sk_buf *sk_transfer_received(const sk_transfer *t) {
  return &t->received;
}

const sk_buf *sk_transfer_head(const sk_transfer *t) {
  return &t->head;
}

int sk_next_header(const char *p, size_t n, size_t *at, const char **name, size_t *name_len,
                   const char **value, size_t *value_len) {
  while (*at < n) {
    const char *line = p + *at;
    const char *lf = (const char *)memchr(line, '\n', n - *at);
    const char *stop = lf ? lf : p + n;
    const char *colon = (const char *)memchr(line, ':', (size_t)(stop - line));
    *at = (size_t)(stop - p) + 1;
    if (colon == NULL || sk_has_prefix(line, (size_t)(stop - line), "http/")) continue;
    *name = line;
    *name_len = (size_t)(colon - line);
    for (colon++; colon < stop && (*colon == ' ' || *colon == '\t'); colon++) continue;
    while (stop > colon && (stop[-1] == '\r' || stop[-1] == ' ' || stop[-1] == '\t')) stop--;
    *value = colon;
    *value_len = (size_t)(stop - colon);
    return 1;
  }
  return 0;
}

/* Lets a sender go on that was held back; its bytes may arrive inside. */
static void resume(sk_transfer *t) {
  if (!t->paused || t->queued > SK_LOW_WATER || t->easy == NULL) return;
  t->paused = 0;
  sk_transfer_go_on(t);
}

int sk_transfer_event(sk_transfer *t, sk_event *e) {
  sk_node *node = t->first;
  sk_node_free(t->current);
  t->current = node;
  if (node == NULL) return 0;
  t->first = node->next;
  if (t->first == NULL) t->last = NULL;
  t->queued -= node->size;
  *e = node->event;
  resume(t);
  return 1;
}

void sk_transfer_chunk_taken(sk_transfer *t) {
  t->received.len = 0;
  t->queued = 0;
  resume(t);
}

/* --- a body in pieces -------------------------------------------------------------- */

int sk_transfer_hungry(const sk_transfer *t) {
  return t->producing && !t->body_ended && !t->done && t->easy &&
         t->body.len - t->body_at < SK_LOW_WATER;
}

sk_status sk_transfer_write(sk_transfer *t, const char *bytes, size_t n) {
  sk_status rc;
  if (t->done) return SK_OK; /* the end tells why */
  if (t->body_at) {
    sk_buf_shift(&t->body, t->body_at);
    t->body_at = 0;
  }
  rc = sk_buf_add(&t->body, bytes, n);
  if (rc == SK_OK && n == 0) t->body_ended = 1;
  if (rc == SK_OK && t->starving && t->easy) {
    t->starving = 0;
    sk_transfer_go_on(t);
  }
  return rc;
}
