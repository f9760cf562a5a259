/* SPDX-License-Identifier: MIT */
/* A listing that is not consistent is listed again, and never repaired. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/array.h"
#include "lib/str.h"
#include "nat/listing.h"
#include "nat/side.h"

/* A rule for each letter; capitals: to another port, with the same key. */
static struct nat_rule letter(char c)
{
	struct nat_rule r = { .proto = IPPROTO_TCP,
			      .listen = (uint16_t)(c | 0x20),
			      .port = (uint16_t)c };
	assert_int_equal(prefix_parse("192.0.2.1/32", &r.vip, NULL), 0);
	assert_int_equal(addr_parse("10.0.0.5", &r.dest), 0);
	return r;
}

/* ---- the verdict ---- */

static const struct verdict_row {
	const char *name, *rules;
	uint32_t before, after;
	enum nat_listing_verdict want;
} verdict_rows[] = {
	{ "empty", "", 7, 7, NAT_LISTING_CONSISTENT },
	{ "each once", "dbca", 7, 7, NAT_LISTING_CONSISTENT },
	{ "as many as there is room for at first", "hgfedcba", 7, 7, NAT_LISTING_CONSISTENT },
	{ "one twice in a row", "abbc", 7, 7, NAT_LISTING_RESIZED },
	{ "one twice, far apart", "abcda", 7, 7, NAT_LISTING_RESIZED },
	{ "one key twice", "abB", 7, 7, NAT_LISTING_RESIZED },
	{ "the ruleset changed", "abc", 7, 8, NAT_LISTING_CHANGED },
	{ "changed, and one twice", "aa", 7, 6, NAT_LISTING_CHANGED },
};

static void test_verdicts(void **state)
{
	struct nat_listing l = { 0 };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(verdict_rows); i++) {
		const struct verdict_row *row = &verdict_rows[i];
		print_message("  %s\n", row->name);
		nat_listing_begin(&l, row->before);
		for (const char *p = row->rules; *p; p++) {
			struct nat_rule r = letter(*p);
			nat_listing_add(&l, &r);
		}
		assert_int_equal(nat_listing_end(&l, row->after), row->want);
		assert_int_equal(l.rules.n, strlen(row->rules));
	}
	nat_listing_done(&l);
}

/* ---- a side with a back end whose listings are scripted ---- */

static struct script {
	const char *listings[4]; /* each once, the last one for ever */
	const char *there;       /* by key */
	unsigned n_listings, n_lookups;
	char log[64];
	struct strbuf sb;
} script;

static int fake_open(struct nat_backend **ret, struct err *err)
{
	(void)err;
	*ret = (void *)&script;
	return 0;
}

static void fake_close(struct nat_backend *b)
{
	(void)b;
}

static int fake_list(struct nat_backend *b, nat_list_cb *cb, void *userdata, struct err *err)
{
	(void)b, (void)err;
	const char *p = script.listings[script.n_listings];
	if (script.listings[script.n_listings + 1])
		script.n_listings++;
	strbuf_add(&script.sb, "L");
	for (; *p; p++) {
		struct nat_rule r = letter(*p);
		cb(&r, NAT_PRESENT, userdata);
	}
	return 0;
}

static int fake_has(struct nat_backend *b, const struct nat_rule *r, struct err *err)
{
	(void)b;
	script.n_lookups++;
	if (script.there[0] == '!')
		return err_set(err, -EIO, "broken");
	return strchr(script.there, r->port) != NULL;
}

static int fake_apply(struct nat_backend *b, const struct nat_diff *d, struct err *err)
{
	(void)b, (void)err;
	for (size_t i = 0; i < d->add.n; i++)
		strbuf_add(&script.sb, "+%c", d->add.items[i].port);
	for (size_t i = 0; i < d->remove.n; i++)
		strbuf_add(&script.sb, "-%c", d->remove.items[i].port);
	return 0;
}

static bool fake_events(struct nat_backend *b)
{
	(void)b;
	return false;
}

static const struct nat_backend_ops fake_ops = {
	.name = "fake",
	.open = fake_open,
	.close = fake_close,
	.list = fake_list,
	.has = fake_has,
	.apply = fake_apply,
	.read_events = fake_events,
};

static void on_lost(const struct nat_rule *r, void *userdata)
{
	(void)userdata;
	strbuf_add(&script.sb, "lost %c ", r->port);
}

static void on_changed(const struct nat_rule *r, bool in_force, void *userdata)
{
	(void)r, (void)in_force, (void)userdata;
}

/* Wanted and present are a, b and c when the listing begins. L: listed. */
static const struct side_row {
	const char *name;
	const char *listings[3], *there;
	int result;
	const char *want;
} side_rows[] = {
	{ "all there", { "cab" }, "abc", 0, "L" },
	{ "one is lost", { "ab" }, "ab", 0, "Llost c +c" },
	{ "one is left out of the listing", { "ab", "abc" }, "abc", 0, "LL" },
	{ "one is left out, another is lost", { "a", "ac" }, "ac", 0, "LLlost b +b" },
	{ "it goes on", { "ab" }, "abc", -EAGAIN, "LLL" },
	{ "another target", { "abC" }, "ab", 0, "Llost c +c-C" },
	{ "the kernel does not answer", { "ab" }, "!", -EIO, "L" },
};

static void test_rules_that_a_listing_lacks_are_asked_for(void **state)
{
	static const struct nat_side_events events = { on_lost, on_changed, NULL };
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(side_rows); i++) {
		const struct side_row *row = &side_rows[i];
		struct nat_side s;
		struct err err = { "" };
		print_message("  %s\n", row->name);
		script = (struct script){ .listings = { "" }, .there = "" };
		script.sb = strbuf_over(script.log, sizeof(script.log));
		nat_side_init(&s, &fake_ops, &events);
		for (const char *p = "abc"; *p; p++) {
			struct nat_rule r = letter(*p);
			nat_ledger_want(&s.ledger, &r, NAT_WANTED);
		}
		assert_int_equal(nat_side_apply(&s, NULL, &err), 0);
		script = (struct script){ .there = row->there };
		memcpy(script.listings, row->listings, sizeof(row->listings));
		script.sb = strbuf_over(script.log, sizeof(script.log));
		s.stale = true;
		assert_int_equal(nat_side_apply(&s, NULL, &err), row->result);
		assert_string_equal(script.log, row->want);
		assert_int_equal(s.stale, row->result != 0);
		nat_side_close(&s);
	}
}

/* Another process has flushed a large map. */
static void test_lookups_are_bounded(void **state)
{
	static const struct nat_side_events events = { NULL, on_changed, NULL };
	struct nat_side s;
	struct err err = { "" };
	(void)state;
	nat_side_init(&s, &fake_ops, &events);
	for (uint16_t i = 0; i < 1000; i++) {
		struct nat_rule r = letter('a');
		r.listen = i;
		nat_ledger_want(&s.ledger, &r, NAT_WANTED);
	}
	for (int i = 0; i < 2; i++) {
		script = (struct script){ .listings = { "" }, .there = "" };
		script.sb = strbuf_over(script.log, sizeof(script.log));
		s.stale = true;
		assert_int_equal(nat_side_apply(&s, NULL, &err), 0);
		assert_int_equal(script.n_lookups, i == 0 ? 0 : 100);
		assert_int_equal(s.applied, i + 1);
		assert_int_equal(s.ledger.n_there, 1000);
	}
	nat_side_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_verdicts),
		cmocka_unit_test(test_rules_that_a_listing_lacks_are_asked_for),
		cmocka_unit_test(test_lookups_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
