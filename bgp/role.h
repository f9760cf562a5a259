/* SPDX-License-Identifier: MIT */
/*
 * BGP roles, RFC 9234: what this speaker is to its eBGP neighbor. Both sides announce theirs in the
 * OPEN, and a pair that does not fit ends the session. Routes that go down or sideways in the
 * hierarchy carry Only to Customer (OTC), by which leaks are recognised further on. Pure.
 */
#ifndef BGP_ROLE_H
#define BGP_ROLE_H

#include <stdbool.h>
#include <stdint.h>

/* One more than on the wire, so that 0 is none. */
enum bgp_role {
	BGP_ROLE_NONE,
	BGP_ROLE_PROVIDER,
	BGP_ROLE_RS,
	BGP_ROLE_RS_CLIENT,
	BGP_ROLE_CUSTOMER,
	BGP_ROLE_PEER,
	/* Received only. */
	BGP_ROLE_UNKNOWN,     /* a number that the RFC does not have */
	BGP_ROLE_CONTRADICTS, /* several capabilities with different values */
};

/* "none", "provider", "rs", "rs-client", "customer", "peer", "unknown", "contradictory". */
const char *bgp_role_name(enum bgp_role role);
uint8_t bgp_role_to_wire(enum bgp_role role); /* of PROVIDER to PEER */
enum bgp_role bgp_role_from_wire(uint8_t value);
/* A further capability in the same OPEN (section 4.2). */
enum bgp_role bgp_role_add(enum bgp_role before, enum bgp_role another);
/* The role required of the other side; NONE for none. */
enum bgp_role bgp_role_counterpart(enum bgp_role ours);
/* Both OPENs allow a session. `strict`: the other side has to announce its role. */
bool bgp_role_fits(enum bgp_role ours, enum bgp_role theirs, bool strict);
/* Our own routes carry OTC: the neighbor is a customer, a peer or our client (section 5). */
bool bgp_role_adds_otc(enum bgp_role ours);

#endif
