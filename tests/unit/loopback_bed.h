/* SPDX-License-Identifier: MIT */
/* net/loopback in a network namespace of its own for each test; "another process" is iproute2.
 * Include after cmocka.h. */
#ifndef TESTS_UNIT_LOOPBACK_BED_H
#define TESTS_UNIT_LOOPBACK_BED_H

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>

#include "lib/array.h"
#include "net/loopback.h"
#include "net/vipaddr.h"
#include "process/loop.h"
#include "tests/unit/hidden_tags.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

struct fixture {
	sd_event *loop;
	struct loopback *lo;
	/* The last call of on_lost(). */
	unsigned n_lost, n_lost_all, n_settled;
	struct prefix lost;
	enum loopback_loss why;
	bool add_again;
	/* Our VIPs according to the state file: a kernel without tags needs it. */
	struct prefix noted[8];
	size_t n_noted;
};

static inline void on_lost(const struct prefix *prefix, enum loopback_loss why, void *userdata)
{
	struct fixture *f = userdata;
	f->why = why;
	if (!prefix) {
		f->n_lost_all++;
		return;
	}
	f->n_lost++;
	f->lost = *prefix;
	if (f->add_again)
		assert_int_equal(loopback_add(f->lo, prefix, "app", NULL), 0);
}

static inline void open_loopback(struct fixture *f)
{
	struct err err = { "" };
	if (loopback_new(f->loop, "lo", on_lost, f, &f->lo, &err) < 0)
		fail_msg("%s", err.text);
}

static inline int setup(void **state)
{
	static struct fixture f;
	own_netns_enter();
	tags_hidden = false;
	f = (struct fixture){ 0 };
	assert_int_equal(sd_event_new(&f.loop), 0);
	open_loopback(&f);
	*state = &f;
	return 0;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	loopback_free(f->lo);
	sd_event_unref(f->loop);
	return 0;
}

static inline bool kernel_tags(struct fixture *f)
{
	if (!loopback_has_tags(f->lo))
		print_message("this kernel keeps no tag on addresses: the state file's notes "
			      "stand in\n");
	return loopback_has_tags(f->lo);
}

/* The agent was killed and starts again. */
static inline void restart(struct fixture *f)
{
	char label[IFNAMSIZ];
	loopback_free(f->lo);
	open_loopback(f);
	if (tags_hidden || kernel_tags(f))
		return;
	for (size_t i = 0; i < f->n_noted; i++) {
		vipaddr_label(&f->noted[i], "lo", "app", label);
		loopback_adopt(f->lo, &f->noted[i], label);
	}
}

static inline struct prefix vip(const char *text)
{
	struct prefix p;
	struct err err;
	if (prefix_parse(text, &p, &err) < 0)
		fail_msg("%s", err.text);
	return p;
}

static inline int add(struct fixture *f, const char *text, struct err *err)
{
	struct prefix p = vip(text);
	int r = loopback_add(f->lo, &p, "app", err);
	if (r == 0 && f->n_noted < ARRAY_SIZE(f->noted))
		f->noted[f->n_noted++] = p;
	return r;
}

static inline int del(struct fixture *f, const char *text)
{
	struct prefix p = vip(text);
	return loopback_del(f->lo, &p, NULL);
}

static inline bool owns(struct fixture *f, const char *text)
{
	struct prefix p = vip(text);
	return loopback_owns(f->lo, &p);
}

/* As iproute2 shows it: a line of `ip -o addr show dev lo` that matches the pattern. */
static inline bool shown(const char *pattern)
{
	return shell("ip -o addr show dev lo | grep -qE '%s'", pattern) == 0;
}

/* Likewise, of the routes that carry our number. */
static inline bool routed(const char *vip)
{
	return shell("(ip route show table local; ip -6 route show table local) | "
		     "grep -qE '^local %s dev lo proto 118 '",
		     vip) == 0;
}

#define DEL_ADDR(vip)  "ip addr del " vip " dev lo"
#define DEL_ROUTE(vip) "ip route del local " vip " dev lo table local proto 118"

static const struct {
	const char *vip;
	const char *address, *route; /* NULL: that part is not needed */
	const char *removal;         /* by another process */
} vips[] = {
	{ "192.0.2.1/32", "inet 192.0.2.1/32 scope host lo:app[^a-z]", NULL,
	  DEL_ADDR("192.0.2.1/32") },
	{ "198.51.100.0/24", NULL, "198.51.100.0/24", DEL_ROUTE("198.51.100.0/24") },
	{ "2001:db8::1/128", "inet6 2001:db8::1/128 scope global nodad deprecated noprefixroute",
	  "2001:db8::1", DEL_ADDR("2001:db8::1/128") },
	{ "2001:db8:1::/64", "inet6 2001:db8:1::/64 scope global nodad deprecated noprefixroute",
	  "2001:db8:1::/64", DEL_ADDR("2001:db8:1::/64") },
};
#define N_VIPS ARRAY_SIZE(vips)

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
