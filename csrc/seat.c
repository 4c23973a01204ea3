/*
** seat.c - easy handles at rest and at work: what one has been told once need not be told
** again. easy.c is about what they are told.
*/
#include <stdlib.h>

#include "loop.h"

void sk_seat_free(sk_seat *s) {
  curl_easy_cleanup(s->easy);
  sk_buf_free(&s->url);
  free(s);
}

static sk_seat *new_seat(void) {
  sk_seat *s = (sk_seat *)calloc(1, sizeof *s);
  if (s == NULL) return NULL;
  sk_buf_init(&s->url, SK_MAX_URL);
  s->easy = curl_easy_init();
  if (s->easy) return s;
  free(s);
  return NULL;
}

/* The handle at rest that serves best: one of the same profile needs no setting up. */
static sk_seat *pick(sk_loop *l, unsigned long profile) {
  sk_seat *s;
  int i = l->idle_len - 1;
  if (i < 0) return new_seat();
  while (i > 0 && l->idle[i]->profile != profile) i--;
  s = l->idle[i];
  l->idle[i] = l->idle[--l->idle_len];
  if (s->profile == profile) return s;
  curl_easy_reset(s->easy);
  s->profile = 0;
  s->url.len = s->most = 0;
  s->is_odd = 0;
  return s;
}

int sk_easy_take(sk_loop *l, sk_transfer *t) {
  sk_seat *s = pick(l, t->profile->id);
  if (s == NULL) return 0;
  if ((s->profile || sk_easy_profile(s, l, &t->profile->options)) && sk_easy_request(s, t)) {
    s->profile = t->profile->id;
    t->seat = s;
    t->easy = s->easy;
    return 1;
  }
  sk_seat_free(s); /* half set up: nobody may use it */
  return 0;
}

sk_transfer *sk_easy_transfer(CURL *e) {
  sk_seat *s = NULL;
  curl_easy_getinfo(e, CURLINFO_PRIVATE, &s);
  return s ? s->t : NULL;
}

static void spoil(sk_seat *s) {
  s->is_odd = 1;
  curl_easy_setopt(s->easy, CURLOPT_FORBID_REUSE, 1L);
}

void sk_easy_spoil(sk_transfer *t) {
  spoil(t->seat);
}

int sk_easy_restart(sk_loop *l, sk_transfer *t) {
  curl_multi_remove_handle(l->multi, t->easy);
  t->seat->is_odd = 1;
  curl_easy_setopt(t->easy, CURLOPT_FRESH_CONNECT, 1L);
  t->seat->message[0] = 0;
  return curl_multi_add_handle(l->multi, t->easy) == CURLM_OK;
}

/* libcurl 7.83 to 8.0.1 remembers in a handle the last header line of its last answer,
   which is freed by then, and looks there when the next answer begins with a line that
   continues one. */
static int may_rest(const sk_transfer *t) {
  unsigned version;
  if (t->profile->options.trusted) return 1;
  version = curl_version_info(CURLVERSION_NOW)->version_num;
  return version < 0x075300 || version > 0x080001;
}

void sk_easy_give(sk_loop *l, sk_transfer *t) {
  sk_seat *s = t->seat;
  CURL *e = t->easy;
  t->seat = NULL;
  t->easy = NULL;
  if (s == NULL || l->multi == NULL) return; /* in a forked child it is abandoned */
  /* libcurl keeps the RST_STREAM of a stream that is broken off until somebody else
     uses the connection; without others the peer shall see that go at once */
  if (!t->over) spoil(s);
  curl_multi_remove_handle(l->multi, e);
  if (l->idle_len == SK_EASY_POOL || !may_rest(t)) {
    sk_seat_free(s);
    return;
  }
  /* it is told of the next body before it runs again; of this one it shall not know */
  s->t = NULL;
  s->bearer.data = NULL;
  s->bearer.next = NULL;
  if (t->producing) {
    curl_easy_reset(s->easy);
    s->profile = 0;
    s->url.len = s->most = 0;
    s->is_odd = 0;
  }
  l->idle[l->idle_len++] = s;
}
