/* SPDX-License-Identifier: MIT */
#include "agent/http/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/str.h"
#include "net/socket_holder.h"

#define BACKLOG 128

static int failed(struct err *err, const struct endpoint *at, int code)
{
	char text[ENDPOINT_TEXT_MAX], who[SOCKET_HOLDER_TEXT_MAX];
	struct socket_holder holder = { 0 };
	endpoint_format(at, text);
	if (code == -EADDRINUSE && !at->unix_path[0])
		socket_holder_of_port(at->port, &holder);
	if (code == -EADDRINUSE)
		return err_set(err, code,
			       "cannot listen on %s: Address already in use by %s; 'ss -lp | grep "
			       "%s' shows it, another vipherald or GoCast perhaps; "
			       "agent.listen_addr sets another address",
			       text, socket_holder_format(&holder, who),
			       at->unix_path[0] ? at->unix_path : strrchr(text, ':'));
	return err_set(err, code, "cannot listen on %s: %s", text, strerror(-code));
}

static int bind_and_listen(int fd, const struct sockaddr *sa, socklen_t len)
{
	if (bind(fd, sa, len) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

static int open_tcp_family(const struct addr *addr, uint16_t port, int *ret)
{
	const int on = 1, off = 0;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(addr, port, 0, &ss);
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (ss.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	int rc = bind_and_listen(fd, (struct sockaddr *)&ss, len);
	if (rc < 0)
		close(fd);
	else
		*ret = fd;
	return rc;
}

static int open_tcp(const struct endpoint *at, int *ret)
{
	if (addr_is_set(&at->addr))
		return open_tcp_family(&at->addr, at->port, ret);
	/* One dual-stack socket serves all; a host may have no IPv6. */
	const struct addr any6 = { .family = AF_INET6 }, any4 = { .family = AF_INET };
	int rc = open_tcp_family(&any6, at->port, ret);
	if (rc == -EAFNOSUPPORT || rc == -EADDRNOTAVAIL)
		rc = open_tcp_family(&any4, at->port, ret);
	return rc;
}

static int try_connect(const struct sockaddr_un *sun, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int rc = connect(fd, (const struct sockaddr *)sun, len) < 0 ? -errno : 0;
	close(fd);
	return rc;
}

/* A socket whose listener has ended; its file would make bind() fail. */
static int remove_stale(const struct sockaddr_un *sun, socklen_t len)
{
	struct stat st;
	if (lstat(sun->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	int rc = try_connect(sun, len);
	if (rc != -ECONNREFUSED)
		return -EADDRINUSE;
	return unlink(sun->sun_path) < 0 ? -errno : 0;
}

static int open_unix(const struct endpoint *at, mode_t mode, struct api_socket *s)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	struct stat st = { 0 };
	str_copy(sun.sun_path, sizeof(sun.sun_path), at->unix_path);
	int rc = remove_stale(&sun, sizeof(sun));
	if (rc < 0)
		return rc;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	mode_t mask = umask(~mode & 0777); /* from the first moment on */
	rc = bind_and_listen(fd, (struct sockaddr *)&sun, sizeof(sun));
	umask(mask);
	if (rc == 0 && lstat(sun.sun_path, &st) < 0)
		rc = -errno;
	if (rc < 0) {
		close(fd);
		return rc;
	}
	s->fd = fd;
	s->device = st.st_dev;
	s->inode = st.st_ino;
	str_copy(s->unix_path, sizeof(s->unix_path), at->unix_path);
	return 0;
}

int api_socket_open(const struct endpoint *at, mode_t mode, struct api_socket *ret, struct err *err)
{
	struct api_socket s = { .fd = -1 };
	int rc = at->unix_path[0] ? open_unix(at, mode, &s) : open_tcp(at, &s.fd);
	if (rc < 0)
		return failed(err, at, rc);
	*ret = s;
	return 0;
}

void api_socket_unlink(const struct api_socket *s)
{
	struct stat st;
	if (s->unix_path[0] && lstat(s->unix_path, &st) == 0 && st.st_dev == s->device &&
	    st.st_ino == s->inode)
		unlink(s->unix_path);
}

bool api_socket_is_alive(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(sun.sun_path))
		return false;
	str_copy(sun.sun_path, sizeof(sun.sun_path), path);
	int rc = try_connect(&sun, sizeof(sun));
	return rc == 0 || rc == -EAGAIN; /* its backlog is full */
}
