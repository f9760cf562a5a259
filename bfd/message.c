/* SPDX-License-Identifier: MIT */
#include "bfd/message.h"

#include <errno.h>
#include <string.h>

#include "lib/array.h"

#define HEAD offsetof(struct bfd_message, session)

static size_t size_of(uint32_t type)
{
	switch ((enum bfd_message_type)type) {
	case BFD_MSG_SESSION:
		return HEAD + sizeof(((struct bfd_message *)0)->session);
	case BFD_MSG_STATUS:
		return HEAD + sizeof(((struct bfd_message *)0)->status);
	case BFD_MSG_COUNTS:
		return HEAD + sizeof(((struct bfd_message *)0)->counts);
	case BFD_MSG_REMOVE:
	case BFD_MSG_PONG:
	case BFD_MSG_GONE:
	case BFD_MSG_PING:
		return HEAD;
	}
	return 0;
}

size_t bfd_message_size(const struct bfd_message *m)
{
	return size_of(m->type);
}

/* The octets of what C would trust to be 0 or 1. */
static bool are_bools(const uint8_t *data, const size_t *offsets, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (data[offsets[i]] > 1)
			return false;
	return true;
}

static bool has_bools(uint32_t type, const uint8_t *data)
{
	static const size_t of_session[] = {
		offsetof(struct bfd_message, session.key.multihop),
		offsetof(struct bfd_message, session.config.passive),
	};
	static const size_t of_status[] = {
		offsetof(struct bfd_message, status.remote_independent),
		offsetof(struct bfd_message, status.muted),
	};
	if (type == BFD_MSG_SESSION)
		return are_bools(data, of_session, ARRAY_SIZE(of_session));
	return type != BFD_MSG_STATUS || are_bools(data, of_status, ARRAY_SIZE(of_status));
}

static bool is_state(enum bfd_state state)
{
	return (unsigned)state <= BFD_UP;
}

static bool is_status(const struct bfd_status *s)
{
	return is_state(s->state) && is_state(s->remote_state) && is_state(s->down.remote_state) &&
	       memchr(s->error, 0, sizeof(s->error));
}

static bool is_resume(const struct bfd_resume *r)
{
	return r->discr == 0 || (r->remote_discr != 0 && r->port >= BFD_SOURCE_PORT_MIN &&
				 r->remote_multiplier != 0 && r->remote_min_tx <= UINT32_MAX &&
				 r->remote_min_rx <= UINT32_MAX && r->tx_interval <= UINT32_MAX &&
				 r->rx_interval <= UINT32_MAX);
}

int bfd_message_read(const void *data, size_t len, bool to_helper, struct bfd_message *ret)
{
	struct bfd_message m = { 0 };
	uint8_t copy[sizeof(m)] = { 0 };
	if (len < HEAD || len > sizeof(m))
		return -EPROTO;
	memcpy(copy, data, len);
	memcpy(&m.type, copy + offsetof(struct bfd_message, type), sizeof(m.type));
	const bool is_for_helper = m.type <= BFD_MSG_PONG;
	if (size_of(m.type) != len || is_for_helper != to_helper || !has_bools(m.type, copy))
		return -EPROTO;
	memcpy(&m, copy, sizeof(m));
	if (m.type == BFD_MSG_SESSION && bfd_check(&m.session.key, &m.session.config, NULL) < 0)
		return -EPROTO;
	if (m.type == BFD_MSG_SESSION && !is_resume(&m.session.resume))
		return -EPROTO;
	if (m.type == BFD_MSG_STATUS && !is_status(&m.status))
		return -EPROTO;
	*ret = m;
	return 0;
}
