/* SPDX-License-Identifier: MIT */
/* A session with a router that is a socket of the test: packets as they are on the wire. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <string.h>

#include "bfd/packet.h"
#include "lib/array.h"
#include "tests/unit/bfd_pair.h"

static const struct sockaddr_in host_port = { .sin_family = AF_INET,
					      .sin_port = 0xc80e, /* 3784 */
					      .sin_addr = { 0x010200c0 } };

static int open_router(int ttl)
{
	struct sockaddr_in any = { .sin_family = AF_INET, .sin_port = host_port.sin_port };
	enter(ROUTER);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enter(HOST);
	assert_true(fd >= 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)), 0);
	assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_RECVTTL, &(int){ 1 }, sizeof(int)), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&any, sizeof(any)), 0);
	return fd;
}

static void router_send(int fd, const struct bfd_packet *p)
{
	uint8_t buf[BFD_PACKET_MAX];
	size_t len = bfd_packet_write(p, 0, buf);
	assert_int_equal(
		sendto(fd, buf, len, 0, (const struct sockaddr *)&host_port, sizeof(host_port)),
		len);
}

struct seen {
	struct bfd_packet packet;
	uint16_t port;
	int ttl;
};

/* False: nothing for `limit`. */
static bool router_receive(int fd, span_t limit, struct seen *ret)
{
	union {
		struct cmsghdr header;
		char buf[64];
	} control;
	uint8_t buf[64];
	struct sockaddr_in from;
	enum bfd_drop why;
	struct iovec data = { buf, sizeof(buf) };
	struct msghdr msg = { .msg_name = &from,
			      .msg_namelen = sizeof(from),
			      .msg_iov = &data,
			      .msg_iovlen = 1,
			      .msg_control = control.buf,
			      .msg_controllen = sizeof(control.buf) };
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (poll(&p, 1, (int)(limit / MS)) == 0)
		return false;
	ssize_t n = recvmsg(fd, &msg, 0);
	assert_true(n > 0 && bfd_packet_read(buf, (size_t)n, &ret->packet, &why));
	const struct cmsghdr *ttl = CMSG_FIRSTHDR(&msg);
	assert_non_null(ttl);
	if (ttl)
		memcpy(&ret->ttl, CMSG_DATA(ttl), sizeof(ret->ttl));
	ret->port = ntohs(from.sin_port);
	return true;
}

/* Until the host has said this state. */
static void router_expect(int fd, enum bfd_state state, struct seen *ret)
{
	const mono_t begin = loop_clock();
	do
		assert_true(router_receive(fd, PATIENCE, ret) && loop_clock() - begin < PATIENCE);
	while (ret->packet.state != state);
}

struct script {
	sd_event *loop;
	struct end end;
	int fd;
	struct seen seen;
};

static void script_start(struct script *s, const struct bfd_config *config)
{
	const struct bfd_key key = key_of("192.0.2.1", "192.0.2.2", "", false);
	assert_true(sd_event_new(&s->loop) >= 0);
	s->fd = open_router(255);
	end_start(&s->end, s->loop, HOST, &key, config);
}

static void script_done(struct script *s)
{
	bfd_free(s->end.bfd);
	close(s->fd);
	sd_event_unref(s->loop);
}

static bool end_is_up(void *userdata)
{
	return ((struct end *)userdata)->state == BFD_UP;
}

static bool end_is_down(void *userdata)
{
	return ((struct end *)userdata)->state == BFD_DOWN;
}

static struct bfd_packet say(const struct script *s, enum bfd_state state)
{
	return (struct bfd_packet){ .state = state,
				    .multiplier = 5,
				    .my_discr = 77,
				    .your_discr = s->seen.packet.my_discr,
				    .min_tx = 100000,
				    .min_rx = 100000 };
}

static void script_bring_up(struct script *s)
{
	router_expect(s->fd, BFD_DOWN, &s->seen);
	struct bfd_packet p = say(s, BFD_INIT);
	router_send(s->fd, &p);
	router_expect(s->fd, BFD_UP, &s->seen);
	loop_until(s->loop, end_is_up, &s->end);
}

/* RFC 5881 4 and 5. */
static void packets_are_as_the_rfc_says(void **state)
{
	(void)state;
	struct script s;
	const struct bfd_config c = fast();
	struct seen later;
	script_start(&s, &c);
	router_expect(s.fd, BFD_DOWN, &s.seen);
	assert_int_equal(s.seen.ttl, 255);
	assert_in_range(s.seen.port, BFD_SOURCE_PORT_MIN, 65535);
	assert_int_equal(s.seen.packet.your_discr, 0);
	assert_int_equal(s.seen.packet.min_tx, USEC_PER_SEC);
	assert_int_equal(s.seen.packet.min_echo_rx, 0);
	assert_false(s.seen.packet.independent || s.seen.packet.demand || s.seen.packet.poll);
	struct bfd_packet p = say(&s, BFD_INIT);
	router_send(s.fd, &p);
	router_expect(s.fd, BFD_UP, &later);
	assert_int_equal(later.port, s.seen.port);
	assert_int_equal(later.packet.your_discr, 77);
	assert_true(later.packet.poll);
	script_done(&s);
}

static bool ttl_was_counted(void *userdata)
{
	const struct end *end = userdata;
	return bfd_session_status(end->session)->dropped[BFD_DROP_TTL] > 0;
}

static void packet_that_was_routed_is_dropped(void **state)
{
	(void)state;
	struct script s;
	const struct bfd_config c = fast();
	const int ttl = 254;
	script_start(&s, &c);
	router_expect(s.fd, BFD_DOWN, &s.seen);
	assert_int_equal(setsockopt(s.fd, IPPROTO_IP, IP_TTL, &ttl, sizeof(ttl)), 0);
	const struct bfd_packet p = say(&s, BFD_INIT);
	router_send(s.fd, &p);
	loop_until(s.loop, ttl_was_counted, &s.end);
	assert_int_equal(s.end.state, BFD_DOWN);
	script_done(&s);
}

static bool unknown_was_counted(void *userdata)
{
	const struct end *end = userdata;
	return bfd_counts(end->bfd)->dropped[BFD_DROP_YOUR_DISCR] == 1;
}

static void strangers_are_counted(void **state)
{
	(void)state;
	struct script s;
	const struct bfd_config c = fast();
	script_start(&s, &c);
	router_expect(s.fd, BFD_DOWN, &s.seen);
	struct bfd_packet p = say(&s, BFD_UP);
	p.your_discr++;
	router_send(s.fd, &p);
	loop_until(s.loop, unknown_was_counted, &s.end);
	script_done(&s);
}

static int on_time(sd_event_source *source, uint64_t now, void *userdata)
{
	(void)source, (void)now;
	*(bool *)userdata = true;
	return 0;
}

static void run_for(sd_event *loop, span_t span)
{
	bool over = false;
	sd_event_source *timer = NULL;
	assert_int_equal(
		loop_timer_set(loop, &timer, loop_clock() + span, LOOP_IDLE, on_time, &over), 0);
	loop_until(loop, loop_until_true, &over);
	sd_event_source_disable_unref(timer);
}

/* The process did not run for longer than the detection time: what is in its socket counts
 * first. */
static void packets_that_wait_are_read_before_silence_is_judged(void **state)
{
	(void)state;
	struct script s;
	const struct bfd_config c = fast();
	script_start(&s, &c);
	script_bring_up(&s);
	struct bfd_packet p = say(&s, BFD_UP);
	assert_int_equal(kill(bfd_helper_pid(s.end.bfd), SIGSTOP), 0);
	run_for(s.loop, 700 * MS);
	router_send(s.fd, &p);
	p.poll = true; /* its answer shows that all of it was read */
	router_send(s.fd, &p);
	assert_int_equal(kill(bfd_helper_pid(s.end.bfd), SIGCONT), 0);
	do
		router_expect(s.fd, BFD_UP, &s.seen);
	while (!s.seen.packet.final);
	assert_int_equal(s.end.n_down, 0);
	/* Then there is silence. */
	loop_until(s.loop, end_is_down, &s.end);
	assert_int_equal(s.end.at_down.down.diag, BFD_DIAG_EXPIRED);
	script_done(&s);
}

/* A host whose main loop has stopped must not look alive. */
static void nothing_is_sent_for_a_loop_that_does_not_run(void **state)
{
	(void)state;
	struct script s;
	struct bfd_config c = fast();
	const mono_t begin = loop_clock();
	c.hold_time = USEC_PER_SEC;
	script_start(&s, &c);
	while (router_receive(s.fd, 2 * USEC_PER_SEC, &s.seen))
		assert_true(loop_clock() - begin < PATIENCE);
	/* It runs again. */
	while (!router_receive(s.fd, 0, &s.seen)) {
		run_for(s.loop, 50 * MS);
		assert_true(loop_clock() - begin < 2 * PATIENCE);
	}
	script_done(&s);
}

static bool has_error(void *userdata)
{
	return bfd_session_status(((struct end *)userdata)->session)->error[0];
}

static bool has_no_error(void *userdata)
{
	return !has_error(userdata);
}

static void taken_port_is_waited_for(void **state)
{
	(void)state;
	struct script s;
	struct end end;
	const struct bfd_config c = fast();
	const struct bfd_key key = key_of("192.0.2.2", "192.0.2.1", "", false);
	assert_true(sd_event_new(&s.loop) >= 0);
	s.fd = open_router(255);
	end_start(&end, s.loop, ROUTER, &key, &c);
	loop_until(s.loop, has_error, &end);
	assert_non_null(strstr(bfd_session_status(end.session)->error, "UDP port 3784 is taken"));
	close(s.fd);
	loop_until(s.loop, has_no_error, &end);
	bfd_free(end.bfd);
	sd_event_unref(s.loop);
}

static void address_that_is_not_there_is_waited_for(void **state)
{
	(void)state;
	struct end end;
	sd_event *loop;
	const struct bfd_config c = fast();
	const struct bfd_key key = key_of("192.0.2.77", "192.0.2.2", "", false);
	assert_true(sd_event_new(&loop) >= 0);
	end_start(&end, loop, HOST, &key, &c);
	loop_until(loop, has_error, &end);
	assert_string_equal(bfd_session_status(end.session)->error,
			    "cannot send from 192.0.2.77: not an address of this host");
	assert_int_equal(shell("ip addr add 192.0.2.77/24 dev eth0"), 0);
	loop_until(loop, has_no_error, &end);
	assert_int_equal(shell("ip addr del 192.0.2.77/24 dev eth0"), 0);
	loop_until(loop, has_error, &end);
	bfd_free(end.bfd);
	sd_event_unref(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(packets_are_as_the_rfc_says),
		cmocka_unit_test(packet_that_was_routed_is_dropped),
		cmocka_unit_test(strangers_are_counted),
		cmocka_unit_test(packets_that_wait_are_read_before_silence_is_judged),
		cmocka_unit_test(nothing_is_sent_for_a_loop_that_does_not_run),
		cmocka_unit_test(taken_port_is_waited_for),
		cmocka_unit_test(address_that_is_not_there_is_waited_for),
	};
	return cmocka_run_group_tests(tests, make_link, NULL);
}
