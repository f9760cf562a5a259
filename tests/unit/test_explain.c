/* SPDX-License-Identifier: MIT */
/* Why a VIP is announced or not: the first condition that does not hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/explain.h"
#include "lib/array.h"
#include "lib/str.h"

/* An app with one VIP and one peer, of which a part is replaced. */
#define APP                                                                                        \
	"{\"name\": \"dns\", \"source\": \"config\", \"health\": \"up\", \"state\": \"up\", "      \
	"\"reason\": \"all pass\", \"since_seconds\": 5.0, \"registered_seconds\": 9.0, "          \
	"\"held_down_until_seconds\": null, \"drain\": null, \"nat\": null, \"vips\": ["
#define VIP                                                                                        \
	"{\"prefix\": \"192.0.2.1/32\", \"bound\": true, \"error\": null, \"form\": \"up\", "      \
	"\"announced_to\": {\"sent\": 1, \"peers\": 1}, \"peers\": ["
#define PEER                                                                                       \
	"{\"peer\": \"10.0.0.1\", \"state\": \"sent\", \"reason\": null, \"next_hop\": "           \
	"\"10.0.0.2\"}"
#define END "]}]}"

static json_t *explained(const char *old, const char *new)
{
	static char text[4096];
	snprintf(text, sizeof(text), "%s", APP VIP PEER END);
	char *at = old ? strstr(text, old) : NULL;
	if (old) {
		static char tail[4096];
		assert_non_null(at);
		snprintf(tail, sizeof(tail), "%s", at + strlen(old));
		snprintf(at, sizeof(text) - (size_t)(at - text), "%s%s", new, tail);
	}
	json_t *app = json_loads(text, 0, NULL);
	assert_non_null(app);
	json_t *answer = explain_app(app, NULL);
	json_decref(app);
	return answer;
}

static const char *first_of(const json_t *o)
{
	const char *first = json_string_value(json_object_get(o, "first"));
	return first ? first : "";
}

static const struct {
	const char *name, *old, *new, *of_vip, *of_peer;
} cases[] = {
	{ "all holds", NULL, NULL, "", "" },
	{ "down", "\"health\": \"up\"", "\"health\": \"down\"", "", "" }, /* but still announced */
	{ "held down, in another form", "\"held_down_until_seconds\": null",
	  "\"held_down_until_seconds\": 7.5", "", "" },
	{ "held down",
	  "\"held_down_until_seconds\": null, \"drain\": null, \"nat\": null, \"vips\": ["
	  "{\"prefix\": \"192.0.2.1/32\", \"bound\": true, \"error\": null, \"form\": \"up\"",
	  "\"held_down_until_seconds\": 7.5, \"drain\": null, \"nat\": null, \"vips\": ["
	  "{\"prefix\": \"192.0.2.1/32\", \"bound\": true, \"error\": null, \"form\": \"none\"",
	  "hold-down", "" },
	{ "held down by its flaps alone",
	  "\"health\": \"up\", \"state\": \"up\", \"reason\": \"all pass\", "
	  "\"since_seconds\": 5.0, \"registered_seconds\": 9.0, "
	  "\"held_down_until_seconds\": null, \"drain\": null, \"nat\": null, \"vips\": ["
	  "{\"prefix\": \"192.0.2.1/32\", \"bound\": true, \"error\": null, \"form\": \"up\"",
	  "\"health\": \"down\", \"monitors\": [{\"health\": \"up\"}], \"quorum\": \"all\", "
	  "\"held_down_until_seconds\": 7.5, \"vips\": ["
	  "{\"prefix\": \"192.0.2.1/32\", \"bound\": true, \"error\": null, \"form\": \"none\"",
	  "hold-down", "" },
	{ "held down, and a check fails",
	  "\"health\": \"up\", \"state\": \"up\", \"reason\": \"all pass\", "
	  "\"since_seconds\": 5.0, \"registered_seconds\": 9.0, "
	  "\"held_down_until_seconds\": null, \"drain\": null, \"nat\": null, \"vips\": ["
	  "{\"prefix\": \"192.0.2.1/32\", \"bound\": true, \"error\": null, \"form\": \"up\"",
	  "\"health\": \"down\", \"monitors\": [{\"health\": \"down\"}, {\"health\": \"up\"}], "
	  "\"quorum\": 2, \"held_down_until_seconds\": 7.5, \"vips\": ["
	  "{\"prefix\": \"192.0.2.1/32\", \"bound\": true, \"error\": null, \"form\": \"none\"",
	  "health", "" },
	{ "rules that cannot be installed",
	  "\"nat\": null, \"vips\": [{\"prefix\": \"192.0.2.1/32\", \"bound\": true, \"error\": "
	  "null",
	  "\"nat\": {\"error\": \"no nft\", \"rules\": [{\"vip\": \"192.0.2.1/32\", \"present\": "
	  "false}]}, \"vips\": [{\"prefix\": \"192.0.2.1/32\", \"bound\": true, \"error\": \"no "
	  "nft\"",
	  "nat", "" },
	{ "announced, and no peer can be sent it",
	  "\"bound\": true, \"error\": null, \"form\": \"up\", \"announced_to\": {\"sent\": 1, "
	  "\"peers\": 1}, \"peers\": [{\"peer\": \"10.0.0.1\", \"state\": \"sent\"",
	  "\"bound\": true, \"error\": \"peer 10.0.0.1: no next hop\", \"attributes\": {}, "
	  "\"form\": \"up\", \"announced_to\": {\"sent\": 0, \"peers\": 1}, \"peers\": [{\"peer\": "
	  "\"10.0.0.1\", \"state\": \"no-next-hop\"",
	  "", "next-hop" },
	{ "drained", "\"state\": \"up\"", "\"state\": \"drained\"", "drain", "" },
	{ "draining", "\"drain\": null", "\"drain\": {\"since_seconds\": 1.0}", "", "" },
	{ "not bound", "\"bound\": true", "\"bound\": false", "address", "" },
	{ "in trouble", "\"error\": null", "\"error\": \"no way\"", "address", "" },
	{ "no rule", "\"nat\": null",
	  "\"nat\": {\"error\": null, \"rules\": [{\"vip\": \"192.0.2.1/32\", \"present\": "
	  "false}]}",
	  "nat", "" },
	{ "its rule", "\"nat\": null",
	  "\"nat\": {\"error\": null, \"rules\": [{\"vip\": \"192.0.2.1/32\", \"present\": true}]}",
	  "", "" },
	{ "a rule of another VIP", "\"nat\": null",
	  "\"nat\": {\"error\": null, \"rules\": [{\"vip\": \"192.0.2.2/32\", \"present\": "
	  "false}]}",
	  "", "" },
	{ "disabled", "\"state\": \"sent\"", "\"admin_down\": true, \"state\": \"no-session\"", "",
	  "enabled" },
	{ "no session", "\"state\": \"sent\"", "\"state\": \"no-session\"", "", "session" },
	{ "no family", "\"state\": \"sent\"", "\"state\": \"family-not-negotiated\"", "",
	  "family" },
	{ "no next hop", "\"state\": \"sent\"", "\"state\": \"no-next-hop\"", "", "next-hop" },
	{ "not for the peer", "\"state\": \"sent\"", "\"state\": \"filtered\"", "", "filter" },
	{ "an aggregate stands for it", "\"state\": \"sent\"", "\"state\": \"suppressed\"", "",
	  "aggregate" },
	{ "pending", "\"state\": \"sent\"", "\"state\": \"pending\"", "", "sent" },
};

static void test_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		json_t *answer = explained(cases[i].old, cases[i].new);
		const json_t *vip = json_array_get(json_object_get(answer, "vips"), 0);
		const json_t *peer = json_array_get(json_object_get(vip, "peers"), 0);
		if (strcmp(first_of(vip), cases[i].of_vip) != 0 ||
		    strcmp(first_of(peer), cases[i].of_peer) != 0)
			fail_msg("%s: '%s' and '%s'", cases[i].name, first_of(vip), first_of(peer));
		json_decref(answer);
	}
}

/* A failing condition has something to do, those after it are not judged. */
static void test_conditions(void **state)
{
	(void)state;
	json_t *answer = explained("\"health\": \"up\"", "\"health\": \"down\"");
	json_decref(answer);
	answer = explained("\"bound\": true", "\"bound\": false");
	const json_t *vip = json_array_get(json_object_get(answer, "vips"), 0), *c;
	size_t i;
	bool failed = false;
	json_array_foreach(json_object_get(vip, "conditions"), i, c)
	{
		const json_t *holds = json_object_get(c, "holds");
		assert_true(failed ? json_is_null(holds) : json_is_boolean(holds));
		if (json_is_false(holds)) {
			assert_non_null(json_string_value(json_object_get(c, "do")));
			failed = true;
		} else {
			assert_true(json_is_null(json_object_get(c, "do")));
		}
	}
	assert_true(failed);
	json_decref(answer);
}

static const json_t *condition_of(const json_t *of, const char *name)
{
	const json_t *c;
	size_t i;
	json_array_foreach(json_object_get(of, "conditions"), i,
			   c) if (strcmp(json_string_value(json_object_get(c, "condition")),
					 name) == 0) return c;
	fail_msg("no condition %s", name);
	return NULL;
}

static void expect_do(const json_t *of, const char *name, const char *want)
{
	assert_string_equal(json_string_value(json_object_get(condition_of(of, name), "do")), want);
}

/* Advice is copied into a shell: a name that may mean more there is not in it. */
static void test_advice_names_app_and_peer(void **state)
{
	static const struct {
		const char *name, *want;
	} names[] = {
		{ "dns-1.example", "vipherald undrain dns-1.example" },
		{ "a b", "vipherald undrain NAME" },
		{ "$(reboot)", "vipherald undrain NAME" },
		{ "-x", "vipherald undrain NAME" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		json_t *app = json_loads(APP VIP PEER END, 0, NULL);
		json_object_set_new(app, "name", json_string(names[i].name));
		json_object_set_new(app, "state", json_string("drained"));
		json_object_set_new(app, "drain", json_pack("{s:[{s:s}]}", "holds", "of", "app"));
		json_t *answer = explain_app(app, NULL);
		expect_do(json_array_get(json_object_get(answer, "vips"), 0), "drain",
			  names[i].want);
		json_decref(answer);
		json_decref(app);
	}
	json_t *answer = explained("\"drain\": null", "\"state\": \"drained\", \"drain\": "
						      "{\"holds\": [{\"of\": \"agent\"}]}");
	expect_do(json_array_get(json_object_get(answer, "vips"), 0), "drain", "vipherald undrain");
	json_decref(answer);
	answer =
		explained("\"state\": \"sent\"", "\"admin_down\": true, \"state\": \"no-session\"");
	const json_t *vip = json_array_get(json_object_get(answer, "vips"), 0);
	expect_do(json_array_get(json_object_get(vip, "peers"), 0), "enabled",
		  "vipherald peer 10.0.0.1 enable");
	json_decref(answer);
}

static double since_of(const json_t *of, const char *name)
{
	const json_t *since = json_object_get(condition_of(of, name), "since_seconds");
	return json_is_number(since) ? json_number_value(since) : -1;
}

static void test_since_when(void **state)
{
	(void)state;
	json_t *app = json_loads(APP VIP PEER END, 0, NULL);
	json_t *ages = json_pack("{s:{s:f, s:f, s:f, s:f, s:f, s:f}, s:{s:f}}", "10.0.0.1",
				 "enabled", 8.0, "session", 7.0, "family", 6.5, "next-hop", 6.0,
				 "next-hop6", 4.0, "named", 10.0, "10.0.0.2", "session", 2.0);
	json_t *answer = explain_app(app, ages);
	const json_t *vip = json_array_get(json_object_get(answer, "vips"), 0);
	const json_t *peer = json_array_get(json_object_get(vip, "peers"), 0);
	assert_true(since_of(peer, "enabled") == 8.0 && since_of(peer, "session") == 7.0);
	assert_true(since_of(peer, "family") == 6.5 && since_of(peer, "next-hop") == 6.0);
	assert_true(since_of(peer, "filter") == 9.0); /* registered after the peer had its name */
	assert_true(since_of(vip, "hold-down") == -1 && since_of(vip, "health") == 5.0);
	json_decref(answer);
	json_object_set_new(app, "held_down_until_seconds", json_real(7.5));
	json_object_set_new(app, "nat",
			    json_loads("{\"error\": \"no nft\", \"rules\": [{\"vip\": "
				       "\"192.0.2.1/32\", \"present\": false}]}",
				       0, NULL));
	json_t *of_app = json_array_get(json_object_get(app, "vips"), 0);
	json_object_set_new(of_app, "error", json_string("no nft"));
	json_object_set_new(of_app, "error_since_seconds", json_real(3.0));
	answer = explain_app(app, ages);
	vip = json_array_get(json_object_get(answer, "vips"), 0);
	assert_true(since_of(vip, "hold-down") == 5.0);
	assert_true(since_of(vip, "nat") == 3.0 && since_of(vip, "address") == -1);
	json_decref(answer);
	json_decref(ages);
	json_decref(app);
}

/* Each family has its own next hop, the peer may have got its name last; without a session there is
 * neither family nor next hop, and a filter without a time of its own has none. */
static void test_since_when_at_the_peer(void **state)
{
	(void)state;
	json_t *app = json_loads(APP VIP PEER END, 0, NULL);
	json_t *vip = json_array_get(json_object_get(app, "vips"), 0);
	json_t *ages = json_pack("{s:{s:f, s:n, s:f, s:f, s:f}}", "10.0.0.1", "session", 7.0,
				 "family", "next-hop", 6.0, "next-hop6", 4.0, "named", 3.0);
	json_object_set_new(vip, "prefix", json_string("2001:db8::1/128"));
	json_t *answer = explain_vip(app, vip, ages);
	const json_t *peer = json_array_get(json_object_get(answer, "peers"), 0);
	assert_true(since_of(peer, "next-hop") == 4.0 && since_of(peer, "filter") == 3.0);
	assert_true(since_of(peer, "family") == -1 && since_of(peer, "enabled") == -1);
	json_decref(answer);
	json_object_del(app, "registered_seconds");
	answer = explain_vip(app, vip, ages);
	peer = json_array_get(json_object_get(answer, "peers"), 0);
	assert_true(since_of(peer, "filter") == -1);
	json_decref(answer);
	json_decref(ages);
	json_decref(app);
}

static void test_down_and_not_announced(void **state)
{
	(void)state;
	json_t *app = json_loads(APP VIP PEER END, 0, NULL);
	json_object_set_new(app, "health", json_string("down"));
	json_t *vip = json_array_get(json_object_get(app, "vips"), 0);
	json_object_set_new(vip, "form", json_string("none"));
	json_t *answer = explain_app(app, NULL);
	const json_t *explained_vip = json_array_get(json_object_get(answer, "vips"), 0), *c;
	const json_t *peer = json_array_get(json_object_get(explained_vip, "peers"), 0);
	size_t i;
	assert_string_equal(first_of(explained_vip), "health");
	/* Nothing is claimed of the session. */
	assert_string_equal(first_of(peer), "");
	json_array_foreach(json_object_get(peer, "conditions"), i, c)
		assert_true(json_is_null(json_object_get(c, "holds")));
	json_decref(answer);
	json_decref(app);
}

static const char *advice_of(const json_t *vip, const char *name)
{
	const json_t *c;
	size_t i;
	json_array_foreach(
		json_object_get(vip, "conditions"), i,
		c) if (str_equal(json_string_value(json_object_get(c, "condition")),
				 name)) return json_string_value(json_object_get(c, "do"));
	return NULL;
}

/* Nothing has failed yet: there is nothing to look at. */
static void test_advice_for_health(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "unknown", "wait for the first result of the checks: vipherald app " },
		{ "down", "look at the checks: vipherald app " },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		json_t *app = json_loads(APP VIP PEER END, 0, NULL);
		json_object_set_new(app, "health", json_string(rows[i][0]));
		json_object_set_new(json_array_get(json_object_get(app, "vips"), 0), "form",
				    json_string("none"));
		json_t *answer = explain_app(app, NULL);
		const char *advice =
			advice_of(json_array_get(json_object_get(answer, "vips"), 0), "health");
		assert_non_null(advice);
		assert_true(str_starts(advice, rows[i][1]));
		json_decref(answer);
		json_decref(app);
	}
}

/* Itself as the only VIP; its peers are judged only while it has enough apps. */
static void test_aggregate(void **state)
{
	(void)state;
	json_t *aggregate = json_loads("{\"prefix\": \"192.0.2.0/24\", \"min\": 2, \"apps\": "
				       "{\"announced\": 1, \"up\": 1}, \"form\": \"none\", "
				       "\"announced_to\": {\"sent\": 0, \"peers\": 1}, "
				       "\"since_seconds\": 3.0, \"peers\": [" PEER "]}",
				       0, NULL);
	json_t *answer = explain_aggregate(aggregate, NULL);
	const json_t *vip = json_array_get(json_object_get(answer, "vips"), 0);
	const json_t *condition = json_array_get(json_object_get(vip, "conditions"), 0);
	assert_string_equal(json_string_value(json_object_get(answer, "aggregate")),
			    "192.0.2.0/24");
	assert_string_equal(first_of(vip), "apps");
	assert_string_equal(json_string_value(json_object_get(condition, "text")),
			    "1 app in it is announced, 1 up, min 2");
	json_decref(answer);
	json_object_set_new(aggregate, "form", json_string("up"));
	answer = explain_aggregate(aggregate, NULL);
	vip = json_array_get(json_object_get(answer, "vips"), 0);
	assert_string_equal(first_of(vip), "");
	assert_string_equal(first_of(json_array_get(json_object_get(vip, "peers"), 0)), "");
	json_decref(answer);
	json_decref(aggregate);
}

/* ---- the whole of an explanation ---- */

static void print_conditions(FILE *out, const json_t *of)
{
	const json_t *c;
	size_t i;
	json_array_foreach(json_object_get(of, "conditions"), i, c)
	{
		const json_t *holds = json_object_get(c, "holds");
		const json_t *since = json_object_get(c, "since_seconds");
		const char *todo = json_string_value(json_object_get(c, "do"));
		fprintf(out, "%s %s '%s'",
			json_is_null(holds)   ? "."
			: json_is_true(holds) ? "+"
					      : "-",
			json_string_value(json_object_get(c, "condition")),
			json_string_value(json_object_get(c, "text")));
		if (json_is_number(since))
			fprintf(out, " %g", json_number_value(since));
		fprintf(out, todo ? ": %s\n" : "\n", todo);
	}
}

static void expect_text(json_t *answer, const char *wanted)
{
	char *text = NULL;
	size_t size = 0, i, k;
	const json_t *vip, *peer;
	FILE *out = open_memstream(&text, &size);
	json_array_foreach(json_object_get(answer, "vips"), i, vip)
	{
		fprintf(out, "%s first %s\n", json_string_value(json_object_get(vip, "prefix")),
			first_of(vip));
		print_conditions(out, vip);
		json_array_foreach(json_object_get(vip, "peers"), k, peer)
		{
			fprintf(out, "%s is %s, first %s\n",
				json_string_value(json_object_get(peer, "peer")),
				json_string_value(json_object_get(peer, "state")), first_of(peer));
			print_conditions(out, peer);
		}
	}
	fclose(out);
	json_decref(answer);
	assert_string_equal(text, wanted);
	free(text);
}

/* ' in it stands for ". */
static json_t *loaded(const char *text)
{
	char json[4096];
	assert_true(strlen(text) < sizeof(json));
	for (size_t i = 0; i <= strlen(text); i++)
		json[i] = (char)(text[i] == '\'' ? '\"' : text[i]);
	json_t *o = json_loads(json, 0, NULL);
	assert_non_null(o);
	return o;
}

/* Of an app with more of everything than one. */
static void expect_of_app(const char *app, const char *wanted)
{
	json_t *o = loaded(app), *vip;
	size_t i;
	json_array_foreach(json_object_get(o, "vips"), i, vip)
		json_object_set_new(vip, "announced_to", json_object());
	json_t *ages = loaded("{'p': {'enabled': 1, 'session': 2, 'family': 3, 'next-hop': 4, "
			      "'next-hop6': 5, 'named': 9}}");
	expect_text(explain_app(o, ages), wanted);
	json_decref(ages);
	json_decref(o);
}

static const char said_of_an_app_that_is_up[] =
	"v first \n"
	"+ registered 'from api' 9\n"
	"+ health 'up' 5\n"
	"+ hold-down 'not held down'\n"
	"+ drain 'not drained'\n"
	"+ address 'none is needed (bind: none)'\n"
	"+ nat '2 of 2 rules present'\n"
	"p is sent, first \n"
	"+ enabled '' 1\n"
	"+ session '' 2\n"
	"+ family '' 3\n"
	"+ next-hop '' 4\n"
	"+ filter '' 9\n"
	"+ sent 'h'\n"
	"q is filtered, first filter\n"
	"+ enabled ''\n"
	". session ''\n"
	". family ''\n"
	". next-hop ''\n"
	"- filter 'not for it': name the peer in peers of the app, or take it out of "
	"except_peers\n"
	". sent 'filtered'\n"
	"w:: first \n"
	"+ registered 'from api' 9\n"
	"+ health 'up' 5\n"
	"+ hold-down 'not held down'\n"
	"+ drain 'not drained'\n"
	"+ address 'present (bind: present)'\n"
	"+ nat '1 of 1 rule present'\n"
	"p is no-next-hop, first next-hop\n"
	"+ enabled '' 1\n"
	"+ session '' 2\n"
	"+ family '' 3\n"
	"- next-hop 'no hop' 5: give the host an address of this family towards the "
	"router, or set next_hop; for IPv4 over an IPv6 session configure extended next "
	"hop (RFC 8950) on the router\n"
	". filter '' 9\n"
	". sent 'no-next-hop'\n"
	"q is suppressed, first aggregate\n"
	"+ enabled ''\n"
	". session ''\n"
	". family ''\n"
	". next-hop ''\n"
	"+ filter ''\n"
	"- aggregate 'summary': as configured: vipherald routes shows the aggregate\n"
	". sent 'suppressed'\n"
	"x first \n"
	"+ registered 'from api' 9\n"
	"+ health 'up' 5\n"
	"+ hold-down 'not held down'\n"
	"+ drain 'not drained'\n"
	"+ address 'bound'\n"
	"p is no-session, first enabled\n"
	"- enabled 'disabled' 1: vipherald peer p enable\n"
	". session 'disabled' 2\n"
	". family '' 3\n"
	". next-hop '' 4\n"
	". filter '' 9\n"
	". sent 'no-session'\n"
	"q is no-session, first session\n"
	"+ enabled ''\n"
	"- session 'idle': vipherald peer q says why there is none\n"
	". family ''\n"
	". next-hop ''\n"
	". filter ''\n"
	". sent 'no-session'\n"
	"r;s is family-not-negotiated, first family\n"
	"+ enabled ''\n"
	"+ session ''\n"
	"- family 'no v4': configure the address family for this neighbour on the router\n"
	". next-hop ''\n"
	". filter ''\n"
	". sent 'family-not-negotiated'\n"
	" is pending, first sent\n"
	"+ enabled ''\n"
	"+ session ''\n"
	"+ family ''\n"
	"+ next-hop ''\n"
	"+ filter ''\n"
	"- sent 'pending': wait: the router takes routes slowly\n"
	"q is filtered, first enabled\n"
	"- enabled 'both': vipherald peer q enable\n"
	". session ''\n"
	". family ''\n"
	". next-hop ''\n"
	". filter 'both'\n"
	". sent 'filtered'\n";

static void test_all_that_is_said_of_an_app_that_is_up(void **state)
{
	(void)state;
	expect_of_app(
		"{'name': 'a', 'source': 'api', 'health': 'up', 'state': 'up', 'reason': 'r', "
		"'since_seconds': 5, 'registered_seconds': 9, 'nat': {'error': '', 'rules': "
		"[{'vip': 'v', 'present': true}, {'vip': 'v', 'present': true}, {'vip': "
		"'w::', 'present': true}]}, 'vips': [{'prefix': 'v', 'bound': true, 'form': "
		"'up', 'bind': 'none', 'peers': [{'peer': 'p', 'state': 'sent', 'next_hop': "
		"'h', 'reason': 'unused'}, {'peer': 'q', 'state': 'filtered', 'reason': "
		"'not for it'}]}, {'prefix': 'w::', 'bound': true, 'form': 'up', 'bind': "
		"'present', 'attributes': {}, 'error': 'of a peer', 'error_since_seconds': "
		"3, 'peers': [{'peer': 'p', 'state': 'no-next-hop', 'reason': 'no hop'}, "
		"{'peer': 'q', 'state': 'suppressed', 'reason': 'summary'}]}, {'prefix': "
		"'x', 'bound': true, 'form': 'up', 'peers': [{'peer': 'p', 'state': "
		"'no-session', 'admin_down': true, 'reason': 'disabled'}, {'peer': 'q', "
		"'state': 'no-session', 'reason': 'idle'}, {'peer': 'r;s', 'state': "
		"'family-not-negotiated', 'reason': 'no v4'}, {'peer': '', 'state': "
		"'pending'}, {'peer': 'q', 'state': 'filtered', 'admin_down': true, "
		"'reason': 'both'}]}]}",
		said_of_an_app_that_is_up);
}

static void test_all_that_is_said_of_an_app_that_is_not(void **state)
{
	(void)state;
	/* Its rules are missing, the error is theirs. */
	expect_of_app("{'name': 'a', 'source': 's', 'health': 'up', 'state': 'joining', 'reason': "
		      "'waits', 'nat': {'error': 'no nft', 'rules': [{'vip': 'v'}, {'vip': 'v', "
		      "'present': true}]}, 'vips': [{'prefix': 'v', 'bound': true, 'error': 'no "
		      "nft', 'error_since_seconds': 3, 'form': 'up'}, {'prefix': 'w', 'bound': "
		      "true, 'error': 'busy', 'error_since_seconds': 4, 'form': 'up'}, {'prefix': "
		      "'x', 'bound': false, 'attributes': {}, 'error': 'lo', "
		      "'error_since_seconds': 2, 'form': 'up'}]}",
		      "v first nat\n"
		      "+ registered 'from s'\n"
		      "+ health 'waits'\n"
		      "+ hold-down 'not held down'\n"
		      "+ drain 'not drained'\n"
		      "+ address 'bound'\n"
		      "- nat 'no nft' 3: vipherald nat shows the back end and its error\n"
		      "w first address\n"
		      "+ registered 'from s'\n"
		      "+ health 'waits'\n"
		      "+ hold-down 'not held down'\n"
		      "+ drain 'not drained'\n"
		      "- address 'busy' 4: fix the error; the agent retries automatically\n"
		      "x first address\n"
		      "+ registered 'from s'\n"
		      "+ health 'waits'\n"
		      "+ hold-down 'not held down'\n"
		      "+ drain 'not drained'\n"
		      "- address 'lo' 2: fix the error; the agent retries automatically\n");
	/* One rule, which is missing without an error. */
	expect_of_app(
		"{'name': '%a:b_c.d-', 'health': 'down', 'reason': 'kept', 'since_seconds': "
		"2, 'state': 'draining', 'drain': {'since_seconds': 3, 'holds': [{'of': "
		"'agent'}, {'of': 'app'}, {'of': 'agent'}]}, 'held_down_until_seconds': "
		"1.6, 'quorum': 1, 'monitors': [{'health': 'up'}, {'health': 'down'}], "
		"'nat': {'rules': [{'vip': 'v', 'present': false}]}, 'vips': [{'prefix': "
		"'v', 'bound': true, 'form': 'kept'}]}",
		"v first nat\n"
		"+ registered 'from '\n"
		"+ health 'the checks pass again'\n"
		"+ hold-down 'held down for another 2 s (flap damping)' 2\n"
		"+ drain 'draining: announced until drain_time expires' 3\n"
		"+ address 'bound'\n"
		"- nat '0 of 1 rule present': vipherald nat shows the back end and its error\n");
}

static void test_all_that_is_said_of_an_app_that_is_down(void **state)
{
	(void)state;
	expect_of_app("{'name': 'a', 'health': 'down', 'reason': 'fails', 'since_seconds': 2, "
		      "'held_down_until_seconds': 0, 'quorum': 2, 'monitors': [{'health': 'up'}, "
		      "{'health': 'down'}], 'vips': [{'prefix': 'v', 'form': 'none'}]}",
		      "v first health\n"
		      "+ registered 'from '\n"
		      "- health 'fails' 2: look at the checks: vipherald app a\n"
		      ". hold-down 'held down for another 0 s (flap damping)' 2\n"
		      ". drain 'not drained'\n"
		      ". address 'not bound'\n");
	expect_of_app("{'name': 'a', 'health': 'down', 'reason': 'fails', 'since_seconds': 2, "
		      "'held_down_until_seconds': 7, 'quorum': 'all', 'monitors': [{'health': "
		      "'up'}, {'health': 'up'}], 'state': 'drained', 'drain': {'since_seconds': "
		      "1, 'holds': [{'of': 'app'}, {'of': 'agent'}]}, 'vips': [{'prefix': 'v', "
		      "'form': 'none', 'peers': [{'peer': 'p', 'state': 'sent'}]}, {'prefix': "
		      "'w', 'form': 'up', 'bound': false}]}",
		      "v first hold-down\n"
		      "+ registered 'from '\n"
		      "+ health 'the checks pass again'\n"
		      "- hold-down 'held down for another 7 s (flap damping)' 2: wait, and find "
		      "out why it flaps: vipherald history a\n"
		      ". drain 'drained' 1\n"
		      ". address 'not bound'\n"
		      "p is sent, first \n"
		      ". enabled '' 1\n"
		      ". session '' 2\n"
		      ". family '' 3\n"
		      ". next-hop '' 4\n"
		      ". filter ''\n"
		      ". sent ''\n"
		      "w first drain\n"
		      "+ registered 'from '\n"
		      "+ health 'the checks pass again'\n"
		      "+ hold-down 'held down for another 7 s (flap damping)' 2\n"
		      "- drain 'drained' 1: vipherald undrain a\n"
		      ". address 'not bound'\n");
	expect_of_app("{'name': 'a', 'health': 'down', 'reason': 'fails', 'quorum': 'all', "
		      "'monitors': [{'health': 'up'}], 'vips': [{'prefix': 'v', 'form': 'none'}]}",
		      "v first health\n"
		      "+ registered 'from '\n"
		      "- health 'fails': look at the checks: vipherald app a\n"
		      ". hold-down 'not held down'\n"
		      ". drain 'not drained'\n"
		      ". address 'not bound'\n");
	expect_of_app(
		"{'name': '', 'health': 'unknown', 'reason': 'new', 'vips': [{'prefix': 'v', "
		"'form': 'none'}]}",
		"v first health\n"
		"+ registered 'from '\n"
		"- health 'new': wait for the first result of the checks: vipherald app NAME\n"
		". hold-down 'not held down'\n"
		". drain 'not drained'\n"
		". address 'not bound'\n");
}

static void test_a_name_that_means_nothing_to_a_shell_is_in_the_advice(void **state)
{
	(void)state;
	expect_of_app(
		"{'name': '%a:b_c.d-', 'health': 'unknown', 'reason': 'new', 'vips': "
		"[{'prefix': 'v', 'form': 'none'}]}",
		"v first health\n"
		"+ registered 'from '\n"
		"- health 'new': wait for the first result of the checks: vipherald app %a:b_c.d-\n"
		". hold-down 'not held down'\n"
		". drain 'not drained'\n"
		". address 'not bound'\n");
}

static void expect_of_aggregate(const char *aggregate, const char *wanted)
{
	json_t *o = loaded(aggregate), *ages = loaded("{'p': {'next-hop': 4, 'next-hop6': 5}}");
	json_object_set_new(o, "announced_to", json_object());
	expect_text(explain_aggregate(o, ages), wanted);
	json_decref(ages);
	json_decref(o);
}

static void test_all_that_is_said_of_an_aggregate(void **state)
{
	(void)state;
	expect_of_aggregate(
		"{'prefix': 'g', 'min': 2, 'apps': {'announced': 0, 'up': 1}, 'form': "
		"'none', 'since_seconds': 3, 'peers': [{'peer': 'p', 'state': 'sent'}]}",
		"g first apps\n"
		"- apps '0 apps in it are announced, 1 up, min 2' 3: vipherald vips shows the VIPs "
		"in it, explain why one is not announced\n"
		"p is sent, first \n"
		". enabled ''\n"
		". session ''\n"
		". family ''\n"
		". next-hop '' 4\n"
		". filter ''\n"
		". sent ''\n");
	expect_of_aggregate("{'prefix': 'g::', 'min': 1, 'apps': {'announced': 2, 'up': 3}, "
			    "'form': 'up', 'since_seconds': 4, 'peers': [{'peer': 'p', 'state': "
			    "'pending'}]}",
			    "g:: first \n"
			    "+ apps '2 apps in it are announced, 3 up, min 1' 4\n"
			    "p is pending, first sent\n"
			    "+ enabled ''\n"
			    "+ session ''\n"
			    "+ family ''\n"
			    "+ next-hop '' 5\n"
			    "+ filter ''\n"
			    "- sent 'pending': wait: the router takes routes slowly\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_conditions),
		cmocka_unit_test(test_advice_names_app_and_peer),
		cmocka_unit_test(test_since_when),
		cmocka_unit_test(test_since_when_at_the_peer),
		cmocka_unit_test(test_down_and_not_announced),
		cmocka_unit_test(test_advice_for_health),
		cmocka_unit_test(test_aggregate),
		cmocka_unit_test(test_all_that_is_said_of_an_app_that_is_up),
		cmocka_unit_test(test_all_that_is_said_of_an_app_that_is_not),
		cmocka_unit_test(test_all_that_is_said_of_an_app_that_is_down),
		cmocka_unit_test(test_a_name_that_means_nothing_to_a_shell_is_in_the_advice),
		cmocka_unit_test(test_all_that_is_said_of_an_aggregate),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
