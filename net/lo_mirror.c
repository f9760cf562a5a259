/* SPDX-License-Identifier: MIT */
#include "net/lo_mirror.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

_Static_assert(sizeof(struct prefix) == 18, "struct prefix is hashed as memory");

void lo_mirror_init(struct lo_mirror *m, bool on_lo, bool tags)
{
	*m = (struct lo_mirror){ .on_lo = on_lo, .tags = tags };
	list_init(&m->lost);
	list_init(&m->settled);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct lo_entry *find(const struct lo_mirror *m, const struct prefix *p)
{
	struct lo_entry *e;
	HASH_FIND(hh, m->entries, p, sizeof(*p), e);
	return e;
}

const struct lo_entry *lo_mirror_find(const struct lo_mirror *m, const struct prefix *vip)
{
	return find(m, vip);
}

/* NOLINTNEXTLINE(readability-function-size): uthash's macros are long */
static struct lo_entry *get(struct lo_mirror *m, const struct prefix *p, enum lo_origin origin)
{
	struct lo_entry *e = find(m, p);
	if (e)
		return e;
	e = mem_new(1, sizeof(*e));
	e->prefix = *p;
	e->origin = origin;
	e->parts = vipaddr_parts(p, m->on_lo);
	HASH_ADD(hh, m->entries, prefix, sizeof(e->prefix), e);
	return e;
}

/* The kernel drops the routes of an interface without a notification when its last IPv4 address
 * goes; that of a single address goes with the address itself, and is made anew with it. */
static bool is_network(const struct lo_entry *e)
{
	return e->origin == LO_OURS && e->prefix.addr.family == AF_INET && e->parts == VIP_ROUTE;
}

static void drop(struct lo_mirror *m, struct lo_entry *e)
{
	m->networks -= is_network(e);
	list_remove(&e->lost);
	/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
	HASH_DELETE(hh, m->entries, e);
	free(e);
}

void lo_mirror_done(struct lo_mirror *m)
{
	struct lo_entry *e, *next;
	HASH_ITER (hh, m->entries, e, next)
		drop(m, e);
}

static bool complete(const struct lo_entry *e)
{
	return (e->there & e->parts) == e->parts && !e->altered;
}

bool lo_mirror_owns(const struct lo_mirror *m, const struct prefix *vip)
{
	const struct lo_entry *e = find(m, vip);
	return e && e->origin != LO_FOREIGN && complete(e);
}

bool lo_mirror_is_bound(const struct lo_mirror *m, const struct prefix *vip, uint8_t parts)
{
	const struct lo_entry *e = find(m, vip);
	return e && e->origin == LO_OURS && e->there == parts && !e->altered && !e->settling;
}

const struct lo_entry *lo_mirror_conflict(const struct lo_mirror *m, const struct prefix *vip)
{
	struct lo_entry *e = find(m, vip), *next;
	if (e || vip->addr.family == AF_INET)
		return e;
	HASH_ITER (hh, m->entries, e, next)
		if (addr_equal(&e->prefix.addr, &vip->addr))
			return e;
	return NULL;
}

int lo_mirror_explain(const struct lo_entry *e, const struct prefix *vip, const char *ifname,
		      struct err *err)
{
	char text[PREFIX_TEXT_MAX], there[PREFIX_TEXT_MAX];
	prefix_format(vip, text);
	prefix_format(e ? &e->prefix : vip, there);
	if (e && e->origin == LO_OURS)
		return err_set(err, -EEXIST, "%s is on %s already, bound as %s for another app",
			       text, ifname, there);
	return err_set(err, -EEXIST,
		       "%s is on %s already (%s%s%s) and was not put there by vipherald: it is "
		       "left alone. Set 'bind: present' to announce it as it is, or remove it with "
		       "'ip address del %s dev %s' to let vipherald have it",
		       text, ifname, there, e && e->label[0] ? ", label " : "", e ? e->label : "",
		       there, ifname);
}

/* Losses */

static void lose(struct lo_mirror *m, struct lo_entry *e, enum loopback_loss why)
{
	if (list_linked(&e->lost))
		return;
	e->why = why;
	list_append(&m->lost, &e->lost);
}

/* The kernel no longer has these parts of it, if it had them. */
static void parts_gone(struct lo_mirror *m, struct lo_entry *e, uint8_t parts)
{
	bool was_complete = complete(e);
	e->there &= (uint8_t)~parts;
	e->settling = e->settling && !(parts & VIP_ADDRESS);
	if (e->origin != LO_OURS && !e->there)
		drop(m, e);
	else if (e->origin == LO_OURS && was_complete && !complete(e))
		lose(m, e, parts & VIP_ADDRESS ? LOOPBACK_REMOVED : LOOPBACK_UNROUTED);
}

/* Another process may have given it a lifetime, at the end of which the kernel would remove it, or
 * removed the tag, by which the next instance knows it. */
static void check_altered(struct lo_mirror *m, struct lo_entry *e, const struct nladdr *a)
{
	if (e->origin == LO_FOREIGN || e->altered || !(e->there & VIP_ADDRESS) ||
	    vipaddr_intact(a, m->tags))
		return;
	bool was_complete = complete(e);
	e->altered = true;
	e->wrong_scope = vipaddr_wrong_scope(a);
	if (e->origin == LO_OURS && was_complete)
		lose(m, e, LOOPBACK_ALTERED);
}

bool lo_mirror_next_loss(struct lo_mirror *m, struct prefix *ret, enum loopback_loss *ret_why)
{
	struct lo_entry *e = list_first(&m->lost, struct lo_entry, lost);
	if (!e)
		return false;
	*ret = e->prefix;
	*ret_why = e->why;
	list_remove(&e->lost);
	return true;
}

bool lo_mirror_next_settled(struct lo_mirror *m, struct prefix *ret)
{
	struct lo_entry *e = list_first(&m->settled, struct lo_entry, lost);
	if (!e)
		return false;
	*ret = e->prefix;
	list_remove(&e->lost);
	return true;
}

void lo_mirror_drop_losses(struct lo_mirror *m)
{
	struct lo_entry *e;
	while ((e = list_first(&m->lost, struct lo_entry, lost)))
		list_remove(&e->lost);
}

static void has_settled(struct lo_mirror *m, struct lo_entry *e)
{
	if (e->settling && !list_linked(&e->lost))
		list_append(&m->settled, &e->lost);
	e->settling = false;
}

/* Dumps */

void lo_mirror_dump_begin(struct lo_mirror *m)
{
	struct lo_entry *e, *next;
	HASH_ITER (hh, m->entries, e, next)
		e->seen = 0;
}

/* A part of our VIP that was removed and is there again may be another's: the next add decides. */
static void see(struct lo_entry *e, uint8_t part)
{
	e->seen |= part;
	if (e->origin != LO_OURS)
		e->there |= part;
}

void lo_mirror_dump_address(struct lo_mirror *m, const struct nladdr *a)
{
	struct lo_entry *e =
		get(m, &a->prefix, a->proto == NLADDR_PROTO_OURS ? LO_LEFTOVER : LO_FOREIGN);
	see(e, VIP_ADDRESS);
	check_altered(m, e, a);
	memcpy(e->label, a->label, sizeof(e->label));
	e->as_made = vipaddr_as_made(a);
	has_settled(m, e); /* its notification may be lost */
	e->wrong_scope = vipaddr_wrong_scope(a);
}

void lo_mirror_dump_route(struct lo_mirror *m, const struct prefix *dst)
{
	see(get(m, dst, LO_LEFTOVER), VIP_ROUTE);
}

void lo_mirror_dump_end(struct lo_mirror *m)
{
	struct lo_entry *e, *next;
	HASH_ITER (hh, m->entries, e, next)
		parts_gone(m, e, e->there & (uint8_t)~e->seen);
	m->stale = false;
}

/* Notifications */

void lo_mirror_on_address(struct lo_mirror *m, const struct nladdr *a, bool removed)
{
	struct lo_entry *e = find(m, &a->prefix);
	if (removed && a->prefix.addr.family == AF_INET && m->networks > 0)
		m->stale = true;
	if (!e)
		return;
	if (removed) {
		parts_gone(m, e, VIP_ADDRESS);
	} else {
		check_altered(m, e, a);
		has_settled(m, e);
	}
}

void lo_mirror_on_route_removed(struct lo_mirror *m, const struct prefix *dst)
{
	struct lo_entry *e = find(m, dst);
	if (e)
		parts_gone(m, e, VIP_ROUTE);
}

/* Our own changes */

void lo_mirror_bound(struct lo_mirror *m, const struct prefix *vip, uint8_t parts)
{
	struct lo_entry *e = find(m, vip);
	bool was_network = e && is_network(e);
	e = get(m, vip, LO_OURS);
	e->origin = LO_OURS;
	e->parts = e->there = parts;
	m->networks += (size_t)is_network(e) - (size_t)was_network;
	e->altered = e->wrong_scope = false;
	list_remove(&e->lost);
}

void lo_mirror_settle(struct lo_mirror *m, const struct prefix *vip)
{
	struct lo_entry *e = get(m, vip, LO_OURS);
	e->origin = LO_OURS;
	e->there |= VIP_ADDRESS;
	e->settling = true;
}

void lo_mirror_forget(struct lo_mirror *m, const struct prefix *vip)
{
	struct lo_entry *e = find(m, vip);
	if (e)
		drop(m, e);
}

void lo_mirror_route_removed(struct lo_mirror *m, const struct prefix *vip)
{
	struct lo_entry *e = find(m, vip);
	if (e)
		e->there &= (uint8_t)~VIP_ROUTE;
}

bool lo_mirror_adopt(struct lo_mirror *m, const struct prefix *vip, const char *label)
{
	struct lo_entry *e = find(m, vip);
	if (m->tags || !e || e->origin != LO_FOREIGN || !e->as_made || strcmp(e->label, label) != 0)
		return false;
	e->origin = LO_LEFTOVER;
	e->altered = e->wrong_scope;
	return true;
}
