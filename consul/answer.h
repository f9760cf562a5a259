/* SPDX-License-Identifier: MIT */
/* Values out of an answer of Consul (lib/json_scan.h), each parsed on its own. Pure. */
#ifndef CONSUL_ANSWER_H
#define CONSUL_ANSWER_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"
#include "lib/json_scan.h"

/* The whole text, if it is one value and nothing else; else -EPROTO. */
int answer_whole(const char *json, size_t len, struct json_slice *ret, struct err *err);
/* The values of the object's members that are called names[0..n), as json_scan_fields(). All are
 * missing with -EPROTO: no object, or a broken one. */
int answer_fields(struct json_slice value, const char *const *names, size_t n,
		  struct json_slice *ret);
/* Missing, or null. */
bool answer_is_null(struct json_slice value);
/* Release it; NULL: broken. */
json_t *answer_load(struct json_slice value);
/* Free it. NUL octets in the text count in *ret_len. NULL: no text. */
char *answer_text(struct json_slice value, size_t *ret_len);
/* The same; -EPROTO with what is wrong with the field `key`: Consul would not say that. */
int answer_get_text(struct json_slice value, const char *key, char **ret, size_t *ret_len,
		    struct err *err);
/* -EPROTO: "'WHERE' is WHAT" */
int answer_wrong(struct err *err, const char *where, const char *what);

#endif
