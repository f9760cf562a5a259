/* SPDX-License-Identifier: MIT */
/* Properties as fabio reads them: "KEY = VALUE" lines, "-KEY VALUE" arguments. Pure. */
#ifndef AGENT_CONVERT_PROPERTIES_H
#define AGENT_CONVERT_PROPERTIES_H

#include <stddef.h>

#include "agent/convert/document.h"

struct property {
	char *key, *text;
	struct convert_at at;
};

struct properties {
	struct property *items;
	size_t n, cap;
};

/* Comments begin with # or !, a backslash at the end continues a line. */
void properties_parse(const struct convert_input *in, struct properties *ret);
/* "-bgp.asn 65001", "--bgp.asn=65001", "-bgp.enabled"; lines count the arguments. */
void properties_parse_args(const char *const *args, size_t n, struct properties *ret);
/* The last one; NULL: none. */
const struct property *properties_find(const struct properties *p, const char *key);
void properties_done(struct properties *p);

#endif
