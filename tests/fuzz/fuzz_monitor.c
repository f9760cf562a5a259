/* SPDX-License-Identifier: MIT */
/*
 * A monitor as /register, a tag or the configuration brings it: the text in the first line, then
 * an option a line, in the order of enum monitor_option; an empty line is one that is not said.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "monitors/dns_message.h"
#include "monitors/options.h"
#include "monitors/spec.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void use_options(const struct monitor_spec *s)
{
	uint16_t number;
	const char *rcode = monitor_spec_option(s, MONITOR_RCODE);
	const char *status = monitor_spec_option(s, MONITOR_STATUS);
	for (long code = -1; status && code < 700; code++)
		must(!http_status_matches(status, code) || (code >= 100 && code <= 599));
	must(!rcode || dns_rcode_parse(rcode, &number) == 0);
}

static void use_dns(const struct monitor_spec *s)
{
	struct dns_question q = { .type = s->dns.type };
	uint8_t query[DNS_QUERY_MAX];
	size_t n = strcspn(s->dns.name, ":");
	must(n > 0 && n < sizeof(q.name));
	memcpy(q.name, s->dns.name, n);
	int len = dns_query_build(&q, query);
	must(len < 0 || (size_t)len <= sizeof(query));
}

static void use(const struct monitor_spec *s)
{
	struct monitor_spec copy;
	struct addr target;
	monitor_spec_target(s, &target);
	monitor_spec_copy(&copy, s);
	must(monitor_spec_equal(s, &copy));
	use_options(&copy);
	if (s->kind == MONITOR_DNS)
		use_dns(&copy);
	monitor_spec_done(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = mem_new(size + 1, 1), *rest = text;
	struct monitor_options options = { { NULL } };
	struct monitor_spec spec;
	struct err err = { "" };
	if (size > 0)
		memcpy(text, data, size);
	const char *first = strsep(&rest, "\n");
	for (size_t i = 0; i < MONITOR_N_OPTIONS && rest; i++) {
		char *line = strsep(&rest, "\n");
		options.texts[i] = *line ? line : NULL;
	}
	if (monitor_spec_parse_with(first, NULL, &options, &spec, &err) == 0) {
		use(&spec);
		monitor_spec_done(&spec);
	} else {
		must(err.text[0]);
	}
	free(text);
	return 0;
}
