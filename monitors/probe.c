/* SPDX-License-Identifier: MIT */
#include "monitors/probe.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/str.h"

static span_t first_set(span_t a, span_t b)
{
	return a ? a : b;
}

static uint16_t count_of(uint16_t own, uint16_t otherwise)
{
	if (own)
		return own;
	return otherwise ? otherwise : 1;
}

static void fill_in(struct monitor_timing *t, const struct monitor_timing *defaults)
{
	t->interval = first_set(t->interval, defaults->interval);
	/* Never slower than the interval that it is to be faster than. */
	t->fast_interval =
		usec_min(first_set(t->fast_interval, defaults->fast_interval), t->interval);
	t->timeout = first_set(t->timeout, first_set(defaults->timeout, t->interval));
	t->rise = count_of(t->rise, defaults->rise);
	t->fall = count_of(t->fall, defaults->fall);
}

bool probe_set_timing(struct probe *p, const struct monitor_spec *spec,
		      const struct monitor_timing *defaults)
{
	struct monitor_timing t = spec->timing;
	fill_in(&t, defaults);
	if (monitor_timing_equal(&t, &p->spec.timing))
		return false;
	p->spec.timing = t;
	p->verdict.rise = t.rise;
	p->verdict.fall = t.fall;
	return true;
}

void probe_init(struct probe *p, const struct monitor_spec *spec,
		const struct monitor_timing *defaults, mono_t now)
{
	monitor_spec_copy(&p->spec, spec);
	fill_in(&p->spec.timing, defaults);
	p->since = now;
	p->verdict.rise = p->spec.timing.rise;
	p->verdict.fall = p->spec.timing.fall;
}

void probe_done(struct probe *p)
{
	monitor_spec_done(&p->spec);
	mem_free(&p->said);
	mem_free(&p->output);
}

bool probe_is_fed(const struct probe *p)
{
	return p->spec.kind->access == MONITOR_ASKS_CONSUL;
}

const char *probe_said(const struct probe *p)
{
	if (p->said)
		return p->said;
	return p->checks > 0 ? probe_ops(p)->said_up : "";
}

/* Stored only when there is something to say, and not copied again when it is the same. */
static void set_text(char **text, const char *value)
{
	if (str_same(*text, value))
		return;
	free(*text);
	*text = value && value[0] ? mem_strdup(value) : NULL;
}

bool probe_apply(struct probe *p, const struct monitor_result *result, mono_t now)
{
	p->ended = now;
	p->took = usec_sub(p->ended, p->started);
	p->checks++;
	p->latest = result->health;
	recent_checks_add(&p->recent, result->health, p->took);
	p->failures += result->health == HEALTH_DOWN;
	p->unknown += result->health == HEALTH_UNKNOWN;
	if (result->cert_end)
		p->cert_end = result->cert_end;
	set_text(&p->said, result->said);
	set_text(&p->output, result->output);
	if (!verdict_step(&p->verdict, result->health))
		return false;
	p->since = p->ended;
	return true;
}

bool probe_repeats(const struct probe *p, const struct monitor_result *result)
{
	return p->checks > 0 && result->health == p->latest && str_same(result->said, p->said);
}

mono_t probe_next_due(const struct probe *p, mono_t now)
{
	const struct monitor_timing *t = &p->spec.timing;
	if (verdict_is_pending(&p->verdict))
		return usec_add(now, t->fast_interval);
	if (probe_is_fed(p))
		return USEC_NEVER;
	if (probe_ops(p)->together)
		return deadline_align(now, t->interval);
	return deadline_advance(p->due.due, now, t->interval);
}

span_t probe_notice(const struct probe *p)
{
	const struct monitor_timing *t = &p->spec.timing;
	if (p->attached || probe_is_fed(p))
		return 0;
	return usec_add(t->interval, (t->fall - 1U) * t->fast_interval);
}

bool probe_is_unable(const struct probe *p)
{
	return p->checks > 0 && p->latest == HEALTH_UNKNOWN && !probe_is_fed(p);
}

void probe_status(const struct probe *p, struct monitor_status *ret)
{
	*ret = (struct monitor_status){
		.text = p->spec.text,
		.health = p->verdict.health,
		.since = p->since,
		.last_check = p->checks > 0 ? p->ended : USEC_NEVER,
		.took = p->took,
		.checks = p->checks,
		.failures = p->failures,
		.unknown = p->unknown,
		.cert_end = p->cert_end,
		.latest = p->latest,
		.recent = &p->recent,
		.running = p->running != NULL,
		.unable = probe_is_unable(p),
		.said = probe_said(p),
		.output = p->output,
		.timing = p->spec.timing,
		.streak = verdict_is_pending(&p->verdict) ? p->verdict.streak : 0,
	};
}
