/*
** loop.c - a multi handle, what it waits for, and what it has to tell.
*/
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "loop.h"

double sk_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

const char *sk_http_library(void) {
  return curl_version();
}

/* --- libcurl's callbacks: they take notes, nothing more --------------------- */

static int on_socket(CURL *easy, curl_socket_t fd, int what, void *ud, void *sp) {
  sk_loop *l = (sk_loop *)ud;
  int events = what == CURL_POLL_REMOVE ? 0
               : what == CURL_POLL_IN   ? SK_READ
               : what == CURL_POLL_OUT  ? SK_WRITE
                                        : SK_READ | SK_WRITE;
  (void)easy;
  (void)sp;
  return sk_poller_want(&l->poller, (int)fd, events) == SK_NOMEM ? -1 : 0;
}

static int on_timer(CURLM *multi, long ms, void *ud) {
  sk_loop *l = (sk_loop *)ud;
  (void)multi;
  l->due = ms <= 0 ? (double)ms : sk_now() + (double)ms / 1000; /* 0: at once */
  return 0;
}

/* --- opening, closing, forking ------------------------------------------------ */

static pthread_once_t once = PTHREAD_ONCE_INIT;

/* Never undone: others in the process use libcurl too. */
static void global_init(void) {
  curl_global_init(CURL_GLOBAL_DEFAULT);
}

static CURLM *new_multi(sk_loop *l) {
  CURLM *multi = curl_multi_init();
  if (multi == NULL) return NULL;
  curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, on_socket);
  curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, l);
  curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, on_timer);
  curl_multi_setopt(multi, CURLMOPT_TIMERDATA, l);
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, l->limits.pool);
  return multi;
}

/* The kernel empties this page in a forked child, which saves a getpid for every look. */
static int *new_stamp(void) {
#ifdef MADV_WIPEONFORK
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  void *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return NULL;
  if (madvise(page, size, MADV_WIPEONFORK) == 0) return (int *)page;
  munmap(page, size);
#endif
  return NULL;
}

static void drop_stamp(sk_loop *l) {
  if (l->stamp) munmap(l->stamp, (size_t)sysconf(_SC_PAGESIZE));
}

static sk_status acquire(sk_loop *l) {
  l->due = -1;
  l->broken = 0;
  if (sk_poller_open(&l->poller) != SK_OK) return SK_NOMEM;
  if ((l->multi = new_multi(l)) == NULL) {
    sk_poller_close(&l->poller);
    return SK_NOMEM;
  }
  l->pid = (long)getpid();
  if (l->stamp) *l->stamp = 1;
  l->generation++;
  return SK_OK;
}

sk_loop *sk_loop_open(const sk_loop_limits *limits) {
  sk_loop *l;
  pthread_once(&once, global_init);
  l = (sk_loop *)calloc(1, sizeof *l);
  if (l == NULL) return NULL;
  l->limits = *limits;
  l->stamp = new_stamp();
  if (acquire(l) != SK_OK) {
    drop_stamp(l);
    free(l);
    return NULL;
  }
  return l;
}

static void drop_spare(sk_loop *l) {
  while (l->spare) {
    sk_transfer *t = l->spare;
    l->spare = t->next;
    sk_transfer_destroy(t);
  }
}

static void drop_hosts(sk_loop *l) {
  while (l->hosts) {
    sk_host *h = l->hosts;
    l->hosts = h->next;
    free(h);
  }
}

void sk_loop_close(sk_loop *l) {
  if (l == NULL) return;
  if (sk_loop_mine(l) != SK_OK) {
    drop_spare(l);
    drop_stamp(l);
    free(l->heap);
    free(l);
    return;
  }
  while (l->all) sk_transfer_orphan(l->all, "cancelled", "the loop was closed");
  drop_hosts(l);
  drop_spare(l);
  while (l->idle_len) sk_seat_free(l->idle[--l->idle_len]);
  curl_multi_cleanup(l->multi);
  sk_poller_close(&l->poller);
  drop_stamp(l);
  free(l->heap);
  free(l);
}

sk_status sk_loop_mine(sk_loop *l) {
  if (l->stamp ? *l->stamp : l->pid == (long)getpid()) return SK_OK;
  /* The multi and its easy handles are abandoned, not cleaned up: that would
     say goodbye on the parent's connections. Only descriptors are closed. */
  l->multi = NULL;
  l->idle_len = 0;
  while (l->all) sk_transfer_orphan(l->all, "cancelled", "it belongs to the parent process");
  drop_hosts(l);
  sk_poller_close(&l->poller);
  return acquire(l);
}

/* --- news --------------------------------------------------------------------- */

void sk_loop_announce(sk_loop *l, sk_transfer *t) {
  l->announced++;
  if (t->in_news) return;
  t->in_news = 1;
  t->next_news = NULL;
  t->prev_news = l->news_tail;
  if (l->news_tail)
    l->news_tail->next_news = t;
  else
    l->news_head = t;
  l->news_tail = t;
}

void sk_loop_unannounce(sk_loop *l, sk_transfer *t) {
  if (!t->in_news) return;
  if (t->prev_news)
    t->prev_news->next_news = t->next_news;
  else
    l->news_head = t->next_news;
  if (t->next_news)
    t->next_news->prev_news = t->prev_news;
  else
    l->news_tail = t->prev_news;
  t->in_news = 0;
}

unsigned long sk_loop_news(sk_loop *l) {
  sk_transfer *t;
  while ((t = l->news_head) != NULL) {
    unsigned long tag = t->tag;
    sk_loop_unannounce(l, t);
    t->tag = 0;
    if (tag) return tag;
  }
  sk_poller_bell(&l->poller, 0);
  return 0;
}

void sk_loop_ring(sk_loop *l) {
  if (l->news_head) sk_poller_bell(&l->poller, 1);
}

void sk_loop_nudge(sk_loop *l) {
  sk_poller_bell(&l->poller, 1);
}

/* --- working -------------------------------------------------------------------- */

static void collect(sk_loop *l) {
  CURLMsg *m;
  int left;
  while ((m = curl_multi_info_read(l->multi, &left)) != NULL) {
    sk_seat *s = NULL;
    CURLcode code;
    if (m->msg != CURLMSG_DONE) continue;
    code = m->data.result; /* m dies with the next libcurl call */
    curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &s);
    if (s && s->t) sk_transfer_finish(s->t, code);
  }
}

static void act(sk_loop *l, curl_socket_t fd, int mask) {
  int running;
  if (curl_multi_socket_action(l->multi, fd, mask, &running) != CURLM_OK) l->broken = 1;
}

static void run_timer(sk_loop *l) {
  if (l->due < 0 || (l->due > 0 && l->due > sk_now())) return;
  l->due = -1;
  act(l, CURL_SOCKET_TIMEOUT, 0);
}

/* A multi handle that found no memory in the middle of an action may wait for
   nothing for ever, and some versions crash when it goes on: what runs on it
   ends, and a new one takes its place. */
static void mend(sk_loop *l) {
  CURLM *old = l->multi, *fresh;
  sk_transfer *t;
  if (!l->broken || (fresh = new_multi(l)) == NULL) return; /* the next step tries again */
  for (t = l->all; t; t = t->next) {
    t->stranded = t->easy != NULL;
    if (t->stranded) curl_multi_remove_handle(old, t->easy);
  }
  l->multi = fresh;
  curl_multi_cleanup(old);
  l->broken = 0;
  l->due = -1;
  for (t = l->all; t; t = t->next)
    if (t->stranded) sk_transfer_break(t); /* and who waits for its place, runs */
}

/* A socket stays ready until the kernel hears that nobody cares any more; and who
   is always busy must not keep timers and deadlines from their turn. */
static int run_sockets(sk_loop *l, int timeout_ms) {
  sk_ready ready[SK_READY];
  int i, n, rounds = 16;
  do {
    n = sk_poller_wait(&l->poller, timeout_ms, ready);
    for (i = 0; i < n; i++) {
      int e = ready[i].events, mask = 0;
      if (e & SK_READ) mask |= CURL_CSELECT_IN;
      if (e & SK_WRITE) mask |= CURL_CSELECT_OUT;
      if (e & SK_ERROR) mask |= CURL_CSELECT_ERR;
      act(l, ready[i].fd, mask);
    }
    timeout_ms = 0;
  } while (n == SK_READY && --rounds > 0);
  return n;
}

static void run_deadlines(sk_loop *l) {
  double next = sk_deadline_next(l);
  sk_transfer *t;
  if (next < 0 || next > sk_now()) return;
  while ((t = sk_deadline_passed(l, sk_now())) != NULL) sk_transfer_expire(t);
}

/* -1 is never: the earlier of two times, or of two spans. */
static double sooner(double a, double b) {
  return a < 0 || (b >= 0 && b < a) ? b : a;
}

/* Until libcurl or a deadline wants a step, whatever news there is. */
static double next_step(sk_loop *l) {
  double due = sooner(l->due, sk_deadline_next(l)), left;
  if (due <= 0) return due;
  left = due - sk_now();
  return left > 0 ? left : 0;
}

double sk_loop_timeout(sk_loop *l) {
  double left = next_step(l);
  sk_poller_apply(&l->poller);
  return l->news_head ? 0 : left;
}

unsigned long sk_loop_generation(const sk_loop *l) {
  return l->generation;
}

size_t sk_loop_count(const sk_loop *l) {
  return (size_t)l->count;
}

size_t sk_loop_tags(const sk_loop *l, unsigned long *tags, size_t n) {
  const sk_transfer *t;
  size_t i = 0;
  for (t = l->all; t && i < n; t = t->next) tags[i++] = t->tag;
  return i;
}

int sk_loop_pollfd(sk_loop *l) {
  l->poller.outside = 1;
  return l->poller.outer - 1;
}

void sk_loop_step(sk_loop *l) {
  run_timer(l);
  (void)run_sockets(l, 0);
  run_timer(l);
  collect(l);
  mend(l);
  run_deadlines(l);
  if (l->poller.outside) sk_poller_apply(&l->poller); /* somebody may be waiting already */
}

/* For poll and epoll: never too early, never endless by overflow. */
static int to_ms(double seconds) {
  return seconds < 0 ? -1 : seconds > 86400 ? 86400000 : (int)(seconds * 1000 + 0.999);
}

void sk_loop_wait(sk_loop *l, double seconds) {
  unsigned long before = l->announced;
  run_timer(l);
  collect(l);
  mend(l);
  /* Older news is no reason not to wait: it belongs to somebody else. */
  if (l->announced != before) seconds = 0;
  (void)run_sockets(l, to_ms(sooner(next_step(l), seconds)));
  run_timer(l);
  collect(l);
  mend(l);
  run_deadlines(l);
}

void sk_loop_wait_any(sk_loop *const *loops, int n, double seconds) {
  struct pollfd fds[64];
  int i;
  if (n > 64) n = 64;
  for (i = 0; i < n; i++) {
    fds[i].fd = sk_loop_pollfd(loops[i]);
    fds[i].events = POLLIN;
    seconds = sooner(seconds, sk_loop_timeout(loops[i]));
  }
  (void)poll(fds, (nfds_t)n, to_ms(seconds));
  for (i = 0; i < n; i++) sk_loop_step(loops[i]);
}
