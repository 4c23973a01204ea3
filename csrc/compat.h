/*
** compat.h - the differences between Lua 5.1, 5.2, 5.3, 5.4 and LuaJIT.
** Borrow the newer name, never a newer promise. The only file that looks at
** LUA_VERSION_NUM.
*/
#ifndef SK_COMPAT_H
#define SK_COMPAT_H

#include <lauxlib.h>
#include <lua.h>

#if LUA_VERSION_NUM == 501
#define sk_rawlen(L, i) lua_objlen((L), (i))
#define sk_setuv(L, i) lua_setfenv((L), (i)) /* the value must be a table */
#define sk_getuv(L, i) lua_getfenv((L), (i))
#define sk_setfuncs(L, l, n) luaL_openlib((L), NULL, (l), (n))
#else
#define sk_rawlen(L, i) lua_rawlen((L), (i))
#define sk_setuv(L, i) lua_setuservalue((L), (i))
#define sk_getuv(L, i) lua_getuservalue((L), (i))
#define sk_setfuncs(L, l, n) luaL_setfuncs((L), (l), (n))
#endif

#if LUA_VERSION_NUM == 501
#define sk_rawgetp(L, i, p) (lua_pushlightuserdata((L), (void *)(p)), lua_rawget((L), (i)))
#else
#define sk_rawgetp(L, i, p) lua_rawgetp((L), (i), (p))
#endif

/* lua_absindex, spelt for all versions: a helper that pushes needs it */
#define sk_abs(L, i) ((i) > 0 || (i) <= LUA_REGISTRYINDEX ? (i) : lua_gettop(L) + (i) + 1)

#if LUA_VERSION_NUM >= 503
#define sk_isint(L, i) lua_isinteger((L), (i))
#define sk_pushi64(L, v) lua_pushinteger((L), (lua_Integer)(v))
#else
#define sk_isint(L, i) 0
/* doubles: exact to 2^53; larger ones keep their digits as a string */
__attribute__((visibility("hidden"))) void sk_pushi64(lua_State *L, long long v);
#endif

#endif
