/* SPDX-License-Identifier: MIT */
/* Changes of this host's addresses, in network namespaces of their own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "agent/status/way_back.h"
#include "agent/vip/host_changes.h"
#include "lib/log.h"
#include "net/iface.h"
#include "tests/unit/fake_speaker.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

#define VIP "198.51.100.1/32"

static const struct policy_want up = { ROUTE_UP, ADDRESS_BOUND, false, NULL, false };

struct bed {
	sd_event *loop;
	struct bgp_peer_config peer;
	struct config config;
	struct host_addresses addresses;
	struct bgp_speaker speaker;
	struct actuator *actuator;
	struct host_changes *changes;
	struct nat_spec nat;
	struct app_spec spec;
	struct vip *vip;
};

static void must(const char *command)
{
	if (shell("%s", command) != 0)
		fail_msg("'%s' failed", command);
}

static int setup(void **state)
{
	static struct bed b;
	struct err err = { "" };
	own_netns_enter();
	must("ip link add d0 type veth peer name d1; ip link set d0 up; ip link set d1 up");
	must("ip addr add 10.0.0.2/24 dev d0; ip route add default via 10.0.0.9");
	log_setup(LOG_ERROR, LOG_TEXT);
	memset(&b, 0, sizeof(b));
	b.config.bgp = (struct bgp_config){ .local_as = 1, .peers = &b.peer, .n_peers = 1 };
	b.nat = (struct nat_spec){ .proto = IPPROTO_TCP, .listen = 53, .dest = 8053 };
	b.spec = (struct app_spec){ .name = (char *)"web", .nats = &b.nat, .n_nats = 1 };
	assert_true(sd_event_new(&b.loop) >= 0);
	fake_speaker_init(&b.speaker);
	if (host_addresses_find(&b.config, &b.addresses, &err) < 0 ||
	    actuator_new(b.loop, &b.addresses, NAT_NFTABLES, &b.actuator, &err) < 0 ||
	    host_changes_new(b.loop, &b.addresses, b.actuator, &b.changes, &err) < 0)
		fail_msg("%s", err.text);
	actuator_set_speaker(b.actuator, &b.speaker);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	host_changes_free(b->changes);
	actuator_free(b->actuator);
	host_addresses_done(&b->addresses);
	sd_event_unref(b->loop);
	return 0;
}

static uint64_t repairs(const struct bed *b)
{
	struct drift_record drift;
	host_changes_drift(b->changes, &drift);
	return drift.repairs;
}

static void target_of(const struct nat_rule *rule, bool present, void *userdata)
{
	if (present)
		addr_format(&rule->dest, userdata);
}

static bool is_mapped_to(struct bed *b, const char *want)
{
	char target[ADDR_TEXT_MAX] = "";
	nat_walk_rules(actuator_nat(b->actuator), NULL, target_of, target);
	return strcmp(target, want) == 0;
}

static bool is_up(void *userdata)
{
	struct bed *b = userdata;
	return b->vip->announced && is_mapped_to(b, "10.0.0.2");
}

static bool has_moved(void *userdata)
{
	return is_mapped_to(userdata, "10.0.0.3");
}

static bool is_in_trouble(void *userdata)
{
	return ((struct bed *)userdata)->vip->trouble;
}

static void bring_up(struct bed *b)
{
	struct prefix p;
	assert_int_equal(prefix_parse(VIP, &p, NULL), 0);
	b->vip = reconcile_claim(actuator_reconcile(b->actuator), &p, &b->spec, b);
	reconcile_want(actuator_reconcile(b->actuator), b->vip, up, loop_clock());
	loop_until(b->loop, is_up, b);
}

static void nat_follows_the_hosts_address_and_the_route_stays(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	fake_speaker_expect(&b->speaker, "announce " VIP "\n");
	must("ip addr add 10.0.0.3/24 dev d0; ip addr del 10.0.0.2/24 dev d0; "
	     "ip addr replace 10.0.0.3/24 dev d0");
	loop_until(b->loop, has_moved, b);
	assert_true(repairs(b) > 0);
	assert_true(b->vip->announced);
}

static void without_an_address_the_vip_is_withdrawn(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	must("ip addr flush dev d0 scope global");
	loop_until(b->loop, is_in_trouble, b);
	assert_false(b->vip->announced);
	assert_true(b->vip->bound);
}

/* Before a check of a VIP: no turn of the loop is needed. */
static void catching_up_needs_no_turn(void **state)
{
	struct bed *b = *state;
	char text[ADDR_TEXT_MAX];
	must("ip route replace default via 10.0.0.8");
	host_changes_catch_up(b->changes);
	assert_string_equal(addr_format(&b->addresses.told_gateway.addr, text), "10.0.0.8");
	host_changes_catch_up(b->changes);
	assert_int_equal(repairs(b), 0);
}

static void without_changes_there_is_nothing_to_tell(void **state)
{
	struct drift_record drift = { .repairs = 1 };
	(void)state;
	host_changes_drift(NULL, &drift);
	assert_int_equal(drift.repairs, 0);
	host_changes_catch_up(NULL);
	host_changes_free(NULL);
}

/* As the kernel says, without being asked each time. */
static void the_default_route_is_followed(void **state)
{
	struct bed *b = *state;
	assert_true(host_changes_has_default4(b->changes));
	must("ip route del default");
	assert_true(host_changes_has_default4(b->changes));
	host_changes_catch_up(b->changes);
	assert_false(host_changes_has_default4(b->changes));
	must("ip route add default via 10.0.0.9");
	host_changes_catch_up(b->changes);
	assert_true(host_changes_has_default4(b->changes));
	assert_true(host_changes_has_default4(NULL));
}

/* Likewise, of one interface and one VRF. */
static void links_are_followed(void **state)
{
	struct bed *b = *state;
	struct iface link;
	uint32_t index = if_nametoindex("d1");
	host_changes_link(b->changes, index, &link);
	assert_string_equal(link.name, "d1");
	assert_true(host_changes_default4_in(b->changes, 0));
	must("ip link set d1 down; ip link set d1 name d2; ip route del default");
	host_changes_link(b->changes, index, &link);
	assert_string_equal(link.name, "d1");
	assert_true(host_changes_default4_in(b->changes, 0));
	host_changes_catch_up(b->changes);
	host_changes_link(b->changes, index, &link);
	assert_string_equal(link.name, "d2");
	assert_false(host_changes_default4_in(b->changes, 0));
	host_changes_link(NULL, index, &link);
	assert_string_equal(link.name, "d2");
}

static void a_vrf_that_has_gone_has_words(void **state)
{
	char text[WAY_BACK_TEXT_MAX];
	const struct bed *b = *state;
	way_back_text(9999, b->changes, text);
	assert_non_null(strstr(text, "and the VRF of the peer has no IPv4 default route"));
	assert_non_null(strstr(text, "'ip route add vrf VRF 0.0.0.0/0 via"));
	way_back_text(0, NULL, text);
	assert_non_null(strstr(text, "'ip route add 0.0.0.0/0 via"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nat_follows_the_hosts_address_and_the_route_stays),
		TEST(the_default_route_is_followed),
		TEST(links_are_followed),
		TEST(a_vrf_that_has_gone_has_words),
		TEST(without_an_address_the_vip_is_withdrawn),
		TEST(catching_up_needs_no_turn),
		TEST(without_changes_there_is_nothing_to_tell),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
