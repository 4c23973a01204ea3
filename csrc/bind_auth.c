/*
** bind_auth.c - credentials for Lua.
**
** credentials(id, secret) → c
**   c:form()           secret: the body of a token request
**   c:accept(body)     true | nil, message
**   c:bearer()         secret, generation, time to ask again, time it ends |
**                      nothing while there is no token
**   c:stale()          the same of a token that should be renewed and still serves
**   c:adopt(token, renew, end)  true | nothing: somebody else's, with those times
**   c:drop(generation) that token was refused
*/
#include <string.h>

#include "auth.h"
#include "bind.h"
#include "http.h"
#include "json.h"

typedef struct box {
  sk_head head;
  sk_credentials *c;
  sk_buf form; /* here so that a throw cannot lose it */
} box;

static int gc(lua_State *L) {
  box *b = (box *)lua_touserdata(L, 1);
  if (sk_bury(&b->head)) {
    sk_credentials_free(b->c);
    sk_buf_free(&b->form);
    b->c = NULL;
  }
  return 0;
}

static box *check(lua_State *L) {
  box *b = (box *)sk_check(L, 1, SK_CREDENTIALS);
  if (b->c == NULL) luaL_argerror(L, 1, "the credentials are closed");
  return b;
}

static int create(lua_State *L) {
  size_t id_len, secret_len;
  const char *id = sk_check_bytes(L, 1, &id_len);
  const char *secret = sk_check_bytes(L, 2, &secret_len);
  box *b = (box *)sk_new(L, SK_CREDENTIALS, sizeof *b, 0);
  sk_buf_init(&b->form, 32 * 1024);
  b->c = sk_credentials_new(id, id_len, secret, secret_len);
  if (b->c == NULL) return luaL_error(L, "scalekit: the credentials do not fit in memory");
  return 1;
}

static int form(lua_State *L) {
  box *b = check(L);
  b->form.len = 0; /* what a call that threw has left */
  if (sk_credentials_form(b->c, &b->form) != SK_OK) return luaL_error(L, "scalekit: out of memory");
  sk_push_secret(L, b->form.p, b->form.len);
  sk_buf_free(&b->form);
  return 1;
}

static int accept(lua_State *L) {
  box *b = check(L);
  size_t n;
  const char *json = sk_check_bytes(L, 2, &n);
  double spread = luaL_optnumber(L, 3, 0);
  sk_json_report report;
  sk_status rc = sk_json_check(json, n, 16, &report);
  if (rc == SK_OK) rc = sk_credentials_accept(b->c, json, n, sk_now(), spread);
  if (rc == SK_OK) {
    lua_pushboolean(L, 1);
    return 1;
  }
  if (rc == SK_NOMEM) return luaL_error(L, "scalekit: out of memory");
  lua_pushnil(L);
  lua_pushliteral(L, "the token endpoint's answer has no usable access_token");
  return 2;
}

static int push_token(lua_State *L, const sk_credentials *c, const sk_buf *token) {
  if (token == NULL) return 0;
  sk_push_secret(L, token->p, token->len);
  lua_pushnumber(L, (lua_Number)sk_credentials_generation(c));
  lua_pushnumber(L, sk_credentials_renew(c));
  lua_pushnumber(L, sk_credentials_end(c));
  return 4;
}

static int bearer(lua_State *L) {
  const box *b = check(L);
  return push_token(L, b->c, sk_credentials_token(b->c, sk_now()));
}

static int stale(lua_State *L) {
  const box *b = check(L);
  return push_token(L, b->c, sk_credentials_stale(b->c, sk_now()));
}

static int adopt(lua_State *L) {
  const box *b = check(L);
  size_t n;
  const char *token = sk_check_bytes(L, 2, &n);
  double renew = luaL_checknumber(L, 3), end = luaL_checknumber(L, 4);
  sk_status rc = sk_credentials_adopt(b->c, token, n, renew, end, sk_now());
  if (rc == SK_NOMEM) return luaL_error(L, "scalekit: out of memory");
  if (rc != SK_OK) return 0;
  lua_pushboolean(L, 1);
  return 1;
}

static int drop(lua_State *L) {
  box *b = check(L);
  sk_credentials_drop(b->c, (unsigned long)luaL_checknumber(L, 2));
  return 0;
}

void sk_open_auth(lua_State *L) {
  static const luaL_Reg methods[] = {
    {"form", form},   {"accept", accept}, {"bearer", bearer}, {"stale", stale},
    {"adopt", adopt}, {"drop", drop},     {NULL, NULL}};
  static const luaL_Reg functions[] = {{"credentials", create}, {NULL, NULL}};
  sk_class(L, SK_CREDENTIALS, methods, gc);
  sk_setfuncs(L, functions, 0);
}
