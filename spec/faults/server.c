/*
** server.c - opens the ports, says which they are, serves until its standard
** input ends.
**
**   server <directory for the certificates>
**
** Prints one line for each port, `<name> <port>`, then `ready`.
*/
#include "server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static listener ports[64] = {
  {.name = "control", .control = 1},
  {.name = "plain"},
  {.name = "other"}, /* where redirects lead */
  {.name = "reset", .abrupt = 1},
  {.name = "close", .abrupt = 2},
  {.name = "tls", .cert = "good"},
  {.name = "tls-wrong-host", .cert = "wrong-host"},
  {.name = "tls-expired", .cert = "expired"},
  {.name = "tls-future", .cert = "future"},
  {.name = "tls-foreign", .cert = "foreign"},
  {.name = "tls-self-signed", .cert = "self-signed"},
  {.name = "tls-1.2", .cert = "good", .tls12 = 1},
  {.name = "tls-asks", .cert = "good", .ask_cert = 1},
  {.name = "tls-asks-1.2", .cert = "good", .tls12 = 1, .ask_cert = 1},
};

int port_of(const char *name) {
  const listener *l = ports;
  while (strcmp(l->name, name) != 0) l++;
  return l->port;
}

static void die(const char *what) {
  perror(what);
  exit(1);
}

/* A socket on a port of the kernel's choice. */
static int open_port(int type, int *port) {
  struct sockaddr_in a;
  socklen_t n = sizeof a;
  int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) != 0 ||
      getsockname(fd, (struct sockaddr *)&a, &n) != 0)
    die("bind");
  *port = ntohs(a.sin_port);
  return fd;
}

static void *serve(void *ud) {
  conn *c = (conn *)ud;
  if (c->from->abrupt) {
    conn_end(c, c->from->abrupt == 1 ? RESET : CLOSE);
  } else if (c->ssl && SSL_accept(c->ssl) != 1) {
    conn_end(c, CLOSE);
  } else if (c->from->h2) {
    h2_serve(c);
  } else {
    http1_serve(c);
  }
  if (!c->from->control) seen.open--;
  free(c);
  return NULL;
}

static void *accept_all(void *ud) {
  const listener *l = (const listener *)ud;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&small, 256 * 1024);
  for (;;) {
    pthread_t thread;
    conn *c = (conn *)calloc(1, sizeof *c);
    if (c == NULL) die("calloc");
    c->from = l;
    c->fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
    if (c->fd < 0) {
      free(c);
      continue;
    }
    if (!l->control) {
      seen.connections++;
      seen.open++;
    }
    if (l->ctx) {
      c->ssl = SSL_new(l->ctx);
      SSL_set_fd(c->ssl, c->fd);
    }
    if (pthread_create(&thread, &small, serve, c) != 0) die("pthread_create");
  }
  return NULL;
}

static void start(listener *l) {
  pthread_t thread;
  l->fd = open_port(SOCK_STREAM, &l->port);
  if (l->cert) l->ctx = cert_context(l);
  if (listen(l->fd, 512) != 0) die("listen");
  if (pthread_create(&thread, NULL, accept_all, l) != 0) die("pthread_create");
  printf("%s%s %d\n", l->h2 ? "h2-" : "", l->h2 ? l->h2 : l->name, l->port);
}

/* A port whose queue is full: who connects waits. */
static int fill_queue(int port) {
  struct sockaddr_in a;
  int i;
  memset(&a, 0, sizeof a);
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  a.sin_port = htons((unsigned short)port);
  for (i = 0; i < 4; i++) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    (void)connect(fd, (struct sockaddr *)&a, sizeof a);
  }
  return port;
}

static void start_odd_ports(void) {
  int port;
  (void)open_port(SOCK_DGRAM, &port); /* takes queries, and answers none */
  printf("mute %d\n", port);
  (void)open_port(SOCK_STREAM, &port); /* nobody listens */
  printf("closed %d\n", port);
  if (listen(open_port(SOCK_STREAM, &port), 64) != 0) die("listen"); /* nobody accepts */
  printf("silent %d\n", port);
  if (listen(open_port(SOCK_STREAM, &port), 0) != 0) die("listen");
  printf("full %d\n", fill_queue(port));
}

int main(int argc, char **argv) {
  const h2_fault *h;
  listener *l = ports;
  char rubbish[64];
  if (argc != 2) {
    fprintf(stderr, "usage: server DIRECTORY\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  certs_make(argv[1]);
  while (l->name) start(l++);
  for (h = h2_faults; h->name; h++, l++) {
    l->name = "h2";
    l->cert = "good";
    l->h2 = h->name;
    start(l);
  }
  start_odd_ports();
  puts("ready");
  fflush(stdout);
  while (read(0, rubbish, sizeof rubbish) > 0) continue;
  _exit(0);
}
