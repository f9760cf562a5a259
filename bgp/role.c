/* SPDX-License-Identifier: MIT */
#include "bgp/role.h"

/* RFC 9234 4.2, table 2. */
static const struct {
	const char *name;
	enum bgp_role counterpart;
} roles[] = {
	[BGP_ROLE_NONE] = { "none", BGP_ROLE_NONE },
	[BGP_ROLE_PROVIDER] = { "provider", BGP_ROLE_CUSTOMER },
	[BGP_ROLE_RS] = { "rs", BGP_ROLE_RS_CLIENT },
	[BGP_ROLE_RS_CLIENT] = { "rs-client", BGP_ROLE_RS },
	[BGP_ROLE_CUSTOMER] = { "customer", BGP_ROLE_PROVIDER },
	[BGP_ROLE_PEER] = { "peer", BGP_ROLE_PEER },
	[BGP_ROLE_UNKNOWN] = { "unknown", BGP_ROLE_NONE },
	[BGP_ROLE_CONTRADICTS] = { "contradictory", BGP_ROLE_NONE },
};

const char *bgp_role_name(enum bgp_role role)
{
	return roles[role].name;
}

uint8_t bgp_role_to_wire(enum bgp_role role)
{
	return (uint8_t)(role - 1);
}

enum bgp_role bgp_role_from_wire(uint8_t value)
{
	return value < BGP_ROLE_PEER ? (enum bgp_role)(value + 1) : BGP_ROLE_UNKNOWN;
}

enum bgp_role bgp_role_add(enum bgp_role before, enum bgp_role another)
{
	return before == BGP_ROLE_NONE || before == another ? another : BGP_ROLE_CONTRADICTS;
}

enum bgp_role bgp_role_counterpart(enum bgp_role ours)
{
	return roles[ours].counterpart;
}

bool bgp_role_fits(enum bgp_role ours, enum bgp_role theirs, bool strict)
{
	if (ours == BGP_ROLE_NONE)
		return true;
	if (theirs == BGP_ROLE_NONE)
		return !strict;
	return theirs == bgp_role_counterpart(ours);
}

bool bgp_role_adds_otc(enum bgp_role ours)
{
	return ours == BGP_ROLE_PROVIDER || ours == BGP_ROLE_PEER || ours == BGP_ROLE_RS;
}
