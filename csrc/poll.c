/*
** poll.c - which descriptors to watch, with poll or on epoll.
**
** libcurl toggles its interest in a socket several times a request; telling
** the kernel each time costs up to a third of the throughput. So a change is
** only remembered, and applied just before somebody waits on the set. And a set
** costs at each packet that comes in: where there are few sockets, and nobody
** has asked for the descriptor, poll does it.
**
** Two sets are nested: `set` holds libcurl's sockets, `outer` holds `set` and
** the bell. Who drives a single transfer waits on `set`, and the bell of
** somebody else's news does not keep it awake.
*/
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"

static int add(int set, int fd) {
  struct epoll_event e;
  memset(&e, 0, sizeof e);
  e.events = EPOLLIN;
  e.data.fd = fd;
  return epoll_ctl(set, EPOLL_CTL_ADD, fd, &e);
}

sk_status sk_poller_open(sk_poller *p) {
  memset(p, 0, sizeof *p);
  p->set = epoll_create1(EPOLL_CLOEXEC) + 1;
  p->outer = epoll_create1(EPOLL_CLOEXEC) + 1;
  p->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) + 1;
  if (!p->set || !p->outer || !p->bell || add(p->outer - 1, p->set - 1) != 0 ||
      add(p->outer - 1, p->bell - 1) != 0) {
    sk_poller_close(p);
    return SK_NOMEM;
  }
  return SK_OK;
}

void sk_poller_close(sk_poller *p) {
  if (p->outer) close(p->outer - 1);
  if (p->set) close(p->set - 1);
  if (p->bell) close(p->bell - 1);
  free(p->watch);
  free(p->dirty);
  free(p->wanted);
  memset(p, 0, sizeof *p);
}

static sk_status room(sk_poller *p, int fd) {
  if (fd >= p->watch_cap) {
    int cap = p->watch_cap ? p->watch_cap : 64;
    sk_watch *w;
    while (cap <= fd) cap += cap;
    w = (sk_watch *)realloc(p->watch, sizeof *w * (size_t)cap);
    if (w == NULL) return SK_NOMEM;
    memset(w + p->watch_cap, 0, sizeof *w * (size_t)(cap - p->watch_cap));
    p->watch = w;
    p->watch_cap = cap;
  }
  if (p->dirty_len == p->dirty_cap) {
    int cap = p->dirty_cap ? p->dirty_cap * 2 : 64;
    int *d = (int *)realloc(p->dirty, sizeof *d * (size_t)cap);
    if (d == NULL) return SK_NOMEM;
    p->dirty = d;
    p->dirty_cap = cap;
  }
  if (p->wanted_len == p->wanted_cap) {
    int cap = p->wanted_cap ? p->wanted_cap * 2 : 64;
    struct pollfd *f = (struct pollfd *)realloc(p->wanted, sizeof *f * (size_t)cap);
    if (f == NULL) return SK_NOMEM;
    p->wanted = f;
    p->wanted_cap = cap;
  }
  return SK_OK;
}

/* Keeps `wanted` as `want` says; there is room. */
static void list(sk_poller *p, int fd, sk_watch *w) {
  struct pollfd *f;
  if (w->want) {
    if (!w->place) {
      w->place = ++p->wanted_len;
      p->wanted[w->place - 1].fd = fd;
    }
    f = p->wanted + w->place - 1;
    f->events = (short)((w->want & SK_READ ? POLLIN : 0) | (w->want & SK_WRITE ? POLLOUT : 0));
  } else if (w->place) {
    f = p->wanted + w->place - 1;
    *f = p->wanted[--p->wanted_len];
    if (f != p->wanted + p->wanted_len) p->watch[f->fd].place = w->place;
    w->place = 0;
  }
}

sk_status sk_poller_want(sk_poller *p, int fd, int events) {
  sk_watch *w;
  if (fd < 0) return SK_INVALID;
  if (room(p, fd) != SK_OK) return SK_NOMEM;
  w = p->watch + fd;
  w->want = (unsigned char)events;
  list(p, fd, w);
  if (events == 0 && !w->ours) w->dropped = 1;
  if (!w->dirty) {
    w->dirty = 1;
    p->dirty[p->dirty_len++] = fd;
  }
  return SK_OK;
}

/* --- by port: where those sockets are that speak HTTP/1 ------------------------ */

/* Neighbouring connections tend to have every other port. */
static int *place(sk_poller *p, int port) {
  return p->by_port + (port >> 1) % SK_PORTS;
}

static void forget(sk_poller *p, int fd) {
  sk_watch *w = p->watch + fd;
  int *at;
  p->fresh -= w->fresh;
  w->fresh = 0;
  if (w->port == 0) return;
  for (at = place(p, w->port); *at != fd + 1; at = &p->watch[*at - 1].next) continue;
  *at = w->next;
  w->port = 0;
}

void sk_poller_opened(sk_poller *p, int fd) {
  sk_watch *w;
  if (fd < 0 || room(p, fd) != SK_OK) return;
  forget(p, fd);
  w = p->watch + fd;
  w->have = 0; /* a new socket is in no set */
  w->ours = w->fresh = 1;
  p->fresh++;
}

static int local_port(int fd) {
  struct sockaddr_storage a;
  socklen_t n = sizeof a;
  if (getsockname(fd, (struct sockaddr *)&a, &n) != 0) return 0;
  if (a.ss_family == AF_INET) return ntohs(((struct sockaddr_in *)&a)->sin_port);
  return a.ss_family == AF_INET6 ? ntohs(((struct sockaddr_in6 *)&a)->sin6_port) : 0;
}

void sk_poller_silent(sk_poller *p, int port) {
  int fd, *at = place(p, port);
  for (fd = 0; fd < p->watch_cap; fd++) {
    sk_watch *w = p->watch + fd;
    if (!w->fresh || local_port(fd) != port) continue;
    w->fresh = 0;
    p->fresh--;
    w->port = (unsigned short)port;
    if (port == 0) return;
    w->next = *at;
    *at = fd + 1;
    return;
  }
}

int sk_poller_noisy(sk_poller *p, int port) {
  int fd;
  char byte;
  if (port <= 0) return 0;
  for (fd = *place(p, port) - 1; fd >= 0; fd = p->watch[fd].next - 1)
    if (p->watch[fd].port == port) return recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0;
  return 0;
}

void sk_poller_drop(sk_poller *p, int fd) {
  struct epoll_event e;
  sk_watch *w;
  if (fd < 0 || fd >= p->watch_cap) return;
  w = p->watch + fd;
  memset(&e, 0, sizeof e);
  if (w->have) (void)epoll_ctl(p->set - 1, EPOLL_CTL_DEL, fd, &e);
  w->have = w->ours = w->want = 0;
  forget(p, fd);
  list(p, fd, w);
}

/* What the kernel knows may differ from w->have: it drops closed sockets. */
static int tell(int set, int fd, const sk_watch *w, struct epoll_event *e) {
  if (w->want == 0) return epoll_ctl(set, EPOLL_CTL_DEL, fd, e);
  if (epoll_ctl(set, w->have ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, e) == 0) return 0;
  if (errno == ENOENT) return epoll_ctl(set, EPOLL_CTL_ADD, fd, e);
  if (errno == EEXIST) return epoll_ctl(set, EPOLL_CTL_MOD, fd, e);
  return -1;
}

void sk_poller_apply(sk_poller *p) {
  int i;
  for (i = 0; i < p->dirty_len; i++) {
    int fd = p->dirty[i];
    sk_watch *w = p->watch + fd;
    struct epoll_event e;
    w->dirty = 0;
    if (w->want == w->have && !w->dropped) continue;
    w->dropped = 0;
    memset(&e, 0, sizeof e);
    e.events = (w->want & SK_READ ? EPOLLIN : 0u) | (w->want & SK_WRITE ? EPOLLOUT : 0u);
    e.data.fd = fd;
    w->have = tell(p->set - 1, fd, w, &e) == 0 ? w->want : 0;
  }
  p->dirty_len = 0;
}

static int wait_by_set(const sk_poller *p, int timeout_ms, sk_ready *out) {
  struct epoll_event events[SK_READY];
  int i, n = epoll_wait(p->set - 1, events, SK_READY, timeout_ms);
  for (i = 0; i < n; i++) {
    unsigned int e = events[i].events;
    out[i].fd = events[i].data.fd;
    out[i].events = (e & EPOLLIN ? SK_READ : 0) | (e & EPOLLOUT ? SK_WRITE : 0) |
                    (e & (EPOLLERR | EPOLLHUP) ? SK_ERROR : 0);
  }
  return n;
}

static int wait_by_list(const sk_poller *p, int timeout_ms, sk_ready *out) {
  int i, n = 0, left = poll(p->wanted, (nfds_t)p->wanted_len, timeout_ms);
  if (left < 0) return left;
  for (i = 0; left > 0 && i < p->wanted_len; i++) {
    int e = p->wanted[i].revents;
    if (e == 0) continue;
    out[n].fd = p->wanted[i].fd;
    out[n++].events = (e & POLLIN ? SK_READ : 0) | (e & POLLOUT ? SK_WRITE : 0) |
                      (e & (POLLERR | POLLHUP | POLLNVAL) ? SK_ERROR : 0);
    left--;
  }
  return n;
}

int sk_poller_wait(sk_poller *p, int timeout_ms, sk_ready out[SK_READY]) {
  if (!p->outside && p->wanted_len <= SK_READY) return wait_by_list(p, timeout_ms, out);
  sk_poller_apply(p);
  return wait_by_set(p, timeout_ms, out);
}

void sk_poller_bell(sk_poller *p, int on) {
  eventfd_t value = 1;
  if (p->rung == on || !p->bell) return;
  if (on)
    (void)eventfd_write(p->bell - 1, 1);
  else
    (void)eventfd_read(p->bell - 1, &value);
  p->rung = on;
}
