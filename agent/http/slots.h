/* SPDX-License-Identifier: MIT */
/*
 * The connections of one listener: which may come in, and which makes room for it.
 *
 *	limits   of one origin (an address, an IPv6 /64, a uid), and of all that are not our own
 *	kept     slots that only our own may have: clients with an address of this host, and on a unix
 *	         socket root and the agent's user
 *
 * At a limit, the one that has been at its request for the longest makes room: a request that is
 * not complete, or a keep-alive connection without one. So a client that is slow on purpose loses
 * its connections to those that are not. Next, one that has read its reply for SLOT_READING or
 * longer. Pure.
 */
#ifndef AGENT_HTTP_SLOTS_H
#define AGENT_HTTP_SLOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/mono.h"

#define SLOTS_MAX         128
#define SLOTS_KEPT        32
#define SLOTS_PER_OWN     96
#define SLOTS_PER_UID     64
#define SLOTS_PER_ADDRESS 32

/* How long a request may take to arrive, headers and body; a client that sends an octet now and
 * then is never idle. */
#define SLOT_HEADER_MAX (15 * USEC_PER_SEC)
#define SLOT_BODY_MAX   (30 * USEC_PER_SEC)
#define SLOT_READING    (10 * USEC_PER_SEC)

enum slot_stage {
	SLOT_FREE,
	SLOT_HEADER,   /* waits for a request, or for the rest of its headers */
	SLOT_BODY,     /* for its body */
	SLOT_WAITING,  /* the reply is deferred */
	SLOT_SENDING,  /* the reply is sent */
	SLOT_FOLLOWER, /* it follows the events: agent/http/followers.h has a limit of its own */
	SLOT_CLOSING,  /* was pushed out; counts no more */
};

struct slot_origin {
	bool own;
	struct addr net; /* family 0: a unix socket */
	uint32_t uid;    /* of a unix socket */
};

struct slot {
	enum slot_stage stage;
	mono_t since; /* of the stage */
	struct slot_origin origin;
};

/* Two sets of SLOTS_MAX: those that are closing keep theirs until they are closed. */
struct slots {
	struct slot items[2 * SLOTS_MAX];
};

/* An IPv6 client has a whole /64 to choose addresses from. */
struct slot_origin slot_origin_of(const struct addr *addr, bool own);

/* How many there are, those that are closing excepted. */
size_t slots_count(const struct slots *s);
/* Can a connection come in, whoever it is from? */
bool slots_have_room(const struct slots *s, mono_t now);

enum slot_choice {
	SLOT_COMES_IN,
	SLOT_PUSHES_OUT, /* *ret_victim makes room for it */
	SLOT_REFUSED,    /* all of its origin are being answered */
};
enum slot_choice slots_choose(const struct slots *s, const struct slot_origin *origin, mono_t now,
			      struct slot **ret_victim);
/* NULL: all are taken. */
struct slot *slots_add(struct slots *s, const struct slot_origin *origin, mono_t now);
void slot_set(struct slot *slot, enum slot_stage stage, mono_t now);
/* When its request has to be complete; USEC_NEVER: it is. */
mono_t slot_deadline(const struct slot *slot);

#endif
