/* SPDX-License-Identifier: MIT */
#include "agent/status/outside_vrf.h"

#include "agent/model/vrf_reach.h"
#include "lib/str.h"
#include "net/fib.h"

/* lo belongs to none. An interface that is not there has its own words, in the state of the VIP. */
static bool is_outside(const char *interface, const char *vrf, const struct host_changes *host)
{
	struct fib_link link = { .name = "" }, master = { .name = "" };
	if (!vrf_reach_misses(vrf, interface, "") || str_equal(interface, "lo"))
		return vrf_reach_misses(vrf, interface, "");
	uint32_t ifindex = fib_interface_index(interface, NULL);
	if (ifindex == 0)
		return false;
	host_changes_link(host, ifindex, &link);
	if (link.is_in_vrf)
		host_changes_link(host, link.master, &master);
	return vrf_reach_misses(vrf, interface, master.name);
}

const struct bgp_peer_status *outside_vrf_vip(const struct vip *vip, const struct peer_list *peers,
					      const struct host_changes *host)
{
	const char *place = vip->spec ? app_spec_place(vip->spec) : NULL;
	for (size_t i = 0; place && i < peers->n; i++) {
		const char *vrf = vrf_reach_of_peer(&peers->items[i]);
		if (vrf[0] && vip_is_for(vip, peers->items[i].config) &&
		    is_outside(place, vrf, host))
			return &peers->items[i];
	}
	return NULL;
}

const struct bgp_peer_status *outside_vrf_app(const struct app_spec *spec,
					      const struct peer_list *peers,
					      const struct host_changes *host)
{
	const struct vip any = { .spec = spec };
	return outside_vrf_vip(&any, peers, host);
}
