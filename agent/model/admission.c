/* SPDX-License-Identifier: MIT */
#include "agent/model/admission.h"

#include <errno.h>

#include "lib/array.h"
#include "lib/str.h"

static const struct {
	const char *name;
	unsigned bit;
} sources[] = {
	{ "config", MONITORS_FROM_CONFIG }, { "http", MONITORS_FROM_HTTP },
	{ "consul", MONITORS_FROM_CONSUL }, { "http-local", MONITORS_FROM_HTTP_LOCAL },
	{ "none", MONITORS_FROM_NONE },     { "http-admin", MONITORS_FROM_HTTP_ADMIN },
	{ "nomad", MONITORS_FROM_NOMAD },
};

int monitor_admission_add(unsigned *from, const char *name, struct err *err)
{
	const char *names[ARRAY_SIZE(sources) + 1] = { NULL };
	for (size_t i = 0; i < ARRAY_SIZE(sources); i++) {
		names[i] = sources[i].name;
		if (str_equal(name, names[i])) {
			*from |= sources[i].bit;
			return 0;
		}
	}
	const char *near = str_nearest(name, names);
	if (near)
		return err_set(err, -EINVAL, "unknown source '%.80s', did you mean '%s'?", name,
			       near);
	return err_set(err, -EINVAL,
		       "unknown source '%.80s', expected config, http-admin, http-local, http, "
		       "consul, nomad or none",
		       name);
}

static bool allows(unsigned bits, const struct app_spec *spec)
{
	switch (spec->source) {
	case APP_FROM_CONFIG:
	case APP_FROM_PROCESS: /* has no monitors */
		return bits & MONITORS_FROM_CONFIG;
	case APP_FROM_HTTP:
		return bits & MONITORS_FROM_HTTP ||
		       (bits & MONITORS_FROM_HTTP_LOCAL && spec->local) ||
		       (bits & MONITORS_FROM_HTTP_ADMIN && spec->admin);
	case APP_FROM_CONSUL:
		return bits & MONITORS_FROM_CONSUL;
	case APP_FROM_NOMAD:
		return bits & MONITORS_FROM_NOMAD;
	}
	return false;
}

/* The word to add to allow_from. */
static const char *name_of(const struct app_spec *spec)
{
	if (spec->source != APP_FROM_HTTP)
		return app_source_name(spec->source);
	return spec->admin ? "http-admin" : spec->local ? "http-local" : "http";
}

/* The section of the configuration that does not allow it; NULL when it is allowed. */
static const char *refusal(const struct monitor_admission *admission, enum monitor_access access,
			   const struct app_spec *spec)
{
	unsigned exec = admission->exec ? admission->exec : MONITORS_EXEC_FROM;
	unsigned others = admission->others ? admission->others : MONITORS_OTHERS_FROM;
	switch (access) {
	case MONITOR_ASKS_KERNEL:
	case MONITOR_ASKS_CONSUL:
		return NULL;
	case MONITOR_RUNS_COMMAND:
		return allows(exec, spec) ? NULL : "exec";
	case MONITOR_USES_NETWORK:
	case MONITOR_READS_HOST:
		return allows(others, spec) ? NULL : "monitors";
	}
	return NULL;
}

int monitor_admission_check(const struct monitor_admission *admission, const struct app_spec *spec,
			    struct err *err)
{
	for (size_t i = 0; i < spec->n_monitors; i++) {
		const struct monitor_kind *kind = spec->monitors[i].kind;
		const char *section = refusal(admission, kind->access, spec);
		if (section)
			return err_set(err, -EACCES,
				       "monitor '%.100s': %s monitors are not accepted from here; "
				       "to allow them, add '%s' to agent.%s.allow_from in the "
				       "configuration file",
				       spec->monitors[i].text, kind->name, name_of(spec), section);
	}
	/* That it exists shows in the state of the app: as with a `file` monitor. */
	if (spec->disable_file && refusal(admission, MONITOR_READS_HOST, spec))
		return err_set(err, -EACCES,
			       "disable_file '%.100s' is not accepted from here; to allow it, add "
			       "'%s' to agent.monitors.allow_from in the configuration file",
			       spec->disable_file, name_of(spec));
	return 0;
}
