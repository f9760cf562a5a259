/* SPDX-License-Identifier: MIT */
#include "agent/inspect.h"
#include "agent/readiness.h"

/* Those that were there when the start was over; a later one has a verdict of its own to wait
 * for, and nobody waits for it. */
static void count_unjudged(const struct inspect *in, struct readiness *r)
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

static void count_peers(const struct inspect *in, struct readiness *r)
{
	r->peers = bgp_speaker_n_peers(in->speaker);
	for (size_t i = 0; i < r->peers; i++) {
		struct bgp_peer_status peer;
		bgp_speaker_peer_status(in->speaker, i, &peer);
		r->established += peer.state == BGP_ESTABLISHED;
	}
}

bool inspect_readiness(const struct inspect *in, bool stopping, char *buf)
{
	struct readiness r = {
		.stopping = stopping,
		.registered = in->registered,
		.discovered = in->started_at != USEC_NEVER,
	};
	count_unjudged(in, &r);
	count_peers(in, &r);
	return readiness_report(&r, buf);
}
