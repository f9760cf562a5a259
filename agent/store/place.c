/* SPDX-License-Identifier: MIT */
#include "agent/store/place.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/str.h"

static void read_line(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : -1;
	buf[n > 0 ? n : 0] = 0;
	buf[strcspn(buf, "\n")] = 0;
	if (fd >= 0)
		close(fd);
}

void state_place_find(struct state_place *ret)
{
	read_line("/proc/sys/kernel/random/boot_id", ret->boot, sizeof(ret->boot));
	ssize_t n = readlink("/proc/self/ns/net", ret->netns, sizeof(ret->netns) - 1);
	ret->netns[n > 0 ? n : 0] = 0;
}

bool state_place_equal(const struct state_place *a, const struct state_place *b)
{
	return a->boot[0] && a->netns[0] && str_equal(a->boot, b->boot) &&
	       str_equal(a->netns, b->netns);
}
