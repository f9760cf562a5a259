/* SPDX-License-Identifier: MIT */
/* A line that a program writes: whatever it is, it is understood the same way again, within its
 * bounds, or refused with a text. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/programs/line.h"
#include "lib/utf8.h"

#define MAX_ROUTES 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int condition)
{
	if (!condition)
		abort();
}

static void check_route(const struct line *l)
{
	must(l->n_prefixes > 0 && l->n_prefixes <= MAX_ROUTES);
	for (size_t i = 0; i < l->n_prefixes; i++) {
		const struct prefix *p = &l->prefixes[i];
		struct addr masked = addr_mask(&p->addr, p->len);
		must(p->addr.family == AF_INET || p->addr.family == AF_INET6);
		must(p->len <= 8 * addr_size(p->addr.family) && addr_equal(&masked, &p->addr));
	}
	must(l->spec->as_path.n <= BGP_AS_PATH_MAX);
	must(l->spec->communities.n <= BGP_COMMUNITIES_MAX);
	must(l->spec->ext_communities.n <= BGP_EXT_COMMUNITIES_MAX);
	must(l->spec->large_communities.n <= BGP_LARGE_COMMUNITIES_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct line l, again;
	struct err err = { "" };
	int rc = line_parse((const char *)data, size, MAX_ROUTES, &l, &err);
	must(rc == 0 || err.text[0]);
	must(utf8_check(err.text, NULL) == 0);
	if (rc == 0 && (l.verb == LINE_ANNOUNCE || l.verb == LINE_WITHDRAW))
		check_route(&l);
	must(line_parse((const char *)data, size, MAX_ROUTES, &again, NULL) == rc);
	must(again.verb == l.verb && again.n_prefixes == l.n_prefixes &&
	     again.selectors.n == l.selectors.n && route_spec_equal(again.spec, l.spec));
	line_done(&again);
	line_done(&l);
	return 0;
}
