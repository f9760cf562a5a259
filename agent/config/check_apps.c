/* SPDX-License-Identifier: MIT */
/*
 * Checks of the apps against each other. With ten thousand apps not every pair can be compared:
 * names are found by hash, VIPs are sorted and only neighbours are compared. This works because, in
 * order of address and length, a prefix comes directly before all prefixes that it covers.
 */
#include "agent/config/check_apps.h"

#include <stdlib.h>
#include <string.h>

#include "agent/config/check_peer_names.h"
#include "agent/model/admission.h"
#include "lib/hash.h"
#include "lib/mem.h"
#include "lib/str.h"

struct vip_ref {
	struct prefix vip;
	const struct app_spec *app;
	const struct config_node *node; /* of the app */
};

/* An address that a VIP must not cover: of this host or of a peer. */
struct reserved {
	struct addr addr;
	const char *what;
};

/* The first app of a name. */
struct name_ref {
	const struct config_node *node; /* of the app */
	UT_hash_handle hh;
};

enum apps_stage { CHECK_NAMES, CHECK_COLLECT, CHECK_VIPS, CHECK_EACH, CHECK_RESERVED };

struct config_apps_check {
	struct config_findings *findings;
	const struct config_draft *draft;
	struct name_ref *names, *by_name;
	struct reserved *reserved; /* sorted */
	size_t n_reserved;
	struct vip_ref *vips; /* sorted */
	size_t n_vips;
	enum apps_stage stage;
	size_t next;                    /* app or VIP */
	const struct config_node *node; /* of that app */
};

#define APP_TEXT_MAX (APP_NAME_MAX + 8)

/* "app 'dns'", or "the app" when its name is invalid. */
static const char *app_text(const struct app_spec *app, char buf[static APP_TEXT_MAX])
{
	struct strbuf sb = strbuf_over(buf, APP_TEXT_MAX);
	if (app->name)
		strbuf_add(&sb, "app '%s'", app->name);
	else
		strbuf_add(&sb, "the app");
	return buf;
}

#define WHERE_MAX 512

/* "line 3", with its file when that is not the one of the node that the finding is about. */
static const char *line_text(const struct config_apps_check *c, struct config_place at,
			     const struct config_node *other, char buf[static WHERE_MAX])
{
	const char *file = config_node_file(other);
	struct strbuf sb = strbuf_over(buf, WHERE_MAX);
	strbuf_add(&sb, "line %u", at.line);
	if (!str_same(at.file, file))
		strbuf_add(&sb, " of %.400s", at.file ? at.file : c->draft->file);
	return buf;
}

/* The place of a VIP in its app's `vip`, which is a value or a list. */
static struct config_place at_vip(const struct vip_ref *ref)
{
	const struct config_node *node = config_node_get(ref->node, "vip");
	struct config_place found = config_at(node ? node : ref->node);
	struct prefix p = { 0 };
	for (const struct config_node *c = node ? node->first : NULL; c; c = c->next)
		if (c->text && prefix_parse(c->text, &p, NULL) == 0 && prefix_equal(&p, &ref->vip))
			found = config_at(c); /* the last one of duplicates */
	return found;
}

/* ---- names ---- */

static void check_name(struct config_apps_check *c, const struct app_spec *app)
{
	char where[WHERE_MAX];
	struct name_ref *first, *ref = &c->names[c->next];
	const struct config_node *key = config_node_get(c->node, "name");
	if (!app->name)
		return;
	*ref = (struct name_ref){ .node = c->node };
	HASH_FIND(hh, c->by_name, app->name, strlen(app->name), first);
	if (!first)
		HASH_ADD_KEYPTR(hh, c->by_name, app->name, strlen(app->name), ref);
	else if (key)
		config_error(c->findings, config_at(key), "duplicate app '%s', first defined in %s",
			     app->name, line_text(c, config_at(first->node), key, where));
}

/* ---- VIPs ---- */

static int compare_vips(const void *a, const void *b)
{
	const struct vip_ref *x = a, *y = b;
	int c = prefix_cmp(&x->vip, &y->vip);
	return c ? c : (x->app > y->app) - (x->app < y->app);
}

static void collect_vips(struct config_apps_check *c)
{
	size_t cap = 0;
	const struct config_node *node = c->draft->first_app;
	for (size_t i = 0; i < c->draft->n_apps; i++, node = node->next) {
		const struct app_spec *app = &c->draft->apps[i];
		c->vips = mem_grow(c->vips, &cap, c->n_vips + app->n_vips, sizeof(*c->vips));
		for (size_t j = 0; j < app->n_vips; j++)
			c->vips[c->n_vips++] = (struct vip_ref){ app->vips[j], app, node };
	}
	if (c->n_vips > 0)
		qsort(c->vips, c->n_vips, sizeof(*c->vips), compare_vips);
}

static void report_same(const struct config_apps_check *c, const struct vip_ref *first,
			const struct vip_ref *second)
{
	char text[PREFIX_TEXT_MAX], owner[APP_TEXT_MAX], where[WHERE_MAX];
	prefix_format(&second->vip, text);
	if (first->app == second->app)
		config_error(c->findings, at_vip(second), "duplicate VIP '%s'", text);
	else
		config_error(c->findings, at_vip(second), "'%s' is already a VIP of %s in %s", text,
			     app_text(first->app, owner),
			     line_text(c, at_vip(first), second->node, where));
}

/* Among the prefixes around a VIP, the nearest that belongs to another app. */
static void report_overlap(const struct config_apps_check *c, const struct vip_ref *const *around,
			   size_t n, const struct vip_ref *ref)
{
	char inner[PREFIX_TEXT_MAX], outer[PREFIX_TEXT_MAX], owner[APP_TEXT_MAX], where[WHERE_MAX];
	for (size_t i = n; i-- > 0;) {
		if (around[i]->app == ref->app)
			continue;
		config_warn(c->findings, at_vip(ref), "'%s' is covered by %s, a VIP of %s in %s",
			    prefix_format(&ref->vip, inner), prefix_format(&around[i]->vip, outer),
			    app_text(around[i]->app, owner),
			    line_text(c, at_vip(around[i]), ref->node, where));
		return;
	}
}

static void check_vips(const struct config_apps_check *c)
{
	const struct vip_ref *around[129]; /* a prefix of each length at most */
	size_t n = 0;
	for (size_t i = 0; i < c->n_vips; i++) {
		const struct vip_ref *ref = &c->vips[i];
		while (n > 0 && !prefix_contains(&around[n - 1]->vip, &ref->vip.addr))
			n--;
		if (n > 0 && prefix_equal(&around[n - 1]->vip, &ref->vip)) {
			report_same(c, around[n - 1], ref);
			continue;
		}
		report_overlap(c, around, n, ref);
		around[n++] = ref;
	}
}

/* ---- VIPs against the addresses of bgp ---- */

static int compare_reserved(const void *a, const void *b)
{
	const struct reserved *x = a, *y = b;
	int c = addr_cmp(&x->addr, &y->addr);
	return c ? c : strcmp(x->what, y->what);
}

static void reserve(struct config_apps_check *c, const struct addr *addr, const char *what)
{
	if (addr_is_set(addr))
		c->reserved[c->n_reserved++] = (struct reserved){ *addr, what };
}

static void collect_reserved(struct config_apps_check *c)
{
	const struct config_draft_bgp *bgp = &c->draft->bgp;
	c->reserved = mem_new(bgp->n_peers * 3, sizeof(*c->reserved));
	for (size_t i = 0; i < bgp->n_peers; i++) {
		reserve(c, &bgp->peers[i].addr, "address of a peer");
		reserve(c, &bgp->peers[i].local_ip, "local_ip");
		reserve(c, &bgp->peers[i].local_ip6, "local_ip6");
	}
	qsort(c->reserved, c->n_reserved, sizeof(*c->reserved), compare_reserved);
}

/* The first address that is not lower than the VIP's is the first that the VIP can cover. */
static void check_reserved(const struct config_apps_check *c, const struct vip_ref *ref)
{
	char vip[PREFIX_TEXT_MAX], addr[ADDR_TEXT_MAX];
	size_t low = 0, high = c->n_reserved;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (addr_cmp(&c->reserved[middle].addr, &ref->vip.addr) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < c->n_reserved && prefix_contains(&ref->vip, &c->reserved[low].addr))
		config_error(c->findings, at_vip(ref),
			     "'%s' covers %s (%s): binding it would break the session",
			     prefix_format(&ref->vip, vip),
			     addr_format(&c->reserved[low].addr, addr), c->reserved[low].what);
}

/* ---- one app ---- */

/* A drained route carries those of `up` and `drain`; one that joins, in any state those of
 * `join`. */
static size_t most_of_states(const struct app_spec *app)
{
	size_t n[ANNOUNCE_STATES];
	if (!app->announce)
		return 0;
	for (size_t i = 0; i < ANNOUNCE_STATES; i++)
		n[i] = app->announce->of[i].communities.n;
	size_t drain = n[ANNOUNCE_UP] + n[ANNOUNCE_DRAIN];
	return n[ANNOUNCE_JOIN] + (n[ANNOUNCE_DOWN] > drain ? n[ANNOUNCE_DOWN] : drain);
}

static void check_communities(const struct config_apps_check *c, const struct app_spec *app,
			      const struct config_node *node, size_t others)
{
	const struct config_node *config = config_node_get(node, "vip_config");
	const struct config_node *list = config_node_get(config, "bgp_communities");
	size_t n = others + app->communities.n + most_of_states(app);
	if (!list)
		list = config_node_get(node, "states");
	if (list && n > BGP_COMMUNITIES_MAX)
		config_error(c->findings, config_at(list),
			     "%zu communities including those of bgp and of a peer, at most %d fit "
			     "into a route",
			     n, BGP_COMMUNITIES_MAX);
}

static bool has_consul_monitor(const struct app_spec *app)
{
	for (size_t i = 0; i < app->n_monitors; i++)
		if (app->monitors[i].kind->access == MONITOR_ASKS_CONSUL)
			return true;
	return false;
}

static void check_host_names(const struct config_apps_check *c, const struct app_spec *app,
			     const struct config_node *monitors)
{
	struct addr addr;
	for (size_t i = 0; i < app->n_monitors; i++) {
		const struct monitor_spec *s = &app->monitors[i];
		if (s->kind->access == MONITOR_USES_NETWORK && s->kind->target &&
		    !s->kind->target(s, &addr))
			config_warn(c->findings, config_at(monitors),
				    "'%.100s' names its host: the app depends on the name servers, "
				    "specify an address%s",
				    s->text,
				    str_equal(s->kind->name, "https")
					    ? ", and in tls_name the name of its certificate"
					    : "");
	}
}

static void check_quorum(const struct config_apps_check *c, const struct app_spec *app,
			 const struct config_node *node)
{
	if (app->quorum > app->n_monitors)
		config_error(c->findings, config_at(config_node_get(node, "quorum")),
			     "quorum %u exceeds the number of monitors, %zu", app->quorum,
			     app->n_monitors);
}

static void check_bind(const struct config_apps_check *c, const struct app_spec *app,
		       const struct config_node *node)
{
	const struct config_node *interface = config_node_get(node, "interface");
	struct app_spec effective = *app;
	struct err err;
	effective.agent_bind = c->draft->agent.bind;
	if (app_spec_check_bind(&effective, &err) < 0)
		config_error(c->findings, config_at(interface ? interface : node), "%s", err.text);
	else if (interface && app_spec_bind(&effective) == BIND_NONE)
		config_warn(c->findings, config_at(interface),
			    "has no effect: with 'bind: none' nothing is bound");
	else if (interface && app_spec_bind(&effective) == BIND_ROUTE)
		config_warn(c->findings, config_at(interface),
			    "has no effect: with 'bind: route' the local routes are those of lo");
	else if (app->nonlocal_ok && app_spec_bind(&effective) != BIND_ROUTE)
		config_warn(c->findings, config_at(config_node_get(node, "nonlocal")),
			    "has no effect: only 'bind: route' depends on it");
}

static void check_app(const struct config_apps_check *c, const struct app_spec *app,
		      const struct config_node *node)
{
	const struct config_node *monitors = config_node_get(node, "monitors");
	struct err err;
	if (!monitors || (monitors->kind == CONFIG_SEQUENCE && !monitors->first))
		config_warn(c->findings, config_at_missing(node, "monitors"),
			    "no monitors: the VIP is always announced, whether or not the service "
			    "is up");
	else
		check_host_names(c, app, monitors);
	if (has_consul_monitor(app) && !c->draft->agent.consul.addr)
		config_warn(c->findings, config_at(monitors),
			    "a consul monitor requires agent.consul_addr or CONSUL_HTTP_ADDR in "
			    "the environment, the app will not be announced");
	if (monitor_admission_check(&c->draft->agent.admission, app, &err) < 0)
		config_error(c->findings, config_at(monitors), "%s", err.text);
}

/* The most communities that a route carries in addition to its own. */
static size_t most_communities(const struct config_draft_bgp *bgp)
{
	size_t most = 0;
	for (size_t i = 0; i < bgp->n_peers; i++)
		if (bgp->peers[i].communities.n > most)
			most = bgp->peers[i].communities.n;
	return bgp->bgp.communities.n + most;
}

/* ---- in steps ---- */

/* Of those, the first may be `c->next`. */
static size_t last_of(const struct config_apps_check *c, size_t n, size_t all)
{
	return all - c->next > n ? c->next + n : all;
}

static void check_each(struct config_apps_check *c, size_t n)
{
	size_t others = most_communities(&c->draft->bgp), end = last_of(c, n, c->draft->n_apps);
	for (; c->next < end; c->next++, c->node = c->node->next) {
		const struct app_spec *app = &c->draft->apps[c->next];
		if (c->node->kind != CONFIG_MAPPING)
			continue; /* reported already */
		check_communities(c, app, c->node, others);
		check_quorum(c, app, c->node);
		check_bind(c, app, c->node);
		config_check_peer_names(&c->draft->bgp, app->peers, c->node, c->findings);
		check_app(c, app, c->node);
	}
}

static void check_names(struct config_apps_check *c, size_t n)
{
	size_t end = last_of(c, n, c->draft->n_apps);
	if (!c->names)
		c->names = mem_new(c->draft->n_apps, sizeof(*c->names));
	for (; c->next < end; c->next++, c->node = c->node->next)
		check_name(c, &c->draft->apps[c->next]);
}

static void check_all_reserved(struct config_apps_check *c, size_t n)
{
	for (size_t end = last_of(c, n, c->n_vips); c->next < end; c->next++)
		check_reserved(c, &c->vips[c->next]);
}

struct config_apps_check *config_apps_check_new(const struct config_draft *draft,
						struct config_findings *findings)
{
	struct config_apps_check *c = mem_new(1, sizeof(*c));
	c->findings = findings;
	c->draft = draft;
	c->node = draft->first_app;
	return c;
}

void config_apps_check_free(struct config_apps_check *c)
{
	if (!c)
		return;
	HASH_CLEAR(hh, c->by_name);
	free(c->names);
	free(c->reserved);
	free(c->vips);
	free(c);
}

static void begin(struct config_apps_check *c, enum apps_stage stage)
{
	c->stage = stage;
	c->next = 0;
	c->node = c->draft->first_app;
}

bool config_apps_check_step(struct config_apps_check *c, size_t n)
{
	if (c->draft->n_apps == 0)
		return false;
	switch (c->stage) {
	case CHECK_NAMES:
		check_names(c, n);
		if (c->next == c->draft->n_apps)
			begin(c, CHECK_COLLECT);
		return true;
	case CHECK_COLLECT:
		collect_reserved(c);
		collect_vips(c);
		begin(c, CHECK_VIPS);
		return true;
	case CHECK_VIPS:
		check_vips(c);
		begin(c, CHECK_EACH);
		return true;
	case CHECK_EACH:
		check_each(c, n);
		if (c->next == c->draft->n_apps)
			begin(c, CHECK_RESERVED);
		return true;
	case CHECK_RESERVED:
		check_all_reserved(c, n);
		break;
	}
	return c->next < c->n_vips;
}
