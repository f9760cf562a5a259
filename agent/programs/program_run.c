/* SPDX-License-Identifier: MIT */
/*
 * The routes of a process live as long as it does. Its end is told by a pidfd, and what it
 * withdraws is withdrawn in that turn of the loop. Where its routes stay (on_exit: keep, or a
 * one-shot program that ended with status 0), its last lines are carried out first.
 */
#include "agent/programs/program_run.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent/app/routes.h"
#include "agent/programs/program_feed.h"
#include "agent/programs/program_routes.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/fd.h"
#include "process/fifo_file.h"
#include "process/loop.h"
#include "process/shell.h"

#define RESPAWN_FIRST (100 * USEC_PER_MSEC)
#define RESPAWN_MAX   (30 * USEC_PER_SEC)
#define KILL_WAIT     (5 * USEC_PER_SEC)
#define FIFO_WAIT     USEC_PER_SEC

static void start(struct program *p);
static void open_fifo(struct program *p);

/* ---- Its stderr. ---- */

static void log_error_line(struct program *p, const char *text, size_t len)
{
	char shown[400];
	if (len > 0 && program_may_log(p, &p->error_lines, "lines on standard error"))
		log_info("exec", "process %s says: %s", p->spec.name,
			 str_printable(shown, sizeof(shown), text, len));
}

static void close_errors(struct program *p)
{
	p->errors_io = sd_event_source_disable_unref(p->errors_io);
	if (p->errors_fd >= 0)
		fd_close(&p->errors_fd);
	line_buffer_done(&p->errors);
}

static bool read_errors(struct program *p)
{
	char octets[LINE_BUFFER_ADD];
	const char *text;
	size_t len;
	ssize_t n = read(p->errors_fd, octets, sizeof(octets));
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	line_buffer_add(&p->errors, octets, (size_t)n);
	while (line_buffer_next(&p->errors, &text, &len) != LINE_NONE)
		log_error_line(p, text, len);
	return n > 0;
}

static int on_errors(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	if (!read_errors(userdata))
		close_errors(userdata);
	return 0;
}

/* ---- Its end. ---- */

static bool is_success(const struct child_result *r)
{
	return r->end == CHILD_EXITED && r->status == 0;
}

static int on_start(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct program *p = userdata;
	(void)source, (void)usec;
	p->timer = sd_event_source_disable_unref(p->timer); /* program_start() looks at it */
	start(p);
	return 0;
}

static void wait_for_start(struct program *p)
{
	mono_t now = loop_now(p->env->loop);
	if (p->state == PROGRAM_RUNS && usec_sub(now, p->state_since) >= PROGRAM_RAN_WELL)
		backoff_reset(&p->backoff);
	span_t wait = backoff_next(&p->backoff, loop_random());
	program_set_state(p, PROGRAM_WAITS);
	loop_timer_set(p->env->loop, &p->timer, usec_add(now, wait), LOOP_APPLY, on_start, p);
}

/* The pipes of the process that has ended. */
static void close_pipes(struct program *p)
{
	if (p->errors_fd >= 0)
		read_errors(p); /* the last words say why */
	close_errors(p);
	outbox_close(&p->answers);
	program_feed_close(&p->out);
}

/* Nothing of it is left to be carried out. */
static void settle(struct program *p)
{
	bool once = p->settled && !p->spec.respawn;
	close_pipes(p);
	p->settled = false;
	if (once)
		program_set_state(p, PROGRAM_DONE);
	else
		wait_for_start(p);
}

static void log_end(const struct program *p, bool failed, bool keeps)
{
	char text[512];
	struct strbuf sb = strbuf_over(text, sizeof(text));
	size_t n = route_table_n(&p->routes);
	strbuf_add(&sb, "process %s has ended, %s", p->spec.name, p->ended);
	if (n > 0)
		strbuf_add(&sb, ": %s its %zu route%s", keeps ? "keeping" : "withdrawing", n,
			   n == 1 ? "" : "s");
	log_event(failed ? LOG_WARNING : LOG_INFO, "exec",
		  EVENT("process.ended", .app = p->spec.name), "%s", text);
}

static void on_end(const struct child_result *result, void *userdata)
{
	struct program *p = userdata;
	bool one_shot = is_success(result) && !p->spec.respawn;
	bool keeps = one_shot || p->spec.on_exit == PROGRAM_EXIT_KEEPS;
	struct strbuf ended = strbuf_over(p->ended, sizeof(p->ended));
	shell_describe(result, 0, &ended);
	child_free(p->child);
	p->child = NULL;
	if (p->state == PROGRAM_STOPS) {
		p->timer = sd_event_source_disable_unref(p->timer);
		close_pipes(p);
		if (p->owner)
			p->owner->gone(p->owner_userdata);
		return;
	}
	p->n_failures += !one_shot;
	log_end(p, !one_shot, keeps);
	p->settled = one_shot;
	if (keeps) {
		program_feed_end(&p->out);
		return;
	}
	program_withdraw_all(p, false);
	settle(p);
}

void program_on_feed_done(struct program_feed *f)
{
	struct program *p = f->program;
	bool is_over = !f->is_fifo && !p->child;
	if (f->is_fifo)
		open_fifo(p);
	else if (is_over && p->state == PROGRAM_STOPS)
		close_pipes(p);
	else if (is_over)
		settle(p);
}

/* ---- Its start. ---- */

static char **environment(const struct program *p)
{
	char *const *common = p->env->environment(p->env->userdata);
	size_t n = 0, more = 0;
	while (common && common[n])
		n++;
	while (p->spec.env && p->spec.env[more])
		more++;
	char **env = mem_new(n + more + 1, sizeof(*env));
	for (size_t i = 0; i < n; i++)
		env[i] = common[i];
	for (size_t i = 0; i < more; i++)
		env[n + i] = p->spec.env[i];
	return env;
}

/* ExaBGP's healthcheck, for one, ends when its parent is process 1: a shell that waits for it is
 * between. It is told to end together with it, and outlasts it to pass on its status. */
static const char in_between[] = "trap : TERM INT HUP; \"$@\"; exit $?";

#define WORDS_BEFORE 4

/* The shell of a line may be bash or sh. */
static const char **command(const struct program *p, const char *shell)
{
	size_t n = 0, at = 0;
	while (p->spec.run[n])
		n++;
	const char **argv = mem_new(n + WORDS_BEFORE + 4, sizeof(*argv));
	if (getpid() == 1) {
		argv[at++] = "sh";
		argv[at++] = "-c";
		argv[at++] = in_between;
		argv[at++] = "sh";
	}
	if (p->spec.is_line) {
		argv[at++] = shell;
		argv[at++] = "-c";
	}
	for (size_t i = 0; i < n; i++)
		argv[at++] = p->spec.run[i];
	return argv;
}

static int spawn_with(struct program *p, const char *shell, const struct child_user *user,
		      struct child_pipes *pipes, struct err *err)
{
	char **env = environment(p);
	const char **argv = command(p, shell);
	int rc = child_spawn_piped(p->env->loop, argv, env, user, on_end, p, pipes, &p->child, err);
	free(argv);
	free(env);
	return rc;
}

static int spawn(struct program *p, struct child_pipes *pipes, struct err *err)
{
	const struct child_user *user = NULL;
	int rc = p->env->user(&p->spec, &user, err, p->env->userdata);
	if (rc == 0)
		rc = spawn_with(p, "bash", user, pipes, err);
	if (rc == -ENOENT && p->spec.is_line)
		rc = spawn_with(p, "sh", user, pipes, err);
	return rc;
}

static void on_failed_start(struct program *p, const struct err *err)
{
	bool again = p->backoff.tries > 1 && str_equal(p->ended, err->text);
	p->n_failures++;
	str_copy(p->ended, sizeof(p->ended), "");
	str_printable(p->ended, sizeof(p->ended), err->text, strlen(err->text));
	if (!again)
		log_event(LOG_ERROR, "exec", EVENT("process.ended", .app = p->spec.name),
			  "process %s: %s", p->spec.name, err->text);
	wait_for_start(p);
}

static void on_answers_read(void *userdata)
{
	struct program *p = userdata;
	program_feed_answers_read(&p->out);
}

static void start(struct program *p)
{
	struct err err = { "" };
	struct child_pipes pipes = { .in = -1, .out = -1, .err = -1 };
	p->silent = !program_spec_acknowledges(&p->spec);
	if (spawn(p, &pipes, &err) < 0) {
		on_failed_start(p, &err);
		return;
	}
	p->n_starts++;
	program_set_state(p, PROGRAM_RUNS);
	outbox_open(&p->answers, p->env->loop, pipes.in);
	p->answers.read = on_answers_read;
	p->answers.userdata = p;
	program_feed_open(&p->out, pipes.out);
	p->errors_fd = pipes.err;
	loop_io_add(p->env->loop, &p->errors_io, pipes.err, EPOLLIN, LOOP_IDLE, on_errors, p);
	log_event(LOG_INFO, "exec", EVENT("process.started", .app = p->spec.name),
		  "process %s is started", p->spec.name);
}

/* ---- The fifo. ---- */

static int on_fifo_retry(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	open_fifo(userdata);
	return 0;
}

static int try_fifo(struct program *p, struct err *err)
{
	const struct child_user *user = NULL;
	int rc = p->env->user(&p->spec, &user, err, p->env->userdata);
	if (rc < 0)
		return rc;
	int fd = fifo_file_open(p->spec.fifo, user ? user->uid : geteuid(), err);
	return fd < 0 ? fd : program_feed_open(&p->fifo, fd);
}

/* One that every writer has left is opened anew: the old descriptor would tell its end for ever.
 * Where that fails, lines that come meanwhile are not obeyed. */
static void open_fifo(struct program *p)
{
	struct err err = { "" };
	if (!p->spec.fifo || p->state == PROGRAM_STOPS)
		return;
	if (try_fifo(p, &err) == 0)
		return;
	program_feed_close(&p->fifo);
	if (!str_equal(p->last_error, err.text))
		log_error("exec", "process %s: %s", p->spec.name, err.text);
	str_printable(p->last_error, sizeof(p->last_error), err.text, strlen(err.text));
	loop_timer_set(p->env->loop, &p->fifo_retry, usec_add(loop_now(p->env->loop), FIFO_WAIT),
		       LOOP_APPLY, on_fifo_retry, p);
}

/* ---- Life. ---- */

struct program *program_new(const struct programs_env *env, const struct program_spec *spec)
{
	struct program *p = mem_new(1, sizeof(*p));
	p->env = env;
	p->errors_fd = p->answers.fd = -1;
	p->backoff = (struct backoff){ RESPAWN_FIRST, RESPAWN_MAX, 0 };
	program_spec_copy(&p->spec, spec);
	program_feed_init(&p->out, p, false);
	program_feed_init(&p->fifo, p, true);
	program_set_state(p, p->spec.run ? PROGRAM_WAITS : PROGRAM_READS);
	if (program_register(p) < 0)
		log_warn("app", "%s: not registered yet, tried again: %s", p->spec.name,
			 p->unregistered);
	open_fifo(p);
	return p;
}

void program_start(struct program *p)
{
	if (p->state == PROGRAM_WAITS && !p->timer)
		start(p);
}

void program_free(struct program *p)
{
	if (!p)
		return;
	child_free(p->child);
	program_feed_close(&p->out);
	program_feed_close(&p->fifo);
	close_errors(p);
	outbox_close(&p->answers);
	sd_event_source_disable_unref(p->timer);
	sd_event_source_disable_unref(p->fifo_retry);
	route_table_done(&p->routes);
	program_spec_done(&p->spec);
	free(p);
}

static int on_kill(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	const struct program *p = userdata;
	if (p->child)
		child_signal(p->child, SIGKILL);
	return 0;
}

void program_mute(struct program *p)
{
	if (p->state == PROGRAM_STOPS)
		return;
	program_set_state(p, PROGRAM_STOPS);
	program_feed_close(&p->fifo);
	p->fifo_retry = sd_event_source_disable_unref(p->fifo_retry);
	p->timer = sd_event_source_disable_unref(p->timer);
	if (!p->child)
		close_pipes(p); /* the rest of its output is not carried out any more */
}

void program_stop(struct program *p)
{
	mono_t now = loop_now(p->env->loop);
	program_mute(p);
	if (!p->child || p->timer) /* it was told already */
		return;
	child_signal(p->child, SIGTERM);
	loop_timer_set(p->env->loop, &p->timer, usec_add(now, KILL_WAIT), LOOP_APPLY, on_kill, p);
}

bool program_is_gone(const struct program *p)
{
	return p->state == PROGRAM_STOPS && !p->child;
}

void program_change(struct program *p, const struct program_spec *spec)
{
	bool bind = p->spec.bind != spec->bind;
	bool differs = !program_spec_equal(&p->spec, spec);
	bool again = p->state == PROGRAM_DONE && differs;
	if (differs)
		p->settled = false; /* likewise one whose last lines are still carried out */
	program_spec_done(&p->spec);
	program_spec_copy(&p->spec, spec);
	program_withdraw_refused(p);
	if (bind && program_app(p))
		routes_set_bind(program_app(p), spec->bind);
	if (again) { /* it is to say what it announces now; what it has said stays meanwhile */
		program_set_state(p, PROGRAM_WAITS);
		program_start(p);
	}
}
