/* SPDX-License-Identifier: MIT */
#include "process/capability.h"

#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PORT_FILE    "/proc/sys/net/ipv4/ip_unprivileged_port_start"
#define PORT_DEFAULT 1024

uint64_t capability_effective(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	if (syscall(SYS_capget, &head, data) < 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

bool capability_have(int number)
{
	return capability_effective() >> number & 1;
}

unsigned capability_first_free_port(void)
{
	unsigned port = PORT_DEFAULT;
	FILE *file = fopen(PORT_FILE, "re");
	if (!file)
		return PORT_DEFAULT;
	if (fscanf(file, "%u", &port) != 1)
		port = PORT_DEFAULT;
	fclose(file);
	return port;
}

void capability_clear_ambient(void)
{
	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* Under vipherald.service there is nothing to give up, and its filter of system calls refuses the
 * call. */
int capability_keep_only(uint64_t keep)
{
	bool has_more = false;
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	if (syscall(SYS_capget, &head, data) < 0)
		return -errno;
	for (unsigned i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t kept = (uint32_t)(keep >> 32 * i);
		has_more |= data[i].permitted & ~kept;
		data[i].permitted &= kept;
		data[i].effective = data[i].permitted;
		data[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, data) < 0 && has_more ? -errno : 0;
}
