/* SPDX-License-Identifier: MIT */
#include "agent/programs/answer.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/model/community.h"

const char *const answer_help[] = {
	"commands:",
	"[neighbor <ip> [filters]] announce route <prefix> next-hop <ip>|self <attributes>",
	"[neighbor <ip> [filters]] withdraw route <prefix>",
	"[neighbor <ip> [filters]] announce attributes <attributes> nlri <prefix>..",
	"[neighbor <ip> [filters]] announce ipv4|ipv6 unicast <prefix> <attributes>",
	"show neighbor summary",
	"show adj-rib out [extensive]",
	"version, ping, reload, enable-ack, disable-ack, silence-ack",
	("filter can be: [local-ip <ip>][local-as <asn>][peer-as <asn>][router-id <router-id>]"
	 "[family-allowed <families>]"),
	NULL,
};

const char *const answer_neighbor[] = {
	"please specify summary",
	NULL,
};

const char answer_summary_head[] =
	"Peer            AS        up/down state       |     #sent     #recvd";

void answer_summary(const struct bgp_peer_status *peer, mono_t now, struct strbuf *ret)
{
	char name[BGP_PEER_NAME_MAX], as[16], since[40] = "down";
	if (peer->established_since != USEC_NEVER) {
		uint64_t s = usec_sub(now, peer->established_since) / USEC_PER_SEC;
		snprintf(since, sizeof(since), "%" PRIu64 ":%02u:%02u", s / 3600,
			 (unsigned)(s / 60 % 60), (unsigned)(s % 60));
	}
	snprintf(as, sizeof(as), "%" PRIu32, peer->peer_as);
	strbuf_add(ret, "%-15s %-7s %9s %-12s %10" PRIu64 " %10" PRIu64,
		   bgp_peer_name(peer->config, name), as, since,
		   peer->established_since != USEC_NEVER ? "established" : "idle",
		   peer->sent.update, peer->received.update);
}

/* ---- Routes. ---- */

static void add_attrs(const struct route_spec *s, struct strbuf *ret)
{
	char text[EXT_COMMUNITY_TEXT_MAX + LARGE_COMMUNITY_TEXT_MAX];
	if (s->origin.given)
		strbuf_add(ret, " origin %s", bgp_origin_name(s->origin.value));
	if (s->as_path.given)
		strbuf_add(ret, " as-path [");
	for (size_t i = 0; i < s->as_path.n; i++)
		strbuf_add(ret, " %" PRIu32, s->as_path.values[i]);
	if (s->as_path.given)
		strbuf_add(ret, " ]");
	if (s->local_pref.given)
		strbuf_add(ret, " local-preference %" PRIu32, s->local_pref.value);
	if (s->med.given)
		strbuf_add(ret, " med %" PRIu32, s->med.value);
	strbuf_add(ret, "%s", s->communities.n > 0 ? " community [" : "");
	for (size_t i = 0; i < s->communities.n; i++)
		strbuf_add(ret, " %s", community_format(s->communities.values[i], text));
	strbuf_add(ret, "%s", s->communities.n > 0 ? " ]" : "");
	strbuf_add(ret, "%s", s->large_communities.n > 0 ? " large-community [" : "");
	for (size_t i = 0; i < s->large_communities.n; i++)
		strbuf_add(ret, " %s",
			   large_community_format(s->large_communities.values[i], text));
	strbuf_add(ret, "%s", s->large_communities.n > 0 ? " ]" : "");
	strbuf_add(ret, "%s", s->ext_communities.n > 0 ? " extended-community [" : "");
	for (size_t i = 0; i < s->ext_communities.n; i++)
		strbuf_add(ret, " 0x%08" PRIx32 "%08" PRIx32, s->ext_communities.values[i].high,
			   s->ext_communities.values[i].low);
	strbuf_add(ret, "%s", s->ext_communities.n > 0 ? " ]" : "");
}

void answer_route(const struct bgp_peer_config *peer, const struct prefix *prefix,
		  const struct route_spec *spec, bool extensive, struct strbuf *ret)
{
	char name[BGP_PEER_NAME_MAX], text[PREFIX_TEXT_MAX], hop[ADDR_TEXT_MAX];
	strbuf_add(ret, "neighbor %s %s unicast %s next-hop %s", bgp_peer_name(peer, name),
		   prefix->addr.family == AF_INET6 ? "ipv6" : "ipv4", prefix_format(prefix, text),
		   addr_is_set(&spec->next_hop) ? addr_format(&spec->next_hop, hop) : "self");
	if (extensive)
		add_attrs(spec, ret);
}

/* ---- Sessions. ---- */

/* As ExaBGP does it, whose readers expect no bracket and no quote in a reason. */
static void add_reason(const char *why, bool json, struct strbuf *ret)
{
	for (; *why; why++) {
		char c = *why;
		if (json && (c == '[' || c == '{'))
			c = '(';
		else if (json && (c == ']' || c == '}'))
			c = ')';
		if ((unsigned char)c < ' ' || (unsigned char)c >= 0x7f)
			c = '?';
		strbuf_add(ret, "%s%c", json && (c == '"' || c == '\\') ? "\\" : "", c);
	}
}

static void add_json(const struct answer_session *s, struct strbuf *ret)
{
	const struct bgp_peer_status *p = s->peer;
	char name[BGP_PEER_NAME_MAX], local[ADDR_TEXT_MAX];
	const struct addr *own = bgp_peer_source(p->config);
	const struct addr *source = own && addr_is_set(own)       ? own
				    : addr_is_set(&p->local_addr) ? &p->local_addr
								  : &p->path_source;
	strbuf_add(ret,
		   "{ \"exabgp\": \"4.0.1\", \"time\": %" PRIu64 ".%06u, \"host\" : \"%s\", "
		   "\"pid\" : %d, \"ppid\" : %d, \"counter\": %" PRIu64 ", \"type\": \"state\", "
		   "\"neighbor\": { \"address\": { \"local\": \"%s\", \"peer\": \"%s\" }, "
		   "\"asn\": { \"local\": %" PRIu32 ", \"peer\": %" PRIu32 " } , \"state\": \"%s\"",
		   s->at / USEC_PER_SEC, (unsigned)(s->at % USEC_PER_SEC), s->host, s->pid,
		   s->parent, s->number, addr_format(source, local), bgp_peer_name(p->config, name),
		   p->local_as, p->peer_as, s->up ? "up" : "down");
	if (!s->up) {
		strbuf_add(ret, ", \"reason\": \"");
		add_reason(s->why, true, ret);
		strbuf_add(ret, "\"");
	}
	strbuf_add(ret, " } }");
}

void answer_session(const struct answer_session *s, enum program_encoder encoder,
		    struct strbuf *ret)
{
	char name[BGP_PEER_NAME_MAX];
	switch (encoder) {
	case PROGRAM_TELLS_NOTHING:
		return;
	case PROGRAM_TELLS_JSON:
		add_json(s, ret);
		return;
	case PROGRAM_TELLS_TEXT:
		break;
	}
	strbuf_add(ret, "neighbor %s %s", bgp_peer_name(s->peer->config, name),
		   s->up ? "up" : "down");
	if (s->up)
		return;
	strbuf_add(ret, " - ");
	add_reason(s->why, false, ret);
}
