/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "agent/model/router_id.h"
#include "lib/array.h"

#define MACHINE "0123456789abcdef0123456789abcdef"

static const uint8_t mac[] = { 0x02, 0, 0, 0, 0, 1 }, other_mac[] = { 0x02, 0, 0, 0, 0, 2 };

/* The numbers are what printf 'vipherald router-id … …' | sha256sum gives: an upgrade must not
 * change them. */
static void the_same_at_every_start(void **state)
{
	(void)state;
	assert_int_equal(router_id_derive(MACHINE, mac, sizeof(mac)), 0x9284a62e);
	assert_int_equal(router_id_derive("", mac, sizeof(mac)), 0xb1b89cad);
	assert_int_equal(router_id_derive(MACHINE, NULL, 0), 0x8e372597);
}

/* Here the hash gives 0x7fe3311d. */
static void none_is_a_loopback_address(void **state)
{
	(void)state;
	assert_int_equal(router_id_derive("000000000000000000000000000003ca", mac, sizeof(mac)),
			 0x7ee3311d);
}

/* More than 32 octets of a hardware address no interface has. */
static void a_long_mac_is_cut(void **state)
{
	uint8_t octets[40];
	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)(i + 1);
	assert_int_equal(router_id_derive(MACHINE, octets, 40),
			 router_id_derive(MACHINE, octets, 32));
	assert_int_not_equal(router_id_derive(MACHINE, octets, 32),
			     router_id_derive(MACHINE, octets, 31));
}

static void another_for_each_host(void **state)
{
	(void)state;
	const uint32_t ids[] = {
		router_id_derive(MACHINE, mac, sizeof(mac)),
		router_id_derive(MACHINE, other_mac, sizeof(other_mac)),
		router_id_derive("fedcba9876543210fedcba9876543210", mac, sizeof(mac)),
		router_id_derive("", mac, sizeof(mac)),
		router_id_derive(MACHINE, NULL, 0),
	};
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(ids[i], ids[j]);
}

static void has_the_form_of_a_unicast_address(void **state)
{
	char machine[33];
	(void)state;
	for (unsigned i = 0; i < 20000; i++) {
		snprintf(machine, sizeof(machine), "%032x", i);
		uint32_t id = router_id_derive(machine, mac, sizeof(mac));
		uint32_t net = id >> 24;
		assert_true(net >= 1 && net <= 223 && net != 127);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_at_every_start),
		cmocka_unit_test(none_is_a_loopback_address),
		cmocka_unit_test(a_long_mac_is_cut),
		cmocka_unit_test(another_for_each_host),
		cmocka_unit_test(has_the_form_of_a_unicast_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
