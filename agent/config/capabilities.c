/* SPDX-License-Identifier: MIT */
#include "agent/config/capabilities.h"

#include <linux/capability.h>
#include <stdarg.h>
#include <string.h>

#include "lib/array.h"

#define UNIT "vipherald.service"

static const char key_backend[] = "nat.backend";

const char *capability_name(int number)
{
	static const char *const names[] = {
		[CAP_DAC_OVERRIDE] = "CAP_DAC_OVERRIDE",
		[CAP_KILL] = "CAP_KILL",
		[CAP_SETGID] = "CAP_SETGID",
		[CAP_SETUID] = "CAP_SETUID",
		[CAP_NET_BIND_SERVICE] = "CAP_NET_BIND_SERVICE",
		[CAP_NET_ADMIN] = "CAP_NET_ADMIN",
		[CAP_NET_RAW] = "CAP_NET_RAW",
	};
	const char *name = number >= 0 && (size_t)number < ARRAY_SIZE(names) ? names[number] : NULL;
	return name ? name : "an unknown capability";
}

__attribute__((format(printf, 6, 7))) static void need(struct capability_needs *needs,
						       const struct capability_facts *facts,
						       int number, const char *key,
						       const char *without, const char *format, ...)
{
	struct capability_need *item = &needs->items[needs->n++];
	*item = (struct capability_need){
		.number = number,
		.missing = !(facts->effective >> number & 1),
		.key = key,
		.without = without,
	};
	needs->n_missing += item->missing;
	va_list args;
	va_start(args, format);
	vsnprintf(item->what, sizeof(item->what), format, args);
	va_end(args);
}

static bool has_nats(const struct config *c)
{
	for (size_t i = 0; i < c->n_apps; i++)
		if (c->apps[i].n_nats > 0)
			return true;
	return false;
}

/* Apps of HTTP or Consul may bring NAT later; a failure is reported then. */
static bool uses_legacy(const struct config *c, const struct capability_facts *facts)
{
	switch (c->nat.backend) {
	case NAT_IPTABLES:
		return true;
	case NAT_AUTO:
		return facts->legacy == NAT_LEGACY_USED && has_nats(c);
	case NAT_NFTABLES:
		break;
	}
	return false;
}

/* Now, or once apps are registered: a file without any, or with Consul or Nomad, expects them. */
static bool binds(const struct config *c)
{
	bool later = (c->n_apps == 0 && c->programs.n == 0) || c->agent.consul.addr ||
		     c->agent.nomad.addr;
	for (size_t i = 0; i < c->n_apps; i++)
		if (bind_is_ours(app_spec_bind(&c->apps[i])))
			return true;
	for (size_t i = 0; i < c->programs.n; i++) {
		enum bind bind = c->programs.items[i].bind;
		if (bind_is_ours(bind == BIND_UNSET ? c->agent.bind : bind))
			return true;
	}
	return later && bind_is_ours(c->agent.bind);
}

static bool uses_icmp(const struct config *c)
{
	for (size_t i = 0; i < c->n_apps; i++)
		for (size_t j = 0; j < c->apps[i].n_monitors; j++)
			if (c->apps[i].monitors[j].kind->needs_icmp)
				return true;
	return false;
}

static bool has_unnumbered(const struct config *c)
{
	for (size_t i = 0; i < c->bgp.n_peers; i++)
		if (c->bgp.peers[i].unnumbered)
			return true;
	return false;
}

static bool is_low_port(const struct endpoint *at, const struct capability_facts *facts)
{
	return !at->unix_path[0] && at->port < facts->first_free_port;
}

static void need_for_commands(const char *user, const struct capability_facts *facts,
			      struct capability_needs *ret)
{
	static const char no_command[] = "commands cannot run, `exec` monitors stay unknown";
	need(ret, facts, CAP_SETUID, "agent.exec.user", no_command, "running commands as '%.64s'",
	     user);
	need(ret, facts, CAP_SETGID, "agent.exec.user", no_command,
	     "running commands with the groups of '%.64s'", user);
	need(ret, facts, CAP_KILL, "agent.exec.user",
	     "a command that times out is abandoned, but not killed",
	     "killing commands of '%.64s' that time out", user);
}

static void need_for_programs(const char *user, const struct capability_facts *facts,
			      struct capability_needs *ret)
{
	static const char key[] = "processes[].user", not_run[] = "these programs cannot run";
	need(ret, facts, CAP_SETUID, key, not_run, "running programs as '%.64s'", user);
	need(ret, facts, CAP_SETGID, key, not_run, "running programs with the groups of '%.64s'",
	     user);
	need(ret, facts, CAP_KILL, key, "a program that does not exit on its own is left running",
	     "ending programs of '%.64s'", user);
}

void capability_needs_find(const struct config *c, const struct capability_facts *facts,
			   struct capability_needs *ret)
{
	*ret = (struct capability_needs){ 0 };
	if (binds(c) || has_nats(c))
		need(ret, facts, CAP_NET_ADMIN, "apps",
		     "no VIP can be bound and no NAT rule added: sessions come up, but an app is "
		     "announced only if its VIP is on lo from a previous instance",
		     "binding VIPs to lo and NAT");
	if (c->agent.traffic)
		need(ret, facts, CAP_NET_ADMIN, "agent.traffic",
		     "the traffic of VIPs is not counted", "counting the traffic of VIPs");
	if (uses_legacy(c, facts))
		need(ret, facts, CAP_NET_RAW, key_backend,
		     "apps with NAT are not announced; `nat.backend: nftables` does not require it",
		     "NAT with legacy iptables%s",
		     c->nat.backend == NAT_AUTO ? ", which this host uses" : "");
	if (uses_icmp(c) && !facts->icmp_is_allowed)
		need(ret, facts, CAP_NET_RAW, "apps[].monitors",
		     "what `ping` monitors check stays unknown; a sysctl "
		     "net.ipv4.ping_group_range that includes a group of the agent does as well",
		     "`ping` monitors, as net.ipv4.ping_group_range includes no group of the "
		     "agent");
	if (has_unnumbered(c))
		need(ret, facts, CAP_NET_RAW, "bgp.peers[].interface",
		     "the routers of these peers are not found, and the peers stay down",
		     "router advertisements of peers by interface");
	if (c->bgp.listen && is_low_port(&c->bgp.listen_at, facts))
		need(ret, facts, CAP_NET_BIND_SERVICE, "bgp.listen",
		     "peers cannot open sessions to the agent", "the BGP listener on port %u",
		     c->bgp.listen_at.port);
	if (is_low_port(&c->agent.listen_addr, facts))
		need(ret, facts, CAP_NET_BIND_SERVICE, "agent.listen_addr",
		     "the HTTP API is not available", "the HTTP API on port %u",
		     c->agent.listen_addr.port);
	if (c->agent.exec_user && !facts->exec_user_is_us)
		need_for_commands(c->agent.exec_user, facts, ret);
	if (facts->program_user)
		need_for_programs(facts->program_user, facts, ret);
}

static bool may_use_raw(const struct config *c, const struct capability_facts *facts)
{
	return !facts->icmp_is_allowed ||
	       (c->nat.backend == NAT_AUTO && facts->legacy == NAT_LEGACY_USED);
}

uint64_t capability_keep(const struct config *c, const struct capability_facts *facts,
			 const struct capability_needs *needs)
{
	/* An app that is registered later may be bound. */
	uint64_t keep = UINT64_C(1) << CAP_NET_ADMIN;
	for (size_t i = 0; i < needs->n; i++)
		keep |= UINT64_C(1) << needs->items[i].number;
	if (may_use_raw(c, facts))
		keep |= UINT64_C(1) << CAP_NET_RAW;
	if (facts->stays_root)
		keep |= UINT64_C(1) << CAP_DAC_OVERRIDE;
	return keep;
}

/* Words */

void capability_explain(const struct capability_need *n, struct strbuf *text)
{
	const char *name = capability_name(n->number);
	strbuf_add(text,
		   "%s is missing, required for %s (%s): %s. Run as root, or grant it: "
		   "AmbientCapabilities=%s in systemd, --cap-add=%s for a container",
		   name, n->what, n->key, n->without, name, name + strlen("CAP_"));
}

static bool is_first(const struct capability_needs *needs, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (needs->items[i].number == needs->items[at].number)
			return false;
	return true;
}

void capability_list_missing(const struct capability_needs *needs, struct strbuf *text)
{
	for (size_t i = 0; i < needs->n; i++)
		if (needs->items[i].missing && is_first(needs, i))
			strbuf_add(text, "%s%s", text->len > 0 ? ", " : "",
				   capability_name(needs->items[i].number));
}

/* Of the unit itself. */
static bool is_given(int number)
{
	return number == CAP_NET_ADMIN;
}

static void write_list(const struct capability_needs *needs, const char *setting, FILE *out)
{
	fprintf(out, "%s", setting);
	for (size_t i = 0, written = 0; i < needs->n; i++)
		if (!is_given(needs->items[i].number) && is_first(needs, i))
			fprintf(out, "%s%s", written++ > 0 ? " " : "",
				capability_name(needs->items[i].number));
	fprintf(out, "\n");
}

static bool needs_number(const struct capability_needs *needs, int number)
{
	for (size_t i = 0; i < needs->n; i++)
		if (needs->items[i].number == number)
			return true;
	return false;
}

static bool needs_key(const struct capability_needs *needs, const char *key)
{
	for (size_t i = 0; i < needs->n; i++)
		if (str_equal(needs->items[i].key, key))
			return true;
	return false;
}

void capability_write_dropin(const struct capability_needs *needs, FILE *out)
{
	size_t more = 0;
	if (needs->n == 0) {
		fprintf(out, "# This configuration requires none.\n");
		return;
	}
	fprintf(out, "# Required by this configuration:\n");
	for (size_t i = 0; i < needs->n; i++) {
		const struct capability_need *n = &needs->items[i];
		fprintf(out, "#   %-20s  %s (%s)\n", capability_name(n->number), n->what, n->key);
		more += !is_given(n->number);
	}
	if (more == 0) {
		fprintf(out, "# " UNIT " grants them; no drop-in is required.\n");
		return;
	}
	fprintf(out, "# In addition to " UNIT "; for /etc/systemd/system/" UNIT
		     ".d/capabilities.conf:\n[Service]\n");
	write_list(needs, "AmbientCapabilities=", out);
	write_list(needs, "CapabilityBoundingSet=", out);
	if (needs_key(needs, key_backend))
		fprintf(out, "# The lock file of legacy iptables belongs to "
			     "root.\nExecStartPre=+/bin/sh -c 'touch /run/xtables.lock && chgrp "
			     "vipherald /run/xtables.lock && chmod g+r /run/xtables.lock'\n");
	if (needs_number(needs, CAP_SETUID))
		fprintf(out, "# Commands run as another user.\nSystemCallFilter=@setuid\n");
}
