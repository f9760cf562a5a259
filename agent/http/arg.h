/* SPDX-License-Identifier: MIT */
/* A parameter of a request, and the values that several paths take. Pure. */
#ifndef AGENT_HTTP_ARG_H
#define AGENT_HTTP_ARG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/err.h"

struct api_arg {
	const char *name;
	const char *value; /* decoded, NUL-terminated; NULL for "?name" */
	size_t len;        /* of value; a NUL inside makes it longer than strlen() */
};

/* All: 0, or -EINVAL with a text that names the parameter. */

/* Plain text; a view. */
int api_arg_text(const struct api_arg *arg, const char **ret, struct err *err);
/* The text of a NOTIFICATION (RFC 9003). */
int api_arg_shutdown_text(const struct api_arg *arg, const char **ret, struct err *err);
int api_arg_port(const struct api_arg *arg, uint16_t *ret, struct err *err);
/* "?soft", "?soft=true" */
int api_arg_flag(const struct api_arg *arg, bool *ret, struct err *err);

#endif
