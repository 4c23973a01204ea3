/*
** jwt.c - signed tokens in compact serialisation (RFC 7515).
*/
#include <stdlib.h>
#include <string.h>

#include "crypt.h"
#include "json.h"

#define HEADER_DEPTH 16

sk_status sk_jwt_split(const char *token, size_t n, sk_jwt *jwt, const char **why) {
  const char *end = token + n, *first, *second;
  *why = "token too long";
  if (n > SK_JWT_MAX) return SK_INVALID;
  *why = "token without three parts";
  if ((first = (const char *)memchr(token, '.', n)) == NULL) return SK_INVALID;
  second = (const char *)memchr(first + 1, '.', (size_t)(end - first - 1));
  if (second == NULL || memchr(second + 1, '.', (size_t)(end - second - 1)) != NULL)
    return SK_INVALID;
  jwt->header = token;
  jwt->header_len = (size_t)(first - token);
  jwt->payload = first + 1;
  jwt->payload_len = (size_t)(second - first - 1);
  jwt->signature = second + 1;
  jwt->signature_len = (size_t)(end - second - 1);
  return SK_OK;
}

/* Whether a decoded header belongs to a token that `key` may have signed. */
static sk_status check_header(const sk_key *key, const char *header, size_t n, const char **why) {
  const char *name = sk_alg_name(key->alg);
  sk_json_span alg, crit;
  sk_json_report report;
  sk_status status = sk_json_check(header, n, HEADER_DEPTH, &report);
  *why = "token header that is no JSON";
  if (status != SK_OK) return status;
  alg.p = crit.p = header;
  alg.n = crit.n = n;
  *why = "token header names another algorithm than the key's";
  if (!sk_json_member(&alg, "alg", 3) || !sk_json_is(alg, name, strlen(name))) return SK_INVALID;
  *why = "token header has critical extensions";
  return sk_json_member(&crit, "crit", 4) ? SK_INVALID : SK_OK;
}

size_t sk_jwt_size(const sk_key *key, size_t header_len, size_t payload_len) {
  return SK_BASE64_SIZE(header_len) + SK_BASE64_SIZE(payload_len) +
         SK_BASE64_SIZE(sk_signature_size(key)) + 2;
}

sk_status sk_jwt_sign(const sk_key *key, const char *header, size_t header_len,
                      const char *payload, size_t payload_len, char *out, size_t *len,
                      const char **why) {
  unsigned char signature[SK_RSA_MAX];
  sk_status status = check_header(key, header, header_len, why);
  size_t n;
  if (status != SK_OK) return status;
  n = sk_base64(header, header_len, 1, out);
  out[n++] = '.';
  n += sk_base64(payload, payload_len, 1, out + n);
  *why = "key without a private part";
  if ((status = sk_sign(key, out, n, signature)) != SK_OK) return status;
  out[n++] = '.';
  n += sk_base64(signature, sk_signature_size(key), 1, out + n);
  *len = n;
  return SK_OK;
}

sk_status sk_jwt_verify(const char *token, size_t n, const sk_key *key, const char **why) {
  unsigned char signature[SK_UNBASE64_SIZE(SK_BASE64_SIZE(SK_RSA_MAX))];
  sk_jwt jwt;
  size_t len;
  char *header;
  sk_status status = sk_jwt_split(token, n, &jwt, why);
  if (status != SK_OK) return status;
  *why = "token part that is not base64url";
  if ((header = (char *)malloc(SK_UNBASE64_SIZE(jwt.header_len))) == NULL) return SK_NOMEM;
  status = sk_unbase64(jwt.header, jwt.header_len, 1, header, &len);
  if (status == SK_OK) status = check_header(key, header, len, why);
  free(header);
  if (status != SK_OK) return status;
  *why = "signature does not match";
  if (jwt.signature_len > SK_BASE64_SIZE(SK_RSA_MAX) ||
      sk_unbase64(jwt.signature, jwt.signature_len, 1, signature, &len) != SK_OK)
    return SK_INVALID;
  return sk_verify(key, token, (size_t)(jwt.signature - 1 - token), signature, len);
}
