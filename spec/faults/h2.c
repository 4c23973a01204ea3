/*
** h2.c - HTTP/2 by hand: frames, and of HPACK no more than one literal block.
** The client's paths are Huffman-coded and stay unread, so every fault of
** HTTP/2 has a port of its own.
*/
#include "server.h"

#include <stdio.h>
#include <string.h>

int h2_frame(conn *c, int type, int flags, unsigned stream, const void *payload, size_t n) {
  unsigned char all[9 + 16384];
  if (n > 16384) return 0;
  all[0] = (unsigned char)(n >> 16);
  all[1] = (unsigned char)(n >> 8);
  all[2] = (unsigned char)n;
  all[3] = (unsigned char)type;
  all[4] = (unsigned char)flags;
  all[5] = (unsigned char)(stream >> 24);
  all[6] = (unsigned char)(stream >> 16);
  all[7] = (unsigned char)(stream >> 8);
  all[8] = (unsigned char)stream;
  if (n) memcpy(all + 9, payload, n);
  return conn_write(c, all, n + 9);
}

/* Literals without indexing: ":status" is entry 8 of the static table,
   "content-type" 31. */
int h2_headers(conn *c, int flags, unsigned stream, int status) {
  static const char type[] = "\x0f\x10\x10"
                             "application/json";
  char block[64];
  int n = snprintf(block, sizeof block, "\x08\x03%03d", status);
  memcpy(block + n, type, sizeof type - 1);
  return h2_frame(c, H2_HEADERS, flags, stream, block, (size_t)n + sizeof type - 1);
}

/* Good for a token request and for a mint alike. */
fate h2_good(conn *c, unsigned stream) {
  static const char json[] =
    "{\"access_token\":\"token-h2\",\"expires_in\":3600,\"token\":\"minted\"}";
  return h2_headers(c, H2_END_HEADERS, stream, 200) &&
             h2_frame(c, H2_DATA, H2_END_STREAM, stream, json, sizeof json - 1)
           ? KEEP
           : CLOSE;
}

static const h2_fault *find(const char *name) {
  const h2_fault *f = h2_faults;
  while (strcmp(f->name, name) != 0) f++;
  return f;
}

static int give_window(conn *c, unsigned stream, size_t n) {
  unsigned char size[4] = {0, 0, 0, 0};
  if (n == 0) return 1;
  size[2] = (unsigned char)(n >> 8);
  size[3] = (unsigned char)n;
  return h2_frame(c, H2_WINDOW, 0, 0, size, 4) && h2_frame(c, H2_WINDOW, 0, stream, size, 4);
}

void h2_serve(conn *c) {
  const h2_fault *f = find(c->from->h2);
  unsigned char head[9], payload[16384];
  fate then = KEEP;
  int nth = 0;
  if (!conn_read_all(c, payload, 24) ||
      !h2_frame(c, H2_SETTINGS, 0, 0, f->settings, f->settings_len))
    then = CLOSE;
  while (then == KEEP) {
    size_t n;
    unsigned stream;
    int ends;
    if (!conn_read_all(c, head, 9)) break;
    n = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
    stream = (unsigned)head[5] << 24 | (unsigned)head[6] << 16 | (unsigned)head[7] << 8 | head[8];
    if (n > sizeof payload || !conn_read_all(c, payload, n)) break;
    ends = head[4] & H2_END_STREAM;
    if (head[3] == H2_SETTINGS && !(head[4] & H2_ACK)) h2_frame(c, H2_SETTINGS, H2_ACK, 0, "", 0);
    if (head[3] == H2_PING && !(head[4] & H2_ACK)) h2_frame(c, H2_PING, H2_ACK, 0, payload, n);
    if (head[3] == H2_RST) seen.resets++;
    if (head[3] == H2_DATA && !give_window(c, stream, n)) break;
    if (head[3] == H2_HEADERS) {
      nth++;
      seen.requests++;
      if (ends || f->early) then = f->run(c, stream, nth);
    } else if (head[3] == H2_DATA && ends && !f->early) {
      then = f->run(c, stream, nth);
    }
  }
  conn_end(c, then == KEEP ? CLOSE : then);
}
