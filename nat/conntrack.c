/* SPDX-License-Identifier: MIT */
#include "nat/conntrack.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "lib/hash.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "nat/ctmsg.h"
#include "net/loop.h"
#include "net/nlsock.h"

/* About 100 flows each; a table of 262,144 is read in some 300 turns of a millisecond or less. */
#define DATAGRAMS_PER_TURN 8

/* A rule to be followed, by what it matches. */
struct target {
	struct nat_rule rule; /* the key is its first NAT_RULE_KEY_SIZE octets */
	bool in_force;
	UT_hash_handle hh;
};

/* VIPs of one address are found by hash; those of more are few, and gone through. */
struct targets {
	struct target *hosts, *nets;
};

struct conntrack {
	sd_event *loop;
	struct nlsock *ask, *dump;
	sd_event_source *dump_source, *start_source;
	struct targets now, next; /* of the dump that is under way; of the one after it */
	uint8_t family;           /* that is dumped; 0: none */
	bool complained;
	uint64_t count;
};

static void targets_done(struct targets *t)
{
	struct target *it, *next;
	HASH_ITER (hh, t->hosts, it, next) {
		HASH_DELETE(hh, t->hosts, it);
		free(it);
	}
	HASH_ITER (hh, t->nets, it, next) {
		HASH_DELETE(hh, t->nets, it);
		free(it);
	}
}

static bool is_host(const struct prefix *p)
{
	return p->len == addr_size(p->addr.family) * 8;
}

static void targets_put(struct targets *t, const struct nat_rule *r, bool in_force)
{
	struct target **all = is_host(&r->vip) ? &t->hosts : &t->nets, *it;
	HASH_FIND(hh, *all, r, NAT_RULE_KEY_SIZE, it);
	if (!it) {
		it = mem_new(1, sizeof(*it));
		it->rule = *r;
		HASH_ADD(hh, *all, rule, NAT_RULE_KEY_SIZE, it);
	}
	it->rule = *r;
	it->in_force = in_force;
}

static const struct target *targets_find(const struct targets *t, const struct ct_flow *f)
{
	struct nat_rule key = { .vip = { .addr = f->dst,
					 .len = (uint8_t)(addr_size(f->dst.family) * 8) },
				.proto = f->proto,
				.listen = f->dst_port };
	struct target *it, *next;
	HASH_FIND(hh, t->hosts, &key, NAT_RULE_KEY_SIZE, it);
	if (it)
		return it;
	HASH_ITER (hh, t->nets, it, next)
		if (it->rule.listen == f->dst_port && it->rule.proto == f->proto &&
		    prefix_contains(&it->rule.vip, &f->dst))
			return it;
	return NULL;
}

/* Is the flow translated as the rule, or its absence, says? */
static bool is_right(const struct target *t, const struct ct_flow *f)
{
	if (!t->in_force)
		return f->answers_port == f->dst_port && addr_equal(&f->answers_from, &f->dst);
	return f->answers_port == t->rule.port && addr_equal(&f->answers_from, &t->rule.dest);
}

static void complain(struct conntrack *c, int r)
{
	if (!c->complained)
		log_warn("nat",
			 "cannot look through the tracked connections (%s): UDP flows that are "
			 "under way do not follow changes of NAT",
			 strerror(-r));
	c->complained = true;
}

static void forget(struct conntrack *c, const struct nlmsghdr *dumped)
{
	_Alignas(struct nlmsghdr) char buf[CTMSG_MAX];
	struct nlmsghdr *msg = ct_build_delete(buf, dumped);
	int r = msg ? nlsock_request(c->ask, msg, NULL, NULL) : -EBADMSG;
	if (r == 0)
		c->count++;
	else if (r != -ENOENT)
		complain(c, r);
}

static void start_later(struct conntrack *c);
static void dump_family(struct conntrack *c, uint8_t family);

static void dump_end(struct conntrack *c)
{
	targets_done(&c->now);
	c->family = 0;
	/* Not needed until the next change, and there may be none. */
	c->dump_source = sd_event_source_disable_unref(c->dump_source);
	nlsock_free(c->dump);
	nlsock_free(c->ask);
	c->dump = c->ask = NULL;
	if (c->next.hosts || c->next.nets)
		start_later(c);
}

static int take_flow(const struct nlmsghdr *msg, void *userdata)
{
	struct conntrack *c = userdata;
	struct ct_flow f;
	if (msg->nlmsg_type == NLMSG_ERROR || msg->nlmsg_type == NLMSG_DONE) {
		const int *code = mnl_nlmsg_get_payload(msg);
		if (mnl_nlmsg_get_payload_len(msg) >= sizeof(*code) && *code < 0)
			complain(c, *code);
		return -ECANCELED; /* the end of the walk */
	}
	if (ct_parse(msg, &f) < 0 || f.proto != IPPROTO_UDP)
		return 0;
	const struct target *t = targets_find(&c->now, &f);
	if (t && !is_right(t, &f))
		forget(c, msg);
	return 0;
}

static int on_dump(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct conntrack *c = userdata;
	int r = nlsock_receive(c->dump, DATAGRAMS_PER_TURN, take_flow, c);
	if (r == 0 || r == -EAGAIN)
		return 0;
	if (r != -ECANCELED)
		complain(c, r);
	if (r == -ECANCELED && c->family == AF_INET)
		dump_family(c, AF_INET6);
	else
		dump_end(c);
	return 0;
}

static void dump_family(struct conntrack *c, uint8_t family)
{
	_Alignas(struct nlmsghdr) char buf[CTMSG_MAX];
	c->family = family;
	int r = nlsock_send(c->dump, ct_build_dump(buf, family));
	if (r < 0) {
		complain(c, r);
		dump_end(c);
	}
}

static int on_start(sd_event_source *source, void *userdata)
{
	(void)source;
	struct conntrack *c = userdata;
	if (c->family)
		return 0;
	c->now = c->next;
	c->next = (struct targets){ 0 };
	int r = nlsock_open(NETLINK_NETFILTER, NULL, &c->ask, NULL);
	if (r == 0)
		r = nlsock_open(NETLINK_NETFILTER, NULL, &c->dump, NULL);
	if (r == 0)
		r = loop_io_add(c->loop, &c->dump_source, nlsock_fd(c->dump), EPOLLIN, LOOP_APPLY,
				on_dump, c);
	if (r == 0) {
		dump_family(c, AF_INET);
		return 0;
	}
	complain(c, r);
	dump_end(c);
	return 0;
}

static void start_later(struct conntrack *c)
{
	loop_defer(c->loop, &c->start_source, LOOP_APPLY, on_start, c);
}

struct conntrack *conntrack_new(sd_event *loop)
{
	struct conntrack *c = mem_new(1, sizeof(*c));
	c->loop = sd_event_ref(loop);
	return c;
}

void conntrack_free(struct conntrack *c)
{
	if (!c)
		return;
	sd_event_source_disable_unref(c->dump_source);
	sd_event_source_disable_unref(c->start_source);
	targets_done(&c->now);
	targets_done(&c->next);
	nlsock_free(c->ask);
	nlsock_free(c->dump);
	sd_event_unref(c->loop);
	free(c);
}

void conntrack_follow(struct conntrack *c, const struct nat_rule *r, bool in_force)
{
	if (r->proto != IPPROTO_UDP)
		return;
	targets_put(&c->next, r, in_force);
	if (!c->family)
		start_later(c);
}

bool conntrack_idle(const struct conntrack *c)
{
	return !c->family && !c->next.hosts && !c->next.nets;
}

uint64_t conntrack_count(const struct conntrack *c)
{
	return c->count;
}
