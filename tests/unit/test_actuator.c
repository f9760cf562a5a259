/* SPDX-License-Identifier: MIT */
/*
 * The actuator between the reconciler, a fake speaker and the kernel: each test has a network
 * namespace of its own; other processes are iproute2.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/syscall.h>

#include "agent/vip/actuator.h"
#include "lib/log.h"
#include "tests/unit/fake_speaker.h"
#include "tests/unit/hidden_tags.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

#define VIP "192.0.2.1/32"
#define SEC USEC_PER_SEC

static const struct policy_want up = { ROUTE_UP, ADDRESS_BOUND, false, NULL, false };

struct bed {
	sd_event *loop;
	struct bgp_peer_config peer;
	struct host_addresses addresses;
	struct bgp_speaker speaker;
	struct actuator *actuator;
	struct reconcile *reconcile;
	struct app_spec spec;
	struct vip *vip;
	unsigned n_settled, n_noted, n_forgotten;
	int note_result;
};

static struct prefix prefix(const char *text)
{
	struct prefix p;
	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

static void start(struct bed *b)
{
	struct err err = { "" };
	fake_speaker_init(&b->speaker);
	if (actuator_new(b->loop, &b->addresses, NAT_NFTABLES, &b->actuator, &err) < 0)
		fail_msg("%s", err.text);
	actuator_set_speaker(b->actuator, &b->speaker);
	b->reconcile = actuator_reconcile(b->actuator);
}

static int setup(void **state)
{
	static struct bed b;
	own_netns_enter();
	log_setup(LOG_ERROR, LOG_TEXT);
	tags_hidden = false;
	memset(&b, 0, sizeof(b));
	b.spec.name = (char *)"web";
	assert_int_equal(addr_parse("192.0.2.254", &b.peer.addr), 0);
	b.addresses.bgp = (struct bgp_config){ .peers = &b.peer, .n_peers = 1 };
	b.addresses.peers = &b.peer;
	assert_true(sd_event_new(&b.loop) >= 0);
	start(&b);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	actuator_free(b->actuator);
	sd_event_unref(b->loop);
	return 0;
}

static bool on_lo(const char *vip)
{
	return shell("ip -o addr show dev lo | grep -q 'inet %s'", vip) == 0;
}

static void claim(struct bed *b)
{
	struct prefix p = prefix(VIP);
	b->vip = reconcile_claim(b->reconcile, &p, &b->spec, b);
}

static bool is_announced(void *userdata)
{
	return ((struct bed *)userdata)->vip->announced;
}

static bool is_in_trouble(void *userdata)
{
	return ((struct bed *)userdata)->vip->trouble;
}

static bool is_flushing(void *userdata)
{
	return ((struct bed *)userdata)->speaker.flushed;
}

static bool is_settled(void *userdata)
{
	return reconcile_settled(((struct bed *)userdata)->reconcile);
}

static void bring_up(struct bed *b)
{
	claim(b);
	reconcile_want(b->reconcile, b->vip, up, SEC);
	loop_until(b->loop, is_announced, b);
}

static void up_and_down_in_order(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	assert_true(on_lo(VIP));
	fake_speaker_expect(&b->speaker, "announce " VIP "\n");
	reconcile_release(b->reconcile, b->vip, SEC);
	fake_speaker_expect(&b->speaker, "withdraw " VIP "\n");
	loop_until(b->loop, is_flushing, b);
	assert_true(on_lo(VIP));
	fake_speaker_flushed(&b->speaker, true);
	loop_until(b->loop, is_settled, b);
	assert_false(on_lo(VIP));
}

/* A router that acknowledges nothing does not hold up the removal of the address for ever. */
static void a_wait_that_times_out_goes_on(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	reconcile_release(b->reconcile, b->vip, SEC);
	loop_until(b->loop, is_flushing, b);
	assert_in_range(b->speaker.deadline, loop_now(b->loop), loop_now(b->loop) + 3 * SEC);
	fake_speaker_flushed(&b->speaker, false);
	loop_until(b->loop, is_settled, b);
	assert_false(on_lo(VIP));
}

static void on_settled(void *userdata)
{
	((struct bed *)userdata)->n_settled++;
}

static bool has_settled(void *userdata)
{
	return ((struct bed *)userdata)->n_settled > 0;
}

static void the_stop_is_told_once_when_all_is_down(void **state)
{
	struct bed *b = *state;
	mono_t limit = loop_clock() + SEC;
	bring_up(b);
	reconcile_release(b->reconcile, b->vip, SEC);
	actuator_finish(b->actuator, limit, on_settled, b);
	loop_until(b->loop, is_flushing, b);
	assert_int_equal(b->speaker.deadline, limit);
	assert_int_equal(b->n_settled, 0);
	fake_speaker_flushed(&b->speaker, true);
	loop_until(b->loop, has_settled, b);
	assert_false(on_lo(VIP));
	loop_drain(b->loop);
	assert_int_equal(b->n_settled, 1);
}

static void the_stop_is_told_when_there_is_nothing_to_do(void **state)
{
	struct bed *b = *state;
	actuator_finish(b->actuator, loop_clock(), on_settled, b);
	loop_until(b->loop, has_settled, b);
}

static bool is_restored(void *userdata)
{
	return reconcile_counts(((struct bed *)userdata)->reconcile).put_back > 0;
}

static void removals_by_another_process_are_restored(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	fake_speaker_expect(&b->speaker, "announce " VIP "\n");
	shell("ip addr del " VIP " dev lo");
	loop_until(b->loop, is_restored, b);
	assert_true(on_lo(VIP));
	assert_string_equal(b->vip->last_damage, "removed from lo by another process");
	fake_speaker_expect(&b->speaker, "");
}

static void lo_down_withdraws_all_until_it_is_up(void **state)
{
	struct bed *b = *state;
	bring_up(b);
	assert_true(actuator_lo_is_up(b->actuator));
	own_netns_set_lo(0);
	loop_until(b->loop, is_in_trouble, b);
	fake_speaker_expect(&b->speaker, "announce " VIP "\nwithdraw " VIP "\n");
	assert_false(actuator_lo_is_up(b->actuator));
	own_netns_set_lo(1);
	loop_until(b->loop, is_announced, b);
	assert_true(actuator_lo_is_up(b->actuator));
	assert_int_equal(actuator_lo_drift(b->actuator).repairs, 1);
}

static void an_agent_that_starts_while_lo_is_down_announces_when_it_is_up(void **state)
{
	struct bed *b = *state;
	actuator_free(b->actuator);
	own_netns_set_lo(0);
	start(b);
	assert_false(actuator_lo_is_up(b->actuator));
	claim(b);
	reconcile_want(b->reconcile, b->vip, up, SEC);
	loop_until(b->loop, is_in_trouble, b);
	assert_non_null(strstr(b->vip->trouble->text, "lo is down"));
	own_netns_set_lo(1);
	loop_until(b->loop, is_announced, b);
}

static void a_foreign_address_is_a_trouble_that_is_tried_again(void **state)
{
	struct bed *b = *state;
	shell("ip addr add " VIP " dev lo");
	claim(b);
	reconcile_want(b->reconcile, b->vip, up, loop_clock());
	loop_until(b->loop, is_in_trouble, b);
	assert_true(on_lo(VIP));
	shell("ip addr del " VIP " dev lo");
	loop_until(b->loop, is_announced, b);
}

static void leftovers_are_claimed_or_removed(void **state)
{
	struct bed *b = *state;
	struct prefix vip = prefix(VIP), other = prefix("192.0.2.2/32");
	bool v4, v6;
	bring_up(b);
	reconcile_want(b->reconcile, reconcile_claim(b->reconcile, &other, &b->spec, b), up, SEC);
	loop_drain(b->loop);
	actuator_free(b->actuator); /* killed */
	start(b);
	if (!actuator_has_tags(b->actuator)) {
		print_message("this kernel keeps no tag on addresses: notes stand in\n");
		assert_true(actuator_adopt(b->actuator, &vip, "lo", "lo:web"));
		assert_true(actuator_adopt(b->actuator, &other, "lo", "lo:web"));
	}
	actuator_find_leftovers(b->actuator, &v4, &v6);
	assert_true(v4);
	assert_false(v6);
	bring_up(b);
	actuator_collect_leftovers(b->actuator);
	loop_until(b->loop, is_flushing, b);
	fake_speaker_flushed(&b->speaker, true);
	loop_until(b->loop, is_settled, b);
	assert_true(on_lo(VIP));
	assert_false(on_lo("192.0.2.2/32"));
	actuator_find_leftovers(b->actuator, &v4, &v6);
	assert_false(v4 || v6);
}

static void nat_needs_an_address_of_the_host_and_comes_before_the_route(void **state)
{
	struct bed *b = *state;
	struct nat_spec nat = { .proto = IPPROTO_TCP, .listen = 53, .dest = 8053 };
	b->spec.nats = &nat;
	b->spec.n_nats = 1;
	claim(b);
	reconcile_want(b->reconcile, b->vip, up, loop_clock());
	loop_until(b->loop, is_in_trouble, b);
	assert_non_null(strstr(b->vip->trouble->text, "NAT: no IPv4 address"));
	assert_false(b->vip->announced);
	assert_true(on_lo(VIP));
	shell("ip link add d0 type veth peer name d1; ip link set d0 up; ip link set d1 up; "
	      "ip addr add 192.0.2.253/24 dev d0");
	loop_until(b->loop, is_announced, b);
	assert_int_equal(nat_status(actuator_nat(b->actuator)).present, 1);
	reconcile_release(b->reconcile, b->vip, loop_clock());
	loop_until(b->loop, is_flushing, b);
	fake_speaker_flushed(&b->speaker, true);
	loop_until(b->loop, is_settled, b);
	assert_int_equal(nat_status(actuator_nat(b->actuator)).present, 0);
	assert_false(on_lo(VIP));
}

/* Kernels without tags */

static int note(const struct prefix *vip, const char *ifname, const char *label, void *userdata)
{
	struct bed *b = userdata;
	(void)vip;
	assert_string_equal(ifname, "lo");
	assert_string_equal(label, "lo:web");
	b->n_noted++;
	return b->note_result;
}

static void forget(const struct prefix *vip, const char *ifname, void *userdata)
{
	(void)vip, (void)ifname;
	((struct bed *)userdata)->n_forgotten++;
}

static void start_without_tags(struct bed *b)
{
	static const struct vip_notes notes = { note, forget };
	actuator_free(b->actuator);
	tags_hidden = true;
	start(b);
	actuator_set_notes(b->actuator, &notes, b);
}

static bool is_noted(void *userdata)
{
	return ((struct bed *)userdata)->n_noted > 0;
}

static void an_address_waits_until_it_is_written_down(void **state)
{
	struct bed *b = *state;
	start_without_tags(b);
	b->note_result = -EINPROGRESS;
	claim(b);
	reconcile_want(b->reconcile, b->vip, up, SEC);
	loop_until(b->loop, is_noted, b);
	loop_drain(b->loop);
	assert_false(on_lo(VIP) || b->vip->announced || b->vip->trouble);
	b->note_result = 0;
	actuator_noted(b->actuator);
	loop_until(b->loop, is_announced, b);
	assert_true(on_lo(VIP));
	assert_int_equal(b->n_forgotten, 0);
	reconcile_release(b->reconcile, b->vip, SEC);
	loop_until(b->loop, is_flushing, b);
	fake_speaker_flushed(&b->speaker, true);
	loop_until(b->loop, is_settled, b);
	assert_int_equal(b->n_forgotten, 1);
}

static void a_note_of_a_vip_that_went_meanwhile_is_forgotten(void **state)
{
	struct bed *b = *state;
	start_without_tags(b);
	b->note_result = -EINPROGRESS;
	claim(b);
	reconcile_want(b->reconcile, b->vip, up, SEC);
	loop_until(b->loop, is_noted, b);
	reconcile_release(b->reconcile, b->vip, SEC);
	loop_until(b->loop, is_settled, b);
	actuator_noted(b->actuator);
	assert_int_equal(b->n_forgotten, 1);
	assert_false(on_lo(VIP));
}

static void a_noted_address_is_adopted(void **state)
{
	struct bed *b = *state;
	struct prefix p = prefix(VIP);
	bool v4, v6;
	start_without_tags(b);
	bring_up(b);
	actuator_free(b->actuator); /* killed */
	start(b);
	actuator_find_leftovers(b->actuator, &v4, &v6);
	assert_false(v4);
	assert_false(actuator_adopt(b->actuator, &p, "lo", "lo:other"));
	assert_true(actuator_adopt(b->actuator, &p, "lo", "lo:web"));
	actuator_find_leftovers(b->actuator, &v4, &v6);
	assert_true(v4);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(up_and_down_in_order),
		TEST(a_wait_that_times_out_goes_on),
		TEST(the_stop_is_told_once_when_all_is_down),
		TEST(the_stop_is_told_when_there_is_nothing_to_do),
		TEST(removals_by_another_process_are_restored),
		TEST(lo_down_withdraws_all_until_it_is_up),
		TEST(an_agent_that_starts_while_lo_is_down_announces_when_it_is_up),
		TEST(a_foreign_address_is_a_trouble_that_is_tried_again),
		TEST(leftovers_are_claimed_or_removed),
		TEST(nat_needs_an_address_of_the_host_and_comes_before_the_route),
		TEST(an_address_waits_until_it_is_written_down),
		TEST(a_note_of_a_vip_that_went_meanwhile_is_forgotten),
		TEST(a_noted_address_is_adopted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
