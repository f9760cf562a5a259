/* SPDX-License-Identifier: MIT */
/* ICMPv6 as the socket for Neighbor Discovery gets it. The first octet picks hop limit and
 * source. */
#include <stdlib.h>
#include <sys/socket.h>

#include "net/ndp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition))                                                                  \
			abort();                                                                   \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ndp_message m;
	if (size == 0)
		return 0;
	const struct ndp_packet p = {
		.data = data + 1,
		.len = size - 1,
		.source = { AF_INET6, { data[0] & 1 ? 0xfe : 0x20, 0x80, [15] = 1 } },
		.hop_limit = data[0] & 2 ? NDP_HOP_LIMIT : 64,
	};
	if (!ndp_parse(&p, &m))
		return 0;
	CHECK(data[0] & 1);
	CHECK(m.type == p.data[0] && p.data[1] == 0);
	CHECK(m.type == NDP_ECHO_REPLY || p.hop_limit == NDP_HOP_LIMIT);
	CHECK(m.type != NDP_ROUTER_ADVERT || p.len >= 16);
	CHECK(m.type != NDP_NEIGHBOR_ADVERT || (p.len >= 24 && addr_is_link_local(&m.target)));
	return 0;
}
