/* SPDX-License-Identifier: MIT */
/* The processes that are watched, each with one pidfd however many monitors name it. */
#ifndef MONITORS_PIDFDS_H
#define MONITORS_PIDFDS_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/err.h"

struct pidfds;
struct pidfd_user;

/* The process has died. From the loop, once; may detach its user, and must not attach. */
typedef void pidfd_death_cb(void *userdata);

struct pidfds *pidfds_new(sd_event *loop);
/* All users must be gone. */
void pidfds_free(struct pidfds *p);

/* -ESRCH: there is no such process, or it is a zombie. -EMFILE and the like with a text: it cannot
 * be watched, which says nothing of the process. */
int pidfds_attach(struct pidfds *p, int pid, pidfd_death_cb *died, void *userdata,
		  struct pidfd_user **ret, struct err *err);
void pidfds_detach(struct pidfd_user *u);
/* Also before the callback came. */
bool pidfd_is_alive(const struct pidfd_user *u);

#endif
