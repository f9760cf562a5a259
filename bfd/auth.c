/* SPDX-License-Identifier: MIT */
#include "bfd/auth.h"

#include <string.h>

#include "lib/bytes.h"
#include "lib/sha1.h"

#define SECTION 28
#define HASH_AT (SECTION - SHA1_SIZE)

/* The packet with the key in place of the hash. */
static void hash(const struct bfd_auth *a, const uint8_t *packet, uint8_t ret[static SHA1_SIZE])
{
	uint8_t copy[BFD_PACKET_MIN + SECTION];
	memcpy(copy, packet, BFD_PACKET_MIN + HASH_AT);
	memcpy(copy + BFD_PACKET_MIN + HASH_AT, a->key, SHA1_SIZE);
	sha1(copy, sizeof(copy), ret);
}

size_t bfd_auth_size(const struct bfd_auth *a)
{
	return a->type == BFD_AUTH_NONE ? 0 : SECTION;
}

void bfd_auth_sign(struct bfd_auth_state *s, const struct bfd_auth *a, uint8_t *packet, size_t len)
{
	if (a->type == BFD_AUTH_NONE || len != BFD_PACKET_MIN + SECTION)
		return;
	struct writer w = writer_over(packet + BFD_PACKET_MIN, SECTION);
	uint8_t value[SHA1_SIZE];
	writer_u8(&w, (uint8_t)a->type);
	writer_u8(&w, SECTION);
	writer_u8(&w, a->key_id);
	writer_u8(&w, 0);
	writer_u32(&w, ++s->sent);
	hash(a, packet, value);
	writer_bytes(&w, value, sizeof(value));
}

/* Without a branch that depends on what is compared. */
static bool is_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint8_t differs = 0;
	for (size_t i = 0; i < len; i++)
		differs |= a[i] ^ b[i];
	return differs == 0;
}

static bool is_fresh(const struct bfd_auth_state *s, const struct bfd_auth *a, uint32_t sequence,
		     uint8_t multiplier, mono_t now)
{
	const uint32_t ahead = sequence - s->received, max = 3 * (uint32_t)multiplier;
	const uint32_t min = a->type == BFD_AUTH_METICULOUS_SHA1 ? 1 : 0;
	return now >= s->known_until || (ahead >= min && ahead <= max);
}

bool bfd_auth_accept(struct bfd_auth_state *s, const struct bfd_auth *a, const uint8_t *data,
		     const struct bfd_packet *p, uint8_t multiplier, mono_t now)
{
	uint8_t value[SHA1_SIZE];
	if (a->type == BFD_AUTH_NONE || !p->auth)
		return a->type == BFD_AUTH_NONE && !p->auth;
	struct reader r = reader_over(p->auth, p->auth_len);
	const uint8_t type = reader_u8(&r), len = reader_u8(&r), id = reader_u8(&r);
	reader_u8(&r);
	const uint32_t sequence = reader_u32(&r);
	const uint8_t *theirs = reader_bytes(&r, SHA1_SIZE);
	if (!theirs || type != a->type || len != SECTION || p->auth_len != SECTION ||
	    id != a->key_id || !is_fresh(s, a, sequence, multiplier, now))
		return false;
	hash(a, data, value);
	if (!is_equal(value, theirs, SHA1_SIZE))
		return false;
	s->received = sequence;
	return true;
}
