/* SPDX-License-Identifier: MIT */
#include "agent/status/outside_vrf.h"

#include <stdlib.h>
#include <uthash.h>

#include "agent/model/vrf_reach.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/iface.h"

struct outside_vrf_place {
	char name[IF_NAMESIZE], vrf[IF_NAMESIZE]; /* that it belongs to; "": none */
	bool is_there;
	UT_hash_handle hh;
};

void outside_vrf_init(struct outside_vrf *o, const struct peer_list *peers,
		      const struct host_changes *host)
{
	*o = (struct outside_vrf){ .peers = peers, .host = host };
}

void outside_vrf_done(struct outside_vrf *o)
{
	struct outside_vrf_place *place, *next;
	HASH_ITER (hh, o->places, place, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
		HASH_DEL(o->places, place);
		free(place);
	}
}

static void ask_kernel(const struct host_changes *host, struct outside_vrf_place *place)
{
	struct iface link = { .name = "" }, master = { .name = "" };
	uint32_t ifindex = iface_index(place->name, NULL);
	place->is_there = ifindex != 0;
	if (!place->is_there)
		return;
	host_changes_link(host, ifindex, &link);
	if (link.is_in_vrf)
		host_changes_link(host, link.master, &master);
	str_copy(place->vrf, sizeof(place->vrf), master.name);
}

/* Thousands of VIPs are at a few interfaces: system calls for each VIP would take the turn of the
 * loop. */
static const struct outside_vrf_place *place_of(struct outside_vrf *o, const char *interface)
{
	struct outside_vrf_place *place;
	HASH_FIND_STR(o->places, interface, place);
	if (place)
		return place;
	place = mem_new(1, sizeof(*place));
	str_copy(place->name, sizeof(place->name), interface);
	ask_kernel(o->host, place);
	HASH_ADD_STR(o->places, name, place);
	return place;
}

/* lo belongs to none. An interface that is not there has its own words, in the state of the VIP. */
static bool is_outside(struct outside_vrf *o, const char *interface, const char *vrf)
{
	if (!vrf_reach_misses(vrf, interface, "") || str_equal(interface, "lo"))
		return vrf_reach_misses(vrf, interface, "");
	const struct outside_vrf_place *place = place_of(o, interface);
	return place->is_there && vrf_reach_misses(vrf, interface, place->vrf);
}

const struct bgp_peer_status *outside_vrf_vip(struct outside_vrf *o, const struct vip *vip)
{
	const char *place = vip->spec ? app_spec_place(vip->spec) : NULL;
	for (size_t i = 0; place && i < o->peers->n; i++) {
		const char *vrf = vrf_reach_of_peer(&o->peers->items[i]);
		if (vrf[0] && vip_is_for(vip, o->peers->items[i].config) &&
		    is_outside(o, place, vrf))
			return &o->peers->items[i];
	}
	return NULL;
}

const struct bgp_peer_status *outside_vrf_app(const struct app_spec *spec,
					      const struct peer_list *peers,
					      const struct host_changes *host)
{
	const struct vip any = { .spec = spec };
	struct outside_vrf o;
	outside_vrf_init(&o, peers, host);
	const struct bgp_peer_status *peer = outside_vrf_vip(&o, &any);
	outside_vrf_done(&o);
	return peer;
}
