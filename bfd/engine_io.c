/* SPDX-License-Identifier: MIT */
#include "bfd/engine_io.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bfd/input.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "process/fd.h"
#include "process/loop.h"

#define PORTS      (UINT16_MAX - BFD_SOURCE_PORT_MIN + 1)
#define PORT_TRIES 64

void bfd_engine_set_text(char *buf, const char *text)
{
	const int max = sizeof(((struct bfd_status *)0)->error) - 1;
	snprintf(buf, (size_t)max + 1, "%.*s", max, text);
}

/* ---- what the agent is told ---- */

void bfd_engine_tell(struct bfd_engine *e, struct session *s)
{
	if (!list_linked(&s->untold))
		list_append(&e->untold, &s->untold);
}

static void set_error(struct bfd_engine *e, struct session *s, const char *text)
{
	if (str_equal(s->error, text))
		return;
	bfd_engine_set_text(s->error, text);
	bfd_engine_tell(e, s);
}

/* ---- receiving sockets ---- */

struct listener *bfd_engine_find_listener(const struct bfd_engine *e, const struct bfd_key *key)
{
	list_for_each (it, &e->listeners) {
		struct listener *l = list_entry(it, struct listener, node);
		if (bfd_listener_serves(&l->socket, key))
			return l;
	}
	return NULL;
}

static void tell_served(struct bfd_engine *e, const struct listener *l)
{
	for (struct bfd_entry *it = e->table.by_id; it; it = it->by_id.next)
		if (bfd_listener_serves(&l->socket, &it->key))
			bfd_engine_tell(e, session_of(it));
}

/* SO_REUSEADDR of the open listeners of this family and port, in whatever VRF. True: there is
 * one. */
static bool share_port(const struct bfd_engine *e, const struct listener *with, bool on)
{
	bool any = false;
	list_for_each (it, &e->listeners) {
		const struct listener *l = list_entry(it, struct listener, node);
		if (l->socket.fd < 0 || l->socket.family != with->socket.family ||
		    l->socket.multihop != with->socket.multihop)
			continue;
		bfd_listener_share(&l->socket, on);
		any = true;
	}
	return any;
}

static void open_listener(struct bfd_engine *e, struct listener *l)
{
	struct err err = { "" };
	l->ifindex = l->socket.vrf[0] ? if_nametoindex(l->socket.vrf) : 0;
	const bool shared = share_port(e, l, true);
	const int fd = bfd_listener_open(&l->socket, shared, &err);
	share_port(e, l, false);
	l->socket.fd = fd;
	if (str_equal(l->error, err.text))
		return;
	bfd_engine_set_text(l->error, err.text);
	tell_served(e, l);
}

void bfd_engine_want_listener(struct bfd_engine *e, const struct bfd_key *key)
{
	if (bfd_engine_find_listener(e, key))
		return;
	struct listener *l = mem_new(1, sizeof(*l));
	l->socket = (struct bfd_listener){ .fd = -1,
					   .family = key->peer.family,
					   .multihop = key->multihop };
	memcpy(l->socket.vrf, key->vrf, sizeof(l->socket.vrf));
	list_append(&e->listeners, &l->node);
	open_listener(e, l);
	if (l->socket.vrf[0])
		e->retry_at = usec_min(e->retry_at, usec_add(loop_clock(), BFD_ENGINE_RETRY));
}

static void free_listener(struct listener *l)
{
	list_remove(&l->node);
	fd_close(&l->socket.fd);
	free(l);
}

static bool is_used(const struct bfd_engine *e, const struct listener *l)
{
	for (const struct bfd_entry *it = e->table.by_id; it; it = it->by_id.next)
		if (bfd_listener_serves(&l->socket, &it->key))
			return true;
	return false;
}

void bfd_engine_release_listeners(struct bfd_engine *e)
{
	list_for_each (it, &e->listeners) {
		struct listener *l = list_entry(it, struct listener, node);
		if (!is_used(e, l))
			free_listener(l);
	}
}

/* ---- sending ---- */

bool bfd_engine_is_port_used(const struct bfd_engine *e, uint16_t port)
{
	for (struct bfd_entry *it = e->table.by_id; it; it = it->by_id.next)
		if (session_of(it)->port == port)
			return true;
	return false;
}

/* The port that it had, or any that is free. */
static int open_on_free_port(const struct bfd_engine *e, struct session *s, struct err *err)
{
	int rc = -EADDRINUSE;
	if (s->port)
		rc = bfd_sender_open(&s->entry.key, s->port, &s->entry.ifindex, err);
	for (unsigned i = 0; rc == -EADDRINUSE && i < PORT_TRIES; i++) {
		uint16_t port = (uint16_t)(BFD_SOURCE_PORT_MIN + loop_random() % PORTS);
		if (bfd_engine_is_port_used(e, port))
			continue;
		rc = bfd_sender_open(&s->entry.key, port, &s->entry.ifindex, err);
		if (rc >= 0)
			s->port = port;
	}
	return rc;
}

void bfd_engine_open_sender(struct bfd_engine *e, struct session *s)
{
	struct err err = { "" };
	s->fd = open_on_free_port(e, s, &err);
	if (s->fd < 0)
		s->fd = -1;
	set_error(e, s, s->fd < 0 ? err.text : "");
}

/* Its interface or address is gone: the same one may come back with another number. */
static bool is_socket_lost(int rc)
{
	return rc == -ENODEV || rc == -ENXIO || rc == -EINVAL || rc == -EADDRNOTAVAIL;
}

static void send_failed(struct bfd_engine *e, struct session *s, int rc)
{
	struct err err;
	s->send_errors++;
	err_set(&err, rc, "cannot send: %s", strerror(-rc));
	set_error(e, s, err.text);
	if (!is_socket_lost(rc))
		return;
	fd_close(&s->fd);
	e->retry_at = usec_min(e->retry_at, usec_add(loop_clock(), BFD_ENGINE_RETRY));
}

static bool is_mute(const struct bfd_engine *e, const struct session *s, mono_t now)
{
	return now > usec_add(e->answered_at, s->entry.fsm.config.hold_time);
}

void bfd_engine_transmit(struct bfd_engine *e, struct session *s, const struct bfd_packet *p,
			 mono_t now)
{
	uint8_t buf[BFD_PACKET_MAX];
	const bool was_mute = s->muted;
	s->muted = is_mute(e, s, now);
	if (s->muted != was_mute)
		bfd_engine_tell(e, s);
	if (s->muted)
		return;
	if (s->fd < 0) {
		s->send_errors++;
		return;
	}
	const size_t len = bfd_output(&s->entry, p, buf);
	if (e->sent)
		e->sent[s->entry.id % BFD_SLOTS] = s->entry.auth.sent;
	int rc = bfd_sender_send(s->fd, &s->entry.key, s->entry.ifindex, buf, len);
	if (rc < 0) {
		send_failed(e, s, rc);
		return;
	}
	s->sent++;
	set_error(e, s, "");
}

/* It waits for its peer: nothing is sent that would fail when the interface is another one by the
 * same name. */
static bool is_idle(const struct session *s)
{
	return s->entry.key.ifname[0] && s->entry.fsm.tx_at == USEC_NEVER;
}

void bfd_engine_watch(struct bfd_engine *e, const struct session *s, mono_t now)
{
	if (is_idle(s))
		e->retry_at = usec_min(e->retry_at, usec_add(now, BFD_ENGINE_RETRY));
}

/* False: it is still to be opened, or watched. */
static bool settle_sender(struct bfd_engine *e, struct session *s)
{
	if (s->fd >= 0 && is_idle(s) && if_nametoindex(s->entry.key.ifname) != s->entry.ifindex)
		fd_close(&s->fd);
	if (s->fd < 0)
		bfd_engine_open_sender(e, s);
	return s->fd >= 0 && !is_idle(s);
}

/* A VRF that is made anew has another number, and the socket is bound to that of the former one.
 * False: it is still to be opened, or watched. */
static bool settle_listener(struct bfd_engine *e, struct listener *l)
{
	unsigned present = l->socket.vrf[0] ? if_nametoindex(l->socket.vrf) : 0;
	if (present && present != l->ifindex)
		fd_close(&l->socket.fd);
	if (l->socket.fd < 0)
		open_listener(e, l);
	return l->socket.fd >= 0 && !l->socket.vrf[0];
}

void bfd_engine_retry(struct bfd_engine *e)
{
	const mono_t now = loop_clock();
	bool any = false;
	if (now < e->retry_at)
		return;
	list_for_each (it, &e->listeners) {
		struct listener *l = list_entry(it, struct listener, node);
		any |= !settle_listener(e, l);
	}
	for (struct bfd_entry *it = e->table.by_id; it; it = it->by_id.next)
		any |= !settle_sender(e, session_of(it));
	e->retry_at = any ? usec_add(now, BFD_ENGINE_RETRY) : USEC_NEVER;
}
