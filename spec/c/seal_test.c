/*
** seal_test.c - sealed bytes come back unchanged or not at all.
*/
#include <string.h>

#include "count.h"
#include "seal.h"

static sk_sealer sealer_of(const char *secret, const char *purpose) {
  sk_sealer s = {{0}, 0};
  CHECK(sk_sealer_init(&s, secret, strlen(secret), purpose, strlen(purpose)) == SK_OK);
  return s;
}

static sk_status try_open(const sk_sealer *s, const char *context, const unsigned char *sealed,
                          size_t n, unsigned char *out) {
  return sk_unseal(s, context, strlen(context), sealed, n, out);
}

static void comes_back(void) {
  static const char text[] = "a token";
  unsigned char sealed[sizeof text + SK_SEAL_EXTRA], again[sizeof sealed], out[sizeof text];
  sk_sealer s = sealer_of("s3cr3t", "tokens");
  size_t i;
  CHECK(sk_seal(&s, "at", 2, text, sizeof text, sealed) == SK_OK);
  CHECK(sk_seal(&s, "at", 2, text, sizeof text, again) == SK_OK);
  CHECK(memcmp(sealed, again, sizeof sealed) != 0);
  CHECK(try_open(&s, "at", sealed, sizeof sealed, out) == SK_OK);
  CHECK(memcmp(out, text, sizeof text) == 0);
  CHECK(try_open(&s, "to", sealed, sizeof sealed, out) == SK_INVALID);
  CHECK(out[0] == 0); /* and what came of it is wiped */
  CHECK(try_open(&s, "at", sealed, sizeof sealed - 1, out) == SK_INVALID);
  for (i = 0; i < sizeof sealed; i++) {
    sealed[i] ^= 1;
    CHECK(try_open(&s, "at", sealed, sizeof sealed, out) == SK_INVALID);
    sealed[i] ^= 1;
  }
  sk_sealer_free(&s);
  CHECK(try_open(&s, "at", sealed, sizeof sealed, out) == SK_INVALID);
}

static void has_edges(void) {
  unsigned char sealed[SK_SEAL_EXTRA], out[1];
  sk_sealer s = sealer_of("", "");
  CHECK(sk_seal(&s, "", 0, "", 0, sealed) == SK_OK);
  CHECK(sk_unseal(&s, "", 0, sealed, sizeof sealed, out) == SK_OK);
  CHECK(sk_unseal(&s, "", 0, sealed, SK_SEAL_EXTRA - 1, out) == SK_INVALID);
  CHECK(sk_seal(&s, "", 0, "", SK_SEAL_MAX + 1, sealed) == SK_INVALID);
  sk_sealer_free(&s);
}

static void depends_on_secret_and_purpose(void) {
  unsigned char sealed[1 + SK_SEAL_EXTRA], out[1], name[16], other[16];
  sk_sealer s = sealer_of("a", "b"), secret = sealer_of("b", "b"), purpose = sealer_of("a", "c");
  CHECK(sk_seal(&s, "", 0, "x", 1, sealed) == SK_OK);
  CHECK(try_open(&secret, "", sealed, sizeof sealed, out) == SK_INVALID);
  CHECK(try_open(&purpose, "", sealed, sizeof sealed, out) == SK_INVALID);
  CHECK(sk_seal_name(&s, "n", 1, name) == SK_OK);
  CHECK(sk_seal_name(&s, "n", 1, other) == SK_OK && memcmp(name, other, 16) == 0);
  CHECK(sk_seal_name(&s, "m", 1, other) == SK_OK && memcmp(name, other, 16) != 0);
  CHECK(sk_seal_name(&secret, "n", 1, other) == SK_OK && memcmp(name, other, 16) != 0);
  sk_sealer_free(&s);
  sk_sealer_free(&secret);
  sk_sealer_free(&purpose);
}

/* HKDF-SHA-256 and AES-256-GCM of another library: the key of ("s3cr3t", "tokens") with
   the salt "scalekit.seal.1", nonce 0..11, context "at", text "a token". */
static void is_what_it_says(void) {
  static const unsigned char sealed[] = {
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11,
    0x73, 0xd1, 0xa5, 0x93, 0xcd, 0xb5, 0x73, 0x39, 0xc2, 0xdd, 0x7f, 0x1a,
    0x45, 0x5f, 0x03, 0xdf, 0xd2, 0x31, 0x12, 0x23, 0x7d, 0xc8, 0x58
  };
  unsigned char out[7];
  sk_sealer s = sealer_of("s3cr3t", "tokens");
  CHECK(try_open(&s, "at", sealed, sizeof sealed, out) == SK_OK);
  CHECK(memcmp(out, "a token", 7) == 0);
  sk_sealer_free(&s);
}

int main(void) {
  comes_back();
  has_edges();
  depends_on_secret_and_purpose();
  is_what_it_says();
  return report();
}
