/* SPDX-License-Identifier: MIT */
#include "agent/vip/presence.h"

#include <errno.h>
#include <linux/if_addr.h>

#include "lib/array.h"
#include "lib/str.h"

static const struct {
	uint32_t flag;
	const char *text;
} unusable[] = {
	{ IFA_F_DADFAILED, "another host on the link has it (dadfailed): remove one of them" },
	{ IFA_F_TENTATIVE, "duplicate address detection has not ended (tentative)" },
	{ IFA_F_OPTIMISTIC, "duplicate address detection has not ended (optimistic)" },
};

/* Why the address cannot be used there; NULL: it can. */
static const char *flaw_of(const struct addr_entry *e, const struct addr_link *link)
{
	if (!link->up)
		return "the interface is down";
	for (size_t i = 0; i < ARRAY_SIZE(unusable); i++)
		if (e->flags & unusable[i].flag)
			return unusable[i].text;
	return NULL;
}

/* The best that there is of it: where, and what is wrong with that. */
struct found {
	const char *elsewhere; /* an interface that is not asked for */
	const char *at, *flaw;
	bool ours, usable;
};

static void inspect(struct found *f, const struct addr_entry *e, const struct addr_link *link,
		    const char *interface, bool ours)
{
	if (ours) {
		f->ours = true;
	} else if (*interface && !str_equal(interface, link->name)) {
		f->elsewhere = link->name;
	} else {
		f->at = link->name;
		f->flaw = flaw_of(e, link);
		f->usable = !f->flaw;
	}
}

static int explain(const struct found *f, const struct prefix *vip, const char *interface,
		   struct err *err)
{
	char text[PREFIX_TEXT_MAX];
	prefix_format(vip, text);
	if (f->at)
		return err_set(err, -EADDRNOTAVAIL, "%s is on %s, and cannot be used: %s", text,
			       f->at, f->flaw);
	if (f->elsewhere)
		return err_set(err, -EADDRNOTAVAIL,
			       "%s is on %s instead of %s (interface): not announced until another "
			       "process adds it there",
			       text, f->elsewhere, interface);
	return err_set(err, -EADDRNOTAVAIL,
		       "%s is not on %s%s: 'bind: present' announces it as soon as another process "
		       "adds it",
		       text, *interface ? interface : "this host",
		       f->ours ? ", except as vipherald's own address" : "");
}

int presence_check(const struct addr_table *table, const struct prefix *vip, const char *interface,
		   presence_is_ours *is_ours, void *userdata, struct err *err)
{
	size_t n;
	struct found f = { 0 };
	const struct addr_entry *entries = addr_table_find(table, &vip->addr, &n);
	for (size_t i = 0; i < n && !f.usable; i++) {
		const struct addr_link *link = addr_table_link(table, entries[i].ifindex);
		if (link)
			inspect(&f, &entries[i], link, interface,
				entries[i].proto == NLADDR_PROTO_OURS ||
					is_ours(vip, link->name, userdata));
	}
	return f.usable ? 0 : explain(&f, vip, interface, err);
}
