/* SPDX-License-Identifier: MIT */
#include "agent/daemon/peer_find.h"

#include <errno.h>

#include "agent/daemon/parts.h"
#include "lib/str.h"

/* Peers that an error names. */
#define NAMED_MAX 8

/* An interface or a port that the request does not name is any. */
static bool is_meant(const struct peer_id *id, const struct peer_id *wanted)
{
	return addr_equal(&id->addr, &wanted->addr) &&
	       (!wanted->port || id->port == wanted->port) &&
	       (!wanted->ifname[0] || str_equal(id->ifname, wanted->ifname));
}

static int explain_none(const struct agent *a, const char *name, uint16_t port, struct err *err)
{
	char text[400], one[PEER_ID_TEXT_MAX];
	struct strbuf sb = strbuf_over(text, sizeof(text));
	struct bgp_peer_status status;
	size_t n = bgp_speaker_n_peers(a->speaker), i = 0;
	for (; i < n && i < NAMED_MAX; i++) {
		bgp_speaker_peer_status(a->speaker, i, &status);
		const struct peer_id id = peer_id_of(status.config);
		strbuf_add(&sb, "%s%s", i > 0 ? ", " : "", peer_id_format(&id, one));
	}
	if (n > i)
		strbuf_add(&sb, " and %zu more", n - i);
	if (port)
		return err_set(err, -ENOENT, "no peer '%.80s' on port %u, there %s %s", name, port,
			       n == 1 ? "is" : "are", text);
	return err_set(err, -ENOENT, "no peer '%.80s', there %s %s", name, n == 1 ? "is" : "are",
		       text);
}

/* The address that the router of an interface has at present is as good as the interface. */
static bool is_meant_now(const struct bgp_peer_config *peer, const struct peer_id *wanted)
{
	struct peer_id now = peer_id_of(peer);
	if (is_meant(&now, wanted))
		return true;
	now.addr = peer->addr;
	return peer->unnumbered && addr_is_set(&now.addr) && is_meant(&now, wanted);
}

int peer_find_present(const struct agent *a, const struct api_call *call, size_t *ret_index,
		      struct peer_id *ret, struct err *err)
{
	char first[PEER_ID_TEXT_MAX], second[PEER_ID_TEXT_MAX];
	struct peer_id wanted;
	struct bgp_peer_status status;
	size_t found = 0;
	int rc = peer_id_parse(call->name, call->port, &wanted, err);
	for (size_t i = 0; rc == 0 && i < bgp_speaker_n_peers(a->speaker); i++) {
		bgp_speaker_peer_status(a->speaker, i, &status);
		const struct peer_id id = peer_id_of(status.config);
		if (!is_meant_now(status.config, &wanted))
			continue;
		if (found++ > 0)
			return err_set(err, -EEXIST,
				       "'%.80s' may be %s or %s: name the interface (%%eth0), or "
				       "the port (port=)",
				       call->name, peer_id_format(ret, first),
				       peer_id_format(&id, second));
		*ret_index = i;
		*ret = id;
	}
	return rc == 0 && found == 0 ? explain_none(a, call->name, call->port, err) : rc;
}

int peer_find_added(const struct agent *a, const struct api_call *call, struct peer_id *ret,
		    struct err *err)
{
	char first[PEER_ID_TEXT_MAX], second[PEER_ID_TEXT_MAX];
	const struct peer_orders *orders = &a->peer_orders;
	struct peer_id wanted;
	size_t found = 0, index;
	int rc = peer_id_parse(call->name, call->port, &wanted, err);
	for (size_t i = 0; rc == 0 && i < orders->n; i++) {
		const struct peer_order *order = &orders->items[i];
		if (!order->definition || !is_meant(&order->id, &wanted))
			continue;
		if (found++ > 0)
			return err_set(err, -EEXIST,
				       "'%.80s' may be %s or %s: name the port (port=)", call->name,
				       peer_id_format(ret, first),
				       peer_id_format(&order->id, second));
		*ret = order->id;
	}
	if (rc < 0 || found > 0)
		return rc;
	rc = peer_find_present(a, call, &index, ret, err);
	if (rc == 0)
		return err_set(err, -EEXIST,
			       "peer %s is in the configuration file: remove it there and reload, "
			       "or disable it",
			       peer_id_format(ret, first));
	return rc;
}
