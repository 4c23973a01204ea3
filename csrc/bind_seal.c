/*
** bind_seal.c - sealed bytes for Lua.
**
** sealer(secret, purpose) → s
**   s:seal(bytes [, context])   string; bytes may be a secret
**   s:open(sealed [, context])  secret | nil where anything has been changed
**   s:name(text)                32 hex digits that stand for the text
*/
#include <string.h>

#include "bind.h"
#include "seal.h"

typedef struct box {
  sk_head head;
  sk_sealer sealer;
} box;

static int gc(lua_State *L) {
  box *b = (box *)lua_touserdata(L, 1);
  if (sk_bury(&b->head)) sk_sealer_free(&b->sealer);
  return 0;
}

static const sk_sealer *check(lua_State *L) {
  const box *b = (const box *)sk_check(L, 1, SK_SEALER);
  luaL_argcheck(L, b->sealer.ready, 1, "the sealer is closed");
  return &b->sealer;
}

static int create(lua_State *L) {
  size_t n, purpose_len;
  const char *secret = sk_check_bytes(L, 1, &n);
  const char *purpose = luaL_checklstring(L, 2, &purpose_len);
  box *b = (box *)sk_new(L, SK_SEALER, sizeof *b, 0);
  if (sk_sealer_init(&b->sealer, secret, n, purpose, purpose_len) != SK_OK)
    return luaL_error(L, "scalekit: libcrypto failed");
  return 1;
}

static int seal(lua_State *L) {
  const sk_sealer *s = check(L);
  size_t n, context_len;
  const char *bytes = sk_check_bytes(L, 2, &n);
  const char *context = luaL_optlstring(L, 3, "", &context_len);
  unsigned char *out;
  luaL_argcheck(L, n <= SK_SEAL_MAX, 2, "too long");
  luaL_argcheck(L, context_len <= SK_SEAL_MAX, 3, "too long");
  out = (unsigned char *)lua_newuserdata(L, n + SK_SEAL_EXTRA);
  if (sk_seal(s, context, context_len, bytes, n, out) != SK_OK)
    return luaL_error(L, "scalekit: libcrypto failed");
  lua_pushlstring(L, (const char *)out, n + SK_SEAL_EXTRA);
  return 1;
}

static int open_sealed(lua_State *L) {
  const sk_sealer *s = check(L);
  size_t n, context_len;
  const char *sealed = luaL_checklstring(L, 2, &n);
  const char *context = luaL_optlstring(L, 3, "", &context_len);
  if (n >= SK_SEAL_EXTRA && n <= SK_SEAL_MAX + SK_SEAL_EXTRA) {
    char *bytes = sk_push_room(L, n - SK_SEAL_EXTRA); /* a secret: what fails is wiped too */
    if (sk_unseal(s, context, context_len, sealed, n, (unsigned char *)bytes) == SK_OK) return 1;
  }
  lua_pushnil(L);
  return 1;
}

static int name(lua_State *L) {
  static const char digits[] = "0123456789abcdef";
  const sk_sealer *s = check(L);
  size_t n, i;
  const char *text = luaL_checklstring(L, 2, &n);
  unsigned char raw[16];
  char hex[2 * sizeof raw];
  if (sk_seal_name(s, text, n, raw) != SK_OK) return luaL_error(L, "scalekit: libcrypto failed");
  for (i = 0; i < sizeof raw; i++) {
    hex[2 * i] = digits[raw[i] >> 4];
    hex[2 * i + 1] = digits[raw[i] & 15];
  }
  lua_pushlstring(L, hex, sizeof hex);
  return 1;
}

void sk_open_seal(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"seal", seal}, {"open", open_sealed}, {"name", name}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"sealer", create}, {NULL, NULL}};
  sk_class(L, SK_SEALER, methods, gc);
  sk_setfuncs(L, functions, 0);
}
