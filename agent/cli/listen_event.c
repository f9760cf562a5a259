/* SPDX-License-Identifier: MIT */
#include "agent/cli/listen_event.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/community.h"
#include "agent/status/view_graceful.h"
#include "agent/status/view_json.h"
#include "bgp/attr.h"
#include "lib/mono.h"
#include "lib/str.h"
#include "lib/wallclock.h"

#define LIST_MAX 16384 /* of an AS path or of communities, as text; cut beyond */

static const char *kind_name(enum listen_kind kind)
{
	switch (kind) {
	case LISTEN_UP:
		return "up";
	case LISTEN_DOWN:
		return "down";
	case LISTEN_ANNOUNCE:
		return "announce";
	case LISTEN_WITHDRAW:
		return "withdraw";
	case LISTEN_END_OF_RIB:
		return "end-of-rib";
	}
	return "";
}

static const char *family_name(uint8_t family)
{
	return family == AF_INET6 ? "ipv6" : "ipv4";
}

/* "rt:65001:100 0x0002fde900000064" */
static char *ext_communities_text(const struct bgp_attrs *attrs, char *buf, size_t size)
{
	struct strbuf sb = strbuf_over(buf, size);
	struct reader r = attrs->ext_communities;
	char text[EXT_COMMUNITY_TEXT_MAX];
	while (reader_left(&r) > 0) {
		struct bgp_ext_community c = { .high = reader_u32(&r) };
		c.low = reader_u32(&r);
		strbuf_add(&sb, "%s%s", sb.len > 0 ? " " : "", ext_community_format(c, text));
	}
	return buf;
}

/* Text */

static void print_attrs(const struct bgp_attrs *attrs, FILE *out)
{
	char list[LIST_MAX];
	bgp_attrs_as_path_text(attrs, list, sizeof(list));
	fprintf(out, " as-path %s origin %s", list[0] ? list : "(empty)",
		bgp_origin_name(attrs->origin));
	if (bgp_attrs_has(attrs, BGP_ATTR_LOCAL_PREF))
		fprintf(out, " local-pref %" PRIu32, attrs->local_pref);
	if (bgp_attrs_has(attrs, BGP_ATTR_MED))
		fprintf(out, " med %" PRIu32, attrs->med);
	bgp_attrs_communities_text(attrs, list, sizeof(list));
	if (list[0])
		fprintf(out, " communities %s", list);
	ext_communities_text(attrs, list, sizeof(list));
	if (list[0])
		fprintf(out, " ext-communities %s", list);
	bgp_attrs_large_communities_text(attrs, list, sizeof(list));
	if (list[0])
		fprintf(out, " large-communities %s", list);
}

static void print_text(const struct listen_event *e, const char *date, FILE *out)
{
	char peer[ADDR_TEXT_MAX], prefix[PREFIX_TEXT_MAX], next_hop[ADDR_TEXT_MAX];
	char graceful[VIEW_GRACEFUL_MAX];
	addr_format(&e->peer, peer);
	prefix_format(&e->prefix, prefix);
	fprintf(out, "%s ", date);
	switch (e->kind) {
	case LISTEN_UP:
		view_graceful_text(&e->graceful, graceful);
		fprintf(out, "session with %s up, AS %" PRIu32 "%s%s", peer, e->peer_as,
			graceful[0] ? ", " : "", graceful);
		break;
	case LISTEN_DOWN:
		fprintf(out, "session with %s down, all its routes removed%s%s", peer,
			e->reason[0] ? ": " : "", e->reason);
		break;
	case LISTEN_ANNOUNCE:
		fprintf(out, "+ %s next-hop %s", prefix, addr_format(&e->next_hop, next_hop));
		print_attrs(e->attrs, out);
		fprintf(out, " from %s", peer);
		break;
	case LISTEN_WITHDRAW:
		fprintf(out, "- %s from %s", prefix, peer);
		break;
	case LISTEN_END_OF_RIB:
		fprintf(out, "end of %s routes from %s", family_name(e->family), peer);
		break;
	}
	fputc('\n', out);
}

/* JSON */

/* "1 2 {3,4}" as [1, 2, "{3,4}"]; with `numbers` false all are strings. */
static json_t *words(char *list, bool numbers)
{
	json_t *array = json_array();
	char *rest = NULL;
	uint64_t number;
	for (char *word = strtok_r(list, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
		if (numbers && str_to_u64(word, UINT32_MAX, &number) == 0)
			json_array_append_new(array, json_integer((json_int_t)number));
		else
			json_array_append_new(array, view_text(word));
	return array;
}

static void add_attrs(json_t *o, const struct bgp_attrs *attrs)
{
	char list[LIST_MAX];
	json_object_set_new(o, "as_path",
			    words(bgp_attrs_as_path_text(attrs, list, sizeof(list)), true));
	json_object_set_new(o, "origin", json_string(bgp_origin_name(attrs->origin)));
	json_object_set_new(o, "communities",
			    words(bgp_attrs_communities_text(attrs, list, sizeof(list)), false));
	ext_communities_text(attrs, list, sizeof(list));
	if (list[0])
		json_object_set_new(o, "ext_communities", words(list, false));
	bgp_attrs_large_communities_text(attrs, list, sizeof(list));
	if (list[0])
		json_object_set_new(o, "large_communities", words(list, false));
	if (bgp_attrs_has(attrs, BGP_ATTR_MED))
		json_object_set_new(o, "med", json_integer(attrs->med));
	if (bgp_attrs_has(attrs, BGP_ATTR_LOCAL_PREF))
		json_object_set_new(o, "local_pref", json_integer(attrs->local_pref));
}

static void print_json(const struct listen_event *e, const char *date, FILE *out)
{
	json_t *o = json_pack("{s:s, s:s, s:o, s:I}", "time", date, "event", kind_name(e->kind),
			      "peer", view_addr(&e->peer), "peer_as", (json_int_t)e->peer_as);
	if (e->kind == LISTEN_ANNOUNCE || e->kind == LISTEN_WITHDRAW)
		json_object_set_new(o, "prefix", view_prefix(&e->prefix));
	if (e->kind == LISTEN_ANNOUNCE) {
		json_object_set_new(o, "next_hop", view_addr(&e->next_hop));
		add_attrs(o, e->attrs);
	}
	if (e->kind == LISTEN_END_OF_RIB)
		json_object_set_new(o, "family", json_string(family_name(e->family)));
	if (e->kind == LISTEN_UP)
		json_object_set_new(o, "graceful_restart", view_graceful(&e->graceful));
	if (e->kind == LISTEN_DOWN)
		json_object_set_new(o, "reason", view_text(e->reason));
	json_dumpf(o, out, JSON_COMPACT);
	fputc('\n', out);
	json_decref(o);
}

void listen_event_print(const struct listen_event *event, bool json, FILE *out)
{
	char date[DATE_TEXT_MAX];
	date_format(event->at, date);
	if (json)
		print_json(event, date, out);
	else
		print_text(event, date, out);
}
