/* SPDX-License-Identifier: MIT */
#include "monitors/draft.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/kinds.h"

int monitor_draft_set_kind(struct monitor_draft *d, const char *kind, const char *argument,
			   struct err *err)
{
	if (d->kind)
		return err_set(err, -EINVAL,
			       "one mapping is one monitor, and '%s: %.60s' is given already",
			       d->kind->name, d->argument);
	d->kind = monitor_kind_find(kind);
	d->argument = mem_strdup(argument);
	return 0;
}

void monitor_draft_add_option(struct monitor_draft *d, const char *name, const char *value)
{
	d->options = mem_grow_by_one(d->options, d->n_options, sizeof(*d->options));
	d->options[d->n_options++] =
		(struct monitor_draft_option){ .name = name, .value = mem_strdup(value) };
}

static const char *mark_of(const struct monitor_kind *kind, const char *option)
{
	for (size_t i = 0; i < kind->n_options; i++)
		if (kind->options[i].mark && str_equal(kind->options[i].name, option))
			return kind->options[i].mark;
	return NULL;
}

/* The text form; allocated. A URL names its kind itself, and {consul: true} has no argument. */
static char *text_of(const struct monitor_draft *d)
{
	const struct monitor_kind *kind = d->kind;
	size_t n = strlen(kind->name);
	char *text;
	const char *mark = "";
	if (kind->no_argument && str_equal(d->argument, "true"))
		return mem_strdup(kind->name);
	if (str_starts(d->argument, kind->name) && str_starts(d->argument + n, "://"))
		return mem_strdup(d->argument);
	for (size_t i = 0; i < d->n_options; i++)
		if (mark_of(kind, d->options[i].name))
			mark = mark_of(kind, d->options[i].name);
	if (asprintf(&text, "%s:%s%s", kind->name, mark, d->argument) < 0)
		abort(); /* out of memory, see lib/mem.h */
	return text;
}

static int set_options(const struct monitor_draft *d, struct monitor_spec *s, struct err *err)
{
	int r = 0;
	for (size_t i = 0; r == 0 && i < d->n_options; i++)
		if (!mark_of(d->kind, d->options[i].name)) /* it is in the text */
			r = monitor_spec_set_option(s, d->options[i].name, d->options[i].value,
						    err);
	return r;
}

int monitor_draft_finish(const struct monitor_draft *d, struct monitor_spec *ret, struct err *err)
{
	char list[200];
	struct strbuf names = strbuf_over(list, sizeof(list));
	struct monitor_spec s;
	monitor_kind_list_names(&names);
	if (d->evidence == EVIDENCE_HARD && d->scope == SCOPE_SHARED)
		return err_set(err, -EINVAL,
			       "'evidence: hard' contradicts 'scope: shared': what other hosts ask "
			       "too can fail on all at once");
	if (!d->kind)
		return err_set(err, -EINVAL, "nothing is checked, expected one of %s", list);
	char *text = text_of(d);
	int r = monitor_spec_parse(text, &s, err);
	free(text);
	if (r < 0)
		return r;
	s.timing = d->timing;
	s.evidence = d->evidence;
	s.scope = d->scope;
	r = set_options(d, &s, err);
	if (r < 0)
		monitor_spec_done(&s);
	else
		*ret = s;
	return r;
}

void monitor_draft_done(struct monitor_draft *d)
{
	for (size_t i = 0; i < d->n_options; i++)
		free(d->options[i].value);
	free(d->options);
	free(d->argument);
	*d = (struct monitor_draft){ 0 };
}
