/*
** bind_crypt.c - keys, tokens, digests and randomness for Lua.
*/
#include <stdint.h>
#include <string.h>

#include "bind.h"
#include "crypt.h"

typedef struct key_box {
  sk_head head;
  sk_key key;
} key_box;

static int key_gc(lua_State *L) {
  key_box *box = (key_box *)lua_touserdata(L, 1);
  if (sk_bury(&box->head)) sk_key_free(&box->key);
  return 0;
}

/* An empty key on the stack, to be filled. */
static sk_key *push_key(lua_State *L) {
  return &((key_box *)sk_new(L, SK_KEY, sizeof(key_box), 0))->key;
}

static const sk_key *check_key(lua_State *L, int index) {
  const key_box *box = (const key_box *)sk_check(L, index, SK_KEY);
  luaL_argcheck(L, box->key.pkey != NULL, index, "closed key");
  return &box->key;
}

/* nil and a message for what the world gave us; throws for what we lack */
static int refuse(lua_State *L, sk_status status, const char *why) {
  if (status == SK_NOMEM) return luaL_error(L, "scalekit: libcrypto failed");
  lua_pushnil(L);
  lua_pushstring(L, why);
  return 2;
}

/* --- keys --------------------------------------------------------------------- */

/* key_generate("RS256" | "ES256") */
static int key_generate(lua_State *L) {
  static const char *const names[] = {"RS256", "ES256", NULL};
  static const sk_alg algs[] = {SK_RS256, SK_ES256};
  int which = luaL_checkoption(L, 1, NULL, names);
  if (sk_key_generate(push_key(L), algs[which]) != SK_OK)
    return luaL_error(L, "scalekit: libcrypto cannot make a key");
  return 1;
}

/* key_load(pem): a key, or nil and a message */
static int key_load(lua_State *L) {
  size_t n;
  const char *pem = sk_check_bytes(L, 1, &n), *why;
  sk_status status = sk_key_read_pem(push_key(L), pem, n, &why);
  return status == SK_OK ? 1 : refuse(L, status, why);
}

/* Pushes member `name` of the table at 1; NULL where it is no string. */
static const char *member(lua_State *L, const char *name, size_t *n) {
  lua_pushstring(L, name);
  lua_rawget(L, 1);
  return lua_type(L, -1) == LUA_TSTRING ? lua_tolstring(L, -1, n) : NULL;
}

/* Whether member `name` is missing or is `text`. */
static int unless_other(lua_State *L, const char *name, const char *text) {
  size_t n;
  const char *p = member(L, name, &n);
  int good = lua_isnil(L, -1) || (p != NULL && strcmp(p, text) == 0);
  lua_pop(L, 1);
  return good;
}

/* Decodes the base64url member `name` into `out`; its length, 0 where it is bad. */
static size_t number(lua_State *L, const char *name, unsigned char *out, size_t cap) {
  size_t n, len = 0;
  const char *p = member(L, name, &n);
  if (p == NULL || n > SK_BASE64_SIZE(cap) || sk_unbase64(p, n, 1, out, &len) != SK_OK) len = 0;
  lua_pop(L, 1);
  return len;
}

/* jwk_load(jwk): the public key that a JSON web key describes, or nil and a message */
static int jwk_load(lua_State *L) {
  unsigned char first[SK_RSA_MAX + 8], second[SK_RSA_MAX + 8];
  size_t first_len, second_len, n;
  const char *kty, *why = "key of an unknown type";
  sk_status status = SK_INVALID;
  sk_key *key;
  luaL_checktype(L, 1, LUA_TTABLE);
  lua_settop(L, 1);
  if (!unless_other(L, "use", "sig"))
    return refuse(L, SK_INVALID, "key that is not for signatures");
  kty = member(L, "kty", &n);
  key = push_key(L); /* `kty` stays on the stack below it */
  if (kty != NULL && strcmp(kty, "RSA") == 0) {
    first_len = number(L, "n", first, SK_RSA_MAX);
    second_len = number(L, "e", second, SK_RSA_MAX);
    why = "bad RSA numbers";
    if (first_len > 0 && second_len > 0)
      status = sk_key_from_rsa(key, first, first_len, second, second_len, &why);
  } else if (kty != NULL && strcmp(kty, "EC") == 0) {
    const char *crv = member(L, "crv", &n);
    first_len = crv != NULL && strcmp(crv, "P-256") == 0 ? number(L, "x", first, 32) : 0;
    second_len = number(L, "y", second, 32);
    lua_pop(L, 1);
    why = "not a point on P-256";
    if (first_len == 32 && second_len == 32)
      status = sk_key_from_p256(key, first, second, &why);
  }
  if (status != SK_OK) return refuse(L, status, why);
  if (!unless_other(L, "alg", sk_alg_name(key->alg)))
    return refuse(L, SK_INVALID, "key for an algorithm that its type does not serve");
  return 1;
}

/* key:pem(): the private key as PKCS#8; nil and a message for a public one */
static int key_pem(lua_State *L) {
  const sk_key *key = check_key(L, 1);
  char *out = (char *)lua_newuserdata(L, SK_PEM_MAX);
  size_t n;
  sk_status status = sk_key_write_pem(key, out, SK_PEM_MAX, &n);
  if (status != SK_OK) return refuse(L, status, "key without a private part");
  lua_pushlstring(L, out, n);
  sk_wipe(out, n);
  return 1;
}

static void set_number(lua_State *L, const char *name, const unsigned char *bytes, size_t n) {
  char text[SK_BASE64_SIZE(SK_RSA_MAX)];
  lua_pushlstring(L, text, sk_base64(bytes, n, 1, text));
  lua_setfield(L, -2, name);
}

static void set_string(lua_State *L, const char *name, const char *text) {
  lua_pushstring(L, text);
  lua_setfield(L, -2, name);
}

/* key:jwk(): the public members of its JSON web key */
static int key_jwk(lua_State *L) {
  const sk_key *key = check_key(L, 1);
  unsigned char first[SK_RSA_MAX], second[SK_RSA_MAX];
  size_t first_len, second_len;
  if (sk_key_numbers(key, first, &first_len, second, &second_len) != SK_OK)
    return luaL_error(L, "scalekit: libcrypto failed");
  lua_createtable(L, 0, 4);
  if (key->alg == SK_RS256) {
    set_string(L, "kty", "RSA");
    set_number(L, "n", first, first_len);
    set_number(L, "e", second, second_len);
  } else {
    set_string(L, "kty", "EC");
    set_string(L, "crv", "P-256");
    set_number(L, "x", first, first_len);
    set_number(L, "y", second, second_len);
  }
  return 1;
}

/* key:alg(): "RS256" or "ES256" */
static int key_alg(lua_State *L) {
  lua_pushstring(L, sk_alg_name(check_key(L, 1)->alg));
  return 1;
}

/* --- tokens ------------------------------------------------------------------- */

/* jwt_sign(key, header_json, payload_json): the token; throws on misuse */
static int jwt_sign(lua_State *L) {
  const sk_key *key = check_key(L, 1);
  size_t header_len, payload_len, n;
  const char *header = luaL_checklstring(L, 2, &header_len), *why;
  const char *payload = luaL_checklstring(L, 3, &payload_len);
  sk_status status;
  char *out;
  luaL_argcheck(L, header_len <= SK_JWT_MAX, 2, "too long");
  luaL_argcheck(L, payload_len <= SK_JWT_MAX, 3, "too long");
  out = (char *)lua_newuserdata(L, sk_jwt_size(key, header_len, payload_len));
  status = sk_jwt_sign(key, header, header_len, payload, payload_len, out, &n, &why);
  if (status == SK_NOMEM) return luaL_error(L, "scalekit: libcrypto failed");
  if (status != SK_OK) return luaL_error(L, "cannot sign: %s", why);
  lua_pushlstring(L, out, n);
  return 1;
}

/* Pushes what a base64url part says; false where it says nothing. */
static int push_part(lua_State *L, const char *part, size_t part_len) {
  size_t n;
  char *out = (char *)lua_newuserdata(L, SK_UNBASE64_SIZE(part_len));
  if (sk_unbase64(part, part_len, 1, out, &n) != SK_OK) return 0;
  lua_pushlstring(L, out, n);
  lua_remove(L, -2);
  return 1;
}

/* jwt_parse(token): header_json, payload_json, nothing verified; nil, message */
static int jwt_parse(lua_State *L) {
  size_t n;
  const char *token = sk_check_bytes(L, 1, &n), *why;
  sk_jwt jwt;
  sk_status status = sk_jwt_split(token, n, &jwt, &why);
  if (status != SK_OK) return refuse(L, status, why);
  if (!push_part(L, jwt.header, jwt.header_len) || !push_part(L, jwt.payload, jwt.payload_len))
    return refuse(L, SK_INVALID, "token part that is not base64url");
  return 2;
}

/* jwt_verify(token, key): true, or nil and a message */
static int jwt_verify(lua_State *L) {
  size_t n;
  const char *token = sk_check_bytes(L, 1, &n), *why;
  sk_status status = sk_jwt_verify(token, n, check_key(L, 2), &why);
  if (status != SK_OK) return refuse(L, status, why);
  lua_pushboolean(L, 1);
  return 1;
}

/* --- digests and randomness ----------------------------------------------------- */

#define RANDOM_MAX 65536

/* random(n): n bytes that nobody can guess */
static int random_bytes(lua_State *L) {
  lua_Integer n = luaL_checkinteger(L, 1);
  void *out;
  luaL_argcheck(L, n >= 0 && n <= RANDOM_MAX, 1, "out of range");
  out = lua_newuserdata(L, (size_t)n);
  if (sk_random(out, (size_t)n) != SK_OK) return luaL_error(L, "scalekit: no randomness");
  lua_pushlstring(L, (const char *)out, (size_t)n);
  return 1;
}

/* sha256(bytes): 32 bytes */
static int sha256(lua_State *L) {
  unsigned char digest[32];
  size_t n;
  const char *p = sk_check_bytes(L, 1, &n);
  if (sk_sha256(p, n, digest) != SK_OK) return luaL_error(L, "scalekit: libcrypto failed");
  lua_pushlstring(L, (const char *)digest, sizeof digest);
  return 1;
}

/*
** webhook_mac(secret, text): the 32 bytes of HMAC-SHA-256 under the key of a
** webhook secret (string or secret); nil and a message where that is none
*/
static int webhook_mac(lua_State *L) {
  unsigned char mac[32];
  size_t secret_len, n;
  const char *secret = sk_check_bytes(L, 1, &secret_len), *why;
  const char *p = luaL_checklstring(L, 2, &n);
  sk_status status = sk_webhook_mac(secret, secret_len, p, n, mac, &why);
  if (status != SK_OK) return refuse(L, status, why);
  lua_pushlstring(L, (const char *)mac, sizeof mac);
  return 1;
}

/* equal(a, b): in a time that does not tell where they differ */
static int equal(lua_State *L) {
  size_t a_len, b_len;
  const char *a = sk_check_bytes(L, 1, &a_len), *b = sk_check_bytes(L, 2, &b_len);
  lua_pushboolean(L, a_len == b_len && sk_equal(a, b, a_len));
  return 1;
}

void sk_open_crypt(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"pem", key_pem}, {"jwk", key_jwk}, {"alg", key_alg}, {NULL, NULL}};
  static const luaL_Reg functions[] = {
    {"key_generate", key_generate}, {"key_load", key_load}, {"jwk_load", jwk_load},
    {"jwt_sign", jwt_sign}, {"jwt_parse", jwt_parse}, {"jwt_verify", jwt_verify},
    {"random", random_bytes}, {"sha256", sha256}, {"webhook_mac", webhook_mac}, {"equal", equal},
    {NULL, NULL}};
  sk_class(L, SK_KEY, methods, key_gc);
  sk_setfuncs(L, functions, 0);
}
