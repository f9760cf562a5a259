/* SPDX-License-Identifier: MIT */
#include "process/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "lib/mem.h"

#define READ_SIZE 4096

char *proc_file_read(const char *path, size_t max, size_t *ret_len)
{
	char *text = NULL;
	size_t len = 0, cap = 0;
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	do {
		text = mem_grow(text, &cap, len + READ_SIZE + 1, 1);
		n = read(fd, text + len, READ_SIZE);
		len += n > 0 ? (size_t)n : 0;
	} while ((n > 0 && len < max) || (n < 0 && errno == EINTR));
	close(fd);
	text[len] = 0;
	*ret_len = len;
	return text;
}
