/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>

#include "process/fd.h"
#include "process/instance_lock.h"

#include "own_netns.h"

static void test_one_agent_per_network_namespace(void **state)
{
	(void)state;
	struct err err = { "" };
	int first = -1, second = -1;
	assert_int_equal(instance_lock_acquire(&first, &err), 0);
	assert_int_equal(instance_lock_acquire(&second, &err), -EADDRINUSE);
	assert_int_equal(second, -1);
	assert_non_null(strstr(err.text, "another vipherald manages lo"));
	/* Another namespace has another lo. */
	own_netns_enter();
	assert_int_equal(instance_lock_acquire(&second, &err), 0);
	fd_close(&first);
	fd_close(&second);
}

static void test_closing_it_releases_it(void **state)
{
	(void)state;
	struct err err = { "" };
	int fd = -1;
	assert_int_equal(instance_lock_acquire(&fd, &err), 0);
	fd_close(&fd);
	assert_int_equal(fd, -1);
	assert_int_equal(instance_lock_acquire(&fd, &err), 0);
	fd_close(&fd);
	fd_close(&fd); /* does nothing */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_agent_per_network_namespace),
		cmocka_unit_test(test_closing_it_releases_it),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
