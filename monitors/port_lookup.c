/* SPDX-License-Identifier: MIT */
#include "monitors/port_lookup.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "process/loop.h"

/* More lookups than this within BURST are served by one dump. */
#define BURST_LOOKUPS 32
#define BURST         (2 * USEC_PER_MSEC)

int port_lookup_init(struct port_lookup *l, struct err *err)
{
	*l = (struct port_lookup){ .era = 1 };
	return sockdiag_new(&l->diag, err);
}

void port_lookup_done(struct port_lookup *l)
{
	sockdiag_free(l->diag);
}

/* ---- groups ---- */

static uint32_t key_of(uint8_t proto, uint16_t port)
{
	return (uint32_t)proto << 16 | port;
}

struct port_group *port_group_find(const struct port_lookup *l, uint8_t proto, uint16_t port)
{
	struct port_group *g;
	uint32_t key = key_of(proto, port);
	HASH_FIND(hh, l->groups, &key, sizeof(key), g);
	return g;
}

struct port_group *port_group_new(struct port_lookup *l, uint8_t proto, uint16_t port)
{
	struct port_group *g = mem_new(1, sizeof(*g));
	g->proto = proto;
	g->port = port;
	g->key = key_of(proto, port);
	list_init(&g->entries);
	HASH_ADD(hh, l->groups, key, sizeof(g->key), g);
	return g;
}

void port_group_free(struct port_lookup *l, struct port_group *g)
{
	HASH_DELETE(hh, l->groups, g);
	listeners_done(&g->listeners);
	free(g);
}

/* ---- lookups ---- */

static bool is_known(const struct port_lookup *l, const struct port_group *g)
{
	return g->era == l->era;
}

void port_lookup_forget(struct port_lookup *l)
{
	l->era++;
	l->tcp_all = l->udp_all = false;
}

static bool *all_known(struct port_lookup *l, uint8_t proto)
{
	return proto == IPPROTO_UDP ? &l->udp_all : &l->tcp_all;
}

static void set_found(const struct port_lookup *l, struct port_group *g, bool ok, bool complete)
{
	listeners_sort(&g->listeners);
	g->era = ok ? l->era : 0;
	g->complete = complete;
}

static void on_listener_of_group(uint16_t port, const struct listener *one, void *userdata)
{
	struct port_group *g = userdata;
	(void)port;
	listeners_add(&g->listeners, one);
}

static int refresh_group(const struct port_lookup *l, struct port_group *g)
{
	listeners_clear(&g->listeners);
	int r = sockdiag_walk(l->diag, g->proto, g->port, on_listener_of_group, g);
	set_found(l, g, r == 0, true);
	return r;
}

struct dump {
	const struct port_lookup *lookup;
	uint8_t proto;
};

static void on_listener(uint16_t port, const struct listener *one, void *userdata)
{
	const struct dump *d = userdata;
	struct port_group *g = port_group_find(d->lookup, d->proto, port);
	if (g)
		listeners_add(&g->listeners, one);
}

void port_lookup_all(struct port_lookup *l, uint8_t proto)
{
	struct dump d = { l, proto };
	struct port_group *g, *next;
	HASH_ITER (hh, l->groups, g, next)
		if (g->proto == proto)
			listeners_clear(&g->listeners);
	bool ok = sockdiag_walk(l->diag, proto, 0, on_listener, &d) == 0;
	HASH_ITER (hh, l->groups, g, next)
		if (g->proto == proto)
			set_found(l, g, ok, false);
	*all_known(l, proto) = ok;
}

/* Counts a lookup; true beyond BURST_LOOKUPS in a burst, when a dump answers for the rest. */
static bool is_in_burst(struct port_lookup *l, uint8_t proto)
{
	mono_t now = loop_clock();
	if (now > l->burst_ends) {
		l->burst_ends = usec_add(now, BURST);
		l->burst_lookups = 0;
		port_lookup_forget(l);
	}
	if (++l->burst_lookups <= BURST_LOOKUPS)
		return false;
	if (*all_known(l, proto))
		return true;
	port_lookup_all(l, proto);
	/* A dump that took long must serve long, or dumps would be all that is done. The event of a
	 * listener that dies meanwhile invalidates it. */
	mono_t end = loop_clock();
	l->burst_ends = usec_add(end, BURST + 4 * (end - now));
	return true;
}

static int lookup(const struct port_lookup *l, struct port_group *g,
		  const struct listener_place *place, bool *ret)
{
	bool listening = false;
	int r = sockdiag_find(l->diag, place, &listening);
	if (r == 0 && !listening) {
		r = refresh_group(l, g);
		listening = r == 0 && listeners_serve(&g->listeners, place);
	}
	if (r == 0)
		*ret = listening;
	return r;
}

int port_lookup_check(struct port_lookup *l, struct port_group *g,
		      const struct listener_place *place, bool was_down, bool *ret)
{
	bool known = is_in_burst(l, g->proto) && is_known(l, g);
	bool listening = known && listeners_serve(&g->listeners, place);
	if (!listening && !(known && (g->complete || was_down)))
		return lookup(l, g, place, ret);
	*ret = listening;
	return 0;
}

bool port_lookup_glance(const struct port_lookup *l, const struct port_group *g,
			const struct listener_place *place, bool exact)
{
	bool listening = is_known(l, g) && listeners_serve(&g->listeners, place);
	if (!listening && exact)
		sockdiag_find(l->diag, place, &listening);
	return listening;
}

struct listener port_lookup_first(const struct port_lookup *l, const struct port_group *g)
{
	if (is_known(l, g) && g->listeners.n > 0)
		return g->listeners.items[0];
	return (struct listener){ 0 };
}
