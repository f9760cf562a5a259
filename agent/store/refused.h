/* SPDX-License-Identifier: MIT */
/* Apps of the state file that today's rules refuse. They stay in the file: they come back when the
 * key that allows them is set, and go when they are unregistered. */
#ifndef AGENT_STORE_REFUSED_H
#define AGENT_STORE_REFUSED_H

#include <stdbool.h>
#include <stddef.h>

struct refused_app {
	char *name, *text; /* the text names the key that allows it */
};

struct refused_apps {
	struct refused_app *items;
	size_t n;
};

void refused_apps_add(struct refused_apps *r, const char *name, const char *text);
/* False when it is not among them. */
bool refused_apps_remove(struct refused_apps *r, const char *name);
void refused_apps_done(struct refused_apps *r);

#endif
