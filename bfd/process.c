/* SPDX-License-Identifier: MIT */
#include "bfd/process.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bfd/helper.h"
#include "process/fd.h"
#include "process/loop.h"

#define MESSAGES_MAX 64

void bfd_process_init(struct bfd_process *p, sd_event *loop, const struct bfd_process_ops *ops,
		      void *userdata)
{
	*p = (struct bfd_process){
		.loop = loop, .ops = ops, .userdata = userdata, .socket = -1, .pidfd = -1
	};
}

bool bfd_process_send(const struct bfd_process *p, const struct bfd_message *m)
{
	return send(p->socket, m, bfd_message_size(m), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0;
}

void bfd_process_want_room(struct bfd_process *p, bool wanted)
{
	(void)sd_event_source_set_io_events(p->input, EPOLLIN | (wanted ? EPOLLOUT : 0));
}

void bfd_process_end(struct bfd_process *p)
{
	p->is_ending = true;
	p->silence = sd_event_source_disable_unref(p->silence);
	p->input = sd_event_source_disable_unref(p->input);
	fd_close(&p->socket);
	kill(p->pid, SIGKILL);
}

static void reap(struct bfd_process *p, bool wait)
{
	siginfo_t si;
	p->input = sd_event_source_disable_unref(p->input);
	p->end = sd_event_source_disable_unref(p->end);
	p->silence = sd_event_source_disable_unref(p->silence);
	fd_close(&p->socket);
	fd_close(&p->pidfd);
	if (p->pid == 0)
		return;
	kill(p->pid, SIGKILL);
	subreaper_tree_end(&p->tree);
	while (waitid(P_PID, (id_t)p->pid, &si, WEXITED | (wait ? 0 : WNOHANG)) < 0 &&
	       errno == EINTR)
		;
	p->pid = 0;
}

void bfd_process_reap(struct bfd_process *p)
{
	reap(p, false);
}

void bfd_process_done(struct bfd_process *p)
{
	reap(p, true);
	if (p->sent)
		munmap(p->sent, BFD_SLOTS * sizeof(*p->sent));
}

static int on_silence(sd_event_source *source, uint64_t usec, void *userdata);

static int wait_period(struct bfd_process *p)
{
	return loop_timer_set(p->loop, &p->silence, usec_add(loop_clock(), BFD_PROCESS_PERIOD),
			      LOOP_BGP, on_silence, p);
}

static void heard(struct bfd_process *p)
{
	p->n_silent = 0;
	(void)wait_period(p);
}

/* The callbacks inside may end the helper: its socket is looked at anew each time. */
static int on_input(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct bfd_process *p = userdata;
	struct bfd_message m, buf;
	for (unsigned i = 0; i < MESSAGES_MAX && p->socket >= 0; i++) {
		ssize_t n = recv(p->socket, &buf, sizeof(buf), MSG_DONTWAIT | MSG_TRUNC);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0) { /* on_end() follows */
			p->input = sd_event_source_disable_unref(p->input);
			fd_close(&p->socket);
			return 0;
		}
		if (i == 0)
			heard(p);
		if (bfd_message_read(&buf, (size_t)n, false, &m) < 0 ||
		    !p->ops->message(&m, p->userdata)) {
			p->ops->ended("the process that runs BFD sends what cannot be understood; "
				      "it was ended",
				      p->userdata);
			return 0;
		}
	}
	p->ops->ready(p->userdata);
	return 0;
}

/* Its last messages are read first: they may have taken a session down. */
static int on_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct bfd_process *p = userdata;
	const pid_t pid = p->pid;
	if (p->socket >= 0)
		on_input(source, fd, revents, p);
	if (p->pid != pid)
		return 0;
	p->ops->ended(p->is_stuck ? "the process that runs BFD said nothing for 3s (stopped, or "
				    "stuck); it was killed"
				  : "the process that runs BFD has ended",
		      p->userdata);
	return 0;
}

/* Messages that have arrived meanwhile are read first. Its sockets are closed when it has ended,
 * and the next one needs their ports: on_end() follows. */
static int on_silence(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)usec;
	struct bfd_process *p = userdata;
	const pid_t pid = p->pid;
	p->n_silent++;
	if (p->socket >= 0)
		on_input(source, p->socket, 0, p);
	if (p->pid != pid || p->n_silent == 0)
		return 0;
	p->is_stuck = p->n_silent >= BFD_PROCESS_SILENT_MAX;
	if (p->is_stuck)
		kill(pid, SIGKILL);
	else
		(void)wait_period(p);
	return 0;
}

static int watch(struct bfd_process *p)
{
	subreaper_tree_init(&p->tree);
	subreaper_tree_start(&p->tree, p->pid);
	p->pidfd = (int)syscall(SYS_pidfd_open, p->pid, 0);
	if (p->pidfd < 0)
		return -errno;
	int rc = loop_io_add(p->loop, &p->input, p->socket, EPOLLIN, LOOP_BGP, on_input, p);
	if (rc >= 0)
		rc = loop_io_add(p->loop, &p->end, p->pidfd, EPOLLIN, LOOP_BGP, on_end, p);
	return rc < 0 ? rc : wait_period(p);
}

static void share_numbers(struct bfd_process *p)
{
	if (p->sent)
		return;
	const size_t size = BFD_SLOTS * sizeof(*p->sent);
	const int prot = PROT_READ | PROT_WRITE, flags = MAP_SHARED | MAP_ANONYMOUS;
	/* cppcheck-suppress invalidFunctionArg ; -1 is right for anonymous memory */
	void *shared = mmap(NULL, size, prot, flags, -1, 0);
	p->sent = shared == MAP_FAILED ? NULL : shared;
	/* cppcheck-suppress memleak ; it is kept in p->sent */
}

int bfd_process_start(struct bfd_process *p, struct err *err)
{
	share_numbers(p);
	p->started_at = loop_clock();
	p->is_ending = p->is_stuck = false;
	p->n_silent = 0;
	int rc = bfd_helper_start(p->sent, &p->pid, &p->socket, err);
	if (rc == 0 && (rc = watch(p)) < 0)
		err_set(err, rc, "cannot watch the BFD process: %s", strerror(-rc));
	if (rc < 0)
		reap(p, false);
	return rc;
}
