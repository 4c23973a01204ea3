/*
** http.h - one HTTP transfer, and the loop that runs any number of them.
** Needs libcurl. Knows nothing of Lua.
**
** A loop looks from outside like one descriptor that polls readable, one
** "wake me by" time and one step that does all work that is ready. Nothing
** here calls back into its user: a step queues, the user drains.
*/
#ifndef SK_HTTP_H
#define SK_HTTP_H

#include "wire.h"

#pragma GCC visibility push(hidden)

typedef struct sk_loop sk_loop;
typedef struct sk_transfer sk_transfer;

/* Seconds on the monotonic clock. */
double sk_now(void);
/* What libcurl is made of: "libcurl/7.88.1 OpenSSL/3.0.11 …". */
const char *sk_http_library(void);

/* --- the loop (loop.c, poll.c) ---------------------------------------------- */

typedef struct sk_loop_limits {
  long host_connections; /* transfers to one origin at once; the others wait  */
  long pool;             /* idle connections kept                             */
} sk_loop_limits;

/* NULL: out of memory or of descriptors. */
sk_loop *sk_loop_open(const sk_loop_limits *limits);
/* Transfers of the loop that still exist end as "cancelled". */
void sk_loop_close(sk_loop *l);

/*
** After a fork the child must never touch the parent's sockets: abandons what
** was inherited and opens anew; inherited transfers end as "forked". Called
** before any other use. SK_NOMEM: the new loop could not be opened.
*/
sk_status sk_loop_mine(sk_loop *l);

int sk_loop_pollfd(sk_loop *l);
/* Seconds until the loop wants a step, negative for never. To be asked before
** every wait on pollfd: it also tells the kernel what to watch. */
double sk_loop_timeout(sk_loop *l);
/* Does all work that is ready; never blocks. */
void sk_loop_step(sk_loop *l);
/* Steps, then waits at most `seconds` (negative: as long as it takes) for the
** next work, and does it. Returns early on a signal, so that a host's own
** handler gets its turn. */
void sk_loop_wait(sk_loop *l, double seconds);
/* The same for up to 64 loops; with none it just sleeps. */
void sk_loop_wait_any(sk_loop *const *loops, int n, double seconds);
/* 1, and one more after each fork: transfers of an earlier one are over. */
unsigned long sk_loop_generation(const sk_loop *l);
/* The tag of a transfer with news that nobody has looked at, of those that have one,
** which it has no more; 0: there is none. */
unsigned long sk_loop_news(sk_loop *l);
/* How many transfers exist, and the tags of at most n of them; how many those are. */
size_t sk_loop_count(const sk_loop *l);
size_t sk_loop_tags(const sk_loop *l, unsigned long *tags, size_t n);
/* Makes pollfd readable while news waits: called when somebody who drove the
** loop for one transfer leaves. */
void sk_loop_ring(sk_loop *l);
/* Makes pollfd readable until the news has been asked for: whoever waits there
** looks again, since what it waits for has changed. */
void sk_loop_nudge(sk_loop *l);

/* --- what the requests of one transport share (profile.c) ---------------------- */

typedef struct sk_profile sk_profile;

typedef struct sk_profile_options {
  const char *ca_file, *cert_file, *key_file, *proxy; /* copied; NULL: the default */
  const char *no_proxy; /* of the environment, loopback added; filled in where that
                          names a proxy                                       */
  long connect_ms; /* until connected; 0: libcurl's default                        */
  int http1;       /* do not offer HTTP/2                                          */
  int trusted;     /* its servers send no header lines made to break a libcurl     */
  int tls13;       /* no TLS below 1.3                                             */
} sk_profile_options;

/* Counted references: each transfer holds one. NULL: out of memory. */
sk_profile *sk_profile_new(sk_loop *l, const sk_profile_options *o);
void sk_profile_release(sk_profile *p);

typedef struct sk_headers sk_headers;

/* Header lines, for one request or any number. NULL: out of memory. */
sk_headers *sk_headers_new(void);
void sk_headers_release(sk_headers *h);
/* SK_INVALID: a byte that could start another header. */
sk_status sk_headers_add(sk_headers *h, const char *name, size_t name_len, const char *value,
                         size_t value_len);

/* --- one transfer (transfer.c, request.c, answer.c) ------------------------------ */

typedef struct sk_transfer_options {
  const char *method;    /* copied                                              */
  double timeout;        /* seconds for all of it, waiting included; 0: none    */
  double idle;           /* seconds without a byte while it runs; 0: none       */
  size_t max_body;       /* decompressed bytes of a body, all in all            */
  size_t max_event;      /* bytes of one event of a stream                      */
  int stream;            /* 1: hand an event-stream answer on event by event,
                            2: hand any successful answer on as it comes         */
  int once;              /* never send it twice                                 */
  int producing;         /* the body follows, by sk_transfer_write              */
} sk_transfer_options;

/* Perhaps one that the loop has spared. NULL: out of memory. */
sk_transfer *sk_transfer_new(sk_loop *l);
/* Cancels it where it still runs. Wipes what it sent and got. */
void sk_transfer_free(sk_transfer *t);

/* http and https only, no user name, no white space: else SK_INVALID. */
sk_status sk_transfer_url(sk_transfer *t, const char *url, size_t n);
void sk_transfer_headers(sk_transfer *t, sk_headers *h);
/* Authorization: Bearer <token> */
sk_status sk_transfer_bearer(sk_transfer *t, const char *token, size_t n);
sk_status sk_transfer_body(sk_transfer *t, const char *bytes, size_t n);
sk_status sk_transfer_submit(sk_loop *l, sk_transfer *t, sk_profile *p,
                             const sk_transfer_options *o);

/* What its user knows it by while he waits for its news; 0: he does not, or it is
** closed or the parent's. */
void sk_transfer_set_tag(sk_transfer *t, unsigned long tag);
unsigned long sk_transfer_tag(const sk_transfer *t);
/* True while there is something for the owner to do: take the head of a
** stream, an event, a chunk, the end; or write more of the body. */
int sk_transfer_ready(const sk_transfer *t);
int sk_transfer_done(const sk_transfer *t);
/* True once something of the request may have reached the peer. */
int sk_transfer_sent(const sk_transfer *t);
/* To be called before anything that may wake libcurl: in a forked child it
** ends the transfer, which is the parent's. */
void sk_transfer_mine(sk_transfer *t);
/* Not 0 once the head of an answer is here that is handed on as `stream` says;
** to have asked counts as having looked at it. */
int sk_transfer_streaming(sk_transfer *t);

typedef struct sk_failure {
  const char *kind;    /* NULL: no failure; else a kind of scalekit.error      */
  const char *message;
  int unknown;         /* the request may have reached the peer                */
} sk_failure;

sk_failure sk_transfer_failure(const sk_transfer *t);
long sk_transfer_status(const sk_transfer *t);
/* What it was told to ask: its URL, n bytes; and its body, NULL where it has none. */
const char *sk_transfer_asked(const sk_transfer *t, size_t *n, const sk_buf **body);
const sk_buf *sk_transfer_received(const sk_transfer *t);
/* The header lines of the final answer. */
const sk_buf *sk_transfer_head(const sk_transfer *t);
/* Walks header lines; *at starts at 0. */
int sk_next_header(const char *head, size_t n, size_t *at, const char **name, size_t *name_len,
                   const char **value, size_t *value_len);
/* Moves the next event of a stream out; 0: none is here. The pointers live
** until the next call. Resumes a sender that was held back. */
int sk_transfer_event(sk_transfer *t, sk_event *e);
/* What sk_transfer_received showed of a chunk stream has been taken. */
void sk_transfer_chunk_taken(sk_transfer *t);

/* True while the sender would like the next piece of a body. */
int sk_transfer_hungry(const sk_transfer *t);
/* The next piece; none (n = 0) ends the body. */
sk_status sk_transfer_write(sk_transfer *t, const char *bytes, size_t n);

#pragma GCC visibility pop

#endif
