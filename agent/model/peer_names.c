/* SPDX-License-Identifier: MIT */
#include "agent/model/peer_names.h"

#include <errno.h>

#include "lib/str.h"

#define LISTED_MAX 8

/* "10.0.0.1 (spine1), fe80::1%eth0 and 3 more" */
static const char *name_of(const struct bgp_peer_config *p, char buf[static BGP_PEER_NAME_MAX])
{
	if (addr_is_set(&p->addr))
		return bgp_peer_name(p, buf);
	return p->ifname[0] ? p->ifname : "the default gateway";
}

static void list_names(const struct peer_names *names, struct strbuf *ret)
{
	char name[BGP_PEER_NAME_MAX];
	for (size_t i = 0; i < names->n && i < LISTED_MAX; i++) {
		const struct bgp_peer_config *p = names->peers[i];
		strbuf_add(ret, "%s%s", i > 0 ? ", " : "", name_of(p, name));
		if (p->description)
			strbuf_add(ret, " (%s)", p->description);
	}
	if (names->n > LISTED_MAX)
		strbuf_add(ret, " and %zu more", names->n - LISTED_MAX);
}

int peer_refs_check(const struct peer_names *names, const struct bgp_peer_refs *refs,
		    struct err *err)
{
	char buf[320] = "";
	struct strbuf known = strbuf_over(buf, sizeof(buf));
	for (size_t i = 0; i < refs->n; i++) {
		size_t k = 0;
		while (k < names->n && !bgp_peer_ref_matches(&refs->items[i], names->peers[k]))
			k++;
		if (k < names->n)
			continue;
		list_names(names, &known);
		return err_set(
			err, -EINVAL,
			"'%s' is not a peer, expected the address, interface or description of "
			"one: %s",
			refs->items[i].text, buf);
	}
	return 0;
}

int peer_names_check(const struct peer_names *names, const struct bgp_peer_filter *f,
		     struct err *err)
{
	if (!f)
		return 0;
	int r = peer_refs_check(names, &f->only, err);
	return r < 0 ? r : peer_refs_check(names, &f->except, err);
}

size_t peer_names_count(const struct peer_names *names, const struct bgp_peer_filter *f)
{
	size_t n = 0;
	for (size_t i = 0; i < names->n; i++)
		n += bgp_peer_filter_allows(f, names->peers[i]);
	return n;
}
