/* SPDX-License-Identifier: MIT */
/* The rules of RFC 5880 6.8.6 in their order, with a session; authentication (6.7); the messages
 * between agent and helper. */
#include "bfd/input.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "bfd/message.h"
#include "lib/array.h"
#include "lib/sha1.h"
#include "lib/str.h"

#define MS    USEC_PER_MSEC
#define BEGIN (1000 * USEC_PER_SEC)
#define DISCR 0x01020304

static struct addr addr_of(const char *text)
{
	struct addr a;
	assert_int_equal(addr_parse(text, &a), 0);
	return a;
}

static void entry_init(struct bfd_entry *e, const char *peer)
{
	const struct bfd_config c = bfd_config_default();
	*e = (struct bfd_entry){ .id = 1, .key = { .peer = addr_of(peer) } };
	bfd_fsm_init(&e->fsm, &c, DISCR, BEGIN);
}

static struct bfd_packet packet_of(enum bfd_state state, uint32_t yours)
{
	return (struct bfd_packet){ .state = state,
				    .multiplier = 3,
				    .my_discr = 7,
				    .your_discr = yours,
				    .min_tx = 50000,
				    .min_rx = 50000 };
}

/* One defect of a packet, in the order of the rules: with two, the first one counts. */
struct fault {
	const char *name;
	int octet, value; /* of the packet, -1: none */
	uint32_t yours;
	const char *from, *to;
	unsigned ifindex;
	uint8_t ttl;
	bool multihop;
	const char *vrf;
	bool authenticated, stopped;
	int why; /* -1: it is taken */
	bool is_of_session;
};

static const struct fault faults[] = {
	{ "fine", -1, 0, DISCR, "192.0.2.1", "192.0.2.9", 5, 255, .vrf = "", .why = -1 },
	{ "first", -1, 0, 0, "192.0.2.1", "192.0.2.9", 5, 255, .vrf = "", .why = -1 },
	{ "another address, by discriminator", -1, 0, DISCR, "192.0.2.2", "192.0.2.8", 5, 255,
	  .vrf = "", .why = -1 },
	{ "version", 0, 0, 99, "192.0.2.3", "192.0.2.9", 5, 1, .vrf = "", .why = BFD_DROP_VERSION },
	{ "length", 3, 200, 99, "192.0.2.3", "192.0.2.9", 5, 1, .vrf = "", .why = BFD_DROP_LENGTH },
	{ "multiplier", 2, 0, 99, "192.0.2.3", "192.0.2.9", 5, 1, .vrf = "",
	  .why = BFD_DROP_MULTIPLIER },
	{ "multipoint", 1, 0x41, 99, "192.0.2.3", "192.0.2.9", 5, 1, .vrf = "",
	  .why = BFD_DROP_MULTIPOINT },
	{ "my discriminator", 7, 0, 99, "192.0.2.3", "192.0.2.9", 5, 1, .vrf = "",
	  .why = BFD_DROP_MY_DISCR },
	{ "your discriminator", -1, 0, 99, "192.0.2.1", "192.0.2.9", 5, 1, .vrf = "",
	  .why = BFD_DROP_YOUR_DISCR },
	{ "state Up without it", 1, 0xc0, 0, "192.0.2.1", "192.0.2.9", 5, 1, .vrf = "",
	  .why = BFD_DROP_YOUR_DISCR },
	{ "another peer", -1, 0, 0, "192.0.2.3", "192.0.2.9", 5, 1, .vrf = "",
	  .why = BFD_DROP_NO_SESSION },
	{ "another of our addresses", -1, 0, 0, "192.0.2.1", "192.0.2.8", 5, 1, .vrf = "",
	  .why = BFD_DROP_NO_SESSION },
	{ "another interface", -1, 0, 0, "192.0.2.1", "192.0.2.9", 6, 1, .vrf = "",
	  .why = BFD_DROP_NO_SESSION },
	{ "another port", -1, 0, 0, "192.0.2.1", "192.0.2.9", 5, 255, .multihop = true, .vrf = "",
	  .why = BFD_DROP_NO_SESSION },
	{ "another VRF", -1, 0, 0, "192.0.2.1", "192.0.2.9", 5, 255, .vrf = "blue",
	  .why = BFD_DROP_NO_SESSION },
	{ "a hop away", -1, 0, DISCR, "192.0.2.1", "192.0.2.9", 6, 254, .vrf = "",
	  .authenticated = true, .why = BFD_DROP_TTL, .is_of_session = true },
	{ "interface, by discriminator", -1, 0, DISCR, "192.0.2.1", "192.0.2.9", 6, 255, .vrf = "",
	  .authenticated = true, .why = BFD_DROP_SOURCE, .is_of_session = true },
	{ "port, by discriminator", -1, 0, DISCR, "192.0.2.1", "192.0.2.9", 5, 255,
	  .multihop = true, .vrf = "", .why = BFD_DROP_SOURCE, .is_of_session = true },
	{ "VRF, by discriminator", -1, 0, DISCR, "192.0.2.1", "192.0.2.9", 5, 255, .vrf = "blue",
	  .why = BFD_DROP_SOURCE, .is_of_session = true },
	{ "authentication is not expected", -1, 0, DISCR, "192.0.2.1", "192.0.2.9", 5, 255,
	  .vrf = "", .authenticated = true, .stopped = true, .why = BFD_DROP_AUTH,
	  .is_of_session = true },
	{ "administratively down", -1, 0, DISCR, "192.0.2.1", "192.0.2.9", 5, 255, .vrf = "",
	  .stopped = true, .why = BFD_DROP_ADMIN_DOWN, .is_of_session = true },
};

static void rules_of_reception(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(faults); i++) {
		const struct fault *f = &faults[i];
		uint8_t buf[BFD_PACKET_MAX];
		struct bfd_table table = { 0 };
		struct bfd_entry e;
		struct bfd_actions actions;
		enum bfd_drop why = BFD_DROP_N;
		const struct bfd_packet p = packet_of(BFD_DOWN, f->yours);
		const size_t len = bfd_packet_write(&p, f->authenticated ? 28 : 0, buf);
		const struct bfd_datagram d = {
			buf,        len,    addr_of(f->from), addr_of(f->to),
			f->ifindex, f->ttl, f->multihop,      f->vrf
		};
		entry_init(&e, "192.0.2.1");
		e.key.local = addr_of("192.0.2.9");
		strcpy(e.key.ifname, "eth0");
		e.ifindex = 5;
		if (f->stopped)
			e.fsm.state = BFD_ADMIN_DOWN;
		if (f->octet >= 0)
			buf[f->octet] = (uint8_t)f->value;
		bfd_table_add(&table, &e);
		const struct bfd_entry *got = bfd_input(&table, &d, BEGIN, 0, &actions, &why);
		const uint64_t *dropped = f->is_of_session ? e.dropped : table.counts.dropped;
		if ((got == &e) != (f->why < 0) || (!got && (int)why != f->why) ||
		    (f->why >= 0 && dropped[f->why] != 1))
			fail_msg("%s: %s", f->name, got ? "taken" : bfd_drop_name(why));
		assert_int_equal(e.received, f->why < 0);
		bfd_table_remove(&table, &e);
		assert_int_equal(bfd_table_count(&table), 0);
	}
}

static void multihop_has_its_own_limit(void **state)
{
	(void)state;
	for (unsigned ttl = 0; ttl < 256; ttl++) {
		uint8_t buf[BFD_PACKET_MAX];
		struct bfd_table table = { 0 };
		struct bfd_entry e;
		struct bfd_actions actions;
		enum bfd_drop why;
		const struct bfd_packet p = packet_of(BFD_DOWN, 0);
		const size_t len = bfd_packet_write(&p, 0, buf);
		const struct bfd_datagram d = {
			buf,  len, addr_of("2001:db8::1"), addr_of("2001:db8::9"), 5, (uint8_t)ttl,
			true, ""
		};
		entry_init(&e, "2001:db8::1");
		e.key.multihop = true;
		e.fsm.config.min_ttl = 250;
		bfd_table_add(&table, &e);
		assert_int_equal(bfd_input(&table, &d, BEGIN, 0, &actions, &why) != NULL,
				 ttl >= 250);
		bfd_table_remove(&table, &e);
	}
}

/* Of two with one key, the one that is leaving gets nothing more. */
static void leaving_session_is_not_found_by_address(void **state)
{
	(void)state;
	struct bfd_table table = { 0 };
	struct bfd_entry old, new;
	const struct bfd_datagram d = { .from = addr_of("192.0.2.1"), .vrf = "" };
	entry_init(&old, "192.0.2.1");
	entry_init(&new, "192.0.2.1");
	old.fsm.state = BFD_ADMIN_DOWN;
	new.id = 2;
	new.fsm.discr = 5;
	bfd_table_add(&table, &old);
	assert_null(bfd_table_find_sender(&table, &d));
	bfd_table_add(&table, &new);
	assert_ptr_equal(bfd_table_find_sender(&table, &d), &new);
	assert_ptr_equal(bfd_table_find_discr(&table, DISCR), &old);
	assert_ptr_equal(bfd_table_find(&table, 2), &new);
	bfd_table_remove(&table, &old);
	assert_ptr_equal(bfd_table_find_key(&table, &new.key), &new);
	bfd_table_remove(&table, &new);
}

static void a_session_on_an_interface_hears_no_other(void **state)
{
	(void)state;
	static const char *const names[] = { "", "a", "eth0" };
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct bfd_datagram there = { .ifindex = 5, .vrf = "" };
		const struct bfd_datagram other = { .ifindex = 6, .vrf = "" };
		struct bfd_entry e;
		entry_init(&e, "192.0.2.1");
		assert_int_equal(str_copy(e.key.ifname, sizeof(e.key.ifname), names[i]), 0);
		e.ifindex = 5;
		assert_true(bfd_entry_accepts(&e, &there));
		assert_int_equal(bfd_entry_accepts(&e, &other), i == 0);
	}
}

/* ---- authentication ---- */

static void sha1_is_sha1(void **state)
{
	static const struct {
		const char *text;
		uint8_t first[4];
	} cases[] = {
		{ "", { 0xda, 0x39, 0xa3, 0xee } },
		{ "abc", { 0xa9, 0x99, 0x3e, 0x36 } },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  { 0x84, 0x98, 0x3e, 0x44 } },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint8_t hash[SHA1_SIZE];
		sha1(cases[i].text, strlen(cases[i].text), hash);
		assert_memory_equal(hash, cases[i].first, 4);
	}
}

static struct bfd_auth auth_of(enum bfd_auth_type type, const char *key)
{
	struct bfd_auth a = { .type = type, .key_id = 3, .key_len = (uint8_t)strlen(key) };
	memcpy(a.key, key, a.key_len);
	return a;
}

struct signed_packet {
	uint8_t data[BFD_PACKET_MAX];
	size_t len;
	struct bfd_packet packet;
};

static void sign(struct signed_packet *s, struct bfd_auth_state *state, const struct bfd_auth *a)
{
	enum bfd_drop why;
	const struct bfd_packet p = packet_of(BFD_UP, DISCR);
	s->len = bfd_packet_write(&p, bfd_auth_size(a), s->data);
	bfd_auth_sign(state, a, s->data, s->len);
	assert_true(bfd_packet_read(s->data, s->len, &s->packet, &why));
}

static bool accepts(struct bfd_auth_state *state, const struct bfd_auth *a,
		    const struct signed_packet *s, mono_t now)
{
	return bfd_auth_accept(state, a, s->data, &s->packet, 3, now);
}

static void only_the_same_key_is_accepted(void **state)
{
	(void)state;
	const struct bfd_auth right = auth_of(BFD_AUTH_METICULOUS_SHA1, "secret");
	struct bfd_auth others[] = { right, right, right, { 0 } };
	struct bfd_auth_state tx = { .sent = 41 }, rx = { 0 };
	struct signed_packet s;
	others[0].key[0]++;
	others[1].key_id++;
	others[2].type = BFD_AUTH_KEYED_SHA1;
	sign(&s, &tx, &right);
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		assert_false(accepts(&rx, &others[i], &s, BEGIN));
	assert_true(accepts(&rx, &right, &s, BEGIN));
	assert_int_equal(rx.received, 42);
	for (size_t i = 0; i < s.len; i++) { /* every octet is covered */
		struct signed_packet forged = s;
		enum bfd_drop why;
		struct bfd_auth_state fresh = { 0 };
		forged.data[i] ^= 0x10;
		if (i != 3 && bfd_packet_read(forged.data, forged.len, &forged.packet, &why))
			assert_false(accepts(&fresh, &right, &forged, BEGIN));
	}
}

/* RFC 5880 4.4, computed with another program. */
static void the_section_is_that_of_the_rfc(void **state)
{
	static const uint8_t section[] = {
		5,    28,   3,    0,    0,    0,    0,    42, /* the last one was 41 */
		0x92, 0x94, 0x9f, 0x09, 0xf9, 0x11, 0xb9, 0x8e, 0xec, 0x05,
		0x7e, 0x8a, 0x40, 0x0c, 0x3b, 0x9d, 0x0d, 0xd5, 0x5f, 0xad
	};
	const struct bfd_auth a = auth_of(BFD_AUTH_METICULOUS_SHA1, "secret");
	struct bfd_auth_state tx = { .sent = 41 };
	struct signed_packet s;
	uint8_t buf[BFD_PACKET_MAX] = { 0 };
	(void)state;
	sign(&s, &tx, &a);
	assert_int_equal(s.len, 24 + sizeof(section));
	assert_memory_equal(s.data + 24, section, sizeof(section));
	/* No room for it. */
	bfd_auth_sign(&tx, &a, buf, s.len - 1);
	assert_int_equal(tx.sent, 42);
	assert_int_equal(buf[24], 0);
	struct bfd_auth none = { 0 };
	bfd_auth_sign(&tx, &none, buf, s.len);
	assert_int_equal(tx.sent, 42);
}

/* A section that is shorter or longer than its type has, or says that it is. */
static void sections_of_another_length_are_refused(void **state)
{
	const struct bfd_auth a = auth_of(BFD_AUTH_KEYED_SHA1, "secret");
	struct bfd_auth_state tx = { .sent = 41 }, rx = { 0 };
	struct signed_packet s;
	(void)state;
	sign(&s, &tx, &a);
	assert_true(accepts(&rx, &a, &s, BEGIN));
	for (size_t len = 2; len < 32; len++) {
		struct signed_packet other = s;
		other.packet.auth_len = len;
		if (len != 28)
			assert_false(accepts(&rx, &a, &other, BEGIN));
	}
	for (unsigned len = 27; len <= 29; len++) { /* with a hash that is right for it */
		struct signed_packet other = s;
		uint8_t value[SHA1_SIZE];
		other.data[25] = (uint8_t)len;
		memcpy(other.data + 32, a.key, SHA1_SIZE);
		sha1(other.data, other.len, value);
		memcpy(other.data + 32, value, SHA1_SIZE);
		other.packet.auth = other.data + 24;
		assert_int_equal(accepts(&rx, &a, &other, BEGIN), len == 28);
	}
	s.packet.auth = NULL;
	assert_false(accepts(&rx, &a, &s, BEGIN));
	struct bfd_auth none = { 0 };
	assert_true(accepts(&rx, &none, &s, BEGIN));
}

/* Not even one of type 0 whose hash is right, with a key of zeros. */
static void without_authentication_no_section_is_accepted(void **state)
{
	const struct bfd_auth sha1_auth = auth_of(BFD_AUTH_KEYED_SHA1, "");
	const struct bfd_auth none = { 0 };
	struct bfd_auth_state tx = { .sent = 41 }, rx = { 0 };
	struct signed_packet s;
	uint8_t value[SHA1_SIZE];
	(void)state;
	sign(&s, &tx, &sha1_auth);
	s.data[24] = s.data[26] = 0;
	memcpy(s.data + 32, none.key, SHA1_SIZE);
	sha1(s.data, s.len, value);
	memcpy(s.data + 32, value, SHA1_SIZE);
	assert_false(accepts(&rx, &none, &s, BEGIN));
}

/* A number counts until two detection times have passed without a packet (6.8.1). */
static void an_old_number_is_forgotten(void **state)
{
	const struct bfd_auth a = auth_of(BFD_AUTH_METICULOUS_SHA1, "secret");
	struct bfd_auth_state rx = { .received = 100, .known_until = BEGIN };
	struct bfd_auth_state tx = { .sent = 4 };
	struct signed_packet s;
	(void)state;
	sign(&s, &tx, &a);
	assert_false(accepts(&rx, &a, &s, BEGIN - 1));
	assert_true(accepts(&rx, &a, &s, BEGIN));
	assert_int_equal(rx.received, 5);
}

static void a_packet_makes_its_number_known(void **state)
{
	(void)state;
	uint8_t buf[BFD_PACKET_MAX];
	struct bfd_table table = { 0 };
	struct bfd_entry e;
	struct bfd_actions actions;
	enum bfd_drop why;
	struct bfd_auth_state tx = { .sent = 41 };
	const struct bfd_packet p = packet_of(BFD_DOWN, DISCR);
	entry_init(&e, "192.0.2.1");
	e.fsm.config.auth = auth_of(BFD_AUTH_KEYED_SHA1, "secret");
	bfd_table_add(&table, &e);
	const size_t len = bfd_packet_write(&p, 28, buf);
	bfd_auth_sign(&tx, &e.fsm.config.auth, buf, len);
	const struct bfd_datagram d = {
		buf, len, addr_of("192.0.2.1"), addr_of("192.0.2.9"), 5, 255, false, ""
	};
	assert_ptr_equal(bfd_input(&table, &d, BEGIN, 0, &actions, &why), &e);
	assert_int_equal(e.auth.received, 42);
	/* Twice a detection time of three times the 300 ms that we accept. */
	assert_int_equal(e.auth.known_until, BEGIN + 1800 * MS);
	assert_int_equal(actions.to, BFD_INIT);
	e.auth.sent = 76;
	assert_int_equal(bfd_output(&e, &actions.packet, buf), 52);
	assert_int_equal(buf[31], 77);
	bfd_table_remove(&table, &e);
}

static void sequence_numbers(void **state)
{
	static const struct {
		enum bfd_auth_type type;
		uint32_t known, received;
		bool is_known, accepted;
	} cases[] = {
		{ BFD_AUTH_METICULOUS_SHA1, 100, 101, true, true },
		{ BFD_AUTH_METICULOUS_SHA1, 100, 100, true, false },
		{ BFD_AUTH_METICULOUS_SHA1, 100, 109, true, true },
		{ BFD_AUTH_METICULOUS_SHA1, 100, 110, true, false },
		{ BFD_AUTH_METICULOUS_SHA1, 100, 99, true, false },
		{ BFD_AUTH_METICULOUS_SHA1, UINT32_MAX, 3, true, true },
		{ BFD_AUTH_METICULOUS_SHA1, 100, 5, false, true },
		{ BFD_AUTH_KEYED_SHA1, 100, 100, true, true },
		{ BFD_AUTH_KEYED_SHA1, 100, 99, true, false },
		{ BFD_AUTH_KEYED_SHA1, 100, 109, true, true },
		{ BFD_AUTH_KEYED_SHA1, 100, 110, true, false },
	};
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const struct bfd_auth a = auth_of(cases[i].type, "secret");
		struct bfd_auth_state tx = { .sent = cases[i].received - 1 };
		struct bfd_auth_state rx = { .received = cases[i].known,
					     .known_until = cases[i].is_known ? BEGIN + 1 : 0 };
		struct signed_packet s;
		sign(&s, &tx, &a);
		if (accepts(&rx, &a, &s, BEGIN) != cases[i].accepted)
			fail_msg("case %zu", i);
		assert_int_equal(rx.received,
				 cases[i].accepted ? cases[i].received : cases[i].known);
	}
}

/* ---- messages ---- */

static struct bfd_message session_message(void)
{
	struct bfd_message m = { .type = BFD_MSG_SESSION, .id = 4 };
	m.session.key.peer = addr_of("192.0.2.1");
	m.session.config = bfd_config_default();
	return m;
}

static void messages_come_back(void **state)
{
	(void)state;
	struct bfd_message back, m = session_message();
	assert_int_equal(bfd_message_read(&m, bfd_message_size(&m), true, &back), 0);
	assert_true(bfd_key_equal(&back.session.key, &m.session.key));
	m = (struct bfd_message){ .type = BFD_MSG_STATUS, .status.state = BFD_UP };
	assert_int_equal(bfd_message_read(&m, bfd_message_size(&m), false, &back), 0);
	assert_int_equal(back.status.state, BFD_UP);
	m = (struct bfd_message){ .type = BFD_MSG_PING, .id = 77 };
	assert_int_equal(bfd_message_read(&m, bfd_message_size(&m), false, &back), 0);
	assert_int_equal(back.id, 77);
}

/* Each type with its size, to one end only, and not an octet more or less. */
static void each_type_has_its_size_and_its_end(void **state)
{
	(void)state;
	const size_t head = offsetof(struct bfd_message, session);
	const struct {
		uint32_t type;
		size_t size;
		bool to_helper;
	} cases[] = {
		{ BFD_MSG_SESSION, head + sizeof(((struct bfd_message *)0)->session), true },
		{ BFD_MSG_REMOVE, head, true },
		{ BFD_MSG_PONG, head, true },
		{ BFD_MSG_STATUS, head + sizeof(struct bfd_status), false },
		{ BFD_MSG_GONE, head, false },
		{ BFD_MSG_PING, head, false },
		{ BFD_MSG_COUNTS, head + sizeof(struct bfd_counts), false },
	};
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct bfd_message back, m = session_message();
		if (cases[i].type != BFD_MSG_SESSION)
			m = (struct bfd_message){ .id = 4 };
		m.type = cases[i].type;
		assert_int_equal(bfd_message_size(&m), cases[i].size);
		assert_int_equal(bfd_message_read(&m, cases[i].size, cases[i].to_helper, &back), 0);
		assert_int_equal(back.type, cases[i].type);
		assert_int_equal(back.id, 4);
		assert_int_equal(bfd_message_read(&m, cases[i].size, !cases[i].to_helper, &back),
				 -EPROTO);
		for (size_t len = 0; len <= sizeof(m) + 1; len++)
			if (len != cases[i].size && len <= sizeof(m))
				assert_int_equal(
					bfd_message_read(&m, len, cases[i].to_helper, &back),
					-EPROTO);
	}
}

/* Every state, truth value and text of a status is one. */
static void a_status_is_checked_in_all_its_parts(void **state)
{
	(void)state;
	struct bfd_message back, m = { .type = BFD_MSG_STATUS };
	const size_t len = bfd_message_size(&m);
	enum bfd_state *const states[] = { &m.status.state, &m.status.remote_state,
					   &m.status.down.remote_state };
	for (size_t i = 0; i < ARRAY_SIZE(states); i++) {
		for (int s = -1; s < 6; s++) {
			*states[i] = (enum bfd_state)s;
			assert_int_equal(bfd_message_read(&m, len, false, &back),
					 s >= 0 && s <= 3 ? 0 : -EPROTO);
		}
		*states[i] = BFD_UP;
	}
	bool *const truths[] = { &m.status.remote_independent, &m.status.muted };
	for (size_t i = 0; i < ARRAY_SIZE(truths); i++) {
		for (int value = 0; value < 3; value++) {
			memset(truths[i], value, 1);
			assert_int_equal(bfd_message_read(&m, len, false, &back),
					 value < 2 ? 0 : -EPROTO);
		}
		memset(truths[i], 0, 1);
	}
	memset(m.status.error, 'x', sizeof(m.status.error) - 1);
	assert_int_equal(bfd_message_read(&m, len, false, &back), 0);
	m.status.error[sizeof(m.status.error) - 1] = 'x';
	assert_int_equal(bfd_message_read(&m, len, false, &back), -EPROTO);
	struct bfd_message session = session_message();
	bool *const of_session[] = { &session.session.key.multihop,
				     &session.session.config.passive };
	for (size_t i = 0; i < ARRAY_SIZE(of_session); i++) {
		for (int value = 0; value < 3; value++) {
			memset(of_session[i], value, 1);
			assert_int_equal(
				bfd_message_read(&session, bfd_message_size(&session), true, &back),
				value < 2 ? 0 : -EPROTO);
		}
		memset(of_session[i], 0, 1);
	}
}

/* Times leave as 32 bits (RFC 5880 4.1), so no session can have been told longer ones. */
static void a_resumed_session_has_times_of_its_packets(void **state)
{
	struct bfd_message back, m = session_message();
	struct bfd_resume *r = &m.session.resume;
	span_t *const times[] = { &r->remote_min_tx, &r->remote_min_rx, &r->tx_interval,
				  &r->rx_interval };
	const size_t len = bfd_message_size(&m);
	(void)state;
	r->discr = 1;
	r->remote_discr = 2;
	r->port = BFD_SOURCE_PORT_MIN;
	r->remote_multiplier = 3;
	assert_int_equal(bfd_message_read(&m, len, true, &back), 0);
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		*times[i] = UINT32_MAX;
		assert_int_equal(bfd_message_read(&m, len, true, &back), 0);
		*times[i] = (span_t)UINT32_MAX + 1;
		assert_int_equal(bfd_message_read(&m, len, true, &back), -EPROTO);
		*times[i] = 0;
	}
}

static void wrong_messages_are_refused(void **state)
{
	(void)state;
	static const uint32_t types[] = { 0, 8, UINT32_MAX };
	struct bfd_message back, m = session_message();
	const size_t len = bfd_message_size(&m);
	assert_int_equal(bfd_message_read(&m, len - 1, true, &back), -EPROTO);
	assert_int_equal(bfd_message_read(&m, len + 1, true, &back), -EPROTO);
	assert_int_equal(bfd_message_read(&m, 0, true, &back), -EPROTO);
	assert_int_equal(bfd_message_read(&m, len, false, &back), -EPROTO);
	m.session.config.multiplier = 0;
	assert_int_equal(bfd_message_read(&m, len, true, &back), -EPROTO);
	m = session_message();
	memset(m.session.key.ifname, 'x', sizeof(m.session.key.ifname));
	assert_int_equal(bfd_message_read(&m, len, true, &back), -EPROTO);
	m = session_message();
	memset(&m.session.key.multihop, 2, 1);
	assert_int_equal(bfd_message_read(&m, len, true, &back), -EPROTO);
	m = session_message();
	m.session.resume = (struct bfd_resume){
		.discr = 1, .remote_discr = 2, .port = BFD_SOURCE_PORT_MIN, .remote_multiplier = 3
	};
	assert_int_equal(bfd_message_read(&m, len, true, &back), 0);
	m.session.resume.port--; /* not one that we send from */
	assert_int_equal(bfd_message_read(&m, len, true, &back), -EPROTO);
	m.session.resume.port++;
	m.session.resume.remote_multiplier = 0;
	assert_int_equal(bfd_message_read(&m, len, true, &back), -EPROTO);
	m.session.resume.remote_multiplier = 1;
	assert_int_equal(bfd_message_read(&m, len, true, &back), 0);
	m.session.resume.remote_discr = 0;
	assert_int_equal(bfd_message_read(&m, len, true, &back), -EPROTO);
	m.session.resume.remote_discr = 1;
	assert_int_equal(bfd_message_read(&m, len, true, &back), 0);
	m.session.resume.remote_min_tx = (span_t)UINT32_MAX + 1;
	assert_int_equal(bfd_message_read(&m, len, true, &back), -EPROTO);
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		m = (struct bfd_message){ .type = types[i] };
		assert_int_equal(bfd_message_size(&m), 0);
		for (size_t n = 0; n <= sizeof(m); n += 4)
			for (int to = 0; to < 2; to++)
				assert_int_equal(bfd_message_read(&m, n, to, &back), -EPROTO);
	}
	m = (struct bfd_message){ .type = BFD_MSG_STATUS, .status.state = (enum bfd_state)4 };
	assert_int_equal(bfd_message_read(&m, bfd_message_size(&m), false, &back), -EPROTO);
	m = (struct bfd_message){ .type = BFD_MSG_STATUS };
	memset(m.status.error, 'x', sizeof(m.status.error));
	assert_int_equal(bfd_message_read(&m, bfd_message_size(&m), false, &back), -EPROTO);
	m = (struct bfd_message){ .type = BFD_MSG_STATUS };
	memset(&m.status.muted, 0xff, 1);
	assert_int_equal(bfd_message_read(&m, bfd_message_size(&m), false, &back), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rules_of_reception),
		cmocka_unit_test(multihop_has_its_own_limit),
		cmocka_unit_test(leaving_session_is_not_found_by_address),
		cmocka_unit_test(a_session_on_an_interface_hears_no_other),
		cmocka_unit_test(sha1_is_sha1),
		cmocka_unit_test(only_the_same_key_is_accepted),
		cmocka_unit_test(the_section_is_that_of_the_rfc),
		cmocka_unit_test(sections_of_another_length_are_refused),
		cmocka_unit_test(without_authentication_no_section_is_accepted),
		cmocka_unit_test(an_old_number_is_forgotten),
		cmocka_unit_test(a_packet_makes_its_number_known),
		cmocka_unit_test(sequence_numbers),
		cmocka_unit_test(messages_come_back),
		cmocka_unit_test(each_type_has_its_size_and_its_end),
		cmocka_unit_test(a_status_is_checked_in_all_its_parts),
		cmocka_unit_test(a_resumed_session_has_times_of_its_packets),
		cmocka_unit_test(wrong_messages_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
