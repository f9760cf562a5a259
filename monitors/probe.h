/* SPDX-License-Identifier: MIT */
/*
 * One monitor of one app and its results. When it is checked is the runner's business, as is the
 * probe's place on lists.
 */
#ifndef MONITORS_PROBE_H
#define MONITORS_PROBE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/deadlines.h"
#include "lib/list.h"
#include "lib/mono.h"
#include "monitors/monitor.h"
#include "monitors/recent.h"
#include "monitors/spec.h"
#include "monitors/status.h"
#include "monitors/verdict.h"

struct monitor_runner;
struct monitor_watch;

struct probe {
	struct monitor_watch *watch;
	const char *subject; /* for the feed; the watch's; NULL unless it is fed */
	/* A check gave it another health. May free the probe, and its watch. */
	void (*changed)(struct probe *p);
	/* The runner's. */
	struct monitor_runner *runner;
	struct deadline due;
	struct list_node waiting, hinted, fed;
	void *running;  /* for ops->cancel() */
	void *attached; /* for ops->detach() */
	/* Its own. */
	struct monitor_spec spec; /* with the timing in effect */
	struct verdict verdict;
	enum health latest; /* of the last result */
	span_t lost_before; /* by gaps, when the check that runs began */
	bool doubted;       /* the last failure fell into a gap */
	bool again;         /* another check is due when the one that runs has ended */
	mono_t since, started, ended;
	span_t took;
	uint64_t checks, failures, unknown;
	wall_t cert_end; /* as last seen; 0: never */
	struct recent_checks recent;
	char *said;   /* NULL: see probe_said() */
	char *output; /* NULL: none */
};

/* Copies the spec and fills the defaults into its timing; `defaults` needs an interval. */
void probe_init(struct probe *p, const struct monitor_spec *spec,
		const struct monitor_timing *defaults, mono_t now);
/* The timing of `spec`, with other defaults. True when it is another one than before. */
bool probe_set_timing(struct probe *p, const struct monitor_spec *spec,
		      const struct monitor_timing *defaults);
void probe_done(struct probe *p);

static inline const struct monitor_ops *probe_ops(const struct probe *p)
{
	return p->spec.kind->ops;
}
/* Its results come by the feed. */
bool probe_is_fed(const struct probe *p);
const char *probe_said(const struct probe *p);

/* Applies the result of a check that ended now; true when the probe's health changed. */
bool probe_apply(struct probe *p, const struct monitor_result *result, mono_t now);
/* The result is the same as the last one. */
bool probe_repeats(const struct probe *p, const struct monitor_result *result);
/* When the next check is due; USEC_NEVER when only the feed decides. */
mono_t probe_next_due(const struct probe *p, mono_t now);
/* How long a failure may stay unnoticed; 0 when an event tells of it. */
span_t probe_notice(const struct probe *p);
/* The last check could not be made. */
bool probe_is_unable(const struct probe *p);
void probe_status(const struct probe *p, struct monitor_status *ret);

#endif
