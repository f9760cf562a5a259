/* SPDX-License-Identifier: MIT */
/*
 * A network namespace of the test's own, entered by the test process itself, with lo up: whatever
 * a test does to addresses, routes and ports, the host never sees it. Works as root, or as any user
 * where user namespaces are allowed; where neither is, the test fails and says so.
 */
#ifndef TESTS_UNIT_OWN_NETNS_H
#define TESTS_UNIT_OWN_NETNS_H

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

static inline void own_netns_or_die(int ok, const char *what)
{
	if (ok)
		return;
	perror(what);
	fputs("this test needs a network namespace of its own: run it as root, or allow user "
	      "namespaces\n",
	      stderr);
	exit(1);
}

static inline void own_netns_write(const char *file, const char *text)
{
	int fd = open(file, O_WRONLY | O_CLOEXEC);
	own_netns_or_die(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), file);
	close(fd);
}

static inline void own_netns_set_lo(int up)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = (short)(up ? IFF_UP : 0) };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	own_netns_or_die(fd >= 0 && ioctl(fd, SIOCSIFFLAGS, &ifr) == 0, "lo up or down");
	close(fd);
}

static inline void own_netns_enter(void)
{
	char map[64];
	uid_t uid = geteuid();
	gid_t gid = getegid();
	if (unshare(CLONE_NEWNET) < 0) {
		own_netns_or_die(unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0, "unshare");
		own_netns_write("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "0 %u 1", uid);
		own_netns_write("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "0 %u 1", gid);
		own_netns_write("/proc/self/gid_map", map);
	}
	own_netns_set_lo(1);
}

/* The setup of a group of tests. */
static inline int own_netns_setup(void **state)
{
	(void)state;
	own_netns_enter();
	return 0;
}

/* Runs a command by the shell, as another process would; its output is dropped. */
__attribute__((format(printf, 1, 2))) static inline int shell(const char *fmt, ...)
{
	char line[512], command[600];
	va_list args;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	snprintf(command, sizeof(command), "exec >/dev/null 2>&1; %s", line);
	return system(command);
}

#endif
