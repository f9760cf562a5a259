/* SPDX-License-Identifier: MIT */
#include "agent/programs/selected.h"

#include "lib/mem.h"

static bool number_fits(struct bgp_number wanted, uint32_t value)
{
	return !wanted.given || wanted.value == value;
}

/* As configured, else as the session has it. */
static bool local_ip_fits(const struct addr *wanted, const struct bgp_peer_status *peer)
{
	const struct addr *own = bgp_peer_source(peer->config);
	if (!addr_is_set(wanted))
		return true;
	return addr_equal(wanted, own && addr_is_set(own) ? own : &peer->local_addr);
}

static bool families_fit(const struct line_selector *s, const struct bgp_peer_config *peer)
{
	unsigned offered = peer->families ? peer->families : BGP_OFFER_IPV4 | BGP_OFFER_IPV6;
	unsigned wanted = (s->ipv4 ? BGP_OFFER_IPV4 : 0) | (s->ipv6 ? BGP_OFFER_IPV6 : 0);
	return (offered & wanted) == wanted;
}

bool selected_matches(const struct line_selector *s, const struct bgp_peer_status *peer,
		      uint32_t router_id)
{
	bool address = !addr_is_set(&s->peer) || addr_equal(&s->peer, &peer->config->addr);
	return address && local_ip_fits(&s->local_ip, peer) &&
	       number_fits(s->local_as, peer->local_as) && number_fits(s->peer_as, peer->peer_as) &&
	       number_fits(s->router_id, router_id) && families_fit(s, peer->config);
}

bool selected_peers(const struct line_selectors *selectors, const struct bgp_peer_status *peers,
		    size_t n, uint32_t router_id, struct bgp_peer_filter **ret)
{
	char name[BGP_PEER_NAME_MAX];
	struct bgp_peer_filter *f = mem_new(1, sizeof(*f));
	for (size_t i = 0; i < selectors->n; i++)
		for (size_t k = 0; k < n; k++)
			if (selected_matches(&selectors->items[i], &peers[k], router_id))
				bgp_peer_refs_add(&f->only,
						  bgp_peer_configured_name(peers[k].config, name));
	bool any = selectors->n == 0 || f->only.n > 0;
	if (f->only.n == 0) {
		bgp_peer_filter_free(f);
		f = NULL;
	}
	*ret = f;
	return any;
}
