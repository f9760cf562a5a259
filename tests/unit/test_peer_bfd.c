/* SPDX-License-Identifier: MIT */
/*
 * Sessions of BFD follow the peers of the speaker, and the speaker hears of their state. Both the
 * speaker and BFD are fakes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/bfd/peer_bfd.h"
#include "lib/array.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/captured_log.h"
#include "tests/unit/loop_until.h"

#define ROUTER 0x0a000001
#define HOST   0x0a000002

/* Calls since the last check. */
static char did[2048];
static struct strbuf did_log;

static void expect_did(const char *text)
{
	assert_string_equal(did, text);
	did[0] = 0;
	did_log = strbuf_over(did, sizeof(did));
}

/* ---- a speaker ---- */

static struct bgp_peer_config configs[3];
static struct bgp_peer_status peers[3];
static size_t n_peers;

size_t bgp_speaker_n_peers(const struct bgp_speaker *s)
{
	(void)s;
	return n_peers;
}

void bgp_speaker_peer_status(const struct bgp_speaker *s, size_t peer, struct bgp_peer_status *ret)
{
	(void)s;
	*ret = peers[peer];
	ret->config = &configs[peer];
}

void bgp_speaker_path_up(struct bgp_speaker *s, size_t peer)
{
	(void)s;
	strbuf_add(&did_log, "up %zu; ", peer);
}

void bgp_speaker_path_down(struct bgp_speaker *s, size_t peer, const char *why)
{
	(void)s;
	strbuf_add(&did_log, "down %zu (%s); ", peer, why);
}

void bgp_speaker_path_unknown(struct bgp_speaker *s, size_t peer)
{
	(void)s;
	strbuf_add(&did_log, "unknown %zu; ", peer);
}

/* ---- BFD ---- */

struct bfd_session {
	struct bfd_key key;
	struct bfd_config config;
	struct bfd_status status;
	void *userdata;
};

static const struct bfd_ops *ops;
static void *ops_userdata;
static struct bfd_session *last;
static const char *refuses;

int bfd_new(sd_event *loop, const struct bfd_ops *o, void *userdata, struct bfd **ret,
	    struct err *err)
{
	(void)loop, (void)err;
	ops = o;
	ops_userdata = userdata;
	*ret = NULL;
	return 0;
}

void bfd_free(struct bfd *b)
{
	(void)b;
	strbuf_add(&did_log, "bfd_free; ");
	free(last);
	last = NULL;
}

void bfd_stop(struct bfd *b)
{
	(void)b;
	strbuf_add(&did_log, "bfd_stop; ");
}

int bfd_session_new(struct bfd *b, const struct bfd_key *key, const struct bfd_config *config,
		    void *userdata, struct bfd_session **ret, struct err *err)
{
	char text[BFD_KEY_TEXT_MAX], local[ADDR_TEXT_MAX];
	(void)b;
	if (refuses)
		return err_set(err, -EINVAL, "%s", refuses);
	last = *ret = mem_new(1, sizeof(**ret));
	**ret = (struct bfd_session){ .key = *key, .config = *config, .userdata = userdata };
	strbuf_add(&did_log, "new %s from %s; ", bfd_key_format(key, text),
		   addr_format(&key->local, local));
	return 0;
}

int bfd_session_change(struct bfd_session *s, const struct bfd_config *config, struct err *err)
{
	(void)err;
	if (!bfd_config_equal(&s->config, config))
		strbuf_add(&did_log, "change; ");
	s->config = *config;
	return 0;
}

void bfd_session_free(struct bfd_session *s)
{
	strbuf_add(&did_log, "free; ");
	last = s == last ? NULL : last;
	free(s);
}

const struct bfd_config *bfd_session_config(const struct bfd_session *s)
{
	return &s->config;
}

const struct bfd_status *bfd_session_status(const struct bfd_session *s)
{
	return &s->status;
}

const struct bfd_counts *bfd_counts(const struct bfd *b)
{
	(void)b;
	return NULL;
}

uint64_t bfd_helper_restarts(const struct bfd *b)
{
	(void)b;
	return 1;
}

static void becomes(enum bfd_state state)
{
	enum bfd_state from = last->status.state;
	last->status.state = state;
	if (state == BFD_UP)
		last->status.up_events++;
	else if (from == BFD_UP)
		last->status.down_events++;
	ops->changed(last, &last->status, from, last->userdata);
}

/* ---- the bed ---- */

static sd_event *loop;
static struct peer_bfd *bfd;

static void add_peer(uint16_t port)
{
	configs[n_peers] = (struct bgp_peer_config){
		.addr = addr_v4(ROUTER),
		.port = port,
		.peer_as = 65000,
		.bfd = { .on = true, .interval = 300 * USEC_PER_MSEC, .multiplier = 3 }
	};
	peers[n_peers++] = (struct bgp_peer_status){ .local_as = 65001,
						     .peer_as = 65000,
						     .path_source = addr_v4(HOST),
						     .path_ifindex = 7,
						     .path_ifname = "eth0",
						     .path_vrf = "",
						     .path_is_direct = true };
}

static int setup(void **state)
{
	struct err err;
	(void)state;
	n_peers = 0;
	refuses = NULL;
	last = NULL;
	expect_did(did);
	add_peer(179);
	if (sd_event_new(&loop) < 0)
		return -1;
	return peer_bfd_new(loop, NULL, &bfd, &err);
}

static int teardown(void **state)
{
	(void)state;
	peer_bfd_free(bfd);
	sd_event_unref(loop);
	return 0;
}

static void update(void)
{
	peer_bfd_update(bfd);
	loop_drain(loop);
}

static void a_session_follows_its_peer(void **state)
{
	(void)state;
	update();
	expect_did("new 10.0.0.1%eth0 from 10.0.0.2; ");
	update();
	expect_did("");
	configs[0].bfd.interval = 50 * USEC_PER_MSEC;
	update();
	expect_did("change; ");
	configs[0].bfd.on = false;
	update();
	expect_did("free; ");
	configs[0].bfd.on = true;
	update();
	expect_did("new 10.0.0.1%eth0 from 10.0.0.2; ");
	n_peers = 0;
	update();
	expect_did("free; ");
}

static void up_and_down_are_reported_in_the_same_turn(void **state)
{
	(void)state;
	update();
	expect_did(did);
	becomes(BFD_INIT);
	expect_did("");
	becomes(BFD_UP);
	expect_did("up 0; ");
	last->status.down =
		(struct bfd_down){ .diag = BFD_DIAG_EXPIRED, .silence = 900 * USEC_PER_MSEC };
	becomes(BFD_DOWN);
	expect_did("down 0 (BFD down: no packet for 900ms (control detection time expired)); ");
	becomes(BFD_INIT);
	expect_did("");
}

/* RFC 5882 3.2 */
static void admin_down_of_the_router_ends_nothing(void **state)
{
	(void)state;
	update();
	becomes(BFD_UP);
	expect_did(did);
	last->status.down = (struct bfd_down){ .diag = BFD_DIAG_NEIGHBOR_SIGNALED,
					       .remote_state = BFD_ADMIN_DOWN };
	static struct captured_log captured;
	captured_log_begin(&captured);
	becomes(BFD_DOWN);
	const char *text = captured_log_read(&captured);
	captured_log_end(&captured);
	assert_non_null(
		strstr(text, "administratively down at the neighbor; the BGP session goes"));
	expect_did("unknown 0; ");
}

static void the_end_of_the_process_ends_nothing(void **state)
{
	mono_t at;
	(void)state;
	update();
	becomes(BFD_UP);
	expect_did(did);
	assert_null(peer_bfd_trouble(bfd, &at));
	becomes(BFD_DOWN); /* diag none: nothing is known */
	ops->trouble("it was killed", ops_userdata);
	expect_did("unknown 0; ");
	assert_string_equal(peer_bfd_trouble(bfd, &at), "it was killed");
}

static void another_local_address_is_another_session(void **state)
{
	(void)state;
	update();
	becomes(BFD_UP);
	expect_did(did);
	peers[0].local_addr = addr_v4(HOST + 1);
	update();
	expect_did("unknown 0; free; new 10.0.0.1%eth0 from 10.0.0.3; ");
}

static void peers_of_one_address_share_a_session(void **state)
{
	(void)state;
	add_peer(1179);
	update();
	expect_did("new 10.0.0.1%eth0 from 10.0.0.2; ");
	becomes(BFD_UP);
	expect_did("up 0; up 1; ");
	n_peers = 1;
	update();
	expect_did("");
}

/* Another port: the peer is a new one, BFD with its address goes on. */
static void a_peer_that_came_later_hears_that_it_is_up(void **state)
{
	(void)state;
	update();
	becomes(BFD_UP);
	expect_did(did);
	peers[0].awaits_path = true;
	update();
	expect_did("up 0; ");
	peers[0].awaits_path = false;
	update();
	expect_did("");
}

static void a_peer_without_a_path_waits(void **state)
{
	struct peer_bfd_status s;
	const char *error;
	(void)state;
	peers[0].path_ifindex = 0;
	update();
	expect_did("");
	peers[0].config = &configs[0];
	assert_false(peer_bfd_find(bfd, &peers[0], &s, &error));
	assert_non_null(strstr(error, "path"));
	configs[0].bfd.on = false;
	assert_false(peer_bfd_find(bfd, &peers[0], &s, &error));
	assert_null(error);
}

static void a_refused_session_is_told_and_tried_again(void **state)
{
	struct peer_bfd_status s;
	const char *error;
	(void)state;
	refuses = "no more sessions";
	update();
	update();
	expect_did("");
	peers[0].config = &configs[0];
	assert_false(peer_bfd_find(bfd, &peers[0], &s, &error));
	assert_string_equal(error, "no more sessions");
	refuses = NULL;
	update();
	expect_did("new 10.0.0.1%eth0 from 10.0.0.2; ");
	assert_true(peer_bfd_find(bfd, &peers[0], &s, &error));
	assert_null(error);
}

static void on_told(void *userdata)
{
	*(bool *)userdata = true;
}

static void a_stop_tells_the_routers_and_nothing_follows(void **state)
{
	bool told = false, again = false;
	(void)state;
	update();
	becomes(BFD_UP);
	expect_did(did);
	peer_bfd_stop(bfd, USEC_NEVER, on_told, &told);
	expect_did("bfd_stop; ");
	becomes(BFD_ADMIN_DOWN);
	configs[0].bfd.on = false;
	update();
	expect_did("");
	assert_false(told);
	ops->stopped(ops_userdata);
	assert_true(told);
	peer_bfd_stop(bfd, USEC_NEVER, on_told, &again);
	loop_until(loop, loop_until_true, &again);
	expect_did("");
}

static void a_stop_does_not_wait_beyond_its_limit(void **state)
{
	bool told = false;
	(void)state;
	update();
	peer_bfd_stop(bfd, loop_clock() + USEC_PER_MSEC, on_told, &told);
	loop_until(loop, loop_until_true, &told);
	ops->stopped(ops_userdata);
}

#define BFD_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BFD_TEST(a_session_follows_its_peer),
		BFD_TEST(up_and_down_are_reported_in_the_same_turn),
		BFD_TEST(admin_down_of_the_router_ends_nothing),
		BFD_TEST(the_end_of_the_process_ends_nothing),
		BFD_TEST(another_local_address_is_another_session),
		BFD_TEST(peers_of_one_address_share_a_session),
		BFD_TEST(a_peer_that_came_later_hears_that_it_is_up),
		BFD_TEST(a_peer_without_a_path_waits),
		BFD_TEST(a_refused_session_is_told_and_tried_again),
		BFD_TEST(a_stop_tells_the_routers_and_nothing_follows),
		BFD_TEST(a_stop_does_not_wait_beyond_its_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
