/*
** walk.c - runs a story (spec/walk/story.lua) again and again, each time in a
** process of its own in which one allocation fails, another each time. After
** each: no crash, an answer or a clean error, a second telling that succeeds,
** and with the state closed nothing left. Ends with N passed, N failed.
**
**   walk [-full] [-fresh] [-v] [-only source] [-at n] story
**
** -full    every allocation, else some hundred of Lua's and OpenSSL's
** -fresh   the modules are loaded in the run too, not before it
** -at n    that allocation only, in this process: for a debugger
*/
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <lauxlib.h>
#include <lua.h>
#include <lualib.h>

#include "faults.h"

int luaopen_scalekit_core(lua_State *L);

enum { JOBS = 2, PATIENCE = 20 };
enum { GOOD = 0, NOT_REACHED = 10, BAD = 11 };

static struct {
  int full, fresh, verbose, only;
  long at, some; /* some: how many of each source unless full */
  const char *story;
} options = {0, 0, 0, -1, 0, 400, NULL};

static long usual[SOURCES]; /* blocks that stay in caches after a good run */
static char usual_left[256];

static lua_State *prepared; /* with the modules loaded, unless -fresh */

/* --- one telling --------------------------------------------------------------------------- */

static const char *complain(const char *what, const char *more) {
  static char text[512];
  snprintf(text, sizeof text, "%s: %s", what, more ? more : "?");
  return text;
}

static lua_State *open_state(void) {
  lua_State *L = lua_newstate(faults_lua, NULL);
  return L;
}

/* Loads everything the story needs and leaves its table on the stack. */
static int load(lua_State *L) {
  luaL_openlibs(L);
  luaL_getsubtable(L, LUA_REGISTRYINDEX, LUA_PRELOAD_TABLE);
  lua_pushcfunction(L, luaopen_scalekit_core);
  lua_setfield(L, -2, "scalekit.core");
  lua_pop(L, 1);
  if (luaL_loadfile(L, "spec/walk/story.lua") != LUA_OK) return lua_error(L);
  lua_pushstring(L, options.story);
  lua_call(L, 1, 1);
  lua_setfield(L, LUA_REGISTRYINDEX, "story");
  return 0;
}

static int protect(lua_State *L, lua_CFunction f) {
  lua_settop(L, 0);
  lua_pushcfunction(L, f);
  return lua_pcall(L, 0, 2, 0);
}

static int tell(lua_State *L) {
  lua_settop(L, 0);
  if (lua_getfield(L, LUA_REGISTRYINDEX, "story") == LUA_TNIL) load(L);
  lua_settop(L, 0);
  lua_getfield(L, LUA_REGISTRYINDEX, "story");
  lua_getfield(L, -1, "tell");
  lua_call(L, 0, 2);
  return 2;
}

/* NULL where the telling ended as it may; `said` learns how. */
static const char *judge(lua_State *L, int status, const char **said) {
  *said = "well";
  if (status == LUA_OK && lua_toboolean(L, 1)) return NULL;
  if (status == LUA_OK) lua_remove(L, 1);
  if (lua_istable(L, 1)) {
    lua_getfield(L, 1, "kind");
    lua_getfield(L, 1, "message");
    *said = lua_tostring(L, -1);
    if (lua_type(L, -2) == LUA_TSTRING && *said) return NULL;
    return "an error without kind and message";
  }
  *said = lua_tostring(L, 1);
  if (*said == NULL) return "an error that is neither text nor table";
  if (strstr(*said, "WRONG: ")) return "a false answer";
  return strstr(*said, "attempt to") ? complain("an error that is no answer", *said) : NULL;
}

static const char *tell_well(lua_State *L) {
  const char *said, *problem;
  int status = protect(L, tell), well = status == LUA_OK && lua_toboolean(L, 1);
  problem = judge(L, status, &said);
  if (problem) return problem;
  return well ? NULL : complain("told again", said);
}

static int left(lua_State *L) {
  lua_getfield(L, LUA_REGISTRYINDEX, "story");
  lua_getfield(L, -1, "left");
  lua_call(L, 0, 1);
  return 1;
}

/* What the census shows once nothing is in use. */
static const char *count_left(lua_State *L, char *out, size_t size) {
  if (protect(L, left) != LUA_OK) return complain("census", lua_tostring(L, -1));
  snprintf(out, size, "%s", lua_tostring(L, 1));
  return NULL;
}

/* --- blocks out of reach: in builds with the address sanitizer ----------------------------- */

__attribute__((weak)) int __lsan_do_recoverable_leak_check(void);

static int is_leaking(void) {
  return __lsan_do_recoverable_leak_check && __lsan_do_recoverable_leak_check();
}

/* Ours, Lua's and libcurl's blocks must all be back. OpenSSL may have put some
   into a cache: these count only if nothing leads to them any more. */
static const char *compare_blocks(long at) {
  static char text[128];
  int i;
  for (i = 0; i < SOURCES; i++) {
    long extra = books[i].blocks - usual[i];
    if (extra == 0 || i == OF_SSL) continue;
    snprintf(text, sizeof text, "%ld blocks of %s left", extra, source_name[i]);
    return text;
  }
  /* it takes longer than the run, so not every time */
  if (books[OF_SSL].blocks > usual[OF_SSL] || at % 16 == 0)
    if (is_leaking()) return "blocks out of reach";
  return NULL;
}

/* --- one run ---------------------------------------------------------------------------------- */

static int report(source from, long at, const char *said, const char *problem) {
  if (options.verbose || problem)
    fprintf(stderr, "%s %s %ld: %s%s%s\n", options.story, source_name[from], at, said,
            problem ? " | " : "", problem ? problem : "");
  return problem ? BAD : GOOD;
}

static int run(source from, long at) {
  static char text[256];
  char now_left[256];
  const char *said = "?", *problem = NULL;
  lua_State *L = prepared;
  int status, fired;
  alarm(PATIENCE);
  faults_arm(from, at);
  if (L == NULL && (L = open_state()) == NULL) {
    (void)faults_disarm();
    return report(from, at, "no state", compare_blocks(at));
  }
  status = protect(L, tell);
  fired = faults_disarm();
  if (!fired && status == LUA_OK) return NOT_REACHED;
  problem = judge(L, status, &said);
  snprintf(text, sizeof text, "%.200s", said);
  if (!problem) problem = tell_well(L);
  if (!problem) problem = count_left(L, now_left, sizeof now_left);
  if (!problem && strcmp(now_left, usual_left) != 0) problem = complain("census", now_left);
  lua_close(L);
  if (!problem) problem = compare_blocks(at);
  return report(from, at, text, problem);
}

/* --- the walk ---------------------------------------------------------------------------- */

static long tally[2]; /* passed, failed */

static struct { pid_t pid; long at; } running[JOBS];

/* Waits for one of those that run; `more` turns 0 where there was no failure. */
static void reap(source from, long *more) {
  int status = 0, code, i = 0;
  pid_t pid = wait(&status);
  while (i < JOBS && running[i].pid != pid) i++;
  if (pid < 0 || i == JOBS) return;
  running[i].pid = 0;
  code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  if (code == NOT_REACHED) *more = 0;
  else tally[code != GOOD]++;
  if (code == NOT_REACHED || code == GOOD || code == BAD) return;
  fprintf(stderr, "%s %s %ld: ", options.story, source_name[from], running[i].at);
  if (code >= 0) fprintf(stderr, "exit code %d\n", code);
  else if (WTERMSIG(status) == SIGALRM) fprintf(stderr, "hangs\n");
  else fprintf(stderr, "killed by signal %d\n", WTERMSIG(status));
}

static int idle_place(void) {
  int i = 0;
  while (i < JOBS && running[i].pid) i++;
  return i;
}

static void walk(source from, long total) {
  int all = options.full || from == OF_CORE || from == OF_CURL || total <= options.some;
  long stride = all ? 1 : (total + options.some - 1) / options.some;
  long at, more = 1, before = tally[0] + tally[1];
  int i;
  fflush(NULL);
  for (at = 1; more && at <= total + 64; at += stride) {
    while ((i = idle_place()) == JOBS) reap(from, &more);
    running[i].at = at;
    running[i].pid = fork();
    if (running[i].pid == 0) _exit(run(from, at));
    if (running[i].pid < 0) {
      perror("fork");
      exit(2);
    }
  }
  for (i = 0; i < JOBS; i++)
    while (running[i].pid) reap(from, &more);
  printf("%-8s %-5s %7ld allocations, %6ld runs\n", options.story, source_name[from], total,
         tally[0] + tally[1] - before);
}

/* A run without a failure: how many allocations there are, and what stays. */
static void measure(long total[SOURCES]) {
  struct { long total[SOURCES], blocks[SOURCES]; char left[256]; } m;
  const char *problem;
  int i, ends[2];
  pid_t pid;
  memset(&m, 0, sizeof m);
  if (pipe(ends) != 0 || (pid = fork()) < 0) exit(2);
  if (pid == 0) {
    lua_State *L = prepared;
    alarm(PATIENCE);
    faults_arm(OF_LUA, 0);
    if (L == NULL && (L = open_state()) == NULL) _exit(2);
    problem = tell_well(L);
    for (i = 0; i < SOURCES; i++) m.total[i] = books[i].calls;
    if (!problem) problem = tell_well(L);
    if (!problem) problem = count_left(L, m.left, sizeof m.left);
    lua_close(L);
    for (i = 0; i < SOURCES; i++) m.blocks[i] = books[i].blocks;
    if (problem) fprintf(stderr, "%s: %s\n", options.story, problem);
    _exit(problem || write(ends[1], &m, sizeof m) != (ssize_t)sizeof m ? 2 : 0);
  }
  close(ends[1]);
  if (read(ends[0], &m, sizeof m) != (ssize_t)sizeof m) {
    fprintf(stderr, "%s does not even work without a failure\n", options.story);
    exit(2);
  }
  close(ends[0]);
  (void)wait(NULL);
  memcpy(total, m.total, sizeof m.total);
  memcpy(usual, m.blocks, sizeof m.blocks);
  memcpy(usual_left, m.left, sizeof m.left);
}

/* Garbage is collected whenever Lua may do so, which must not show. */
static void stress(void) {
  int status;
  pid_t pid = fork();
  if (pid == 0) {
    const char *problem;
    lua_State *L = prepared;
    alarm(10 * PATIENCE);
    if (L == NULL && (L = open_state()) == NULL) _exit(2);
    lua_gc(L, LUA_GCINC, 1, 1000, 30); /* no pause, and a whole cycle at a time */
    problem = tell_well(L);
    if (problem) fprintf(stderr, "%s, collecting all the time: %s\n", options.story, problem);
    lua_close(L);
    _exit(problem != NULL);
  }
  if (pid < 0 || wait(&status) < 0) exit(2);
  tally[status != 0]++;
}

static void read_options(int argc, char **argv) {
  int i, k;
  for (i = 1; i < argc; i++) {
    if (strcmp(argv[i], "-full") == 0) options.full = 1;
    else if (strcmp(argv[i], "-fresh") == 0) options.fresh = 1;
    else if (strcmp(argv[i], "-v") == 0) options.verbose = 1;
    else if (strcmp(argv[i], "-at") == 0 && i + 1 < argc) options.at = atol(argv[++i]);
    else if (strcmp(argv[i], "-some") == 0 && i + 1 < argc) options.some = atol(argv[++i]);
    else if (strcmp(argv[i], "-only") == 0 && i + 1 < argc) {
      for (i++, k = 0; k < SOURCES; k++)
        if (strcmp(argv[i], source_name[k]) == 0) options.only = k;
    } else options.story = argv[i];
  }
  if (options.story == NULL) {
    fprintf(stderr, "usage: walk [-full] [-fresh] [-v] [-some n] [-only source [-at n]] story\n");
    exit(2);
  }
}

int main(int argc, char **argv) {
  long total[SOURCES];
  const char *problem;
  int i;
  read_options(argc, argv);
  faults_start();
  /* once in this process, so that what libraries keep for ever is there */
  prepared = open_state();
  if (prepared == NULL) return 2;
  if ((problem = tell_well(prepared)) != NULL) {
    fprintf(stderr, "%s, with no failure: %s\n", options.story, problem);
    return 2;
  }
  if (options.fresh) {
    lua_close(prepared);
    prepared = NULL;
  } else if ((problem = count_left(prepared, usual_left, sizeof usual_left)) != NULL) {
    fprintf(stderr, "%s: %s\n", options.story, problem);
    return 2;
  }
  measure(total);
  if (options.at) return run(options.only < 0 ? OF_LUA : (source)options.only, options.at);
  for (i = 0; i < SOURCES; i++)
    if (options.only < 0 || options.only == i) walk((source)i, total[i]);
  if (options.only < 0) stress();
  printf("%ld passed, %ld failed\n", tally[0], tally[1]);
  return tally[1] > 0;
}
