/* SPDX-License-Identifier: MIT */
#include "agent/daemon/peer_users.h"

#include <errno.h>

#include "agent/daemon/parts.h"
#include "agent/status/view_json.h"
#include "lib/str.h"

#define WARNED_MAX 8

static bool is_named(const struct bgp_peer_ref *ref, const struct bgp_config *bgp)
{
	for (size_t i = 0; i < bgp->n_peers; i++)
		if (bgp_peer_ref_matches(ref, &bgp->peers[i]))
			return true;
	return false;
}

/* A name of a peer of `before` that is none of `after`; NULL: there is none. */
static const char *lost_in(const struct bgp_peer_refs *refs, const struct bgp_config *before,
			   const struct bgp_config *after)
{
	for (size_t i = 0; i < refs->n; i++)
		if (is_named(&refs->items[i], before) && !is_named(&refs->items[i], after))
			return refs->items[i].text;
	return NULL;
}

static const char *lost(const struct bgp_peer_filter *f, const struct bgp_config *before,
			const struct bgp_config *after)
{
	const char *name = f ? lost_in(&f->only, before, after) : NULL;
	return f && !name ? lost_in(&f->except, before, after) : name;
}

static int refuse(const char *what, const char *who, const char *name, struct err *err)
{
	return err_set(err, -EBUSY,
		       "%s %s of the configuration file names it ('%s'): change peers or "
		       "except_peers there first, and reload",
		       what, who, name);
}

int peer_users_check(const struct agent *a, const struct config *next, struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	const struct config *c = a->config;
	for (size_t i = 0; i < c->n_apps; i++) {
		const char *name = lost(c->apps[i].peers, &c->bgp, &next->bgp);
		if (name)
			return refuse("app", c->apps[i].name, name, err);
	}
	for (size_t i = 0; i < c->aggregates.n; i++) {
		const struct aggregate_spec *spec = &c->aggregates.items[i];
		const char *name = lost(spec->peers, &c->bgp, &next->bgp);
		if (name)
			return refuse("aggregate", prefix_format(&spec->prefix, text), name, err);
	}
	return 0;
}

json_t *peer_users_warn(const struct agent *a, const struct bgp_peer_config *gone)
{
	const struct bgp_config only = { .peers = gone, .n_peers = 1 };
	struct app_cursor cursor;
	json_t *warnings = json_array();
	app_cursor_init(a->registry, &cursor);
	for (const struct app *app;
	     json_array_size(warnings) < WARNED_MAX && (app = app_cursor_next(&cursor));) {
		char text[APP_NAME_MAX + 200];
		struct strbuf sb = strbuf_over(text, sizeof(text));
		if (!lost(app->spec->peers, &only, &a->config->bgp))
			continue;
		strbuf_add(&sb, "app %s names it: announced to its other peers only, if it has any",
			   app->spec->name);
		json_array_append_new(warnings, view_text(text));
	}
	app_cursor_done(&cursor);
	return warnings;
}
