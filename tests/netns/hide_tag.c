/* SPDX-License-Identifier: MIT */
/* To be preloaded: see tests/hide_tag.h. */
#include "tests/hide_tag.h"

int uname(struct utsname *name)
{
	return hide_tag_uname(name);
}

ssize_t recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	return hide_tag_recvfrom(fd, buf, size, flags, from, from_len);
}
