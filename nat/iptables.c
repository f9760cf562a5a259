/* SPDX-License-Identifier: MIT */
/*
 * NAT by legacy iptables: a rule in PREROUTING for packets that come in and the same in OUTPUT for
 * packets of the host itself, in the table `nat` of each address family.
 *
 * The kernel only knows whole tables: a change reads one, alters the copy and writes it back, under
 * the lock that all users of iptables share. If a process that takes no lock changed the table
 * in between, the kernel refuses ours (EAGAIN), provided that the number of rules differs.
 *
 * Reading a table that does not exist creates it, and from then on the host "uses legacy iptables".
 * So the list of existing tables is always read first. Only root may read it: with another user
 * that has CAP_NET_RAW they are assumed to exist, and one that the kernel does not have is empty.
 * nat.c does not have them listed by such a user unless they are the back end.
 *
 * Rules are appended, so that those of others that were there come first. A mapping to the same
 * port stays behind them: it is appended again when others were added behind it.
 *
 * The kernel sends no notifications. But all users open the lock file, so its closing is a hint
 * that rules may have changed (inotify, best effort); besides, they are listed every few seconds.
 */
#include "lib/array.h"
#include "nat/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/mem.h"
#include "nat/caps.h"
#include "nat/iptc.h"
#include "nat/xtentry.h"
#include "nat/xtlock.h"
#include "process/capability.h"

#define TABLE "nat"

static const char *const chains[] = { "PREROUTING", "OUTPUT" };
#define CHAINS ARRAY_SIZE(chains)

static const struct iptc *const tables[] = { &iptc_v4, &iptc_v6 };
#define TABLES ARRAY_SIZE(tables)

struct nat_backend {
	int inotify; /* -1: not needed yet, or not available */
	bool watching;
	bool waited; /* for another process that held the lock */
};

/* The tables that exist: none without the module. False where they cannot be seen: without the
 * permission, or without a descriptor left; that rules are gone does not follow from it. */
static bool read_names(const struct iptc *t, char *buf, size_t size)
{
	int fd = open(t->names_file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, buf, size - 1) : errno == ENOENT ? 0 : -1;
	bool known = n >= 0;
	buf[known ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return known;
}

enum table_presence { TABLE_ABSENT, TABLE_THERE, TABLE_ASSUMED };

static enum table_presence find_table(const struct iptc *t)
{
	char names[256], *rest = names, *name;
	if (!read_names(t, names, sizeof(names)))
		return capability_have(CAP_NET_RAW) ? TABLE_ASSUMED : TABLE_ABSENT;
	while ((name = strsep(&rest, "\n")))
		if (strcmp(name, TABLE) == 0)
			return TABLE_THERE;
	return TABLE_ABSENT;
}

enum nat_legacy nat_iptables_legacy(void)
{
	char names[256];
	for (size_t i = 0; i < TABLES; i++) {
		if (!read_names(tables[i], names, sizeof(names)))
			return NAT_LEGACY_UNSEEN;
		if (names[0])
			return NAT_LEGACY_USED;
	}
	return NAT_LEGACY_UNUSED;
}

static int iptables_open(struct nat_backend **ret, struct err *err)
{
	(void)err;
	struct nat_backend *b = mem_new(1, sizeof(*b));
	b->inotify = -1;
	*ret = b;
	return 0;
}

static void iptables_close(struct nat_backend *b)
{
	if (!b)
		return;
	if (b->inotify >= 0)
		close(b->inotify);
	free(b);
}

static int explain(const struct iptc *t, int code, const char *what, struct err *err)
{
	const char *family = t->family == AF_INET ? "IPv4" : "IPv6";
	switch (code) {
	case EPERM:
	case EACCES:
		return nat_caps_explain("iptables", 1, err);
	case EAGAIN:
		return err_set(err, -EAGAIN, "another process keeps changing the %s nat table",
			       family);
	case ENOPROTOOPT:
	case ENOENT:
	case EAFNOSUPPORT:
	case EPROTONOSUPPORT:
		return err_set(err, -EOPNOTSUPP,
			       "the kernel has no legacy iptables nat table for %s (%s): %s",
			       family, what, t->strerror(code));
	default:
		return err_set(err, code ? -code : -EIO, "legacy iptables, %s, %s: %s", family,
			       what, t->strerror(code));
	}
}

/* Rules as found: how often each is in each chain, and behind how many rules of others the last one
 * is. */
struct found {
	struct nat_rule rule;
	unsigned count[CHAINS], behind[CHAINS];
	UT_hash_handle hh;
};

static struct found *found_get(struct found **all, const struct nat_rule *r)
{
	struct found *f;
	HASH_FIND(hh, *all, r, sizeof(*r), f);
	if (f)
		return f;
	f = mem_new(1, sizeof(*f));
	f->rule = *r;
	HASH_ADD(hh, *all, rule, sizeof(f->rule), f);
	return f;
}

static void found_free(struct found *all)
{
	struct found *f, *next;
	HASH_ITER (hh, all, f, next) {
		/* NOLINTNEXTLINE(clang-analyzer-unix.Malloc): it does not follow uthash's lists */
		HASH_DELETE(hh, all, f);
		free(f);
	}
}

/* Returns how many rules of others there are. */
static unsigned find_in(const struct iptc *t, struct xtc_handle *h, size_t chain,
			struct found **all)
{
	struct nat_rule r;
	unsigned others = 0;
	for (const void *e = t->first(chains[chain], h); e; e = t->next(e, h)) {
		if (!xtentry_parse(t->family, e, &r)) {
			others++;
			continue;
		}
		struct found *f = found_get(all, &r);
		f->count[chain]++;
		f->behind[chain] = others;
	}
	return others;
}

static enum nat_presence presence_of(const struct found *f, const unsigned *others)
{
	bool misplaced = false;
	for (size_t c = 0; c < CHAINS; c++) {
		if (f->count[c] != 1)
			return NAT_DAMAGED;
		misplaced = misplaced || f->behind[c] < others[c];
	}
	return f->rule.behind && misplaced ? NAT_MISPLACED : NAT_PRESENT;
}

static int list_table(const struct iptc *t, nat_list_cb *cb, void *userdata, struct err *err)
{
	struct found *all = NULL, *f, *next;
	unsigned others[CHAINS];
	struct xtc_handle *h = t->init(TABLE);
	if (!h)
		return explain(t, errno, "reading", err);
	for (size_t c = 0; c < CHAINS; c++)
		others[c] = find_in(t, h, c, &all);
	t->free(h);
	HASH_ITER (hh, all, f, next)
		cb(&f->rule, presence_of(f, others), userdata);
	found_free(all);
	return 0;
}

/* The file exists once iptables was used, so this is tried until it works. Not before there are
 * rules to watch: the kernel takes 10 ms to close an inotify descriptor. */
static void watch_lock(struct nat_backend *b)
{
	if (b->inotify < 0)
		b->inotify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (!b->watching && b->inotify >= 0)
		b->watching = inotify_add_watch(b->inotify, xtlock_path(),
						IN_CLOSE_WRITE | IN_CLOSE_NOWRITE) >= 0;
}

/* Without the lock: the kernel hands out a table as a whole. */
static int iptables_list(struct nat_backend *b, nat_list_cb *cb, void *userdata, struct err *err)
{
	(void)b;
	int r = 0;
	for (size_t i = 0; i < TABLES && r == 0; i++) {
		enum table_presence presence = find_table(tables[i]);
		if (presence != TABLE_ABSENT)
			r = list_table(tables[i], cb, userdata, err);
		if (presence == TABLE_ASSUMED && r == -EOPNOTSUPP)
			r = 0;
	}
	return r;
}

/* Takes every copy of the rules in `which` out of a chain. */
static int remove_from(const struct iptc *t, struct xtc_handle *h, const char *chain,
		       struct found *which, bool *ret_changed)
{
	struct nat_rule r;
	unsigned number = 0, *hits = NULL;
	size_t n = 0, cap = 0;
	int ok = 1;
	for (const void *e = t->first(chain, h); e; e = t->next(e, h), number++) {
		struct found *f = NULL;
		if (xtentry_parse(t->family, e, &r))
			HASH_FIND(hh, which, &r, sizeof(r), f);
		if (!f)
			continue;
		hits = mem_grow(hits, &cap, n + 1, sizeof(*hits));
		hits[n++] = number;
	}
	*ret_changed = *ret_changed || n > 0;
	while (ok && n > 0) /* from the end, so that the numbers stay right */
		ok = t->remove(chain, hits[--n], h);
	free(hits);
	return ok;
}

static int append_to(const struct iptc *t, struct xtc_handle *h, const char *chain,
		     const struct nat_rules *rules, uint8_t revision, bool *ret_changed)
{
	_Alignas(uint64_t) char entry[XTENTRY_MAX];
	for (size_t i = 0; i < rules->n; i++) {
		const struct nat_rule *r = &rules->items[i];
		if (r->vip.addr.family != t->family)
			continue;
		xtentry_build(r, revision, entry);
		if (!t->append(chain, entry, h))
			return 0;
		*ret_changed = true;
	}
	return 1;
}

/* Rules to take out before others are appended: those to remove, and those to add, of which there
 * may be a part already. */
static struct found *to_remove(const struct nat_diff *d)
{
	struct found *all = NULL;
	for (size_t i = 0; i < d->remove.n; i++)
		found_get(&all, &d->remove.items[i]);
	for (size_t i = 0; i < d->add.n; i++)
		found_get(&all, &d->add.items[i]);
	return all;
}

static int alter(const struct iptc *t, struct xtc_handle *h, const struct nat_diff *d,
		 uint8_t revision, bool *ret_changed)
{
	struct found *out = to_remove(d);
	int ok = 1;
	for (size_t c = 0; c < CHAINS && ok; c++)
		ok = remove_from(t, h, chains[c], out, ret_changed);
	for (size_t c = 0; c < CHAINS && ok; c++)
		ok = append_to(t, h, chains[c], &d->add, revision, ret_changed);
	found_free(out);
	return ok;
}

static bool concerns(const struct nat_rules *rules, uint8_t family)
{
	for (size_t i = 0; i < rules->n; i++)
		if (rules->items[i].vip.addr.family == family)
			return true;
	return false;
}

static int change_table(const struct iptc *t, const struct nat_diff *d, struct err *err)
{
	bool changed = false;
	int revision = concerns(&d->add, t->family) ? iptc_dnat_revision(t) : 0;
	if (revision < 0)
		return explain(t, -revision, "looking for the target DNAT", err);
	struct xtc_handle *h = t->init(TABLE);
	if (!h)
		return explain(t, errno, "reading", err);
	errno = 0;
	int ok = alter(t, h, d, (uint8_t)revision, &changed);
	if (ok && changed)
		ok = t->commit(h);
	int code = ok ? 0 : errno;
	t->free(h);
	return ok ? 0 : explain(t, code, "changing", err);
}

/* True when there were any. */
static bool drop_events(struct nat_backend *b)
{
	_Alignas(struct inotify_event) char buf[4096];
	bool any = false;
	while (b->inotify >= 0 && read(b->inotify, buf, sizeof(buf)) > 0)
		any = true;
	return any;
}

static int iptables_apply(struct nat_backend *b, const struct nat_diff *d, struct err *err)
{
	int lock;
	int r = xtlock_acquire(&lock, err);
	if (r < 0) {
		b->waited = r == -EBUSY;
		drop_events(b); /* our own closing */
		return r;
	}
	if (b->waited) { /* and that process has probably changed the table */
		b->waited = false;
		if (lock >= 0)
			close(lock);
		return err_set(err, -EAGAIN, "another process held the xtables lock");
	}
	watch_lock(b);
	for (size_t i = 0; i < TABLES && r == 0; i++) {
		const struct iptc *t = tables[i];
		if (concerns(&d->add, t->family) ||
		    (concerns(&d->remove, t->family) && find_table(t) != TABLE_ABSENT))
			r = change_table(t, d, err);
	}
	if (lock >= 0)
		close(lock);
	/* Our own closing, and that of others whose changes were just read. */
	drop_events(b);
	return r;
}

static int iptables_watch_fd(const struct nat_backend *b)
{
	return b->inotify;
}

static bool iptables_read_events(struct nat_backend *b)
{
	return drop_events(b);
}

const struct nat_backend_ops nat_iptables = {
	.name = "iptables",
	.resync = 10 * USEC_PER_SEC,
	.open = iptables_open,
	.close = iptables_close,
	.list = iptables_list,
	.apply = iptables_apply,
	.watch_fd = iptables_watch_fd,
	.read_events = iptables_read_events,
};
