/*
** bombs.c - bodies that are small on the wire and large when decoded, made by
** hand so that no compressor is needed.
*/
#include "server.h"

#include <string.h>

#define OK_ENCODED(coding) \
  "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: " coding "\r\n\r\n"

/* A code of deflate: most significant bit first, into bytes least significant first. */
static size_t put(unsigned char *out, size_t at, unsigned code, int bits) {
  while (bits-- > 0) {
    if (code >> bits & 1) out[at / 8] |= (unsigned char)(1 << at % 8);
    at++;
  }
  return at;
}

/* Final block, fixed codes, a literal 0, then matches of 258 bytes at distance 1:
   13 bits each, so eight of them repeat every 13 bytes. 1 : 158, 340 MB in all. */
fate bomb_gzip(conn *c, request *r) {
  unsigned char start[3] = {0}, eight[13 * 256] = {0};
  size_t i, at;
  (void)r;
  at = put(start, 0, 1, 1);
  at = put(start, at, 2, 2); /* 01, least significant bit first */
  at = put(start, at, 0x30, 8);
  put(start, put(start, at, 0xc5, 8), 0, 5);
  for (i = at = 0; i < 8 * 256; i++) at = put(eight, put(eight, at, 0xc5, 8), 0, 5);
  if (!conn_puts(c, OK_ENCODED("gzip")) || !conn_write(c, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10) ||
      !conn_write(c, start, sizeof start))
    return CLOSE;
  for (i = 0; i < 640; i++)
    if (!conn_write(c, eight, sizeof eight)) return CLOSE;
  return CLOSE;
}

/* 64 MiB of zeros at the best compression. */
fate bomb_br(conn *c, request *r) {
  static const unsigned char zeros[] = {
    0xcf, 0xff, 0xff, 0x7f, 0xf8, 0x27, 0x00, 0xe2, 0xb1, 0x40, 0x20, 0xf7, 0xfe, 0x9f,
    0xff, 0xff, 0xff, 0xf0, 0x4f, 0x00, 0xc4, 0x61, 0x01, 0x80, 0xee, 0xfd, 0x3f, 0xff,
    0xff, 0xff, 0xe1, 0x9f, 0x00, 0x88, 0xc3, 0x22, 0x00, 0xdd, 0xfb, 0xff, 0xfc, 0xff,
    0xff, 0xc7, 0x3f, 0x01, 0x10, 0x87, 0x05, 0x00, 0xba, 0xf7, 0xff};
  (void)r;
  if (conn_puts(c, OK_ENCODED("br"))) (void)conn_write(c, zeros, sizeof zeros);
  return CLOSE;
}

/* Blocks of one byte, 128 KiB of it: four bytes each, 512 MiB in all. */
fate bomb_zstd(conn *c, request *r) {
  static const unsigned char frame[] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38};
  unsigned char blocks[4 * 1024];
  unsigned long head = 0u | 1u << 1 | 131072ul << 3;
  size_t i;
  (void)r;
  for (i = 0; i < sizeof blocks; i += 4) {
    blocks[i] = (unsigned char)(head & 0xff);
    blocks[i + 1] = (unsigned char)(head >> 8 & 0xff);
    blocks[i + 2] = (unsigned char)(head >> 16 & 0xff);
    blocks[i + 3] = '[';
  }
  if (!conn_puts(c, OK_ENCODED("zstd")) || !conn_write(c, frame, sizeof frame)) return CLOSE;
  for (i = 0; i < 4; i++)
    if (!conn_write(c, blocks, sizeof blocks)) return CLOSE;
  return CLOSE;
}
