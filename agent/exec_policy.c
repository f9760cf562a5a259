/* SPDX-License-Identifier: MIT */
#include "agent/exec_policy.h"

#include <errno.h>

#include "lib/str.h"

static const struct {
	const char *name;
	unsigned bit;
} sources[] = {
	{ "config", EXEC_FROM_CONFIG }, { "http", EXEC_FROM_HTTP },
	{ "consul", EXEC_FROM_CONSUL }, { "http-local", EXEC_FROM_HTTP_LOCAL },
	{ "none", EXEC_FROM_NONE },
};

#define N_SOURCES (sizeof(sources) / sizeof(sources[0]))

int exec_policy_add(unsigned *from, const char *name, struct err *err)
{
	const char *names[N_SOURCES + 1] = { NULL };
	for (size_t i = 0; i < N_SOURCES; i++) {
		names[i] = sources[i].name;
		if (str_equal(name, names[i])) {
			*from |= sources[i].bit;
			return 0;
		}
	}
	const char *near = str_nearest(name, names);
	return err_set(err, -EINVAL,
		       "'%.80s' is not where apps come from%s%s%s, expected config, http, "
		       "http-local, consul or none",
		       name, near ? ", did you mean '" : "", near ? near : "", near ? "'" : "");
}

static bool allows(unsigned from, enum app_source source, bool local)
{
	unsigned bits = from ? from : EXEC_FROM_DEFAULT;
	switch (source) {
	case APP_FROM_CONFIG:
		return bits & EXEC_FROM_CONFIG;
	case APP_FROM_HTTP:
		return bits & (local ? EXEC_FROM_HTTP | EXEC_FROM_HTTP_LOCAL : EXEC_FROM_HTTP);
	case APP_FROM_CONSUL:
		return bits & EXEC_FROM_CONSUL;
	}
	return false;
}

/* What to add to the list. */
static const char *name_of(enum app_source source, bool local)
{
	return source == APP_FROM_HTTP && local ? "http-local" : app_source_name(source);
}

int exec_policy_check(unsigned from, const struct app_spec *spec, bool local, struct err *err)
{
	for (size_t i = 0; i < spec->n_monitors; i++)
		if (spec->monitors[i].kind == MONITOR_EXEC && !allows(from, spec->source, local))
			return err_set(err, -EACCES,
				       "monitor '%.100s': commands are not accepted from here; to "
				       "allow it, add '%s' to agent.exec.allow_from in the "
				       "configuration file",
				       spec->monitors[i].text, name_of(spec->source, local));
	return 0;
}
