/* SPDX-License-Identifier: MIT */
/* The API's listening sockets, TCP and unix. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/http/socket.h"
#include "lib/str.h"
#include "tests/unit/own_netns.h"

struct bed {
	char dir[64];
	struct endpoint unix_at;
	struct api_socket socket;
	struct err err;
};

static int setup(void **state)
{
	static struct bed b;
	b = (struct bed){ .dir = "/tmp/vipherald-socket-XXXXXX", .socket.fd = -1 };
	assert_non_null(mkdtemp(b.dir));
	snprintf(b.unix_at.unix_path, sizeof(b.unix_at.unix_path), "%s/api", b.dir);
	*state = &b;
	return 0;
}

static void close_socket(struct bed *b)
{
	if (b->socket.fd >= 0)
		close(b->socket.fd);
	b->socket.fd = -1;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	close_socket(b);
	shell("rm -r %s", b->dir);
	return 0;
}

static int open_at(struct bed *b, const struct endpoint *at)
{
	return api_socket_open(at, 0660, &b->socket, &b->err);
}

static struct endpoint tcp(struct addr addr)
{
	return (struct endpoint){ .addr = addr, .port = 8080 };
}

static bool accepts(struct addr addr)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&addr, 8080, 0, &ss);
	int fd = socket(addr.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = connect(fd, (struct sockaddr *)&ss, len) == 0;
	close(fd);
	return ok;
}

#define LOOPBACK6 ((struct addr){ .family = AF_INET6, .bytes = { [15] = 1 } })

static void test_tcp_of_one_address(void **state)
{
	struct bed *b = *state;
	const struct endpoint at = tcp(addr_v4(INADDR_LOOPBACK));
	assert_int_equal(open_at(b, &at), 0);
	assert_true(accepts(addr_v4(INADDR_LOOPBACK)));
	assert_false(accepts(addr_v4(INADDR_LOOPBACK + 1)));
	assert_false(accepts(LOOPBACK6));
	assert_true(fcntl(b->socket.fd, F_GETFD) & FD_CLOEXEC);
	assert_true(fcntl(b->socket.fd, F_GETFL) & O_NONBLOCK);
	assert_string_equal(b->socket.unix_path, "");
}

/* Whatever the host's default for sockets of IPv6 is. */
static void test_tcp_of_all_addresses(void **state)
{
	struct bed *b = *state;
	const struct endpoint at = { .port = 8080 };
	own_netns_write("/proc/sys/net/ipv6/bindv6only", "1");
	assert_int_equal(open_at(b, &at), 0);
	assert_true(accepts(addr_v4(INADDR_LOOPBACK)));
	assert_true(accepts(addr_v4(INADDR_LOOPBACK + 1)));
	assert_true(accepts(LOOPBACK6));
}

/* A connection of the previous instance in TIME_WAIT keeps its port. */
static void test_the_port_is_free_for_the_next_instance(void **state)
{
	struct bed *b = *state;
	const struct endpoint at = tcp(addr_v4(INADDR_LOOPBACK));
	char end;
	assert_int_equal(open_at(b, &at), 0);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&at.addr, 8080, 0, &ss);
	int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(client, (struct sockaddr *)&ss, len), 0);
	int server = accept(b->socket.fd, NULL, NULL);
	close(server);
	assert_int_equal(read(client, &end, 1), 0);
	close(client);
	close_socket(b);
	assert_int_equal(open_at(b, &at), 0);
}

static void test_a_port_that_is_taken(void **state)
{
	struct bed *b = *state;
	struct api_socket other = { .fd = -1 };
	const struct endpoint at = tcp(addr_v4(INADDR_LOOPBACK));
	assert_int_equal(open_at(b, &at), 0);
	assert_int_equal(api_socket_open(&at, 0, &other, &b->err), -EADDRINUSE);
	assert_int_equal(other.fd, -1);
	assert_non_null(strstr(b->err.text, "cannot listen on 127.0.0.1:8080: Address already in "
					    "use by process "));
	assert_non_null(strstr(b->err.text, "(test_api_socket)"));
}

static mode_t mode_of(const char *path)
{
	struct stat st;
	assert_int_equal(lstat(path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	return st.st_mode & 0777;
}

static void test_unix(void **state)
{
	struct bed *b = *state;
	umask(0077);
	assert_int_equal(open_at(b, &b->unix_at), 0);
	assert_int_equal(umask(0022), 0077); /* as it was */
	assert_int_equal(mode_of(b->unix_at.unix_path), 0660);
	assert_true(api_socket_is_alive(b->unix_at.unix_path));
	api_socket_unlink(&b->socket);
	assert_int_equal(access(b->unix_at.unix_path, F_OK), -1);
}

static void test_a_socket_without_a_listener_is_replaced(void **state)
{
	struct bed *b = *state;
	assert_int_equal(open_at(b, &b->unix_at), 0);
	close_socket(b);
	assert_false(api_socket_is_alive(b->unix_at.unix_path));
	assert_int_equal(open_at(b, &b->unix_at), 0);
	assert_true(api_socket_is_alive(b->unix_at.unix_path));
}

static void test_a_socket_of_a_living_process_stays(void **state)
{
	struct bed *b = *state;
	struct api_socket other = { .fd = -1 };
	assert_int_equal(open_at(b, &b->unix_at), 0);
	assert_int_equal(api_socket_open(&b->unix_at, 0660, &other, &b->err), -EADDRINUSE);
	assert_true(api_socket_is_alive(b->unix_at.unix_path));
}

static void test_a_file_that_is_no_socket_stays(void **state)
{
	struct bed *b = *state;
	assert_int_equal(shell("echo precious >%s", b->unix_at.unix_path), 0);
	assert_int_equal(open_at(b, &b->unix_at), -EEXIST);
	assert_int_equal(shell("grep -q precious %s", b->unix_at.unix_path), 0);
}

/* Another agent has made its own at the same path meanwhile. */
static void test_only_our_own_socket_is_removed(void **state)
{
	struct bed *b = *state;
	struct bed other = *b;
	assert_int_equal(open_at(b, &b->unix_at), 0);
	char former[128];
	snprintf(former, sizeof(former), "%s.former", b->unix_at.unix_path);
	assert_int_equal(rename(b->unix_at.unix_path, former), 0); /* its inode is not reused */
	assert_int_equal(open_at(&other, &other.unix_at), 0);
	api_socket_unlink(&b->socket);
	assert_true(api_socket_is_alive(b->unix_at.unix_path));
	close_socket(&other);
}

static void test_no_socket_is_not_alive(void **state)
{
	struct bed *b = *state;
	char path[200];
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = 0;
	assert_false(api_socket_is_alive(b->unix_at.unix_path));
	assert_false(api_socket_is_alive(path)); /* longer than a path of a socket */
}

/* An agent that has not accepted any of these yet is alive. */
static void test_a_full_backlog_is_alive(void **state)
{
	struct bed *b = *state;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fds[1024], rc = 0;
	size_t n = 0;
	assert_int_equal(open_at(b, &b->unix_at), 0);
	str_copy(sun.sun_path, sizeof(sun.sun_path), b->unix_at.unix_path);
	while (rc == 0) {
		assert_true(n < sizeof(fds) / sizeof(fds[0]));
		fds[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		rc = connect(fds[n++], (struct sockaddr *)&sun, sizeof(sun));
	}
	assert_int_equal(errno, EAGAIN);
	assert_true(api_socket_is_alive(b->unix_at.unix_path));
	while (n > 0)
		close(fds[--n]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_tcp_of_one_address),
		TEST(test_tcp_of_all_addresses),
		TEST(test_the_port_is_free_for_the_next_instance),
		TEST(test_a_port_that_is_taken),
		TEST(test_unix),
		TEST(test_a_socket_without_a_listener_is_replaced),
		TEST(test_a_socket_of_a_living_process_stays),
		TEST(test_a_file_that_is_no_socket_stays),
		TEST(test_only_our_own_socket_is_removed),
		TEST(test_no_socket_is_not_alive),
		TEST(test_a_full_backlog_is_alive),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
