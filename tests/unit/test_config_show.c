/* SPDX-License-Identifier: MIT */
/*
 * Output of `config show`. The JSON of the agent, and the YAML that the command makes of it, are
 * the same configuration when they are loaded again; test_config_diff has every key.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <errno.h>
#include <glob.h>

#include "agent/cli/show.h"
#include "agent/config/config.h"
#include "agent/config/diff.h"
#include "agent/config/show.h"
#include "lib/array.h"
#include "tests/unit/config_texts.h"
#include "tests/unit/own_netns.h"

static char *yaml_of(const json_t *answer)
{
	char *text = NULL;
	size_t len;
	const struct show s = { .out = open_memstream(&text, &len) };
	assert_non_null(s.out);
	assert_int_equal(show_config(&s, answer), 0);
	fclose(s.out);
	return text;
}

static void check_again(const struct config *c, const char *shown)
{
	struct config *again = load(shown);
	struct config_diff d;
	config_diff(c, again, &d);
	if (d.n > 0) {
		config_diff_print(&d, stderr);
		fail_msg("another one:\n%s", shown);
	}
	config_diff_done(&d);
	config_free(again);
}

static void check_shown(const struct config *c, unsigned flags)
{
	json_t *o = show(c, flags);
	char *json = json_dumps(o, JSON_INDENT(1)), *yaml = yaml_of(o);
	check_again(c, json);
	check_again(c, yaml);
	json_decref(o);
	free(json);
	free(yaml);
}

static void check_text(const char *text)
{
	struct config *c = load(text);
	check_shown(c, CONFIG_SHOW_ALL);
	check_shown(c, CONFIG_SHOW_ALL | CONFIG_SHOW_DEFAULTS);
	config_free(c);
}

static void check_file(const char *file)
{
	struct config *c = NULL;
	struct config_findings findings = { 0 };
	assert_int_equal(config_load(file, &c, &findings), 0);
	check_shown(c, CONFIG_SHOW_ALL);
	check_shown(c, CONFIG_SHOW_ALL | CONFIG_SHOW_DEFAULTS);
	config_findings_done(&findings);
	config_free(c);
}

static void valid_files(void **state)
{
	glob_t found;
	(void)state;
	assert_int_equal(glob("tests/config/valid/*.yaml", 0, NULL, &found), 0);
	assert_true(found.gl_pathc > 20);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_file(found.gl_pathv[i]);
	globfree(&found);
	check_file("config.example.yaml");
}

#define BGP                                                                                        \
	"bgp: {local_as: 65001, router_id: 10.0.0.1, "                                             \
	"peers: [{peer_ip: 10.0.0.9, peer_as: 65000}]}\n"
#define MONITORS(list) BGP "apps: [{name: a, vip: [2001:db8::1/128], monitors: [" list "]}]\n"

static const char *const texts[] = {
	BGP,
	BGP "apps: [{name: 'yes', vip: 2001:db8::1/128}]\n",
	BGP "apps: [{name: '1', vip: 2001:db8::1/128, group: '~', keep_last: true}]\n",
	BGP "apps: [{name: \"caf\\xe9 \\\"x\\\" #: -\", vip: 2001:db8::1/128}]\n",
	MONITORS("consul"),
	MONITORS("{consul: true, rise: 2}"),
	MONITORS("'port:tcp:53', {port: 'udp:53', interval: 1500ms}"),
	MONITORS("'http://127.0.0.1/x?a=b', {http: 'http://127.0.0.1/y', status: 200-299}"),
	MONITORS("{file: /run/x, absent: true}, 'file:!/run/y', {file: /run/z, fall: 3}"),
	MONITORS("'exec:test \"a: b\" = \"a: b\" # x', {exec: 'true', timeout: 2s}"),
	MONITORS("{tcp: '127.0.0.1:6379', send: \"PING\\r\\n\", expect: '+PONG'}"),
	"agent: {api: {tokens: [{name: t, file: /t, role: read, vips: [192.0.2.0/24]}]}}\n" BGP,
	"agent: {api: {tokens: [{name: t, file: /t, vips: {allow: 192.0.2.0/24, max: 3}}, "
	"{name: u, file: /u, vips: {min_length: 32/128, communities: ['64500:1', "
	"no-export]}}]}}\n" BGP,
	"agent: {hooks: [{on: app.down, exec: x}, {on: [app, alarm.on], exec: 'y: \"1\"', timeout: "
	"2s}, {on: session, exec: z}], api: {tokens: [{name: a, file: /a}, {name: b, file: /b, "
	"role: admin}]}}\n" BGP,
	BGP "processes: [{name: p, run: 'a, b # \"c\"', allow: 192.0.2.0/24}, {name: q, run: [x, "
	    "'y, z', ''], env: ['A=b, c', 'B='], fifo: /run/x, allow: [192.0.2.0/24, "
	    "2001:db8::/32], on_exit: keep, respawn: false, encoder: text}, {name: r, run: [x], "
	    "allow: 192.0.2.0/24, user: nobody, max_routes: 7}]\n",
	/* Under `bgp` only, it would be an error at the peer. */
	"bgp: {local_as: 65001, router_id: 10.0.0.1, local_ip: 2001:db8::2, "
	"peers: [{peer_ip: 10.0.0.9, peer_as: 65000}, {peer_ip: 2001:db8::9, peer_as: 65000}]}\n",
	"bgp: {local_as: 65001, router_id: 10.0.0.1, bfd: true, password: x, peers: "
	"[{peer_ip: 10.0.0.9, peer_as: 65000, password: ''}, "
	"{peer_ip: 10.0.0.8, peer_as: 65000, bfd: {multiplier: 4}}, "
	"{peer_ip: 10.0.0.7, peer_as: 65000, bfd: false}]}\n",
};

static void shown_and_loaded(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		check_text(texts[i]);
}

/* ---- as JSON, to the letter ---- */

/* Of valid/NAME.yaml; with UPDATE_EXPECTED in the environment it is written again. */
static void check_json(const char *file)
{
	char yaml[128];
	struct config *c = NULL;
	struct config_findings findings = { 0 };
	json_error_t error;
	const char *name = strrchr(file, '/') + 1;
	snprintf(yaml, sizeof(yaml), "tests/config/valid/%.*s.yaml", (int)strcspn(name, "."), name);
	assert_int_equal(config_load(yaml, &c, &findings), 0);
	json_t *shown = json_pack("{s:o, s:o, s:o, s:o}", "all", show(c, CONFIG_SHOW_ALL), "hidden",
				  show(c, CONFIG_SHOW), "defaults", show(c, CONFIG_SHOW_DEFAULTS),
				  "readers", show(c, CONFIG_SHOW_TO_READERS));
	if (getenv("UPDATE_EXPECTED"))
		assert_int_equal(json_dump_file(shown, file, JSON_INDENT(1)), 0);
	json_t *expected = json_load_file(file, 0, &error);
	if (!json_equal(shown, expected))
		fail_msg("%s: not as expected, UPDATE_EXPECTED writes it", file);
	json_decref(shown);
	json_decref(expected);
	config_findings_done(&findings);
	config_free(c);
}

static void shown_as_json(void **state)
{
	glob_t found;
	(void)state;
	assert_int_equal(glob("tests/config/shown/*.json", 0, NULL, &found), 0);
	for (size_t i = 0; i < found.gl_pathc; i++)
		check_json(found.gl_pathv[i]);
	globfree(&found);
}

/* ---- secrets ---- */

static const char secrets[] =
	"agent: {consul_token: 0123456789}\n"
	"bgp: {local_as: 65001, router_id: 10.0.0.1, "
	"peers: [{peer_ip: 10.0.0.9, peer_as: 65000, password: 0123456789}]}\n"
	"apps: [{name: a, vip: 2001:db8::1/128, monitors: ['exec:x --password 0123456789', "
	"{tcp: '127.0.0.1:6379', send: 'AUTH zzzz'}]}]\n";

static void secrets_are_hidden(void **state)
{
	(void)state;
	struct config *c = load(secrets);
	json_t *o = show(c, CONFIG_SHOW),
	       *readers = config_show_app(&c->apps[0], CONFIG_SHOW_TO_READERS);
	char *text = json_dumps(o, 0), *shorter = json_dumps(readers, 0);
	assert_null(strstr(text, "0123456789"));
	assert_non_null(strstr(text, "\"password\": \"(hidden)\""));
	assert_non_null(strstr(text, "\"consul_token\": \"(hidden)\""));
	assert_non_null(strstr(text, "--password ***"));
	assert_non_null(strstr(text, "AUTH zzzz"));
	assert_null(strstr(shorter, "zzzz"));
	assert_non_null(strstr(shorter, "\"send\": \"(hidden)\""));
	free(text);
	free(shorter);
	json_decref(o);
	json_decref(readers);
	config_free(c);
}

/* As keys of sessions they would take all of them down. */
static void hidden_is_no_secret(void **state)
{
	(void)state;
	struct config *c = load(secrets), *again = NULL;
	struct config_findings findings = { 0 };
	json_t *o = show(c, CONFIG_SHOW);
	char *text = yaml_of(o);
	assert_int_equal(config_load_text(text, strlen(text), &again, &findings), -EINVAL);
	assert_int_equal(findings.n_errors, 2);
	for (size_t i = 0; i < findings.n; i++)
		if (findings.items[i].severity == CONFIG_ERROR)
			assert_non_null(strstr(findings.items[i].text, "insert it"));
	config_findings_done(&findings);
	json_decref(o);
	free(text);
	config_free(c);
}

/* The file, and not what was read from it. */
static void a_password_file_is_shown(void **state)
{
	char name[] = "/tmp/vipherald-test-XXXXXX", text[512];
	int fd = mkstemp(name);
	(void)state;
	assert_int_equal(write(fd, "0123456789\n", 11), 11);
	close(fd);
	snprintf(text, sizeof(text),
		 "bgp: {local_as: 65001, router_id: 10.0.0.1, peers: [{peer_ip: 10.0.0.9, "
		 "peer_as: 65000, password_file: %s}]}\n",
		 name);
	struct config *c = load(text);
	assert_string_equal(c->bgp.peers[0].password, "0123456789");
	check_shown(c, CONFIG_SHOW);
	json_t *peer = config_show_peer(&c->bgp.peers[0], CONFIG_SHOW_ALL);
	assert_null(json_object_get(peer, "password"));
	assert_string_equal(json_string_value(json_object_get(peer, "password_file")), name);
	json_decref(peer);
	config_free(c);
	unlink(name);
}

/* ---- YAML ---- */

static const struct {
	const char *json, *yaml;
} forms[] = {
	{ "{\"a\": {\"b\": 1, \"c\": true}, \"d\": [\"x\", \"y z\"]}",
	  "a:\n  b: 1\n  c: true\nd: [x, \"y z\"]\n" },
	{ "{\"l\": [{\"name\": \"a\", \"m\": {\"k\": \"v\"}}, {\"name\": \"b\"}]}",
	  "l:\n  - name: a\n    m:\n      k: v\n  - name: b\n" },
	{ "{\"m\": [\"port:tcp:53\", {\"http\": \"http://h/\", \"rise\": 2}]}",
	  "m:\n  - port:tcp:53\n  - http: http://h/\n    rise: 2\n" },
	{ "{\"a\": \"No\", \"b\": \"1\", \"c\": \"\", \"d\": \"x:\", \"e\": \"a\\u0001\\\"\"}",
	  "a: \"No\"\nb: \"1\"\nc: \"\"\nd: \"x:\"\ne: \"a\\u0001\\\"\"\n" },
	{ "{\"o\": {}, \"l\": []}", "o: {}\nl: []\n" },
};

static void yaml(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		json_t *o = json_loads(forms[i].json, 0, NULL);
		char *text = yaml_of(o);
		assert_string_equal(text, forms[i].yaml);
		free(text);
		json_decref(o);
	}
}

/* JSON has no escapes for some of them, YAML needs them. */
static void characters_that_yaml_does_not_accept(void **state)
{
	static const char text[] = MONITORS("\"exec:echo '\\x7f\\u0085\\ufeff\\x01 \\U0001F600'\"");
	(void)state;
	struct config *c = load(text);
	json_t *o = show(c, CONFIG_SHOW_ALL);
	char *again = yaml_of(o);
	check_again(c, again);
	free(again);
	json_decref(o);
	config_free(c);
}

static void a_list_that_was_cut_is_no_configuration(void **state)
{
	(void)state;
	json_t *o = json_loads("{\"apps\": [{\"name\": \"a\"}, {\"error\": \"reload\"}]}", 0, NULL);
	const struct show s = { .out = stdout };
	assert_int_equal(show_config(&s, o), VERB_REFUSED);
	json_decref(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(valid_files),
		cmocka_unit_test(shown_and_loaded),
		cmocka_unit_test(shown_as_json),
		cmocka_unit_test(secrets_are_hidden),
		cmocka_unit_test(hidden_is_no_secret),
		cmocka_unit_test(a_password_file_is_shown),
		cmocka_unit_test(yaml),
		cmocka_unit_test(characters_that_yaml_does_not_accept),
		cmocka_unit_test(a_list_that_was_cut_is_no_configuration),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
