/* SPDX-License-Identifier: MIT */
/* Peers that were added over the API: apps of the file may name them, with a warning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>

#include "agent/config/added_peers.h"
#include "agent/config/config.h"
#include "lib/array.h"
#include "tests/unit/own_netns.h"

static struct addr address(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* The second is of the file, and only disabled. */
static void find(struct config_added_peers *ret)
{
	struct peer_order items[] = {
		{ .id = { .addr = address("10.0.0.7"), .port = 1179 },
		  .definition = (char *)"{\"description\": \"seven\"}" },
		{ .id = { .addr = address("10.0.0.8"), .port = 179 }, .disabled = true },
		{ .id = { .ifname = "eth7", .port = 179 }, .definition = (char *)"{}" },
		{ .id = { .addr = address("10.0.0.1"), .port = 179 },
		  .definition = (char *)"{\"description\": \"one\"}" },
		{ .id = { .addr = address("fe80::1"), .ifname = "eth8", .port = 179 },
		  .definition = (char *)"{\"description\": \"eight\"}" },
	};
	const struct peer_orders orders = { .items = items, .n = ARRAY_SIZE(items) };
	config_added_peers_of(&orders, ret);
}

static void of_orders(void **state)
{
	struct config_added_peers peers;
	(void)state;
	find(&peers);
	assert_int_equal(peers.n, 4);
	struct addr seven = address("10.0.0.7");
	assert_true(addr_equal(&peers.items[0].addr, &seven));
	assert_int_equal(peers.items[0].port, 1179);
	assert_string_equal(peers.items[0].description, "seven");
	assert_false(peers.items[0].unnumbered);
	assert_string_equal(peers.items[0].ifname, "");
	assert_string_equal(peers.items[1].ifname, "eth7");
	assert_true(peers.items[1].unnumbered);
	assert_null(peers.items[1].description);
	assert_string_equal(peers.items[3].ifname, "eth8");
	assert_false(peers.items[3].unnumbered);
	assert_string_equal(peers.items[3].description, "eight");
	config_added_peers_done(&peers);
	assert_int_equal(peers.n, 0);
	assert_null(peers.items);
}

static void added(const struct config_agent *agent, struct config_added_peers *ret, void *userdata)
{
	assert_non_null(agent);
	*(unsigned *)userdata += 1;
	find(ret);
}

#define FILE_OF(keys)                                                                              \
	"bgp: { local_as: 65001, peers: [ { peer_ip: 10.0.0.1, peer_as: 65000 } ] }\n"             \
	"apps: [ { name: a, vip: 198.51.100.1/32, monitors: 'port:tcp:1', " keys " } ]\n"
#define WARNING "was added over HTTP and is kept in the state file only"

static void named_by_apps(void **state)
{
	static const struct {
		const char *text;
		int status;
		const char *says; /* NULL: nothing */
	} cases[] = {
		{ FILE_OF("peers: 10.0.0.1"), 0, NULL },
		{ FILE_OF("peers: 10.0.0.7"), 0, "'10.0.0.7' " WARNING },
		{ FILE_OF("peers: seven"), 0, "'seven' " WARNING },
		{ FILE_OF("peers: eth7"), 0, "'eth7' " WARNING },
		{ FILE_OF("except_peers: eight"), 0, "'eight' " WARNING },
		{ FILE_OF("except_peers: 10.0.0.1"), 0, NULL },
		{ FILE_OF("peers: 10.0.0.8"), -EINVAL, "'10.0.0.8' is not a peer" },
		{ FILE_OF("peers: nine"), -EINVAL, "'nine' is not a peer" },
		/* The file has that peer, without a description. */
		{ FILE_OF("peers: one"), -EINVAL, "'one' is not a peer" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned asked = 0;
		struct config *c = NULL;
		struct config_findings f = { 0 };
		const struct config_source source = { .text = cases[i].text,
						      .len = strlen(cases[i].text),
						      .added = added,
						      .added_userdata = &asked };
		if (config_load_source(&source, &c, &f) != cases[i].status ||
		    f.n != (cases[i].says ? 1 : 0) ||
		    (f.n > 0 && !strstr(f.items[0].text, cases[i].says)))
			fail_msg("%s: %s", cases[i].text, f.n > 0 ? f.items[0].text : "");
		assert_int_equal(asked, 1);
		config_findings_done(&f);
		config_free(c);
	}
}

/* A bundle was accepted once: names that are gone since are warned of. */
static void names_of_a_bundle(void **state)
{
	static const char text[] = FILE_OF("peers: nine");
	struct config *c = NULL;
	struct config_findings f = { 0 };
	const struct config_source source = { .text = text,
					      .len = sizeof(text) - 1,
					      .bundle = true };
	(void)state;
	assert_int_equal(config_load_source(&source, &c, &f), 0);
	assert_int_equal(f.n, 1);
	assert_int_equal(f.items[0].severity, CONFIG_WARNING);
	assert_non_null(strstr(f.items[0].text, "'nine' is not a peer"));
	config_findings_done(&f);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_orders),
		cmocka_unit_test(named_by_apps),
		cmocka_unit_test(names_of_a_bundle),
	};
	own_netns_enter(); /* checks look at the host's subnets */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
