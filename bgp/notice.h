/* SPDX-License-Identifier: MIT */
/*
 * The last NOTIFICATION of a peer, sent or received. It stays while later attempts fail in other
 * ways (a router that ended the session refuses the connections that follow), until a session has
 * lasted. Pure.
 */
#ifndef BGP_NOTICE_H
#define BGP_NOTICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgp/msg.h"
#include "lib/mono.h"

/* A session that lives for so long refutes what ended the one before it. */
#define BGP_NOTICE_KEEP (300 * USEC_PER_SEC)

struct bgp_notice {
	bool received; /* else sent */
	uint8_t code;  /* 0: there is none */
	uint8_t subcode;
	uint8_t data[258]; /* a Hard Reset with the longest text (RFC 8538, RFC 9003) */
	size_t data_len;
	mono_t first_at, at; /* of a row of equal ones, the first and the last */
	uint64_t count;      /* how many there are in that row */
};

/* Replaces the last one; one with the same direction, code and subcode continues its row. */
void bgp_notice_record(struct bgp_notice *notice, const struct bgp_notification *n, bool received,
		       mono_t now);
/* A session that is established since then has, or has not, lasted. */
void bgp_notice_expire(struct bgp_notice *notice, mono_t established_since, mono_t now);
/* That session ends now, perhaps by this NOTIFICATION; one of an earlier end, or of another
 * connection meanwhile, is refuted when the session has lasted. */
void bgp_notice_session_over(struct bgp_notice *notice, mono_t established_since, mono_t now);
/* The message again; a view. */
struct bgp_notification bgp_notice_message(const struct bgp_notice *notice);

#endif
