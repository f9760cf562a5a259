/* SPDX-License-Identifier: MIT */
/* Who may map to which address, and the sysctls in the way, in a network namespace of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "agent/model/app_spec_parse.h"
#include "agent/vip/nat_targets.h"
#include "lib/array.h"
#include "own_netns.h"

static const struct row {
	const char *name;
	enum app_source source;
	const char *vip, *nat;
	const char *sysctl; /* set before, NULL: none */
	int result;
	const char *error;
} rows[] = {
	{ "no address is named", APP_FROM_HTTP, "192.0.2.1/32", "tcp:80:8080", NULL, 0, "" },
	{ "the host's own address", APP_FROM_HTTP, "192.0.2.1/32", "tcp:80:172.17.0.1:80", NULL, 0,
	  "" },
	{ "a container, no forwarding", APP_FROM_CONFIG, "192.0.2.1/32", "tcp:80:172.17.0.2:80",
	  NULL, -ENETUNREACH, "'sysctl -w net.ipv4.ip_forward=1'" },
	{ "a container over IPv6, no forwarding", APP_FROM_CONFIG, "2001:db8::1/128",
	  "tcp:80:[fd00::2]:80", NULL, -ENETUNREACH, "'sysctl -w net.ipv6.conf.all.forwarding=1'" },
	{ "a VIP of the other family", APP_FROM_CONFIG, "2001:db8::1/128", "tcp:80:172.17.0.2:80",
	  NULL, 0, "" },
	{ "loopback, not routed", APP_FROM_CONFIG, "192.0.2.1/32", "tcp:80:127.0.0.1:80", NULL,
	  -ENETUNREACH, "'sysctl -w net.ipv4.conf.all.route_localnet=1'" },
	{ "loopback, routed on one interface", APP_FROM_CONFIG, "192.0.2.1/32",
	  "tcp:80:127.0.0.1:80", "net.ipv4.conf.br0.route_localnet=1", 0, "" },
	{ "a container, forwarding on one interface", APP_FROM_CONFIG, "192.0.2.1/32",
	  "tcp:80:172.17.0.2:80", "net.ipv4.conf.br0.forwarding=1", 0, "" },
	{ "a container over IPv6", APP_FROM_HTTP, "2001:db8::1/128", "tcp:80:[fd00::2]:80",
	  "net.ipv6.conf.all.forwarding=1", 0, "" },
	{ "a container, from HTTP", APP_FROM_HTTP, "192.0.2.1/32", "tcp:80:172.17.0.2:80", NULL, 0,
	  "" },
	{ "a container, from Consul", APP_FROM_CONSUL, "192.0.2.1/32", "tcp:80:172.17.0.2:80", NULL,
	  0, "" },
	{ "elsewhere, from HTTP", APP_FROM_HTTP, "192.0.2.1/32", "tcp:80:198.51.100.1:80", NULL,
	  -EACCES, "NAT mapping tcp:80:198.51.100.1:80: 198.51.100.1 is not on a directly" },
	{ "elsewhere, from Consul", APP_FROM_CONSUL, "192.0.2.1/32", "tcp:80:198.51.100.1:80", NULL,
	  -EACCES, "from consul only such" },
	{ "elsewhere over IPv6, from HTTP", APP_FROM_HTTP, "2001:db8::1/128",
	  "tcp:80:[2001:db8:9::1]:80", NULL, -EACCES, "2001:db8:9::1 is not on a directly" },
	{ "elsewhere, configured", APP_FROM_CONFIG, "192.0.2.1/32", "tcp:80:198.51.100.1:80", NULL,
	  0, "" },
	{ "loopback, from HTTP", APP_FROM_HTTP, "192.0.2.1/32", "tcp:80:127.0.0.1:80", NULL,
	  -EACCES, "127.0.0.1 is not on a directly" },
};

static void test_targets(void **state)
{
	(void)state;
	own_netns_enter();
	assert_int_equal(
		shell("ip link add br0 type bridge && ip addr add 172.17.0.1/16 dev br0 && "
		      "ip addr add fd00::1/64 dev br0 nodad && ip link set br0 up"),
		0);
	assert_int_equal(shell("sysctl -qw net.ipv4.ip_forward=0"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		struct app_spec spec = { .source = row->source };
		struct err err = { "" };
		print_message("  %s\n", row->name);
		assert_int_equal(app_spec_add_vip(&spec, row->vip, NULL), 0);
		assert_int_equal(app_spec_add_nat(&spec, row->nat, NULL), 0);
		if (row->sysctl)
			assert_int_equal(shell("sysctl -qw %s", row->sysctl), 0);
		assert_int_equal(nat_targets_check(&spec.vips[0], &spec, &err), row->result);
		assert_non_null(strstr(err.text, row->error));
		assert_int_equal(nat_targets_admit(&spec, &err),
				 row->result == -EACCES ? -EACCES : 0);
		app_spec_done(&spec);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_targets) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
