/* SPDX-License-Identifier: MIT */
#include "monitors/pidfds.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/hash.h"
#include "lib/list.h"
#include "lib/mem.h"
#include "process/fd.h"
#include "process/fd_limit.h"
#include "process/loop.h"

struct pidfds {
	sd_event *loop;
	struct watched *by_pid;
};

struct watched {
	struct pidfds *all;
	int pid; /* the key */
	int fd;
	sd_event_source *death;
	bool listed; /* false: another process has the number since */
	struct list users;
	UT_hash_handle hh;
};

struct pidfd_user {
	struct watched *process; /* NULL: it has died, and the callback was made */
	struct list_node node;
	pidfd_death_cb *died;
	void *userdata;
};

struct pidfds *pidfds_new(sd_event *loop)
{
	struct pidfds *p = mem_new(1, sizeof(*p));
	p->loop = sd_event_ref(loop);
	return p;
}

void pidfds_free(struct pidfds *p)
{
	if (!p)
		return;
	sd_event_unref(p->loop);
	free(p);
}

/* A zombie counts as dead: its pidfd is readable. */
static bool is_alive(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	return poll(&pfd, 1, 0) == 0;
}

static void unlist(struct watched *w)
{
	if (w->listed)
		HASH_DEL(w->all->by_pid, w);
	w->listed = false;
}

static void watched_free(struct watched *w)
{
	unlist(w);
	sd_event_source_disable_unref(w->death);
	fd_close(&w->fd);
	free(w);
}

static int on_death(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct watched *w = userdata;
	struct pidfd_user *u;
	struct list users;
	list_init(&users);
	while ((u = list_first(&w->users, struct pidfd_user, node))) {
		list_remove(&u->node);
		list_append(&users, &u->node);
		u->process = NULL;
	}
	watched_free(w);
	while ((u = list_first(&users, struct pidfd_user, node))) {
		list_remove(&u->node);
		u->died(u->userdata); /* may free u */
	}
	return 0;
}

/* -ESRCH when it does not run; EINVAL is the kernel's word for a thread that leads no group. */
static int open_pid(int pid, struct err *err)
{
	int r = fd_limit_check(FD_FOR_NEW, err);
	if (r < 0)
		return r;
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (fd < 0 && errno != ESRCH && errno != EINVAL)
		return err_set(err, -errno, "cannot watch process %d: %s", pid, strerror(errno));
	if (fd < 0)
		return -ESRCH;
	if (is_alive(fd))
		return fd;
	close(fd);
	return -ESRCH;
}

static int watch(struct pidfds *p, int pid, struct watched **ret, struct err *err)
{
	int fd = open_pid(pid, err);
	if (fd < 0)
		return fd;
	struct watched *w = mem_new(1, sizeof(*w));
	w->all = p;
	w->pid = pid;
	w->fd = fd;
	list_init(&w->users);
	int r = loop_io_add(p->loop, &w->death, fd, EPOLLIN, LOOP_HEALTH, on_death, w);
	if (r < 0) {
		watched_free(w);
		return err_set(err, r, "cannot watch process %d: %s", pid, strerror(-r));
	}
	HASH_ADD_INT(p->by_pid, pid, w);
	w->listed = true;
	*ret = w;
	return 0;
}

int pidfds_attach(struct pidfds *p, int pid, pidfd_death_cb *died, void *userdata,
		  struct pidfd_user **ret, struct err *err)
{
	struct watched *w;
	HASH_FIND_INT(p->by_pid, &pid, w);
	if (w && !is_alive(w->fd)) {
		unlist(w); /* its users are told by the loop */
		w = NULL;
	}
	int r = w ? 0 : watch(p, pid, &w, err);
	if (r < 0)
		return r;
	struct pidfd_user *u = mem_new(1, sizeof(*u));
	*u = (struct pidfd_user){ .process = w, .died = died, .userdata = userdata };
	list_append(&w->users, &u->node);
	*ret = u;
	return 0;
}

void pidfds_detach(struct pidfd_user *u)
{
	if (!u)
		return;
	struct watched *w = u->process;
	list_remove(&u->node);
	free(u);
	if (w && list_empty(&w->users))
		watched_free(w);
}

bool pidfd_is_alive(const struct pidfd_user *u)
{
	return u->process && is_alive(u->process->fd);
}
