/* SPDX-License-Identifier: MIT */
#include "nat/spec.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"

const char *nat_proto_name(uint8_t proto)
{
	return proto == IPPROTO_TCP ? "tcp" : "udp";
}

static int parse_port(const char *text, uint16_t *ret)
{
	uint64_t port;
	if (str_to_u64(text, UINT16_MAX, &port) < 0 || port == 0)
		return -EINVAL;
	*ret = (uint16_t)port;
	return 0;
}

/* Cuts "ADDRESS:PORT" or "[ADDRESS]:PORT" off its address; brackets are for IPv6, as the colons of
 * an address are not those of the mapping. */
static int parse_target(char *text, struct nat_spec *ret)
{
	bool v6 = text[0] == '[';
	char *end = v6 ? strstr(text, "]:") : strchr(text, ':');
	if (!end)
		return v6 ? -EINVAL : parse_port(text, &ret->dest);
	*end = 0;
	if (addr_parse(text + v6, &ret->to) < 0 || (ret->to.family == AF_INET6) != v6)
		return -EINVAL;
	return parse_port(end + 1 + v6, &ret->dest);
}

static int parse(const char *text, struct nat_spec *ret)
{
	char buf[NAT_SPEC_TEXT_MAX];
	if (str_copy(buf, sizeof(buf), text) < 0)
		return -EINVAL;
	char *listen = strchr(buf, ':');
	if (!listen)
		return -EINVAL;
	*listen++ = 0;
	char *target = strchr(listen, ':');
	if (target)
		*target++ = 0;
	if (str_equal(buf, "tcp"))
		ret->proto = IPPROTO_TCP;
	else if (str_equal(buf, "udp"))
		ret->proto = IPPROTO_UDP;
	else
		return -EINVAL;
	if (parse_port(listen, &ret->listen) < 0)
		return -EINVAL;
	if (target)
		return parse_target(target, ret);
	ret->dest = ret->listen;
	return 0;
}

/* Why packets of other hosts can never be sent there; NULL when they can. */
static const char *unusable(const struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (addr_is_unspecified(a))
		return "is unspecified";
	if (addr_is_multicast(a) || (a->family == AF_INET && addr_to_v4(a) == UINT32_MAX))
		return "is not the address of one host";
	if (a->family == AF_INET)
		return NULL;
	if (memcmp(a->bytes, mapped, sizeof(mapped)) == 0)
		return "is an IPv4 address, write it as one";
	if (addr_is_link_local(a))
		return "is link-local";
	return addr_is_loopback(a) ? "takes no packets of other hosts" : NULL;
}

int nat_spec_parse(const char *text, struct nat_spec *ret, struct err *err)
{
	struct nat_spec s = { 0 };
	char to[ADDR_TEXT_MAX];
	if (parse(text, &s) < 0)
		return err_set(err, -EINVAL,
			       "'%.80s' is not a NAT mapping, expected PROTO:LISTEN:DEST, "
			       "PROTO:LISTEN:ADDRESS:DEST or PROTO:PORT with tcp or udp and ports "
			       "1 to 65535, like tcp:53:8053 or tcp:80:172.17.0.2:80 (IPv6 in "
			       "brackets)",
			       text);
	const char *why = addr_is_set(&s.to) ? unusable(&s.to) : NULL;
	if (why)
		return err_set(err, -EINVAL,
			       "'%s': %s %s, expected an address of this host or of a container",
			       text, addr_format(&s.to, to), why);
	*ret = s;
	return 0;
}

const char *nat_spec_format(const struct nat_spec *s, char buf[static NAT_SPEC_TEXT_MAX])
{
	char to[ADDR_TEXT_MAX];
	bool named = addr_is_set(&s->to), v6 = s->to.family == AF_INET6;
	snprintf(buf, NAT_SPEC_TEXT_MAX, "%s:%u:%s%s%s%s%u", nat_proto_name(s->proto), s->listen,
		 v6 ? "[" : "", named ? addr_format(&s->to, to) : "", v6 ? "]" : "",
		 named ? ":" : "", s->dest);
	return buf;
}

bool nat_spec_equal(const struct nat_spec *a, const struct nat_spec *b)
{
	return a->proto == b->proto && a->listen == b->listen && a->dest == b->dest &&
	       addr_equal(&a->to, &b->to);
}

bool nat_spec_covers(const struct nat_spec *s, uint8_t family)
{
	return !addr_is_set(&s->to) || s->to.family == family;
}

bool nat_spec_overlaps(const struct nat_spec *a, const struct nat_spec *b)
{
	return a->proto == b->proto && a->listen == b->listen &&
	       (!addr_is_set(&b->to) || nat_spec_covers(a, b->to.family));
}
