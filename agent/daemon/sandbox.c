/* SPDX-License-Identifier: MIT */
#include "agent/daemon/sandbox.h"

#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>

#include "agent/http/admin_socket.h"
#include "agent/store/store.h"
#include "lib/array.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "nat/xtlock.h"
#include "process/capability.h"
#include "process/instance_lock.h"
#include "process/landlock.h"
#include "process/launch_message.h"
#include "process/launcher.h"
#include "process/loop.h"
#include "process/syscall_filter.h"

struct sandbox {
	struct sandbox_status status;
	uint64_t n_logged;
	sd_event_source *watch;
};

static bool accepts_no_command(const struct config *c)
{
	return c->agent.admission.exec == MONITORS_FROM_NONE;
}

/* The launcher has what changing the user takes. Where the service manager's filter forbids giving
 * it up, it stays. */
static void give_up_users(void)
{
	const uint64_t users = UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID;
	if (capability_effective() & users)
		(void)capability_keep_only(capability_effective() & ~users);
}

int sandbox_start_launcher(const struct config *c, const struct child_user *exec_user,
			   const struct program_users *programs, struct err *err)
{
	const struct child_user *users[LAUNCH_USERS_MAX] = { exec_user };
	size_t n = 1;
	bool others = exec_user;
	if (accepts_no_command(c)) {
		launcher_forbid();
		return 0;
	}
	for (size_t i = 0; i < programs->n && n < LAUNCH_USERS_MAX; i++) {
		users[n++] = program_users_at(programs, i);
		others = others || users[n - 1];
	}
	int rc = launcher_start(users, n, err);
	if (rc == 0 && others && c->agent.drop_privileges)
		give_up_users();
	return rc;
}

/* The directory of a file; "" for none. */
static char *directory_of(const char *path)
{
	char *copy = mem_strdup(path && *path == '/' ? path : "");
	char *directory = mem_strdup(*copy ? dirname(copy) : "");
	free(copy);
	return directory;
}

static int restrict_files(const struct config *c, struct err *err)
{
	char state[PATH_MAX], run[108];
	char *directories[] = {
		directory_of(c->agent.state_file),
		directory_of(c->agent.listen_addr.unix_path),
		directory_of(c->agent.read_addr.unix_path),
		directory_of(xtlock_path()),
	};
	const struct landlock_path paths[] = {
		{ store_directory(state, sizeof(state)), false },
		{ admin_socket_directory(run), false },
		{ INSTANCE_LOCK_DIR, false },
		{ directories[0], false },
		{ directories[1], false },
		{ directories[2], false },
		{ directories[3], true },
		{ "/dev/null", false },
	};
	int abi = landlock_restrict(paths, ARRAY_SIZE(paths), err);
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++)
		free(directories[i]);
	return abi;
}

/* A call that is refused is missing on the list, or an attack. */
static void log_refused(struct sandbox *s)
{
	int last;
	char name[SYSCALL_NAME_MAX];
	uint64_t n = syscall_filter_refused(&last);
	if (n == s->n_logged)
		return;
	/* The first, the tenth, …: a call in a loop must not fill the log. */
	if (s->n_logged == 0 || n >= s->n_logged * 10) {
		s->n_logged = n;
		log_warn("agent",
			 "sandbox: unexpected system call %s refused (%llu so far); please report "
			 "it. agent.sandbox: false disables the filter",
			 syscall_filter_name(last, name), (unsigned long long)n);
	}
}

/* After each turn. */
static int on_turn(sd_event_source *source, void *userdata)
{
	(void)source;
	log_refused(userdata);
	return 0;
}

static void filter_calls(struct sandbox *s, sd_event *loop)
{
	struct err err;
	int rc = syscall_filter_install(&err);
	s->status.is_filtered = rc == 0;
	if (rc == 0)
		rc = loop_post_add(loop, &s->watch, LOOP_APPLY, on_turn, s);
	else
		log_warn("agent", "sandbox: %s; system calls are not filtered", err.text);
	if (rc < 0 && s->status.is_filtered)
		log_warn("agent", "sandbox: refused system calls will not be logged");
}

struct sandbox *sandbox_enter(sd_event *loop, const struct config *c)
{
	struct err err;
	struct sandbox *s = mem_new(1, sizeof(*s));
	s->status.commands = accepts_no_command(c) ? "none" : "launcher";
	if (!c->agent.sandbox) {
		log_warn("agent",
			 "agent.sandbox is false: system calls and files are not restricted");
		return s;
	}
	int abi = restrict_files(c, &err);
	if (abi < 0)
		log_warn("agent", "sandbox: %s; files are not restricted", err.text);
	s->status.landlock = abi > 0 ? abi : 0;
	filter_calls(s, loop);
	log_info("agent", "sandbox: system calls %s, files %s",
		 s->status.is_filtered ? "filtered" : "not filtered",
		 abi > 0 ? "written in the agent's directories only, no program executed"
			 : "not restricted (Landlock is not available)");
	return s;
}

void sandbox_free(struct sandbox *s)
{
	if (!s)
		return;
	log_refused(s);
	sd_event_source_disable_unref(s->watch);
	free(s);
}

struct sandbox_status sandbox_status(const struct sandbox *s)
{
	struct sandbox_status status = { .commands = "launcher" };
	if (s)
		status = s->status;
	status.refused_calls = syscall_filter_refused(&status.last_refused);
	return status;
}
