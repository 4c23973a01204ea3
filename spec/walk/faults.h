/*
** faults.h - allocators that can be told to fail once. Four of them, since who
** allocates decides what a failure means: Lua, our own C, libcurl, OpenSSL.
*/
#ifndef SK_FAULTS_H
#define SK_FAULTS_H

#include <stddef.h>

typedef enum source { OF_LUA, OF_CORE, OF_CURL, OF_SSL, SOURCES } source;

extern const char *const source_name[SOURCES];

typedef struct book {
  long calls;  /* that could have failed, since the last arm */
  long blocks; /* that are out now */
} book;

extern book books[SOURCES];

/* Before anybody has allocated: takes over libcurl's and OpenSSL's memory. */
void faults_start(void);

/* The allocation number `at` (from 1) of `from` fails; 0: none. All counts start
   again. */
void faults_arm(source from, long at);
/* No failures from here on; whether there was one. */
int faults_disarm(void);

void *faults_lua(void *ud, void *p, size_t old, size_t size);

#endif
