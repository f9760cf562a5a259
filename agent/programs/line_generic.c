/* SPDX-License-Identifier: MIT */
#include "agent/programs/line_generic.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bgp/wire.h"
#include "lib/array.h"
#include "lib/bytes.h"
#include "lib/mem.h"

#define DATA_MAX                                                                                   \
	(12 * BGP_LARGE_COMMUNITIES_MAX > 4 * BGP_COMMUNITIES_MAX ? 12 * BGP_LARGE_COMMUNITIES_MAX \
								  : 4 * BGP_COMMUNITIES_MAX)

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* -1: not "0x" and whole octets, or more than `max` of them. */
static int read_octets(struct token token, uint8_t *buf, size_t max)
{
	if (token.len < 2 || token.p[0] != '0' || (token.p[1] != 'x' && token.p[1] != 'X') ||
	    token.len % 2 != 0 || token.len / 2 - 1 > max)
		return -1;
	size_t n = token.len / 2 - 1;
	for (size_t i = 0; i < n; i++) {
		int high = digit(token.p[2 + 2 * i]), low = digit(token.p[3 + 2 * i]);
		if (high < 0 || low < 0)
			return -1;
		buf[i] = (uint8_t)(high << 4 | low);
	}
	return (int)n;
}

/* ---- The types. False: the data is not what the type has. ---- */

static bool put_origin(struct reader *r, struct route_spec *s)
{
	uint8_t value = reader_u8(r);
	if (value > BGP_ORIGIN_INCOMPLETE)
		return false;
	if (!s->origin.given)
		s->origin = (struct bgp_origin_choice){ true, (enum bgp_origin)value };
	return true;
}

/* As ExaBGP has it towards peers with 4-octet numbers; sequences only. */
static bool put_path(struct reader *r, struct route_spec *s)
{
	struct bgp_as_path path = { .given = true };
	bool ok = true;
	while (ok && reader_left(r) > 0) {
		uint8_t type = reader_u8(r), n = reader_u8(r);
		ok = type == BGP_AS_SEQUENCE && path.n + n <= BGP_AS_PATH_MAX;
		for (size_t i = 0; ok && i < n; i++) {
			path.values = mem_grow_by_one(path.values, path.n, sizeof(*path.values));
			path.values[path.n++] = reader_u32(r);
		}
	}
	if (!ok || s->as_path.given) {
		free(path.values);
		return ok;
	}
	s->as_path = path;
	return true;
}

static bool put_next_hop(struct reader *r, struct route_spec *s)
{
	uint32_t value = reader_u32(r);
	if (!addr_is_set(&s->next_hop))
		s->next_hop = addr_v4(value);
	return true;
}

static bool put_number(struct reader *r, struct bgp_number *ret)
{
	uint32_t value = reader_u32(r);
	if (!ret->given)
		*ret = (struct bgp_number){ true, value };
	return true;
}

static bool put_med(struct reader *r, struct route_spec *s)
{
	return put_number(r, &s->med);
}

static bool put_local_pref(struct reader *r, struct route_spec *s)
{
	return put_number(r, &s->local_pref);
}

/* Of the lists: what does not fit, or is no whole value, is left over, which put() refuses. */
_Static_assert(DATA_MAX / 4 <= BGP_COMMUNITIES_MAX, "all communities that fit into a line");

static bool put_communities(struct reader *r, struct route_spec *s)
{
	size_t n = reader_left(r) / 4;
	bool is_first = s->communities.n == 0;
	for (size_t i = 0; i < n; i++) {
		uint32_t value = reader_u32(r);
		struct bgp_communities *list = &s->communities;
		if (!is_first)
			continue;
		list->values = mem_grow_by_one(list->values, list->n, sizeof(*list->values));
		list->values[list->n++] = value;
	}
	return true;
}

static bool put_ext_communities(struct reader *r, struct route_spec *s)
{
	size_t n = reader_left(r) / 8;
	bool is_first = s->ext_communities.n == 0;
	for (size_t i = 0; i < n && i < BGP_EXT_COMMUNITIES_MAX; i++) {
		uint32_t high = reader_u32(r), low = reader_u32(r);
		struct bgp_ext_communities *list = &s->ext_communities;
		if (!is_first)
			continue;
		list->values = mem_grow_by_one(list->values, list->n, sizeof(*list->values));
		list->values[list->n++] = (struct bgp_ext_community){ high, low };
	}
	return true;
}

static bool put_large_communities(struct reader *r, struct route_spec *s)
{
	size_t n = reader_left(r) / 12;
	bool is_first = s->large_communities.n == 0;
	for (size_t i = 0; i < n && i < BGP_LARGE_COMMUNITIES_MAX; i++) {
		uint32_t a = reader_u32(r), b = reader_u32(r), c = reader_u32(r);
		struct bgp_large_communities *list = &s->large_communities;
		if (!is_first)
			continue;
		list->values = mem_grow_by_one(list->values, list->n, sizeof(*list->values));
		list->values[list->n++] = (struct bgp_large_community){ a, b, c };
	}
	return true;
}

#define WELL_KNOWN     BGP_ATTR_FLAG_TRANSITIVE
#define OPT_TRANSITIVE (BGP_ATTR_FLAG_OPTIONAL | BGP_ATTR_FLAG_TRANSITIVE)
/* Partial and the extended length, which do not belong to the type. */
#define OTHER_FLAGS 0x30

static const struct {
	uint8_t type, flags;
	bool (*put)(struct reader *r, struct route_spec *s);
} types[] = {
	{ BGP_ATTR_ORIGIN, WELL_KNOWN, put_origin },
	{ BGP_ATTR_AS_PATH, WELL_KNOWN, put_path },
	{ BGP_ATTR_NEXT_HOP, WELL_KNOWN, put_next_hop },
	{ BGP_ATTR_MED, BGP_ATTR_FLAG_OPTIONAL, put_med },
	{ BGP_ATTR_LOCAL_PREF, WELL_KNOWN, put_local_pref },
	{ BGP_ATTR_COMMUNITIES, OPT_TRANSITIVE, put_communities },
	{ BGP_ATTR_EXT_COMMUNITIES, OPT_TRANSITIVE, put_ext_communities },
	{ BGP_ATTR_LARGE_COMMUNITIES, OPT_TRANSITIVE, put_large_communities },
};

static int put(uint8_t type, uint8_t flags, struct reader data, struct route_spec *spec,
	       struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		if (types[i].type != type)
			continue;
		if ((flags & ~OTHER_FLAGS) != types[i].flags)
			return err_set(err, -EINVAL, "attribute 0x%02x: its flags are 0x%02x", type,
				       types[i].flags);
		if (!types[i].put(&data, spec) || data.failed || reader_left(&data) > 0)
			return err_set(err, -EINVAL,
				       "attribute 0x%02x: the data is not that of this type", type);
		return 0;
	}
	return err_set(err, -EINVAL,
		       "attribute 0x%02x: this type is not sent, only 0x01 to 0x05, 0x08, 0x10 and "
		       "0x20 are",
		       type);
}

int line_generic_parse(struct tokens *t, struct route_spec *spec, bool *ret_has_next_hop,
		       struct err *err)
{
	uint8_t type = 0, flags = 0, data[DATA_MAX];
	bool ok = token_match(t, "[") && read_octets(token_next(t), &type, 1) == 1 &&
		  read_octets(token_next(t), &flags, 1) == 1;
	int n = ok ? read_octets(token_next(t), data, sizeof(data)) : -1;
	if (n < 0 || !token_match(t, "]"))
		return err_set(
			err, -EINVAL,
			"attribute: expected [ 0xTYPE 0xFLAGS 0xDATA ], all hexadecimal, with "
			"at most %zu octets of data",
			sizeof(data));
	*ret_has_next_hop = *ret_has_next_hop || type == BGP_ATTR_NEXT_HOP;
	return put(type, flags, reader_over(data, (size_t)n), spec, err);
}
