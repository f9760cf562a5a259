/* SPDX-License-Identifier: MIT */
#include "monitors/watch.h"

#include <stdio.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "monitors/probe.h"
#include "monitors/runner_probe.h"
#include "process/loop.h"

struct monitor_watch {
	struct monitor_runner *runner;
	monitor_verdict_cb *verdict;
	void *userdata;
	char *subject; /* for the feed; NULL when no monitor needs it */
	mono_t since;
	enum health health;
	bool is_hard;
	size_t n, quorum;
	struct probe **probes; /* each may outlive the list: monitor_watch_replace() */
};

/* ---- its health ---- */

static enum health combined_health(const struct monitor_watch *w)
{
	struct health_tally tally = { { 0 } };
	for (size_t i = 0; i < w->n; i++)
		tally.n[w->probes[i]->verdict.health]++;
	return health_of_quorum(&tally, w->quorum);
}

/* Down, and so it would be if all that is soft passed. */
static bool combined_is_hard(const struct monitor_watch *w)
{
	struct health_tally tally = { { 0 } };
	for (size_t i = 0; i < w->n; i++) {
		const struct probe *p = w->probes[i];
		bool down = p->verdict.health == HEALTH_DOWN && monitor_spec_is_hard(&p->spec);
		tally.n[down ? HEALTH_DOWN : HEALTH_UP]++;
	}
	return health_of_quorum(&tally, w->quorum) == HEALTH_DOWN;
}

/* The probe to name as the reason: the one that changed if it has the watch's new health, else
 * the first that has (one passes, but another is still down or unknown). */
static const struct probe *reason_for(const struct monitor_watch *w, const struct probe *changed)
{
	for (size_t i = 0; i < w->n && changed->verdict.health != w->health; i++)
		changed = w->probes[i];
	return changed;
}

/* The callback may free the watch. */
static void judge(struct probe *changed)
{
	char reason[MONITOR_SAID_MAX + 128];
	struct monitor_watch *w = changed->watch;
	enum health h = combined_health(w);
	bool hard = combined_is_hard(w);
	if (h == w->health && hard == w->is_hard)
		return;
	if (h != w->health)
		w->since = loop_clock();
	w->health = h;
	w->is_hard = hard;
	const struct probe *p = reason_for(w, changed);
	snprintf(reason, sizeof(reason), "%.100s: %s", p->spec.text, probe_said(p));
	w->verdict(w, h, reason, w->userdata);
}

/* ---- life ---- */

static const char *keep_subject(struct monitor_watch *w, const char *subject)
{
	if (!w->subject)
		w->subject = mem_strdup(subject);
	return w->subject;
}

static struct probe *new_probe(struct monitor_watch *w, const char *subject,
			       const struct monitor_spec *spec)
{
	struct probe *p = mem_new(1, sizeof(*p));
	p->watch = w;
	p->changed = judge;
	probe_init(p, spec, runner_timing(w->runner), loop_clock());
	if (probe_is_fed(p))
		p->subject = keep_subject(w, subject);
	runner_begin(w->runner, p, w->userdata);
	return p;
}

static struct probe **new_list(size_t n)
{
	return mem_new(n ? n : 1, sizeof(struct probe *));
}

struct monitor_watch *monitor_watch_new(struct monitor_runner *r, const char *subject,
					const struct monitor_spec *specs, size_t n_specs,
					size_t quorum, monitor_verdict_cb *verdict, void *userdata)
{
	struct monitor_watch *w = mem_new(1, sizeof(*w));
	w->runner = r;
	w->verdict = verdict;
	w->userdata = userdata;
	w->since = loop_clock();
	w->n = n_specs;
	w->quorum = quorum;
	w->probes = new_list(n_specs);
	for (size_t i = 0; i < n_specs; i++)
		w->probes[i] = new_probe(w, subject, &specs[i]);
	w->health = combined_health(w);
	w->is_hard = combined_is_hard(w);
	runner_arm(r);
	return w;
}

void monitor_watch_change(struct monitor_watch *w, const struct monitor_spec *specs)
{
	for (size_t i = 0; i < w->n; i++)
		runner_change_timing(w->probes[i], &specs[i]);
	runner_arm(w->runner);
}

void monitor_watch_check_now(struct monitor_watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		runner_check_soon(w->probes[i]);
	runner_arm(w->runner);
}

/* The list only; a place without a probe is one that was taken over. */
static void end_probes(struct monitor_watch *w)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->probes[i])
			runner_end(w->probes[i]);
	free(w->probes);
}

void monitor_watch_free(struct monitor_watch *w)
{
	if (!w)
		return;
	struct monitor_runner *r = w->runner;
	end_probes(w);
	free(w->subject);
	free(w);
	runner_probes_are_gone(r);
}

/* The probe of the same monitor, which leaves the list; NULL: there is none. */
static struct probe *detach_probe(struct monitor_watch *w, const struct monitor_spec *former,
				  const struct monitor_spec *spec)
{
	for (size_t i = 0; i < w->n; i++) {
		struct probe *p = w->probes[i];
		if (!p || !monitor_spec_equal(&former[i], spec))
			continue;
		p->spec.hide_answer = spec->hide_answer;
		w->probes[i] = NULL;
		return p;
	}
	return NULL;
}

void monitor_watch_replace(struct monitor_watch *w, const char *subject,
			   const struct monitor_spec *former, const struct monitor_spec *specs,
			   size_t n_specs, size_t quorum)
{
	struct probe **probes = new_list(n_specs);
	for (size_t i = 0; i < n_specs; i++)
		probes[i] = detach_probe(w, former, &specs[i]);
	end_probes(w);
	w->probes = probes;
	w->n = n_specs;
	w->quorum = quorum;
	for (size_t i = 0; i < n_specs; i++) {
		if (probes[i])
			runner_check_of_owner(probes[i]);
		else
			probes[i] = new_probe(w, subject, &specs[i]);
	}
	enum health h = combined_health(w);
	if (h != w->health)
		w->since = loop_clock();
	w->health = h;
	w->is_hard = combined_is_hard(w);
	runner_probes_are_gone(w->runner);
}

enum health monitor_watch_health(const struct monitor_watch *w)
{
	return w->health;
}

bool monitor_watch_is_hard(const struct monitor_watch *w)
{
	return w->is_hard;
}

mono_t monitor_watch_since(const struct monitor_watch *w)
{
	return w->since;
}

size_t monitor_watch_n(const struct monitor_watch *w)
{
	return w->n;
}

bool monitor_watch_is_unable(const struct monitor_watch *w, size_t i)
{
	return probe_is_unable(w->probes[i]);
}

span_t monitor_watch_notice(const struct monitor_watch *w)
{
	span_t longest = 0;
	for (size_t i = 0; i < w->n; i++) {
		span_t span = probe_notice(w->probes[i]);
		if (span > longest)
			longest = span;
	}
	return longest;
}

span_t monitor_watch_notice_of(const struct monitor_watch *w, size_t i)
{
	return probe_notice(w->probes[i]);
}

void monitor_watch_status(const struct monitor_watch *w, size_t i, struct monitor_status *ret)
{
	probe_status(w->probes[i], ret);
}
