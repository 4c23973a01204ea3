/*
** json_flat.c - the members of an object that has nothing but plain strings and
** words in it, as most answers of an API that mints tokens do.
*/
#include <string.h>

#include "json.h"

static const char *skip_space(const char *p, const char *end) {
  while (p < end && (*p == ' ' || *p == '\n' || *p == '\r' || *p == '\t')) p++;
  return p;
}

/* Between the quotes at p; the byte behind the second one, or NULL where there is an
   escape. */
static const char *plain_string(const char *p, const char *end, sk_json_span *out) {
  const char *quote = (const char *)memchr(p + 1, '"', (size_t)(end - p - 1));
  if (quote == NULL) return NULL;
  out->p = p + 1;
  out->n = (size_t)(quote - p - 1);
  return memchr(out->p, '\\', out->n) ? NULL : quote + 1;
}

static sk_flat word(const char **p, const char *end, const char *text, sk_flat kind) {
  size_t n = strlen(text);
  if ((size_t)(end - *p) < n) return SK_FLAT_NOT;
  *p += n;
  return kind;
}

static sk_flat value_at(const char **p, const char *end, sk_json_span *value) {
  if (*p == end) return SK_FLAT_NOT;
  switch (**p) {
    case '"': *p = plain_string(*p, end, value); return *p ? SK_FLAT_STRING : SK_FLAT_NOT;
    case 't': return word(p, end, "true", SK_FLAT_TRUE);
    case 'f': return word(p, end, "false", SK_FLAT_FALSE);
    case 'n': return word(p, end, "null", SK_FLAT_NULL);
    default: return SK_FLAT_NOT;
  }
}

sk_flat sk_json_flat(const char *text, size_t n, size_t *at, sk_json_span *name,
                     sk_json_span *value) {
  const char *end = text + n, *p = skip_space(text + *at, end);
  sk_flat kind;
  if (p == end) return SK_FLAT_NOT;
  if (*at && *p == '}') return SK_FLAT_END;
  if (*p != (*at ? ',' : '{')) return SK_FLAT_NOT;
  p = skip_space(p + 1, end);
  if (p < end && *at == 0 && *p == '}') return SK_FLAT_END;
  if (p == end || *p != '"' || (p = plain_string(p, end, name)) == NULL) return SK_FLAT_NOT;
  p = skip_space(p, end);
  if (p == end || *p != ':') return SK_FLAT_NOT;
  p = skip_space(p + 1, end);
  kind = value_at(&p, end, value);
  if (kind != SK_FLAT_NOT) *at = (size_t)(p - text);
  return kind;
}
