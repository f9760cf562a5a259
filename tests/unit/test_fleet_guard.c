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
	static const char letters[] = "ndDw";
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
};

/* Node 0 is away. */
static const struct {
	const char *name, *up, *claims;
	uint32_t min_up;
	enum fleet_step step;
} returns[] = {
	{ "enough are left", "wnn", "/", 2, NONE },
	{ "too few are left", "wnw", "/", 2, FLEET_STEP_RETURN },
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(who_may_leave),
		cmocka_unit_test(who_has_to_return),
		cmocka_unit_test(who_does_rolling_work_is_leaving),
		cmocka_unit_test(an_earlier_slot_of_its_own),
		cmocka_unit_test(claims_are_given_back),
		cmocka_unit_test(an_app_leaves_with_all_its_vips),
		cmocka_unit_test(a_claim_of_another_episode_or_session_is_none_of_ours),
		cmocka_unit_test(a_share_is_of_those_that_have_the_app),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
