/* SPDX-License-Identifier: MIT */
#include "agent/model/register_params.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/model/app_spec_parse.h"
#include "agent/model/community.h"
#include "lib/array.h"
#include "lib/str.h"

static int set_name(struct app_spec *spec, const char *value, struct err *err)
{
	if (spec->name)
		return err_set(err, -EINVAL, "name is given more than once ('%.80s' and '%.80s')",
			       spec->name, value);
	return app_spec_set_name(spec, value, err);
}

static const struct param {
	const char *name;
	int (*add)(struct app_spec *spec, const char *value, struct err *err);
} params[] = {
	{ "name", set_name },
	{ "vip", app_spec_add_vip },
	{ "monitor", app_spec_add_monitor },
	{ "quorum", app_spec_set_quorum },
	{ "nat", app_spec_add_nat },
	{ "vip_communities", app_spec_add_communities },
	{ "peers", app_spec_add_peers },
	{ "except_peers", app_spec_add_except_peers },
	{ "ttl", app_spec_set_lease },
	{ "bind", app_spec_set_bind },
};

static int unknown_param(const char *name, struct err *err)
{
	const char *names[ARRAY_SIZE(params) + 1] = { NULL };
	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		names[i] = params[i].name;
	const char *near = str_nearest(name, names);
	if (near)
		return err_set(err, -EINVAL, "unknown parameter '%.80s', did you mean '%s'?", name,
			       near);
	return err_set(err, -EINVAL,
		       "unknown parameter '%.80s', expected name, vip, monitor, quorum, nat, "
		       "vip_communities, peers, except_peers, ttl or bind",
		       name);
}

int register_param_add(struct app_spec *spec, const char *name, const char *value, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		if (str_equal(params[i].name, name))
			return params[i].add(spec, value, err);
	return unknown_param(name, err);
}

int register_params_check(const struct app_spec *spec, struct err *err)
{
	if (!spec->name)
		return err_set(err, -EINVAL, "name is missing");
	if (spec->n_vips == 0)
		return err_set(err, -EINVAL, "vip is missing");
	return app_spec_check(spec, err);
}

static void walk_peers(const struct bgp_peer_refs *refs, const char *name, register_param_cb *cb,
		       void *userdata)
{
	for (size_t i = 0; i < refs->n; i++)
		cb(name, refs->items[i].text, userdata);
}

static bool is_text_only(const struct monitor_spec *m)
{
	const struct monitor_timing *t = &m->timing;
	if (t->interval || t->fast_interval || t->timeout || t->rise || t->fall)
		return false;
	for (size_t i = 0; i < m->kind->n_options; i++)
		if (monitor_spec_option(m, i))
			return false;
	return true;
}

bool register_params_suffice(const struct app_spec *spec)
{
	for (size_t i = 0; i < spec->n_monitors; i++)
		if (!is_text_only(&spec->monitors[i]))
			return false;
	return !spec->hold_down && !spec->hold_down_max && !spec->announce && !spec->group &&
	       !spec->keep_last && !spec->disable_file && !spec->interface[0] && !spec->nonlocal_ok;
}

static void walk_rest(const struct app_spec *spec, register_param_cb *cb, void *userdata)
{
	char text[COMMUNITY_TEXT_MAX], number[16], span[DURATION_TEXT_MAX];
	for (size_t i = 0; i < spec->communities.n; i++)
		cb("vip_communities", community_format(spec->communities.values[i], text),
		   userdata);
	if (spec->peers) {
		walk_peers(&spec->peers->only, "peers", cb, userdata);
		walk_peers(&spec->peers->except, "except_peers", cb, userdata);
	}
	if (spec->quorum) {
		snprintf(number, sizeof(number), "%u", spec->quorum);
		cb("quorum", number, userdata);
	}
	if (spec->lease)
		cb("ttl", duration_format(spec->lease, span), userdata);
	if (spec->bind)
		cb("bind", bind_name(spec->bind), userdata);
}

void register_params_walk(const struct app_spec *spec, register_param_cb *cb, void *userdata)
{
	char vip[PREFIX_TEXT_MAX], nat[NAT_SPEC_TEXT_MAX];
	cb("name", spec->name, userdata);
	for (size_t i = 0; i < spec->n_vips; i++)
		cb("vip", prefix_format(&spec->vips[i], vip), userdata);
	for (size_t i = 0; i < spec->n_monitors; i++)
		cb("monitor", spec->monitors[i].text, userdata);
	for (size_t i = 0; i < spec->n_nats; i++)
		cb("nat", nat_spec_format(&spec->nats[i], nat), userdata);
	walk_rest(spec, cb, userdata);
}
