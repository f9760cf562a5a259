/* SPDX-License-Identifier: MIT */
/* The process that speaks BFD: killed, with a killed agent, without privileges, in the sandbox. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "bfd/process.h"
#include "lib/array.h"
#include "process/syscall_filter.h"
#include "tests/unit/bfd_pair.h"

static bool helper_ended(void *userdata)
{
	return ((struct pair *)userdata)->ends[HOST].n_trouble == 1;
}

static pid_t kill_helper(struct pair *p)
{
	const pid_t pid = bfd_helper_pid(p->ends[HOST].bfd);
	p->ends[HOST].n_trouble = 0;
	assert_int_equal(kill(pid, SIGKILL), 0);
	loop_until(p->loop, helper_ended, p);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* reaped */
	return pid;
}

/* Packets have been received in both directions since the session went down. */
static bool host_heard_and_was_heard(void *userdata)
{
	const struct pair *p = userdata;
	const struct bfd_status *host = bfd_session_status(p->ends[HOST].session);
	return host->received > p->ends[HOST].at_down.received &&
	       bfd_session_status(p->ends[ROUTER].session)->received >
		       p->ends[ROUTER].at_down.received;
}

static void go_on_after_kill(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		p->ends[i].at_down = *bfd_session_status(p->ends[i].session);
	const uint32_t discr = p->ends[HOST].at_down.discr;
	const uint16_t port = p->ends[HOST].at_down.port;
	const pid_t first = kill_helper(p);
	assert_true(bfd_helper_pid(p->ends[HOST].bfd) > 0);
	assert_int_not_equal(bfd_helper_pid(p->ends[HOST].bfd), first);
	loop_until(p->loop, host_heard_and_was_heard, p);
	loop_until(p->loop, both_agreed, p);
	const struct bfd_status *s = bfd_session_status(p->ends[HOST].session);
	assert_int_equal(s->up_events, 1);
	assert_int_equal(s->down_events, 0);
	assert_int_equal(s->discr, discr);
	assert_int_equal(s->port, port);
	assert_int_equal(p->ends[HOST].n_down, 0);
	assert_int_equal(p->ends[ROUTER].n_down, 0);
	assert_int_equal(bfd_helper_restarts(p->ends[HOST].bfd), 1);
}

/* Killed by the OOM killer, say. The router does not notice, or not what has happened; a second
 * time within a minute the session is down. */
static void helper_is_started_again(void **state)
{
	(void)state;
	struct pair p;
	char why[BFD_WHY_MAX];
	start_ipv4(&p);
	go_on_after_kill(&p);
	kill_helper(&p);
	assert_int_equal(p.ends[HOST].n_down, 1);
	assert_string_equal(bfd_status_why(&p.ends[HOST].at_down, why),
			    "the process that runs BFD has ended");
	loop_until(p.loop, router_was_down, &p);
	loop_until(p.loop, both_agreed, &p);
	const struct bfd_status *s = bfd_session_status(p.ends[HOST].session);
	assert_int_equal(s->up_events, 2);
	assert_int_equal(s->down_events, 1);
	assert_int_equal(bfd_helper_restarts(p.ends[HOST].bfd), 2);
	pair_done(&p);
}

/* The sequence numbers go on where the killed one was. */
static void helper_is_started_again_with_authentication(void **state)
{
	(void)state;
	struct pair p;
	struct bfd_config c = fast();
	const struct bfd_key keys[2] = { key_of("192.0.2.1", "192.0.2.2", "", false),
					 key_of("192.0.2.2", "192.0.2.1", "", false) };
	c.auth = (struct bfd_auth){ BFD_AUTH_METICULOUS_SHA1, 7, 3, "key" };
	pair_start(&p, keys, &c);
	loop_until(p.loop, both_agreed, &p);
	go_on_after_kill(&p);
	pair_done(&p);
}

/* Ten seconds of silence are allowed: the router notices nothing. */
static void start_patient(struct pair *p)
{
	const struct bfd_key keys[2] = { key_of("192.0.2.1", "192.0.2.2", "", false),
					 key_of("192.0.2.2", "192.0.2.1", "", false) };
	struct bfd_config c = fast();
	c.multiplier = 100;
	pair_start(p, keys, &c);
	loop_until(p->loop, both_agreed, p);
}

/* Stopped, by SIGSTOP or within a call: there is no end of it to be seen. */
static void helper_that_is_stuck_is_replaced(void **state)
{
	(void)state;
	struct pair p;
	start_patient(&p);
	const pid_t first = bfd_helper_pid(p.ends[HOST].bfd);
	const uint32_t discr = bfd_session_status(p.ends[HOST].session)->discr;
	assert_int_equal(kill(first, SIGSTOP), 0);
	loop_until(p.loop, helper_ended, &p);
	assert_string_equal(p.ends[HOST].trouble, "the process that runs BFD said nothing for 3s "
						  "(stopped, or stuck); it was killed");
	assert_int_not_equal(bfd_helper_pid(p.ends[HOST].bfd), first);
	for (int i = 0; i < 2; i++)
		p.ends[i].at_down = *bfd_session_status(p.ends[i].session);
	loop_until(p.loop, host_heard_and_was_heard, &p);
	const struct bfd_status *s = bfd_session_status(p.ends[HOST].session);
	assert_int_equal(s->discr, discr);
	assert_string_equal(s->error, "");
	assert_int_equal(p.ends[HOST].n_down, 0);
	assert_int_equal(p.ends[ROUTER].n_down, 0);
	assert_int_equal(bfd_helper_restarts(p.ends[HOST].bfd), 1);
	pair_done(&p);
}

static bool host_has_new_counters(void *userdata)
{
	const struct pair *p = userdata;
	return bfd_session_status(p->ends[HOST].session)->received > p->ends[HOST].at_down.received;
}

/* The loop stands still for longer than a process may be silent, with the helper or alone. */
static void pauses_are_not_silence(void **state)
{
	static const bool with_helper[] = { false, true };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(with_helper); i++) {
		struct pair p;
		start_patient(&p);
		const pid_t pid = bfd_helper_pid(p.ends[HOST].bfd);
		p.ends[HOST].at_down = *bfd_session_status(p.ends[HOST].session);
		if (with_helper[i])
			kill(pid, SIGSTOP);
		const span_t pause = (BFD_PROCESS_SILENT_MAX + 1) * BFD_PROCESS_PERIOD;
		poll(NULL, 0, (int)(pause / MS));
		sd_event_run(p.loop, 0); /* the agent runs first */
		if (with_helper[i])
			kill(pid, SIGCONT);
		loop_until(p.loop, host_has_new_counters, &p);
		assert_int_equal(bfd_helper_pid(p.ends[HOST].bfd), pid);
		assert_int_equal(p.ends[HOST].n_trouble, 0);
		assert_int_equal(p.ends[HOST].n_down, 0);
		pair_done(&p);
	}
}

static void wait_for_end(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (fd < 0) {
		assert_int_equal(errno, ESRCH); /* already */
		return;
	}
	assert_int_equal(poll(&p, 1, (int)(PATIENCE / MS)), 1);
	close(fd);
}

_Noreturn static void be_agent(int out)
{
	struct end end;
	sd_event *loop;
	const struct bfd_config c = fast();
	const struct bfd_key key = key_of("192.0.2.1", "192.0.2.2", "", false);
	sd_event_new(&loop);
	end_start(&end, loop, HOST, &key, &c);
	pid_t pid = bfd_helper_pid(end.bfd);
	if (write(out, &pid, sizeof(pid)) < 0)
		_exit(1);
	for (;;)
		pause();
}

static void helper_ends_with_a_killed_agent(void **state)
{
	(void)state;
	int fds[2];
	pid_t helper = 0;
	assert_int_equal(pipe(fds), 0);
	pid_t agent = fork();
	if (agent == 0)
		be_agent(fds[1]);
	assert_int_equal(read(fds[0], &helper, sizeof(helper)), sizeof(helper));
	assert_int_equal(kill(agent, SIGKILL), 0);
	assert_int_equal(waitpid(agent, NULL, 0), agent);
	wait_for_end(helper);
	close(fds[0]);
	close(fds[1]);
}

static void read_status(pid_t pid, char buf[static 8192])
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, 8191);
	assert_true(n > 0);
	buf[n] = 0;
	close(fd);
}

/* No capability, no file, system calls filtered, once it sends. */
static void helper_has_no_privileges(void **state)
{
	(void)state;
	char buf[8192];
	struct pair p;
	start_ipv4(&p);
	read_status(bfd_helper_pid(p.ends[HOST].bfd), buf);
	assert_non_null(strstr(buf, "Name:\tvipherald-bfd\n"));
	assert_non_null(strstr(buf, "CapPrm:\t0000000000000000\n"));
	assert_non_null(strstr(buf, "CapEff:\t0000000000000000\n"));
	assert_non_null(strstr(buf, "NoNewPrivs:\t1\n"));
	assert_non_null(strstr(buf, "Seccomp:\t2\n"));
	pair_done(&p);
}

static bool has_sent(void *userdata)
{
	return bfd_session_status(((struct end *)userdata)->session)->sent > 0;
}

/* By a reload, say: the agent's own filter of system calls holds already, and has nothing to
 * complain about. */
_Noreturn static void be_sandboxed_agent(void)
{
	struct end end;
	struct err err;
	sd_event *loop;
	int last;
	const struct bfd_config c = fast();
	const struct bfd_key key = key_of("192.0.2.1", "192.0.2.2", "", false);
	sd_event_new(&loop);
	if (syscall_filter_install(&err) < 0)
		_exit(2);
	end = (struct end){ .state = BFD_DOWN };
	bfd_new(loop, &ops, &end, &end.bfd, &err);
	bfd_session_new(end.bfd, &key, &c, &end, &end.session, &err);
	loop_until(loop, has_sent, &end);
	bfd_stop(end.bfd);
	loop_until(loop, loop_until_true, &end.is_stopped);
	bfd_free(end.bfd);
	_exit(syscall_filter_refused(&last) > 0 || end.n_trouble > 0);
}

static void helper_starts_inside_the_sandbox(void **state)
{
	(void)state;
	int status;
	pid_t agent = fork();
	if (agent == 0)
		be_sandboxed_agent();
	assert_int_equal(waitpid(agent, &status, 0), agent);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(helper_is_started_again),
		cmocka_unit_test(helper_is_started_again_with_authentication),
		cmocka_unit_test(helper_that_is_stuck_is_replaced),
		cmocka_unit_test(pauses_are_not_silence),
		cmocka_unit_test(helper_ends_with_a_killed_agent),
		cmocka_unit_test(helper_has_no_privileges),
		cmocka_unit_test(helper_starts_inside_the_sandbox),
	};
	return cmocka_run_group_tests(tests, make_link, NULL);
}
