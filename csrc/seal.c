/*
** seal.c - AES-256-GCM and HKDF on libcrypto 3. A nonce is random: a key may
** seal 2^32 times (SP 800-38D 8.3), and these seal once an hour.
*/
#include "seal.h"

#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/rand.h>

static const char salt[] = "scalekit.seal.1";

static OSSL_PARAM octets(const char *name, const void *bytes, size_t n) {
  return OSSL_PARAM_construct_octet_string(name, (void *)(size_t)bytes, n); /* read only */
}

/* HKDF: `n` bytes that depend on the secret and on `info`. */
static int derive(const void *secret, size_t secret_len, const void *info, size_t info_len,
                  unsigned char *out, size_t n) {
  EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
  EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
  char digest[] = "SHA256";
  OSSL_PARAM params[5];
  int done;
  params[0] = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0);
  params[1] = octets(OSSL_KDF_PARAM_KEY, secret, secret_len);
  params[2] = octets(OSSL_KDF_PARAM_SALT, salt, sizeof salt - 1);
  params[3] = octets(OSSL_KDF_PARAM_INFO, info, info_len);
  params[4] = OSSL_PARAM_construct_end();
  done = ctx != NULL && EVP_KDF_derive(ctx, out, n, params) == 1;
  EVP_KDF_CTX_free(ctx);
  EVP_KDF_free(kdf);
  return done;
}

sk_status sk_sealer_init(sk_sealer *s, const void *secret, size_t n, const void *purpose,
                         size_t purpose_len) {
  ERR_set_mark();
  s->ready = derive(secret, n, purpose, purpose_len, s->key, sizeof s->key);
  ERR_pop_to_mark();
  return s->ready ? SK_OK : SK_NOMEM;
}

void sk_sealer_free(sk_sealer *s) {
  sk_wipe(s, sizeof *s);
}

/* Encrypts or decrypts; the tag is written or checked. */
static int run(const sk_sealer *s, int seals, const unsigned char *nonce, const void *context,
               size_t context_len, const void *in, size_t n, unsigned char *out,
               unsigned char *tag) {
  EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
  int len = 0, done;
  done = ctx != NULL &&
         EVP_CipherInit_ex2(ctx, EVP_aes_256_gcm(), s->key, nonce, seals, NULL) == 1 &&
         EVP_CipherUpdate(ctx, NULL, &len, (const unsigned char *)context, (int)context_len) == 1 &&
         (n == 0 || EVP_CipherUpdate(ctx, out, &len, (const unsigned char *)in, (int)n) == 1) &&
         (seals || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, SK_SEAL_TAG, tag) == 1) &&
         EVP_CipherFinal_ex(ctx, out + n, &len) == 1 &&
         (!seals || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, SK_SEAL_TAG, tag) == 1);
  EVP_CIPHER_CTX_free(ctx);
  return done;
}

sk_status sk_seal(const sk_sealer *s, const void *context, size_t context_len, const void *bytes,
                  size_t n, unsigned char *out) {
  int done;
  if (!s->ready || n > SK_SEAL_MAX || context_len > SK_SEAL_MAX) return SK_INVALID;
  ERR_set_mark();
  done = RAND_bytes(out, SK_SEAL_NONCE) == 1 &&
         run(s, 1, out, context, context_len, bytes, n, out + SK_SEAL_NONCE,
             out + SK_SEAL_NONCE + n);
  ERR_pop_to_mark();
  return done ? SK_OK : SK_NOMEM;
}

sk_status sk_unseal(const sk_sealer *s, const void *context, size_t context_len,
                    const void *sealed, size_t n, unsigned char *out) {
  const unsigned char *p = (const unsigned char *)sealed;
  unsigned char tag[SK_SEAL_TAG];
  int done;
  if (!s->ready || n < SK_SEAL_EXTRA || n > SK_SEAL_MAX + SK_SEAL_EXTRA ||
      context_len > SK_SEAL_MAX)
    return SK_INVALID;
  n -= SK_SEAL_EXTRA;
  memcpy(tag, p + SK_SEAL_NONCE + n, sizeof tag);
  ERR_set_mark();
  done = run(s, 0, p, context, context_len, p + SK_SEAL_NONCE, n, out, tag);
  ERR_pop_to_mark();
  if (!done) sk_wipe(out, n);
  return done ? SK_OK : SK_INVALID;
}

sk_status sk_seal_name(const sk_sealer *s, const void *text, size_t n, unsigned char out[16]) {
  int done;
  if (!s->ready) return SK_INVALID;
  ERR_set_mark();
  done = derive(s->key, sizeof s->key, text, n, out, 16);
  ERR_pop_to_mark();
  return done ? SK_OK : SK_NOMEM;
}
