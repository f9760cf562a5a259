/* SPDX-License-Identifier: MIT */
/* Every key of the schema is changed once: the difference names that key, with the cost that the
 * schema says, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "agent/config/config.h"
#include "agent/config/diff.h"
#include "agent/config/keep.h"
#include "agent/config/schema.h"
#include "agent/config/show.h"
#include "lib/array.h"
#include "lib/str.h"
#include "tests/unit/config_texts.h"
#include "tests/unit/own_netns.h"
#include "tests/unit/pem.h"

/* A file with one key more in one of its sections. */
enum place {
	AGENT,
	API,
	TLS,
	EXEC,
	MONITORS,
	METRICS,
	LOG,
	MODULES,
	VIPS,
	BGP,
	PEER,
	BFD,
	NAT,
	APP,
	VIP_CONFIG,
	UP,
	DOWN,
	DRAIN,
	JOIN,
	PROGRAM,
	FLEET,
	PLACES
};

static const struct {
	const char *path, *prefix; /* of the section; of its keys in a difference */
	enum config_object object;
} places[PLACES] = {
	[AGENT] = { "agent", "", CONFIG_AGENT },
	[API] = { "agent.api", "api.", CONFIG_AGENT },
	[TLS] = { "agent.api.tls", "api.tls.", CONFIG_AGENT },
	[EXEC] = { "agent.exec", "exec.", CONFIG_AGENT },
	[MONITORS] = { "agent.monitors", "monitors.", CONFIG_AGENT },
	[METRICS] = { "agent.metrics", "metrics.", CONFIG_AGENT },
	[LOG] = { "agent.log", "log.", CONFIG_AGENT },
	[VIPS] = { "agent.vips", "vips.", CONFIG_AGENT },
	[MODULES] = { "agent.log.modules", "log.modules.", CONFIG_AGENT },
	[BGP] = { "bgp", "", CONFIG_BGP },
	[PEER] = { "bgp.peers[]", "", CONFIG_PEER },
	[BFD] = { "bgp.peers[].bfd", "bfd.", CONFIG_PEER },
	[NAT] = { "nat", "", CONFIG_NAT },
	[APP] = { "apps[]", "", CONFIG_APP },
	[VIP_CONFIG] = { "apps[].vip_config", "vip_config.", CONFIG_APP },
	[UP] = { "apps[].states.up", "states.up.", CONFIG_APP },
	[DOWN] = { "apps[].states.down", "states.down.", CONFIG_APP },
	[DRAIN] = { "apps[].states.drain", "states.drain.", CONFIG_APP },
	[JOIN] = { "apps[].states.join", "states.join.", CONFIG_APP },
	[PROGRAM] = { "processes[]", "", CONFIG_PROGRAM },
	[FLEET] = { "fleet", "", CONFIG_FLEET },
};

/* Keys whose change is another object, or several. */
#define IS_FIXED(place, key)                                                                       \
	(((place) == PEER &&                                                                       \
	  (str_equal(key, "peer_ip") || str_equal(key, "peer_as") || str_equal(key, "port") ||     \
	   str_equal(key, "ttl_security") || str_equal(key, "password_file") ||                    \
	   str_equal(key, "bfd") || str_equal(key, "interface") || str_equal(key, "device"))) ||   \
	 (((place) == APP || (place) == PROGRAM) && str_equal(key, "name")) ||                     \
	 ((place) == FLEET && str_equal(key, "engine")))

static char *file_with(enum place place, const char *key, const char *value)
{
	char extra[PLACES][160] = { { "" } }, *text = NULL;
	if (key)
		snprintf(extra[place], sizeof(extra[place]), ", %s: %s", key, value);
	const char *states = "group: g, states: {up: {local_pref: 7%s}, down: {local_pref: 7%s}, "
			     "drain: {local_pref: 7%s}%s%s%s}";
	char of_states[900];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	/* A definition that joins costs an UPDATE, whatever the key. */
	bool joins = place == JOIN;
	snprintf(of_states, sizeof(of_states), states, extra[UP], extra[DOWN], extra[DRAIN],
		 joins ? ", join: {local_pref: 7" : "", extra[JOIN], joins ? "}" : "");
#pragma GCC diagnostic pop
	assert_true(asprintf(&text,
			     "agent: {hold_down: 1s, hold_down_max: 9m, consul_client_cert: /c, "
			     "consul_client_key: /k, nomad_client_cert: /n, "
			     "nomad_client_key: /m, traffic: true%s, api: {local: read, tls: "
			     "{cert: '%%d/a.pem', "
			     "key: '%%d/a.key', "
			     "client_ca: '%%d/a.pem'%s}%s}, metrics: {per_app: true%s}, log: "
			     "{level: info%s, "
			     "modules: {loop: "
			     "debug%s}}, vips: {max: 9%s}, "
			     "exec: {user: root%s}, "
			     "monitors: {allow_from: config%s}}\n"
			     "bgp: {local_as: 65001, router_id: 10.0.0.1, listen: true%s, "
			     "peers: [{peer_ip: 2001:db8::1, peer_as: 65000, multi_hop: true%s, "
			     "bfd: {multiplier: 4%s}}]}\n"
			     "nat: {backend: auto%s}\n"
			     "apps: [{name: a, vip: 2001:db8:1::1/128, monitors: ['port:tcp:1', "
			     "'port:tcp:2'], vip_config: {bgp_communities: '1:1'%s}, %s%s}]\n"
			     "processes: [{name: p, run: x, allow: 2001:db8::/32%s}]\n"
			     "fleet: {engine: consul, vips: 50%%%s}\n",
			     extra[AGENT], extra[TLS], extra[API], extra[METRICS], extra[LOG],
			     extra[MODULES], extra[VIPS], extra[EXEC], extra[MONITORS], extra[BGP],
			     extra[PEER], extra[BFD], extra[NAT], extra[VIP_CONFIG], of_states,
			     extra[APP], extra[PROGRAM], extra[FLEET]) > 0);
	return text;
}

/* A value that is not the default. */
static const struct {
	const char *key, *value;
} values[] = {
	{ "listen_addr", "':8081'" },
	{ "read_addr", "':8082'" },
	{ "remote", "none" },
	{ "uids", "7" },
	{ "gids", "7" },
	{ "tokens", "[{name: t, file: /t}]" },
	{ "certificates", "[{name: c}]" },
	{ "per_app", "false" },
	{ "drain_until", "9pps" },
	{ "hooks", "[{on: app, exec: x}]" },
	{ "aggregates", "[{prefix: 198.51.100.0/24, min: 2}]" },
	{ "hosts", "h" },
	{ "origins", "'https://h'" },
	{ "proxied", "true" },
	{ "on_vips", "true" },
	{ "max_apps", "2" },
	{ "max_vips", "2" },
	{ "max_kilobytes", "2" },
	{ "max_changes", "2" },
	{ "connect_retry", "2s" },
	{ "exec_max", "65" },
	{ "allow", "192.0.2.0/24" },
	{ "min_length", "25/50" },
	{ "strict", "true" },
	{ "env", "PATH_TO" },
	{ "user", "nobody" },
	{ "drop_privileges", "false" },
	{ "sandbox", "false" },
	{ "fall", "2" },
	{ "rise", "2" },
	{ "tls_ca", "/ca.pem" },
	{ "consul_addr", "'http://127.0.0.1:1'" },
	{ "consul_tls_verify", "false" },
	{ "nomad_addr", "'http://127.0.0.1:1'" },
	{ "nomad_tls_verify", "false" },
	{ "consul_warning", "fail" },
	{ "consul_publish", "true" },
	{ "shutdown_drain", "true" },
	{ "disable_file", "/run/off" },
	{ "state_file", "/run/state" },
	{ "restart_time", "61s" },
	{ "long_lived_restart_time", "62s" },
	{ "origin", "egp" },
	{ "family", "4" },
	{ "families", "ipv6" },
	{ "local_ip", "2001:db8::2" },
	{ "local_ip6", "2001:db8::2" },
	{ "next_hop", "192.0.2.1" },
	{ "next_hop6", "2001:db8::3" },
	{ "multihop_ttl", "3" },
	{ "role", "customer" },
	{ "role_strict", "true" },
	{ "graceful_restart", "true" },
	{ "passive", "true" },
	{ "backend", "nftables" },
	{ "bind", "none" },
	{ "nats", "'tcp:53:54'" },
	{ "monitors", "'port:tcp:3'" },
	{ "quorum", "1" },
	{ "peers", "'2001:db8::1'" },
	{ "except_peers", "'2001:db8::1'" },
	{ "keep_last", "true" },
	{ "med", "5" },
	{ "increase", "5" },
	{ "prepend", "3" },
	{ "communities", "'2:2'" },
	{ "local_pref", "9" },
	{ "weight", "1Gbps" },
	{ "link_bandwidth", "transitive" },
	{ "bgp_ext_communities", "'rt:1:1'" },
	{ "ext_communities", "'rt:2:2'" },
	{ "bgp_large_communities", "'1:1:1'" },
	{ "large_communities", "'2:2:2'" },
	/* Those of several sections that have another one there. */
	{ "hold_time", "33s" },
	{ "local_as", "65009" },
	{ "description", "rack 7" },
	{ "fifo", "/run/in" },
	{ "encoder", "json" },
	{ "on_exit", "keep" },
	{ "respawn", "false" },
	{ "max_routes", "2" },
};

/* Keys that the file has with a value, which are replaced rather than added. */
static const struct {
	enum place place;
	const char *key, *from, *to;
} replaced[] = {
	{ AGENT, "hold_down", "hold_down: 1s", "hold_down: 2s" },
	{ AGENT, "traffic", "traffic: true", "traffic: false" },
	{ AGENT, "hold_down_max", "hold_down_max: 9m", "hold_down_max: 8m" },
	{ AGENT, "consul_client_cert", "client_cert: /c", "client_cert: /d" },
	{ AGENT, "consul_client_key", "client_key: /k", "client_key: /d" },
	{ AGENT, "nomad_client_cert", "client_cert: /n", "client_cert: /d" },
	{ AGENT, "nomad_client_key", "client_key: /m", "client_key: /d" },
	{ API, "local", "local: read", "local: none" },
	{ TLS, "cert", "cert: '%d/a.pem'", "cert: '%d/b.pem'" },
	{ TLS, "key", "/a.key", "/b.key" },
	{ TLS, "client_ca", "ca: '%d/a.pem'", "ca: '%d/b.pem'" },
	{ METRICS, "per_app", "per_app: true", "per_app: [a, b]" },
	{ LOG, "level", "level: info", "level: error" },
	{ LOG, "format", "level: info", "level: info, format: json" },
	{ VIPS, "max", "vips: {max: 9", "vips: {max: 8" },
	{ MODULES, "loop", "loop: debug", "loop: error" },
	{ EXEC, "user", "user: root", "user: nobody" },
	{ EXEC, "allow_from", "user: root", "user: root, allow_from: http" },
	{ MONITORS, "allow_from", "allow_from: config", "allow_from: http" },
	{ BGP, "local_as", "local_as: 65001", "local_as: 65002" },
	{ BGP, "router_id", "router_id: 10.0.0.1", "router_id: 10.0.0.2" },
	{ BGP, "listen", "listen: true", "listen: false" },
	{ PEER, "peer_as", "peer_as: 65000", "peer_as: 65003" },
	{ PEER, "multi_hop", "multi_hop: true", "multi_hop: false" },
	{ BFD, "interval", "multiplier: 4", "multiplier: 4, interval: 51ms" },
	{ BFD, "min_receive", "multiplier: 4", "multiplier: 4, min_receive: 51ms" },
	{ BFD, "multiplier", "multiplier: 4", "multiplier: 5" },
	{ BFD, "multihop", "multiplier: 4", "multiplier: 4, multihop: true" },
	{ BFD, "min_ttl", "multiplier: 4", "multiplier: 4, min_ttl: 4" },
	{ BFD, "required", "multiplier: 4", "multiplier: 4, required: true" },
	{ BFD, "authentication", "tion: sha1", "tion: meticulous-sha1" },
	{ BFD, "key_id", "multiplier: 4", "multiplier: 4, key_id: 2" },
	{ BFD, "password", "password: p", "password: q" },
	{ NAT, "backend", "backend: auto", "backend: iptables" },
	{ APP, "vip", "vip: 2001:db8:1::1/128", "vip: 2001:db8:1::2/128" },
	{ APP, "group", "group: g", "group: h" },
	{ APP, "nonlocal", "group: g", "group: g, nonlocal: ok" },
	{ APP, "interface", "group: g", "group: g, interface: dummy0" },
	{ APP, "monitors", "port:tcp:2", "port:tcp:3" },
	{ VIP_CONFIG, "bgp_communities", "'1:1'", "'2:2'" },
	{ UP, "local_pref", "up: {local_pref: 7", "up: {local_pref: 8" },
	{ DOWN, "local_pref", "down: {local_pref: 7", "down: {local_pref: 8" },
	{ DRAIN, "local_pref", "drain: {local_pref: 7", "drain: {local_pref: 8" },
	{ JOIN, "local_pref", "join: {local_pref: 7", "join: {local_pref: 8" },
	{ DRAIN, "announce", "drain: {local_pref: 7", "drain: {announce: false, local_pref: 7" },
	{ PROGRAM, "run", "run: x", "run: [x]" },
	{ PROGRAM, "run", "run: x", "run: y" },
	{ PROGRAM, "allow", "allow: 2001:db8::/32", "allow: [2001:db8::/32, 10.0.0.0/8]" },
	{ PROGRAM, "bind", "run: x", "run: x, bind: address" },
	{ PROGRAM, "env", "run: x", "run: x, env: [A=b]" },
	{ FLEET, "prefix", "vips: 50", "prefix: x/y, vips: 50" },
	{ FLEET, "node", "vips: 50", "node: a, vips: 50" },
	{ FLEET, "vips", "vips: 50%",
	  "vips: {default: {min_up: 50%}, 2001:db8:1::/48: {min_up: 3}}" },
	{ FLEET, "window", "vips: 50", "window: 11m, vips: 50" },
	{ FLEET, "timeout", "vips: 50", "timeout: 400ms, vips: 50" },
	{ DOWN, "announce", "down: {local_pref: 7", "down: {announce: true, local_pref: 7" },
};

static char *with_replaced(const char *text, const char *from, const char *to)
{
	char *result = NULL;
	const char *at = strstr(text, from);
	assert_non_null(at);
	assert_true(asprintf(&result, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)) >
		    0);
	return result;
}

/* The file with the key changed; NULL: the key is that of another object. Free it. */
static char *file_changed(enum place place, const struct config_key *key, const char *base)
{
	const char *value = place == MODULES ? "error" : "51s"; /* a duration, also as a text */
	for (size_t i = 0; i < ARRAY_SIZE(replaced); i++)
		if (replaced[i].place == place && str_equal(replaced[i].key, key->name))
			return with_replaced(base, replaced[i].from, replaced[i].to);
	if (IS_FIXED(place, key->name))
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(values); i++)
		if (str_equal(values[i].key, key->name))
			value = values[i].value;
	return file_with(place, key->name, value);
}

static bool is_same_change(const struct config_change *c, enum place place,
			   const struct config_key *key)
{
	char name[96];
	snprintf(name, sizeof(name), "%s%s", places[place].prefix, key->name);
	return c->object == places[place].object && c->kind == CONFIG_CHANGED && c->n_keys == 1 &&
	       str_equal(c->keys[0].key, name) && c->effect == key->effect &&
	       c->keys[0].effect == key->effect;
}

/* The speaker resets exactly the sessions that the schema says. */
static void check_resets(const char *before, const char *after, const struct config_key *key)
{
	struct config *a = load(before), *b = load(after);
	bool resets = bgp_peer_change_resets(&a->bgp.peers[0], &b->bgp.peers[0]);
	if (resets != (key->effect == CONFIG_RESETS))
		fail_msg("%s: the schema and bgp_peer_change_resets() disagree", key->name);
	config_free(a);
	config_free(b);
}

/* Such a key keeps its value, and no other one does. */
static void check_kept(const char *before, const char *after, const struct config_key *key)
{
	struct config *a = load(before), *b = load(after);
	struct config_diff d;
	struct config *same = load(before);
	config_keep(a, b); /* b has what is to be in effect */
	config_diff(same, b, &d);
	config_free(same);
	if ((d.n > 0) != (key->effect != CONFIG_NEEDS_RESTART))
		fail_msg("%s: the schema and config_keep() disagree", key->name);
	config_diff_done(&d);
	config_keep(a, b);
	config_free(a);
	config_free(b);
}

/* As `config show` has it, it is the same configuration. */
static void check_shown(const char *text, unsigned flags)
{
	struct config *c = load(text);
	struct config_diff d;
	json_t *o = show(c, flags);
	char *shown = json_dumps(o, JSON_INDENT(1));
	struct config *again = load(shown);
	config_diff(c, again, &d);
	if (d.n > 0) {
		config_diff_print(&d, stderr);
		fail_msg("shown as another one:\n%s\n%s", text, shown);
	}
	config_diff_done(&d);
	config_free(c);
	config_free(again);
	json_decref(o);
	free(shown);
}

/* The two are valid together only. */
static bool is_of_authentication(enum place place, const struct config_key *key)
{
	return place == BFD &&
	       (str_equal(key->name, "authentication") || str_equal(key->name, "password"));
}

static char *file_before(enum place place, const struct config_key *key)
{
	char *base = file_with(place, NULL, NULL);
	if (!is_of_authentication(place, key))
		return base;
	char *with = with_replaced(base, "multiplier: 4",
				   "multiplier: 4, authentication: sha1, password: p");
	free(base);
	return with;
}

static void check_key(enum place place, const struct config_key *key)
{
	struct config_diff d;
	char *base = file_before(place, key), *changed = file_changed(place, key, base);
	if (changed) {
		diff_texts(base, changed, &d);
		if (d.n != 1 || !is_same_change(&d.items[0], place, key)) {
			config_diff_print(&d, stderr);
			fail_msg("%s.%s: the difference is another one", places[place].path,
				 key->name);
		}
		config_diff_done(&d);
		check_kept(base, changed, key);
		check_shown(changed, CONFIG_SHOW_ALL);
		check_shown(changed, CONFIG_SHOW_ALL | CONFIG_SHOW_DEFAULTS);
		if (!(key->flags & CONFIG_SECRET) && !is_of_authentication(place, key))
			check_shown(changed, CONFIG_SHOW);
		if (place == PEER)
			check_resets(base, changed, key);
	}
	free(base);
	free(changed);
}

/* A listener begins to speak TLS after a restart. */
static void tls_on_and_off(void **state)
{
	(void)state;
	static const char with[] = "agent: {api: {tls: {cert: '%d/a.pem', key: '%d/a.key'}}}\n";
	static const char base[] = "bgp: {local_as: 65001, router_id: 10.0.0.1, "
				   "peers: [{peer_ip: 2001:db8::1, peer_as: 65000}]}\n";
	char *text = NULL;
	assert_true(asprintf(&text, "%s%s", with, base) > 0);
	for (int on = 0; on < 2; on++) {
		struct config *a = load(on ? base : text), *b = load(on ? text : base);
		struct config_diff d;
		config_diff(a, b, &d);
		assert_int_equal(config_diff_effect(&d), CONFIG_NEEDS_RESTART);
		assert_int_equal(d.items[0].n_keys, 2);
		config_diff_done(&d);
		config_keep(a, b);
		assert_int_equal(b->tls_keys != NULL, !on);
		assert_int_equal(b->agent.tls.cert != NULL, !on);
		config_free(a);
		config_free(b);
	}
	free(text);
}

/* Another definition of an app with states.join joins, other times of joining do not. */
static void a_definition_joins(void **state)
{
	static const char base[] = "bgp: {local_as: 65001, router_id: 10.0.0.1, "
				   "peers: [{peer_ip: 2001:db8::1, peer_as: 65000}]}\n"
				   "apps: [{name: a, vip: 2001:db8:1::1/128, monitors: "
				   "['port:tcp:1'], states: {join: true}%s}]\n";
	static const struct {
		const char *key;
		bool joins;
	} cases[] = { { ", hold_down: 1s", true }, { ", join_time: 1s", false } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char before[400], after[400], line[128];
		struct strbuf text = strbuf_over(line, sizeof(line));
		struct config_diff d;
		snprintf(before, sizeof(before), base, "");
		snprintf(after, sizeof(after), base, cases[i].key);
		diff_texts(before, after, &d);
		config_change_format(&d.items[0], &text);
		assert_int_equal(d.items[0].joins, cases[i].joins);
		assert_int_equal(strstr(line, "joins anew") != NULL, cases[i].joins);
		config_diff_done(&d);
	}
}

/* BFD begins and ends without a reset. */
static void bfd_on_and_off(void **state)
{
	(void)state;
	static const char off[] = "bgp: {local_as: 65001, router_id: 10.0.0.1, "
				  "peers: [{peer_ip: 2001:db8::1, peer_as: 65000}]}\n",
			  on[] = "bgp: {local_as: 65001, router_id: 10.0.0.1, bfd: true, "
				 "peers: [{peer_ip: 2001:db8::1, peer_as: 65000}]}\n";
	struct config_diff d;
	diff_texts(off, on, &d);
	assert_int_equal(d.n, 1);
	assert_int_equal(d.items[0].n_keys, 1);
	assert_string_equal(d.items[0].keys[0].key, "bfd");
	assert_string_equal(d.items[0].keys[0].before, "false");
	assert_string_equal(d.items[0].keys[0].after, "true");
	assert_int_equal(config_diff_effect(&d), CONFIG_APPLIES);
	config_diff_done(&d);
}

static enum place place_of(const struct config_section *s)
{
	enum place place = 0;
	while (place < PLACES && !str_equal(places[place].path, s->path))
		place++;
	return place;
}

/* Sections without values, and mappings that are a value (a monitor, a token). */
static bool is_no_place(const char *path)
{
	static const char *const paths[] = { "",
					     "agent.api.tokens[]",
					     "agent.api.tokens[].vips",
					     "agent.api.certificates[]",
					     "agent.hooks[]",
					     "bgp.aggregates[]",
					     "apps[].states",
					     "apps[].monitors[]",
					     "fleet.vips.VIP" };
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (str_equal(paths[i], path))
			return true;
	return false;
}

static void every_key_is_noticed(void **state)
{
	(void)state;
	for (const struct config_section *const *s = config_sections; *s; s++) {
		enum place place = place_of(*s);
		if (place == PLACES && !is_no_place((*s)->path))
			fail_msg("%s: no place in this test", (*s)->path);
		for (const struct config_key *k = config_section_keys(*s);
		     place < PLACES && k->name; k++)
			if (k->type)
				check_key(place, k);
	}
}

/* Else its changes would not be noticed. */
static void every_type_has_a_format(void **state)
{
	(void)state;
	for (const struct config_section *const *s = config_sections; *s; s++)
		for (const struct config_key *k = config_section_keys(*s); k->name; k++)
			if (k->type && !k->type->format &&
			    !str_equal((*s)->path, "apps[].monitors[]"))
				fail_msg("%s.%s cannot be formatted", (*s)->path, k->name);
}

/* One key and certificate under two names, so that one may be replaced alone. */
static char directory[] = "/tmp/vipherald-diff-XXXXXX";
static const char *const files[] = { "a.pem", "a.key", "b.pem", "b.key" };

static int write_keys(void **state)
{
	(void)state;
	char path[64];
	struct pem p;
	assert_non_null(mkdtemp(directory));
	setenv("CREDENTIALS_DIRECTORY", directory, 1);
	pem_make(&(struct pem_wish){ .cn = "x" }, NULL, &p);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		if (strstr(files[i], ".key"))
			pem_write_key(&p, path);
		else
			pem_write_cert(&p, path);
	}
	pem_done(&p);
	return 0;
}

static int remove_keys(void **state)
{
	(void)state;
	char path[64];
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", directory, files[i]);
		unlink(path);
	}
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tls_on_and_off),          cmocka_unit_test(bfd_on_and_off),
		cmocka_unit_test(a_definition_joins),      cmocka_unit_test(every_key_is_noticed),
		cmocka_unit_test(every_type_has_a_format),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, write_keys, remove_keys);
}
