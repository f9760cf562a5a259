/* SPDX-License-Identifier: MIT */
/*
 * The state file: lines by key in memory, and on the disk as soon as the disk can.
 *
 * Every change gets a number. A write takes all changes so far; those that come while it is under
 * way make the next one. So a thousand changes at once are a few writes, and whoever waits for his
 * waits for two of them at most.
 *
 * When a write fails it is logged once, tried again with a growing pause, and nobody waits
 * meanwhile. A disk that takes longer than SLOW counts as failing until it is done.
 */
#ifndef AGENT_STORE_STATE_FILE_H
#define AGENT_STORE_STATE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "agent/store/state_lines.h"
#include "agent/store/status.h"
#include "lib/err.h"
#include "lib/mono.h"

struct state_file;

/* Called from the loop after every write that ended, and when nobody should wait any longer:
 * everything up to number `up_to` is on the disk, or (`stored` false) is not and has no prospect.
 */
typedef void state_file_told_cb(uint64_t up_to, bool stored, void *userdata);

/* Reads what there is into *ret_contents (empty if there is nothing to be had; the caller frees
 * it) and sets a damaged file aside. Fails when the name cannot be had: no directory, or another
 * process uses it. A file that cannot be written is tried again. `place` is where we are. */
int state_file_new(sd_event *loop, const char *path, const struct state_place *place,
		   state_file_told_cb *told, void *userdata, struct state_file **ret,
		   struct state_contents *ret_contents, struct err *err);
/* Waits for the disk if something is not on it yet. NULL works. */
void state_file_free(struct state_file *f);
/* The pauses after failed writes, instead of 2 s that grow to a minute. */
void state_file_set_retry(struct state_file *f, span_t first, span_t max);
/* From now on the file is written; before, it stays as it was. */
void state_file_begin(struct state_file *f);

/* The lines (malloced, taken over; NULL: none) of this key from now on. What is no change costs
 * nothing. `delay`: it need not be written before, unless something else is. */
void state_file_put(struct state_file *f, const char *key, char *lines, usec_t delay);
/* The number of the last change without a delay. */
uint64_t state_file_urgent(const struct state_file *f);
/* The change is on the disk. */
bool state_file_has(const struct state_file *f, uint64_t number);
/* Waiting makes sense. */
bool state_file_works(const struct state_file *f);

void state_file_status(const struct state_file *f, struct state_file_status *ret);

#endif
