/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/socket_holder.h"
#include "process/instance_lock.h"

#include "own_netns.h"

static struct instance_lock none(void)
{
	struct instance_lock l;
	instance_lock_init(&l);
	return l;
}

static void test_one_agent_per_network_namespace(void **state)
{
	(void)state;
	struct err err = { "" };
	struct instance_lock first = none(), second = none();
	assert_int_equal(instance_lock_name(&first, &err), 0);
	assert_int_equal(instance_lock_name(&second, &err), -EADDRINUSE);
	assert_int_equal(second.name, -1);
	/* Another namespace has another lo. */
	own_netns_enter();
	assert_int_equal(instance_lock_name(&second, &err), 0);
	instance_lock_done(&first);
	instance_lock_done(&second);
}

static void test_closing_it_releases_it(void **state)
{
	(void)state;
	struct err err = { "" };
	struct instance_lock l = none();
	assert_int_equal(instance_lock_name(&l, &err), 0);
	instance_lock_done(&l);
	assert_int_equal(l.name, -1);
	assert_int_equal(instance_lock_name(&l, &err), 0);
	instance_lock_done(&l);
	instance_lock_done(&l); /* does nothing */
}

static void make_dir(char dir[static 32], mode_t mode)
{
	snprintf(dir, 32, "/tmp/lock.XXXXXX");
	assert_non_null(mkdtemp(dir));
	assert_int_equal(chmod(dir, mode), 0);
}

/* fcntl() locks are of a process: what the second one gets in a process of its own. */
static int lock_in_child(const char *dir, char text[static 512])
{
	int fds[2], r;
	assert_int_equal(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct err err = { "" };
		struct instance_lock l = none();
		r = instance_lock_file(&l, dir, &err);
		if (r == 0 && l.file < 0)
			r = 1;
		instance_lock_done(&l);
		ssize_t n = write(fds[1], err.text, sizeof(err.text));
		_exit(n < 0 ? 99 : -r & 0xff);
	}
	assert_true(read(fds[0], text, 512) > 0);
	assert_int_equal(waitpid(pid, &r, 0), pid);
	close(fds[0]);
	close(fds[1]);
	return -WEXITSTATUS(r);
}

static void test_the_file(void **state)
{
	(void)state;
	struct err err = { "" };
	struct instance_lock l = none();
	char dir[32], text[512], wanted[32];
	make_dir(dir, 0755);
	assert_int_equal(lock_in_child(dir, text), 0);
	assert_int_equal(instance_lock_file(&l, dir, &err), 0);
	assert_true(l.file >= 0);
	assert_int_equal(lock_in_child(dir, text), -EADDRINUSE);
	snprintf(wanted, sizeof(wanted), "process %d", (int)getpid());
	assert_non_null(strstr(text, "another vipherald manages lo"));
	assert_non_null(strstr(text, wanted));
	instance_lock_done(&l);
	assert_int_equal(lock_in_child(dir, text), 0);
	assert_int_equal(rmdir(dir), 0); /* each removed its file */
}

static void test_a_directory_that_others_may_write_to_is_not_used(void **state)
{
	(void)state;
	struct err err = { "" };
	struct instance_lock l = none();
	char dir[32], link[40];
	make_dir(dir, 01777);
	assert_int_equal(instance_lock_file(&l, dir, &err), 0);
	assert_int_equal(l.file, -1);
	assert_int_equal(chmod(dir, 0755), 0);
	snprintf(link, sizeof(link), "%s.link", dir);
	assert_int_equal(symlink(dir, link), 0);
	assert_int_equal(instance_lock_file(&l, link, &err), 0);
	assert_int_equal(l.file, -1);
	assert_int_equal(instance_lock_file(&l, "/proc/no/such", &err), 0);
	assert_int_equal(l.file, -1);
	unlink(link);
	rmdir(dir);
}

static void test_who_has_a_name(void **state)
{
	(void)state;
	struct err err = { "" };
	struct instance_lock l = none();
	struct socket_holder h;
	char text[SOCKET_HOLDER_TEXT_MAX], wanted[32];
	socket_holder_of_name(INSTANCE_LOCK_NAME, &h);
	assert_false(h.found);
	assert_string_equal(socket_holder_format(&h, text), "another process");
	assert_int_equal(instance_lock_name(&l, &err), 0);
	socket_holder_of_name(INSTANCE_LOCK_NAME, &h);
	assert_true(h.found);
	assert_true(h.has_uid);
	assert_int_equal(h.uid, geteuid());
	assert_int_equal(h.pid, getpid());
	snprintf(wanted, sizeof(wanted), "process %d (test_", (int)getpid());
	assert_non_null(strstr(socket_holder_format(&h, text), wanted));
	instance_lock_done(&l);
}

static void test_who_has_a_port(void **state)
{
	(void)state;
	struct socket_holder h;
	struct sockaddr_in6 sin6 = { .sin6_family = AF_INET6, .sin6_port = htons(7) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&sin6, sizeof(sin6)), 0);
	assert_int_equal(listen(fd, 1), 0);
	socket_holder_of_port(8, &h);
	assert_false(h.found);
	socket_holder_of_port(7, &h);
	assert_int_equal(h.pid, getpid());
	assert_int_equal(h.uid, geteuid());
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_agent_per_network_namespace),
		cmocka_unit_test(test_closing_it_releases_it),
		cmocka_unit_test(test_the_file),
		cmocka_unit_test(test_a_directory_that_others_may_write_to_is_not_used),
		cmocka_unit_test(test_who_has_a_name),
		cmocka_unit_test(test_who_has_a_port),
	};
	own_netns_enter();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
