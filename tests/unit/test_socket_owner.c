/* SPDX-License-Identifier: MIT */
/* Whose the other end of a TCP connection is, in a network namespace of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/array.h"
#include "net/socket_owner.h"

#include "own_netns.h"

static const char *const places[] = { "127.0.0.1", "::1", "::ffff:127.0.0.1" };

static socklen_t address(const char *text, uint16_t port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
	memset(ret, 0, sizeof(*ret));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = port;
		return sizeof(*v4);
	}
	assert_int_equal(inet_pton(AF_INET6, text, &v6->sin6_addr), 1);
	v6->sin6_family = AF_INET6;
	v6->sin6_port = port;
	return sizeof(*v6);
}

struct listening {
	int fd;
	struct sockaddr_storage at;
	socklen_t len;
};

static struct listening listen_on(const char *place)
{
	struct listening l;
	l.len = address(place, 0, &l.at);
	l.fd = socket(l.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(l.fd, (struct sockaddr *)&l.at, l.len), 0);
	assert_int_equal(listen(l.fd, 5), 0);
	assert_int_equal(getsockname(l.fd, (struct sockaddr *)&l.at, &l.len), 0);
	return l;
}

static int connect_to(const struct listening *l)
{
	int fd = socket(l->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&l->at, l->len), 0);
	return fd;
}

static struct socket_owner owner_of(const struct listening *l, int *ret_fd)
{
	struct socket_owner owner;
	*ret_fd = accept4(l->fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(*ret_fd >= 0);
	socket_owner_find(*ret_fd, &owner);
	return owner;
}

static void test_ours(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct listening l = listen_on(places[i]);
		int accepted, fd = connect_to(&l);
		assert_int_equal(owner_of(&l, &accepted).kind, SOCKET_OURS);
		close(fd);
		close(accepted);
		close(l.fd);
	}
}

/* A check that has timed out: its request is still read. */
static void test_ours_that_is_closed(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		struct listening l = listen_on(places[i]);
		int accepted, fd = connect_to(&l);
		assert_int_equal(write(fd, "GET", 3), 3);
		close(fd);
		assert_int_equal(owner_of(&l, &accepted).kind, SOCKET_GONE);
		close(accepted);
		close(l.fd);
	}
}

/* As above, and reset. */
static void test_ours_that_is_reset(void **state)
{
	(void)state;
	const struct linger now = { .l_onoff = 1, .l_linger = 0 };
	struct listening l = listen_on(places[0]);
	int fd = connect_to(&l), accepted = accept4(l.fd, NULL, NULL, SOCK_CLOEXEC);
	struct socket_owner owner;
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(fd);
	socket_owner_find(accepted, &owner);
	assert_int_equal(owner.kind, SOCKET_GONE);
	close(accepted);
	close(l.fd);
}

/* `shut` closes its sending half, as `nc -N` does. */
static void expect_child(uid_t uid, bool shut)
{
	struct listening l = listen_on(places[0]);
	char byte;
	int ready[2], accepted;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (setuid(uid) < 0)
			_exit(1);
		int fd = connect_to(&l);
		if (shut)
			shutdown(fd, SHUT_WR);
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	struct socket_owner owner = owner_of(&l, &accepted);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	assert_int_equal(owner.kind, SOCKET_OF_OTHERS);
	assert_true(owner.uid_known);
	assert_int_equal(owner.uid, uid);
	close(ready[0]);
	close(ready[1]);
	close(accepted);
	close(l.fd);
}

static void test_others(void **state)
{
	(void)state;
	expect_child(65534, false);
	expect_child(65534, true);
	expect_child(geteuid(), false); /* the same uid is not the same process */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ours),
		cmocka_unit_test(test_ours_that_is_closed),
		cmocka_unit_test(test_ours_that_is_reset),
		cmocka_unit_test(test_others),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
