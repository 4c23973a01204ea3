/*
** bind_answer.c - reads the answer to an operation at one go, where nothing is wrong
** with it: answer_reader(model, null, array_mt) → reader.
**
** reader:read(text) → the value, shaped by the model | nothing, where the text is not the
** JSON that it should be; whoever wants to know why goes the long way (reply.lua).
*/
#include "decode.h"
#include "model.h"

enum { MODEL = 1, NULL_VALUE, ARRAY_MT, DEPTH = 64 };

int sk_read_answer(lua_State *L, int reader, const char *text, size_t n) {
  sk_walk w = {SK_ANSWER, 0, 0, 0, 0, 0};
  sk_json_report report;
  int nulls, top = lua_gettop(L), model = SK_AT_VIOLATIONS + 1, value = model + 1;
  sk_check(L, reader, SK_READER);
  if (n == 0) return 0;
  lua_settop(L, model);
  sk_getuv(L, reader);
  lua_rawgeti(L, -1, NULL_VALUE);
  lua_replace(L, SK_AT_NULL);
  lua_rawgeti(L, -1, ARRAY_MT);
  lua_replace(L, SK_AT_ARRAY_MT);
  lua_rawgeti(L, -1, MODEL);
  lua_replace(L, model);
  lua_pop(L, 1);
  if (sk_decode(L, text, n, DEPTH, SK_AT_NULL, SK_AT_ARRAY_MT, &nulls, &report) == SK_OK) {
    w.no_nulls = nulls == 0;
    sk_shape_answer(L, &w, model, value);
    if (!w.misshapen) {
      lua_replace(L, top + 1);
      lua_settop(L, top + 1);
      return 1;
    }
  }
  lua_settop(L, top);
  return 0;
}

static int read_text(lua_State *L) {
  size_t n;
  const char *text = luaL_checklstring(L, 2, &n);
  lua_settop(L, 2);
  return sk_read_answer(L, 1, text, n);
}

static int gc(lua_State *L) {
  sk_bury((sk_head *)lua_touserdata(L, 1));
  return 0;
}

static int answer_reader(lua_State *L) {
  int i;
  sk_check(L, MODEL, SK_MODEL);
  luaL_checktype(L, ARRAY_MT, LUA_TTABLE);
  lua_settop(L, ARRAY_MT);
  (void)sk_new(L, SK_READER, sizeof(sk_head), 1);
  sk_getuv(L, -1);
  for (i = MODEL; i <= ARRAY_MT; i++) {
    lua_pushvalue(L, i);
    lua_rawseti(L, -2, i);
  }
  lua_pop(L, 1);
  return 1;
}

void sk_open_answer(lua_State *L) {
  static const luaL_Reg methods[] = {{"read", read_text}, {NULL, NULL}};
  static const luaL_Reg functions[] = {{"answer_reader", answer_reader}, {NULL, NULL}};
  sk_class(L, SK_READER, methods, gc);
  sk_setfuncs(L, functions, 0);
}
