/* SPDX-License-Identifier: MIT */
/* VIPs on lo and on other interfaces: what another process does to them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/capability.h>
#include <linux/rtnetlink.h>

#include "net/nlsock.h"
#include "net/nlvip.h"
#include "tests/unit/loopback_bed.h"

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
	/* Its owner removes it: now it can be ours, and that it went is not our loss. */
	assert_int_equal(shell("ip addr del 192.0.2.1/32 dev lo"), 0);
	assert_int_equal(add(f, "192.0.2.1/32", &err), 0);
	loop_drain(f->loop);
	assert_int_equal(f->n_lost, 0);
	assert_true(owns(f, "192.0.2.1/32"));
}

/* An address that was foreign when we started; one of another interface does not matter. */
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
			loop_drain(f->loop); /* our own change is not an alteration */
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
		TEST(test_flush_of_many),
		TEST(test_no_capability),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
