/* SPDX-License-Identifier: MIT */
/*
 * Assumed faults of a forecast: all monitors of an app, all monitors of a kind, or Consul, and
 * their effect on the health of an app. Pure.
 */
#ifndef AGENT_MODEL_FAULT_H
#define AGENT_MODEL_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mono.h"
#include "monitors/kind.h"
#include "monitors/verdict.h"

#define FAULT_NAMES_MAX 16 /* apps and kinds together */

struct fault {
	char *apps[FAULT_NAMES_MAX]; /* owned */
	const struct monitor_kind *kinds[FAULT_NAMES_MAX];
	size_t n_apps, n_kinds;
	bool consul_away; /* it answers no more, from now on */
};

/* There are fewer than FAULT_NAMES_MAX. */
void fault_add_app(struct fault *f, const char *name);
void fault_add_kind(struct fault *f, const struct monitor_kind *kind);
void fault_done(struct fault *f);
bool fault_hits_app(const struct fault *f, const char *name);
bool fault_hits_kind(const struct fault *f, const struct monitor_kind *kind);

/* A monitor of the app. */
struct fault_monitor {
	enum health health;
	bool fails;
	bool is_hard;    /* its failure is hard evidence (monitor_spec_is_hard()) */
	span_t notice;   /* until its failure is noticed, at most; 0: at once, by an event */
	uint16_t checks; /* failed ones that it takes */
};

struct fault_verdict {
	bool goes_down; /* the failures take it down */
	bool is_hard; /* with them, it is down by hard evidence alone, as it may have been before */
	span_t notice;   /* of the one that decides, at most */
	uint16_t checks; /* likewise */
};

/* The quorum is as in health_of_quorum(). `monitors` are sorted by their notice. */
struct fault_verdict fault_judge(struct fault_monitor *monitors, size_t n, size_t quorum);

#endif
