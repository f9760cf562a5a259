/* SPDX-License-Identifier: MIT */
/* The filter of system calls and Landlock, each in a child of its own, since nothing leaves
 * them. */
#include "process/landlock.h"
#include "process/syscall_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lib/array.h"

#define CHECK(condition)                                                                           \
	do {                                                                                       \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: %s (%s)\n", __FILE__, __LINE__, #condition,        \
				strerror(errno));                                                  \
			_exit(99);                                                                 \
		}                                                                                  \
	} while (0)

static int in_child(void (*fn)(void))
{
	int status;
	pid_t pid = fork();
	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void enter_filter(void)
{
	struct err err = { "" };
	if (syscall_filter_install(&err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		_exit(98);
	}
}

/* System calls */

static void make_usual_calls(void)
{
	char buf[SYSCALL_NAME_MAX];
	int last;
	enter_filter();
	int fd = open("/proc/self/status", O_RDONLY);
	CHECK(fd >= 0 && close(fd) == 0);
	CHECK((fd = socket(AF_NETLINK, SOCK_RAW, 0)) >= 0);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
	      MAP_FAILED);
	pid_t pid = fork();
	if (pid == 0)
		_exit(0);
	CHECK(pid > 0 && waitpid(pid, NULL, 0) == pid);
	CHECK(syscall_filter_refused(&last) == 0 && last == -1);
	CHECK(strcmp(syscall_filter_name(SYS_mount, buf), "mount") == 0);
	CHECK(strcmp(syscall_filter_name(99999, buf), "call 99999") == 0);
}

static void usual_calls_work(void **state)
{
	(void)state;
	assert_int_equal(in_child(make_usual_calls), 0);
}

static void make_other_calls(void)
{
	int last;
	enter_filter();
	CHECK(syscall(SYS_sched_setscheduler, 0, 0, NULL) == -1 && errno == ENOSYS);
	CHECK(syscall_filter_refused(&last) == 1 && last == SYS_sched_setscheduler);
	CHECK(socket(AF_PACKET, SOCK_RAW, 0) == -1 && errno == ENOSYS);
	CHECK(syscall_filter_refused(&last) == 2 && last == SYS_socket);
	CHECK(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0) == -1 && errno == ENOSYS);
	/* One that our fork makes fails there as well. */
	pid_t pid = fork();
	if (pid == 0)
		_exit(syscall(SYS_sched_setscheduler, 0, 0, NULL) == -1 && errno == ENOSYS ? 0 : 1);
	int status;
	CHECK(waitpid(pid, &status, 0) == pid && status == 0);
	CHECK(syscall_filter_refused(&last) == 4);
}

static void other_calls_fail_and_are_counted(void **state)
{
	(void)state;
	assert_int_equal(in_child(make_other_calls), 0);
}

static void make_code(void)
{
	enter_filter();
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		   0) == MAP_FAILED);
#if !defined(__SANITIZE_ADDRESS__)
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(p != MAP_FAILED && mprotect(p, 4096, PROT_READ | PROT_EXEC) == -1);
#endif
}

static void memory_never_becomes_code(void **state)
{
	(void)state;
	assert_int_equal(in_child(make_code), 0);
}

static void do_execve(void)
{
	char *none[] = { NULL };
	enter_filter();
	execve("/bin/true", none, none);
}

static void do_execveat(void)
{
	enter_filter();
	syscall(SYS_execveat, AT_FDCWD, "/bin/true", NULL, NULL, 0);
}

static void do_mount(void)
{
	enter_filter();
	mount("none", "/mnt", "tmpfs", 0, NULL);
}

static void do_unshare(void)
{
	enter_filter();
	unshare(CLONE_NEWUSER);
}

static void do_setuid(void)
{
	enter_filter();
	syscall(SYS_setresuid, 0, 0, 0);
}

static void do_bpf(void)
{
	enter_filter();
	syscall(SYS_bpf, 0, NULL, 0);
}

static void do_io_uring(void)
{
	enter_filter();
	syscall(425 /* io_uring_setup */, 1, NULL);
}

static void do_pidfd_getfd(void)
{
	enter_filter();
	syscall(438 /* pidfd_getfd */, 0, 0, 0);
}

/* The sanitizers make these themselves, when they look for leaks. */
#if !defined(__SANITIZE_ADDRESS__)
static void do_ptrace(void)
{
	enter_filter();
	ptrace(PTRACE_ATTACH, getppid(), NULL, NULL);
}

static void do_process_vm_readv(void)
{
	enter_filter();
	syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0);
}
#endif

static void calls_of_a_break_in_end_it(void **state)
{
	(void)state;
	void (*const calls[])(void) = {
		do_execve,
		do_execveat,
		do_mount,
		do_unshare,
		do_setuid,
		do_bpf,
		do_io_uring,
		do_pidfd_getfd,
#if !defined(__SANITIZE_ADDRESS__)
		do_ptrace,
		do_process_vm_readv,
#endif
	};
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		int status = in_child(calls[i]);
		if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
			fail_msg("call %zu: status %#x", i, (unsigned)status);
	}
}

/* Files */

static char directory[] = "/tmp/vipherald-sandbox-XXXXXX";
static char own[64], other[64];

static void path(char *buf, size_t size, const char *where, const char *name)
{
	snprintf(buf, size, "%s/%s", where, name);
}

static void touch_files(void)
{
	struct err err = { "" };
	char in[80], moved[80], outside[80];
	path(in, sizeof(in), own, "file");
	path(moved, sizeof(moved), own, "moved");
	path(outside, sizeof(outside), other, "file");
	const struct landlock_path paths[] = { { own, false }, { "/no/such/directory", false } };
	int abi = landlock_restrict(paths, ARRAY_SIZE(paths), &err);
	if (abi == 0)
		_exit(77);
	CHECK(abi > 0);
	int fd = open(in, O_CREAT | O_RDWR, 0600);
	CHECK(fd >= 0 && write(fd, "x", 1) == 1 && rename(in, moved) == 0);
	CHECK(mkdir(in, 0700) == 0 && rmdir(in) == 0);
	CHECK(open(outside, O_RDONLY) >= 0);
	CHECK(open(outside, O_WRONLY) == -1 && errno == EACCES);
	CHECK(unlink(outside) == -1 && errno == EACCES);
	CHECK(rename(moved, outside) == -1);
	path(outside, sizeof(outside), other, "new");
	CHECK(open(outside, O_CREAT | O_WRONLY, 0600) == -1 && errno == EACCES);
	CHECK(symlink("x", outside) == -1 && mkdir(outside, 0700) == -1);
	char *none[] = { NULL };
	CHECK(execve("/bin/true", none, none) == -1 && errno == EACCES);
	CHECK(ptrace(PTRACE_ATTACH, getppid(), NULL, NULL) == -1 && errno == EPERM);
	CHECK(unlink(moved) == 0);
}

static void create_files(void)
{
	struct err err = { "" };
	char fresh[80], outside[80];
	path(fresh, sizeof(fresh), other, "lock");
	path(outside, sizeof(outside), other, "file");
	const struct landlock_path paths[] = { { other, true } };
	if (landlock_restrict(paths, 1, &err) == 0)
		_exit(77);
	CHECK(open(fresh, O_CREAT | O_RDONLY, 0600) >= 0);
	CHECK(open(fresh, O_CREAT | O_RDONLY, 0600) >= 0);
	CHECK(open(outside, O_WRONLY) == -1 && unlink(fresh) == -1);
}

static int make_directories(void **state)
{
	(void)state;
	char file[80];
	if (!mkdtemp(directory))
		return -1;
	snprintf(own, sizeof(own), "%s/own", directory);
	snprintf(other, sizeof(other), "%s/other", directory);
	path(file, sizeof(file), other, "file");
	if (mkdir(own, 0700) < 0 || mkdir(other, 0700) < 0)
		return -1;
	int fd = open(file, O_CREAT | O_WRONLY, 0600);
	return fd < 0 ? -1 : close(fd);
}

static int remove_directories(void **state)
{
	(void)state;
	char file[80];
	const char *const names[] = { "file", "lock" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		path(file, sizeof(file), other, names[i]);
		unlink(file);
	}
	rmdir(own);
	rmdir(other);
	return rmdir(directory);
}

/* Without Landlock nothing is restricted, and the kernel must really have none. */
static void assert_done(int status)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77) {
		assert_true(syscall(444 /* landlock_create_ruleset */, NULL, 0, 1) < 0);
		print_message("this kernel has no Landlock\n");
		return;
	}
	assert_int_equal(status, 0);
}

static void files_are_written_beneath_the_paths_only(void **state)
{
	(void)state;
	assert_done(in_child(touch_files));
}

static void only_create_opens_no_file_of_others(void **state)
{
	(void)state;
	assert_done(in_child(create_files));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(usual_calls_work),
		cmocka_unit_test(other_calls_fail_and_are_counted),
		cmocka_unit_test(memory_never_becomes_code),
		cmocka_unit_test(calls_of_a_break_in_end_it),
		cmocka_unit_test(files_are_written_beneath_the_paths_only),
		cmocka_unit_test(only_create_opens_no_file_of_others),
	};
	return cmocka_run_group_tests(tests, make_directories, remove_directories);
}
