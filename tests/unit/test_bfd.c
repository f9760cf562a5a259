/* SPDX-License-Identifier: MIT */
/*
 * BFD with its process and real sockets: a host and a router, each in a network namespace of its own,
 * with a link between. The router is the same code, or a socket of the test.
 */
#include "bfd/bfd.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "bfd/packet.h"
#include "lib/array.h"
#include "lib/str.h"
#include "process/syscall_filter.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/own_netns.h"

#define MS USEC_PER_MSEC

enum { HOST, ROUTER };

static int spaces[2] = { -1, -1 };

static void enter(int space)
{
	assert_int_equal(setns(spaces[space], CLONE_NEWNET), 0);
}

static int this_space(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

/* eth0 of both, 192.0.2.1 and .2, 2001:db8::1 and ::2, fe80::1 and ::2. */
static int make_link(void **state)
{
	(void)state;
	own_netns_enter();
	spaces[HOST] = this_space();
	assert_int_equal(unshare(CLONE_NEWNET), 0);
	own_netns_set_lo(1);
	spaces[ROUTER] = this_space();
	enter(HOST);
	assert_int_equal(shell("ip link add eth0 type veth peer name eth0 netns /proc/%d/fd/%d",
			       (int)getpid(), spaces[ROUTER]),
			 0);
	for (int i = 0; i < 2; i++) {
		enter(i);
		assert_int_equal(
			shell("sysctl -w net.ipv6.conf.eth0.addr_gen_mode=1; "
			      "ip link set eth0 up && ip addr add 192.0.2.%d/24 dev eth0 && "
			      "ip addr add 2001:db8::%d/64 dev eth0 nodad && "
			      "ip addr add fe80::%d/64 dev eth0 nodad",
			      i + 1, i + 1, i + 1),
			0);
	}
	enter(HOST);
	return 0;
}

/* ---- an end ---- */

struct end {
	struct bfd *bfd;
	struct bfd_session *session;
	unsigned n_up, n_down, n_trouble;
	enum bfd_state state;
	struct bfd_status at_down;
	bool is_stopped;
};

static void on_changed(struct bfd_session *session, const struct bfd_status *s, enum bfd_state from,
		       void *userdata)
{
	struct end *end = userdata;
	assert_ptr_equal(bfd_session_status(session), s);
	assert_int_equal(end->state, from);
	end->state = s->state;
	end->n_up += s->state == BFD_UP;
	end->n_down += from == BFD_UP;
	if (from == BFD_UP)
		end->at_down = *s;
}

static void on_trouble(const char *text, void *userdata)
{
	assert_true(*text);
	((struct end *)userdata)->n_trouble++;
}

static void on_stopped(void *userdata)
{
	((struct end *)userdata)->is_stopped = true;
}

static const struct bfd_ops ops = { on_changed, on_trouble, on_stopped };

static struct bfd_key key_of(const char *local, const char *peer, const char *ifname, bool multihop)
{
	struct bfd_key key = { .multihop = multihop };
	assert_int_equal(addr_parse(local, &key.local), 0);
	assert_int_equal(addr_parse(peer, &key.peer), 0);
	str_copy(key.ifname, sizeof(key.ifname), ifname);
	return key;
}

static struct bfd_config fast(void)
{
	struct bfd_config c = bfd_config_default();
	/* Slow enough for a busy machine under the sanitizers. */
	c.desired_min_tx = c.required_min_rx = 100 * MS;
	c.multiplier = 5;
	c.min_ttl = 200;
	return c;
}

static void end_start(struct end *end, sd_event *loop, int space, const struct bfd_key *key,
		      const struct bfd_config *config)
{
	struct err err;
	*end = (struct end){ .state = BFD_DOWN };
	enter(space);
	assert_int_equal(bfd_new(loop, &ops, end, &end->bfd, &err), 0);
	assert_int_equal(bfd_helper_pid(end->bfd), 0);
	assert_int_equal(bfd_session_new(end->bfd, key, config, end, &end->session, &err), 0);
	assert_true(bfd_helper_pid(end->bfd) > 0);
	enter(HOST);
}

struct pair {
	sd_event *loop;
	struct end ends[2];
};

static void pair_start(struct pair *p, const struct bfd_key keys[2], const struct bfd_config *c)
{
	assert_true(sd_event_new(&p->loop) >= 0);
	for (int i = 0; i < 2; i++)
		end_start(&p->ends[i], p->loop, i, &keys[i], c);
}

static void pair_done(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		bfd_free(p->ends[i].bfd);
	sd_event_unref(p->loop);
}

static bool both_up(void *userdata)
{
	const struct pair *p = userdata;
	return p->ends[0].state == BFD_UP && p->ends[1].state == BFD_UP;
}

static bool both_agreed(void *userdata)
{
	const struct pair *p = userdata;
	for (int i = 0; i < 2; i++)
		if (bfd_session_status(p->ends[i].session)->tx_interval != 100 * MS ||
		    bfd_session_status(p->ends[i].session)->rx_interval != 100 * MS)
			return false;
	return both_up(userdata);
}

static bool neither_up(void *userdata)
{
	const struct pair *p = userdata;
	return p->ends[0].state != BFD_UP && p->ends[1].state != BFD_UP;
}

static void start_ipv4(struct pair *p)
{
	const struct bfd_config c = fast();
	const struct bfd_key keys[2] = { key_of("192.0.2.1", "192.0.2.2", "", false),
					 key_of("192.0.2.2", "192.0.2.1", "", false) };
	pair_start(p, keys, &c);
	loop_until(p->loop, both_agreed, p);
}

/* ---- tests ---- */

static void comes_up_over_every_kind_of_path(void **state)
{
	static const struct {
		const char *host, *router, *ifname;
		bool multihop;
	} cases[] = {
		{ "192.0.2.1", "192.0.2.2", "", false },
		{ "192.0.2.1", "192.0.2.2", "eth0", false },
		{ "192.0.2.1", "192.0.2.2", "", true },
		{ "2001:db8::1", "2001:db8::2", "", false },
		{ "2001:db8::1", "2001:db8::2", "", true },
		{ "fe80::1", "fe80::2", "eth0", false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct pair p;
		const struct bfd_config c = fast();
		const struct bfd_key keys[2] = {
			key_of(cases[i].host, cases[i].router, cases[i].ifname, cases[i].multihop),
			key_of(cases[i].router, cases[i].host, cases[i].ifname, cases[i].multihop),
		};
		pair_start(&p, keys, &c);
		loop_until(p.loop, both_agreed, &p);
		const struct bfd_status *s = bfd_session_status(p.ends[0].session);
		const struct bfd_status *t = bfd_session_status(p.ends[1].session);
		assert_string_equal(s->error, "");
		assert_int_equal(s->detection_time, 500 * MS);
		assert_int_equal(s->up_events, 1);
		assert_true(s->discr != 0 && s->discr != t->discr);
		assert_int_equal(s->remote_discr, t->discr);
		pair_done(&p);
	}
}

static bool changed_to_200(void *userdata)
{
	const struct pair *p = userdata;
	return bfd_session_status(p->ends[HOST].session)->tx_interval == 200 * MS &&
	       bfd_session_status(p->ends[ROUTER].session)->rx_interval == 200 * MS;
}

static void timers_change_while_it_is_up(void **state)
{
	(void)state;
	struct pair p;
	struct err err;
	struct bfd_config c = fast();
	start_ipv4(&p);
	c.desired_min_tx = 200 * MS;
	assert_int_equal(bfd_session_change(p.ends[HOST].session, &c, &err), 0);
	loop_until(p.loop, changed_to_200, &p);
	assert_int_equal(p.ends[HOST].n_down + p.ends[ROUTER].n_down, 0);
	c.multiplier = 0;
	assert_int_equal(bfd_session_change(p.ends[HOST].session, &c, &err), -EINVAL);
	pair_done(&p);
}

static void set_link(int space, const char *to)
{
	enter(space);
	assert_int_equal(shell("ip link set eth0 %s", to), 0);
	enter(HOST);
}

static void cut_link_is_found_on_both_sides(void **state)
{
	(void)state;
	struct pair p;
	char why[BFD_WHY_MAX];
	start_ipv4(&p);
	set_link(ROUTER, "down");
	loop_until(p.loop, neither_up, &p);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(p.ends[i].n_down, 1);
		assert_int_equal(p.ends[i].at_down.down.diag, BFD_DIAG_EXPIRED);
		assert_string_equal(bfd_status_why(&p.ends[i].at_down, why),
				    "no packet for 500ms (control detection time expired)");
	}
	set_link(ROUTER, "up");
	loop_until(p.loop, both_agreed, &p);
	assert_int_equal(p.ends[HOST].n_up, 2);
	pair_done(&p);
}

/* It may be up again already. */
static bool router_was_down(void *userdata)
{
	return ((struct pair *)userdata)->ends[ROUTER].n_down == 1;
}

static bool helper_is_gone(void *userdata)
{
	return bfd_helper_pid(((struct pair *)userdata)->ends[HOST].bfd) == 0;
}

/* The session that is freed says AdminDown, and the process has nothing left to do. */
static void freed_session_says_admin_down(void **state)
{
	(void)state;
	struct pair p;
	struct err err;
	const struct bfd_config c = fast();
	start_ipv4(&p);
	const struct bfd_key key = *bfd_session_key(p.ends[HOST].session);
	bfd_session_free(p.ends[HOST].session);
	assert_null(bfd_session_find(p.ends[HOST].bfd, &key));
	loop_until(p.loop, router_was_down, &p);
	assert_int_equal(p.ends[ROUTER].at_down.down.diag, BFD_DIAG_NEIGHBOR_SIGNALED);
	assert_int_equal(p.ends[ROUTER].at_down.down.remote_state, BFD_ADMIN_DOWN);
	loop_until(p.loop, helper_is_gone, &p);
	assert_int_equal(p.ends[HOST].n_down, 0);
	assert_int_equal(p.ends[HOST].n_trouble, 0);
	/* And again: another process. */
	p.ends[HOST].state = BFD_DOWN;
	enter(HOST);
	assert_int_equal(bfd_session_new(p.ends[HOST].bfd, &key, &c, &p.ends[HOST],
					 &p.ends[HOST].session, &err),
			 0);
	loop_until(p.loop, both_agreed, &p);
	pair_done(&p);
}

/* The new session with a key takes over from the one that is leaving. */
static void session_is_replaced_at_once(void **state)
{
	(void)state;
	struct pair p;
	struct err err;
	const struct bfd_config c = fast();
	start_ipv4(&p);
	const struct bfd_key key = *bfd_session_key(p.ends[HOST].session);
	bfd_session_free(p.ends[HOST].session);
	p.ends[HOST].state = BFD_DOWN;
	assert_int_equal(bfd_session_new(p.ends[HOST].bfd, &key, &c, &p.ends[HOST],
					 &p.ends[HOST].session, &err),
			 0);
	assert_int_equal(bfd_session_new(p.ends[HOST].bfd, &key, &c, NULL,
					 &(struct bfd_session *){ NULL }, &err),
			 -EEXIST);
	loop_until(p.loop, router_was_down, &p);
	loop_until(p.loop, both_agreed, &p);
	pair_done(&p);
}

static void stop_tells_the_peer(void **state)
{
	(void)state;
	struct pair p;
	struct err err;
	const struct bfd_config c = fast();
	start_ipv4(&p);
	bfd_stop(p.ends[HOST].bfd);
	loop_until(p.loop, loop_until_true, &p.ends[HOST].is_stopped);
	assert_int_equal(bfd_session_status(p.ends[HOST].session)->state, BFD_ADMIN_DOWN);
	assert_int_equal(p.ends[HOST].n_down, 0);
	loop_until(p.loop, router_was_down, &p);
	assert_int_equal(p.ends[ROUTER].at_down.down.remote_state, BFD_ADMIN_DOWN);
	const struct bfd_key another = key_of("192.0.2.1", "192.0.2.3", "", false);
	assert_int_equal(
		bfd_session_new(p.ends[HOST].bfd, &another, &c, NULL, &p.ends[HOST].session, &err),
		-ESHUTDOWN);
	pair_done(&p);
}

static void stop_without_sessions_is_short(void **state)
{
	(void)state;
	struct err err;
	sd_event *loop;
	struct end end = { .state = BFD_DOWN };
	assert_true(sd_event_new(&loop) >= 0);
	assert_int_equal(bfd_new(loop, &ops, &end, &end.bfd, &err), 0);
	bfd_stop(end.bfd);
	loop_until(loop, loop_until_true, &end.is_stopped);
	bfd_free(end.bfd);
	sd_event_unref(loop);
}

static bool helper_ended(void *userdata)
{
	return ((struct pair *)userdata)->ends[HOST].n_trouble == 1;
}

static pid_t kill_helper(struct pair *p)
{
	const pid_t pid = bfd_helper_pid(p->ends[HOST].bfd);
	p->ends[HOST].n_trouble = 0;
	assert_int_equal(kill(pid, SIGKILL), 0);
	loop_until(p->loop, helper_ended, p);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* reaped */
	return pid;
}

/* What is received after `since` was sent after it. */
static bool host_heard_and_was_heard(void *userdata)
{
	const struct pair *p = userdata;
	const struct bfd_status *host = bfd_session_status(p->ends[HOST].session);
	return host->received > p->ends[HOST].at_down.received &&
	       bfd_session_status(p->ends[ROUTER].session)->received >
		       p->ends[ROUTER].at_down.received;
}

static void go_on_after_kill(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		p->ends[i].at_down = *bfd_session_status(p->ends[i].session);
	const uint32_t discr = p->ends[HOST].at_down.discr;
	const uint16_t port = p->ends[HOST].at_down.port;
	const pid_t first = kill_helper(p);
	assert_true(bfd_helper_pid(p->ends[HOST].bfd) > 0);
	assert_int_not_equal(bfd_helper_pid(p->ends[HOST].bfd), first);
	loop_until(p->loop, host_heard_and_was_heard, p);
	loop_until(p->loop, both_agreed, p);
	const struct bfd_status *s = bfd_session_status(p->ends[HOST].session);
	assert_int_equal(s->up_events, 1);
	assert_int_equal(s->down_events, 0);
	assert_int_equal(s->discr, discr);
	assert_int_equal(s->port, port);
	assert_int_equal(p->ends[HOST].n_down, 0);
	assert_int_equal(p->ends[ROUTER].n_down, 0);
	assert_int_equal(bfd_helper_restarts(p->ends[HOST].bfd), 1);
}

/* Killed by the OOM killer, say. The router does not notice, or not what has happened; a second time within
 * a minute the session is down. */
static void helper_is_started_again(void **state)
{
	(void)state;
	struct pair p;
	char why[BFD_WHY_MAX];
	start_ipv4(&p);
	go_on_after_kill(&p);
	kill_helper(&p);
	assert_int_equal(p.ends[HOST].n_down, 1);
	assert_string_equal(bfd_status_why(&p.ends[HOST].at_down, why),
			    "the process that runs BFD has ended");
	loop_until(p.loop, router_was_down, &p);
	loop_until(p.loop, both_agreed, &p);
	const struct bfd_status *s = bfd_session_status(p.ends[HOST].session);
	assert_int_equal(s->up_events, 2);
	assert_int_equal(s->down_events, 1);
	assert_int_equal(bfd_helper_restarts(p.ends[HOST].bfd), 2);
	pair_done(&p);
}

/* The sequence numbers go on where the killed one was. */
static void helper_is_started_again_with_authentication(void **state)
{
	(void)state;
	struct pair p;
	struct bfd_config c = fast();
	const struct bfd_key keys[2] = { key_of("192.0.2.1", "192.0.2.2", "", false),
					 key_of("192.0.2.2", "192.0.2.1", "", false) };
	c.auth = (struct bfd_auth){ BFD_AUTH_METICULOUS_SHA1, 7, 3, "key" };
	pair_start(&p, keys, &c);
	loop_until(p.loop, both_agreed, &p);
	go_on_after_kill(&p);
	pair_done(&p);
}

/* ---- a router that is a socket of the test ---- */

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

#define PATIENCE (20 * USEC_PER_SEC)

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

/* The process did not run for longer than the detection time: what is in its socket counts first. */
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

/* ---- the process ---- */

static void wait_for_end(pid_t pid)
{
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	if (fd < 0) {
		assert_int_equal(errno, ESRCH); /* already */
		return;
	}
	assert_int_equal(poll(&p, 1, (int)(PATIENCE / MS)), 1);
	close(fd);
}

_Noreturn static void be_agent(int out)
{
	struct end end;
	sd_event *loop;
	const struct bfd_config c = fast();
	const struct bfd_key key = key_of("192.0.2.1", "192.0.2.2", "", false);
	sd_event_new(&loop);
	end_start(&end, loop, HOST, &key, &c);
	pid_t pid = bfd_helper_pid(end.bfd);
	if (write(out, &pid, sizeof(pid)) < 0)
		_exit(1);
	for (;;)
		pause();
}

static void helper_ends_with_a_killed_agent(void **state)
{
	(void)state;
	int fds[2];
	pid_t helper = 0;
	assert_int_equal(pipe(fds), 0);
	pid_t agent = fork();
	if (agent == 0)
		be_agent(fds[1]);
	assert_int_equal(read(fds[0], &helper, sizeof(helper)), sizeof(helper));
	assert_int_equal(kill(agent, SIGKILL), 0);
	assert_int_equal(waitpid(agent, NULL, 0), agent);
	wait_for_end(helper);
	close(fds[0]);
	close(fds[1]);
}

static void read_status(pid_t pid, char buf[static 8192])
{
	char path[64];
	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, buf, 8191);
	assert_true(n > 0);
	buf[n] = 0;
	close(fd);
}

/* No capability, no file, system calls filtered. It says so itself once it sends. */
static void helper_has_no_privileges(void **state)
{
	(void)state;
	char buf[8192];
	struct script s;
	const struct bfd_config c = fast();
	script_start(&s, &c);
	router_expect(s.fd, BFD_DOWN, &s.seen);
	read_status(bfd_helper_pid(s.end.bfd), buf);
	assert_non_null(strstr(buf, "Name:\tvipherald-bfd\n"));
	assert_non_null(strstr(buf, "CapPrm:\t0000000000000000\n"));
	assert_non_null(strstr(buf, "CapEff:\t0000000000000000\n"));
	assert_non_null(strstr(buf, "NoNewPrivs:\t1\n"));
	assert_non_null(strstr(buf, "Seccomp:\t2\n"));
	script_done(&s);
}

static bool has_sent(void *userdata)
{
	return bfd_session_status(((struct end *)userdata)->session)->sent > 0;
}

/* By a reload, say: the agent's own filter of system calls holds already, and has nothing to complain about. */
_Noreturn static void be_sandboxed_agent(void)
{
	struct end end;
	struct err err;
	sd_event *loop;
	int last;
	const struct bfd_config c = fast();
	const struct bfd_key key = key_of("192.0.2.1", "192.0.2.2", "", false);
	sd_event_new(&loop);
	if (syscall_filter_install(&err) < 0)
		_exit(2);
	end = (struct end){ .state = BFD_DOWN };
	bfd_new(loop, &ops, &end, &end.bfd, &err);
	bfd_session_new(end.bfd, &key, &c, &end, &end.session, &err);
	loop_until(loop, has_sent, &end);
	bfd_stop(end.bfd);
	loop_until(loop, loop_until_true, &end.is_stopped);
	bfd_free(end.bfd);
	_exit(syscall_filter_refused(&last) > 0 || end.n_trouble > 0);
}

static void helper_starts_inside_the_sandbox(void **state)
{
	(void)state;
	int status;
	pid_t agent = fork();
	if (agent == 0)
		be_sandboxed_agent();
	assert_int_equal(waitpid(agent, &status, 0), agent);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_up_over_every_kind_of_path),
		cmocka_unit_test(timers_change_while_it_is_up),
		cmocka_unit_test(cut_link_is_found_on_both_sides),
		cmocka_unit_test(freed_session_says_admin_down),
		cmocka_unit_test(session_is_replaced_at_once),
		cmocka_unit_test(stop_tells_the_peer),
		cmocka_unit_test(stop_without_sessions_is_short),
		cmocka_unit_test(helper_is_started_again),
		cmocka_unit_test(helper_is_started_again_with_authentication),
		cmocka_unit_test(packets_are_as_the_rfc_says),
		cmocka_unit_test(packet_that_was_routed_is_dropped),
		cmocka_unit_test(strangers_are_counted),
		cmocka_unit_test(packets_that_wait_are_read_before_silence_is_judged),
		cmocka_unit_test(nothing_is_sent_for_a_loop_that_does_not_run),
		cmocka_unit_test(taken_port_is_waited_for),
		cmocka_unit_test(address_that_is_not_there_is_waited_for),
		cmocka_unit_test(helper_ends_with_a_killed_agent),
		cmocka_unit_test(helper_has_no_privileges),
		cmocka_unit_test(helper_starts_inside_the_sandbox),
	};
	return cmocka_run_group_tests(tests, make_link, NULL);
}
