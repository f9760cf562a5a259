/* SPDX-License-Identifier: MIT */
#include "process/unit_directory.h"

#include <stdlib.h>
#include <string.h>

const char *unit_directory(const char *variable, const char *otherwise, char *buf, size_t size)
{
	const char *list = getenv(variable);
	size_t len = list && *list == '/' ? strcspn(list, ":") : 0;
	if (len == 0 || len >= size)
		return otherwise;
	memcpy(buf, list, len);
	buf[len] = 0;
	return buf;
}
