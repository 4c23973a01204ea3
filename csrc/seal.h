/*
** seal.h - bytes that rest where others can read them: AES-256-GCM with a key
** derived from a secret (HKDF-SHA-256, RFC 5869). Stands on libcrypto alone.
*/
#ifndef SK_SEAL_H
#define SK_SEAL_H

#include "wire.h"

#pragma GCC visibility push(hidden)

#define SK_SEAL_NONCE 12
#define SK_SEAL_TAG 16
#define SK_SEAL_EXTRA (SK_SEAL_NONCE + SK_SEAL_TAG) /* bytes that sealing adds */
#define SK_SEAL_MAX (1 << 20)

typedef struct sk_sealer { /* all-zero: none */
  unsigned char key[32];
  int ready;
} sk_sealer;

/* `purpose` keeps apart what one secret serves for. */
sk_status sk_sealer_init(sk_sealer *s, const void *secret, size_t n, const void *purpose,
                         size_t purpose_len);
/* Wipes it. */
void sk_sealer_free(sk_sealer *s);

/* `out` needs n + SK_SEAL_EXTRA bytes. `context` is not hidden, but bound to it. */
sk_status sk_seal(const sk_sealer *s, const void *context, size_t context_len, const void *bytes,
                  size_t n, unsigned char *out);
/* `out` needs n - SK_SEAL_EXTRA bytes; SK_INVALID where anything has been changed. */
sk_status sk_unseal(const sk_sealer *s, const void *context, size_t context_len,
                    const void *sealed, size_t n, unsigned char *out);
/* A name for `text` that only the holder of the secret can tell. */
sk_status sk_seal_name(const sk_sealer *s, const void *text, size_t n, unsigned char out[16]);

#pragma GCC visibility pop

#endif
