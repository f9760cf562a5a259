/* SPDX-License-Identifier: MIT */
/*
 * Rolling work on the hosts of a fleet: one of `limit` slots at every VIP concerned, or none. Pure;
 * the shell sends the requests. docs/decisions/fleet-guard.md has the reasons.
 *
 *	WAITING ──slot──> HELD ──release──> RELEASING ──given back──> ENDED
 *	    └────────────release───────────────^
 *
 * Work that is gone on with begins in CHECKING: HELD when the slot is there yet at every VIP, else
 * WAITING.
 *
 * A slot is a compare-and-swap on `.roll` of all VIPs in one transaction, which reads all keys
 * after it: it is held when that view shows that the guard's min_up stays without this host, else
 * it is given back. Whoever waits has no place in a line: a place would outlast its host, which
 * nothing tells apart from one that reboots.
 *
 * A write without an answer may take effect later. The slots are read anew, and before the work
 * ends without a slot, `.roll` is written once more, so that the index of the lost one is past.
 */
#ifndef FLEET_ROLL_H
#define FLEET_ROLL_H

#include "fleet/guard.h"
#include "fleet/member.h"
#include "lib/backoff.h"
#include "lib/mono.h"

enum fleet_roll_state {
	FLEET_ROLL_WAITING,   /* for a slot at every VIP */
	FLEET_ROLL_CHECKING,  /* whether the slot of before was freed by hand */
	FLEET_ROLL_HELD,      /* as far as is known: a slot may be freed by hand */
	FLEET_ROLL_RELEASING, /* a slot that may be in Consul goes */
	FLEET_ROLL_ENDED,     /* there is none, and none can come */
};

enum fleet_roll_request_kind {
	FLEET_ROLL_READ_SLOTS, /* `.roll` of all VIPs */
	FLEET_ROLL_READ,       /* all keys of all VIPs */
	FLEET_ROLL_WRITE,      /* a transaction: cas `.roll` by `slots`, then read all keys */
};

struct fleet_roll_config {
	size_t n_vips;
	struct fleet_rule rules[FLEET_VIPS_MAX];
	bool is_guarded[FLEET_VIPS_MAX];
	size_t limit;     /* slots of a VIP that this host goes by, 1 to FLEET_SLOTS_MAX */
	span_t timeout;   /* of a request */
	span_t poll;      /* while it waits and `.roll` changes, more rarely when it does not */
	span_t poll_max;  /* up to this */
	span_t retry_max; /* after failures */
};

struct fleet_roll_request {
	uint64_t id;
	enum fleet_roll_request_kind kind;
	uint64_t number; /* of WRITE: another one each time */
	const struct fleet_slots
		*slots; /* of WRITE, by VIP; valid until the answer or the next call */
};

/* The reason why it waits; counts are of the VIP that is shortest. */
struct fleet_roll_wait {
	bool is_known;             /* Consul has answered */
	bool by_guard;             /* there is a slot, but too few would stay */
	size_t taken;              /* by others */
	size_t others, min_up;     /* by_guard */
	char node[FLEET_NODE_MAX]; /* one that has a slot, the longest; "" none */
};

struct fleet_roll {
	const struct fleet_roll_config *config; /* not owned */
	struct fleet_slot me;
	enum fleet_roll_state state;
	bool gives_back;   /* while it waits: what it has taken is not enough */
	bool is_unsettled; /* a write without an answer may yet take effect */
	bool found;        /* in RELEASING: there was a slot */
	bool is_decided;   /* `slots` are to be written */
	bool has_room;     /* by the last look: all keys are to be read */
	struct fleet_roll_wait wait;
	struct fleet_slots slots[FLEET_VIPS_MAX];
	uint64_t seen; /* sum of the indexes that the last look had */

	struct fleet_roll_request request; /* in flight when its id is not 0 */
	uint64_t last_id, number;
	mono_t deadline, next_at;
	struct backoff poll, backoff;
	uint32_t random;
};

/* Begins in WAITING, CHECKING, HELD (by an instance before) or RELEASING. `may_be_late`: writes of
 * an instance before may yet take effect. `number` differs from those of instances before, as a
 * random one does. */
void fleet_roll_init(struct fleet_roll *r, const struct fleet_roll_config *config,
		     const struct fleet_slot *me, enum fleet_roll_state state, bool may_be_late,
		     uint64_t number, uint32_t seed);
void fleet_roll_done(struct fleet_roll *r);
/* The work is over, or given up. */
void fleet_roll_release(struct fleet_roll *r, mono_t now);
/* True when *ret is to be sent. A request that timed out is given up here. */
bool fleet_roll_next(struct fleet_roll *r, mono_t now, struct fleet_roll_request *ret);
/* `views` of an answer that is OK, one a VIP; of READ_SLOTS their `roll` alone. An answer that is
 * not awaited is dropped. */
void fleet_roll_answer(struct fleet_roll *r, uint64_t id, enum fleet_result result,
		       const struct fleet_view *views, wall_t wall, mono_t now);
/* When fleet_roll_next() is to be called again. */
mono_t fleet_roll_deadline(const struct fleet_roll *r);

#endif
