/* SPDX-License-Identifier: MIT */
/* A connection over a real socket, with the test as the peer at the other end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bgp/codec.h"
#include "bgp/conn.h"
#include "bgp/notify.h"
#include "bgp/open.h"
#include "lib/mem.h"
#include "tests/unit/loop_until.h"

struct bed {
	sd_event *loop;
	struct bgp_linger *linger;
	struct bgp_conn conn;
	struct bgp_peer_config peer;
	int far;              /* the peer's end */
	size_t to_send, sent; /* messages that next_message gives */
	uint8_t got[4 * 1024 * 1024];
	size_t n_got;
};

static void on_changed(struct bgp_conn *c, enum bgp_state from, enum bgp_conn_end end)
{
	(void)c, (void)from, (void)end;
}

static void on_session(struct bgp_conn *c)
{
	(void)c;
}

static void on_update(struct bgp_conn *c, const struct bgp_update *update)
{
	(void)c, (void)update;
}

static void on_refresh(struct bgp_conn *c, enum bgp_afi afi)
{
	(void)c, (void)afi;
}

/* The largest message there is, as a full UPDATE would be. */
static void complete_open(struct bgp_conn *c, struct bgp_open *open)
{
	(void)c;
	open->graceful.restarting = true;
}

static size_t next_message(struct bgp_conn *c, uint8_t *buf, size_t cap)
{
	struct bed *b = c->userdata;
	static const uint8_t data[BGP_MESSAGE_MAX];
	struct bgp_notification n = { .code = 99, .data = data, .data_len = sizeof(data) };
	if (b->sent == b->to_send)
		return 0;
	b->sent++;
	return bgp_encode_notification(buf, cap, &n);
}

static void on_notification(struct bgp_conn *c, const struct bgp_notification *n, bool received)
{
	(void)c, (void)n, (void)received;
}

static const struct bgp_conn_ops ops = {
	.changed = on_changed,
	.complete_open = complete_open,
	.notification = on_notification,
	.session_up = on_session,
	.session_down = on_session,
	.update = on_update,
	.refresh = on_refresh,
	.next_message = next_message,
};

static void say(struct bed *b, const uint8_t *data, size_t len)
{
	assert_int_equal(send(b->far, data, len, MSG_NOSIGNAL), len);
}

static void say_keepalive(struct bed *b)
{
	uint8_t buf[BGP_HEADER_SIZE];
	say(b, buf, bgp_encode_keepalive(buf, sizeof(buf)));
}

static void establish(struct bed *b)
{
	uint8_t buf[256];
	struct bgp_open open = { .version = 4, .as = 65000, .hold_time = 90, .router_id = 2 };
	say(b, buf, bgp_open_encode(buf, sizeof(buf), &open));
	say_keepalive(b);
	loop_drain(b->loop);
	assert_int_equal(b->conn.fsm.state, BGP_ESTABLISHED);
}

static int setup(void **state)
{
	struct bed *b = mem_new(1, sizeof(*b));
	struct bgp_fsm_config config = {
		.local_as = 65001, .router_id = 1, .incoming = true, .hold_time = 90 * USEC_PER_SEC
	};
	int fds[2];
	if (sd_event_new(&b->loop) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
		return -1;
	b->linger = bgp_linger_new(b->loop, NULL, NULL);
	b->far = fds[1];
	bgp_conn_init(&b->conn, b->loop, &config, &b->peer, b->linger, &ops, b);
	bgp_conn_accept(&b->conn, fds[0], 0);
	establish(b);
	*state = b;
	return 0;
}

static int teardown(void **state)
{
	struct bed *b = *state;
	bgp_conn_done(&b->conn);
	bgp_linger_free(b->linger);
	close(b->far);
	sd_event_unref(b->loop);
	free(b);
	return 0;
}

/* Reads what is there; false when nothing was. */
static bool listen_to(struct bed *b)
{
	ssize_t n = recv(b->far, b->got + b->n_got, sizeof(b->got) - b->n_got, 0);
	if (n > 0)
		b->n_got += (size_t)n;
	return n > 0;
}

/* Counts the messages of a type in what was read; the last one of it goes to *ret. */
static size_t count_messages(struct bed *b, enum bgp_message_type type, struct bgp_frame_view *ret)
{
	size_t n = 0;
	for (size_t at = 0; at < b->n_got;) {
		struct bgp_notification error;
		struct bgp_frame_view frame;
		assert_int_equal(
			bgp_frame_next(b->got + at, b->n_got - at, BGP_MESSAGE_MAX, &frame, &error),
			BGP_FRAME_COMPLETE);
		at += frame.size;
		if (frame.type == type) {
			n++;
			*ret = frame;
		}
	}
	return n;
}

static int on_other(sd_event_source *source, void *userdata)
{
	(void)source;
	*(bool *)userdata = true;
	return 0;
}

/* A peer that never stops sending does not starve others. */
static void a_flood_leaves_the_loop_to_others(void **state)
{
	static const enum loop_priority others[] = { LOOP_HEALTH, LOOP_APPLY, LOOP_HTTP };
	struct bed *b = *state;
	for (size_t i = 0; i < 3; i++) {
		sd_event_source *source = NULL;
		bool ran = false;
		assert_int_equal(loop_defer(b->loop, &source, others[i], on_other, &ran), 0);
		for (int turn = 0; turn < 5; turn++) {
			say_keepalive(b); /* so that there is input in every turn */
			sd_event_run(b->loop, 0);
		}
		assert_true(ran);
		sd_event_source_disable_unref(source);
	}
}

/* A full output buffer that the socket then accepts in one write does not wait for another event
 * to send the rest. */
static void full_output_is_not_forgotten(void **state)
{
	struct bed *b = *state;
	struct bgp_frame_view last;
	while (b->conn.out_len + BGP_HEADER_SIZE <= 62000)
		b->conn.out_len +=
			bgp_encode_keepalive(b->conn.out + b->conn.out_len, BGP_HEADER_SIZE);
	b->to_send = 500;
	bgp_conn_flush(&b->conn);
	do
		loop_drain(b->loop);
	while (listen_to(b));
	assert_int_equal(b->sent, 500);
	assert_int_equal(count_messages(b, BGP_MSG_NOTIFICATION, &last), 500);
}

/* A peer that reads late gets the whole NOTIFICATION, after all pending output. */
static void the_last_notification_has_room(void **state)
{
	struct bed *b = *state;
	uint8_t data[BGP_SHUTDOWN_DATA_MAX];
	char text[BGP_SHUTDOWN_TEXT_MAX + 1];
	struct bgp_frame_view last;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	struct bgp_notification why =
		bgp_notification_shutdown(BGP_ERR_CEASE_ADMIN_SHUTDOWN, text, data);
	b->to_send = SIZE_MAX;
	bgp_conn_flush(&b->conn); /* until neither socket nor output takes any more */
	bgp_conn_stop(&b->conn, &why);
	while (listen_to(b))
		loop_drain(b->loop);
	assert_true(count_messages(b, BGP_MSG_NOTIFICATION, &last) > 0);
	struct bgp_notification got;
	bgp_decode_notification(&last, &got);
	assert_int_equal(got.code, BGP_ERR_CEASE);
	assert_int_equal(got.data_len, sizeof(text));
}

/* RFC 4271 8.2.2: input is ignored from now on. */
static void an_open_in_established_is_an_fsm_error(void **state)
{
	struct bed *b = *state;
	struct bgp_frame_view last;
	uint8_t broken[64] = { 0 };
	memset(broken, 0xff, BGP_MARKER_SIZE);
	broken[17] = sizeof(broken);
	broken[18] = BGP_MSG_OPEN;
	say(b, broken, sizeof(broken));
	loop_drain(b->loop);
	while (listen_to(b))
		loop_drain(b->loop);
	assert_int_equal(count_messages(b, BGP_MSG_NOTIFICATION, &last), 1);
	struct bgp_notification got;
	bgp_decode_notification(&last, &got);
	assert_int_equal(got.code, BGP_ERR_FSM);
	assert_int_equal(got.subcode, BGP_ERR_FSM_ESTABLISHED);
	assert_int_equal(got.data_len, 1);
	assert_int_equal(got.data[0], BGP_MSG_OPEN);
}

#define CONN_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONN_TEST(a_flood_leaves_the_loop_to_others),
		CONN_TEST(full_output_is_not_forgotten),
		CONN_TEST(the_last_notification_has_room),
		CONN_TEST(an_open_in_established_is_an_fsm_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
