/* SPDX-License-Identifier: MIT */
#include "monitors/spec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "monitors/kinds.h"

static int unknown_kind(const char *text, const char *name, struct err *err)
{
	char list[300];
	struct strbuf formats = strbuf_over(list, sizeof(list));
	monitor_kind_list_formats(&formats);
	if (!*text)
		return err_set(err, -EINVAL, "monitor '' is empty, expected %s", list);
	const char *near = monitor_kind_nearest(name);
	return err_set(err, -EINVAL, "monitor '%.100s': unknown kind '%.40s'%s%s%s, expected %s",
		       text, name, near ? ", did you mean '" : "", near ? near : "",
		       near ? "'" : "", list);
}

static int parse_kind(struct monitor_spec *s, struct err *err)
{
	char name[MONITOR_TEXT_MAX + 1];
	size_t n = strcspn(s->text, ":");
	memcpy(name, s->text, n);
	name[n] = 0;
	s->kind = monitor_kind_find(name);
	return s->kind ? 0 : unknown_kind(s->text, name, err);
}

static int parse_argument(struct monitor_spec *s, struct err *err)
{
	struct err why = { "" };
	if (s->kind->parsed_size > 0)
		s->parsed = mem_new(1, s->kind->parsed_size);
	int r = s->kind->parse(s, s->parsed, &why);
	return r < 0 ? err_set(err, r, "monitor '%.100s': %s", s->text, why.text) : 0;
}

int monitor_spec_parse(const char *text, struct monitor_spec *ret, struct err *err)
{
	size_t len = strlen(text);
	if (len > MONITOR_TEXT_MAX)
		return err_set(err, -EINVAL,
			       "monitor '%.40s…' is %zu bytes long, at most %d are allowed", text,
			       len, MONITOR_TEXT_MAX);
	struct monitor_spec s = { .text = mem_strdup(text) };
	int r = parse_kind(&s, err);
	if (r == 0)
		r = parse_argument(&s, err);
	if (r < 0) {
		monitor_spec_done(&s);
		return r;
	}
	*ret = s;
	return 0;
}

int monitor_spec_set_option(struct monitor_spec *s, const char *name, const char *value,
			    struct err *err)
{
	size_t i = 0, n = s->kind->n_options;
	while (i < n && !str_equal(s->kind->options[i].name, name))
		i++;
	if (i == n || s->kind->options[i].mark)
		return err_set(err, -EINVAL, "monitor '%.100s': '%s' is not for %s monitors",
			       s->text, name, s->kind->name);
	const struct monitor_option *o = &s->kind->options[i];
	if (!o->is_valid(value))
		return err_set(err, -EINVAL, "monitor '%.100s': %s '%.80s': expected %s", s->text,
			       name, value, o->expected);
	if (!s->options)
		s->options = mem_new(n, sizeof(*s->options));
	free(s->options[i]);
	s->options[i] = mem_strdup(value);
	return 0;
}

void monitor_spec_done(struct monitor_spec *s)
{
	for (size_t i = 0; s->options && i < s->kind->n_options; i++)
		free(s->options[i]);
	mem_free(&s->options);
	mem_free(&s->parsed);
	mem_free(&s->text);
}

void monitor_spec_copy(struct monitor_spec *dst, const struct monitor_spec *src)
{
	struct monitor_spec copy = { .kind = src->kind,
				     .timing = src->timing,
				     .evidence = src->evidence,
				     .scope = src->scope,
				     .hide_answer = src->hide_answer };
	copy.text = mem_strdup(src->text);
	if (src->parsed)
		copy.parsed = mem_copy(src->parsed, src->kind->parsed_size);
	if (src->options)
		copy.options = mem_new(src->kind->n_options, sizeof(*copy.options));
	for (size_t i = 0; src->options && i < src->kind->n_options; i++)
		if (src->options[i])
			copy.options[i] = mem_strdup(src->options[i]);
	*dst = copy;
}

bool monitor_timing_equal(const struct monitor_timing *a, const struct monitor_timing *b)
{
	return a->interval == b->interval && a->fast_interval == b->fast_interval &&
	       a->timeout == b->timeout && a->rise == b->rise && a->fall == b->fall;
}

static bool options_equal(const struct monitor_spec *a, const struct monitor_spec *b)
{
	for (size_t i = 0; i < a->kind->n_options; i++) {
		const char *x = monitor_spec_option(a, i), *y = monitor_spec_option(b, i);
		if (!x != !y || (x && !str_equal(x, y)))
			return false;
	}
	return true;
}

bool monitor_spec_equal(const struct monitor_spec *a, const struct monitor_spec *b)
{
	if (a->kind != b->kind || a->evidence != b->evidence || a->scope != b->scope)
		return false;
	if (!monitor_timing_equal(&a->timing, &b->timing) || !options_equal(a, b))
		return false;
	return a->kind->equal ? a->kind->equal(a, b) : str_equal(a->text, b->text);
}

const char *monitor_spec_argument(const struct monitor_spec *s)
{
	size_t n = strlen(s->kind->name);
	return s->text[n] ? s->text + n + 1 : NULL;
}

const char *monitor_spec_option(const struct monitor_spec *s, size_t number)
{
	return s->options && number < s->kind->n_options ? s->options[number] : NULL;
}

bool monitor_spec_is_hard(const struct monitor_spec *s)
{
	switch (s->evidence) {
	case EVIDENCE_OF_KIND:
		break;
	case EVIDENCE_HARD:
		return true;
	case EVIDENCE_SOFT:
		return false;
	}
	return s->kind->is_hard && s->scope != SCOPE_SHARED;
}

bool monitor_spec_target(const struct monitor_spec *s, struct addr *ret)
{
	return s->kind->target && s->kind->target(s, ret);
}
