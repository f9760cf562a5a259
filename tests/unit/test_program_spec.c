/* SPDX-License-Identifier: MIT */
/* A program as configured, and the attributes that it gives its routes: copied, compared, freed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "agent/model/community.h"
#include "agent/model/program_spec.h"
#include "agent/model/route_spec.h"
#include "lib/array.h"
#include "lib/mem.h"

/* ---- programs ---- */

static char *run[] = { (char *)"speak", (char *)"up", NULL };
static char *other_run[] = { (char *)"speak", (char *)"down", NULL };
static char *louder_run[] = { (char *)"shout", (char *)"up", NULL };
static char *env[] = { (char *)"A=1", (char *)"B=2", NULL };
static char *no_words[] = { NULL };
static struct prefix nets[] = { PREFIX4(24, 192, 0, 2), PREFIX4(16, 198, 51) };
static struct prefix first_other[] = { PREFIX4(25, 192, 0, 2), PREFIX4(16, 198, 51) };
static struct prefix other_nets[] = { PREFIX4(24, 192, 0, 2), PREFIX4(17, 198, 51) };

static const struct program_spec speaker = {
	.name = (char *)"speaker",
	.run = run,
	.user = (char *)"speech",
	.env = env,
	.fifo = (char *)"/run/f",
	.allow = { nets, ARRAY_SIZE(nets) },
	.bind = BIND_ROUTE,
	.encoder = PROGRAM_TELLS_JSON,
	.respawn = true,
	.max_routes = 7,
};

static void a_copy_of_a_program_is_its_own(void **state)
{
	struct program_spec copy, empty = { 0 };
	(void)state;
	program_spec_copy(&copy, &speaker);
	assert_true(program_spec_equal(&copy, &speaker));
	assert_ptr_not_equal(copy.name, speaker.name);
	assert_ptr_not_equal(copy.run, speaker.run);
	assert_ptr_not_equal(copy.run[1], speaker.run[1]);
	assert_ptr_not_equal(copy.env, speaker.env);
	assert_ptr_not_equal(copy.user, speaker.user);
	assert_ptr_not_equal(copy.fifo, speaker.fifo);
	assert_ptr_not_equal(copy.allow.items, speaker.allow.items);
	program_spec_done(&copy);
	assert_null(copy.name);
	assert_int_equal(copy.allow.n, 0);
	program_spec_copy(&copy, &empty);
	assert_null(copy.run);
	assert_true(program_spec_equal(&copy, &empty));
	program_spec_done(&copy);
	const struct program_spec one = { .run = no_words, .allow = { nets, 1 } };
	program_spec_copy(&copy, &one);
	assert_null(copy.run[0]);
	assert_ptr_not_equal(copy.allow.items, nets);
	program_spec_done(&copy);
}

/* The first ones make it another process; all of them another program. */
static void each_key_of_a_program_counts(void **state)
{
	enum { RUN = 5, ALL = 15 };
	(void)state;
	for (int i = 0; i < ALL; i++) {
		struct program_spec s = speaker;
		switch (i) {
		case 0:
			s.run = other_run;
			break;
		case 1:
			s.is_line = true;
			break;
		case 2:
			s.user = (char *)"root";
			break;
		case 3:
			s.env = NULL;
			break;
		case 4:
			s.fifo = NULL;
			break;
		case 5:
			s.name = (char *)"other";
			break;
		case 6:
			s.allow.n = 1;
			break;
		case 7:
			s.allow.items = other_nets;
			break;
		case 8:
			s.allow.items = &nets[1];
			s.allow.n = 1;
			break;
		case 9:
			s.bind = BIND_NONE;
			break;
		case 10:
			s.encoder = PROGRAM_TELLS_TEXT;
			break;
		case 11:
			s.on_exit = PROGRAM_EXIT_KEEPS;
			break;
		case 12:
			s.respawn = false;
			break;
		case 13:
			s.max_routes = 8;
			break;
		case 14:
			s.allow.items = first_other;
			break;
		}
		if (program_spec_equal(&s, &speaker) || program_spec_equal(&speaker, &s))
			fail_msg("key %d", i);
		if (program_spec_runs_alike(&s, &speaker) != (i >= RUN))
			fail_msg("key %d of the process", i);
	}
}

static void each_word_of_a_command_counts(void **state)
{
	const struct program_spec up = { .run = run }, down = { .run = other_run },
				  louder = { .run = louder_run }, nothing = { .run = no_words };
	(void)state;
	assert_false(program_spec_runs_alike(&up, &down));
	assert_false(program_spec_runs_alike(&up, &louder));
	assert_false(program_spec_runs_alike(&up, &nothing));
	assert_true(program_spec_runs_alike(&nothing, &nothing));
}

static void programs_are_found_by_their_names(void **state)
{
	struct program_list list = { mem_new(3, sizeof(*list.items)), 3, 3 };
	(void)state;
	program_spec_copy(&list.items[1], &speaker);
	list.items[2].name = mem_strdup("third");
	assert_null(program_list_find(&list, "first")); /* it has no name yet */
	list.items[0].name = mem_strdup("first");
	assert_ptr_equal(program_list_find(&list, "first"), &list.items[0]);
	assert_ptr_equal(program_list_find(&list, "speaker"), &list.items[1]);
	assert_ptr_equal(program_list_find(&list, "third"), &list.items[2]);
	assert_null(program_list_find(&list, "other"));
	program_list_done(&list);
	assert_int_equal(list.n, 0);
	assert_null(list.items);
}

static void the_words_that_mean_yes(void **state)
{
	static const struct {
		const char *env;
		bool answered;
	} words[] = {
		{ "exabgp_api_ack=1", true },    { "exabgp.api.ack=yes", true },
		{ "exabgp_api_ack=ON", true },   { "exabgp_api_ack=enable", true },
		{ "exabgp_api_ack=true", true }, { "exabgp_api_ack=0", false },
		{ "exabgp_api_ack=tru", false }, { "exabgp.api.ack=disable", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		char *list[] = { (char *)"A=b", (char *)words[i].env, (char *)"C=d", NULL };
		const struct program_spec s = { .env = list };
		if (program_spec_acknowledges(&s) != words[i].answered)
			fail_msg("%s", words[i].env);
	}
}

static void a_prefix_inside_of_one_that_is_allowed(void **state)
{
	static const struct {
		struct prefix prefix;
		bool allowed;
	} cases[] = {
		{ PREFIX4(24, 192, 0, 2), true },    { PREFIX4(32, 192, 0, 2, 9), true },
		{ PREFIX4(23, 192, 0, 2), false },   { PREFIX4(32, 192, 0, 3, 1), false },
		{ PREFIX4(24, 198, 51, 100), true }, { PREFIX4(15, 198, 50), false },
		{ PREFIX6(128, 0x20, 1), false },
	};
	const struct program_spec none = { 0 };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (program_spec_allows(&speaker, &cases[i].prefix) != cases[i].allowed)
			fail_msg("prefix %zu", i);
		assert_false(program_spec_allows(&none, &cases[i].prefix));
	}
}

/* ---- routes ---- */

static uint32_t path[] = { 65001, 65002 }, other_path[] = { 65001, 65003 };
static uint32_t communities[] = { 1, 2 };
static struct bgp_ext_community ext[] = { { 0, 3 } };
static struct bgp_large_community large[] = { { 0, 0, 4 } };

static const struct route_spec full = {
	.refs = 9,
	.origin = { true, BGP_ORIGIN_EGP },
	.med = { true, 5 },
	.local_pref = { true, 6 },
	.as_path = { true, path, 2 },
	.next_hop = { AF_INET, { 10, 0, 0, 9 } },
	.communities = { communities, 1 },
	.ext_communities = { ext, 1 },
	.large_communities = { large, 1 },
};

static void a_route_is_freed_with_its_last_reference(void **state)
{
	struct route_spec *s = route_spec_new(), *other = route_spec_new();
	(void)state;
	assert_int_equal(s->refs, 1);
	s->other = other; /* owned */
	other->med = (struct bgp_number){ true, 7 };
	assert_ptr_equal(route_spec_ref(s), s);
	assert_int_equal(s->refs, 2);
	route_spec_unref(s);
	assert_int_equal(s->refs, 1);
	assert_int_equal(s->other->med.value, 7);
	route_spec_unref(s);
	assert_null(route_spec_ref(NULL));
	route_spec_unref(NULL);
}

static void a_copy_of_a_route_is_its_own(void **state)
{
	struct bgp_peer_filter *peers = mem_new(1, sizeof(*peers));
	struct route_spec with_other = full, last = { 0 };
	(void)state;
	bgp_peer_refs_add(&peers->only, "10.0.0.1");
	with_other.other = &last;
	struct route_spec *copy = route_spec_copy(&with_other, peers);
	assert_int_equal(copy->refs, 1);
	assert_null(copy->other);
	assert_true(route_spec_attrs_equal(copy, &full));
	assert_false(route_spec_equal(copy, &full));
	assert_true(bgp_peer_filter_equal(copy->peers, peers));
	assert_ptr_not_equal(copy->peers, peers);
	assert_ptr_not_equal(copy->as_path.values, path);
	assert_ptr_not_equal(copy->communities.values, communities);
	assert_ptr_not_equal(copy->ext_communities.values, ext);
	assert_ptr_not_equal(copy->large_communities.values, large);
	bgp_peer_filter_free(peers);
	route_spec_unref(copy);
	copy = route_spec_copy(&last, NULL);
	assert_null(copy->as_path.values);
	assert_null(copy->peers);
	assert_true(route_spec_equal(copy, &last));
	route_spec_unref(copy);
}

static void each_attribute_of_a_route_counts(void **state)
{
	(void)state;
	for (int i = 0; i < 13; i++) {
		struct route_spec s = full;
		switch (i) {
		case 0:
			s.refs = 1; /* no attribute */
			break;
		case 1:
			s.origin.given = false;
			break;
		case 2:
			s.origin.value = BGP_ORIGIN_INCOMPLETE;
			break;
		case 3:
			s.med.value = 6;
			break;
		case 4:
			s.local_pref.given = false;
			break;
		case 5:
			s.as_path.given = false;
			break;
		case 6:
			s.as_path.n = 1;
			break;
		case 7:
			s.as_path.values = other_path;
			break;
		case 8:
			s.next_hop.bytes[3] = 8;
			break;
		case 9:
			s.communities.n = 2;
			break;
		case 10:
			s.ext_communities.n = 0;
			break;
		case 11:
			s.large_communities.n = 0;
			break;
		case 12:
			s.as_path = (struct bgp_as_path){ true, NULL, 0 };
			break;
		}
		if (route_spec_attrs_equal(&s, &full) != (i == 0) ||
		    route_spec_equal(&full, &s) != (i == 0))
			fail_msg("attribute %d", i);
		assert_true(route_spec_attrs_equal(&s, &s));
	}
	/* An origin that is not given has no value. */
	struct route_spec a = { .origin.value = BGP_ORIGIN_EGP }, b = { 0 };
	assert_true(route_spec_attrs_equal(&a, &b));
}

static void routes_for_other_peers_count(void **state)
{
	struct bgp_peer_filter *first = mem_new(1, sizeof(*first));
	struct bgp_peer_filter *second = mem_new(1, sizeof(*second));
	const struct bgp_peer_config peers[] = { { .addr = { AF_INET, { 10, 0, 0, 1 } } },
						 { .addr = { AF_INET, { 10, 0, 0, 2 } } },
						 { .addr = { AF_INET, { 10, 0, 0, 3 } } } };
	(void)state;
	bgp_peer_refs_add(&first->only, "10.0.0.1");
	bgp_peer_refs_add(&second->only, "10.0.0.2");
	struct route_spec b = { .med = { true, 2 }, .peers = second };
	struct route_spec a = { .med = { true, 1 }, .peers = first, .other = &b };
	struct route_spec y = b, x = a;
	x.other = &y;
	assert_true(route_spec_equal(&a, &x));
	assert_true(route_spec_equal(NULL, NULL));
	assert_false(route_spec_equal(&a, NULL));
	assert_false(route_spec_equal(NULL, &a));
	y.med.value = 3;
	assert_false(route_spec_equal(&a, &x));
	y.med.value = 2;
	y.peers = first;
	assert_false(route_spec_equal(&a, &x));
	x.other = NULL;
	assert_false(route_spec_equal(&a, &x));
	assert_false(route_spec_equal(&x, &a));
	assert_ptr_equal(route_spec_for(&a, &peers[0]), &a);
	assert_ptr_equal(route_spec_for(&a, &peers[1]), &b);
	assert_null(route_spec_for(&a, &peers[2]));
	assert_null(route_spec_for(NULL, &peers[0]));
	bgp_peer_filter_free(first);
	bgp_peer_filter_free(second);
}

static void attributes_of_a_route(void **state)
{
	struct announce_room room;
	struct bgp_route_attrs attrs;
	(void)state;
	route_spec_attrs(&full, ROUTE_UP, &room, &attrs);
	assert_true(attrs.origin.given && attrs.origin.value == BGP_ORIGIN_EGP);
	assert_true(attrs.has_med && attrs.med == 5);
	assert_true(attrs.has_local_pref && attrs.local_pref == 6);
	assert_true(attrs.as_path.given && attrs.as_path.n == 2);
	assert_true(addr_equal(&attrs.next_hop, &full.next_hop));
	assert_int_equal(attrs.communities.n, 1);
	assert_int_equal(attrs.communities.values[0], 1);
	assert_int_equal(attrs.ext_communities.n, 1);
	assert_int_equal(attrs.ext_communities.values[0].low, 3);
	assert_int_equal(attrs.large_communities.n, 1);
	assert_int_equal(attrs.large_communities.values[0].local2, 4);
	route_spec_attrs(&full, ROUTE_DRAIN, &room, &attrs);
	assert_int_equal(attrs.local_pref, 0);
	assert_int_equal(attrs.communities.values[0], BGP_COMMUNITY_GRACEFUL_SHUTDOWN);
	assert_int_equal(attrs.communities.n, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_copy_of_a_program_is_its_own),
		cmocka_unit_test(each_key_of_a_program_counts),
		cmocka_unit_test(each_word_of_a_command_counts),
		cmocka_unit_test(programs_are_found_by_their_names),
		cmocka_unit_test(the_words_that_mean_yes),
		cmocka_unit_test(a_prefix_inside_of_one_that_is_allowed),
		cmocka_unit_test(a_route_is_freed_with_its_last_reference),
		cmocka_unit_test(a_copy_of_a_route_is_its_own),
		cmocka_unit_test(each_attribute_of_a_route_counts),
		cmocka_unit_test(routes_for_other_peers_count),
		cmocka_unit_test(attributes_of_a_route),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
