/*
** server.h - a server that does wrong on request. 127.0.0.1 only.
**
** main in server.c, a connection's bytes in conn.c, certificates in cert.c,
** HTTP/1.1 in http1.c with its faults in raw.c (fixed bytes), acts.c (what takes
** a loop) and bombs.c, HTTP/2 in h2.c with its faults in h2_acts.c, a mix of faults
** in chaos.c, counters in stats.c. One thread a connection.
*/
#ifndef FAULTS_SERVER_H
#define FAULTS_SERVER_H

#include <openssl/ssl.h>
#include <stdatomic.h>
#include <stddef.h>

/* --- stats.c ------------------------------------------------------------------- */

enum { MAX_FAULTS = 160 };

typedef struct stats {
  atomic_long connections, open; /* accepted in all, open now                        */
  atomic_long tokens, requests;  /* token requests, others                           */
  atomic_long bytes_in, bytes_out;
  atomic_long strayed; /* credentials that came to the redirect's target             */
  atomic_long resets;  /* RST_STREAM frames that came                                 */
  atomic_long again;   /* chaos: requests whose number had been seen before           */
} stats;

extern stats seen;
extern atomic_long seen_fault[MAX_FAULTS]; /* requests, by place in the table of faults */
extern atomic_long seen_chaos[32];         /* the same for the mix's                  */

void stats_reset(void);
/* Writes JSON; returns its length. */
size_t stats_write(char *out, size_t size);

/* --- server.c -------------------------------------------------------------------- */

int port_of(const char *name);

/* --- conn.c ------------------------------------------------------------------------- */

typedef struct listener {
  const char *name;
  const char *cert;    /* NULL: plain                                            */
  const char *h2;      /* name of the HTTP/2 fault; NULL: HTTP/1.1                 */
  int tls12, ask_cert; /* nothing above TLS 1.2; demand a client certificate     */
  int abrupt;          /* 1: reset at once, 2: close at once                     */
  int control;         /* answers /stats and /reset, uncounted                   */
  int fd, port;
  SSL_CTX *ctx;
} listener;

typedef struct conn {
  int fd;
  SSL *ssl;
  const listener *from;
  size_t at, len;
  char in[16 * 1024];
} conn;

/* How a connection goes on after an answer. */
typedef enum fate { KEEP, CLOSE, RESET, HOLD } fate;

/* At least one byte; 0 at the end, -1 when broken. */
long conn_read(conn *c, void *out, size_t n);
/* Exactly n bytes: 1, else 0. */
int conn_read_all(conn *c, void *out, size_t n);
/* A line without its end; -1: none, or too long. */
long conn_line(conn *c, char *out, size_t size);
/* All of it: 1; 0: the peer is gone. */
int conn_write(conn *c, const void *bytes, size_t n);
int conn_puts(conn *c, const char *text);
/* Waits until the peer goes, or half a minute. */
void conn_hold(conn *c);
/* Says goodbye as `how` says; not for KEEP. */
void conn_end(conn *c, fate how);
void pause_ms(long ms);

/* --- cert.c ---------------------------------------------------------------------------- */

/* Makes the authority and every certificate; writes dir/ca.pem, dir/client.pem and
** dir/client.key. */
void certs_make(const char *dir);
/* "good", "wrong-host", "expired", "foreign" */
SSL_CTX *cert_context(const listener *l);

/* --- http1.c ----------------------------------------------------------------------------- */

typedef struct request {
  char method[16], path[2048];
  const char *rest; /* what follows /fault/<name> in the path */
  long nth;         /* of this fault since the last reset, from 1 */
  long long length; /* of its body; -1: chunked */
  int credentials;  /* it has an authorization or a cookie */
  int close;        /* it asks for the connection to end */
  long long body;   /* bytes read of it */
  unsigned sum;     /* of those bytes */
} request;

typedef fate (*act)(conn *c, request *r);

typedef struct fault {
  const char *name;
  act run;           /* or NULL, and: */
  const char *head;  /* status and header lines of a proper answer, or NULL */
  const char *bytes; /* its body; without a head, all there is to send */
  size_t n;
  fate then;
  int early; /* called before the body has been read */
} fault;

extern const fault raw_faults[];
extern const fault acted_faults[];
int raw_count(void);
int acted_count(void);

void http1_serve(conn *c);
/* Reads the body; 0: it did not come. */
int http1_body(conn *c, request *r);
/* A whole answer; `headers` is NULL or lines that end in CR LF. */
fate http1_answer(conn *c, int status, const char *headers, const char *body, size_t n);
fate http1_json(conn *c, int status, const char *headers, const char *json);
fate http1_token(conn *c);
/* The answer that every request wants: of a mint, a config or a list. */
fate http1_good(conn *c, const request *r);

/* The bytes that the request brings, whatever they are; where the fault's name is
** followed by a number, the first so many of them, and the others a moment later. */
fate http1_verbatim(conn *c, request *r);

/* bombs.c */
fate bomb_gzip(conn *c, request *r);
fate bomb_br(conn *c, request *r);
fate bomb_zstd(conn *c, request *r);

/* chaos.c */
fate chaos_serve(conn *c, request *r);
const char *chaos_name(int i);

/* --- h2.c ------------------------------------------------------------------------------------ */

enum { H2_DATA, H2_HEADERS, H2_PRIORITY, H2_RST, H2_SETTINGS, H2_PUSH, H2_PING, H2_GOAWAY,
       H2_WINDOW, H2_CONTINUATION };
enum { H2_END_STREAM = 1, H2_ACK = 1, H2_END_HEADERS = 4 };

typedef struct h2_fault {
  const char *name;
  /* What to do about the request on that stream, the nth of its connection. */
  fate (*run)(conn *c, unsigned stream, int nth);
  int early;             /* called before the body has come */
  const char *settings;  /* payload of our SETTINGS */
  size_t settings_len;
} h2_fault;

extern const h2_fault h2_faults[];

void h2_serve(conn *c);
int h2_frame(conn *c, int type, int flags, unsigned stream, const void *payload, size_t n);
/* Headers with that status and type JSON; flags as given. */
int h2_headers(conn *c, int flags, unsigned stream, int status);
fate h2_good(conn *c, unsigned stream);

#endif
