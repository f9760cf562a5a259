/* SPDX-License-Identifier: MIT */
#include "process/launch_message.h"

#include <errno.h>
#include <string.h>

struct header {
	uint32_t kind, number;
	int32_t pid;
	uint32_t n_args, n_env;
	uint32_t user;
};

static size_t count(const char *const *strings)
{
	size_t n = 0;
	while (strings[n])
		n++;
	return n;
}

static bool add_strings(const char *const *strings, char *buf, size_t size, size_t *len)
{
	for (; *strings; strings++) {
		size_t n = strlen(*strings) + 1;
		if (n > size - *len)
			return false;
		memcpy(buf + *len, *strings, n);
		*len += n;
	}
	return true;
}

ssize_t launch_request_write(const struct launch_request *r, char *buf, size_t size)
{
	struct header header = { .kind = r->kind, .number = r->number };
	size_t len = sizeof(header);
	if (size < len)
		return -E2BIG;
	if (r->kind == LAUNCH_MARKS) {
		header.pid = r->pid;
	} else {
		header.user = r->user;
		header.n_args = (uint32_t)count(r->argv);
		header.n_env = (uint32_t)count(r->env);
		if (!add_strings(r->argv, buf, size, &len) || !add_strings(r->env, buf, size, &len))
			return -E2BIG;
	}
	memcpy(buf, &header, sizeof(header));
	return (ssize_t)len;
}

/* False when there are not that many, or when that is more than there may be. */
static bool read_strings(char *buf, size_t len, size_t *at, uint32_t n, const char **ret)
{
	if (n > LAUNCH_STRINGS_MAX)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		const char *end = memchr(buf + *at, 0, len - *at);
		if (!end)
			return false;
		ret[i] = buf + *at;
		*at = (size_t)(end - buf) + 1;
	}
	ret[n] = NULL;
	return true;
}

static bool read_command(char *buf, size_t len, const struct header *header,
			 struct launch_request *ret)
{
	size_t at = sizeof(*header);
	return header->pid == 0 && header->n_args > 0 && header->user < LAUNCH_USERS_MAX &&
	       read_strings(buf, len, &at, header->n_args, ret->argv) && ret->argv[0][0] &&
	       read_strings(buf, len, &at, header->n_env, ret->env) && at == len;
}

int launch_request_read(char *buf, size_t len, struct launch_request *ret)
{
	struct header header;
	if (len < sizeof(header) || len > LAUNCH_REQUEST_MAX)
		return -EPROTO;
	memcpy(&header, buf, sizeof(header));
	ret->number = header.number;
	ret->user = header.user;
	switch (header.kind) {
	case LAUNCH_COMMAND:
		ret->kind = LAUNCH_COMMAND;
		return read_command(buf, len, &header, ret) ? 0 : -EPROTO;
	case LAUNCH_MARKS:
		ret->kind = LAUNCH_MARKS;
		ret->pid = header.pid;
		return header.pid > 0 && header.n_args == 0 && header.n_env == 0 && !header.user &&
				       len == sizeof(header)
			       ? 0
			       : -EPROTO;
	default:
		return -EPROTO;
	}
}

size_t launch_reply_size(const struct launch_reply *r)
{
	return offsetof(struct launch_reply, marks) + r->len;
}

int launch_reply_check(const struct launch_reply *r, size_t received)
{
	return received >= offsetof(struct launch_reply, marks) && r->len <= sizeof(r->marks) &&
			       received == launch_reply_size(r) && r->code <= 0 &&
			       (r->pid > 0 || r->code < 0 || r->len > 0)
		       ? 0
		       : -EPROTO;
}
