/*
** cert.c - an authority of our own, and certificates good and bad.
*/
#include "server.h"

#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct identity {
  EVP_PKEY *key;
  X509 *cert;
} identity;

static identity authority, stranger;

static void must(int ok, const char *what) {
  if (ok) return;
  fprintf(stderr, "certificates: %s\n", what);
  exit(1);
}

static void extend(X509 *x, int nid, const char *value) {
  X509V3_CTX ctx;
  X509_EXTENSION *e;
  X509V3_set_ctx_nodb(&ctx);
  X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
  e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
  must(e != NULL && X509_add_ext(x, e, -1), "extension");
  X509_EXTENSION_free(e);
}

/* Signed by `by`, or by itself. Days may lie in the past. */
static identity make(const char *name, const char *alt, long from_day, long to_day,
                     const identity *by) {
  static long serial = 1;
  identity i;
  X509_NAME *subject;
  i.key = EVP_EC_gen("P-256");
  i.cert = X509_new();
  must(i.key != NULL && i.cert != NULL, "key");
  X509_set_version(i.cert, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(i.cert), serial++);
  X509_gmtime_adj(X509_getm_notBefore(i.cert), from_day * 86400);
  X509_gmtime_adj(X509_getm_notAfter(i.cert), to_day * 86400);
  X509_set_pubkey(i.cert, i.key);
  subject = X509_get_subject_name(i.cert);
  X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
  X509_set_issuer_name(i.cert, by ? X509_get_subject_name(by->cert) : subject);
  if (alt)
    extend(i.cert, NID_subject_alt_name, alt);
  else
    extend(i.cert, NID_basic_constraints, "critical,CA:TRUE");
  must(X509_sign(i.cert, by ? by->key : i.key, EVP_sha256()) > 0, "signature");
  return i;
}

static FILE *create(const char *dir, const char *name) {
  char path[4096];
  FILE *f;
  snprintf(path, sizeof path, "%s/%s", dir, name);
  f = fopen(path, "w");
  must(f != NULL, path);
  return f;
}

static void write_cert(const char *dir, const char *name, const identity *i) {
  FILE *f = create(dir, name);
  PEM_write_X509(f, i->cert);
  fclose(f);
}

static void write_key(const char *dir, const char *name, const identity *i) {
  FILE *f = create(dir, name);
  PEM_write_PrivateKey(f, i->key, NULL, NULL, 0, NULL, NULL);
  fclose(f);
}

void certs_make(const char *dir) {
  identity client;
  authority = make("faults test authority", NULL, -1, 30, NULL);
  stranger = make("somebody else's authority", NULL, -1, 30, NULL);
  client = make("faults test client", "DNS:client.example", -1, 30, &authority);
  write_cert(dir, "ca.pem", &authority);
  write_cert(dir, "client.pem", &client);
  write_key(dir, "client.key", &client);
}

static identity identity_of(const char *kind) {
  static const char local[] = "DNS:localhost,IP:127.0.0.1";
  if (strcmp(kind, "wrong-host") == 0)
    return make("other.example", "DNS:other.example", -1, 30, &authority);
  if (strcmp(kind, "expired") == 0) return make("localhost", local, -30, -1, &authority);
  if (strcmp(kind, "future") == 0) return make("localhost", local, 10, 30, &authority);
  if (strcmp(kind, "foreign") == 0) return make("localhost", local, -1, 30, &stranger);
  if (strcmp(kind, "self-signed") == 0) return make("localhost", local, -1, 30, NULL);
  return make("localhost", local, -1, 30, &authority);
}

/* Takes the client's first choice among what this port speaks. */
static int choose(SSL *ssl, const unsigned char **out, unsigned char *len,
                  const unsigned char *in, unsigned int n, void *ud) {
  const char *mine = (const char *)ud;
  (void)ssl;
  if (SSL_select_next_proto((unsigned char **)(size_t)out, len, (const unsigned char *)mine,
                            (unsigned)strlen(mine), in, n) == OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_OK;
  return SSL_TLSEXT_ERR_NOACK;
}

SSL_CTX *cert_context(const listener *l) {
  static char h1[] = "\x08http/1.1", h2[] = "\x02h2";
  SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
  identity i = identity_of(l->cert);
  must(ctx != NULL && SSL_CTX_use_certificate(ctx, i.cert) && SSL_CTX_use_PrivateKey(ctx, i.key),
       "context");
  if (l->tls12) SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
  if (l->ask_cert) {
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(ctx), authority.cert);
  }
  SSL_CTX_set_alpn_select_cb(ctx, choose, l->h2 ? h2 : h1);
  return ctx;
}
