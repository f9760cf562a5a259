/* SPDX-License-Identifier: MIT */
/* The agent's side. */
#include "process/launcher.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/capability.h"
#include "process/fd.h"
#include "process/launch_message.h"
#include "process/launch_server.h"

/* A fork and an exec take a millisecond. The agent stands still for this long at most, and once: a
 * launcher that owes a reply is not waited for again. */
#define REPLY_LIMIT ((struct timeval){ .tv_usec = 200000 })

enum mode { DIRECT, THERE, FORBIDDEN };

/* Global, because it belongs to this process. */
static struct {
	enum mode mode;
	int socket; /* -1: it has ended */
	pid_t pid;
	uint32_t last_number, last_reply;
	uint64_t capabilities;
	/* As it knows them, by their number. */
	struct {
		bool is_ours;
		uid_t uid;
		gid_t gid;
	} users[LAUNCH_USERS_MAX];
	size_t n_users;
} launcher = { .socket = -1 };

static void remember_users(const struct child_user *const users[], size_t n)
{
	launcher.n_users = n;
	for (size_t i = 0; i < n; i++) {
		launcher.users[i].is_ours = !users[i];
		launcher.users[i].uid = users[i] ? users[i]->uid : 0;
		launcher.users[i].gid = users[i] ? users[i]->gid : 0;
	}
}

int launcher_start(const struct child_user *const users[], size_t n_users, struct err *err)
{
	int fds[2], size = LAUNCH_REQUEST_MAX * 2;
	if (n_users > LAUNCH_USERS_MAX)
		return err_set(err, -E2BIG, "more than %d users", LAUNCH_USERS_MAX);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return err_set(err, -errno, "cannot create the socket of the launcher: %s",
			       strerror(errno));
	pid_t pid = fork();
	if (pid == 0)
		launch_serve(fds[1], users, n_users);
	int rc = pid < 0 ? err_set(err, -errno, "cannot start the launcher: %s", strerror(errno))
			 : 0;
	close(fds[1]);
	if (rc < 0) {
		close(fds[0]);
		return rc;
	}
	/* A request fits into the default of the kernel, 208 KiB, unless the host has a smaller
	 * one. */
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	setsockopt(fds[0], SOL_SOCKET, SO_RCVTIMEO, &REPLY_LIMIT, sizeof(struct timeval));
	remember_users(users, n_users);
	launcher.mode = THERE;
	launcher.socket = fds[0];
	launcher.pid = pid;
	launcher.capabilities = capability_effective();
	return 0;
}

void launcher_forbid(void)
{
	launcher.mode = FORBIDDEN;
}

bool launcher_is_in_charge(void)
{
	return launcher.mode != DIRECT;
}

bool launcher_is_forbidden(void)
{
	return launcher.mode == FORBIDDEN;
}

uint64_t launcher_capabilities(void)
{
	return launcher.capabilities;
}

pid_t launcher_pid(void)
{
	return launcher.pid;
}

/* Still, and no other process that was given its number. */
static bool is_child(pid_t pid)
{
	siginfo_t si;
	return waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0;
}

void launcher_stop(void)
{
	fd_close(&launcher.socket);
	if (launcher.pid > 0 && is_child(launcher.pid)) {
		kill(launcher.pid, SIGKILL);
		waitpid(launcher.pid, NULL, 0);
	}
	launcher.pid = 0;
	launcher.mode = DIRECT;
}

#define FDS 3

/* `fds`: output, input and stderr of a command; the first that is -1 and those behind it are not
 * sent.
 */
static int send_request(const struct launch_request *r, const int fds[FDS])
{
	static char buf[LAUNCH_REQUEST_MAX];
	union {
		struct cmsghdr header;
		char buf[CMSG_SPACE(FDS * sizeof(int))];
	} control = { 0 };
	size_t n_fds = 0;
	while (n_fds < FDS && fds[n_fds] >= 0)
		n_fds++;
	ssize_t len = launch_request_write(r, buf, sizeof(buf));
	if (len < 0)
		return (int)len;
	struct iovec data = { buf, (size_t)len };
	struct msghdr msg = { .msg_iov = &data, .msg_iovlen = 1 };
	if (n_fds > 0) {
		msg.msg_control = control.buf;
		msg.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
		control.header = (struct cmsghdr){ .cmsg_len = CMSG_LEN(n_fds * sizeof(int)),
						   .cmsg_level = SOL_SOCKET,
						   .cmsg_type = SCM_RIGHTS };
		memcpy(CMSG_DATA(&control.header), fds, n_fds * sizeof(int));
	}
	ssize_t n = sendmsg(launcher.socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	return n < 0 ? -errno : 0;
}

/* A command that was started too late for its request: nothing waits for it, nor for what it has
 * started meanwhile. It leads a session of its own. */
static void abandon(const struct launch_reply *reply)
{
	if (reply->pid > 0 && reply->code == 0 && is_child(reply->pid))
		kill(-reply->pid, SIGKILL);
}

static int receive_reply(uint32_t number, int flags, struct launch_reply *ret)
{
	for (;;) {
		ssize_t n = recv(launcher.socket, ret, sizeof(*ret), flags);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : -errno;
		if (n == 0)
			return -ECHILD;
		int rc = launch_reply_check(ret, (size_t)n);
		if (rc < 0)
			return rc;
		launcher.last_reply = ret->number;
		if (ret->number == number)
			return 0;
		abandon(ret);
	}
}

/* Those that came too late. -ETIMEDOUT: one is still to come. */
static int receive_late(void)
{
	struct launch_reply late;
	if (launcher.last_reply == launcher.last_number)
		return 0;
	int rc = receive_reply(launcher.last_number, MSG_DONTWAIT, &late);
	if (rc == 0)
		abandon(&late);
	return rc;
}

/* An end that cannot be understood or is not there is not asked again. */
static int ask(struct launch_request *r, const int fds[FDS], struct launch_reply *ret)
{
	if (launcher.mode == FORBIDDEN)
		return -EPERM;
	if (launcher.socket < 0)
		return -ECHILD;
	int rc = receive_late();
	if (rc == 0) {
		r->number = launcher.last_number + 1;
		rc = send_request(r, fds);
	}
	if (rc == 0) {
		launcher.last_number = r->number;
		rc = receive_reply(r->number, 0, ret);
	}
	if (rc == -EPIPE || rc == -ECONNRESET || rc == -ECHILD || rc == -EPROTO) {
		fd_close(&launcher.socket);
		launcher.pid = 0; /* its number may be another's soon */
		return -ECHILD;
	}
	return rc;
}

static bool copy_strings(char *const *from, const char **ret)
{
	size_t n = 0;
	for (; from && from[n]; n++) {
		if (n == LAUNCH_STRINGS_MAX)
			return false;
		ret[n] = from[n];
	}
	ret[n] = NULL;
	return true;
}

static bool find_user(const struct child_user *user, uint32_t *ret)
{
	for (uint32_t i = 0; i < launcher.n_users; i++) {
		bool same = user ? !launcher.users[i].is_ours &&
					    launcher.users[i].uid == user->uid &&
					    launcher.users[i].gid == user->gid
				 : launcher.users[i].is_ours;
		if (same) {
			*ret = i;
			return true;
		}
	}
	return false;
}

int launcher_spawn(const char *const argv[], char *const env[], const struct spawn_fds *with,
		   const struct child_user *user, pid_t *ret)
{
	const int fds[FDS] = { with->out, with->in, with->in < 0 ? -1 : with->err };
	static struct launch_request request; /* 16 KiB */
	struct launch_reply reply = { 0 };
	request.kind = LAUNCH_COMMAND;
	if (launcher.mode == THERE && !find_user(user, &request.user))
		return -EACCES;
	if (!copy_strings((char *const *)argv, request.argv) || !copy_strings(env, request.env))
		return -E2BIG;
	int rc = ask(&request, fds, &reply);
	if (rc < 0)
		return rc;
	if (reply.code < 0) {
		if (reply.pid > 0)
			waitpid(reply.pid, NULL, 0);
		return reply.code;
	}
	*ret = reply.pid;
	return 0;
}

bool launcher_answers(void)
{
	struct launch_request request = { .kind = LAUNCH_MARKS, .pid = getpid() };
	struct launch_reply reply = { 0 };
	const int none[FDS] = { -1, -1, -1 };
	return launcher.mode != THERE || ask(&request, none, &reply) != -ETIMEDOUT;
}

ssize_t launcher_marks(pid_t pid, char ret[static MARKS_MAX])
{
	struct launch_request request = { .kind = LAUNCH_MARKS, .pid = pid };
	struct launch_reply reply = { 0 };
	const int none[FDS] = { -1, -1, -1 };
	if (launcher.mode == DIRECT)
		return marks_read(pid, ret);
	int rc = ask(&request, none, &reply);
	if (rc < 0)
		return rc;
	if (reply.code < 0)
		return reply.code == -ENODATA ? 0 : reply.code;
	memcpy(ret, reply.marks, reply.len);
	return (ssize_t)reply.len;
}
