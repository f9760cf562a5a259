/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bgp/router_link.h"
#include "lib/addr.h"
#include "lib/str.h"

#define MS USEC_PER_MSEC
#define T0 (1000 * USEC_PER_SEC)

static const struct addr a = { AF_INET6, { 0xfe, 0x80, [15] = 1 } };
static const struct addr b = { AF_INET6, { 0xfe, 0x80, [15] = 2 } };
static const struct addr c = { AF_INET6, { 0xfe, 0x80, [15] = 3 } };

struct bed {
	struct router_link l;
	mono_t now;
	unsigned adverts, solicits, probes;
	bool silent; /* the router does not answer Neighbor Solicitations */
};

static void step(struct bed *t)
{
	struct router_link_actions actions;
	router_link_step(&t->l, t->now, 0, &actions);
	t->adverts += actions.advert;
	t->solicits += actions.solicit;
	t->probes += actions.probe;
	if (actions.probe && !t->silent)
		router_link_neighbor(&t->l, &t->l.router, t->now);
}

/* Everything that is due in that time, at its time. */
static void pass(struct bed *t, span_t span)
{
	mono_t end = t->now + span;
	for (mono_t next; (next = router_link_deadline(&t->l)) <= end;) {
		assert_true(next != USEC_NEVER);
		t->now = next > t->now ? next : t->now;
		step(t);
		assert_true(router_link_deadline(&t->l) > t->now);
	}
	t->now = end;
}

static struct bed searching(void)
{
	struct bed t = { .now = T0 };
	router_link_init(&t.l);
	router_link_up(&t.l, t.now);
	step(&t);
	return t;
}

static struct bed knowing(const struct addr *router)
{
	struct bed t = searching();
	router_link_advert(&t.l, router, t.now);
	step(&t);
	assert_true(addr_equal(&t.l.router, router));
	return t;
}

static struct bed established(void)
{
	struct bed t = knowing(&a);
	router_link_session(&t.l, true, t.now);
	step(&t);
	return t;
}

static void a_link_that_is_down_does_nothing(void **state)
{
	struct bed t = { .now = T0 };
	(void)state;
	router_link_init(&t.l);
	router_link_advert(&t.l, &a, t.now);
	router_link_echo(&t.l, &a, t.now);
	router_link_session(&t.l, true, t.now);
	step(&t);
	assert_false(addr_is_set(&t.l.router));
	assert_int_equal(t.adverts + t.solicits + t.probes, 0);
	assert_true(router_link_deadline(&t.l) == USEC_NEVER);
}

/* The first of each leave at once: a router that hears us answers at once, too. */
static void it_begins_at_once_and_slows_down(void **state)
{
	struct bed t = searching();
	(void)state;
	assert_int_equal(t.adverts, 1);
	assert_int_equal(t.solicits, 1);
	pass(&t, 1000 * MS);
	assert_int_equal(t.solicits, 4);
	assert_int_equal(t.adverts, 2);
	assert_false(router_link_is_overdue(&t.l, t.now));
	pass(&t, 500 * MS);
	assert_int_equal(t.adverts, 3);
	pass(&t, 60 * USEC_PER_SEC);
	assert_true(t.solicits <= 22);
	assert_true(t.adverts <= 11);
	assert_true(router_link_is_overdue(&t.l, t.now));
	assert_int_equal(t.probes, 0);
}

static void the_first_router_that_advertises_itself_is_taken(void **state)
{
	struct bed t = searching();
	(void)state;
	router_link_advert(&t.l, &a, t.now);
	step(&t);
	assert_true(addr_equal(&t.l.router, &a));
	unsigned solicits = t.solicits;
	router_link_session(&t.l, true, t.now);
	pass(&t, 60 * USEC_PER_SEC);
	assert_int_equal(t.solicits, solicits);
	assert_int_equal(t.probes, 60);
	assert_true(t.adverts >= 7); /* its neighbor entry for us must not expire */
}

/* One without advertisements is waited for, in case there is one with them. */
static void a_router_that_answers_the_echo_is_the_second_choice(void **state)
{
	struct bed t = searching();
	(void)state;
	router_link_echo(&t.l, &a, t.now);
	pass(&t, 900 * MS);
	assert_false(addr_is_set(&t.l.router));
	pass(&t, 200 * MS);
	assert_true(addr_equal(&t.l.router, &a));

	t = searching();
	router_link_echo(&t.l, &a, t.now);
	pass(&t, 500 * MS);
	router_link_advert(&t.l, &b, t.now);
	step(&t);
	pass(&t, 1500 * MS);
	assert_true(addr_equal(&t.l.router, &b));
	/* Once there is a session, the one that has it stays. */
	t = searching();
	router_link_echo(&t.l, &a, t.now);
	pass(&t, 1000 * MS);
	router_link_session(&t.l, true, t.now);
	router_link_advert(&t.l, &b, t.now);
	step(&t);
	assert_true(addr_equal(&t.l.router, &a));
}

static void another_router_takes_over_when_the_first_is_silent(void **state)
{
	struct bed t = established();
	(void)state;
	t.silent = true;
	router_link_advert(&t.l, &b, t.now);
	step(&t);
	assert_true(addr_equal(&t.l.router, &a));
	assert_int_equal(t.probes, 1);
	pass(&t, 900 * MS);
	assert_int_equal(t.probes, 3);
	assert_true(addr_equal(&t.l.router, &b));
	assert_false(addr_is_set(&t.l.other));
}

/* Swapped behind a switch, for one that does not advertise itself, or not for long. */
static void a_silent_router_has_others_asked_for(void **state)
{
	struct bed t = established();
	(void)state;
	t.silent = true;
	unsigned solicits = t.solicits;
	pass(&t, 1400 * MS);
	assert_int_equal(t.solicits, solicits + 1);
	router_link_echo(&t.l, &a, t.now); /* that of before, late: not another one */
	assert_false(addr_is_set(&t.l.other));
	router_link_echo(&t.l, &b, t.now);
	pass(&t, 600 * MS);
	assert_true(addr_equal(&t.l.router, &b));
}

/* A router that is busy, or drops Neighbor Solicitations, keeps its session. */
static void silence_alone_ends_no_session(void **state)
{
	struct bed t = established();
	(void)state;
	t.silent = true;
	pass(&t, 300 * USEC_PER_SEC);
	assert_true(addr_equal(&t.l.router, &a) && t.l.has_session);
	/* Nor do one that was heard before, and one that answers while the router does. */
	t = established();
	router_link_advert(&t.l, &b, t.now);
	pass(&t, 5 * USEC_PER_SEC);
	assert_true(t.l.both);
	t.silent = true;
	pass(&t, 10 * USEC_PER_SEC);
	assert_true(addr_equal(&t.l.router, &a));
	t = established();
	router_link_echo(&t.l, &b, t.now);
	assert_false(addr_is_set(&t.l.other));
}

static void two_routers_are_told_once_the_first_has_answered(void **state)
{
	struct bed t = established();
	(void)state;
	t.silent = true;
	router_link_advert(&t.l, &b, t.now);
	step(&t);
	assert_false(t.l.both);
	router_link_neighbor(&t.l, &b, t.now); /* not the one that was asked */
	assert_false(t.l.both);
	router_link_neighbor(&t.l, &a, t.now);
	step(&t);
	assert_true(t.l.both && addr_equal(&t.l.other, &b));
	/* A third: the first has not answered since. */
	router_link_advert(&t.l, &c, t.now);
	assert_true(!t.l.both && addr_equal(&t.l.other, &c));
	router_link_advert(&t.l, &c, t.now);
	assert_false(t.l.both);
	t.silent = false;
	pass(&t, 60 * USEC_PER_SEC);
	assert_true(addr_equal(&t.l.router, &a));
	/* Not heard for long: it is forgotten. */
	pass(&t, 1800 * USEC_PER_SEC);
	assert_false(addr_is_set(&t.l.other) || t.l.both);
}

/* Asked when the session ends, and again and again until there is another. */
static void without_a_session_a_router_that_is_gone_is_searched(void **state)
{
	struct bed t = established();
	(void)state;
	router_link_session(&t.l, false, t.now);
	step(&t);
	assert_int_equal(t.probes, 1);
	pass(&t, 900 * MS);
	assert_int_equal(t.probes, 1);
	unsigned solicits = t.solicits;
	t.silent = true;
	pass(&t, 1200 * MS);
	assert_false(addr_is_set(&t.l.router) || t.l.advertises);
	assert_true(t.solicits > solicits);
}

/* It may be the router's next instance, which does not know us. */
static void an_advertisement_without_a_session_is_answered(void **state)
{
	struct bed t = knowing(&a);
	(void)state;
	pass(&t, 5000 * MS);
	unsigned adverts = t.adverts;
	router_link_advert(&t.l, &a, t.now);
	step(&t);
	assert_int_equal(t.adverts, adverts + 1);
	for (int i = 0; i < 100; i++) { /* a flood is not answered by one */
		router_link_advert(&t.l, &a, t.now);
		step(&t);
	}
	assert_int_equal(t.adverts, adverts + 1);
}

static void a_link_that_comes_back_begins_anew(void **state)
{
	struct bed t = established();
	(void)state;
	router_link_advert(&t.l, &b, t.now);
	router_link_down(&t.l);
	assert_true(router_link_deadline(&t.l) == USEC_NEVER);
	router_link_up(&t.l, t.now);
	assert_false(addr_is_set(&t.l.router) || addr_is_set(&t.l.other) || t.l.has_session);
	unsigned solicits = t.solicits;
	step(&t);
	assert_int_equal(t.solicits, solicits + 1);
}

/* The second choice remains the second choice. */
static void the_one_that_takes_its_place_need_not_advertise_itself(void **state)
{
	struct bed t = knowing(&a);
	(void)state;
	t.silent = true;
	pass(&t, 1350 * MS); /* asked twice, without an answer */
	assert_true(addr_equal(&t.l.router, &a));
	router_link_echo(&t.l, &b, t.now);
	pass(&t, 1000 * MS);
	assert_true(addr_equal(&t.l.router, &b));
	assert_false(t.l.advertises);
	router_link_advert(&t.l, &c, t.now);
	assert_true(addr_equal(&t.l.router, &c));
	/* One that does stays. */
	t = knowing(&a);
	t.silent = true;
	router_link_advert(&t.l, &b, t.now);
	pass(&t, 1000 * MS);
	assert_true(addr_equal(&t.l.router, &b) && t.l.advertises);
	router_link_advert(&t.l, &c, t.now);
	assert_true(addr_equal(&t.l.router, &b));
}

/* ---- lives, step by step ---- */

enum cue_type { ADVERT, ANSWER, ECHO, SESSION, NO_SESSION, QUIET, END };

struct cue {
	unsigned at; /* ms */
	enum cue_type type;
	const struct addr *who;
};

static void name(struct strbuf *sb, const char *before, const struct addr *addr, bool advertises)
{
	if (addr_is_set(addr))
		strbuf_add(sb, "%s%c%s", before, 'a' - 1 + addr->bytes[15], advertises ? "!" : "");
}

/* "[a!/b+=]": router a, which advertises itself, b is there as well, both are, with a session.
 * "[?c]": c answered the echo while there was none. */
static void describe(const struct router_link *l, char text[static 32])
{
	struct strbuf sb = strbuf_over(text, 32);
	strbuf_add(&sb, "[");
	name(&sb, "", &l->router, l->advertises);
	name(&sb, "/", &l->other, l->other_advertises);
	name(&sb, "?", &l->silent, false);
	strbuf_add(&sb, "%s%s]", l->both ? "+" : "", l->has_session ? "=" : "");
}

/* Appends the time, when there is something to tell: what is sent, Advertisement, Solicitation or
 * Probe, and the state if it is another one. */
static void tell(struct bed *t, struct strbuf *sb, char last[static 32], const char *sent)
{
	char now[32];
	describe(&t->l, now);
	if (!sent[0] && strcmp(now, last) == 0)
		return;
	strbuf_add(sb, " %u%s", (unsigned)((t->now - T0) / MS), sent);
	if (strcmp(now, last) != 0)
		strbuf_add(sb, "%s", now);
	memcpy(last, now, sizeof(now));
}

static void due(struct bed *t, struct strbuf *sb, char last[static 32])
{
	struct router_link_actions actions;
	char sent[4];
	router_link_step(&t->l, t->now, 0, &actions);
	snprintf(sent, sizeof(sent), "%s%s%s", actions.advert ? "A" : "",
		 actions.solicit ? "S" : "", actions.probe ? "P" : "");
	tell(t, sb, last, sent);
	if (actions.probe && !t->silent)
		router_link_neighbor(&t->l, &t->l.router, t->now);
}

static void play(struct bed *t, const struct cue *cue)
{
	if (cue->type == ADVERT)
		router_link_advert(&t->l, cue->who, t->now);
	else if (cue->type == ANSWER)
		router_link_neighbor(&t->l, cue->who, t->now);
	else if (cue->type == ECHO)
		router_link_echo(&t->l, cue->who, t->now);
	else if (cue->type == SESSION || cue->type == NO_SESSION)
		router_link_session(&t->l, cue->type == SESSION, t->now);
	else if (cue->type == QUIET)
		t->silent = true;
}

/* From its beginning, with what happens in between. */
static void expect_life(const struct cue *cues, const char *expected)
{
	struct bed t = { .now = T0 };
	char text[4000], last[32] = "[]";
	struct strbuf sb = strbuf_over(text, sizeof(text));
	router_link_init(&t.l);
	router_link_up(&t.l, t.now);
	due(&t, &sb, last);
	for (;; cues++) {
		mono_t at = T0 + cues->at * MS;
		while (router_link_deadline(&t.l) < at) {
			t.now = router_link_deadline(&t.l);
			due(&t, &sb, last);
		}
		t.now = at;
		if (cues->type == END)
			break;
		play(&t, cues);
		due(&t, &sb, last);
		assert_int_equal(router_link_is_overdue(&t.l, t.now),
				 !addr_is_set(&t.l.router) &&
					 t.now >= t.l.searching_since + 3000 * MS);
	}
	assert_string_equal(text, expected);
}

static void lives_of_a_link(void **state)
{
	(void)state;
	static const struct cue alone[] = { { 2999, QUIET, NULL },
					    { 3000, QUIET, NULL },
					    { 25000, END, NULL } };
	static const struct cue heard[] = { { 1100, ADVERT, &a },       { 1200, ADVERT, &a },
					    { 2000, SESSION, NULL },    { 2100, ADVERT, &a },
					    { 3150, ADVERT, &b },       { 3200, ADVERT, &c },
					    { 3250, ECHO, &c },         { 4000, QUIET, NULL },
					    { 5250, ECHO, &b },         { 7000, ECHO, &a },
					    { 9000, NO_SESSION, NULL }, { 12500, END, NULL } };
	static const struct cue echoes[] = { { 10, ECHO, &c },        { 500, ECHO, &b },
					     { 1500, ADVERT, &b },    { 1600, ADVERT, &c },
					     { 1700, SESSION, NULL }, { 2000, QUIET, NULL },
					     { 2900, ECHO, &a },      { 3200, ANSWER, &b },
					     { 3900, ADVERT, &a },    { 4100, ANSWER, &a },
					     { 6000, END, NULL } };
	static const struct cue returns[] = { { 100, ADVERT, &a },        { 200, SESSION, NULL },
					      { 300, ADVERT, &b },        { 400, QUIET, NULL },
					      { 2700, NO_SESSION, NULL }, { 2800, ECHO, &c },
					      { 2900, ECHO, &c },         { 3000, ADVERT, &a },
					      { 4350, ECHO, &c },         { 5000, END, NULL } };
	/* Of the second choice until it advertises itself. */
	static const struct cue second[] = {
		{ 10, ECHO, &a },
		{ 1200, QUIET, NULL },
		{ 2400, ADVERT, &b },
		{ 5000, END, NULL },
	};
	static const struct cue becomes_first[] = {
		{ 10, ECHO, &a },
		{ 1100, ADVERT, &a },
		{ 1200, ADVERT, &b },
		{ 1500, END, NULL },
	};
	expect_life(second, " 0AS 10[?a] 250AS 500S 1000S 1010A[a] 2010P 2310P 2400A[b!]"
			    " 3400P 3700P 4000P 4300S[] 4550S 4800S");
	expect_life(becomes_first, " 0AS 10[?a] 250AS 500S 1000S 1010A[a] 1100[a!] 1200P[a!/b!]"
				   " 1260A[a!/b!+]");
	expect_life(alone,
		    " 0AS 250AS 500S 1000S 1250A 2000S 4000S 8000S 11250A 12000S 16000S 20000S"
		    " 21250A 24000S");
	expect_life(heard,
		    " 0AS 250AS 500S 1000S 1100A[a!] 1350A 2000[a!=] 3100P 3150P[a!/b!=]"
		    " 3200P[a!/c!=] 3250[a!/c!+=] 4200P 4500SP 4800P 5100P 5400SP 5700P 6000P"
		    " 6300SP 6600P 6900P 7200SP 7500P 7800P 8100SP 8400P 8700P 9000P[a!/c!+] 9300P"
		    " 9600P 9900A[c!] 10900P 11200P 11500P 11800S[] 12050S 12300S");
	expect_life(echoes,
		    " 0AS 10[?c] 250AS 500S 1000S 1010A[c] 1500A[b!] 1600P[b!/c!] 1700[b!/c!+=]"
		    " 2700P 3000SP 3900P[b!/a!=] 4200SP 4500P 4800A[a!] 5800P");
	expect_life(returns,
		    " 0AS 100[a!] 200[a!=] 250A 300P[a!/b!=] 400[a!/b!+=] 1250A 1300P 1600SP 1900P"
		    " 2200P 2500SP 2700P[a!/b!+] 3000A 4000P 4300P 4350[a!/c] 4600P 4900A[c]");
}

static void another_router_is_there_for_half_an_hour(void **state)
{
	struct bed t = established();
	(void)state;
	router_link_advert(&t.l, &b, t.now);
	step(&t);
	t.now = T0 + 1800 * USEC_PER_SEC - 1;
	step(&t);
	assert_true(addr_equal(&t.l.other, &b));
	t.now++;
	step(&t);
	assert_false(addr_is_set(&t.l.other));
}

/* Whatever comes: there is one router at most, and something is always due while the link is up. */
static void any_order_of_events(void **state)
{
	struct bed t = searching();
	(void)state;
	srand(7);
	for (int i = 0; i < 200000; i++) {
		const struct addr *who = rand() % 2 ? &a : &b;
		switch (rand() % 8) {
		case 0:
			router_link_advert(&t.l, who, t.now);
			break;
		case 1:
			router_link_neighbor(&t.l, who, t.now);
			break;
		case 2:
			router_link_echo(&t.l, who, t.now);
			break;
		case 3:
			router_link_session(&t.l, rand() % 2, t.now);
			break;
		case 4:
			if (rand() % 50 == 0)
				router_link_up(&t.l, t.now);
			break;
		default:
			pass(&t, (span_t)(rand() % 2000) * MS);
		}
		t.silent = rand() % 2;
		step(&t);
		assert_true(router_link_deadline(&t.l) > t.now);
		assert_true(router_link_deadline(&t.l) <= t.now + 11 * USEC_PER_SEC);
		assert_true(!addr_is_set(&t.l.other) || !addr_equal(&t.l.other, &t.l.router));
		assert_true(addr_is_set(&t.l.router) || !t.l.has_session);
		assert_true(!t.l.both || addr_is_set(&t.l.other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_link_that_is_down_does_nothing),
		cmocka_unit_test(it_begins_at_once_and_slows_down),
		cmocka_unit_test(the_first_router_that_advertises_itself_is_taken),
		cmocka_unit_test(a_router_that_answers_the_echo_is_the_second_choice),
		cmocka_unit_test(another_router_takes_over_when_the_first_is_silent),
		cmocka_unit_test(a_silent_router_has_others_asked_for),
		cmocka_unit_test(silence_alone_ends_no_session),
		cmocka_unit_test(two_routers_are_told_once_the_first_has_answered),
		cmocka_unit_test(without_a_session_a_router_that_is_gone_is_searched),
		cmocka_unit_test(an_advertisement_without_a_session_is_answered),
		cmocka_unit_test(a_link_that_comes_back_begins_anew),
		cmocka_unit_test(the_one_that_takes_its_place_need_not_advertise_itself),
		cmocka_unit_test(lives_of_a_link),
		cmocka_unit_test(another_router_is_there_for_half_an_hour),
		cmocka_unit_test(any_order_of_events),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
