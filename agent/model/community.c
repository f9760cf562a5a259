/* SPDX-License-Identifier: MIT */
#include "agent/model/community.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/addr.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"

#define PARTS_MAX 3

/* The first octet of an extended community says what its value is made of (RFC 4360 3, 5668). */
enum ext_type { EXT_AS2 = 0x00, EXT_IPV4 = 0x01, EXT_AS4 = 0x02 };

static const struct {
	const char *name;
	uint8_t subtype;
} ext_names[] = { { "rt", 0x02 }, { "soo", 0x03 } };

/* "a:b:c" cut at the colons into exactly three; false for any other number of them. */
static bool split(const char *text, char *buf, size_t size, const char *parts[static PARTS_MAX])
{
	size_t n = 1;
	if (str_copy(buf, size, text) < 0)
		return false;
	parts[0] = buf;
	for (char *p = buf; *p; p++) {
		if (*p != ':')
			continue;
		if (n == PARTS_MAX)
			return false;
		*p = 0;
		parts[n++] = p + 1;
	}
	return n == PARTS_MAX;
}

static bool parse_u32(const char *text, uint32_t max, uint32_t *ret)
{
	uint64_t v;
	if (str_to_u64(text, max, &v) < 0)
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* ---- standard (RFC 1997) ---- */

static const struct {
	uint32_t value;
	const char *name;
} well_known[] = {
	{ 0xffffff01, "no-export" },           /* RFC 1997 */
	{ 0xffffff02, "no-advertise" },        /* RFC 1997 */
	{ 0xffffff03, "no-export-subconfed" }, /* RFC 1997 */
	{ 0xffff0000, "graceful-shutdown" },   /* RFC 8326 */
};

/* Also when it is one of another kind, which has a key of its own. */
static int bad_community(const char *text, struct err *err)
{
	struct bgp_large_community large;
	struct bgp_ext_community ext;
	if (large_community_parse(text, &large, NULL) == 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is a large community: write it into large_communities of "
			       "the same section, which is called bgp_large_communities in "
			       "vip_config",
			       text);
	if (ext_community_parse(text, &ext, NULL) == 0)
		return err_set(
			err, -EINVAL,
			"'%.80s' is an extended community: write it into ext_communities of "
			"the same section, which is called bgp_ext_communities in vip_config",
			text);
	return err_set(
		err, -EINVAL,
		"'%.80s' is not a community, expected A:B with both 0 to 65535 like 65000:100, or "
		"no-export, no-advertise, no-export-subconfed, graceful-shutdown",
		text);
}

int community_parse(const char *text, uint32_t *ret, struct err *err)
{
	char upper[8];
	uint64_t a, b;
	for (size_t i = 0; i < ARRAY_SIZE(well_known); i++)
		if (str_equal(text, well_known[i].name)) {
			*ret = well_known[i].value;
			return 0;
		}
	const char *colon = strchr(text, ':');
	size_t n = colon ? (size_t)(colon - text) : 0;
	if (!colon || n >= sizeof(upper) || strlen(colon) > sizeof(upper))
		return bad_community(text, err);
	memcpy(upper, text, n);
	upper[n] = 0;
	if (str_to_u64(upper, UINT16_MAX, &a) < 0 || str_to_u64(colon + 1, UINT16_MAX, &b) < 0)
		return bad_community(text, err);
	*ret = (uint32_t)(a << 16 | b);
	return 0;
}

const char *community_format(uint32_t value, char buf[static COMMUNITY_TEXT_MAX])
{
	snprintf(buf, COMMUNITY_TEXT_MAX, "%u:%u", value >> 16 & 0xffff, value & 0xffff);
	return buf;
}

/* ---- extended ---- */

static bool parse_hex(const char *text, struct bgp_ext_community *ret)
{
	if (!str_starts(text, "0x") || strlen(text) != 18 ||
	    strspn(text + 2, "0123456789abcdefABCDEF") != 16)
		return false;
	uint64_t v = strtoull(text + 2, NULL, 16);
	*ret = (struct bgp_ext_community){ (uint32_t)(v >> 32), (uint32_t)v };
	return true;
}

/* The type of the administrator (AS2, AS4 or IPv4) determines the size of the number. */
static bool parse_value(const char *front, const char *number, uint8_t subtype,
			struct bgp_ext_community *ret)
{
	struct addr a;
	uint32_t high, low;
	enum ext_type type = EXT_AS2;
	if (addr_parse(front, &a) == 0) { /* of IPv4, as there is no colon in it */
		type = EXT_IPV4;
		high = addr_to_v4(&a);
	} else if (!parse_u32(front, UINT32_MAX, &high)) {
		return false;
	} else if (high > UINT16_MAX) {
		type = EXT_AS4;
	}
	if (!parse_u32(number, type == EXT_AS2 ? UINT32_MAX : UINT16_MAX, &low))
		return false;
	uint32_t head = (uint32_t)type << 24 | (uint32_t)subtype << 16;
	if (type == EXT_AS2)
		*ret = (struct bgp_ext_community){ head | high, low };
	else
		*ret = (struct bgp_ext_community){ head | high >> 16, high << 16 | low };
	return true;
}

int ext_community_parse(const char *text, struct bgp_ext_community *ret, struct err *err)
{
	char buf[EXT_COMMUNITY_TEXT_MAX];
	const char *parts[PARTS_MAX];
	if (parse_hex(text, ret))
		return 0;
	if (split(text, buf, sizeof(buf), parts))
		for (size_t i = 0; i < ARRAY_SIZE(ext_names); i++)
			if (str_equal(parts[0], ext_names[i].name) &&
			    parse_value(parts[1], parts[2], ext_names[i].subtype, ret))
				return 0;
	return err_set(err, -EINVAL,
		       "'%.80s' is not an extended community, expected rt:AS:N, rt:A.B.C.D:N, "
		       "soo:AS:N or soo:A.B.C.D:N like rt:65001:100 (N to 4294967295 behind an AS "
		       "to 65535, else to 65535), or eight octets like 0x0002fde900000064",
		       text);
}

const char *ext_community_format(struct bgp_ext_community c,
				 char buf[static EXT_COMMUNITY_TEXT_MAX])
{
	uint32_t type = c.high >> 24, subtype = c.high >> 16 & 0xff, as2 = c.high & 0xffff;
	uint32_t four = as2 << 16 | c.low >> 16, low = c.low & 0xffff;
	char addr[ADDR_TEXT_MAX];
	struct addr a = addr_v4(four);
	for (size_t i = 0; i < ARRAY_SIZE(ext_names); i++) {
		const char *name = ext_names[i].name;
		if (subtype != ext_names[i].subtype)
			continue;
		if (type == EXT_AS2)
			snprintf(buf, EXT_COMMUNITY_TEXT_MAX, "%s:%" PRIu32 ":%" PRIu32, name, as2,
				 c.low);
		else if (type == EXT_AS4 && four > UINT16_MAX)
			snprintf(buf, EXT_COMMUNITY_TEXT_MAX, "%s:%" PRIu32 ":%" PRIu32, name, four,
				 low);
		else if (type == EXT_IPV4)
			snprintf(buf, EXT_COMMUNITY_TEXT_MAX, "%s:%.15s:%" PRIu32, name,
				 addr_format(&a, addr), low);
		else
			break;
		return buf;
	}
	snprintf(buf, EXT_COMMUNITY_TEXT_MAX, "0x%08" PRIx32 "%08" PRIx32, c.high, c.low);
	return buf;
}

/* ---- large ---- */

int large_community_parse(const char *text, struct bgp_large_community *ret, struct err *err)
{
	char buf[LARGE_COMMUNITY_TEXT_MAX];
	const char *parts[PARTS_MAX];
	struct bgp_large_community c;
	if (!split(text, buf, sizeof(buf), parts) || !parse_u32(parts[0], UINT32_MAX, &c.global) ||
	    !parse_u32(parts[1], UINT32_MAX, &c.local1) ||
	    !parse_u32(parts[2], UINT32_MAX, &c.local2))
		return err_set(err, -EINVAL,
			       "'%.80s' is not a large community, expected A:B:C with each 0 to "
			       "4294967295 like 65001:1:2",
			       text);
	*ret = c;
	return 0;
}

const char *large_community_format(struct bgp_large_community c,
				   char buf[static LARGE_COMMUNITY_TEXT_MAX])
{
	snprintf(buf, LARGE_COMMUNITY_TEXT_MAX, "%" PRIu32 ":%" PRIu32 ":%" PRIu32, c.global,
		 c.local1, c.local2);
	return buf;
}

/* ---- lists ---- */

/* Appends `value`, which is without padding, unless it is a duplicate. Returns the array, or NULL
 * when it has `max` elements. */
static void *append(void *values, size_t *n, size_t max, const void *value, size_t size)
{
	for (size_t i = 0; i < *n; i++)
		if (memcmp((char *)values + i * size, value, size) == 0)
			return values;
	if (*n >= max)
		return NULL;
	values = mem_grow_by_one(values, *n, size);
	memcpy((char *)values + *n * size, value, size);
	(*n)++;
	return values;
}

static int too_many(const char *text, int max, const char *kind, struct err *err)
{
	return err_set(err, -EINVAL, "'%.80s' exceeds the limit of %d %scommunities", text, max,
		       kind);
}

int communities_add(struct bgp_communities *list, const char *text, struct err *err)
{
	uint32_t c;
	int rc = community_parse(text, &c, err);
	if (rc < 0)
		return rc;
	void *values = append(list->values, &list->n, BGP_COMMUNITIES_MAX, &c, sizeof(c));
	if (!values)
		return too_many(text, BGP_COMMUNITIES_MAX, "", err);
	list->values = values;
	return 0;
}

int ext_communities_add(struct bgp_ext_communities *list, const char *text, struct err *err)
{
	struct bgp_ext_community c;
	int rc = ext_community_parse(text, &c, err);
	if (rc < 0)
		return rc;
	void *values = append(list->values, &list->n, BGP_EXT_COMMUNITIES_MAX, &c, sizeof(c));
	if (!values)
		return too_many(text, BGP_EXT_COMMUNITIES_MAX, "extended ", err);
	list->values = values;
	return 0;
}

int large_communities_add(struct bgp_large_communities *list, const char *text, struct err *err)
{
	struct bgp_large_community c;
	int rc = large_community_parse(text, &c, err);
	if (rc < 0)
		return rc;
	void *values = append(list->values, &list->n, BGP_LARGE_COMMUNITIES_MAX, &c, sizeof(c));
	if (!values)
		return too_many(text, BGP_LARGE_COMMUNITIES_MAX, "large ", err);
	list->values = values;
	return 0;
}

static bool memory_equal(const void *a, size_t n_a, const void *b, size_t n_b, size_t size)
{
	return n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * size) == 0);
}

bool communities_equal(const struct bgp_communities *a, const struct bgp_communities *b)
{
	return memory_equal(a->values, a->n, b->values, b->n, sizeof(*a->values));
}

bool ext_communities_equal(const struct bgp_ext_communities *a, const struct bgp_ext_communities *b)
{
	return memory_equal(a->values, a->n, b->values, b->n, sizeof(*a->values));
}

bool large_communities_equal(const struct bgp_large_communities *a,
			     const struct bgp_large_communities *b)
{
	return memory_equal(a->values, a->n, b->values, b->n, sizeof(*a->values));
}
