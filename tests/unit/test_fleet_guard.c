/* SPDX-License-Identifier: MIT */
/* The decisions of the guard of a fleet, by table; test_fleet_sim.c has them over time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "fleet/guard.h"
#include "fleet/joiner.h"
#include "fleet/outlook.h"
#include "lib/array.h"

#define MAX 8

/* `up`: a letter for each node, in order: n normal, d degraded, D drained, w withdrawn, - no key.
 * `claims`: "slots/line" by the digits of nodes; node 0 is the one that decides. */
struct fixture {
	struct fleet_up up[MAX];
	struct fleet_claim claims[MAX];
	struct fleet_slot rolls[MAX];
	struct fleet_view view;
};

static struct fleet_claim claim_of(char digit)
{
	struct fleet_claim c = { .number = 1 };
	snprintf(c.node, sizeof(c.node), "node%c", digit);
	snprintf(c.session, sizeof(c.session), "s%c", digit);
	return c;
}

static void fill(struct fixture *f, const char *up, const char *claims)
{
	static const char letters[] = "njdDw";
	*f = (struct fixture){ .view = { .up = f->up, .leave = { .index = 7 } } };
	for (char node = '0'; *up; up++, node++) {
		struct fleet_claim c = claim_of(node);
		if (*up == '-')
			continue;
		struct fleet_up *to = &f->up[f->view.n_up++];
		snprintf(to->node, sizeof(to->node), "%s", c.node);
		snprintf(to->session, sizeof(to->session), "%s", c.session);
		to->form = (enum fleet_form)(strchr(letters, *up) - letters);
	}
	f->view.leave.claims = f->claims;
	for (; *claims; claims++)
		if (*claims == '/')
			f->view.leave.n_slots = f->view.leave.n;
		else
			f->claims[f->view.leave.n++] = claim_of(*claims);
}

static void write_text(const struct fleet_decision *d, char *to)
{
	const struct fleet_leave *l = &d->leaves[0];
	for (size_t i = 0; i <= l->n; i++) {
		if (i == l->n_slots)
			*to++ = '/';
		if (i < l->n)
			*to++ = l->claims[i].node[4];
	}
	*to = '\0';
}

#define NONE  FLEET_STEP_NONE
#define REG   FLEET_STEP_REGISTER
#define WAIT  FLEET_STEP_WAIT
#define WRITE FLEET_STEP_WRITE
#define LEAVE FLEET_STEP_LEAVE

static const struct {
	const char *name, *up, *claims;
	uint32_t min_up;
	enum fleet_step step;
	const char *written;
} cases[] = {
	{ "room", "dnn", "/", 2, WRITE, "0/" },
	{ "no room", "dnn", "/", 3, WRITE, "/0" },
	{ "granted", "dnn", "0/", 2, LEAVE, "/" },
	{ "granted, then one died", "dn-", "0/", 2, WRITE, "/0" },
	{ "waits", "dnn", "/0", 3, WAIT, "/" },
	{ "its turn", "dnn", "/0", 2, WRITE, "0/" },
	{ "another has the room", "ddn", "1/0", 2, WAIT, "/" },
	{ "another is before it", "ddn", "/10", 2, WAIT, "/" },
	{ "room for both", "ddnn", "/10", 2, WRITE, "0/1" },
	{ "new, behind one that waits", "ddn", "/1", 2, WRITE, "/10" },
	{ "the one before it died", "d-nn", "/10", 2, WRITE, "0/" },
	{ "the slot of one that died", "d-nn", "1/0", 2, WRITE, "0/" },
	{ "a drain takes up room", "dDn", "/", 2, WRITE, "/0" },
	{ "a hard withdrawal takes up room", "dwn", "/", 2, WRITE, "/0" },
	{ "one that left is not counted twice", "dwnn", "1/", 2, WRITE, "10/" },
	{ "a claim that is there twice", "ddn", "11/", 1, WRITE, "11/0" },
	{ "emptied: own key is missing", "-nn", "/", 1, REG, "/" },
	{ "slot, but own key is missing", "-nn", "0/", 1, REG, "/" },
	{ "the last one", "d", "/", 1, WRITE, "/0" },
	{ "more than there are", "dnn", "/0", 9, WAIT, "/" },
	{ "one that joins does not count", "djn", "/", 2, WRITE, "/0" },
	{ "nor does it itself", "jnn", "/", 2, WRITE, "0/" },
};

/* Those that join do not count for one that leaves. */
static const struct {
	const char *name, *up, *line;
	bool passed;
	uint32_t max_joining;
	enum fleet_step step;
	const char *written;
} joins[] = {
	{ "stands at the end", "jjn", "1", true, 1, WRITE, "/10" },
	{ "its own key is missing", "-jn", "0", true, 1, REG, "/" },
	{ "the first, and has not passed", "jjn", "01", false, 1, WAIT, "/" },
	{ "the first", "jjn", "01", true, 1, FLEET_STEP_PROMOTE, "/" },
	{ "the second", "jjn", "10", true, 1, WAIT, "/" },
	{ "the second of two at a time", "jjn", "10", true, 2, FLEET_STEP_PROMOTE, "/" },
	{ "the third of two at a time", "jjj", "120", true, 2, WAIT, "/" },
	{ "the one before it is withdrawn, and holds it up", "jwn", "10", true, 1, WAIT, "/" },
	{ "the one before it died", "j-n", "10", true, 1, FLEET_STEP_PROMOTE, "/" },
	{ "the one before it was promoted", "jnn", "10", true, 1, FLEET_STEP_PROMOTE, "/" },
	{ "the one before it was promoted, and is down", "jdn", "10", true, 1, FLEET_STEP_PROMOTE,
	  "/" },
};

/* Node 0 is away. */
static const struct {
	const char *name, *up, *claims;
	uint32_t min_up;
	enum fleet_step step;
} returns[] = {
	{ "enough are left", "wnn", "/", 2, NONE },
	{ "too few are left", "wnw", "/", 2, FLEET_STEP_RETURN },
	{ "one of those that are left joins", "wnj", "/", 2, NONE },
	{ "one that joins is about to leave", "wnj", "2/", 2, FLEET_STEP_RETURN },
	{ "too few, and it has a slot", "wnw", "0/", 2, FLEET_STEP_RETURN },
	{ "one is about to leave", "wnd", "2/", 2, FLEET_STEP_RETURN },
	{ "one waits in line", "wnd", "/2", 2, NONE },
	{ "one is drained", "wnD", "/", 2, FLEET_STEP_RETURN },
	{ "none is left", "w", "/", 1, FLEET_STEP_RETURN },
	{ "emptied: own key is missing", "-n", "/", 2, REG },
};

/* Nodes in rolling work count as leaving, the one that asks for itself but once. */
static const struct {
	const char *name, *up, *claims, *rolls;
	uint32_t min_up;
	enum fleet_step step;
	const char *written;
	bool may_drain; /* node 0, for rolling work */
} rolling[] = {
	{ "its drain is near", "dnn", "/", "1", 2, WRITE, "/0", false },
	{ "room beside it", "dnnn", "/", "1", 2, WRITE, "0/", true },
	{ "drained already", "dDnn", "/", "1", 2, WRITE, "0/", true },
	{ "it has a slot of the guard, too", "dnnn", "1/", "1", 2, WRITE, "10/", true },
	{ "granted, then one began", "dnnn", "0/", "1", 2, LEAVE, "/", true },
	{ "granted, then two began", "dnnn", "0/", "12", 2, WRITE, "/0", false },
	{ "its own", "dnn", "/", "0", 2, WRITE, "0/", true },
	{ "no session any more", "dnn", "/", "7", 2, WRITE, "0/", true },
	{ "all join", "jjj", "/", "", 2, WRITE, "/0", true },
	{ "all join, and one of them rolls", "jjj", "/", "1", 2, WRITE, "/0", false },
	{ "all join, and it has the slot itself", "jjj", "/", "0", 2, WRITE, "/0", true },
	{ "all join, and both have slots", "jjj", "/", "01", 2, WRITE, "/0", false },
	{ "all join, and one of them is let go", "jjj", "1/", "", 2, WRITE, "1/0", false },
	{ "one that joins beside those that do not", "jnj", "/", "", 2, WRITE, "/0", true },
	{ "the last one, and it joins", "j", "/", "", 1, WRITE, "/0", false },
	{ "those that join do not count for one that does not", "njj", "/", "", 1, WRITE, "/0",
	  false },
	{ "a claim that is there twice", "dn", "11/", "", 1, WRITE, "11/0", false },
	{ "a slot that is there twice", "dn", "/", "11", 1, WRITE, "/0", false },
};

static void who_does_rolling_work_is_leaving(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rolling); i++) {
		struct fixture f;
		struct fleet_decision d;
		struct fleet_rule rule = { .min_up = { .value = rolling[i].min_up } };
		struct fleet_claim me = claim_of('0');
		char written[16];
		size_t others, min_up;
		fill(&f, rolling[i].up, rolling[i].claims);
		f.view.roll.items = f.rolls;
		for (const char *p = rolling[i].rolls; *p; p++)
			snprintf(f.rolls[f.view.roll.n++].node, FLEET_NODE_MAX, "node%c", *p);
		fleet_decide_leave(&f.view, &rule, 1, &me, 0, &d);
		write_text(&d, written);
		if (d.step != rolling[i].step || strcmp(written, rolling[i].written) != 0)
			fail_msg("%s: step %d, %s", rolling[i].name, (int)d.step, written);
		if (fleet_may_drain(&f.view, &rule, "node0", 0, &others, &min_up) !=
		    rolling[i].may_drain)
			fail_msg("%s: drain, %zu others", rolling[i].name, others);
		if (others >= f.view.n_up || d.up >= f.view.n_up)
			fail_msg("%s: %zu others, %zu stay", rolling[i].name, others, d.up);
		fleet_decision_done(&d);
	}
}

static void who_has_to_return(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(returns); i++) {
		struct fixture f;
		struct fleet_decision d;
		struct fleet_rule rule = { .min_up = { false, returns[i].min_up } };
		struct fleet_claim me = claim_of('0');
		fill(&f, returns[i].up, returns[i].claims);
		fleet_decide_return(&f.view, &rule, 1, &me, 0, &d);
		if (d.step != returns[i].step)
			fail_msg("%s: step %d, expected %d", returns[i].name, (int)d.step,
				 (int)returns[i].step);
		assert_int_equal(d.min_up, returns[i].min_up);
		fleet_decision_done(&d);
	}
}

static void who_may_leave(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct fixture f;
		struct fleet_decision d;
		struct fleet_rule rule = { .min_up = { false, cases[i].min_up } };
		struct fleet_claim me = claim_of('0');
		char written[MAX + 2];
		fill(&f, cases[i].up, cases[i].claims);
		fleet_decide_leave(&f.view, &rule, 1, &me, 0, &d);
		write_text(&d, written);
		if (d.step != cases[i].step || strcmp(written, cases[i].written) != 0)
			fail_msg("%s: step %d '%s', expected %d '%s'", cases[i].name, (int)d.step,
				 written, (int)cases[i].step, cases[i].written);
		assert_int_equal(d.leaves[0].index, d.step == WRITE ? 7 : 0);
		fleet_decision_done(&d);
	}
}

/* The slot of its last episode is still there: it is not counted twice. */
static void an_earlier_slot_of_its_own(void **state)
{
	static const struct {
		const char *up;
		uint32_t min_up;
		const char *written;
		size_t staying;
	} of[] = { { "d", 1, "/0", 0 }, { "dnn", 2, "0/", 2 }, { "dnn", 3, "/0", 2 } };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct fixture f;
		struct fleet_decision d;
		struct fleet_rule rule = { .min_up = { false, of[i].min_up } };
		struct fleet_claim me = claim_of('0');
		char written[MAX + 2];
		me.number = 2;
		fill(&f, of[i].up, "0/");
		fleet_decide_leave(&f.view, &rule, 1, &me, 0, &d);
		write_text(&d, written);
		assert_string_equal(written, of[i].written);
		assert_int_equal(d.up, of[i].staying);
		fleet_decision_done(&d);
	}
}

static struct fleet_outlook outlook(const char *up, const char *claims, uint32_t min_up)
{
	struct fixture f;
	struct fleet_outlook o;
	const struct fleet_claim me = claim_of('0');
	const struct fleet_rule rule = { .min_up = { .value = min_up } };
	fill(&f, up, claims);
	fleet_outlook(&f.view, &rule, &me, 0, &o);
	return o;
}

/* As it then decides. */
static void what_is_foretold(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct fleet_outlook o =
			outlook(cases[i].up, cases[i].claims, cases[i].min_up);
		const char *own = strchr(cases[i].written, '0');
		bool goes = cases[i].step == LEAVE ||
			    (cases[i].step == WRITE && own < strchr(cases[i].written, '/'));
		enum fleet_prospect wanted = cases[i].step == REG ? FLEET_PROSPECT_UNKNOWN
					     : goes               ? FLEET_PROSPECT_GOES
								  : FLEET_PROSPECT_WAITS;
		if (fleet_prospect(&o, 1) != wanted)
			fail_msg("%s", cases[i].name);
	}
}

static void what_is_counted(void **state)
{
	(void)state;
	struct fleet_outlook o = outlook("dnnw", "1/0", 2);
	assert_true(o.up == 3 && o.others == 1 && o.min_up == 2 && o.ahead == 0);
	assert_true(o.is_known && o.stays);
	assert_int_equal(fleet_room(&o, 1), 0);
	const struct fleet_outlook both[] = { outlook("nnnn", "/", 1), outlook("nnnn", "/", 2) };
	assert_int_equal(fleet_room(both, 1), 3);
	assert_int_equal(fleet_room(both, 2), 2);
	assert_int_equal(fleet_prospect(both, 2), FLEET_PROSPECT_GOES);
	const struct fleet_outlook one[] = { outlook("nnnn", "/", 1), outlook("nnnn", "/", 4) };
	assert_int_equal(fleet_prospect(one, 2), FLEET_PROSPECT_WAITS);
	o = outlook("nn", "/", 3);
	assert_int_equal(fleet_room(&o, 1), 0);
	/* Those that join are announced, and are let go before the others. */
	o = outlook("jnn", "/", 2);
	assert_true(o.up == 3 && o.joining == 1 && o.others == 2 && o.counted == 2 && o.stays);
	assert_int_equal(fleet_room(&o, 1), 1);
	o = outlook("jjj", "/", 2);
	assert_true(o.up == 3 && o.joining == 3 && o.others == 2 && o.counted == 0 && o.stays);
	assert_int_equal(fleet_room(&o, 1), 0);
	o = outlook("njjD", "1/", 1);
	assert_true(o.up == 3 && o.joining == 2 && o.others == 1 && o.counted == 1 && o.stays);
	assert_int_equal(fleet_room(&o, 1), 1);
	o = outlook("nj", "11/", 1); /* a claim that is there twice */
	assert_true(o.others == 0 && fleet_room(&o, 1) == 0);
	o = outlook("wn", "/", 1);
	assert_true(o.is_known && !o.stays && o.others == 1);
}

static void claims_are_given_back(void **state)
{
	struct fixture f;
	struct fleet_decision d;
	char written[MAX + 2];
	(void)state;
	fill(&f, "nnn", "01/2");
	fleet_decide_stay(&f.view, 1, "node0", false, &d);
	write_text(&d, written);
	assert_string_equal(written, "1/2");
	fleet_decision_done(&d);
	fleet_decide_stay(&f.view, 1, "node7", false, &d);
	assert_int_equal(d.step, NONE);
	fleet_decide_stay(&f.view, 1, "node7", true, &d);
	assert_int_equal(d.step, WRITE);
	fleet_decision_done(&d);
}

/* A slot for one VIP is none: the app leaves with both or with none. */
static void an_app_leaves_with_all_its_vips(void **state)
{
	struct fixture a, b;
	struct fleet_decision d;
	struct fleet_rule rules[2] = { { .min_up = { false, 2 } }, { .min_up = { false, 3 } } };
	struct fleet_claim me = claim_of('0');
	(void)state;
	fill(&a, "dnn", "/");
	fill(&b, "dnn", "/");
	struct fleet_view views[2] = { a.view, b.view };
	fleet_decide_leave(views, rules, 2, &me, 0, &d);
	assert_int_equal(d.step, WRITE);
	assert_true(d.leaves[0].n_slots == 0 && d.leaves[1].n_slots == 0);
	assert_true(d.up == 2 && d.min_up == 3);
	fleet_decision_done(&d);
	fill(&a, "dnn", "0/");
	views[0] = a.view;
	fleet_decide_leave(views, rules, 2, &me, 0, &d);
	assert_int_equal(d.step, WRITE);
	assert_true(d.leaves[0].n_slots == 0 && d.leaves[0].n == 1);
	fleet_decision_done(&d);
	rules[1].min_up.value = 2;
	fill(&b, "dnn", "0/");
	views[1] = b.view;
	fleet_decide_leave(views, rules, 2, &me, 0, &d);
	assert_int_equal(d.step, LEAVE);
	fleet_decision_done(&d);
}

static void a_claim_of_another_episode_or_session_is_none_of_ours(void **state)
{
	struct fixture f;
	struct fleet_decision d;
	struct fleet_rule rule = { .min_up = { false, 1 } };
	struct fleet_claim me = claim_of('0');
	(void)state;
	fill(&f, "dnn", "0/");
	me.number = 2;
	fleet_decide_leave(&f.view, &rule, 1, &me, 0, &d);
	assert_int_equal(d.step, WRITE);
	assert_true(d.leaves[0].n == 1 && d.leaves[0].claims[0].number == 2);
	fleet_decision_done(&d);
	me = claim_of('0');
	me.session[0] = 'x';
	fleet_decide_leave(&f.view, &rule, 1, &me, 0, &d);
	assert_int_equal(d.step, REG);
	fleet_decision_done(&d);
}

static void a_share_is_of_those_that_have_the_app(void **state)
{
	struct fixture f;
	struct fleet_has has[] = { { "node0", 0, false },
				   { "node7", 1000, false },
				   { "node8", 900, true } };
	struct fleet_rule rule = { .min_up = { true, 50 }, .window = 100 };
	(void)state;
	fill(&f, "nnn", "/");
	assert_int_equal(fleet_min_up(&f.view, &rule, 1050), 2);
	f.view.has = has;
	f.view.n_has = ARRAY_SIZE(has);
	assert_int_equal(fleet_min_up(&f.view, &rule, 1000), 3); /* of 5 */
	assert_int_equal(fleet_min_up(&f.view, &rule, 1001), 2); /* of 4 */
	assert_int_equal(fleet_min_up(&f.view, &rule, 5000), 2); /* of 3 */
	rule.min_up.value = 0;
	assert_int_equal(fleet_min_up(&f.view, &rule, 5000), 1);
	/* The first that is not up, too; and of many the share is exact. */
	static struct fleet_has many[200];
	for (int i = 0; i < 200; i++)
		snprintf(many[i].node, FLEET_NODE_MAX, "other%d", i);
	f.view.n_up = 0;
	f.view.has = many;
	f.view.n_has = 200;
	rule.min_up.value = 100;
	assert_int_equal(fleet_min_up(&f.view, &rule, 0), 200);
	rule.min_up.value = 1;
	assert_int_equal(fleet_min_up(&f.view, &rule, 0), 2);
	f.view.n_has = 1;
	assert_int_equal(fleet_min_up(&f.view, &rule, 0), 1);
}

static void the_line_of_those_that_join(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(joins); i++) {
		struct fleet_rule rule = { .max_joining = joins[i].max_joining };
		struct fleet_joiner j;
		struct fixture f;
		char text[32], line[32];
		snprintf(line, sizeof(line), "/%s", joins[i].line);
		fill(&f, joins[i].up, line);
		f.view.join = f.view.leave;
		fleet_joiner_init(&j, "node0");
		fleet_joiner_session(&j, "s0", 0);
		fleet_joiner_want(&j, joins[i].passed ? FLEET_JOIN_PASSED : FLEET_JOIN_STANDS);
		fleet_joiner_judge(&j, &f.view, &rule, 1, true);
		write_text(&j.decision, text);
		if (j.decision.step != joins[i].step || strcmp(text, joins[i].written) != 0)
			fail_msg("%s: step %d, %s", joins[i].name, j.decision.step, text);
		assert_int_equal(j.is_promoted, joins[i].step == FLEET_STEP_PROMOTE);
		fleet_decision_done(&j.decision);
	}
}

static void nothing_is_promoted_while_something_stands_against_it(void **state)
{
	struct fleet_rule rule = { .max_joining = 1 };
	struct fleet_joiner j;
	struct fixture f;
	(void)state;
	fill(&f, "jn", "/0");
	f.view.join = f.view.leave;
	fleet_joiner_init(&j, "node0");
	fleet_joiner_session(&j, "s0", 0);
	fleet_joiner_want(&j, FLEET_JOIN_PASSED);
	fleet_joiner_judge(&j, &f.view, &rule, 1, false);
	assert_int_equal(j.decision.step, WAIT);
	assert_true(fleet_joiner_stands(&j));
	fleet_decision_done(&j.decision);
}

static void a_claim_is_of_one_episode(void **state)
{
	(void)state;
	const struct fleet_claim me = { "a", "s1", 7 };
	const struct fleet_claim others[] = { { "b", "s1", 7 },
					      { "a", "s2", 7 },
					      { "a", "s1", 8 } };
	const struct fleet_claim same = me;
	assert_true(fleet_claim_equal(&me, &same));
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(fleet_claim_equal(&me, &others[i]));
}

/* ---- more than one VIP, and more than one claim ---- */

static void claims_anywhere_in_the_list_are_given_back(void **state)
{
	struct fixture f, g;
	struct fleet_decision d;
	char written[MAX + 2];
	(void)state;
	fill(&f, "nnn", "0/12");
	fill(&g, "nnn", "/10");
	struct fleet_view views[2] = { f.view, g.view };
	static const char *const left[] = { "/12", "0/2", "0/1" };
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		fleet_decide_stay(&f.view, 1, claim_of((char)('0' + i)).node, false, &d);
		assert_int_equal(d.step, WRITE);
		write_text(&d, written);
		assert_string_equal(written, left[i]);
		fleet_decision_done(&d);
	}
	/* At one VIP of two: both are written. */
	fleet_decide_stay(views, 2, "node2", false, &d);
	assert_int_equal(d.step, WRITE);
	assert_true(d.leaves[0].n == 2 && d.leaves[0].n_slots == 1);
	assert_true(d.leaves[1].n == 2 && d.leaves[1].n_slots == 0);
	assert_int_equal(d.leaves[1].index, 7);
	fleet_decision_done(&d);
	fleet_decide_stay(views, 1, "node7", false, &d);
	assert_int_equal(d.step, NONE);
	fill(&f, "nnn", "/");
	views[0] = f.view;
	fleet_decide_stay(views, 2, "node1", false, &d);
	assert_int_equal(d.step, WRITE);
	fleet_decision_done(&d);
}

/* Wherever its slot is, one that is about to leave does not stay; claims that are there more often
 * than their node count down to none. */
static void who_stays(void **state)
{
	struct fixture f;
	(void)state;
	fill(&f, "nnnn", "12/3");
	assert_true(fleet_stays(&f.view, "node0"));
	assert_false(fleet_stays(&f.view, "node1"));
	assert_false(fleet_stays(&f.view, "node2"));
	assert_true(fleet_stays(&f.view, "node3"));
	assert_false(fleet_stays(&f.view, "node4"));
	assert_int_equal(fleet_count_staying(&f.view), 2);
	fill(&f, "d", "000/");
	assert_int_equal(fleet_count_staying(&f.view), 0);
	f.view.roll.items = f.rolls;
	f.view.roll.n = 2;
	snprintf(f.rolls[1].node, FLEET_NODE_MAX, "node0");
	f.view.leave.n = f.view.leave.n_slots = 0;
	assert_int_equal(fleet_count_staying(&f.view), 0);
	assert_false(fleet_stays(&f.view, "node0"));
}

/* Claims behind the end of a list are not in it. */
static void claims_behind_the_end(void **state)
{
	struct fixture f;
	struct fleet_decision d;
	struct fleet_rule rule = { .min_up = { false, 9 } };
	struct fleet_claim me = claim_of('0');
	char written[MAX + 2];
	(void)state;
	fill(&f, "dnn", "/0");
	f.view.leave.n = 0;
	fleet_decide_leave(&f.view, &rule, 1, &me, 0, &d);
	assert_int_equal(d.step, WRITE);
	fleet_decision_done(&d);
	fill(&f, "dnn", "/12");
	f.view.leave.n = 1;
	fleet_decide_leave(&f.view, &rule, 1, &me, 0, &d);
	write_text(&d, written);
	assert_string_equal(written, "/10");
	fleet_decision_done(&d);
}

/* The longest line, and the VIP that is shortest of agents, whichever comes first. */
static void two_vips_are_told_of(void **state)
{
	static const struct {
		const char *up[2], *claims[2];
		uint32_t min_up[2];
		enum fleet_step step;
		size_t ahead, up_told, min_told;
	} of[] = {
		{ { "ddn", "dnn" }, { "/10", "/0" }, { 2, 3 }, WAIT, 1, 2, 3 },
		{ { "dnn", "ddn" }, { "/0", "/10" }, { 3, 2 }, WAIT, 1, 2, 3 },
		{ { "dnnn", "dnn" }, { "/0", "/0" }, { 9, 2 }, WAIT, 0, 3, 9 },
		{ { "dnn", "dnnn" }, { "/0", "/0" }, { 2, 9 }, WAIT, 0, 3, 9 },
		{ { "dnn", "dnn" }, { "/0", "/" }, { 9, 9 }, WRITE, 0, 2, 9 },
		{ { "dnn", "dnn" }, { "0/", "0/" }, { 2, 3 }, WRITE, 0, 2, 3 },
		{ { "dnn", "dnn" }, { "0/", "0/" }, { 3, 2 }, WRITE, 0, 2, 3 },
		{ { "dnn", "dn" }, { "/0", "/0" }, { 3, 3 }, WAIT, 0, 1, 3 },
		{ { "dn", "dnn" }, { "/0", "/0" }, { 3, 3 }, WAIT, 0, 1, 3 },
		{ { "dnn", "dnnn" }, { "/0", "/0" }, { 3, 4 }, WAIT, 0, 2, 3 },
		{ { "dnnn", "dnn" }, { "/0", "/0" }, { 4, 3 }, WAIT, 0, 3, 4 },
		{ { "dnn", "-nn" }, { "/", "/" }, { 1, 1 }, REG, 0, 2, 1 },
		{ { "-nn", "dnn" }, { "/", "/" }, { 1, 1 }, REG, 0, 2, 1 },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct fixture a, b;
		struct fleet_decision d;
		struct fleet_rule rules[2] = { { .min_up = { false, of[i].min_up[0] } },
					       { .min_up = { false, of[i].min_up[1] } } };
		struct fleet_claim me = claim_of('0');
		fill(&a, of[i].up[0], of[i].claims[0]);
		fill(&b, of[i].up[1], of[i].claims[1]);
		struct fleet_view views[2] = { a.view, b.view };
		fleet_decide_leave(views, rules, 2, &me, 0, &d);
		if (d.step != of[i].step || d.ahead != of[i].ahead || d.up != of[i].up_told ||
		    d.min_up != of[i].min_told)
			fail_msg("%zu: step %d, %zu ahead, %zu of %zu", i, (int)d.step, d.ahead,
				 d.up, d.min_up);
		if (of[i].step == WRITE)
			assert_true(d.leaves[0].n == 1 && d.leaves[1].n == 1);
		fleet_decision_done(&d);
	}
}

static void who_returns_does_so_for_any_of_its_vips(void **state)
{
	static const struct {
		const char *up[2];
		enum fleet_step step;
	} of[] = {
		{ { "wnn", "wnn" }, NONE },
		{ { "wnn", "wnw" }, FLEET_STEP_RETURN },
		{ { "wnw", "wnn" }, FLEET_STEP_RETURN },
		{ { "wnw", "-nn" }, REG },
		{ { "-nn", "wnw" }, REG },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct fixture a, b;
		struct fleet_decision d;
		const struct fleet_rule rules[2] = { { .min_up = { false, 2 } },
						     { .min_up = { false, 2 } } };
		struct fleet_claim me = claim_of('0');
		fill(&a, of[i].up[0], "/");
		fill(&b, of[i].up[1], "/");
		struct fleet_view views[2] = { a.view, b.view };
		fleet_decide_return(views, rules, 2, &me, 0, &d);
		assert_int_equal(d.step, of[i].step);
		assert_true(d.min_up == 2 && d.ahead == 0);
		fleet_decision_done(&d);
	}
}

/* It stands at every VIP, and its turn has come when it has at all of them. */
static void one_that_joins_with_two_vips(void **state)
{
	static const struct {
		const char *up[2], *line[2];
		uint32_t max[2];
		enum fleet_step step;
		size_t ahead;
		const char *first;
	} of[] = {
		{ { "jnn", "jnn" }, { "0", "0" }, { 1, 1 }, FLEET_STEP_PROMOTE, 0, "" },
		{ { "jjn", "jnn" }, { "10", "0" }, { 1, 1 }, WAIT, 1, "node1" },
		{ { "jnn", "jjn" }, { "0", "10" }, { 1, 1 }, WAIT, 1, "node1" },
		{ { "jjj", "jnj" }, { "120", "20" }, { 1, 1 }, WAIT, 2, "node1" },
		{ { "jnj", "jjj" }, { "20", "120" }, { 1, 1 }, WAIT, 2, "node1" },
		{ { "jjn", "jjn" }, { "10", "10" }, { 2, 1 }, WAIT, 1, "node1" },
		{ { "jjn", "jjn" }, { "10", "10" }, { 2, 2 }, FLEET_STEP_PROMOTE, 1, "node1" },
		{ { "jnn", "jnn" }, { "0", "" }, { 1, 1 }, WRITE, 0, "" },
		{ { "jnn", "jnn" }, { "", "0" }, { 1, 1 }, WRITE, 0, "" },
		{ { "jnn", "-nn" }, { "0", "0" }, { 1, 1 }, REG, 0, "" },
		{ { "-nn", "jnn" }, { "0", "0" }, { 1, 1 }, REG, 0, "" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(of); i++) {
		struct fleet_rule rules[2] = { { .max_joining = of[i].max[0] },
					       { .max_joining = of[i].max[1] } };
		struct fleet_joiner j;
		struct fixture f[2];
		struct fleet_view views[2];
		for (size_t k = 0; k < 2; k++) {
			char line[16];
			snprintf(line, sizeof(line), "/%s", of[i].line[k]);
			fill(&f[k], of[i].up[k], line);
			f[k].view.join = f[k].view.leave;
			views[k] = f[k].view;
		}
		fleet_joiner_init(&j, "node0");
		fleet_joiner_session(&j, "s0", 0);
		fleet_joiner_want(&j, FLEET_JOIN_PASSED);
		fleet_joiner_judge(&j, views, rules, 2, true);
		if (j.decision.step != of[i].step || j.decision.ahead != of[i].ahead ||
		    strcmp(j.decision.first, of[i].first) != 0)
			fail_msg("%zu: step %d, %zu ahead of '%s'", i, (int)j.decision.step,
				 j.decision.ahead, j.decision.first);
		if (of[i].step == WRITE)
			assert_true(j.decision.leaves[0].n == 1 && j.decision.leaves[1].n == 1);
		fleet_decision_done(&j.decision);
	}
}

/* Its claims go where there are any; what may yet come is overtaken. */
static void one_that_joins_no_more(void **state)
{
	struct fleet_rule rule = { .max_joining = 1 };
	struct fleet_joiner j;
	struct fixture f;
	char text[32];
	(void)state;
	fill(&f, "nnn", "/120");
	f.view.join = f.view.leave;
	fleet_joiner_init(&j, "node0");
	fleet_joiner_session(&j, "s0", 5);
	assert_int_equal(j.read_at, 5);
	assert_int_equal(fleet_joiner_deadline(&j), USEC_NEVER);
	fleet_joiner_judge(&j, &f.view, &rule, 1, true);
	assert_int_equal(j.decision.step, NONE); /* it has never stood */
	j.may_stand = true;
	assert_int_equal(fleet_joiner_deadline(&j), 5);
	fleet_joiner_judge(&j, &f.view, &rule, 1, true);
	assert_int_equal(j.decision.step, WRITE);
	write_text(&j.decision, text);
	assert_string_equal(text, "/12");
	assert_true(j.may_stand);
	assert_int_equal(fleet_joiner_deadline(&j), 0);
	f.view.join.n = 2;
	fleet_joiner_judge(&j, &f.view, &rule, 1, true);
	assert_int_equal(j.decision.step, NONE);
	assert_false(j.may_stand);
	j.may_stand = j.is_unsettled = true;
	fleet_joiner_judge(&j, &f.view, &rule, 1, true);
	assert_int_equal(j.decision.step, WRITE);
	fleet_joiner_forget(&j, 9);
	assert_int_equal(j.decision.step, NONE);
	assert_int_equal(j.read_at, 9);
	/* A claim behind the end of the list is not in line. */
	fleet_joiner_want(&j, FLEET_JOIN_STANDS);
	f.claims[0] = j.claim;
	f.view.join.n = 0;
	fleet_joiner_judge(&j, &f.view, &rule, 1, true);
	assert_int_equal(j.decision.step, WRITE);
	assert_int_equal(fleet_joiner_wait(&j, 2, 30), 30);
	fleet_joiner_want(&j, FLEET_JOIN_PASSED);
	j.decision.ahead = 3;
	assert_int_equal(fleet_joiner_wait(&j, 2, 30), 8);
	assert_int_equal(fleet_joiner_wait(&j, 2, 7), 7);
	fleet_decision_done(&j.decision);
}

/* Those that stand keep their place by another definition; a new one stands anew. */
static void episodes_of_one_that_joins(void **state)
{
	struct fleet_joiner j;
	(void)state;
	fleet_joiner_init(&j, "node0");
	assert_false(fleet_joiner_want(&j, FLEET_JOIN_NONE));
	assert_false(fleet_joiner_stands(&j));
	assert_true(fleet_joiner_want(&j, FLEET_JOIN_STANDS));
	assert_true(fleet_joiner_stands(&j));
	assert_int_equal(j.claim.number, 1);
	assert_true(fleet_joiner_want(&j, FLEET_JOIN_PASSED));
	assert_int_equal(j.claim.number, 1);
	j.is_promoted = true;
	assert_false(fleet_joiner_stands(&j));
	assert_true(fleet_joiner_want(&j, FLEET_JOIN_NONE));
	assert_false(j.is_promoted);
	assert_true(fleet_joiner_want(&j, FLEET_JOIN_PASSED));
	assert_int_equal(j.claim.number, 2);
}

static void how_many_are_before_it_is_foretold(void **state)
{
	(void)state;
	struct fleet_outlook o = outlook("dddn", "/120", 2);
	assert_int_equal(o.ahead, 2);
	const struct fleet_outlook both[] = { outlook("nnnn", "/", 1), outlook("-nnn", "/", 1) };
	assert_int_equal(fleet_prospect(both, 2), FLEET_PROSPECT_UNKNOWN);
	const struct fleet_outlook gone[] = { outlook("dnn", "0/", 2), outlook("dnn", "0/", 2) };
	assert_true(gone[0].leaves && !gone[0].takes);
	assert_int_equal(fleet_prospect(gone, 2), FLEET_PROSPECT_GOES);
	const struct fleet_outlook mixed[] = { gone[0], outlook("dnn", "/0", 9) };
	assert_int_equal(fleet_prospect(mixed, 2), FLEET_PROSPECT_WAITS);
	o = outlook("nn", "/", 2);
	assert_int_equal(fleet_room(&o, 1), 0);
	o = outlook("nnn", "/", 2);
	assert_int_equal(fleet_room(&o, 1), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_claim_is_of_one_episode),
		cmocka_unit_test(the_line_of_those_that_join),
		cmocka_unit_test(nothing_is_promoted_while_something_stands_against_it),
		cmocka_unit_test(who_may_leave),
		cmocka_unit_test(who_has_to_return),
		cmocka_unit_test(who_does_rolling_work_is_leaving),
		cmocka_unit_test(an_earlier_slot_of_its_own),
		cmocka_unit_test(what_is_foretold),
		cmocka_unit_test(what_is_counted),
		cmocka_unit_test(claims_are_given_back),
		cmocka_unit_test(an_app_leaves_with_all_its_vips),
		cmocka_unit_test(a_claim_of_another_episode_or_session_is_none_of_ours),
		cmocka_unit_test(a_share_is_of_those_that_have_the_app),
		cmocka_unit_test(claims_anywhere_in_the_list_are_given_back),
		cmocka_unit_test(who_stays),
		cmocka_unit_test(claims_behind_the_end),
		cmocka_unit_test(two_vips_are_told_of),
		cmocka_unit_test(who_returns_does_so_for_any_of_its_vips),
		cmocka_unit_test(one_that_joins_with_two_vips),
		cmocka_unit_test(one_that_joins_no_more),
		cmocka_unit_test(episodes_of_one_that_joins),
		cmocka_unit_test(how_many_are_before_it_is_foretold),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
