/* SPDX-License-Identifier: MIT */
#include "agent/surroundings.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem.h"
#include "net/hostwatch.h"
#include "net/loop.h"

struct surroundings {
	sd_event *loop;
	struct identity *identity;
	struct effects *effects;
	struct hostwatch *host;
	struct drift_record nat_address;
};

static void say_own(const struct identity *id, size_t i)
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
static void check_vips(const struct surroundings *s)
{
	struct vip_cursor cursor;
	struct err err = { "" };
	vip_cursor_init(effects_reconcile(s->effects), &cursor);
	for (const struct vip *vip; (vip = vip_cursor_next(&cursor));)
		if (vip->spec && identity_check_vip(s->identity, &vip->prefix, &err) < 0)
			log_error("vip", "app %s: %s", vip->spec->name, err.text);
	vip_cursor_done(&cursor);
}

static void on_host_changed(void *userdata)
{
	struct surroundings *s = userdata;
	struct identity_change change;
	char text[ADDR_TEXT_MAX];
	identity_look(s->identity, &change);
	for (size_t i = 0; i < 2; i++)
		if (change.own[i])
			say_own(s->identity, i);
	if (change.own[0] || change.own[1]) {
		s->nat_address.repairs++;
		s->nat_address.at = loop_now(s->loop);
		reconcile_remap(effects_reconcile(s->effects));
	}
	if (change.vital)
		check_vips(s);
	if (addr_is_set(&change.gateway))
		log_warn("bgp",
			 "the default gateway is %s now, and the peer is still the one of start: "
			 "restart vipherald, or configure bgp.peers",
			 addr_format(&change.gateway, text));
}

int surroundings_new(sd_event *loop, struct identity *identity, struct effects *effects,
		     struct surroundings **ret, struct err *err)
{
	struct surroundings *s = mem_new(1, sizeof(*s));
	s->loop = loop;
	s->identity = identity;
	s->effects = effects;
	int r = hostwatch_new(loop, on_host_changed, s, &s->host, err);
	if (r < 0) {
		surroundings_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

void surroundings_free(struct surroundings *s)
{
	if (!s)
		return;
	hostwatch_free(s->host);
	free(s);
}

void surroundings_catch_up(struct surroundings *s)
{
	if (s)
		hostwatch_catch_up(s->host);
}

void surroundings_drift(const struct surroundings *s, struct drift_record *ret)
{
	*ret = s ? s->nat_address : (struct drift_record){ 0 };
}
