/* SPDX-License-Identifier: MIT */
#include "agent/daemon/program_calls.h"

#include <errno.h>

#include "agent/daemon/parts.h"
#include "agent/daemon/reload.h"
#include "agent/programs/programs.h"
#include "lib/log.h"
#include "process/loop.h"

/* How long VIPs of the previous instance wait for the first lines; with graceful restart, for as
 * long as routers keep their routes, if that is longer. */
#define ARRIVAL_MAX (10 * USEC_PER_SEC)

static int user_of(const struct program_spec *spec, const struct child_user **ret, struct err *err,
		   void *userdata)
{
	const struct agent *a = userdata;
	if (!spec->user) {
		*ret = a->exec_user;
		return 0;
	}
	if (program_users_get(&a->program_users, spec->user, ret))
		return 0;
	return err_set(err, -EACCES,
		       "user '%.100s' was not in the configuration when the agent started: restart "
		       "it",
		       spec->user);
}

static char *const *environment(void *userdata)
{
	const struct agent *a = userdata;
	return a->exec_env;
}

static void on_reload(const char *program, void *userdata)
{
	const struct agent *a = userdata;
	log_info("config", "reload requested by process %s", program);
	if (shutdown_state(a->shutdown) == SHUTDOWN_RUNNING)
		reload_ask(a->reload, &(struct reload_request){ .trigger = "process" });
}

static void on_arrived(void *userdata)
{
	const struct agent *a = userdata;
	recovery_arrived(a->recovery);
}

void program_calls_forwarding(const struct config *c, bool *ipv4, bool *ipv6)
{
	for (size_t i = 0; i < c->programs.n; i++) {
		const struct program_spec *s = &c->programs.items[i];
		for (size_t k = 0; !bind_is_ours(s->bind) && k < s->allow.n; k++)
			*(s->allow.items[k].addr.family == AF_INET6 ? ipv6 : ipv4) = true;
	}
}

void program_calls_start(void *agent)
{
	struct agent *a = agent;
	const struct programs_env env = {
		.loop = a->loop,
		.registry = a->registry,
		.speaker = a->speaker,
		.bgp = &a->identity.bgp,
		.user = user_of,
		.environment = environment,
		.reload = on_reload,
		.arrived = on_arrived,
		.userdata = a,
	};
	mono_t limit = usec_add(loop_now(a->loop), ARRIVAL_MAX);
	if (limit < recovery_deadline(a->recovery))
		limit = recovery_deadline(a->recovery);
	recovery_expect(a->recovery);
	a->programs = programs_new(&env, &a->config->programs, limit);
}
