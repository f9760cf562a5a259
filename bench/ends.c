/* SPDX-License-Identifier: MIT */
#include "bench/ends.h"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include "bench/scratch.h"
#include "tests/unit/own_netns.h"

static int this_space(void)
{
	int fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		fail("/proc/self/ns/net: %m");
	return fd;
}

void ends_enter(int space)
{
	if (setns(space, CLONE_NEWNET) < 0)
		fail("setns: %m");
}

void ends_make(struct ends *ends)
{
	ends->host = this_space();
	if (unshare(CLONE_NEWNET) < 0)
		fail("unshare: %m");
	own_netns_set_lo(1);
	ends->other = this_space();
	ends_enter(ends->host);
	if (shell("ip link add eth0 type veth peer name eth0 netns /proc/%d/fd/%d && "
		  "ip link set eth0 up && ip addr add 10.2.0.2/24 dev eth0",
		  (int)getpid(), ends->other) != 0)
		fail("cannot make a link");
	ends_enter(ends->other);
	if (shell("ip link set eth0 up && ip addr add 10.2.0.1/24 dev eth0") != 0)
		fail("cannot set up the other end of a link");
	ends_enter(ends->host);
}
