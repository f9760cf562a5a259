/* SPDX-License-Identifier: MIT */
#include "nat/rules.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

void nat_rules_done(struct nat_rules *l)
{
	free(l->items);
	*l = (struct nat_rules){ 0 };
}

void nat_rules_add(struct nat_rules *l, const struct nat_rule *r)
{
	l->items = mem_grow(l->items, &l->cap, l->n + 1, sizeof(*l->items));
	l->items[l->n++] = *r;
}

bool nat_rules_equal(const struct nat_rules *a, const struct nat_rules *b)
{
	return a->n == b->n &&
	       (a->n == 0 || memcmp(a->items, b->items, a->n * sizeof(*a->items)) == 0);
}

bool nat_specs_want_own(const struct nat_spec *specs, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!addr_is_set(&specs[i].to))
			return true;
	return false;
}

int nat_rules_make(const struct prefix *vip, const struct nat_spec *specs, size_t n,
		   const struct addr *dest, struct nat_rules *ret, struct err *err)
{
	char text[PREFIX_TEXT_MAX], other[ADDR_TEXT_MAX];
	struct nat_rules made = { 0 };
	if (nat_specs_want_own(specs, n) && dest->family != vip->addr.family)
		return err_set(err, -EADDRNOTAVAIL,
			       "no address to translate %s to: it must be %s, the host's own is %s",
			       prefix_format(vip, text),
			       vip->addr.family == AF_INET ? "IPv4" : "IPv6",
			       addr_format(dest, other));
	for (size_t i = 0; i < n; i++) {
		const struct nat_spec *s = &specs[i];
		bool own = !addr_is_set(&s->to);
		struct nat_rule r = { .vip = *vip,
				      .proto = s->proto,
				      .listen = s->listen,
				      .port = s->dest,
				      .dest = own ? *dest : s->to,
				      .behind = own && s->listen == s->dest };
		if (nat_spec_covers(s, vip->addr.family))
			nat_rules_add(&made, &r);
	}
	*ret = made;
	return 0;
}

const char *nat_rule_format_target(const struct nat_rule *r, char buf[static NAT_TARGET_TEXT_MAX])
{
	char dest[ADDR_TEXT_MAX];
	bool v6 = r->dest.family == AF_INET6;
	snprintf(buf, NAT_TARGET_TEXT_MAX, "%s%s%s:%u", v6 ? "[" : "", addr_format(&r->dest, dest),
		 v6 ? "]" : "", r->port);
	return buf;
}
