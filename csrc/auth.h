/*
** auth.h - client credentials and the access token they buy (RFC 6749 4.4).
** Holds the secrets where Lua cannot read them and wipes them on release.
** Does no I/O: the caller carries the form out and the answer in.
*/
#ifndef SK_AUTH_H
#define SK_AUTH_H

#include "wire.h"

#pragma GCC visibility push(hidden)

typedef struct sk_credentials sk_credentials;

/* NULL: out of memory. */
sk_credentials *sk_credentials_new(const char *id, size_t id_len, const char *secret,
                                   size_t secret_len);
void sk_credentials_free(sk_credentials *c);

/* The body of a token request, percent-encoded; `out` is the caller's. */
sk_status sk_credentials_form(const sk_credentials *c, sk_buf *out);

/*
** Takes the JSON answer of the token endpoint, valid JSON already. SK_INVALID:
** it has no access_token. `spread` in 0..1 moves the time of the refresh, so
** that many processes do not come at once.
*/
sk_status sk_credentials_accept(sk_credentials *c, const char *json, size_t n, double now,
                                double spread);

/* The token where there is one that is not about to expire, else NULL. */
const sk_buf *sk_credentials_token(const sk_credentials *c, double now);

/* From this time on sk_credentials_token has none: it is time for another. */
double sk_credentials_renew(const sk_credentials *c);
/* Until this time the server takes it all the same, some seconds allowed for. */
double sk_credentials_end(const sk_credentials *c);

/* The token between these two times, else NULL. */
const sk_buf *sk_credentials_stale(const sk_credentials *c, double now);

/* Takes a token that somebody else with the same credentials was given.
** SK_INVALID: it is none, or is too old. */
sk_status sk_credentials_adopt(sk_credentials *c, const char *token, size_t n, double renew,
                               double end, double now);

/* Counts the tokens; names the one that a request used. */
unsigned long sk_credentials_generation(const sk_credentials *c);

/* Forgets the token, unless it has been replaced since `generation`. */
void sk_credentials_drop(sk_credentials *c, unsigned long generation);

#pragma GCC visibility pop

#endif
