/*
** h2_acts.c - the faults of HTTP/2. Those whose name ends in "-later" answer the
** first request of a connection well.
*/
#include "server.h"

#include <string.h>

static int goaway(conn *c, unsigned last, unsigned char code) {
  unsigned char payload[8] = {0};
  payload[2] = (unsigned char)(last >> 8);
  payload[3] = (unsigned char)last;
  payload[7] = code;
  return h2_frame(c, H2_GOAWAY, 0, 0, payload, 8);
}

static int rst(conn *c, unsigned stream, unsigned char code) {
  unsigned char payload[4] = {0};
  payload[3] = code;
  return h2_frame(c, H2_RST, 0, stream, payload, 4);
}

static int part(conn *c, unsigned stream) {
  return h2_headers(c, H2_END_HEADERS, stream, 200) &&
         h2_frame(c, H2_DATA, 0, stream, "{\"token\":\"", 10);
}

static fate good(conn *c, unsigned stream, int nth) {
  (void)nth;
  return h2_good(c, stream);
}

/* The request was not looked at: nothing up to stream 0 was. */
static fate goaway_unseen(conn *c, unsigned stream, int nth) {
  (void)stream, (void)nth;
  goaway(c, 0, 0);
  return CLOSE;
}

static fate goaway_failed(conn *c, unsigned stream, int nth) {
  (void)nth;
  goaway(c, stream, 2); /* INTERNAL_ERROR */
  return CLOSE;
}

static fate goaway_midway(conn *c, unsigned stream, int nth) {
  (void)nth;
  part(c, stream);
  goaway(c, stream, 2);
  return CLOSE;
}

/* Says goodbye and serves what it has: no fault at all. */
static fate goaway_served(conn *c, unsigned stream, int nth) {
  (void)nth;
  goaway(c, stream, 0);
  (void)h2_good(c, stream);
  return CLOSE;
}

static fate rst_internal(conn *c, unsigned stream, int nth) {
  (void)nth;
  return rst(c, stream, 2) ? KEEP : CLOSE;
}

static fate rst_cancel(conn *c, unsigned stream, int nth) {
  (void)nth;
  return rst(c, stream, 8) ? KEEP : CLOSE;
}

static fate rst_midway(conn *c, unsigned stream, int nth) {
  (void)nth;
  return part(c, stream) && rst(c, stream, 2) ? KEEP : CLOSE;
}

static fate refused(conn *c, unsigned stream, int nth) {
  (void)nth;
  return rst(c, stream, 7) ? KEEP : CLOSE;
}

/* An answer, and no need of the rest of the body. */
static fate early(conn *c, unsigned stream, int nth) {
  (void)nth;
  return h2_good(c, stream) == KEEP && rst(c, stream, 0) ? KEEP : CLOSE;
}

static fate early_413(conn *c, unsigned stream, int nth) {
  (void)nth;
  return h2_headers(c, H2_END_HEADERS | H2_END_STREAM, stream, 413) && rst(c, stream, 0) ? KEEP
                                                                                         : CLOSE;
}

static fate close_now(conn *c, unsigned stream, int nth) {
  (void)c, (void)stream, (void)nth;
  return CLOSE;
}

static fate close_midway(conn *c, unsigned stream, int nth) {
  (void)nth;
  part(c, stream);
  return CLOSE;
}

static fate reset_midway(conn *c, unsigned stream, int nth) {
  (void)nth;
  part(c, stream);
  return RESET;
}

static fate silence(conn *c, unsigned stream, int nth) {
  (void)c, (void)stream, (void)nth;
  return KEEP; /* goes on answering pings */
}

static fate stalled_midway(conn *c, unsigned stream, int nth) {
  (void)nth;
  return part(c, stream) ? KEEP : CLOSE;
}

static fate garbage(conn *c, unsigned stream, int nth) {
  (void)stream, (void)nth;
  conn_puts(c, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}");
  return CLOSE;
}

static fate data_first(conn *c, unsigned stream, int nth) {
  (void)nth;
  h2_frame(c, H2_DATA, H2_END_STREAM, stream, "{}", 2);
  return HOLD;
}

static fate bad_hpack(conn *c, unsigned stream, int nth) {
  (void)nth;
  h2_frame(c, H2_HEADERS, H2_END_HEADERS | H2_END_STREAM, stream, "\xff\xff\xff\xff\xff\x7f", 6);
  return HOLD;
}

/* A header block without end. */
static fate continuation(conn *c, unsigned stream, int nth) {
  static const char line[] = "\x00\x01x\x7f\x00"
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
                             "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
  (void)nth;
  if (!h2_headers(c, 0, stream, 200)) return CLOSE;
  while (h2_frame(c, H2_CONTINUATION, 0, stream, line, sizeof line - 1)) continue;
  return CLOSE;
}

static fate empty_continuation(conn *c, unsigned stream, int nth) {
  (void)nth;
  if (!h2_headers(c, 0, stream, 200)) return CLOSE;
  while (h2_frame(c, H2_CONTINUATION, 0, stream, "", 0)) continue;
  return CLOSE;
}

/* Frames that ask for an answer and are none. Not without end: libcurl does not come
   back from reading as long as there are more. */
static fate pings(conn *c, unsigned stream, int nth) {
  int i;
  (void)stream, (void)nth;
  for (i = 0; i < 2000; i++)
    if (!h2_frame(c, H2_PING, 0, 0, "12345678", 8)) return CLOSE;
  return KEEP;
}

static fate settings(conn *c, unsigned stream, int nth) {
  int i;
  (void)stream, (void)nth;
  for (i = 0; i < 500; i++)
    if (!h2_frame(c, H2_SETTINGS, 0, 0, "", 0)) return CLOSE;
  return KEEP;
}

static fate informational(conn *c, unsigned stream, int nth) {
  (void)nth;
  while (h2_headers(c, H2_END_HEADERS, stream, 103)) continue;
  return CLOSE;
}

static fate drip(conn *c, unsigned stream, int nth) {
  (void)nth;
  if (!h2_headers(c, H2_END_HEADERS, stream, 200)) return CLOSE;
  while (h2_frame(c, H2_DATA, 0, stream, " ", 1)) pause_ms(15);
  return CLOSE;
}

static fate over_window(conn *c, unsigned stream, int nth) {
  static const char block[16384];
  (void)nth;
  if (!h2_headers(c, H2_END_HEADERS, stream, 200)) return CLOSE;
  while (h2_frame(c, H2_DATA, 0, stream, block, sizeof block)) continue;
  return CLOSE;
}

static fate push(conn *c, unsigned stream, int nth) {
  (void)nth;
  h2_frame(c, H2_PUSH, H2_END_HEADERS, stream, "\0\0\0\x02\x88", 5);
  return HOLD;
}

#define LATER(name, run) \
  static fate name(conn *c, unsigned stream, int nth) { \
    return nth == 1 ? h2_good(c, stream) : run(c, stream, nth); \
  }
LATER(goaway_unseen_later, goaway_unseen)
LATER(goaway_failed_later, goaway_failed)
LATER(rst_later, rst_internal)
LATER(close_later, close_now)
LATER(silence_later, silence)

const h2_fault h2_faults[] = {
#define H2(name, run) {name, run, 0, "", 0}
#define EARLY(name, run) {name, run, 1, "", 0}
  H2("good", good), H2("goaway-unseen", goaway_unseen), H2("goaway-failed", goaway_failed),
  H2("goaway-midway", goaway_midway), H2("goaway-served", goaway_served),
  H2("rst-internal", rst_internal), H2("rst-cancel", rst_cancel), H2("rst-midway", rst_midway),
  H2("refused", refused), EARLY("early", early), EARLY("early-413", early_413),
  H2("close", close_now), H2("close-midway", close_midway), H2("reset-midway", reset_midway),
  H2("silence", silence), H2("stalled-midway", stalled_midway), H2("garbage", garbage),
  H2("data-first", data_first), H2("bad-hpack", bad_hpack), H2("continuation", continuation),
  H2("empty-continuation", empty_continuation), H2("pings", pings), H2("settings", settings),
  H2("informational", informational), H2("drip", drip), H2("over-window", over_window),
  H2("push", push),
  /* no window for a body, ever */
  {"no-window", silence, 0, "\0\4\0\0\0\0", 6},
  {"bad-settings", silence, 0, "\0\4\xff\xff\xff\xff", 6},
  H2("goaway-unseen-later", goaway_unseen_later), H2("goaway-failed-later", goaway_failed_later),
  H2("rst-later", rst_later), H2("close-later", close_later), H2("silence-later", silence_later),
  {0, 0, 0, 0, 0},
};
