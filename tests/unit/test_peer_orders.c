/* SPDX-License-Identifier: MIT */
/* The list of the operator's orders for peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/model/peer_orders.h"
#include "lib/array.h"

static struct peer_id id_of(const char *name, uint16_t port)
{
	struct peer_id id;
	assert_int_equal(peer_id_parse(name, port, &id, NULL), 0);
	return id;
}

static const struct {
	const char *text;
	uint16_t port;
	const char *as; /* NULL: refused */
} names[] = {
	{ "10.0.0.1", 179, "10.0.0.1" },
	{ "10.0.0.1", 1179, "10.0.0.1 port 1179" },
	{ "2001:DB8::1", 179, "2001:db8::1" },
	{ "fe80::1%eth0", 179, "fe80::1%eth0" },
	{ "fe80::1%e", 179, "fe80::1%e" },
	{ "fe80::1%eth012345678901", 179, "fe80::1%eth012345678901" },
	{ "fe80::1%eth0123456789012", 179, NULL },
	{ "eth0", 179, "eth0" },
	{ "eth0", 1179, "eth0 port 1179" },
	{ "eth012345678901", 179, "eth012345678901" },
	{ "eth0123456789012", 179, NULL },
	{ "eth0%1", 179, NULL },
	{ "", 179, NULL },
	{ "10.0.0.1/32", 179, NULL },
	{ "0123456789012345678901234567890123456789012345678901234567890123", 179, NULL },
};

static void test_names(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct peer_id id;
		struct err err = { "" };
		char text[PEER_ID_TEXT_MAX];
		int rc = peer_id_parse(names[i].text, names[i].port, &id, &err);
		if (names[i].as)
			assert_string_equal(peer_id_format(&id, text), names[i].as);
		else
			assert_non_null(strstr(err.text, "is not the address of a peer"));
		assert_int_equal(rc, names[i].as ? 0 : -EINVAL);
	}
}

static void test_what_makes_a_peer(void **state)
{
	(void)state;
	struct bgp_peer_config c = { .addr = addr_v4(0x0a000001), .port = 179 };
	struct peer_id id = id_of("10.0.0.1", 179), of = peer_id_of(&c);
	/* The one on an interface is the same whatever its address. */
	struct bgp_peer_config by_link = { .ifname = "eth0", .unnumbered = true, .port = 179 };
	struct peer_id link = id_of("eth0", 179), unknown = peer_id_of(&by_link);
	by_link.addr = (struct addr){ AF_INET6, { 0xfe, 0x80, [15] = 1 } };
	struct peer_id known = peer_id_of(&by_link);
	assert_true(peer_id_equal(&link, &unknown) && peer_id_equal(&link, &known));
	assert_true(peer_id_equal(&id, &of));
	const struct peer_id others[] = { id_of("10.0.0.2", 179), id_of("10.0.0.1", 180),
					  id_of("10.0.0.1%a", 179) };
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(peer_id_equal(&id, &others[i]));
}

static void test_disabled_and_enabled(void **state)
{
	(void)state;
	struct peer_orders o = { 0 };
	struct peer_id id = id_of("10.0.0.1", 179);
	assert_false(peer_orders_enable(&o, &id));
	peer_orders_disable(&o, &id, "first", 1, "uid 0");
	peer_orders_disable(&o, &id, "first", 2, "uid 1");
	const struct peer_order *order = peer_orders_find(&o, &id);
	assert_true(order->disabled && order->disabled_at == 1); /* nothing changed */
	assert_string_equal(order->disabled_by, "uid 0");
	peer_orders_disable(&o, &id, "second", 3, "uid 1");
	order = peer_orders_find(&o, &id);
	assert_true(order->disabled_at == 3);
	assert_string_equal(order->text, "second");
	assert_int_equal(o.n, 1);
	assert_true(peer_orders_enable(&o, &id));
	assert_null(peer_orders_find(&o, &id));
	assert_int_equal(o.n, 0);
	peer_orders_done(&o);
}

/* One is added and disabled: each ends on its own. */
static void test_added_and_removed(void **state)
{
	(void)state;
	struct peer_orders o = { 0 };
	struct peer_id first = id_of("10.0.0.1", 179), id = id_of("10.0.0.2", 179),
		       last = id_of("10.0.0.3", 179);
	peer_orders_disable(&o, &first, "", 1, "a");
	peer_orders_add(&o, &id, "{}", 1, "uid 0");
	peer_orders_add(&o, &last, "{}", 1, "uid 0");
	peer_orders_disable(&o, &id, "", 2, "uid 0");
	assert_int_equal(peer_orders_added(&o), 2);
	assert_false(peer_orders_remove(&o, &first));
	peer_order_refuse(peer_orders_find(&o, &id), "why");
	peer_orders_add(&o, &id, "{\"port\": 1}", 3, "uid 1");
	assert_null(peer_orders_find(&o, &id)->refused);
	assert_int_equal(peer_orders_added(&o), 2);
	assert_true(peer_orders_enable(&o, &id));
	assert_string_equal(peer_orders_find(&o, &id)->definition, "{\"port\": 1}");
	assert_true(peer_orders_remove(&o, &id));
	assert_false(peer_orders_remove(&o, &id));
	assert_null(peer_orders_find(&o, &id));
	/* Its neighbours in the list are untouched. */
	assert_true(peer_orders_find(&o, &first)->disabled);
	assert_string_equal(peer_orders_find(&o, &last)->definition, "{}");
	peer_orders_disable(&o, &last, "", 1, "a");
	assert_true(peer_orders_remove(&o, &last));
	assert_true(peer_orders_find(&o, &last)->disabled);
	peer_orders_done(&o);
}

/* Who ordered, and when, goes with the order. */
static void test_each_order_has_its_own_words(void **state)
{
	(void)state;
	struct peer_orders o = { 0 };
	struct peer_id id = id_of("10.0.0.1", 179);
	peer_orders_add(&o, &id, "{}", 5, "uid 0");
	const struct peer_order *order = peer_orders_find(&o, &id);
	assert_true(order->added_at == 5);
	assert_string_equal(order->added_by, "uid 0");
	assert_false(order->disabled);
	assert_null(order->text);
	assert_int_equal(peer_orders_added(&o), 1);
	assert_false(peer_orders_enable(&o, &id));
	peer_orders_add(&o, &id, "{\"port\": 1}", 6, "uid 1");
	peer_orders_disable(&o, &id, "", 7, "uid 2");
	order = peer_orders_find(&o, &id);
	assert_true(order->added_at == 6 && order->disabled_at == 7);
	assert_string_equal(order->added_by, "uid 1");
	assert_string_equal(order->disabled_by, "uid 2");
	assert_string_equal(order->text, "");
	assert_true(peer_orders_enable(&o, &id));
	order = peer_orders_find(&o, &id);
	assert_false(order->disabled);
	assert_null(order->text);
	assert_null(order->disabled_by);
	peer_orders_disable(&o, &id, "why", 8, "uid 3");
	peer_order_refuse(peer_orders_find(&o, &id), "a reason");
	assert_string_equal(peer_orders_find(&o, &id)->refused, "a reason");
	assert_true(peer_orders_remove(&o, &id));
	order = peer_orders_find(&o, &id);
	assert_null(order->definition);
	assert_null(order->added_by);
	assert_null(order->refused);
	assert_string_equal(order->text, "why");
	assert_int_equal(peer_orders_added(&o), 0);
	peer_orders_done(&o);
	assert_int_equal(o.n, 0);
	assert_null(o.items);
}

/* Also when it was disabled before, and is not any more. */
static void test_peers_of_the_speaker_are_marked(void **state)
{
	(void)state;
	struct peer_orders o = { 0 };
	struct peer_id second = id_of("10.0.0.2", 179), third = id_of("10.0.0.3", 179);
	struct bgp_peer_config peers[] = {
		{ .addr = addr_v4(0x0a000001),
		  .port = 179,
		  .disabled = true,
		  .disabled_text = "x" },
		{ .addr = addr_v4(0x0a000002), .port = 179 },
		{ .addr = addr_v4(0x0a000003),
		  .port = 179,
		  .disabled = true,
		  .disabled_text = "x" },
		{ .addr = addr_v4(0x0a000002), .port = 179 },
	};
	static const char *const texts[] = { NULL, "text", NULL };
	peer_orders_add(&o, &third, "{}", 1, "uid 0");
	peer_orders_disable(&o, &second, "text", 1, "uid 0");
	peer_orders_mark(&o, peers, 3);
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(peers[i].disabled, texts[i] != NULL);
		if (texts[i])
			assert_string_equal(peers[i].disabled_text, texts[i]);
		else
			assert_null(peers[i].disabled_text);
	}
	assert_false(peers[3].disabled); /* it is not in the list */
	peer_orders_done(&o);
}

/* Whichever goes, the others stay as they were. So many fill the first allocation. */
static void test_one_of_many_goes(void **state)
{
	enum { MANY = 8 };
	(void)state;
	for (size_t gone = 0; gone < MANY; gone++) {
		struct peer_orders o = { 0 };
		struct peer_id ids[MANY];
		char name[16];
		for (size_t i = 0; i < MANY; i++) {
			snprintf(name, sizeof(name), "10.0.0.%zu", i);
			ids[i] = id_of(name, 179);
			peer_orders_disable(&o, &ids[i], "", i, "uid 0");
			peer_order_refuse(peer_orders_find(&o, &ids[i]), "why");
		}
		assert_int_equal(peer_orders_added(&o), 0);
		assert_true(peer_orders_enable(&o, &ids[gone]));
		assert_int_equal(o.n, MANY - 1);
		for (size_t i = 0; i < MANY; i++) {
			const struct peer_order *order = peer_orders_find(&o, &ids[i]);
			assert_int_equal(order != NULL, i != gone);
			if (order)
				assert_true(order->disabled_at == i);
		}
		peer_orders_done(&o);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_what_makes_a_peer),
		cmocka_unit_test(test_disabled_and_enabled),
		cmocka_unit_test(test_added_and_removed),
		cmocka_unit_test(test_each_order_has_its_own_words),
		cmocka_unit_test(test_peers_of_the_speaker_are_marked),
		cmocka_unit_test(test_one_of_many_goes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
