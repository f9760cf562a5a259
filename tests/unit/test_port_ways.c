/* SPDX-License-Identifier: MIT */
#include "agent/model/port_ways.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"

/* The host's own addresses are 10.0.0.5 and fd00::5. A way is "VIP>ADDRESS:PORT". */
static const struct {
	const char *vips[3], *nats[3];
	const char *asked; /* as in the monitor */
	const char *ways;
} cases[] = {
	{ { "192.0.2.53/32" }, { 0 }, "udp:53", "192.0.2.53/32>192.0.2.53/32:53" },
	{ { "192.0.2.53/32", "2001:db8::53/128" },
	  { 0 },
	  "tcp:53",
	  "192.0.2.53/32>192.0.2.53/32:53 2001:db8::53/128>2001:db8::53/128:53" },
	{ { "198.51.100.0/24" }, { 0 }, "udp:53", "198.51.100.0/24>198.51.100.0/24:53" },
	/* the port of the service, as in GoCast */
	{ { "192.0.2.53/32" }, { "tcp:53:8053" }, "tcp:8053", "192.0.2.53/32>10.0.0.5/32:8053" },
	/* the port of the VIP */
	{ { "192.0.2.53/32" }, { "tcp:53:8053" }, "tcp:53", "192.0.2.53/32>10.0.0.5/32:8053" },
	{ { "192.0.2.53/32" }, { "tcp:53" }, "tcp:53", "192.0.2.53/32>10.0.0.5/32:53" },
	/* another protocol, another port */
	{ { "192.0.2.53/32" }, { "tcp:53:8053" }, "udp:53", "192.0.2.53/32>192.0.2.53/32:53" },
	{ { "192.0.2.53/32" }, { "tcp:53:8053" }, "tcp:80", "192.0.2.53/32>192.0.2.53/32:80" },
	/* both families; a target of one of them leaves the other alone */
	{ { "192.0.2.53/32", "2001:db8::53/128" },
	  { "tcp:53:8053" },
	  "tcp:8053",
	  "192.0.2.53/32>10.0.0.5/32:8053 2001:db8::53/128>fd00::5/128:8053" },
	{ { "192.0.2.53/32", "2001:db8::53/128" },
	  { "tcp:80:172.17.0.2:8080" },
	  "tcp:80",
	  "192.0.2.53/32>172.17.0.2/32:8080 2001:db8::53/128>2001:db8::53/128:80" },
	{ { "192.0.2.53/32" },
	  { "tcp:80:127.0.0.1:8080" },
	  "tcp:8080",
	  "192.0.2.53/32>127.0.0.1/32:8080" },
	/* the host's own address comes before others, for the port of the service */
	{ { "192.0.2.53/32" },
	  { "tcp:81:172.17.0.2:8080", "tcp:80:8080" },
	  "tcp:8080",
	  "192.0.2.53/32>10.0.0.5/32:8080" },
	{ { "192.0.2.53/32" },
	  { "tcp:80:172.17.0.2:8080", "tcp:81:172.17.0.3:8080" },
	  "tcp:8080",
	  "192.0.2.53/32>172.17.0.2/32:8080 192.0.2.53/32>172.17.0.3/32:8080" },
	{ { "192.0.2.53/32" },
	  { "tcp:80:8080", "tcp:8080:80" },
	  "tcp:80",
	  "192.0.2.53/32>10.0.0.5/32:80" },
	{ { "192.0.2.53/32" },
	  { "tcp:81:172.17.0.2:8080" },
	  "tcp:9",
	  "192.0.2.53/32>192.0.2.53/32:9" },
	/* one place of several VIPs is one way */
	{ { "192.0.2.53/32", "192.0.2.54/32" },
	  { "tcp:80:8080" },
	  "tcp:8080",
	  "192.0.2.53/32>10.0.0.5/32:8080" },
};

static void format_ways(const struct monitor_ways *w, char *buf, size_t size)
{
	char vip[PREFIX_TEXT_MAX], at[PREFIX_TEXT_MAX];
	size_t len = 0;
	buf[0] = 0;
	for (size_t i = 0; i < w->n; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s>%s:%u", i ? " " : "",
					prefix_format(&w->items[i].vip, vip),
					prefix_format(&w->items[i].at, at), w->items[i].port);
}

static void test_ways(void **state)
{
	static const struct addr own[2] = { { AF_INET, { 10, 0, 0, 5 } },
					    { AF_INET6, { 0xfd, [15] = 5 } } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct prefix vips[3];
		struct nat_spec nats[3];
		struct app_spec spec = { .vips = vips, .nats = nats };
		struct monitor_ways ways = { 0 };
		char text[512];
		unsigned port;
		for (; spec.n_vips < 3 && cases[i].vips[spec.n_vips]; spec.n_vips++)
			assert_int_equal(
				prefix_parse(cases[i].vips[spec.n_vips], &vips[spec.n_vips], NULL),
				0);
		for (; spec.n_nats < 3 && cases[i].nats[spec.n_nats]; spec.n_nats++)
			assert_int_equal(nat_spec_parse(cases[i].nats[spec.n_nats],
							&nats[spec.n_nats], NULL),
					 0);
		assert_int_equal(sscanf(cases[i].asked + 4, "%u", &port), 1);
		port_ways(&spec, cases[i].asked[0] == 'u' ? IPPROTO_UDP : IPPROTO_TCP,
			  (uint16_t)port, own, &ways);
		format_ways(&ways, text, sizeof(text));
		if (strcmp(text, cases[i].ways) != 0)
			fail_msg("case %zu: %s", i, text);
		monitor_ways_done(&ways);
	}
}

/* The address is not known: no way, and none to the VIP itself. */
static void test_no_own_address(void **state)
{
	static const struct addr none[2];
	struct prefix vip = PREFIX4(32, 192, 0, 2, 53);
	struct nat_spec nat = { .proto = IPPROTO_TCP, .listen = 53, .dest = 8053 };
	const struct app_spec spec = { .vips = &vip, .n_vips = 1, .nats = &nat, .n_nats = 1 };
	struct monitor_ways ways = { 0 };
	(void)state;
	port_ways(&spec, IPPROTO_TCP, 8053, none, &ways);
	assert_int_equal(ways.n, 0);
	monitor_ways_done(&ways);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ways),
		cmocka_unit_test(test_no_own_address),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
