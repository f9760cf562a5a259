/* SPDX-License-Identifier: MIT */
#include "bench/peer.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/samples.h"
#include "bench/scratch.h"
#include "bgp/codec.h"
#include "bgp/open.h"
#include "bgp/update.h"
#include "lib/mem.h"

#define PATIENCE_MS 30000

struct peer *peer_new(uint8_t host)
{
	struct peer *p = mem_new(1, sizeof(*p));
	p->addr = addr_v4(0x7f000000u + host);
	p->listener = p->fd = -1;
	return p;
}

void peer_free(struct peer *p)
{
	if (!p)
		return;
	peer_close(p);
	free(p);
}

void peer_listen(struct peer *p)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&p->addr, BGP_PORT, 0, &ss);
	int on = 1;
	p->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(p->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(p->listener, (struct sockaddr *)&ss, len) < 0 || listen(p->listener, 16) < 0)
		fail("peer: listen on port %d: %m", BGP_PORT);
}

static void wait_readable(int fd, const char *what)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	if (poll(&pfd, 1, PATIENCE_MS) != 1)
		fail("peer: waited %d s for %s", PATIENCE_MS / 1000, what);
}

void peer_accept(struct peer *p)
{
	wait_readable(p->listener, "a connection");
	p->fd = accept4(p->listener, NULL, NULL, SOCK_CLOEXEC);
	if (p->fd < 0)
		fail("peer: accept: %m");
	memset(p->tags, 0, sizeof(p->tags));
	p->from = p->to = p->n_wanted = 0;
	p->n_updates = p->largest = p->start = p->end = 0;
}

void peer_close(struct peer *p)
{
	if (p->listener >= 0)
		close(p->listener);
	if (p->fd >= 0)
		close(p->fd);
	p->listener = p->fd = -1;
}

/* ---- Received routes. ---- */

static void set_tag(struct peer *p, const struct prefix *prefix, uint16_t tag)
{
	uint32_t i = addr_to_v4(&prefix->addr) - BENCH_VIP;
	if (prefix->len != 32 || i >= BENCH_VIPS_MAX)
		fail("peer: received a prefix that was not registered");
	if (i >= p->from && i < p->to) {
		p->n_wanted -= p->tags[i] == p->wanted;
		p->n_wanted += tag == p->wanted;
	}
	p->tags[i] = tag;
}

static size_t set_tags(struct peer *p, const struct bgp_nlri *list, size_t n, uint16_t tag)
{
	struct prefix prefix;
	size_t n_prefixes = 0;
	for (size_t i = 0; i < n; i++) {
		struct reader r = list[i].prefixes;
		for (; bgp_nlri_next(&r, list[i].family, &prefix); n_prefixes++)
			set_tag(p, &prefix, tag);
	}
	return n_prefixes;
}

static uint16_t tag_of(const struct bgp_attrs *attrs)
{
	struct reader r = attrs->communities;
	uint32_t last = TAG_ABSENT;
	while (reader_left(&r) > 0)
		last = reader_u32(&r);
	return (uint16_t)last;
}

static void handle_update(struct peer *p, const struct bgp_frame_view *frame)
{
	static const struct bgp_update_params params = { .four_octet_as = true,
							 .ipv4_unicast = true,
							 .ipv6_unicast = true };
	struct bgp_update u;
	struct bgp_notification error;
	if (bgp_update_decode(frame->body, &params, &u, &error) != BGP_TOLERATE_NOTHING_WRONG)
		fail("peer: an UPDATE is broken, error %d/%d", error.code, error.subcode);
	size_t n = set_tags(p, u.withdrawn, u.n_withdrawn, TAG_ABSENT);
	n += set_tags(p, u.announced, u.n_announced, tag_of(&u.attrs));
	if (n == 0)
		return;
	p->n_updates++;
	if (frame->size > p->largest)
		p->largest = frame->size;
}

/* ---- The stream. ---- */

static bool next_frame(struct peer *p, struct bgp_frame_view *ret)
{
	struct bgp_notification error;
	enum bgp_frame got =
		bgp_frame_next(p->buf + p->start, p->end - p->start, BGP_MESSAGE_MAX, ret, &error);
	if (got == BGP_FRAME_BROKEN)
		fail("peer: framing, error %d/%d", error.code, error.subcode);
	if (got == BGP_FRAME_NEED_MORE)
		return false;
	p->start += ret->size;
	return true;
}

/* False when nothing is there and `flags` say not to wait. */
static bool receive(struct peer *p, int flags)
{
	memmove(p->buf, p->buf + p->start, p->end - p->start);
	p->end -= p->start;
	p->start = 0;
	ssize_t n = recv(p->fd, p->buf + p->end, sizeof(p->buf) - p->end, flags);
	if (n < 0 && errno == EAGAIN)
		return false;
	if (n <= 0)
		fail("peer: the session ended: %s", n < 0 ? strerror(errno) : "closed");
	p->end += (size_t)n;
	return true;
}

static void refuse_notification(const struct bgp_frame_view *frame)
{
	struct bgp_notification n;
	if (frame->type != BGP_MSG_NOTIFICATION)
		return;
	bgp_decode_notification(frame, &n);
	fail("peer: was sent NOTIFICATION %d/%d", n.code, n.subcode);
}

static void read_any(struct peer *p, struct bgp_frame_view *ret)
{
	while (!next_frame(p, ret)) {
		wait_readable(p->fd, "a message");
		receive(p, 0);
	}
}

static void read_message(struct peer *p, enum bgp_message_type type, struct bgp_frame_view *ret)
{
	read_any(p, ret);
	refuse_notification(ret);
	if (ret->type != type)
		fail("peer: message type %d came, %d was to come", ret->type, type);
}

static void send_all(const struct peer *p, const uint8_t *buf, size_t len)
{
	if (send(p->fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len)
		fail("peer: send: %m");
}

void peer_read_open(struct peer *p)
{
	struct bgp_frame_view frame;
	struct bgp_open open;
	struct bgp_notification error;
	read_message(p, BGP_MSG_OPEN, &frame);
	if (!bgp_open_decode(frame.body, &open, &error))
		fail("peer: the OPEN is broken, error %d/%d", error.code, error.subcode);
}

double peer_establish(struct peer *p)
{
	const struct bgp_open ours = { .version = BGP_VERSION,
				       .as = BENCH_PEER_AS,
				       .router_id = addr_to_v4(&p->addr),
				       .has_capabilities = true,
				       .four_octet_as = true,
				       .route_refresh = true,
				       .ipv4_unicast = true,
				       .ipv6_unicast = true };
	uint8_t buf[BGP_MESSAGE_MAX];
	struct bgp_frame_view frame;
	send_all(p, buf, bgp_open_encode(buf, sizeof(buf), &ours));
	read_message(p, BGP_MSG_KEEPALIVE, &frame);
	size_t len = bgp_encode_keepalive(buf, sizeof(buf));
	double now = clock_ms();
	send_all(p, buf, len);
	return now;
}

double peer_come_up(struct peer *p)
{
	peer_accept(p);
	peer_read_open(p);
	return peer_establish(p);
}

static void handle_frame(struct peer *p, const struct bgp_frame_view *frame)
{
	refuse_notification(frame);
	if (frame->type == BGP_MSG_UPDATE)
		handle_update(p, frame);
}

void peer_drain(struct peer *p)
{
	struct bgp_frame_view frame;
	while (receive(p, MSG_DONTWAIT)) {
		while (next_frame(p, &frame))
			handle_frame(p, &frame);
	}
}

void peer_wait(struct peer *p, uint16_t tag, size_t first, size_t n)
{
	struct bgp_frame_view frame;
	p->wanted = tag;
	p->from = first;
	p->to = first + n;
	p->n_wanted = 0;
	for (size_t i = p->from; i < p->to; i++)
		p->n_wanted += p->tags[i] == tag;
	while (p->n_wanted < n) {
		read_any(p, &frame);
		handle_frame(p, &frame);
	}
}

void peer_wait_cease(struct peer *p)
{
	struct bgp_frame_view frame;
	do
		read_any(p, &frame);
	while (frame.type != BGP_MSG_NOTIFICATION);
}
