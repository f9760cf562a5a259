/* SPDX-License-Identifier: MIT */
#include "agent/config/schema_monitors.h"

#include <stdlib.h>

#include "agent/config/types.h"
#include "agent/model/app_spec_parse.h"
#include "lib/array.h"
#include "lib/str.h"
#include "monitors/draft.h"
#include "monitors/kinds.h"

/* ---- values ---- */

static int set_kind(const struct config_key *key, const char *text, void *target, struct err *err)
{
	return monitor_draft_set_kind(target, key->name, text, err);
}

static int set_option(const struct config_key *key, const char *text, void *target, struct err *err)
{
	(void)err;
	monitor_draft_add_option(target, key->name, text);
	return 0;
}

static int set_flag(const struct config_key *key, const char *text, void *target, struct err *err)
{
	bool on = false;
	const struct config_key as_bool = { .name = key->name };
	int r = config_type_bool.set(&as_bool, text, &on, err);
	if (r == 0 && on)
		monitor_draft_add_option(target, key->name, "true");
	return r;
}

static const struct config_word evidence_words[] = { { "hard", EVIDENCE_HARD },
						     { "soft", EVIDENCE_SOFT } };
static const struct config_word scope_words[] = { { "local", SCOPE_LOCAL },
						  { "shared", SCOPE_SHARED } };

static int set_evidence(const struct config_key *key, const char *text, void *target,
			struct err *err)
{
	unsigned value = 0;
	int r = config_parse_word(evidence_words, ARRAY_SIZE(evidence_words), "evidence", text,
				  &value, err);
	if (r == 0)
		*(enum monitor_evidence *)config_field(key, target) = value;
	return r;
}

static int set_scope(const struct config_key *key, const char *text, void *target, struct err *err)
{
	unsigned value = 0;
	int r = config_parse_word(scope_words, ARRAY_SIZE(scope_words), "scope", text, &value, err);
	if (r == 0)
		*(enum monitor_scope *)config_field(key, target) = value;
	return r;
}

static const struct config_type type_evidence = { "`hard` or `soft`", set_evidence, NULL };
static const struct config_type type_scope = { "`local` or `shared`", set_scope, NULL };
static const struct config_type type_kind = { "string", set_kind, NULL };
static const struct config_type type_option = { "string", set_option, NULL };
static const struct config_type type_flag = { "`true` or `false`", set_flag, NULL };

static int finish(void *item, void *target, struct err *err)
{
	struct monitor_spec spec;
	int r = monitor_draft_finish(item, &spec, err);
	return r < 0 ? r : app_spec_adopt_monitor(target, &spec, err);
}

static void done(void *item)
{
	monitor_draft_done(item);
}

const struct config_item config_item_monitor = { sizeof(struct monitor_draft), finish, done };

/* ---- keys ---- */

#define FIELD(member) .offset = offsetof(struct monitor_draft, member)

static const struct config_key timing_keys[] = {
	{ .name = "interval",
	  .type = &config_type_duration,
	  FIELD(timing.interval),
	  .min = MSEC(10),
	  .max = HOURS(24),
	  .default_words = "`agent.monitor_interval`",
	  .doc = "Interval between two checks." },
	{ .name = "fast_interval",
	  .type = &config_type_duration,
	  FIELD(timing.fast_interval),
	  .min = MSEC(10),
	  .max = HOURS(24),
	  .default_words = "`agent.fast_interval`",
	  .doc = "Interval while a change is pending." },
	{ .name = "timeout",
	  .type = &config_type_duration,
	  FIELD(timing.timeout),
	  .min = MSEC(1),
	  .max = HOURS(24),
	  .default_words = "`agent.timeout`",
	  .doc = "Time after which a check is terminated and counted as a failure." },
	{ .name = "rise",
	  .type = &config_type_count,
	  FIELD(timing.rise),
	  .min = 1,
	  .max = 1000,
	  .default_words = "`agent.rise`",
	  .doc = "Number of consecutive successful checks after which the monitor is healthy." },
	{ .name = "fall",
	  .type = &config_type_count,
	  FIELD(timing.fall),
	  .min = 1,
	  .max = 1000,
	  .default_words = "`agent.fall`",
	  .doc = "Number of consecutive failed checks after which the monitor is unhealthy." },
	{ .name = "evidence",
	  .type = &type_evidence,
	  FIELD(evidence),
	  .default_words = "`port` and `process`: `hard`; others: `soft`",
	  .doc = "With `fleet`: `hard` withdraws at once, `soft` asks the guard of the fleet "
		 "first." },
	{ .name = "scope",
	  .type = &type_scope,
	  FIELD(scope),
	  .default_words = "none",
	  .doc = "`shared`: other hosts check the same service, so that the evidence is soft. "
		 "`local`: it is for this host alone, although it is remote." },
};
#undef FIELD

#define KEYS_MAX 64

struct table {
	struct config_key keys[KEYS_MAX + 1];
	size_t n;
};

static void add(struct table *t, const struct config_key *key)
{
	for (size_t i = 0; i < t->n; i++)
		if (str_equal(t->keys[i].name, key->name))
			return; /* http and https share options */
	if (t->n == KEYS_MAX)
		abort(); /* never: the kinds are known when this is built, see test_config_doc */
	t->keys[t->n++] = *key;
}

static void add_option(struct table *t, const struct monitor_option *o)
{
	add(t, &(struct config_key){
		       .name = o->name,
		       .type = o->mark ? &type_flag : &type_option,
		       .type_words = o->type,
		       .default_words = o->preset,
		       .doc = o->doc,
	       });
}

/* Kinds, timing, options: the order of the page. */
static void fill(struct table *t)
{
	for (size_t i = 0; i < MONITOR_N_KINDS; i++) {
		const struct monitor_kind *kind = monitor_kind_at(i);
		add(t, &(struct config_key){
			       .name = kind->name, .type = &type_kind, .doc = kind->doc });
	}
	for (size_t i = 0; i < ARRAY_SIZE(timing_keys); i++)
		add(t, &timing_keys[i]);
	for (size_t i = 0; i < MONITOR_N_KINDS; i++)
		for (size_t j = 0; j < monitor_kind_at(i)->n_options; j++)
			add_option(t, &monitor_kind_at(i)->options[j]);
}

/* Filled on first use and never changed after. */
static const struct config_key *keys(void)
{
	static struct table table;
	if (table.n == 0)
		fill(&table);
	return table.keys;
}

const struct config_section config_monitor_section = {
	.path = "apps[].monitors[]",
	.doc = "A monitor with options: `{http: \"http://127.0.0.1/health\", interval: 2s, fall: "
	       "3}`. One key names the kind and what is checked. See [monitors.md](monitors.md).",
	.make_keys = keys,
};
