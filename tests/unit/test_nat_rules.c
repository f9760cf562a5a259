/* SPDX-License-Identifier: MIT */
/* Rules from mappings, the ledger and its differences, and the choice of a back end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "lib/array.h"
#include "lib/str.h"
#include "nat/choice.h"
#include "nat/diff.h"
#include "nat/losses.h"
#include "nat/rules.h"

static struct prefix prefix(const char *text)
{
	struct prefix p;
	assert_int_equal(prefix_parse(text, &p, NULL), 0);
	return p;
}

static struct addr addr(const char *text)
{
	struct addr a = { 0 };
	if (text[0])
		assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

/* ---- rules ---- */

static const struct make_row {
	const char *name, *vip;
	struct nat_spec specs[3];
	size_t n;
	const char *dest;
	int result;
	const char *want; /* "proto listen target" each, or a part of the error */
} make_rows[] = {
	{ "one",
	  "192.0.2.53/32",
	  { { IPPROTO_TCP, 53, 8053, { 0 } } },
	  1,
	  "10.0.0.5",
	  0,
	  "tcp 53 10.0.0.5:8053\n" },
	{ "none needs no address", "192.0.2.53/32", { { 0 } }, 0, "", 0, "" },
	{ "several, in their order",
	  "192.0.2.53/32",
	  { { IPPROTO_UDP, 53, 53, { 0 } },
	    { IPPROTO_TCP, 53, 8053, { 0 } },
	    { IPPROTO_TCP, 1, 65535, { 0 } } },
	  3,
	  "10.0.0.5",
	  0,
	  "udp 53 10.0.0.5:53 behind\ntcp 53 10.0.0.5:8053\ntcp 1 10.0.0.5:65535\n" },
	{ "IPv6",
	  "2001:db8::53/128",
	  { { IPPROTO_UDP, 53, 8053, { 0 } } },
	  1,
	  "fd00::5",
	  0,
	  "udp 53 [fd00::5]:8053\n" },
	{ "a network",
	  "198.51.100.0/24",
	  { { IPPROTO_UDP, 514, 1514, { 0 } } },
	  1,
	  "10.0.0.5",
	  0,
	  "udp 514 10.0.0.5:1514\n" },
	{ "an address of its own needs none of the host's",
	  "192.0.2.53/32",
	  { { IPPROTO_TCP, 80, 80, { AF_INET, { 172, 17, 0, 2 } } } },
	  1,
	  "",
	  0,
	  "tcp 80 172.17.0.2:80\n" },
	{ "one of the other family is left out",
	  "2001:db8::53/128",
	  { { IPPROTO_TCP, 80, 80, { AF_INET, { 172, 17, 0, 2 } } },
	    { IPPROTO_TCP, 80, 81, { AF_INET6, { 0xfd, [15] = 2 } } },
	    { IPPROTO_UDP, 53, 53, { 0 } } },
	  3,
	  "fd00::5",
	  0,
	  "tcp 80 [fd00::2]:81\nudp 53 [fd00::5]:53 behind\n" },
	{ "no address",
	  "192.0.2.53/32",
	  { { IPPROTO_TCP, 53, 8053, { 0 } } },
	  1,
	  "",
	  -EADDRNOTAVAIL,
	  "no address to translate 192.0.2.53/32 to: it must be IPv4" },
	{ "the other family",
	  "2001:db8::53/128",
	  { { IPPROTO_TCP, 53, 8053, { 0 } } },
	  1,
	  "10.0.0.5",
	  -EADDRNOTAVAIL,
	  "it must be IPv6, the host's own is 10.0.0.5" },
};

static void test_rules_are_made(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(make_rows); i++) {
		const struct make_row *row = &make_rows[i];
		struct prefix vip = prefix(row->vip);
		struct addr dest = addr(row->dest);
		struct nat_rules got = { 0 };
		struct err err = { "" };
		char text[512] = "", target[NAT_TARGET_TEXT_MAX];
		struct strbuf sb = strbuf_over(text, sizeof(text));
		print_message("  %s\n", row->name);
		assert_int_equal(nat_rules_make(&vip, row->specs, row->n, &dest, &got, &err),
				 row->result);
		for (size_t k = 0; k < got.n; k++) {
			assert_true(prefix_equal(&got.items[k].vip, &vip));
			strbuf_add(&sb, "%s %u %s%s\n", nat_proto_name(got.items[k].proto),
				   got.items[k].listen,
				   nat_rule_format_target(&got.items[k], target),
				   got.items[k].behind ? " behind" : "");
		}
		if (row->result == 0)
			assert_string_equal(text, row->want);
		else
			assert_non_null(strstr(err.text, row->want));
		nat_rules_done(&got);
	}
}

static void test_lists_of_rules_are_compared_whole(void **state)
{
	struct nat_rules a = { 0 }, b = { 0 };
	struct nat_rule r = { .vip = prefix("192.0.2.1/32"),
			      .listen = 53,
			      .dest = addr("10.0.0.5") };
	(void)state;
	assert_true(nat_rules_equal(&a, &b));
	nat_rules_add(&a, &r);
	assert_false(nat_rules_equal(&a, &b));
	assert_false(nat_rules_equal(&b, &a));
	nat_rules_add(&b, &r);
	assert_true(nat_rules_equal(&a, &b));
	nat_rules_add(&a, &r);
	r.behind = 1; /* in its last octet */
	nat_rules_add(&b, &r);
	assert_false(nat_rules_equal(&a, &b));
	a.items[1].behind = 1;
	assert_true(nat_rules_equal(&a, &b));
	nat_rules_done(&a);
	nat_rules_done(&b);
	assert_true(!a.items && a.n == 0 && a.cap == 0);
}

static void test_mappings_to_the_hosts_own_address(void **state)
{
	const struct nat_spec specs[] = {
		{ IPPROTO_TCP, 80, 80, { AF_INET, { 172, 17, 0, 2 } } },
		{ IPPROTO_UDP, 53, 8053, { 0 } },
	};
	(void)state;
	assert_false(nat_specs_want_own(specs, 0));
	assert_false(nat_specs_want_own(specs, 1));
	assert_true(nat_specs_want_own(specs, 2));
	assert_true(nat_specs_want_own(specs + 1, 1));
}

/* ---- the ledger ---- */

/*
 * A story: each letter is a rule (a, b of one VIP; c, d of another) with what happens to it.
 *
 *	+a want   -a not want   ?a undecided
 *	[ begin of a listing   a whole   a! in part   a^ before rules of others   ] end
 *	=  carry out the difference
 */
static const struct story {
	const char *name, *text;
	const char *diff; /* "+ab-c", and "." when nothing would be left; NULL: there is none */
	const char *lost; /* told in the last listing */
} stories[] = {
	{ "nothing", "", NULL, "" },
	{ "one is wanted", "+a", "+a", "" },
	{ "wanted twice", "+a+a", "+a", "" },
	{ "wanted, and not any more", "+a-a", NULL, "" },
	{ "applied", "+a+b=", NULL, "" },
	{ "one more", "+a=+b", "+b", "" },
	{ "one less", "+a+b=-a", "-a", "" },
	{ "the last", "+a=-a", "-a.", "" },
	{ "two less", "+a+b+c=-a-b=", NULL, "" },
	{ "two less, applied, and the last", "+a+b+c=-a-b=-c", "-c.", "" },
	{ "replaced by another", "+a=-a+b", "+b-a", "" },
	{ "there already", "[a]+a", NULL, "" },
	{ "there and not wanted", "[ab]+a", "-b", "" },
	{ "undecided is left alone", "[a]?a", NULL, "" },
	{ "undecided does not make another one the last", "[ab]?a+b-b", "-b", "" },
	{ "undecided, then wanted", "[a]?a+a", NULL, "" },
	{ "undecided, then not wanted", "[a]?a-a", "-a.", "" },
	{ "in part", "[a!]+a", "+a", "" },
	{ "in part, and not wanted", "[a!]", "-a.", "" },
	{ "lost", "+a+b=[b]", "+a", "a" },
	{ "damaged", "+a+b=[a!b]", "+a", "a" },
	{ "all lost", "+a+b=[]", "+ab", "ab" },
	{ "misplaced: put right", "+a+b=[a^b]", "+a", "" },
	{ "misplaced and not wanted", "[a^]", "-a.", "" },
	{ "misplaced, then gone: lost", "+a=[a^]=[]", "+a", "a" },
	{ "lost when it was not wanted", "[a]?a[]", NULL, "" },
	{ "restored by another process", "+a=[][a]", NULL, "" },
	{ "another process adds again what we removed", "+a+b=-a=[ab]", "-a", "" },
	{ "still damaged is not lost again", "+a=[a!][a!]", "+a", "" },
	{ "damaged, then gone: lost once", "+a=[a!][]", "+a", "" },
	{ "repaired and damaged again is lost again", "+a=[a!]=[a!]", "+a", "a" },
	{ "undecided and never there", "?a", NULL, "" },
	{ "undecided and gone, then wanted", "[a]?a[]+a", "+a", "" },
	{ "undecided and gone, then not wanted", "[a]?a[]-a", NULL, "" },
	{ "never there is not lost", "+a[]", "+a", "" },
};

static struct nat_rule letter(char c)
{
	struct nat_rule r = { .vip = prefix(c < 'c' ? "192.0.2.1/32" : "192.0.2.2/32"),
			      .proto = IPPROTO_TCP,
			      .listen = (uint16_t)c,
			      .port = (uint16_t)c,
			      .dest = addr("10.0.0.5") };
	return r;
}

static void on_lost(const struct nat_rule *r, void *userdata)
{
	strbuf_add(userdata, "%c", (char)r->listen);
}

static void carry_out(struct nat_ledger *l)
{
	struct nat_diff d;
	assert_true(nat_ledger_diff(l, NULL, &d));
	nat_ledger_applied(l, &d);
	nat_diff_done(&d);
}

static void play(struct nat_ledger *l, const char *text, struct strbuf *lost)
{
	bool listing = false;
	for (const char *p = text; *p; p++) {
		struct nat_rule r = { 0 };
		if (*p == '[') {
			listing = true;
			lost->len = 0;
			lost->buf[0] = '\0';
			nat_ledger_list_begin(l);
		} else if (*p == ']') {
			listing = false;
			nat_ledger_list_end(l, on_lost, lost);
		} else if (*p == '=') {
			carry_out(l);
		} else if (listing) {
			r = letter(*p);
			bool damaged = p[1] == '!', misplaced = p[1] == '^';
			nat_ledger_list_rule(l, &r,
					     damaged     ? NAT_DAMAGED
					     : misplaced ? NAT_MISPLACED
							 : NAT_PRESENT);
			p += damaged || misplaced;
		} else {
			r = letter(p[1]);
			nat_ledger_want(l, &r,
					*p == '+'   ? NAT_WANTED
					: *p == '?' ? NAT_UNDECIDED
						    : NAT_UNWANTED);
			p++;
		}
	}
}

static void describe(const struct nat_diff *d, struct strbuf *sb)
{
	for (size_t i = 0; i < d->add.n; i++)
		strbuf_add(sb, "%s%c", i == 0 ? "+" : "", (char)d->add.items[i].listen);
	for (size_t i = 0; i < d->remove.n; i++)
		strbuf_add(sb, "%s%c", i == 0 ? "-" : "", (char)d->remove.items[i].listen);
	if (d->last)
		strbuf_add(sb, ".");
}

/* An entry that is neither wanted nor there says nothing, and is dropped. */
static void assert_no_empty_entries(const struct nat_ledger *l)
{
	size_t n_wanted = 0, n_there = 0;
	const struct nat_entry *e, *next;
	HASH_ITER (hh, l->entries, e, next) {
		assert_true(e->want == NAT_WANTED || e->presence != NAT_ABSENT);
		n_wanted += e->want == NAT_WANTED;
		n_there += e->presence != NAT_ABSENT;
	}
	assert_int_equal(l->n_wanted, n_wanted);
	assert_int_equal(l->n_there, n_there);
}

static void test_ledger(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(stories); i++) {
		const struct story *s = &stories[i];
		char lost_text[16] = "", text[32] = "";
		struct strbuf lost = strbuf_over(lost_text, sizeof(lost_text));
		struct strbuf sb = strbuf_over(text, sizeof(text));
		struct nat_ledger l;
		struct nat_diff d;
		print_message("  %s\n", s->name);
		nat_ledger_init(&l);
		play(&l, s->text, &lost);
		bool any = nat_ledger_diff(&l, NULL, &d);
		assert_int_equal(any, s->diff != NULL);
		if (any) {
			describe(&d, &sb);
			assert_string_equal(text, s->diff);
		}
		assert_string_equal(lost_text, s->lost);
		assert_no_empty_entries(&l);
		nat_diff_done(&d);
		nat_ledger_done(&l);
		assert_true(!l.entries && l.n_wanted == 0 && l.n_there == 0);
	}
}

struct missing {
	char text[8];
	size_t n, stop_at; /* 0: never */
};

static int on_missing(const struct nat_rule *r, void *userdata)
{
	struct missing *m = userdata;
	m->text[m->n++] = (char)r->listen;
	return m->n == m->stop_at ? 1 : 0;
}

/* Those that were there, in part or whole, and are not in the listing that is under way. */
static void test_rules_that_a_listing_misses(void **state)
{
	static const struct {
		const char *story, *missing;
	} rows[] = {
		{ "", "" },       { "+a[", "" },      { "+a=[", "a" },
		{ "+a=[a", "" },  { "+a=[a!", "" },   { "+a+b+c=[b", "ac" },
		{ "[a!][", "a" }, { "+a=[]+b[", "" }, { "[ab]?a-b[", "ab" },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char lost_text[16] = "";
		struct strbuf lost = strbuf_over(lost_text, sizeof(lost_text));
		struct missing m = { .stop_at = 0 }, first = { .stop_at = 1 };
		struct nat_ledger l;
		nat_ledger_init(&l);
		play(&l, rows[i].story, &lost);
		assert_int_equal(nat_ledger_walk_missing(&l, on_missing, &m), 0);
		assert_string_equal(m.text, rows[i].missing);
		/* A callback that says so is the last one. */
		assert_int_equal(nat_ledger_walk_missing(&l, on_missing, &first),
				 rows[i].missing[0] ? 1 : 0);
		assert_int_equal(first.n, rows[i].missing[0] ? 1 : 0);
		nat_ledger_done(&l);
	}
}

/* A transaction that removes what is not known any more changes nothing. */
static void test_what_is_not_known_is_removed(void **state)
{
	struct nat_rule r = letter('a');
	struct nat_diff d = { 0 };
	struct nat_ledger l;
	(void)state;
	nat_ledger_init(&l);
	nat_rules_add(&d.remove, &r);
	nat_ledger_applied(&l, &d);
	assert_null(l.entries);
	nat_diff_done(&d);
	nat_ledger_done(&l);
}

static void test_ledger_of_one_vip(void **state)
{
	(void)state;
	char text[32] = "";
	struct strbuf sb = strbuf_over(text, sizeof(text));
	struct nat_ledger l;
	struct nat_diff d;
	struct prefix second = prefix("192.0.2.2/32");
	struct nat_rule a = letter('a'), c = letter('c');
	nat_ledger_init(&l);
	play(&l, "+a+c+d", &sb);
	assert_true(nat_ledger_diff(&l, &second, &d));
	describe(&d, &sb);
	assert_string_equal(text, "+cd");
	assert_false(nat_ledger_agrees(&l, &c));
	nat_ledger_applied(&l, &d);
	nat_diff_done(&d);
	assert_true(nat_ledger_agrees(&l, &c));
	assert_false(nat_ledger_agrees(&l, &a));
	assert_true(nat_ledger_is_wanted(&l, &a));
	assert_false(nat_ledger_diff(&l, &second, &d));
	nat_diff_done(&d);
	nat_ledger_done(&l);
}

/* ---- losses ---- */

/* Reports `n` losses, the first of which is of `port`. */
static void assert_report(struct nat_losses *l, size_t n, uint16_t port, mono_t now,
			  enum nat_losses_report want)
{
	struct nat_rule first = { 0 };
	size_t got = 0;
	for (size_t i = 0; i < n; i++) {
		struct nat_rule r = { .port = (uint16_t)(port + i) };
		nat_losses_add(l, &r);
	}
	assert_int_equal(nat_losses_report(l, now, &got, &first), want);
	assert_int_equal(got, n);
	assert_int_equal(first.port, n > 0 ? port : 0);
}

static void test_losses_are_logged_five_times_a_minute(void **state)
{
	const mono_t t0 = 1000 * USEC_PER_SEC;
	struct nat_losses l = { 0 };
	(void)state;
	assert_report(&l, 0, 0, t0, NAT_LOSSES_NONE);
	assert_int_equal(l.last_at, 0);
	for (int i = 1; i < NAT_LOSSES_LOGGED; i++)
		assert_report(&l, 2, 80, t0, NAT_LOSSES_LOG);
	assert_report(&l, 1, 81, t0, NAT_LOSSES_LOG_LAST);
	assert_report(&l, 1, 82, t0 + NAT_LOSSES_WINDOW - 1, NAT_LOSSES_QUIET);
	assert_report(&l, 0, 0, t0 + NAT_LOSSES_WINDOW, NAT_LOSSES_NONE);
	assert_report(&l, 1, 83, t0 + NAT_LOSSES_WINDOW, NAT_LOSSES_LOG);
	assert_int_equal(l.total, 2 * (NAT_LOSSES_LOGGED - 1) + 3);
	assert_int_equal(l.last_at, t0 + NAT_LOSSES_WINDOW);
}

/* ---- the choice ---- */

static const struct choice_row {
	enum nat_choice wish;
	enum nat_legacy legacy;
	enum nat_choice lacks, want;
	const char *why;
} choice_rows[] = {
	{ NAT_AUTO, NAT_LEGACY_UNUSED, NAT_AUTO, NAT_NFTABLES, "not in use" },
	{ NAT_AUTO, NAT_LEGACY_USED, NAT_AUTO, NAT_IPTABLES, "is in use" },
	{ NAT_AUTO, NAT_LEGACY_UNUSED, NAT_NFTABLES, NAT_IPTABLES, "nftables" },
	{ NAT_AUTO, NAT_LEGACY_USED, NAT_IPTABLES, NAT_NFTABLES, "legacy iptables" },
	{ NAT_IPTABLES, NAT_LEGACY_UNUSED, NAT_AUTO, NAT_IPTABLES, "nat.backend" },
	{ NAT_NFTABLES, NAT_LEGACY_USED, NAT_AUTO, NAT_NFTABLES, "nat.backend" },
	{ NAT_NFTABLES, NAT_LEGACY_USED, NAT_NFTABLES, NAT_NFTABLES, "nat.backend" },
	{ NAT_AUTO, NAT_LEGACY_UNSEEN, NAT_AUTO, NAT_NFTABLES, "only root can see" },
	{ NAT_IPTABLES, NAT_LEGACY_UNSEEN, NAT_AUTO, NAT_IPTABLES, "nat.backend" },
};

static void test_choice(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(choice_rows); i++) {
		const struct choice_row *row = &choice_rows[i];
		const char *why = NULL;
		assert_int_equal(nat_choose(row->wish, row->legacy, row->lacks, &why), row->want);
		assert_non_null(strstr(why, row->why));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules_are_made),
		cmocka_unit_test(test_ledger),
		cmocka_unit_test(test_lists_of_rules_are_compared_whole),
		cmocka_unit_test(test_mappings_to_the_hosts_own_address),
		cmocka_unit_test(test_rules_that_a_listing_misses),
		cmocka_unit_test(test_what_is_not_known_is_removed),
		cmocka_unit_test(test_ledger_of_one_vip),
		cmocka_unit_test(test_losses_are_logged_five_times_a_minute),
		cmocka_unit_test(test_choice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
