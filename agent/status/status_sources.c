/* SPDX-License-Identifier: MIT */
#include "agent/status/status_sources.h"

#include <stdlib.h>

#include "agent/model/peer_names.h"
#include "lib/clock.h"
#include "lib/mem.h"
#include "process/loop.h"

struct view_clock status_clock(void)
{
	/* Both of this moment: a turn of the loop may have begun a while ago on a busy machine. */
	return (struct view_clock){ .now = loop_clock(), .wall = wall_now() };
}

void peer_list_init(struct peer_list *list, const struct bgp_speaker *speaker)
{
	list->n = bgp_speaker_n_peers(speaker);
	list->items = mem_new(list->n + 1, sizeof(*list->items));
	for (size_t i = 0; i < list->n; i++)
		bgp_speaker_peer_status(speaker, i, &list->items[i]);
}

void peer_list_done(struct peer_list *list)
{
	free(list->items);
}

int peer_list_check(const struct peer_list *list, const struct bgp_peer_filter *f, struct err *err)
{
	const struct bgp_peer_config **peers = mem_new(list->n + 1, sizeof(*peers));
	for (size_t i = 0; i < list->n; i++)
		peers[i] = list->items[i].config;
	int r = peer_names_check(&(struct peer_names){ peers, list->n }, f, err);
	free(peers);
	return r;
}

size_t peer_list_established(const struct peer_list *list)
{
	size_t n = 0;
	for (size_t i = 0; i < list->n; i++)
		n += list->items[i].state == BGP_ESTABLISHED;
	return n;
}

size_t peer_list_disabled(const struct peer_list *list)
{
	size_t n = 0;
	for (size_t i = 0; i < list->n; i++)
		n += list->items[i].disabled;
	return n;
}
