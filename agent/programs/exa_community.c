/* SPDX-License-Identifier: MIT */
#include "agent/programs/exa_community.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/model/community.h"
#include "lib/addr.h"
#include "lib/array.h"
#include "lib/str.h"

#define TEXT_MAX 64

static bool parse_hex(const char *text, uint32_t *ret)
{
	size_t n = strlen(text);
	if (strncasecmp(text, "0x", 2) != 0 || n < 3 || n > 10 ||
	    strspn(text + 2, "0123456789abcdefABCDEF") != n - 2)
		return false;
	*ret = (uint32_t)strtoul(text + 2, NULL, 16);
	return true;
}

int exa_community_parse(const char *text, uint32_t *ret, struct err *err)
{
	static const struct {
		const char *name;
		uint32_t value;
	} names[] = {
		{ "no-export", 0xffffff01 },
		{ "no-advertise", 0xffffff02 },
		{ "no-export-subconfed", 0xffffff03 },
		{ "nopeer", 0xffffff04 },
		{ "no-peer", 0xffffff04 },
		{ "blackhole", 0xffff029a },
	};
	uint64_t number;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (strcasecmp(text, names[i].name) == 0) {
			*ret = names[i].value;
			return 0;
		}
	if (parse_hex(text, ret))
		return 0;
	if (str_to_u64(text, UINT32_MAX, &number) == 0) {
		*ret = (uint32_t)number;
		return 0;
	}
	if (community_parse(text, ret, NULL) < 0)
		return err_set(err, -EINVAL,
			       "community '%.60s': expected A:B, both 0 to 65535, a number, or the "
			       "name of a well-known one",
			       text);
	return 0;
}

static struct bgp_ext_community four_octets(uint32_t type, uint32_t subtype, uint32_t front,
					    uint32_t number)
{
	return (struct bgp_ext_community){ type << 24 | subtype << 16 | front >> 16,
					   front << 16 | number };
}

/* "65001", "65001L", "192.0.2.1" and the number behind it. */
static bool parse_value(char *front, const char *number, uint32_t subtype, bool as4,
			struct bgp_ext_community *ret)
{
	struct addr a;
	uint64_t high, low;
	if (addr_parse(front, &a) == 0) {
		if (a.family != AF_INET || str_to_u64(number, UINT16_MAX, &low) < 0)
			return false;
		*ret = four_octets(1, subtype, addr_to_v4(&a), (uint32_t)low);
		return true;
	}
	size_t n = strlen(front);
	bool is_long = n > 0 && (front[n - 1] == 'L' || front[n - 1] == 'l');
	if (is_long)
		front[n - 1] = 0;
	if (str_to_u64(front, UINT32_MAX, &high) < 0)
		return false;
	as4 = as4 || is_long || high > UINT16_MAX;
	if (str_to_u64(number, as4 ? UINT16_MAX : UINT32_MAX, &low) < 0)
		return false;
	*ret = as4 ? four_octets(2, subtype, (uint32_t)high, (uint32_t)low)
		   : (struct bgp_ext_community){ subtype << 16 | (uint32_t)high, (uint32_t)low };
	return true;
}

/* draft-ietf-idr-link-bandwidth: octets per second as an IEEE 754 number. */
static bool parse_bandwidth(const char *as, const char *rate, struct bgp_ext_community *ret)
{
	uint64_t number, octets;
	if (str_to_u64(as, UINT16_MAX, &number) < 0 || str_to_u64(rate, UINT32_MAX, &octets) < 0)
		return false;
	float value = (float)octets;
	uint32_t bits;
	_Static_assert(sizeof(value) == sizeof(bits), "IEEE 754 single precision");
	memcpy(&bits, &value, sizeof(bits));
	*ret = (struct bgp_ext_community){ 0x40040000U | (uint32_t)number, bits };
	return true;
}

/* NULL: there is no colon. */
static char *cut(char *text)
{
	char *colon = strchr(text, ':');
	if (!colon)
		return NULL;
	*colon = 0;
	return colon + 1;
}

static bool parse_named(char *text, struct bgp_ext_community *ret)
{
	static const struct {
		const char *name;
		uint32_t subtype;
		bool as4;
	} names[] = {
		{ "target", 2, false }, { "target4", 2, true }, { "rt", 2, false },
		{ "origin", 3, false }, { "origin4", 3, true }, { "soo", 3, false },
	};
	char *second = cut(text), *third = second ? cut(second) : NULL;
	if (!second)
		return false;
	if (!third)
		return parse_value(text, second, 2, false, ret);
	if (str_equal(text, "bandwidth"))
		return parse_bandwidth(second, third, ret);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_equal(text, names[i].name))
			return parse_value(second, third, names[i].subtype, names[i].as4, ret);
	return false;
}

int exa_ext_community_parse(const char *text, struct bgp_ext_community *ret, struct err *err)
{
	char buf[TEXT_MAX];
	bool is_hex = strncasecmp(text, "0x", 2) == 0;
	if (is_hex && ext_community_parse(text, ret, NULL) == 0)
		return 0;
	if (!is_hex && str_copy(buf, sizeof(buf), text) == 0 && parse_named(buf, ret))
		return 0;
	return err_set(
		err, -EINVAL,
		"extended-community '%.60s': expected target:AS:N, origin:AS:N, "
		"bandwidth:AS:N, AS:N, an IPv4 address instead of the AS, or eight octets like "
		"0x0002fde900000064",
		text);
}
