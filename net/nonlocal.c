/* SPDX-License-Identifier: MIT */
#include "net/nonlocal.h"

#include <fcntl.h>
#include <unistd.h>

bool nonlocal_bind6(void)
{
	char value = '1';
	int fd = open("/proc/sys/net/ipv6/ip_nonlocal_bind", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return true;
	bool off = read(fd, &value, 1) == 1 && value == '0';
	close(fd);
	return !off;
}
