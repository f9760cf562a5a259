/* SPDX-License-Identifier: MIT */
#include "agent/status/inspect.h"
#include "agent/status/readiness.h"
#include "agent/status/status_line.h"

#define LACKS_MAX 160 /* all of them fit */

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

static size_t count_established(const struct inspect *in)
{
	size_t n = 0;
	for (size_t i = 0; i < bgp_speaker_n_peers(in->speaker); i++) {
		struct bgp_peer_status peer;
		bgp_speaker_peer_status(in->speaker, i, &peer);
		n += peer.state == BGP_ESTABLISHED;
	}
	return n;
}

static const char *lacks(const struct inspect *in, char *buf, size_t size)
{
	struct strbuf text = strbuf_over(buf, size);
	capability_list_missing(in->capabilities, &text);
	return buf;
}

bool inspect_readiness(const struct inspect *in, bool stopping, char *buf)
{
	char missing[LACKS_MAX];
	struct readiness r = {
		.stopping = stopping,
		.registered = in->registered,
		.discovered = in->started_at != USEC_NEVER,
		.peers = bgp_speaker_n_peers(in->speaker),
		.established = count_established(in),
		.lacks = lacks(in, missing, sizeof(missing)),
	};
	count_unjudged(in, &r);
	return readiness_report(&r, buf);
}

const char *inspect_status_line(const struct inspect *in, char *buf)
{
	struct vip_counts vips = reconcile_counts(in->reconcile);
	size_t up = registry_n(in->registry, HEALTH_UP);
	char missing[LACKS_MAX];
	const struct status_counts counts = {
		.apps = up + registry_n(in->registry, HEALTH_DOWN) +
			registry_n(in->registry, HEALTH_UNKNOWN),
		.apps_up = up,
		.vips = vips.owned4 + vips.owned6,
		.vips_announced = vips.announced,
		.peers = bgp_speaker_n_peers(in->speaker),
		.established = count_established(in),
		.lacks = lacks(in, missing, sizeof(missing)),
	};
	return status_line_format(&counts, buf);
}
