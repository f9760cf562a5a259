/* SPDX-License-Identifier: MIT */
/*
 * Decoded messages. Numbers are in host order; lists are views into the bytes that
 * were decoded, in network order, and live as long as those.
 */
#ifndef BGP_MSG_H
#define BGP_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/config.h"
#include "bgp/wire.h"
#include "lib/addr.h"
#include "lib/bytes.h"

/* A NOTIFICATION, received, to be sent, or the verdict of a decoder. */
struct bgp_notification {
	uint8_t code; /* 0: none */
	uint8_t subcode;
	const uint8_t *data; /* quoted bytes; NULL: the data is in `own` */
	size_t data_len;
	uint8_t own[8]; /* data that is made rather than quoted; survives a copy of the struct */
};

/* Always read the data through this. */
static inline const uint8_t *bgp_notification_data(const struct bgp_notification *n)
{
	return n->data ? n->data : n->own;
}

/* Of a family in the Graceful Restart capability. */
struct bgp_graceful_family {
	bool listed;     /* its routes are to be kept while the sender restarts */
	bool forwarding; /* F: the sender's last restart did not interrupt forwarding */
};

/* The Graceful Restart capability (RFC 4724 3). One without families is that of a helper only. */
struct bgp_graceful {
	bool offered;          /* the capability is there; else the rest is void */
	bool restarting;       /* R: the sender has restarted */
	bool notification;     /* N: a NOTIFICATION but Hard Reset keeps routes, too (RFC 8538) */
	uint16_t restart_time; /* seconds, at most BGP_GR_TIME_MAX */
	struct bgp_graceful_family ipv4, ipv6; /* unicast */
};

/* Of a family in the Long-Lived Graceful Restart capability. */
struct bgp_long_lived_family {
	bool listed;
	bool forwarding; /* F, as in struct bgp_graceful_family */
	uint32_t
		stale_time; /* seconds after the restart time of RFC 4724, up to BGP_LLGR_TIME_MAX */
};

/* The Long-Lived Graceful Restart capability (RFC 9494 3). Void without that of RFC 4724. */
struct bgp_long_lived {
	bool offered;
	struct bgp_long_lived_family ipv4, ipv6; /* unicast */
};

/* A decoded OPEN. The 2-octet AS is replaced by the one in the capability (RFC 6793). */
struct bgp_open {
	uint8_t version;
	uint32_t as;
	uint16_t hold_time; /* seconds */
	uint32_t router_id;
	bool has_capabilities; /* false: send none (RFC 5492 3), or none came */
	bool extended_params;  /* in the format of RFC 9072, whatever the size */
	bool four_octet_as, route_refresh, enhanced_refresh, extended_messages;
	bool multiprotocol; /* any such capability; if none, IPv4 unicast is meant */
	bool ipv4_unicast, ipv6_unicast;
	bool extended_next_hop; /* IPv4 unicast with an IPv6 next hop (RFC 8950) */
	enum bgp_role role;
	struct bgp_graceful graceful;
	struct bgp_long_lived long_lived;
};

/* The negotiated capabilities that decoding an UPDATE depends on. */
struct bgp_update_params {
	bool four_octet_as; /* AS numbers take 4 octets (RFC 6793) */
	bool is_ibgp;
	bool ipv4_unicast, ipv6_unicast; /* routes of any other family are ignored */
	bool extended_next_hop;          /* IPv4 routes may have an IPv6 next hop (RFC 8950) */
};

/* How a broken path attribute was handled: RFC 7606, weakest first. */
enum bgp_tolerance {
	BGP_TOLERATE_NOTHING_WRONG,
	BGP_TOLERATE_ATTR_DISCARD,
	BGP_TOLERATE_TREAT_AS_WITHDRAW,
	BGP_TOLERATE_SESSION_RESET,
};

struct bgp_attrs {
	uint64_t present; /* bit per attribute type below 64 that was there and kept */
	enum bgp_origin origin;
	struct reader as_path; /* segments; widths as `as_size` says */
	uint8_t as_size;       /* 2 or 4 */
	struct reader as4_path;
	struct addr next_hop; /* of NEXT_HOP; each bgp_nlri has its own, too */
	uint32_t med, local_pref;
	uint32_t only_to_customer;       /* RFC 9234 */
	struct reader communities;       /* 4 bytes each */
	struct reader ext_communities;   /* 8 bytes each */
	struct reader large_communities; /* 12 bytes each */
};

static inline bool bgp_attrs_has(const struct bgp_attrs *attrs, enum bgp_attr_type type)
{
	return attrs->present >> type & 1;
}

/* Prefixes of one family out of one place of an UPDATE; walk them with bgp_nlri_next. */
struct bgp_nlri {
	uint8_t family;
	struct addr next_hop;   /* of announced ones; the global address if there are two */
	struct reader prefixes; /* syntax is checked */
};

/*
 * An UPDATE has up to two lists of either kind: in the fields of RFC 4271 and in the MP
 * attributes of RFC 4760. Treat-as-withdraw is already applied: then nothing is announced, and the
 * prefixes are in `withdrawn`. A prefix in both lists is announced, so read `withdrawn` first.
 */
struct bgp_update {
	struct bgp_attrs attrs;
	struct bgp_nlri withdrawn[4], announced[2];
	size_t n_withdrawn, n_announced;
	bool end_of_rib4, end_of_rib6; /* RFC 4724 2 */
	enum bgp_tolerance tolerance;  /* the strongest that was needed, never session reset */
};

/* RFC 2918, RFC 7313 */
struct bgp_route_refresh {
	uint16_t afi;
	uint8_t subtype; /* one that is not in enum bgp_refresh_subtype is to be ignored */
	uint8_t safi;
};

#endif
