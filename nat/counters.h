/* SPDX-License-Identifier: MIT */
/*
 * Counters of the traffic of VIPs, in a table of nftables (nat/count_table.h). They are read piece
 * by piece, a few hundred in a turn of the loop; changes are transactions within the call.
 */
#ifndef NAT_COUNTERS_H
#define NAT_COUNTERS_H

#include <systemd/sd-event.h>

#include "lib/err.h"
#include "nat/count_table.h"

struct counters;

struct counters_ops {
	void (*count)(const struct traffic_count *count, void *userdata);
	/* All have been read; or they cannot be, -errno with a text. -ENOENT: another process has
	 * removed the table. */
	void (*done)(int result, const struct err *err, void *userdata);
};

/* Makes the table anew: all count from 0. `ops` must outlive it. */
int counters_new(sd_event *loop, const struct counters_ops *ops, void *userdata,
		 struct counters **ret, struct err *err);
/* Removes the table. */
void counters_free(struct counters *c);
/* Removes the table that a previous instance may have left, if it can. */
void counters_remove_leftover(void);

#define COUNTERS_CHANGE_MAX 200
/* At most COUNTERS_CHANGE_MAX at a time, not while they are read. Those to be removed have been
 * read since another process could have removed them. */
int counters_add(struct counters *c, const struct prefix *vips, size_t n, struct err *err);
int counters_del(struct counters *c, const struct prefix *vips, size_t n, struct err *err);
/* The callbacks follow; 0, or -errno without them. */
int counters_read(struct counters *c, struct err *err);
/* Dumps and transactions that the kernel was asked for since it was made, the table itself left
 * out. */
uint64_t counters_questions(const struct counters *c);

#endif
