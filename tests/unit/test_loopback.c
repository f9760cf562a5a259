/* SPDX-License-Identifier: MIT */
/* Each test has a network namespace of its own; "somebody else" is iproute2. */
#include "net/loopback.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/capability.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "net/loop.h"
#include "tests/hide_tag.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

static bool tags_hidden;

/* In the place of libc's. */
ssize_t recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	if (tags_hidden)
		return hide_tag_recvfrom(fd, buf, size, flags, from, from_len);
	return syscall(SYS_recvfrom, fd, buf, size, flags, from, from_len);
}

struct fixture {
	sd_event *loop;
	struct loopback *lo;
	/* What on_lost() was told. */
	unsigned n_lost, n_lost_all;
	struct prefix lost;
	bool add_again;
};

static void on_lost(const struct prefix *prefix, void *userdata)
{
	struct fixture *f = userdata;
	if (!prefix) {
		f->n_lost_all++;
		return;
	}
	f->n_lost++;
	f->lost = *prefix;
	if (f->add_again)
		assert_int_equal(loopback_add(f->lo, prefix, "again", NULL), 0);
}

static void open_loopback(struct fixture *f)
{
	struct err err = { "" };
	if (loopback_new(f->loop, on_lost, f, &f->lo, &err) < 0)
		fail_msg("%s", err.text);
}

static int setup(void **state)
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

static int teardown(void **state)
{
	struct fixture *f = *state;
	loopback_free(f->lo);
	sd_event_unref(f->loop);
	return 0;
}

/* The agent was killed and starts again. */
static void restart(struct fixture *f)
{
	loopback_free(f->lo);
	open_loopback(f);
}

static struct prefix vip(const char *text)
{
	struct prefix p;
	struct err err;
	if (prefix_parse(text, &p, &err) < 0)
		fail_msg("%s", err.text);
	return p;
}

static int add(struct fixture *f, const char *text, struct err *err)
{
	struct prefix p = vip(text);
	return loopback_add(f->lo, &p, "app", err);
}

static int del(struct fixture *f, const char *text)
{
	struct prefix p = vip(text);
	return loopback_del(f->lo, &p, NULL);
}

static bool owns(struct fixture *f, const char *text)
{
	struct prefix p = vip(text);
	return loopback_owns(f->lo, &p);
}

/* As iproute2 shows it: a line of `ip -o addr show dev lo` that matches the pattern. */
static bool shown(const char *pattern)
{
	return shell("ip -o addr show dev lo | grep -qE '%s'", pattern) == 0;
}

static const struct {
	const char *vip, *pattern;
} vips[] = {
	{ "192.0.2.1/32", "inet 192.0.2.1/32 scope global lo:app[^a-z]" },
	{ "198.51.100.0/24", "inet 198.51.100.0/24 scope global lo:app[^a-z]" },
	{ "2001:db8::1/128", "inet6 2001:db8::1/128 scope global nodad deprecated noprefixroute" },
	{ "2001:db8:1::/64", "inet6 2001:db8:1::/64 scope global nodad deprecated noprefixroute" },
};
#define N_VIPS (sizeof(vips) / sizeof(vips[0]))

static void test_add_and_del(void **state)
{
	struct fixture *f = *state;
	struct err err;
	for (size_t i = 0; i < N_VIPS; i++) {
		assert_false(owns(f, vips[i].vip));
		if (add(f, vips[i].vip, &err) < 0)
			fail_msg("%s", err.text);
		assert_true(owns(f, vips[i].vip));
		if (!shown(vips[i].pattern))
			fail_msg("%s is not there as expected", vips[i].vip);
		assert_int_equal(add(f, vips[i].vip, &err), 0); /* once more */
	}
	/* Usable at once: no address is tentative. All of a shorter prefix answers. */
	assert_int_equal(shell("ip route get 198.51.100.77 | grep -q ^local"), 0);
	assert_int_equal(shell("ip -6 route get 2001:db8:1::77 | grep -q ^local"), 0);
	assert_int_equal(shell("ip -6 route show table local | grep -q 'proto 118'"), 0);
	for (size_t i = 0; i < N_VIPS; i++) {
		assert_int_equal(del(f, vips[i].vip), 0);
		assert_false(owns(f, vips[i].vip));
		assert_false(shown(vips[i].pattern));
		assert_int_equal(del(f, vips[i].vip), -ENOENT);
	}
	assert_int_not_equal(shell("ip -6 route show table local | grep -q 'proto 118'"), 0);
	/* Nothing of this was news. */
	loop_drain(f->loop);
	assert_int_equal(f->n_lost + f->n_lost_all, 0);
}

static void test_long_label(void **state)
{
	struct fixture *f = *state;
	struct prefix p = vip("192.0.2.1/32");
	assert_int_equal(loopback_add(f->lo, &p, "a-very-long-name-of-an-app", NULL), 0);
	assert_true(shown("lo:a-very-long-"));
}

/* Somebody else's address is kept, not adopted, and the error says whose it may be. */
static void test_foreign(void **state)
{
	struct fixture *f = *state;
	struct err err = { "" };
	assert_int_equal(shell("ip addr add 192.0.2.1/32 dev lo label lo:other"), 0);
	assert_int_equal(shell("ip addr add 2001:db8::1/64 dev lo"), 0);
	assert_int_equal(add(f, "192.0.2.1/32", &err), -EEXIST);
	assert_non_null(strstr(err.text, "192.0.2.1/32 is on lo"));
	assert_non_null(strstr(err.text, "label lo:other"));
	assert_int_equal(add(f, "2001:db8::1/128", &err), -EEXIST);
	assert_non_null(strstr(err.text, "2001:db8::1/64"));
	assert_false(owns(f, "192.0.2.1/32"));
	assert_int_equal(del(f, "192.0.2.1/32"), -ENOENT);
	assert_true(shown("192.0.2.1/32.*lo:other"));
	/* Its owner removes it: now it can be ours, and that it went is no loss of ours. */
	assert_int_equal(shell("ip addr del 192.0.2.1/32 dev lo"), 0);
	assert_int_equal(add(f, "192.0.2.1/32", &err), 0);
	loop_drain(f->loop);
	assert_int_equal(f->n_lost, 0);
	assert_true(owns(f, "192.0.2.1/32"));
}

/* An address that was foreign when we started, and one of another interface, which is no matter. */
static void test_foreign_before_start(void **state)
{
	struct fixture *f = *state;
	struct err err = { "" };
	assert_int_equal(shell("ip addr add 192.0.2.1/32 dev lo label lo:old"), 0);
	assert_int_equal(
		shell("ip link add d0 type veth peer name d1 && ip addr add 192.0.2.2/32 dev d0"),
		0);
	restart(f);
	assert_int_equal(add(f, "192.0.2.1/32", &err), -EEXIST);
	assert_non_null(strstr(err.text, "label lo:old"));
	assert_int_equal(add(f, "192.0.2.2/32", &err), 0);
	assert_int_equal(del(f, "192.0.2.2/32"), 0);
	assert_int_equal(shell("ip -o addr show dev d0 | grep -q 192.0.2.2"), 0);
}

static bool was_lost(void *userdata)
{
	struct fixture *f = userdata;
	return f->n_lost > 0;
}

static void test_lost(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < N_VIPS; i++) {
		struct prefix p = vip(vips[i].vip);
		f->n_lost = 0;
		f->add_again = false;
		assert_int_equal(add(f, vips[i].vip, NULL), 0);
		assert_int_equal(shell("ip addr del %s dev lo", vips[i].vip), 0);
		loop_until(f->loop, was_lost, f);
		assert_int_equal(f->n_lost, 1);
		assert_true(prefix_equal(&f->lost, &p));
		assert_false(owns(f, vips[i].vip));
		/* Now with an owner that brings it back. */
		f->n_lost = 0;
		f->add_again = true;
		assert_int_equal(add(f, vips[i].vip, NULL), 0);
		assert_int_equal(shell("ip addr del %s dev lo", vips[i].vip), 0);
		loop_until(f->loop, was_lost, f);
		assert_true(owns(f, vips[i].vip));
		loop_drain(f->loop);
		assert_int_equal(f->n_lost, 1);
		assert_int_equal(del(f, vips[i].vip), 0);
	}
}

/* Removed by somebody and taken by him before we hear of it: it is his now. */
static void test_lost_to_another(void **state)
{
	struct fixture *f = *state;
	struct err err = { "" };
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	assert_int_equal(shell("ip addr del 192.0.2.1/32 dev lo && "
			       "ip addr add 192.0.2.1/32 dev lo label lo:his"),
			 0);
	assert_int_equal(del(f, "192.0.2.1/32"), 0); /* ours is gone already */
	assert_true(shown("lo:his"));
	assert_int_equal(add(f, "192.0.2.1/32", &err), -EEXIST);
	assert_non_null(strstr(err.text, "lo:his"));
}

/* Our own removal, followed at once by an addition, is not somebody's removal. */
static void test_own_removal_is_no_loss(void **state)
{
	struct fixture *f = *state;
	for (int round = 0; round < 3; round++) {
		for (size_t i = 0; i < N_VIPS; i++) {
			assert_int_equal(add(f, vips[i].vip, NULL), 0);
			assert_int_equal(del(f, vips[i].vip), 0);
			assert_int_equal(add(f, vips[i].vip, NULL), 0);
		}
		loop_drain(f->loop);
		assert_int_equal(f->n_lost + f->n_lost_all, 0);
	}
}

static bool was_lost_all(void *userdata)
{
	struct fixture *f = userdata;
	return f->n_lost_all > 0;
}

/* lo goes down: IPv4 addresses stay but nobody answers, IPv6 addresses go. */
static void test_link_flap(void **state)
{
	struct fixture *f = *state;
	struct err err = { "" };
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	assert_int_equal(add(f, "2001:db8:1::/64", NULL), 0);
	own_netns_set_lo(0);
	loop_until(f->loop, was_lost_all, f);
	assert_int_equal(add(f, "192.0.2.1/32", &err), -ENETDOWN);
	assert_non_null(strstr(err.text, "ip link set lo up"));
	f->n_lost_all = 0;
	own_netns_set_lo(1);
	loop_until(f->loop, was_lost_all, f);
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	assert_int_equal(add(f, "2001:db8:1::/64", NULL), 0);
	assert_int_equal(shell("ip route get 192.0.2.1 | grep -q ^local"), 0);
	assert_int_equal(shell("ip -6 route get 2001:db8:1::7 | grep -q ^local"), 0);
}

static void test_starts_with_lo_down(void **state)
{
	struct fixture *f = *state;
	own_netns_set_lo(0);
	restart(f);
	assert_int_equal(add(f, "192.0.2.1/32", NULL), -ENETDOWN);
	own_netns_set_lo(1);
	loop_until(f->loop, was_lost_all, f);
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
}

struct walk {
	struct fixture *f;
	size_t n;
	bool del;
};

static void on_leftover(const struct prefix *p, void *userdata)
{
	struct walk *walk = userdata;
	walk->n++;
	if (walk->del)
		assert_int_equal(loopback_del(walk->f->lo, p, NULL), 0);
}

static size_t leftovers(struct fixture *f, bool del_them)
{
	struct walk walk = { .f = f, .del = del_them };
	loopback_walk_leftovers(f->lo, on_leftover, &walk);
	return walk.n;
}

static void test_leftovers(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < N_VIPS; i++)
		assert_int_equal(add(f, vips[i].vip, NULL), 0);
	assert_int_equal(shell("ip addr add 192.0.2.99/32 dev lo"), 0);
	assert_int_equal(leftovers(f, false), 0);
	restart(f);
	assert_int_equal(leftovers(f, false), N_VIPS);
	assert_true(owns(f, vips[0].vip));
	assert_int_equal(add(f, vips[0].vip, NULL), 0); /* claimed */
	assert_int_equal(add(f, vips[3].vip, NULL), 0);
	assert_int_equal(leftovers(f, true), N_VIPS - 2);
	assert_true(shown("192.0.2.1/32"));
	assert_false(shown("198.51.100.0/24"));
	assert_true(shown("192.0.2.99/32"));
	loop_drain(f->loop);
	assert_int_equal(f->n_lost + f->n_lost_all, 0);
}

/* A former run had another length for the same IPv6 address, which can be there only once. */
static void test_leftover_of_another_length(void **state)
{
	struct fixture *f = *state;
	struct err err = { "" };
	assert_int_equal(add(f, "2001:db8::/64", NULL), 0);
	restart(f);
	assert_int_equal(add(f, "2001:db8::/128", &err), 0);
	assert_true(shown("2001:db8::/128"));
	assert_false(shown("2001:db8::/64"));
	assert_int_not_equal(shell("ip -6 route get 2001:db8::77 | grep -q ^local"), 0);
	/* Within one run it is a conflict of two apps. */
	assert_int_equal(add(f, "2001:db8::/64", &err), -EEXIST);
	assert_non_null(strstr(err.text, "2001:db8::/128"));
	assert_non_null(strstr(err.text, "another app"));
}

/* A leftover that somebody removes before it is claimed. */
static void test_leftover_removed(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	restart(f);
	assert_int_equal(shell("ip addr del 192.0.2.1/32 dev lo"), 0);
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	assert_true(shown("192.0.2.1/32"));
	loop_drain(f->loop);
	assert_int_equal(f->n_lost, 0);
}

enum { MANY = 2000 };

static struct prefix nth(uint32_t i)
{
	return (struct prefix){ .addr = addr_v4(0x0a000000 + i), .len = 32 };
}

/* Somebody flushes lo. There are more notifications than the queue holds: every loss is found all
 * the same, each is told once, and all come back. */
static void test_flush_of_many(void **state)
{
	struct fixture *f = *state;
	f->add_again = true;
	for (uint32_t i = 0; i < MANY; i++) {
		struct prefix p = nth(i);
		assert_int_equal(loopback_add(f->lo, &p, "app", NULL), 0);
	}
	assert_int_equal(shell("ip -4 addr flush dev lo"), 0);
	loop_until(f->loop, was_lost, f);
	loop_drain(f->loop);
	assert_int_equal(f->n_lost, MANY);
	for (uint32_t i = 0; i < MANY; i++) {
		struct prefix p = nth(i);
		assert_true(loopback_owns(f->lo, &p));
		assert_int_equal(loopback_del(f->lo, &p, NULL), 0);
	}
	assert_false(shown("inet 10[.]"));
	loop_drain(f->loop);
	assert_int_equal(f->n_lost, MANY);
}

static void set_effective(uint32_t clear)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2];
	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	data[0].effective = data[0].permitted & ~clear;
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

static void test_no_capability(void **state)
{
	struct fixture *f = *state;
	struct err err = { "" };
	assert_int_equal(add(f, "192.0.2.2/32", NULL), 0);
	set_effective(1U << CAP_NET_ADMIN);
	int added = add(f, "192.0.2.1/32", &err);
	assert_non_null(strstr(err.text, "192.0.2.1/32"));
	assert_non_null(strstr(err.text, "CAP_NET_ADMIN"));
	int removed = del(f, "192.0.2.2/32");
	set_effective(0);
	assert_int_equal(added, -EPERM);
	assert_int_equal(removed, -EPERM);
	assert_true(owns(f, "192.0.2.2/32")); /* still ours to remove */
	assert_int_equal(del(f, "192.0.2.2/32"), 0);
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
}

/* Before Linux 5.18. */

static bool adopt(struct fixture *f, const char *text, const char *label)
{
	struct prefix p = vip(text);
	return loopback_adopt(f->lo, &p, label);
}

static void count_leftover(const struct prefix *p, void *userdata)
{
	(void)p;
	++*(unsigned *)userdata;
}

static unsigned n_leftovers(struct fixture *f)
{
	unsigned n = 0;
	loopback_walk_leftovers(f->lo, count_leftover, &n);
	return n;
}

static void test_without_tags_notes_prove_ownership(void **state)
{
	struct fixture *f = *state;
	tags_hidden = true;
	restart(f);
	assert_false(loopback_has_tags(f->lo));
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	assert_int_equal(add(f, "2001:db8::1/128", NULL), 0);
	restart(f);
	/* Nobody has noted anything: not ours. */
	assert_int_equal(n_leftovers(f), 0);
	assert_int_equal(del(f, "192.0.2.1/32"), -ENOENT);
	assert_true(adopt(f, "192.0.2.1/32", "lo:app"));
	assert_true(adopt(f, "2001:db8::1/128", ""));
	assert_int_equal(n_leftovers(f), 2);
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	assert_int_equal(n_leftovers(f), 1);
	assert_int_equal(del(f, "192.0.2.1/32"), 0);
	assert_int_equal(del(f, "2001:db8::1/128"), 0);
}

static void test_without_tags_what_looks_otherwise_is_not_ours(void **state)
{
	struct fixture *f = *state;
	tags_hidden = true;
	assert_int_equal(shell("ip addr add 192.0.2.1/32 dev lo && "
			       "ip addr add 192.0.2.2/32 dev lo label lo:other && "
			       "ip addr add 2001:db8::1/128 dev lo nodad"),
			 0);
	restart(f);
	assert_false(adopt(f, "192.0.2.1/32", "lo:app"));
	assert_false(adopt(f, "192.0.2.1/32", ""));
	assert_false(adopt(f, "192.0.2.2/32", "lo:app"));
	assert_false(adopt(f, "2001:db8::1/128", ""));
	assert_false(adopt(f, "192.0.2.3/32", "lo:app")); /* not there */
	assert_int_equal(n_leftovers(f), 0);
}

static void test_with_tags_notes_count_for_nothing(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(shell("ip addr add 192.0.2.1/32 dev lo label lo:app"), 0);
	restart(f);
	assert_true(loopback_has_tags(f->lo));
	assert_false(adopt(f, "192.0.2.1/32", "lo:app"));
	assert_int_equal(del(f, "192.0.2.1/32"), -ENOENT);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add_and_del),
		TEST(test_long_label),
		TEST(test_foreign),
		TEST(test_foreign_before_start),
		TEST(test_lost),
		TEST(test_lost_to_another),
		TEST(test_own_removal_is_no_loss),
		TEST(test_link_flap),
		TEST(test_starts_with_lo_down),
		TEST(test_leftovers),
		TEST(test_leftover_of_another_length),
		TEST(test_leftover_removed),
		TEST(test_flush_of_many),
		TEST(test_no_capability),
		TEST(test_without_tags_notes_prove_ownership),
		TEST(test_without_tags_what_looks_otherwise_is_not_ours),
		TEST(test_with_tags_notes_count_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
