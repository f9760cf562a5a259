/* SPDX-License-Identifier: MIT */
#include "agent/daemon/exec_env.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"

/* As Debian's login has it, for an agent that was started without one. */
#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static void add(char ***env, size_t *n, const char *name, const char *value)
{
	char *text;
	if (asprintf(&text, "%s=%s", name, value) < 0)
		abort(); /* out of memory, see lib/mem.h */
	*env = mem_grow_by_one(*env, *n, sizeof(**env));
	(*env)[(*n)++] = text;
}

/* A container may run us as a user that /etc/passwd does not know. */
static const char *home_of(const struct child_user *user)
{
	/* cppcheck-suppress getpwuidCalled ; one thread, and once, before the loop */
	const struct passwd *entry = getpwuid(user ? user->uid : geteuid());
	const char *own = getenv("HOME");
	if (entry)
		return entry->pw_dir;
	return !user && own ? own : "/";
}

char **exec_env_make(const struct child_user *user, char *const *names)
{
	const char *path = getenv("PATH"), *lang = getenv("LANG");
	char **env = NULL;
	size_t n = 0;
	add(&env, &n, "PATH", path ? path : DEFAULT_PATH);
	if (lang)
		add(&env, &n, "LANG", lang);
	add(&env, &n, "HOME", home_of(user));
	for (; names && *names; names++) {
		const char *value = getenv(*names);
		if (value)
			add(&env, &n, *names, value);
		else
			log_warn("exec", "agent.exec.env: %s is not set in the agent's environment",
				 *names);
	}
	env = mem_grow_by_one(env, n, sizeof(*env));
	return env;
}

void exec_env_free(char **env)
{
	for (char **p = env; p && *p; p++)
		free(*p);
	free(env);
}
