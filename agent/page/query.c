/* SPDX-License-Identifier: MIT */
#include "agent/page/query.h"

#include <errno.h>

#include "lib/str.h"

#define FROM_MAX 1000000

const char *const page_shows[] = { "all",         "trouble",  "up",      "down",
				   "unknown",     "draining", "drained", "kept",
				   "last-resort", "joining",  NULL };

static int set_show(struct page_query *q, const char *value, struct err *err)
{
	for (size_t i = 0; page_shows[i]; i++)
		if (str_equal(page_shows[i], value)) {
			q->show = page_shows[i];
			return 0;
		}
	return err_set(err, -EINVAL,
		       "show: '%.80s' is not all, trouble or a state of apps, such as down", value);
}

static int set_text(char field[static PAGE_TEXT_MAX], const char *name, const char *value,
		    struct err *err)
{
	return str_copy(field, PAGE_TEXT_MAX, value) < 0
		       ? err_set(err, -EINVAL, "%s: longer than %d octets", name, PAGE_TEXT_MAX - 1)
		       : 0;
}

int page_query_set(struct page_query *q, const char *name, const char *value, struct err *err)
{
	uint64_t from;
	if (str_equal(name, "show"))
		return set_show(q, value, err);
	if (str_equal(name, "q"))
		return set_text(q->text, name, value, err);
	if (str_equal(name, "why"))
		return set_text(q->why, name, value, err);
	if (str_equal(name, "events"))
		return set_text(q->events, name, value, err);
	if (!str_equal(name, "from"))
		return err_set(err, -EINVAL,
			       "unknown parameter '%.80s', expected q, show, from, why or events",
			       name);
	if (str_to_u64(value, FROM_MAX, &from) < 0)
		return err_set(err, -EINVAL, "from: '%.80s' is not a number up to %d", value,
			       FROM_MAX);
	q->from = (size_t)from;
	return 0;
}

const char *page_query_show(const struct page_query *q)
{
	return q->show ? q->show : page_shows[0];
}
