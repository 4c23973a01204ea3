/*
** limit.c - the limit that the client is measured against: N times POST a
** small request on bare libcurl multi, C at once, nothing else. The request is
** the client's own to the byte: libcurl spends 75 instructions on each byte of a
** header line. And what the client has found to be cheaper is done here, too: a URL
** that is parsed once, and no header line that libcurl would put together itself.
**
**   limit url N C poll|epoll http1|h2 [ca_file]
**
** Prints: seconds, CPU microseconds, peak RSS in KiB. The body is copied once
** into a buffer that is kept; handles and header lists are reused.
*/
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

typedef struct call {
  char *body;
  size_t len, cap;
} call;

enum { MAX_FD = 65536 };
static unsigned char want[MAX_FD], have[MAX_FD], listed[MAX_FD];
static int dirty[MAX_FD], dirty_len, set;
static double due = -1;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static size_t on_body(char *p, size_t one, size_t n, void *ud) {
  call *c = (call *)ud;
  (void)one;
  if (c->len + n > c->cap) {
    c->cap = (c->len + n) * 2;
    c->body = (char *)realloc(c->body, c->cap);
    if (c->body == NULL) abort();
  }
  memcpy(c->body + c->len, p, n);
  c->len += n;
  return n;
}

static int on_socket(CURL *e, curl_socket_t fd, int what, void *ud, void *sp) {
  (void)e, (void)ud, (void)sp;
  want[fd] = (unsigned char)(what == CURL_POLL_REMOVE ? 0 : what);
  if (!listed[fd]) {
    listed[fd] = 1;
    dirty[dirty_len++] = fd;
  }
  return 0;
}

static int on_close(void *ud, curl_socket_t fd) {
  (void)ud;
  have[fd] = 0;
  return close(fd);
}

static int on_timer(CURLM *m, long ms, void *ud) {
  (void)m, (void)ud;
  due = ms < 0 ? -1 : now() + (double)ms / 1000;
  return 0;
}

static void apply(void) {
  int i;
  for (i = 0; i < dirty_len; i++) {
    int fd = dirty[i];
    struct epoll_event e;
    listed[fd] = 0;
    if (want[fd] == have[fd]) continue;
    memset(&e, 0, sizeof e);
    e.events = (want[fd] & CURL_POLL_IN ? EPOLLIN : 0u) | (want[fd] & CURL_POLL_OUT ? EPOLLOUT : 0u);
    e.data.fd = fd;
    epoll_ctl(set, !want[fd] ? EPOLL_CTL_DEL : have[fd] ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &e);
    have[fd] = want[fd];
  }
  dirty_len = 0;
}

static void epoll_turn(CURLM *m) {
  struct epoll_event events[64];
  int i, n, running, ms = -1;
  apply();
  if (due >= 0) ms = due > now() ? (int)((due - now()) * 1000) + 1 : 0;
  n = epoll_wait(set, events, 64, ms);
  for (i = 0; i < n; i++) {
    int mask = (events[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
               (events[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
               (events[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
    curl_multi_socket_action(m, events[i].data.fd, mask, &running);
  }
  if (due >= 0 && due <= now()) {
    due = -1;
    curl_multi_socket_action(m, CURL_SOCKET_TIMEOUT, 0, &running);
  }
}

/* `busy`: how many are in flight; where one has ended there is nothing to wait for. */
static void poll_turn(CURLM *m, long busy) {
  int running;
  curl_multi_perform(m, &running);
  if (running < busy) return;
  curl_multi_poll(m, NULL, 0, 1000, NULL);
}

int main(int argc, char **argv) {
  static const char request[] = "{\"expiry\":\"3600s\",\"identifier\":\"user_0000000001\"}";
  static const char *const lines[] = {
    "Authorization: Bearer eyJ0.eyJ1.c2ln", "Accept-Encoding: deflate, gzip, br, zstd",
    "content-type: application/json", "accept: application/json",
    "user-agent: scalekit-lua/0.1.0 (Lua 5.4)"};
  long total, at_once, i, begun = 0, done = 0;
  int use_epoll, h2, left;
  struct curl_slist *headers = NULL;
  struct rusage usage;
  double start;
  CURLM *m;
  CURLMsg *msg;
  CURLU *url;
  if (argc < 6) return 2;
  total = atol(argv[2]);
  at_once = atol(argv[3]);
  use_epoll = strcmp(argv[4], "epoll") == 0;
  h2 = strcmp(argv[5], "h2") == 0;
  curl_global_init(CURL_GLOBAL_DEFAULT);
  m = curl_multi_init();
  url = curl_url();
  if (curl_url_set(url, CURLUPART_URL, argv[1], 0) != CURLUE_OK) return 2;
  set = epoll_create1(EPOLL_CLOEXEC);
  if (use_epoll) {
    curl_multi_setopt(m, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(m, CURLMOPT_TIMERFUNCTION, on_timer);
  }
  curl_multi_setopt(m, CURLMOPT_MAXCONNECTS, at_once);
  for (i = 0; i < (long)(sizeof lines / sizeof *lines); i++)
    headers = curl_slist_append(headers, lines[i]);
  start = now();
  for (i = 0; i < at_once && begun < total; i++, begun++) {
    CURL *e = curl_easy_init();
    call *c = (call *)calloc(1, sizeof *c);
    curl_easy_setopt(e, CURLOPT_CURLU, url);
    curl_easy_setopt(e, CURLOPT_POSTFIELDS, request);
    curl_easy_setopt(e, CURLOPT_POSTFIELDSIZE, (long)sizeof request - 1);
    curl_easy_setopt(e, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_WRITEDATA, c);
    curl_easy_setopt(e, CURLOPT_PRIVATE, c);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(e, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(e, CURLOPT_CLOSESOCKETFUNCTION, on_close);
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION,
                     h2 ? (long)CURL_HTTP_VERSION_2TLS : (long)CURL_HTTP_VERSION_1_1);
    if (argc > 6) curl_easy_setopt(e, CURLOPT_CAINFO, argv[6]);
    curl_multi_add_handle(m, e);
  }
  while (done < total) {
    if (use_epoll)
      epoll_turn(m);
    else
      poll_turn(m, begun - done);
    while ((msg = curl_multi_info_read(m, &left)) != NULL) {
      CURL *e = msg->easy_handle;
      long status = 0;
      call *c;
      if (msg->data.result != CURLE_OK) {
        fprintf(stderr, "limit: %s\n", curl_easy_strerror(msg->data.result));
        return 1;
      }
      curl_easy_getinfo(e, CURLINFO_RESPONSE_CODE, &status);
      curl_easy_getinfo(e, CURLINFO_PRIVATE, &c);
      if (status != 200 || c->len < 800) {
        fprintf(stderr, "limit: status %ld, %zu bytes\n", status, c->len);
        return 1;
      }
      c->len = 0;
      done++;
      curl_multi_remove_handle(m, e);
      if (begun < total) {
        begun++;
        curl_multi_add_handle(m, e);
      }
    }
  }
  getrusage(RUSAGE_SELF, &usage);
  printf("%.6f %.0f %ld\n", now() - start,
         (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec),
         usage.ru_maxrss);
  return 0;
}
