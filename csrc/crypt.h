/*
** crypt.h - keys, signatures, tokens, digests, randomness. Stands on libcrypto
** alone. Functions answer a status; where they take `why`, a refusal leaves
** there a constant sentence. OpenSSL's error queue is as it was afterwards.
*/
#ifndef SK_CRYPT_H
#define SK_CRYPT_H

#include "wire.h"

#pragma GCC visibility push(hidden)

/* The libcrypto that answers here: "OpenSSL 3.0.11 …". */
const char *sk_crypt_library(void);
sk_status sk_random(void *out, size_t n);
sk_status sk_sha256(const void *bytes, size_t n, unsigned char out[32]);
/* HMAC-SHA-256 (RFC 2104). */
sk_status sk_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t n,
                         unsigned char out[32]);
/* In a time that depends on n alone. */
int sk_equal(const void *a, const void *b, size_t n);

#define SK_WEBHOOK_SECRET_MAX 1024

/*
** The same with the key of a webhook secret, `whsec_<base64>`: the bytes that
** the text behind its first '_' stands for.
*/
sk_status sk_webhook_mac(const char *secret, size_t secret_len, const void *bytes, size_t n,
                         unsigned char out[32], const char **why);

/* --- crypt.c: keys ---------------------------------------------------------- */

typedef enum sk_alg { SK_NO_ALG, SK_RS256, SK_ES256 } sk_alg;

/* All-zero is a key that holds nothing. */
typedef struct sk_key {
  struct evp_pkey_st *pkey;
  sk_alg alg; /* the only one this key serves */
  int is_private;
} sk_key;

#define SK_RSA_MIN_BITS 2048
#define SK_RSA_MAX_BITS 8192
#define SK_RSA_MAX (SK_RSA_MAX_BITS / 8)
#define SK_PEM_MAX 16384

/* "RS256", "ES256". */
const char *sk_alg_name(sk_alg alg);

/* These fill an empty key, or leave it empty. */
sk_status sk_key_generate(sk_key *key, sk_alg alg);
/* A private key (PKCS#8, PKCS#1, SEC 1; unencrypted) or a public one (SPKI). */
sk_status sk_key_read_pem(sk_key *key, const char *pem, size_t n, const char **why);
/* Public keys from their big-endian numbers. */
sk_status sk_key_from_rsa(sk_key *key, const unsigned char *n, size_t n_len,
                          const unsigned char *e, size_t e_len, const char **why);
sk_status sk_key_from_p256(sk_key *key, const unsigned char x[32], const unsigned char y[32],
                           const char **why);
void sk_key_free(sk_key *key);

/* PKCS#8; SK_INVALID where the key is public, SK_FULL above `cap`. */
sk_status sk_key_write_pem(const sk_key *key, char *out, size_t cap, size_t *len);

/* The public numbers: n and e, or x and y; each needs SK_RSA_MAX bytes. */
sk_status sk_key_numbers(const sk_key *key, unsigned char *first, size_t *first_len,
                         unsigned char *second, size_t *second_len);

/* Bytes of a signature as JOSE writes them: for ES256 r and s, not DER. */
size_t sk_signature_size(const sk_key *key);
/* `out` needs sk_signature_size; SK_INVALID where the key is public. */
sk_status sk_sign(const sk_key *key, const void *bytes, size_t n, unsigned char *out);
sk_status sk_verify(const sk_key *key, const void *bytes, size_t n, const unsigned char *signature,
                    size_t signature_len);

/* --- jwt.c: signed tokens, compact serialisation ---------------------------- */

#define SK_JWT_MAX 32768

typedef struct sk_jwt { /* three base64url parts of a token */
  const char *header, *payload, *signature;
  size_t header_len, payload_len, signature_len;
} sk_jwt;

/* Finds the parts; they are not decoded, let alone trusted. */
sk_status sk_jwt_split(const char *token, size_t n, sk_jwt *jwt, const char **why);

/* `out` needs this many bytes. */
size_t sk_jwt_size(const sk_key *key, size_t header_len, size_t payload_len);
/* The header must be a JSON object whose `alg` is that of the key. */
sk_status sk_jwt_sign(const sk_key *key, const char *header, size_t header_len,
                      const char *payload, size_t payload_len, char *out, size_t *len,
                      const char **why);

/*
** SK_OK where the signature is that of `key`. The algorithm is the key's: a
** header that names another, or has a `crit`, is refused. The payload is not
** looked at.
*/
sk_status sk_jwt_verify(const char *token, size_t n, const sk_key *key, const char **why);

#pragma GCC visibility pop

#endif
