/* SPDX-License-Identifier: MIT */
/*
 * net.ipv4.tcp_l3mdev_accept changes while the speaker runs, and with it the listener that has the
 * keys of peers in VRFs. Loopback stands for the VRF: a socket is bound to it in the same way.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <sys/epoll.h>

#include <cmocka.h>

#include "bgp/sockopt.h"
#include "bgp/speaker.h"
#include "bgp/speaker_peers.h"
#include "lib/mem.h"
#include "tests/unit/loop_until.h"
#include "tests/unit/two_speakers.h"

static void share(bool shared)
{
	own_netns_write("/proc/sys/net/ipv4/tcp_l3mdev_accept", shared ? "1" : "0");
}

static struct bgp_speaker *start_listener(struct bed *b, bool shared)
{
	struct bgp_peer_config *peer = &b->router.peers[0];
	share(shared);
	peer->in_vrf = true;
	peer->password = "s3cret";
	memcpy(peer->ifname, "lo", sizeof("lo"));
	start(b, &b->router);
	return b->router.speaker;
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	*(bool *)userdata = true;
	return 0;
}

static void wait_io(struct bed *b, int fd, uint32_t events)
{
	bool ready = false;
	sd_event_source *io = NULL;
	assert_int_equal(loop_io_add(b->loop, &io, fd, events, LOOP_INPUT, on_io, &ready), 0);
	loop_until(b->loop, loop_until_true, &ready);
	sd_event_source_disable_unref(io);
}

/* A segment with a key that the listener does not have is dropped, and so is one without the
 * key. */
static void expect_connection(struct bed *b, const char *password)
{
	struct err err = { "" };
	struct bgp_peer_config router = b->host.peers[0];
	int fd;
	router.password = password;
	assert_int_equal(bgp_socket_connect(&router, false, &fd, &err), 0);
	wait_io(b, fd, EPOLLOUT);
	assert_int_equal(bgp_socket_error(fd), 0);
	close(fd);
}

static void keys_follow_the_sysctl(void **state)
{
	struct bed *b = *state;
	struct bgp_speaker *s = start_listener(b, false);
	expect_connection(b, NULL);
	share(true);
	speaker_listen_in_vrfs(s);
	expect_connection(b, "s3cret");
	share(false);
	speaker_listen_in_vrfs(s);
	expect_connection(b, NULL);
}

/* A peer without a VRF has the same address. */
static void the_key_of_another_peer_stays(void **state)
{
	struct bed *b = *state;
	b->router.peers[1] = b->router.peers[0];
	b->router.peers[1].password = "s3cret";
	b->router.n_peers = 2;
	struct bgp_speaker *s = start_listener(b, true);
	share(false);
	speaker_listen_in_vrfs(s);
	expect_connection(b, "s3cret");
}

/* A connection of the peer, as the kernel makes it in its VRF. */
struct pair {
	int peer, ours;
	struct sockaddr_storage from;
};

static void connect_pair(struct pair *p)
{
	const struct addr host = addr_v4(HOST);
	socklen_t len = addr_to_sockaddr(&host, 0, 0, &p->from);
	struct sockaddr *sa = (struct sockaddr *)&p->from;
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	p->peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(setsockopt(listener, SOL_SOCKET, SO_BINDTODEVICE, "lo", sizeof("lo")), 0);
	assert_int_equal(bind(listener, sa, len), 0);
	assert_int_equal(listen(listener, 1), 0);
	assert_int_equal(getsockname(listener, sa, &len), 0);
	assert_int_equal(connect(p->peer, sa, len), 0);
	p->ours = accept4(listener, sa, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(p->ours >= 0);
	close(listener);
}

/* Closed at once while the sysctl is not that of the keys; else it is answered with an OPEN. */
static void unchecked_connections_are_refused(void **state)
{
	struct bed *b = *state;
	struct bgp_speaker *s = start_listener(b, false);
	for (int changed = 1; changed >= 0; changed--) {
		struct pair p;
		char octet;
		share(changed);
		connect_pair(&p);
		speaker_on_accepted(p.ours, &p.from, s);
		wait_io(b, p.peer, EPOLLIN);
		assert_int_equal(recv(p.peer, &octet, 1, 0), changed ? 0 : 1);
		close(p.peer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_follow_the_sysctl, setup, teardown),
		cmocka_unit_test_setup_teardown(the_key_of_another_peer_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(unchecked_connections_are_refused, setup, teardown),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
