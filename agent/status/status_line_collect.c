/* SPDX-License-Identifier: MIT */
#include "agent/status/status_line_collect.h"

#include "lib/str.h"

const char *status_line_collect(const struct status_sources *in, char buf[static STATUS_LINE_MAX])
{
	char text[MISSING_TEXT_MAX];
	struct strbuf missing = strbuf_over(text, sizeof(text));
	struct vip_counts vips = reconcile_counts(in->reconcile);
	size_t up = registry_n(in->registry, HEALTH_UP);
	struct bgp_route_counts routes = bgp_speaker_count_routes(in->speaker);
	struct peer_list peers;
	peer_list_init(&peers, in->speaker);
	const struct status_counts counts = {
		.apps = up + registry_n(in->registry, HEALTH_DOWN) +
			registry_n(in->registry, HEALTH_UNKNOWN),
		.apps_up = up,
		.vips = vips.owned4 + vips.owned6,
		.vips_announced = routes.sent,
		.vips_suppressed = routes.suppressed,
		.peers = peers.n,
		.established = peer_list_established(&peers),
		.missing = text,
	};
	peer_list_done(&peers);
	capability_list_missing(in->capabilities, &missing);
	return status_line_format(&counts, buf);
}
