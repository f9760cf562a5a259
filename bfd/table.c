/* SPDX-License-Identifier: MIT */
#include "bfd/table.h"

#include "lib/str.h"

void bfd_table_add(struct bfd_table *t, struct bfd_entry *e)
{
	HASH_ADD(by_id, t->by_id, id, sizeof(e->id), e);
	HASH_ADD(by_discr, t->by_discr, fsm.discr, sizeof(e->fsm.discr), e);
}

void bfd_table_remove(struct bfd_table *t, struct bfd_entry *e)
{
	HASH_DELETE(by_id, t->by_id, e);
	HASH_DELETE(by_discr, t->by_discr, e);
}

size_t bfd_table_count(const struct bfd_table *t)
{
	return HASH_CNT(by_id, t->by_id);
}

struct bfd_entry *bfd_table_find(const struct bfd_table *t, uint32_t id)
{
	struct bfd_entry *e;
	HASH_FIND(by_id, t->by_id, &id, sizeof(id), e);
	return e;
}

struct bfd_entry *bfd_table_find_discr(const struct bfd_table *t, uint32_t discr)
{
	struct bfd_entry *e;
	HASH_FIND(by_discr, t->by_discr, &discr, sizeof(discr), e);
	return e;
}

bool bfd_entry_accepts(const struct bfd_entry *e, const struct bfd_datagram *d)
{
	const struct bfd_key *k = &e->key;
	return k->multihop == d->multihop && str_equal(k->vrf, d->vrf) &&
	       (!k->ifname[0] || e->ifindex == d->ifindex);
}

static bool is_of(const struct bfd_entry *e, const struct bfd_datagram *d)
{
	return addr_equal(&e->key.peer, &d->from) &&
	       (!addr_is_set(&e->key.local) || addr_equal(&e->key.local, &d->to)) &&
	       bfd_entry_accepts(e, d);
}

/* Few, and only until the peer knows our discriminator. */
struct bfd_entry *bfd_table_find_sender(const struct bfd_table *t, const struct bfd_datagram *d)
{
	for (struct bfd_entry *e = t->by_id; e; e = e->by_id.next)
		if (e->fsm.state != BFD_ADMIN_DOWN && is_of(e, d))
			return e;
	return NULL;
}

struct bfd_entry *bfd_table_find_key(const struct bfd_table *t, const struct bfd_key *key)
{
	for (struct bfd_entry *e = t->by_id; e; e = e->by_id.next)
		if (bfd_key_equal(&e->key, key))
			return e;
	return NULL;
}
