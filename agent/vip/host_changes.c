/* SPDX-License-Identifier: MIT */
#include "agent/vip/host_changes.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "net/fib.h"
#include "net/hostwatch.h"
#include "net/iface.h"
#include "net/subnets.h"
#include "process/loop.h"

/* Facts that views need, asked of the kernel once a second at most. */
struct fact {
	uint32_t ifindex;
	bool has_link, has_default4; /* the fields below are known */
	struct iface link;
	bool default4;
};

struct facts {
	struct fact *items;
	size_t n;
};

struct host_changes {
	sd_event *loop;
	struct host_addresses *addresses;
	struct actuator *actuator;
	struct hostwatch *host;
	uint64_t count;
	struct drift_record nat_address;
	struct subnets subnets;
	bool has_default4;
	struct facts *facts;
};

static void log_own(const struct host_addresses *h, size_t i)
{
	char text[ADDR_TEXT_MAX];
	if (addr_is_set(&h->own[i]))
		log_warn("nat", "NAT target is now %s, updating the rules",
			 addr_format(&h->own[i], text));
	else
		log_warn("nat", "this host has no %s address left as the NAT target",
			 i ? "IPv6" : "IPv4");
}

/* A new address of the host may be covered by a VIP that is bound already. Removing the VIP would
 * be as bad as the new address; the log tells. */
static void check_vips(const struct host_changes *c)
{
	struct vip_cursor cursor;
	struct err err = { "" };
	vip_cursor_init(actuator_reconcile(c->actuator), &cursor);
	for (const struct vip *vip; (vip = vip_cursor_next(&cursor));)
		if (vip->spec && host_addresses_check_vip(c->addresses, &vip->prefix, &err) < 0)
			log_error("vip", "app %s: %s", vip->spec->name, err.text);
	vip_cursor_done(&cursor);
}

static void warn_of_subnet(const struct subnet *subnet, const struct prefix *vip)
{
	char text[PREFIX_TEXT_MAX];
	log_warn("vip", "%s is inside the subnet of interface %s: %s", prefix_format(vip, text),
		 subnet->ifname, subnets_advice(vip));
}

/* VIPs that were outside of all subnets and are no longer. */
static void update_subnets(struct host_changes *c)
{
	struct subnets before = c->subnets;
	struct vip_cursor cursor;
	if (!hostwatch_addresses_changed(c->host))
		return;
	subnets_load(&c->subnets);
	vip_cursor_init(actuator_reconcile(c->actuator), &cursor);
	for (const struct vip *vip; (vip = vip_cursor_next(&cursor));) {
		const struct subnet *subnet = subnets_around(&c->subnets, &vip->prefix);
		if (vip->spec && subnet && !subnets_around(&before, &vip->prefix))
			warn_of_subnet(subnet, &vip->prefix);
	}
	vip_cursor_done(&cursor);
	subnets_done(&before);
}

/* Alarms are collected each second: they find it here. */
static void update_default4(struct host_changes *c)
{
	bool unavailable;
	c->has_default4 = fib_has_default4(0, &unavailable);
	if (unavailable)
		hostwatch_again(c->host);
}

/* Of an interface, or a VRF. */
static struct fact *fact_of(struct facts *facts, uint32_t ifindex)
{
	for (size_t i = 0; i < facts->n; i++)
		if (facts->items[i].ifindex == ifindex)
			return &facts->items[i];
	facts->items = mem_grow_by_one(facts->items, facts->n, sizeof(*facts->items));
	facts->items[facts->n] = (struct fact){ .ifindex = ifindex };
	return &facts->items[facts->n++];
}

static void forget_facts(struct facts *facts)
{
	mem_free(&facts->items);
	facts->n = 0;
}

static void on_host_changed(void *userdata)
{
	struct host_changes *c = userdata;
	struct host_address_change change;
	char text[ADDR_TEXT_MAX], more[GATEWAYS_TEXT_MAX];
	struct strbuf others = strbuf_over(more, sizeof(more));
	c->count++;
	forget_facts(c->facts);
	update_default4(c);
	host_addresses_update(c->addresses, &change);
	for (size_t i = 0; i < 2; i++)
		if (change.own[i])
			log_own(c->addresses, i);
	if (change.own[0] || change.own[1]) {
		c->nat_address.repairs++;
		c->nat_address.at = loop_now(c->loop);
		reconcile_remap(actuator_reconcile(c->actuator));
	}
	if (change.vital)
		check_vips(c);
	update_subnets(c);
	if (change.gateways && host_addresses_explain_gateways(c->addresses, &others))
		log_warn("bgp", "%s", more);
	if (addr_is_set(&change.gateway))
		log_warn("bgp",
			 "default gateway is now %s, the peer stays the one found at start: "
			 "restart vipherald, or configure bgp.peers",
			 addr_format(&change.gateway, text));
}

int host_changes_new(sd_event *loop, struct host_addresses *addresses, struct actuator *actuator,
		     struct host_changes **ret, struct err *err)
{
	struct host_changes *c = mem_new(1, sizeof(*c));
	c->loop = loop;
	c->addresses = addresses;
	c->actuator = actuator;
	c->facts = mem_new(1, sizeof(*c->facts));
	int r = hostwatch_new(loop, on_host_changed, c, &c->host, err);
	if (r < 0) {
		host_changes_free(c);
		return r;
	}
	subnets_load(&c->subnets);
	update_default4(c);
	*ret = c;
	return 0;
}

void host_changes_free(struct host_changes *c)
{
	if (!c)
		return;
	hostwatch_free(c->host);
	subnets_done(&c->subnets);
	forget_facts(c->facts);
	free(c->facts);
	free(c);
}

bool host_changes_has_default4(const struct host_changes *c)
{
	return !c || c->has_default4;
}

bool host_changes_default4_in(const struct host_changes *c, uint32_t vrf)
{
	bool unavailable = false;
	if (!c)
		return fib_has_default4(vrf, NULL);
	struct fact *f = fact_of(c->facts, vrf);
	if (!f->has_default4)
		f->default4 = fib_has_default4(vrf, &unavailable);
	f->has_default4 = !unavailable;
	return f->default4;
}

void host_changes_link(const struct host_changes *c, uint32_t ifindex, struct iface *ret)
{
	*ret = (struct iface){ .name = "" };
	if (!c) {
		(void)iface_read(ifindex, ret);
		return;
	}
	struct fact *f = fact_of(c->facts, ifindex);
	if (!f->has_link)
		f->has_link = iface_read(ifindex, &f->link) == 0;
	if (f->has_link)
		*ret = f->link;
}

void host_changes_catch_up(struct host_changes *c)
{
	if (c)
		hostwatch_catch_up(c->host);
}

void host_changes_warn_of_subnet(const struct host_changes *c, const struct prefix *vip)
{
	const struct subnet *subnet = c ? subnets_around(&c->subnets, vip) : NULL;
	if (subnet)
		warn_of_subnet(subnet, vip);
}

const char *host_changes_subnet_of(const struct host_changes *c, const struct prefix *vip)
{
	const struct subnet *subnet = c ? subnets_around(&c->subnets, vip) : NULL;
	return subnet ? subnet->ifname : NULL;
}

bool host_changes_explain_gateways(const struct host_changes *c, struct strbuf *text)
{
	return c && host_addresses_explain_gateways(c->addresses, text);
}

const struct subnets *host_changes_subnets(const struct host_changes *c)
{
	return c ? &c->subnets : NULL;
}

uint64_t host_changes_count(const struct host_changes *c)
{
	return c ? c->count : 0;
}

void host_changes_drift(const struct host_changes *c, struct drift_record *ret)
{
	*ret = c ? c->nat_address : (struct drift_record){ 0 };
}
