/*
** crypt_test.c - keys, signatures and tokens, without any Lua.
*/
#include <stdlib.h>
#include <string.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "count.h"
#include "crypt.h"

/* A token that the service's rules describe, and the key that signed it. */
static const char modulus[] =
  "7qOQOkfmPsaFEn8wiqLnYqwZKQ_qAJedGa7OgqIYUTjSojiVdumBofZCkko73El4LkCr8tYqtqpICzt5i1o8U8A4jm65"
  "YRBQWgTyA9PT4itcFufALGeU5AwlLgolG0TMNCmfUJE1Vo1UeNJMIyeoZp2eM7xKxaCVc70zVVkLA-9RTK2W19ybGUN4"
  "Vb9cJVvePmQTBtghlnhSHFkEJsayjxn8W-t5OY8hhrQq16I0VN906Ycu9t8YtdFW6SY0TKbhQEaUINMd96rG9a0t2klA"
  "0gcJT3trGYh4W2LWZmFabwtaCqx8jZHpYX2ofSand37eVVm8tZ1O0hgojRw4Hy1GXw";
static const char token[] =
  "eyJhbGciOiJSUzI1NiIsImtpZCI6InNua18xMDAwMDAwMDAwMDAwMDAwMDEiLCJ0eXAiOiJKV1QifQ.eyJhdWQiOlsia"
  "HR0cHM6Ly9lbnYuZXhhbXBsZS50ZXN0L21jcC92My9zZXJ2ZXJzLzU1MGU4NDAwLWUyOWItNDFkNC1hNzE2LTQ0NjY1N"
  "TQ0MDAwMCJdLCJjYV9pZHMiOlsiY2FfMTAwMDAwMDAwMDAwMDAwMDAxIiwiY2FfMTAwMDAwMDAwMDAwMDAwMDAyIl0sI"
  "mV4cCI6NDEwMjQ0NDgwMCwiaWF0Ijo0MTAyNDQxMjAwLCJpc3MiOiJodHRwczovL2Vudi5leGFtcGxlLnRlc3QiLCJtY"
  "3BfY2ZnIjoiY2ZnXzEwMDAwMDAwMDAwMDAwMDAwMSIsInN1YiI6Inpvw6tAZXhhbXBsZS50ZXN0IiwidG9rZW5fdHlwZ"
  "SI6Im1jcF9zZXNzaW9uIn0.V4Qz8h0_07ZaqJXqpGhGaX6ukCH99-2rBi317m7wmQfy66E5HEHIpF7nYAigp-0-fVHNf"
  "u0HjZqD2tceZIMBUtzaFLsda7UwXu3u9mvl7RABoR4t7v-FPM9QL1C2B002fR0rRAvjBHGyZvzC00tTbPEirJcxuaDO1"
  "EdjtejpJdJeBcUDR-FznYJXq1SQD2SYIKYDgXcLVULRV1aMTgQQ7elrX2ndz0tNihwu8leZokrMIv66XQP-FrrEc-Osr"
  "oOnCYnAwZOI0MpXfH5GLQ-QR7bej2uPSIc0TajQCxVfYFwtAdBGsNAqI-_P1nl16J44xwdrc_CXf7lCLgpxwogdlw";

/* RFC 7515, A.3. */
static const char es_x[] = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
static const char es_y[] = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
static const char es_token[] =
  "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmN"
  "vbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQ"
  "xfKTUJqPP3-Kg6NU1Q";

static const char *why;

static sk_key rsa_key(void) {
  static const unsigned char e[] = {1, 0, 1};
  unsigned char n[400];
  size_t len = 0;
  sk_key key = {0};
  CHECK(sk_unbase64(modulus, sizeof modulus - 1, 1, n, &len) == SK_OK && len == 256);
  CHECK(sk_key_from_rsa(&key, n, len, e, sizeof e, &why) == SK_OK);
  CHECK(key.alg == SK_RS256 && !key.is_private);
  return key;
}

static sk_key ec_key(void) {
  unsigned char x[40], y[40];
  size_t len;
  sk_key key = {0};
  CHECK(sk_unbase64(es_x, sizeof es_x - 1, 1, x, &len) == SK_OK && len == 32);
  CHECK(sk_unbase64(es_y, sizeof es_y - 1, 1, y, &len) == SK_OK && len == 32);
  CHECK(sk_key_from_p256(&key, x, y, &why) == SK_OK && key.alg == SK_ES256);
  y[31] ^= 1;
  {
    sk_key off = {0};
    CHECK(sk_key_from_p256(&off, x, y, &why) == SK_INVALID && off.pkey == NULL);
  }
  return key;
}

/* Whether the token verifies once `from` in it became `to`. */
static int verifies_changed(const char *text, const char *from, const char *to, const sk_key *key) {
  char copy[4096];
  const char *at = strstr(text, from);
  size_t before;
  if (at == NULL) abort();
  before = (size_t)(at - text);
  snprintf(copy, sizeof copy, "%.*s%s%s", (int)before, text, to, at + strlen(from));
  return sk_jwt_verify(copy, strlen(copy), key, &why) == SK_OK;
}

static void test_vectors(void) {
  sk_key rsa = rsa_key(), ec = ec_key();
  char copy[sizeof token];
  size_t i, signature = (size_t)(strrchr(token, '.') - token) + 1;
  CHECK(sk_jwt_verify(token, sizeof token - 1, &rsa, &why) == SK_OK);
  CHECK(sk_jwt_verify(es_token, sizeof es_token - 1, &ec, &why) == SK_OK);
  CHECK(sk_jwt_verify(token, sizeof token - 1, &ec, &why) == SK_INVALID);
  CHECK(sk_jwt_verify(es_token, sizeof es_token - 1, &rsa, &why) == SK_INVALID);
  for (i = 0; i < sizeof token - 1; i += 7) { /* one character changed, anywhere */
    memcpy(copy, token, sizeof token);
    copy[i] = copy[i] == 'A' ? 'B' : 'A';
    CHECK(sk_jwt_verify(copy, sizeof token - 1, &rsa, &why) == SK_INVALID);
  }
  for (i = 0; i <= sizeof token - 2; i += 11) /* cut short */
    CHECK(sk_jwt_verify(token, i, &rsa, &why) == SK_INVALID);
  CHECK(!verifies_changed(token, token + signature, "", &rsa));
  CHECK(!verifies_changed(token, token + signature, "signature", &rsa));
  sk_key_free(&rsa);
  sk_key_free(&ec);
  sk_key_free(&ec); /* an empty key may be freed again */
}

/* `header`.e30.AAAA, and what is said about it. */
static const char *refusal(const char *header, const sk_key *key) {
  char text[512];
  size_t n = sk_base64(header, strlen(header), 1, text);
  memcpy(text + n, ".e30.AAAA", 9);
  CHECK(sk_jwt_verify(text, n + 9, key, &why) == SK_INVALID);
  return why;
}

static void test_headers(void) {
  static const char other[] = "token header names another algorithm than the key's";
  static const char no_json[] = "token header that is no JSON";
  sk_key rsa = rsa_key();
  CHECK(strcmp(refusal("{\"alg\":\"none\"}", &rsa), other) == 0);
  CHECK(strcmp(refusal("{\"alg\":\"HS256\"}", &rsa), other) == 0);
  CHECK(strcmp(refusal("{\"alg\":\"ES256\"}", &rsa), other) == 0);
  CHECK(strcmp(refusal("{\"alg\":\"rs256\"}", &rsa), other) == 0);
  CHECK(strcmp(refusal("{\"alg\":\"RS256\\u0000\"}", &rsa), other) == 0);
  CHECK(strcmp(refusal("{\"alg\":[\"RS256\"]}", &rsa), other) == 0);
  CHECK(strcmp(refusal("{}", &rsa), other) == 0);
  CHECK(strcmp(refusal("[\"alg\"]", &rsa), other) == 0);
  CHECK(strcmp(refusal("{\"alg\":\"none\",\"alg\":\"RS256\"}", &rsa), no_json) == 0);
  CHECK(strcmp(refusal("{\"alg\":\"RS256\"", &rsa), no_json) == 0);
  CHECK(strcmp(refusal("", &rsa), no_json) == 0);
  CHECK(strcmp(refusal("{\"alg\":\"RS256\",\"crit\":[\"b64\"],\"b64\":false}", &rsa),
               "token header has critical extensions") == 0);
  CHECK(strcmp(refusal("{\"alg\":\"RS256\"}", &rsa), "signature does not match") == 0);
  sk_key_free(&rsa);
}

static void test_split(void) {
  static char big[SK_JWT_MAX + 1];
  sk_jwt jwt;
  CHECK(sk_jwt_split("a.bc.", 5, &jwt, &why) == SK_OK);
  CHECK(jwt.header_len == 1 && jwt.payload_len == 2 && jwt.signature_len == 0);
  CHECK(sk_jwt_split("", 0, &jwt, &why) == SK_INVALID);
  CHECK(sk_jwt_split("a", 1, &jwt, &why) == SK_INVALID);
  CHECK(sk_jwt_split("a.b", 3, &jwt, &why) == SK_INVALID);
  CHECK(sk_jwt_split("a.b.c.d", 7, &jwt, &why) == SK_INVALID);
  memset(big, '.', sizeof big);
  CHECK(sk_jwt_split(big, sizeof big, &jwt, &why) == SK_INVALID);
  CHECK(strcmp(why, "token too long") == 0);
}

/* Makes a key, carries it through PEM, signs and verifies with the halves. */
static void test_round_trip(sk_alg alg) {
  char header[32], pem[SK_PEM_MAX], text[1024];
  unsigned char first[SK_RSA_MAX], second[SK_RSA_MAX], signature[SK_RSA_MAX];
  size_t pem_len, n, first_len, second_len;
  sk_key made = {0}, read = {0}, public_half = {0};
  CHECK(sk_key_generate(&made, alg) == SK_OK && made.is_private);
  CHECK(sk_key_write_pem(&made, pem, sizeof pem, &pem_len) == SK_OK);
  CHECK(memcmp(pem, "-----BEGIN PRIVATE KEY-----", 27) == 0);
  CHECK(sk_key_write_pem(&made, pem, 10, &n) == SK_FULL);
  CHECK(sk_key_read_pem(&read, pem, pem_len, &why) == SK_OK && read.alg == alg && read.is_private);
  CHECK(sk_key_numbers(&read, first, &first_len, second, &second_len) == SK_OK);
  if (alg == SK_RS256) {
    CHECK(first_len == 256);
    CHECK(sk_key_from_rsa(&public_half, first, first_len, second, second_len, &why) == SK_OK);
  } else {
    CHECK(first_len == 32 && second_len == 32);
    CHECK(sk_key_from_p256(&public_half, first, second, &why) == SK_OK);
  }
  CHECK(sk_key_write_pem(&public_half, pem, sizeof pem, &n) == SK_INVALID);
  snprintf(header, sizeof header, "{\"alg\":\"%s\"}", sk_alg_name(alg));
  CHECK(sk_jwt_size(&read, strlen(header), 2) <= sizeof text);
  CHECK(sk_jwt_sign(&read, header, strlen(header), "{}", 2, text, &n, &why) == SK_OK);
  CHECK(n <= sk_jwt_size(&read, strlen(header), 2));
  CHECK(sk_jwt_verify(text, n, &public_half, &why) == SK_OK);
  CHECK(sk_jwt_verify(text, n, &made, &why) == SK_OK);
  CHECK(sk_jwt_sign(&public_half, header, strlen(header), "{}", 2, text, &n, &why) == SK_INVALID);
  CHECK(strcmp(why, "key without a private part") == 0);
  CHECK(sk_jwt_sign(&read, "{\"alg\":\"none\"}", 14, "{}", 2, text, &n, &why) == SK_INVALID);
  CHECK(sk_sign(&made, "x", 1, signature) == SK_OK);
  n = sk_signature_size(&made);
  CHECK(sk_verify(&made, "x", 1, signature, n) == SK_OK);
  CHECK(sk_verify(&made, "y", 1, signature, n) == SK_INVALID);
  CHECK(sk_verify(&made, "x", 1, signature, n - 1) == SK_INVALID);
  signature[n - 1] ^= 1;
  CHECK(sk_verify(&made, "x", 1, signature, n) == SK_INVALID);
  memset(signature, 0, n);
  CHECK(sk_verify(&made, "x", 1, signature, n) == SK_INVALID);
  memset(signature, 0xFF, n);
  CHECK(sk_verify(&made, "x", 1, signature, n) == SK_INVALID);
  sk_key_free(&made);
  sk_key_free(&read);
  sk_key_free(&public_half);
}

/* What is said about a key that libcrypto likes; takes it over. */
static const char *opinion(EVP_PKEY *pkey, int public_only, const EVP_CIPHER *cipher) {
  BIO *bio = BIO_new(BIO_s_mem());
  char *text;
  long n;
  sk_key key = {0};
  if (pkey == NULL || bio == NULL) abort();
  if (public_only) PEM_write_bio_PUBKEY(bio, pkey);
  else PEM_write_bio_PKCS8PrivateKey(bio, pkey, cipher, cipher ? "pass" : NULL, 4, NULL, NULL);
  n = BIO_get_mem_data(bio, &text);
  why = "";
  if (sk_key_read_pem(&key, text, (size_t)n, &why) == SK_OK) why = "";
  CHECK(*why == '\0' ? key.is_private == !public_only : key.pkey == NULL);
  sk_key_free(&key);
  BIO_free(bio);
  EVP_PKEY_free(pkey);
  return why;
}

static void test_refused_keys(void) {
  static const unsigned char one[] = {1}, four[] = {4}, e[] = {1, 0, 1};
  unsigned char n[SK_RSA_MAX + 1];
  sk_key key = {0};
  CHECK(strcmp(opinion(EVP_RSA_gen(2048), 0, NULL), "") == 0);
  CHECK(strcmp(opinion(EVP_RSA_gen(2048), 1, NULL), "") == 0);
  CHECK(strcmp(opinion(EVP_EC_gen("P-256"), 1, NULL), "") == 0);
  CHECK(strcmp(opinion(EVP_RSA_gen(1024), 0, NULL), "RSA key shorter than 2048 bits") == 0);
  CHECK(strcmp(opinion(EVP_EC_gen("P-384"), 0, NULL), "EC key that is not on P-256") == 0);
  CHECK(strcmp(opinion(EVP_EC_gen("secp256k1"), 0, NULL), "EC key that is not on P-256") == 0);
  CHECK(strcmp(opinion(EVP_PKEY_Q_keygen(NULL, NULL, "ED25519"), 0, NULL),
               "neither an RSA nor an EC key") == 0);
  CHECK(strcmp(opinion(EVP_RSA_gen(2048), 0, EVP_aes_128_cbc()), "no usable PEM key") == 0);
  CHECK(sk_key_read_pem(&key, "", 0, &why) == SK_INVALID);
  CHECK(sk_key_read_pem(&key, "-----BEGIN PRIVATE KEY-----\nAAAA\n", 32, &why) == SK_INVALID);
  memset(n, 0xFF, sizeof n);
  CHECK(sk_key_from_rsa(&key, n, 256, one, 1, &why) == SK_INVALID);
  CHECK(sk_key_from_rsa(&key, n, 256, four, 1, &why) == SK_INVALID);
  CHECK(sk_key_from_rsa(&key, n, 128, e, 3, &why) == SK_INVALID);
  CHECK(strcmp(why, "RSA key shorter than 2048 bits") == 0);
  CHECK(sk_key_from_rsa(&key, n, sizeof n, e, 3, &why) == SK_INVALID);
  n[255] = 0xFE;
  CHECK(sk_key_from_rsa(&key, n, 256, e, 3, &why) == SK_INVALID);
  CHECK(key.pkey == NULL);
}

/* Others' errors stay on the queue, ours do not. */
static void test_error_queue(void) {
  sk_key key = {0};
  ERR_clear_error();
  ERR_raise(ERR_LIB_USER, 42);
  CHECK(sk_key_read_pem(&key, "garbage", 7, &why) == SK_INVALID);
  key = rsa_key();
  CHECK(sk_jwt_verify(token, sizeof token - 5, &key, &why) == SK_INVALID);
  CHECK(sk_verify(&key, "x", 1, (const unsigned char *)modulus, 256) == SK_INVALID);
  sk_key_free(&key);
  CHECK(ERR_GET_REASON(ERR_get_error()) == 42);
  CHECK(ERR_get_error() == 0);
}

static void test_digests(void) {
  static const unsigned char abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
  unsigned char digest[32], a[64], b[64];
  CHECK(sk_sha256("abc", 3, digest) == SK_OK && memcmp(digest, abc, sizeof abc) == 0);
  CHECK(sk_sha256("", 0, digest) == SK_OK && digest[0] == 0xe3);
  memset(a, 0, sizeof a);
  CHECK(sk_random(a, sizeof a) == SK_OK && sk_random(b, sizeof b) == SK_OK);
  CHECK(!sk_equal(a, b, sizeof a) && sk_equal(a, a, sizeof a) && sk_equal(a, b, 0));
  CHECK(sk_random(a, 0) == SK_OK);
}

/* Whether HMAC-SHA-256 of `text` under `key` is what `hex` says. */
static int mac_is(const void *key, size_t key_len, const char *text, const char *hex) {
  unsigned char mac[32];
  char found[65];
  size_t i;
  CHECK(sk_hmac_sha256(key, key_len, text, strlen(text), mac) == SK_OK);
  for (i = 0; i < sizeof mac; i++) snprintf(found + 2 * i, 3, "%02x", mac[i]);
  return strcmp(found, hex) == 0;
}

/* RFC 4231, cases 1, 2, 4 and 6: short keys, and one longer than a block. */
static void test_hmac(void) {
  unsigned char key[131];
  size_t i;
  memset(key, 0x0b, sizeof key);
  CHECK(mac_is(key, 20, "Hi There",
               "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"));
  CHECK(mac_is("Jefe", 4, "what do ya want for nothing?",
               "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"));
  memset(key, 0xaa, sizeof key);
  CHECK(mac_is(key, sizeof key, "Test Using Larger Than Block-Size Key - Hash Key First",
               "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"));
  for (i = 0; i < 25; i++) key[i] = (unsigned char)(i + 1);
  {
    char text[51];
    memset(text, 0xcd, 50);
    text[50] = '\0';
    CHECK(mac_is(key, 25, text,
                 "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"));
  }
}

/* What is said about a webhook secret; "" where it serves. */
static const char *secret_opinion(const char *secret) {
  unsigned char mac[32];
  sk_status status = sk_webhook_mac(secret, strlen(secret), "x", 1, mac, &why);
  CHECK(status == SK_OK || status == SK_INVALID);
  return status == SK_OK ? "" : why;
}

static void test_webhook_secrets(void) {
  static const char no_base64[] = "webhook secret that is not base64 behind its '_'";
  static char big[SK_WEBHOOK_SECRET_MAX + 2];
  unsigned char one[32], two[32];
  CHECK(sk_webhook_mac("whsec_dGVzdHNlY3JldA==", 22, "abc", 3, one, &why) == SK_OK);
  CHECK(sk_hmac_sha256("testsecret", 10, "abc", 3, two) == SK_OK);
  CHECK(memcmp(one, two, sizeof one) == 0);
  CHECK(strcmp(secret_opinion("_dGVzdHNlY3JldA=="), "") == 0);
  CHECK(strcmp(secret_opinion("whsec"), "webhook secret without a '_'") == 0);
  CHECK(strcmp(secret_opinion(""), "webhook secret without a '_'") == 0);
  CHECK(strcmp(secret_opinion("whsec_"), no_base64) == 0);
  CHECK(strcmp(secret_opinion("whsec_****"), no_base64) == 0);
  CHECK(strcmp(secret_opinion("whsec_dGVzdHNlY3JldA"), no_base64) == 0);
  CHECK(strcmp(secret_opinion("whsec_dGVz_dHNl"), no_base64) == 0);
  memset(big, 'A', sizeof big - 1);
  big[0] = '_';
  CHECK(strcmp(secret_opinion(big), "") == 0); /* as long as it may be */
  CHECK(sk_webhook_mac(big, sizeof big, "x", 1, one, &why) == SK_INVALID);
  CHECK(strcmp(why, "webhook secret too long") == 0);
}

int main(void) {
  test_vectors();
  test_headers();
  test_split();
  test_round_trip(SK_RS256);
  test_round_trip(SK_ES256);
  test_refused_keys();
  test_error_queue();
  test_digests();
  test_hmac();
  test_webhook_secrets();
  return report();
}
