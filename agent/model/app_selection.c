/* SPDX-License-Identifier: MIT */
#include "agent/model/app_selection.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

static int add_word(struct app_selection *s, const char *text, struct err *err)
{
	if (s->given)
		return err_set(err, -EINVAL,
			       "'%s' stands for itself, expected true, false, or names of apps",
			       text);
	s->given = true;
	s->limited = str_equal(text, "false");
	return 0;
}

int app_selection_add(struct app_selection *s, const char *text, struct err *err)
{
	if (str_equal(text, "true") || str_equal(text, "false"))
		return add_word(s, text, err);
	if (!text[0] || strchr(text, ','))
		return err_set(err, -EINVAL,
			       "'%.80s' is not the name of an app, expected one without comma",
			       text);
	if (s->given && s->n == 0)
		return err_set(err, -EINVAL,
			       "'%.80s' beside true or false, expected one of them, or names of "
			       "apps alone",
			       text);
	if (s->n == APP_SELECTION_MAX)
		return err_set(err, -EINVAL, "more than %d names", APP_SELECTION_MAX);
	for (size_t i = 0; i < s->n; i++)
		if (str_equal(s->names[i], text))
			return err_set(err, -EINVAL, "duplicate app '%.80s'", text);
	s->given = s->limited = true;
	s->names = mem_grow_by_one(s->names, s->n, sizeof(*s->names));
	s->names[s->n++] = mem_strdup(text);
	return 0;
}

void app_selection_copy(struct app_selection *dst, const struct app_selection *src)
{
	*dst = *src;
	dst->names = src->n > 0 ? mem_new(src->n, sizeof(*dst->names)) : NULL;
	for (size_t i = 0; i < src->n; i++)
		dst->names[i] = mem_strdup(src->names[i]);
}

void app_selection_done(struct app_selection *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->names[i]);
	free(s->names);
	*s = (struct app_selection){ 0 };
}
