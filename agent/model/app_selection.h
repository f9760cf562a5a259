/* SPDX-License-Identifier: MIT */
/* All apps, none, or those of some names. Pure. */
#ifndef AGENT_MODEL_APP_SELECTION_H
#define AGENT_MODEL_APP_SELECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/err.h"

#define APP_SELECTION_MAX 1024

/* Zeroed: all. */
struct app_selection {
	bool given;   /* the words true and false as well as names */
	bool limited; /* only those of `names`, of which there may be none */
	char **names;
	size_t n;
};

/* "true" is all, "false" none, anything else the name of one app. -EINVAL when words and names are
 * mixed, a name comes twice, and for a name that no list can have: with a comma, or empty. */
int app_selection_add(struct app_selection *s, const char *text, struct err *err);
void app_selection_copy(struct app_selection *dst, const struct app_selection *src);
void app_selection_done(struct app_selection *s);

#endif
