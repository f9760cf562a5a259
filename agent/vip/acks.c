/* SPDX-License-Identifier: MIT */
#include "agent/vip/acks.h"

void acks_join(struct reconcile *r, struct vip *vip)
{
	if (!list_linked(&vip->awaiting))
		list_append(&r->next_wait, &vip->awaiting);
}

static void move_all(struct list *from, struct list *to)
{
	struct vip *vip;
	while ((vip = list_first(from, struct vip, awaiting))) {
		list_remove(&vip->awaiting);
		list_append(to, &vip->awaiting);
	}
}

void acks_await(struct reconcile *r)
{
	if (!list_empty(&r->awaiting) || list_empty(&r->next_wait))
		return;
	move_all(&r->next_wait, &r->awaiting);
	r->ops->await_acks(r->userdata);
}

void reconcile_acked(struct reconcile *r)
{
	struct vip *vip;
	while ((vip = list_first(&r->awaiting, struct vip, awaiting))) {
		list_remove(&vip->awaiting);
		vip->unacked = false;
		vip_mark_dirty(r, vip);
	}
	/* The next wait starts from reconcile_work(), also when no VIP was waiting here. */
	if (!list_empty(&r->next_wait))
		r->ops->work(r->userdata);
}

void reconcile_merge_waits(struct reconcile *r)
{
	move_all(&r->awaiting, &r->next_wait);
	r->ops->work(r->userdata);
}
