/* SPDX-License-Identifier: MIT */
/* The shell of NAT in network namespaces of its own: requests, answers, rules in the kernel, and
 * UDP flows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "lib/array.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "loop_until.h"
#include "nat/conntrack.h"
#include "nat/nat.h"
#include "own_netns.h"

static char lock_file[] = "/tmp/vipherald-test-XXXXXX";

struct bed {
	sd_event *loop;
	struct nat *nat;
	size_t told; /* answers of 0 */
	int last;    /* the last answer that was not */
	char text[512];
	enum nat_choice backend;
};

static void on_told(const struct prefix *vip, int result, const struct err *err, void *userdata)
{
	struct bed *b = userdata;
	(void)vip;
	b->told += result == 0;
	if (result == 0)
		return;
	b->last = result;
	str_copy(b->text, sizeof(b->text), err->text);
}

static struct bed *bed_new(enum nat_choice backend)
{
	struct bed *b = mem_new(1, sizeof(*b));
	own_netns_enter();
	assert_int_equal(shell("ip address add 10.0.0.5/32 dev lo; ip address add 192.0.2.1/32 dev "
			       "lo; ip address add fd00::5/128 dev lo"),
			 0);
	b->backend = backend;
	assert_true(sd_event_new(&b->loop) >= 0);
	b->nat = nat_new(b->loop, backend, on_told, b);
	return b;
}

static void bed_restart(struct bed *b, enum nat_choice backend)
{
	nat_free(b->nat);
	b->backend = backend;
	b->nat = nat_new(b->loop, backend, on_told, b);
	b->told = 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	nat_free(b->nat);
	sd_event_unref(b->loop);
	free(b);
	return 0;
}

static int setup_nftables(void **state)
{
	*state = bed_new(NAT_NFTABLES);
	return 0;
}

static int setup_iptables(void **state)
{
	*state = bed_new(NAT_IPTABLES);
	return 0;
}

static const struct nat_spec udp53 = { IPPROTO_UDP, 53, 8053, { 0 } };
static const struct nat_spec udp53_other = { IPPROTO_UDP, 53, 8054, { 0 } };

static int set(struct bed *b, const char *vip, const struct nat_spec *spec)
{
	struct prefix p;
	struct addr dest;
	struct err err = { "" };
	assert_int_equal(prefix_parse(vip, &p, NULL), 0);
	assert_int_equal(addr_parse(p.addr.family == AF_INET ? "10.0.0.5" : "fd00::5", &dest), 0);
	int r = nat_set(b->nat, &p, spec, spec != NULL, &dest, &err);
	str_copy(b->text, sizeof(b->text), err.text);
	return r;
}

static bool has_been_told(void *userdata)
{
	struct bed *b = userdata;
	return b->told > 0;
}

static void set_and_wait(struct bed *b, const char *vip, const struct nat_spec *spec)
{
	b->told = 0;
	assert_int_equal(set(b, vip, spec), -EINPROGRESS);
	loop_until(b->loop, has_been_told, b);
	assert_int_equal(set(b, vip, spec), 0);
}

/* How many rules the tools see. */
static int count_of(enum nat_choice backend)
{
	const char *command =
		backend == NAT_IPTABLES
			? "grep -q nat /proc/self/net/ip_tables_names && iptables-legacy-save -t "
			  "nat | grep -c 'PREROUTING.*vipherald:nat'"
			: "nft list table inet vipherald 2>/dev/null | grep -c '53 : '";
	char line[32] = "";
	FILE *f = popen(command, "re");
	char *got = fgets(line, sizeof(line), f);
	pclose(f);
	return got ? atoi(line) : 0;
}

static int count(const struct bed *b)
{
	return count_of(b->backend);
}

static void test_set_and_unset(void **state)
{
	struct bed *b = *state;
	assert_int_equal(set(b, "192.0.2.1/32", NULL), 0);
	assert_null(nat_status(b->nat).backend);
	set_and_wait(b, "192.0.2.1/32", &udp53);
	assert_int_equal(count(b), 1);
	set_and_wait(b, "192.0.2.1/32", &udp53_other);
	assert_int_equal(count(b), 1);
	set_and_wait(b, "2001:db8::1/128", &udp53);
	assert_int_equal(nat_status(b->nat).present, 2);
	set_and_wait(b, "192.0.2.1/32", NULL);
	set_and_wait(b, "2001:db8::1/128", NULL);
	assert_int_equal(count(b), 0);
	assert_int_equal(nat_status(b->nat).wanted, 0);
}

static void test_changes_of_one_turn_are_one_transaction(void **state)
{
	struct bed *b = *state;
	assert_int_equal(set(b, "192.0.2.1/32", &udp53), -EINPROGRESS);
	assert_int_equal(set(b, "192.0.2.1/32", &udp53), -EINPROGRESS);
	assert_int_equal(set(b, "192.0.2.2/32", &udp53), -EINPROGRESS);
	assert_int_equal(set(b, "192.0.2.3/32", &udp53), -EINPROGRESS);
	assert_int_equal(set(b, "192.0.2.3/32", NULL), -EINPROGRESS);
	loop_drain(b->loop);
	assert_int_equal(b->told, 3);
	assert_int_equal(nat_status(b->nat).transactions, 1);
	assert_int_equal(count(b), 2);
}

static void test_wrong_family_changes_nothing(void **state)
{
	struct bed *b = *state;
	struct prefix p;
	struct err err = { "" };
	set_and_wait(b, "2001:db8::1/128", &udp53);
	assert_int_equal(prefix_parse("2001:db8::1/128", &p, NULL), 0);
	struct addr v4 = addr_v4(0x0a000005);
	assert_int_equal(nat_set(b->nat, &p, &udp53_other, 1, &v4, &err), -EADDRNOTAVAIL);
	assert_non_null(strstr(err.text, "it must be IPv6"));
	assert_int_equal(nat_status(b->nat).present, 1);
}

static void decide_leftover(const struct prefix *vip, void *userdata)
{
	struct bed *b = userdata;
	char text[PREFIX_TEXT_MAX];
	/* Wanted again: .1 as it was, .2 not at all. */
	prefix_format(vip, text);
	set(b, text, strcmp(text, "192.0.2.1/32") == 0 ? &udp53 : NULL);
}

static void test_leftovers_stay_until_decided(void **state)
{
	struct bed *b = *state;
	set_and_wait(b, "192.0.2.1/32", &udp53);
	set_and_wait(b, "192.0.2.2/32", &udp53);
	bed_restart(b, b->backend);
	loop_drain(b->loop);
	assert_int_equal(count(b), 2);
	/* A VIP of this instance does not disturb them. */
	set_and_wait(b, "192.0.2.3/32", &udp53);
	assert_int_equal(count(b), 3);
	nat_walk_leftovers(b->nat, decide_leftover, b);
	loop_drain(b->loop);
	assert_int_equal(count(b), 2);
	assert_int_equal(set(b, "192.0.2.1/32", &udp53), 0);
	assert_int_equal(set(b, "192.0.2.2/32", NULL), 0);
}

static void test_change_of_backend(void **state)
{
	struct bed *b = *state;
	enum nat_choice before = b->backend;
	set_and_wait(b, "192.0.2.1/32", &udp53);
	set_and_wait(b, "192.0.2.2/32", &udp53);
	bed_restart(b, before == NAT_IPTABLES ? NAT_NFTABLES : NAT_IPTABLES);
	assert_int_equal(count_of(before), 2);
	nat_walk_leftovers(b->nat, decide_leftover, b);
	loop_drain(b->loop);
	assert_int_equal(count_of(before), 0);
	assert_int_equal(count(b), 1);
	assert_int_equal(nat_status(b->nat).present, 1);
}

static bool is_put_back(void *userdata)
{
	struct bed *b = userdata;
	return nat_status(b->nat).put_back > 0 && has_been_told(b);
}

static void test_removed_by_another_process(void **state)
{
	struct bed *b = *state;
	set_and_wait(b, "192.0.2.1/32", &udp53);
	b->told = 0;
	assert_int_equal(shell(b->backend == NAT_IPTABLES ? "iptables-legacy -t nat -F"
							  : "nft flush ruleset"),
			 0);
	loop_until(b->loop, is_put_back, b);
	assert_int_equal(count(b), 1);
}

static bool has_failed(void *userdata)
{
	struct bed *b = userdata;
	return b->last < 0;
}

static void test_lock_held(void **state)
{
	struct bed *b = *state;
	int fd = open(lock_file, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(set(b, "192.0.2.1/32", &udp53), -EINPROGRESS);
	loop_until(b->loop, has_failed, b); /* told once that it takes long */
	assert_int_equal(b->last, -EBUSY);
	assert_non_null(strstr(b->text, "waiting for the xtables lock"));
	assert_non_null(nat_status(b->nat).trouble);
	assert_int_equal(set(b, "192.0.2.1/32", &udp53), -EINPROGRESS);
	close(fd);
	loop_until(b->loop, has_been_told, b);
	assert_null(nat_status(b->nat).trouble);
	assert_int_equal(nat_status(b->nat).waits, 1);
	assert_int_equal(count(b), 1);
}

/* ---- capabilities ---- */

static const struct caps_row {
	const char *name;
	enum nat_choice backend;
	unsigned lost[2];
	size_t n;
	const char *want;
} caps_rows[] = {
	{ "nftables", NAT_NFTABLES, { CAP_NET_ADMIN }, 1, "the capability CAP_NET_ADMIN." },
	{ "nftables needs no other", NAT_NFTABLES, { CAP_NET_RAW }, 1, "" },
	{ "iptables", NAT_IPTABLES, { CAP_NET_ADMIN }, 1, "the capability CAP_NET_ADMIN." },
	{ "iptables, the other",
	  NAT_IPTABLES,
	  { CAP_NET_RAW },
	  1,
	  "the capability CAP_NET_RAW. Run" },
	{ "iptables, both",
	  NAT_IPTABLES,
	  { CAP_NET_ADMIN, CAP_NET_RAW },
	  2,
	  "the capabilities CAP_NET_ADMIN and CAP_NET_RAW." },
};

static void lose(const struct caps_row *row)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { 0 } };
	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	for (size_t i = 0; i < row->n; i++)
		data[0].effective &= ~(1u << row->lost[i]);
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

/* In a process of its own, as the other tests need them. */
static _Noreturn void try_without(const struct caps_row *row)
{
	struct bed *b = bed_new(row->backend);
	lose(row);
	int at_once = set(b, "192.0.2.1/32", &udp53);
	if (at_once != -EINPROGRESS)
		b->last = at_once;
	loop_drain(b->loop);
	bool ok = row->want[0] ? b->last == -EPERM && strstr(b->text, row->want) : b->told == 1;
	if (!ok)
		fprintf(stderr, "%d %s\n", b->last, b->text);
	_exit(!ok);
}

static void test_missing_capability_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(caps_rows); i++) {
		int status;
		print_message("  %s\n", caps_rows[i].name);
		pid_t pid = fork();
		if (pid == 0)
			try_without(&caps_rows[i]);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

/* ---- flows ---- */

static bool is_idle(void *userdata)
{
	return conntrack_idle(userdata);
}

static uint64_t follow(sd_event *loop, struct conntrack *c, const struct nat_rule *r, bool in_force)
{
	uint64_t before = conntrack_count(c);
	conntrack_follow(c, r, in_force);
	assert_false(r->proto == IPPROTO_UDP && conntrack_idle(c));
	loop_until(loop, is_idle, c);
	return conntrack_count(c) - before;
}

static void send_from(const char *vip, uint16_t port)
{
	struct addr a;
	struct sockaddr_storage ss;
	assert_int_equal(addr_parse(vip, &a), 0);
	int fd = socket(a.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t len = addr_to_sockaddr(&a, port, 0, &ss);
	assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&ss, len), 1);
	close(fd);
}

/* The rules say nothing here: what counts is what is said to be in force. */
static void test_flows_that_are_wrong_are_forgotten(void **state)
{
	struct bed *b = *state;
	struct nat_rule r = { .proto = IPPROTO_UDP, .listen = 53, .port = 8053 };
	struct conntrack *c = conntrack_new(b->loop);
	assert_int_equal(addr_parse("10.0.0.5", &r.dest), 0);
	assert_int_equal(prefix_parse("192.0.2.1/32", &r.vip, NULL), 0);
	assert_int_equal(shell("nft add table ip t && nft 'add chain ip t c { type filter hook "
			       "output priority 0; }' && nft add rule ip t c ct state new counter"),
			 0);
	assert_int_equal(follow(b->loop, c, &r, true), 0);
	send_from("192.0.2.1", 53);
	send_from("192.0.2.1", 53);
	send_from("192.0.2.1", 54); /* another port, */
	send_from("10.0.0.5", 53);  /* another address: not ours to forget */
	assert_int_equal(follow(b->loop, c, &r, false), 0); /* not translated, as it should be */
	assert_int_equal(follow(b->loop, c, &r, true), 2);
	assert_int_equal(follow(b->loop, c, &r, true), 0);
	send_from("192.0.2.1", 53);
	assert_int_equal(prefix_parse("192.0.2.0/24", &r.vip, NULL), 0);
	assert_int_equal(follow(b->loop, c, &r, true), 1);
	r.proto = IPPROTO_TCP;
	conntrack_follow(c, &r, true);
	assert_true(conntrack_idle(c));
	conntrack_free(c);
}

#define NFTABLES(test) cmocka_unit_test_setup_teardown(test, setup_nftables, teardown)
#define IPTABLES(test) cmocka_unit_test_setup_teardown(test, setup_iptables, teardown)
#define BOTH(test)     NFTABLES(test), IPTABLES(test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(test_set_and_unset),
		BOTH(test_changes_of_one_turn_are_one_transaction),
		BOTH(test_wrong_family_changes_nothing),
		BOTH(test_leftovers_stay_until_decided),
		BOTH(test_change_of_backend),
		BOTH(test_removed_by_another_process),
		IPTABLES(test_lock_held),
		cmocka_unit_test(test_missing_capability_is_named),
		NFTABLES(test_flows_that_are_wrong_are_forgotten),
	};
	int fd = mkstemp(lock_file);
	assert_true(fd >= 0);
	close(fd);
	setenv("XTABLES_LOCKFILE", lock_file, 1);
	log_setup(LOG_ERROR, LOG_TEXT);
	int r = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(lock_file);
	return r;
}
