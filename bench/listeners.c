/* SPDX-License-Identifier: MIT */
#include "bench/listeners.h"

#include <netinet/in.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/samples.h"
#include "bench/scratch.h"

struct order {
	uint16_t first;
	size_t n;
	int report;
};

static int bind_to(uint16_t port)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int));
	if (fd < 0 || bind(fd, (struct sockaddr *)&in, sizeof(in)) < 0)
		_exit(1);
	return fd;
}

static void serve(void *userdata)
{
	const struct order *o = userdata;
	const struct rlimit limit = { o->n + 64, o->n + 64 };
	double since = 0;
	setrlimit(RLIMIT_NOFILE, &limit);
	for (size_t i = 0; i < o->n; i++) {
		int fd = bind_to((uint16_t)(o->first + i));
		since = clock_ms();
		if (listen(fd, 128) < 0)
			_exit(1);
	}
	if (write(o->report, &since, sizeof(since)) != sizeof(since))
		_exit(1);
	pause();
}

void listeners_start(struct listeners *l, uint16_t first, size_t n)
{
	int fds[2];
	if (pipe(fds) < 0)
		fail("pipe: %m");
	struct order o = { .first = first, .n = n, .report = fds[1] };
	subject_fork(&l->process, serve, &o);
	close(fds[1]);
	if (read(fds[0], &l->since, sizeof(l->since)) != sizeof(l->since))
		fail("no process could listen on port %u", first);
	close(fds[0]);
}

double listeners_kill(struct listeners *l)
{
	double now = clock_ms();
	subject_signal(&l->process, SIGKILL);
	return now;
}
