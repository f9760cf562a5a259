/* SPDX-License-Identifier: MIT */
#include "agent/status/view_peers.h"

#include "agent/status/view_peer.h"

typedef json_t *peer_fn(const struct bgp_peer_status *peer, const struct view_clock *clock);

static json_t *each_peer(const struct status_sources *in, peer_fn *view)
{
	struct view_clock clock = status_clock(in);
	struct peer_list peers;
	json_t *array = json_array();
	peer_list_init(&peers, in->speaker);
	for (size_t i = 0; i < peers.n; i++)
		json_array_append_new(array, view(&peers.items[i], &clock));
	peer_list_done(&peers);
	return array;
}

json_t *view_peers(const struct status_sources *in)
{
	return json_pack("{s:o}", "peers", each_peer(in, view_peer));
}

json_t *view_info(const struct status_sources *in)
{
	return each_peer(in, view_peer_info);
}
