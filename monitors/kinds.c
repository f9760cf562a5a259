/* SPDX-License-Identifier: MIT */
#include "monitors/kinds.h"

#define DECLARE(name) extern const struct monitor_kind monitor_kind_##name;
MONITOR_KINDS(DECLARE)

#define ADDRESS(name) &monitor_kind_##name,
static const struct monitor_kind *const kinds[MONITOR_N_KINDS] = { MONITOR_KINDS(ADDRESS) };

const struct monitor_kind *monitor_kind_at(size_t i)
{
	return kinds[i];
}

size_t monitor_kind_index(const struct monitor_kind *kind)
{
	size_t i = 0;
	while (kinds[i] != kind)
		i++;
	return i;
}

const struct monitor_kind *monitor_kind_find(const char *name)
{
	for (size_t i = 0; i < MONITOR_N_KINDS; i++)
		if (str_equal(kinds[i]->name, name))
			return kinds[i];
	return NULL;
}

const char *monitor_kind_nearest(const char *name)
{
	const char *names[MONITOR_N_KINDS + 1] = { NULL };
	for (size_t i = 0; i < MONITOR_N_KINDS; i++)
		names[i] = kinds[i]->name;
	return str_nearest(name, names);
}

static const char *separator(size_t i)
{
	if (i == 0)
		return "";
	return i + 1 < MONITOR_N_KINDS ? ", " : " or ";
}

void monitor_kind_list_formats(struct strbuf *sb)
{
	for (size_t i = 0; i < MONITOR_N_KINDS; i++)
		strbuf_add(sb, "%s%s", separator(i), kinds[i]->format);
}

void monitor_kind_list_names(struct strbuf *sb)
{
	for (size_t i = 0; i < MONITOR_N_KINDS; i++)
		strbuf_add(sb, "%s%s", separator(i), kinds[i]->name);
}
