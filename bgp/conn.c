/* SPDX-License-Identifier: MIT */
#include "bgp/conn.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bgp/codec.h"
#include "bgp/notify.h"
#include "bgp/open.h"
#include "bgp/sockopt.h"
#include "bgp/trace.h"
#include "bgp/update.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "process/loop.h"

/* Room for one extended message (RFC 8654) that is not complete. */
#define IN_SIZE  BGP_MESSAGE_EXT_MAX
#define OUT_SIZE ((size_t)64 * 1024)
/* Output to one peer in one turn of the loop, so that others get their turn. */
#define FLUSH_MAX ((size_t)1024 * 1024)
/* After this long the first SYN of an attempt is lost. */
#define HURRY_AFTER (300 * USEC_PER_MSEC)

static void step(struct bgp_conn *c, struct bgp_event *event);
static void read_in(struct bgp_conn *c);
static void connected(struct bgp_conn *c);
static void connect_to_peer(struct bgp_conn *c);

/* ---- The socket. ---- */

static void watch_output(struct bgp_conn *c, bool on)
{
	sd_event_source_set_io_events(c->io, EPOLLIN | (on ? EPOLLOUT : 0));
}

static void close_socket(struct bgp_conn *c, bool with_goodbye)
{
	c->io = sd_event_source_disable_unref(c->io);
	if (c->fd >= 0 && with_goodbye)
		bgp_linger_add(c->linger, c->fd, c->out, c->out_len);
	else if (c->fd >= 0)
		close(c->fd);
	c->fd = -1;
	c->connecting = false;
	c->in_len = c->out_len = 0;
	c->written = c->acknowledged = 0;
	mem_free(&c->in);
	mem_free(&c->out);
}

static void lost(struct bgp_conn *c, const char *what, int error)
{
	char text[256];
	snprintf(text, sizeof(text), "%s%s%s", what, error ? ": " : "",
		 error ? strerror(error) : "");
	struct bgp_event event = { .type = BGP_EV_TCP_FAILED, .text = text };
	step(c, &event);
}

/* ---- Output. ---- */

static void count(struct bgp_message_counts *counts, uint8_t type)
{
	counts->total++;
	switch ((enum bgp_message_type)type) {
	case BGP_MSG_OPEN:
		counts->open++;
		break;
	case BGP_MSG_UPDATE:
		counts->update++;
		break;
	case BGP_MSG_NOTIFICATION:
		counts->notification++;
		break;
	case BGP_MSG_KEEPALIVE:
		counts->keepalive++;
		break;
	case BGP_MSG_ROUTE_REFRESH:
		counts->refresh++;
		break;
	}
}

static struct bgp_update_params update_params(const struct bgp_conn *c)
{
	const struct bgp_negotiated *n = &c->fsm.negotiated;
	return (struct bgp_update_params){ .four_octet_as = n->four_octet_as,
					   .is_ibgp = n->ibgp,
					   .ipv4_unicast = n->ipv4_unicast,
					   .ipv6_unicast = n->ipv6_unicast,
					   .extended_next_hop = n->extended_next_hop };
}

/* Each message is a line of the log at level debug, KEEPALIVEs at level trace. */
static void trace(const struct bgp_conn *c, const char *direction, const uint8_t *message,
		  size_t size)
{
	uint8_t type = message[BGP_HEADER_SIZE - 1];
	bool often = type == BGP_MSG_KEEPALIVE;
	enum log_level level = often ? LOG_TRACE : LOG_DEBUG;
	char text[BGP_TRACE_MAX], name[BGP_PEER_NAME_MAX];
	if (!log_enabled("bgp", level))
		return;
	const struct bgp_update_params params = update_params(c);
	log_write(level, "bgp", "peer %s: %s %s", bgp_peer_name(c->peer, name), direction,
		  bgp_trace_text(message, size, &params, text));
}

static size_t min_size(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t out_room(const struct bgp_conn *c)
{
	return c->out ? OUT_SIZE - c->out_len : 0;
}

/* One message of `n` bytes was encoded at the end of the output; 0: it did not fit. */
static void queued(struct bgp_conn *c, size_t n)
{
	if (n == 0 || !c->out)
		return;
	count(&c->sent, c->out[c->out_len + BGP_HEADER_SIZE - 1]);
	trace(c, "sent", c->out + c->out_len, n);
	c->out_len += n;
}

/* The send hold timer counts bytes that the other host acknowledged, not those that our socket
 * buffered: a peer that never reads is noticed as soon as its window is full. */
static void report_progress(struct bgp_conn *c)
{
	uint64_t acknowledged = c->written - bgp_socket_unacknowledged(c->fd);
	bool waiting = c->out_len > 0 || acknowledged < c->written;
	bool progress = acknowledged > c->acknowledged;
	c->acknowledged = acknowledged;
	struct bgp_event event = { .type = !waiting   ? BGP_EV_SEND_DONE
					   : progress ? BGP_EV_SEND_PROGRESS
						      : BGP_EV_SEND_BLOCKED };
	step(c, &event);
}

/* Hands the output to the socket. False when the connection was lost by it. */
static bool write_out(struct bgp_conn *c)
{
	size_t done = 0;
	while (done < c->out_len) {
		ssize_t n = send(c->fd, c->out + done, c->out_len - done, MSG_NOSIGNAL);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN) {
			lost(c, "connection lost while sending", errno);
			return false;
		}
		if (n < 0)
			break;
		done += (size_t)n;
	}
	memmove(c->out, c->out + done, c->out_len - done);
	c->out_len -= done;
	c->written += done;
	return true;
}

void bgp_conn_flush(struct bgp_conn *c)
{
	size_t budget = FLUSH_MAX, n;
	if (c->fd < 0 || c->connecting)
		return;
	do {
		n = out_room(c) < BGP_MESSAGE_MAX; /* no room: there may be more */
		while (c->fsm.state == BGP_ESTABLISHED && out_room(c) >= BGP_MESSAGE_MAX &&
		       (n = c->ops->next_message(c, c->out + c->out_len, BGP_MESSAGE_MAX)) > 0)
			queued(c, n);
		size_t before = c->out_len;
		if (!write_out(c))
			return;
		budget -= min_size(budget, before - c->out_len);
	} while (n > 0 && c->out_len == 0 && budget > 0);
	watch_output(c, c->out_len > 0 || n > 0);
	report_progress(c);
}

bool bgp_conn_flushed(const struct bgp_conn *c)
{
	return c->fd < 0 || (c->out_len == 0 && bgp_socket_unacknowledged(c->fd) == 0);
}

/* ---- Carrying out actions. ---- */

/* An OPEN always fits. */
static void send_open(struct bgp_conn *c)
{
	struct bgp_open open = bgp_fsm_open(&c->fsm);
	c->ops->complete_open(c, &open);
	queued(c, bgp_open_encode(c->out + c->out_len, out_room(c), &open));
}

/* Has room of its own at the end, so that a NOTIFICATION also fits behind full output. */
static void send_notification(struct bgp_conn *c, const struct bgp_notification *n)
{
	size_t cap = c->out ? BGP_MESSAGE_MAX : 0;
	queued(c, bgp_encode_notification(c->out + c->out_len, cap, n));
}

static void apply(struct bgp_conn *c, const struct bgp_actions *actions)
{
	bool goodbye = false;
	for (size_t i = 0; i < actions->n; i++) {
		const struct bgp_action *a = &actions->items[i];
		switch (a->type) {
		case BGP_DO_CONNECT:
			connect_to_peer(c);
			break;
		case BGP_DO_SEND_OPEN:
			send_open(c);
			break;
		case BGP_DO_SEND_KEEPALIVE:
			queued(c, bgp_encode_keepalive(c->out + c->out_len, out_room(c)));
			break;
		case BGP_DO_SEND_NOTIFICATION:
			send_notification(c, &a->notification);
			c->ops->notification(c, &a->notification, false);
			goodbye = true;
			break;
		case BGP_DO_CLOSE:
			close_socket(c, goodbye);
			break;
		case BGP_DO_LEAVE:
			close_socket(c, true);
			break;
		case BGP_DO_SESSION_UP:
			c->ops->session_up(c);
			break;
		case BGP_DO_SESSION_DOWN:
			c->ops->session_down(c);
			break;
		}
	}
}

static bool attempt_ended(const struct bgp_conn *c)
{
	struct pollfd p = { .fd = c->fd, .events = POLLOUT };
	return poll(&p, 1, 0) > 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct bgp_conn *c = userdata;
	(void)source;
	(void)usec;
	/* Input that waits in the socket, after this process or its host was stopped for a while,
	 * must not count as silence of the peer. */
	if (c->connecting && attempt_ended(c))
		connected(c);
	if (c->fd >= 0 && !c->connecting) {
		report_progress(c);
		read_in(c);
	}
	struct bgp_event event = { .type = BGP_EV_TIMER };
	step(c, &event);
	bgp_conn_flush(c);
	return 0;
}

/* Numerical Recipes' generator, seeded per connection: a system call would cost more than the rest
 * of a message. */
static uint32_t next_random(struct bgp_conn *c)
{
	c->random = c->random * 1664525 + 1013904223;
	return c->random >> 16;
}

static enum bgp_conn_end end_of(const struct bgp_conn *c, enum bgp_state from,
				enum bgp_event_type event)
{
	if (event == BGP_EV_TIMER && from != BGP_ESTABLISHED)
		return BGP_END_SILENT;
	return event == BGP_EV_TCP_FAILED && !c->giving_up ? BGP_END_CLOSED : BGP_END_OTHER;
}

static void step(struct bgp_conn *c, struct bgp_event *event)
{
	struct bgp_actions actions;
	event->now = loop_now(c->loop);
	event->random = next_random(c);
	bgp_fsm_step(&c->fsm, event, &actions);
	apply(c, &actions);
	loop_timer_set(c->loop, &c->timer, bgp_fsm_deadline(&c->fsm), LOOP_BGP, on_timer, c);
	if (actions.to != actions.from)
		c->ops->changed(c, actions.from, end_of(c, actions.from, event->type));
}

/* ---- Input. ---- */

static void broken(struct bgp_conn *c, const struct bgp_notification *error)
{
	struct bgp_event event = { .type = BGP_EV_BROKEN, .notification = error };
	step(c, &event);
}

static void received_open(struct bgp_conn *c, const struct bgp_frame_view *frame)
{
	struct bgp_notification error = { 0 };
	struct bgp_open open;
	struct bgp_event event = { .type = BGP_EV_OPEN, .open = &open };
	/* In any other state it is an FSM error, whatever its content. */
	if (c->fsm.state != BGP_OPENSENT || bgp_open_decode(frame->body, &open, &error))
		step(c, &event);
	else
		broken(c, &error);
}

static void received_update(struct bgp_conn *c, const struct bgp_frame_view *frame)
{
	const struct bgp_update_params params = update_params(c);
	struct bgp_event event = { .type = BGP_EV_UPDATE };
	struct bgp_notification error = { 0 };
	struct bgp_update update;
	if (c->fsm.state != BGP_ESTABLISHED) {
		step(c, &event); /* an FSM error, whatever its content */
		return;
	}
	enum bgp_tolerance t = bgp_update_decode(frame->body, &params, &update, &error);
	if (t == BGP_TOLERATE_SESSION_RESET) {
		broken(c, &error);
		return;
	}
	if (t != BGP_TOLERATE_NOTHING_WRONG) {
		c->errors_tolerated++;
		bgp_notification_text(&error, c->last_tolerated, sizeof(c->last_tolerated));
	}
	step(c, &event);
	c->ops->update(c, &update);
}

static void received_refresh(struct bgp_conn *c, const struct bgp_frame_view *frame)
{
	struct bgp_event event = { .type = BGP_EV_REFRESH };
	struct bgp_notification error = { 0 };
	struct bgp_route_refresh refresh;
	bool enhanced = c->fsm.negotiated.enhanced_refresh;
	if (!bgp_decode_route_refresh(frame, enhanced, &refresh, &error)) {
		broken(c, &error);
		return;
	}
	step(c, &event);
	if (c->fsm.state == BGP_ESTABLISHED && refresh.safi == BGP_SAFI_UNICAST &&
	    refresh.subtype == BGP_REFRESH_REQUEST)
		c->ops->refresh(c, (enum bgp_afi)refresh.afi);
}

static void received_notification(struct bgp_conn *c, const struct bgp_frame_view *frame)
{
	struct bgp_notification n = { 0 };
	bgp_decode_notification(frame, &n);
	struct bgp_event event = { .type = BGP_EV_NOTIFICATION, .notification = &n };
	c->ops->notification(c, &n, true);
	step(c, &event);
}

static void received(struct bgp_conn *c, const struct bgp_frame_view *frame)
{
	struct bgp_event keepalive = { .type = BGP_EV_KEEPALIVE };
	count(&c->received, (uint8_t)frame->type);
	trace(c, "received", frame->message, frame->size);
	switch (frame->type) {
	case BGP_MSG_OPEN:
		received_open(c, frame);
		break;
	case BGP_MSG_UPDATE:
		received_update(c, frame);
		break;
	case BGP_MSG_NOTIFICATION:
		received_notification(c, frame);
		break;
	case BGP_MSG_KEEPALIVE:
		step(c, &keepalive);
		break;
	case BGP_MSG_ROUTE_REFRESH:
		received_refresh(c, frame);
		break;
	}
}

/* Every whole message of the input, as long as the connection lives. */
static void read_messages(struct bgp_conn *c)
{
	struct bgp_notification error = { 0 };
	struct bgp_frame_view frame;
	size_t at = 0;
	while (c->fd >= 0) {
		bool extended =
			c->fsm.state >= BGP_OPENCONFIRM && c->fsm.negotiated.extended_messages;
		size_t max = extended ? BGP_MESSAGE_EXT_MAX : BGP_MESSAGE_MAX;
		enum bgp_frame f = bgp_frame_next(c->in + at, c->in_len - at, max, &frame, &error);
		if (f == BGP_FRAME_NEED_MORE)
			break;
		if (f == BGP_FRAME_BROKEN) {
			broken(c, &error);
			return;
		}
		at += frame.size;
		received(c, &frame);
	}
	if (c->fd < 0)
		return; /* and the input is gone with it */
	memmove(c->in, c->in + at, c->in_len - at);
	c->in_len -= at;
}

static void read_in(struct bgp_conn *c)
{
	ssize_t n = recv(c->fd, c->in + c->in_len, IN_SIZE - c->in_len, 0);
	if (n > 0) {
		c->in_len += (size_t)n;
		read_messages(c);
	} else if (n == 0) {
		lost(c, "the peer closed the connection", 0);
	} else if (errno != EAGAIN && errno != EINTR) {
		lost(c, "connection lost", errno);
	}
}

/* ---- Connecting. ---- */

static void connected(struct bgp_conn *c)
{
	struct bgp_event event = { .type = BGP_EV_TCP_CONNECTED };
	int error = bgp_socket_error(c->fd);
	if (error < 0) {
		lost(c, c->fsm.config.incoming ? "connection lost" : "cannot connect", -error);
		return;
	}
	c->connecting = false;
	step(c, &event);
}

static int on_io(sd_event_source *source, int fd, uint32_t revents, void *userdata)
{
	struct bgp_conn *c = userdata;
	(void)source;
	(void)fd;
	if (c->connecting)
		connected(c);
	else if (revents & (EPOLLIN | EPOLLHUP | EPOLLERR))
		read_in(c);
	bgp_conn_flush(c);
	return 0;
}

static void adopt_socket(struct bgp_conn *c, int fd, uint32_t events)
{
	c->fd = fd;
	c->in = mem_new(1, IN_SIZE);
	c->out = mem_new(1, OUT_SIZE + BGP_MESSAGE_MAX);
	loop_io_add(c->loop, &c->io, fd, events, LOOP_INPUT, on_io, c);
}

/* An attempt that fails at once is reported from the loop, like one that fails later, so that the
 * machine is never stepped from inside its own step. */
static int on_connect_failed(sd_event_source *source, void *userdata)
{
	struct bgp_conn *c = userdata;
	(void)source;
	if (c->connecting && c->fd < 0) {
		c->connecting = false;
		lost(c, c->connect_error.text, 0);
	}
	return 0;
}

static void connect_to_peer(struct bgp_conn *c)
{
	bool ibgp = c->fsm.config.peer_as == c->fsm.config.local_as;
	int fd;
	c->connecting = true;
	if (bgp_socket_connect(c->peer, ibgp, &fd, &c->connect_error) == 0)
		adopt_socket(c, fd, EPOLLOUT);
	else
		loop_defer(c->loop, &c->failed, LOOP_BGP, on_connect_failed, c);
}

void bgp_conn_accept(struct bgp_conn *c, int fd, mono_t open_at)
{
	struct bgp_event start = { .type = BGP_EV_START, .until = open_at };
	adopt_socket(c, fd, 0);
	c->connecting = true;
	step(c, &start);
	if (open_at <= loop_now(c->loop))
		bgp_conn_open(c);
}

void bgp_conn_open(struct bgp_conn *c)
{
	if (c->fsm.state != BGP_ACTIVE || !c->connecting)
		return;
	connected(c);
	bgp_conn_flush(c);
}

/* ---- The path to the peer. ---- */

void bgp_conn_give_up(struct bgp_conn *c, const char *why)
{
	c->giving_up = true;
	lost(c, why, 0);
	c->giving_up = false;
}

void bgp_conn_path_down(struct bgp_conn *c, const struct bgp_notification *n, const char *why)
{
	struct bgp_event event = { .type = BGP_EV_PATH_DOWN, .notification = n, .text = why };
	step(c, &event);
}

void bgp_conn_hurry(struct bgp_conn *c)
{
	struct bgp_event event = { .type = BGP_EV_TIMER };
	span_t tried = usec_sub(loop_now(c->loop), c->fsm.state_since);
	/* The SYN of an attempt under way is lost; TCP would send the next in one to three seconds.
	 */
	if (c->fsm.state == BGP_CONNECT && tried >= HURRY_AFTER)
		lost(c, "path to the peer changed, reconnecting", 0);
	bgp_fsm_hurry(&c->fsm, loop_now(c->loop));
	step(c, &event);
}

/* ---- Life. ---- */

void bgp_conn_init(struct bgp_conn *c, sd_event *loop, const struct bgp_fsm_config *config,
		   const struct bgp_peer_config *peer, struct bgp_linger *linger,
		   const struct bgp_conn_ops *ops, void *userdata)
{
	*c = (struct bgp_conn){ .loop = loop,
				.ops = ops,
				.userdata = userdata,
				.peer = peer,
				.linger = linger,
				.fd = -1,
				.random = loop_random() };
	bgp_fsm_init(&c->fsm, config, loop_now(loop));
}

void bgp_conn_done(struct bgp_conn *c)
{
	close_socket(c, false);
	c->timer = sd_event_source_disable_unref(c->timer);
	c->failed = sd_event_source_disable_unref(c->failed);
}

void bgp_conn_start(struct bgp_conn *c)
{
	struct bgp_event event = { .type = BGP_EV_START };
	step(c, &event);
}

void bgp_conn_defer(struct bgp_conn *c, mono_t until)
{
	struct bgp_event event = { .type = BGP_EV_DEFER, .until = until };
	step(c, &event);
}

void bgp_conn_stop(struct bgp_conn *c, const struct bgp_notification *why)
{
	struct bgp_event event = { .type = BGP_EV_STOP, .notification = why };
	step(c, &event);
}
