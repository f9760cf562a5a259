/* SPDX-License-Identifier: MIT */
#include "bfd/packet.h"

#include "lib/array.h"
#include "lib/bytes.h"

enum flag {
	POLL = 0x20,
	FINAL = 0x10,
	INDEPENDENT = 0x08,
	AUTHENTICATED = 0x04,
	DEMAND = 0x02,
	MULTIPOINT = 0x01,
};

/* Authentication Type and Length. */
#define AUTH_MIN 2

struct head {
	uint8_t version, flags, len;
};

static struct head read_fields(struct reader *r, struct bfd_packet *p)
{
	uint8_t first = reader_u8(r), second = reader_u8(r);
	struct head head = { .version = first >> 5, .flags = second & 0x3f };
	p->diag = first & 0x1f;
	p->state = (enum bfd_state)(second >> 6);
	p->poll = second & POLL;
	p->final = second & FINAL;
	p->independent = second & INDEPENDENT;
	p->demand = second & DEMAND;
	p->multiplier = reader_u8(r);
	head.len = reader_u8(r);
	p->my_discr = reader_u32(r);
	p->your_discr = reader_u32(r);
	p->min_tx = reader_u32(r);
	p->min_rx = reader_u32(r);
	p->min_echo_rx = reader_u32(r);
	return head;
}

static bool has_valid_length(const struct head *head, size_t len)
{
	size_t min = BFD_PACKET_MIN + (head->flags & AUTHENTICATED ? AUTH_MIN : 0);
	return head->len >= min && head->len <= len;
}

/* In the order of the RFC: the first that fails is counted. */
static bool is_valid(const struct bfd_packet *p, const struct head *head, size_t len,
		     enum bfd_drop *why)
{
	const struct {
		bool holds;
		enum bfd_drop otherwise;
	} rules[] = {
		{ head->version == BFD_VERSION, BFD_DROP_VERSION },
		{ has_valid_length(head, len), BFD_DROP_LENGTH },
		{ p->multiplier != 0, BFD_DROP_MULTIPLIER },
		{ !(head->flags & MULTIPOINT), BFD_DROP_MULTIPOINT },
		{ p->my_discr != 0, BFD_DROP_MY_DISCR },
		{ p->your_discr != 0 || p->state == BFD_DOWN || p->state == BFD_ADMIN_DOWN,
		  BFD_DROP_YOUR_DISCR },
	};
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		*why = rules[i].otherwise;
		if (!rules[i].holds)
			return false;
	}
	return true;
}

bool bfd_packet_read(const uint8_t *data, size_t len, struct bfd_packet *ret, enum bfd_drop *why)
{
	struct reader r = reader_over(data, len);
	*ret = (struct bfd_packet){ 0 };
	*why = BFD_DROP_LENGTH;
	if (len < BFD_PACKET_MIN)
		return false;
	const struct head head = read_fields(&r, ret);
	if (!is_valid(ret, &head, len, why))
		return false;
	ret->auth_len = (size_t)head.len - BFD_PACKET_MIN;
	ret->auth = head.flags & AUTHENTICATED ? reader_bytes(&r, ret->auth_len) : NULL;
	return !r.failed;
}

size_t bfd_packet_write(const struct bfd_packet *p, size_t auth_len,
			uint8_t buf[static BFD_PACKET_MAX])
{
	static const uint8_t zeros[BFD_PACKET_MAX - BFD_PACKET_MIN];
	struct writer w = writer_over(buf, BFD_PACKET_MAX);
	int flags = (p->poll ? POLL : 0) | (p->final ? FINAL : 0) |
		    (p->independent ? INDEPENDENT : 0) | (p->demand ? DEMAND : 0) |
		    (auth_len > 0 ? AUTHENTICATED : 0);
	writer_u8(&w, (uint8_t)(BFD_VERSION << 5 | (p->diag & 0x1f)));
	writer_u8(&w, (uint8_t)((unsigned)p->state << 6 | (unsigned)flags));
	writer_u8(&w, p->multiplier);
	writer_u8(&w, (uint8_t)(BFD_PACKET_MIN + auth_len));
	writer_u32(&w, p->my_discr);
	writer_u32(&w, p->your_discr);
	writer_u32(&w, p->min_tx);
	writer_u32(&w, p->min_rx);
	writer_u32(&w, p->min_echo_rx);
	writer_bytes(&w, zeros, auth_len);
	return w.len;
}
