/* SPDX-License-Identifier: MIT */
#include "bgp/listener.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "bgp/sockopt.h"
#include "process/loop.h"

/* Connections accepted in one turn of the loop. */
#define ACCEPT_MAX 16
/* How long the listener rests when the process is out of descriptors. */
#define PAUSE USEC_PER_SEC

void bgp_listener_init(struct bgp_listener *l, sd_event *loop, bgp_listener_cb *accepted,
		       void *userdata)
{
	*l = (struct bgp_listener){
		.loop = loop, .accepted = accepted, .userdata = userdata, .fd = -1
	};
}

static int on_resume(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct bgp_listener *l = userdata;
	(void)source, (void)usec;
	sd_event_source_set_enabled(l->io, SD_EVENT_ON);
	return 0;
}

/* Out of descriptors: the connection stays in the backlog and would wake us all the time. */
static void rest(struct bgp_listener *l)
{
	sd_event_source_set_enabled(l->io, SD_EVENT_OFF);
	loop_timer_set(l->loop, &l->resume, usec_add(loop_now(l->loop), PAUSE), LOOP_INPUT,
		       on_resume, l);
}

static int on_accept(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct bgp_listener *l = userdata;
	(void)source, (void)revents;
	for (unsigned i = 0; i < ACCEPT_MAX; i++) {
		struct sockaddr_storage from = { 0 };
		socklen_t len = sizeof(from);
		int conn =
			accept4(fd, (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (conn >= 0) {
			l->accepted(conn, &from, l->userdata);
			continue;
		}
		if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
			rest(l);
		break;
	}
	return 0;
}

int bgp_listener_open(struct bgp_listener *l, const struct endpoint *at, bool near, const char *vrf,
		      struct err *err)
{
	int r = bgp_socket_listen(at, near, vrf, &l->fd, err);
	if (r < 0)
		return r;
	l->family = at->addr.family;
	r = loop_io_add(l->loop, &l->io, l->fd, EPOLLIN, LOOP_INPUT, on_accept, l);
	if (r < 0)
		bgp_listener_close(l);
	return r;
}

int bgp_listener_protect(struct bgp_listener *l, const struct bgp_peer_config *peer,
			 struct err *err)
{
	char text[BGP_PEER_NAME_MAX];
	if (!peer->password || !addr_is_set(&peer->addr) ||
	    (l->family && l->family != peer->addr.family))
		return 0;
	int r = bgp_socket_set_password(l->fd, peer, err);
	return r < 0 ? err_prefix(err, r, "peer %s: ", bgp_peer_name(peer, text)) : 0;
}

void bgp_listener_unprotect(struct bgp_listener *l, const struct bgp_peer_config *peer)
{
	struct bgp_peer_config without = *peer;
	without.password = NULL;
	if (l->fd >= 0)
		bgp_socket_set_password(l->fd, &without, NULL);
}

void bgp_listener_close(struct bgp_listener *l)
{
	l->io = sd_event_source_disable_unref(l->io);
	l->resume = sd_event_source_disable_unref(l->resume);
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}
