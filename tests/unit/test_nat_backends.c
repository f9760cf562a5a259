/* SPDX-License-Identifier: MIT */
/* Both back ends against this kernel, in a network namespace of their own, seen by the tools that
 * operators use. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>

#include "lib/array.h"
#include "lib/mem.h"
#include "nat/backend.h"
#include "nat/iptc.h"
#include "nat/xtentry.h"
#include "own_netns.h"

static char lock_file[] = "/tmp/vipherald-test-XXXXXX";

static struct nat_rule rule(const char *vip, uint8_t proto, uint16_t listen, const char *dest,
			    uint16_t port)
{
	struct nat_rule r = { .proto = proto, .listen = listen, .port = port };
	assert_int_equal(prefix_parse(vip, &r.vip, NULL), 0);
	assert_int_equal(addr_parse(dest, &r.dest), 0);
	return r;
}

static struct nat_rule behind(struct nat_rule r)
{
	r.behind = 1;
	return r;
}

/* One of each kind. */
static struct nat_rules some_rules(void)
{
	struct nat_rules l = { 0 };
	struct nat_rule all[] = {
		rule("192.0.2.53/32", IPPROTO_TCP, 53, "10.0.0.5", 8053),
		rule("192.0.2.53/32", IPPROTO_UDP, 53, "10.0.0.5", 8053),
		rule("198.51.100.0/24", IPPROTO_UDP, 514, "10.0.0.5", 1514),
		rule("2001:db8::53/128", IPPROTO_TCP, 53, "fd00::5", 8053),
		rule("2001:db8::53/128", IPPROTO_UDP, 65535, "fd00::5", 1),
		rule("2001:db8:1::/48", IPPROTO_TCP, 443, "fd00::5", 8443),
		behind(rule("192.0.2.53/32", IPPROTO_TCP, 80, "10.0.0.5", 80)),
		behind(rule("2001:db8::53/128", IPPROTO_UDP, 443, "fd00::5", 443)),
		behind(rule("198.51.100.0/24", IPPROTO_TCP, 25, "10.0.0.5", 25)),
		behind(rule("2001:db8:1::/48", IPPROTO_TCP, 25, "fd00::5", 25)),
	};
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		nat_rules_add(&l, &all[i]);
	return l;
}

struct bench {
	const struct nat_backend_ops *ops;
	struct nat_backend *b;
	struct nat_rules listed;
	size_t n_damaged, n_misplaced;
};

static void keep_rule(const struct nat_rule *r, enum nat_presence how, void *userdata)
{
	struct bench *t = userdata;
	nat_rules_add(&t->listed, r);
	t->n_damaged += how == NAT_DAMAGED;
	t->n_misplaced += how == NAT_MISPLACED;
}

static int list(struct bench *t)
{
	struct err err = { "" };
	int r = -EAGAIN;
	nat_rules_done(&t->listed);
	t->n_damaged = t->n_misplaced = 0;
	for (int i = 0; i < 100 && r == -EAGAIN; i++)
		r = t->ops->list(t->b, keep_rule, t, &err);
	if (r < 0)
		fail_msg("%s", err.text);
	return r;
}

static bool is_listed(const struct bench *t, const struct nat_rule *r)
{
	for (size_t i = 0; i < t->listed.n; i++)
		if (memcmp(&t->listed.items[i], r, sizeof(*r)) == 0)
			return true;
	return false;
}

static void assert_listed(struct bench *t, const struct nat_rules *want)
{
	assert_int_equal(list(t), 0);
	assert_int_equal(t->listed.n, want->n);
	assert_int_equal(t->n_damaged, 0);
	assert_int_equal(t->n_misplaced, 0);
	for (size_t i = 0; i < want->n; i++)
		assert_true(is_listed(t, &want->items[i]));
}

static void apply(struct bench *t, struct nat_rules remove, struct nat_rules add, bool last)
{
	struct err err = { "" };
	struct nat_diff d = { .remove = remove, .add = add, .last = last };
	if (t->ops->apply(t->b, &d, &err) < 0)
		fail_msg("%s", err.text);
}

static void assert_output(const char *want, const char *command)
{
	char line[600];
	snprintf(line, sizeof(line), "[ \"$(%s)\" = '%s' ]", command, want);
	if (shell("%s", line) != 0) {
		(void)!system(command);
		fail_msg("expected '%s' from: %s", want, command);
	}
}

static int setup(void **state, const struct nat_backend_ops *ops)
{
	struct bench *t = mem_new(1, sizeof(*t));
	t->ops = ops;
	own_netns_enter();
	assert_int_equal(ops->open(&t->b, NULL), 0);
	*state = t;
	return 0;
}

static int setup_iptables(void **state)
{
	return setup(state, &nat_iptables);
}

static int setup_nftables(void **state)
{
	return setup(state, &nat_nftables);
}

static int teardown(void **state)
{
	struct bench *t = *state;
	t->ops->close(t->b);
	nat_rules_done(&t->listed);
	free(t);
	return 0;
}

/* ---- of both ---- */

static const struct nat_rules none;

static void test_added_listed_and_removed(void **state)
{
	struct bench *t = *state;
	struct nat_rules all = some_rules();
	assert_listed(t, &none);
	apply(t, none, all, false);
	assert_listed(t, &all);
	/* Some go, the others stay unchanged. */
	struct nat_rules first = { .items = all.items, .n = 3 };
	struct nat_rules rest = { .items = all.items + 3, .n = all.n - 3 };
	apply(t, first, none, false);
	assert_listed(t, &rest);
	/* One transaction that replaces. */
	struct nat_rule other = all.items[3];
	other.port = 9053;
	struct nat_rules old = { .items = &all.items[3], .n = 1 };
	struct nat_rules new = { .items = &other, .n = 1 };
	apply(t, old, new, false);
	assert_int_equal(list(t), 0);
	assert_int_equal(t->listed.n, all.n - 3);
	assert_true(is_listed(t, &other));
	rest.items[0] = other;
	apply(t, rest, none, true);
	assert_listed(t, &none);
	nat_rules_done(&all);
}

static struct nat_rules a_thousand(void)
{
	struct nat_rules all = { 0 };
	for (int i = 0; i < 1000; i++) {
		char vip[32];
		snprintf(vip, sizeof(vip), "10.1.%d.%d/32", i / 250, i % 250);
		struct nat_rule r = rule(vip, i & 1 ? IPPROTO_TCP : IPPROTO_UDP, 53, "10.0.0.5",
					 (uint16_t)(8000 + i));
		nat_rules_add(&all, &r);
	}
	return all;
}

static void test_a_thousand_in_one_go(void **state)
{
	struct bench *t = *state;
	struct nat_rules all = a_thousand();
	assert_listed(t, &none);
	apply(t, none, all, false);
	assert_listed(t, &all);
	apply(t, all, none, true);
	assert_listed(t, &none);
	nat_rules_done(&all);
}

static int compare_rules(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct nat_rule));
}

/* The kernel resizes the map after the transaction. One listing in fifty would lack elements and
 * hold others twice. */
static void test_listings_while_the_map_is_resized(void **state)
{
	struct bench *t = *state;
	struct nat_rules all = a_thousand();
	qsort(all.items, all.n, sizeof(*all.items), compare_rules);
	for (int run = 0; run < 60; run++) {
		apply(t, none, all, false);
		for (int again = 0; again < 3; again++) {
			assert_int_equal(list(t), 0);
			assert_int_equal(t->listed.n, all.n);
			qsort(t->listed.items, t->listed.n, sizeof(*all.items), compare_rules);
			assert_memory_equal(t->listed.items, all.items, all.n * sizeof(*all.items));
		}
		apply(t, all, none, true);
		assert_int_equal(list(t), 0);
	}
	nat_rules_done(&all);
}

static void test_a_rule_is_looked_up(void **state)
{
	struct bench *t = *state;
	struct nat_rule present[] = { rule("192.0.2.1/32", IPPROTO_TCP, 53, "10.0.0.5", 8053),
				      rule("2001:db8::1/128", IPPROTO_UDP, 53, "fd00::5", 8053),
				      rule("198.51.100.0/24", IPPROTO_UDP, 53, "10.0.0.5", 8053) };
	struct nat_rule absent[] = { rule("192.0.2.1/32", IPPROTO_TCP, 53, "10.0.0.5", 8054),
				     rule("192.0.2.1/32", IPPROTO_UDP, 53, "10.0.0.5", 8053),
				     rule("2001:db8::2/128", IPPROTO_UDP, 53, "fd00::5", 8053),
				     rule("198.51.100.0/25", IPPROTO_UDP, 53, "10.0.0.5", 8053) };
	struct nat_rules all = { .items = present, .n = 3 };
	assert_listed(t, &none);
	assert_int_equal(t->ops->has(t->b, &present[0], NULL), 0);
	apply(t, none, all, false);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(t->ops->has(t->b, &present[i], NULL), 1);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(t->ops->has(t->b, &absent[i], NULL), 0);
}

static void test_looking_makes_nothing(void **state)
{
	struct bench *t = *state;
	assert_listed(t, &none);
	assert_int_equal(nat_iptables_legacy(), NAT_LEGACY_UNUSED);
	assert_output("", "cat /proc/net/ip_tables_names /proc/net/ip6_tables_names");
	assert_output("", "nft list ruleset");
}

/* ---- iptables ---- */

static const struct gocast_row {
	const char *name, *tool, *command;
	const char *vip;
	uint8_t proto;
	uint16_t listen;
	const char *dest;
	uint16_t port;
} gocast_rows[] = {
	{ "tcp", "iptables-legacy", "-p tcp -d 192.0.2.53 --dport 53", "192.0.2.53/32", IPPROTO_TCP,
	  53, "10.0.0.5", 8053 },
	{ "udp", "iptables-legacy", "-p udp -d 192.0.2.53 --dport 53", "192.0.2.53/32", IPPROTO_UDP,
	  53, "10.0.0.5", 53 },
	{ "a network", "iptables-legacy", "-p tcp -d 198.51.100.0/25 --dport 65535",
	  "198.51.100.0/25", IPPROTO_TCP, 65535, "10.0.0.5", 1 },
	{ "tcp over IPv6", "ip6tables-legacy", "-p tcp -d 2001:db8::53 --dport 53",
	  "2001:db8::53/128", IPPROTO_TCP, 53, "fd00::5", 8053 },
	{ "udp over IPv6", "ip6tables-legacy", "-p udp -d 2001:db8::53 --dport 53",
	  "2001:db8::53/128", IPPROTO_UDP, 53, "fd00::5", 8053 },
};

/* The tool's own rule is ours when it carries the comment; and ours is found by the tool. */
static void test_rules_are_those_of_the_tool(void **state)
{
	(void)state;
	_Alignas(uint64_t) char made[XTENTRY_MAX];
	for (size_t i = 0; i < ARRAY_SIZE(gocast_rows); i++) {
		const struct gocast_row *row = &gocast_rows[i];
		bool v6 = row->tool[2] == '6';
		const struct iptc *tc = v6 ? &iptc_v6 : &iptc_v4;
		struct nat_rule want = rule(row->vip, row->proto, row->listen, row->dest,
					    row->port),
				got;
		print_message("  %s\n", row->name);
		assert_int_equal(shell("%s -t nat -F; %s -t nat -A PREROUTING %s -m comment "
				       "--comment vipherald:nat -j DNAT --to-destination %s%s%s:%u",
				       row->tool, row->tool, row->command, v6 ? "[" : "", row->dest,
				       v6 ? "]" : "", row->port),
				 0);
		struct xtc_handle *h = tc->init("nat");
		assert_non_null(h);
		const char *entry = tc->first("PREROUTING", h);
		if (!entry)
			fail_msg("no rule");
		assert_true(xtentry_parse(tc->family, entry, &got));
		assert_memory_equal(&got, &want, sizeof(want));
		/* Parsing compares all octets with what we build, of the revision that is there;
		 * that must be the one we would take. */
		int revision = iptc_dnat_revision(tc);
		assert_true(revision >= 0);
		size_t size = xtentry_build(&want, (uint8_t)revision, made);
		const uint16_t *offsets = entry ? (const void *)(entry + (v6 ? 140 : 88)) : NULL;
		assert_true(offsets && size == offsets[1]); /* next_offset */
		tc->free(h);
	}
}

static const struct foreign_row {
	const char *name, *command;
} foreign_rows[] = {
	{ "no comment",
	  "-A PREROUTING -p tcp -d 192.0.2.53 --dport 53 -j DNAT --to-destination 10.0.0.5:8053" },
	{ "another comment", "-A PREROUTING -p tcp -d 192.0.2.53 --dport 53 -m comment --comment "
			     "vipherald -j DNAT --to-destination 10.0.0.5:8053" },
	{ "one match more",
	  "-A PREROUTING -p tcp -d 192.0.2.53 --dport 53 -m comment --comment "
	  "vipherald:nat -m mark --mark 1 -j DNAT --to-destination 10.0.0.5:8053" },
	{ "a source too", "-A PREROUTING -p tcp -s 10.0.0.0/8 -d 192.0.2.53 --dport 53 -m comment "
			  "--comment vipherald:nat -j DNAT --to-destination 10.0.0.5:8053" },
	{ "all but that", "-A PREROUTING -p tcp ! -d 192.0.2.53 --dport 53 -m comment --comment "
			  "vipherald:nat -j DNAT --to-destination 10.0.0.5:8053" },
	{ "a range of ports", "-A PREROUTING -p tcp -d 192.0.2.53 --dport 53:54 -m comment "
			      "--comment vipherald:nat -j DNAT --to-destination 10.0.0.5:8053" },
	{ "a range of destinations",
	  "-A PREROUTING -p tcp -d 192.0.2.53 --dport 53 -m comment --comment vipherald:nat -j "
	  "DNAT --to-destination 10.0.0.5-10.0.0.6:8053" },
	{ "another target", "-A PREROUTING -p tcp -d 192.0.2.53 --dport 53 -m comment --comment "
			    "vipherald:nat -j REDIRECT --to-ports 8053" },
	{ "no target", "-A PREROUTING -p tcp -d 192.0.2.53 --dport 53 -m comment --comment "
		       "vipherald:nat" },
	{ "an interface", "-A PREROUTING -i lo -p tcp -d 192.0.2.53 --dport 53 -m comment "
			  "--comment vipherald:nat -j DNAT --to-destination 10.0.0.5:8053" },
	{ "nothing but a jump", "-A PREROUTING -j ACCEPT" },
};

/* However much they look like ours, they are neither listed nor removed. */
static void test_foreign_rules_are_left_alone(void **state)
{
	struct bench *t = *state;
	struct nat_rules all = some_rules();
	for (size_t i = 0; i < ARRAY_SIZE(foreign_rows); i++) {
		print_message("  %s\n", foreign_rows[i].name);
		assert_int_equal(shell("iptables-legacy -t nat -F && iptables-legacy -t nat %s",
				       foreign_rows[i].command),
				 0);
		assert_int_equal(
			shell("iptables-legacy-save -t nat | grep ^-A >/tmp/vh-%d", getpid()), 0);
		assert_listed(t, &none);
		apply(t, none, all, false);
		assert_listed(t, &all);
		apply(t, all, none, true);
		assert_int_equal(shell("iptables-legacy-save -t nat | grep ^-A | cmp - /tmp/vh-%d",
				       getpid()),
				 0);
	}
	shell("rm -f /tmp/vh-%d", getpid());
	nat_rules_done(&all);
}

static void test_tool_lists_what_is_added(void **state)
{
	struct bench *t = *state;
	struct nat_rules all = some_rules();
	apply(t, none, all, false);
	assert_output("-A PREROUTING -d 192.0.2.53/32 -p tcp -m tcp --dport 53 -m comment "
		      "--comment \"vipherald:nat\" -j DNAT --to-destination 10.0.0.5:8053",
		      "iptables-legacy -t nat -S PREROUTING | sed -n 2p");
	assert_output("5", "iptables-legacy -t nat -S OUTPUT | grep -c ^-A");
	assert_output("5", "ip6tables-legacy -t nat -S PREROUTING | grep -c ^-A");
	/* -D finds it: the revision is the newest that tool and kernel have. */
	assert_int_equal(shell("iptables-legacy -t nat -D OUTPUT -d 192.0.2.53 -p udp --dport 53 "
			       "-m comment --comment vipherald:nat -j DNAT --to-destination "
			       "10.0.0.5:8053"),
			 0);
	assert_int_equal(list(t), 0);
	assert_int_equal(t->n_damaged, 1);
	/* Twice is damaged too, and adding puts both right without doubling anything. */
	assert_int_equal(shell("iptables-legacy -t nat -A OUTPUT -d 192.0.2.53 -p tcp --dport 53 "
			       "-m comment --comment vipherald:nat -j DNAT --to-destination "
			       "10.0.0.5:8053"),
			 0);
	assert_int_equal(list(t), 0);
	assert_int_equal(t->n_damaged, 2);
	apply(t, none, all, false);
	assert_listed(t, &all);
	nat_rules_done(&all);
}

/* An engine of containers that starts later appends its jump; it comes before a mapping to the same
 * port again, and after one to another port. */
static void test_same_port_stays_behind_others(void **state)
{
	struct bench *t = *state;
	struct nat_rule rules[] = { rule("192.0.2.53/32", IPPROTO_TCP, 80, "10.0.0.5", 8080),
				    behind(rule("192.0.2.53/32", IPPROTO_TCP, 81, "10.0.0.5",
						81)) };
	struct nat_rules all = { .items = rules, .n = 2 };
	apply(t, none, all, false);
	assert_listed(t, &all);
	assert_int_equal(shell("iptables-legacy -t nat -N DOCKER && iptables-legacy -t nat -A "
			       "PREROUTING -m addrtype --dst-type LOCAL -j DOCKER"),
			 0);
	assert_int_equal(list(t), 0);
	assert_int_equal(t->n_misplaced, 1);
	apply(t, none, (struct nat_rules){ .items = &rules[1], .n = 1 }, false);
	assert_listed(t, &all);
	assert_output("8080 DOCKER same",
		      "echo $(iptables-legacy -t nat -S PREROUTING | grep -oE '8080|DOCKER|same')");
	apply(t, all, none, true);
	assert_output("DOCKER", "iptables-legacy -t nat -S PREROUTING | grep -o DOCKER");
}

static void test_lock_is_respected(void **state)
{
	struct bench *t = *state;
	struct err err = { "" };
	struct nat_rules all = some_rules();
	struct nat_diff d = { .add = all };
	int fd = open(lock_file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(t->ops->apply(t->b, &d, &err), -EBUSY);
	assert_non_null(strstr(err.text, "waiting for the xtables lock"));
	assert_non_null(strstr(err.text, "held by another process"));
	assert_int_equal(nat_iptables_legacy(), NAT_LEGACY_UNUSED);
	close(fd);
	/* The process that held it has probably changed the table. */
	assert_int_equal(t->ops->apply(t->b, &d, &err), -EAGAIN);
	apply(t, none, all, false);
	assert_listed(t, &all);
	nat_rules_done(&all);
}

static void test_users_of_the_lock_are_noticed(void **state)
{
	struct bench *t = *state;
	struct nat_rules all = some_rules();
	apply(t, none, all, false);
	assert_false(t->ops->read_events(t->b)); /* that was us */
	assert_int_equal(shell("iptables-legacy -t nat -F OUTPUT"), 0);
	assert_true(t->ops->read_events(t->b));
	assert_false(t->ops->read_events(t->b));
	nat_rules_done(&all);
}

/* ---- nftables ---- */

static const char nft_text[] =
	"table inet vipherald {\n"
	"	map vips4 {\n"
	"		type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service\n"
	"		elements = { 192.0.2.53 . tcp . 53 : 10.0.0.5 . 8053 }\n"
	"	}\n"
	"\n"
	"	map vips6 {\n"
	"		type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service\n"
	"		elements = { 2001:db8::53 . tcp . 53 : fd00::5 . 8053 }\n"
	"	}\n"
	"\n"
	"	map same4 {\n"
	"		type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service\n"
	"		elements = { 192.0.2.53 . tcp . 80 : 10.0.0.5 . 80 }\n"
	"	}\n"
	"\n"
	"	map same6 {\n"
	"		type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service\n"
	"		elements = { 2001:db8::53 . udp . 443 : fd00::5 . 443 }\n"
	"	}\n"
	"\n"
	"	chain nets {\n"
	"		ip daddr 198.51.100.0/24 udp dport 514 dnat ip to 10.0.0.5:1514 comment "
	"\"vipherald:nat:2\"\n"
	"		ip6 daddr 2001:db8:1::/48 tcp dport 443 dnat ip6 to [fd00::5]:8443 comment "
	"\"vipherald:nat:2\"\n"
	"	}\n"
	"\n"
	"	chain same_nets {\n"
	"		ip daddr 198.51.100.0/24 tcp dport 25 dnat ip to 10.0.0.5:25 comment "
	"\"vipherald:nat:2\"\n"
	"		ip6 daddr 2001:db8:1::/48 tcp dport 25 dnat ip6 to [fd00::5]:25 comment "
	"\"vipherald:nat:2\"\n"
	"	}\n"
	"\n"
	"	chain prerouting {\n"
	"		type nat hook prerouting priority dstnat - 5; policy accept;\n"
	"		dnat ip to ip daddr . meta l4proto . th dport map @vips4 comment "
	"\"vipherald:nat:2\"\n"
	"		dnat ip6 to ip6 daddr . meta l4proto . th dport map @vips6 comment "
	"\"vipherald:nat:2\"\n"
	"		jump nets comment \"vipherald:nat:2\"\n"
	"	}\n"
	"\n"
	"	chain output {\n"
	"		type nat hook output priority -105; policy accept;\n"
	"		dnat ip to ip daddr . meta l4proto . th dport map @vips4 comment "
	"\"vipherald:nat:2\"\n"
	"		dnat ip6 to ip6 daddr . meta l4proto . th dport map @vips6 comment "
	"\"vipherald:nat:2\"\n"
	"		jump nets comment \"vipherald:nat:2\"\n"
	"	}\n"
	"\n"
	"	chain same_prerouting {\n"
	"		type nat hook prerouting priority dstnat + 5; policy accept;\n"
	"		dnat ip to ip daddr . meta l4proto . th dport map @same4 comment "
	"\"vipherald:nat:2\"\n"
	"		dnat ip6 to ip6 daddr . meta l4proto . th dport map @same6 comment "
	"\"vipherald:nat:2\"\n"
	"		jump same_nets comment \"vipherald:nat:2\"\n"
	"	}\n"
	"\n"
	"	chain same_output {\n"
	"		type nat hook output priority -95; policy accept;\n"
	"		dnat ip to ip daddr . meta l4proto . th dport map @same4 comment "
	"\"vipherald:nat:2\"\n"
	"		dnat ip6 to ip6 daddr . meta l4proto . th dport map @same6 comment "
	"\"vipherald:nat:2\"\n"
	"		jump same_nets comment \"vipherald:nat:2\"\n"
	"	}\n"
	"}\n";

static void test_tool_lists_the_table(void **state)
{
	struct bench *t = *state;
	struct nat_rules all = some_rules(), some = { 0 };
	char got[sizeof(nft_text) + 512] = "";
	const size_t picked[] = { 0, 2, 3, 5, 6, 7, 8, 9 };
	for (size_t i = 0; i < ARRAY_SIZE(picked); i++)
		nat_rules_add(&some, &all.items[picked[i]]);
	assert_listed(t, &none);
	apply(t, none, some, false);
	FILE *nft = popen("nft list ruleset", "re");
	size_t n = fread(got, 1, sizeof(got) - 1, nft);
	got[n] = '\0';
	pclose(nft);
	assert_string_equal(got, nft_text);
	/* A ruleset that is saved and loaded again works, and is still known as ours. */
	assert_int_equal(shell("nft list ruleset >/tmp/vh-%d && nft flush ruleset && nft -f "
			       "/tmp/vh-%d && nft list ruleset | cmp - /tmp/vh-%d",
			       getpid(), getpid(), getpid()),
			 0);
	shell("rm -f /tmp/vh-%d", getpid());
	assert_true(list(t) >= 0);
	apply(t, none, some, false);
	assert_listed(t, &some);
	apply(t, some, none, true);
	assert_output("", "nft list ruleset");
	nat_rules_done(&some);
	nat_rules_done(&all);
}

static const struct damage_row {
	const char *name, *command;
	int found;     /* the result of list() */
	size_t intact; /* elements that it lists */
} damage_rows[] = {
	{ "the table is gone", "delete table inet vipherald", 0, 0 },
	{ "the whole ruleset is gone", "flush ruleset", 0, 0 },
	{ "no rules in any chain", "flush table inet vipherald", 1, 0 },
	{ "no rules in one chain", "flush chain inet vipherald output", 1, 0 },
	{ "no rules of networks", "flush chain inet vipherald nets", 0, 8 },
	{ "no rules of networks to the same port", "flush chain inet vipherald same_nets", 0, 8 },
	{ "no rules for the same port", "flush chain inet vipherald same_output", 1, 0 },
	{ "a rule more", "add rule inet vipherald nets counter", 1, 0 },
	{ "a map is empty", "flush map inet vipherald vips4", 0, 8 },
	{ "a map of the same port is empty", "flush map inet vipherald same6", 0, 9 },
	{ "an element is gone",
	  "delete element inet vipherald vips6 { 2001:db8::53 . tcp . 53 : fd00::5 . 8053 }", 0,
	  9 },
	{ "something else beside it", "add table inet vipherald2", 0, 10 },
};

static void test_damage_is_seen_and_repaired(void **state)
{
	struct bench *t = *state;
	struct nat_rules all = some_rules();
	assert_listed(t, &none);
	for (size_t i = 0; i < ARRAY_SIZE(damage_rows); i++) {
		const struct damage_row *row = &damage_rows[i];
		struct nat_rules missing = { 0 };
		print_message("  %s\n", row->name);
		apply(t, none, all, false);
		assert_false(t->ops->read_events(t->b)); /* that was us */
		assert_int_equal(shell("nft '%s'", row->command), 0);
		assert_int_equal(t->ops->read_events(t->b), row->intact != all.n);
		assert_int_equal(list(t), row->found);
		assert_int_equal(t->listed.n, row->intact);
		for (size_t k = 0; k < all.n; k++)
			if (!is_listed(t, &all.items[k]))
				nat_rules_add(&missing, &all.items[k]);
		apply(t, none, missing, false);
		assert_listed(t, &all);
		nat_rules_done(&missing);
	}
	nat_rules_done(&all);
}

/* As version 0.1.0 makes it, with rules for the same port where it has them. */
static const char nft_text_1[] =
	"table inet vipherald {\n"
	" map vips4 { type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service\n"
	"  elements = { 192.0.2.53 . tcp . 53 : 10.0.0.5 . 8053, 192.0.2.53 . tcp . 80 : 10.0.0.5 "
	". 80 }\n }\n"
	" map vips6 { type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service\n"
	"  elements = { 2001:db8::53 . tcp . 53 : fd00::5 . 8053 }\n }\n"
	" chain nets { }\n"
	" chain prerouting {\n"
	"  type nat hook prerouting priority dstnat - 5; policy accept;\n"
	"  dnat ip to ip daddr . meta l4proto . th dport map @vips4 comment \"vipherald:nat:1\"\n"
	"  dnat ip6 to ip6 daddr . meta l4proto . th dport map @vips6 comment "
	"\"vipherald:nat:1\"\n"
	"  jump nets comment \"vipherald:nat:1\"\n }\n"
	" chain output {\n"
	"  type nat hook output priority -105; policy accept;\n"
	"  dnat ip to ip daddr . meta l4proto . th dport map @vips4 comment \"vipherald:nat:1\"\n"
	"  dnat ip6 to ip6 daddr . meta l4proto . th dport map @vips6 comment "
	"\"vipherald:nat:1\"\n"
	"  jump nets comment \"vipherald:nat:1\"\n }\n"
	"}\n";

static void load_former_table(void)
{
	FILE *nft = popen("nft -f -", "we");
	assert_true(fputs(nft_text_1, nft) > 0);
	assert_int_equal(pclose(nft), 0);
}

/* All mappings stay through the transaction that replaces the table, also those whose place was
 * another one. */
static void test_the_table_of_0_1_0_is_taken_over(void **state)
{
	struct bench *t = *state;
	struct nat_rule found[] = { rule("192.0.2.53/32", IPPROTO_TCP, 53, "10.0.0.5", 8053),
				    rule("192.0.2.53/32", IPPROTO_TCP, 80, "10.0.0.5", 80),
				    rule("2001:db8::53/128", IPPROTO_TCP, 53, "fd00::5", 8053) };
	struct nat_rules all = { .items = found, .n = 3 };
	struct nat_rule moved = behind(found[1]);
	load_former_table();
	assert_int_equal(list(t), 1); /* to be repaired, */
	assert_int_equal(t->listed.n, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(is_listed(t, &found[i]));
	apply(t, none, none, false); /* with nothing else to change */
	assert_listed(t, &all);
	assert_output("12", "nft list ruleset | grep -c vipherald:nat:2");
	/* And again, with a change in the same transaction. */
	shell("nft flush ruleset");
	load_former_table();
	assert_int_equal(list(t), 1);
	apply(t, (struct nat_rules){ .items = &found[1], .n = 1 },
	      (struct nat_rules){ .items = &moved, .n = 1 }, false);
	found[1] = moved;
	assert_listed(t, &all);
}

/* Only listed rules are removed: after a change the caller lists again. */
static void test_another_state_than_listed(void **state)
{
	struct bench *t = *state;
	struct err err = { "" };
	struct nat_rules all = some_rules();
	struct nat_diff d = { .remove = all };
	assert_listed(t, &none);
	apply(t, none, all, false);
	assert_int_equal(shell("nft flush map inet vipherald vips4"), 0);
	assert_int_equal(t->ops->apply(t->b, &d, &err), -EAGAIN);
	assert_int_equal(list(t), 0);
	assert_int_equal(t->listed.n, 8); /* nothing of it was done */
	nat_rules_done(&all);
}

static void test_other_tables_are_left_alone(void **state)
{
	struct bench *t = *state;
	struct nat_rules all = some_rules();
	assert_int_equal(shell("nft 'add table ip nat; add chain ip nat prerouting { type nat hook "
			       "prerouting priority -100; }; add rule ip nat prerouting ip daddr "
			       "192.0.2.53 tcp dport 53 dnat to 10.0.0.5:8053 comment "
			       "\"vipherald:nat:1\"' && nft list ruleset >/tmp/vh-%d",
			       getpid()),
			 0);
	assert_listed(t, &none);
	apply(t, none, all, false);
	apply(t, all, none, true);
	assert_int_equal(shell("nft list ruleset | cmp - /tmp/vh-%d", getpid()), 0);
	shell("rm -f /tmp/vh-%d", getpid());
	nat_rules_done(&all);
}

#define IPTABLES(test) cmocka_unit_test_setup_teardown(test, setup_iptables, teardown)
#define NFTABLES(test) cmocka_unit_test_setup_teardown(test, setup_nftables, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IPTABLES(test_looking_makes_nothing),
		IPTABLES(test_added_listed_and_removed),
		IPTABLES(test_a_thousand_in_one_go),
		IPTABLES(test_rules_are_those_of_the_tool),
		IPTABLES(test_foreign_rules_are_left_alone),
		IPTABLES(test_tool_lists_what_is_added),
		IPTABLES(test_same_port_stays_behind_others),
		IPTABLES(test_lock_is_respected),
		IPTABLES(test_users_of_the_lock_are_noticed),
		NFTABLES(test_looking_makes_nothing),
		NFTABLES(test_added_listed_and_removed),
		NFTABLES(test_a_thousand_in_one_go),
		NFTABLES(test_listings_while_the_map_is_resized),
		NFTABLES(test_a_rule_is_looked_up),
		NFTABLES(test_tool_lists_the_table),
		NFTABLES(test_damage_is_seen_and_repaired),
		NFTABLES(test_the_table_of_0_1_0_is_taken_over),
		NFTABLES(test_another_state_than_listed),
		NFTABLES(test_other_tables_are_left_alone),
	};
	int fd = mkstemp(lock_file);
	assert_true(fd >= 0);
	close(fd);
	setenv("XTABLES_LOCKFILE", lock_file, 1);
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(lock_file);
	return r;
}
