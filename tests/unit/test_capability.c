/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/capability.h"

#include "own_netns.h"

/* Leaves the process `sets` only, in the effective, permitted and inheritable set. */
static int set_capabilities(uint32_t sets)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { sets, sets, sets } };
	return (int)syscall(SYS_capset, &head, data);
}

static int ambient(int number)
{
	return prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, number, 0, 0);
}

/* 0, or the number of the step that failed. In a child: capabilities cannot be got back. */
static int drop_and_clear(void)
{
	if (set_capabilities(1U << CAP_NET_RAW | 1U << CAP_KILL) < 0)
		return 1;
	if (!capability_have(CAP_KILL) || !capability_have(CAP_NET_RAW))
		return 2;
	if (capability_have(CAP_NET_ADMIN))
		return 3;
	if (capability_effective() != (1U << CAP_NET_RAW | 1U << CAP_KILL))
		return 4;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_KILL, 0, 0) < 0)
		return 5;
	if (ambient(CAP_KILL) != 1)
		return 6;
	capability_clear_ambient();
	if (ambient(CAP_KILL) != 0)
		return 7;
	return capability_have(CAP_KILL) ? 0 : 8;
}

static void test_what_is_kept_and_what_is_passed_on(void **state)
{
	(void)state;
	int status = -1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(drop_and_clear());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void test_the_first_free_port_is_of_the_network_namespace(void **state)
{
	(void)state;
	assert_int_equal(capability_first_free_port(), 1024);
	own_netns_write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "80");
	assert_int_equal(capability_first_free_port(), 80);
	own_netns_write("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
	assert_int_equal(capability_first_free_port(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_kept_and_what_is_passed_on),
		cmocka_unit_test(test_the_first_free_port_is_of_the_network_namespace),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
