/*
** answer.c - what a transfer has got: status, header lines, body, events.
*/
#include <stdlib.h>
#include <string.h>

#include "loop.h"

enum { LOW_WATER = 64 * 1024 }; /* queued events below this wake the sender */

void sk_node_free(sk_node *node) {
  if (node == NULL) return;
  sk_wipe(node + 1, node->size - sizeof *node);
  free(node);
}

unsigned long sk_transfer_id(const sk_transfer *t) {
  return t->id;
}

int sk_transfer_ready(const sk_transfer *t) {
  return t->done || t->first || (t->streaming && !t->head_seen);
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

int sk_transfer_next_header(const sk_transfer *t, size_t *at, const char **name,
                            size_t *name_len, const char **value, size_t *value_len) {
  const char *p = t->head.p;
  size_t n = t->head.len;
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

int sk_transfer_event(sk_transfer *t, sk_event *e) {
  sk_node *node = t->first;
  sk_node_free(t->current);
  t->current = node;
  if (node == NULL) return 0;
  t->first = node->next;
  if (t->first == NULL) t->last = NULL;
  t->queued -= node->size;
  *e = node->event;
  if (t->paused && t->queued <= LOW_WATER && t->easy) {
    t->paused = 0; /* the write callback may run inside this call */
    curl_easy_pause(t->easy, CURLPAUSE_CONT);
  }
  return 1;
}
