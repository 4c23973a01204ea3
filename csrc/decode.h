/*
** decode.h - from JSON text to Lua values: bind_decode.c for all, bind_answer.c for
** answers with a model.
*/
#ifndef SK_DECODE_H
#define SK_DECODE_H

#include "bind.h"
#include "json.h"

#pragma GCC visibility push(hidden)

/*
** Pushes the value of a JSON text; anything but SK_OK: nothing, and what is wrong is in
** the report. `null` and `array_mt`: indices of what stands for null and of the metatable
** of lists. `nulls` is how many there are.
*/
sk_status sk_decode(lua_State *L, const char *text, size_t n, int depth, int null, int array_mt,
                    int *nulls, sk_json_report *report);

/*
** Reads an answer with the reader at `reader`, from text that no Lua call can take away:
** pushes its value and returns 1, or returns 0 where it is not what it should be. At most
** five values may be on the stack, and they stay.
*/
int sk_read_answer(lua_State *L, int reader, const char *text, size_t n);

#pragma GCC visibility pop

#endif
