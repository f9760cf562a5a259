/* SPDX-License-Identifier: MIT */
/* What an operator asks of a peer and of a route. Values and views; no behaviour but names. */
#ifndef BGP_STATUS_H
#define BGP_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/config.h"
#include "bgp/msg.h"
#include "lib/addr.h"
#include "lib/mono.h"

/* RFC 4271 8.2.2; the numbers are those of the BGP MIB (RFC 4273), which GoBGP prints too. */
enum bgp_state {
	BGP_IDLE = 1,
	BGP_CONNECT,
	BGP_ACTIVE,
	BGP_OPENSENT,
	BGP_OPENCONFIRM,
	BGP_ESTABLISHED,
};
const char *bgp_state_name(enum bgp_state state); /* "idle" … "established" */

/* Where a route stands at one peer. All but the first two are reasons that last until something
 * changes. */
enum bgp_route_state {
	BGP_ROUTE_SENT,        /* the peer was told */
	BGP_ROUTE_PENDING,     /* the session is up, the UPDATE is about to leave */
	BGP_ROUTE_UNKNOWN,     /* not announced */
	BGP_ROUTE_NO_SESSION,  /* goes out when the session comes up */
	BGP_ROUTE_NO_FAMILY,   /* the peer did not negotiate the address family */
	BGP_ROUTE_NO_NEXT_HOP, /* no address of the family to be the next hop */
};
const char *bgp_route_state_name(enum bgp_route_state state); /* "sent", "no-next-hop" … */

struct bgp_message_counts {
	uint64_t open, update, keepalive, notification, refresh, total;
};

struct bgp_peer_status {
	const struct bgp_peer_config *config; /* as the speaker keeps it */
	uint32_t local_as;
	enum bgp_state state;
	mono_t state_since;       /* when it entered the state */
	mono_t established_since; /* USEC_NEVER unless established */
	uint64_t sessions;        /* how often it was established */
	const char *last_error;   /* why it last went down or did not come up; "" if never */
	const char *hint;         /* what to check when the peer is silent; "" else */
	const char *path_trouble; /* what is wrong with the way to the peer now; "" if nothing */
	uint64_t path_resets;     /* sessions that ended with it */
	mono_t path_reset_at;     /* the last of them; 0: none */
	mono_t retry_at;          /* next connection attempt, USEC_NEVER if none is due */
	uint32_t peer_as;         /* as the peer says once it is up, else as configured */
	uint32_t peer_router_id;  /* host order, 0 until its OPEN was read */
	struct addr local_addr;   /* of the session, family 0 when there is none */
	uint16_t local_port;
	uint16_t hold_time; /* negotiated, seconds */
	uint16_t keepalive; /* seconds */
	uint8_t ttl;        /* of packets we send */
	bool four_octet_as, route_refresh, enhanced_refresh, extended_messages;
	bool ipv4_unicast, ipv6_unicast; /* negotiated */
	/* RFC 4724: we and the peer offered it, so that it keeps our routes while we restart; and
	 * over a NOTIFICATION, too (RFC 8538). */
	bool graceful_restart, graceful_notification;
	struct bgp_graceful peer_graceful; /* what the peer said, whatever we offered */
	bool restarting;          /* our last restart: the peer did not get End-of-RIB yet */
	bool end_of_rib_deferred; /* because apps have no verdict yet */
	struct addr next_hop4, next_hop6; /* family 0: none */
	struct bgp_message_counts sent, received;
	uint64_t prefixes_received, prefixes_withdrawn; /* counted, never kept */
	uint64_t errors_tolerated; /* UPDATEs handled as RFC 7606 says without a reset */
	size_t routes_sent;        /* the peer holds now */
	size_t routes_pending;
};

#endif
