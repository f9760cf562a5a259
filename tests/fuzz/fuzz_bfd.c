/* SPDX-License-Identifier: MIT */
/*
 * A datagram on a BFD port, and a message between agent and helper. The first octet says which: a
 * session without authentication, with it, over several hops; messages to either end. The packets
 * that a session sends after it must be valid themselves.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "bfd/input.h"
#include "bfd/message.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#define NOW   (1000 * USEC_PER_SEC)
#define DISCR 0x01020304

static void check_sent(struct bfd_entry *e, const struct bfd_packet *p)
{
	uint8_t buf[BFD_PACKET_MAX];
	struct bfd_packet back;
	enum bfd_drop why;
	size_t len = bfd_output(e, p, buf);
	if (!bfd_packet_read(buf, len, &back, &why) || (back.poll && back.final))
		abort();
}

/* Packet after packet of the same octets, with time in between. */
static void feed(struct bfd_table *t, struct bfd_entry *e, const struct bfd_datagram *d)
{
	struct bfd_actions a;
	enum bfd_drop why;
	mono_t now = NOW;
	for (unsigned i = 0; i < 4; i++) {
		if (bfd_input(t, d, now, i * 0x40000000, &a, &why) && a.send)
			check_sent(e, &a.packet);
		now = usec_add(bfd_fsm_deadline(&e->fsm), 1);
		if (now == USEC_NEVER)
			return;
		const struct bfd_event event = { .type = BFD_EV_TIMER, .now = now, .random = i };
		bfd_fsm_step(&e->fsm, &event, &a);
		if (a.send)
			check_sent(e, &a.packet);
		if (bfd_fsm_deadline(&e->fsm) < now)
			abort();
	}
}

static void receive(uint8_t kind, const uint8_t *data, size_t len)
{
	struct bfd_table table = { 0 };
	struct bfd_config c = bfd_config_default();
	struct bfd_entry e = { .id = 1, .key = { .peer = addr_v4(0xc0000201) } };
	const struct bfd_datagram d = { .data = data,
					.len = len,
					.from = e.key.peer,
					.to = addr_v4(0xc0000209),
					.ttl = 255,
					.multihop = kind & 2,
					.vrf = "" };
	if (kind & 1)
		c.auth = (struct bfd_auth){
			.type = BFD_AUTH_METICULOUS_SHA1, .key_id = 1, .key_len = 1, .key = { 'k' }
		};
	e.key.multihop = kind & 2;
	bfd_fsm_init(&e.fsm, &c, DISCR, NOW);
	bfd_table_add(&table, &e);
	feed(&table, &e, &d);
	bfd_table_remove(&table, &e);
}

static void read_message(bool to_helper, const uint8_t *data, size_t len)
{
	struct bfd_message m;
	char text[BFD_WHY_MAX];
	if (bfd_message_read(data, len, to_helper, &m) < 0)
		return;
	if (bfd_message_size(&m) != len)
		abort();
	if (m.type == BFD_MSG_STATUS)
		bfd_status_why(&m.status, text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (len == 0)
		return 0;
	if (data[0] < 0x80)
		receive(data[0], data + 1, len - 1);
	else
		read_message(data[0] & 1, data + 1, len - 1);
	return 0;
}
