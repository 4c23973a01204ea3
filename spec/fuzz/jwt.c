/*
** jwt.c - tokens and keys. Only what was signed verifies; whatever was signed
** does; what is loaded as a key is the key that was given.
** Input: what to do ('v' verify, 's' sign, 'p' PEM, 'k' numbers, 'j' JWK),
** then its bytes.
*/
#include <openssl/err.h>

#include <lauxlib.h>
#include <lua.h>

#include "crypt.h"
#include "fuzz.h"

int luaopen_scalekit_core(lua_State *L);

static sk_key es, rs, other;
static char genuine[2][1024]; /* a token of each key */
static size_t genuine_len[2];
static lua_State *L;

static void sign_genuine(const sk_key *key, int i) {
  char header[64];
  const char *why;
  strcpy(header, "{\"alg\":\"");
  strcat(strcat(header, sk_alg_name(key->alg)), "\"}");
  MUST(sk_jwt_sign(key, header, strlen(header), "{}", 2, genuine[i], &genuine_len[i], &why) ==
       SK_OK);
}

static void start(void) {
  if (L != NULL) return;
  MUST(sk_key_generate(&es, SK_ES256) == SK_OK && sk_key_generate(&rs, SK_RS256) == SK_OK);
  MUST(sk_key_generate(&other, SK_ES256) == SK_OK);
  sign_genuine(&es, 0);
  sign_genuine(&rs, 1);
  L = luaL_newstate();
  if (L == NULL) abort();
  lua_pushcfunction(L, luaopen_scalekit_core);
  lua_call(L, 0, 1);
}

static void try_verify(const char *p, size_t n) {
  const char *why = NULL;
  sk_jwt jwt;
  int i;
  if (sk_jwt_split(p, n, &jwt, &why) == SK_OK) {
    MUST(jwt.header == p && jwt.payload == p + jwt.header_len + 1);
    MUST(jwt.signature == jwt.payload + jwt.payload_len + 1);
    MUST(jwt.signature + jwt.signature_len == p + n);
    MUST(p[jwt.header_len] == '.' && jwt.signature[-1] == '.');
    MUST(!memchr(p, '.', jwt.header_len));
  } else {
    MUST(why != NULL);
  }
  for (i = 0; i < 2; i++)
    if (sk_jwt_verify(p, n, i ? &rs : &es, &why) == SK_OK)
      MUST(n == genuine_len[i] && memcmp(p, genuine[i], n) == 0);
    else
      MUST(why != NULL);
}

/* Header, zero, payload; a token of them stays good until a bit is turned. */
static void try_sign(input in) {
  unsigned turn = take_byte(&in) | take_byte(&in) << 8;
  input header = take_text(&in);
  char *h = exact(header), *p = exact(in), *token;
  const char *why = NULL;
  size_t n;
  if (header.n + in.n > SK_JWT_MAX / 2) goto out;
  token = (char *)block(sk_jwt_size(&es, header.n, in.n));
  if (sk_jwt_sign(&es, h, header.n, p, in.n, token, &n, &why) == SK_OK) {
    MUST(n <= sk_jwt_size(&es, header.n, in.n));
    MUST(sk_jwt_verify(token, n, &es, &why) == SK_OK);
    MUST(sk_jwt_verify(token, n, &other, &why) == SK_INVALID);
    MUST(sk_jwt_verify(token, n, &rs, &why) == SK_INVALID);
    token[turn / 8 % n] ^= (char)(1 << turn % 8);
    MUST(sk_jwt_verify(token, n, &es, &why) == SK_INVALID);
  } else {
    MUST(why != NULL);
  }
  free(token);
out:
  free(h);
  free(p);
}

static void try_key(sk_key *key) {
  unsigned char a[SK_RSA_MAX], b[SK_RSA_MAX], c[SK_RSA_MAX], d[SK_RSA_MAX];
  size_t a_len, b_len, c_len, d_len;
  sk_key again = {NULL, SK_NO_ALG, 0};
  const char *why;
  MUST(key->pkey != NULL && (key->alg == SK_RS256 || key->alg == SK_ES256));
  MUST(sk_key_numbers(key, a, &a_len, b, &b_len) == SK_OK);
  if (key->alg == SK_RS256) {
    MUST(a_len >= SK_RSA_MIN_BITS / 8 && a_len <= SK_RSA_MAX && (a[a_len - 1] & 1));
    MUST(b_len >= 1 && b_len <= 8 && (b[b_len - 1] & 1));
    MUST(sk_key_from_rsa(&again, a, a_len, b, b_len, &why) == SK_OK);
  } else {
    MUST(a_len == 32 && b_len == 32);
    MUST(sk_key_from_p256(&again, a, b, &why) == SK_OK);
  }
  MUST(sk_key_numbers(&again, c, &c_len, d, &d_len) == SK_OK);
  MUST(a_len == c_len && memcmp(a, c, a_len) == 0);
  MUST(b_len == d_len && memcmp(b, d, b_len) == 0);
  sk_key_free(&again);
}

static void try_numbers(input in) {
  sk_key key = {NULL, SK_NO_ALG, 0};
  const char *why = NULL;
  sk_status status;
  if (take_byte(&in) & 1) {
    unsigned char x[32] = {0}, y[32] = {0};
    input part = take(&in, 32);
    if (part.n) memcpy(x, part.p, part.n);
    part = take(&in, 32);
    if (part.n) memcpy(y, part.p, part.n);
    status = sk_key_from_p256(&key, x, y, &why);
  } else {
    input e = take(&in, take_byte(&in) % 20);
    status = sk_key_from_rsa(&key, in.p, in.n, e.p, e.n, &why);
  }
  if (status == SK_OK) try_key(&key);
  else MUST(why != NULL && key.pkey == NULL);
  sk_key_free(&key);
}

static void try_pem(const char *p, size_t n) {
  sk_key key = {NULL, SK_NO_ALG, 0};
  const char *why = NULL;
  if (sk_key_read_pem(&key, p, n, &why) == SK_OK) try_key(&key);
  else MUST(why != NULL && key.pkey == NULL);
  sk_key_free(&key);
}

/* Lua: core.jwk_load of a table; a key describes itself as it was described. */
static void try_jwk(input in) {
  static unsigned runs;
  int top = lua_gettop(L);
  lua_getfield(L, top, "jwk_load");
  lua_newtable(L);
  while (in.n > 0) {
    input name = take_text(&in), value = take_text(&in);
    lua_pushlstring(L, (const char *)name.p, name.n);
    if (value.n == 1 && *value.p == '1') lua_pushinteger(L, 1);
    else lua_pushlstring(L, (const char *)value.p, value.n);
    lua_rawset(L, -3);
  }
  lua_call(L, 1, 2);
  if (lua_isuserdata(L, -2)) {
    lua_pop(L, 1);
    lua_getfield(L, top, "jwk_load");
    lua_getfield(L, -2, "jwk");
    lua_pushvalue(L, -3);
    lua_call(L, 1, 1);
    lua_call(L, 1, 1);
    MUST(lua_isuserdata(L, -1));
  } else {
    MUST(lua_isnil(L, -2) && lua_type(L, -1) == LUA_TSTRING);
  }
  lua_settop(L, top);
  if (++runs % 64 == 0) lua_gc(L, LUA_GCCOLLECT);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  input in = {bytes, n};
  char *p;
  start();
  switch (take_byte(&in)) {
    case 's': try_sign(in); break;
    case 'k': try_numbers(in); break;
    case 'j': try_jwk(in); break;
    case 'p':
      p = exact(in);
      try_pem(p, in.n);
      free(p);
      break;
    default:
      p = exact(in);
      try_verify(p, in.n);
      free(p);
  }
  MUST(ERR_peek_error() == 0); /* OpenSSL's queue is as it was */
  return 0;
}
