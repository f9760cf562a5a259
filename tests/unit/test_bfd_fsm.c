/* SPDX-License-Identifier: MIT */
/*
 * The state machine of BFD: each transition by table, and two of them against each other over a
 * link with a delay, in virtual time.
 */
#include "bfd/fsm.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "lib/array.h"

#define MS    USEC_PER_MSEC
#define BEGIN (1000 * USEC_PER_SEC)

static struct bfd_config config_of(span_t interval, uint8_t multiplier)
{
	struct bfd_config c = bfd_config_default();
	c.desired_min_tx = c.required_min_rx = interval;
	c.multiplier = multiplier;
	return c;
}

/* ---- one end ---- */

static struct bfd_actions step(struct bfd_fsm *f, enum bfd_event_type type, mono_t now)
{
	struct bfd_actions actions;
	const struct bfd_event event = { .type = type, .now = now };
	bfd_fsm_step(f, &event, &actions);
	return actions;
}

static struct bfd_actions hear(struct bfd_fsm *f, const struct bfd_packet *p, mono_t now)
{
	struct bfd_actions actions;
	const struct bfd_event event = { .type = BFD_EV_PACKET, .now = now, .packet = p };
	bfd_fsm_step(f, &event, &actions);
	return actions;
}

static struct bfd_actions change(struct bfd_fsm *f, struct bfd_config c, mono_t now)
{
	struct bfd_actions actions;
	const struct bfd_event event = { .type = BFD_EV_CHANGE, .now = now, .config = &c };
	bfd_fsm_step(f, &event, &actions);
	return actions;
}

static struct bfd_packet packet_of(enum bfd_state state, span_t interval)
{
	return (struct bfd_packet){ .state = state,
				    .multiplier = 3,
				    .my_discr = 7,
				    .your_discr = 1,
				    .min_tx = (uint32_t)interval,
				    .min_rx = (uint32_t)interval };
}

static struct bfd_fsm up_with(span_t interval, mono_t now)
{
	struct bfd_fsm f;
	const struct bfd_config c = config_of(interval, 3);
	bfd_fsm_init(&f, &c, 1, now);
	step(&f, BFD_EV_START, now);
	struct bfd_packet p = packet_of(BFD_DOWN, interval);
	hear(&f, &p, now);
	p = packet_of(BFD_UP, interval);
	p.final = true;
	hear(&f, &p, now);
	assert_int_equal(f.state, BFD_UP);
	p.final = true; /* answers the Poll that Up began */
	hear(&f, &p, now);
	assert_int_equal(f.poll, BFD_POLL_NONE);
	return f;
}

/* RFC 5880 6.2 and 6.8.6, every pair of states. */
static void states_follow_the_peer(void **state)
{
	static const struct {
		enum bfd_state ours, theirs, then;
		enum bfd_diag diag;
	} cases[] = {
		{ BFD_DOWN, BFD_ADMIN_DOWN, BFD_DOWN, BFD_DIAG_NONE },
		{ BFD_DOWN, BFD_DOWN, BFD_INIT, BFD_DIAG_NONE },
		{ BFD_DOWN, BFD_INIT, BFD_UP, BFD_DIAG_NONE },
		{ BFD_DOWN, BFD_UP, BFD_DOWN, BFD_DIAG_NONE },
		{ BFD_INIT, BFD_ADMIN_DOWN, BFD_DOWN, BFD_DIAG_NEIGHBOR_SIGNALED },
		{ BFD_INIT, BFD_DOWN, BFD_INIT, BFD_DIAG_NONE },
		{ BFD_INIT, BFD_INIT, BFD_UP, BFD_DIAG_NONE },
		{ BFD_INIT, BFD_UP, BFD_UP, BFD_DIAG_NONE },
		{ BFD_UP, BFD_ADMIN_DOWN, BFD_DOWN, BFD_DIAG_NEIGHBOR_SIGNALED },
		{ BFD_UP, BFD_DOWN, BFD_DOWN, BFD_DIAG_NEIGHBOR_SIGNALED },
		{ BFD_UP, BFD_INIT, BFD_UP, BFD_DIAG_NONE },
		{ BFD_UP, BFD_UP, BFD_UP, BFD_DIAG_NONE },
		{ BFD_ADMIN_DOWN, BFD_DOWN, BFD_ADMIN_DOWN, BFD_DIAG_NONE },
		{ BFD_ADMIN_DOWN, BFD_UP, BFD_ADMIN_DOWN, BFD_DIAG_NONE },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bfd_fsm f;
		const struct bfd_config c = config_of(50 * MS, 3);
		const struct bfd_packet p = packet_of(cases[i].theirs, 50 * MS);
		bfd_fsm_init(&f, &c, 1, BEGIN);
		f.state = cases[i].ours;
		const struct bfd_actions a = hear(&f, &p, BEGIN);
		if (f.state != cases[i].then || f.diag != cases[i].diag)
			fail_msg("case %zu: %s, %s", i, bfd_state_name(f.state),
				 bfd_diag_name(f.diag));
		assert_int_equal(a.from, cases[i].ours);
		assert_int_equal(a.to, cases[i].then);
		assert_int_equal(a.dropped, cases[i].ours == BFD_ADMIN_DOWN);
		assert_int_equal(f.remote_discr, 7);
		/* A change is told at once. */
		if (a.from != a.to)
			assert_int_equal(a.packet.state, a.to);
	}
}

static void slow_until_up(void **state)
{
	(void)state;
	struct bfd_fsm f;
	const struct bfd_config c = config_of(50 * MS, 3);
	bfd_fsm_init(&f, &c, 1, BEGIN);
	struct bfd_actions a = step(&f, BFD_EV_START, BEGIN);
	assert_true(a.send);
	assert_int_equal(a.packet.min_tx, USEC_PER_SEC);
	assert_int_equal(a.packet.min_rx, 50 * MS);
	assert_int_equal(a.packet.your_discr, 0);
	assert_in_range(bfd_fsm_deadline(&f), BEGIN + 750 * MS, BEGIN + 1000 * MS);
	const struct bfd_packet p = packet_of(BFD_INIT, 50 * MS);
	a = hear(&f, &p, BEGIN + 10 * MS);
	assert_int_equal(a.to, BFD_UP);
	assert_true(a.send && a.packet.poll);
	assert_int_equal(a.packet.min_tx, 50 * MS);
	assert_int_equal(a.packet.your_discr, 7);
}

static void jitter_stays_within_the_rules(void **state)
{
	static const struct {
		uint8_t multiplier;
		uint32_t random;
		span_t interval;
	} cases[] = {
		{ 3, 0, 100 * MS },
		{ 3, UINT32_MAX, 76 * MS }, /* and up to 1 ms of slack */
		{ 1, 0, 90 * MS },
		{ 1, UINT32_MAX, 76 * MS },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bfd_fsm f = up_with(100 * MS, BEGIN);
		f.config.multiplier = cases[i].multiplier;
		const struct bfd_event event = { .type = BFD_EV_TIMER,
						 .now = f.tx_at,
						 .random = cases[i].random };
		struct bfd_actions a;
		bfd_fsm_step(&f, &event, &a);
		assert_true(a.send);
		assert_int_equal(f.tx_at - event.now, cases[i].interval);
	}
}

/* So that the packets of many sessions leave together. */
static void packet_that_is_nearly_due_leaves(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(100 * MS, BEGIN);
	assert_false(step(&f, BFD_EV_TIMER, f.tx_at - MS - 1).send);
	assert_true(step(&f, BFD_EV_TIMER, f.tx_at - MS).send);
	f = up_with(10 * MS, BEGIN);
	assert_false(step(&f, BFD_EV_TIMER, f.tx_at - MS / 5 - 1).send);
	assert_true(step(&f, BFD_EV_TIMER, f.tx_at - MS / 5).send);
}

static void faster_and_slower_peer(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(100 * MS, BEGIN);
	struct bfd_packet p = packet_of(BFD_UP, 100 * MS);
	p.min_rx = 1000000;
	p.min_tx = 500000;
	hear(&f, &p, BEGIN);
	assert_int_equal(f.tx_interval, 1000 * MS);
	assert_int_equal(bfd_fsm_detection_time(&f), 1500 * MS);
	p.min_rx = p.min_tx = 10000; /* faster than we want to be */
	hear(&f, &p, BEGIN);
	assert_int_equal(f.tx_interval, 100 * MS);
	assert_int_equal(bfd_fsm_detection_time(&f), 300 * MS);
	p.min_rx = 0;
	hear(&f, &p, BEGIN);
	assert_int_equal(f.tx_at, USEC_NEVER);
}

static void poll_is_answered_beside_the_schedule(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(100 * MS, BEGIN);
	struct bfd_packet p = packet_of(BFD_UP, 100 * MS);
	const mono_t tx_at = f.tx_at;
	p.poll = true;
	const struct bfd_actions a = hear(&f, &p, BEGIN + 5 * MS);
	assert_true(a.send && a.packet.final && !a.packet.poll);
	assert_int_equal(f.tx_at, tx_at);
	/* Not by one that is administratively down: 6.8.6 has discarded it before. */
	step(&f, BFD_EV_STOP, BEGIN + 6 * MS);
	assert_false(hear(&f, &p, BEGIN + 7 * MS).send);
}

/* 6.8.3: slower sending and earlier detection wait for the Final, the rest does not. */
static void changes_wait_for_the_final(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(100 * MS, BEGIN);
	struct bfd_config c = config_of(300 * MS, 3);
	struct bfd_packet final = packet_of(BFD_UP, 100 * MS);
	final.final = true;
	c.required_min_rx = 100 * MS;
	struct bfd_actions a = change(&f, c, BEGIN);
	assert_true(a.send && a.packet.poll);
	assert_int_equal(a.packet.min_tx, 300 * MS);
	assert_int_equal(f.tx_interval, 100 * MS);
	hear(&f, &final, BEGIN + MS);
	assert_int_equal(f.tx_interval, 300 * MS);
	assert_int_equal(f.poll, BFD_POLL_NONE);

	c.required_min_rx = 50 * MS; /* the peer sends every 100 ms until it knows */
	change(&f, c, BEGIN + 2 * MS);
	final.min_tx = 50000;
	final.final = false;
	hear(&f, &final, BEGIN + 3 * MS);
	assert_int_equal(bfd_fsm_detection_time(&f), 300 * MS);
	final.final = true;
	hear(&f, &final, BEGIN + 4 * MS);
	assert_int_equal(bfd_fsm_detection_time(&f), 150 * MS);

	c.desired_min_tx = 60 * MS; /* at once */
	change(&f, c, BEGIN + 5 * MS);
	assert_int_equal(f.tx_interval, 100 * MS); /* the peer accepts no faster */
	c.required_min_rx = 900 * MS;
	change(&f, c, BEGIN + 6 * MS);
	assert_int_equal(bfd_fsm_detection_time(&f), 2700 * MS);
}

/* 6.5: between two Poll Sequences there is a packet with P clear, or a Final of the first would end
 * the second. */
static void change_during_a_poll_begins_another(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(100 * MS, BEGIN);
	struct bfd_packet final = packet_of(BFD_UP, 100 * MS);
	final.final = true;
	change(&f, config_of(300 * MS, 3), BEGIN);
	change(&f, config_of(400 * MS, 3), BEGIN + MS);
	hear(&f, &final, BEGIN + 2 * MS);
	assert_int_equal(f.tx_interval, 100 * MS);
	struct bfd_actions a = step(&f, BFD_EV_TIMER, f.tx_at);
	assert_true(a.send && !a.packet.poll);
	hear(&f, &final, f.tx_at - MS); /* a late answer to the first */
	a = step(&f, BFD_EV_TIMER, f.tx_at);
	assert_true(a.send);
	hear(&f, &final, f.tx_at - MS);
	assert_int_equal(f.tx_interval, 400 * MS);
}

static void silence_is_detected(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(100 * MS, BEGIN);
	const mono_t due = BEGIN + 300 * MS;
	assert_int_equal(f.detect_at, due);
	assert_false(bfd_fsm_expects_packet(&f, due - 1));
	assert_true(bfd_fsm_expects_packet(&f, due));
	step(&f, BFD_EV_TIMER, due - 1);
	assert_int_equal(f.state, BFD_UP);
	const struct bfd_actions a = step(&f, BFD_EV_TIMER, due);
	assert_int_equal(a.to, BFD_DOWN);
	assert_true(a.send);
	assert_int_equal(a.packet.diag, BFD_DIAG_EXPIRED);
	assert_int_equal(a.packet.your_discr, 0);
	assert_int_equal(a.packet.min_tx, BFD_SLOW_TX);
	assert_int_equal(f.down.diag, BFD_DIAG_EXPIRED);
	assert_int_equal(f.down.silence, 300 * MS);
	assert_int_equal(f.down.at, f.since);
	assert_int_equal(f.down_events, 1);
	assert_int_equal(f.detect_at, USEC_NEVER);
	assert_in_range(f.tx_at, due + 750 * MS, due + 1000 * MS);
}

/* This process did not run: the peer has one interval to be heard, once. */
static void late_detection_is_put_off_once(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(100 * MS, BEGIN);
	struct bfd_event event = { .type = BFD_EV_TIMER, .now = BEGIN + 4000 * MS, .late = true };
	struct bfd_actions a;
	bfd_fsm_step(&f, &event, &a);
	assert_int_equal(f.state, BFD_UP);
	assert_int_equal(f.detect_at, BEGIN + 4100 * MS);
	event.now = f.detect_at;
	bfd_fsm_step(&f, &event, &a);
	assert_int_equal(f.state, BFD_DOWN);

	f = up_with(100 * MS, BEGIN);
	event.now = BEGIN + 4000 * MS;
	bfd_fsm_step(&f, &event, &a);
	const struct bfd_packet p = packet_of(BFD_UP, 100 * MS);
	hear(&f, &p, BEGIN + 4050 * MS);
	assert_int_equal(f.detect_at, BEGIN + 4350 * MS);
	event.now = f.detect_at;
	bfd_fsm_step(&f, &event, &a);
	assert_int_equal(f.state, BFD_UP); /* once each time that it was heard */
}

static const struct bfd_resume of_before = { .discr = 5,
					     .remote_discr = 7,
					     .port = 50000,
					     .remote_multiplier = 3,
					     .since = 1,
					     .tx_interval = 80 * MS,
					     .rx_interval = 200 * MS,
					     .remote_min_tx = 50 * MS,
					     .remote_min_rx = 50 * MS };

static struct bfd_fsm resumed(void)
{
	struct bfd_fsm f;
	const struct bfd_config c = config_of(100 * MS, 3);
	bfd_fsm_resume(&f, &c, &of_before, BEGIN);
	const struct bfd_actions a = step(&f, BFD_EV_START, BEGIN);
	assert_true(a.send && a.packet.poll); /* at once, and an answer is asked for */
	assert_int_equal(a.packet.state, BFD_UP);
	assert_int_equal(a.packet.my_discr, 5);
	assert_int_equal(a.packet.your_discr, 7);
	assert_int_equal(f.since, 1);
	return f;
}

/* In another process: no faster and no slower than both sides know, until they have agreed anew. */
static void goes_on_in_state_up(void **state)
{
	(void)state;
	struct bfd_fsm f = resumed();
	assert_int_equal(f.min_tx_used, 80 * MS);
	assert_int_equal(f.min_rx_used, 200 * MS);
	struct bfd_packet p = packet_of(BFD_UP, 50 * MS);
	p.your_discr = 5;
	p.final = true;
	hear(&f, &p, BEGIN + 10 * MS);
	assert_int_equal(f.poll, BFD_POLL_NONE);
	assert_int_equal(f.min_tx_used, 100 * MS);
	assert_int_equal(f.min_rx_used, 100 * MS);
	assert_int_equal(f.detect_at, BEGIN + 310 * MS);
	p.final = false;
	p.state = BFD_DOWN; /* now that is about the path */
	hear(&f, &p, BEGIN + 20 * MS);
	assert_int_equal(f.down.diag, BFD_DIAG_NEIGHBOR_SIGNALED);
	assert_int_equal(f.down_events, 1);
	assert_int_equal(f.up_events, 0);
}

/* Causes for which a resumed session goes down, and the diagnostic of each. */
static void goes_on_with_a_peer_that_has_noticed(void **state)
{
	(void)state;
	static const struct {
		enum bfd_state theirs;
		enum bfd_diag diag;
	} cases[] = {
		{ BFD_DOWN, BFD_DIAG_NONE },
		{ BFD_ADMIN_DOWN, BFD_DIAG_NEIGHBOR_SIGNALED }, /* of its operator */
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bfd_fsm f = resumed();
		struct bfd_packet p = packet_of(cases[i].theirs, 50 * MS);
		p.your_discr = 0;
		const struct bfd_actions a = hear(&f, &p, BEGIN + 900 * MS);
		assert_int_equal(a.to, BFD_DOWN);
		assert_int_equal(a.packet.diag, BFD_DIAG_NEIGHBOR_SIGNALED);
		assert_int_equal(f.down.diag, cases[i].diag);
		assert_int_equal(f.down.remote_state, cases[i].theirs);
		assert_int_equal(f.detect_at, BEGIN + 1200 * MS); /* as of any that is down */
	}
	/* Down, it sends once a second: that long is not silence. */
	struct bfd_fsm f = resumed();
	assert_int_equal(f.detect_at, BEGIN + 3000 * MS);
	step(&f, BFD_EV_TIMER, BEGIN + 2999 * MS);
	assert_int_equal(f.state, BFD_UP);
	step(&f, BFD_EV_TIMER, BEGIN + 3000 * MS);
	assert_int_equal(f.state, BFD_DOWN);
	assert_int_equal(f.down.diag, BFD_DIAG_EXPIRED);
	assert_int_equal(f.down.silence, 3000 * MS);
}

static void passive_waits_for_the_peer(void **state)
{
	(void)state;
	struct bfd_fsm f;
	struct bfd_config c = config_of(100 * MS, 3);
	c.passive = true;
	bfd_fsm_init(&f, &c, 1, BEGIN);
	assert_false(step(&f, BFD_EV_START, BEGIN).send);
	assert_int_equal(bfd_fsm_deadline(&f), USEC_NEVER);
	struct bfd_packet p = packet_of(BFD_DOWN, 100 * MS);
	p.your_discr = 0;
	const struct bfd_actions a = hear(&f, &p, BEGIN + MS);
	assert_true(a.send);
	assert_int_equal(a.packet.your_discr, 7);
	step(&f, BFD_EV_TIMER, f.detect_at); /* silent again, and so are we */
	assert_int_equal(f.tx_at, USEC_NEVER);
	c.passive = false;
	change(&f, c, BEGIN + 9000 * MS);
	assert_true(f.tx_at <= BEGIN + 9000 * MS || f.sent_at == BEGIN + 9000 * MS);

	bfd_fsm_init(&f, &c, 1, BEGIN);
	f.config.passive = true;
	assert_false(step(&f, BFD_EV_STOP, BEGIN).send);
	assert_true(bfd_fsm_is_finished(&f));
}

static void demand_of_the_peer_stops_periodic_packets(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(100 * MS, BEGIN);
	struct bfd_packet p = packet_of(BFD_UP, 100 * MS);
	p.demand = true;
	hear(&f, &p, BEGIN);
	assert_int_equal(f.tx_at, USEC_NEVER);
	assert_int_equal(f.detect_at, BEGIN + 300 * MS); /* of theirs, which go on */
	p.poll = true;
	assert_true(hear(&f, &p, BEGIN).packet.final);
	struct bfd_actions a = change(&f, config_of(200 * MS, 3), BEGIN);
	assert_true(a.send && a.packet.poll && !a.packet.demand);
	assert_true(f.tx_at != USEC_NEVER); /* until it is answered */
	p.poll = false;
	p.final = true;
	hear(&f, &p, BEGIN);
	assert_int_equal(f.tx_at, USEC_NEVER);
	p.state = BFD_DOWN;
	hear(&f, &p, BEGIN);
	assert_true(f.tx_at != USEC_NEVER);
}

static void admin_down_is_repeated_until_it_is_known(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(50 * MS, BEGIN);
	struct bfd_actions a = step(&f, BFD_EV_STOP, BEGIN);
	unsigned n = 0;
	for (mono_t now = BEGIN; a.send; a = step(&f, BFD_EV_TIMER, now = f.tx_at), n++) {
		assert_int_equal(a.packet.state, BFD_ADMIN_DOWN);
		assert_int_equal(a.packet.diag, BFD_DIAG_ADMIN_DOWN);
		assert_true(now <= BEGIN + 150 * MS);
		if (f.tx_at == USEC_NEVER)
			break;
	}
	assert_int_equal(n + 1, 3);
	assert_true(bfd_fsm_is_finished(&f));

	f = up_with(50 * MS, BEGIN);
	step(&f, BFD_EV_STOP, BEGIN);
	assert_false(bfd_fsm_is_finished(&f));
	struct bfd_packet p = packet_of(BFD_UP, 50 * MS); /* had left before */
	hear(&f, &p, BEGIN + MS);
	assert_false(bfd_fsm_is_finished(&f));
	p.state = BFD_DOWN;
	assert_true(hear(&f, &p, BEGIN + 2 * MS).dropped);
	assert_true(bfd_fsm_is_finished(&f));
	assert_int_equal(bfd_fsm_deadline(&f), f.detect_at);
}

/* However long the intervals, a stop takes a second at most. */
static void stop_is_short(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(10 * USEC_PER_SEC, BEGIN);
	mono_t now = BEGIN;
	step(&f, BFD_EV_STOP, now);
	while (!bfd_fsm_is_finished(&f))
		step(&f, BFD_EV_TIMER, now = f.tx_at);
	assert_true(now - BEGIN <= BFD_STOP_MAX);
}

/* Not faster than the peer accepts, also in AdminDown (6.8.2). */
static void stop_heeds_the_peer(void **state)
{
	(void)state;
	struct bfd_fsm f = up_with(50 * MS, BEGIN);
	struct bfd_packet p = packet_of(BFD_UP, 50 * MS);
	p.min_rx = 600000;
	hear(&f, &p, BEGIN);
	assert_true(step(&f, BFD_EV_STOP, BEGIN).send);
	assert_true(f.tx_at >= BEGIN + 450 * MS);
	assert_true(step(&f, BFD_EV_TIMER, f.tx_at).send);
	assert_true(bfd_fsm_is_finished(&f));
}

/* The content of packets has changed: the next one does not wait (6.8.7), whatever the state. */
static void changes_are_told_at_once(void **state)
{
	(void)state;
	struct bfd_fsm f;
	struct bfd_config c = config_of(50 * MS, 3);
	bfd_fsm_init(&f, &c, 1, BEGIN);
	step(&f, BFD_EV_START, BEGIN);
	c.required_min_rx = 80 * MS;
	struct bfd_actions a = change(&f, c, BEGIN + MS);
	assert_true(a.send);
	assert_int_equal(a.packet.min_rx, 80 * MS);
	c.multiplier = 9;
	a = change(&f, c, BEGIN + 2 * MS);
	assert_true(a.send);
	assert_int_equal(a.packet.multiplier, 9);
	c.hold_time = 1;
	assert_false(change(&f, c, BEGIN + 3 * MS).send); /* no one is told of that */
	f = up_with(50 * MS, BEGIN);
	c = config_of(50 * MS, 4);
	a = change(&f, c, BEGIN + MS);
	assert_true(a.send && !a.packet.poll);
}

static void status_says_what_is_in_effect(void **state)
{
	(void)state;
	struct bfd_status s = { 0 };
	struct bfd_fsm f = up_with(100 * MS, BEGIN);
	struct bfd_packet p = packet_of(BFD_UP, 100 * MS);
	p.min_rx = 200000;
	p.min_tx = 150000;
	p.independent = true;
	p.diag = 31;
	hear(&f, &p, BEGIN);
	bfd_fsm_status(&f, &s);
	assert_int_equal(s.state, BFD_UP);
	assert_int_equal(s.tx_interval, 200 * MS);
	assert_int_equal(s.rx_interval, 150 * MS);
	assert_int_equal(s.detection_time, 450 * MS);
	assert_int_equal(s.remote_min_rx, 200 * MS);
	assert_true(s.remote_independent);
	assert_string_equal(bfd_diag_name(s.remote_diag), "unknown");
	p.multiplier = 1; /* the smallest there is */
	hear(&f, &p, BEGIN);
	bfd_fsm_status(&f, &s);
	assert_int_equal(s.rx_interval, 150 * MS);
	assert_int_equal(s.detection_time, 150 * MS);
	assert_int_equal(s.remote_min_rx, 200 * MS);
	assert_int_equal(s.up_events, 1);
}

/* ---- two ends ---- */

#define DELAY  (2 * MS)
#define QUEUED 256

struct in_flight {
	struct bfd_packet packet;
	mono_t due;
	int to;
};

struct net {
	struct bfd_fsm ends[2];
	bool cut[2]; /* packets of that end are lost */
	struct in_flight queue[QUEUED];
	size_t n;
	mono_t now;
	uint32_t random;
	unsigned sent[2];
	mono_t changed[2]; /* when the state last did */
};

static void carry(struct net *net, int from, const struct bfd_event *event)
{
	struct bfd_actions a;
	bfd_fsm_step(&net->ends[from], event, &a);
	if (a.from != a.to)
		net->changed[from] = net->now;
	if (!a.send)
		return;
	net->sent[from]++;
	assert_true(net->n < QUEUED);
	if (!net->cut[from])
		net->queue[net->n++] = (struct in_flight){ a.packet, net->now + DELAY, !from };
}

static void deliver(struct net *net)
{
	const struct in_flight first = net->queue[0];
	memmove(net->queue, net->queue + 1, --net->n * sizeof(first));
	const struct bfd_event event = { .type = BFD_EV_PACKET,
					 .now = net->now,
					 .random = net->random,
					 .packet = &first.packet };
	carry(net, first.to, &event);
}

static void run(struct net *net, mono_t until)
{
	for (;;) {
		const mono_t a = bfd_fsm_deadline(&net->ends[0]),
			     b = bfd_fsm_deadline(&net->ends[1]),
			     q = net->n > 0 ? net->queue[0].due : USEC_NEVER;
		const mono_t next = usec_min(usec_min(a, b), q);
		if (next > until)
			break;
		net->now = next;
		net->random = net->random * 1664525 + 1013904223;
		if (q == next) {
			deliver(net);
			continue;
		}
		const struct bfd_event event = { .type = BFD_EV_TIMER,
						 .now = next,
						 .random = net->random };
		carry(net, a == next ? 0 : 1, &event);
	}
	net->now = until;
}

static struct net net_of(struct bfd_config a, struct bfd_config b)
{
	struct net net = { .now = BEGIN };
	bfd_fsm_init(&net.ends[0], &a, 11, BEGIN);
	bfd_fsm_init(&net.ends[1], &b, 22, BEGIN);
	for (int i = 0; i < 2; i++)
		carry(&net, i, &(struct bfd_event){ .type = BFD_EV_START, .now = BEGIN });
	return net;
}

static void assert_both(const struct net *net, enum bfd_state state)
{
	assert_int_equal(net->ends[0].state, state);
	assert_int_equal(net->ends[1].state, state);
}

static void two_ends_come_up_and_agree(void **state)
{
	(void)state;
	struct net net = net_of(config_of(50 * MS, 3), config_of(300 * MS, 5));
	run(&net, BEGIN + 2000 * MS);
	assert_both(&net, BFD_UP);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(net.ends[i].tx_interval, 300 * MS);
		assert_int_equal(net.ends[i].poll, BFD_POLL_NONE);
	}
	assert_int_equal(bfd_fsm_detection_time(&net.ends[0]), 1500 * MS);
	assert_int_equal(bfd_fsm_detection_time(&net.ends[1]), 900 * MS);
	const unsigned before = net.sent[0];
	run(&net, BEGIN + 302000 * MS);
	assert_both(&net, BFD_UP);
	assert_in_range(net.sent[0] - before, 1000, 1334); /* 300 s */
	assert_int_equal(net.ends[0].up_events, 1);
	assert_int_equal(net.ends[1].down_events, 0);
}

/* The link is cut in each direction, and both: detected in time, and up again. */
static void cut_link_is_detected(void **state)
{
	static const bool cuts[][2] = { { true, false }, { false, true }, { true, true } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cuts); i++) {
		struct net net = net_of(config_of(50 * MS, 3), config_of(50 * MS, 3));
		run(&net, BEGIN + 3000 * MS);
		assert_both(&net, BFD_UP);
		memcpy(net.cut, cuts[i], sizeof(net.cut));
		run(&net, BEGIN + 3150 * MS + 3 * DELAY);
		for (int end = 0; end < 2; end++) {
			assert_true(net.ends[end].state != BFD_UP);
			assert_int_equal(net.ends[end].down_events, 1);
		}
		run(&net, BEGIN + 9000 * MS);
		for (int end = 0; end < 2; end++)
			assert_true(net.ends[end].state != BFD_UP);
		net.cut[0] = net.cut[1] = false;
		run(&net, BEGIN + 12000 * MS);
		assert_both(&net, BFD_UP);
	}
}

/* Timers changed while it is up, in any order: never down. */
static void changed_timers_never_take_it_down(void **state)
{
	static const span_t intervals[] = { 50, 1000, 10, 300, 60000, 20, 2000 };
	(void)state;
	struct net net = net_of(config_of(50 * MS, 3), config_of(50 * MS, 3));
	run(&net, BEGIN + 3000 * MS);
	for (unsigned i = 0; i < 400; i++) {
		struct bfd_config c = config_of(intervals[i * 5 % 7] * MS, (uint8_t)(2 + i % 3));
		c.required_min_rx = intervals[i * 3 % 7] * MS;
		const struct bfd_event event = { .type = BFD_EV_CHANGE,
						 .now = net.now,
						 .config = &c };
		carry(&net, (int)(i & 1), &event);
		run(&net, net.now + (span_t)(i % 5 == 0 ? 1 : 137) * (i % 11) * MS);
		assert_int_equal(net.ends[0].state, BFD_UP);
		assert_int_equal(net.ends[1].state, BFD_UP);
	}
	run(&net, net.now + 200000 * MS);
	assert_both(&net, BFD_UP);
	assert_int_equal(net.ends[0].poll, BFD_POLL_NONE);
}

static void stop_is_no_silence_to_the_peer(void **state)
{
	(void)state;
	struct net net = net_of(config_of(50 * MS, 3), config_of(50 * MS, 3));
	run(&net, BEGIN + 3000 * MS);
	carry(&net, 0, &(struct bfd_event){ .type = BFD_EV_STOP, .now = net.now });
	run(&net, net.now + 2 * DELAY);
	assert_int_equal(net.ends[1].state, BFD_DOWN);
	assert_int_equal(net.ends[1].down.diag, BFD_DIAG_NEIGHBOR_SIGNALED);
	assert_int_equal(net.ends[1].down.remote_state, BFD_ADMIN_DOWN);
	assert_true(bfd_fsm_is_finished(&net.ends[0])); /* the peer has answered */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(states_follow_the_peer),
		cmocka_unit_test(slow_until_up),
		cmocka_unit_test(jitter_stays_within_the_rules),
		cmocka_unit_test(packet_that_is_nearly_due_leaves),
		cmocka_unit_test(faster_and_slower_peer),
		cmocka_unit_test(poll_is_answered_beside_the_schedule),
		cmocka_unit_test(changes_wait_for_the_final),
		cmocka_unit_test(change_during_a_poll_begins_another),
		cmocka_unit_test(silence_is_detected),
		cmocka_unit_test(late_detection_is_put_off_once),
		cmocka_unit_test(goes_on_in_state_up),
		cmocka_unit_test(goes_on_with_a_peer_that_has_noticed),
		cmocka_unit_test(passive_waits_for_the_peer),
		cmocka_unit_test(demand_of_the_peer_stops_periodic_packets),
		cmocka_unit_test(admin_down_is_repeated_until_it_is_known),
		cmocka_unit_test(stop_is_short),
		cmocka_unit_test(stop_heeds_the_peer),
		cmocka_unit_test(changes_are_told_at_once),
		cmocka_unit_test(status_says_what_is_in_effect),
		cmocka_unit_test(two_ends_come_up_and_agree),
		cmocka_unit_test(cut_link_is_detected),
		cmocka_unit_test(changed_timers_never_take_it_down),
		cmocka_unit_test(stop_is_no_silence_to_the_peer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
