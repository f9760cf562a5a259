/* SPDX-License-Identifier: MIT */
#include "agent/vip/trouble.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/mem.h"

#define RETRY_FIRST     (1 * USEC_PER_SEC)
#define RETRY_MAX       (60 * USEC_PER_SEC)
#define TROUBLES_LOGGED 20

void trouble_clear(struct reconcile *r, struct vip *vip)
{
	char text[PREFIX_TEXT_MAX];
	if (!vip->trouble)
		return;
	list_remove(&vip->trouble->node);
	mem_free(&vip->trouble);
	r->counts.troubled--;
	if (vip->spec)
		log_event(LOG_INFO, "vip",
			  EVENT("vip.recovered", .vip = prefix_format(&vip->prefix, text)),
			  "%s: recovered", text);
}

static void retry_at(struct reconcile *r, mono_t when)
{
	r->retry_at = when;
	r->ops->retry(when, r->userdata);
}

static void schedule_retry(struct reconcile *r, mono_t now)
{
	r->backoff.first = RETRY_FIRST;
	r->backoff.max = RETRY_MAX;
	retry_at(r, usec_add(now, backoff_next(&r->backoff, 0)));
}

void trouble_retry_by(struct reconcile *r, mono_t when)
{
	if (r->retry_at > when)
		retry_at(r, when);
}

/* One cause can hit 10,000 VIPs at once: the first few lines are enough. */
static void log_trouble(const struct reconcile *r, const struct vip *vip)
{
	char text[PREFIX_TEXT_MAX];
	if (r->counts.troubled > TROUBLES_LOGGED)
		return;
	if (r->counts.troubled == TROUBLES_LOGGED) {
		log_warn("vip", "further VIP errors are not logged, see GET /v1/apps");
		return;
	}
	log_event(LOG_WARNING, "vip",
		  EVENT("vip.trouble", .vip = prefix_format(&vip->prefix, text),
			.app = vip->spec ? vip->spec->name : NULL),
		  "%s: app %s: %s%s", text, vip->spec ? vip->spec->name : "(none)",
		  vip->trouble->text, vip->trouble->lasting ? "" : "; retrying");
}

void trouble_set(struct reconcile *r, struct vip *vip, int code, const struct err *err, mono_t now)
{
	const char *text = err->text[0] ? err->text : strerror(-code);
	size_t size = strlen(text) + 1;
	if (vip->trouble && strcmp(vip->trouble->text, text) == 0) {
		if (r->retry_at == USEC_NEVER && !vip->trouble->lasting)
			schedule_retry(r, now);
		return;
	}
	if (vip->trouble) {
		list_remove(&vip->trouble->node);
		free(vip->trouble);
		r->counts.troubled--;
	}
	vip->trouble = mem_new(1, sizeof(*vip->trouble) + size);
	vip->trouble->vip = vip;
	vip->trouble->since = now;
	vip->trouble->lasting = code == -EOPNOTSUPP;
	memcpy(vip->trouble->text, text, size);
	r->counts.troubled++;
	log_trouble(r, vip);
	if (vip->trouble->lasting)
		return;
	list_append(&r->troubled, &vip->trouble->node);
	backoff_reset(&r->backoff);
	schedule_retry(r, now);
}

void reconcile_retry(struct reconcile *r)
{
	r->retry_at = USEC_NEVER;
	list_for_each (it, &r->troubled)
		vip_mark_dirty(r, list_entry(it, struct vip_trouble, node)->vip);
}

mono_t reconcile_retry_at(const struct reconcile *r)
{
	return list_empty(&r->troubled) ? USEC_NEVER : r->retry_at;
}
