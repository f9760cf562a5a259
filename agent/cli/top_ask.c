/* SPDX-License-Identifier: MIT */
#include "agent/cli/top_ask.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/cli/json_at.h"
#include "lib/array.h"
#include "lib/mem.h"

#define READ_SIZE 65536

/* In front of each answer on the socket. */
struct head {
	unsigned view;
	unsigned status; /* of HTTP; 0: there was none, and the text says why */
	size_t len;      /* of the text that follows */
	bool last;       /* of this round */
};

/* ---- the child ---- */

static bool write_all(int fd, const void *data, size_t len)
{
	const char *p = data;
	while (len > 0) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		p += n;
		len -= (size_t)n;
	}
	return true;
}

/* When the agent is not there, once is enough. */
static bool ask_once(int fd, const struct client *client, const struct top_order *order)
{
	char target[TOP_TARGET_MAX];
	struct err err;
	bool ok = true, last = false;
	for (unsigned view = 0; ok && !last; view++) {
		struct client_reply reply;
		top_view_target((enum top_view)view, order, target);
		int rc = client_request(client, "GET", target, &reply, &err);
		last = rc < 0 || view + 1 == N_TOP_VIEWS;
		const char *text = rc < 0 ? err.text : reply.body;
		const struct head head = { .view = view,
					   .status = rc < 0 ? 0 : reply.status,
					   .len = rc < 0 ? strlen(err.text) : reply.len,
					   .last = last };
		ok = write_all(fd, &head, sizeof(head)) && write_all(fd, text, head.len);
		client_reply_done(&reply);
	}
	return ok;
}

/* The screen is the parent's to clean up, so its handlers are not for the child. */
static void reset_signals(void)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_DFL);
}

static _Noreturn void serve(int fd, pid_t parent, const struct client *client)
{
	struct top_order order;
	reset_signals();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(0);
	while (recv(fd, &order, sizeof(order), MSG_WAITALL) == sizeof(order) &&
	       ask_once(fd, client, &order)) {
	}
	_exit(0);
}

/* ---- the parent ---- */

int top_ask_start(struct top_ask *ask, const struct client *client)
{
	int fds[2];
	pid_t parent = getpid();
	*ask = (struct top_ask){ .fd = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return -errno;
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		serve(fds[1], parent, client);
	}
	int rc = pid < 0 ? -errno : 0;
	close(fds[1]);
	if (rc < 0) {
		close(fds[0]);
		return rc;
	}
	ask->fd = fds[0];
	ask->pid = pid;
	return 0;
}

void top_ask_stop(struct top_ask *ask)
{
	if (ask->fd >= 0) {
		close(ask->fd);
		kill(ask->pid, SIGKILL);
		while (waitpid(ask->pid, NULL, 0) < 0 && errno == EINTR) {
		}
	}
	free(ask->buf);
	*ask = (struct top_ask){ .fd = -1 };
}

int top_ask_all(struct top_ask *ask, const struct top_order *order)
{
	if (ask->waiting)
		return 0;
	if (send(ask->fd, order, sizeof(*order), MSG_NOSIGNAL) < 0)
		return -errno;
	ask->waiting = true;
	return 0;
}

static void give(struct top_model *m, const struct head *head, const char *text, mono_t now)
{
	enum top_view view = (enum top_view)head->view;
	json_t *answer = head->status > 0 ? json_loadb(text, head->len, 0, NULL) : NULL;
	char why[512], target[TOP_TARGET_MAX];
	if (head->status == 200) {
		top_model_answer(m, view, answer, now);
		return;
	}
	if (head->status == 0)
		snprintf(why, sizeof(why), "%.*s", (int)head->len, text);
	else
		snprintf(why, sizeof(why), "%s: refused (%u): %s",
			 top_view_target(view, &(struct top_order){ 0 }, target), head->status,
			 text_at(answer, "error"));
	top_model_failed(m, why);
	json_decref(answer);
}

/* True: the round has ended. */
static bool give_complete(struct top_ask *ask, struct top_model *m, mono_t now)
{
	struct head head = { 0 };
	size_t at = 0;
	while (!head.last && ask->len - at >= sizeof(head)) {
		memcpy(&head, ask->buf + at, sizeof(head));
		if (ask->len - at - sizeof(head) < head.len) {
			head.last = false;
			break;
		}
		at += sizeof(head);
		give(m, &head, ask->buf + at, now);
		at += head.len;
	}
	memmove(ask->buf, ask->buf + at, ask->len - at);
	ask->len -= at;
	return head.last;
}

int top_ask_read(struct top_ask *ask, struct top_model *m, mono_t now)
{
	ask->buf = mem_grow(ask->buf, &ask->cap, ask->len + READ_SIZE, 1);
	ssize_t n = recv(ask->fd, ask->buf + ask->len, READ_SIZE, MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECHILD;
	ask->len += (size_t)n;
	if (!give_complete(ask, m, now))
		return 0;
	ask->waiting = false;
	return 1;
}
