/* SPDX-License-Identifier: MIT */
/*
 * The kernel dumps its table of connections in one system call, over all namespaces: 9 ms for an
 * empty one, more on larger hosts, without a limit. So a child process does that: a fork that walks
 * the flows, deletes those with another translation, reports how many, and exits.
 */
#include "nat/conntrack.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/hash.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "nat/ctmsg.h"
#include "net/nlsock.h"
#include "process/fd.h"
#include "process/loop.h"
#include "process/subreaper.h"

/* On few processors the loop comes first. */
#define CHILD_NICE 10

/* A rule to be followed, by what it matches. */
struct target {
	struct nat_rule rule; /* the key is its first NAT_RULE_KEY_SIZE octets */
	bool in_force;
	UT_hash_handle hh;
};

/* VIPs of one address are found by hash; those of more are few, and gone through. */
struct targets {
	struct target *hosts, *nets;
};

/* The report of the child. */
struct report {
	uint64_t count;
	int error; /* 0 or -errno */
};

struct conntrack {
	sd_event *loop;
	struct targets next;        /* of the next child */
	pid_t child;                /* 0: none */
	struct subreaper_tree tree; /* keeps others from collecting the child */
	int pidfd, pipe;
	sd_event_source *end_source, *start_source;
	bool complained;
	uint64_t count;
};

static void targets_done(struct targets *t)
{
	struct target *it, *next;
	HASH_ITER (hh, t->hosts, it, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
		HASH_DELETE(hh, t->hosts, it);
		free(it);
	}
	HASH_ITER (hh, t->nets, it, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
		HASH_DELETE(hh, t->nets, it);
		free(it);
	}
}

static bool is_host(const struct prefix *p)
{
	return p->len == addr_size(p->addr.family) * 8;
}

static void targets_put(struct targets *t, const struct nat_rule *r, bool in_force)
{
	struct target **all = is_host(&r->vip) ? &t->hosts : &t->nets, *it;
	HASH_FIND(hh, *all, r, NAT_RULE_KEY_SIZE, it);
	if (!it) {
		it = mem_new(1, sizeof(*it));
		it->rule = *r;
		HASH_ADD(hh, *all, rule, NAT_RULE_KEY_SIZE, it);
	}
	it->rule = *r;
	it->in_force = in_force;
}

static const struct target *targets_find(const struct targets *t, const struct ct_flow *f)
{
	struct nat_rule key = { .vip = { .addr = f->dst,
					 .len = (uint8_t)(addr_size(f->dst.family) * 8) },
				.proto = f->proto,
				.listen = f->dst_port };
	struct target *it, *next;
	HASH_FIND(hh, t->hosts, &key, NAT_RULE_KEY_SIZE, it);
	if (it)
		return it;
	HASH_ITER (hh, t->nets, it, next)
		if (it->rule.listen == f->dst_port && it->rule.proto == f->proto &&
		    prefix_contains(&it->rule.vip, &f->dst))
			return it;
	return NULL;
}

/* Is the flow translated as the rule, or its absence, says? */
static bool is_right(const struct target *t, const struct ct_flow *f)
{
	if (!t->in_force)
		return f->answers_port == f->dst_port && addr_equal(&f->answers_from, &f->dst);
	return f->answers_port == t->rule.port && addr_equal(&f->answers_from, &t->rule.dest);
}

/* ---- in the child ---- */

struct walk {
	const struct targets *targets;
	struct nlsock *ask, *dump;
	struct report report;
};

static int on_flow(const struct nlmsghdr *msg, void *userdata)
{
	_Alignas(struct nlmsghdr) char buf[CTMSG_MAX];
	struct walk *w = userdata;
	struct ct_flow f;
	if (ct_parse(msg, &f) < 0 || f.proto != IPPROTO_UDP)
		return 0;
	const struct target *t = targets_find(w->targets, &f);
	if (!t || is_right(t, &f))
		return 0;
	struct nlmsghdr *delete = ct_build_delete(buf, msg);
	int r = delete ? nlsock_request(w->ask, delete, NULL, NULL) : -EBADMSG;
	w->report.count += r == 0;
	return r == -ENOENT ? 0 : r; /* it may have ended meanwhile */
}

static int walk(struct walk *w)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	_Alignas(struct nlmsghdr) char buf[CTMSG_MAX];
	int r = nlsock_open(NETLINK_NETFILTER, NULL, &w->ask, NULL);
	if (r == 0)
		r = nlsock_open(NETLINK_NETFILTER, NULL, &w->dump, NULL);
	for (size_t i = 0; i < 2 && r == 0; i++)
		r = nlsock_request(w->dump, ct_build_dump(buf, families[i]), on_flow, w);
	return r;
}

static _Noreturn void child_main(const struct targets *targets, int out)
{
	struct walk w = { .targets = targets };
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Descriptors that the parent closes meanwhile must not stay open here, such as sessions
	 * with routers, or ports that its successor listens on. So this comes before nice(). */
	if (dup2(out, STDIN_FILENO) < 0 || close_range(STDERR_FILENO + 1, ~0U, 0) < 0)
		_exit(1);
	setpriority(PRIO_PROCESS, 0, CHILD_NICE);
	w.report.error = walk(&w);
	_exit(write(STDIN_FILENO, &w.report, sizeof(w.report)) == sizeof(w.report) ? 0 : 1);
}

/* ---- in the parent ---- */

static void complain(struct conntrack *c, int r)
{
	if (!c->complained)
		log_warn("nat",
			 "cannot dump tracked connections (%s): established UDP flows do not "
			 "follow changes of NAT",
			 strerror(-r));
	c->complained = true;
}

static void start_later(struct conntrack *c);

static void reap(struct conntrack *c)
{
	siginfo_t info;
	c->end_source = sd_event_source_disable_unref(c->end_source);
	subreaper_tree_end(&c->tree);
	while (waitid(P_PID, (id_t)c->child, &info, WEXITED) < 0 && errno == EINTR)
		;
	fd_close(&c->pidfd);
	fd_close(&c->pipe);
	c->child = 0;
}

static int on_end(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct conntrack *c = userdata;
	struct report report = { .error = -ECHILD };
	if (read(c->pipe, &report, sizeof(report)) != sizeof(report))
		report = (struct report){ .error = -ECHILD };
	reap(c);
	c->count += report.count;
	if (report.error < 0)
		complain(c, report.error);
	if (c->next.hosts || c->next.nets)
		start_later(c);
	return 0;
}

static int spawn(struct conntrack *c)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return -errno;
	c->pipe = ends[0];
	c->child = fork();
	if (c->child == 0)
		child_main(&c->next, ends[1]);
	int r = c->child < 0 ? -errno : 0;
	close(ends[1]);
	if (r < 0) {
		c->child = 0;
		fd_close(&c->pipe);
		return r;
	}
	subreaper_tree_start(&c->tree, c->child);
	c->pidfd = (int)syscall(SYS_pidfd_open, c->child, 0);
	r = c->pidfd < 0
		    ? -errno
		    : loop_io_add(c->loop, &c->end_source, c->pidfd, EPOLLIN, LOOP_NAT, on_end, c);
	if (r < 0)
		reap(c);
	return r;
}

static int on_start(sd_event_source *source, void *userdata)
{
	(void)source;
	struct conntrack *c = userdata;
	if (c->child)
		return 0;
	int r = spawn(c);
	if (r < 0)
		complain(c, r);
	targets_done(&c->next);
	return 0;
}

static void start_later(struct conntrack *c)
{
	loop_defer(c->loop, &c->start_source, LOOP_NAT, on_start, c);
}

struct conntrack *conntrack_new(sd_event *loop)
{
	struct conntrack *c = mem_new(1, sizeof(*c));
	c->loop = sd_event_ref(loop);
	c->pidfd = c->pipe = -1;
	return c;
}

void conntrack_free(struct conntrack *c)
{
	if (!c)
		return;
	if (c->child) {
		kill(c->child, SIGKILL);
		reap(c);
	}
	sd_event_source_disable_unref(c->start_source);
	targets_done(&c->next);
	sd_event_unref(c->loop);
	free(c);
}

void conntrack_follow(struct conntrack *c, const struct nat_rule *r, bool in_force)
{
	if (r->proto != IPPROTO_UDP)
		return;
	targets_put(&c->next, r, in_force);
	if (!c->child)
		start_later(c);
}

bool conntrack_idle(const struct conntrack *c)
{
	return !c->child && !c->next.hosts && !c->next.nets;
}

uint64_t conntrack_count(const struct conntrack *c)
{
	return c->count;
}
