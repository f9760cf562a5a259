/* SPDX-License-Identifier: MIT */
#include "bgp/peer_filter.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/scoped_addr.h"
#include "lib/str.h"

/* ---- Names. ---- */

/* False: it is not an address. */
static bool parse_address(const char *text, struct bgp_peer_ref *ret)
{
	char name[SCOPED_ADDR_TEXT_MAX], addr[ADDR_TEXT_MAX];
	struct bgp_peer_ref ref = { 0 };
	if (scoped_addr_parse(text, &ref.addr, ref.ifname) < 0)
		return false;
	snprintf(name, sizeof(name), "%s%s%s", addr_format(&ref.addr, addr),
		 ref.ifname[0] ? "%" : "", ref.ifname);
	ref.text = mem_strdup(name);
	*ret = ref;
	return true;
}

bool bgp_peer_refs_has(const struct bgp_peer_refs *refs, const char *text)
{
	for (size_t i = 0; i < refs->n; i++)
		if (str_equal(refs->items[i].text, text))
			return true;
	return false;
}

void bgp_peer_refs_add(struct bgp_peer_refs *refs, const char *text)
{
	struct bgp_peer_ref ref = { 0 };
	if (!parse_address(text, &ref))
		ref.text = mem_strdup(text);
	if (bgp_peer_refs_has(refs, ref.text)) {
		free(ref.text);
		return;
	}
	refs->items = mem_grow_by_one(refs->items, refs->n, sizeof(*refs->items));
	refs->items[refs->n++] = ref;
}

bool bgp_peer_ref_matches(const struct bgp_peer_ref *ref, const struct bgp_peer_config *peer)
{
	if (addr_is_set(&ref->addr))
		return addr_equal(&ref->addr, &peer->addr) &&
		       (!ref->ifname[0] || str_equal(ref->ifname, peer->ifname));
	return (peer->ifname[0] && str_equal(ref->text, peer->ifname)) ||
	       (peer->description && str_equal(ref->text, peer->description));
}

static bool is_named(const struct bgp_peer_refs *refs, const struct bgp_peer_config *peer)
{
	for (size_t i = 0; i < refs->n; i++)
		if (bgp_peer_ref_matches(&refs->items[i], peer))
			return true;
	return false;
}

/* ---- Filters. ---- */

bool bgp_peer_filter_allows(const struct bgp_peer_filter *f, const struct bgp_peer_config *peer)
{
	return !f || ((f->only.n == 0 || is_named(&f->only, peer)) && !is_named(&f->except, peer));
}

static bool refs_equal(const struct bgp_peer_refs *a, const struct bgp_peer_refs *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!bgp_peer_refs_has(b, a->items[i].text))
			return false;
	return true;
}

bool bgp_peer_filter_equal(const struct bgp_peer_filter *a, const struct bgp_peer_filter *b)
{
	static const struct bgp_peer_filter all;
	a = a ? a : &all;
	b = b ? b : &all;
	return refs_equal(&a->only, &b->only) && refs_equal(&a->except, &b->except);
}

static void copy_refs(struct bgp_peer_refs *refs)
{
	if (refs->n == 0)
		return;
	refs->items = mem_copy(refs->items, refs->n * sizeof(*refs->items));
	for (size_t i = 0; i < refs->n; i++)
		refs->items[i].text = mem_strdup(refs->items[i].text);
}

struct bgp_peer_filter *bgp_peer_filter_copy(const struct bgp_peer_filter *f)
{
	if (!f)
		return NULL;
	struct bgp_peer_filter *copy = mem_copy(f, sizeof(*f));
	copy_refs(&copy->only);
	copy_refs(&copy->except);
	return copy;
}

static void free_refs(struct bgp_peer_refs *refs)
{
	for (size_t i = 0; i < refs->n; i++)
		free(refs->items[i].text);
	free(refs->items);
}

void bgp_peer_filter_free(struct bgp_peer_filter *f)
{
	if (!f)
		return;
	free_refs(&f->only);
	free_refs(&f->except);
	free(f);
}
