/* SPDX-License-Identifier: MIT */
#include "agent/status/view_app_vips.h"

#include <stdlib.h>

#include "agent/status/explain.h"
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
