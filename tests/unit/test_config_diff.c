/* SPDX-License-Identifier: MIT */
/*
 * Differences of configurations. Every key of the schema is changed once: the difference names that
 * key, with the cost that the schema says, and nothing else. Random pairs of files: the difference
 * is what was changed, both ways.
 */
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
#include "tests/unit/own_netns.h"
#include "tests/unit/pem.h"

static struct config *load(const char *text)
{
	struct config *c = NULL;
	struct config_findings findings = { 0 };
	if (config_load_text(text, strlen(text), &c, &findings) < 0) {
		config_findings_print(&findings, "text", stderr);
		fail_msg("not valid:\n%s", text);
	}
	config_findings_done(&findings);
	return c;
}

static void diff_texts(const char *before, const char *after, struct config_diff *ret)
{
	struct config *a = load(before), *b = load(after);
	config_diff(a, b, ret);
	config_free(a);
	config_free(b);
}

/* ---- every key ---- */

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
	PROGRAM,
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
	[PROGRAM] = { "processes[]", "", CONFIG_PROGRAM },
};

/* Keys whose change is another object, or several. */
#define IS_FIXED(place, key)                                                                       \
	(((place) == PEER &&                                                                       \
	  (str_equal(key, "peer_ip") || str_equal(key, "peer_as") || str_equal(key, "port") ||     \
	   str_equal(key, "ttl_security") || str_equal(key, "password_file") ||                    \
	   str_equal(key, "bfd") || str_equal(key, "interface") || str_equal(key, "device"))) ||   \
	 (((place) == APP || (place) == PROGRAM) && str_equal(key, "name")))

static char *file_with(enum place place, const char *key, const char *value)
{
	char extra[PLACES][160] = { { "" } }, *text = NULL;
	if (key)
		snprintf(extra[place], sizeof(extra[place]), ", %s: %s", key, value);
	const char *states = "group: g, states: {up: {local_pref: 7%s}, down: {local_pref: 7%s}, "
			     "drain: {local_pref: 7%s}}";
	char of_states[640];
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	snprintf(of_states, sizeof(of_states), states, extra[UP], extra[DOWN], extra[DRAIN]);
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
			     "processes: [{name: p, run: x, allow: 2001:db8::/32%s}]\n",
			     extra[AGENT], extra[TLS], extra[API], extra[METRICS], extra[LOG],
			     extra[MODULES], extra[VIPS], extra[EXEC], extra[MONITORS], extra[BGP],
			     extra[PEER], extra[BFD], extra[NAT], extra[VIP_CONFIG], of_states,
			     extra[APP], extra[PROGRAM]) > 0);
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
	{ DRAIN, "announce", "drain: {local_pref: 7", "drain: {announce: false, local_pref: 7" },
	{ PROGRAM, "run", "run: x", "run: [x]" },
	{ PROGRAM, "allow", "allow: 2001:db8::/32", "allow: [2001:db8::/32, 10.0.0.0/8]" },
	{ PROGRAM, "bind", "run: x", "run: x, bind: address" },
	{ PROGRAM, "env", "run: x", "run: x, env: [A=b]" },
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

static json_t *show(const struct config *c, unsigned flags)
{
	json_t *o = config_show(c, flags), *apps = json_array();
	for (size_t i = 0; i < c->n_apps; i++)
		json_array_append_new(apps, config_show_app(&c->apps[i], flags));
	json_object_set_new(o, "apps", apps);
	return o;
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
					     "agent.api.certificates[]",
					     "agent.hooks[]",
					     "bgp.aggregates[]",
					     "apps[].states",
					     "apps[].monitors[]" };
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
#undef APP
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
		cmocka_unit_test(tls_on_and_off),
		cmocka_unit_test(bfd_on_and_off),
		cmocka_unit_test(every_key_is_noticed),
		cmocka_unit_test(every_type_has_a_format),
		cmocka_unit_test(pairs),
		cmocka_unit_test(printed),
		cmocka_unit_test(consequences),
		cmocka_unit_test(peers_by_port),
		cmocka_unit_test(restart_and_more),
		cmocka_unit_test(apps_in_another_order),
		cmocka_unit_test(monitors_with_options),
		cmocka_unit_test(prefixes_of_keys),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, write_keys, remove_keys);
}
