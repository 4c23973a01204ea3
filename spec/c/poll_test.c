/*
** poll_test.c - what is ready is told, by poll and by the kernel's set alike, and
** nobody waits for ever behind those who are ready all the time.
*/
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "count.h"
#include "loop.h"

enum { MANY = 100, CAP = 256, ROUNDS = 20000 };

typedef struct pair {
  int fd, peer;
  int want, full; /* what there is interest in; whether there is something to read */
} pair;

static void open_pair(sk_poller *p, pair *a) {
  int fds[2];
  CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
  a->fd = fds[0];
  a->peer = fds[1];
  a->want = a->full = 0;
  sk_poller_opened(p, a->fd);
}

static void close_pair(sk_poller *p, pair *a) {
  sk_poller_drop(p, a->fd);
  close(a->fd);
  close(a->peer);
}

/* Both: whether that could be. */
static int want(sk_poller *p, pair *a, int events) {
  a->want = events;
  return sk_poller_want(p, a->fd, events) == SK_OK;
}

static int fill(pair *a) {
  int ok = a->full || write(a->peer, "x", 1) == 1;
  a->full = 1;
  return ok;
}

static void nobody_starves(int outside) {
  pair pairs[MANY];
  char seen[CAP] = {0};
  sk_ready ready[SK_READY];
  sk_poller p;
  int i, k, n, distinct = 0;
  CHECK(sk_poller_open(&p) == SK_OK);
  p.outside = outside;
  for (i = 0; i < MANY; i++) {
    open_pair(&p, &pairs[i]);
    CHECK(want(&p, &pairs[i], SK_READ) && fill(&pairs[i]));
  }
  for (k = 0; k < 4; k++) { /* and nobody reads */
    n = sk_poller_wait(&p, 0, ready);
    for (i = 0; i < n; i++) {
      distinct += !seen[ready[i].fd];
      seen[ready[i].fd] = 1;
    }
  }
  CHECK(distinct == MANY);
  for (i = 0; i < MANY; i++) close_pair(&p, &pairs[i]);
  sk_poller_close(&p);
}

/* In how many cases what the poller says is not what is so. */
static int differences(sk_poller *p, const pair *pairs, int n) {
  sk_ready ready[SK_READY];
  int events[CAP] = {0}, i, wrong = 0, count = sk_poller_wait(p, 0, ready);
  for (i = 0; i < count; i++) events[ready[i].fd] |= ready[i].events;
  for (i = 0; i < n; i++) {
    const pair *a = &pairs[i];
    int expected = (a->want & SK_WRITE) | (a->full ? a->want & SK_READ : 0);
    wrong += events[a->fd] != expected;
  }
  return wrong;
}

static void says_what_is_so(void) {
  pair pairs[40];
  const int n = (int)(sizeof pairs / sizeof *pairs);
  sk_poller p;
  char byte;
  int i, round, wrong = 0, refused = 0;
  srand(1);
  CHECK(sk_poller_open(&p) == SK_OK);
  for (i = 0; i < n; i++) open_pair(&p, &pairs[i]);
  for (round = 0; round < ROUNDS; round++) {
    pair *a = &pairs[rand() % n];
    switch (rand() % 8) {
      case 0: case 1: case 2: refused += !want(&p, a, rand() % 4); break;
      case 3: refused += !fill(a); break;
      case 4:
        if (a->full) refused += read(a->fd, &byte, 1) != 1;
        a->full = 0;
        break;
      case 5:
        close_pair(&p, a);
        open_pair(&p, a); /* most often of the same number */
        break;
      case 6: p.outside = rand() % 2; break;
      default: wrong += differences(&p, pairs, n);
    }
  }
  CHECK(refused == 0);
  CHECK(wrong == 0);
  for (i = 0; i < n; i++) close_pair(&p, &pairs[i]);
  CHECK(p.wanted_len == 0);
  sk_poller_close(&p);
}

int main(void) {
  nobody_starves(0);
  nobody_starves(1);
  says_what_is_so();
  return report();
}
