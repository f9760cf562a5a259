/* SPDX-License-Identifier: MIT */
#include "bgp/link_end.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "net/iface.h"
#include "net/iface_addr.h"

struct search {
	const char *ifname;
	const struct addr *wanted;
	char *why;
	size_t size;
};

static enum link_answer gone(const struct search *s)
{
	snprintf(s->why, s->size, "interface %s is gone", s->ifname);
	return LINK_END_GONE;
}

static enum link_answer unsure(const struct search *s)
{
	snprintf(s->why, s->size,
		 "interface %s is not known: the kernel cannot be asked at present", s->ifname);
	return LINK_END_UNSURE;
}

static enum link_answer find_link(const struct search *s, struct link_end *ret)
{
	struct iface link;
	bool failed = false;
	ret->ifindex = iface_index(s->ifname, &failed);
	if (!ret->ifindex)
		return failed ? unsure(s) : gone(s);
	if (iface_read(ret->ifindex, &link) < 0)
		return unsure(s);
	const char *words = iface_state_text(link.state);
	if (words) {
		snprintf(s->why, s->size, "interface %s %s", s->ifname, words);
		return LINK_END_GONE;
	}
	ret->has_mac = link.mac_len == NDP_MAC_SIZE;
	memcpy(ret->mac, link.mac, sizeof(ret->mac));
	return LINK_END_PRESENT;
}

static enum link_answer no_address(const struct search *s)
{
	char text[ADDR_TEXT_MAX];
	if (addr_is_set(s->wanted))
		snprintf(s->why, s->size, "local_ip6 %s is not an address of interface %s",
			 addr_format(s->wanted, text), s->ifname);
	else
		snprintf(s->why, s->size, "interface %s has no IPv6 link-local address (yet)",
			 s->ifname);
	return LINK_END_GONE;
}

/* The kernel lists the newest address first. */
static enum link_answer find_address(const struct search *s, const struct link_end *present,
				     struct link_end *ret)
{
	const struct addr *wanted = addr_is_set(s->wanted) ? s->wanted : NULL;
	bool stays = present->ifindex == ret->ifindex && addr_is_set(&present->own) &&
		     (!wanted || addr_equal(wanted, &present->own));
	int r = iface_addr_link_local(ret->ifindex, stays ? &present->own : wanted, &ret->own);
	if (r == -ENOENT && stays && !wanted)
		r = iface_addr_link_local(ret->ifindex, NULL, &ret->own);
	if (r == -ENOENT)
		return no_address(s);
	if (r == -ENODEV)
		return gone(s);
	return r < 0 ? unsure(s) : LINK_END_PRESENT;
}

enum link_answer link_end_find(const char *ifname, const struct addr *wanted,
			       const struct link_end *present, struct link_end *ret, char *why,
			       size_t size)
{
	const struct search s = { .ifname = ifname, .wanted = wanted, .why = why, .size = size };
	struct link_end end = { 0 };
	enum link_answer answer = find_link(&s, &end);
	if (answer == LINK_END_PRESENT)
		answer = find_address(&s, present, &end);
	if (answer == LINK_END_PRESENT)
		*ret = end;
	return answer;
}
