/* SPDX-License-Identifier: MIT */
#include "agent/convert/exabgp_capability.h"

#include "lib/array.h"
#include "lib/str.h"

/* ---- families ---- */

void exabgp_family_carry(struct convert *c, json_t *peer, const struct statement *block)
{
	for (const struct statement *s = block->first; s; s = s->next) {
		const char *family = statement_word(s, 0), *kind = statement_word(s, 1);
		bool ip = str_equal(family, "ipv4") || str_equal(family, "ipv6");
		if (str_equal(family, "all") || str_equal(family, "minimal"))
			continue;
		if (ip && str_equal(kind, "unicast"))
			convert_append(peer, "families", family);
		else
			statement_lost(c, s, "vipherald offers unicast only");
	}
}

/* ---- capabilities ---- */

static bool is_off(const struct statement *s)
{
	static const char *const off[] = { "disable", "disabled", "false", "off", "no" };
	for (size_t i = 0; i < ARRAY_SIZE(off); i++)
		if (str_equal(statement_word(s, 1), off[i]))
			return true;
	return false;
}

static const struct {
	const char *name;
	bool offered; /* always; else never */
} capabilities[] = {
	{ "asn4", true },
	{ "route-refresh", true },
	{ "nexthop", true },
	{ "extended-message", true },
	{ "add-path", false },
	{ "multi-session", false },
	{ "operational", false },
	{ "aigp", false },
	{ "software-version", false },
	{ "link-local-nexthop", false },
};

static void carry_capability(struct convert *c, const struct statement *s)
{
	for (size_t i = 0; i < ARRAY_SIZE(capabilities); i++) {
		if (!statement_is(s, capabilities[i].name))
			continue;
		if (is_off(s) && capabilities[i].offered)
			statement_lost(c, s, "this capability is always offered");
		else if (!is_off(s) && !capabilities[i].offered)
			statement_lost(c, s, "vipherald does not offer this capability");
		return;
	}
	statement_lost(c, s, "not known");
}

static void carry_graceful_restart(struct convert *c, json_t *peer, const struct statement *s,
				   uint64_t hold_time)
{
	uint64_t seconds = hold_time;
	if (is_off(s) || json_object_get(peer, "graceful_restart"))
		return;
	if (s->n_words > 1 && !str_equal(statement_word(s, 1), "enable") &&
	    str_to_u64(statement_word(s, 1), 4095, &seconds) < 0) {
		statement_lost(c, s, "not a number of seconds up to 4095");
		return;
	}
	convert_set_true(peer, "graceful_restart");
	if (seconds > 0)
		convert_set_seconds(peer, "restart_time", seconds);
}

void exabgp_capability_carry(struct convert *c, json_t *peer, const struct statement *block,
			     uint64_t hold_time)
{
	for (const struct statement *s = block->first; s; s = s->next) {
		if (statement_is(s, "graceful-restart"))
			carry_graceful_restart(c, peer, s, hold_time);
		else
			carry_capability(c, s);
	}
}
