/* SPDX-License-Identifier: MIT */
#include "process/syscall_filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <ucontext.h>

#include "lib/array.h"

/* By name: the library leaves out what an architecture does not have. */
static const char *const allowed[] = {
	/* memory */
	"brk", "madvise", "mlock", "mremap", "munmap", "mincore", "membarrier",
	/* descriptors */
	"close", "close_range", "dup", "dup2", "dup3", "eventfd", "eventfd2", "fcntl", "ioctl",
	"lseek", "pipe", "pipe2", "poll", "ppoll", "pread64", "preadv", "pselect6", "pwrite64",
	"pwritev", "read", "readv", "select", "sendfile", "write", "writev", "epoll_create",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait",
	/* files, as the rights of the process and Landlock allow; Landlock has no say in modes,
	 * owners and truncation (before Linux 6.2) by name, which the agent changes before it
	 * enters */
	"access", "faccessat", "faccessat2", "fadvise64", "fallocate", "fdatasync", "flock",
	"fstat", "fstatfs", "fsync", "ftruncate", "getcwd", "getdents", "getdents64",
	"inotify_add_watch", "inotify_init", "inotify_init1", "inotify_rm_watch", "link", "linkat",
	"lstat", "mkdir", "mkdirat", "newfstatat", "open", "openat", "openat2", "readlink",
	"readlinkat", "rename", "renameat", "renameat2", "rmdir", "stat", "statfs", "statx",
	"symlink", "symlinkat", "sync_file_range", "umask", "unlink", "unlinkat", "memfd_create",
	"io_setup", "io_submit", "io_getevents", "io_pgetevents", "io_cancel", "io_destroy",
	/* sockets; socket() and socketpair() by their families */
	"accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt",
	"listen", "recvfrom", "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt",
	"shutdown",
	/* time */
	"clock_getres", "clock_gettime", "clock_nanosleep", "gettimeofday", "nanosleep", "time",
	"timer_create", "timer_delete", "timer_settime", "timerfd_create", "timerfd_gettime",
	"timerfd_settime", "alarm", "setitimer",
	/* signals, and children: our forks, and the commands of the launcher */
	"exit", "exit_group", "futex", "futex_waitv", "get_robust_list", "kill", "pidfd_open",
	"pidfd_send_signal", "restart_syscall", "rseq", "rt_sigaction", "rt_sigpending",
	"rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
	"set_robust_list", "set_tid_address", "setpgid", "getpgid", "getpgrp", "setsid", "getsid",
	"sigaltstack", "signalfd", "signalfd4", "tgkill", "tkill", "wait4", "waitid", "fork",
	"vfork",
	/* about us and the machine */
	"arch_prctl", "capget", "capset", "getcpu", "getegid", "geteuid", "getgid", "getgroups",
	"getpid", "getppid", "getpriority", "getrandom", "getresgid", "getresuid", "getrlimit",
	"getrusage", "gettid", "getuid", "prctl", "prlimit64", "seccomp", "sched_getaffinity",
	"sched_yield", "setpriority", "sched_getparam", "sched_getscheduler", "setrlimit",
	"sysinfo", "times", "uname"
};

static const char *const deadly[] = {
	/* programs, and other processes */
	"execve", "execveat", "ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd",
	"kcmp",
	/* mounts and namespaces */
	"mount", "umount", "umount2", "move_mount", "open_tree", "fsopen", "fsmount", "fsconfig",
	"mount_setattr", "pivot_root", "chroot", "unshare", "setns", "open_by_handle_at", "mknod",
	"mknodat",
	/* the kernel, and ways around this filter */
	"init_module", "finit_module", "delete_module", "kexec_load", "kexec_file_load", "bpf",
	"perf_event_open", "userfaultfd", "add_key", "request_key", "keyctl", "io_uring_setup",
	"io_uring_enter", "io_uring_register", "iopl", "ioperm", "modify_ldt", "personality",
	/* the machine */
	"reboot", "swapon", "swapoff", "acct", "quotactl", "settimeofday", "clock_settime",
	"clock_adjtime", "adjtimex", "sethostname", "setdomainname",
	/* other users */
	"setuid", "setgid", "setreuid", "setregid", "setresuid", "setresgid", "setgroups"
};

static const int families[] = { AF_UNIX, AF_INET, AF_INET6, AF_NETLINK };

/* The sanitizers start a thread that traces this process. */
#if defined(__SANITIZE_ADDRESS__)
static const char *const of_sanitizers[] = { "ptrace", "process_vm_readv", "process_vm_writev",
					     "personality" };
#define MAY_MAP_CODE true
#else
static const char *const of_sanitizers[] = { NULL };
#define MAY_MAP_CODE false
#endif

/* Written by the handler of SIGSYS, ours and that of our forks: shared with them. NULL: no
 * filter. */
static struct refused {
	uint64_t n;
	int last;
} * refused;

/* A call that came from a signal handler or one of our forks, as any other. */
static void on_refused(int number, siginfo_t *info, void *context)
{
	(void)number;
	ucontext_t *c = context;
	__atomic_store_n(&refused->last, info->si_syscall, __ATOMIC_RELAXED);
	__atomic_fetch_add(&refused->n, 1, __ATOMIC_RELAXED);
#if defined(__x86_64__)
	c->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
#elif defined(__aarch64__)
	c->uc_mcontext.regs[0] = (unsigned long long)-ENOSYS;
#else
/* cppcheck-suppress preprocessorErrorDirective; it defines no architecture */
#error "which register has the result of a system call?"
#endif
}

static bool is_of_sanitizers(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(of_sanitizers) && of_sanitizers[i]; i++)
		if (strcmp(of_sanitizers[i], name) == 0)
			return true;
	return false;
}

/* The library does not know a call that is newer than itself, and the kernel may not: fine. */
static int add(scmp_filter_ctx f, uint32_t action, const char *const *names, size_t n)
{
	int rc = 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		int number = seccomp_syscall_resolve_name(names[i]);
		if (number == __NR_SCMP_ERROR || is_of_sanitizers(names[i]))
			continue;
		rc = seccomp_rule_add(f, action, number, 0);
	}
	return rc;
}

static int allow_sockets(scmp_filter_ctx f)
{
	int rc = 0;
	for (size_t i = 0; i < ARRAY_SIZE(families) && rc == 0; i++) {
		const struct scmp_arg_cmp is = { .op = SCMP_CMP_EQ,
						 .datum_a = (uint32_t)families[i] };
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, is);
	}
	const struct scmp_arg_cmp is_unix = { .op = SCMP_CMP_EQ, .datum_a = AF_UNIX };
	return rc < 0 ? rc : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socketpair), 1, is_unix);
}

/* Libraries that are loaded late are mapped executable from their files; nothing is both writable
 * and executable, or becomes executable. */
static int allow_memory(scmp_filter_ctx f)
{
	const int both = PROT_WRITE | PROT_EXEC;
	int rc = 0;
	const int calls[] = { SCMP_SYS(mmap), SCMP_SYS(mmap2) };
	for (size_t i = 0; i < ARRAY_SIZE(calls) && rc == 0; i++) {
		const struct scmp_arg_cmp none = SCMP_A2(SCMP_CMP_MASKED_EQ, both, 0);
		const struct scmp_arg_cmp write = SCMP_A2(SCMP_CMP_MASKED_EQ, both, PROT_WRITE);
		const struct scmp_arg_cmp exec = SCMP_A2(SCMP_CMP_MASKED_EQ, both, PROT_EXEC);
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 1, none);
		if (rc == 0)
			rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 1, write);
		if (rc == 0)
			rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 1, exec);
	}
	if (rc == 0 && MAY_MAP_CODE)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 0);
	return rc < 0 || MAY_MAP_CODE ? rc
				      : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
							 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
}

/* fork(), and threads of libraries; no namespaces. clone3() hides its flags in memory: glibc takes
 * clone() instead when there is none. */
static int allow_clone(scmp_filter_ctx f)
{
	const uint64_t namespaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC |
				    CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET;
	int rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return rc < 0 ? rc
		      : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
					 SCMP_A0(SCMP_CMP_MASKED_EQ, namespaces, 0));
}

static int fill(scmp_filter_ctx f)
{
	/* A binary tree instead of a list, where the library has it: a call costs the same. */
	(void)seccomp_attr_set(f, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	int rc = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = add(f, SCMP_ACT_ALLOW, allowed, ARRAY_SIZE(allowed));
	if (rc == 0)
		rc = add(f, SCMP_ACT_KILL_PROCESS, deadly, ARRAY_SIZE(deadly));
	if (rc == 0 && of_sanitizers[0])
		for (size_t i = 0; i < ARRAY_SIZE(of_sanitizers) && rc == 0; i++)
			rc = seccomp_rule_add(f, SCMP_ACT_ALLOW,
					      seccomp_syscall_resolve_name(of_sanitizers[i]), 0);
	if (rc == 0)
		rc = allow_sockets(f);
	if (rc == 0)
		rc = allow_memory(f);
	return rc < 0 ? rc : allow_clone(f);
}

static int load(struct err *err)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_TRAP);
	if (!f)
		return err_set(err, -ENOMEM, "seccomp: cannot create a filter");
	int rc = fill(f);
	if (rc == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	if (rc == -EINVAL || rc == -ENOSYS || rc == -EPERM || rc == -EACCES)
		return err_set(err, -EOPNOTSUPP, "seccomp: not available: %s", strerror(-rc));
	return rc < 0 ? err_set(err, rc, "seccomp: %s", strerror(-rc)) : 0;
}

/* System calls in neither list are refused without a message: the owner of the fork knows what it
 * does. */
static int fill_narrow(scmp_filter_ctx f, const char *const *names, size_t n)
{
	static const int domains[] = { AF_UNIX, AF_INET, AF_INET6 };
	const struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	int rc = seccomp_attr_set(f, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	if (rc == 0)
		rc = add(f, SCMP_ACT_ALLOW, names, n);
	if (rc == 0)
		rc = add(f, SCMP_ACT_KILL_PROCESS, deadly, ARRAY_SIZE(deadly));
	for (size_t i = 0; i < ARRAY_SIZE(domains) && rc == 0; i++)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				      SCMP_A0(SCMP_CMP_EQ, (uint32_t)domains[i], 0));
	if (rc == 0)
		rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, no_code);
	return rc < 0 ? rc : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap2), 1, no_code);
}

int syscall_filter_narrow(const char *const *names, size_t n, struct err *err)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!f || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		seccomp_release(f);
		return err_set(err, -ENOMEM, "seccomp: cannot create a filter");
	}
	int rc = fill_narrow(f, names, n);
	if (rc == 0)
		rc = seccomp_load(f);
	seccomp_release(f);
	return rc < 0 ? err_set(err, rc, "seccomp: %s", strerror(-rc)) : 0;
}

static int make_counters(struct err *err)
{
	void *page = mmap(NULL, sizeof(*refused), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return err_set(err, -errno, "seccomp: %s", strerror(errno));
	refused = page;
	refused->last = -1;
	return 0;
}

int syscall_filter_install(struct err *err)
{
	int rc = make_counters(err);
	if (rc < 0)
		return rc;
	struct sigaction action = { .sa_sigaction = on_refused,
				    .sa_flags = SA_SIGINFO | SA_NODEFER };
	sigset_t sigsys;
	sigemptyset(&sigsys);
	sigaddset(&sigsys, SIGSYS);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || sigaction(SIGSYS, &action, NULL) < 0 ||
	    sigprocmask(SIG_UNBLOCK, &sigsys, NULL) < 0)
		return err_set(err, -errno, "seccomp: %s", strerror(errno));
	return load(err);
}

uint64_t syscall_filter_refused(int *ret_last)
{
	*ret_last = refused ? __atomic_load_n(&refused->last, __ATOMIC_RELAXED) : -1;
	return refused ? __atomic_load_n(&refused->n, __ATOMIC_RELAXED) : 0;
}

const char *syscall_filter_name(int number, char buf[static SYSCALL_NAME_MAX])
{
	char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
	if (name)
		snprintf(buf, SYSCALL_NAME_MAX, "%s", name);
	else
		snprintf(buf, SYSCALL_NAME_MAX, "call %d", number);
	free(name);
	return buf;
}
