/* SPDX-License-Identifier: MIT */
#include "agent/model/fault.h"

#include <assert.h>
#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"

void fault_add_app(struct fault *f, const char *name)
{
	assert(f->n_apps + f->n_kinds < FAULT_NAMES_MAX);
	f->apps[f->n_apps++] = mem_strdup(name);
}

void fault_add_kind(struct fault *f, const struct monitor_kind *kind)
{
	assert(f->n_apps + f->n_kinds < FAULT_NAMES_MAX);
	f->kinds[f->n_kinds++] = kind;
}

void fault_done(struct fault *f)
{
	for (size_t i = 0; i < f->n_apps; i++)
		free(f->apps[i]);
	*f = (struct fault){ 0 };
}

bool fault_hits_app(const struct fault *f, const char *name)
{
	for (size_t i = 0; i < f->n_apps; i++)
		if (str_equal(f->apps[i], name))
			return true;
	return false;
}

bool fault_hits_kind(const struct fault *f, const struct monitor_kind *kind)
{
	for (size_t i = 0; i < f->n_kinds; i++)
		if (f->kinds[i] == kind)
			return true;
	return false;
}

static int by_notice(const void *a, const void *b)
{
	const struct fault_monitor *x = a, *y = b;
	return (x->notice > y->notice) - (x->notice < y->notice);
}

/* As the runner would say it: down, and so it would be if all that is soft passed. */
static bool would_be_hard(const struct fault_monitor *monitors, size_t n, size_t quorum)
{
	struct health_tally tally = { 0 };
	for (size_t i = 0; i < n; i++) {
		bool down = monitors[i].fails || monitors[i].health == HEALTH_DOWN;
		tally.n[down && monitors[i].is_hard ? HEALTH_DOWN : HEALTH_UP]++;
	}
	return health_of_quorum(&tally, quorum) == HEALTH_DOWN;
}

struct fault_verdict fault_judge(struct fault_monitor *monitors, size_t n, size_t quorum)
{
	struct fault_verdict v = { .is_hard = would_be_hard(monitors, n, quorum) };
	struct health_tally tally = { 0 };
	for (size_t i = 0; i < n; i++)
		tally.n[monitors[i].health]++;
	if (n == 0 || health_of_quorum(&tally, quorum) == HEALTH_DOWN)
		return v;
	/* They are noticed one after the other: the last one that it takes decides. */
	qsort(monitors, n, sizeof(*monitors), by_notice);
	for (size_t i = 0; i < n && !v.goes_down; i++) {
		const struct fault_monitor *m = &monitors[i];
		if (!m->fails || m->health == HEALTH_DOWN)
			continue;
		tally.n[m->health]--;
		tally.n[HEALTH_DOWN]++;
		v.goes_down = health_of_quorum(&tally, quorum) == HEALTH_DOWN;
		v.notice = m->notice;
		v.checks = m->checks;
	}
	return v;
}
