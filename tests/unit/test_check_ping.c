/* SPDX-License-Identifier: MIT */
/* The ping monitor in a network namespace of its own: the kernel answers, or the test does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <netinet/in.h>

#include "lib/array.h"
#include "monitors/icmp_echo.h"
#include "net/icmp_socket.h"
#include "tests/unit/check.h"
#include "tests/unit/own_netns.h"

#define RANGE      "/proc/sys/net/ipv4/ping_group_range"
#define IGNORE_ALL "/proc/sys/net/ipv4/icmp_echo_ignore_all"

/* By an ICMP datagram socket, and by a raw one. */
static const char *const ranges[] = { "0 2147483647", "1 0" };

static void test_answers(void **state)
{
	struct check *c = *state;
	for (size_t i = 0; i < 2; i++) {
		own_netns_write(RANGE, ranges[i]);
		check_run(c, "ping:127.0.0.1", NULL, CHECK_LONG);
		check_expect(c, HEALTH_UP, "");
		check_run(c, "ping:localhost", NULL, CHECK_LONG);
		check_expect(c, HEALTH_UP, "");
		check_run(c, "ping:::1", NULL, CHECK_LONG);
		check_expect(c, HEALTH_UP, "");
		check_run(c, "ping:[::1]", NULL, CHECK_LONG);
		check_expect(c, HEALTH_UP, "");
	}
}

static void test_no_answer(void **state)
{
	struct check *c = *state;
	own_netns_write(IGNORE_ALL, "1");
	for (size_t i = 0; i < 2; i++) {
		own_netns_write(RANGE, ranges[i]);
		check_run(c, "ping:127.0.0.1", NULL, CHECK_SHORT);
		check_expect(c, HEALTH_DOWN, "no answer within 30ms");
	}
	own_netns_write(IGNORE_ALL, "0");
}

static void test_no_route(void **state)
{
	struct check *c = *state;
	check_run(c, "ping:10.7.7.7", NULL, CHECK_LONG);
	check_expect(c, HEALTH_DOWN, "cannot reach 10.7.7.7: Network is unreachable");
	check_run(c, "ping:2001:db8::7", NULL, CHECK_LONG);
	check_expect(c, HEALTH_DOWN, "cannot reach 2001:db8::7: Network is unreachable");
}

/* Nothing has the address: the host itself sends the ICMP error, when ARP or ND gave up. */
static void test_no_neighbour(void **state)
{
	struct check *c = *state;
	assert_int_equal(shell("set -e; ip link add v0 type veth peer name v1; ip link set v0 up; "
			       "ip link set v1 up; ip addr add 10.0.0.1/24 dev v0; "
			       "ip addr add fd00::1/64 dev v0 nodad; "
			       "echo 10 >/proc/sys/net/ipv4/neigh/v0/retrans_time_ms; "
			       "echo 10 >/proc/sys/net/ipv6/neigh/v0/retrans_time_ms"),
			 0);
	for (size_t i = 0; i < 2; i++) {
		own_netns_write(RANGE, ranges[i]);
		check_run(c, "ping:10.0.0.2", NULL, CHECK_LONG);
		check_expect(c, HEALTH_DOWN, "ICMP error from 10.0.0.1: No route to host");
		check_run(c, "ping:fd00::2", NULL, CHECK_LONG);
		check_expect(c, HEALTH_DOWN, "ICMP error from fd00::1: No route to host");
	}
	assert_int_equal(shell("ip link del v0"), 0);
}

/* ---- forged messages, over IPv4 ---- */

struct wire {
	int fd; /* a raw socket: sees what the monitor sends, and sends in the kernel's place */
	uint8_t request[ICMP_ECHO_SIZE];
};

static void wire_open_at(struct wire *w, uint32_t source)
{
	struct sockaddr_in lo = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(source) };
	w->fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	assert_int_equal(bind(w->fd, (const struct sockaddr *)&from, sizeof(from)), 0);
	assert_int_equal(connect(w->fd, (struct sockaddr *)&lo, sizeof(lo)), 0);
}

static void wire_open(struct wire *w)
{
	wire_open_at(w, INADDR_LOOPBACK);
}

static void wire_read_request(struct wire *w)
{
	uint8_t packet[128];
	ssize_t n;
	do
		n = recv(w->fd, packet, sizeof(packet), 0);
	while (n != 20 + ICMP_ECHO_SIZE || packet[20] != 8);
	memcpy(w->request, packet + 20, ICMP_ECHO_SIZE);
}

static void put_checksum(uint8_t *message, size_t len)
{
	uint32_t sum = 0;
	message[2] = message[3] = 0;
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(message[i] << 8 | message[i + 1]);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	message[2] = (uint8_t)(~sum >> 8);
	message[3] = (uint8_t)~sum;
}

static void wire_send(struct wire *w, uint8_t *message, size_t len)
{
	put_checksum(message, len);
	assert_int_equal(send(w->fd, message, len, 0), len);
}

/* The request with one byte changed, as a reply. */
static void wire_reply(struct wire *w, size_t at, uint8_t change)
{
	uint8_t reply[ICMP_ECHO_SIZE];
	memcpy(reply, w->request, sizeof(reply));
	reply[0] = 0;
	reply[at] ^= change;
	wire_send(w, reply, sizeof(reply));
}

/* "Host unreachable", about the request with one byte changed. */
static void wire_unreachable(struct wire *w, size_t at, uint8_t change)
{
	static const uint8_t ip[20] = { 0x45, 0, 0,   44, 0, 1, 0,   0, 64, 1,
					0,    0, 127, 0,  0, 1, 127, 0, 0,  1 };
	uint8_t error[8 + sizeof(ip) + ICMP_ECHO_SIZE] = { 3, 1 };
	memcpy(error + 8, ip, sizeof(ip));
	memcpy(error + 8 + sizeof(ip), w->request, ICMP_ECHO_SIZE);
	error[8 + sizeof(ip) + at] ^= change;
	wire_send(w, error, sizeof(error));
}

static void test_replies_of_others(void **state)
{
	struct check *c = *state;
	struct wire w, other;
	wire_open(&w);
	wire_open_at(&other, INADDR_LOOPBACK + 1); /* 127.0.0.2 */
	own_netns_write(IGNORE_ALL, "1");
	for (size_t i = 0; i < 2; i++) {
		own_netns_write(RANGE, ranges[i]);
		check_start(c, "ping:127.0.0.1", NULL, CHECK_LONG);
		wire_read_request(&w);
		memcpy(other.request, w.request, sizeof(other.request));
		wire_reply(&other, 0, 0); /* another address */
		wire_reply(&w, 5, 1);     /* another identifier */
		wire_reply(&w, 7, 1);     /* sequence 0 */
		wire_reply(&w, 7, 2);     /* a request that was not sent */
		wire_reply(&w, 23, 1);    /* another cookie */
		loop_drain(c->env.loop);
		assert_false(c->is_done);
		wire_reply(&w, 0, 0);
		loop_until(c->env.loop, loop_until_true, &c->is_done);
		check_expect(c, HEALTH_UP, "");
		monitor_spec_done(&c->spec);
	}
	own_netns_write(IGNORE_ALL, "0");
	close(w.fd);
	close(other.fd);
}

static void test_errors_of_others(void **state)
{
	struct check *c = *state;
	struct wire w;
	wire_open(&w);
	own_netns_write(IGNORE_ALL, "1");
	for (size_t i = 0; i < 2; i++) {
		own_netns_write(RANGE, ranges[i]);
		check_start(c, "ping:127.0.0.1", NULL, CHECK_LONG);
		wire_read_request(&w);
		wire_unreachable(&w, 5, 1);
		wire_unreachable(&w, 7, 2);
		loop_drain(c->env.loop);
		assert_false(c->is_done);
		wire_unreachable(&w, 0, 0);
		loop_until(c->env.loop, loop_until_true, &c->is_done);
		check_expect(c, HEALTH_DOWN, "ICMP error from 127.0.0.1: No route to host");
		monitor_spec_done(&c->spec);
	}
	own_netns_write(IGNORE_ALL, "0");
	close(w.fd);
}

/* The first request is lost. */
static void test_repeats(void **state)
{
	struct check *c = *state;
	struct wire w;
	wire_open(&w);
	own_netns_write(RANGE, ranges[0]);
	own_netns_write(IGNORE_ALL, "1");
	check_start(c, "ping:127.0.0.1", NULL, CHECK_LONG);
	wire_read_request(&w);
	own_netns_write(IGNORE_ALL, "0");
	loop_until(c->env.loop, loop_until_true, &c->is_done);
	check_expect(c, HEALTH_UP, "");
	monitor_spec_done(&c->spec);
	close(w.fd);
}

/* ---- VIPs ---- */

static bool is_vip(const struct addr *a, void *userdata)
{
	(void)userdata;
	return !addr_is_loopback(a);
}

static void test_vip(void **state)
{
	struct check *c = *state;
	c->env.is_vip = is_vip;
	assert_int_equal(shell("echo 0 >/proc/sys/net/ipv6/conf/all/accept_dad; "
			       "ip addr add 192.0.2.53/32 dev lo && "
			       "ip addr add 2001:db8::53/128 dev lo nodad && "
			       "until ip route get 2001:db8::53 | grep -q ^local; do sleep 0.01; "
			       "done"),
			 0);
	for (size_t i = 0; i < 2; i++) {
		own_netns_write(RANGE, ranges[i]);
		check_run(c, "ping:192.0.2.54", NULL, CHECK_LONG);
		check_expect(c, HEALTH_UNKNOWN, "192.0.2.54 is a VIP that is not on this host now");
		check_run(c, "ping:192.0.2.53", NULL, CHECK_LONG);
		check_expect(c, HEALTH_UP, "");
		check_run(c, "ping:2001:db8::53", NULL, CHECK_LONG);
		check_expect(c, HEALTH_UP, "");
	}
}

static void test_cancel(void **state)
{
	struct check *c = *state;
	own_netns_write(RANGE, ranges[0]);
	check_start(c, "ping:127.0.0.1", NULL, CHECK_LONG);
	check_cancel(c);
	loop_drain(c->env.loop);
	assert_false(c->is_done);
}

/* ---- the sysctl ---- */

static void test_allowed(void **state)
{
	(void)state;
	const gid_t groups[] = { 100, 300 };
	static const struct {
		const char *range;
		bool allowed;
	} cases[] = {
		{ "1 0", false },  { "0 2147483647", true }, { "101 299", false },
		{ "0 100", true }, { "300 300", true },      { "301 2147483647", false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		own_netns_write(RANGE, cases[i].range);
		assert_int_equal(icmp_socket_is_allowed(groups, 2), cases[i].allowed);
		assert_false(icmp_socket_is_allowed(groups, 0));
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, check_setup, check_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_answers),
		TEST(test_no_answer),
		TEST(test_no_route),
		TEST(test_no_neighbour),
		TEST(test_replies_of_others),
		TEST(test_errors_of_others),
		TEST(test_repeats),
		TEST(test_cancel),
		TEST(test_vip),
		cmocka_unit_test(test_allowed),
	};
	return cmocka_run_group_tests(tests, own_netns_setup, NULL);
}
