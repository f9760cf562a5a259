/* SPDX-License-Identifier: MIT */
/*
 * libmicrohttpd is handed the connections that agent/http/connections.h accepts. It runs on its own
 * epoll fd, which the event loop watches. One turn of the loop is one MHD_run(): while there is
 * more to do (MHD_get_timeout() says 0), the next turn is requested, and sources that are more
 * urgent or have waited longer (process/loop.h) come in between. Otherwise a timer stands for its
 * time-outs.
 */
#include "agent/http/listener.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "agent/http/tls.h"
#include "lib/mem.h"
#include "process/loop.h"

#define CONNECTION_MEMORY 65536 /* a URL, 64 bytes per parameter, a reply */
#define LAST_RUNS         64    /* for replies of many blocks; slow clients are not waited for */
#define IDLE_MAX          10    /* seconds; less than SLOT_HEADER_MAX, which is for slow clients */

static void run(struct listener *l);

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	(void)source, (void)usec;
	run(userdata);
	return 0;
}

static int on_again(sd_event_source *source, void *userdata)
{
	(void)source;
	run(userdata);
	return 0;
}

static int on_ready(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	(void)source, (void)fd, (void)revents;
	run(userdata);
	return 0;
}

static void wake_in(struct listener *l, span_t span)
{
	loop_timer_set(l->loop, &l->timer, usec_add(loop_now(l->loop), span), LOOP_HTTP, on_timer,
		       l);
}

void listener_wake(struct listener *l)
{
	loop_defer(l->loop, &l->again, LOOP_HTTP, on_again, l);
}

static void run(struct listener *l)
{
	MHD_UNSIGNED_LONG_LONG msec;
	MHD_run(l->daemon);
	if (MHD_get_timeout(l->daemon, &msec) != MHD_YES)
		return;
	if (msec == 0)
		listener_wake(l);
	else
		wake_in(l, msec * USEC_PER_MSEC);
}

void listener_run_last(struct listener *l)
{
	connections_stop(l->connections);
	l->io = sd_event_source_disable_unref(l->io);
	MHD_UNSIGNED_LONG_LONG msec = 0;
	for (int i = 0; i < LAST_RUNS && msec == 0; i++) {
		MHD_run(l->daemon);
		if (MHD_get_timeout(l->daemon, &msec) != MHD_YES)
			break;
	}
}

static struct connection *connection_of(struct MHD_Connection *conn)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(conn, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}

void listener_stage(struct MHD_Connection *conn, enum slot_stage stage)
{
	struct connection *c = connection_of(conn);
	if (c)
		connection_set(c, stage);
}

static void on_connection(void *cls, struct MHD_Connection *conn, void **context,
			  enum MHD_ConnectionNotificationCode what)
{
	struct listener *l = cls;
	if (l->door.tls)
		(what == MHD_CONNECTION_NOTIFY_STARTED ? tls_begin : tls_end)(l->door.tls, conn);
	if (what == MHD_CONNECTION_NOTIFY_STARTED)
		*context = l->coming_in;
	else if (*context)
		connection_closed(*context);
}

/* Whatever becomes of it, the library closes it. */
static bool add(struct connection *c, int fd, const struct sockaddr *addr, socklen_t len,
		void *userdata)
{
	struct listener *l = userdata;
	l->coming_in = c;
	enum MHD_Result rc = MHD_add_connection(l->daemon, fd, addr, len);
	l->coming_in = NULL;
	return rc == MHD_YES;
}

static void on_added(void *userdata)
{
	run(userdata);
}

static int start_daemon(struct listener *l, const struct listener_callbacks *callbacks,
			struct err *err)
{
	static const struct MHD_OptionItem plain[] = { { MHD_OPTION_END, 0, NULL } };
	bool tls = l->door.tls;
	if (tls && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
		return err_set(err, -EOPNOTSUPP,
			       "agent.api.tls: this libmicrohttpd is built without TLS");
	l->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET |
			(tls ? MHD_USE_TLS : 0),
		0, NULL, NULL, callbacks->request, l, MHD_OPTION_CONNECTION_LIMIT,
		(unsigned)(2 * SLOTS_MAX), MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_NOTIFY_COMPLETED, callbacks->completed, l, MHD_OPTION_URI_LOG_CALLBACK,
		callbacks->url, l, MHD_OPTION_NOTIFY_CONNECTION, on_connection, l, MHD_OPTION_ARRAY,
		tls ? tls_options() : plain, MHD_OPTION_END);
	if (!l->daemon)
		return err_set(err, -EIO, "cannot start libmicrohttpd");
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return err_set(err, -EIO, "libmicrohttpd has no epoll fd");
	return loop_io_add(l->loop, &l->io, info->epoll_fd, EPOLLIN, LOOP_HTTP, on_ready, l);
}

static int start_accepting(struct listener *l, struct refusals *refusals)
{
	const struct connections_callbacks callbacks = { add, on_added, l->door.tls };
	return connections_new(l->loop, l->socket.fd, refusals, &callbacks, l, &l->connections);
}

int listener_new(sd_event *loop, const struct api_socket *socket, const struct gate_door *door,
		 struct refusals *refusals, const struct listener_callbacks *callbacks, void *owner,
		 struct listener **ret, struct err *err)
{
	struct listener *l = mem_new(1, sizeof(*l));
	l->loop = loop;
	l->socket = *socket;
	l->door = *door;
	l->owner = owner;
	int rc = start_daemon(l, callbacks, err);
	if (rc == 0 && (rc = start_accepting(l, refusals)) < 0)
		err_set(err, rc, "cannot watch the socket of the API: %s", strerror(-rc));
	if (rc < 0)
		listener_free(l);
	else
		*ret = l;
	return rc;
}

void listener_free(struct listener *l)
{
	if (!l)
		return;
	list_remove(&l->node);
	l->io = sd_event_source_disable_unref(l->io);
	connections_stop(l->connections);
	if (l->daemon)
		MHD_stop_daemon(l->daemon);
	connections_free(l->connections);
	if (l->socket.fd >= 0)
		close(l->socket.fd);
	api_socket_unlink(&l->socket);
	sd_event_source_disable_unref(l->again);
	sd_event_source_disable_unref(l->timer);
	free(l);
}
