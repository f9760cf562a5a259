/* SPDX-License-Identifier: MIT */
/* Which VIPs clients in a VRF reach. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/model/vrf_reach.h"
#include "agent/status/outside_vrf.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

static size_t n_sockets;

/* Instead of libc's: how often the kernel is asked. */
int socket(int domain, int type, int protocol)
{
	n_sockets++;
	return (int)syscall(SYS_socket, domain, type, protocol);
}

static void what_is_in_the_vrf(void **state)
{
	static const struct {
		const char *vrf, *interface, *master;
		bool misses;
	} cases[] = {
		{ "", "lo", "", false },
		{ "", "eth0", "vrf-blue", false },
		{ "vrf-blue", "lo", "", true },
		{ "v", "lo", "", true },
		{ "vrf-blue", "vrf-blue", "", false },
		{ "vrf-blue", "eth0", "vrf-blue", false },
		{ "vrf-blue", "eth0", "", true },
		{ "vrf-blue", "eth0", "vrf-red", true },
		{ "vrf-blue", "vrf-red", "", true },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(
			vrf_reach_misses(cases[i].vrf, cases[i].interface, cases[i].master),
			cases[i].misses);
}

enum { PLAIN, BLUE, NEAR, PEERS };

struct bed {
	struct bgp_peer_config configs[PEERS];
	struct bgp_peer_status statuses[PEERS];
	struct peer_list peers;
	struct app_spec spec;
};

static int setup(void **state)
{
	static struct bed b;
	b = (struct bed){
		.configs = { [PLAIN] = { .addr = addr_v4(0xc0000201) },
			     [BLUE] = { .addr = addr_v4(0xc0000201),
					.ifname = "vrf-blue",
					.in_vrf = true },
			     [NEAR] = { .addr = { .family = AF_INET6, .bytes = { 0xfe, 0x80 } },
					.ifname = "eth7" } },
		.peers = { b.statuses, PEERS },
		.spec = { .name = (char *)"web" }
	};
	for (size_t i = 0; i < PEERS; i++)
		b.statuses[i] = (struct bgp_peer_status){ .config = &b.configs[i], .path_vrf = "" };
	*state = &b;
	return 0;
}

static const struct bgp_peer_status *found(const struct bed *b)
{
	return outside_vrf_app(&b->spec, &b->peers, NULL);
}

static void of_an_app_on_lo(void **state)
{
	struct bed *b = *state;
	assert_ptr_equal(found(b), &b->statuses[BLUE]);
	b->spec.bind = BIND_ROUTE;
	assert_ptr_equal(found(b), &b->statuses[BLUE]);
	b->spec.bind = BIND_PRESENT;
	assert_null(found(b));
	b->spec.bind = BIND_NONE;
	assert_null(found(b));
}

static void of_an_app_on_an_interface(void **state)
{
	struct bed *b = *state;
	strcpy(b->spec.interface, "vrf-blue");
	assert_null(found(b));
	b->statuses[NEAR].path_vrf = "lo"; /* an interface that is there */
	assert_null(found(b));
	strcpy(b->spec.interface, "no-such-if");
	assert_null(found(b));
}

static void of_an_app_for_other_peers(void **state)
{
	struct bed *b = *state;
	bgp_peer_refs_add(&app_spec_peers(&b->spec)->except, "vrf-blue");
	assert_null(found(b));
	bgp_peer_filter_free(b->spec.peers);
}

/* 10,000 VIPs are at a few interfaces. */
static void asks_once_for_each_interface(void **state)
{
	struct bed *b = *state;
	const struct vip vip = { .spec = &b->spec };
	struct outside_vrf o;
	b->statuses[NEAR].path_vrf = "vrf-red";
	outside_vrf_init(&o, &b->peers, NULL);
	n_sockets = 0;
	for (size_t i = 0; i < 100; i++)
		assert_ptr_equal(outside_vrf_vip(&o, &vip), &b->statuses[BLUE]);
	assert_int_equal(n_sockets, 0); /* lo is in none */
	for (size_t i = 0; i < 100; i++) {
		str_copy(b->spec.interface, sizeof(b->spec.interface),
			 i % 2 ? "no-such-if" : "nor-this-if");
		assert_null(outside_vrf_vip(&o, &vip));
	}
	assert_int_equal(n_sockets, 2);
	outside_vrf_done(&o);
}

/* A link-local peer says nothing of its VRF: the interface is in it. */
static void of_a_link_local_peer(void **state)
{
	struct bed *b = *state;
	b->peers.n = 0;
	assert_null(found(b));
	b->peers = (struct peer_list){ &b->statuses[NEAR], 1 };
	assert_null(found(b));
	b->statuses[NEAR].path_vrf = "vrf-red";
	assert_ptr_equal(found(b), &b->statuses[NEAR]);
	strcpy(b->configs[NEAR].ifname, "e");
	assert_ptr_equal(found(b), &b->statuses[NEAR]);
	b->statuses[PLAIN].path_vrf = "vrf-red"; /* of the whole agent */
	b->peers = (struct peer_list){ &b->statuses[PLAIN], 1 };
	assert_null(found(b));
}

/* Of a program's route, the peers of the route count. */
static void of_a_route(void **state)
{
	struct bed *b = *state;
	struct route_spec *route = route_spec_new();
	const struct vip vip = { .spec = &b->spec, .route = route };
	struct outside_vrf o;
	outside_vrf_init(&o, &b->peers, NULL);
	assert_ptr_equal(outside_vrf_vip(&o, &vip), &b->statuses[BLUE]);
	route->peers = mem_new(1, sizeof(*route->peers));
	bgp_peer_refs_add(&route->peers->except, "vrf-blue");
	assert_null(outside_vrf_vip(&o, &vip));
	outside_vrf_done(&o);
	route_spec_unref(route);
}

static void in_words(void **state)
{
	const struct bed *b = *state;
	char text[VRF_REACH_TEXT_MAX];
	assert_string_equal(
		vrf_reach_text(&b->statuses[BLUE], "lo", text),
		"bound to lo, which is not in the VRF of peer 192.0.2.1%vrf-blue: clients in "
		"vrf-blue do not reach it; bind it there (interface: vrf-blue with bind: address, "
		"by the configuration or PUT "
		"/v1/apps/NAME) "
		"and have the service listen in the VRF, or keep the route from this peer (peers, "
		"except_peers)");
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_the_vrf),
		TEST(of_an_app_on_lo),
		TEST(of_an_app_on_an_interface),
		TEST(of_an_app_for_other_peers),
		TEST(asks_once_for_each_interface),
		TEST(of_a_link_local_peer),
		TEST(of_a_route),
		TEST(in_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
