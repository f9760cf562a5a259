/* SPDX-License-Identifier: MIT */
/*
 * The router's side: a blocking BGP peer made of the same codec, which keeps the routes it
 * received.
 *
 * VIPs are numbered, and so are definitions: VIP i of the bench is BENCH_VIP + i, and the lower
 * half of the last community of a route is its `tag`, so that "all 10,000 are here, as they were
 * defined last" is one comparison. A wait of more than half a minute is a failure.
 */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include <stddef.h>
#include <stdint.h>

#include "bgp/wire.h"
#include "lib/addr.h"

#define BENCH_VIP      0x0a400000u /* 10.64.0.0 */
#define BENCH_AGENT_AS 65001
#define BENCH_PEER_AS  65000
#define BENCH_VIPS_MAX 131072

enum {
	TAG_ABSENT = 0, /* withdrawn, or never there */
	TAG_FIRST = 1,  /* the community of a first definition, 65001:1 */
	TAG_OTHER = 2,
};

struct peer {
	struct addr addr;
	int listener, fd; /* -1 when closed */
	uint16_t tags[BENCH_VIPS_MAX];
	uint16_t wanted;  /* the tag that is waited for */
	size_t from, to;  /* by which VIPs */
	size_t n_wanted;  /* how many of them carry it */
	size_t n_updates; /* with prefixes in them, since the session came up */
	size_t largest;   /* of them, bytes */
	size_t start, end;
	uint8_t buf[4 * BGP_MESSAGE_EXT_MAX];
};

/* 127.0.0.`host`, port 179; refuses connections until it listens. Never returns NULL. */
struct peer *peer_new(uint8_t host);
void peer_free(struct peer *p);
void peer_listen(struct peer *p);
/* Accepts a connection and forgets the routes of an earlier one. */
void peer_accept(struct peer *p);
/* Closes the connection and refuses others, so that the next run does not meet an attempt of this
 * one to reconnect. */
void peer_close(struct peer *p);
/* Reads the OPEN of the other side. */
void peer_read_open(struct peer *p);
/* Sends ours and a KEEPALIVE in answer to theirs: the session is up. Returns the time just before
 * that KEEPALIVE was sent. Hold time 0: neither side sends keepalives. */
double peer_establish(struct peer *p);
/* peer_accept to peer_establish. */
double peer_come_up(struct peer *p);

/* Waits until VIPs first … first + n - 1 carry `tag`. */
void peer_wait(struct peer *p, uint16_t tag, size_t first, size_t n);
/* Reads until a NOTIFICATION says that the session is over. */
void peer_wait_cease(struct peer *p);
/* Reads the pending messages without waiting. */
void peer_drain(struct peer *p);

#endif
