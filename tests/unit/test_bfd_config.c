/* SPDX-License-Identifier: MIT */
/* Configuration of BFD sessions, and the words for their state. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "bfd/config.h"
#include "bfd/status.h"
#include "lib/array.h"

static struct bfd_key key_of(const char *peer, const char *local, const char *ifname, bool multihop)
{
	struct bfd_key key = { .multihop = multihop };
	assert_int_equal(addr_parse(peer, &key.peer), 0);
	if (*local)
		assert_int_equal(addr_parse(local, &key.local), 0);
	strncpy(key.ifname, ifname, sizeof(key.ifname) - 1);
	return key;
}

static void keys_are_checked_and_named(void **state)
{
	static const struct {
		const char *peer, *local, *ifname;
		bool multihop;
		const char *text, *error;
	} cases[] = {
		{ "192.0.2.1", "", "", false, "192.0.2.1", NULL },
		{ "192.0.2.1", "192.0.2.9", "eth0", false, "192.0.2.1%eth0", NULL },
		{ "2001:db8::1", "", "", true, "2001:db8::1 (multihop)", NULL },
		{ "fe80::1", "fe80::2", "eth0", false, "fe80::1%eth0", NULL },
		{ "fe80::1", "", "a", false, "fe80::1%a", NULL },
		{ "192.0.2.1", "", "a", true, "192.0.2.1%a (multihop)", "has none" },
		{ "fe80::1", "", "", false, "fe80::1", "needs an interface" },
		{ "192.0.2.1", "2001:db8::1", "", false, "192.0.2.1", "another family" },
		{ "192.0.2.1", "", "eth0", true, "192.0.2.1%eth0 (multihop)", "has none" },
		{ "0.0.0.0", "", "", false, "0.0.0.0", "address of a host" },
		{ "ff02::1", "", "eth0", false, "ff02::1%eth0", "address of a host" },
	};
	(void)state;
	const struct bfd_config config = bfd_config_default();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[BFD_KEY_TEXT_MAX];
		struct err err = { "" };
		const struct bfd_key key =
			key_of(cases[i].peer, cases[i].local, cases[i].ifname, cases[i].multihop);
		assert_string_equal(bfd_key_format(&key, text), cases[i].text);
		assert_int_equal(bfd_check(&key, &config, &err), cases[i].error ? -EINVAL : 0);
		if (cases[i].error)
			assert_non_null(strstr(err.text, cases[i].error));
	}
}

static void values_out_of_range_are_refused(void **state)
{
	static const struct {
		struct bfd_config config;
		const char *error;
	} cases[] = {
		{ { .desired_min_tx = 1, .required_min_rx = 50000, .multiplier = 3 },
		  "transmit interval 1 µs: expected 5 ms to 60 s" },
		{ { .desired_min_tx = 4999, .required_min_rx = 50000, .multiplier = 3 },
		  "transmit interval 4999 µs" },
		{ { .desired_min_tx = 60000001, .required_min_rx = 50000, .multiplier = 3 },
		  "transmit interval 60000001 µs" },
		{ { .desired_min_tx = 50000, .required_min_rx = 90000000, .multiplier = 3 },
		  "receive interval 90000000" },
		{ { .desired_min_tx = 50000, .required_min_rx = 50000 }, "multiplier 0" },
		{ { .desired_min_tx = 50000,
		    .required_min_rx = 50000,
		    .multiplier = 3,
		    .auth = { .type = BFD_AUTH_KEYED_SHA1 } },
		  "a key of 0 octets: expected 1 to 20" },
		{ { .desired_min_tx = 50000,
		    .required_min_rx = 50000,
		    .multiplier = 3,
		    .auth = { .type = BFD_AUTH_METICULOUS_SHA1, .key_len = 21 } },
		  "a key of 21 octets: expected 1 to 20" },
		{ { .desired_min_tx = 50000,
		    .required_min_rx = 50000,
		    .multiplier = 3,
		    .auth = { .type = (enum bfd_auth_type)2, .key_len = 1 } },
		  "type 2" },
	};
	(void)state;
	const struct bfd_key key = key_of("192.0.2.1", "", "", false);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct err err = { "" };
		assert_int_equal(bfd_check(&key, &cases[i].config, &err), -EINVAL);
		assert_non_null(strstr(err.text, cases[i].error));
	}
}

static void the_limits_are_allowed(void **state)
{
	static const struct bfd_config cases[] = {
		{ .desired_min_tx = 5000, .required_min_rx = 60000000, .multiplier = 1 },
		{ .desired_min_tx = 60000000, .required_min_rx = 5000, .multiplier = 255 },
		{ .desired_min_tx = 5000,
		  .required_min_rx = 5000,
		  .multiplier = 1,
		  .auth = { .type = BFD_AUTH_KEYED_SHA1, .key_len = 1 } },
		{ .desired_min_tx = 5000,
		  .required_min_rx = 5000,
		  .multiplier = 1,
		  .auth = { .type = BFD_AUTH_METICULOUS_SHA1, .key_len = 20 } },
	};
	(void)state;
	const struct bfd_key key = key_of("192.0.2.1", "", "", false);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(bfd_check(&key, &cases[i], NULL), 0);
	const struct bfd_config c = bfd_config_default();
	assert_int_equal(c.desired_min_tx, 300000);
	assert_int_equal(c.required_min_rx, 300000);
	assert_int_equal(c.multiplier, 3);
	assert_int_equal(c.hold_time, USEC_NEVER);
	assert_false(c.passive);
}

static void broken_keys_are_refused(void **state)
{
	(void)state;
	const struct bfd_config c = bfd_config_default();
	struct bfd_key keys[5];
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		keys[i] = key_of("192.0.2.1", "", "", false);
	memset(keys[0].ifname, 'x', sizeof(keys[0].ifname));
	memset(keys[1].vrf, 'x', sizeof(keys[1].vrf));
	keys[2].peer.family = 0;
	keys[3].peer.family = 77;
	keys[4].peer = addr_v4(0xe0000001); /* multicast */
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct err err = { "" };
		assert_int_equal(bfd_check(&keys[i], &c, &err), -EINVAL);
		assert_non_null(strstr(err.text, i < 4 ? "a name without an end" : "of a host"));
	}
	/* The longest names. */
	keys[0].ifname[IF_NAMESIZE - 1] = keys[1].vrf[IF_NAMESIZE - 1] = 0;
	assert_int_equal(bfd_check(&keys[0], &c, NULL), 0);
	assert_int_equal(bfd_check(&keys[1], &c, NULL), 0);
	/* Only IPv6 has link-local addresses here. */
	struct bfd_key v4 = key_of("169.254.0.1", "169.254.0.2", "", false);
	assert_int_equal(bfd_check(&v4, &c, NULL), 0);
	v4.peer = addr_v4(0xfe800001); /* with the octets of one */
	v4.local = addr_v4(0xfe800002);
	char text[BFD_KEY_TEXT_MAX];
	strcpy(v4.vrf, "vrf-blue");
	assert_string_equal(bfd_key_format(&v4, text), "254.128.0.1%vrf-blue");
	assert_int_equal(bfd_check(&v4, &c, NULL), 0);
}

static void each_setting_makes_another_configuration(void **state)
{
	(void)state;
	struct bfd_config all[10];
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		all[i] = bfd_config_default();
	all[1].desired_min_tx++;
	all[2].required_min_rx++;
	all[3].multiplier++;
	all[4].min_ttl++;
	all[5].passive = true;
	all[6].hold_time--;
	all[7].auth.type = BFD_AUTH_KEYED_SHA1;
	all[8].auth.key_id++;
	all[9].auth.key_len++;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		for (size_t k = 0; k < ARRAY_SIZE(all); k++)
			assert_int_equal(bfd_config_equal(&all[i], &all[k]), i == k);
	struct bfd_key key = key_of("192.0.2.1", "", "", false), in_vrf = key;
	strcpy(in_vrf.vrf, "vrf-blue");
	assert_false(bfd_key_equal(&key, &in_vrf));
}

/* As the log, the API and metrics have them. */
static void states_diagnostics_and_drops_have_names(void **state)
{
	static const char *const states[] = { "admin-down", "down", "init", "up" };
	static const char *const diags[] = { "none",
					     "detection-time-expired",
					     "echo-failed",
					     "neighbor-signaled-down",
					     "forwarding-plane-reset",
					     "path-down",
					     "concatenated-path-down",
					     "admin-down",
					     "reverse-concatenated-path-down",
					     "unknown",
					     "unknown" };
	static const char *const drops[] = { "version",          "length",
					     "multiplier",       "multipoint",
					     "my-discriminator", "your-discriminator",
					     "no-session",       "ttl",
					     "source",           "authentication",
					     "admin-down" };
	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(states); i++)
		assert_string_equal(bfd_state_name((enum bfd_state)i), states[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(diags); i++)
		assert_string_equal(bfd_diag_name((enum bfd_diag)i), diags[i]);
	assert_int_equal(ARRAY_SIZE(drops), BFD_DROP_N);
	for (unsigned i = 0; i < ARRAY_SIZE(drops); i++)
		assert_string_equal(bfd_drop_name((enum bfd_drop)i), drops[i]);
}

static void keys_and_configurations_compare(void **state)
{
	(void)state;
	const struct bfd_key a = key_of("192.0.2.1", "", "", false);
	const struct bfd_key others[] = {
		key_of("192.0.2.2", "", "", false),
		key_of("192.0.2.1", "192.0.2.9", "", false),
		key_of("192.0.2.1", "", "eth0", false),
		key_of("192.0.2.1", "", "", true),
	};
	struct bfd_config c = bfd_config_default(), d = c;
	assert_true(bfd_key_equal(&a, &a));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(bfd_key_equal(&a, &others[i]));
	assert_true(bfd_config_equal(&c, &d));
	d.auth.key[3] = 1;
	assert_false(bfd_config_equal(&c, &d));
	d = c;
	d.hold_time = 9 * USEC_PER_SEC;
	assert_false(bfd_config_equal(&c, &d));
}

static void says_why_it_went_down(void **state)
{
	static const struct {
		struct bfd_down down;
		const char *text;
	} cases[] = {
		{ { .diag = BFD_DIAG_EXPIRED, .silence = 150 * USEC_PER_MSEC },
		  "no packet for 150ms (control detection time expired)" },
		{ { .diag = BFD_DIAG_NEIGHBOR_SIGNALED, .remote_state = BFD_ADMIN_DOWN },
		  "administratively down at the neighbor" },
		{ { .diag = BFD_DIAG_NEIGHBOR_SIGNALED,
		    .remote_state = BFD_DOWN,
		    .remote_diag = BFD_DIAG_EXPIRED },
		  "signalled down by the neighbor (its diagnostic: detection-time-expired)" },
		{ { .diag = BFD_DIAG_NEIGHBOR_SIGNALED,
		    .remote_state = BFD_DOWN,
		    .remote_diag = (enum bfd_diag)31 },
		  "signalled down by the neighbor (its diagnostic: unknown)" },
		{ { .diag = BFD_DIAG_ADMIN_DOWN }, "admin-down" },
		{ { .diag = BFD_DIAG_NONE }, "the process that runs BFD has ended" },
	};
	(void)state;
	char text[BFD_WHY_MAX];
	const struct bfd_status never = { 0 };
	assert_string_equal(bfd_status_why(&never, text), "");
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct bfd_status s = { .down_events = 1, .down = cases[i].down };
		assert_string_equal(bfd_status_why(&s, text), cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keys_are_checked_and_named),
		cmocka_unit_test(values_out_of_range_are_refused),
		cmocka_unit_test(the_limits_are_allowed),
		cmocka_unit_test(broken_keys_are_refused),
		cmocka_unit_test(each_setting_makes_another_configuration),
		cmocka_unit_test(states_diagnostics_and_drops_have_names),
		cmocka_unit_test(keys_and_configurations_compare),
		cmocka_unit_test(says_why_it_went_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
