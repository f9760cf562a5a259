/* SPDX-License-Identifier: MIT */
/*
 * Differences of configurations, and how they are printed. Random pairs of files: the difference is
 * what was changed, both ways.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/config/keep.h"
#include "lib/array.h"
#include "tests/unit/config_texts.h"
#include "tests/unit/own_netns.h"

/* ---- pairs of files ---- */

#define MODEL_APPS  12
#define MODEL_PEERS 4

/* 0: it is not in the file. */
struct model {
	unsigned apps[MODEL_APPS], peers[MODEL_PEERS];
};

static unsigned seed = 1;

static unsigned pick(unsigned n)
{
	seed = seed * 1103515245u + 12345u;
	return (seed >> 16) % n;
}

static void random_model(struct model *m)
{
	for (size_t i = 0; i < MODEL_APPS; i++)
		m->apps[i] = pick(4);
	for (size_t i = 0; i < MODEL_PEERS; i++)
		m->peers[i] = i == 0 ? 1 + pick(2) : pick(3);
}

static char *file_of(const struct model *m)
{
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	fprintf(out, "bgp: {local_as: 65001, router_id: 10.0.0.1, peers: [");
	for (unsigned i = 0; i < MODEL_PEERS; i++)
		if (m->peers[i])
			fprintf(out, "{peer_ip: 10.0.0.%u, peer_as: 65000, hold_time: %us}, ",
				i + 2, 30 * m->peers[i]);
	fprintf(out, "]}\napps: [");
	for (unsigned i = 0; i < MODEL_APPS; i++)
		if (m->apps[i])
			fprintf(out, "{name: a%u, vip: 203.0.113.%u/32, monitors: 'port:tcp:%u'}, ",
				i, i + 1, m->apps[i]);
	fprintf(out, "]\n");
	fclose(out);
	return text;
}

struct tally {
	size_t of[CONFIG_APP + 1][CONFIG_REMOVED + 1];
};

static void expect(struct tally *t, enum config_object object, unsigned before, unsigned after)
{
	if (before && after && before != after)
		t->of[object][CONFIG_CHANGED]++;
	else if (!before && after)
		t->of[object][CONFIG_ADDED]++;
	else if (before && !after)
		t->of[object][CONFIG_REMOVED]++;
}

static void check_pair(const struct model *before, const struct model *after)
{
	struct tally want = { 0 };
	struct config_diff d;
	char *a = file_of(before), *b = file_of(after);
	for (size_t i = 0; i < MODEL_APPS; i++)
		expect(&want, CONFIG_APP, before->apps[i], after->apps[i]);
	for (size_t i = 0; i < MODEL_PEERS; i++)
		expect(&want, CONFIG_PEER, before->peers[i], after->peers[i]);
	diff_texts(a, b, &d);
	for (unsigned o = 0; o <= CONFIG_APP; o++)
		for (unsigned k = 0; k <= CONFIG_REMOVED; k++)
			assert_int_equal(config_diff_count(&d, o, k), want.of[o][k]);
	config_diff_done(&d);
	free(a);
	free(b);
}

static void pairs(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		struct model a, b;
		random_model(&a);
		random_model(&b);
		check_pair(&a, &b);
		check_pair(&b, &a);
		check_pair(&a, &a);
	}
}

/* ---- what is printed ---- */

static void printed(void **state)
{
	(void)state;
	static const char before[] = "agent: {consul_token: secret1}\n"
				     "bgp: {local_as: 1, router_id: 10.0.0.1, peers: [\n"
				     "  {peer_ip: 10.0.0.2, peer_as: 2, password: old}, "
				     "{peer_ip: 10.0.0.3, peer_as: 2}]}\n"
				     "apps: [{name: a, vip: 192.0.2.1/32, monitors: 'port:tcp:1'},"
				     "{name: b, vip: 192.0.2.2/32, monitors: 'port:tcp:1'}]\n";
	static const char after[] =
		"agent: {consul_token: secret2, rise: 2, read_addr: ':81'}\n"
		"bgp: {local_as: 1, router_id: 10.0.0.1, peers: [\n"
		"  {peer_ip: 10.0.0.2, peer_as: 2, password: new}, "
		"{peer_ip: 10.0.0.4, peer_as: 2}]}\n"
		"apps: [{name: a, vip: 192.0.2.1/32, monitors: 'port:tcp:1',"
		"states: {up: {med: 9}}}, {name: c, vip: 192.0.2.2/32, monitors: 'port:tcp:1'}]\n";
	static const char want[] = "agent changed: needs a restart\n"
				   "    read_addr: not set -> :81 (needs a restart)\n"
				   "    rise: 1 -> 2\n"
				   "    consul_token: (hidden) -> (hidden)\n"
				   "peer 10.0.0.3 removed: session closed\n"
				   "peer 10.0.0.2 changed: no UPDATE\n"
				   "    password: (hidden) -> (hidden)\n"
				   "peer 10.0.0.4 added: session opened\n"
				   "app a changed: UPDATE\n"
				   "    states.up.med: not set -> 9\n"
				   "app c added: announced when healthy\n"
				   "app b removed: withdrawn\n";
	struct config_diff d;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	diff_texts(before, after, &d);
	config_diff_print(&d, out);
	fclose(out);
	assert_string_equal(text, want);
	assert_int_equal(config_diff_effect(&d), CONFIG_NEEDS_RESTART);
	assert_true(config_diff_has_key(&d, CONFIG_AGENT, "consul_"));
	assert_false(config_diff_has_key(&d, CONFIG_AGENT, "drain_"));
	config_diff_done(&d);
	free(text);
}

static void expect_printed(const char *before, const char *after, const char *want,
			   enum config_effect effect)
{
	struct config_diff d;
	char *text = NULL;
	size_t len;
	FILE *out = open_memstream(&text, &len);
	diff_texts(before, after, &d);
	config_diff_print(&d, out);
	fclose(out);
	assert_string_equal(text, want);
	assert_int_equal(config_diff_effect(&d), effect);
	config_diff_done(&d);
	free(text);
}

#define BGP "router_id: 10.0.0.1, peers: [ "

static void consequences(void **state)
{
	(void)state;
	expect_printed("bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\n",
		       "bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\n", "",
		       CONFIG_APPLIES);
	expect_printed("bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\n",
		       "agent: { listen_addr: ':8081' }\n"
		       "bgp: { local_as: 3, " BGP
		       "{ peer_ip: 10.0.0.2, peer_as: 2, hold_time: 9s } "
		       "] }\n",
		       "agent changed: needs a restart\n"
		       "    listen_addr: :8080 -> :8081 (needs a restart)\n"
		       "bgp changed: all sessions reset\n"
		       "    local_as: 1 -> 3\n"
		       "peer 10.0.0.2 changed: session reset\n"
		       "    hold_time: 1m30s -> 9s\n",
		       CONFIG_NEEDS_RESTART);
}

#define APPS(list)                                                                                 \
	"bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\napps: [ " list " ]\n"
#define NAMED(name, n) "{ name: " name ", vip: 192.0.2." n "/32 }, "

/* In whatever order the apps are, each is compared with the one of its name. */
/* A key that needs a restart hides none that does not. */
static void restart_and_more(void **state)
{
	(void)state;
	static const char peers[] =
		"router_id: 10.0.0.1, peers: [{peer_ip: 10.0.0.2, peer_as: 2}]}\n";
	char before[256], after[256];
	snprintf(before, sizeof(before), "bgp: {local_as: 1, %s", peers);
	snprintf(after, sizeof(after), "bgp: {local_as: 3, family: 6, %s", peers);
	expect_printed(before, after,
		       "bgp changed: all sessions reset, needs a restart\n"
		       "    local_as: 1 -> 3\n"
		       "    family: not set -> 6 (needs a restart)\n",
		       CONFIG_NEEDS_RESTART);
}

static void apps_in_another_order(void **state)
{
	static const char abcd[] =
		APPS(NAMED("a", "1") NAMED("b", "2") NAMED("c", "3") NAMED("d", "4"));
	(void)state;
	expect_printed(abcd, APPS(NAMED("d", "4") NAMED("c", "3") NAMED("b", "2") NAMED("a", "1")),
		       "", CONFIG_APPLIES);
	expect_printed(abcd,
		       APPS(NAMED("new", "9") NAMED("a", "1") NAMED("c", "3") NAMED("d", "4")),
		       "app new added: announced when healthy\napp b removed: withdrawn\n",
		       CONFIG_SENDS_UPDATE);
	expect_printed(abcd, APPS(NAMED("c", "3") NAMED("d", "5") NAMED("a", "1")),
		       "app d changed: UPDATE\n    vip: 192.0.2.4/32 -> 192.0.2.5/32\n"
		       "app b removed: withdrawn\n",
		       CONFIG_SENDS_UPDATE);
	expect_printed(abcd, APPS(NAMED("a", "1") NAMED("b", "2")),
		       "app c removed: withdrawn\napp d removed: withdrawn\n", CONFIG_SENDS_UPDATE);
}

/* A peer is its address and its port; the default gateway has neither. */
static void peers_by_port(void **state)
{
	(void)state;
	expect_printed("bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 }, { peer_ip: "
		       "10.0.0.2, port: 1179, peer_as: 2 }, { peer_as: 2 } ] }\n",
		       "bgp: { local_as: 1, " BGP
		       "{ peer_ip: 10.0.0.2, port: 1180, peer_as: 2 }, { "
		       "peer_ip: 10.0.0.2, peer_as: 2, hold_time: 9s } ] }\n",
		       "peer 10.0.0.2 port 1179 removed: session closed\n"
		       "peer default gateway removed: session closed\n"
		       "peer 10.0.0.2 port 1180 added: session opened\n"
		       "peer 10.0.0.2 changed: session reset\n"
		       "    hold_time: 1m30s -> 9s\n",
		       CONFIG_RESETS);
}

/* The times and options of a monitor stand behind it. */
static void monitors_with_options(void **state)
{
#define APP(monitor)                                                                               \
	"bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\n"                       \
	"apps: [ { name: a, vip: 192.0.2.1/32, monitors: [ " monitor " ] } ]\n"
	(void)state;
	expect_printed(
		APP("'port:tcp:1', { tcp: '127.0.0.1:2', interval: 2s, fast_interval: 1s, "
		    "timeout: 500ms, rise: 2, fall: 3, send: x, expect: y }"),
		APP("{ tcp: '127.0.0.1:2', rise: 4 }, { tcp: '127.0.0.1:2', send: x }"),
		"app a changed: no UPDATE\n"
		"    monitors: port:tcp:1, tcp:127.0.0.1:2 {interval: 2s, fast_interval: 1s, "
		"timeout: 500ms, rise: 2, fall: 3, send: x, expect: y} -> tcp:127.0.0.1:2 "
		"{rise: 4}, tcp:127.0.0.1:2 {send: x}\n",
		CONFIG_APPLIES);
	expect_printed(APP("{ tcp: '127.0.0.1:2', evidence: soft, scope: local }"),
		       APP("{ tcp: '127.0.0.1:2', scope: shared }, { tcp: '127.0.0.1:2', rise: 2, "
			   "evidence: hard }"),
		       "app a changed: no UPDATE\n"
		       "    monitors: tcp:127.0.0.1:2 {evidence: soft, scope: local} -> "
		       "tcp:127.0.0.1:2 {scope: shared}, tcp:127.0.0.1:2 {rise: 2, evidence: "
		       "hard}\n",
		       CONFIG_APPLIES);
#undef APP
}

/* Mappings that are values, too. */
static void values_or_mappings(void **state)
{
#define BFD(value)                                                                                 \
	"bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2, bfd: " value " } ] }\n"
#define FLEET(vips)                                                                                \
	"agent: { consul_addr: 'http://127.0.0.1:1' }\nfleet: { engine: consul, vips: " vips       \
	" }\nbgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\n"
	(void)state;
	expect_printed(BFD("false"), BFD("true"),
		       "peer 10.0.0.2 changed: no UPDATE\n    bfd: false -> true\n",
		       CONFIG_APPLIES);
	expect_printed(BFD("true"), BFD("{ multiplier: 4 }"),
		       "peer 10.0.0.2 changed: no UPDATE\n    bfd.multiplier: 3 -> 4\n",
		       CONFIG_APPLIES);
	expect_printed(FLEET("50%"), FLEET("{ default: { min_up: 3, max_joining: 2 } }"),
		       "fleet changed: no UPDATE\n    vips: default 50% -> default 3, 2 joining\n",
		       CONFIG_APPLIES);
#undef FLEET
#undef BFD
}

static void apps_with_series(void **state)
{
#define SERIES(value)                                                                              \
	"agent: { metrics: { per_app: " value " } }\nbgp: { local_as: 1, " BGP                     \
	"{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\n"
	(void)state;
	expect_printed(SERIES("true"), SERIES("false"),
		       "agent changed: no UPDATE\n    metrics.per_app: not set -> false\n",
		       CONFIG_APPLIES);
	expect_printed(SERIES("[ a, b ]"), SERIES("true"),
		       "agent changed: no UPDATE\n    metrics.per_app: a, b -> not set\n",
		       CONFIG_APPLIES);
#undef SERIES
}

/* They are in effect until a restart: the catalogs change places as a whole. */
static void catalogs_that_are_kept(void **state)
{
#define CATALOGS(consul, nomad)                                                                    \
	"agent: { consul_addr: 'http://127.0.0.1:" consul                                          \
	"', nomad_addr: 'http://127.0.0.1:" nomad "' }\nbgp: { local_as: 1, " BGP                  \
	"{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\n"
	struct config *a = load(CATALOGS("1", "2")), *b = load(CATALOGS("3", "4"));
	(void)state;
	config_keep_consul(a, b);
	assert_string_equal(a->agent.consul.addr, "http://127.0.0.1:3");
	assert_string_equal(b->agent.consul.addr, "http://127.0.0.1:1");
	assert_string_equal(a->agent.nomad.addr, "http://127.0.0.1:2");
	config_keep_nomad(a, b);
	assert_string_equal(a->agent.nomad.addr, "http://127.0.0.1:4");
	assert_string_equal(b->agent.nomad.addr, "http://127.0.0.1:2");
	assert_string_equal(a->agent.consul.addr, "http://127.0.0.1:3");
	config_free(a);
	config_free(b);
#undef CATALOGS
}

static void prefixes_of_keys(void **state)
{
	struct config_diff d;
	(void)state;
	diff_texts("bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\n",
		   "bgp: { local_as: 1, origin: egp, " BGP
		   "{ peer_ip: 10.0.0.2, peer_as: 2, hold_time: 9s } ] }\n",
		   &d);
	assert_true(config_diff_has_key(&d, CONFIG_BGP, "origin"));
	assert_true(config_diff_has_key(&d, CONFIG_PEER, "hold"));
	assert_false(config_diff_has_key(&d, CONFIG_BGP, "hold"));
	assert_false(config_diff_has_key(&d, CONFIG_PEER, "origin"));
	assert_int_equal(config_diff_count(&d, CONFIG_PEER, CONFIG_CHANGED), 1);
	assert_int_equal(config_diff_count(&d, CONFIG_PEER, CONFIG_ADDED), 0);
	config_diff_done(&d);
}

/* The empty one is shown as what it is; other texts lose the words that look like secrets. */
static void secrets_that_come_and_go(void **state)
{
#define ONE(key) "bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2" key " } ] }\n"
#define RUNS(word)                                                                                 \
	ONE("")                                                                                    \
	"apps: [ { name: a, vip: 192.0.2.1/32, monitors: [ 'exec:x --password " word "' ] } ]\n"
	(void)state;
	expect_printed(ONE(""), ONE(", password: x"),
		       "peer 10.0.0.2 changed: no UPDATE\n    password: not set -> (hidden)\n",
		       CONFIG_APPLIES);
	expect_printed(ONE(", password: x"), ONE(""),
		       "peer 10.0.0.2 changed: no UPDATE\n    password: (hidden) -> not set\n",
		       CONFIG_APPLIES);
	expect_printed(RUNS("old"), RUNS("new"),
		       "app a changed: no UPDATE\n"
		       "    monitors: exec:x --password *** -> exec:x --password ***\n",
		       CONFIG_APPLIES);
#undef RUNS
#undef ONE
}

/* The same link-local address on two links, and routers that are not known yet. */
static void peers_by_interface(void **state)
{
#define LINKS(a, b, c)                                                                             \
	"bgp: { local_as: 1, " BGP "{ peer_ip: 'fe80::1%" a "', peer_as: 2 }, "                    \
	"{ peer_ip: 'fe80::1%" b "', peer_as: 2, hold_time: 9s }, { interface: " c                 \
	", peer_as: 2 } ] }\n"
	(void)state;
	expect_printed(LINKS("e1", "e2", "e3"), LINKS("e2", "e1", "e4"),
		       "peer e3 removed: session closed\n"
		       "peer fe80::1%e2 changed: session reset\n    hold_time: 9s -> 1m30s\n"
		       "peer fe80::1%e1 changed: session reset\n    hold_time: 1m30s -> 9s\n"
		       "peer e4 added: session opened\n",
		       CONFIG_RESETS);
#undef LINKS
}

static void processes_by_name(void **state)
{
#define PROGRAMS(list)                                                                             \
	"bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\nprocesses: [ " list     \
	" ]\n"
#define RUNS(name, rest) "{ name: " name ", run: x, allow: 192.0.2.0/24" rest " }, "
	(void)state;
	expect_printed(PROGRAMS(RUNS("a", "") RUNS("b", "") RUNS("c", "") RUNS("d", "")),
		       PROGRAMS(RUNS("d", "") RUNS("c", ", on_exit: keep") RUNS("new", "")
					RUNS("a", ", user: nobody, max_routes: 1")),
		       "process b removed: withdrawn\n"
		       "process c changed: no UPDATE\n    on_exit: withdraw -> keep\n"
		       "process new added: announced when healthy\n"
		       "process a changed: UPDATE, needs a restart\n"
		       "    user: not set -> nobody (needs a restart)\n"
		       "    max_routes: 10000 -> 1\n",
		       CONFIG_NEEDS_RESTART);
	expect_printed(PROGRAMS(""), PROGRAMS(RUNS("a", "")),
		       "process a added: announced when healthy\n", CONFIG_SENDS_UPDATE);
#undef RUNS
#undef PROGRAMS
}

/* An app with `join` starts over when it is another one, and not when only that part is. */
static void apps_that_join(void **state)
{
#define APP(rest) APPS("{ name: a, vip: 192.0.2.1/32, group: g" rest " }")
#define JOINS     ", states: { join: { med: 7 } }"
	(void)state;
	expect_printed(APP(""), APP(", monitors: 'port:tcp:1'"),
		       "app a changed: no UPDATE\n    monitors: not set -> port:tcp:1\n",
		       CONFIG_APPLIES);
	expect_printed(APP(JOINS), APP(", monitors: 'port:tcp:1'" JOINS),
		       "app a changed: UPDATE, joins anew unless it was promoted before\n"
		       "    monitors: not set -> port:tcp:1\n",
		       CONFIG_SENDS_UPDATE);
	expect_printed(APP(JOINS), APP(JOINS ", join_time: 9s"),
		       "app a changed: no UPDATE\n    join_time: 0s -> 9s\n", CONFIG_APPLIES);
	expect_printed(APPS(""), APP(JOINS),
		       "app a added: announced when healthy, joins anew unless it was promoted "
		       "before\n",
		       CONFIG_SENDS_UPDATE);
	expect_printed(APP(JOINS), APPS(""), "app a removed: withdrawn\n", CONFIG_SENDS_UPDATE);
#undef JOINS
#undef APP
}

/* Peers alone: what comes and goes costs the session, and no more. */
static void sections_and_effects(void **state)
{
#define PEERS(list) "bgp: { local_as: 1, router_id: 10.0.0.1, peers: [ " list " ] }\n"
	(void)state;
	expect_printed(
		PEERS("{ peer_ip: 10.0.0.2, peer_as: 2 }"),
		PEERS("{ peer_ip: 10.0.0.2, peer_as: 2 }, { peer_ip: 10.0.0.3, peer_as: 2 }"),
		"peer 10.0.0.3 added: session opened\n", CONFIG_RESETS);
	expect_printed(PEERS("{ peer_ip: 10.0.0.2, peer_as: 2 }"),
		       "nat: { backend: nftables }\n" PEERS("{ peer_ip: 10.0.0.2, peer_as: 2 }"),
		       "nat changed: needs a restart\n"
		       "    backend: auto -> nftables (needs a restart)\n",
		       CONFIG_NEEDS_RESTART);
	expect_printed(PEERS("{ peer_ip: 10.0.0.2, peer_as: 2 }"),
		       "bgp: { local_as: 1, router_id: 10.0.0.1, aggregates: [ { prefix: "
		       "192.0.2.0/24 }, { prefix: 198.51.100.0/24, min: 2 } ], peers: [ { peer_ip: "
		       "10.0.0.2, peer_as: 2 } ] }\n",
		       "bgp changed: UPDATE\n    aggregates: not set -> prefix "
		       "192.0.2.0/24, min 1, summary_only false; prefix 198.51.100.0/24, min 2, "
		       "summary_only false\n",
		       CONFIG_SENDS_UPDATE);
#undef PEERS
}

/* 200 octets of a value are shown. */
static void long_values_are_cut(void **state)
{
	char path[256], before[512], after[600], want[700];
	(void)state;
	snprintf(before, sizeof(before), APPS("{ name: a, vip: 192.0.2.1/32 }"));
	for (int len = 200; len <= 201; len++) {
		memset(path, 'x', sizeof(path));
		path[0] = '/';
		path[len] = 0;
		snprintf(after, sizeof(after),
			 APPS("{ name: a, vip: 192.0.2.1/32, disable_file: %s }"), path);
		snprintf(want, sizeof(want),
			 "app a changed: no UPDATE\n    disable_file: not set -> %.200s%s\n", path,
			 len > 200 ? " …" : "");
		expect_printed(before, after, want, CONFIG_APPLIES);
	}
}

static void in_steps(void **state)
{
	struct config *a = load(APPS(NAMED("a", "1") NAMED("b", "2") NAMED("c", "3"))),
		      *b = load(APPS(NAMED("d", "4") NAMED("a", "1") NAMED("e", "5")));
	struct config_differ d;
	struct config_diff diff;
	(void)state;
	config_differ_begin(&d, a, b, &diff);
	assert_true(config_differ_step(&d, 0));
	assert_int_equal(diff.n, 0);
	assert_true(config_differ_step(&d, 1));
	assert_int_equal(diff.n, 1);
	assert_true(config_differ_step(&d, 1));
	assert_int_equal(diff.n, 1);
	assert_false(config_differ_step(&d, 1));
	assert_int_equal(diff.n, 4);
	assert_int_equal(config_diff_count(&diff, CONFIG_APP, CONFIG_REMOVED), 2);
	config_differ_done(&d);
	assert_null(d.before);
	assert_null(d.matched);
	config_diff_add_app(&diff, "f");
	assert_int_equal(config_diff_count(&diff, CONFIG_APP, CONFIG_ADDED), 3);
	assert_int_equal(diff.items[4].effect, CONFIG_SENDS_UPDATE);
	config_diff_done(&diff);
	assert_int_equal(diff.n, 0);
	assert_null(diff.items);
	config_free(a);
	config_free(b);
}

static void keys_behind_the_first(void **state)
{
	struct config_diff d;
	(void)state;
	diff_texts("bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\n",
		   "agent: { rise: 3, fall: 4, monitor_interval: 9s }\n"
		   "bgp: { local_as: 1, " BGP "{ peer_ip: 10.0.0.2, peer_as: 2 } ] }\n",
		   &d);
	assert_true(config_diff_has_key(&d, CONFIG_AGENT, "monitor_"));
	assert_true(config_diff_has_key(&d, CONFIG_AGENT, "rise"));
	assert_true(config_diff_has_key(&d, CONFIG_AGENT, "fall"));
	config_diff_done(&d);
}

static void words(void **state)
{
	static const char *const objects[] = { "agent", "bgp",     "nat", "fleet",
					       "peer",  "process", "app", "" };
	static const char *const kinds[] = { "changed", "added", "removed", "" };
	static const char *const effects[] = { "none", "update", "session", "restart", "" };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(objects); i++)
		assert_string_equal(config_object_name(i), objects[i]);
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		assert_string_equal(config_change_kind_name(i), kinds[i]);
	for (size_t i = 0; i < ARRAY_SIZE(effects); i++)
		assert_string_equal(config_effect_name(i), effects[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs),
		cmocka_unit_test(printed),
		cmocka_unit_test(consequences),
		cmocka_unit_test(peers_by_port),
		cmocka_unit_test(restart_and_more),
		cmocka_unit_test(apps_in_another_order),
		cmocka_unit_test(monitors_with_options),
		cmocka_unit_test(values_or_mappings),
		cmocka_unit_test(apps_with_series),
		cmocka_unit_test(catalogs_that_are_kept),
		cmocka_unit_test(prefixes_of_keys),
		cmocka_unit_test(secrets_that_come_and_go),
		cmocka_unit_test(peers_by_interface),
		cmocka_unit_test(processes_by_name),
		cmocka_unit_test(apps_that_join),
		cmocka_unit_test(sections_and_effects),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(in_steps),
		cmocka_unit_test(keys_behind_the_first),
		cmocka_unit_test(words),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
