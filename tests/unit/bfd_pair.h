/* SPDX-License-Identifier: MIT */
/*
 * BFD with its process and real sockets: a host and a router, each in a network namespace of its
 * own, with a link between.
 */
#ifndef TESTS_UNIT_BFD_PAIR_H
#define TESTS_UNIT_BFD_PAIR_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bfd/bfd.h"
#include "lib/str.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

#define MS       USEC_PER_MSEC
#define PATIENCE (20 * USEC_PER_SEC)

enum { HOST, ROUTER };

static int spaces[2] = { -1, -1 };

static inline void enter(int space)
{
	assert_int_equal(setns(spaces[space], CLONE_NEWNET), 0);
}

static inline int this_space(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* eth0 of both, 192.0.2.1 and .2, 2001:db8::1 and ::2, fe80::1 and ::2. */
static inline void link_up(void)
{
	enter(HOST);
	assert_int_equal(shell("ip link add eth0 type veth peer name eth0 netns /proc/%d/fd/%d",
			       (int)getpid(), spaces[ROUTER]),
			 0);
	for (int i = 0; i < 2; i++) {
		enter(i);
		assert_int_equal(
			shell("sysctl -w net.ipv6.conf.eth0.addr_gen_mode=1; "
			      "ip link set eth0 up && ip addr add 192.0.2.%d/24 dev eth0 && "
			      "ip addr add 2001:db8::%d/64 dev eth0 nodad && "
			      "ip addr add fe80::%d/64 dev eth0 nodad",
			      i + 1, i + 1, i + 1),
			0);
	}
	enter(HOST);
}

static inline int make_link(void **state)
{
	(void)state;
	own_netns_enter();
	spaces[HOST] = this_space();
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	own_netns_set_lo(1);
	spaces[ROUTER] = this_space();
	link_up();
	return 0;
}

/* ---- an end ---- */

struct end {
	struct bfd *bfd;
	struct bfd_session *session;
	unsigned n_up, n_down, n_trouble;
	char trouble[160];
	enum bfd_state state;
	struct bfd_status at_down;
	bool is_stopped;
	unsigned n_stopped;
};

static inline void on_changed(struct bfd_session *session, const struct bfd_status *s,
			      enum bfd_state from, void *userdata)
{
	struct end *end = userdata;
	assert_ptr_equal(bfd_session_status(session), s);
	assert_int_equal(end->state, from);
	end->state = s->state;
	end->n_up += s->state == BFD_UP;
	end->n_down += from == BFD_UP;
	if (from == BFD_UP)
		end->at_down = *s;
}

static inline void on_trouble(const char *text, void *userdata)
{
	struct end *end = userdata;
	assert_true(*text);
	end->n_trouble++;
	str_copy(end->trouble, sizeof(end->trouble), text);
}

static inline void on_stopped(void *userdata)
{
	struct end *end = userdata;
	end->is_stopped = true;
	end->n_stopped++;
}

static const struct bfd_ops ops = { on_changed, on_trouble, on_stopped };

static inline struct bfd_key key_of(const char *local, const char *peer, const char *ifname,
				    bool multihop)
{
	struct bfd_key key = { .multihop = multihop };
	assert_int_equal(addr_parse(local, &key.local), 0);
	assert_int_equal(addr_parse(peer, &key.peer), 0);
	str_copy(key.ifname, sizeof(key.ifname), ifname);
	return key;
}

static inline struct bfd_config fast(void)
{
	struct bfd_config c = bfd_config_default();
	/* Slow enough for a busy machine under the sanitizers. */
	c.desired_min_tx = c.required_min_rx = 100 * MS;
	c.multiplier = 5;
	c.min_ttl = 200;
	return c;
}

static inline void end_start(struct end *end, sd_event *loop, int space, const struct bfd_key *key,
			     const struct bfd_config *config)
{
	struct err err;
	*end = (struct end){ .state = BFD_DOWN };
	enter(space);
	assert_int_equal(bfd_new(loop, &ops, end, &end->bfd, &err), 0);
	assert_int_equal(bfd_helper_pid(end->bfd), 0);
	assert_int_equal(bfd_session_new(end->bfd, key, config, end, &end->session, &err), 0);
	assert_true(bfd_helper_pid(end->bfd) > 0);
	enter(HOST);
}

struct pair {
	sd_event *loop;
	struct end ends[2];
};

static inline void pair_start(struct pair *p, const struct bfd_key keys[2],
			      const struct bfd_config *c)
{
	assert_true(sd_event_new(&p->loop) >= 0);
	for (int i = 0; i < 2; i++)
		end_start(&p->ends[i], p->loop, i, &keys[i], c);
}

static inline void pair_done(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		bfd_free(p->ends[i].bfd);
	sd_event_unref(p->loop);
}

static inline bool both_up(void *userdata)
{
	const struct pair *p = userdata;
	return p->ends[0].state == BFD_UP && p->ends[1].state == BFD_UP;
}

static inline bool both_agreed(void *userdata)
{
	const struct pair *p = userdata;
	for (int i = 0; i < 2; i++)
		if (bfd_session_status(p->ends[i].session)->tx_interval != 100 * MS ||
		    bfd_session_status(p->ends[i].session)->rx_interval != 100 * MS)
			return false;
	return both_up(userdata);
}

static inline bool neither_up(void *userdata)
{
	const struct pair *p = userdata;
	return p->ends[0].state != BFD_UP && p->ends[1].state != BFD_UP;
}

static inline void start_ipv4(struct pair *p)
{
	const struct bfd_config c = fast();
	const struct bfd_key keys[2] = { key_of("192.0.2.1", "192.0.2.2", "", false),
					 key_of("192.0.2.2", "192.0.2.1", "", false) };
	pair_start(p, keys, &c);
	loop_until(p->loop, both_agreed, p);
}

/* It may be up again already. */
static inline bool router_was_down(void *userdata)
{
	return ((struct pair *)userdata)->ends[ROUTER].n_down == 1;
}

#endif
