/* SPDX-License-Identifier: MIT */
#include "agent/daemon/peer_set.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/config/api_peer.h"
#include "agent/config/draft.h"
#include "agent/daemon/parts.h"
#include "agent/daemon/peer_config.h"
#include "agent/daemon/peer_users.h"
#include "lib/log.h"
#include "lib/mem.h"

void peer_set_store(const struct agent *a, const struct peer_id *id)
{
	store_put_peer(a->store, id, peer_orders_find(&a->peer_orders, id));
}

bool peer_set_is_of_file(const struct agent *a, const struct config *c, const struct peer_id *id)
{
	for (size_t i = 0; i < c->n_file_peers; i++) {
		struct peer_id other = peer_id_of(&c->bgp.peers[i]);
		/* The default gateway, once it was found. */
		if (!addr_is_set(&other.addr) && !c->bgp.peers[i].unnumbered)
			other.addr = a->identity.gateway.addr;
		if (peer_id_equal(&other, id))
			return true;
	}
	return false;
}

/* ---- another configuration ---- */

static int first_error(const struct config_findings *findings, struct err *err)
{
	for (size_t i = 0; i < findings->n; i++) {
		const struct config_finding *f = &findings->items[i];
		if (f->severity == CONFIG_ERROR)
			return err_set(err, -EINVAL, "%s%s%s", f->path, f->path[0] ? ": " : "",
				       f->text);
	}
	return err_set(err, -EINVAL, "not the definition of a peer");
}

/* The file comes first. */
static int check_vips_of_file(const struct config *next, const struct bgp_peer_config *peer,
			      struct err *err)
{
	char prefix[PREFIX_TEXT_MAX];
	for (size_t i = 0; i < next->n_apps; i++)
		for (size_t j = 0; j < next->apps[i].n_vips; j++)
			if (prefix_contains(&next->apps[i].vips[j], &peer->addr))
				return err_set(err, -EEXIST, "vip %s of app %s covers its address",
					       prefix_format(&next->apps[i].vips[j], prefix),
					       next->apps[i].name);
	return 0;
}

static int build(const struct config *next, const struct peer_order *order,
		 struct bgp_peer_config *ret, struct err *err)
{
	struct config_findings findings = { 0 };
	int rc = config_api_peer(next, order->definition, ret, &findings);
	if (rc < 0)
		rc = first_error(&findings, err);
	else if (check_vips_of_file(next, ret, err) < 0)
		rc = -EEXIST;
	if (rc == -EEXIST)
		config_peer_done(ret);
	config_findings_done(&findings);
	return rc;
}

static void leave_out(struct peer_order *order, const struct err *err)
{
	char name[PEER_ID_TEXT_MAX];
	log_warn("bgp", "peer %s, added over HTTP, is left out: %s",
		 peer_id_format(&order->id, name), err->text);
	peer_order_refuse(order, err->text);
}

static void report(struct config_findings *findings, const struct peer_order *order,
		   const struct err *err)
{
	char name[PEER_ID_TEXT_MAX];
	struct config_place at = config_at_line(0, 0);
	peer_id_format(&order->id, name);
	snprintf(at.path, sizeof(at.path), "peer %s, added over HTTP", name);
	config_error(findings, at, "%s; fix it, or vipherald peer %s delete", err->text, name);
}

int peer_set_merge(struct agent *a, struct config *next, bool lenient,
		   struct config_findings *findings)
{
	const struct peer_orders *orders = &a->peer_orders;
	int rc = 0;
	config_drop_api_peers(next);
	for (size_t i = 0; i < orders->n; i++) {
		struct peer_order *order = &orders->items[i];
		struct bgp_peer_config peer;
		struct err err = { "" };
		if (!order->definition || peer_set_is_of_file(a, next, &order->id))
			continue;
		if (build(next, order, &peer, &err) == 0) {
			config_add_api_peer(next, &peer);
		} else if (lenient) {
			leave_out(order, &err);
		} else if (!order->refused) {
			report(findings, order, &err);
			rc = -EINVAL;
		}
	}
	return rc;
}

void peer_set_added(const struct config_agent *agent, struct config_added_peers *ret,
		    void *userdata)
{
	const struct agent *a = userdata;
	(void)agent;
	config_added_peers_of(&a->peer_orders, ret);
}

static void add_stored(struct agent *a)
{
	struct host_address_change change;
	struct host_addresses next;
	struct err err = { "" };
	peer_set_merge(a, a->config, true, NULL);
	if (a->config->bgp.n_peers == a->config->n_file_peers)
		return;
	if (host_addresses_find_again(a->config, &a->identity, a->config, &next, &err) == 0) {
		host_addresses_replace(&a->identity, &next, &change);
		return;
	}
	config_drop_api_peers(a->config);
	for (size_t i = 0; i < a->peer_orders.n; i++)
		if (a->peer_orders.items[i].definition)
			leave_out(&a->peer_orders.items[i], &err);
}

void peer_set_restore(struct agent *a)
{
	const struct peer_orders *stored = store_peers(a->store);
	for (size_t i = 0; i < stored->n; i++) {
		const struct peer_order *order = &stored->items[i];
		if (order->disabled)
			peer_orders_disable(&a->peer_orders, &order->id, order->text,
					    order->disabled_at, order->disabled_by);
		if (order->definition)
			peer_orders_add(&a->peer_orders, &order->id, order->definition,
					order->added_at, order->added_by);
		peer_set_store(a, &order->id);
	}
	add_stored(a);
}

/* ---- one that comes or goes ---- */

/* A VIP that already covers the path to a peer does not prevent a change of another peer. */
static int check_vips(const struct agent *a, const struct host_addresses *next, struct err *err)
{
	struct err known;
	struct app_cursor cursor;
	int rc = 0;
	if (host_addresses_same_vital(&a->identity, next))
		return 0;
	app_cursor_init(a->registry, &cursor);
	for (const struct app *app; rc == 0 && (app = app_cursor_next(&cursor));)
		for (size_t i = 0; rc == 0 && i < app->spec->n_vips; i++) {
			const struct prefix *vip = &app->spec->vips[i];
			rc = host_addresses_check_vip(next, vip, err);
			if (rc < 0 && host_addresses_check_vip(&a->identity, vip, &known) < 0)
				rc = 0;
			if (rc < 0)
				err_prefix(err, rc, "app %s: ", app->spec->name);
		}
	app_cursor_done(&cursor);
	return rc;
}

static int put_into_effect(struct agent *a, const struct config *next, struct err *err)
{
	struct host_addresses addresses;
	host_changes_catch_up(a->host_changes);
	int rc = host_addresses_find_again(a->config, &a->identity, next, &addresses, err);
	if (rc < 0)
		return rc;
	rc = check_vips(a, &addresses, err);
	if (rc == 0)
		rc = peer_config_change(a, &addresses, err);
	if (rc == 0)
		peer_config_adopt(a, &addresses);
	else
		host_addresses_done(&addresses);
	return rc;
}

int peer_set_replace(struct agent *a, const struct peer_id *id, const struct bgp_peer_config *peer,
		     struct err *err)
{
	struct config *c = a->config, next = *a->config;
	struct bgp_peer_config *before = (struct bgp_peer_config *)c->bgp.peers, *former = NULL;
	struct bgp_peer_config *items = mem_new(c->bgp.n_peers + 2, sizeof(*items));
	size_t n = 0;
	for (size_t i = 0; i < c->bgp.n_peers; i++) {
		const struct peer_id other = peer_id_of(&before[i]);
		if (i >= c->n_file_peers && peer_id_equal(&other, id))
			former = &before[i];
		else
			items[n++] = before[i];
	}
	if (peer)
		items[n++] = *peer;
	next.bgp.peers = items;
	next.bgp.n_peers = n;
	int rc = peer_users_check(a, &next, err);
	if (rc == 0)
		rc = put_into_effect(a, &next, err);
	if (rc < 0) {
		free(items);
		return rc;
	}
	c->bgp.peers = items;
	c->bgp.n_peers = n;
	if (former)
		config_peer_done(former);
	free(before);
	return 0;
}

/* ---- when a configuration stays ---- */

static bool is_peer(const struct agent *a, const struct peer_id *id)
{
	for (size_t i = 0; i < a->identity.bgp.n_peers; i++) {
		const struct peer_id other = peer_id_of(&a->identity.peers[i]);
		if (peer_id_equal(&other, id))
			return true;
	}
	return false;
}

static bool was_added(const struct agent *a, const struct peer_id *id)
{
	const struct peer_order *order = peer_orders_find(&a->peer_orders, id);
	return order && order->definition;
}

static void settle_added(struct agent *a, const struct peer_id *id)
{
	char name[PEER_ID_TEXT_MAX];
	struct peer_order *order = peer_orders_find(&a->peer_orders, id);
	if (!peer_set_is_of_file(a, a->config, id)) {
		if (is_peer(a, id))
			peer_order_refuse(order, NULL);
		return;
	}
	log_info("bgp",
		 "peer %s: now in the configuration, replaces the peer added by %s over HTTP",
		 peer_id_format(id, name), order->added_by);
	peer_orders_remove(&a->peer_orders, id);
	peer_set_store(a, id);
}

static void settle_disabled(struct agent *a, const struct peer_id *id)
{
	char name[PEER_ID_TEXT_MAX];
	if (is_peer(a, id) || !peer_orders_enable(&a->peer_orders, id))
		return;
	log_info("bgp",
		 "peer %s: disabled, and no longer in the configuration: it will be enabled if it "
		 "returns",
		 peer_id_format(id, name));
	peer_set_store(a, id);
}

void peer_set_settle(struct agent *a)
{
	for (size_t i = a->peer_orders.n; i-- > 0;) {
		const struct peer_id id = a->peer_orders.items[i].id;
		if (was_added(a, &id))
			settle_added(a, &id);
		if (!was_added(a, &id))
			settle_disabled(a, &id);
	}
}
