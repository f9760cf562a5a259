/* SPDX-License-Identifier: MIT */
/* Answers of a hostile Consul: to each of the three questions, and on to definitions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/discovery/consul_app.h"
#include "consul/payload.h"
#include "consul/catalog.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void judge_all(struct consul_catalog *s)
{
	char said[CONSUL_SAID_MAX];
	for (const struct consul_entry *e = s->entries; e; e = e->hh.next) {
		struct app_spec spec;
		struct err problem;
		consul_catalog_judge(s, e->name, 7, said);
		if (strlen(said) >= sizeof(said))
			abort();
		if (consul_app_make(e->name, e->instances, e->n, &spec, &problem) == 0) {
			if (spec.n_vips == 0)
				abort();
			app_spec_done(&spec);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *json = (const char *)data;
	struct consul_services catalog = { 0 };
	struct consul_checks checks = { 0 };
	struct consul_catalog s;
	struct err err = { "" };
	char name[CONSUL_NAME_MAX];
	const struct consul_step follow = { .use = CONSUL_FOLLOW }, merge = { .use = CONSUL_MERGE };
	consul_catalog_init(&s, false, USEC_NEVER);
	if (consul_services_parse(json, len, "t", &catalog, &err) == 0)
		consul_catalog_apply_services(&s, &catalog, &follow, 1, 2, 5);
	else if (!err.text[0])
		abort();
	if (consul_checks_parse(json, len, &checks, &err) == 0)
		consul_catalog_apply_checks(&s, &checks, &follow, 3, 3, 6);
	judge_all(&s);
	if (consul_services_parse(json, len, "u", &catalog, &err) == 0)
		consul_catalog_apply_services(&s, &catalog, &merge, 4, 4, 7);
	consul_self_parse(json, len, name, &err);
	judge_all(&s);
	consul_catalog_done(&s);
	return 0;
}
