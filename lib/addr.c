/* SPDX-License-Identifier: MIT */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/str.h"

size_t addr_size(uint8_t family)
{
	return family == AF_INET ? 4 : family == AF_INET6 ? 16 : 0;
}

int addr_parse(const char *text, struct addr *ret)
{
	struct addr a = { 0 };
	if (inet_pton(AF_INET, text, a.bytes) == 1)
		a.family = AF_INET;
	else if (inet_pton(AF_INET6, text, a.bytes) == 1)
		a.family = AF_INET6;
	else
		return -EINVAL;
	*ret = a;
	return 0;
}

/* Lists and logs have thousands of them, and printf is slow. */
static char *put_number(char *p, uint8_t n)
{
	if (n >= 100)
		*p++ = (char)('0' + n / 100);
	if (n >= 10)
		*p++ = (char)('0' + n / 10 % 10);
	*p++ = (char)('0' + n % 10);
	return p;
}

static void format_v4(const uint8_t *bytes, char *p)
{
	for (size_t i = 0; i < 4; i++) {
		p = put_number(p, bytes[i]);
		*p++ = i < 3 ? '.' : '\0';
	}
}

const char *addr_format(const struct addr *a, char buf[static ADDR_TEXT_MAX])
{
	if (a->family == AF_INET)
		format_v4(a->bytes, buf);
	else if (!inet_ntop(a->family, a->bytes, buf, ADDR_TEXT_MAX))
		snprintf(buf, ADDR_TEXT_MAX, "none");
	return buf;
}

struct addr addr_from_bytes(uint8_t family, const void *bytes)
{
	struct addr a = { .family = family };
	memcpy(a.bytes, bytes, addr_size(family));
	return a;
}

struct addr addr_v4(uint32_t host_order)
{
	uint32_t be = htonl(host_order);
	return addr_from_bytes(AF_INET, &be);
}

uint32_t addr_to_v4(const struct addr *a)
{
	uint32_t be = 0;
	if (a->family == AF_INET)
		memcpy(&be, a->bytes, sizeof(be));
	return ntohl(be);
}

int addr_cmp(const struct addr *a, const struct addr *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, addr_size(a->family));
}

bool addr_equal(const struct addr *a, const struct addr *b)
{
	return addr_cmp(a, b) == 0;
}

struct addr addr_unmapped(const struct addr *a)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	if (a->family == AF_INET6 && memcmp(a->bytes, mapped, sizeof(mapped)) == 0)
		return addr_from_bytes(AF_INET, a->bytes + sizeof(mapped));
	return *a;
}

bool addr_is_unspecified(const struct addr *a)
{
	static const uint8_t zero[16];
	return addr_is_set(a) && memcmp(a->bytes, zero, sizeof(zero)) == 0;
}

bool addr_is_loopback(const struct addr *a)
{
	static const uint8_t v6[16] = { [15] = 1 };
	if (a->family == AF_INET)
		return a->bytes[0] == 127;
	return a->family == AF_INET6 && memcmp(a->bytes, v6, sizeof(v6)) == 0;
}

bool addr_is_multicast(const struct addr *a)
{
	if (a->family == AF_INET)
		return (a->bytes[0] & 0xf0) == 0xe0;
	return a->family == AF_INET6 && a->bytes[0] == 0xff;
}

bool addr_is_link_local(const struct addr *a)
{
	if (a->family == AF_INET)
		return a->bytes[0] == 169 && a->bytes[1] == 254;
	return a->family == AF_INET6 && a->bytes[0] == 0xfe && (a->bytes[1] & 0xc0) == 0x80;
}

socklen_t addr_to_sockaddr(const struct addr *a, uint16_t port, uint32_t scope,
			   struct sockaddr_storage *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (a->family == AF_INET) {
		struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
		memcpy(&in.sin_addr, a->bytes, sizeof(in.sin_addr));
		memcpy(ret, &in, sizeof(in));
		return sizeof(in);
	}
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port),
				    .sin6_scope_id = scope };
	memcpy(&in6.sin6_addr, a->bytes, sizeof(in6.sin6_addr));
	memcpy(ret, &in6, sizeof(in6));
	return sizeof(in6);
}

bool addr_from_sockaddr(const struct sockaddr_storage *ss, struct addr *ret, uint16_t *ret_port)
{
	if (ss->ss_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, ss, sizeof(in));
		*ret = addr_from_bytes(AF_INET, &in.sin_addr);
		*ret_port = ntohs(in.sin_port);
		return true;
	}
	if (ss->ss_family != AF_INET6)
		return false;
	struct sockaddr_in6 in6;
	memcpy(&in6, ss, sizeof(in6));
	const struct addr a = addr_from_bytes(AF_INET6, &in6.sin6_addr);
	*ret = addr_unmapped(&a);
	*ret_port = ntohs(in6.sin6_port);
	return true;
}

uint32_t addr_scope(const struct sockaddr_storage *ss)
{
	struct sockaddr_in6 in6;
	if (ss->ss_family != AF_INET6)
		return 0;
	memcpy(&in6, ss, sizeof(in6));
	return in6.sin6_scope_id;
}

struct addr addr_mask(const struct addr *a, uint8_t len)
{
	struct addr m = *a;
	for (size_t i = 0; i < addr_size(a->family); i++) {
		size_t bit = i * 8;
		if (bit >= len)
			m.bytes[i] = 0;
		else if (len - bit < 8)
			m.bytes[i] &= (uint8_t)(0xff << (8 - (len - bit)));
	}
	return m;
}

int prefix_parse(const char *text, struct prefix *ret, struct err *err)
{
	char host[ADDR_TEXT_MAX], hint[PREFIX_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash ? (size_t)(slash - text) : strlen(text);
	struct prefix p = { 0 };
	if (n >= sizeof(host) ||
	    (memcpy(host, text, n), host[n] = 0, addr_parse(host, &p.addr) < 0))
		return err_set(err, -EINVAL,
			       "'%.80s' is not a prefix, expected one like 192.0.2.53/32 or "
			       "2001:db8::53/128",
			       text);
	unsigned max = (unsigned)addr_size(p.addr.family) * 8;
	if (!slash)
		return err_set(err, -EINVAL, "'%s' has no prefix length, write %s/%u", text, text,
			       max);
	uint64_t len;
	if (str_to_u64(slash + 1, max, &len) < 0)
		return err_set(err, -EINVAL,
			       "'%.80s' has an invalid prefix length, expected 0 to %u", text, max);
	p.len = (uint8_t)len;
	struct prefix masked = { .addr = addr_mask(&p.addr, p.len), .len = p.len };
	if (!addr_equal(&masked.addr, &p.addr))
		return err_set(
			err, -EINVAL,
			"'%s' has host bits set: write %s/%u for the address or %s for the network",
			text, host, max, prefix_format(&masked, hint));
	*ret = p;
	return 0;
}

const char *prefix_format(const struct prefix *p, char buf[static PREFIX_TEXT_MAX])
{
	_Static_assert(PREFIX_TEXT_MAX >= ADDR_TEXT_MAX + sizeof("/128") - 1,
		       "room for the length");
	char *end = buf + strlen(addr_format(&p->addr, buf));
	*end++ = '/';
	*put_number(end, p->len) = '\0';
	return buf;
}

int prefix_cmp(const struct prefix *a, const struct prefix *b)
{
	int c = addr_cmp(&a->addr, &b->addr);
	return c ? c : (int)a->len - (int)b->len;
}

bool prefix_equal(const struct prefix *a, const struct prefix *b)
{
	return prefix_cmp(a, b) == 0;
}

struct prefix prefix_of_host(const struct addr *a)
{
	return (struct prefix){ .addr = *a, .len = (uint8_t)(8 * addr_size(a->family)) };
}

bool prefix_contains(const struct prefix *p, const struct addr *a)
{
	size_t whole = p->len / 8, rest = p->len % 8;
	if (p->addr.family != a->family || memcmp(p->addr.bytes, a->bytes, whole) != 0)
		return false;
	return rest == 0 || (p->addr.bytes[whole] ^ a->bytes[whole]) >> (8 - rest) == 0;
}
