/* SPDX-License-Identifier: MIT */
/* Lives of a BFD session, step by step: what it sends, when it would next, and its status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bfd/fsm.h"
#include "lib/array.h"
#include "lib/str.h"

#define MS    USEC_PER_MSEC
#define BEGIN (1000 * USEC_PER_SEC)

enum { P = 1, F = 2, D = 4, I = 8, PASSIVE = 16, LATE = 32 };

/* Intervals in ms; of a packet of the peer, or of a changed configuration. */
struct row {
	span_t at; /* ms */
	enum bfd_event_type type;
	unsigned flags;
	enum bfd_state state;
	uint8_t multiplier;
	unsigned tx, rx;
	uint32_t random;
	const char *expected;
};

static struct bfd_config config_of(const struct row *r)
{
	struct bfd_config c = bfd_config_default();
	c.desired_min_tx = r->tx * MS;
	c.required_min_rx = r->rx * MS;
	c.multiplier = r->multiplier;
	c.passive = r->flags & PASSIVE;
	return c;
}

static struct bfd_packet packet_of(const struct row *r)
{
	return (struct bfd_packet){ .state = r->state,
				    .diag = r->state == BFD_DOWN ? BFD_DIAG_EXPIRED : 0,
				    .poll = r->flags & P,
				    .final = r->flags & F,
				    .demand = r->flags & D,
				    .independent = r->flags & I,
				    .multiplier = r->multiplier,
				    .my_discr = 7,
				    .your_discr = 1,
				    .min_tx = r->tx * 1000,
				    .min_rx = r->rx * 1000 };
}

static void describe_wait(struct strbuf *sb, const char *name, mono_t at, mono_t now)
{
	if (at != USEC_NEVER)
		strbuf_add(sb, " %s %g", name, ((double)at - (double)now) / MS);
}

/* The packet, the deadlines, and then the status: intervals, detection time, what is known of the
 * peer, and how often it was up and down. */
static void describe(struct strbuf *sb, const struct bfd_fsm *f, const struct bfd_actions *a,
		     mono_t now)
{
	const struct bfd_packet *p = &a->packet;
	struct bfd_status s = { 0 };
	bfd_fsm_status(f, &s);
	strbuf_add(sb, "%s/%u", bfd_state_name(s.state), (unsigned)s.diag);
	assert_int_equal(s.discr, 1);
	if (a->dropped)
		strbuf_add(sb, " dropped");
	if (a->send)
		strbuf_add(sb, " > %s/%u%s%s x%u %u:%u %g/%g", bfd_state_name(p->state), p->diag,
			   p->poll ? " P" : "", p->final ? " F" : "", p->multiplier, p->my_discr,
			   p->your_discr, (double)p->min_tx / 1000, (double)p->min_rx / 1000);
	strbuf_add(sb, ",");
	describe_wait(sb, "tx", f->tx_at, now);
	describe_wait(sb, "detect", f->detect_at, now);
	strbuf_add(sb, "; %g/%g %g", (double)s.tx_interval / MS, (double)s.rx_interval / MS,
		   (double)s.detection_time / MS);
	if (s.remote_multiplier > 0) {
		strbuf_add(sb, "; %s/%u%s x%u %u %g/%g", bfd_state_name(s.remote_state),
			   (unsigned)s.remote_diag, s.remote_independent ? " I" : "",
			   s.remote_multiplier, s.remote_discr, (double)s.remote_min_tx / MS,
			   (double)s.remote_min_rx / MS);
	} else { /* as if there had never been one */
		assert_int_equal(s.remote_state, BFD_DOWN);
		assert_int_equal(s.remote_discr, 0);
		assert_int_equal(s.remote_min_tx + s.remote_min_rx, 0);
		assert_false(s.remote_independent || f->remote_demand);
	}
	if (s.up_events + s.down_events > 0)
		strbuf_add(sb, "; %u up %u down", (unsigned)s.up_events, (unsigned)s.down_events);
	if (s.since != BEGIN)
		strbuf_add(sb, " since %g", ((double)s.since - BEGIN) / MS);
	if (s.down.at != 0)
		strbuf_add(sb, "; %u %s/%u at %g of %g", (unsigned)s.down.diag,
			   bfd_state_name(s.down.remote_state), (unsigned)s.down.remote_diag,
			   ((double)s.down.at - BEGIN) / MS, (double)s.down.silence / MS);
}

static void take(struct bfd_fsm *f, const struct row *r)
{
	const struct bfd_config c = config_of(r);
	const struct bfd_packet p = packet_of(r);
	const mono_t now = BEGIN + r->at * MS;
	struct bfd_event event = { .type = r->type, .now = now, .random = r->random };
	struct bfd_actions a;
	char text[400];
	struct strbuf sb = strbuf_over(text, sizeof(text));
	if (r->type == BFD_EV_CHANGE)
		event.config = &c;
	else if (r->type == BFD_EV_PACKET)
		event.packet = &p;
	else
		event.late = r->flags & LATE;
	bfd_fsm_step(f, &event, &a);
	describe(&sb, f, &a, now);
	assert_int_equal(a.to, f->state);
	assert_int_equal(bfd_fsm_deadline(f), usec_min(f->tx_at, f->detect_at));
	assert_int_equal(bfd_fsm_expects_packet(f, now), f->detect_at <= now);
	if (strcmp(text, r->expected) != 0)
		fail_msg("at %u ms: got\n%s\nexpected\n%s", (unsigned)r->at, text, r->expected);
}

static void follow(struct bfd_fsm *f, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++)
		take(f, &rows[i]);
}

/* Configured with 100 ms, 300 ms, and a multiplier of 3. */
static struct bfd_fsm new_session(unsigned flags)
{
	const struct row r = { .flags = flags, .tx = 100, .rx = 300, .multiplier = 3 };
	const struct bfd_config c = config_of(&r);
	struct bfd_fsm f;
	bfd_fsm_init(&f, &c, 1, BEGIN);
	return f;
}

#define START  BFD_EV_START
#define STOP   BFD_EV_STOP
#define CHANGE BFD_EV_CHANGE
#define PACKET BFD_EV_PACKET
#define TIMER  BFD_EV_TIMER

#define DOWN  BFD_DOWN
#define INIT  BFD_INIT
#define UP    BFD_UP
#define ADMIN BFD_ADMIN_DOWN

static const struct row long_life[] = {
	{ 0, START, 0, 0, 0, 0, 0, 0, "down/0 > down/0 x3 1:0 1000/300, tx 1000; 1000/0 0" },
	{ 900, TIMER, 0, 0, 0, 0, 0, 0, "down/0, tx 100; 1000/0 0" },
	{ 999, TIMER, 0, 0, 0, 0, 0, UINT32_MAX,
	  "down/0 > down/0 x3 1:0 1000/300, tx 751; 1000/0 0" },
	{ 1000, PACKET, 0, DOWN, 5, 50, 400, 0,
	  "init/0 > init/0 x3 1:7 1000/300, tx 1000 detect 1500; 1000/300 1500; "
	  "down/1 x5 7 50/400 since 1000" },
	{ 1100, PACKET, I, INIT, 5, 1000, 400, 0,
	  "up/0 > up/0 P x3 1:7 100/300, tx 400 detect 5000; 400/1000 5000; "
	  "init/0 I x5 7 1000/400; 1 up 0 down since 1100" },
	{ 1150, PACKET, F, UP, 5, 1000, 400, UINT32_MAX,
	  "up/0, tx 350 detect 5000; 400/1000 5000; up/0 x5 7 1000/400; "
	  "1 up 0 down since 1100" },
	{ 1200, PACKET, P, UP, 5, 350, 400, 0,
	  "up/0 > up/0 F x3 1:7 100/300, tx 300 detect 1750; 400/350 1750; "
	  "up/0 x5 7 350/400; 1 up 0 down since 1100" },
	{ 1550, TIMER, 0, 0, 0, 0, 0, UINT32_MAX,
	  "up/0 > up/0 x3 1:7 100/300, tx 301 detect 1400; 400/350 1750; up/0 x5 7 "
	  "350/400; "
	  "1 up 0 down since 1100" },
	{ 1600, CHANGE, 0, 0, 4, 600, 200, 0,
	  "up/0 > up/0 P x4 1:7 600/200, tx 400 detect 1350; 400/350 1750; "
	  "up/0 x5 7 350/400; 1 up 0 down since 1100" },
	{ 1650, CHANGE, 0, 0, 4, 700, 200, 0,
	  "up/0 > up/0 P x4 1:7 700/200, tx 400 detect 1300; 400/350 1750; "
	  "up/0 x5 7 350/400; 1 up 0 down since 1100" },
	{ 1660, CHANGE, 0, 0, 4, 800, 200, 0,
	  "up/0 > up/0 P x4 1:7 800/200, tx 400 detect 1290; 400/350 1750; "
	  "up/0 x5 7 350/400; 1 up 0 down since 1100" },
	{ 1700, PACKET, F, UP, 5, 150, 400, 0,
	  "up/0, tx 360 detect 1500; 400/300 1500; up/0 x5 7 150/400; "
	  "1 up 0 down since 1100" },
	{ 2050, TIMER, 0, 0, 0, 0, 0, 0,
	  "up/0, tx 10 detect 1150; 400/300 1500; up/0 x5 7 150/400; 1 up 0 down since "
	  "1100" },
	{ 2450, TIMER, 0, 0, 0, 0, 0, 0,
	  "up/0 > up/0 x4 1:7 800/200, tx 400 detect 750; 400/300 1500; up/0 x5 7 150/400; "
	  "1 up 0 down since 1100" },
	{ 2500, PACKET, F, UP, 5, 150, 400, 0,
	  "up/0, tx 750 detect 1000; 800/200 1000; up/0 x5 7 150/400; "
	  "1 up 0 down since 1100" },
	{ 2600, CHANGE, 0, 0, 2, 80, 900, 0,
	  "up/0 > up/0 P x2 1:7 80/900, tx 400 detect 4400; 400/900 4500; "
	  "up/0 x5 7 150/400; 1 up 0 down since 1100" },
	{ 2700, PACKET, D | F, UP, 2, 150, 400, 0,
	  "up/0, detect 1800; 0/900 1800; up/0 x2 7 150/400; 1 up 0 down since 1100" },
	{ 2800, PACKET, D, INIT, 2, 150, 400, 0,
	  "up/0, tx 200 detect 1800; 400/900 1800; init/0 x2 7 150/400; "
	  "1 up 0 down since 1100" },
	{ 2900, PACKET, 0, UP, 2, 150, 0, 0,
	  "up/0, detect 1800; 0/900 1800; up/0 x2 7 150/0; 1 up 0 down since 1100" },
	{ 3000, PACKET, I, UP, 2, 150, 400, 0,
	  "up/0 > up/0 x2 1:7 80/900, tx 400 detect 1800; 400/900 1800; up/0 I x2 7 "
	  "150/400; "
	  "1 up 0 down since 1100" },
	{ 4799, TIMER, 0, 0, 0, 0, 0, 0,
	  "up/0 > up/0 x2 1:7 80/900, tx 400 detect 1; 400/900 1800; up/0 I x2 7 150/400; "
	  "1 up 0 down since 1100" },
	{ 4800, TIMER, LATE, 0, 0, 0, 0, 0,
	  "up/0, tx 399 detect 900; 400/900 1800; up/0 I x2 7 150/400; 1 up 0 down since "
	  "1100" },
	{ 5700, TIMER, LATE, 0, 0, 0, 0, 0,
	  "down/1 > down/1 x2 1:0 1000/900, tx 1000; 1000/0 0; 1 up 1 down since 5700; "
	  "1 up/0 at 5700 of 1800" },
	{ 6700, TIMER, 0, 0, 0, 0, 0, 0,
	  "down/1 > down/1 x2 1:0 1000/900, tx 1000; 1000/0 0; 1 up 1 down since 5700; "
	  "1 up/0 at 5700 of 1800" },
	{ 6800, PACKET, 0, UP, 2, 150, 400, 0,
	  "down/1, tx 900 detect 1800; 1000/900 1800; up/0 x2 7 150/400; "
	  "1 up 1 down since 5700; 1 up/0 at 5700 of 1800" },
	{ 6900, PACKET, 0, ADMIN, 2, 150, 400, 0,
	  "down/1, tx 800 detect 1800; 1000/900 1800; admin-down/0 x2 7 150/400; "
	  "1 up 1 down since 5700; 1 up/0 at 5700 of 1800" },
	{ 7000, PACKET, 0, INIT, 2, 150, 400, 0,
	  "up/0 > up/0 P x2 1:7 80/900, tx 400 detect 1800; 400/900 1800; "
	  "init/0 x2 7 150/400; 2 up 1 down since 7000; 1 up/0 at 5700 of 1800" },
	{ 7100, PACKET, 0, DOWN, 2, 150, 400, 0,
	  "down/3 > down/3 x2 1:7 1000/900, tx 1000 detect 1800; 1000/900 1800; "
	  "down/1 x2 7 150/400; 2 up 2 down since 7100; 3 down/1 at 7100 of 0" },
};

static void from_the_first_packet_to_silence(void **state)
{
	(void)state;
	struct bfd_fsm f = new_session(0);
	follow(&f, long_life, ARRAY_SIZE(long_life));
}

static const struct row short_life[] = {
	{ 5, START, 0, 0, 0, 0, 0, 0,
	  "down/0 > down/0 x3 1:0 1000/300, tx 1000; 1000/0 0 since 5" },
	{ 10, PACKET, 0, DOWN, 3, 50, 50, 0,
	  "init/0 > init/0 x3 1:7 1000/300, tx 1000 detect 900; 1000/300 900; "
	  "down/1 x3 7 50/50 since 10" },
	{ 20, PACKET, 0, DOWN, 3, 50, 50, 0,
	  "init/0, tx 990 detect 900; 1000/300 900; down/1 x3 7 50/50 since 10" },
	{ 30, PACKET, P, ADMIN, 3, 50, 50, 0,
	  "down/3 > down/3 F x3 1:7 1000/300, tx 1000 detect 900; 1000/300 900; "
	  "admin-down/0 x3 7 50/50 since 30" },
	{ 40, PACKET, 0, DOWN, 3, 50, 50, 0,
	  "init/3 > init/3 x3 1:7 1000/300, tx 1000 detect 900; 1000/300 900; "
	  "down/1 x3 7 50/50 since 40" },
	{ 4000, TIMER, 0, 0, 0, 0, 0, 0,
	  "down/1 > down/1 x3 1:0 1000/300, tx 1000; 1000/0 0 since 4000" },
	{ 4010, PACKET, 0, DOWN, 3, 50, 50, 0,
	  "init/1 > init/1 x3 1:7 1000/300, tx 1000 detect 900; 1000/300 900; "
	  "down/1 x3 7 50/50 since 4010" },
	{ 4020, PACKET, 0, UP, 3, 50, 50, 0,
	  "up/0 > up/0 P x3 1:7 100/300, tx 100 detect 900; 100/300 900; up/0 x3 7 50/50; "
	  "1 up 0 down since 4020" },
	{ 4030, CHANGE, 0, 0, 1, 100, 300, UINT32_MAX,
	  "up/0 > up/0 P x1 1:7 100/300, tx 76 detect 890; 100/300 900; up/0 x3 7 50/50; "
	  "1 up 0 down since 4020" },
	{ 4130, TIMER, 0, 0, 0, 0, 0, UINT32_MAX,
	  "up/0 > up/0 P x1 1:7 100/300, tx 76 detect 790; 100/300 900; up/0 x3 7 50/50; "
	  "1 up 0 down since 4020" },
	{ 4140, STOP, 0, 0, 0, 0, 0, 0,
	  "admin-down/7 > admin-down/7 x1 1:7 1000/300, tx 90 detect 780; 100/300 900; "
	  "up/0 x3 7 50/50; 1 up 1 down since 4140; 7 up/0 at 4140 of 0" },
	{ 4150, STOP, 0, 0, 0, 0, 0, 0,
	  "admin-down/7 > admin-down/7 x1 1:7 1000/300, tx 90 detect 770; 100/300 900; "
	  "up/0 x3 7 50/50; 1 up 1 down since 4140; 7 up/0 at 4140 of 0" },
	{ 4160, CHANGE, 0, 0, 9, 10, 10, 0,
	  "admin-down/7, tx 40 detect 760; 50/300 900; up/0 x3 7 50/50; "
	  "1 up 1 down since 4140; 7 up/0 at 4140 of 0" },
	{ 4170, PACKET, P, UP, 3, 50, 50, 0,
	  "admin-down/7 dropped, tx 30 detect 900; 50/300 900; up/0 x3 7 50/50; "
	  "1 up 1 down since 4140; 7 up/0 at 4140 of 0" },
	{ 4240, TIMER, 0, 0, 0, 0, 0, 0,
	  "admin-down/7 > admin-down/7 x9 1:7 1000/300, detect 830; 0/300 900; "
	  "up/0 x3 7 50/50; 1 up 1 down since 4140; 7 up/0 at 4140 of 0" },
	{ 4250, PACKET, 0, ADMIN, 3, 50, 50, 0,
	  "admin-down/7 dropped, detect 900; 0/300 900; admin-down/0 x3 7 50/50; "
	  "1 up 1 down since 4140; 7 up/0 at 4140 of 0" },
	{ 4500, TIMER, 0, 0, 0, 0, 0, 0,
	  "admin-down/7, detect 650; 0/300 900; admin-down/0 x3 7 50/50; "
	  "1 up 1 down since 4140; 7 up/0 at 4140 of 0" },
};

static void from_down_over_init_to_admin_down(void **state)
{
	(void)state;
	struct bfd_fsm f = new_session(0);
	follow(&f, short_life, ARRAY_SIZE(short_life));
	assert_true(bfd_fsm_is_finished(&f));
}

/* Told once, or not at all. */
static void a_session_that_was_not_heard_stops_at_once(void **state)
{
	(void)state;
	static const struct row active[] = {
		{ 1, START, 0, 0, 0, 0, 0, 0,
		  "down/0 > down/0 x3 1:0 1000/300, tx 1000; 1000/0 0 since 1" },
		{ 2, STOP, 0, 0, 0, 0, 0, 0,
		  "admin-down/7 > admin-down/7 x3 1:0 1000/300,; 0/0 0 since 2" },
	};
	static const struct row passive[] = {
		{ 1, START, 0, 0, 0, 0, 0, 0, "down/0,; 0/0 0 since 1" },
		{ 2, STOP, 0, 0, 0, 0, 0, 0, "admin-down/7,; 0/0 0 since 2" },
	};
	static const struct row known[] = {
		{ 1, START, 0, 0, 0, 0, 0, 0, "down/0,; 0/0 0 since 1" },
		{ 2, PACKET, 0, DOWN, 3, 50, 50, 0,
		  "init/0 > init/0 x3 1:7 1000/300, tx 1000 detect 900; 1000/300 900; "
		  "down/1 x3 7 50/50 since 2" },
		{ 3, PACKET, 0, ADMIN, 3, 50, 50, 0,
		  "down/3 > down/3 x3 1:7 1000/300, tx 1000 detect 900; 1000/300 900; "
		  "admin-down/0 x3 7 50/50 since 3" },
		{ 4, STOP, 0, 0, 0, 0, 0, 0,
		  "admin-down/7 > admin-down/7 x3 1:7 1000/300, detect 899; 0/300 900; "
		  "admin-down/0 x3 7 50/50 since 4" },
	};
	/* The first packet heard: the waits count from the start. */
	static const struct row later[] = {
		{ 5000, START, 0, 0, 0, 0, 0, 0, "down/0,; 0/0 0 since 5000" },
		{ 5010, PACKET, 0, UP, 3, 50, 50, 0,
		  "down/0, tx 990 detect 900; 1000/300 900; up/0 x3 7 50/50 since 5000" },
	};
	struct bfd_fsm f = new_session(0);
	follow(&f, active, ARRAY_SIZE(active));
	f = new_session(PASSIVE);
	follow(&f, passive, ARRAY_SIZE(passive));
	f = new_session(PASSIVE);
	follow(&f, known, ARRAY_SIZE(known));
	f = new_session(PASSIVE);
	follow(&f, later, ARRAY_SIZE(later));
}

/* The former intervals are in effect until both have agreed anew. */
static void a_resumed_session_keeps_its_times(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{ 10, START, 0, 0, 0, 0, 0, 0,
		  "up/0 > up/0 P x3 1:7 100/300, tx 260 detect 4990; 260/600 3000; "
		  "up/0 x5 7 350/260" },
		{ 20, PACKET, 0, INIT, 5, 350, 260, 0,
		  "up/0, tx 250 detect 5000; 260/600 3000; init/0 x5 7 350/260" },
		{ 30, PACKET, F, UP, 5, 350, 20, 0,
		  "up/0, tx 80 detect 1750; 100/350 1750; up/0 x5 7 350/20" },
	};
	const struct row r = { .tx = 100, .rx = 300, .multiplier = 3 };
	const struct bfd_config c = config_of(&r);
	const struct bfd_resume before = { .discr = 1,
					   .remote_discr = 7,
					   .remote_multiplier = 5,
					   .since = BEGIN,
					   .tx_interval = 90 * MS,
					   .rx_interval = 600 * MS,
					   .remote_min_tx = 350 * MS,
					   .remote_min_rx = 260 * MS };
	struct bfd_fsm f;
	bfd_fsm_resume(&f, &c, &before, BEGIN);
	follow(&f, rows, ARRAY_SIZE(rows));
}

/* The rate that was in effect, if there was one. */
static void a_resumed_session_sends_as_often_as_before(void **state)
{
	(void)state;
	static const struct {
		span_t before, used;
	} cases[] = { { 0, 100 * MS }, { 1, 1 }, { 90 * MS, 90 * MS }, { 110 * MS, 100 * MS } };
	const struct row r = { .tx = 100, .rx = 300, .multiplier = 3 };
	const struct bfd_config c = config_of(&r);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct bfd_resume before = { .discr = 1,
						   .remote_discr = 7,
						   .remote_multiplier = 5,
						   .tx_interval = cases[i].before };
		struct bfd_fsm f;
		bfd_fsm_resume(&f, &c, &before, BEGIN);
		assert_int_equal(f.min_tx_used, cases[i].used);
		assert_int_equal(f.min_rx_used, 300 * MS);
	}
}

/* As many as the multiplier, three at least, and as many as there is time for. */
static void admin_down_is_told_some_times(void **state)
{
	(void)state;
	static const struct {
		uint8_t multiplier;
		unsigned tx, remote_rx, times;
	} cases[] = {
		{ 1, 50, 10, 3 },  { 3, 50, 10, 3 },   { 5, 50, 10, 5 },     { 5, 200, 10, 5 },
		{ 9, 200, 10, 6 }, { 9, 5000, 10, 4 }, { 9, 300, 10, 4 },    { 3, 50, 1000, 2 },
		{ 3, 50, 600, 2 }, { 3, 50, 1001, 1 }, { 255, 10, 10, 101 },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct row r = { .multiplier = cases[i].multiplier,
				       .tx = cases[i].tx,
				       .rx = 50 };
		const struct row theirs[] = {
			{ .type = START },
			{ .type = PACKET,
			  .state = DOWN,
			  .multiplier = 3,
			  .tx = 50,
			  .rx = cases[i].remote_rx },
			{ .type = STOP },
		};
		const struct bfd_config c = config_of(&r);
		struct bfd_fsm f;
		unsigned n = 0;
		bfd_fsm_init(&f, &c, 1, BEGIN);
		for (size_t k = 0; k < 3; k++) {
			const struct bfd_packet p = packet_of(&theirs[k]);
			struct bfd_event event = { .type = theirs[k].type, .now = BEGIN };
			struct bfd_actions a;
			event.packet = &p;
			if (k != 1)
				event.packet = NULL;
			bfd_fsm_step(&f, &event, &a);
			n = a.send;
		}
		while (!bfd_fsm_is_finished(&f)) {
			const struct bfd_event event = { .type = TIMER, .now = f.tx_at };
			struct bfd_actions a;
			bfd_fsm_step(&f, &event, &a);
			n += a.send;
		}
		if (n != cases[i].times)
			fail_msg("case %zu: %u times", i, n);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(from_the_first_packet_to_silence),
		cmocka_unit_test(from_down_over_init_to_admin_down),
		cmocka_unit_test(a_session_that_was_not_heard_stops_at_once),
		cmocka_unit_test(a_resumed_session_keeps_its_times),
		cmocka_unit_test(a_resumed_session_sends_as_often_as_before),
		cmocka_unit_test(admin_down_is_told_some_times),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
