/*
** crypt.c - keys and signatures on libcrypto 3.
*/
#include <limits.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>

#include "crypt.h"

#define COORDINATE 32 /* bytes of a number of P-256 */

/*
** Between enter and leave our own failures pile up on the thread's error
** queue; what others left there stays.
*/
static void enter(void) {
  ERR_set_mark();
}

static sk_status leave(sk_status status) {
  ERR_pop_to_mark();
  return status;
}

const char *sk_crypt_library(void) {
  return OpenSSL_version(OPENSSL_VERSION);
}

sk_status sk_random(void *out, size_t n) {
  enter();
  return leave(RAND_bytes_ex(NULL, (unsigned char *)out, n, 0) == 1 ? SK_OK : SK_INVALID);
}

sk_status sk_sha256(const void *bytes, size_t n, unsigned char out[32]) {
  enter();
  return leave(EVP_Digest(bytes, n, out, NULL, EVP_sha256(), NULL) == 1 ? SK_OK : SK_NOMEM);
}

sk_status sk_hmac_sha256(const void *key, size_t key_len, const void *bytes, size_t n,
                         unsigned char out[32]) {
  unsigned len = 0;
  if (key_len > INT_MAX) return SK_INVALID;
  enter();
  return leave(HMAC(EVP_sha256(), key, (int)key_len, (const unsigned char *)bytes, n, out, &len) !=
               NULL && len == 32 ? SK_OK : SK_NOMEM);
}

sk_status sk_webhook_mac(const char *secret, size_t secret_len, const void *bytes, size_t n,
                         unsigned char out[32], const char **why) {
  unsigned char key[SK_UNBASE64_SIZE(SK_WEBHOOK_SECRET_MAX)];
  const char *text = (const char *)memchr(secret, '_', secret_len);
  size_t text_len, key_len = 0;
  sk_status status;
  *why = "webhook secret without a '_'";
  if (text == NULL) return SK_INVALID;
  text_len = secret_len - (size_t)(++text - secret);
  *why = "webhook secret too long";
  if (text_len > SK_WEBHOOK_SECRET_MAX) return SK_INVALID;
  *why = "webhook secret that is not base64 behind its '_'";
  status = sk_unbase64(text, text_len, 0, key, &key_len);
  if (status == SK_OK && key_len == 0) status = SK_INVALID; /* everybody knows that key */
  if (status == SK_OK) status = sk_hmac_sha256(key, key_len, bytes, n, out);
  sk_wipe(key, sizeof key);
  return status;
}

int sk_equal(const void *a, const void *b, size_t n) {
  return CRYPTO_memcmp(a, b, n) == 0;
}

const char *sk_alg_name(sk_alg alg) {
  return alg == SK_RS256 ? "RS256" : alg == SK_ES256 ? "ES256" : "none";
}

/* --- keys ------------------------------------------------------------------- */

/* An even exponent, or 1 with which everybody could sign, makes no key. */
static int good_exponent(const EVP_PKEY *pkey) {
  BIGNUM *e = NULL;
  int good = EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_RSA_E, &e) && BN_is_odd(e) &&
             !BN_is_one(e) && BN_num_bits(e) <= 64;
  BN_free(e);
  return good;
}

/* Takes over `pkey`: into `key` where we serve its kind, else to its end. */
static sk_status adopt(sk_key *key, EVP_PKEY *pkey, int is_private, const char **why) {
  char group[32];
  const char *bad = NULL;
  sk_alg alg = SK_NO_ALG;
  if (EVP_PKEY_is_a(pkey, "RSA")) {
    int bits = EVP_PKEY_get_bits(pkey);
    alg = SK_RS256;
    if (bits < SK_RSA_MIN_BITS) bad = "RSA key shorter than 2048 bits";
    else if (bits > SK_RSA_MAX_BITS) bad = "RSA key longer than 8192 bits";
    else if (!good_exponent(pkey)) bad = "RSA key with a bad exponent";
  } else if (EVP_PKEY_is_a(pkey, "EC")) {
    alg = SK_ES256;
    if (EVP_PKEY_get_group_name(pkey, group, sizeof group, NULL) != 1 ||
        (strcmp(group, SN_X9_62_prime256v1) != 0 && strcmp(group, "P-256") != 0))
      bad = "EC key that is not on P-256";
  } else {
    bad = "neither an RSA nor an EC key";
  }
  if (bad != NULL) {
    EVP_PKEY_free(pkey);
    *why = bad;
    return SK_INVALID;
  }
  key->pkey = pkey;
  key->alg = alg;
  key->is_private = is_private;
  return SK_OK;
}

sk_status sk_key_generate(sk_key *key, sk_alg alg) {
  const char *why;
  EVP_PKEY *pkey = NULL;
  enter();
  if (alg == SK_RS256) pkey = EVP_RSA_gen(SK_RSA_MIN_BITS);
  if (alg == SK_ES256) pkey = EVP_EC_gen("P-256");
  if (pkey == NULL) return leave(SK_INVALID);
  return leave(adopt(key, pkey, 1, &why));
}

/* Without it OpenSSL would ask for a pass phrase on the terminal. */
static int no_passphrase(char *out, int size, int writing, void *ud) {
  (void)out, (void)size, (void)writing, (void)ud;
  return -1;
}

sk_status sk_key_read_pem(sk_key *key, const char *pem, size_t n, const char **why) {
  EVP_PKEY *pkey;
  BIO *bio;
  int is_private = 1;
  *why = "no usable PEM key";
  if (n > SK_PEM_MAX) return SK_INVALID;
  enter();
  if ((bio = BIO_new_mem_buf(pem, (int)n)) == NULL) return leave(SK_NOMEM);
  if ((pkey = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL)) == NULL) {
    is_private = 0;
    BIO_reset(bio);
    pkey = PEM_read_bio_PUBKEY(bio, NULL, no_passphrase, NULL);
  }
  BIO_free(bio);
  return leave(pkey != NULL ? adopt(key, pkey, is_private, why) : SK_INVALID);
}

/* A public key of the numbers in `params`, or NULL. */
static EVP_PKEY *from_params(const char *type, OSSL_PARAM *params) {
  EVP_PKEY *pkey = NULL;
  EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
  if (ctx != NULL && params != NULL && EVP_PKEY_fromdata_init(ctx) == 1 &&
      EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, params) != 1)
    pkey = NULL;
  EVP_PKEY_CTX_free(ctx);
  return pkey;
}

sk_status sk_key_from_rsa(sk_key *key, const unsigned char *n, size_t n_len,
                          const unsigned char *e, size_t e_len, const char **why) {
  BIGNUM *modulus, *exponent;
  OSSL_PARAM_BLD *builder;
  OSSL_PARAM *params = NULL;
  EVP_PKEY *pkey;
  *why = "bad RSA numbers";
  if (n_len > SK_RSA_MAX || e_len > SK_RSA_MAX) return SK_INVALID;
  enter();
  modulus = BN_bin2bn(n, (int)n_len, NULL);
  exponent = BN_bin2bn(e, (int)e_len, NULL);
  builder = OSSL_PARAM_BLD_new();
  if (modulus != NULL && exponent != NULL && builder != NULL && BN_is_odd(modulus) &&
      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, modulus) &&
      OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, exponent))
    params = OSSL_PARAM_BLD_to_param(builder);
  pkey = from_params("RSA", params);
  OSSL_PARAM_free(params);
  OSSL_PARAM_BLD_free(builder);
  BN_free(exponent);
  BN_free(modulus);
  return leave(pkey != NULL ? adopt(key, pkey, 0, why) : SK_INVALID);
}

sk_status sk_key_from_p256(sk_key *key, const unsigned char x[32], const unsigned char y[32],
                           const char **why) {
  char group[] = SN_X9_62_prime256v1;
  unsigned char point[1 + 2 * COORDINATE] = {POINT_CONVERSION_UNCOMPRESSED};
  OSSL_PARAM params[3];
  EVP_PKEY *pkey;
  *why = "not a point on P-256"; /* OpenSSL checks that it is on the curve */
  memcpy(point + 1, x, COORDINATE);
  memcpy(point + 1 + COORDINATE, y, COORDINATE);
  params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0);
  params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point);
  params[2] = OSSL_PARAM_construct_end();
  enter();
  pkey = from_params("EC", params);
  return leave(pkey != NULL ? adopt(key, pkey, 0, why) : SK_INVALID);
}

void sk_key_free(sk_key *key) {
  EVP_PKEY_free(key->pkey); /* wipes private numbers */
  memset(key, 0, sizeof *key);
}

sk_status sk_key_write_pem(const sk_key *key, char *out, size_t cap, size_t *len) {
  sk_status status = SK_NOMEM;
  BIO *bio;
  char *p;
  long n;
  if (!key->is_private) return SK_INVALID;
  enter();
  if ((bio = BIO_new(BIO_s_secmem())) != NULL &&
      PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) == 1 &&
      (n = BIO_get_mem_data(bio, &p)) > 0) {
    status = SK_FULL;
    if ((size_t)n <= cap) {
      memcpy(out, p, (size_t)n);
      *len = (size_t)n;
      status = SK_OK;
    }
  }
  BIO_free(bio); /* wiped, as OpenSSL does with every memory BIO */
  return leave(status);
}

/* The number called `name`, big-endian; `width` 0 means as short as it goes. */
static int write_number(const EVP_PKEY *pkey, const char *name, int width, unsigned char *out,
                        size_t *len) {
  BIGNUM *number = NULL;
  int done = EVP_PKEY_get_bn_param(pkey, name, &number);
  if (done) {
    int n = width > 0 ? width : BN_num_bytes(number);
    done = n <= SK_RSA_MAX && BN_bn2binpad(number, out, n) == n;
    *len = done ? (size_t)n : 0;
  }
  BN_free(number);
  return done;
}

sk_status sk_key_numbers(const sk_key *key, unsigned char *first, size_t *first_len,
                         unsigned char *second, size_t *second_len) {
  const EVP_PKEY *k = key->pkey;
  int ok;
  enter();
  if (key->alg == SK_RS256)
    ok = write_number(k, OSSL_PKEY_PARAM_RSA_N, 0, first, first_len) &&
         write_number(k, OSSL_PKEY_PARAM_RSA_E, 0, second, second_len);
  else
    ok = write_number(k, OSSL_PKEY_PARAM_EC_PUB_X, COORDINATE, first, first_len) &&
         write_number(k, OSSL_PKEY_PARAM_EC_PUB_Y, COORDINATE, second, second_len);
  return leave(ok ? SK_OK : SK_NOMEM);
}

/* --- signatures --------------------------------------------------------------- */

size_t sk_signature_size(const sk_key *key) {
  return key->alg == SK_ES256 ? 2 * COORDINATE : (size_t)EVP_PKEY_get_size(key->pkey);
}

/* DER to r and s. */
static int to_jose(const unsigned char *der, size_t n, unsigned char *out) {
  ECDSA_SIG *pair = d2i_ECDSA_SIG(NULL, &der, (long)n);
  int done = pair != NULL &&
             BN_bn2binpad(ECDSA_SIG_get0_r(pair), out, COORDINATE) == COORDINATE &&
             BN_bn2binpad(ECDSA_SIG_get0_s(pair), out + COORDINATE, COORDINATE) == COORDINATE;
  ECDSA_SIG_free(pair);
  return done;
}

/* r and s to DER; its length, or 0. */
static size_t to_der(const unsigned char *jose, unsigned char *der, size_t cap) {
  ECDSA_SIG *pair = ECDSA_SIG_new();
  BIGNUM *r = BN_bin2bn(jose, COORDINATE, NULL);
  BIGNUM *s = BN_bin2bn(jose + COORDINATE, COORDINATE, NULL);
  int n = 0;
  if (pair != NULL && r != NULL && s != NULL && ECDSA_SIG_set0(pair, r, s) == 1) {
    r = s = NULL; /* the pair's now */
    if ((n = i2d_ECDSA_SIG(pair, NULL)) > 0 && (size_t)n <= cap) n = i2d_ECDSA_SIG(pair, &der);
    else n = 0;
  }
  BN_free(r);
  BN_free(s);
  ECDSA_SIG_free(pair);
  return n > 0 ? (size_t)n : 0;
}

#define DER_MAX 80 /* of an ECDSA signature on P-256: 72 */

sk_status sk_sign(const sk_key *key, const void *bytes, size_t n, unsigned char *out) {
  unsigned char der[DER_MAX];
  int ec = key->alg == SK_ES256, done;
  size_t len = ec ? sizeof der : sk_signature_size(key);
  EVP_MD_CTX *ctx;
  if (!key->is_private) return SK_INVALID;
  enter();
  ctx = EVP_MD_CTX_new();
  done = ctx != NULL && EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
         EVP_DigestSign(ctx, ec ? der : out, &len, (const unsigned char *)bytes, n) == 1 &&
         (ec ? to_jose(der, len, out) : len == sk_signature_size(key));
  EVP_MD_CTX_free(ctx);
  return leave(done ? SK_OK : SK_NOMEM);
}

sk_status sk_verify(const sk_key *key, const void *bytes, size_t n, const unsigned char *signature,
                    size_t signature_len) {
  unsigned char der[DER_MAX];
  sk_status status = SK_NOMEM;
  EVP_MD_CTX *ctx;
  if (signature_len != sk_signature_size(key)) return SK_INVALID;
  enter();
  if (key->alg == SK_ES256) {
    signature_len = to_der(signature, der, sizeof der);
    signature = der;
  }
  ctx = EVP_MD_CTX_new();
  if (ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, EVP_sha256(), NULL, key->pkey) == 1)
    status = EVP_DigestVerify(ctx, signature, signature_len, (const unsigned char *)bytes, n) == 1
               ? SK_OK : SK_INVALID;
  EVP_MD_CTX_free(ctx);
  return leave(status);
}
