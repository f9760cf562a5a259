/* SPDX-License-Identifier: MIT */
/* From the text of a configuration to the capabilities that it needs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>

#include "agent/config/capabilities.h"
#include "agent/status/view_capabilities.h"
#include "lib/array.h"

#define BIT(number) (UINT64_C(1) << (number))
#define PEER        "local_as: 65001, peers: [ { peer_ip: 10.0.0.1, peer_as: 65000 } ]"
#define BGP         "bgp: { " PEER " }\n"
#define NAT_APP     "apps: [ { name: a, vip: 192.0.2.1/32, nats: [ \"tcp:53:8053\" ] } ]\n"
#define PING_APP    "apps: [ { name: a, vip: 192.0.2.1/32, monitors: \"ping:10.0.0.1\" } ]\n"
#define ADMIN       "CAP_NET_ADMIN (apps)\n"
#define COMMANDS                                                                                   \
	"CAP_SETUID (agent.exec.user)\nCAP_SETGID (agent.exec.user)\nCAP_KILL (agent.exec.user)\n"

static const struct needs_case {
	const char *name, *config;
	struct capability_facts facts;
	const char *needs; /* a line each */
} cases[] = {
	{ "next to nothing", BGP, { .first_free_port = 1024 }, ADMIN },
	{ "apps with NAT by nftables",
	  BGP NAT_APP,
	  { .first_free_port = 1024, .legacy = NAT_LEGACY_UNUSED },
	  ADMIN },
	{ "NAT on a host with legacy iptables",
	  BGP NAT_APP,
	  { .first_free_port = 1024, .legacy = NAT_LEGACY_USED },
	  ADMIN "CAP_NET_RAW (nat.backend)\n" },
	{ "no NAT on a host with legacy iptables",
	  BGP,
	  { .first_free_port = 1024, .legacy = NAT_LEGACY_USED },
	  ADMIN },
	{ "the host's back end may not be read",
	  BGP NAT_APP,
	  { .first_free_port = 1024, .legacy = NAT_LEGACY_UNSEEN },
	  ADMIN },
	{ "legacy iptables is wanted",
	  BGP "nat: { backend: iptables }\n",
	  { .first_free_port = 1024, .legacy = NAT_LEGACY_UNUSED },
	  ADMIN "CAP_NET_RAW (nat.backend)\n" },
	{ "nftables is wanted",
	  BGP NAT_APP "nat: { backend: nftables }\n",
	  { .first_free_port = 1024, .legacy = NAT_LEGACY_USED },
	  ADMIN },
	{ "listening on port 179",
	  "bgp: { listen: true, " PEER " }\n",
	  { .first_free_port = 1024 },
	  ADMIN "CAP_NET_BIND_SERVICE (bgp.listen)\n" },
	{ "listening on port 179, which is free for all here",
	  "bgp: { listen: true, " PEER " }\n",
	  { .first_free_port = 100 },
	  ADMIN },
	{ "listening on a high port",
	  "bgp: { listen: \":1179\", " PEER " }\n",
	  { .first_free_port = 1024 },
	  ADMIN },
	{ "an API on port 80",
	  "agent: { listen_addr: \":80\" }\n" BGP,
	  { .first_free_port = 1024 },
	  ADMIN "CAP_NET_BIND_SERVICE (agent.listen_addr)\n" },
	{ "an API on the first port that is free",
	  "agent: { listen_addr: \":1024\" }\n" BGP,
	  { .first_free_port = 1024 },
	  ADMIN },
	{ "an API on a unix socket",
	  "agent: { listen_addr: \"unix:/run/vipherald/api\" }\n" BGP,
	  { .first_free_port = 1024 },
	  ADMIN },
	{ "commands as another user",
	  "agent: { exec: { user: nobody } }\n" BGP,
	  { .first_free_port = 1024 },
	  ADMIN COMMANDS },
	{ "commands as our own user",
	  "agent: { exec: { user: nobody } }\n" BGP,
	  { .first_free_port = 1024, .exec_user_is_us = true },
	  ADMIN },
	{ "a ping monitor",
	  BGP PING_APP,
	  { .first_free_port = 1024 },
	  ADMIN "CAP_NET_RAW (apps[].monitors)\n" },
	{ "a peer by its interface",
	  "bgp: { local_as: 65001, peers: [ { interface: eth0, peer_as: external } ] }\n",
	  { .first_free_port = 1024, .icmp_is_allowed = true },
	  ADMIN "CAP_NET_RAW (bgp.peers[].interface)\n" },
	{ "a ping monitor where every user may ping",
	  BGP PING_APP,
	  { .first_free_port = 1024, .icmp_is_allowed = true },
	  ADMIN },
	{ "apps that need none of our addresses",
	  BGP "apps: [ { name: a, vip: 192.0.2.1/32, bind: none }, "
	      "{ name: b, vip: 192.0.2.2/32, bind: present } ]\n",
	  { .first_free_port = 1024 },
	  "" },
	{ "one among them that does",
	  BGP "apps: [ { name: a, vip: 192.0.2.1/32, bind: none }, "
	      "{ name: b, vip: 192.0.2.2/32, bind: route } ]\n",
	  { .first_free_port = 1024 },
	  ADMIN },
	{ "NAT without our own address",
	  BGP "apps: [ { name: a, vip: 192.0.2.1/32, bind: none, nats: [ \"tcp:53:8053\" ] } ]\n",
	  { .first_free_port = 1024 },
	  ADMIN },
	{ "none of our addresses for apps that are registered later",
	  "agent: { bind: none }\n" BGP,
	  { .first_free_port = 1024 },
	  "" },
	{ "services of Consul beside an app that needs no address",
	  "agent: { consul_addr: \"http://127.0.0.1:8500\" }\n" BGP
	  "apps: [ { name: a, vip: 192.0.2.1/32, bind: none } ]\n",
	  { .first_free_port = 1024 },
	  ADMIN },
	{ "a program whose routes need no address",
	  BGP "processes: [ { name: p, fifo: /run/p, allow: [ 192.0.2.0/24 ], bind: none } ]\n",
	  { .first_free_port = 1024 },
	  "" },
	{ "a program whose routes are bound",
	  BGP "processes: [ { name: p, fifo: /run/p, allow: [ 192.0.2.0/24 ], bind: route } ]\n",
	  { .first_free_port = 1024 },
	  ADMIN },
	{ "the second program among two is bound",
	  BGP "processes: [ { name: p, fifo: /run/p, allow: [ 192.0.2.0/24 ], bind: none }, "
	      "{ name: q, fifo: /run/q, allow: [ 192.0.2.0/24 ], bind: address } ]\n",
	  { .first_free_port = 1024 },
	  ADMIN },
	{ "the first program among two is bound",
	  BGP "processes: [ { name: p, fifo: /run/p, allow: [ 192.0.2.0/24 ], bind: address }, "
	      "{ name: q, fifo: /run/q, allow: [ 192.0.2.0/24 ], bind: none } ]\n",
	  { .first_free_port = 1024 },
	  ADMIN },
	{ "services of Nomad beside an app that needs no address",
	  "agent: { nomad_addr: \"http://127.0.0.1:4646\" }\n" BGP
	  "apps: [ { name: a, vip: 192.0.2.1/32, bind: none } ]\n",
	  { .first_free_port = 1024 },
	  ADMIN },
	{ "services of Consul that need no address",
	  "agent: { consul_addr: \"http://127.0.0.1:8500\", bind: none }\n" BGP,
	  { .first_free_port = 1024 },
	  "" },
	{ "a program of another user",
	  BGP PING_APP "processes: [ { name: p, run: x, allow: [ 192.0.2.0/24 ] } ]\n",
	  { .first_free_port = 1024, .icmp_is_allowed = true, .program_user = "nobody" },
	  ADMIN "CAP_SETUID (processes[].user)\nCAP_SETGID (processes[].user)\nCAP_KILL "
		"(processes[].user)\n" },
	{ "the second peer by its interface",
	  "bgp: { local_as: 65001, peers: [ { peer_ip: 10.0.0.1, peer_as: 65000 }, { interface: "
	  "eth0, peer_as: external } ] }\n",
	  { .first_free_port = 1024, .icmp_is_allowed = true },
	  ADMIN "CAP_NET_RAW (bgp.peers[].interface)\n" },
	{ "a ping monitor behind others",
	  BGP "apps: [ { name: a, vip: 192.0.2.1/32, monitors: \"port:tcp:1\" }, "
	      "{ name: b, vip: 192.0.2.2/32, monitors: [ \"port:tcp:1\", \"ping:10.0.0.1\", "
	      "\"port:tcp:2\" ] }, { name: c, vip: 192.0.2.3/32 } ]\n",
	  { .first_free_port = 1024 },
	  ADMIN "CAP_NET_RAW (apps[].monitors)\n" },
	{ "an API and a listener on the last port that is not free",
	  "agent: { listen_addr: \":1023\" }\nbgp: { listen: \":1023\", " PEER " }\n",
	  { .first_free_port = 1024 },
	  ADMIN "CAP_NET_BIND_SERVICE (bgp.listen)\nCAP_NET_BIND_SERVICE (agent.listen_addr)\n" },
	{ "traffic",
	  "agent: { traffic: true, bind: none }\n" BGP,
	  { .first_free_port = 1024 },
	  "CAP_NET_ADMIN (agent.traffic)\n" },
	{ "everything",
	  "agent: { listen_addr: \":80\", exec: { user: nobody } }\nnat: { backend: iptables }\n"
	  "bgp: { listen: true, " PEER " }\n" PING_APP,
	  { .first_free_port = 1024 },
	  ADMIN "CAP_NET_RAW (nat.backend)\nCAP_NET_RAW (apps[].monitors)\nCAP_NET_BIND_SERVICE "
		"(bgp.listen)\n"
		"CAP_NET_BIND_SERVICE (agent.listen_addr)\n" COMMANDS },
};

static struct capability_needs needs_of(const char *text, const struct capability_facts *facts)
{
	struct config *config = NULL;
	struct config_findings findings = { 0 };
	struct capability_needs needs;
	if (config_load_text(text, strlen(text), &config, &findings) < 0) {
		config_findings_print(&findings, "text", stderr);
		fail_msg("the configuration is not valid");
	}
	capability_needs_find(config, facts, &needs);
	config_findings_done(&findings);
	config_free(config);
	return needs;
}

static void test_needs(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct needs_case *c = &cases[i];
		struct capability_needs needs = needs_of(c->config, &c->facts);
		char buf[1024] = "";
		struct strbuf text = strbuf_over(buf, sizeof(buf));
		for (size_t k = 0; k < needs.n; k++)
			strbuf_add(&text, "%s (%s)\n", capability_name(needs.items[k].number),
				   needs.items[k].key);
		if (strcmp(buf, c->needs) != 0)
			fail_msg("%s: got\n%s", c->name, buf);
		assert_int_equal(needs.n_missing, needs.n); /* the facts say that we have none */
	}
}

static const char everything[] = "agent: { listen_addr: \":80\", exec: { user: nobody } }\n"
				 "nat: { backend: iptables }\nbgp: { listen: true, " PEER " }\n";

static void test_missing_are_listed_once(void **state)
{
	(void)state;
	char buf[256] = "";
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	const struct capability_facts facts = {
		.effective =
			BIT(CAP_NET_ADMIN) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_SYS_ADMIN),
		.first_free_port = 1024,
	};
	struct capability_needs needs = needs_of(everything, &facts);
	assert_int_equal(needs.n_missing, 4);
	capability_list_missing(&needs, &text);
	assert_string_equal(buf, "CAP_NET_RAW, CAP_NET_BIND_SERVICE, CAP_KILL");
}

static void test_kept(void **state)
{
	static const struct {
		const char *config;
		struct capability_facts facts;
		uint64_t keep;
	} kept[] = {
		{ BGP, { .icmp_is_allowed = true, .first_free_port = 1024 }, BIT(CAP_NET_ADMIN) },
		{ "agent: { bind: none }\n" BGP,
		  { .icmp_is_allowed = true, .first_free_port = 1024 },
		  BIT(CAP_NET_ADMIN) },
		/* An app that is registered later may ping, or bring NAT. */
		{ BGP, { .first_free_port = 1024 }, BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) },
		{ BGP,
		  { .icmp_is_allowed = true, .legacy = NAT_LEGACY_USED, .first_free_port = 1024 },
		  BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) },
		{ BGP "nat: { backend: nftables }\n",
		  { .icmp_is_allowed = true, .legacy = NAT_LEGACY_USED, .first_free_port = 1024 },
		  BIT(CAP_NET_ADMIN) },
		{ BGP,
		  { .icmp_is_allowed = true, .stays_root = true, .first_free_port = 1024 },
		  BIT(CAP_NET_ADMIN) | BIT(CAP_DAC_OVERRIDE) },
		{ BGP "nat: { backend: iptables }\n",
		  { .icmp_is_allowed = true, .first_free_port = 1024 },
		  BIT(CAP_NET_ADMIN) | BIT(CAP_NET_RAW) },
		{ BGP,
		  { .icmp_is_allowed = true, .legacy = NAT_LEGACY_UNUSED, .first_free_port = 1024 },
		  BIT(CAP_NET_ADMIN) },
		{ "agent: { exec: { user: nobody } }\n" BGP,
		  { .icmp_is_allowed = true, .first_free_port = 1024 },
		  BIT(CAP_NET_ADMIN) | BIT(CAP_SETUID) | BIT(CAP_SETGID) | BIT(CAP_KILL) },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++) {
		struct config *config = NULL;
		struct config_findings findings = { 0 };
		struct capability_needs needs;
		assert_int_equal(config_load_text(kept[i].config, strlen(kept[i].config), &config,
						  &findings),
				 0);
		capability_needs_find(config, &kept[i].facts, &needs);
		assert_int_equal(capability_keep(config, &kept[i].facts, &needs), kept[i].keep);
		config_findings_done(&findings);
		config_free(config);
	}
}

static void test_explained(void **state)
{
	(void)state;
	char buf[1024] = "";
	struct strbuf text = strbuf_over(buf, sizeof(buf));
	const struct capability_facts facts = { .first_free_port = 1024 };
	struct capability_needs needs = needs_of(everything, &facts);
	capability_explain(&needs.items[2], &text);
	assert_string_equal(
		buf,
		"CAP_NET_BIND_SERVICE is missing, required for the BGP listener on port 179 "
		"(bgp.listen): peers cannot open sessions to the agent. Run as root, or grant it: "
		"AmbientCapabilities=CAP_NET_BIND_SERVICE in systemd, "
		"--cap-add=NET_BIND_SERVICE for a container");
}

static char *dropin_of(const char *config)
{
	char *text = NULL;
	size_t size = 0;
	const struct capability_facts facts = { .first_free_port = 1024 };
	struct capability_needs needs = needs_of(config, &facts);
	FILE *out = open_memstream(&text, &size);
	capability_write_dropin(&needs, out);
	fclose(out);
	return text;
}

static void test_dropin(void **state)
{
	(void)state;
	char *text = dropin_of(everything);
	assert_non_null(strstr(text, "\n[Service]\n"
				     "AmbientCapabilities=CAP_NET_RAW CAP_NET_BIND_SERVICE "
				     "CAP_SETUID CAP_SETGID CAP_KILL\n"
				     "CapabilityBoundingSet=CAP_NET_RAW CAP_NET_BIND_SERVICE "
				     "CAP_SETUID CAP_SETGID CAP_KILL\n"));
	assert_non_null(strstr(text, "/run/xtables.lock"));
	assert_non_null(strstr(text, "SystemCallFilter=@setuid\n"));
	free(text);
	text = dropin_of("agent: { exec: { user: nobody } }\nnat: { backend: iptables }\n" BGP);
	assert_string_equal(
		text, "# Required by this configuration:\n"
		      "#   CAP_NET_ADMIN         binding VIPs to lo and NAT (apps)\n"
		      "#   CAP_NET_RAW           NAT with legacy iptables (nat.backend)\n"
		      "#   CAP_SETUID            running commands as 'nobody' (agent.exec.user)\n"
		      "#   CAP_SETGID            running commands with the groups of 'nobody' "
		      "(agent.exec.user)\n"
		      "#   CAP_KILL              killing commands of 'nobody' that time out "
		      "(agent.exec.user)\n"
		      "# In addition to vipherald.service; for "
		      "/etc/systemd/system/vipherald.service.d/capabilities.conf:\n[Service]\n"
		      "AmbientCapabilities=CAP_NET_RAW CAP_SETUID CAP_SETGID CAP_KILL\n"
		      "CapabilityBoundingSet=CAP_NET_RAW CAP_SETUID CAP_SETGID CAP_KILL\n"
		      "# The lock file of legacy iptables belongs to root.\n"
		      "ExecStartPre=+/bin/sh -c 'touch /run/xtables.lock && chgrp vipherald "
		      "/run/xtables.lock && chmod g+r /run/xtables.lock'\n"
		      "# Commands run as another user.\nSystemCallFilter=@setuid\n");
	free(text);
	text = dropin_of(BGP PING_APP);
	assert_non_null(strstr(text, "\nAmbientCapabilities=CAP_NET_RAW\n"));
	assert_null(strstr(text, "/run/xtables.lock"));
	free(text);
	text = dropin_of(BGP);
	assert_null(strstr(text, "[Service]"));
	assert_non_null(strstr(text, "no drop-in is required"));
	free(text);
}

/* Text for the operator on each need. */
static void test_texts_of_needs(void **state)
{
	static const char *const texts[] = {
		"binding VIPs to lo and NAT",
		"NAT with legacy iptables",
		"`ping` monitors, as net.ipv4.ping_group_range includes no group of the agent",
		"the BGP listener on port 179",
		"the HTTP API on port 80",
		"running commands as 'nobody'",
		"running commands with the groups of 'nobody'",
		"killing commands of 'nobody' that time out",
	};
	static const char all[] =
		"agent: { listen_addr: \":80\", exec: { user: nobody } }\n"
		"nat: { backend: iptables }\nbgp: { listen: true, " PEER " }\n"
		"apps: [ { name: a, vip: 192.0.2.1/32, monitors: \"port:tcp:1\" }, { "
		"name: b, vip: 192.0.2.2/32, monitors: [ \"port:tcp:1\", "
		"\"ping:10.0.0.1\" ] } ]\n";
	const struct capability_facts facts = { .effective = BIT(CAP_NET_RAW),
						.first_free_port = 1024 };
	struct capability_needs needs = needs_of(all, &facts);
	(void)state;
	assert_int_equal(needs.n, ARRAY_SIZE(texts));
	for (size_t i = 0; i < needs.n; i++) {
		assert_string_equal(needs.items[i].what, texts[i]);
		assert_int_equal(needs.items[i].missing, needs.items[i].number != CAP_NET_RAW);
	}
	assert_int_equal(needs.n_missing, needs.n - 2);
}

static void test_the_host_decides_on_legacy(void **state)
{
	const struct capability_facts facts = { .legacy = NAT_LEGACY_USED,
						.first_free_port = 1024 };
	struct capability_needs needs = needs_of(
		BGP "apps: [ { name: a, vip: 192.0.2.1/32 }, { name: b, vip: 192.0.2.2/32, "
		    "nats: [ \"tcp:53:8053\" ] } ]\n",
		&facts);
	(void)state;
	assert_int_equal(needs.n, 2);
	assert_string_equal(needs.items[1].what, "NAT with legacy iptables, which this host uses");
}

/* Words of all needs of a program, and what is missed without them. */
static void test_texts_of_programs(void **state)
{
	static const struct {
		int number;
		const char *what, *without;
	} texts[] = {
		{ CAP_NET_ADMIN, "binding VIPs to lo and NAT",
		  "no VIP can be bound and no NAT rule added: sessions come up, but an app is "
		  "announced only if its VIP is on lo from a previous instance" },
		{ CAP_NET_ADMIN, "counting the traffic of VIPs",
		  "the traffic of VIPs is not counted" },
		{ CAP_NET_RAW, "router advertisements of peers by interface",
		  "the routers of these peers are not found, and the peers stay down" },
		{ CAP_SETUID, "running programs as 'nobody'", "these programs cannot run" },
		{ CAP_SETGID, "running programs with the groups of 'nobody'",
		  "these programs cannot run" },
		{ CAP_KILL, "ending programs of 'nobody'",
		  "a program that does not exit on its own is left running" },
	};
	const struct capability_facts facts = { .effective = BIT(CAP_SETGID) | BIT(63) | BIT(0),
						.first_free_port = 1024,
						.program_user = "nobody" };
	struct capability_needs needs =
		needs_of("agent: { traffic: true }\nbgp: { local_as: 65001, peers: [ { interface: "
			 "eth0, peer_as: 65000 } ] }\n",
			 &facts);
	(void)state;
	assert_int_equal(needs.n, ARRAY_SIZE(texts));
	for (size_t i = 0; i < needs.n; i++) {
		assert_int_equal(needs.items[i].number, texts[i].number);
		assert_string_equal(needs.items[i].what, texts[i].what);
		assert_string_equal(needs.items[i].without, texts[i].without);
		assert_int_equal(needs.items[i].missing, texts[i].number != CAP_SETGID);
	}
	assert_int_equal(needs.n_missing, needs.n - 1);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(capability_name(CAP_DAC_OVERRIDE), "CAP_DAC_OVERRIDE");
	assert_string_equal(capability_name(CAP_NET_RAW), "CAP_NET_RAW");
	assert_string_equal(capability_name(CAP_CHOWN), "an unknown capability");
	assert_string_equal(capability_name(CAP_NET_RAW + 1), "an unknown capability");
	assert_string_equal(capability_name(-1), "an unknown capability");
}

static void test_the_whole_dropin(void **state)
{
	char *text = dropin_of("agent: { listen_addr: \":80\" }\n" BGP);
	(void)state;
	assert_string_equal(
		text, "# Required by this configuration:\n"
		      "#   CAP_NET_ADMIN         binding VIPs to lo and NAT (apps)\n"
		      "#   CAP_NET_BIND_SERVICE  the HTTP API on port 80 (agent.listen_addr)\n"
		      "# In addition to vipherald.service; for "
		      "/etc/systemd/system/vipherald.service.d/capabilities.conf:\n[Service]\n"
		      "AmbientCapabilities=CAP_NET_BIND_SERVICE\n"
		      "CapabilityBoundingSet=CAP_NET_BIND_SERVICE\n");
	free(text);
	text = dropin_of("agent: { bind: none }\n" BGP);
	assert_string_equal(text, "# This configuration requires none.\n");
	free(text);
	text = dropin_of(BGP);
	assert_string_equal(text, "# Required by this configuration:\n"
				  "#   CAP_NET_ADMIN         binding VIPs to lo and NAT (apps)\n"
				  "# vipherald.service grants them; no drop-in is required.\n");
	free(text);
}

static void test_view(void **state)
{
	(void)state;
	const struct capability_facts facts = { .effective = BIT(CAP_NET_ADMIN),
						.first_free_port = 1024 };
	struct capability_needs needs = needs_of("agent: { listen_addr: \":80\" }\n"
						 "bgp: { listen: true, " PEER " }\n",
						 &facts);
	json_t *json = view_capabilities(&needs);
	char *missing = json_dumps(json_object_get(json, "missing"), JSON_COMPACT);
	assert_string_equal(missing, "[\"CAP_NET_BIND_SERVICE\"]");
	free(missing);
	const json_t *all = json_object_get(json, "capabilities");
	assert_int_equal(json_array_size(all), 3);
	assert_true(json_is_true(json_object_get(json_array_get(all, 0), "present")));
	assert_true(json_is_false(json_object_get(json_array_get(all, 1), "present")));
	assert_string_equal(json_string_value(json_object_get(json_array_get(all, 1), "key")),
			    "bgp.listen");
	json_decref(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_texts_of_needs),
		cmocka_unit_test(test_texts_of_programs),
		cmocka_unit_test(test_the_host_decides_on_legacy),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_the_whole_dropin),
		cmocka_unit_test(test_needs),
		cmocka_unit_test(test_missing_are_listed_once),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_explained),
		cmocka_unit_test(test_dropin),
		cmocka_unit_test(test_view),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
