/*
** loop.h - between loop.c, poll.c and transfer.c; nobody else includes it.
*/
#ifndef SK_LOOP_H
#define SK_LOOP_H

#include <curl/curl.h>

#include "http.h"

#pragma GCC visibility push(hidden)

/* --- poll.c: which descriptors to watch, told to the kernel as late as can be */

enum { SK_READ = 1, SK_WRITE = 2, SK_ERROR = 4, SK_PORTS = 256 };
enum { SK_READY = 128 }; /* descriptors at a time, and as many as poll is asked about */

typedef struct sk_watch {
  unsigned char want, have, dirty;
  unsigned char ours;    /* we see it opened and closed                 */
  unsigned char dropped; /* want has been 0: it may be another by now   */
  unsigned char fresh;   /* opened, and nobody has said what it speaks  */
  unsigned short port;   /* its own, where it speaks HTTP/1; else 0     */
  int place;             /* in sk_poller.wanted, + 1; 0: not there      */
  int next; /* + 1, of the next whose port begins at the same place      */
} sk_watch;

struct pollfd;

typedef struct sk_poller {
  int set;  /* the kernel's set + 1; 0: closed                       */
  int outer; /* the set that holds `set` and the bell, + 1            */
  int bell;  /* + 1                                                  */
  int rung;
  int outside; /* somebody has asked for `outer`, and may wait on it  */
  struct pollfd *wanted; /* what there is interest in, without order  */
  int wanted_len, wanted_cap;
  sk_watch *watch; /* by descriptor                                   */
  int watch_cap;
  int fresh;                /* how many of them are                    */
  int by_port[SK_PORTS];    /* + 1, the first whose port begins there  */
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
/* A new socket, whose end sk_poller_drop will announce. */
void sk_poller_opened(sk_poller *p, int fd);
/* It is about to be closed. A copy may live on in a forked child, so the
** kernel has to be told. */
void sk_poller_drop(sk_poller *p, int fd);
void sk_poller_apply(sk_poller *p);
/* The socket with that local port speaks HTTP/1: between two answers it is silent. */
void sk_poller_silent(sk_poller *p, int port);
/* True where such a socket has something to read all the same. */
int sk_poller_noisy(sk_poller *p, int port);
/* Ready descriptors, how many; -1: a signal came. What is wanted is looked at, whether
** the kernel has heard of it or not. Where there are too many the others come next. */
int sk_poller_wait(sk_poller *p, int timeout_ms, sk_ready out[SK_READY]);
void sk_poller_bell(sk_poller *p, int on);

/* --- loop.c ------------------------------------------------------------------ */

enum {
  SK_EASY_POOL = 256,
  SK_SPARE = 256,
  SK_SPARE_BUF = 16 * 1024, /* larger buffers are not kept */
  SK_MAX_URL = 16 * 1024,
  SK_MAX_HEAD = 64 * 1024, /* the header lines of one answer, 1xx included      */
  SK_HIGH_WATER = 256 * 1024, /* queued bytes beyond this stop the sender        */
  SK_LOW_WATER = 64 * 1024    /* and below this it may go on                     */
};

/* One origin: how many of its transfers run, and who waits for a place. */
typedef struct sk_host {
  struct sk_host *next;
  sk_transfer *first, *last;
  long active;
  size_t length;
  char origin[1];
} sk_host;

/* An easy handle, with all that it points to: who takes a seat finds the handle
** set up for the transport that used it last, and changes what differs. */
typedef struct sk_seat {
  CURL *easy;
  sk_transfer *t;        /* NULL: it is free                               */
  unsigned long profile; /* the id of what it is set up for; 0: nothing    */
  CURLU *parsed;         /* `url`, or NULL                                 */
  struct curl_slist first, second; /* lines of its own before the shared ones */
  /* what libcurl was told last: */
  sk_buf url;
  char method[16]; /* where it is not the usual one                       */
  size_t body_len, max_body;
  unsigned char kind, fresh, forbidden;
  char message[CURL_ERROR_SIZE];
} sk_seat;

struct sk_loop {
  CURLM *multi;
  sk_poller poller;
  sk_loop_limits limits;
  long pid;
  int *stamp; /* 1 here, 0 in a forked child; NULL: ask getpid */
  unsigned long generation; /* how often it was opened: once, and after each fork */
  int broken;  /* libcurl ran out of memory, and does not know what it waits for */
  double due;  /* when libcurl wants its timeout action; negative: never */
  sk_transfer *all, *news_head, *news_tail;
  int count;           /* transfers in `all`                            */
  sk_transfer *spare;  /* freed ones, whose buffers the next may use    */
  int spare_len;
  sk_host *hosts;
  sk_transfer **heap;
  int heap_len, heap_cap;
  unsigned long last_profile, announced;
  sk_seat *idle[SK_EASY_POOL];
  int idle_len;
};

/* Queues t among those with news, once. */
void sk_loop_announce(sk_loop *l, sk_transfer *t);
void sk_loop_unannounce(sk_loop *l, sk_transfer *t);

/* --- queue.c ------------------------------------------------------------------- */

/* The host of an origin; NULL: out of memory. */
sk_host *sk_host_of(sk_loop *l, const char *origin, size_t n);
void sk_host_drop_if_idle(sk_loop *l, sk_host *h);
void sk_host_queue(sk_transfer *t);
void sk_host_unqueue(sk_transfer *t);

/* Makes room for one transfer more. */
sk_status sk_deadline_room(sk_loop *l);
double sk_transfer_due(const sk_transfer *t);
void sk_deadline_set(sk_loop *l, sk_transfer *t);
void sk_deadline_clear(sk_loop *l, sk_transfer *t);
/* When the next one is due; negative: never. */
double sk_deadline_next(const sk_loop *l);
/* One whose time has passed, or NULL. */
sk_transfer *sk_deadline_passed(sk_loop *l, double now);

/* --- profile.c, request.c, easy.c, callbacks.c, answer.c ----------------------------- */

struct sk_profile {
  long references;
  unsigned long id; /* unique in its loop */
  sk_profile_options options;
};

struct sk_headers {
  long references;
  int encodings; /* the first line says what libcurl can unpack */
  struct curl_slist *list;
};

int sk_has_prefix(const char *p, size_t n, const char *lower_case_prefix);
int sk_is_token(const char *p, size_t n);
/* "Name: value" and a zero byte, appended to `line`. */
sk_status sk_header_line(sk_buf *line, const char *name, size_t name_len, const char *value,
                         size_t value_len);

/* Takes a seat from the loop's pool and sets it up for t; 0: out of memory. */
int sk_easy_take(sk_loop *l, sk_transfer *t);
/* Its connection must not be used again. */
void sk_easy_forbid(sk_transfer *t);
/* Runs it again, on a connection of its own; nothing has been sent yet. */
int sk_easy_restart(sk_loop *l, sk_transfer *t);
/* Gives it back; it forgets t. Never called in a callback. */
void sk_easy_give(sk_loop *l, sk_transfer *t);
void sk_seat_free(sk_seat *s);
/* What libcurl is to call for the handle of s. */
void sk_callbacks_set(CURL *e, sk_seat *s, sk_loop *l);

typedef struct sk_node {
  struct sk_node *next;
  sk_event event; /* its pointers lead behind this struct */
  size_t size;
} sk_node;

void sk_node_free(sk_node *node);

/* --- transfer.c ----------------------------------------------------------------- */

enum { SK_WHOLE = 0, SK_EVENTS, SK_CHUNKS }; /* how the answer is handed on */

struct sk_transfer {
  sk_buf url, auth, body, head, received; /* they outlive a use of the struct */
  sk_loop *loop; /* NULL: orphaned by a loop that was closed, or forked */
  CURL *easy;    /* NULL: not running                               */
  sk_seat *seat; /* where `easy` sits                               */
  sk_host *host;
  sk_profile *profile;
  sk_headers *headers;
  char method[16];
  sk_transfer *next, *prev;           /* all transfers of the loop */
  sk_transfer *next_news, *prev_news, *next_waiting, *prev_waiting;
  unsigned long tag;
  size_t origin; /* how much of `url` names the host        */
  size_t head_total, received_total, body_at;
  sk_sse sse;
  sk_node *first, *last, *current;
  size_t queued;
  sk_transfer_options options;
  long status;
  double started, deadline, due; /* deadline, due: negative for none         */
  double alive;                  /* the last byte, where an idle time counts */
  int heap_at;                   /* + 1                                      */
  const char *kind;
  unsigned char submitted, in_news, waiting, done, unknown, paused, too_large, has_body;
  unsigned char head_taken, streaming, head_seen, attempted;
  unsigned char stale, restarted; /* a kept connection was no good */
  unsigned char over;             /* libcurl is through with it    */
  unsigned char stranded;         /* its multi handle is given up  */
  unsigned char producing, body_ended, starving; /* a body that comes in pieces */
  char message[CURL_ERROR_SIZE]; /* last: only its first byte is set back */
};

/* Frees one that nothing refers to any more. */
void sk_transfer_destroy(sk_transfer *t);
/* libcurl says the transfer is over. */
void sk_transfer_finish(sk_transfer *t, CURLcode code);
/* Lets libcurl go on with what it was told to hold back. */
void sk_transfer_go_on(sk_transfer *t);
/* It ran when memory ran out. */
void sk_transfer_break(sk_transfer *t);
/* Its time has passed. */
void sk_transfer_expire(sk_transfer *t);
/* Ends it without libcurl: its loop closes, or its process forked. */
void sk_transfer_orphan(sk_transfer *t, const char *kind, const char *message);

#pragma GCC visibility pop

#endif
