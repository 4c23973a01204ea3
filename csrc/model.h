/*
** model.h - what the model files share. All of these may throw; none of them
** holds anything but values on the Lua stack.
*/
#ifndef SK_MODEL_H
#define SK_MODEL_H

#include "bind.h"
#include "model_values.h"

#pragma GCC visibility push(hidden)

typedef enum sk_type {
  SK_T_STRING, SK_T_BOOL, SK_T_INT, SK_T_UINT32, SK_T_DOUBLE, SK_T_DURATION, SK_T_TIMESTAMP,
  SK_T_STRUCT, SK_T_LIST, SK_T_ANY, SK_T_MAP, SK_T_ENUM, SK_T_MODEL
} sk_type;

#define SK_PREFIXES 4

typedef struct sk_charset {
  unsigned char bits[16]; /* of ASCII; nothing else can be in one */
} sk_charset;

/* Strings here belong to the model's table. */
typedef struct sk_field {
  const char *name;
  size_t name_len;
  sk_type type;
  unsigned required : 1, read_only : 1, optional : 1, repeated : 1, empty : 1;
  unsigned has_min : 1, has_max : 1, has_charset : 1, has_must : 1;
  unsigned recast : 1;       /* sk_answer_scalar may have something to do    */
  double min, max;           /* code points or the value itself              */
  sk_time shortest, longest; /* the same for durations                       */
  double min_items, max_items;
  double key_min, key_max;   /* code points of a map's keys                   */
  sk_charset charset, must_have;
  int prefixes;
  const char *prefix[SK_PREFIXES];
  const char *pattern_text;
  const char *oneof; /* of the fields with this name one may be there */
} sk_field;

/*
** The model's table: for field i of n (from 0), [SK_NAME + i] is its name,
** [SK_CAMEL + i] its lowerCamelCase name where that differs, [SK_AUX + i] its
** nested model or its enum's names, [SK_KEEP + i] other strings of its. Each
** name maps to i + 1, each camel name to -(i + 1).
*/
#define SK_FIELDS 256
enum { SK_NAME = 1, SK_CAMEL = SK_NAME + SK_FIELDS, SK_AUX = SK_CAMEL + SK_FIELDS,
       SK_KEEP = SK_AUX + SK_FIELDS };

typedef struct sk_model {
  sk_head head;
  int n;
  int lists; /* how many of the fields are */
  sk_field fields[1];
} sk_model;

typedef enum sk_mode { SK_SEND, SK_RECEIVE, SK_REPLY, SK_ANSWER } sk_mode;

/* One call of check. Fixed slots of its Lua stack: */
enum { SK_AT_MODEL = 1, SK_AT_VALUE, SK_AT_MODE, SK_AT_HELPERS,
       SK_AT_ASIDE, SK_AT_NULL, SK_AT_ARRAY_MT, SK_AT_RAW_MT, SK_AT_VIOLATIONS };

typedef struct sk_walk {
  sk_mode mode;
  int violations; /* so far */
  int quiet;      /* nobody will read them: the first ends the walk */
  int depth;      /* of free-form values */
  long nodes;     /* that may still be copied */
} sk_walk;

#define SK_VIOLATIONS 16
#define SK_DEPTH 64
#define SK_NODES 1000000L

/* Where in the value we are: a member (name) or an item (index, from 1). */
typedef struct sk_place {
  const struct sk_place *up;
  const char *name;
  size_t name_len;
  long index;
} sk_place;

/* What a shaper did: pushed one value, pushed none, or pushed none and told why. */
typedef enum sk_shape { SK_SHAPED, SK_ABSENT, SK_BAD } sk_shape;

/* --- model_fail.c ------------------------------------------------------------ */

/*
** Adds a violation whose description is the string on top, and pops that.
** `given`: index of the offending value where telling it helps, or 0.
*/
sk_shape sk_violate(lua_State *L, sk_walk *w, const sk_place *at, const char *constraint,
                    int given);
/* Pushes "<text> <n>", or "<text> <n> <unit>s" where there is a unit. */
void sk_push_amount(lua_State *L, const char *text, double n, const char *unit);
sk_shape sk_wrong_type(lua_State *L, sk_walk *w, const sk_place *at, const char *expected,
                       int value);
/* The name is at `key`; `table` is the model's. */
void sk_unknown_member(lua_State *L, sk_walk *w, const sk_place *at, const sk_model *m, int table,
                       int key);

/* --- model_scalar.c ---------------------------------------------------------- */

/* A value that is there, of a type that has no parts. `aux` as in SK_AUX. */
sk_shape sk_shape_scalar(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value,
                         const sk_place *at);
/* Reads an integer, on request also from digits; 0 where it is none or inexact. */
int sk_read_integer(lua_State *L, int index, int from_text, long long *out);

/* The same for a string, which stays as it is: nothing is pushed. */
sk_shape sk_check_string(lua_State *L, sk_walk *w, const sk_field *f, int value,
                         const sk_place *at);
/* The same for a duration to be sent, as a text of `n` bytes; nothing is pushed. */
sk_shape sk_shape_duration(lua_State *L, sk_walk *w, const sk_field *f, int value,
                           const sk_place *at, char text[SK_TIME_SIZE], size_t *n);

/* --- model_free.c ------------------------------------------------------------ */

int sk_is_null(lua_State *L, int index);
int sk_is_list(lua_State *L, int index);
/* Gives the list on top its metatable. */
void sk_mark_list(lua_State *L);
/* Copies a free-form value; every part of it must be sayable in JSON. */
sk_shape sk_copy(lua_State *L, sk_walk *w, int value, const sk_place *at);
/* SK_SHAPED, and how many items, where `value` is a list; it pushes nothing. */
sk_shape sk_need_list(lua_State *L, sk_walk *w, int value, int *n, const sk_place *at);
/* "struct", "list" and "any": what comes from JSON needs no copy. */
sk_shape sk_shape_free(lua_State *L, sk_walk *w, const sk_field *f, int value,
                       const sk_place *at);

/* --- model_check.c ----------------------------------------------------------- */

/* A value that is there, of any type: the field's own, or the list of them. */
sk_shape sk_shape_value(lua_State *L, sk_walk *w, const sk_field *f, int aux, int value,
                        const sk_place *at);
/* `model` is the index of a model, `value` of what should be its object. */
sk_shape sk_shape_message(lua_State *L, sk_walk *w, int model, int value, const sk_place *at);

/* --- model_answer.c: what a server said, taken as it is ----------------------- */

/*
** Pushes what the value at `value`, which has no parts, becomes, perhaps nil; 0, and
** nothing, where it stays.
*/
int sk_answer_scalar(lua_State *L, const sk_field *f, int aux, int value);
/* Gives the object at `value` the shape of its model; a value that is none stays. */
void sk_shape_answer(lua_State *L, sk_walk *w, int model, int value);

#pragma GCC visibility pop

#endif
