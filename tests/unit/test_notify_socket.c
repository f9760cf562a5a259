/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/array.h"
#include "process/notify_socket.h"

/* The service manager. `name` as in $NOTIFY_SOCKET. */
static int listen_at(const char *name)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	memcpy(sun.sun_path, name, strlen(name));
	if (name[0] == '@')
		sun.sun_path[0] = 0;
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sun, len), 0);
	return fd;
}

static void expect_message(int fd, const char *want)
{
	char buf[64] = "";
	ssize_t n = recv(fd, buf, sizeof(buf) - 1, 0);
	assert_true(n >= 0);
	buf[n] = 0;
	assert_string_equal(buf, want);
}

static struct notify_socket *open_notify(const char *name)
{
	struct err err = { "" };
	struct notify_socket *n = NULL;
	assert_int_equal(notify_socket_new(name, &n, &err), 0);
	return n;
}

static void test_an_abstract_name(void **state)
{
	(void)state;
	char name[64];
	snprintf(name, sizeof(name), "@vipherald-test-%d", (int)getpid());
	int fd = listen_at(name);
	struct notify_socket *n = open_notify(name);
	assert_int_equal(notify_socket_send(n, "READY=1"), 0);
	expect_message(fd, "READY=1");
	notify_socket_free(n);
	close(fd);
}

static void test_a_receiver_that_is_restarted(void **state)
{
	(void)state;
	char dir[] = "/tmp/vipherald-test-XXXXXX", name[64];
	assert_non_null(mkdtemp(dir));
	snprintf(name, sizeof(name), "%s/notify", dir);
	struct notify_socket *n = open_notify(name);
	assert_int_equal(notify_socket_send(n, "READY=1"), -ENOENT);
	int fd = listen_at(name);
	assert_int_equal(notify_socket_send(n, "READY=1"), 0);
	expect_message(fd, "READY=1");
	close(fd);
	assert_int_equal(notify_socket_send(n, "STATUS=x"), -ECONNREFUSED);
	unlink(name);
	fd = listen_at(name);
	assert_int_equal(notify_socket_send(n, "STATUS=x"), 0);
	expect_message(fd, "STATUS=x");
	notify_socket_free(n);
	close(fd);
	unlink(name);
	rmdir(dir);
}

/* sd_notify() would block here. */
static void test_a_receiver_that_does_not_read(void **state)
{
	(void)state;
	char name[64];
	int r = 0;
	snprintf(name, sizeof(name), "@vipherald-test-full-%d", (int)getpid());
	int fd = listen_at(name);
	struct notify_socket *n = open_notify(name);
	for (int i = 0; i < 100000 && r == 0; i++)
		r = notify_socket_send(n, "STATUS=x");
	assert_int_equal(r, -EAGAIN);
	expect_message(fd, "STATUS=x");
	assert_int_equal(notify_socket_send(n, "STATUS=x"), 0);
	notify_socket_free(n);
	close(fd);
}

static void test_names_that_are_no_socket(void **state)
{
	(void)state;
	char longest[200];
	memset(longest, 'x', sizeof(longest));
	longest[0] = '/';
	longest[sizeof(longest) - 1] = 0;
	const char *const names[] = { "", "/", "@", "relative", "vsock:2:1234", longest };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct err err = { "" };
		struct notify_socket *n = NULL;
		assert_int_equal(notify_socket_new(names[i], &n, &err), -EAFNOSUPPORT);
		assert_null(n);
		assert_non_null(strstr(err.text, "NOTIFY_SOCKET '"));
	}
	notify_socket_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_abstract_name),
		cmocka_unit_test(test_a_receiver_that_is_restarted),
		cmocka_unit_test(test_a_receiver_that_does_not_read),
		cmocka_unit_test(test_names_that_are_no_socket),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
