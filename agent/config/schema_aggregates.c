/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_aggregates.h"

#include <errno.h>
#include <stdlib.h>

#include "agent/config/types.h"
#include "agent/config/types_app.h"
#include "agent/config/types_bgp.h"
#include "agent/model/aggregate.h"
#include "agent/model/app_spec.h"
#include "lib/mem.h"

#define FIELD(member) .offset = offsetof(struct aggregate_spec, member)

/* ---- types ---- */

static int set_prefix(const struct config_key *key, const char *text, void *target, struct err *err)
{
	struct prefix p = { 0 };
	int r = prefix_parse(text, &p, err);
	if (r < 0)
		return r;
	if (p.len == 0 || p.len == addr_size(p.addr.family) * 8)
		return err_set(err, -EINVAL,
			       "'%s' is not an aggregate, expected a prefix that VIPs lie in, like "
			       "198.51.100.0/24",
			       text);
	*(struct prefix *)config_field(key, target) = p;
	return 0;
}

static void format_prefix(const struct config_key *key, const void *target, FILE *out)
{
	char text[PREFIX_TEXT_MAX];
	const struct prefix *p = config_value(key, target);
	if (p->addr.family)
		fputs(prefix_format(p, text), out);
}

/* As of an app, with its limits and texts. */
static int add_names(const struct config_type *type, const struct config_key *key, const char *text,
		     struct aggregate_spec *spec, struct err *err)
{
	struct app_spec as_app = { .peers = spec->peers };
	const struct config_key at_start = { .name = key->name };
	int r = type->set(&at_start, text, &as_app, err);
	spec->peers = as_app.peers;
	return r;
}

static void format_names(const struct config_type *type, const struct aggregate_spec *spec,
			 FILE *out)
{
	const struct app_spec as_app = { .peers = spec->peers };
	const struct config_key at_start = { 0 };
	type->format(&at_start, &as_app, out);
}

static int add_peer(const struct config_key *key, const char *text, void *target, struct err *err)
{
	return add_names(&config_type_app_peers, key, text, target, err);
}

static int add_except(const struct config_key *key, const char *text, void *target, struct err *err)
{
	return add_names(&config_type_app_except_peers, key, text, target, err);
}

static void format_peers(const struct config_key *key, const void *target, FILE *out)
{
	(void)key;
	format_names(&config_type_app_peers, target, out);
}

static void format_except(const struct config_key *key, const void *target, FILE *out)
{
	(void)key;
	format_names(&config_type_app_except_peers, target, out);
}

static const struct config_type type_prefix = { "prefix", set_prefix, format_prefix };
static const struct config_type type_peers = { "names of peers", add_peer, format_peers };
static const struct config_type type_except = { "names of peers", add_except, format_except };

/* ---- keys ---- */

static const struct config_key aggregate_keys[] = {
	{ .name = "prefix",
	  .type = &type_prefix,
	  FIELD(prefix),
	  .flags = CONFIG_REQUIRED,
	  .doc = "The prefix that is announced. No VIP may be the same." },
	{ .name = "min",
	  .type = &config_type_count,
	  FIELD(min),
	  .min = 1,
	  .max = 4096,
	  .default_text = "1",
	  .doc = "Announced while at least this many apps with a VIP in it are." },
	{ .name = "summary_only",
	  .type = &config_type_bool,
	  FIELD(summary_only),
	  .default_text = "false",
	  .doc = "The VIPs in it are announced to no peer, whether or not the aggregate is." },
	{ .name = "communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_communities,
	  FIELD(communities),
	  .doc = "Communities of the aggregate, in addition to those of `bgp` and of the peer." },
	{ .name = "ext_communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_ext_communities,
	  FIELD(ext_communities),
	  .doc = "Likewise: extended communities." },
	{ .name = "large_communities",
	  .shape = CONFIG_VALUES,
	  .type = &config_type_large_communities,
	  FIELD(large_communities),
	  .doc = "Likewise: large communities." },
	{ .name = "med",
	  .type = &config_type_u32,
	  FIELD(med),
	  .default_words = "that of the peer",
	  .doc = "MED of the aggregate." },
	{ .name = "prepend",
	  .type = &config_type_prepend,
	  FIELD(prepends),
	  .default_words = "that of the peer",
	  .doc = "Number of times that the local AS is prepended, to eBGP peers." },
	{ .name = "local_pref",
	  .type = &config_type_u32,
	  FIELD(local_pref),
	  .default_words = "that of the peer",
	  .doc = "LOCAL_PREF, to iBGP peers." },
	{ .name = "weight",
	  .type = &config_type_weight,
	  FIELD(weight),
	  .default_words = "that of the peer",
	  .doc = "Share of the traffic, `1Gbps` or a number. See "
		 "[routers.md](routers.md#weights)." },
	{ .name = "peers",
	  .shape = CONFIG_VALUES,
	  .type = &type_peers,
	  .default_words = "all",
	  .doc = "The aggregate is announced to these peers only, named as in `peers` of an app." },
	{ .name = "except_peers",
	  .shape = CONFIG_VALUES,
	  .type = &type_except,
	  .doc = "It is announced to no peer of these." },
	{ 0 },
};

const struct config_section config_aggregates_section = {
	.path = "bgp.aggregates[]",
	.doc = "Routes that stand for the VIPs in them, at most 64. They are announced while "
	       "enough apps with such VIPs are. See [routers.md](routers.md#aggregates).",
	.keys = aggregate_keys,
};

void *config_add_aggregate(void *aggregate_list)
{
	struct aggregate_list *list = aggregate_list;
	list->items = mem_grow(list->items, &list->cap, list->n + 1, sizeof(*list->items));
	config_section_defaults(&config_aggregates_section, &list->items[list->n]);
	return &list->items[list->n++];
}

/* "prefix 198.51.100.0/24, min 2, summary_only true". */
static void format_aggregate(const struct aggregate_spec *spec, FILE *out)
{
	const char *between = "";
	for (const struct config_key *k = aggregate_keys; k->name; k++) {
		char *text = NULL;
		size_t len;
		FILE *value = open_memstream(&text, &len);
		if (!value)
			abort(); /* out of memory, as lib/mem.h */
		k->type->format(k, spec, value);
		fclose(value);
		if (*text)
			fprintf(out, "%s%s %s", between, k->name, text);
		between = *text ? ", " : between;
		free(text);
	}
}

static void format_aggregates(const struct config_key *key, const void *target, FILE *out)
{
	const struct aggregate_list *list = config_value(key, target);
	for (size_t i = 0; i < list->n; i++) {
		fputs(i > 0 ? "; " : "", out);
		format_aggregate(&list->items[i], out);
	}
}

const struct config_type config_type_aggregates = { "list of mappings", NULL, format_aggregates };
