/* SPDX-License-Identifier: MIT */
#include "agent/config/template.h"

#include <string.h>

#include "lib/array.h"

static const struct {
	const char *open, *close;
} marks[] = { { "{{", "}}" }, { "{%", "%}" }, { "<%", "%>" }, { "${", "}" } };

const char *config_template_hint(const char *text, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		const char *open = memmem(text, len, marks[i].open, strlen(marks[i].open));
		size_t rest = open ? len - (size_t)(open - text) : 0;
		if (open && memmem(open, rest, marks[i].close, strlen(marks[i].close)))
			return "; this looks like a template that was not rendered: render it "
			       "before it is installed";
	}
	return "";
}
