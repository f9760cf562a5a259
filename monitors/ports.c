/* SPDX-License-Identifier: MIT */
/*
 * Three ways in which a change is learnt, the fastest first:
 *
 *	a listener dies    the kernel's event (net/sockevents.h) hints at its port
 *	one appears        ports without a listener are polled every POLL_INTERVAL
 *	anything else      the runner checks every interval (a listener that was shut down)
 *
 * A hint only makes the runner check, and a check is a lookup: with SO_REUSEPORT, forked workers
 * or a quick restart the port may still be served, or be served again.
 *
 * Polling must stay cheap: a few DOWN places are looked up one by one, more of them by dumps, which
 * are spaced so that they use at most DUMP_SHARE of a core.
 */
#include "monitors/ports.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "monitors/port_lookup.h"
#include "net/portset.h"
#include "net/sockevents.h"
#include "process/loop.h"

#define POLL_INTERVAL   (20 * USEC_PER_MSEC)
#define POLL_ONE_BY_ONE 8
#define WAKE_UP_COST    40  /* µs, of the timer and the context switches */
#define DUMP_SHARE      250 /* 1/250 */

struct port_entry {
	struct listener_place key;
	struct list users;
	struct list_node in_group, down;
	struct port_group *group;
	struct ports *ports;
	UT_hash_handle hh;
};

struct port_user {
	struct list_node node;
	struct port_entry *entry;
	port_hint_cb *hint;
	void *userdata;
};

struct ports {
	sd_event *loop;
	struct port_lookup lookup;
	struct sockevents *events;
	struct port_entry *entries;
	struct list down, news;
	size_t n_down;
	struct port_set filtered; /* in the kernel's filter */
	int filter_error;         /* 0, or why the kernel filters nothing */
	port_filter_cb *filter_changed;
	void *userdata;
	mono_t dump_again; /* of DOWN places: no dump before this */
	sd_event_source *poll, *filter;
};

static void hint(const struct port_entry *e)
{
	list_for_each (it, &e->users) {
		struct port_user *u = list_entry(it, struct port_user, node);
		u->hint(u->userdata);
	}
}

/* ---- DOWN ports ---- */

static int on_poll(sd_event_source *source, uint64_t now, void *userdata);

static void arm_poll(struct ports *p)
{
	mono_t when = usec_add(loop_clock(), POLL_INTERVAL);
	if (p->n_down == 0)
		when = USEC_NEVER;
	else if (p->n_down > POLL_ONE_BY_ONE && when < p->dump_again)
		when = p->dump_again;
	loop_timer_set(p->loop, &p->poll, when, LOOP_HEALTH, on_poll, p);
}

static void set_down(struct port_entry *e, bool down)
{
	struct ports *p = e->ports;
	if (down == list_linked(&e->down))
		return;
	if (down)
		list_append(&p->down, &e->down);
	else
		list_remove(&e->down);
	p->n_down += down ? 1 : (size_t)-1;
	if (p->n_down <= 1)
		arm_poll(p);
}

static void dump_for_down(struct ports *p)
{
	bool tcp = false, udp = false;
	list_for_each (it, &p->down) {
		bool is_udp = list_entry(it, struct port_entry, down)->group->proto == IPPROTO_UDP;
		tcp |= !is_udp;
		udp |= is_udp;
	}
	if (tcp)
		port_lookup_all(&p->lookup, IPPROTO_TCP);
	if (udp)
		port_lookup_all(&p->lookup, IPPROTO_UDP);
}

static int on_poll(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct ports *p = userdata;
	mono_t now = loop_clock();
	bool dumps = now >= p->dump_again;
	port_lookup_forget(&p->lookup);
	if (dumps)
		dump_for_down(p);
	list_for_each (it, &p->down) {
		struct port_entry *e = list_entry(it, struct port_entry, down);
		if (port_lookup_glance(&p->lookup, e->group, &e->key, p->n_down <= POLL_ONE_BY_ONE))
			hint(e);
	}
	port_lookup_forget(&p->lookup);
	if (dumps)
		p->dump_again = usec_add(now, DUMP_SHARE * (loop_clock() - now + WAKE_UP_COST));
	arm_poll(p);
	return 0;
}

/* ---- events ---- */

/* A socket bound to another address never served the place. */
static bool may_have_served(const struct addr *addr, const struct port_entry *e)
{
	return addr_is_unspecified(addr) || prefix_contains(&e->key.at, addr);
}

static void on_event(uint8_t proto, const struct addr *addr, uint16_t port, void *userdata)
{
	struct ports *p = userdata;
	struct port_entry *e, *next;
	port_lookup_forget(&p->lookup); /* known results are older than this */
	const struct port_group *g = proto ? port_group_find(&p->lookup, proto, port) : NULL;
	if (g) {
		list_for_each (it, &g->entries) {
			e = list_entry(it, struct port_entry, in_group);
			if (may_have_served(addr, e))
				hint(e);
		}
	}
	if (proto != 0)
		return;
	HASH_ITER (hh, p->entries, e, next)
		hint(e);
}

static void hint_group(const struct port_group *g)
{
	list_for_each (it, &g->entries)
		hint(list_entry(it, struct port_entry, in_group));
}

/* Puts all new ports into the kernel's filter at once, and hints at them, as their listeners may
 * have died meanwhile. When the kernel takes no filter, the events of all ports arrive, and those
 * of others are dropped here. */
static int on_filter(sd_event_source *source, void *userdata)
{
	(void)source;
	struct ports *p = userdata;
	struct port_group *g, *next;
	p->filtered = (struct port_set){ 0 };
	HASH_ITER (hh, p->lookup.groups, g, next)
		port_set_add(&p->filtered, g->port);
	int r = sockevents_set_ports(p->events, &p->filtered);
	if (r != p->filter_error && p->filter_changed)
		p->filter_changed(r, p->userdata);
	p->filter_error = r;
	while ((g = list_first(&p->news, struct port_group, news))) {
		list_remove(&g->news);
		hint_group(g);
	}
	return 0;
}

/* ---- users ---- */

static struct port_group *group_new(struct ports *p, uint8_t proto, uint16_t port)
{
	struct port_group *g = port_group_new(&p->lookup, proto, port);
	/* A port that is watched no longer stays in the filter: that costs less than another
	 * filter. */
	if (port_set_has(&p->filtered, port))
		return g;
	list_append(&p->news, &g->news);
	loop_defer(p->loop, &p->filter, LOOP_HEALTH, on_filter, p);
	return g;
}

static struct port_entry *entry_new(struct ports *p, const struct listener_place *place)
{
	struct port_entry *e = mem_new(1, sizeof(*e));
	e->key = *place;
	e->ports = p;
	list_init(&e->users);
	HASH_ADD(hh, p->entries, key, sizeof(e->key), e);
	e->group = port_group_find(&p->lookup, place->proto, place->port);
	if (!e->group)
		e->group = group_new(p, place->proto, place->port);
	list_append(&e->group->entries, &e->in_group);
	return e;
}

struct port_user *ports_attach(struct ports *p, const struct listener_place *place,
			       port_hint_cb *cb, void *userdata)
{
	struct port_user *u = mem_new(1, sizeof(*u));
	HASH_FIND(hh, p->entries, place, sizeof(*place), u->entry);
	if (!u->entry)
		u->entry = entry_new(p, place);
	u->hint = cb;
	u->userdata = userdata;
	list_append(&u->entry->users, &u->node);
	return u;
}

void ports_detach(struct port_user *u)
{
	struct port_entry *e = u->entry;
	list_remove(&u->node);
	free(u);
	if (!list_empty(&e->users))
		return;
	set_down(e, false);
	list_remove(&e->in_group);
	HASH_DELETE(hh, e->ports->entries, e);
	if (list_empty(&e->group->entries)) {
		list_remove(&e->group->news);
		port_group_free(&e->ports->lookup, e->group);
	}
	free(e);
}

int ports_check(struct port_user *u, bool *ret_listening, struct listener *ret_other)
{
	struct port_entry *e = u->entry;
	struct port_lookup *l = &e->ports->lookup;
	bool listening = false;
	int r = port_lookup_check(l, e->group, &e->key, list_linked(&e->down), &listening);
	if (r < 0)
		return r;
	set_down(e, !listening);
	*ret_listening = listening;
	*ret_other = (struct listener){ 0 };
	if (!listening)
		*ret_other = port_lookup_first(l, e->group);
	return 0;
}

/* ---- all ---- */

int ports_new(sd_event *loop, port_filter_cb *changed, void *userdata, struct ports **ret,
	      struct err *err)
{
	struct ports *p = mem_new(1, sizeof(*p));
	p->filter_changed = changed;
	p->userdata = userdata;
	p->loop = sd_event_ref(loop);
	list_init(&p->down);
	list_init(&p->news);
	int r = port_lookup_init(&p->lookup, err);
	if (r == 0)
		r = sockevents_new(loop, on_event, p, &p->events, err);
	if (r < 0) {
		ports_free(p);
		return r;
	}
	*ret = p;
	return 0;
}

void ports_free(struct ports *p)
{
	if (!p)
		return;
	sd_event_source_disable_unref(p->poll);
	sd_event_source_disable_unref(p->filter);
	sockevents_free(p->events);
	port_lookup_done(&p->lookup);
	sd_event_unref(p->loop);
	free(p);
}
