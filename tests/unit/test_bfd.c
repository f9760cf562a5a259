/* SPDX-License-Identifier: MIT */
/* Two ends of a session: it comes up, changes, goes down, is freed and stopped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>

#include "lib/array.h"
#include "tests/unit/bfd_pair.h"

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

static bool has_port(void *userdata)
{
	return bfd_session_status(userdata)->port != 0;
}

/* Of several sessions of an agent, and of its next start: what one of them has tells nothing of
 * another. RFC 5881 4 wants the source port of each to be its own. */
static void discriminators_and_ports_are_of_one_session(void **state)
{
	enum { ROUTERS = 3, STARTS = 2, N = ROUTERS * STARTS };
	static const char *const routers[] = { "192.0.2.2", "192.0.2.3", "192.0.2.4" };
	uint32_t discrs[N];
	uint16_t ports[N];
	size_t n = 0;
	(void)state;
	for (size_t start = 0; start < STARTS; start++) {
		struct err err;
		sd_event *loop;
		struct bfd *bfd;
		const struct bfd_config c = fast();
		struct bfd_session *sessions[ROUTERS];
		struct end ends[ROUTERS] = { 0 };
		assert_true(sd_event_new(&loop) >= 0);
		assert_int_equal(bfd_new(loop, &ops, NULL, &bfd, &err), 0);
		for (size_t i = 0; i < ROUTERS; i++) {
			const struct bfd_key key = key_of("192.0.2.1", routers[i], "", false);
			assert_int_equal(
				bfd_session_new(bfd, &key, &c, &ends[i], &sessions[i], &err), 0);
			loop_until(loop, has_port, sessions[i]);
			const struct bfd_status *s = bfd_session_status(sessions[i]);
			discrs[n] = s->discr;
			ports[n++] = s->port;
		}
		bfd_free(bfd);
		sd_event_unref(loop);
	}
	for (size_t i = 0; i < N; i++)
		for (size_t j = 0; j < i; j++) {
			bool same_start = i / ROUTERS == j / ROUTERS;
			assert_int_not_equal(discrs[i], discrs[j]);
			assert_true(!same_start || ports[i] != ports[j]);
			/* Nor one after the other. */
			assert_true(discrs[i] - discrs[j] > 8 && discrs[j] - discrs[i] > 8);
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

/* The helper does not answer in time, and then it does. */
static void stop_ends_once(void **state)
{
	(void)state;
	struct pair p;
	start_ipv4(&p);
	const pid_t pid = bfd_helper_pid(p.ends[HOST].bfd);
	assert_int_equal(kill(pid, SIGSTOP), 0);
	bfd_stop(p.ends[HOST].bfd);
	loop_until(p.loop, loop_until_true, &p.ends[HOST].is_stopped);
	assert_int_equal(kill(pid, SIGCONT), 0);
	loop_until(p.loop, helper_is_gone, &p);
	assert_true(sd_event_run(p.loop, 0) >= 0);
	assert_int_equal(p.ends[HOST].n_stopped, 1);
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

static bool is_quiet(void *userdata)
{
	const struct pair *p = userdata;
	return neither_up(userdata) && bfd_session_status(p->ends[HOST].session)->tx_interval == 0;
}

/* One that waits for its peer has nothing to send, by which it would find out. */
static void passive_session_finds_the_interface_again(void **state)
{
	(void)state;
	struct pair p;
	struct bfd_config c = fast();
	const struct bfd_key keys[2] = { key_of("192.0.2.1", "192.0.2.2", "eth0", false),
					 key_of("192.0.2.2", "192.0.2.1", "eth0", false) };
	assert_true(sd_event_new(&p.loop) >= 0);
	c.passive = true;
	end_start(&p.ends[HOST], p.loop, HOST, &keys[HOST], &c);
	c.passive = false;
	end_start(&p.ends[ROUTER], p.loop, ROUTER, &keys[ROUTER], &c);
	loop_until(p.loop, both_up, &p);
	assert_int_equal(shell("ip link del eth0"), 0);
	loop_until(p.loop, is_quiet, &p);
	link_up();
	loop_until(p.loop, both_up, &p);
	pair_done(&p);
}

/* Each has a socket of its own that receives; that of the last one is read, too. To a socket, any
 * interface is a VRF. */
static void sessions_in_many_vrfs(void **state)
{
	(void)state;
	enum { N = 64 };
	struct pair p;
	struct err err;
	struct bfd_session *s;
	const struct bfd_config c = fast();
	const struct bfd_key keys[2] = { key_of("192.0.2.1", "192.0.2.2", "", false),
					 key_of("192.0.2.2", "192.0.2.1", "", false) };
	assert_int_equal(shell("for i in $(seq %d); do ip link add vrf$i type veth peer name "
			       "other$i || exit 1; done",
			       N),
			 0);
	assert_true(sd_event_new(&p.loop) >= 0);
	struct end *host = &p.ends[HOST];
	*host = (struct end){ .state = BFD_DOWN };
	assert_int_equal(bfd_new(p.loop, &ops, host, &host->bfd, &err), 0);
	for (int i = 1; i <= N; i++) {
		struct bfd_key key = key_of("192.0.2.1", "192.0.2.9", "", false);
		snprintf(key.vrf, sizeof(key.vrf), "vrf%d", i);
		assert_int_equal(bfd_session_new(host->bfd, &key, &c, NULL, &s, &err), 0);
	}
	assert_int_equal(bfd_session_new(host->bfd, &keys[HOST], &c, host, &host->session, &err),
			 0);
	end_start(&p.ends[ROUTER], p.loop, ROUTER, &keys[ROUTER], &c);
	loop_until(p.loop, both_agreed, &p);
	pair_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comes_up_over_every_kind_of_path),
		cmocka_unit_test(discriminators_and_ports_are_of_one_session),
		cmocka_unit_test(timers_change_while_it_is_up),
		cmocka_unit_test(cut_link_is_found_on_both_sides),
		cmocka_unit_test(freed_session_says_admin_down),
		cmocka_unit_test(session_is_replaced_at_once),
		cmocka_unit_test(stop_tells_the_peer),
		cmocka_unit_test(stop_ends_once),
		cmocka_unit_test(stop_without_sessions_is_short),
		cmocka_unit_test(passive_session_finds_the_interface_again),
		cmocka_unit_test(sessions_in_many_vrfs),
	};
	return cmocka_run_group_tests(tests, make_link, NULL);
}
