/* SPDX-License-Identifier: MIT */
#include "agent/model/peer_orders.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/scoped_addr.h"
#include "lib/str.h"

/* ---- who it is about ---- */

int peer_id_parse(const char *name, uint16_t port, struct peer_id *ret, struct err *err)
{
	struct peer_id id = { .port = port };
	int r = scoped_addr_parse(name, &id.addr, id.ifname);
	bool by_link = r == -EINVAL && ifname_is_valid(name);
	if (by_link)
		str_copy(id.ifname, sizeof(id.ifname), name);
	if (r < 0 && !by_link)
		return err_set(err, -EINVAL,
			       "'%.80s' is not the address of a peer, expected one like 192.0.2.1, "
			       "2001:db8::1 or fe80::1%%eth0, or the interface of one that is "
			       "configured by it",
			       name);
	*ret = id;
	return 0;
}

struct peer_id peer_id_of(const struct bgp_peer_config *peer)
{
	struct peer_id id = { .port = peer->port };
	if (!peer->unnumbered)
		id.addr = peer->addr;
	str_copy(id.ifname, sizeof(id.ifname), peer->ifname);
	return id;
}

bool peer_id_equal(const struct peer_id *a, const struct peer_id *b)
{
	return addr_equal(&a->addr, &b->addr) && a->port == b->port &&
	       str_equal(a->ifname, b->ifname);
}

const char *peer_id_format(const struct peer_id *id, char buf[static PEER_ID_TEXT_MAX])
{
	char addr[ADDR_TEXT_MAX];
	struct strbuf sb = strbuf_over(buf, PEER_ID_TEXT_MAX);
	if (addr_is_set(&id->addr))
		strbuf_add(&sb, "%s%s", addr_format(&id->addr, addr), id->ifname[0] ? "%" : "");
	strbuf_add(&sb, "%s", id->ifname);
	if (id->port != BGP_PORT)
		strbuf_add(&sb, " port %u", id->port);
	return buf;
}

/* ---- the list ---- */

static void order_done(struct peer_order *order)
{
	free(order->text);
	free(order->disabled_by);
	free(order->definition);
	free(order->added_by);
	free(order->refused);
}

void peer_orders_done(struct peer_orders *o)
{
	for (size_t i = 0; i < o->n; i++)
		order_done(&o->items[i]);
	free(o->items);
	*o = (struct peer_orders){ 0 };
}

struct peer_order *peer_orders_find(const struct peer_orders *o, const struct peer_id *id)
{
	for (size_t i = 0; i < o->n; i++)
		if (peer_id_equal(&o->items[i].id, id))
			return &o->items[i];
	return NULL;
}

static struct peer_order *find_or_make(struct peer_orders *o, const struct peer_id *id)
{
	struct peer_order *order = peer_orders_find(o, id);
	if (order)
		return order;
	o->items = mem_grow(o->items, &o->cap, o->n + 1, sizeof(*o->items));
	order = &o->items[o->n++];
	*order = (struct peer_order){ .id = *id };
	return order;
}

/* Frees an order that orders nothing any more. */
static void drop_empty(struct peer_orders *o, struct peer_order *order)
{
	if (order->disabled || order->definition)
		return;
	order_done(order);
	size_t i = (size_t)(order - o->items);
	memmove(order, order + 1, (o->n - i - 1) * sizeof(*order));
	o->n--;
}

static void set(char **field, const char *text)
{
	char *copy = text ? mem_strdup(text) : NULL;
	free(*field);
	*field = copy;
}

void peer_orders_disable(struct peer_orders *o, const struct peer_id *id, const char *text,
			 wall_t at, const char *by)
{
	struct peer_order *order = find_or_make(o, id);
	if (order->disabled && str_equal(order->text, text))
		return;
	order->disabled = true;
	order->disabled_at = at;
	set(&order->text, text);
	set(&order->disabled_by, by);
}

bool peer_orders_enable(struct peer_orders *o, const struct peer_id *id)
{
	struct peer_order *order = peer_orders_find(o, id);
	if (!order || !order->disabled)
		return false;
	order->disabled = false;
	set(&order->text, NULL);
	set(&order->disabled_by, NULL);
	drop_empty(o, order);
	return true;
}

void peer_orders_add(struct peer_orders *o, const struct peer_id *id, const char *definition,
		     wall_t at, const char *by)
{
	struct peer_order *order = find_or_make(o, id);
	order->added_at = at;
	set(&order->definition, definition);
	set(&order->added_by, by);
	set(&order->refused, NULL);
}

bool peer_orders_remove(struct peer_orders *o, const struct peer_id *id)
{
	struct peer_order *order = peer_orders_find(o, id);
	if (!order || !order->definition)
		return false;
	set(&order->definition, NULL);
	set(&order->added_by, NULL);
	set(&order->refused, NULL);
	drop_empty(o, order);
	return true;
}

void peer_order_refuse(struct peer_order *order, const char *why)
{
	set(&order->refused, why);
}

void peer_orders_mark(const struct peer_orders *o, struct bgp_peer_config *peers, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct peer_id id = peer_id_of(&peers[i]);
		const struct peer_order *order = peer_orders_find(o, &id);
		peers[i].disabled = order && order->disabled;
		peers[i].disabled_text = peers[i].disabled ? order->text : NULL;
	}
}

size_t peer_orders_added(const struct peer_orders *o)
{
	size_t n = 0;
	for (size_t i = 0; i < o->n; i++)
		n += o->items[i].definition != NULL;
	return n;
}
