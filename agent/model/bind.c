/* SPDX-License-Identifier: MIT */
#include "agent/model/bind.h"

#include <errno.h>

#include "lib/array.h"
#include "lib/str.h"

static const struct {
	const char *name;
	enum bind value;
} words[] = {
	{ "address", BIND_ADDRESS },
	{ "route", BIND_ROUTE },
	{ "present", BIND_PRESENT },
	{ "none", BIND_NONE },
};

bool bind_is_ours(enum bind b)
{
	return b != BIND_PRESENT && b != BIND_NONE;
}

const char *bind_name(enum bind b)
{
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (words[i].value == b)
			return words[i].name;
	return "";
}

int bind_parse(const char *text, enum bind *ret, struct err *err)
{
	const char *names[ARRAY_SIZE(words) + 1] = { NULL };
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		names[i] = words[i].name;
		if (str_equal(text, names[i])) {
			*ret = words[i].value;
			return 0;
		}
	}
	const char *near = str_nearest(text, names);
	if (near)
		return err_set(err, -EINVAL, "unknown bind '%.80s', did you mean '%s'?", text,
			       near);
	return err_set(err, -EINVAL,
		       "unknown bind '%.80s', expected address, route, present or none", text);
}
