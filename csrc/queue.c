/*
** queue.c - whose turn it is, and until when: transfers wait here for a place
** at their host, first come first served, and each has its deadline.
**
** libcurl could do both, but a handle that it holds back for want of a
** connection is blind to its own timeout.
*/
#include <stdlib.h>
#include <string.h>

#include "loop.h"

/* --- hosts -------------------------------------------------------------------- */

sk_host *sk_host_of(sk_loop *l, const char *origin, size_t n) {
  sk_host *h;
  for (h = l->hosts; h; h = h->next)
    if (h->length == n && memcmp(h->origin, origin, n) == 0) return h;
  h = (sk_host *)calloc(1, sizeof *h + n);
  if (h == NULL) return NULL;
  h->length = n;
  memcpy(h->origin, origin, n);
  h->next = l->hosts;
  l->hosts = h;
  return h;
}

void sk_host_drop_if_idle(sk_loop *l, sk_host *h) {
  sk_host **at;
  if (h->active || h->first) return;
  for (at = &l->hosts; *at != h; at = &(*at)->next) continue;
  *at = h->next;
  free(h);
}

void sk_host_queue(sk_transfer *t) {
  sk_host *h = t->host;
  t->next_waiting = NULL;
  t->prev_waiting = h->last;
  t->waiting = 1;
  if (h->last)
    h->last->next_waiting = t;
  else
    h->first = t;
  h->last = t;
}

void sk_host_unqueue(sk_transfer *t) {
  sk_host *h = t->host;
  if (!t->waiting) return;
  if (t->prev_waiting)
    t->prev_waiting->next_waiting = t->next_waiting;
  else
    h->first = t->next_waiting;
  if (t->next_waiting)
    t->next_waiting->prev_waiting = t->prev_waiting;
  else
    h->last = t->prev_waiting;
  t->waiting = 0;
}

/* --- deadlines: a binary heap, earliest first ------------------------------------ */

static void put(sk_loop *l, int i, sk_transfer *t) {
  l->heap[i] = t;
  t->heap_at = i + 1;
}

static void up(sk_loop *l, int i) {
  sk_transfer *t = l->heap[i];
  while (i > 0 && l->heap[(i - 1) / 2]->due > t->due) {
    put(l, i, l->heap[(i - 1) / 2]);
    i = (i - 1) / 2;
  }
  put(l, i, t);
}

static void down(sk_loop *l, int i) {
  sk_transfer *t = l->heap[i];
  for (;;) {
    int child = 2 * i + 1;
    if (child >= l->heap_len) break;
    if (child + 1 < l->heap_len && l->heap[child + 1]->due < l->heap[child]->due) child++;
    if (l->heap[child]->due >= t->due) break;
    put(l, i, l->heap[child]);
    i = child;
  }
  put(l, i, t);
}

sk_status sk_deadline_room(sk_loop *l) {
  sk_transfer **heap;
  int cap = l->heap_cap ? l->heap_cap * 2 : 64;
  if (l->count < l->heap_cap) return SK_OK;
  heap = (sk_transfer **)realloc(l->heap, sizeof *heap * (size_t)cap);
  if (heap == NULL) return SK_NOMEM;
  l->heap = heap;
  l->heap_cap = cap;
  return SK_OK;
}

/* When the transfer has to be looked at: its deadline, or an idle time after
   the last byte. Negative: never. */
double sk_transfer_due(const sk_transfer *t) {
  int counts = t->options.idle > 0 && t->easy && !t->paused && !t->starving;
  double idle = counts ? t->alive + t->options.idle : -1;
  if (t->deadline < 0) return idle;
  return idle >= 0 && idle < t->deadline ? idle : t->deadline;
}

void sk_deadline_set(sk_loop *l, sk_transfer *t) {
  t->due = sk_transfer_due(t);
  if (t->due < 0) return;
  l->heap[l->heap_len] = t;
  up(l, l->heap_len++);
}

void sk_deadline_clear(sk_loop *l, sk_transfer *t) {
  int i = t->heap_at - 1;
  if (i < 0) return;
  t->heap_at = 0;
  if (i == --l->heap_len) return;
  put(l, i, l->heap[l->heap_len]);
  up(l, i);
  down(l, i);
}

double sk_deadline_next(const sk_loop *l) {
  return l->heap_len ? l->heap[0]->due : -1;
}

sk_transfer *sk_deadline_passed(sk_loop *l, double now) {
  while (l->heap_len && l->heap[0]->due <= now) {
    sk_transfer *t = l->heap[0];
    double due = sk_transfer_due(t);
    if (due >= 0 && due <= now) return t;
    t->due = due; /* bytes came in the meantime */
    if (due < 0)
      sk_deadline_clear(l, t);
    else
      down(l, 0);
  }
  return NULL;
}
