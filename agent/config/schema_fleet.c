/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_fleet.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/format.h"
#include "agent/config/types.h"
#include "agent/model/fleet_spec.h"
#include "fleet/txn.h"
#include "fleet/values.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

/* ---- types ---- */

static const struct config_word engines[] = { { "consul", FLEET_CONSUL } };

static int set_engine(const struct config_key *key, const char *text, void *target, struct err *err)
{
	unsigned engine = FLEET_OFF;
	int r = config_parse_word(engines, ARRAY_SIZE(engines), "engine", text, &engine, err);
	if (r == 0)
		*(enum fleet_engine *)config_field(key, target) = engine;
	return r;
}

static void format_engine(const struct config_key *key, const void *target, FILE *out)
{
	if (*(const enum fleet_engine *)config_value(key, target) == FLEET_CONSUL)
		fputs("consul", out);
}

static bool is_key_text(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static int set_prefix(const struct config_key *key, const char *text, void *target, struct err *err)
{
	char **field = config_field(key, target);
	size_t n = strlen(text);
	if (n == 0 || n >= FLEET_PREFIX_MAX || !is_key_text(text) || text[0] == '/' ||
	    text[n - 1] == '/')
		return err_set(err, -EINVAL,
			       "'%.80s' is not a prefix of keys, expected 1 to %d printable ASCII "
			       "characters without '/' at the ends, like vipherald/fleet",
			       text, FLEET_PREFIX_MAX - 1);
	free(*field);
	*field = mem_strdup(text);
	return 0;
}

static int set_node(const struct config_key *key, const char *text, void *target, struct err *err)
{
	char **field = config_field(key, target);
	if (!fleet_node_is_valid(text))
		return err_set(
			err, -EINVAL,
			"'%.80s' is not the name of a node, expected 1 to %d printable ASCII "
			"characters without '/'",
			text, FLEET_NODE_MAX - 1);
	free(*field);
	*field = mem_strdup(text);
	return 0;
}

static int parse_min_up(const char *text, struct fleet_min_up *ret, struct err *err)
{
	char number[8] = "";
	size_t n = strlen(text);
	bool share = n > 0 && text[n - 1] == '%';
	uint64_t value = 0;
	n -= share;
	if (n > 0 && n < sizeof(number))
		memcpy(number, text, n);
	if (str_to_u64(number, share ? 100 : FLEET_NODES_MAX, &value) < 0 || value == 0)
		return err_set(
			err, -EINVAL,
			"'%.40s' is not a minimum, expected a number of agents from 1 to %d, "
			"or a share of those that have the app, from 1%% to 100%%",
			text, FLEET_NODES_MAX);
	*ret = (struct fleet_min_up){ .is_share = share, .value = (uint32_t)value };
	return 0;
}

static int set_min_up(const struct config_key *key, const char *text, void *target, struct err *err)
{
	return parse_min_up(text, config_field(key, target), err);
}

/* `vips: 50%` is for all VIPs. */
static int set_default(const struct config_key *key, const char *text, void *target,
		       struct err *err)
{
	struct fleet_min_up min_up;
	int r = parse_min_up(text, &min_up, err);
	(void)key;
	if (r == 0)
		fleet_spec_add(target, NULL)->min_up = min_up;
	return r;
}

static void format_vips(const struct config_key *key, const void *target, FILE *out)
{
	char vip[PREFIX_TEXT_MAX], min_up[FLEET_MIN_UP_TEXT_MAX];
	const struct fleet_spec *s = target;
	(void)key;
	for (size_t i = 0; i < s->n; i++) {
		const struct fleet_spec_vip *v = &s->vips[i];
		fprintf(out, "%s%s %s", i > 0 ? "; " : "",
			v->vip.addr.family ? prefix_format(&v->vip, vip) : "default",
			fleet_min_up_format(&v->min_up, min_up));
		if (v->max_joining != FLEET_MAX_JOINING)
			fprintf(out, ", %u joining", v->max_joining);
	}
}

static void format_min_up(const struct config_key *key, const void *target, FILE *out)
{
	char text[FLEET_MIN_UP_TEXT_MAX];
	fputs(fleet_min_up_format(config_value(key, target), text), out);
}

static const struct config_type type_engine = { "`consul`", set_engine, format_engine };
static const struct config_type type_prefix = { "prefix of keys", set_prefix, config_format_text };
static const struct config_type type_node = { "name", set_node, config_format_text };
static const struct config_type type_min_up = { "number, or share like `50%`", set_min_up,
						format_min_up };
static const struct config_type type_vips = { "minimum of every VIP, like `50%`", set_default,
					      format_vips };

/* ---- vips: a mapping by VIP ---- */

static void *add_vip(void *target, const char *name, struct err *err)
{
	struct fleet_spec *s = target;
	struct prefix vip;
	if (s->n == FLEET_SPEC_VIPS_MAX) {
		err_set(err, -E2BIG, "more than %d VIPs", FLEET_SPEC_VIPS_MAX);
		return NULL;
	}
	if (str_equal(name, "default"))
		return fleet_spec_add(s, NULL);
	if (prefix_parse(name, &vip, err) < 0) {
		err_prefix(err, 0, "expected a VIP or default: ");
		return NULL;
	}
	return fleet_spec_add(s, &vip);
}

static const struct config_key vip_keys[] = {
	{ .name = "min_up",
	  .type = &type_min_up,
	  .offset = offsetof(struct fleet_spec_vip, min_up),
	  .flags = CONFIG_REQUIRED,
	  .doc = "How many agents keep the VIP announced, whatever their checks say: a number, or "
		 "a share of those that have the app, rounded up." },
	{ .name = "max_joining",
	  .type = &config_type_count,
	  .offset = offsetof(struct fleet_spec_vip, max_joining),
	  .min = 1,
	  .max = FLEET_NODES_MAX,
	  .default_words = "`1`",
	  .doc = "How many of the agents whose app joins (`states.join`) may be promoted while "
		 "those before them in line have not been. A broken release stays on so many "
		 "hosts." },
	{ 0 },
};

const struct config_section config_fleet_vip_section = {
	.path = "fleet.vips.VIP",
	.doc = "Minimum of announcing agents for a VIP like `192.0.2.53/32`, or with `default` for "
	       "each VIP that is not named.",
	.keys = vip_keys,
};

static const struct config_key no_keys[] = { { 0 } };

static const struct config_section vips_section = {
	.path = "fleet.vips",
	.doc = "",
	.keys = no_keys,
	.entry = &config_fleet_vip_section,
	.add_entry = add_vip,
};

/* ---- fleet ---- */

#define FIELD(member) .offset = offsetof(struct fleet_spec, member)

static const struct config_key fleet_keys[] = {
	{ .name = "engine",
	  .type = &type_engine,
	  FIELD(engine),
	  .effect = CONFIG_NEEDS_RESTART,
	  .flags = CONFIG_REQUIRED,
	  .doc = "How agents agree: by keys of Consul, at `agent.consul_addr`, with the other "
		 "`consul_` keys of `agent`." },
	{ .name = "prefix",
	  .type = &type_prefix,
	  FIELD(prefix),
	  .effect = CONFIG_NEEDS_RESTART,
	  .default_text = "vipherald/fleet",
	  .doc = "Where the keys are in Consul's KV. The same for all agents of the fleet." },
	{ .name = "node",
	  .type = &type_node,
	  FIELD(node),
	  .effect = CONFIG_NEEDS_RESTART,
	  .default_words = "the host name",
	  .doc = "Name of this agent, another one for each." },
	{ .name = "vips",
	  .shape = CONFIG_SECTION,
	  .type = &type_vips,
	  .section = &vips_section,
	  .flags = CONFIG_REQUIRED,
	  .doc = "How many agents keep each VIP announced, see below. A VIP that is not named "
		 "here, "
		 "without `default`, is not guarded." },
	{ .name = "window",
	  .type = &config_type_duration,
	  FIELD(window),
	  .min = SEC(60),
	  .max = HOURS(24),
	  .default_text = "10m",
	  .doc = "So long an agent that is gone counts among those that have the app, for minimums "
		 "that are shares." },
	{ .name = "timeout",
	  .type = &config_type_duration,
	  FIELD(timeout),
	  .min = MSEC(10),
	  .max = SEC(10),
	  .default_text = "500ms",
	  .doc = "How long Consul may take to answer." },
	{ 0 },
};

const struct config_section config_fleet_section = {
	.path = "fleet",
	.doc = "The guard of the fleet: checks that fail on many hosts at once do not withdraw the "
	       "last announcements of a VIP. See [fleet.md](fleet.md).",
	.keys = fleet_keys,
};
