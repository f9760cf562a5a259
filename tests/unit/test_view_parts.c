/* SPDX-License-Identifier: MIT */
/* The parts of answers as JSON, whole: routes, monitors, drains, graceful restart, capabilities and
 * times. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "agent/status/stream.h"
#include "agent/status/view_capabilities.h"
#include "agent/status/view_drain.h"
#include "agent/status/view_graceful.h"
#include "agent/status/view_json.h"
#include "agent/status/view_monitor.h"
#include "agent/status/view_route.h"
#include "lib/array.h"

#define SEC USEC_PER_SEC

static const struct view_clock now = { .now = 1000 * SEC, .wall = 2000 * SEC };

/* With ' for ". */
static void expect(json_t *got, const char *wanted)
{
	char *text = stream_json_text(got);
	json_decref(got);
	for (char *c = text; *c; c++)
		*c = (char)(*c == '"' ? '\'' : *c == '\n' ? '\0' : *c);
	assert_string_equal(text, wanted);
	free(text);
}

/* ---- routes ---- */

static uint32_t path[] = { 65010, 65011 };
static uint32_t communities[] = { 0x00010001, 0x00010002, 0x00010001 };
static struct bgp_ext_community ext[] = { { 0x0002fde9, 100 }, { 0x0002fde9, 101 } };
static struct bgp_large_community large[] = { { 1, 2, 3 }, { 4, 5, 6 } };
static const struct bgp_config global = { .communities = { communities, 2 } };
static const struct bgp_peer_config config = { .addr = { AF_INET, { 10, 0, 0, 1 } },
					       .med = { true, 4 },
					       .local_pref = { true, 5 },
					       .prepends = { true, 2 },
					       .weight = { true, 0x42c80000 } }; /* 100 */
static const struct bgp_peer_config plain = { .addr = { AF_INET, { 10, 0, 0, 1 } } };

static const struct bgp_route_attrs own_nothing = { .has_med = false };
static const struct bgp_route_attrs own_everything = {
	.has_med = true,
	.has_local_pref = true,
	.has_prepends = true,
	.has_weight = true,
	.med = 7,
	.local_pref = 8,
	.prepends = 3,
	.weight = 0x3fc00000, /* 1.5 */
	.origin = { true, BGP_ORIGIN_EGP },
	.next_hop = { AF_INET, { 10, 0, 0, 9 } },
	.communities = { &communities[1], 2 },
	.ext_communities = { ext, 2 },
	.large_communities = { large, 2 },
};
static const struct bgp_route_attrs own_path = { .as_path = { true, path, 2 } };

static const struct {
	const struct bgp_peer_config *config;
	uint32_t peer_as;
	const struct bgp_route_attrs *own;
	const char *wanted;
} sent[] = {
	{ &plain, 65002, &own_nothing,
	  "{'communities':['1:1','1:2'],'ext_communities':[],'large_communities':[],'med':null,'"
	  "local_pref':null,'prepend':0,'weight':null}" },
	{ &plain, 65001, &own_nothing,
	  "{'communities':['1:1','1:2'],'ext_communities':[],'large_communities':[],'med':null,'"
	  "local_pref':100,'prepend':0,'weight':null}" },
	{ &config, 65002, &own_nothing,
	  "{'communities':['1:1','1:2'],'ext_communities':['0x0004fde942c80000'],'large_"
	  "communities':[],'med':4,'local_pref':null,'prepend':2,'weight':100}" },
	{ &config, 65001, &own_nothing,
	  "{'communities':['1:1','1:2'],'ext_communities':['0x4004fde942c80000'],'large_"
	  "communities':[],'med':4,'local_pref':5,'prepend':0,'weight':100}" },
	{ &plain, 65002, &own_everything,
	  "{'communities':['1:1','1:2'],'ext_communities':['rt:65001:100','rt:65001:101','"
	  "0x0004fde93fc00000'],'large_communities':['1:2:3','4:5:6'],'med':7,'local_pref':null,'"
	  "prepend':3,'weight':1.5,'origin':'egp'}" },
	{ &config, 65001, &own_everything,
	  "{'communities':['1:1','1:2'],'ext_communities':['rt:65001:100','rt:65001:101','"
	  "0x4004fde93fc00000'],'large_communities':['1:2:3','4:5:6'],'med':7,'local_pref':8,'"
	  "prepend':0,'weight':1.5,'origin':'egp'}" },
	{ &config, 65002, &own_path,
	  "{'communities':['1:1','1:2'],'ext_communities':['0x0004fde942c80000'],'large_"
	  "communities':[],'med':4,'local_pref':null,'prepend':0,'weight':100,'as_path':[65010,"
	  "65011]}" },
	{ &config, 65001, &own_path,
	  "{'communities':['1:1','1:2'],'ext_communities':['0x4004fde942c80000'],'large_"
	  "communities':[],'med':4,'local_pref':5,'prepend':0,'weight':100,'as_path':[65010,65011]"
	  "}" },
};

static void test_attributes_as_a_peer_is_sent_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sent); i++) {
		const struct bgp_peer_status peer = { .config = sent[i].config,
						      .local_as = 65001,
						      .peer_as = sent[i].peer_as };
		expect(view_route_sent(&peer, &global, sent[i].own), sent[i].wanted);
	}
}

static void test_a_route_at_a_peer(void **state)
{
	static const struct {
		enum bgp_route_state state;
		const char *last_error;
		bool awaits_path, disabled, ipv6;
		const struct bgp_route_attrs *own;
		const char *wanted;
	} cases[] = {
		{ BGP_ROUTE_SENT, "", false, false, false, &own_nothing,
		  "{'peer':'10.0.0.1','peer_as':1,'admin_down':false,'state':'sent','reason':null,'"
		  "next_hop':'10.0.0.2','communities':[],'ext_communities':[],'large_communities':["
		  "],'med':null,'local_pref':100,'prepend':0,'weight':null}" },
		{ BGP_ROUTE_SENT, "", false, false, true, &own_nothing,
		  "{'peer':'10.0.0.1','peer_as':1,'admin_down':false,'state':'sent','reason':null,'"
		  "next_hop':'fd00::2','communities':[],'ext_communities':[],'large_communities':[]"
		  ",'med':null,'local_pref':100,'prepend':0,'weight':null}" },
		{ BGP_ROUTE_SENT, "", false, false, false, &own_everything,
		  "{'peer':'10.0.0.1','peer_as':1,'admin_down':false,'state':'sent','reason':null,'"
		  "next_hop':'10.0.0.9','communities':['1:2','1:1'],'ext_communities':['rt:65001:"
		  "100','rt:65001:101','0x400400013fc00000'],'large_communities':['1:2:3','4:5:6'],"
		  "'med':7,'local_pref':8,'prepend':0,'weight':1.5,'origin':'egp'}" },
		{ BGP_ROUTE_NO_FAMILY, "x", true, false, false, &own_nothing,
		  "{'peer':'10.0.0.1','peer_as':1,'admin_down':false,'state':'family-not-"
		  "negotiated','reason':'IPv4 unicast was not "
		  "negotiated','next_hop':'10.0.0.2','communities':[],'ext_communities':[],'large_"
		  "communities':[],'med':null,'local_pref':100,'prepend':0,'weight':null}" },
		{ BGP_ROUTE_FILTERED, "x", true, false, false, &own_nothing,
		  "{'peer':'10.0.0.1','peer_as':1,'admin_down':false,'state':'filtered','reason':'"
		  "not for this peer: peers or except_peers of the "
		  "app','next_hop':'10.0.0.2','communities':[],'ext_communities':[],'large_"
		  "communities':[],'med':null,'local_pref':100,'prepend':0,'weight':null}" },
		{ BGP_ROUTE_SUPPRESSED, "x", true, false, false, &own_nothing,
		  "{'peer':'10.0.0.1','peer_as':1,'admin_down':false,'state':'suppressed','reason':"
		  "'an aggregate with summary_only stands for "
		  "it','next_hop':'10.0.0.2','communities':[],'ext_communities':[],'large_"
		  "communities':[],'med':null,'local_pref':100,'prepend':0,'weight':null}" },
		{ BGP_ROUTE_PENDING, "x", true, false, false, &own_nothing,
		  "{'peer':'10.0.0.1','peer_as':1,'admin_down':false,'state':'pending','reason':"
		  "null,'next_hop':'10.0.0.2','communities':[],'ext_communities':[],'large_"
		  "communities':[],'med':null,'local_pref':100,'prepend':0,'weight':null}" },
		{ BGP_ROUTE_NO_SESSION, "", false, true, false, &own_nothing,
		  "{'peer':'10.0.0.1','peer_as':1,'admin_down':true,'state':'no-session','reason':'"
		  "no session, the peer is "
		  "idle','next_hop':'10.0.0.2','communities':[],'ext_communities':[],'large_"
		  "communities':[],'med':null,'local_pref':100,'prepend':0,'weight':null}" },
	};
	const struct prefix v4 = PREFIX4(32, 192, 0, 2, 1);
	const struct prefix v6 = { { AF_INET6, { 0xfd, [15] = 1 } }, 128 };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct bgp_peer_status peer = { .config = &plain,
						      .local_as = 1,
						      .peer_as = 1,
						      .disabled = cases[i].disabled,
						      .state = BGP_IDLE,
						      .last_error = cases[i].last_error,
						      .awaits_path = cases[i].awaits_path,
						      .next_hop4 = { AF_INET, { 10, 0, 0, 2 } },
						      .next_hop6 = { AF_INET6,
								     { 0xfd, [15] = 2 } } };
		const struct view_route route = { .peer = &peer, .state = cases[i].state };
		const struct bgp_config none = { .communities = { NULL, 0 } };
		expect(view_route(&route, cases[i].ipv6 ? &v6 : &v4, &none, cases[i].own),
		       cases[i].wanted);
	}
}

/* As an integer where it is one; beyond 2^53 a double has not all of them. */
static void test_weights(void **state)
{
	static const struct {
		uint32_t bits;
		const char *wanted;
	} weights[] = {
		{ 0, "0" },
		{ 0x3f800000, "1" },
		{ 0x3f000000, "0.5" },
		{ 0x59ffffff, "9007198717870080" },
		{ 0x5a000000, "9.00719925474e15" },
		{ 0x5a000001, "9.00720032848e15" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(weights); i++) {
		struct bgp_route_attrs attrs = { .has_weight = true, .weight = weights[i].bits };
		json_t *o = view_route_attrs(&attrs);
		expect(json_incref(json_object_get(o, "weight")), weights[i].wanted);
		json_decref(o);
	}
	expect(view_route_attrs(&own_everything),
	       "{'med':7,'local_pref':8,'prepend':3,'weight':1.5,'communities':['1:2','1:1'],'ext_"
	       "communities':['rt:65001:100','rt:65001:101'],'large_communities':['1:2:3','4:5:6']"
	       "}");
	expect(view_route_attrs(&own_nothing),
	       "{'med':null,'local_pref':null,'prepend':0,'weight':null,'communities':[],'ext_"
	       "communities':[],'large_communities':[]}");
	expect(view_announced_to(2, 3), "{'sent':2,'peers':3}");
}

/* ---- monitors, drains ---- */

static void test_a_monitor(void **state)
{
	struct recent_checks recent = { .n = 0 };
	struct monitor_status m = {
		.text = "port:udp:53",
		.health = HEALTH_UP,
		.since = 990 * SEC,
		.last_check = 995 * SEC,
		.took = 1500,
		.checks = 9,
		.failures = 4,
		.cert_end = 1,
		.recent = &recent,
		.running = true,
		.said = "open",
		.output = "out",
		.timing = { .interval = 10 * SEC,
			    .fast_interval = 2 * SEC,
			    .timeout = SEC / 2,
			    .rise = 2,
			    .fall = 3 },
		.streak = 1,
	};
	(void)state;
	recent_checks_add(&recent, HEALTH_UNKNOWN, 0);
	recent_checks_add(&recent, HEALTH_DOWN, SEC);
	recent_checks_add(&recent, HEALTH_UP, 1000);
	expect(view_monitor(&m, &now),
	       "{'monitor':'port:udp:53','health':'up','said':'open','running':true,'checks':9,'"
	       "failures':4,'took_seconds':0.0015,'since':'1970-01-01T00:33:10.000Z','since_"
	       "seconds':10.0,'last_check':'1970-01-01T00:33:15.000Z','last_check_seconds':5.0,'"
	       "recent':[{'result':'unknown','took_seconds':0.0},{'result':'fail','took_seconds':1."
	       "0},{'result':'pass','took_seconds':0.001}],'output':'out','interval_seconds':10.0,'"
	       "fast_interval_seconds':2.0,'timeout_seconds':0.5,'rise':2,'fall':3,'pending':1,'"
	       "certificate_expires':'1970-01-01T00:00:00.000Z'}");
	m.recent = NULL;
	m.output = NULL;
	m.running = false;
	m.cert_end = 0;
	m.last_check = USEC_NEVER;
	expect(view_monitor(&m, &now),
	       "{'monitor':'port:udp:53','health':'up','said':'open','running':false,'checks':9,'"
	       "failures':4,'took_seconds':0.0015,'since':'1970-01-01T00:33:10.000Z','since_"
	       "seconds':10.0,'last_check':null,'last_check_seconds':null,'recent':[],'output':"
	       "null,'interval_seconds':10.0,'fast_interval_seconds':2.0,'timeout_seconds':0.5,'"
	       "rise':2,'fall':3,'pending':1,'certificate_expires':null}");
}

static void test_a_drain(void **state)
{
	const struct drain app = {
		.requests = { [DRAIN_BY_API] = { true, 990 * SEC, 5 * SEC, 1010 * SEC, "work" },
			      [DRAIN_BY_FLEET] = { true, 995 * SEC, 0, USEC_NEVER, "" } }
	};
	const struct drain agent = { .requests = { [DRAIN_BY_FILE] = { true, 980 * SEC, 0,
								       USEC_NEVER, "f" },
						   [DRAIN_BY_HOST] = { false, 1, 1, 1, "no" } } };
	(void)state;
	expect(view_drain(&(struct view_drain){ &app, &agent, 985 * SEC, 1003 * SEC }, &now),
	       "{'since':'1970-01-01T00:33:05.000Z','since_seconds':15.0,'withdraw':'1970-01-01T00:"
	       "33:23.000Z','withdraw_seconds':3.0,'holds':[{'by':'api','of':'app','reason':'work',"
	       "'since':'1970-01-01T00:33:05.000Z','since_seconds':15.0,'until':'1970-01-01T00:33:"
	       "30.000Z','until_seconds':10.0},{'by':'fleet','of':'app','reason':null,'since':'"
	       "1970-01-01T00:33:15.000Z','since_seconds':5.0,'until':null,'until_seconds':null},{'"
	       "by':'file','of':'agent','reason':'f','since':'1970-01-01T00:33:00.000Z','since_"
	       "seconds':20.0,'until':null,'until_seconds':null}]}");
	expect(view_drain(&(struct view_drain){ &app, NULL, 985 * SEC, USEC_NEVER }, &now),
	       "{'since':'1970-01-01T00:33:05.000Z','since_seconds':15.0,'withdraw':null,'withdraw_"
	       "seconds':null,'holds':[{'by':'api','of':'app','reason':'work','since':'1970-01-"
	       "01T00:33:05.000Z','since_seconds':15.0,'until':'1970-01-01T00:33:30.000Z','until_"
	       "seconds':10.0},{'by':'fleet','of':'app','reason':null,'since':'1970-01-01T00:33:15."
	       "000Z','since_seconds':5.0,'until':null,'until_seconds':null}]}");
	expect(view_drain(&(struct view_drain){ NULL, NULL, 0, 0 }, &now),
	       "{'since':'1970-01-01T00:16:40.000Z','since_seconds':1000.0,'withdraw':'1970-01-"
	       "01T00:16:40.000Z','withdraw_seconds':1000.0,'holds':[]}");
	expect(view_drain(&(struct view_drain){ &app, &agent, USEC_NEVER, 1003 * SEC }, &now),
	       "null");
}

/* ---- what was negotiated, and what is needed ---- */

static void test_graceful_restart(void **state)
{
	static const struct bgp_graceful none = { .restart_time = 5, .notification = true };
	static const struct bgp_graceful half = { .offered = true,
						  .restart_time = 0,
						  .restarting = true,
						  .ipv6 = { .listed = true, .forwarding = true } };
	static const struct bgp_graceful all = { .offered = true,
						 .restart_time = 120,
						 .notification = true,
						 .ipv4 = { .listed = true } };
	char buf[VIEW_GRACEFUL_MAX] = "";
	(void)state;
	expect(view_graceful(&none), "null");
	expect(view_graceful(&half),
	       "{'restart_time_seconds':0,'restarting':true,'notification':false,'ipv4_unicast':"
	       "null,'ipv6_unicast':{'forwarding':true}}");
	expect(view_graceful(&all),
	       "{'restart_time_seconds':120,'restarting':false,'notification':true,'ipv4_unicast':{"
	       "'forwarding':false},'ipv6_unicast':null}");
	assert_string_equal(view_graceful_text(&none, buf), "");
	assert_string_equal(view_graceful_text(&half, buf),
			    "graceful restart 0s, restarted, ipv6 forwarding");
	assert_string_equal(view_graceful_text(&all, buf),
			    "graceful restart 120s, notification, ipv4 not forwarding");
}

static void test_capabilities_that_are_missing_once_each(void **state)
{
	static const struct capability_needs needs = {
		.items = { { CAP_NET_RAW, true, "k1", "w1", "for pings" },
			   { CAP_NET_ADMIN, false, "k2", "w2", "for apps" },
			   { CAP_KILL, true, "k3", "w3", "for commands" },
			   { CAP_NET_RAW, true, "k4", "w4", "for rules" } },
		.n = 4,
		.n_missing = 3,
	};
	static const struct capability_needs none = {
		.items = { { CAP_KILL, true, "k", "w", "behind the end" } }, .n = 0
	};
	(void)state;
	expect(view_capabilities(&needs),
	       "{'missing':['CAP_NET_RAW','CAP_KILL'],'capabilities':[{'capability':'CAP_NET_RAW','"
	       "present':false,'for':'for "
	       "pings','key':'k1','without':'w1'},{'capability':'CAP_NET_ADMIN','present':true,'"
	       "for':'for "
	       "apps','key':'k2','without':'w2'},{'capability':'CAP_KILL','present':false,'for':'"
	       "for "
	       "commands','key':'k3','without':'w3'},{'capability':'CAP_NET_RAW','present':false,'"
	       "for':'for rules','key':'k4','without':'w4'}]}");
	expect(view_capabilities(&none), "{'missing':[],'capabilities':[]}");
}

/* ---- times, texts ---- */

static void test_times(void **state)
{
	static const struct {
		mono_t at;
		const char *wanted;
	} times[] = {
		{ 0, "{'t':'1970-01-01T00:16:40.000Z','t_seconds':1000.0}" },
		{ 999 * SEC, "{'t':'1970-01-01T00:33:19.000Z','t_seconds':1.0}" },
		{ 1000 * SEC - 1, "{'t':'1970-01-01T00:33:19.999Z','t_seconds':0.0}" },
		{ 1000 * SEC, "{'t':'1970-01-01T00:33:20.000Z','t_seconds':0.0}" },
		{ 1000 * SEC + 1000, "{'t':'1970-01-01T00:33:20.001Z','t_seconds':0.001}" },
		{ 1002 * SEC, "{'t':'1970-01-01T00:33:22.000Z','t_seconds':2.0}" },
	};
	json_t *o;
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		o = json_object();
		view_add_time(o, &now, "t", times[i].at);
		expect(o, times[i].wanted);
	}
	o = json_object();
	view_add_time(o, &now, "t", USEC_NEVER);
	view_add_past(o, &now, "u", 990 * SEC, 5 * SEC);
	view_add_past(o, &now, "v", 1001 * SEC, 0);
	view_add_past(o, &now, "w", 990 * SEC, 5000 * SEC); /* before 1970 */
	expect(o, "{'t':null,'t_seconds':null,'u':'1970-01-01T00:33:05.000Z','u_seconds':15.0,'v':'"
		  "1970-01-01T00:33:20.000Z','v_seconds':0.0,'w':'1970-01-01T00:00:00.000Z','w_"
		  "seconds':5010.0}");
}

static void test_communities_of_several_lists(void **state)
{
	static uint32_t a[] = { 1, 2, 1 }, b[] = { 3, 2, 3, 4 };
	const struct bgp_communities first = { a, 3 }, none = { NULL, 0 }, last = { b, 4 };
	const struct bgp_communities *const lists[] = { &first, &none, &last };
	(void)state;
	expect(view_communities(lists, 3), "['0:1','0:2','0:3','0:4']");
	expect(view_communities(lists, 1), "['0:1','0:2']");
	expect(view_communities(lists, 0), "[]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_attributes_as_a_peer_is_sent_them),
		cmocka_unit_test(test_a_route_at_a_peer),
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_a_monitor),
		cmocka_unit_test(test_a_drain),
		cmocka_unit_test(test_graceful_restart),
		cmocka_unit_test(test_capabilities_that_are_missing_once_each),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_communities_of_several_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
