/* SPDX-License-Identifier: MIT */
/*
 * The programs of `processes`: started, kept running, and asked for what they announce.
 *
 *	process ── stdout, fifo ──> lines (pure) ──> route_table (pure) ──> registry: a VIP each
 *	        <─ stdin ── done, error; sessions
 *
 * docs/processes.md is for operators.
 */
#ifndef AGENT_PROGRAMS_PROGRAMS_H
#define AGENT_PROGRAMS_PROGRAMS_H

#include <stdbool.h>

#include "agent/model/program_spec.h"
#include "agent/programs/program.h"

struct programs;

/* Starts them. `limit`: when `arrived` is called at the latest. The list is copied. */
struct programs *programs_new(const struct programs_env *env, const struct program_list *list,
			      mono_t limit);
/* Kills them. Their routes stay in the registry. */
void programs_free(struct programs *ps);
/* Another list: a process that is the same goes on. `ps` may be NULL. */
void programs_change(struct programs *ps, const struct program_list *list);
/* The agent stops, or restarts: what they write from now on has no effect, but is answered. `ps`
 * may be NULL. */
void programs_mute(struct programs *ps);
/* After that: SIGTERM to all. `ps` may be NULL. */
void programs_stop(struct programs *ps);
/* How many have a process. `ps` may be NULL. */
size_t programs_left(const struct programs *ps);
/* After that: calls `done` when nothing of them is left, at once when that is so now. Processes
 * that have not ended at `limit` are killed, which may take half a second more. `ps` may be
 * NULL. */
#define PROGRAMS_STOP_MAX (2 * USEC_PER_SEC)
void programs_finish(struct programs *ps, mono_t limit, void (*done)(void *userdata),
		     void *userdata);

/* The state of a peer is another one; `ps` may be NULL. */
void programs_peer_changed(struct programs *ps, const struct bgp_peer_status *peer);

/* NULL at the end; `ps` may be NULL. Those that are being stopped are not among them. */
const struct program *programs_first(const struct programs *ps);
const struct program *programs_next(const struct programs *ps, const struct program *p);

#endif
