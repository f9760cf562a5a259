/* SPDX-License-Identifier: MIT */
#include "agent/http/connections.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent/http/reply.h"
#include "lib/array.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "net/fib.h"
#include "process/loop.h"

/* A turn of the loop. */
#define ACCEPTS_MAX 16
/* After accept() failed for want of a descriptor or of memory. */
#define PAUSE (100 * USEC_PER_MSEC)

struct connection {
	struct connections *all;
	int fd;
	struct addr addr; /* family 0: a unix socket */
};

struct connections {
	sd_event *loop;
	int fd;
	sd_event_source *io, *pause, *deadline;
	mono_t next_deadline;
	struct refusals *refusals;
	struct connections_callbacks callbacks;
	void *userdata;
	struct slots slots;
	struct connection items[ARRAY_SIZE(((struct slots *)0)->items)]; /* in the same order */
};

static struct slot *slot_of(const struct connection *c)
{
	struct connections *all = c->all;
	return &all->slots.items[c - all->items];
}

static struct connection *connection_of(struct connections *all, const struct slot *slot)
{
	return &all->items[slot - all->slots.items];
}

/* "203.0.113.7", "uid 1000" */
static const char *describe(const struct addr *addr, const struct slot_origin *origin,
			    char buf[static ADDR_TEXT_MAX])
{
	if (addr_is_set(addr))
		return addr_format(addr, buf);
	snprintf(buf, ADDR_TEXT_MAX, "uid %u", (unsigned)origin->uid);
	return buf;
}

/* The origin of a connection */

static bool is_own_address(const struct addr *addr)
{
	struct err err;
	bool local = false;
	return addr_is_loopback(addr) || (fib_is_local(addr, &local, &err) == 0 && local);
}

static struct slot_origin origin_of(int fd, const struct sockaddr_storage *ss, struct addr *ret)
{
	struct ucred cred = { .uid = UINT32_MAX };
	socklen_t len = sizeof(cred);
	uint16_t port;
	*ret = (struct addr){ 0 };
	if (ss->ss_family != AF_UNIX && addr_from_sockaddr(ss, ret, &port))
		return slot_origin_of(ret, is_own_address(ret));
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len);
	return (struct slot_origin){ .own = cred.uid == 0 || cred.uid == geteuid(),
				     .uid = cred.uid };
}

/* Ending one: the server sees that it is closed, and closes its side. */

static void end(struct connections *all, struct slot *slot, enum api_cause cause)
{
	const struct connection *c = connection_of(all, slot);
	refusals_count(all->refusals, cause);
	refusals_counts(all->refusals)->connections--;
	slot_set(slot, SLOT_CLOSING, loop_now(all->loop));
	shutdown(c->fd, SHUT_RDWR);
}

static void push_out(struct connections *all, struct slot *victim)
{
	char who[ADDR_TEXT_MAX];
	span_t age = usec_sub(loop_now(all->loop), victim->since);
	refusals_log(all->refusals, API_PUSHED_OUT, LOG_WARNING, NULL,
		     "connection from %s made room for another one, %s for %llu s",
		     describe(&connection_of(all, victim)->addr, &victim->origin, who),
		     victim->stage == SLOT_SENDING ? "at its reply" : "without a whole request",
		     (unsigned long long)(age / USEC_PER_SEC));
	end(all, victim, API_PUSHED_OUT);
}

static void refuse(const struct connections *all, int fd, const char *status, const char *text)
{
	if (!all->callbacks.silent)
		reply_refuse_fd(fd, status, text);
}

static void expire(struct connections *all, struct slot *slot)
{
	char who[ADDR_TEXT_MAX];
	const struct connection *c = connection_of(all, slot);
	refusals_log(all->refusals, API_TOO_SLOW, LOG_WARNING, NULL,
		     "connection from %s closed: its request is not complete after %llu s",
		     describe(&c->addr, &slot->origin, who),
		     (unsigned long long)((slot_deadline(slot) - slot->since) / USEC_PER_SEC));
	refuse(all, c->fd, "408 Request Timeout", "the request took too long to arrive\n");
	end(all, slot, API_TOO_SLOW);
}

static void schedule(struct connections *all, mono_t at);

static int on_deadline(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	struct connections *all = userdata;
	mono_t now = loop_now(all->loop), next = USEC_NEVER;
	for (size_t i = 0; i < ARRAY_SIZE(all->slots.items); i++) {
		struct slot *slot = &all->slots.items[i];
		if (slot_deadline(slot) <= now)
			expire(all, slot);
		next = usec_min(next, slot_deadline(slot));
	}
	all->next_deadline = USEC_NEVER;
	schedule(all, next);
	return 0;
}

static void schedule(struct connections *all, mono_t at)
{
	if (at >= all->next_deadline)
		return;
	all->next_deadline = at;
	loop_timer_set(all->loop, &all->deadline, at, LOOP_HTTP, on_deadline, all);
}

/* Accepting */

static int on_pause_end(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	const struct connections *all = userdata;
	sd_event_source_set_enabled(all->io, SD_EVENT_ON);
	return 0;
}

static void pause_for(struct connections *all, mono_t until)
{
	sd_event_source_set_enabled(all->io, SD_EVENT_OFF);
	loop_timer_set(all->loop, &all->pause, until, LOOP_HTTP, on_pause_end, all);
}

static void turn_away(struct connections *all, int fd, const struct slot_origin *origin,
		      const struct addr *addr)
{
	char who[ADDR_TEXT_MAX];
	refusals_count(all->refusals, API_TOO_MANY);
	refusals_log(all->refusals, API_TOO_MANY, LOG_WARNING, NULL,
		     "connection from %s refused: it has as many as it may, and all are being "
		     "answered",
		     describe(addr, origin, who));
	refuse(all, fd, "503 Service Unavailable",
	       "too many connections from this address or user\n");
	close(fd);
}

static void admit(struct connections *all, int fd, const struct slot_origin *origin,
		  const struct addr *addr, const struct sockaddr_storage *ss, socklen_t len)
{
	mono_t now = loop_now(all->loop);
	struct slot *victim, *slot;
	enum slot_choice choice = slots_choose(&all->slots, origin, now, &victim);
	if (choice == SLOT_PUSHES_OUT)
		push_out(all, victim);
	slot = choice == SLOT_REFUSED ? NULL : slots_add(&all->slots, origin, now);
	if (!slot) {
		turn_away(all, fd, origin, addr);
		return;
	}
	struct connection *c = connection_of(all, slot);
	*c = (struct connection){ all, fd, *addr };
	refusals_counts(all->refusals)->connections++;
	refusals_counts(all->refusals)->accepted++;
	schedule(all, slot_deadline(slot));
	if (!all->callbacks.add(c, fd, (const struct sockaddr *)ss, len, all->userdata))
		connection_closed(c);
}

/* False: there is none at present. */
static bool accept_one(struct connections *all)
{
	struct sockaddr_storage ss = { 0 };
	socklen_t len = sizeof(ss);
	struct addr addr;
	int fd = accept4(all->fd, (struct sockaddr *)&ss, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0) {
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			pause_for(all, usec_add(loop_now(all->loop), PAUSE));
		return errno == ECONNABORTED || errno == EINTR;
	}
	struct slot_origin origin = origin_of(fd, &ss, &addr);
	admit(all, fd, &origin, &addr, &ss, len);
	return true;
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	struct connections *all = userdata;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		if (!slots_have_room(&all->slots, loop_now(all->loop))) {
			/* Until one is closed; or is slow enough at its reply to be pushed out. */
			pause_for(all, usec_add(loop_now(all->loop), SLOT_READING));
			break;
		}
		if (!accept_one(all))
			break;
	}
	all->callbacks.added(all->userdata);
	return 0;
}

/* Life of one */

void connection_set(struct connection *c, enum slot_stage stage)
{
	struct slot *slot = slot_of(c);
	slot_set(slot, stage, loop_now(c->all->loop));
	schedule(c->all, slot_deadline(slot));
}

void connection_closed(struct connection *c)
{
	struct connections *all = c->all;
	struct slot *slot = slot_of(c);
	if (slot->stage != SLOT_CLOSING)
		refusals_counts(all->refusals)->connections--;
	slot_set(slot, SLOT_FREE, 0);
	if (all->io)
		sd_event_source_set_enabled(all->io, SD_EVENT_ON);
}

/* Life of all */

int connections_new(sd_event *loop, int fd, struct refusals *refusals,
		    const struct connections_callbacks *callbacks, void *userdata,
		    struct connections **ret)
{
	struct connections *all = mem_new(1, sizeof(*all));
	all->loop = loop;
	all->fd = fd;
	all->refusals = refusals;
	all->callbacks = *callbacks;
	all->userdata = userdata;
	all->next_deadline = USEC_NEVER;
	*ret = all;
	return loop_io_add(loop, &all->io, fd, EPOLLIN, LOOP_HTTP, on_ready, all);
}

void connections_stop(struct connections *all)
{
	if (!all)
		return;
	all->io = sd_event_source_disable_unref(all->io);
	all->pause = sd_event_source_disable_unref(all->pause);
	all->deadline = sd_event_source_disable_unref(all->deadline);
}

void connections_free(struct connections *all)
{
	connections_stop(all);
	free(all);
}
