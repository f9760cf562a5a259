/* SPDX-License-Identifier: MIT */
/* The filter runs in the kernel, on a pair of sockets. */
#include "lib/array.h"
#include "net/portset.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static const struct {
	const char *name;
	uint16_t ports[8];
	size_t n, max;
	struct port_range ranges[8];
	size_t n_ranges;
} cases[] = {
	{ "none", { 0 }, 0, 4, { { 0 } }, 0 },
	{ "one", { 53 }, 1, 4, { { 53, 53 } }, 1 },
	{ "neighbours", { 54, 53, 55 }, 3, 4, { { 53, 55 } }, 1 },
	{ "over the words", { 63, 64, 127, 128 }, 4, 4, { { 63, 64 }, { 127, 128 } }, 2 },
	{ "the ends", { 0, 1, 65535 }, 3, 4, { { 0, 1 }, { 65535, 65535 } }, 2 },
	{ "the smallest gap goes",
	  { 10, 20, 25, 40 },
	  4,
	  3,
	  { { 10, 10 }, { 20, 25 }, { 40, 40 } },
	  3 },
	{ "one range for all", { 10, 20, 25, 40 }, 4, 1, { { 10, 40 } }, 1 },
	{ "the smallest two go",
	  { 10, 20, 25, 40, 43 },
	  5,
	  3,
	  { { 10, 10 }, { 20, 25 }, { 40, 43 } },
	  3 },
	{ "as many as may be",
	  { 10, 20, 25, 40 },
	  4,
	  4,
	  { { 10, 10 }, { 20, 20 }, { 25, 25 }, { 40, 40 } },
	  4 },
	{ "of three gaps that are the same, two stay",
	  { 10, 20, 30, 40 },
	  4,
	  3,
	  { { 10, 10 }, { 20, 20 }, { 30, 40 } },
	  3 },
	{ "the first is more than one port",
	  { 10, 11, 12, 30, 33 },
	  5,
	  2,
	  { { 10, 12 }, { 30, 33 } },
	  2 },
	{ "a wide one behind them", { 10, 20, 30, 60 }, 4, 2, { { 10, 30 }, { 60, 60 } }, 2 },
	{ "a whole word", { 64, 127 }, 2, 4, { { 64, 64 }, { 127, 127 } }, 2 },
	{ "gaps that are the same", { 10, 20, 30, 40 }, 4, 2, { { 10, 10 }, { 20, 40 } }, 2 },
};

static void test_ranges(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct port_set s = { 0 };
		struct port_range got[8];
		for (size_t j = 0; j < cases[i].n; j++)
			port_set_add(&s, cases[i].ports[j]);
		size_t n = port_set_ranges(&s, got, cases[i].max);
		if (n != cases[i].n_ranges || memcmp(got, cases[i].ranges, n * sizeof(*got)) != 0)
			fail_msg("%s: %zu ranges, the first %u to %u", cases[i].name, n,
				 got[0].first, got[0].last);
	}
}

/* Any set: no port is lost, and none is added as long as the ranges suffice. */
static void test_many(void **state)
{
	(void)state;
	unsigned short seed[3] = { 1, 2, 3 };
	for (size_t wanted = 1; wanted <= 32768; wanted *= 2) {
		struct port_range ranges[PORT_FILTER_RANGES];
		struct port_set s = { 0 }, covered = { 0 };
		for (size_t i = 0; i < wanted; i++)
			port_set_add(&s, (uint16_t)nrand48(seed));
		size_t n = port_set_ranges(&s, ranges, PORT_FILTER_RANGES);
		assert_true(n <= PORT_FILTER_RANGES);
		for (size_t i = 0; i < n; i++)
			for (uint32_t p = ranges[i].first; p <= ranges[i].last; p++)
				port_set_add(&covered, (uint16_t)p);
		for (uint32_t p = 0; p <= UINT16_MAX; p++) {
			if (port_set_has(&s, (uint16_t)p))
				assert_true(port_set_has(&covered, (uint16_t)p));
			else if (n < PORT_FILTER_RANGES)
				assert_false(port_set_has(&covered, (uint16_t)p));
		}
	}
}

/* As many ranges as there can be. */
static void test_every_second_port(void **state)
{
	static struct port_range ranges[UINT16_MAX / 2 + 1];
	struct port_set s = { 0 };
	(void)state;
	for (uint32_t p = 1; p <= UINT16_MAX; p += 2)
		port_set_add(&s, (uint16_t)p);
	assert_int_equal(port_set_ranges(&s, ranges, ARRAY_SIZE(ranges)), ARRAY_SIZE(ranges));
	for (uint32_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		assert_int_equal(ranges[i].first, 2 * i + 1);
		assert_int_equal(ranges[i].last, 2 * i + 1);
	}
}

/* Does a message about a socket with these ports come through? */
static bool passes(int fds[static 2], uint16_t local, uint16_t remote)
{
	struct {
		struct nlmsghdr head;
		struct inet_diag_msg diag;
	} message = { .diag.id = { .idiag_sport = htons(local),
				   .idiag_dport = htons(remote),
				   .idiag_src = { htonl(0xc0000201) } } };
	char buf[256];
	ssize_t n = send(fds[0], &message, sizeof(message), MSG_DONTWAIT);
	/* A unix socket tells the sender that its message was filtered, or drops it silently. */
	if (n < 0)
		return false;
	n = recv(fds[1], buf, sizeof(buf), MSG_DONTWAIT);
	assert_true(n < 0 || n == (ssize_t)sizeof(message)); /* whole */
	return n > 0;
}

/* How many of them the kernel took: before Linux 6.7 net.core.optmem_max is 20,480. */
static size_t attach(int fd, const struct port_range *ranges, size_t n)
{
	static struct sock_filter code[PORT_FILTER_MAX];
	struct sock_fprog program = { .filter = code };
	program.len = (unsigned short)port_filter_build(ranges, n, code);
	assert_true(program.len <= PORT_FILTER_MAX);
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) == 0)
		return n;
	assert_int_equal(errno, ENOMEM);
	assert_true(n > 255);
	print_message("net.core.optmem_max is too small for %zu ranges\n", n);
	return attach(fd, ranges, n - n / 8);
}

/* For 0, 1, 2, 3, … and the most ranges that there may be: each edge, and what is next to it. */
static void test_filter(void **state)
{
	(void)state;
	static const size_t counts[] = { 0, 1, 2, 3, 5, 64, 255, PORT_FILTER_RANGES };
	for (size_t c = 0; c < ARRAY_SIZE(counts); c++) {
		struct port_range ranges[PORT_FILTER_RANGES] = { 0 };
		int fds[2];
		assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, fds), 0);
		for (size_t i = 0; i < counts[c]; i++)
			ranges[i] = (struct port_range){ (uint16_t)(100 + 100 * i),
							 (uint16_t)(100 + 100 * i + i % 3) };
		size_t n = attach(fds[1], ranges, counts[c]);
		assert_false(passes(fds, 0, 0));
		assert_false(passes(fds, 65535, 0));
		for (size_t i = 0; i < n; i++) {
			assert_true(passes(fds, ranges[i].first, 0));
			assert_true(passes(fds, ranges[i].last, 0));
			assert_false(passes(fds, (uint16_t)(ranges[i].first - 1), 0));
			assert_false(passes(fds, (uint16_t)(ranges[i].last + 1), 0));
			assert_false(passes(fds, ranges[i].first, 40000)); /* a connection */
			if (counts[c] <= 5) /* else it may be one of them, too */
				assert_false(passes(fds, htons(ranges[i].first), 0));
		}
		close(fds[0]);
		close(fds[1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_every_second_port),
		cmocka_unit_test(test_filter),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
