/* SPDX-License-Identifier: MIT */
#include "agent/status/alarms_of_peers.h"

#include "agent/bfd/peer_bfd.h"
#include "agent/model/vrf_reach.h"
#include "agent/status/alarm.h"
#include "agent/status/outside_vrf.h"
#include "agent/status/way_back.h"
#include "process/loop.h"

static bool any_in_vrf(const struct peer_list *peers)
{
	for (size_t i = 0; i < peers->n; i++)
		if (vrf_reach_of_peer(&peers->items[i])[0])
			return true;
	return false;
}

/* Clients of the peers in VRFs do not reach these. */
static void add_outside_vrf(json_t *alarms, const struct status_sources *in,
			    const struct peer_list *peers)
{
	char name[PREFIX_TEXT_MAX], text[VRF_REACH_TEXT_MAX];
	const struct bgp_peer_status *peer, *first_peer = NULL;
	const struct vip *first = NULL;
	struct outside_vrf outside;
	struct vip_cursor cursor;
	size_t n = 0;
	if (!any_in_vrf(peers))
		return;
	outside_vrf_init(&outside, peers, in->host_changes);
	vip_cursor_init(in->reconcile, &cursor);
	for (const struct vip *vip; (vip = vip_cursor_next(&cursor));) {
		peer = outside_vrf_vip(&outside, vip);
		if (peer && n++ == 0) {
			first = vip;
			first_peer = peer;
		}
	}
	vip_cursor_done(&cursor);
	outside_vrf_done(&outside);
	if (!first)
		return;
	prefix_format(&first->prefix, name);
	alarm_add_count(alarm_add(alarms, "vip-outside-vrf", "vip", name, "%s: %s", name,
				  vrf_reach_text(first_peer, app_spec_place(first->spec), text)),
			n);
}

void alarms_add_peer(json_t *alarms, const struct bgp_peer_status *peer,
		     const struct view_clock *clock)
{
	char name[BGP_PEER_NAME_MAX];
	if (peer->down_since == USEC_NEVER ||
	    usec_sub(clock->now, peer->down_since) < ALARM_PEER_DOWN)
		return;
	bgp_peer_name(peer->config, name);
	if (peer->disabled) {
		view_add_time(
			alarm_add(alarms, "peer-disabled", "peer", name,
				  "peer %s is %s; vipherald peer %s enable lets it come up again",
				  name, peer->last_error, name),
			clock, "since", peer->down_since);
		return;
	}
	json_t *o = alarm_add(alarms, "peer-down", "peer", name, "peer %s is %s%s%s%s%s", name,
			      bgp_state_name(peer->state), peer->last_error[0] ? ": " : "",
			      peer->last_error, peer->hint[0] ? "; " : "", peer->hint);
	view_add_time(o, clock, "since", peer->down_since);
}

/* Of a link that is meant to lead to one. */
static void add_other_router(json_t *alarms, const struct bgp_peer_status *peer)
{
	char name[BGP_PEER_NAME_MAX], other[ADDR_TEXT_MAX];
	if (!addr_is_set(&peer->other_router))
		return;
	bgp_peer_name(peer->config, name);
	alarm_add(
		alarms, "more-routers", "peer", name,
		"peer %s: %s advertises itself on interface %s, too, and gets no routes: configure "
		"peers by their addresses (peer_ip) where a link leads to several routers",
		name, addr_format(&peer->other_router, other), peer->config->ifname);
}

/* The routing of a VRF is that of its peers. */
static void add_way_back_in_vrf(json_t *alarms, const struct status_sources *in,
				const struct bgp_peer_status *peer, uint32_t vrf)
{
	char name[BGP_PEER_NAME_MAX], text[WAY_BACK_TEXT_MAX];
	if (!host_changes_default4_in(in->host_changes, vrf))
		alarm_add(alarms, "no-way-back", "peer", bgp_peer_name(peer->config, name),
			  "peer %s: %s", name, way_back_text(vrf, in->host_changes, text));
}

/* One for all peers that are in no VRF: the routing is that of the host. */
static void add_way_back(json_t *alarms, const struct status_sources *in,
			 const struct peer_list *peers)
{
	char text[WAY_BACK_TEXT_MAX];
	size_t n = 0;
	if (reconcile_counts(in->reconcile).owned4 == 0)
		return;
	for (size_t i = 0; i < peers->n; i++) {
		bool matters = way_back_matters(&peers->items[i]);
		uint32_t vrf = matters ? way_back_vrf(&peers->items[i], in->host_changes) : 0;
		if (vrf)
			add_way_back_in_vrf(alarms, in, &peers->items[i], vrf);
		else
			n += matters;
	}
	if (n > 0 && !host_changes_has_default4(in->host_changes))
		alarm_add(alarms, "no-way-back", NULL, NULL, "%s",
			  way_back_text(0, in->host_changes, text));
}

static void add_sessions(json_t *alarms, const struct status_sources *in,
			 const struct view_clock *clock)
{
	struct peer_list peers;
	const char *no_listener = bgp_speaker_no_listener(in->speaker);
	peer_list_init(&peers, in->speaker);
	for (size_t i = 0; i < peers.n; i++) {
		alarms_add_peer(alarms, &peers.items[i], clock);
		add_other_router(alarms, &peers.items[i]);
	}
	add_way_back(alarms, in, &peers);
	add_outside_vrf(alarms, in, &peers);
	peer_list_done(&peers);
	if (no_listener)
		alarm_add(alarms, "no-bgp-listener", NULL, NULL, "%s", no_listener);
}

/* The session works, and a failure of the path would be found by the hold timer only. A peer
 * without a session has an alarm already, whose hint says so where BFD is required. */
static void add_bfd_peer(json_t *alarms, const struct status_sources *in,
			 const struct bgp_peer_status *peer, const struct view_clock *clock)
{
	struct peer_bfd_status session;
	const char *error, *why;
	char name[BGP_PEER_NAME_MAX], text[BFD_WHY_MAX];
	mono_t since = peer->established_since;
	if (!peer->config->bfd.on || peer->state != BGP_ESTABLISHED || peer->disabled)
		return;
	bool has = peer_bfd_find(in->bfd, peer, &session, &error);
	if (has && session.status->state == BFD_UP)
		return;
	if (has && session.status->since > since)
		since = session.status->since;
	if (usec_sub(clock->now, since) < ALARM_BFD_DOWN)
		return;
	why = error ? error : has && session.hint[0] ? session.hint : "";
	if (!*why && has)
		why = bfd_status_why(session.status, text);
	bgp_peer_name(peer->config, name);
	json_t *o = alarm_add(alarms, "bfd-down", "peer", name,
			      "peer %s: BFD is not up while the BGP session is%s%s", name,
			      *why ? ": " : "", why);
	view_add_time(o, clock, "since", since);
}

static void add_bfd(json_t *alarms, const struct status_sources *in, const struct view_clock *clock)
{
	struct peer_list peers;
	mono_t at;
	const char *trouble = peer_bfd_trouble(in->bfd, &at);
	peer_list_init(&peers, in->speaker);
	for (size_t i = 0; i < peers.n; i++)
		add_bfd_peer(alarms, in, &peers.items[i], clock);
	peer_list_done(&peers);
	if (!trouble || usec_sub(clock->now, at) >= ALARM_BFD_PROCESS)
		return;
	json_t *o = alarm_add(alarms, "bfd-process", NULL, NULL, "%s", trouble);
	view_add_time(o, clock, "since", at);
}

/* ECMP towards the world through two routers, of which one gets the routes. */
static void add_gateways(json_t *alarms, const struct status_sources *in)
{
	char buf[GATEWAYS_TEXT_MAX];
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	if (host_changes_explain_gateways(in->host_changes, &text))
		alarm_add(alarms, "more-gateways", NULL, NULL, "%s", buf);
}

void alarms_add_peers(json_t *alarms, const struct status_sources *in,
		      const struct view_clock *clock)
{
	add_sessions(alarms, in, clock);
	add_bfd(alarms, in, clock);
	add_gateways(alarms, in);
}
