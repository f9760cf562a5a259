/* SPDX-License-Identifier: MIT */
/*
 * Rolling work of this host (`vipherald fleet drain`), as it is kept in the state file. Pure.
 *
 *	waiting ──slot──> draining ──withdrawn──> drained ──command done──> returning ──ready──> releasing ──> (none)
 *	    └───────given up───────┴──────────────────┼───────────────────────────────────────────>─┘
 *	                                              └──command failed──> failed ──by hand──>──────┘
 *
 *	repeated: failed ──> draining, returning ──> waiting
 *
 * A slot in Consul is held from draining to releasing; where the work is repeated, it is looked for
 * while draining. A host that comes back from a reboot while it was draining or drained returns by
 * itself.
 */
#ifndef AGENT_MODEL_ROLL_H
#define AGENT_MODEL_ROLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "agent/model/principal.h"
#include "fleet/guard.h"
#include "lib/addr.h"
#include "lib/wallclock.h"

#define ROLL_APPS_MAX 16
#define ROLL_NOTE_MAX 512
#define ROLL_BOOT_MAX 64

enum roll_phase {
	ROLL_WAITING,   /* for a slot */
	ROLL_DRAINING,  /* has one; the apps are announced yet, or packets still come */
	ROLL_DRAINED,   /* the command may run */
	ROLL_RETURNING, /* undrained: until the apps are announced and the agent is ready */
	ROLL_RELEASING, /* the slot is given back */
	ROLL_FAILED,    /* the command did: drained, and the slot is kept */
};
#define ROLL_PHASES 6
const char *roll_phase_name(enum roll_phase phase); /* "waiting", … */
bool roll_phase_parse(const char *name, enum roll_phase *ret);

struct roll {
	char id[FLEET_ROLL_ID_MAX];
	char *apps[ROLL_APPS_MAX]; /* owned */
	size_t n_apps;
	struct prefix vips[FLEET_VIPS_MAX]; /* all of theirs */
	size_t n_vips;
	uint32_t limit; /* slots of a VIP */
	uint32_t quiet; /* packets a second, drained below that; 0: not waited for */
	char why[FLEET_WHY_MAX];
	char by[PRINCIPAL_NAME_MAX];
	char boot[ROLL_BOOT_MAX]; /* the boot that it began in */
	enum roll_phase phase;
	wall_t begun, since;      /* since: the phase */
	int exit_status;          /* of the command; -1: not known */
	char note[ROLL_NOTE_MAX]; /* why it waits at present; "": it does not. Not kept */
};

/* Whether the apps are drained for it. */
bool roll_drains(const struct roll *r);
/* After a restart of the agent: the phase to go on in; `rebooted`: the host was, too. */
enum roll_phase roll_phase_after_start(enum roll_phase phase, bool rebooted);
/* It takes longer than work should, or the command failed: an operator is to look. */
bool roll_is_stuck(const struct roll *r, wall_t now);
void roll_done(struct roll *r);

#endif
