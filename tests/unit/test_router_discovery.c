/* SPDX-License-Identifier: MIT */
/* A link of two interfaces in a namespace of its own: discovery on d0, and the router, which the
 * test plays, on d1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "bgp/discovery.h"
#include "bgp/link_end.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "net/ndp_socket.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

static const struct addr router = { AF_INET6, { 0xfe, 0x80, [15] = 1 } };

/* In the place of libc's. */

static bool watches_fail;

int epoll_ctl(int fd, int op, int what, struct epoll_event *event)
{
	if (watches_fail && op == EPOLL_CTL_ADD) {
		errno = ENOSPC;
		return -1;
	}
	return (int)syscall(SYS_epoll_ctl, fd, op, what, event);
}

struct bed {
	sd_event *loop;
	struct bgp_discovery *discovery;
	struct bgp_found found;
	char why[300];
	unsigned lost; /* how often no router was known any more */
};

static void must(const char *command)
{
	if (shell("%s", command) != 0)
		fail_msg("'%s' failed", command);
}

static void on_found(const char *ifname, const struct bgp_found *found, void *userdata)
{
	struct bed *b = userdata;
	assert_string_equal(ifname, "d0");
	b->lost += addr_is_set(&b->found.router) && !addr_is_set(&found->router);
	str_copy(b->why, sizeof(b->why), found->why);
	b->found = *found;
	b->found.why = b->why;
}

static int setup(void **state)
{
	struct bed *b = mem_new(1, sizeof(*b));
	own_netns_enter();
	must("ip link add d0 type veth peer name d1");
	must("ip link set d0 addrgenmode none; ip link set d1 addrgenmode none");
	must("ip link set d0 up; ip link set d1 up");
	must("ip addr add fe80::a/64 dev d0 nodad; ip addr add fe80::1/64 dev d1 nodad");
	assert_int_equal(sd_event_new(&b->loop), 0);
	b->discovery = bgp_discovery_new(b->loop, on_found, b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	bgp_discovery_free(b->discovery);
	sd_event_unref(b->loop);
	free(b);
	return 0;
}

static void watch(struct bed *b)
{
	const struct bgp_peer_config peer = { .unnumbered = true, .ifname = "d0" };
	bgp_discovery_watch(b->discovery, &peer, 1);
}

static void advertise(void)
{
	uint8_t buf[NDP_MESSAGE_MAX];
	struct err err = { "" };
	const struct addr to = ndp_all_nodes();
	int fd = ndp_socket_open("d1", &err);
	if (fd < 0)
		fail_msg("%s", err.text);
	size_t len = ndp_build_router_advert(buf, NULL);
	assert_true(ndp_socket_send(fd, if_nametoindex("d1"), &router, &to, buf, len) >= 0);
	close(fd);
}

static bool is_known(void *userdata)
{
	struct bed *b = userdata;
	return addr_equal(&b->found.router, &router);
}

static void find_router(struct bed *b)
{
	watch(b);
	assert_int_equal(bgp_discovery_adverts(b->discovery, "d0"), 0);
	advertise();
	loop_until(b->loop, is_known, b);
	assert_int_equal(bgp_discovery_adverts(b->discovery, "d0"), 1);
	assert_int_equal(bgp_discovery_adverts(b->discovery, "d1"), 0);
}

/* The next descriptor would be the lowest that is free. */
static void exhaust_descriptors(struct rlimit *before)
{
	int lowest = dup(0);
	close(lowest);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, before), 0);
	const struct rlimit none = { .rlim_cur = (rlim_t)lowest, .rlim_max = before->rlim_max };
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
}

static void another_address_of_our_own_changes_nothing(void **state)
{
	struct bed *b = *state;
	find_router(b);
	must("ip addr add fe80::b/64 dev d0 nodad");
	bgp_discovery_host_changed(b->discovery);
	assert_int_equal(b->lost, 0);
	assert_true(is_known(b));
	assert_false(bgp_discovery_is_unsure(b->discovery));
}

static void a_kernel_that_cannot_be_asked_changes_nothing(void **state)
{
	struct bed *b = *state;
	struct rlimit before;
	find_router(b);
	exhaust_descriptors(&before);
	bgp_discovery_host_changed(b->discovery);
	bool unsure = bgp_discovery_is_unsure(b->discovery);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(unsure);
	assert_int_equal(b->lost, 0);
	assert_true(is_known(b));
	bgp_discovery_host_changed(b->discovery);
	assert_false(bgp_discovery_is_unsure(b->discovery));
}

static void a_link_that_is_down_is_asked_for_again(void **state)
{
	struct bed *b = *state;
	struct rlimit before;
	exhaust_descriptors(&before);
	watch(b);
	bool unsure = bgp_discovery_is_unsure(b->discovery);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	assert_true(unsure);
	assert_int_equal(b->found.lack, BGP_LACK_LINK);
	assert_non_null(strstr(b->why, "cannot be asked at present"));
	bgp_discovery_host_changed(b->discovery);
	assert_false(bgp_discovery_is_unsure(b->discovery));
	assert_string_equal(b->why, "");
}

/* Beyond /proc/sys/fs/epoll/max_user_watches. */
static void a_socket_that_cannot_be_watched_is_closed(void **state)
{
	struct bed *b = *state;
	int before = dup(0);
	close(before);
	watches_fail = true;
	watch(b);
	watches_fail = false;
	assert_int_equal(b->found.lack, BGP_LACK_SOCKET);
	assert_string_equal(b->why, "cannot watch the socket of interface d0: "
				    "No space left on device");
	int after = dup(0);
	close(after);
	assert_int_equal(after, before);
	bgp_discovery_host_changed(b->discovery);
	assert_string_equal(b->why, "");
}

static void an_address_that_goes_ends_it(void **state)
{
	struct bed *b = *state;
	find_router(b);
	must("ip addr del fe80::a/64 dev d0");
	bgp_discovery_host_changed(b->discovery);
	assert_int_equal(b->lost, 1);
	assert_int_equal(b->found.lack, BGP_LACK_LINK);
	assert_string_equal(b->why, "interface d0 has no IPv6 link-local address (yet)");
	must("ip link del d0");
	bgp_discovery_host_changed(b->discovery);
	assert_string_equal(b->why, "interface d0 is gone");
}

/* Another one that is there takes its place. */
static void the_end_of_a_link(void **state)
{
	struct link_end end = { 0 }, next = { 0 };
	const struct addr any = { 0 }, wanted = { AF_INET6, { 0xfe, 0x80, [15] = 0xb } };
	const struct addr own = { AF_INET6, { 0xfe, 0x80, [15] = 0xa } };
	char why[200];
	(void)state;
	assert_int_equal(link_end_find("d0", &any, &next, &end, why, sizeof(why)),
			 LINK_END_PRESENT);
	assert_true(addr_equal(&end.own, &own) && end.has_mac);
	assert_int_equal(link_end_find("d0", &wanted, &end, &next, why, sizeof(why)),
			 LINK_END_GONE);
	assert_string_equal(why, "local_ip6 fe80::b is not an address of interface d0");
	must("ip addr add fe80::b/64 dev d0 nodad");
	assert_int_equal(link_end_find("d0", &wanted, &end, &next, why, sizeof(why)),
			 LINK_END_PRESENT);
	assert_true(addr_equal(&next.own, &wanted));
	must("ip addr del fe80::a/64 dev d0");
	assert_int_equal(link_end_find("d0", &any, &end, &next, why, sizeof(why)),
			 LINK_END_PRESENT);
	assert_true(addr_equal(&next.own, &wanted));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(another_address_of_our_own_changes_nothing),
		TEST(a_kernel_that_cannot_be_asked_changes_nothing),
		TEST(a_link_that_is_down_is_asked_for_again),
		TEST(a_socket_that_cannot_be_watched_is_closed),
		TEST(an_address_that_goes_ends_it),
		TEST(the_end_of_a_link),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
