/* SPDX-License-Identifier: MIT */
/* BIRD's configuration files as statements, and what they define by name. Pure. */
#ifndef AGENT_CONVERT_BIRD_FILES_H
#define AGENT_CONVERT_BIRD_FILES_H

#include "agent/convert/document.h"
#include "agent/convert/statements.h"
#include "lib/err.h"

struct bird {
	struct convert *c;
	/* Constants that hold what a health checker lets be exported; NULL: none. A condition on
	 * one of them holds for all that is announced. */
	const char *lists[2];
	struct statement **roots;
	size_t n, cap;
};

/* -EINVAL with file and line. */
int bird_read(struct bird *b, const struct convert_input *in, struct err *err);
void bird_done(struct bird *b);

/* A constant of `define NAME = VALUE;` as its value; any other word as it is. */
const char *bird_value(const struct bird *b, const char *word);
/* The last word of a statement, as bird_value(). */
const char *bird_last(const struct bird *b, const struct statement *s);
/* "passive;", "passive on;" */
bool bird_is_on(const struct bird *b, const struct statement *s);
/* The function or filter of that name; NULL: none. */
const struct statement *bird_definition(const struct bird *b, const char *name);
const struct statement *bird_template(const struct bird *b, const char *name);

#endif
