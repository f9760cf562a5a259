/* SPDX-License-Identifier: MIT */
/* BGP roles: RFC 9234, tables 1 and 2, and section 5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bgp/role.h"
#include "lib/array.h"

static const struct {
	enum bgp_role role;
	uint8_t value;
	const char *name;
	enum bgp_role counterpart;
	bool otc;
} roles[] = {
	{ BGP_ROLE_PROVIDER, 0, "provider", BGP_ROLE_CUSTOMER, true },
	{ BGP_ROLE_RS, 1, "rs", BGP_ROLE_RS_CLIENT, true },
	{ BGP_ROLE_RS_CLIENT, 2, "rs-client", BGP_ROLE_RS, false },
	{ BGP_ROLE_CUSTOMER, 3, "customer", BGP_ROLE_PROVIDER, false },
	{ BGP_ROLE_PEER, 4, "peer", BGP_ROLE_PEER, true },
};

static void test_roles(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		assert_int_equal(bgp_role_to_wire(roles[i].role), roles[i].value);
		assert_int_equal(bgp_role_from_wire(roles[i].value), roles[i].role);
		assert_string_equal(bgp_role_name(roles[i].role), roles[i].name);
		assert_int_equal(bgp_role_counterpart(roles[i].role), roles[i].counterpart);
		assert_int_equal(bgp_role_adds_otc(roles[i].role), roles[i].otc);
	}
	assert_int_equal(bgp_role_from_wire(5), BGP_ROLE_UNKNOWN);
	assert_int_equal(bgp_role_from_wire(255), BGP_ROLE_UNKNOWN);
	assert_false(bgp_role_adds_otc(BGP_ROLE_NONE));
	assert_string_equal(bgp_role_name(BGP_ROLE_NONE), "none");
	assert_string_equal(bgp_role_name(BGP_ROLE_UNKNOWN), "unknown");
	assert_string_equal(bgp_role_name(BGP_ROLE_CONTRADICTS), "contradictory");
}

/* Only the counterpart fits; a neighbor without a role fits unless it has to announce one. */
static void test_pairs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(roles); i++) {
		enum bgp_role ours = roles[i].role;
		for (enum bgp_role theirs = BGP_ROLE_PROVIDER; theirs <= BGP_ROLE_CONTRADICTS;
		     theirs++)
			for (int strict = 0; strict <= 1; strict++) {
				bool wanted = theirs == roles[i].counterpart;
				assert_int_equal(bgp_role_fits(ours, theirs, strict), wanted);
				assert_true(bgp_role_fits(BGP_ROLE_NONE, theirs, strict));
			}
		assert_true(bgp_role_fits(ours, BGP_ROLE_NONE, false));
		assert_false(bgp_role_fits(ours, BGP_ROLE_NONE, true));
	}
	assert_true(bgp_role_fits(BGP_ROLE_NONE, BGP_ROLE_NONE, false));
}

/* The same value twice is one; two values contradict each other, whatever follows. */
static void test_several_capabilities(void **state)
{
	(void)state;
	assert_int_equal(bgp_role_add(BGP_ROLE_NONE, BGP_ROLE_RS), BGP_ROLE_RS);
	assert_int_equal(bgp_role_add(BGP_ROLE_RS, BGP_ROLE_RS), BGP_ROLE_RS);
	assert_int_equal(bgp_role_add(BGP_ROLE_RS, BGP_ROLE_PEER), BGP_ROLE_CONTRADICTS);
	assert_int_equal(bgp_role_add(BGP_ROLE_CONTRADICTS, BGP_ROLE_RS), BGP_ROLE_CONTRADICTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_roles),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_several_capabilities),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
