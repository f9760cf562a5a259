/* SPDX-License-Identifier: MIT */
/*
 * NAT by nftables: a table of our own (nat/nft_table.h), of which a mapping is an element. Every
 * change is one transaction; the table is made with the first mapping and goes, as a whole, with
 * the last. Everything in the table is ours, and nothing outside of it is read.
 *
 * A transaction that the kernel refuses costs it 15 ms to undo. So nothing is deleted that was not
 * listed: when a notification says that another process changed the table, it is listed before the
 * next transaction.
 */
#include "nat/backend.h"

#include <errno.h>
#include <linux/netfilter/nfnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/mem.h"
#include "nat/caps.h"
#include "nat/listing.h"
#include "nat/nft_build.h"
#include "nat/nft_parse.h"
#include "net/nlsock.h"

#define EVENTS_PER_TURN 64
/* Of a listing that is not consistent, in a row. */
#define LIST_TRIES 4
/* Notifications of a few thousand changes at once. */
#define WATCH_BUFFER (1 << 20)

struct nat_backend {
	struct nlsock *ask, *watch;
	bool whole;            /* the table is there with all its rules */
	bool there;            /* a table of that name is */
	bool former;           /* it is that of version 0.1.0, whole: replaced, with its mappings */
	unsigned rules[4];     /* that were seen in it, by enum nft_rule_kind */
	struct nat_rules nets; /* that have a rule there; they are replaced together */
	struct nat_rules carried; /* mappings of a former table */
};

static int explain(int r, const char *what, struct err *err)
{
	switch (-r) {
	case EPERM:
	case EACCES:
		return nat_caps_explain("nftables", 0, err);
	case EPROTONOSUPPORT: /* no netfilter netlink, */
	case EAFNOSUPPORT:
	case EINVAL: /* no nf_tables in it, or one that is too old */
	case EOPNOTSUPP:
		return err_set(err, -EOPNOTSUPP,
			       "the kernel has no nftables, or one without NAT for inet (Linux "
			       "5.2), %s: %s",
			       what, strerror(-r));
	default:
		return err_set(err, r, "nftables, %s: %s", what, strerror(-r));
	}
}

static void nftables_close(struct nat_backend *b)
{
	if (!b)
		return;
	nlsock_free(b->ask);
	nlsock_free(b->watch);
	nat_rules_done(&b->nets);
	nat_rules_done(&b->carried);
	free(b);
}

static int nftables_open(struct nat_backend **ret, struct err *err)
{
	static const int groups[] = { NFNLGRP_NFTABLES, 0 };
	struct nat_backend *b = mem_new(1, sizeof(*b));
	int r = nlsock_open(NETLINK_NETFILTER, NULL, &b->ask, NULL);
	if (r == 0)
		r = nlsock_open(NETLINK_NETFILTER, groups, &b->watch, NULL);
	if (r < 0) {
		nftables_close(b);
		return explain(r, "opening", err);
	}
	(void)setsockopt(nlsock_fd(b->watch), SOL_SOCKET, SO_RCVBUFFORCE, &(int){ WATCH_BUFFER },
			 sizeof(int));
	*ret = b;
	return 0;
}

static bool contains(const struct nat_rules *l, const struct nat_rule *r)
{
	for (size_t i = 0; i < l->n; i++)
		if (memcmp(&l->items[i], r, sizeof(*r)) == 0)
			return true;
	return false;
}

/* ---- Listing. ---- */

static int on_rule(const struct nlmsghdr *msg, void *userdata)
{
	struct nat_backend *b = userdata;
	struct nat_rule r;
	enum nft_rule_kind kind = nft_parse_rule(msg, &r);
	b->rules[kind]++;
	if (kind == NFT_RULE_NET)
		nat_rules_add(&b->nets, &r);
	return 0;
}

struct map_dump {
	enum nft_map map;
	struct nat_listing *listing;
};

static void on_element(const struct nat_rule *r, void *userdata)
{
	nat_listing_add(userdata, r);
}

static int on_elements(const struct nlmsghdr *msg, void *userdata)
{
	struct map_dump *d = userdata;
	return nft_parse_elements(msg, d->map, on_element, d->listing);
}

static int on_generation(const struct nlmsghdr *msg, void *userdata)
{
	return nft_parse_generation(msg, userdata);
}

static int get_generation(struct nat_backend *b, uint32_t *ret)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	return nlsock_request(b->ask, nft_build_get_generation(buf), on_generation, ret);
}

/* Whether the table is there, with the rules of the skeleton and no others. */
static int read_table(struct nat_backend *b)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	b->there = b->whole = b->former = false;
	int r = nlsock_request(b->ask, nft_build_get_table(buf), NULL, NULL);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	b->there = true;
	memset(b->rules, 0, sizeof(b->rules));
	nat_rules_done(&b->nets);
	r = nlsock_request(b->ask, nft_build_dump_rules(buf), on_rule, b);
	if (r < 0 || b->rules[NFT_RULE_OTHER] > 0)
		return r;
	unsigned now = b->rules[NFT_RULE_SKELETON], former = b->rules[NFT_RULE_SKELETON_1];
	b->whole = now == NFT_SKELETON_RULES && former == 0;
	b->former = former == NFT_SKELETON_RULES_1 && now == 0;
	return 0;
}

static int read_maps(struct nat_backend *b, struct nat_listing *l)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	int r = 0;
	for (unsigned m = 0; m < (b->former ? NFT_MAPS_1 : NFT_MAPS) && r == 0; m++) {
		struct map_dump d = { .map = m, .listing = l };
		r = nlsock_request(b->ask, nft_build_dump_map(buf, m), on_elements, &d);
	}
	return r == -ENOENT ? -EINTR : r; /* the map was removed meanwhile */
}

/* -EINTR and -EAGAIN: not consistent, because of another process or of the kernel itself. */
static int list_once(struct nat_backend *b, struct nat_listing *l)
{
	uint32_t before = 0, after = 0;
	int r = get_generation(b, &before);
	if (r < 0)
		return r;
	nat_listing_begin(l, before);
	r = read_table(b);
	if (r == 0 && (b->whole || b->former))
		r = read_maps(b, l);
	if (r == 0)
		r = get_generation(b, &after);
	if (r < 0)
		return r;
	switch (nat_listing_end(l, after)) {
	case NAT_LISTING_CONSISTENT:
		break;
	case NAT_LISTING_CHANGED:
		return -EINTR;
	case NAT_LISTING_RESIZED:
		return -EAGAIN;
	}
	return 0;
}

/* The mappings to keep when a former table is replaced. */
static void carry(struct nat_backend *b, const struct nat_rules *found)
{
	nat_rules_done(&b->carried);
	for (size_t i = 0; found && i < found->n; i++)
		nat_rules_add(&b->carried, &found->items[i]);
}

static int nftables_list(struct nat_backend *b, nat_list_cb *cb, void *userdata, struct err *err)
{
	struct nat_listing l = { 0 };
	int r = -EAGAIN;
	for (int i = 0; i < LIST_TRIES && (r == -EAGAIN || r == -EINTR); i++)
		r = list_once(b, &l);
	for (size_t i = 0; i < l.rules.n && r == 0; i++)
		cb(&l.rules.items[i], NAT_PRESENT, userdata);
	for (size_t i = 0; i < b->nets.n && r == 0 && (b->whole || b->former); i++)
		cb(&b->nets.items[i], NAT_PRESENT, userdata);
	carry(b, r == 0 && b->former ? &l.rules : NULL);
	nat_listing_done(&l);
	if (r == -EINTR)
		return err_set(err, -EAGAIN, "another process keeps changing the nftables ruleset");
	if (r == -EAGAIN)
		return err_set(err, -EAGAIN,
			       "the kernel is resizing the maps of the table inet " NFT_TABLE);
	if (r < 0)
		return explain(r, "listing the table inet " NFT_TABLE, err);
	return b->there && !b->whole;
}

struct wanted_element {
	const struct nat_rule *rule;
	bool found;
};

static void compare_element(const struct nat_rule *r, void *userdata)
{
	struct wanted_element *w = userdata;
	w->found = w->found || memcmp(r, w->rule, sizeof(*r)) == 0;
}

static int on_wanted_element(const struct nlmsghdr *msg, void *userdata)
{
	struct wanted_element *w = userdata;
	return nft_parse_elements(msg, nft_map_of(w->rule), compare_element, w);
}

/* The kernel looks up one key in the old and the new hash table of a resize, other than a dump. */
static int nftables_has(struct nat_backend *b, const struct nat_rule *r, struct err *err)
{
	_Alignas(struct nlmsghdr) char buf[NFT_REQUEST_MAX];
	struct wanted_element w = { .rule = r };
	if (!b->whole)
		return 0;
	if (nft_rule_is_net(r))
		return contains(&b->nets, r);
	int rc = nlsock_request(b->ask, nft_build_get_element(buf, r), on_wanted_element, &w);
	if (rc < 0 && rc != -ENOENT)
		return explain(rc, "looking for an element of the table inet " NFT_TABLE, err);
	return rc == 0 && w.found;
}

/* ---- Changes. ---- */

/* The chain of networks after the transaction. False when it is the same as now. */
static bool nets_after(const struct nat_backend *b, const struct nat_diff *d, struct nat_rules *ret)
{
	bool changed = false;
	*ret = (struct nat_rules){ 0 };
	for (size_t i = 0; i < b->nets.n && (b->whole || b->former); i++)
		if (contains(&d->remove, &b->nets.items[i]))
			changed = true;
		else
			nat_rules_add(ret, &b->nets.items[i]);
	for (size_t i = 0; i < d->add.n; i++)
		if (nft_rule_is_net(&d->add.items[i]) && !contains(ret, &d->add.items[i])) {
			nat_rules_add(ret, &d->add.items[i]);
			changed = true;
		}
	return changed || (b->former && ret->n > 0);
}

/* Carried over into a new table, but for what the transaction changes itself. */
static struct nat_rules carried_after(const struct nat_backend *b, const struct nat_diff *d)
{
	struct nat_rules l = { 0 };
	for (size_t i = 0; i < b->carried.n && b->former; i++)
		if (!contains(&d->remove, &b->carried.items[i]) &&
		    !contains(&d->add, &b->carried.items[i]))
			nat_rules_add(&l, &b->carried.items[i]);
	return l;
}

static void build(const struct nat_backend *b, const struct nat_diff *d,
		  const struct nat_rules *nets, struct nft_batch *batch)
{
	if (d->last) {
		nft_batch_del_table(batch);
		return;
	}
	struct nat_rules carried = carried_after(b, d);
	if (b->whole)
		nft_batch_del(batch, &d->remove);
	else /* without it, nothing is there to be removed */
		nft_batch_skeleton(batch);
	nft_batch_add(batch, &carried);
	nat_rules_done(&carried);
	nft_batch_add(batch, &d->add);
	if (nets)
		nft_batch_set_nets(batch, nets);
}

static int nftables_apply(struct nat_backend *b, const struct nat_diff *d, struct err *err)
{
	struct nft_batch batch;
	struct nat_rules nets;
	if (d->last && !b->there)
		return 0;
	/* Before Linux 6.8 the kernel does not answer to a transaction without a message in it. */
	if (!d->last && b->whole && d->add.n == 0 && d->remove.n == 0)
		return 0;
	bool nets_change = nets_after(b, d, &nets);
	nft_batch_begin(&batch);
	build(b, d, nets_change ? &nets : NULL, &batch);
	nft_batch_end(&batch);
	int r = nlsock_transact(b->ask, batch.buf, batch.len, nft_batch_last(&batch));
	nft_batch_done(&batch);
	if (r == 0) {
		b->there = b->whole = !d->last;
		b->former = false;
		carry(b, NULL);
		nat_rules_done(&b->nets);
		b->nets = nets;
		return 0;
	}
	nat_rules_done(&nets);
	/* ENOENT while we have no table: the kernel lacks a feature that the table needs. */
	if (r == -ENOENT && !b->whole && !d->last)
		return explain(-EOPNOTSUPP, "making the table inet " NFT_TABLE, err);
	/* An element to remove is gone, or one to add is there with another value: another process
	 * has changed it since it was listed. */
	if (r == -ENOENT || r == -EEXIST || r == -EBUSY || r == -EINTR)
		return err_set(err, -EAGAIN,
			       "another process changed the table inet " NFT_TABLE " (%s)",
			       strerror(-r));
	return explain(r, "changing the table inet " NFT_TABLE, err);
}

/* ---- Changes by other processes. ---- */

static int nftables_watch_fd(const struct nat_backend *b)
{
	return nlsock_fd(b->watch);
}

struct events {
	uint32_t own_port;
	bool others;
};

static int on_event(const struct nlmsghdr *msg, void *userdata)
{
	struct events *e = userdata;
	if (msg->nlmsg_pid != e->own_port && nft_parse_is_our_event(msg))
		e->others = true;
	return 0;
}

static bool nftables_read_events(struct nat_backend *b)
{
	struct events e = { .own_port = nlsock_port(b->ask) };
	int r = nlsock_receive(b->watch, EVENTS_PER_TURN, on_event, &e);
	return r == -ENOBUFS || e.others;
}

const struct nat_backend_ops nat_nftables = {
	.name = "nftables",
	.resync = 60 * USEC_PER_SEC,
	.open = nftables_open,
	.close = nftables_close,
	.list = nftables_list,
	.has = nftables_has,
	.apply = nftables_apply,
	.watch_fd = nftables_watch_fd,
	.read_events = nftables_read_events,
};
