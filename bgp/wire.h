/* SPDX-License-Identifier: MIT */
/* Numbers on the wire, each with the document it comes from. */
#ifndef BGP_WIRE_H
#define BGP_WIRE_H

#define BGP_VERSION           4
#define BGP_MARKER_SIZE       16
#define BGP_HEADER_SIZE       19    /* RFC 4271 4.1 */
#define BGP_LENGTH_OFFSET     16    /* of the Length field in the header */
#define BGP_MESSAGE_MAX       4096  /* RFC 4271 4.1 */
#define BGP_MESSAGE_EXT_MAX   65535 /* RFC 8654 */
#define BGP_AS_TRANS          23456 /* RFC 6793 */
#define BGP_SHUTDOWN_TEXT_MAX 255   /* RFC 9003 2 */

#define BGP_LOCAL_PREF_DEFAULT 100 /* the usual default; RFC 4271 5.1.5 gives none */

enum bgp_message_type {
	BGP_MSG_OPEN = 1,
	BGP_MSG_UPDATE = 2,
	BGP_MSG_NOTIFICATION = 3,
	BGP_MSG_KEEPALIVE = 4,
	BGP_MSG_ROUTE_REFRESH = 5, /* RFC 2918 */
};

enum bgp_afi { BGP_AFI_IPV4 = 1, BGP_AFI_IPV6 = 2 };
enum bgp_safi { BGP_SAFI_UNICAST = 1 };

enum bgp_capability {
	BGP_CAP_MULTIPROTOCOL = 1,                /* RFC 4760 */
	BGP_CAP_ROUTE_REFRESH = 2,                /* RFC 2918 */
	BGP_CAP_EXTENDED_NEXT_HOP = 5,            /* RFC 8950 */
	BGP_CAP_EXTENDED_MESSAGE = 6,             /* RFC 8654 */
	BGP_CAP_ROLE = 9,                         /* RFC 9234 */
	BGP_CAP_GRACEFUL_RESTART = 64,            /* RFC 4724 */
	BGP_CAP_FOUR_OCTET_AS = 65,               /* RFC 6793 */
	BGP_CAP_ENHANCED_REFRESH = 70,            /* RFC 7313 */
	BGP_CAP_LONG_LIVED_GRACEFUL_RESTART = 71, /* RFC 9494 */
};
/* RFC 9494 3.1: for each family AFI, SAFI, flags and 24 bits of time. */
#define BGP_LLGR_FAMILY_SIZE       7
#define BGP_LLGR_TIME_MAX          0xffffff /* seconds */
#define BGP_LLGR_FORWARDING        0x80     /* the F bit of a family */
#define BGP_OPT_PARAM_CAPABILITIES 2        /* RFC 5492 */
#define BGP_OPT_PARAM_EXTENDED     255      /* RFC 9072: marks the extended length format */

/* RFC 8950 4: AFI, SAFI and AFI of the next hop, two octets each. */
#define BGP_EXTENDED_NEXT_HOP_SIZE 6

/* RFC 4724 3, RFC 8538 2: the first two octets of the capability, then four for each family. */
#define BGP_GR_RESTARTING   0x8000 /* the R bit */
#define BGP_GR_NOTIFICATION 0x4000 /* the N bit */
#define BGP_GR_TIME_MAX     0x0fff /* seconds, in the rest */
#define BGP_GR_FAMILY_SIZE  4
#define BGP_GR_FORWARDING   0x80 /* the F bit of a family */

/* RFC 7313: demarcation in the third octet of ROUTE-REFRESH */
enum bgp_refresh_subtype { BGP_REFRESH_REQUEST = 0, BGP_REFRESH_BEGIN = 1, BGP_REFRESH_END = 2 };

/* RFC 4271 4.5, RFC 7313, RFC 9687 */
enum bgp_error {
	BGP_ERR_HEADER = 1,
	BGP_ERR_OPEN = 2,
	BGP_ERR_UPDATE = 3,
	BGP_ERR_HOLD_TIMER = 4,
	BGP_ERR_FSM = 5,
	BGP_ERR_CEASE = 6,
	BGP_ERR_ROUTE_REFRESH = 7,
	BGP_ERR_SEND_HOLD_TIMER = 8,
};
enum bgp_error_header {
	BGP_ERR_HEADER_NOT_SYNCHRONIZED = 1,
	BGP_ERR_HEADER_BAD_LENGTH = 2,
	BGP_ERR_HEADER_BAD_TYPE = 3,
};
enum bgp_error_open {
	BGP_ERR_OPEN_UNSPECIFIC = 0, /* malformed optional parameters */
	BGP_ERR_OPEN_VERSION = 1,
	BGP_ERR_OPEN_PEER_AS = 2,
	BGP_ERR_OPEN_IDENTIFIER = 3,
	BGP_ERR_OPEN_OPT_PARAM = 4,
	BGP_ERR_OPEN_HOLD_TIME = 6,
	BGP_ERR_OPEN_CAPABILITY = 7, /* RFC 5492 */
	BGP_ERR_OPEN_ROLE = 11,      /* RFC 9234 */
};
enum bgp_error_update {
	BGP_ERR_UPDATE_MALFORMED = 1,
	BGP_ERR_UPDATE_UNKNOWN_WELL_KNOWN = 2,
	BGP_ERR_UPDATE_MISSING_WELL_KNOWN = 3,
	BGP_ERR_UPDATE_FLAGS = 4,
	BGP_ERR_UPDATE_LENGTH = 5,
	BGP_ERR_UPDATE_ORIGIN = 6, /* 7 was AS Routing Loop, deprecated */
	BGP_ERR_UPDATE_NEXT_HOP = 8,
	BGP_ERR_UPDATE_OPTIONAL = 9,
	BGP_ERR_UPDATE_NETWORK = 10,
	BGP_ERR_UPDATE_AS_PATH = 11,
};
/* RFC 6608 */
enum bgp_error_fsm {
	BGP_ERR_FSM_UNSPECIFIED = 0,
	BGP_ERR_FSM_OPENSENT = 1,
	BGP_ERR_FSM_OPENCONFIRM = 2,
	BGP_ERR_FSM_ESTABLISHED = 3,
};
/* RFC 4486, RFC 9003 */
enum bgp_error_cease {
	BGP_ERR_CEASE_MAX_PREFIXES = 1,
	BGP_ERR_CEASE_ADMIN_SHUTDOWN = 2,
	BGP_ERR_CEASE_DECONFIGURED = 3,
	BGP_ERR_CEASE_ADMIN_RESET = 4,
	BGP_ERR_CEASE_REJECTED = 5,
	BGP_ERR_CEASE_CONFIG_CHANGE = 6,
	BGP_ERR_CEASE_COLLISION = 7,
	BGP_ERR_CEASE_RESOURCES = 8,
	BGP_ERR_CEASE_HARD_RESET = 9, /* RFC 8538 */
	BGP_ERR_CEASE_BFD_DOWN = 10,  /* RFC 9384 */
};
enum bgp_error_refresh { BGP_ERR_REFRESH_LENGTH = 1 };

enum bgp_attr_type {
	BGP_ATTR_ORIGIN = 1,
	BGP_ATTR_AS_PATH = 2,
	BGP_ATTR_NEXT_HOP = 3,
	BGP_ATTR_MED = 4,
	BGP_ATTR_LOCAL_PREF = 5,
	BGP_ATTR_ATOMIC_AGGREGATE = 6,
	BGP_ATTR_AGGREGATOR = 7,
	BGP_ATTR_COMMUNITIES = 8,           /* RFC 1997 */
	BGP_ATTR_ORIGINATOR_ID = 9,         /* RFC 4456 */
	BGP_ATTR_CLUSTER_LIST = 10,         /* RFC 4456 */
	BGP_ATTR_MP_REACH_NLRI = 14,        /* RFC 4760 */
	BGP_ATTR_MP_UNREACH_NLRI = 15,      /* RFC 4760 */
	BGP_ATTR_EXT_COMMUNITIES = 16,      /* RFC 4360 */
	BGP_ATTR_AS4_PATH = 17,             /* RFC 6793 */
	BGP_ATTR_AS4_AGGREGATOR = 18,       /* RFC 6793 */
	BGP_ATTR_IPV6_EXT_COMMUNITIES = 25, /* RFC 5701 */
	BGP_ATTR_LARGE_COMMUNITIES = 32,    /* RFC 8092 */
	BGP_ATTR_ONLY_TO_CUSTOMER = 35,     /* RFC 9234 */
};
#define BGP_ATTR_FLAG_OPTIONAL   0x80
#define BGP_ATTR_FLAG_TRANSITIVE 0x40
#define BGP_ATTR_FLAG_PARTIAL    0x20
#define BGP_ATTR_FLAG_EXT_LEN    0x10

/* RFC 4271 4.3, RFC 5065 3 */
enum bgp_as_segment_type {
	BGP_AS_SET = 1,
	BGP_AS_SEQUENCE = 2,
	BGP_AS_CONFED_SEQUENCE = 3,
	BGP_AS_CONFED_SET = 4,
};
#define BGP_AS_SEGMENT_MAX 255 /* AS numbers, as the count is one octet */

#endif
