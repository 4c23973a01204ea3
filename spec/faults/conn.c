/*
** conn.c - the bytes of one connection, plain or TLS.
*/
#include "server.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

void pause_ms(long ms) {
  struct timespec t;
  t.tv_sec = ms / 1000;
  t.tv_nsec = ms % 1000 * 1000000;
  nanosleep(&t, NULL);
}

static long fill(conn *c) {
  long n;
  c->at = c->len = 0;
  do {
    n = c->ssl ? SSL_read(c->ssl, c->in, (int)sizeof c->in) : recv(c->fd, c->in, sizeof c->in, 0);
  } while (n < 0 && !c->ssl && errno == EINTR);
  if (n <= 0) return n;
  c->len = (size_t)n;
  seen.bytes_in += n;
  return n;
}

long conn_read(conn *c, void *out, size_t n) {
  if (c->at == c->len) {
    long got = fill(c);
    if (got <= 0) return got;
  }
  if (n > c->len - c->at) n = c->len - c->at;
  memcpy(out, c->in + c->at, n);
  c->at += n;
  return (long)n;
}

int conn_read_all(conn *c, void *out, size_t n) {
  char *p = (char *)out;
  while (n > 0) {
    long got = conn_read(c, p, n);
    if (got <= 0) return 0;
    p += got;
    n -= (size_t)got;
  }
  return 1;
}

long conn_line(conn *c, char *out, size_t size) {
  size_t n = 0;
  char b;
  while (conn_read(c, &b, 1) == 1) {
    if (b == '\n') {
      if (n > 0 && out[n - 1] == '\r') n--;
      out[n] = 0;
      return (long)n;
    }
    if (n + 1 >= size) return -1;
    out[n++] = b;
  }
  return -1;
}

int conn_write(conn *c, const void *bytes, size_t n) {
  const char *p = (const char *)bytes;
  while (n > 0) {
    size_t part = n > 65536 ? 65536 : n;
    long sent = c->ssl ? SSL_write(c->ssl, p, (int)part) : send(c->fd, p, part, MSG_NOSIGNAL);
    if (sent < 0 && !c->ssl && errno == EINTR) continue;
    if (sent <= 0) return 0;
    seen.bytes_out += sent;
    p += sent;
    n -= (size_t)sent;
  }
  return 1;
}

int conn_puts(conn *c, const char *text) {
  return conn_write(c, text, strlen(text));
}

void conn_hold(conn *c) {
  int turns;
  char rubbish[4096];
  for (turns = 0; turns < 300; turns++) {
    struct pollfd p;
    p.fd = c->fd;
    p.events = POLLIN;
    if (poll(&p, 1, 100) > 0 && recv(c->fd, rubbish, sizeof rubbish, MSG_DONTWAIT) <= 0) return;
  }
}

void conn_end(conn *c, fate how) {
  if (how == HOLD) conn_hold(c);
  if (how == RESET) {
    struct linger now = {1, 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  } else if (c->ssl && SSL_is_init_finished(c->ssl)) {
    SSL_shutdown(c->ssl);
  }
  if (c->ssl) SSL_free(c->ssl);
  if (how == CLOSE) { /* unread bytes would make it a reset */
    struct timeval most = {0, 200000};
    char rubbish[4096];
    shutdown(c->fd, SHUT_WR);
    setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    while (recv(c->fd, rubbish, sizeof rubbish, 0) > 0) continue;
  }
  close(c->fd);
}
