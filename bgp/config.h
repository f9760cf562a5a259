/* SPDX-License-Identifier: MIT */
/* The configuration of a speaker and its peers. Values; the speaker copies them. */
#ifndef BGP_CONFIG_H
#define BGP_CONFIG_H

#include <net/if.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/role.h"
#include "lib/addr.h"
#include "lib/endpoint.h"
#include "lib/mono.h"

#define BGP_PORT 179

/* RFC 4271 5.1.1 */
enum bgp_origin { BGP_ORIGIN_IGP = 0, BGP_ORIGIN_EGP = 1, BGP_ORIGIN_INCOMPLETE = 2 };
const char *bgp_origin_name(enum bgp_origin origin); /* "igp", "egp", "incomplete" */

/* RFC 1997; upper half AS, lower half value. The order is kept, duplicates are allowed here. */
struct bgp_communities {
	uint32_t *values; /* owned by the owner of the struct */
	size_t n;
};

#define BGP_COMMUNITY_GRACEFUL_SHUTDOWN 0xffff0000u /* RFC 8326 */

/* RFC 4360: the eight octets, as two numbers in host order. */
struct bgp_ext_community {
	uint32_t high, low;
};

struct bgp_ext_communities {
	struct bgp_ext_community *values; /* owned by the owner of the struct */
	size_t n;
};

/* RFC 8092 3 */
struct bgp_large_community {
	uint32_t global, local1, local2;
};

struct bgp_large_communities {
	struct bgp_large_community *values; /* owned by the owner of the struct */
	size_t n;
};

/* A number of a route that may be left to a less specific level. */
struct bgp_number {
	bool given;
	uint32_t value;
};

/* Two that are not given are equal whatever their values. */
bool bgp_number_equal(struct bgp_number a, struct bgp_number b);

/* ORIGIN of a route that has one of its own. */
struct bgp_origin_choice {
	bool given;
	enum bgp_origin value;
};

/* AS_PATH of a route that has one of its own: one AS_SEQUENCE, which is sent as it is, to eBGP and
 * iBGP peers alike. It may be empty. */
struct bgp_as_path {
	bool given;
	uint32_t *values; /* owned by the owner of the struct */
	size_t n;
};

/* After merging, so that all attributes together and a load of prefixes always fit 4,096 bytes;
 * more than that are left out. */
#define BGP_COMMUNITIES_MAX       512
#define BGP_EXT_COMMUNITIES_MAX   64
#define BGP_LARGE_COMMUNITIES_MAX 64
#define BGP_PREPENDS_MAX          32
#define BGP_AS_PATH_MAX           48

/* The attributes of a route. */
struct bgp_route_attrs {
	/* Attributes that are not set are those of the peer. */
	bool has_med, has_local_pref, has_prepends, has_weight;
	uint32_t med;
	uint32_t local_pref; /* to iBGP peers only (RFC 4271 5.1.5), which get 100 without any */
	uint8_t prepends;    /* of our own AS; to eBGP peers only, iBGP peers would see a loop */
	uint32_t weight;     /* octets per second, the bits of an IEEE 754 float: link bandwidth */
	struct bgp_origin_choice origin;    /* not given: that of the speaker */
	struct bgp_as_path as_path;         /* not given: our own AS, and `prepends` */
	struct addr next_hop;               /* family 0: ours; else of the family of the route */
	struct bgp_communities communities; /* merged after those of all routes and of the peer */
	struct bgp_ext_communities ext_communities;
	struct bgp_large_communities large_communities;
};

enum { BGP_OFFER_IPV4 = 1 << 0, BGP_OFFER_IPV6 = 1 << 1 };

/* Which BFD: RFC 5881 for a peer on the same link, else RFC 5883. */
enum bgp_bfd_hops {
	BGP_BFD_AUTO, /* as the session: multi_hop of an eBGP peer; iBGP: what the route says */
	BGP_BFD_SINGLE_HOP,
	BGP_BFD_MULTIHOP,
};

/* RFC 5880 6.7 */
enum bgp_bfd_auth { BGP_BFD_AUTH_NONE, BGP_BFD_AUTH_SHA1, BGP_BFD_AUTH_METICULOUS_SHA1 };

#define BGP_BFD_PASSWORD_MAX 20

/* RFC 5880, 5882. The speaker does not speak BFD: whoever has the speaker does, and reports with
 * bgp_speaker_path_up() and bgp_speaker_path_down(). Of all this the speaker uses `required`. */
struct bgp_bfd_config {
	bool on;
	bool required; /* no BGP session is opened or accepted while BFD is not up */
	bool passive;  /* RFC 5880 6.1: sends nothing before the peer does */
	enum bgp_bfd_hops hops;
	uint8_t min_ttl; /* with multihop: packets with a lower TTL are dropped; 0: any */
	uint8_t multiplier;
	span_t interval;    /* DesiredMinTxInterval */
	span_t min_receive; /* RequiredMinRxInterval; 0: as `interval` */
	enum bgp_bfd_auth auth;
	uint8_t key_id;
	char password[BGP_BFD_PASSWORD_MAX + 1]; /* zero behind its end */
};

/* The AS that a peer may be of. */
enum bgp_as_rule {
	BGP_AS_IS,       /* peer_as */
	BGP_AS_EXTERNAL, /* any but ours */
	BGP_AS_INTERNAL, /* ours */
	BGP_AS_AUTO,     /* any */
};

/* draft-ietf-idr-link-bandwidth: the extended community that tells a router how much of the traffic
 * for a route this host is to get. The non-transitive one does not cross the border of an AS (RFC
 * 4360 6): some routers drop it from eBGP peers. */
enum bgp_link_bandwidth {
	BGP_LINK_BANDWIDTH_AUTO, /* transitive to eBGP peers, non-transitive to iBGP peers */
	BGP_LINK_BANDWIDTH_TRANSITIVE,
	BGP_LINK_BANDWIDTH_NON_TRANSITIVE,
};

struct bgp_peer_config {
	struct addr addr;
	char ifname[IF_NAMESIZE]; /* scope of a link-local address, or a VRF; else empty */
	bool unnumbered; /* the router on `ifname`; `addr` is learnt, family 0 until it is known */
	bool in_vrf;     /* `ifname` is a VRF: its sockets are bound to it, routes are its own */
	uint16_t port;
	uint32_t peer_as; /* 0: accept any (with accept_any, or another rule than BGP_AS_IS) */
	enum bgp_as_rule as_rule;
	uint32_t local_as;     /* of this session, in OPEN and AS_PATH; 0: bgp_config.local_as */
	struct addr local_ip;  /* session source; family 0: by the kernel's route */
	struct addr local_ip6; /* next hop for IPv6 VIPs (and source of IPv6 sessions); 0: found */
	struct addr next_hop, next_hop6; /* sent whatever the addresses of this host; 0: found */
	bool multi_hop;                  /* eBGP only: TTL 255 instead of 1 */
	uint8_t multihop_ttl;            /* with multi_hop; 0: 255 */
	unsigned families;               /* BGP_OFFER_…, offered to the peer; 0: all */
	enum bgp_role role;              /* RFC 9234, eBGP only */
	bool role_strict;                /* a peer without a role is rejected */
	bool ttl_security;               /* RFC 5082 */
	bool passive;              /* waits for the peer to connect; needs bgp_config.listen */
	const char *password;      /* RFC 2385, NULL for none; at most 80 bytes */
	const char *password_file; /* the caller's: where it has the password from; not read here */
	span_t hold_time;          /* 0 or >= 3 s */
	span_t keepalive;          /* 0: a third of the negotiated hold time */
	span_t send_hold_time;     /* RFC 9687; 0: the larger of 8 min and twice the hold time */
	/* Of one attempt to connect; 0: BGP_CONNECT_TIMEOUT. */
	span_t connect_timeout;
	span_t connect_retry, connect_retry_max;
	bool graceful_restart; /* RFC 4724, RFC 8538: asks the peer to keep our routes */
	span_t restart_time;   /* for so long; whole seconds, at most BGP_GR_TIME_MAX of them */
	/* RFC 9494: and for so much longer, less preferred; whole seconds; 0: not offered. */
	span_t long_lived_restart_time;
	struct bgp_bfd_config bfd;
	/* Of routes to this peer: numbers for those that have none of their own, and
	 * communities. */
	struct bgp_number med, local_pref, prepends, weight;
	enum bgp_link_bandwidth link_bandwidth; /* the form in which weights are sent */
	struct bgp_communities communities;
	struct bgp_ext_communities ext_communities;
	struct bgp_large_communities large_communities;
	const char *description; /* for operators; NULL: none */
	/* A peer that is new to the speaker stays down, with this text for the other side (NULL or
	 * "": none). Of one that it has, bgp_speaker_disable() and _enable() decide. */
	bool disabled;
	const char *disabled_text;
};

/* An address and an interface. */
#define BGP_PEER_NAME_MAX (ADDR_TEXT_MAX + 1 + IF_NAMESIZE)

/* "10.0.0.1", "10.0.0.1%vrf-blue", "fe80::1%eth0", "eth0" while its address is to be learnt: as the
 * peer is called in the log, the API and metrics. The same link-local address may be a router on
 * every interface, any address in every VRF. */
const char *bgp_peer_name(const struct bgp_peer_config *peer, char buf[static BGP_PEER_NAME_MAX]);

/* As the configuration calls it, whatever has been learnt: "eth0". */
const char *bgp_peer_configured_name(const struct bgp_peer_config *peer,
				     char buf[static BGP_PEER_NAME_MAX]);

/* The same neighbor: address, interface and port; of unnumbered ones interface and port. */
bool bgp_peer_is_same(const struct bgp_peer_config *a, const struct bgp_peer_config *b);
/* The change from one configuration of a peer to the other ends its session. All others can be made
 * while it is up: communities and next hops by UPDATEs, password, timers of attempts to connect,
 * description and `passive` without any message. */
bool bgp_peer_change_resets(const struct bgp_peer_config *a, const struct bgp_peer_config *b);

/* The configured source of the session; NULL: by the kernel's route. */
static inline const struct addr *bgp_peer_source(const struct bgp_peer_config *c)
{
	bool link_local = c->addr.family == AF_INET6 && addr_is_link_local(&c->addr);
	bool from_link_local = addr_is_link_local(&c->local_ip6);
	if (link_local || from_link_local)
		return link_local && from_link_local ? &c->local_ip6 : NULL;
	if (c->local_ip.family == c->addr.family)
		return &c->local_ip;
	return c->local_ip6.family == c->addr.family ? &c->local_ip6 : NULL;
}

/* The source address of route lookups for a session, which rules of policy routing may match.
 * `own`: that of the established session, or family 0. NULL: left to the kernel. */
static inline const struct addr *bgp_session_source(const struct bgp_peer_config *c,
						    const struct addr *own)
{
	const struct addr *configured = bgp_peer_source(c);
	bool usable = own->family == c->addr.family && !addr_is_link_local(own);
	return !configured && usable ? own : configured;
}

struct bgp_config {
	uint32_t local_as;
	uint32_t router_id; /* host order, never 0 */
	bool listen;
	struct endpoint listen_at;
	bool listen_if_allowed; /* without the permission, go on without a listener */
	/* The previous instance left VIPs that still take traffic: the F bit of the first OPENs. */
	bool forwarding_ipv4, forwarding_ipv6;
	bool accept_any; /* accept sessions from any address (the receiver) */
	enum bgp_origin origin;
	struct bgp_communities communities; /* of every route to every peer, all three */
	struct bgp_ext_communities ext_communities;
	struct bgp_large_communities large_communities;
	const struct bgp_peer_config *peers;
	size_t n_peers;
};

/* Replaces the lists by copies of them; and frees such copies. */
void bgp_lists_copy(struct bgp_communities *c, struct bgp_ext_communities *ext,
		    struct bgp_large_communities *large);
void bgp_lists_free(const struct bgp_communities *c, const struct bgp_ext_communities *ext,
		    const struct bgp_large_communities *large);

/* Our AS as this peer sees it: that of its own `local_as`, else that of the speaker. */
uint32_t bgp_peer_local_as(const struct bgp_config *config, const struct bgp_peer_config *peer);
/* iBGP, as far as the configuration tells: BGP_AS_AUTO may still turn out to be. */
bool bgp_peer_is_internal(const struct bgp_config *config, const struct bgp_peer_config *peer);

#endif
