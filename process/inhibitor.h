/* SPDX-License-Identifier: MIT */
/*
 * A delay lock of logind (org.freedesktop.login1, Inhibit): a reboot or poweroff is announced to
 * its holders, and waits for them, up to InhibitDelayMaxSec of logind.conf (5 s unless set). The
 * system bus is spoken to from the loop alone; nothing waits for it.
 */
#ifndef PROCESS_INHIBITOR_H
#define PROCESS_INHIBITOR_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/err.h"

struct inhibitor;

struct inhibitor_ops {
	/* PrepareForShutdown; false: it was cancelled. */
	void (*shutdown)(bool begins, void *userdata);
	/* It is held. Or it is not, and why: -EHOSTUNREACH and -ENXIO there is no logind,
	 * -ECONNRESET the bus was lost, and it is tried again. */
	void (*acquired)(void *userdata);
	void (*failed)(int rc, const struct err *why, void *userdata);
};

/* `ops` must outlive it. -errno: there is no bus. */
int inhibitor_new(sd_event *loop, const char *who, const char *why, const struct inhibitor_ops *ops,
		  void *userdata, struct inhibitor **ret, struct err *err);
/* Acquires the lock again; nothing when it is held. */
void inhibitor_acquire(struct inhibitor *i);
/* The shutdown need not wait any more. */
void inhibitor_release(struct inhibitor *i);
bool inhibitor_is_held(const struct inhibitor *i);
/* Leaves the bus, and keeps the lock until it is freed. */
void inhibitor_leave(struct inhibitor *i);
void inhibitor_free(struct inhibitor *i);

#endif
