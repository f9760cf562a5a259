/* SPDX-License-Identifier: MIT */
/* Peers that are defined over the API: as if they stood in the file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/config/api_peer.h"
#include "agent/config/diff.h"
#include "agent/config/draft.h"
#include "agent/config/show.h"
#include "lib/array.h"
#include "lib/mem.h"

static const char FILE_TEXT[] = "bgp:\n"
				"  local_as: 65001\n"
				"  router_id: 10.0.0.1\n"
				"  listen: ':1179'\n"
				"  hold_time: 30s\n"
				"  password: \"quoted: \\\"yes\\\"\"\n"
				"  role: customer\n"
				"  communities: [ '65001:1', '65001:2' ]\n"
				"  bfd: { multiplier: 5 }\n"
				"  peers:\n"
				"    - { peer_ip: 10.0.0.2, peer_as: 65000 }\n";

static struct config *load(const char *text)
{
	struct config_findings findings = { 0 };
	struct config *c = NULL;
	if (config_load_text(text, strlen(text), &c, &findings) < 0)
		fail_msg("%s", findings.items[0].text);
	config_findings_done(&findings);
	return c;
}

static struct bgp_peer_config build(const struct config *c, const char *definition)
{
	struct config_findings findings = { 0 };
	struct bgp_peer_config peer = { 0 };
	if (config_api_peer(c, definition, &peer, &findings) < 0)
		fail_msg("%s: %s", definition, findings.items[0].text);
	config_findings_done(&findings);
	return peer;
}

static void defaults_are_those_of_the_file(void **state)
{
	(void)state;
	struct config *c = load(FILE_TEXT);
	struct bgp_peer_config p = build(c, "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 65003}");
	struct bgp_peer_config like = c->bgp.peers[0];
	assert_int_equal(p.peer_as, 65003);
	assert_int_equal(p.port, BGP_PORT);
	assert_true(p.hold_time == like.hold_time && p.hold_time == 30 * USEC_PER_SEC);
	assert_string_equal(p.password, "quoted: \"yes\"");
	assert_int_equal(p.role, like.role);
	assert_true(p.bfd.on && p.bfd.multiplier == 5);
	assert_true(p.connect_retry_max == like.connect_retry_max);
	assert_false(bgp_peer_change_resets(&like, &like));
	config_peer_done(&p);
	/* Roles are between two AS. */
	p = build(c, "{\"peer_ip\": \"10.0.0.4\", \"peer_as\": \"AS65001\"}");
	assert_int_equal(p.role, BGP_ROLE_NONE);
	config_peer_done(&p);
	config_free(c);
}

/* An address that is of the link is for peers on it. */
static void an_address_of_the_link_is_not_for_all(void **state)
{
	(void)state;
	struct config *c = load("bgp:\n"
				"  local_as: 65001\n"
				"  local_ip6: 'fe80::9'\n"
				"  peers: [ { peer_ip: 10.0.0.2, peer_as: 65000 } ]\n");
	struct bgp_peer_config p = build(c, "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 65003}");
	assert_false(addr_is_set(&p.local_ip6));
	config_peer_done(&p);
	p = build(c, "{\"peer_ip\": \"fe80::1%eth0\", \"peer_as\": 65003}");
	assert_true(addr_is_link_local(&p.local_ip6));
	config_peer_done(&p);
	config_free(c);
}

/* The only way to a key of BFD for a peer of the API. */
static void a_key_of_bfd_is_that_of_the_file(void **state)
{
	(void)state;
	struct config *c = load("bgp:\n"
				"  local_as: 65001\n"
				"  bfd: { authentication: sha1, password: k }\n"
				"  peers: [ { peer_ip: 10.0.0.2, peer_as: 65000 } ]\n");
	struct bgp_peer_config p = build(c, "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 65003}");
	assert_int_equal(p.bfd.auth, BGP_BFD_AUTH_SHA1);
	assert_string_equal(p.bfd.password, "k");
	config_peer_done(&p);
	config_free(c);
}

static void every_kind_of_key_can_be_given(void **state)
{
	(void)state;
	struct config *c = load(FILE_TEXT);
	struct bgp_peer_config p = build(
		c,
		"{\"peer_ip\": \"fe80::1%eth0\", \"remote_as\": \"1.10\", \"hold_time\": \"9s\", "
		"\"communities\": [\"1:2\", \"3:4\"], \"families\": [\"ipv4\"], \"passive\": true, "
		"\"multi_hop\": \"true\", \"bfd\": {\"interval\": \"1s\"}, \"role\": null, "
		"\"port\": 1790}");
	assert_string_equal(p.ifname, "eth0");
	assert_int_equal(p.peer_as, 65546);
	assert_int_equal(p.communities.n, 2);
	assert_int_equal(p.families, BGP_OFFER_IPV4);
	assert_true(p.passive && p.multi_hop && p.port == 1790);
	assert_true(p.bfd.interval == USEC_PER_SEC && p.bfd.multiplier == 5);
	config_peer_done(&p);
	config_free(c);
}

static void the_older_form_has_defaults_too(void **state)
{
	(void)state;
	struct config *c = load("bgp: { local_as: 65001, router_id: 1.1.1.1, peer_ip: 10.0.0.2, "
				"peer_as: 65000, hold_time: 12s }");
	struct config_findings findings = { 0 };
	struct bgp_peer_config p;
	assert_int_equal(config_api_peer(c, "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": \"65003\"}",
					 &p, &findings),
			 0);
	assert_int_equal(findings.n, 0); /* nothing of the file's own peer */
	assert_true(p.hold_time == 12 * USEC_PER_SEC);
	assert_false(p.multi_hop);
	config_peer_done(&p);
	config_free(c);
}

static const struct {
	const char *definition, *key, *says;
} wrong[] = {
	{ "{\"peer_ip\": \"10.0.0.3\"}", "peer_as", "missing" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 0}", "peer_as", "AS 0 is reserved" },
	{ "{\"peer_ip\": \"router\", \"peer_as\": 1}", "peer_ip", "'router' is not an address" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"hold_tim\": \"9s\"}", "hold_tim",
	  "did you mean 'hold_time'?" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"hold_time\": \"1s\"}", "hold_time",
	  "'1s'" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"hold_time\": [\"9s\"]}", "hold_time",
	  "found a list" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"password\": \"x\"}", "password",
	  "specify password_file" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"bfd\": {\"authentication\": \"sha1\", "
	  "\"password\": \"x\"}}",
	  "bfd.password", "in the state file: specify it in the configuration file" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"password_file\": \"/no/such\"}",
	  "password_file", "cannot read '/no/such'" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 65001, \"role\": \"peer\"}", "role", "iBGP" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"bfd\": {\"multiplier\": 0}}",
	  "bfd.multiplier", "'0'" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"communities\": \"\\u007f\"}",
	  "communities", "is not a community" },
	/* The file's peer of that address has another key, and there is a listener. */
	{ "{\"peer_ip\": \"10.0.0.2\", \"port\": 1790, \"peer_as\": 1, \"password_file\": "
	  "\"FILE\"}",
	  "", "different passwords" },
	{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"hold_time\": {\"a\": 1}}", "hold_time",
	  "found a mapping" },
	/* One that is not valid is not compared with the others. */
	{ "{\"peer_ip\": \"10.0.0.2\", \"port\": 1790, \"peer_as\": 0, \"bfd\": {\"multiplier\": "
	  "4}}",
	  "peer_as", "AS 0 is reserved" },
	{ "x", "", "not the definition of a peer: expected a JSON object" },
	/* It shares a session of BFD with the file's peer of that address. */
	{ "{\"peer_ip\": \"10.0.0.2\", \"port\": 1790, \"peer_as\": 1, \"bfd\": {\"multiplier\": "
	  "4}}",
	  "bfd", "share a BFD session" },
	{ "{\"peer_ip\": \"10.0.0.2\", \"port\": 1790, \"peer_as\": 1, \"bfd\": false}", "bfd",
	  "share a BFD session" },
};

static char secret[] = "/tmp/test_api_peer.XXXXXX";

static void errors_are_by_key(void **state)
{
	(void)state;
	struct config *c = load(FILE_TEXT);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct config_findings findings = { 0 };
		struct bgp_peer_config peer = { 0 };
		char text[512];
		const char *file = strstr(wrong[i].definition, "FILE");
		snprintf(text, sizeof(text), "%.*s%s%s",
			 (int)(file ? file - wrong[i].definition : 500), wrong[i].definition,
			 file ? secret : "", file ? file + 4 : "");
		assert_int_equal(config_api_peer(c, text, &peer, &findings), -EINVAL);
		assert_int_equal(findings.n_errors, 1);
		if (strcmp(findings.items[0].path, wrong[i].key) != 0 ||
		    !strstr(findings.items[0].text, wrong[i].says))
			fail_msg("%s: '%s' '%s'", wrong[i].definition, findings.items[0].path,
				 findings.items[0].text);
		assert_int_equal(findings.items[0].line, 0);
		assert_null(peer.password);
		config_findings_done(&findings);
	}
	config_free(c);
}

/* A doubtful definition is accepted, with a warning. */
static void warnings_are_by_key(void **state)
{
	static const struct {
		const char *definition, *key, *says; /* NULL: nothing */
	} cases[] = {
		{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1}", NULL, NULL },
		{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"keepalive\": \"11s\"}",
		  "keepalive", "more than a third" },
		{ "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"bfd\": {\"multiplier\": 1}}",
		  "bfd.multiplier", "a single lost packet" },
		{ "{\"peer_ip\": \"10.0.0.2\", \"port\": 1790, \"peer_as\": 1}", NULL, NULL },
	};
	struct config *c = load(FILE_TEXT);
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct config_findings findings = { 0 };
		struct bgp_peer_config peer = { 0 };
		assert_int_equal(config_api_peer(c, cases[i].definition, &peer, &findings), 0);
		assert_int_equal(findings.n_errors, 0);
		assert_int_equal(findings.n, cases[i].says ? 1 : 0);
		if (cases[i].says) {
			assert_int_equal(findings.items[0].severity, CONFIG_WARNING);
			assert_string_equal(findings.items[0].path, cases[i].key);
			assert_non_null(strstr(findings.items[0].text, cases[i].says));
		}
		config_peer_done(&peer);
		config_findings_done(&findings);
	}
	config_free(c);
}

static void a_password_comes_from_a_file(void **state)
{
	(void)state;
	struct config *c = load(FILE_TEXT);
	char text[256];
	snprintf(text, sizeof(text),
		 "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 1, \"password_file\": \"%s\"}", secret);
	struct bgp_peer_config p = build(c, text);
	assert_string_equal(p.password, "from a file");
	config_peer_done(&p);
	config_free(c);
}

static void one_by_the_interface_is_alone_there(void **state)
{
	static const char *const refused[] = {
		"{\"peer_ip\": \"fe80::1%eth7\", \"peer_as\": 1}",
		"{\"interface\": \"eth7\", \"port\": 1790, \"peer_as\": 1}",
	};
	struct config *c = load("bgp:\n"
				"  local_as: 65001\n"
				"  router_id: 10.0.0.1\n"
				"  peers: [ { interface: eth7, peer_as: 65000 } ]\n");
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct config_findings findings = { 0 };
		struct bgp_peer_config peer = { 0 };
		assert_int_equal(config_api_peer(c, refused[i], &peer, &findings), -EINVAL);
		assert_non_null(strstr(findings.items[0].text, "second peer on interface eth7"));
		config_findings_done(&findings);
	}
	struct bgp_peer_config p = build(c, "{\"peer_ip\": \"fe80::1%eth8\", \"peer_as\": 1}");
	config_peer_done(&p);
	config_free(c);
}

static void they_stand_behind_those_of_the_file(void **state)
{
	(void)state;
	struct config *c = load(FILE_TEXT);
	struct bgp_peer_config two[] = {
		build(c, "{\"peer_ip\": \"10.0.0.3\", \"peer_as\": 65003}"),
		build(c, "{\"peer_ip\": \"10.0.0.4\", \"peer_as\": 65004}"),
	};
	config_add_api_peer(c, &two[0]);
	config_add_api_peer(c, &two[1]);
	assert_int_equal(c->bgp.n_peers, 3);
	assert_int_equal(c->bgp.peers[0].peer_as, 65000);
	assert_int_equal(c->bgp.peers[2].peer_as, 65004);
	struct bgp_peer_config one = build(c, "{\"peer_ip\": \"10.0.0.5\", \"peer_as\": 65005}");
	config_drop_api_peers(c);
	assert_int_equal(c->bgp.n_peers, 1);
	config_add_api_peer(c, &one);
	assert_int_equal(c->bgp.n_peers, 2);
	assert_int_equal(c->bgp.peers[1].peer_as, 65005);
	config_free(c);
}

/* The output of `config show` for them, put into the file, is the same peer. */
static void they_can_be_pasted(void **state)
{
	(void)state;
	struct config *c = load(FILE_TEXT);
	const struct bgp_peer_config peer =
		build(c, "{\"peer_ip\": \"10.0.0.4\", \"peer_as\": 65004, \"communities\": "
			 "[\"1:2\"], \"bfd\": {\"interval\": \"1s\"}}");
	config_add_api_peer(c, &peer);
	json_t *without = config_show(c, CONFIG_SHOW_ALL);
	json_t *with = config_show(c, CONFIG_SHOW_ALL | CONFIG_SHOW_API_PEERS);
	const json_t *list = json_object_get(json_object_get(without, "bgp"), "peers");
	assert_int_equal(json_array_size(list), 1);
	char *text = json_dumps(with, 0);
	struct config *pasted = load(text);
	struct config_diff diff;
	assert_int_equal(pasted->n_file_peers, 2);
	config_diff(c, pasted, &diff);
	assert_int_equal(diff.n, 0);
	config_diff_done(&diff);
	config_free(pasted);
	free(text);
	json_decref(with);
	json_decref(without);
	config_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_those_of_the_file),
		cmocka_unit_test(a_key_of_bfd_is_that_of_the_file),
		cmocka_unit_test(every_kind_of_key_can_be_given),
		cmocka_unit_test(the_older_form_has_defaults_too),
		cmocka_unit_test(an_address_of_the_link_is_not_for_all),
		cmocka_unit_test(errors_are_by_key),
		cmocka_unit_test(warnings_are_by_key),
		cmocka_unit_test(a_password_comes_from_a_file),
		cmocka_unit_test(one_by_the_interface_is_alone_there),
		cmocka_unit_test(they_stand_behind_those_of_the_file),
		cmocka_unit_test(they_can_be_pasted),
	};
	int fd = mkstemp(secret);
	if (fd < 0 || write(fd, "from a file\n", 12) != 12)
		return 1;
	close(fd);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(secret);
	return failed;
}
