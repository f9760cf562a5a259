/* SPDX-License-Identifier: MIT */
/* INI files as Python's configparser reads them: sections, a section DEFAULT for all, continued
 * lines. Pure. */
#ifndef AGENT_CONVERT_INI_H
#define AGENT_CONVERT_INI_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/convert/document.h"
#include "lib/err.h"

struct ini_value {
	char *section, *key, *text; /* key in lower case */
	struct convert_at at;
};

struct ini {
	struct ini_value *values; /* a section without values has one without a key */
	size_t n, cap;
};

/* Whether the first line that says something begins a section. */
bool ini_is(const struct convert_input *in);
/* Appends what the file has. -EINVAL with file and line. */
int ini_parse(const struct convert_input *in, struct ini *ret, struct err *err);
void ini_done(struct ini *ini);

/* Of a section, else of DEFAULT, the last one counts; NULL: none. */
const struct ini_value *ini_find(const struct ini *ini, const char *section, const char *key);
/* "%%" and "%(key)s" in a value, and in what stands for it; to be freed. -EINVAL: it names a key
 * that there is not, or itself, or too many. */
int ini_expand(const struct ini *ini, const struct ini_value *value, char **ret);

#endif
