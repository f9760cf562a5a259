/* SPDX-License-Identifier: MIT */
/* Answers of a hostile Nomad: to each of the three questions, and on to definitions. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/discovery/consul_app.h"
#include "consul/nomad.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void make_apps(const struct consul_services *s)
{
	for (size_t i = 0; i < s->n; i++) {
		struct app_spec spec;
		struct err problem;
		if (consul_app_make(s->items[i].name, &s->items[i], 1, &spec, &problem) < 0)
			continue;
		if (spec.n_vips == 0)
			abort();
		app_spec_done(&spec);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const char *json = (const char *)data;
	struct nomad_names names = { 0 };
	struct consul_services services = { 0 };
	struct err err = { "" };
	char node[CONSUL_NAME_MAX];
	size_t cap = 0;
	if (nomad_self_parse(json, len, node, &err) == 0 &&
	    (!node[0] || strlen(node) >= sizeof(node)))
		abort();
	if (nomad_names_parse(json, len, "t", &names, &err) < 0 && !err.text[0])
		abort();
	for (size_t i = 0; i < names.n; i++)
		if (!names.items[i].name[0] || strlen(names.items[i].name) >= CONSUL_NAME_MAX)
			abort();
	nomad_names_done(&names);
	if (nomad_service_parse(json, len, "n", "t", &services, &cap, &err) == 0 &&
	    services.n > 0) {
		consul_services_sort(&services);
		make_apps(&services);
	}
	consul_services_done(&services);
	return 0;
}
