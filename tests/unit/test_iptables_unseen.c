/* SPDX-License-Identifier: MIT */
/*
 * Legacy iptables as a plain user that has CAP_NET_RAW and may not read which tables exist, on
 * kernels made up by the test: libiptc is replaced.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nat/backend.h"
#include "nat/iptc.h"

#define PLAIN_UID 2

static char names_file[] = "/tmp/vipherald-names-XXXXXX";
static int error4, error6; /* of init(); 0: the table is there, and empty */
static unsigned inits;

struct xtc_handle {
	char unused;
};

static struct xtc_handle handle;

static struct xtc_handle *init(int error)
{
	inits++;
	errno = error;
	return error ? NULL : &handle;
}

static struct xtc_handle *init4(const char *table)
{
	(void)table;
	return init(error4);
}

static struct xtc_handle *init6(const char *table)
{
	(void)table;
	return init(error6);
}

static const void *first(const char *chain, struct xtc_handle *h)
{
	(void)chain, (void)h;
	return NULL;
}

static const void *next(const void *entry, struct xtc_handle *h)
{
	(void)entry, (void)h;
	return NULL;
}

static void release(struct xtc_handle *h)
{
	assert_ptr_equal(h, &handle);
}

static const char *describe(int error)
{
	(void)error;
	return "as the test says";
}

#define IPTC(number, of)                                                                           \
	{                                                                                          \
		.family = (of), .names_file = names_file, .init = init##number, .first = first,    \
		.next = next, .free = release, .strerror = describe                                \
	}
const struct iptc iptc_v4 = IPTC(4, AF_INET), iptc_v6 = IPTC(6, AF_INET6);

int iptc_dnat_revision(const struct iptc *t)
{
	(void)t;
	return 2;
}

static void on_rule(const struct nat_rule *r, enum nat_presence how, void *userdata)
{
	(void)r, (void)how, (void)userdata;
	fail();
}

static int list(int of4, int of6)
{
	struct nat_backend *b = NULL;
	struct err err = { "" };
	error4 = of4;
	error6 = of6;
	inits = 0;
	assert_int_equal(nat_iptables.open(&b, &err), 0);
	int rc = nat_iptables.list(b, on_rule, NULL, &err);
	nat_iptables.close(b);
	return rc;
}

static void test_it_is_not_known_whether_it_is_in_use(void **state)
{
	(void)state;
	assert_int_equal(nat_iptables_legacy(), NAT_LEGACY_UNSEEN);
}

static void test_tables_are_assumed_to_exist(void **state)
{
	(void)state;
	assert_int_equal(list(0, 0), 0);
	assert_int_equal(inits, 2);
}

/* NAT for one family does not depend on the kernel's support for the other. */
static void test_a_table_that_the_kernel_lacks_is_empty(void **state)
{
	(void)state;
	assert_int_equal(list(0, ENOENT), 0);
	assert_int_equal(list(ENOPROTOOPT, 0), 0);
	assert_int_equal(inits, 2);
}

static void test_other_errors_are_errors(void **state)
{
	(void)state;
	assert_int_equal(list(0, ENOMEM), -ENOMEM);
	assert_int_equal(list(EPERM, 0), -EPERM);
}

static void set_effective(uint32_t bits)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	assert_int_equal(syscall(SYS_capget, &head, data), 0);
	data[0].effective = bits;
	assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

static void test_without_the_capability_nothing_is_read(void **state)
{
	(void)state;
	set_effective(1U << CAP_NET_ADMIN);
	assert_int_equal(list(0, 0), 0);
	assert_int_equal(inits, 0);
	set_effective(1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW);
}

static int become_plain_user(void **state)
{
	(void)state;
	int fd = mkstemp(names_file); /* of mode 0600 */
	close(fd);
	if (fd < 0 || prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 ||
	    setresuid(PLAIN_UID, PLAIN_UID, 0) < 0) {
		fputs("this test needs root: it becomes another user\n", stderr);
		return -1;
	}
	set_effective(1U << CAP_NET_ADMIN | 1U << CAP_NET_RAW);
	return 0;
}

static int become_root(void **state)
{
	(void)state;
	assert_int_equal(setresuid(0, 0, 0), 0);
	return unlink(names_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_not_known_whether_it_is_in_use),
		cmocka_unit_test(test_tables_are_assumed_to_exist),
		cmocka_unit_test(test_a_table_that_the_kernel_lacks_is_empty),
		cmocka_unit_test(test_other_errors_are_errors),
		cmocka_unit_test(test_without_the_capability_nothing_is_read),
	};
	return cmocka_run_group_tests(tests, become_plain_user, become_root);
}
