/* SPDX-License-Identifier: MIT */
/*
 * The state file: lines by key in memory, written to the disk as fast as it can.
 *
 * Every change gets a number. A write contains all changes so far; those that come meanwhile make
 * the next one. So a thousand changes at once are a few writes, and each change is on the disk
 * after two writes at most.
 *
 * A write that fails is logged once and repeated after a growing pause; meanwhile all changes are
 * reported as not stored. A disk that takes longer than SLOW counts as failing until it is done.
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

/* Called from the loop after every write, and when a write takes too long: all changes up to number
 * `up_to` are on the disk, or (`stored` false) are not and cannot be soon. */
typedef void state_file_written_cb(uint64_t up_to, bool stored, void *userdata);

/* Reads the file into *ret_contents (empty without a usable file; the caller frees it) and sets a
 * damaged one aside. Fails when there is no directory, or another process has the file. A file that
 * cannot be written is not a failure: writing is tried again. */
int state_file_new(sd_event *loop, const char *path, const struct state_place *place,
		   state_file_written_cb *written, void *userdata, struct state_file **ret,
		   struct state_contents *ret_contents, struct err *err);
/* Waits for the disk if a change is not on it yet. NULL is fine. */
void state_file_free(struct state_file *f);
/* The pauses after failed writes, instead of 2 s that grow to a minute. */
void state_file_set_retry(struct state_file *f, span_t first, span_t max);
/* From now on the file is written; before, it stays as it was. */
void state_file_begin(struct state_file *f);

/* Sets the lines (malloced, taken over; NULL: none) of a key. The same lines as before are no
 * change. `delay`: for how long it may wait for another write. */
void state_file_put(struct state_file *f, const char *key, char *lines, span_t delay);
/* The number of the last change without a delay. */
uint64_t state_file_urgent(const struct state_file *f);
/* The change is on the disk. */
bool state_file_has(const struct state_file *f, uint64_t number);
/* False: the file cannot be written at present. */
bool state_file_works(const struct state_file *f);

void state_file_status(const struct state_file *f, struct state_file_status *ret);

#endif
