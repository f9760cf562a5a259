/* SPDX-License-Identifier: MIT */
#include "agent/status/readiness_collect.h"

#include "lib/str.h"

/* Apps that were registered later are not waited for (readiness.h). */
static void count_unjudged(const struct status_sources *in, struct readiness *r)
{
	struct app_cursor cursor;
	if (registry_n(in->registry, HEALTH_UNKNOWN) == 0)
		return;
	app_cursor_init(in->registry, &cursor);
	for (const struct app *app; (app = app_cursor_next(&cursor));) {
		if (app->health != HEALTH_UNKNOWN || app->registered_at > in->started_at)
			continue;
		if (r->unjudged++ == 0)
			r->waits_on = app->spec->name;
	}
	app_cursor_done(&cursor);
}

bool readiness_collect(const struct status_sources *in, bool stopping, char buf[READINESS_TEXT_MAX])
{
	char text[MISSING_TEXT_MAX];
	struct strbuf missing = strbuf_over(text, sizeof(text));
	struct peer_list peers;
	peer_list_init(&peers, in->speaker);
	struct readiness r = {
		.stopping = stopping,
		.registered = in->registered,
		.discovered = in->started_at != USEC_NEVER,
		.peers = peers.n - peer_list_disabled(&peers),
		.established = peer_list_established(&peers),
		.refused = bgp_speaker_count_routes(in->speaker).refused,
		.left_out = in->config_file ? in->config_file->n_left_out : 0,
		.missing = text,
	};
	peer_list_done(&peers);
	capability_list_missing(in->capabilities, &missing);
	count_unjudged(in, &r);
	return readiness_report(&r, buf);
}
