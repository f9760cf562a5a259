/* SPDX-License-Identifier: MIT */
/* Each test has a network namespace of its own; "another process" is iproute2. */
#include "net/loopback.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <sys/syscall.h>

#include <cmocka.h>

#include "lib/array.h"
#include "net/nlsock.h"
#include "net/nlvip.h"
#include "net/vipaddr.h"
#include "process/loop.h"
#include "tests/hide_tag.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

static bool tags_hidden;

/* In the place of libc's. */

int uname(struct utsname *name)
{
	return tags_hidden ? hide_tag_uname(name) : (int)syscall(SYS_uname, name);
}

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
	/* The last call of on_lost(). */
	unsigned n_lost, n_lost_all, n_settled;
	struct prefix lost;
	enum loopback_loss why;
	bool add_again;
	/* Our VIPs according to the state file: a kernel without tags needs it. */
	struct prefix noted[8];
	size_t n_noted;
};

static void on_lost(const struct prefix *prefix, enum loopback_loss why, void *userdata)
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

static void open_loopback(struct fixture *f)
{
	struct err err = { "" };
	if (loopback_new(f->loop, "lo", on_lost, f, &f->lo, &err) < 0)
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

static bool kernel_tags(struct fixture *f)
{
	if (!loopback_has_tags(f->lo))
		print_message("this kernel keeps no tag on addresses: the state file's notes "
			      "stand in\n");
	return loopback_has_tags(f->lo);
}

/* The agent was killed and starts again. */
static void restart(struct fixture *f)
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
	int r = loopback_add(f->lo, &p, "app", err);
	if (r == 0 && f->n_noted < ARRAY_SIZE(f->noted))
		f->noted[f->n_noted++] = p;
	return r;
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

/* Likewise, of the routes that carry our number. */
static bool routed(const char *vip)
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

static bool is_there(size_t i)
{
	return (!vips[i].address || shown(vips[i].address)) &&
	       (!vips[i].route || routed(vips[i].route));
}

static bool is_gone(size_t i)
{
	return (!vips[i].address || !shown(vips[i].address)) &&
	       (!vips[i].route || !routed(vips[i].route));
}
#define N_VIPS ARRAY_SIZE(vips)

static void test_add_and_del(void **state)
{
	struct fixture *f = *state;
	struct err err;
	for (size_t i = 0; i < N_VIPS; i++) {
		assert_false(owns(f, vips[i].vip));
		if (add(f, vips[i].vip, &err) < 0)
			fail_msg("%s", err.text);
		assert_true(owns(f, vips[i].vip));
		if (!is_there(i))
			fail_msg("%s is not there as expected", vips[i].vip);
		assert_int_equal(add(f, vips[i].vip, &err), 0); /* once more */
	}
	/* Usable at once: no address is tentative. All of a shorter prefix answers. */
	assert_int_equal(shell("ip route get 198.51.100.77 | grep -q ^local"), 0);
	assert_int_equal(shell("ip -6 route get 2001:db8:1::77 | grep -q ^local"), 0);
	for (size_t i = 0; i < N_VIPS; i++) {
		assert_int_equal(del(f, vips[i].vip), 0);
		assert_false(owns(f, vips[i].vip));
		assert_true(is_gone(i));
		assert_int_equal(del(f, vips[i].vip), -ENOENT);
	}
	assert_false(routed(".*"));
	/* None of this was a loss. */
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

/* A foreign address is kept, not adopted, and the error says whose it may be. */
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
		assert_int_equal(shell("%s", vips[i].removal), 0);
		loop_until(f->loop, was_lost, f);
		assert_int_equal(f->n_lost, 1);
		assert_true(prefix_equal(&f->lost, &p));
		assert_false(owns(f, vips[i].vip));
		/* Now with an owner that brings it back. */
		f->n_lost = 0;
		f->add_again = true;
		assert_int_equal(add(f, vips[i].vip, NULL), 0);
		assert_int_equal(shell("%s", vips[i].removal), 0);
		loop_until(f->loop, was_lost, f);
		assert_true(owns(f, vips[i].vip));
		loop_drain(f->loop);
		assert_int_equal(f->n_lost, 1);
		assert_true(is_there(i));
		assert_int_equal(del(f, vips[i].vip), 0);
	}
}

/* The address is there, but without its local route. */
static void test_local_route_lost(void **state)
{
	struct fixture *f = *state;
	f->add_again = true;
	assert_int_equal(add(f, "2001:db8::1/128", NULL), 0);
	assert_int_equal(shell(DEL_ROUTE("2001:db8::1")), 0);
	loop_until(f->loop, was_lost, f);
	assert_int_equal(f->why, LOOPBACK_UNROUTED);
	assert_true(routed("2001:db8::1"));
	loop_drain(f->loop);
	assert_int_equal(f->n_lost, 1);
}

/* A change by another process, and how the address looks when it is right. */
static const struct {
	const char *name, *vip, *change, *right;
} alterations[] = {
	{ "lifetime of v4", "192.0.2.1/32",
	  "ip addr change 192.0.2.1/32 dev lo valid_lft 600 preferred_lft 600",
	  "192.0.2.1/32.*valid_lft forever preferred_lft forever" },
	{ "lifetime of v6", "2001:db8::1/128",
	  "ip addr change 2001:db8::1/128 dev lo valid_lft 600 preferred_lft 0",
	  "2001:db8::1/128.*valid_lft forever preferred_lft 0sec" },
	{ "preferred lifetime of v6", "2001:db8::1/128",
	  "ip addr change 2001:db8::1/128 dev lo valid_lft forever preferred_lft forever",
	  "2001:db8::1/128.*noprefixroute.*valid_lft forever preferred_lft 0sec" },
	{ "only the tag", "192.0.2.1/32", "ip addr replace 192.0.2.1/32 dev lo", "192.0.2.1/32" },
};

/* Linux 6.1 does not touch the tag when an address is replaced, and before 5.18 there is none: then
 * nothing has changed, and the next instance must find it as it was. */
static bool leaves_the_tag(struct fixture *f, const char *alteration)
{
	if (strcmp(alteration, "only the tag") != 0)
		return false;
	loop_drain(f->loop);
	if (f->n_lost == 0)
		print_message("this kernel leaves the tag of a replaced address as it is\n");
	return f->n_lost == 0;
}

static void test_altered(void **state)
{
	struct fixture *f = *state;
	f->add_again = true;
	for (size_t i = 0; i < ARRAY_SIZE(alterations); i++) {
		f->n_lost = 0;
		assert_int_equal(add(f, alterations[i].vip, NULL), 0);
		assert_int_equal(shell("%s", alterations[i].change), 0);
		if (!leaves_the_tag(f, alterations[i].name)) {
			loop_until(f->loop, was_lost, f);
			if (f->why != LOOPBACK_ALTERED || !shown(alterations[i].right))
				fail_msg("%s: not as it was", alterations[i].name);
			loop_drain(f->loop); /* our own change is no alteration */
			assert_int_equal(f->n_lost, 1);
		}
		/* It has its tag again: the next instance knows it as ours. */
		restart(f);
		assert_int_equal(add(f, alterations[i].vip, NULL), 0);
		assert_int_equal(del(f, alterations[i].vip), 0);
	}
}

/* The kernel never picks a VIP as the source of the host's own traffic. */
static void test_never_a_source(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(add(f, "192.0.2.53/32", NULL), 0);
	assert_int_equal(
		shell("ip -o addr show dev lo to 192.0.2.53 | grep -q 'scope host lo:app'"), 0);
	assert_int_equal(shell("ip link add d0 type veth peer name d1 && ip link set d0 up && "
			       "ip link set d1 up && ip route add default via 10.0.0.254 dev d0 "
			       "onlink"),
			 0);
	assert_int_not_equal(shell("ip route get 10.0.0.254 | grep -q 'src 192.0.2.53'"), 0);
}

/* As version 0.1.0 bound it: with scope global, and with a local route of its own. */
static void bind_as_0_1_0(struct fixture *f, const char *text)
{
	_Alignas(struct nlmsghdr) char buf[NLADDR_MSG_MAX];
	struct prefix p = vip(text);
	struct nladdr a = vipaddr_make(&p, &vip_link_lo, "app");
	struct nlsock *s;
	a.scope = RT_SCOPE_UNIVERSE;
	assert_int_equal(nlsock_open(NETLINK_ROUTE, NULL, &s, NULL), 0);
	assert_int_equal(nlsock_request(s, nladdr_build_add(buf, &a), NULL, NULL), 0);
	assert_int_equal(nlvip_add(s, &p, VIP_ROUTE, &vip_link_lo, NULL), 0);
	nlsock_free(s);
	f->noted[f->n_noted++] = p;
}

static void test_scope_of_0_1_0_changes(void **state)
{
	struct fixture *f = *state;
	bind_as_0_1_0(f, "192.0.2.53/32");
	restart(f);
	assert_false(owns(f, "192.0.2.53/32"));
	assert_int_equal(add(f, "192.0.2.53/32", NULL), 0);
	assert_int_equal(
		shell("ip -o addr show dev lo to 192.0.2.53 | grep -q 'scope host lo:app'"), 0);
	assert_int_equal(shell("ip route show table local proto 118 | grep -q 192.0.2.53"), 0);
	assert_true(owns(f, "192.0.2.53/32"));
	assert_int_equal(sd_event_run(f->loop, 0) >= 0, 1);
	assert_int_equal(f->n_lost, 0);
	assert_int_equal(del(f, "192.0.2.53/32"), 0);
}

static void test_ipv6_disabled_names_the_sysctl(void **state)
{
	struct fixture *f = *state;
	struct err err = { "" };
	assert_int_equal(shell("ip link set lo up && echo 1 > "
			       "/proc/sys/net/ipv6/conf/lo/disable_ipv6"),
			 0);
	assert_int_equal(add(f, "2001:db8::53/128", &err), -EACCES);
	assert_non_null(strstr(err.text, "net.ipv6.conf.lo.disable_ipv6=0"));
}

/* No foreign address depends on ours, nor ours on a foreign one. */
static void test_network_beside_others(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(add(f, "198.51.100.0/24", NULL), 0);
	assert_int_equal(shell("ip addr add 198.51.100.7/24 dev lo"), 0);
	assert_int_equal(del(f, "198.51.100.0/24"), 0);
	assert_true(shown("198.51.100.7/24"));
	assert_int_equal(add(f, "198.51.100.0/24", NULL), 0);
	assert_int_equal(shell("ip addr del 198.51.100.7/24 dev lo"), 0);
	assert_int_equal(shell("ip route get 198.51.100.255 | grep -q ^local"), 0);
	loop_drain(f->loop);
	assert_int_equal(f->n_lost, 0);
}

/* The last IPv4 address of lo takes all routes with it, and the kernel says nothing of them. */
static void test_network_goes_with_the_last_address(void **state)
{
	struct fixture *f = *state;
	f->add_again = true;
	assert_int_equal(add(f, "198.51.100.0/24", NULL), 0);
	assert_int_equal(shell("ip -4 addr flush dev lo"), 0);
	loop_until(f->loop, was_lost, f);
	assert_int_equal(f->why, LOOPBACK_UNROUTED);
	assert_true(routed("198.51.100.0/24"));
	/* Our own removal may be the last one, too. */
	f->n_lost = 0;
	assert_int_equal(add(f, "192.0.2.1/32", NULL), 0);
	assert_int_equal(del(f, "192.0.2.1/32"), 0);
	loop_until(f->loop, was_lost, f);
	assert_true(routed("198.51.100.0/24"));
}

/* The kernel acknowledges an IPv6 address before it has made the route. */
static void test_serves_at_once(void **state)
{
	struct fixture *f = *state;
	for (unsigned i = 1; i <= 200; i++) {
		char text[ADDR_TEXT_MAX + 4];
		snprintf(text, sizeof(text), "2001:db8::%x/128", i);
		struct prefix p = vip(text);
		struct sockaddr_storage to;
		int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		assert_int_equal(loopback_add(f->lo, &p, "app", NULL), 0);
		socklen_t len = addr_to_sockaddr(&p.addr, 9, 0, &to);
		int r = connect(fd, (struct sockaddr *)&to, len);
		close(fd);
		if (r < 0)
			fail_msg("%s does not serve", text);
	}
}

/* Removed by another process and added as its own before we read of it: foreign from now on. */
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

/* Our own removal, followed at once by an addition, is not a loss. */
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

/* lo goes down: IPv4 addresses stay without an answer on them, IPv6 addresses go. */
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
	assert_false(routed("198.51.100.0/24"));
	assert_false(routed("2001:db8::1"));
	assert_true(routed("2001:db8:1::/64"));
	assert_true(shown("192.0.2.99/32"));
	loop_drain(f->loop);
	assert_int_equal(f->n_lost + f->n_lost_all, 0);
}

/* The previous instance had another length for the same IPv6 address, which can be there only once.
 */
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
	/* Within one instance it is a conflict of two apps. */
	assert_int_equal(add(f, "2001:db8::/64", &err), -EEXIST);
	assert_non_null(strstr(err.text, "2001:db8::/128"));
	assert_non_null(strstr(err.text, "another app"));
}

/* A leftover that another process removes before it is claimed. */
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

/* Another process added the address meanwhile: our route to it must not stay. */
static void test_leftover_route_to_a_foreign_address(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(add(f, "2001:db8::1/128", NULL), 0);
	assert_int_equal(add(f, "2001:db8::2/128", NULL), 0);
	assert_int_equal(shell(DEL_ADDR("2001:db8::1/128") "; " DEL_ADDR("2001:db8::2/128")), 0);
	assert_int_equal(shell("ip addr add 2001:db8::1/128 dev lo"), 0);
	restart(f);
	assert_int_equal(leftovers(f, true), 1); /* a route that nothing belongs to */
	assert_false(routed(".*"));
	assert_true(shown("2001:db8::1/128"));
}

enum { MANY = 2000 };

static struct prefix nth(uint32_t i)
{
	return (struct prefix){ .addr = addr_v4(0x0a000000 + i), .len = 32 };
}

/* The operator flushes lo. There are more notifications than the queue holds: every loss is found
 * all the same, each is told once, and all come back. */
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
	/* Not in the state file: not ours. */
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
	if (!kernel_tags(f)) {
		assert_true(adopt(f, "192.0.2.1/32", "lo:app"));
		return;
	}
	assert_false(adopt(f, "192.0.2.1/32", "lo:app"));
	assert_int_equal(del(f, "192.0.2.1/32"), -ENOENT);
}

static bool has_lost(void *userdata)
{
	return ((struct fixture *)userdata)->n_lost > 0;
}

/* A local route alone */

static bool has_route(const char *text)
{
	return shell("ip route show table local proto 118 | grep -q 'local %s dev lo'", text) == 0;
}

static void a_route_alone(void **state)
{
	struct fixture *f = *state;
	struct prefix v4 = vip("192.0.2.1/32"), v6 = vip("2001:db8::1/128"),
		      net = vip("198.51.100.0/24");
	struct err err = { "" };
	assert_int_equal(loopback_add_route(f->lo, &v4, NULL), 0);
	assert_int_equal(loopback_add_route(f->lo, &v4, NULL), 0);
	assert_int_equal(loopback_add_route(f->lo, &v6, NULL), 0);
	assert_int_equal(loopback_add_route(f->lo, &net, NULL), 0);
	assert_true(has_route("192.0.2.1") && has_route("198.51.100.0/24"));
	assert_int_equal(shell("ip -o addr show dev lo | grep -q '192.0.2.1\\|2001:db8'"), 1 << 8);
	/* An address and back: it is there before the other goes. */
	assert_int_equal(loopback_add(f->lo, &v4, "app", NULL), 0);
	assert_int_equal(shell("ip -o addr show dev lo | grep -q 192.0.2.1"), 0);
	assert_int_equal(loopback_add_route(f->lo, &v4, NULL), 0);
	assert_int_equal(shell("ip -o addr show dev lo | grep -q 192.0.2.1"), 1 << 8);
	assert_true(has_route("192.0.2.1"));
	loop_drain(f->loop);
	assert_int_equal(f->n_lost, 0);
	/* Another process. */
	shell("ip route del local 192.0.2.1 dev lo table local");
	loop_until(f->loop, has_lost, f);
	assert_int_equal(f->why, LOOPBACK_UNROUTED);
	assert_int_equal(loopback_add_route(f->lo, &v4, NULL), 0);
	shell("ip route add local 192.0.2.2 dev lo; ip route add local 2001:db8::2 dev lo metric "
	      "7; "
	      "ip addr add 192.0.2.3/32 dev lo; ip link add x0 type veth peer name x1; "
	      "ip link set x0 up; ip addr add 192.0.2.4/32 dev x0");
	struct prefix taken = vip("192.0.2.2/32"), taken6 = vip("2001:db8::2/128");
	struct prefix on_lo = vip("192.0.2.3/32"), on_x0 = vip("192.0.2.4/32");
	assert_int_equal(loopback_add_route(f->lo, &taken, &err), -EEXIST);
	assert_non_null(strstr(err.text, "Set 'bind: present'"));
	assert_int_equal(loopback_add_route(f->lo, &taken6, &err), -EEXIST);
	assert_int_equal(loopback_add_route(f->lo, &on_lo, &err), -EEXIST);
	assert_int_equal(loopback_add_route(f->lo, &on_x0, &err), 0);
	/* The previous instance's. */
	restart(f);
	assert_int_equal(loopback_add_route(f->lo, &v4, NULL), 0);
	assert_int_equal(loopback_del(f->lo, &v4, NULL), 0);
	assert_int_equal(loopback_del(f->lo, &net, NULL), 0);
	assert_false(has_route("192.0.2.1") || has_route("198.51.100.0/24"));
}

/* Another interface than lo: missing, down, there, made again. */

static void on_other(const struct prefix *prefix, enum loopback_loss why, void *userdata)
{
	struct fixture *f = userdata;
	f->why = why;
	f->n_lost_all += !prefix;
	f->n_lost += prefix && why != LOOPBACK_SETTLED;
	f->n_settled += prefix && why == LOOPBACK_SETTLED;
}

static bool has_flipped(void *userdata)
{
	return ((struct fixture *)userdata)->n_lost_all > 0;
}

static bool has_settled(void *userdata)
{
	return ((struct fixture *)userdata)->n_settled > 0;
}

static void bind_to_it(struct fixture *f, struct loopback *x)
{
	struct prefix v4 = vip("192.0.2.1/32"), v6 = vip("2001:db8::1/128");
	f->n_lost = f->n_settled = 0;
	assert_int_equal(loopback_add(x, &v4, "app", NULL), 0);
	assert_int_equal(loopback_add(x, &v6, "app", NULL), -EINPROGRESS);
	loop_until(f->loop, has_settled, f);
	assert_int_equal(loopback_add(x, &v6, "app", NULL), 0);
	assert_true(loopback_owns(x, &v4) && loopback_owns(x, &v6));
	assert_int_equal(f->n_lost, 0);
	assert_int_equal(shell("ip -4 -o addr show dev x0 | grep -q 'inet 192.0.2.1/32.*x0:app'"),
			 0);
	assert_int_equal(shell("ip -6 route show table local | grep -q '2001:db8::1 dev x0'"), 0);
}

static void another_interface(void **state)
{
	struct fixture *f = *state;
	struct loopback *x;
	struct err err = { "" };
	struct prefix v4 = vip("192.0.2.1/32"), net = vip("198.51.100.0/24");
	assert_int_equal(loopback_new(f->loop, "x0", on_other, f, &x, NULL), 0);
	assert_int_equal(loopback_add(x, &v4, "app", &err), -ENODEV);
	assert_non_null(strstr(err.text, "there is no interface x0"));
	shell("ip link add x0 type veth peer name x1");
	loop_until(f->loop, has_flipped, f);
	assert_int_equal(loopback_add(x, &v4, "app", &err), -ENETDOWN);
	assert_non_null(strstr(err.text, "ip link set x0 up"));
	shell("ip link set x0 up; ip link set x1 up");
	assert_int_equal(loopback_add(x, &net, "app", &err), -EINVAL);
	bind_to_it(f, x);
	shell("ip addr del 2001:db8::1/128 dev x0");
	loop_until(f->loop, has_lost, f);
	assert_int_equal(f->why, LOOPBACK_REMOVED);

	loop_drain(f->loop);
	f->n_lost_all = 0;
	shell("ip link del x0; ip link add x0 type veth peer name x1; ip link set x0 up");
	loop_until(f->loop, has_flipped, f);
	assert_false(loopback_owns(x, &v4));
	bind_to_it(f, x);
	assert_int_equal(loopback_del(x, &v4, NULL), 0);
	assert_false(loopback_is_unused(x));
	shell("ip link del x0");
	struct prefix v6 = vip("2001:db8::1/128");
	assert_int_equal(loopback_del(x, &v6, NULL), 0); /* gone with the interface */
	assert_true(loopback_is_unused(x));
	loopback_free(x);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_add_and_del),
		TEST(another_interface),
		TEST(a_route_alone),
		TEST(test_long_label),
		TEST(test_foreign),
		TEST(test_foreign_before_start),
		TEST(test_lost),
		TEST(test_local_route_lost),
		TEST(test_altered),
		TEST(test_never_a_source),
		TEST(test_scope_of_0_1_0_changes),
		TEST(test_ipv6_disabled_names_the_sysctl),
		TEST(test_network_beside_others),
		TEST(test_network_goes_with_the_last_address),
		TEST(test_serves_at_once),
		TEST(test_lost_to_another),
		TEST(test_own_removal_is_no_loss),
		TEST(test_link_flap),
		TEST(test_starts_with_lo_down),
		TEST(test_leftovers),
		TEST(test_leftover_of_another_length),
		TEST(test_leftover_removed),
		TEST(test_leftover_route_to_a_foreign_address),
		TEST(test_flush_of_many),
		TEST(test_no_capability),
		TEST(test_without_tags_notes_prove_ownership),
		TEST(test_without_tags_what_looks_otherwise_is_not_ours),
		TEST(test_with_tags_notes_count_for_nothing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
