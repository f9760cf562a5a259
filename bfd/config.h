/* SPDX-License-Identifier: MIT */
/*
 * The configuration of a BFD session (RFC 5880). Values; whoever is given one copies it. Pure.
 *
 * A key and a configuration travel between processes as memory: no pointers in them.
 */
#ifndef BFD_CONFIG_H
#define BFD_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "lib/mono.h"

#define BFD_PORT          3784 /* RFC 5881 4 */
#define BFD_PORT_MULTIHOP 4784 /* RFC 5883 5 */
/* Of the sender, the same for all packets of a session (RFC 5881 4). */
#define BFD_SOURCE_PORT_MIN 49152

/* More sessions than this are refused. */
#define BFD_SESSIONS_MAX 1024

#define BFD_INTERVAL_MIN (5 * USEC_PER_MSEC)
#define BFD_INTERVAL_MAX (60 * USEC_PER_SEC)
#define BFD_INTERVAL     (300 * USEC_PER_MSEC)
#define BFD_MULTIPLIER   3

/* Key of a session: one session each. */
struct bfd_key {
	struct addr peer;
	/* Source of our packets, and the only destination of the peer's that counts. Family 0: any
	 * address of this host, the kernel chooses by route (which may be a VIP: better name
	 * one). */
	struct addr local;
	/* Sent out of and accepted on this interface only; "": any. Needed for a link-local
	 * peer. */
	char ifname[IF_NAMESIZE];
	/* The VRF device of the sockets; "": none. */
	char vrf[IF_NAMESIZE];
	bool multihop; /* RFC 5883; no interface then */
};

enum bfd_auth_type {
	BFD_AUTH_NONE = 0,
	/* As on the wire, RFC 5880 4.1. */
	BFD_AUTH_KEYED_SHA1 = 4,
	BFD_AUTH_METICULOUS_SHA1 = 5,
};

#define BFD_AUTH_KEY_MAX 20

struct bfd_auth {
	enum bfd_auth_type type;
	uint8_t key_id;
	uint8_t key_len; /* 1..20; the rest of `key` is zero */
	uint8_t key[BFD_AUTH_KEY_MAX];
};

/* All of it may change while the session is up: RFC 5880 6.8.3 says how. */
struct bfd_config {
	span_t desired_min_tx;  /* BFD_INTERVAL_MIN..BFD_INTERVAL_MAX */
	span_t required_min_rx; /* likewise */
	uint8_t multiplier;     /* 1..255 */
	uint8_t min_ttl; /* multihop: packets with less are dropped; single hop: always 255 */
	bool passive;    /* sends nothing before the peer does */
	/* Nothing is sent while the main loop has not been heard of for so long; USEC_NEVER: always
	 * sent. Such a host must not look alive: hold_time of BGP. */
	span_t hold_time;
	struct bfd_auth auth;
};

/* The defaults: 300 ms × 3, active, hold_time USEC_NEVER. */
struct bfd_config bfd_config_default(void);
/* 0, or -EINVAL with what is wrong. */
int bfd_check(const struct bfd_key *key, const struct bfd_config *config, struct err *err);
bool bfd_key_equal(const struct bfd_key *a, const struct bfd_key *b);
/* "192.0.2.1", "fe80::1%eth0", "192.0.2.1%vrf-blue", with " (multihop)". */
#define BFD_KEY_TEXT_MAX (ADDR_TEXT_MAX + 2 * IF_NAMESIZE + 16)
const char *bfd_key_format(const struct bfd_key *key, char buf[static BFD_KEY_TEXT_MAX]);
bool bfd_config_equal(const struct bfd_config *a, const struct bfd_config *b);

#endif
