/* SPDX-License-Identifier: MIT */
/* A kernel without IFA_PROTO for as long as tags_hidden is set: takes the place of libc's uname()
 * and recvfrom() in a test. */
#ifndef TESTS_UNIT_HIDDEN_TAGS_H
#define TESTS_UNIT_HIDDEN_TAGS_H

#include <stdbool.h>

#include "tests/hide_tag.h"

static bool tags_hidden;

int uname(struct utsname *name)
{
	return tags_hidden ? hide_tag_uname(name) : (int)syscall(SYS_uname, name);
}

ssize_t recvfrom(int fd, void *buf, size_t size, int flags, struct sockaddr *from,
		 socklen_t *from_len)
{
	if (tags_hidden)
		return hide_tag_recvfrom(fd, buf, size, flags, from, from_len);
	return syscall(SYS_recvfrom, fd, buf, size, flags, from, from_len);
}

#endif
