/* SPDX-License-Identifier: MIT */
/*
 * A whole session with a hostile peer: the input is what the peer sends over a real socket, and
 * connection, state machine, decoders and adj-RIB-out are the real ones.
 *
 * The first byte chooses how the rest is cut into pieces, so that framing is met at every
 * boundary; the second whether the session is brought up by us first.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bgp/adj_out.h"
#include "bgp/attr.h"
#include "bgp/codec.h"
#include "bgp/conn.h"
#include "bgp/open.h"
#include "bgp/update.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

struct session {
	struct rib rib;
	struct adj_out adj;
	bool up;
};

static void on_changed(struct bgp_conn *c, enum bgp_state from, enum bgp_conn_end silent)
{
	(void)silent;
	if (from == c->fsm.state)
		abort(); /* only changes are told */
}

static void on_up(struct bgp_conn *c)
{
	struct session *s = c->userdata;
	const struct bgp_negotiated *n = &c->fsm.negotiated;
	struct adj_out_session session = {
		.ipv4 = n->ipv4_unicast,
		.ipv6 = n->ipv6_unicast,
		.ibgp = n->ibgp,
		.four_octet_as = n->four_octet_as,
		.enhanced_refresh = n->enhanced_refresh,
		.local_as = 65001,
		.next_hop4 = { .family = AF_INET, .bytes = { 192, 0, 2, 1 } },
		.next_hop6 = { .family = AF_INET6, .bytes = { 0x20, 1, 0xd, 0xb8, [15] = 1 } },
	};
	if (s->up)
		abort();
	s->up = true;
	adj_out_up(&s->adj, &session);
}

static void on_down(struct bgp_conn *c)
{
	struct session *s = c->userdata;
	if (!s->up)
		abort();
	s->up = false;
	adj_out_down(&s->adj);
}

/* Every view of a decoded UPDATE can be walked to its end. */
static void on_update(struct bgp_conn *c, const struct bgp_update *u)
{
	char text[256];
	struct prefix p;
	(void)c;
	for (size_t i = 0; i < u->n_withdrawn; i++) {
		struct reader r = u->withdrawn[i].prefixes;
		while (bgp_nlri_next(&r, u->withdrawn[i].family, &p))
			;
		if (r.failed)
			abort();
	}
	for (size_t i = 0; i < u->n_announced; i++) {
		struct reader r = u->announced[i].prefixes;
		while (bgp_nlri_next(&r, u->announced[i].family, &p))
			;
		if (r.failed || u->tolerance >= BGP_TOLERATE_TREAT_AS_WITHDRAW)
			abort();
	}
	bgp_attrs_as_path_text(&u->attrs, text, sizeof(text));
	bgp_attrs_communities_text(&u->attrs, text, sizeof(text));
}

static void on_refresh(struct bgp_conn *c, enum bgp_afi afi)
{
	struct session *s = c->userdata;
	adj_out_refresh(&s->adj, afi);
}

static void on_complete_open(struct bgp_conn *c, struct bgp_open *open)
{
	(void)c, (void)open;
}

static size_t on_next_message(struct bgp_conn *c, uint8_t *buf, size_t cap)
{
	struct session *s = c->userdata;
	return adj_out_next(&s->adj, buf, cap);
}

static void on_notification(struct bgp_conn *c, const struct bgp_notification *n, bool received)
{
	(void)c, (void)n, (void)received;
}

static const struct bgp_conn_ops ops = {
	.changed = on_changed,
	.complete_open = on_complete_open,
	.notification = on_notification,
	.session_up = on_up,
	.session_down = on_down,
	.update = on_update,
	.refresh = on_refresh,
	.next_message = on_next_message,
};

static void announce_some(struct session *s)
{
	uint32_t community = 0xffff0000;
	struct bgp_route_attrs attrs = { .communities = { .values = &community, .n = 1 } };
	bool changed;
	for (uint32_t i = 0; i < 3; i++) {
		struct prefix p = { .addr = addr_v4(0xc0000201 + i), .len = 32 };
		rib_announce(&s->rib, &p, BGP_ORIGIN_IGP, &attrs, &changed);
	}
	struct prefix p6 = { .addr = { .family = AF_INET6, .bytes = { 0x20, 1, 0xd, 0xb8 } },
			     .len = 64 };
	rib_announce(&s->rib, &p6, BGP_ORIGIN_IGP, &attrs, &changed);
}

/* Everything that is ready; what we sent is read and must be well-formed. */
static void run(sd_event *loop, int fd, struct reader *sent, uint8_t *stream, size_t cap)
{
	while (sd_event_run(loop, 0) > 0)
		;
	ssize_t n = recv(fd, stream, cap, MSG_DONTWAIT);
	if (n <= 0)
		return;
	*sent = reader_over(stream, (size_t)n);
	while (reader_left(sent) > 0) {
		struct bgp_frame_view frame;
		struct bgp_notification error;
		if (bgp_frame_next(sent->p, reader_left(sent), BGP_MESSAGE_MAX, &frame, &error) !=
		    BGP_FRAME_COMPLETE)
			abort();
		reader_bytes(sent, frame.size);
	}
}

static size_t handshake(uint8_t *buf, size_t cap)
{
	struct bgp_open open = { .version = 4,
				 .as = 65000,
				 .hold_time = 90,
				 .router_id = 2,
				 .has_capabilities = true,
				 .four_octet_as = true,
				 .route_refresh = true,
				 .enhanced_refresh = true,
				 .extended_messages = true,
				 .ipv4_unicast = true,
				 .ipv6_unicast = true };
	size_t n = bgp_open_encode(buf, cap, &open);
	return n + bgp_encode_keepalive(buf + n, cap - n);
}

static void feed(sd_event *loop, int fd, const uint8_t *data, size_t len, size_t piece)
{
	static uint8_t stream[256 * 1024];
	struct reader sent;
	run(loop, fd, &sent, stream, sizeof(stream));
	while (len > 0) {
		size_t n = piece < len ? piece : len;
		if (send(fd, data, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
			break;
		data += n;
		len -= n;
		run(loop, fd, &sent, stream, sizeof(stream));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct bgp_fsm_config config = {
		.local_as = 65001, .router_id = 1, .incoming = true, .hold_time = 90 * USEC_PER_SEC
	};
	struct bgp_peer_config peer = { 0 };
	struct session s = { 0 };
	struct bgp_conn conn;
	uint8_t hello[256];
	sd_event *loop;
	int fds[2];
	if (len < 2 || sd_event_new(&loop) < 0)
		return 0;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		abort();
	rib_init(&s.rib);
	adj_out_init(&s.adj, &s.rib);
	announce_some(&s);
	struct bgp_linger *linger = bgp_linger_new(loop, NULL, NULL);
	bgp_conn_init(&conn, loop, &config, &peer, linger, &ops, &s);
	bgp_conn_accept(&conn, fds[0], 0);

	if (data[1] & 1)
		feed(loop, fds[1], hello, handshake(hello, sizeof(hello)), sizeof(hello));
	feed(loop, fds[1], data + 2, len - 2, data[0] ? data[0] : SIZE_MAX);

	bgp_conn_done(&conn);
	bgp_linger_free(linger);
	close(fds[1]);
	adj_out_down(&s.adj);
	adj_out_done(&s.adj);
	rib_done(&s.rib);
	sd_event_unref(loop);
	return 0;
}
