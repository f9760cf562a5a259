/* SPDX-License-Identifier: MIT */
#include "bfd/input.h"

#define TTL_OF_NEIGHBOR 255 /* RFC 5881 5 */

static struct bfd_entry *find(const struct bfd_table *t, const struct bfd_packet *p,
			      const struct bfd_datagram *d, enum bfd_drop *why)
{
	if (p->your_discr != 0) {
		*why = BFD_DROP_YOUR_DISCR;
		return bfd_table_find_discr(t, p->your_discr);
	}
	*why = BFD_DROP_NO_SESSION;
	return bfd_table_find_sender(t, d);
}

/* By its discriminator a packet may come from any address (RFC 5880 6.3). The port, and with it the
 * rule for the TTL, must be the session's. */
static bool is_acceptable(struct bfd_entry *e, const struct bfd_packet *p,
			  const struct bfd_datagram *d, mono_t now, enum bfd_drop *why)
{
	const struct bfd_config *c = &e->fsm.config;
	*why = BFD_DROP_TTL;
	if (d->ttl < (e->key.multihop ? c->min_ttl : TTL_OF_NEIGHBOR))
		return false;
	*why = BFD_DROP_SOURCE;
	if (!bfd_entry_accepts(e, d))
		return false;
	*why = BFD_DROP_AUTH;
	return bfd_auth_accept(&e->auth, &c->auth, d->data, p, c->multiplier, now);
}

static struct bfd_entry *drop(uint64_t *counter)
{
	++*counter;
	return NULL;
}

struct bfd_entry *bfd_input(struct bfd_table *t, const struct bfd_datagram *d, mono_t now,
			    uint32_t random, struct bfd_actions *ret, enum bfd_drop *why)
{
	struct bfd_packet p;
	if (!bfd_packet_read(d->data, d->len, &p, why))
		return drop(&t->counts.dropped[*why]);
	struct bfd_entry *e = find(t, &p, d, why);
	if (!e)
		return drop(&t->counts.dropped[*why]);
	if (!is_acceptable(e, &p, d, now, why))
		return drop(&e->dropped[*why]);
	const struct bfd_event event = {
		.type = BFD_EV_PACKET, .now = now, .random = random, .packet = &p
	};
	bfd_fsm_step(&e->fsm, &event, ret);
	e->auth.known_until = usec_add(now, 2 * bfd_fsm_detection_time(&e->fsm));
	*why = BFD_DROP_ADMIN_DOWN;
	if (ret->dropped)
		return drop(&e->dropped[*why]);
	e->received++;
	return e;
}

size_t bfd_output(struct bfd_entry *e, const struct bfd_packet *p,
		  uint8_t buf[static BFD_PACKET_MAX])
{
	const struct bfd_auth *auth = &e->fsm.config.auth;
	const size_t len = bfd_packet_write(p, bfd_auth_size(auth), buf);
	bfd_auth_sign(&e->auth, auth, buf, len);
	return len;
}
