/* SPDX-License-Identifier: MIT */
#include "agent/model/port_ways.h"

/* Which mappings of a VIP are meant by the port. */
enum match { OWN_DEST, LISTENS, OTHER_DEST };

struct query {
	const struct app_spec *spec;
	const struct prefix *vip;
	uint8_t proto;
	uint16_t port;
	const struct addr *own; /* of the VIP's family */
};

static bool matches(const struct query *q, const struct nat_spec *nat, enum match match)
{
	if (nat->proto != q->proto || !nat_spec_covers(nat, q->vip->addr.family))
		return false;
	switch (match) {
	case OWN_DEST:
		return nat->dest == q->port && !addr_is_set(&nat->to);
	case LISTENS:
		return nat->listen == q->port;
	case OTHER_DEST:
		return nat->dest == q->port && addr_is_set(&nat->to);
	}
	return false;
}

/* False when there is none. */
static bool add_mappings(const struct query *q, enum match match, struct monitor_ways *ret)
{
	bool any = false;
	for (size_t i = 0; i < q->spec->n_nats; i++) {
		const struct nat_spec *nat = &q->spec->nats[i];
		if (!matches(q, nat, match))
			continue;
		any = true;
		const struct addr *to = addr_is_set(&nat->to) ? &nat->to : q->own;
		const struct monitor_way way = { .vip = *q->vip,
						 .at = prefix_of_host(to),
						 .port = nat->dest };
		if (addr_is_set(to))
			monitor_ways_add(ret, &way);
	}
	return any;
}

void port_ways(const struct app_spec *spec, uint8_t proto, uint16_t port, const struct addr own[2],
	       struct monitor_ways *ret)
{
	for (size_t i = 0; i < spec->n_vips; i++) {
		const struct prefix *vip = &spec->vips[i];
		const struct query q = { .spec = spec,
					 .vip = vip,
					 .proto = proto,
					 .port = port,
					 .own = &own[vip->addr.family == AF_INET6] };
		const struct monitor_way direct = { .vip = *vip, .at = *vip, .port = port };
		if (!add_mappings(&q, OWN_DEST, ret) && !add_mappings(&q, LISTENS, ret) &&
		    !add_mappings(&q, OTHER_DEST, ret))
			monitor_ways_add(ret, &direct);
	}
}
