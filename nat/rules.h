/* SPDX-License-Identifier: MIT */
/*
 * The NAT rules of a VIP: one per mapping, as a value, for both back ends, the ledger and the
 * status. Pure.
 */
#ifndef NAT_RULES_H
#define NAT_RULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "nat/spec.h"

/* Traffic to vip:listen goes to dest:port. Hashed and compared as memory: no padding in it. The
 * first three match a packet, and are unique among the rules that are wanted. */
struct nat_rule {
	struct prefix vip;
	uint8_t proto;
	uint8_t unused; /* 0 */
	uint16_t listen;
	uint16_t port;
	struct addr dest;
	/* 1: behind the rules of other programs, so that a container that is published on the same
	 * port gets the traffic (LISTEN is the port on the host, which is what others know it by);
	 * 0: before them, where the back end has a place for that. */
	uint8_t behind;
};

_Static_assert(sizeof(struct nat_rule) == 42, "struct nat_rule is hashed as memory");
/* The part that matches a packet. */
#define NAT_RULE_KEY_SIZE offsetof(struct nat_rule, port)

/* A growing list; zeroed is empty. */
struct nat_rules {
	struct nat_rule *items;
	size_t n, cap;
};

void nat_rules_done(struct nat_rules *l);
void nat_rules_add(struct nat_rules *l, const struct nat_rule *r);
bool nat_rules_equal(const struct nat_rules *a, const struct nat_rules *b);

/* Whether one of them goes to the host's own address. */
bool nat_specs_want_own(const struct nat_spec *specs, size_t n);
/* The rules of a VIP, one for each mapping that covers its family, in the order of the mappings.
 * -EADDRNOTAVAIL, and a text, when `dest`, the target of mappings without an address, is needed and
 * not set or of the other family. */
int nat_rules_make(const struct prefix *vip, const struct nat_spec *specs, size_t n,
		   const struct addr *dest, struct nat_rules *ret, struct err *err);

/* "10.0.0.5:8053", "[fd00::5]:8053" */
#define NAT_TARGET_TEXT_MAX (ADDR_TEXT_MAX + 8)
const char *nat_rule_format_target(const struct nat_rule *r, char buf[static NAT_TARGET_TEXT_MAX]);

#endif
