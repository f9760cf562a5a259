/* SPDX-License-Identifier: MIT */
#include "agent/discovery/consul_app.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "agent/model/app_spec_parse.h"
#include "lib/array.h"
#include "lib/str.h"

static const struct {
	const char *name;
	int (*add)(struct app_spec *spec, const char *value, struct err *err);
} tags[] = {
	{ "gocast_vip", app_spec_add_vip },
	{ "gocast_vip_communities", app_spec_add_communities },
	{ "gocast_monitor", app_spec_add_monitor },
	{ "gocast_nat", app_spec_add_nat },
	{ "gocast_peers", app_spec_add_peers },
	{ "gocast_except_peers", app_spec_add_except_peers },
	{ "gocast_bind", app_spec_set_bind },
};

#define N_TAGS  ARRAY_SIZE(tags)
#define OUR_TAG "gocast_"

/* A misspelt gocast_monitor would give an app that is always announced. Names unlike any of our
 * tags are ignored. */
static int unknown_tag(const char *name, struct err *err)
{
	const char *names[N_TAGS + 1] = { NULL };
	for (size_t i = 0; i < N_TAGS; i++)
		names[i] = tags[i].name + strlen(OUR_TAG);
	const char *near = str_nearest(name + strlen(OUR_TAG), names);
	return near ? err_set(err, -EINVAL, "unknown tag, did you mean '" OUR_TAG "%s'?", near) : 0;
}

static int apply_tag(struct app_spec *spec, const char *tag, struct err *err)
{
	char name[64], shown[96];
	size_t n = strcspn(tag, "=");
	int r = 0;
	if (!str_starts(tag, OUR_TAG))
		return 0;
	str_printable(name, sizeof(name), tag, n);
	str_printable(shown, sizeof(shown), tag, strlen(tag));
	size_t i = 0;
	while (i < N_TAGS && !str_equal(tags[i].name, name))
		i++;
	if (i == N_TAGS)
		r = unknown_tag(name, err);
	else if (!tag[n])
		r = err_set(err, -EINVAL, "has no value");
	else
		r = tags[i].add(spec, tag + n + 1, err);
	return r < 0 ? err_prefix(err, r, "tag '%s': ", shown) : 0;
}

static int make_one(const char *name, const struct consul_service *instance, struct app_spec *ret,
		    struct err *err)
{
	struct app_spec spec = { .source = APP_FROM_CONSUL };
	int r = app_spec_set_name(&spec, name, err);
	if (r == 0 && instance->flaw)
		r = err_set(err, -EINVAL, "%s", instance->flaw);
	for (size_t i = 0; r == 0 && i < instance->n_tags; i++)
		r = apply_tag(&spec, instance->tags[i], err);
	if (r == 0 && spec.n_vips == 0)
		r = err_set(err, -EINVAL, "the tag gocast_vip=ADDRESS/LENGTH is missing");
	if (r == 0)
		r = app_spec_check(&spec, err);
	for (size_t i = 0; i < spec.n_monitors; i++)
		spec.monitors[i].hide_answer = true;
	if (r < 0)
		app_spec_done(&spec);
	else
		*ret = spec;
	return r;
}

/* Of a list of peers, an address can be told from a tag of another program. */
static bool is_peer(const char *tag)
{
	struct addr addr;
	char text[ADDR_TEXT_MAX];
	str_printable(text, sizeof(text), tag, strcspn(tag, "%"));
	return addr_parse(text, &addr) == 0;
}

/* Registrator splits its list of tags at commas, those in a value too. The rest of a split list is
 * a tag of its own, right behind. Returns the tag that it was split from, NULL for any other. `i`
 * is not the first. */
static const char *split_from(const struct consul_service *instance, size_t i)
{
	static const char *const of_peers[] = { "gocast_peers", "gocast_except_peers" };
	struct app_spec spec = { 0 };
	if (str_starts(instance->tags[i], OUR_TAG))
		return NULL;
	const char *before = instance->tags[i - 1];
	bool is_community = str_starts(before, "gocast_vip_communities=") &&
			    app_spec_add_community(&spec, instance->tags[i], NULL) == 0;
	app_spec_done(&spec);
	for (size_t k = 0; k < ARRAY_SIZE(of_peers); k++)
		if (str_starts(before, of_peers[k]) && is_peer(instance->tags[i]))
			return of_peers[k];
	return is_community ? "gocast_vip_communities" : NULL;
}

static void note_split(const struct consul_service *instance, struct err *problem)
{
	char id[96], shown[64];
	for (size_t i = 1; i < instance->n_tags && !problem->text[0]; i++) {
		const char *from = split_from(instance, i);
		if (from)
			err_set(problem, 0,
				"instance '%s': tag '%s' looks like the rest of a list that was "
				"split at its comma: expected %s=%s",
				str_printable(id, sizeof(id), instance->id, strlen(instance->id)),
				str_printable(shown, sizeof(shown), instance->tags[i],
					      strlen(instance->tags[i])),
				from, shown);
	}
}

/* Only the first problem is reported. */
static void note_problem(const struct consul_service *instance, const struct err *err,
			 struct err *problem)
{
	char id[96];
	if (problem->text[0])
		return;
	err_set(problem, 0, "instance '%s': %s",
		str_printable(id, sizeof(id), instance->id, strlen(instance->id)), err->text);
}

int consul_app_make(const char *name, const struct consul_service *instances, size_t n,
		    struct app_spec *ret, struct err *problem)
{
	struct app_spec first = { 0 }, spec;
	struct err err = { "" };
	problem->text[0] = 0;
	for (size_t i = 0; i < n; i++) {
		if (!instances[i].tags)
			continue;
		if (make_one(name, &instances[i], &spec, &err) < 0) {
			note_problem(&instances[i], &err, problem);
		} else if (!first.name) {
			first = spec;
			note_split(&instances[i], problem);
		} else {
			err_set(&err, 0,
				"its tags differ from those of the first instance, which are used");
			if (!app_spec_equal(&first, &spec))
				note_problem(&instances[i], &err, problem);
			app_spec_done(&spec);
		}
	}
	if (!first.name)
		return -EINVAL;
	*ret = first;
	return 0;
}
