/* SPDX-License-Identifier: MIT */
/* The state of a peer and of a route, for operators. Values and views, and names of enums. */
#ifndef BGP_STATUS_H
#define BGP_STATUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/config.h"
#include "bgp/msg.h"
#include "bgp/notice.h"
#include "lib/addr.h"
#include "lib/histogram.h"
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

/* The state of a route at one peer. From BGP_ROUTE_UNKNOWN on: why it is not sent. */
enum bgp_route_state {
	BGP_ROUTE_SENT,        /* the peer holds it */
	BGP_ROUTE_PENDING,     /* the session is up, the UPDATE is about to leave */
	BGP_ROUTE_UNKNOWN,     /* not announced */
	BGP_ROUTE_NO_SESSION,  /* goes out when the session comes up */
	BGP_ROUTE_NO_FAMILY,   /* the peer did not negotiate the address family */
	BGP_ROUTE_NO_NEXT_HOP, /* no address of the family to be the next hop */
	BGP_ROUTE_FILTERED,    /* it is not for this peer */
	BGP_ROUTE_SUPPRESSED,  /* an aggregate stands for it */
};
const char *bgp_route_state_name(enum bgp_route_state state); /* "sent", "no-next-hop" … */

/* From the turn of the loop that brought the evidence, to the hand-over of the UPDATEs to the
 * sockets of all peers. Changes of one turn are one. */
struct bgp_latencies {
	struct histogram announce, withdraw;
};

/* Of the routes that are announced, without aggregates. */
struct bgp_route_counts {
	size_t sent;       /* to at least one established peer */
	size_t suppressed; /* an aggregate stands for it, which may be announced or not */
	size_t refused;    /* there is an established peer, and none can be sent it */
};

struct bgp_message_counts {
	uint64_t open, update, keepalive, notification, refresh, total;
};

struct bgp_peer_status {
	const struct bgp_peer_config *config; /* as the speaker keeps it */
	uint32_t local_as;                    /* as the peer sees it */
	enum bgp_state state;
	mono_t state_since;       /* when it entered the state */
	mono_t established_since; /* USEC_NEVER unless established */
	mono_t down_since;        /* USEC_NEVER while established */
	uint64_t sessions;        /* how often it was established */
	uint64_t replaced; /* sessions in the place of which the peer put another (RFC 4724 5) */
	const char *last_error;    /* why it last went down or did not come up; "" if never */
	bool disabled;             /* by the operator */
	mono_t admin_since;        /* disabled or enabled, by this process */
	mono_t named_since;        /* as it is, by its description */
	const char *disabled_text; /* for the other side; "" if none */
	const char *hint;          /* advice on the cause (hint.h); "" if none */
	struct bgp_notice notice;  /* the last NOTIFICATION */
	const char *path_trouble;  /* "interface eth0 is down"; "" while the path is good */
	uint64_t adverts_heard;    /* router advertisements, on the link of an unnumbered peer */
	struct addr other_router;  /* on the link of an unnumbered peer; family 0: none */
	bool awaits_path;          /* bfd.required, and BFD is not up: nothing is opened */
	struct addr path_source;   /* of the kernel's route to it; family 0: there is none */
	uint32_t path_ifindex;     /* of the last good path; 0: there was none */
	const char *path_ifname;
	const char *path_vrf;    /* that this interface is in; "": none */
	bool path_is_direct;     /* likewise: the peer is on a connected network */
	uint64_t path_resets;    /* sessions that ended because of it */
	mono_t path_reset_at;    /* the last of them; 0: none */
	mono_t retry_at;         /* next connection attempt, USEC_NEVER if none is due */
	uint32_t peer_as;        /* of its OPEN, else as configured; 0: not known yet */
	uint32_t peer_router_id; /* host order, 0 until its OPEN was read */
	struct addr local_addr;  /* of the session, family 0 when there is none */
	uint16_t local_port;
	uint16_t hold_time; /* negotiated, seconds */
	uint16_t keepalive; /* seconds */
	uint8_t ttl;        /* of packets we send */
	bool four_octet_as, route_refresh, enhanced_refresh, extended_messages;
	bool ipv4_unicast, ipv6_unicast; /* negotiated */
	bool extended_next_hop;          /* of IPv4 routes (RFC 8950) */
	enum bgp_role peer_role;         /* of its OPEN */
	/* RFC 4724: both sides offered it, so that the peer keeps our routes while we restart; and
	 * after a NOTIFICATION, too (RFC 8538). */
	bool graceful_restart, graceful_notification;
	struct bgp_graceful peer_graceful; /* as the peer offered it, whatever we did */
	bool long_lived;                   /* RFC 9494: both offered it, too */
	bool restarting;                   /* since our last restart, the peer got no End-of-RIB */
	bool end_of_rib_deferred;          /* because apps have no verdict yet */
	struct addr next_hop4, next_hop6;  /* family 0: none; `next_hop4` may be IPv6 (RFC 8950) */
	/* That this one, or none, is there, for IPv4 and IPv6; USEC_NEVER: no session. */
	mono_t next_hop_since[2];
	struct bgp_message_counts sent, received;
	uint64_t prefixes_received, prefixes_withdrawn; /* counted, never kept */
	/* Of IPv4 and IPv6, in this session: announced less withdrawn. One that the peer announces
	 * twice counts twice, as none is kept. */
	uint64_t routes_received_of[2];
	uint64_t errors_tolerated; /* UPDATEs handled as RFC 7606 says without a reset */
	size_t routes_sent;        /* the peer holds now */
	size_t routes_sent_of[2];  /* of IPv4 and IPv6 */
	size_t routes_pending;
};

#endif
