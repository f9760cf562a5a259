/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "agent/cli/cmd_fleet.h"
#include "agent/cli/json_at.h"
#include "agent/cli/order.h"
#include "lib/str.h"

#define TARGET_MAX 8192
/* An agent that restarts is waited for. */
#define RECONNECT_S 600
/* One that gives up on its own is not. */
#define GIVE_UP_S 3
/* The library of HTTPS does not end a request at a signal. */
#define WAIT     "20s"
#define WAIT_TLS "2s"

extern char **environ;

struct drain_run {
	const struct client *client;
	const struct verb_call *call;
	char id[64], phase[16], note[600];
	char end[16];       /* "": it has not ended */
	time_t silent_from; /* the agent does not answer since then; 0: it does */
	time_t limit;       /* of --timeout; 0: none */
};

static volatile sig_atomic_t caught;

static void on_signal(int number)
{
	caught = number;
}

static time_t seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* No restart: a read that waits is to end. */
static void handle(void (*handler)(int))
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP };
	struct sigaction action = { .sa_handler = handler };
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		sigaction(numbers[i], &action, NULL);
}

static void say(const char *text)
{
	fprintf(stderr, "vipherald: fleet drain: %s\n", text);
}

/* ---- asking ---- */

/* {roll, last} of an answer. */
static void note_state(struct drain_run *d, const json_t *state)
{
	const json_t *roll = json_at(state, "roll");
	bool is_mine = json_is_object(roll) && str_equal(text_at(roll, "id"), d->id);
	const char *note = text_at(roll, "note");
	if (!is_mine) {
		/* Of an agent that was restarted since, it is not known how. */
		bool known = str_equal(text_at(state, "last.id"), d->id);
		str_copy(d->end, sizeof(d->end), known ? text_at(state, "last.end") : "ended");
		return;
	}
	if (!str_equal(d->phase, text_at(roll, "phase")) || !str_equal(d->note, note))
		fprintf(stderr, "vipherald: fleet drain: %s%s%s\n", text_at(roll, "phase"),
			*note ? ": " : "", note);
	str_copy(d->phase, sizeof(d->phase), text_at(roll, "phase"));
	str_copy(d->note, sizeof(d->note), note);
}

static int handle_reply(struct drain_run *d, const struct client_reply *reply)
{
	json_t *state = reply->status == 200 ? json_loadb(reply->body, reply->len, 0, NULL) : NULL;
	int rc = state ? 0 : -EPROTO;
	if (state && !d->id[0])
		str_copy(d->id, sizeof(d->id), text_at(state, "roll.id"));
	if (state)
		note_state(d, state);
	else if (reply->status == 503) /* it stops, or is not started yet */
		rc = -EAGAIN;
	else
		order_refused(reply);
	json_decref(state);
	return rc;
}

/* -EAGAIN: the agent does not answer; -EINTR: a signal; -EPROTO: it refuses, which is told. */
static int ask(struct drain_run *d, const char *method, const char *target)
{
	const struct client patient = client_patient(d->client);
	struct client_reply reply;
	struct err err;
	if (client_request(&patient, method, target, &reply, &err) < 0) {
		if (caught)
			return -EINTR;
		if (!d->silent_from)
			fprintf(stderr, "vipherald: %s\n", err.text);
		return -EAGAIN;
	}
	int rc = handle_reply(d, &reply);
	client_reply_done(&reply);
	return rc;
}

static bool is_past(time_t limit)
{
	return limit && seconds() >= limit;
}

/* Again until there is an answer, as long as an agent takes to restart. `limit` 0: none, else
 * -ETIMEDOUT. */
static int ask_until(struct drain_run *d, const char *method, const char *target, time_t limit)
{
	const struct timespec pause = { .tv_sec = 1 };
	int rc;
	while ((rc = ask(d, method, target)) == -EAGAIN) {
		if (!d->silent_from)
			d->silent_from = seconds();
		if (seconds() - d->silent_from > RECONNECT_S)
			return -EAGAIN;
		if (is_past(limit))
			return -ETIMEDOUT;
		if (nanosleep(&pause, NULL) < 0 && caught)
			return -EINTR;
	}
	d->silent_from = 0;
	return rc;
}

/* Not longer than --timeout. */
static void wait_text(const struct drain_run *d, char *buf, size_t size)
{
	time_t left = d->limit ? d->limit - seconds() : 0;
	const char *wait = d->client->tls.url[0] ? WAIT_TLS : WAIT;
	if (d->limit && left < (time_t)atoi(wait))
		snprintf(buf, size, "%llds", (long long)(left > 0 ? left : 1));
	else
		str_copy(buf, size, wait);
}

/* Until the phase or the note is another one, or some time is over. */
static int await_change(struct drain_run *d)
{
	char target[TARGET_MAX] = "/v1/fleet/roll", wait[24];
	wait_text(d, wait, sizeof(wait));
	client_add_parameter(target, sizeof(target), "id", d->id);
	client_add_parameter(target, sizeof(target), "not", d->phase);
	client_add_parameter(target, sizeof(target), "wait", wait);
	return ask_until(d, "GET", target, d->limit);
}

static int finish(struct drain_run *d, const char *result, int status, time_t limit)
{
	char target[TARGET_MAX] = "/v1/fleet/roll/finish", text[16];
	snprintf(text, sizeof(text), "%d", status & 0xff);
	client_add_parameter(target, sizeof(target), "id", d->id);
	client_add_parameter(target, sizeof(target), "result", result);
	client_add_parameter(target, sizeof(target), "status", text);
	return ask_until(d, "POST", target, limit);
}

/* ---- the steps ---- */

/* Cuts "pps" off. */
static int add_traffic(const char *value, char *target, size_t size)
{
	char text[24];
	size_t n = strspn(value, "0123456789");
	if (n == 0 || n >= sizeof(text) || (value[n] && !str_equal(value + n, "pps")))
		return -EINVAL;
	memcpy(text, value, n);
	text[n] = '\0';
	return client_add_parameter(target, size, "wait_traffic", text);
}

static int build_begin(const struct verb_call *call, char *target, size_t size)
{
	int rc = str_copy(target, size, "/v1/fleet/roll/begin");
	for (size_t i = 0; rc >= 0 && i < call->n_values; i++) {
		const char *name = call->values[i].name, *value = call->values[i].value;
		if (str_equal(name, "wait-traffic"))
			rc = add_traffic(value, target, size);
		else if (!str_equal(name, "timeout"))
			rc = client_add_parameter(target, size, name, value);
	}
	return rc;
}

/* The reason is the command, unless there is one. */
static int add_reason(const struct verb_call *call, char *target, size_t size)
{
	char text[100];
	struct strbuf words = strbuf_over(text, sizeof(text));
	text[0] = '\0';
	if (verb_has(call, "reason"))
		return 0;
	for (size_t i = call->rest; i < call->n_words; i++)
		strbuf_add(&words, "%s%s", words.len ? " " : "", call->words[i]);
	return client_add_parameter(target, size, "reason", text);
}

static int give_up(struct drain_run *d, int exit_status, const char *why)
{
	say(why);
	caught = 0;
	if (finish(d, "cancelled", 0, seconds() + GIVE_UP_S) < 0)
		say("cannot notify the agent: it gives up after one minute");
	return exit_status;
}

/* -1: drained. Else the exit status. */
static int await_drained(struct drain_run *d)
{
	while (!str_equal(d->phase, "drained")) {
		int rc = caught ? -EINTR : is_past(d->limit) ? -ETIMEDOUT : await_change(d);
		if (rc == -EINTR)
			return give_up(d, 128 + (int)caught, "interrupted, the command is not run");
		if (rc == -ETIMEDOUT)
			return give_up(d, FLEET_TIMEOUT,
				       "--timeout expired, the command is not run");
		if (rc < 0)
			return FLEET_NOT_RUN;
		if (d->end[0] || str_equal(d->phase, "returning") ||
		    str_equal(d->phase, "releasing") || str_equal(d->phase, "failed")) {
			say("ended by another, the command is not run");
			return FLEET_NOT_RUN;
		}
	}
	return -1;
}

/* -1 with errno when it cannot be run. */
static pid_t spawn(char *const argv[])
{
	pid_t pid;
	sigset_t all;
	posix_spawnattr_t attr;
	posix_spawnattr_init(&attr);
	sigemptyset(&all);
	sigaddset(&all, SIGINT);
	sigaddset(&all, SIGQUIT);
	sigaddset(&all, SIGTERM);
	sigaddset(&all, SIGHUP);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGDEF);
	fflush(stdout);
	int rc = posix_spawnp(&pid, argv[0], NULL, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	errno = rc;
	return rc == 0 ? pid : -1;
}

/* The end of a session, or of the host, comes to the command and to this process, in either
 * order. */
static bool is_told_to_end(int status)
{
	const struct timespec moment = { .tv_sec = 1 };
	if (!caught && (status == 128 + SIGTERM || status == 128 + SIGHUP))
		nanosleep(&moment, NULL);
	return caught && caught != SIGINT;
}

/* Ends sigsuspend(). */
static void on_child(int signal_number)
{
	(void)signal_number;
}

/* A signal to this process is passed on; the terminal sends its own to both. `ret_told`: and that
 * may be what has ended it. */
static int await_exit(pid_t pid, bool *ret_told)
{
	int status;
	bool told = false;
	sigset_t all, before;
	pid_t rc;
	signal(SIGCHLD, on_child);
	/* A signal comes in sigsuspend() only, so that none is lost on the way to it. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	while ((rc = waitpid(pid, &status, WNOHANG)) == 0) {
		if (caught && caught != SIGINT) {
			kill(pid, (int)caught);
			told = true;
		}
		caught = 0;
		sigsuspend(&before);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
	signal(SIGCHLD, SIG_DFL);
	if (rc < 0)
		return FLEET_NOT_RUN;
	status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	*ret_told = told || is_told_to_end(status);
	return status;
}

/* The agent has been told, or is not reachable. */
static int fail(struct drain_run *d, int status)
{
	char text[200];
	snprintf(text, sizeof(text),
		 "the command failed, exit status %d: the host stays drained and keeps its slot. "
		 "Fix it and repeat, or run 'vipherald fleet release'",
		 status);
	if (finish(d, "failed", status, 0) < 0)
		say("cannot report the failure to the agent");
	say(text);
	return status;
}

/* The agent is not told of a failure: after a reboot, which ends everything so, it is to go on. */
static int leave(int status)
{
	say("the command was ended with this one, by a signal: the host stays drained and keeps "
	    "its slot until it is booted anew, or 'vipherald fleet release' is run");
	return status;
}

static int run_command(struct drain_run *d)
{
	bool told = false;
	char *argv[VERB_WORDS_MAX + 1];
	size_t n = 0;
	for (size_t i = d->call->rest; i < d->call->n_words; i++)
		argv[n++] = (char *)d->call->words[i];
	argv[n] = NULL;
	pid_t pid = spawn(argv);
	if (pid < 0) {
		int error = errno;
		fprintf(stderr, "vipherald: fleet drain: %s: %s\n", argv[0], strerror(error));
		return give_up(d, error == ENOENT ? FLEET_NOT_FOUND : FLEET_CANNOT_RUN,
			       "the command cannot be run");
	}
	int status = await_exit(pid, &told);
	if (status == 0)
		return 0;
	return told ? leave(status) : fail(d, status);
}

static int await_end(struct drain_run *d)
{
	caught = 0;
	if (finish(d, "done", 0, 0) < 0) {
		say("the command has ended, but the agent cannot be notified: repeat it, or run "
		    "'vipherald fleet release'");
		return FLEET_NOT_RUN;
	}
	while (!d->end[0]) {
		int rc = caught ? -EINTR : is_past(d->limit) ? -ETIMEDOUT : await_change(d);
		if (rc == -EINTR || rc == -ETIMEDOUT) {
			say("the agent goes on, and gives the slot back when the apps are "
			    "announced");
			return rc == -EINTR ? 128 + (int)caught : FLEET_TIMEOUT;
		}
		/* Of an agent that was restarted meanwhile. */
		if (rc == 0 && str_equal(d->phase, "drained"))
			rc = finish(d, "done", 0, d->limit);
		if (rc < 0)
			return FLEET_NOT_RUN;
	}
	return 0;
}

static int run(struct drain_run *d, const char *target)
{
	int rc = ask(d, "POST", target);
	if (rc == -EINTR)
		return 128 + (int)caught;
	if (rc < 0)
		return FLEET_NOT_RUN;
	int status = await_drained(d);
	if (status >= 0)
		return status;
	status = run_command(d);
	return status == 0 ? await_end(d) : status;
}

static int usage(const char *text)
{
	fprintf(stderr, "vipherald: fleet drain: %s (vipherald fleet --help)\n", text);
	return VERB_USAGE;
}

int cmd_fleet_drain(const struct client *client, const struct verb_call *call)
{
	char target[TARGET_MAX];
	struct err err;
	span_t span = 0;
	const char *timeout = verb_value(call, "timeout");
	struct drain_run d = { .client = client, .call = call };
	if (call->rest > 1)
		return usage("expected -- before the command");
	if (call->rest == call->n_words)
		return usage("expected a command behind --");
	if (!verb_has(call, "app") && !verb_has(call, "vip"))
		return usage("expected --app or --vip");
	if (timeout && duration_parse(timeout, &span, &err) == 0)
		d.limit = seconds() + (time_t)(span / USEC_PER_SEC);
	int rc = build_begin(call, target, sizeof(target));
	if (rc == -EINVAL)
		return usage("--wait-traffic: expected packets a second, such as 10pps");
	if (rc < 0 || add_reason(call, target, sizeof(target)) < 0)
		return usage("the arguments are too long");
	handle(on_signal);
	int status = run(&d, target);
	if (call->json)
		printf("{\"id\": \"%s\", \"phase\": \"%s\", \"end\": %s%s%s, \"exit_status\": "
		       "%d}\n",
		       d.id, d.phase, d.end[0] ? "\"" : "", d.end[0] ? d.end : "null",
		       d.end[0] ? "\"" : "", status);
	fflush(stdout);
	return status;
}
