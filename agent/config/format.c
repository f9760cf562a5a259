/* SPDX-License-Identifier: MIT */
#include "agent/config/format.h"

#include <inttypes.h>
#include <sys/socket.h>

#include "agent/model/admission.h"
#include "agent/model/announce_spec.h"
#include "agent/model/app_selection.h"
#include "agent/model/app_spec.h"
#include "agent/model/community.h"
#include "agent/model/vip_policy.h"
#include "bgp/config.h"
#include "lib/log_level.h"
#include "lib/array.h"
#include "lib/endpoint.h"
#include "lib/str.h"
#include "nat/choice.h"

static const char *separator(size_t i)
{
	return i > 0 ? ", " : "";
}

/* ---- texts, numbers, addresses ---- */

void config_format_text(const struct config_key *key, const void *target, FILE *out)
{
	const char *const *text = config_value(key, target);
	if (*text)
		fputs(*text, out);
}

void config_format_path_or_off(const struct config_key *key, const void *target, FILE *out)
{
	const char *const *text = config_value(key, target);
	if (*text)
		fputs(**text ? *text : "off", out);
}

void config_format_consul_warning(const struct config_key *key, const void *target, FILE *out)
{
	fputs(*(const bool *)config_value(key, target) ? "fail" : "pass", out);
}

void config_format_monitors_from(const struct config_key *key, const void *target, FILE *out)
{
	static const struct {
		const char *name;
		unsigned value;
	} words[] = {
		{ "config", MONITORS_FROM_CONFIG }, { "http-admin", MONITORS_FROM_HTTP_ADMIN },
		{ "http", MONITORS_FROM_HTTP },     { "http-local", MONITORS_FROM_HTTP_LOCAL },
		{ "consul", MONITORS_FROM_CONSUL }, { "nomad", MONITORS_FROM_NOMAD },
		{ "none", MONITORS_FROM_NONE }
	};
	unsigned from = *(const unsigned *)config_value(key, target);
	size_t n = 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (from & words[i].value)
			fprintf(out, "%s%s", separator(n++), words[i].name);
}

void config_format_env_names(const struct config_key *key, const void *target, FILE *out)
{
	char *const *names = *(char *const *const *)config_value(key, target);
	for (size_t i = 0; names && names[i]; i++)
		fprintf(out, "%s%s", separator(i), names[i]);
}

void config_format_app_selection(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_selection *s = config_value(key, target);
	if (s->limited && s->n == 0)
		fprintf(out, "false");
	for (size_t i = 0; i < s->n; i++)
		fprintf(out, "%s%s", separator(i), s->names[i]);
}

void config_format_prefixes(const struct config_key *key, const void *target, FILE *out)
{
	const struct prefix_list *list = config_value(key, target);
	char text[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "%s%s", separator(i), prefix_format(&list->items[i], text));
}

void config_format_lengths(const struct config_key *key, const void *target, FILE *out)
{
	const struct vip_lengths *lengths = config_value(key, target);
	if (lengths->v4 > 0)
		fprintf(out, "%u/%u", lengths->v4, lengths->v6);
}

void config_format_bool(const struct config_key *key, const void *target, FILE *out)
{
	fputs(*(const bool *)config_value(key, target) ? "true" : "false", out);
}

void config_format_log_level(const struct config_key *key, const void *target, FILE *out)
{
	uint8_t level = *(const uint8_t *)config_value(key, target);
	if (level > 0)
		fputs(log_level_name((enum log_level)(level - 1)), out);
}

void config_format_log_format(const struct config_key *key, const void *target, FILE *out)
{
	fputs(*(const enum log_format *)config_value(key, target) == LOG_JSON ? "json" : "text",
	      out);
}

void config_format_duration(const struct config_key *key, const void *target, FILE *out)
{
	char text[DURATION_TEXT_MAX];
	fputs(duration_format(*(const span_t *)config_value(key, target), text), out);
}

void config_format_count(const struct config_key *key, const void *target, FILE *out)
{
	fprintf(out, "%u", *(const uint16_t *)config_value(key, target));
}

void config_format_rate(const struct config_key *key, const void *target, FILE *out)
{
	uint32_t rate = *(const uint32_t *)config_value(key, target);
	if (rate)
		fprintf(out, "%" PRIu32 "pps", rate);
}

void config_format_addr(const struct config_key *key, const void *target, FILE *out)
{
	char text[ADDR_TEXT_MAX];
	const struct addr *a = config_value(key, target);
	if (addr_is_set(a))
		fputs(addr_format(a, text), out);
}

void config_format_endpoint(const struct config_key *key, const void *target, FILE *out)
{
	char text[ENDPOINT_TEXT_MAX];
	const struct endpoint *at = config_value(key, target);
	if (at->port || at->unix_path[0])
		fputs(endpoint_format(at, text), out);
}

void config_format_nat_backend(const struct config_key *key, const void *target, FILE *out)
{
	static const char *const names[] = {
		[NAT_AUTO] = "auto", [NAT_IPTABLES] = "iptables", [NAT_NFTABLES] = "nftables"
	};
	fputs(names[*(const enum nat_choice *)config_value(key, target)], out);
}

void config_format_bind(const struct config_key *key, const void *target, FILE *out)
{
	fputs(bind_name(*(const enum bind *)config_value(key, target)), out);
}

/* ---- BGP ---- */

void config_format_as(const struct config_key *key, const void *target, FILE *out)
{
	uint32_t as = *(const uint32_t *)config_value(key, target);
	if (as)
		fprintf(out, "%u", as);
}

void config_format_peer_as(const struct config_key *key, const void *target, FILE *out)
{
	const struct bgp_peer_config *peer = target;
	switch (peer->as_rule) {
	case BGP_AS_IS:
		config_format_as(key, target, out);
		break;
	case BGP_AS_EXTERNAL:
		fputs("external", out);
		break;
	case BGP_AS_INTERNAL:
		fputs("internal", out);
		break;
	case BGP_AS_AUTO:
		fputs("auto", out);
		break;
	}
}

void config_format_interface(const struct config_key *key, const void *target, FILE *out)
{
	const struct bgp_peer_config *peer = target;
	(void)key;
	if (peer->unnumbered)
		fputs(peer->ifname, out);
}

void config_format_device(const struct config_key *key, const void *target, FILE *out)
{
	const struct bgp_peer_config *peer = target;
	(void)key;
	if (peer->in_vrf)
		fputs(peer->ifname, out);
}

void config_format_router_id(const struct config_key *key, const void *target, FILE *out)
{
	char text[ADDR_TEXT_MAX];
	uint32_t id = *(const uint32_t *)config_value(key, target);
	struct addr a = addr_v4(id);
	if (id)
		fputs(addr_format(&a, text), out);
}

void config_format_family(const struct config_key *key, const void *target, FILE *out)
{
	uint8_t family = *(const uint8_t *)config_value(key, target);
	if (family)
		fputs(family == AF_INET ? "4" : "6", out);
}

void config_format_peer_ip(const struct config_key *key, const void *target, FILE *out)
{
	char text[BGP_PEER_NAME_MAX];
	const struct bgp_peer_config *peer = config_value(key, target);
	if (addr_is_set(&peer->addr))
		fputs(peer->in_vrf ? addr_format(&peer->addr, text) : bgp_peer_name(peer, text),
		      out);
}

void config_format_ttl(const struct config_key *key, const void *target, FILE *out)
{
	uint8_t ttl = *(const uint8_t *)config_value(key, target);
	if (ttl)
		fprintf(out, "%u", ttl);
}

void config_format_bfd_hops(const struct config_key *key, const void *target, FILE *out)
{
	enum bgp_bfd_hops hops = *(const enum bgp_bfd_hops *)config_value(key, target);
	if (hops != BGP_BFD_AUTO)
		fputs(hops == BGP_BFD_MULTIHOP ? "true" : "false", out);
}

void config_format_families(const struct config_key *key, const void *target, FILE *out)
{
	unsigned families = *(const unsigned *)config_value(key, target);
	size_t n = 0;
	if (families & BGP_OFFER_IPV4)
		fprintf(out, "%sipv4", separator(n++));
	if (families & BGP_OFFER_IPV6)
		fprintf(out, "%sipv6", separator(n));
}

void config_format_bgp_role(const struct config_key *key, const void *target, FILE *out)
{
	fputs(bgp_role_name(*(const enum bgp_role *)config_value(key, target)), out);
}

void config_format_origin(const struct config_key *key, const void *target, FILE *out)
{
	static const char *const names[] = { [BGP_ORIGIN_IGP] = "igp",
					     [BGP_ORIGIN_EGP] = "egp",
					     [BGP_ORIGIN_INCOMPLETE] = "incomplete" };
	fputs(names[*(const enum bgp_origin *)config_value(key, target)], out);
}

void config_format_listen(const struct config_key *key, const void *target, FILE *out)
{
	char text[ENDPOINT_TEXT_MAX];
	const struct bgp_config *bgp = config_value(key, target);
	fputs(bgp->listen ? endpoint_format(&bgp->listen_at, text) : "false", out);
}

static void format_communities(const struct bgp_communities *list, FILE *out)
{
	char text[COMMUNITY_TEXT_MAX];
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "%s%s", separator(i), community_format(list->values[i], text));
}

static void format_ext_communities(const struct bgp_ext_communities *list, FILE *out)
{
	char text[EXT_COMMUNITY_TEXT_MAX];
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "%s%s", separator(i), ext_community_format(list->values[i], text));
}

static void format_large_communities(const struct bgp_large_communities *list, FILE *out)
{
	char text[LARGE_COMMUNITY_TEXT_MAX];
	for (size_t i = 0; i < list->n; i++)
		fprintf(out, "%s%s", separator(i), large_community_format(list->values[i], text));
}

void config_format_communities(const struct config_key *key, const void *target, FILE *out)
{
	format_communities(config_value(key, target), out);
}

void config_format_ext_communities(const struct config_key *key, const void *target, FILE *out)
{
	format_ext_communities(config_value(key, target), out);
}

void config_format_large_communities(const struct config_key *key, const void *target, FILE *out)
{
	format_large_communities(config_value(key, target), out);
}

void config_format_number(const struct config_key *key, const void *target, FILE *out)
{
	const struct bgp_number *number = config_value(key, target);
	if (number->given)
		fprintf(out, "%u", number->value);
}

/* ---- apps: each takes the whole struct app_spec ---- */

void config_format_app_name(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	if (s->name)
		fputs(s->name, out);
}

void config_format_app_vips(const struct config_key *key, const void *target, FILE *out)
{
	char text[PREFIX_TEXT_MAX];
	const struct app_spec *s = config_value(key, target);
	for (size_t i = 0; i < s->n_vips; i++)
		fprintf(out, "%s%s", separator(i), prefix_format(&s->vips[i], text));
}

void config_format_app_communities(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	format_communities(&s->communities, out);
}

void config_format_app_ext_communities(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	if (s->announce)
		format_ext_communities(&s->announce->ext_communities, out);
}

void config_format_app_large_communities(const struct config_key *key, const void *target,
					 FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	if (s->announce)
		format_large_communities(&s->announce->large_communities, out);
}

void config_format_app_number(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = target;
	if (s->announce)
		config_format_number(key, s->announce, out);
}

static void format_timing(const struct monitor_timing *t, size_t *n, FILE *out)
{
	const struct {
		const char *name;
		span_t span;
	} spans[] = { { "interval", t->interval },
		      { "fast_interval", t->fast_interval },
		      { "timeout", t->timeout } };
	char text[DURATION_TEXT_MAX];
	for (size_t i = 0; i < ARRAY_SIZE(spans); i++)
		if (spans[i].span)
			fprintf(out, "%s%s: %s", (*n)++ ? ", " : " {", spans[i].name,
				duration_format(spans[i].span, text));
	if (t->rise)
		fprintf(out, "%srise: %u", (*n)++ ? ", " : " {", t->rise);
	if (t->fall)
		fprintf(out, "%sfall: %u", (*n)++ ? ", " : " {", t->fall);
}

/* "tcp:localhost:53 {interval: 2s, send: x}" */
static void format_monitor(const struct monitor_spec *m, FILE *out)
{
	size_t n = 0;
	fputs(m->text, out);
	format_timing(&m->timing, &n, out);
	if (m->evidence)
		fprintf(out, "%sevidence: %s", n++ ? ", " : " {",
			m->evidence == EVIDENCE_HARD ? "hard" : "soft");
	if (m->scope)
		fprintf(out, "%sscope: %s", n++ ? ", " : " {",
			m->scope == SCOPE_SHARED ? "shared" : "local");
	for (size_t i = 0; i < m->kind->n_options; i++)
		if (monitor_spec_option(m, i))
			fprintf(out, "%s%s: %s", n++ ? ", " : " {", m->kind->options[i].name,
				monitor_spec_option(m, i));
	if (n > 0)
		fputc('}', out);
}

void config_format_app_monitors(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	for (size_t i = 0; i < s->n_monitors; i++) {
		fputs(separator(i), out);
		format_monitor(&s->monitors[i], out);
	}
}

void config_format_app_quorum(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	if (s->quorum)
		fprintf(out, "%u", s->quorum);
	else
		fputs("all", out);
}

void config_format_app_nats(const struct config_key *key, const void *target, FILE *out)
{
	char text[NAT_SPEC_TEXT_MAX];
	const struct app_spec *s = config_value(key, target);
	for (size_t i = 0; i < s->n_nats; i++)
		fprintf(out, "%s%s", separator(i), nat_spec_format(&s->nats[i], text));
}

static void format_refs(const struct bgp_peer_refs *refs, FILE *out)
{
	for (size_t i = 0; i < refs->n; i++)
		fprintf(out, "%s%s", separator(i), refs->items[i].text);
}

void config_format_app_peers(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	if (s->peers)
		format_refs(&s->peers->only, out);
}

void config_format_app_except_peers(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	if (s->peers)
		format_refs(&s->peers->except, out);
}

void config_format_app_group(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	if (s->group)
		fputs(s->group, out);
}

void config_format_app_interface(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	fputs(s->interface, out);
}

void config_format_app_nonlocal(const struct config_key *key, const void *target, FILE *out)
{
	const struct app_spec *s = config_value(key, target);
	fputs(s->nonlocal_ok ? "ok" : "required", out);
}
