/* SPDX-License-Identifier: MIT */
/* A check of a VIP never leaves the host, in a network that has a way out. */
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "monitors/monitor.h"
#include "tests/unit/own_netns.h"

#define PORT 7777

static const char *const vips[] = { "192.0.2.53", "2001:db8::53" };
#define N_VIPS 2

static bool is_vip(const struct addr *a, void *userdata)
{
	(void)userdata;
	struct addr vip;
	for (size_t i = 0; i < N_VIPS; i++)
		if (addr_parse(vips[i], &vip) == 0 && addr_equal(a, &vip))
			return true;
	return false;
}

static struct monitor_env env = { .is_vip = is_vip };

static int prefix_len(const char *vip)
{
	return strchr(vip, ':') ? 128 : 32;
}

static int guarded_socket(const char *to, int *ret_fd, struct err *err)
{
	struct addr a;
	assert_int_equal(addr_parse(to, &a), 0);
	*ret_fd = socket(a.family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_true(*ret_fd >= 0);
	return monitor_guard(&env, *ret_fd, &a, err);
}

/* The error of a connection attempt, after a moment. */
static int connect_error(int fd, const char *to)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	int error = 0;
	struct addr a;
	struct sockaddr_storage ss;
	assert_int_equal(addr_parse(to, &a), 0);
	socklen_t len = addr_to_sockaddr(&a, PORT, 0, &ss);
	if (connect(fd, (struct sockaddr *)&ss, len) == 0)
		return 0;
	if (errno != EINPROGRESS)
		return errno;
	if (poll(&p, 1, 100) == 0)
		return EINPROGRESS;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &(socklen_t){ sizeof(error) });
	return error;
}

/* How often an address of the way out was asked for: of the router that is not there. */
static bool went_out(void)
{
	return shell("ip neigh show dev v0 | grep -Eq 'INCOMPLETE|FAILED|REACHABLE'") == 0;
}

/* The kernel acknowledges an IPv6 address a moment before it makes the local route. */
static void add(const char *vip)
{
	assert_int_equal(shell("ip addr add %s/%d dev lo && "
			       "until ip route get %s | grep -q ^local; do sleep 0.01; done",
			       vip, prefix_len(vip), vip),
			 0);
}

static void del(const char *vip)
{
	assert_int_equal(shell("ip addr del %s/%d dev lo", vip, prefix_len(vip)), 0);
}

static void test_other_addresses_are_free(void **state)
{
	(void)state;
	static const char *const others[] = { "192.0.2.54", "2001:db8::54" };
	struct err err;
	int fd;
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(guarded_socket(others[i], &fd, &err), 0);
		assert_int_equal(connect_error(fd, others[i]), EINPROGRESS);
		close(fd);
	}
	assert_true(went_out());
}

static void test_vip_that_is_not_here(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_VIPS; i++) {
		struct err err = { "" };
		int fd;
		assert_int_equal(guarded_socket(vips[i], &fd, &err), -EADDRNOTAVAIL);
		assert_non_null(strstr(err.text, vips[i]));
		assert_non_null(strstr(err.text, "not on this host now"));
		close(fd);
	}
}

static void test_vip_that_is_here(void **state)
{
	(void)state;
	struct err err;
	int fd;
	for (size_t i = 0; i < N_VIPS; i++) {
		add(vips[i]);
		assert_int_equal(guarded_socket(vips[i], &fd, &err), 0);
		assert_int_equal(connect_error(fd, vips[i]), ECONNREFUSED);
		close(fd);
		del(vips[i]);
	}
}

/* Between the guard and the connection. */
static void test_vip_that_goes(void **state)
{
	(void)state;
	static const char *const nonlocal[] = { "0", "1" };
	for (size_t i = 0; i < N_VIPS; i++)
		for (size_t j = 0; j < 2; j++) {
			struct err err;
			int fd;
			own_netns_write("/proc/sys/net/ipv4/ip_nonlocal_bind", nonlocal[j]);
			add(vips[i]);
			assert_int_equal(guarded_socket(vips[i], &fd, &err), 0);
			del(vips[i]);
			int error = connect_error(fd, vips[i]);
			if (error == 0 || error == EINPROGRESS || went_out())
				fail_msg("%s: %s", vips[i], strerror(error));
			close(fd);
		}
}

static int enter(void **state)
{
	(void)state;
	own_netns_enter();
	assert_int_equal(shell("set -e; echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad; "
			       "ip link add v0 type veth peer name v1; ip link set v0 up; "
			       "ip link set v1 up; ip addr add 10.0.0.1/24 dev v0; "
			       "ip addr add fd00::1/64 dev v0 nodad; "
			       "ip route add default via 10.0.0.2; "
			       "ip -6 route add default via fd00::2"),
			 0);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_vip_that_is_not_here),
		cmocka_unit_test(test_vip_that_is_here), cmocka_unit_test(test_vip_that_goes),
		cmocka_unit_test(test_other_addresses_are_free), /* last: it does go out */
	};
	return cmocka_run_group_tests(tests, enter, NULL);
}
