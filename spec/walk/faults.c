/*
** faults.c - see faults.h. Our own calls of malloc and its kin arrive here by
** the linker's --wrap, which touches nobody's but those of the objects linked.
*/
#include "faults.h"

#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/crypto.h>

void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

const char *const source_name[SOURCES] = {"lua", "core", "curl", "ssl"};
book books[SOURCES];

static struct {
  source from;
  long at;
  int fired;
  size_t again; /* Lua asks a second time for a block of this size */
} plan;

void faults_arm(source from, long at) {
  int i;
  memset(&plan, 0, sizeof plan);
  plan.from = from;
  plan.at = at;
  for (i = 0; i < SOURCES; i++) books[i].calls = 0;
}

int faults_disarm(void) {
  plan.at = 0;
  plan.again = 0;
  return plan.fired;
}

static int fails(source from) {
  long n = ++books[from].calls;
  if (from != plan.from || n != plan.at) return 0;
  plan.fired = 1;
  return 1;
}

/* --- one function for all that is not Lua's ------------------------------------------ */

static void *get(source from, void *p, size_t n, int zero) {
  void *q;
  if (fails(from)) return NULL;
  q = zero ? __real_calloc(1, n) : __real_realloc(p, n ? n : 1);
  if (q && p == NULL) books[from].blocks++;
  return q;
}

static void give(source from, void *p) {
  if (p) books[from].blocks--;
  __real_free(p);
}

void *__wrap_malloc(size_t n) {
  return get(OF_CORE, NULL, n, 0);
}

void *__wrap_calloc(size_t n, size_t size) {
  return get(OF_CORE, NULL, n * size, 1);
}

void *__wrap_realloc(void *p, size_t n) {
  return get(OF_CORE, p, n, 0);
}

void __wrap_free(void *p) {
  give(OF_CORE, p);
}

static void *curl_malloc(size_t n) {
  return get(OF_CURL, NULL, n, 0);
}

static void *curl_calloc(size_t n, size_t size) {
  return get(OF_CURL, NULL, n * size, 1);
}

static void *curl_realloc(void *p, size_t n) {
  return get(OF_CURL, p, n, 0);
}

static char *curl_strdup(const char *s) {
  size_t n = strlen(s) + 1;
  char *copy = (char *)get(OF_CURL, NULL, n, 0);
  return copy ? (char *)memcpy(copy, s, n) : NULL;
}

static void curl_give(void *p) {
  give(OF_CURL, p);
}

static void *ssl_malloc(size_t n, const char *file, int line) {
  (void)file, (void)line;
  return n ? get(OF_SSL, NULL, n, 0) : NULL;
}

static void ssl_give(void *p, const char *file, int line) {
  (void)file, (void)line;
  give(OF_SSL, p);
}

static void *ssl_realloc(void *p, size_t n, const char *file, int line) {
  if (n) return get(OF_SSL, p, n, 0);
  ssl_give(p, file, line);
  return NULL;
}

void faults_start(void) {
  if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_give) != 1) abort();
  if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, curl_malloc, curl_give, curl_realloc, curl_strdup,
                           curl_calloc) != CURLE_OK)
    abort();
}

/* --- Lua's ------------------------------------------------------------------------------ */

void *faults_lua(void *ud, void *p, size_t old, size_t size) {
  void *q;
  (void)ud;
  if (size == 0) {
    if (p) books[OF_LUA].blocks--;
    __real_free(p);
    return NULL;
  }
  if (p == NULL || size > old) { /* Lua relies on it that a block can shrink */
    size_t again = plan.again;
    plan.again = 0;
    if (again == size) return NULL; /* nor is there any after a collection */
    if (fails(OF_LUA)) {
      plan.again = size;
      return NULL;
    }
  }
  q = __real_realloc(p, size);
  if (q && p == NULL) books[OF_LUA].blocks++;
  return q;
}
