/* SPDX-License-Identifier: MIT */
#include "process/launch_server.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "process/capability.h"
#include "process/fd.h"
#include "process/launch_message.h"
#include "process/marks.h"

#define SOCKET 3

#define FDS 3

/* Output, input and stderr of a command; -1: there is none. */
static void receive_fds(struct msghdr *msg, int ret[FDS])
{
	ret[0] = ret[1] = ret[2] = -1;
	const struct cmsghdr *c = CMSG_FIRSTHDR(msg);
	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return;
	for (size_t n = 1; n <= FDS; n++)
		if (c->cmsg_len == CMSG_LEN(n * sizeof(int)))
			memcpy(ret, CMSG_DATA(c), n * sizeof(int));
}

/* 0 at the end. A message that is too long comes without its end, and is refused by its reader. */
static size_t receive(char *buf, size_t size, int ret_fds[FDS])
{
	union {
		struct cmsghdr header;
		char buf[CMSG_SPACE(FDS * sizeof(int))];
	} control = { 0 };
	struct iovec data = { buf, size };
	struct msghdr msg = { .msg_iov = &data,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      /* Others are not received. */
			      .msg_controllen = CMSG_LEN(FDS * sizeof(int)) };
	ssize_t n;
	do
		n = recvmsg(SOCKET, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	receive_fds(&msg, ret_fds);
	return n > 0 ? (size_t)n : 0;
}

static void start_command(const struct launch_request *r, const struct child_user *user,
			  const int fds[FDS], struct launch_reply *reply)
{
	pid_t pid = 0;
	const struct spawn spawn = { .argv = r->argv,
				     .env = (char *const *)r->env,
				     .user = user,
				     .fds = { .in = fds[1], .out = fds[0], .err = fds[2] },
				     .is_for_parent = true };
	reply->code = fds[0] < 0 ? -EBADF : spawn_start(&spawn, &pid);
	reply->pid = pid;
}

static void find_marks(const struct launch_request *r, struct launch_reply *reply)
{
	ssize_t n = marks_read(r->pid, reply->marks);
	reply->code = n < 0 ? (int32_t)n : n == 0 ? -ENODATA : 0;
	reply->len = n > 0 ? (uint32_t)n : 0;
}

struct users {
	const struct child_user *const *items;
	size_t n;
};

static void answer(const struct launch_request *r, const struct users *users, const int fds[FDS])
{
	struct launch_reply reply = { .number = r->number };
	if (r->kind == LAUNCH_COMMAND && r->user >= users->n)
		reply.code = -EPERM;
	else if (r->kind == LAUNCH_COMMAND)
		start_command(r, users->items[r->user], fds, &reply);
	else
		find_marks(r, &reply);
	send(SOCKET, &reply, launch_reply_size(&reply), MSG_NOSIGNAL);
}

/* Whoever runs commands as another user keeps what that takes. */
static void keep_capabilities(const struct users *users)
{
	bool any = false;
	for (size_t i = 0; i < users->n; i++)
		any = any || users->items[i];
	if (any)
		capability_keep_only(UINT64_C(1) << CAP_SETUID | UINT64_C(1) << CAP_SETGID);
}

_Noreturn void launch_serve(int socket, const struct child_user *const items[], size_t n_users)
{
	const struct users users = { items, n_users };
	static char buf[LAUNCH_REQUEST_MAX + 1];
	static struct launch_request request;
	size_t len;
	int fds[FDS];
	prctl(PR_SET_NAME, "vipherald-exec");
	fd_keep_only(socket, SOCKET);
	keep_capabilities(&users);
	while ((len = receive(buf, sizeof(buf), fds)) > 0) {
		if (launch_request_read(buf, len, &request) < 0)
			_exit(EXIT_FAILURE);
		answer(&request, &users, fds);
		for (size_t i = 0; i < FDS; i++)
			if (fds[i] >= 0)
				close(fds[i]);
	}
	_exit(EXIT_SUCCESS);
}
