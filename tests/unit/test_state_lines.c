/* SPDX-License-Identifier: MIT */
#include "agent/store/state_lines.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/define.h"
#include "agent/model/app_spec_parse.h"
#include "agent/model/register_params.h"
#include "agent/store/state_encode.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

#define HEAD "{\"vipherald_state\":1,\"boot\":\"b\",\"netns\":\"n\"}\n"

static int decode(const char *text, struct state_contents *ret, struct err *err)
{
	*ret = (struct state_contents){ 0 };
	return state_decode(text, strlen(text), ret, err);
}

static void add(char *file, size_t size, char *line)
{
	size_t len = strlen(file);
	snprintf(file + len, size - len, "%s", line);
	free(line);
}

/* All that /register can say. */
static void spec_make(struct app_spec *s)
{
	static const char *const params[][2] = {
		{ "name", "dns é \"x\"" },
		{ "vip", "192.0.2.53/32" },
		{ "vip", "2001:db8:53::/64" },
		{ "monitor", "port:tcp:53" },
		{ "monitor", "exec:printf '\xff' | grep -q \"\\\\\"" },
		{ "quorum", "any" },
		{ "nat", "tcp:53:8053" },
		{ "nat", "udp:53" },
		{ "vip_communities", "65000:1,no-export" },
		{ "peers", "2001:DB8::1, spine \"1\" é,fe80::1%eth0" },
		{ "except_peers", "192.0.2.1" },
		{ "ttl", "90s" },
		{ "bind", "none" },
	};
	*s = (struct app_spec){ .source = APP_FROM_HTTP, .local = true };
	s->admin = true;
	s->by = mem_strdup("token ops");
	for (size_t i = 0; i < ARRAY_SIZE(params); i++)
		assert_int_equal(register_param_add(s, params[i][0], params[i][1], NULL), 0);
}

/* Apps that /register cannot express are stored as a definition; an invalid definition is left out
 * alone. */
static void definitions(void **state)
{
	static const char text[] = "{\"vip\": \"192.0.2.1/32\", \"monitors\": [{\"exec\": \"x "
				   "--token é\", \"rise\": 2}], "
				   "\"states\": {\"up\": {\"med\": 5}}, \"group\": \"g\"}";
	char file[2048] = "";
	struct state_contents c;
	struct err err = { "" };
	struct app_spec spec;
	struct config_findings findings = { 0 };
	(void)state;
	assert_int_equal(config_define_text(text, strlen(text), "a", &spec, &findings), 0);
	spec.source = APP_FROM_HTTP;
	spec.admin = true;
	spec.by = mem_strdup("token ops");
	add(file, sizeof(file), state_encode_head(&(struct state_place){ "", "" }));
	add(file, sizeof(file), state_encode_app(&spec, USEC_NEVER));
	add(file, sizeof(file),
	    mem_strdup("{\"define\":{\"name\":\"b\",\"vip\":1},\"local\":true}\n"));
	add(file, sizeof(file), state_encode_end(2));
	assert_non_null(strstr(file, "x --token é")); /* nothing is redacted here */
	assert_int_equal(decode(file, &c, &err), 0);
	assert_int_equal(c.n_apps, 1);
	assert_true(app_spec_equal(&c.apps[0].spec, &spec));
	assert_string_equal(c.apps[0].spec.by, "token ops");
	assert_true(c.apps[0].spec.admin && !c.apps[0].spec.local);
	assert_int_equal(c.apps[0].spec.source, APP_FROM_HTTP);
	assert_true(c.apps[0].lease_until == USEC_NEVER);
	assert_int_equal(c.n_refused, 1);
	assert_string_equal(c.refused[0], "app 'b': vip: '1' is not a prefix, expected one like "
					  "192.0.2.53/32 or 2001:db8::53/128");
	state_contents_done(&c);
	app_spec_done(&spec);
	config_findings_done(&findings);
}

/* A line of "local" or "remote" is as in version 0.1.0. */
static void principals_without_proof_are_not_written(void **state)
{
	(void)state;
	for (int local = 0; local <= 1; local++) {
		char file[1024] = "";
		struct state_contents c;
		struct err err = { "" };
		struct app_spec spec = { .source = APP_FROM_HTTP, .local = local };
		spec.by = mem_strdup(local ? "local" : "remote");
		assert_int_equal(register_param_add(&spec, "name", "a", NULL), 0);
		assert_int_equal(register_param_add(&spec, "vip", "192.0.2.1/32", NULL), 0);
		add(file, sizeof(file), state_encode_head(&(struct state_place){ "", "" }));
		add(file, sizeof(file), state_encode_app(&spec, USEC_NEVER));
		add(file, sizeof(file), state_encode_end(1));
		assert_null(strstr(file, "\"by\""));
		assert_null(strstr(file, "\"admin\""));
		assert_int_equal(decode(file, &c, &err), 0);
		assert_string_equal(c.apps[0].spec.by, spec.by);
		assert_false(c.apps[0].spec.admin);
		state_contents_done(&c);
		app_spec_done(&spec);
	}
}

static void entries_are_read_back_as_written(void **state)
{
	(void)state;
	char file[4096] = "";
	struct app_spec spec;
	struct state_contents c;
	struct err err = { "" };
	const struct state_place place = { .boot = "b", .netns = "net:[1]" };
	const struct prefix vip = { { AF_INET, { 192, 0, 2, 1 } }, 32 };
	spec_make(&spec);
	add(file, sizeof(file), state_encode_head(&place));
	add(file, sizeof(file), state_encode_app(&spec, 1767323045678001));
	add(file, sizeof(file), state_encode_drain("dns", 1000, USEC_NEVER, "why"));
	add(file, sizeof(file), state_encode_drain(NULL, 2000, 3000, ""));
	add(file, sizeof(file), state_encode_vip(&vip, "lo", "lo:dns"));
	add(file, sizeof(file), state_encode_vip(&vip, "dummy0", "dummy0:dns"));
	add(file, sizeof(file), state_encode_promotion("dns", HASH));
	add(file, sizeof(file), state_encode_end(6));
	if (decode(file, &c, &err) < 0)
		fail_msg("%s\n%s", err.text, file);
	assert_string_equal(c.place.netns, "net:[1]");
	assert_int_equal(c.n_promotions, 1);
	assert_string_equal(c.promotions[0].name, "dns");
	assert_string_equal(c.promotions[0].sha256, HASH);
	assert_int_equal(c.n_apps, 1);
	assert_true(app_spec_equal(&c.apps[0].spec, &spec));
	assert_true(c.apps[0].spec.local && c.apps[0].spec.admin);
	assert_string_equal(c.apps[0].spec.by, "token ops");
	assert_int_equal(c.apps[0].spec.lease, 90 * USEC_PER_SEC);
	assert_true(c.apps[0].lease_until == 1767323045679000); /* never earlier */
	assert_int_equal(c.n_drains, 2);
	assert_string_equal(c.drains[0].name, "dns");
	assert_string_equal(c.drains[0].reason, "why");
	assert_true(c.drains[0].until == USEC_NEVER);
	assert_null(c.drains[1].name);
	assert_true(c.drains[1].until == 3000);
	assert_int_equal(c.n_vips, 2);
	assert_true(prefix_equal(&c.vips[0].prefix, &vip));
	assert_string_equal(c.vips[0].label, "lo:dns");
	assert_string_equal(c.vips[0].ifname, "lo");
	assert_string_equal(c.vips[1].label, "dummy0:dns");
	assert_string_equal(c.vips[1].ifname, "dummy0");
	assert_int_equal(c.n_refused, 0);
	state_contents_done(&c);
	app_spec_done(&spec);
}

static void orders_for_peers_are_kept(void **state)
{
	(void)state;
	char file[2048] = "";
	struct state_contents c;
	struct err err = { "" };
	struct peer_id near, far;
	struct peer_orders orders = { 0 };
	assert_int_equal(peer_id_parse("fe80::1%eth0", 179, &near, &err), 0);
	assert_int_equal(peer_id_parse("10.0.0.1", 1179, &far, &err), 0);
	peer_orders_disable(&orders, &near, "naïve", 5000, "uid 0");
	peer_orders_add(&orders, &far, "{\"peer_as\": \"65000\"}", 7000, "token ops");
	peer_orders_disable(&orders, &far, "", 6000, "local");
	add(file, sizeof(file), state_encode_head(&(struct state_place){ "", "" }));
	add(file, sizeof(file), state_encode_peer(&orders.items[0]));
	add(file, sizeof(file), state_encode_peer(&orders.items[1]));
	add(file, sizeof(file), state_encode_end(3));
	assert_int_equal(decode(file, &c, &err), 0);
	assert_int_equal(c.peers.n, 2);
	const struct peer_order *a = peer_orders_find(&c.peers, &near);
	const struct peer_order *b = peer_orders_find(&c.peers, &far);
	assert_true(a->disabled && !a->definition);
	assert_string_equal(a->text, "naïve");
	assert_string_equal(a->disabled_by, "uid 0");
	assert_true(a->disabled_at == 5000);
	assert_true(b->disabled && b->disabled_at == 6000 && b->added_at == 7000);
	assert_string_equal(b->text, "");
	assert_string_equal(b->definition, "{\"peer_as\": \"65000\"}");
	assert_string_equal(b->added_by, "token ops");
	state_contents_done(&c);
	peer_orders_done(&orders);
}

#define DOWN(port, text)                                                                           \
	"{\"peer_disabled\":\"10.0.0.1\",\"port\":" port ",\"since_ms\":0,\"text\":\"" text        \
	"\",\"by\":\"\"}\n"
#define TEXT_OF_64     "0123456789012345678901234567890123456789012345678901234567890123"
#define APP(pairs)     "{\"register\":" pairs ",\"local\":false,\"lease_until_ms\":null}\n"
#define GOOD           "[[\"name\",\"a\"],[\"vip\",\"192.0.2.1/32\"]]"
#define PAIRS          "line 2: 'register' is not a list of pairs of texts"
#define PROMOTED(hash) "{\"promoted\":\"a\",\"sha256\":\"" hash "\"}\n"
#define NO_HASH        "line 2: 'sha256' is not 64 hexadecimal digits"
#define TEXT_OF_63     "012345678901234567890123456789012345678901234567890123456789012"
#define ADDED(peer, port, since)                                                                   \
	"{\"peer_added\":{},\"peer\":\"" peer "\",\"port\":" port ",\"since_ms\":" since           \
	",\"by\":\"\"}\n"

static const struct {
	const char *name, *text;
	int rc;
	const char *says;
} damaged[] = {
	{ "empty", "", -EBADMSG, "truncated" },
	{ "no end", HEAD, -EBADMSG, "truncated" },
	{ "cut within a line", HEAD "{\"register\":[[\"na", -EBADMSG, "line 2" },
	{ "a line is missing", HEAD "{\"end\":1}\n", -EBADMSG, "line 2" },
	{ "a line too many", HEAD APP(GOOD) "{\"end\":0}\n", -EBADMSG, "line 3" },
	{ "something behind", HEAD "{\"end\":0}\n{\"end\":0}\n", -EBADMSG, "trailing data" },
	{ "no head", "{\"end\":0}\n", -EBADMSG, "line 1" },
	{ "not JSON", "state\n", -EBADMSG, "line 1" },
	{ "a list", "[]\n", -EBADMSG, "line 1" },
	{ "newer", "{\"vipherald_state\":2,\"more\":1}\n", -EPROTONOSUPPORT, "version 2" },
	{ "head with more", "{\"vipherald_state\":1,\"boot\":\"\",\"netns\":\"\",\"x\":1}\n",
	  -EBADMSG, "line 1" },
	{ "twice the same key", HEAD "{\"end\":0,\"end\":0}\n", -EBADMSG, "line 2" },
	{ "unknown line", HEAD "{\"new\":1}\n{\"end\":1}\n", -EBADMSG, "record unknown" },
	{ "pairs of three", HEAD APP("[[\"name\",\"a\",\"b\"]]") "{\"end\":1}\n", -EBADMSG,
	  "pairs" },
	{ "pairs of numbers", HEAD APP("[[\"name\",1]]") "{\"end\":1}\n", -EBADMSG, "pairs" },
	{ "half an octet", HEAD APP("[[\"name\",{\"hex\":\"6\"}]]") "{\"end\":1}\n", -EBADMSG,
	  "pairs" },
	{ "a NUL", HEAD APP("[[\"name\",{\"hex\":\"6100\"}]]") "{\"end\":1}\n", -EBADMSG, "pairs" },
	{ "no list", HEAD APP("{}") "{\"end\":1}\n", -EBADMSG, "not a list" },
	{ "a lease without span",
	  HEAD "{\"register\":" GOOD ",\"local\":false,\"lease_until_ms\":1}\n{\"end\":1}\n",
	  -EBADMSG, "ttl" },
	{ "a lease without end",
	  HEAD APP(
		  "[[\"name\",\"a\"],[\"vip\",\"192.0.2.1/32\"],[\"ttl\",\"1s\"]]") "{\"end\":1}\n",
	  -EBADMSG, "ttl" },
	{ "a negative time",
	  HEAD "{\"drain\":null,\"since_ms\":-1,\"until_ms\":null,\"reason\":\"\"}\n{\"end\":1}\n",
	  -EBADMSG, "since_ms" },
	{ "a time beyond all",
	  HEAD "{\"drain\":null,\"since_ms\":0,\"until_ms\":9223372036854775807,\"reason\":\"\"}\n",
	  -EBADMSG, "until_ms" },
	{ "a long label", HEAD "{\"vip\":\"192.0.2.1/32\",\"label\":\"0123456789abcdef\"}\n",
	  -EBADMSG, "label" },
	{ "no port", HEAD DOWN("0", "") "{\"end\":1}\n", -EBADMSG, "port" },
	{ "a port beyond all", HEAD DOWN("65536", "") "{\"end\":1}\n", -EBADMSG, "port" },
	{ "a long text",
	  HEAD DOWN("1", TEXT_OF_64 TEXT_OF_64 TEXT_OF_64 TEXT_OF_64) "{\"end\":1}\n", -EBADMSG,
	  "255" },
	{ "no peer",
	  HEAD "{\"peer_disabled\":\"gw/1\",\"port\":1,\"since_ms\":0,\"text\":\"\",\"by\":\"\"}\n",
	  -EBADMSG, "'gw/1' is not the address of a peer" },
	{ "no definition",
	  HEAD "{\"peer_added\":[],\"peer\":\"10.0.0.1\",\"port\":1,\"since_ms\":0,\"by\":\"\"}\n",
	  -EBADMSG, "not an object" },
	{ "no address", HEAD "{\"vip\":\"lo\",\"label\":\"\"}\n", -EBADMSG, "line 2" },
	{ "no text of JSON", HEAD "{\"end\" 0}\n", -EBADMSG, "line 2: ':' expected near '0'" },
	{ "a version as a text", "{\"vipherald_state\":\"1\",\"boot\":\"\",\"netns\":\"\"}\n",
	  -EBADMSG, "line 1: it does not begin with 'vipherald_state'" },
	{ "older", "{\"vipherald_state\":0,\"boot\":\"\",\"netns\":\"\"}\n", -EPROTONOSUPPORT,
	  "line 1: it is of version 0, this vipherald reads version 1" },
	{ "head without a namespace", "{\"vipherald_state\":1,\"boot\":\"\"}\n", -EBADMSG,
	  "line 1: Object item not found: netns" },
	{ "a pair of one", HEAD APP("[[\"name\"]]") "{\"end\":1}\n", -EBADMSG, PAIRS },
	{ "a name that is a number", HEAD APP("[[1,\"a\"]]") "{\"end\":1}\n", -EBADMSG, PAIRS },
	{ "a damaged pair in front of one that is refused",
	  HEAD APP("[[\"name\",1],[\"later\",\"1\"]]") "{\"end\":1}\n", -EBADMSG, PAIRS },
	{ "large digits", HEAD APP("[[\"name\",{\"hex\":\"6A\"}]]") "{\"end\":1}\n", -EBADMSG,
	  PAIRS },
	{ "a sign", HEAD APP("[[\"name\",{\"hex\":\"61+1\"}]]") "{\"end\":1}\n", -EBADMSG, PAIRS },
	{ "hexadecimal as a number", HEAD APP("[[\"name\",{\"hex\":61}]]") "{\"end\":1}\n",
	  -EBADMSG, PAIRS },
	{ "an app without its origin",
	  HEAD "{\"register\":" GOOD ",\"lease_until_ms\":null}\n{\"end\":1}\n", -EBADMSG,
	  "line 2: Object item not found: local" },
	{ "a lease as a text",
	  HEAD "{\"register\":" GOOD ",\"local\":true,\"lease_until_ms\":\"1\"}\n{\"end\":1}\n",
	  -EBADMSG, "line 2: 'lease_until_ms' is not a valid time" },
	{ "a damaged lease of what is refused",
	  HEAD "{\"register\":[],\"local\":true,\"lease_until_ms\":-1}\n{\"end\":1}\n", -EBADMSG,
	  "line 2: 'lease_until_ms' is not a valid time" },
	{ "a definition with more",
	  HEAD "{\"define\":{\"name\":\"a\"},\"local\":true,\"x\":1}\n{\"end\":1}\n", -EBADMSG,
	  "line 2: 1 object item(s) left unpacked: x" },
	{ "a drain without a reason",
	  HEAD "{\"drain\":null,\"since_ms\":0,\"until_ms\":null}\n{\"end\":1}\n", -EBADMSG,
	  "line 2: Object item not found: reason" },
	{ "a drain of a number",
	  HEAD "{\"drain\":1,\"since_ms\":0,\"until_ms\":null,\"reason\":\"\"}\n{\"end\":1}\n",
	  -EBADMSG, "line 2: 'drain' is neither a name nor null" },
	{ "a promotion without a name",
	  HEAD "{\"promoted\":null,\"sha256\":\"" HASH "\"}\n{\"end\":1}\n", -EBADMSG,
	  "line 2: Expected string, got null" },
	{ "a hash that is short", HEAD PROMOTED("ab") "{\"end\":1}\n", -EBADMSG, NO_HASH },
	{ "a hash that is long", HEAD PROMOTED(HASH "0") "{\"end\":1}\n", -EBADMSG, NO_HASH },
	{ "a hash in large digits", HEAD PROMOTED(TEXT_OF_63 "A") "{\"end\":1}\n", -EBADMSG,
	  NO_HASH },
	{ "a VIP without a label", HEAD "{\"vip\":\"192.0.2.1/32\"}\n{\"end\":1}\n", -EBADMSG,
	  "line 2: Object item not found: label" },
	{ "an interface without a name",
	  HEAD "{\"vip\":\"192.0.2.1/32\",\"label\":\"\",\"interface\":\"\"}\n{\"end\":1}\n",
	  -EBADMSG, "line 2: 'interface' is empty or too long" },
	{ "a long interface",
	  HEAD "{\"vip\":\"192.0.2.1/32\",\"label\":\"\",\"interface\":\"0123456789abcdef\"}\n"
	       "{\"end\":1}\n",
	  -EBADMSG, "line 2: 'interface' is empty or too long" },
	{ "an order without a port",
	  HEAD "{\"peer_disabled\":\"10.0.0.1\",\"since_ms\":0,\"text\":\"\",\"by\":\"\"}\n",
	  -EBADMSG, "line 2: Object item not found: port" },
	{ "an order without a time",
	  HEAD "{\"peer_disabled\":\"10.0.0.1\",\"port\":1,\"since_ms\":null,\"text\":\"\",\"by\":"
	       "\"\"}\n"
	       "{\"end\":1}\n",
	  -EBADMSG, "line 2: 'since_ms' is not a valid time" },
	{ "a peer without a port",
	  HEAD "{\"peer_added\":{},\"peer\":\"10.0.0.1\",\"since_ms\":0,\"by\":\"\"}\n", -EBADMSG,
	  "line 2: Object item not found: port" },
	{ "a peer that is none", HEAD ADDED("gw/1", "1", "0") "{\"end\":1}\n", -EBADMSG,
	  "line 2: 'gw/1' is not the address of a peer" },
	{ "a peer with port 0", HEAD ADDED("10.0.0.1", "0", "0") "{\"end\":1}\n", -EBADMSG,
	  "line 2: 'port' is 0, expected 1 to 65535" },
	{ "a peer without a time", HEAD ADDED("10.0.0.1", "1", "null") "{\"end\":1}\n", -EBADMSG,
	  "line 2: 'since_ms' is not a valid time" },
};

static void nothing_is_taken_from_a_damaged_file(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(damaged); i++) {
		struct state_contents c;
		struct err err = { "" };
		int rc = decode(damaged[i].text, &c, &err);
		if (rc != damaged[i].rc || !strstr(err.text, damaged[i].says))
			fail_msg("%s: %d, %s", damaged[i].name, rc, err.text);
		assert_int_equal(c.n_apps, 0);
	}
}

static void only_entries_that_register_refuses_are_left_out(void **state)
{
	(void)state;
	static const char *const refused[] = {
		"[[\"name\",\"b\"],[\"vip\",\"192.0.2.1/33\"]]",
		"[[\"name\",\"b\"]]",
		"[[\"vip\",\"192.0.2.1/32\"]]",
		"[[\"name\",\"b\"],[\"vip\",\"192.0.2.1/32\"],[\"monitor\",\"nonsense\"]]",
		"[[\"name\",\"b\"],[\"vip\",\"192.0.2.1/32\"],[\"later\",\"1\"]]",
		"[[\"name\",\"b\"],[\"vip\",\"192.0.2.1/32\"],[\"ttl\",\"1ms\"]]",
	};
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		char file[1024];
		struct state_contents c;
		struct err err = { "" };
		snprintf(file, sizeof(file), HEAD APP("%s") APP(GOOD) "{\"end\":2}\n", refused[i]);
		if (decode(file, &c, &err) != 0)
			fail_msg("%s: %s", refused[i], err.text);
		assert_int_equal(c.n_apps, 1);
		assert_string_equal(c.apps[0].spec.name, "a");
		assert_int_equal(c.n_refused, 1);
		state_contents_done(&c);
	}
}

#define DRAIN(since, until)                                                                        \
	"{\"drain\":null,\"since_ms\":" since ",\"until_ms\":" until ",\"reason\":\"\"}\n"

/* 2^53 is the last integer that every implementation of JSON reads exactly. */
static void the_last_time(void **state)
{
	struct state_contents c;
	struct err err = { "" };
	(void)state;
	assert_int_equal(decode(HEAD DRAIN("9007199254740992", "9007199254740992") "{\"end\":1}\n",
				&c, &err),
			 0);
	assert_true(c.drains[0].since == 9007199254740992u * USEC_PER_MSEC);
	assert_true(c.drains[0].until == 9007199254740992u * USEC_PER_MSEC);
	state_contents_done(&c);
	assert_int_equal(decode(HEAD DRAIN("0", "0") "{\"end\":1}\n", &c, &err), 0);
	assert_true(c.drains[0].since == 0);
	state_contents_done(&c);
	assert_int_equal(decode(HEAD DRAIN("9007199254740993", "null"), &c, &err), -EBADMSG);
	assert_int_equal(decode(HEAD DRAIN("null", "null"), &c, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "'since_ms' is not a valid time"));
	assert_int_equal(decode(HEAD DRAIN("1.5", "null"), &c, &err), -EBADMSG);
}

/* A label and an id fill their room to the last octet before the NUL. */
static void the_longest_texts(void **state)
{
	char file[512], id[STATE_ID_MAX + 1] = "";
	struct state_contents c;
	struct err err = { "" };
	(void)state;
	assert_int_equal(
		decode(HEAD
		       "{\"vip\":\"192.0.2.1/32\",\"label\":\"0123456789abcde\"}\n{\"end\":1}\n",
		       &c, &err),
		0);
	assert_string_equal(c.vips[0].label, "0123456789abcde");
	state_contents_done(&c);
	assert_int_equal(decode(HEAD "{\"vip\":\"192.0.2.1/32\",\"label\":\"\",\"interface\":"
				     "\"0123456789abcde\"}\n{\"end\":1}\n",
				&c, &err),
			 0);
	assert_string_equal(c.vips[0].ifname, "0123456789abcde");
	state_contents_done(&c);
	assert_int_equal(decode(HEAD DOWN("65535", TEXT_OF_64 TEXT_OF_64 TEXT_OF_64 TEXT_OF_63)
					ADDED("10.0.0.1", "1", "0") "{\"end\":2}\n",
				&c, &err),
			 0);
	assert_int_equal(strlen(c.peers.items[0].text), 255);
	assert_int_equal(c.peers.items[0].id.port, 65535);
	assert_int_equal(c.peers.items[1].id.port, 1);
	assert_int_equal(c.peers.n, 2);
	state_contents_done(&c);
	assert_int_equal(c.peers.n, 0);
	memset(id, 'i', STATE_ID_MAX - 1);
	snprintf(file, sizeof(file),
		 "{\"vipherald_state\":1,\"boot\":\"%s\",\"netns\":\"%s\"}\n{\"end\":0}\n", id, id);
	assert_int_equal(decode(file, &c, &err), 0);
	assert_string_equal(c.place.boot, id);
	assert_string_equal(c.place.netns, id);
	state_contents_done(&c);
	id[STATE_ID_MAX - 1] = 'i';
	snprintf(file, sizeof(file),
		 "{\"vipherald_state\":1,\"boot\":\"%s\",\"netns\":\"\"}\n{\"end\":0}\n", id);
	assert_int_equal(decode(file, &c, &err), -EBADMSG);
	snprintf(file, sizeof(file),
		 "{\"vipherald_state\":1,\"boot\":\"\",\"netns\":\"%s\"}\n{\"end\":0}\n", id);
	assert_int_equal(decode(file, &c, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "'boot' or 'netns' is too long"));
}

/* A command may hold any octets but NUL. */
static void a_text_that_is_not_utf8(void **state)
{
	struct app_spec spec = { .source = APP_FROM_HTTP };
	char file[2048] = HEAD;
	struct state_contents c;
	struct err err = { "" };
	(void)state;
	assert_int_equal(app_spec_set_name(&spec, "a", NULL), 0);
	assert_int_equal(app_spec_add_vip(&spec, "192.0.2.1/32", NULL), 0);
	assert_int_equal(app_spec_add_monitor(&spec, "exec:a \x01\x0f\xff\x80 z", &err), 0);
	char *line = state_encode_app(&spec, USEC_NEVER);
	assert_non_null(strstr(line, "{\"hex\":\"657865633a6120010fff80207a\"}"));
	add(file, sizeof(file), line);
	add(file, sizeof(file), state_encode_end(1));
	if (decode(file, &c, &err) < 0)
		fail_msg("%s", err.text);
	assert_true(app_spec_equal(&c.apps[0].spec, &spec));
	state_contents_done(&c);
	app_spec_done(&spec);
}

static void who_is_refused_and_why(void **state)
{
	struct state_contents c;
	struct err err = { "" };
	(void)state;
	assert_int_equal(decode(HEAD APP("[[\"name\",\"b\"]]")
					APP("[[\"vip\",\"192.0.2.1/32\"]]") "{\"end\":2}\n",
				&c, &err),
			 0);
	assert_int_equal(c.n_refused, 2);
	assert_string_equal(c.refused[0], "app 'b': vip is missing");
	assert_string_equal(c.refused[1], "app '': name is missing");
	state_contents_done(&c);
	assert_null(c.refused);
	/* Whatever its lease is. */
	assert_int_equal(decode(HEAD "{\"register\":[[\"name\",\"b\"]],\"local\":false,"
				     "\"lease_until_ms\":1}\n{\"end\":1}\n",
				&c, &err),
			 0);
	assert_string_equal(c.refused[0], "app 'b': vip is missing");
	state_contents_done(&c);
	assert_int_equal(
		decode(HEAD "{\"define\":{\"vip\":[]},\"local\":true}\n{\"end\":1}\n", &c, &err),
		0);
	assert_int_equal(c.n_apps, 0);
	assert_memory_equal(c.refused[0], "app '': ", 8);
	state_contents_done(&c);
}

/* More than there is room for at first, and each by its own number. */
static void many_of_each_kind(void **state)
{
	enum { N = 20 };
	static char file[32768];
	struct strbuf sb = strbuf_over(file, sizeof(file));
	struct state_contents c;
	struct err err = { "" };
	(void)state;
	strbuf_add(&sb, HEAD);
	for (int i = 0; i < N; i++) {
		strbuf_add(&sb, APP("[[\"name\",\"a%d\"],[\"vip\",\"192.0.2.1/32\"]]"), i);
		strbuf_add(
			&sb,
			"{\"define\":{\"name\":\"d%d\",\"vip\":\"192.0.2.1/32\"},\"local\":true}\n",
			i);
		strbuf_add(&sb, APP("[[\"name\",\"r%d\"]]"), i);
		strbuf_add(
			&sb,
			"{\"drain\":\"a%d\",\"since_ms\":%d,\"until_ms\":null,\"reason\":\"\"}\n",
			i, i);
		strbuf_add(&sb, "{\"promoted\":\"a%d\",\"sha256\":\"" HASH "\"}\n", i);
		strbuf_add(&sb, "{\"vip\":\"192.0.2.%d/32\",\"label\":\"lo:%d\"}\n", i, i);
	}
	strbuf_add(&sb, "{\"end\":%d}\n", 6 * N);
	if (decode(file, &c, &err) != 0)
		fail_msg("%s", err.text);
	assert_int_equal(c.n_apps, 2 * N);
	assert_int_equal(c.n_refused, N);
	assert_int_equal(c.n_drains, N);
	assert_int_equal(c.n_promotions, N);
	assert_int_equal(c.n_vips, N);
	for (int i = 0; i < N; i++) {
		char text[64];
		snprintf(text, sizeof(text), "a%d", i);
		assert_string_equal(c.apps[i + i].spec.name, text);
		assert_string_equal(c.drains[i].name, text);
		assert_string_equal(c.promotions[i].name, text);
		assert_true(c.drains[i].since == (wall_t)i * USEC_PER_MSEC);
		snprintf(text, sizeof(text), "d%d", i);
		assert_string_equal(c.apps[2 * i + 1].spec.name, text);
		assert_true(c.apps[2 * i + 1].spec.local);
		assert_false(c.apps[2 * i + 1].spec.admin);
		assert_string_equal(c.apps[2 * i + 1].spec.by, "local");
		snprintf(text, sizeof(text), "app 'r%d': vip is missing", i);
		assert_string_equal(c.refused[i], text);
		assert_int_equal(c.vips[i].prefix.addr.bytes[3], i);
		snprintf(text, sizeof(text), "lo:%d", i);
		assert_string_equal(c.vips[i].label, text);
	}
	state_contents_done(&c);
	assert_int_equal(c.n_apps + c.n_refused + c.n_drains + c.n_promotions + c.n_vips, 0);
}

/* The last line may lack its line feed; one that says more than the number is not an end. */
static void how_a_file_ends(void **state)
{
	struct state_contents c;
	struct err err = { "" };
	(void)state;
	assert_int_equal(decode(HEAD "{\"end\":0}", &c, &err), 0);
	assert_string_equal(err.text, "");
	state_contents_done(&c);
	assert_int_equal(decode(HEAD "{\"end\":0,\"x\":1}\n", &c, &err), -EBADMSG);
	assert_int_equal(decode(HEAD "{\"end\":\"0\"}\n", &c, &err), -EBADMSG);
	assert_int_equal(decode(HEAD "{\"end\":0}\n ", &c, &err), -EBADMSG);
	assert_non_null(strstr(err.text, "trailing data"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_of_each_kind),
		cmocka_unit_test(the_last_time),
		cmocka_unit_test(the_longest_texts),
		cmocka_unit_test(a_text_that_is_not_utf8),
		cmocka_unit_test(who_is_refused_and_why),
		cmocka_unit_test(how_a_file_ends),
		cmocka_unit_test(entries_are_read_back_as_written),
		cmocka_unit_test(definitions),
		cmocka_unit_test(principals_without_proof_are_not_written),
		cmocka_unit_test(orders_for_peers_are_kept),
		cmocka_unit_test(nothing_is_taken_from_a_damaged_file),
		cmocka_unit_test(only_entries_that_register_refuses_are_left_out),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
