/*
** module.c - luaopen_scalekit_core, the only symbol the shared object exports.
*/
#include <dlfcn.h>

#include "bind.h"
#include "crypt.h"
#include "http.h"

#ifndef SK_VERSION
#error "SK_VERSION comes from the build"
#endif

__attribute__((visibility("default"))) int luaopen_scalekit_core(lua_State *L);

static const char anchor = 0; /* an address inside this shared object */

/* lua_close may unload us, and libcurl with us, while a resolver thread of
   libcurl still runs. */
static void stay_loaded(void) {
  Dl_info self;
  if (dladdr(&anchor, &self) && self.dli_fname)
    (void)dlopen(self.dli_fname, RTLD_NOW | RTLD_NOLOAD | RTLD_NODELETE);
}

/* libraries(): { http =, crypt = }, the versions of what is linked */
static int libraries(lua_State *L) {
  lua_newtable(L);
  lua_pushstring(L, sk_http_library());
  lua_setfield(L, -2, "http");
  lua_pushstring(L, sk_crypt_library());
  lua_setfield(L, -2, "crypt");
  return 1;
}

int luaopen_scalekit_core(lua_State *L) {
  stay_loaded();
  lua_newtable(L);
  sk_open_secret(L);
  sk_open_wire(L);
  sk_open_json(L);
  sk_open_decode(L);
  sk_open_sse(L);
  sk_open_crypt(L);
  sk_open_model(L);
  sk_open_request(L);
  sk_open_answer(L);
  sk_open_seal(L);
  sk_open_auth(L);
  sk_open_loop(L);
  lua_pushcfunction(L, libraries);
  lua_setfield(L, -2, "libraries");
  lua_pushliteral(L, SK_VERSION);
  lua_setfield(L, -2, "version"); /* checked by scalekit.init: both halves match */
  return 1;
}
