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
 * Lookups must stay cheap. An exact one takes microseconds; a dump of all listeners, which answers
 * for every port at once, takes 70 µs and 1 µs per listener. So a few DOWN ports are looked up one
 * by one, more of them by dumps, which are spaced so that they use at most DUMP_SHARE of a core.
 * Many checks at once (the runner's interval) share a dump too.
 */
#include "monitors/ports.h"

#include <netinet/in.h>
#include <stdlib.h>

#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "lib/mono.h"
#include "net/portset.h"
#include "net/sockdiag.h"
#include "net/sockevents.h"
#include "process/loop.h"

#define POLL_INTERVAL   (20 * USEC_PER_MSEC)
#define POLL_ONE_BY_ONE 8
#define WAKE_UP_COST    40  /* µs, of the timer and the context switches */
#define DUMP_SHARE      250 /* 1/250 */
/* More lookups than this within BURST are served by one dump. */
#define BURST_LOOKUPS 32
#define BURST         (2 * USEC_PER_MSEC)

/* Every listener of a protocol at a moment. */
struct dump {
	struct port_set ports;
	bool valid;
};

/* Hashed as memory: no padding in it. */
struct port_key {
	struct addr addr; /* family 0: none */
	uint8_t proto;
	uint16_t port;
};
_Static_assert(sizeof(struct port_key) == 20, "struct port_key is hashed as memory");

struct port_entry {
	struct port_key key;
	struct list users;
	struct list_node named;      /* it names an address */
	struct list_node down, news; /* news: not in the kernel's filter yet */
	struct addr loopback;        /* the listener found there at the last look-up */
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
	struct sockdiag *diag;
	struct sockevents *events;
	struct port_entry *entries;
	struct list named, down, news;
	size_t n_down;
	struct port_set filtered; /* in the kernel's filter */
	int filter_error;         /* 0, or why the kernel filters nothing */
	port_filter_cb *filter_changed;
	void *userdata;
	struct dump tcp, udp;
	mono_t dump_again; /* of DOWN ports: no dump before this */
	mono_t burst_ends;
	unsigned burst_lookups;
	sd_event_source *poll, *filter;
};

static uint8_t proto_of(const struct port_entry *e)
{
	return e->key.proto;
}

static uint16_t port_of(const struct port_entry *e)
{
	return e->key.port;
}

static bool is_named(const struct port_entry *e)
{
	return addr_is_set(&e->key.addr);
}

static struct port_entry *find(struct ports *p, const struct port_key *key)
{
	struct port_entry *e;
	HASH_FIND(hh, p->entries, key, sizeof(*key), e);
	return e;
}

static void hint(const struct port_entry *e)
{
	list_for_each (it, &e->users) {
		struct port_user *u = list_entry(it, struct port_user, node);
		u->hint(u->userdata);
	}
}

/* ---- dumps ---- */

static struct dump *dump_of(struct ports *p, uint8_t proto)
{
	return proto == IPPROTO_UDP ? &p->udp : &p->tcp;
}

static void refresh_dump(struct ports *p, uint8_t proto)
{
	struct dump *d = dump_of(p, proto);
	d->valid = sockdiag_all_listening(p->diag, proto, &d->ports) == 0;
}

static void forget_dumps(struct ports *p)
{
	p->tcp.valid = p->udp.valid = false;
}

/* Counts a lookup; beyond BURST_LOOKUPS in a burst, a dump answers for the rest. */
static const struct dump *dump_for_burst(struct ports *p, uint8_t proto)
{
	mono_t now = loop_clock();
	if (now > p->burst_ends) {
		p->burst_ends = usec_add(now, BURST);
		p->burst_lookups = 0;
		forget_dumps(p);
	}
	struct dump *d = dump_of(p, proto);
	if (++p->burst_lookups <= BURST_LOOKUPS || d->valid)
		return d->valid ? d : NULL;
	refresh_dump(p, proto);
	/* A dump that took long must serve long, or dumps would be all that is done. The event of a
	 * listener that dies meanwhile invalidates it. */
	mono_t end = loop_clock();
	p->burst_ends = usec_add(end, BURST + 4 * (end - now));
	return d->valid ? d : NULL;
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
		bool is_udp = proto_of(list_entry(it, struct port_entry, down)) == IPPROTO_UDP;
		tcp |= !is_udp;
		udp |= is_udp;
	}
	if (tcp)
		refresh_dump(p, IPPROTO_TCP);
	if (udp)
		refresh_dump(p, IPPROTO_UDP);
}

static bool is_back(struct ports *p, const struct port_entry *e)
{
	const struct dump *d = dump_of(p, proto_of(e));
	bool listening = false;
	if (is_named(e)) {
		sockdiag_listening_exactly(p->diag, proto_of(e), &e->key.addr, port_of(e),
					   &listening);
		return listening;
	}
	if (d->valid && port_set_has(&d->ports, port_of(e)))
		return true;
	if (p->n_down <= POLL_ONE_BY_ONE)
		sockdiag_listening_anywhere(p->diag, proto_of(e), port_of(e), &listening);
	return listening;
}

static int on_poll(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct ports *p = userdata;
	mono_t now = loop_clock();
	bool dumps = now >= p->dump_again;
	forget_dumps(p);
	if (dumps)
		dump_for_down(p);
	list_for_each (it, &p->down) {
		struct port_entry *e = list_entry(it, struct port_entry, down);
		if (is_back(p, e))
			hint(e);
	}
	forget_dumps(p);
	if (dumps)
		p->dump_again = usec_add(now, DUMP_SHARE * (loop_clock() - now + WAKE_UP_COST));
	arm_poll(p);
	return 0;
}

/* ---- events ---- */

static void hint_port(struct ports *p, uint8_t proto, uint16_t port)
{
	const struct port_key key = { .proto = proto, .port = port };
	const struct port_entry *e = find(p, &key);
	if (e)
		hint(e);
	list_for_each (it, &p->named) {
		e = list_entry(it, struct port_entry, named);
		if (proto_of(e) == proto && port_of(e) == port)
			hint(e);
	}
}

static void on_event(uint8_t proto, uint16_t port, void *userdata)
{
	struct ports *p = userdata;
	struct port_entry *e, *next;
	forget_dumps(p); /* they are older than this */
	if (proto != 0) {
		hint_port(p, proto, port);
		return;
	}
	HASH_ITER (hh, p->entries, e, next)
		hint(e);
}

/* Puts all new ports into the kernel's filter at once, and hints at them, as their listeners may
 * have died meanwhile. When the kernel takes no filter, the events of all ports arrive, and those
 * of others are dropped here. */
static int on_filter(sd_event_source *source, void *userdata)
{
	(void)source;
	struct ports *p = userdata;
	struct port_entry *e, *next;
	p->filtered = (struct port_set){ 0 };
	HASH_ITER (hh, p->entries, e, next)
		port_set_add(&p->filtered, port_of(e));
	int r = sockevents_set_ports(p->events, &p->filtered);
	if (r != p->filter_error && p->filter_changed)
		p->filter_changed(r, p->userdata);
	p->filter_error = r;
	while ((e = list_first(&p->news, struct port_entry, news))) {
		list_remove(&e->news);
		hint(e);
	}
	return 0;
}

/* ---- users ---- */

static struct port_entry *entry_new(struct ports *p, const struct port_key *key)
{
	struct port_entry *e = mem_new(1, sizeof(*e));
	e->key = *key;
	e->ports = p;
	if (is_named(e))
		list_append(&p->named, &e->named);
	list_init(&e->users);
	HASH_ADD(hh, p->entries, key, sizeof(e->key), e);
	/* A port that is watched no longer stays in the filter: that costs less than another
	 * filter. */
	if (port_set_has(&p->filtered, port_of(e)))
		return e;
	list_append(&p->news, &e->news);
	loop_defer(p->loop, &p->filter, LOOP_HEALTH, on_filter, p);
	return e;
}

struct port_user *ports_attach(struct ports *p, uint8_t proto, const struct addr *addr,
			       uint16_t port, port_hint_cb *cb, void *userdata)
{
	const struct port_key key = { .addr = *addr, .proto = proto, .port = port };
	struct port_user *u = mem_new(1, sizeof(*u));
	u->entry = find(p, &key);
	if (!u->entry)
		u->entry = entry_new(p, &key);
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
	list_remove(&e->news);
	list_remove(&e->named);
	HASH_DELETE(hh, e->ports->entries, e);
	free(e);
}

static int look_up(struct port_entry *e, bool *ret_listening)
{
	struct sockdiag *diag = e->ports->diag;
	if (is_named(e))
		return sockdiag_listening_at(diag, proto_of(e), &e->key.addr, port_of(e),
					     ret_listening);
	return sockdiag_listening(diag, proto_of(e), port_of(e), ret_listening, &e->loopback);
}

int ports_check(struct port_user *u, bool *ret_listening, struct addr *ret_loopback)
{
	struct port_entry *e = u->entry;
	struct ports *p = e->ports;
	bool listening = false;
	const struct dump *d = dump_for_burst(p, proto_of(e));
	int r = 0;
	if (!is_named(e) && d && port_set_has(&d->ports, port_of(e)))
		listening = true;
	else if (!d || is_named(e) ||
		 !list_linked(&e->down)) /* a port that was DOWN before is not looked up again */
		r = look_up(e, &listening);
	if (r < 0)
		return r;
	set_down(e, !listening);
	*ret_listening = listening;
	*ret_loopback = e->loopback;
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
	list_init(&p->named);
	list_init(&p->down);
	list_init(&p->news);
	int r = sockdiag_new(&p->diag, err);
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
	sockdiag_free(p->diag);
	sd_event_unref(p->loop);
	free(p);
}
