/* SPDX-License-Identifier: MIT */
#include "bfd/helper.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bfd/engine.h"
#include "lib/array.h"
#include "process/capability.h"
#include "process/fd.h"
#include "process/loop.h"
#include "process/nice_limit.h"
#include "process/spawn.h"
#include "process/syscall_filter.h"

#define SOCKET 3
/* Later than this, silence may be our own fault: this process, its container or its host was
 * stopped. */
#define LATE (20 * USEC_PER_MSEC)
/* Messages a turn, each way. */
#define MESSAGES_MAX 64
/* Each serves one session at least. */
#define LISTENERS_MAX BFD_SLOTS

struct helper {
	struct bfd_engine *engine;
	bool is_asked; /* PING `pings` is not answered */
	uint32_t pings;
	mono_t ping_at;
	bool is_full; /* the socket takes no more */
};

static const char *const calls[] = {
	"brk",      "clock_gettime", "close",           "exit",           "exit_group",
	"futex",    "getpid",        "getrandom",       "getsockname",    "ioctl",
	"madvise",  "mremap",        "munmap",          "poll",           "ppoll",
	"recvfrom", "recvmmsg",      "restart_syscall", "rt_sigprocmask", "rt_sigreturn",
	"sendmsg",  "sendto",        "setsockopt",      "bind",
};

/* ---- the agent ---- */

static void obey(struct helper *h, const struct bfd_message *m)
{
	const mono_t now = loop_clock();
	if (m->type == BFD_MSG_SESSION) {
		bfd_engine_set(h->engine, m, now);
	} else if (m->type == BFD_MSG_REMOVE) {
		bfd_engine_remove(h->engine, m->id, now);
	} else if (m->type == BFD_MSG_PONG && m->id == h->pings) {
		h->is_asked = false;
		bfd_engine_answered(h->engine, now);
	}
}

/* The agent has ended, or is not itself: so does this process. */
static void read_messages(struct helper *h)
{
	struct bfd_message m, buf;
	for (unsigned i = 0; i < MESSAGES_MAX; i++) {
		ssize_t n = recv(SOCKET, &buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0)
			_exit(EXIT_SUCCESS);
		if (bfd_message_read(&buf, (size_t)n, true, &m) < 0)
			_exit(EXIT_FAILURE);
		obey(h, &m);
	}
}

static bool send_message(struct helper *h, const struct bfd_message *m)
{
	h->is_full = send(SOCKET, m, bfd_message_size(m), MSG_DONTWAIT | MSG_NOSIGNAL) < 0;
	return !h->is_full;
}

static void write_messages(struct helper *h)
{
	struct bfd_message m;
	for (unsigned i = 0; i < MESSAGES_MAX && bfd_engine_next(h->engine, &m); i++) {
		if (!send_message(h, &m))
			return;
		bfd_engine_told(h->engine, &m);
	}
}

/* Counters are told to a loop that runs only: another would find a full socket. */
static void ping(struct helper *h)
{
	const mono_t now = loop_clock();
	if (now < h->ping_at)
		return;
	h->ping_at = usec_add(now, BFD_PING_INTERVAL);
	if (h->is_asked)
		return;
	const struct bfd_message m = { .type = BFD_MSG_PING, .id = h->pings + 1 };
	if (!send_message(h, &m))
		return;
	h->pings++;
	h->is_asked = true;
	if (h->pings % 2 == 0)
		bfd_engine_tell_all(h->engine);
}

/* ---- the loop ---- */

static bool has_more(const struct helper *h)
{
	struct bfd_message m;
	return bfd_engine_next(h->engine, &m);
}

struct ready {
	bool agent, peers;
};

static struct ready wait_until(struct helper *h, mono_t due)
{
	struct pollfd fds[1 + LISTENERS_MAX];
	fds[0] = (struct pollfd){ .fd = SOCKET, .events = POLLIN };
	size_t n = 1 + bfd_engine_poll(h->engine, fds + 1, LISTENERS_MAX);
	const bool more = has_more(h);
	if (more && h->is_full)
		fds[0].events |= POLLOUT;
	const span_t wait = more && !h->is_full ? 0 : usec_sub(due, loop_clock());
	const struct timespec limit = { .tv_sec = (time_t)(wait / USEC_PER_SEC),
					.tv_nsec = (long)(wait % USEC_PER_SEC) * 1000 };
	struct ready ready = { 0 };
	if (ppoll(fds, n, &limit, NULL) <= 0)
		return ready;
	ready.agent = fds[0].revents & ~POLLOUT;
	for (size_t i = 1; i < n; i++)
		ready.peers |= fds[i].revents != 0;
	return ready;
}

_Noreturn static void serve(uint32_t *sent)
{
	const mono_t now = loop_clock();
	struct helper h = { .engine = bfd_engine_new(now, sent), .ping_at = now };
	for (;;) {
		const mono_t due = usec_min(bfd_engine_deadline(h.engine), h.ping_at);
		const struct ready ready = wait_until(&h, due);
		bfd_engine_turn(h.engine, ready.peers, loop_clock() > usec_add(due, LATE));
		if (ready.agent)
			read_messages(&h);
		write_messages(&h);
		ping(&h);
	}
}

/* ---- the process ---- */

/* A signal that is meant for the agent (a terminal's, a container's) is not for this process, which
 * has packets to send while the agent stops. */
static void ignore_signals(void)
{
	sigset_t all;
	setpgid(0, 0);
	spawn_reset_signals();
	sigfillset(&all);
	sigdelset(&all, SIGSYS);
	sigprocmask(SIG_SETMASK, &all, NULL);
}

_Noreturn static void run(int socket, pid_t agent, uint32_t *sent)
{
	prctl(PR_SET_NAME, "vipherald-bfd");
	ignore_signals();
	fd_keep_only(socket, SOCKET);
	(void)setpriority(PRIO_PROCESS, 0, NICE_URGENT);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* A kernel without filters still has a process without capabilities and files. */
	if (capability_keep_only(0) < 0 || getppid() != agent)
		_exit(EXIT_FAILURE);
	(void)syscall_filter_narrow(calls, ARRAY_SIZE(calls), NULL);
	serve(sent);
}

int bfd_helper_start(uint32_t *sent, pid_t *ret_pid, int *ret_socket, struct err *err)
{
	int fds[2];
	pid_t agent = getpid();
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return err_set(err, -errno, "cannot create the socket of the BFD process: %s",
			       strerror(errno));
	pid_t pid = fork();
	if (pid == 0)
		run(fds[1], agent, sent);
	int rc = pid < 0 ? err_set(err, -errno, "cannot start the BFD process: %s", strerror(errno))
			 : 0;
	close(fds[1]);
	if (rc < 0) {
		close(fds[0]);
		return rc;
	}
	*ret_pid = pid;
	*ret_socket = fds[0];
	return 0;
}
