/* SPDX-License-Identifier: MIT */
#include "monitors/icmp_echo.h"

#include <string.h>
#include <sys/socket.h>

#include "lib/bytes.h"

#define V4_REQUEST 8
#define V4_REPLY   0
#define V6_REQUEST 128
#define V6_REPLY   129

#define IPPROTO_ICMP_V4 1

/* RFC 1071, of an even number of bytes */
static uint16_t checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(p[i] << 8 | p[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

void icmp_echo_build(const struct icmp_echo *e, uint8_t buf[static ICMP_ECHO_SIZE])
{
	struct writer w = writer_over(buf, ICMP_ECHO_SIZE);
	writer_u8(&w, e->family == AF_INET6 ? V6_REQUEST : V4_REQUEST);
	writer_u8(&w, 0);
	writer_u16(&w, 0); /* of IPv6 it covers the addresses: the kernel's to fill in */
	writer_u16(&w, e->id);
	writer_u16(&w, e->sequence);
	writer_bytes(&w, e->cookie, sizeof(e->cookie));
	if (e->family == AF_INET)
		writer_patch_u16(&w, 2, checksum(buf, ICMP_ECHO_SIZE));
}

/* The header of an echo message of `type` that belongs to a request of `e`. */
static bool matches(struct reader *r, uint8_t type, const struct icmp_echo *e)
{
	uint8_t got = reader_u8(r), code = reader_u8(r);
	reader_u16(r); /* the kernel checked the checksum */
	uint16_t id = reader_u16(r), sequence = reader_u16(r);
	return !r->failed && got == type && code == 0 && id == e->id && sequence >= 1 &&
	       sequence <= e->sequence;
}

/* False when it is not ICMP over IPv4. */
static bool skip_ip_header(struct reader *r)
{
	uint8_t first = reader_u8(r);
	size_t len = (size_t)(first & 15) * 4;
	const uint8_t *rest = len >= 20 ? reader_bytes(r, len - 1) : NULL;
	return rest && first >> 4 == 4 && rest[8] == IPPROTO_ICMP_V4;
}

bool icmp_echo_is_reply(const uint8_t *message, size_t len, const struct icmp_echo *e,
			bool with_ip_header)
{
	struct reader r = reader_over(message, len);
	if (with_ip_header && !skip_ip_header(&r))
		return false;
	if (!matches(&r, e->family == AF_INET6 ? V6_REPLY : V4_REPLY, e))
		return false;
	const uint8_t *cookie = reader_bytes(&r, sizeof(e->cookie));
	return cookie && reader_left(&r) == 0 && memcmp(cookie, e->cookie, sizeof(e->cookie)) == 0;
}

bool icmp_echo_is_request(const uint8_t *quoted, size_t len, const struct icmp_echo *e)
{
	struct reader r = reader_over(quoted, len);
	return matches(&r, e->family == AF_INET6 ? V6_REQUEST : V4_REQUEST, e);
}
