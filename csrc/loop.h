/*
** loop.h - between loop.c, poll.c and transfer.c; nobody else includes it.
*/
#ifndef SK_LOOP_H
#define SK_LOOP_H

#include <curl/curl.h>

#include "http.h"

#pragma GCC visibility push(hidden)

/* --- poll.c: which descriptors to watch, told to the kernel as late as can be */

enum { SK_READ = 1, SK_WRITE = 2, SK_ERROR = 4 };

typedef struct sk_watch {
  unsigned char want, have, dirty;
} sk_watch;

typedef struct sk_poller {
  int set;  /* the kernel's set + 1; 0: closed                       */
  int outer; /* the set that holds `set` and the bell, + 1            */
  int bell;  /* + 1                                                  */
  int rung;
  sk_watch *watch; /* by descriptor                                   */
  int watch_cap;
  int *dirty; /* descriptors whose want and have may differ           */
  int dirty_len, dirty_cap;
} sk_poller;

typedef struct sk_ready {
  int fd, events;
} sk_ready;

sk_status sk_poller_open(sk_poller *p);
/* Closes, but never edits the sets: a forked child shares them with its parent. */
void sk_poller_close(sk_poller *p);
/* Remembers the interest; the kernel hears of it in sk_poller_apply. */
sk_status sk_poller_want(sk_poller *p, int fd, int events);
/* The descriptor was opened or closed behind our back: the kernel has
** dropped what it knew. */
void sk_poller_forget(sk_poller *p, int fd);
void sk_poller_apply(sk_poller *p);
/* At most `cap` ready descriptors; -1: a signal came. */
int sk_poller_wait(sk_poller *p, int timeout_ms, sk_ready *out, int cap);
void sk_poller_bell(sk_poller *p, int on);

/* --- loop.c ------------------------------------------------------------------ */

enum { SK_EASY_POOL = 64 };

struct sk_loop {
  CURLM *multi;
  sk_poller poller;
  sk_loop_limits limits;
  long pid;
  double due;  /* when libcurl wants its timeout action; negative: never */
  sk_transfer *all, *news_head, *news_tail;
  unsigned long last_id;
  CURL *idle[SK_EASY_POOL];
  int idle_len;
};

/* Queues t among those with news, once. */
void sk_loop_announce(sk_loop *l, sk_transfer *t);
void sk_loop_unannounce(sk_loop *l, sk_transfer *t);

/* --- transfer.c ----------------------------------------------------------------- */

typedef struct sk_node {
  struct sk_node *next;
  sk_event event; /* its pointers lead behind this struct */
  size_t size;
} sk_node;

struct sk_transfer {
  sk_loop *loop; /* NULL: not submitted, finished with, or orphaned */
  CURL *easy;
  struct curl_slist *headers;
  sk_transfer *next, *prev;           /* all transfers of the loop */
  sk_transfer *next_news;
  unsigned long id;
  sk_buf url, body, head, received;
  size_t head_total;
  sk_sse sse;
  sk_node *first, *last, *current;
  size_t queued;
  sk_transfer_options options;
  long status;
  double started;
  const char *kind;
  char message[CURL_ERROR_SIZE];
  unsigned char in_news, done, unknown, paused, too_large, has_body;
  unsigned char head_taken, streaming, head_seen;
};

enum {
  SK_MAX_URL = 16 * 1024,
  SK_MAX_HEAD = 64 * 1024 /* the header lines of one answer, 1xx included */
};

/* request.c */
int sk_has_prefix(const char *p, size_t n, const char *lower_case_prefix);
int sk_is_token(const char *p, size_t n);
sk_status sk_transfer_line(sk_transfer *t, const char *line);
void sk_transfer_wipe_headers(sk_transfer *t);

/* answer.c */
void sk_node_free(sk_node *node);

/* transfer.c: libcurl says the transfer is over. */
void sk_transfer_finish(sk_transfer *t, CURLcode code);
/* Ends it without libcurl: its loop closes, or its process forked. */
void sk_transfer_orphan(sk_transfer *t, const char *kind, const char *message);

#pragma GCC visibility pop

#endif
