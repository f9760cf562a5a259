/* SPDX-License-Identifier: MIT */
#include "agent/programs/line_attrs.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/model/community.h"
#include "agent/programs/exa_community.h"
#include "agent/programs/line_generic.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

/* ---- Lists. ---- */

static int add_community(struct token token, void *target, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	uint32_t value;
	struct bgp_communities *list = target;
	token_copy(token, text);
	int rc = exa_community_parse(text, &value, err);
	if (rc == 0 && list->n >= BGP_COMMUNITIES_MAX)
		return err_set(err, -EINVAL, "community: at most %d", BGP_COMMUNITIES_MAX);
	if (rc < 0)
		return rc;
	list->values = mem_grow_by_one(list->values, list->n, sizeof(*list->values));
	list->values[list->n++] = value;
	return 0;
}

static int add_ext_community(struct token token, void *target, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	struct bgp_ext_community value;
	struct bgp_ext_communities *list = target;
	token_copy(token, text);
	int rc = exa_ext_community_parse(text, &value, err);
	if (rc == 0 && list->n >= BGP_EXT_COMMUNITIES_MAX)
		return err_set(err, -EINVAL, "extended-community: at most %d",
			       BGP_EXT_COMMUNITIES_MAX);
	if (rc < 0)
		return rc;
	list->values = mem_grow_by_one(list->values, list->n, sizeof(*list->values));
	list->values[list->n++] = value;
	return 0;
}

static int add_large_community(struct token token, void *target, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	struct bgp_large_communities *list = target;
	if (!token_copy(token, text) ||
	    large_community_parse(text, &(struct bgp_large_community){ 0 }, NULL) < 0)
		return err_set(err, -EINVAL,
			       "large-community '%.*s': expected A:B:C, each 0 to 4294967295",
			       TOKEN_SHOWN(token));
	if (list->n >= BGP_LARGE_COMMUNITIES_MAX)
		return err_set(err, -EINVAL, "large-community: at most %d",
			       BGP_LARGE_COMMUNITIES_MAX);
	return large_communities_add(list, text, err);
}

/* "65001", or "1.10" (RFC 5396). */
static bool parse_as(const char *text, uint32_t *ret)
{
	char high[TOKEN_TEXT_MAX];
	uint64_t a, b;
	const char *dot = strchr(text, '.');
	if (!dot && str_to_u64(text, UINT32_MAX, &a) == 0) {
		*ret = (uint32_t)a;
		return true;
	}
	if (!dot || dot - text >= (ptrdiff_t)sizeof(high))
		return false;
	memcpy(high, text, (size_t)(dot - text));
	high[dot - text] = 0;
	if (str_to_u64(high, UINT16_MAX, &a) < 0 || str_to_u64(dot + 1, UINT16_MAX, &b) < 0)
		return false;
	*ret = (uint32_t)(a << 16 | b);
	return true;
}

static int add_as(struct token token, void *target, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	uint32_t value;
	struct bgp_as_path *path = target;
	if (!token_copy(token, text) || !parse_as(text, &value))
		return err_set(err, -EINVAL, "as-path '%.*s': expected AS numbers, 0 to 4294967295",
			       TOKEN_SHOWN(token));
	if (path->n >= BGP_AS_PATH_MAX)
		return err_set(err, -EINVAL, "as-path: at most %d AS numbers", BGP_AS_PATH_MAX);
	path->values = mem_grow_by_one(path->values, path->n, sizeof(*path->values));
	path->values[path->n++] = value;
	return 0;
}

/* ---- Attributes. ---- */

static int parse_next_hop(struct tokens *t, struct line_attrs *a, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	struct token token = token_next(t);
	a->has_next_hop = true;
	if (token_is_any_case(token, "self"))
		return 0;
	if (!token_copy(token, text) || addr_parse(text, &a->spec->next_hop) < 0)
		return err_set(err, -EINVAL, "next-hop '%.*s': expected an address or self",
			       TOKEN_SHOWN(token));
	return 0;
}

static int parse_med(struct tokens *t, struct line_attrs *a, struct err *err)
{
	return token_number(t, "med", &a->spec->med, err);
}

static int parse_local_pref(struct tokens *t, struct line_attrs *a, struct err *err)
{
	return token_number(t, "local-preference", &a->spec->local_pref, err);
}

static int parse_origin(struct tokens *t, struct line_attrs *a, struct err *err)
{
	struct token token = token_next(t);
	for (enum bgp_origin o = BGP_ORIGIN_IGP; o <= BGP_ORIGIN_INCOMPLETE; o++)
		if (token_is_any_case(token, bgp_origin_name(o))) {
			a->spec->origin = (struct bgp_origin_choice){ true, o };
			return 0;
		}
	return err_set(err, -EINVAL, "origin '%.*s': expected igp, egp or incomplete",
		       TOKEN_SHOWN(token));
}

static int parse_as_path(struct tokens *t, struct line_attrs *a, struct err *err)
{
	a->spec->as_path.given = true;
	return token_list(t, "as-path", add_as, &a->spec->as_path, err);
}

static int parse_communities(struct tokens *t, struct line_attrs *a, struct err *err)
{
	return token_list(t, "community", add_community, &a->spec->communities, err);
}

static int parse_ext_communities(struct tokens *t, struct line_attrs *a, struct err *err)
{
	return token_list(t, "extended-community", add_ext_community, &a->spec->ext_communities,
			  err);
}

static int parse_large_communities(struct tokens *t, struct line_attrs *a, struct err *err)
{
	return token_list(t, "large-community", add_large_community, &a->spec->large_communities,
			  err);
}

static int parse_path_id(struct tokens *t, struct line_attrs *a, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	uint64_t number;
	struct addr addr;
	struct token token = token_next(t);
	if (!token_copy(token, text) ||
	    (str_to_u64(text, UINT32_MAX, &number) < 0 && addr_parse(text, &addr) < 0))
		return err_set(err, -EINVAL, "path-information '%.*s': expected a number",
			       TOKEN_SHOWN(token));
	a->has_path_id = true;
	return 0;
}

static int parse_split(struct tokens *t, struct line_attrs *a, struct err *err)
{
	char text[TOKEN_TEXT_MAX];
	uint64_t len;
	struct token token = token_next(t);
	if (!token_copy(token, text) || text[0] != '/' || str_to_u64(text + 1, 128, &len) < 0 ||
	    len == 0)
		return err_set(err, -EINVAL, "split '%.*s': expected /LENGTH like /32",
			       TOKEN_SHOWN(token));
	a->split = (uint8_t)len;
	return 0;
}

/* A name that ExaBGP does not send either. */
static int skip_name(struct tokens *t, struct line_attrs *a, struct err *err)
{
	(void)a, (void)err;
	token_next(t);
	return 0;
}

/* In the order of struct line_attrs.seen. `refused`: why it cannot be sent. */
static const struct {
	const char *name;
	int (*parse)(struct tokens *t, struct line_attrs *a, struct err *err);
	const char *refused;
} attributes[] = {
	{ "next-hop", parse_next_hop, NULL },
	{ "med", parse_med, NULL },
	{ "local-preference", parse_local_pref, NULL },
	{ "origin", parse_origin, NULL },
	{ "as-path", parse_as_path, NULL },
	{ "community", parse_communities, NULL },
	{ "extended-community", parse_ext_communities, NULL },
	{ "large-community", parse_large_communities, NULL },
	{ "path-information", parse_path_id, NULL },
	{ "split", parse_split, NULL },
	{ "name", skip_name, NULL },
	{ "label", NULL, "routes with labels (MPLS) are not announced" },
	{ "rd", NULL, "routes of VPNs are not announced" },
	{ "route-distinguisher", NULL, "routes of VPNs are not announced" },
	{ "bgp-prefix-sid", NULL, "segment routing is not announced" },
	{ "bgp-prefix-sid-srv6", NULL, "segment routing is not announced" },
	{ "watchdog", NULL, "there are no watchdogs, a program withdraws its routes itself" },
	{ "withdraw", NULL, "there are no watchdogs, a program withdraws its routes itself" },
	{ "atomic-aggregate", NULL, "this attribute is not sent" },
	{ "aggregator", NULL, "this attribute is not sent" },
	{ "originator-id", NULL, "this attribute is not sent" },
	{ "cluster-list", NULL, "this attribute is not sent" },
	{ "aigp", NULL, "this attribute is not sent" },
};

/* A repeated attribute is read into a spec that is dropped. */
static int parse_again(size_t i, struct tokens *t, struct err *err)
{
	struct line_attrs scratch = { .spec = route_spec_new() };
	int rc = attributes[i].parse(t, &scratch, err);
	route_spec_unref(scratch.spec);
	return rc;
}

static int parse_known(size_t i, struct tokens *t, struct line_attrs *a, struct err *err)
{
	uint32_t bit = UINT32_C(1) << i;
	if (attributes[i].refused)
		return err_set(err, -EINVAL, "%s: %s", attributes[i].name, attributes[i].refused);
	if (a->seen & bit)
		return parse_again(i, t, err);
	a->seen |= bit;
	return attributes[i].parse(t, a, err);
}

int line_attrs_next(struct tokens *t, struct line_attrs *a, struct err *err)
{
	struct token token = token_next(t);
	_Static_assert(ARRAY_SIZE(attributes) <= 32, "a bit for each");
	if (token_is(token, "attribute"))
		return line_generic_parse(t, a->spec, &a->has_next_hop, err);
	for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
		if (token_is(token, attributes[i].name))
			return parse_known(i, t, a, err);
	return err_set(err, -EINVAL, "'%.*s' is not an attribute that is known",
		       TOKEN_SHOWN(token));
}
