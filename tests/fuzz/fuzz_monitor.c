/* SPDX-License-Identifier: MIT */
/*
 * A monitor as /register, a tag or the configuration brings it: the text in the first line, then
 * an option a line, "NAME VALUE".
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "monitors/dns_names.h"
#include "monitors/match.h"
#include "monitors/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void use_option(const char *name, const char *value)
{
	uint16_t number;
	for (long code = -1; strcmp(name, "status") == 0 && code < 700; code++)
		must(!http_status_matches(value, code) || (code >= 100 && code <= 599));
	must(strcmp(name, "rcode") != 0 || dns_rcode_parse(value, &number) == 0);
}

static void use(const struct monitor_spec *s)
{
	struct monitor_spec copy;
	struct addr target;
	monitor_spec_target(s, &target);
	monitor_spec_copy(&copy, s);
	must(monitor_spec_equal(s, &copy));
	monitor_spec_done(&copy);
}

static void set_option(struct monitor_spec *s, char *line)
{
	struct err err = { "" };
	const char *name = strsep(&line, " ");
	if (monitor_spec_set_option(s, name, line ? line : "", &err) == 0)
		use_option(name, line ? line : "");
	else
		must(err.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_new(size + 1, 1), *rest = text;
	struct monitor_spec spec;
	struct err err = { "" };
	if (size > 0)
		memcpy(text, data, size);
	const char *first = strsep(&rest, "\n");
	if (monitor_spec_parse(first, &spec, &err) == 0) {
		while (rest)
			set_option(&spec, strsep(&rest, "\n"));
		use(&spec);
		monitor_spec_done(&spec);
	} else {
		must(err.text[0]);
	}
	free(text);
	return 0;
}
