/* SPDX-License-Identifier: MIT */
#include "agent/status/view_app_vips.h"

#include <stdlib.h>

#include "agent/status/explain.h"
#include "agent/status/view_aggregate.h"
#include "agent/status/view_app.h"
#include "agent/status/view_peers.h"
#include "agent/status/view_vip.h"
#include "lib/mem.h"

struct app_vips {
	struct status_sources in;
	char *name;
	size_t at;
	json_t *explained; /* the app without its VIPs; NULL: they are not explained */
	json_t *ages;      /* of the peers, likewise */
};

static json_t *next_vip(void *userdata)
{
	struct app_vips *list = userdata;
	const struct app *app = registry_find(list->in.registry, list->name);
	if (!app || list->at >= app->spec->n_vips)
		return NULL;
	json_t *vip = view_vip_alone(&list->in, app->vips[list->at++]);
	if (!list->explained)
		return vip;
	json_t *explained = explain_vip(list->explained, vip, list->ages);
	json_decref(vip);
	return explained;
}

static void free_list(void *userdata)
{
	struct app_vips *list = userdata;
	json_decref(list->ages);
	json_decref(list->explained);
	free(list->name);
	free(list);
}

static struct stream *stream_of(const struct status_sources *in, const struct app *app,
				json_t *before, json_t *explained)
{
	static const struct stream_ops ops = { next_vip, free_list };
	struct app_vips *list = mem_new(1, sizeof(*list));
	list->in = *in;
	list->name = mem_strdup(app->spec->name);
	list->explained = explained;
	list->ages = explained ? view_peer_ages(in) : NULL;
	return stream_new(before, "vips", &ops, list);
}

struct stream *view_app(const struct status_sources *in, const struct app *app)
{
	return stream_of(in, app, view_app_without_vips(in, app), NULL);
}

struct stream *view_app_explained(const struct status_sources *in, const struct app *app)
{
	json_t *o = view_app_without_vips(in, app);
	return stream_of(in, app, json_pack("{s:O}", "app", json_object_get(o, "name")), o);
}

static bool parse_vip(const char *text, struct prefix *ret)
{
	struct addr addr;
	struct err err;
	if (addr_parse(text, &addr) < 0)
		return prefix_parse(text, ret, &err) == 0;
	*ret = prefix_of_host(&addr);
	return true;
}

static json_t *explain_nth(const struct status_sources *in, const struct app *app, size_t i)
{
	json_t *viewed = view_app_part(in, app, i, 1), *ages = view_peer_ages(in);
	json_t *explained = explain_app(viewed, ages);
	json_decref(ages);
	json_decref(viewed);
	return explained;
}

json_t *view_explained(const struct status_sources *in, const char *prefix)
{
	struct prefix vip;
	if (!parse_vip(prefix, &vip))
		return NULL;
	json_t *aggregate = view_aggregate_explained(in, &vip);
	if (aggregate)
		return aggregate;
	const struct app *app = registry_owner(in->registry, &vip);
	for (size_t i = 0; app && i < app->spec->n_vips; i++)
		if (prefix_equal(&app->spec->vips[i], &vip))
			return explain_nth(in, app, i);
	return NULL;
}
