/* SPDX-License-Identifier: MIT */
#include "agent/vip/host_changes.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "net/hostwatch.h"
#include "process/loop.h"

struct host_changes {
	sd_event *loop;
	struct host_addresses *identity;
	struct actuator *actuator;
	struct hostwatch *host;
	struct drift_record nat_address;
};

static void say_own(const struct host_addresses *id, size_t i)
{
	char text[ADDR_TEXT_MAX];
	if (addr_is_set(&id->own[i]))
		log_warn("nat", "this host's own address is %s now, the rules follow",
			 addr_format(&id->own[i], text));
	else
		log_warn("nat",
			 "this host's own %s address is gone: there is nothing to translate to",
			 i ? "IPv6" : "IPv4");
}

/* An address of the host that is new, and that a VIP covers that is there already. Removing the VIP
 * would be no better than what somebody has just done; it must be said. */
static void check_vips(const struct host_changes *s)
{
	struct vip_cursor cursor;
	struct err err = { "" };
	vip_cursor_init(actuator_reconcile(s->actuator), &cursor);
	for (const struct vip *vip; (vip = vip_cursor_next(&cursor));)
		if (vip->spec && host_addresses_check_vip(s->identity, &vip->prefix, &err) < 0)
			log_error("vip", "app %s: %s", vip->spec->name, err.text);
	vip_cursor_done(&cursor);
}

static void on_host_changed(void *userdata)
{
	struct host_changes *s = userdata;
	struct host_address_change change;
	char text[ADDR_TEXT_MAX];
	host_addresses_update(s->identity, &change);
	for (size_t i = 0; i < 2; i++)
		if (change.own[i])
			say_own(s->identity, i);
	if (change.own[0] || change.own[1]) {
		s->nat_address.repairs++;
		s->nat_address.at = loop_now(s->loop);
		reconcile_remap(actuator_reconcile(s->actuator));
	}
	if (change.vital)
		check_vips(s);
	if (addr_is_set(&change.gateway))
		log_warn("bgp",
			 "the default gateway is %s now, and the peer is still the one of start: "
			 "restart vipherald, or configure bgp.peers",
			 addr_format(&change.gateway, text));
}

int host_changes_new(sd_event *loop, struct host_addresses *identity, struct actuator *actuator,
		     struct host_changes **ret, struct err *err)
{
	struct host_changes *s = mem_new(1, sizeof(*s));
	s->loop = loop;
	s->identity = identity;
	s->actuator = actuator;
	int r = hostwatch_new(loop, on_host_changed, s, &s->host, err);
	if (r < 0) {
		host_changes_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void host_changes_free(struct host_changes *s)
{
	if (!s)
		return;
	hostwatch_free(s->host);
	free(s);
}

void host_changes_catch_up(struct host_changes *s)
{
	if (s)
		hostwatch_catch_up(s->host);
}

void host_changes_drift(const struct host_changes *s, struct drift_record *ret)
{
	*ret = s ? s->nat_address : (struct drift_record){ 0 };
}
