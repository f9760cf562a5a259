/* SPDX-License-Identifier: MIT */
/* Keeps the mirror of an interface true (net/lo_mirror.h): by notifications, and by a dump where
 * those are lost. Other interfaces than lo come and go, and come again with another index. */
#ifndef NET_LO_FOLLOW_H
#define NET_LO_FOLLOW_H

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "lib/addr.h"
#include "lib/err.h"
#include "net/lo_mirror.h"
#include "net/nlsock.h"

/* Another process changed one of our VIPs: restore it with loopback_add(). `prefix` NULL:
 * the interface went down or up, check every one; what went with it is not told one by one. Called
 * from the loop; loopback_add() and _del() may be called inside it, loopback_free() may not. */
typedef void loopback_lost_cb(const struct prefix *prefix, enum loopback_loss why, void *userdata);

struct lo_follow {
	sd_event *loop;
	struct nlsock *ask; /* for changes, too: those made through it are known to be our own */
	struct nlsock *watch;
	struct lo_mirror mirror;
	struct vip_link link; /* index 0: it is missing */
	bool up;
	bool link_flipped; /* it went down or up, and the owner was not told yet */
	sd_event_source *watch_source, *report_source, *retry_source;
	loopback_lost_cb *lost_cb;
	void *userdata;
};

/* After an error lo_follow_done() is needed as well. */
int lo_follow_init(struct lo_follow *f, sd_event *loop, const char *ifname, loopback_lost_cb *lost,
		   void *userdata, struct err *err);
void lo_follow_done(struct lo_follow *f);
/* Reads all notifications that wait. */
void lo_follow_read(struct lo_follow *f);
/* Makes the mirror true now. */
int lo_follow_dump(struct lo_follow *f);
/* Tells of what was found, in a turn of its own: not all callers expect it inside. */
void lo_follow_report(struct lo_follow *f);

#endif
