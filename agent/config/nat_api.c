/* SPDX-License-Identifier: MIT */
#include "agent/config/nat_api.h"

#include <errno.h>

#include "net/fib.h"

struct nat_api {
	const struct app_spec *spec;
	nat_api_own_cb *own;
	void *userdata;
};

/* 0.0.0.0 is every address of IPv4; no address is every one of both. */
static bool accepts_family(const struct endpoint *listener, uint8_t family)
{
	return !addr_is_set(&listener->addr) || listener->addr.family == family;
}

static bool is_wildcard(const struct endpoint *listener)
{
	return !addr_is_set(&listener->addr) || addr_is_unspecified(&listener->addr);
}

static bool leads_by_address(const struct endpoint *listener, const struct addr *to)
{
	struct err err;
	bool local = false;
	if (!accepts_family(listener, to->family))
		return false;
	if (!is_wildcard(listener))
		return addr_equal(&listener->addr, to);
	return fib_is_local(to, &local, &err) == 0 && local;
}

static bool leads_by_default(const struct nat_api *n, const struct endpoint *listener)
{
	static const uint8_t families[] = { AF_INET, AF_INET6 };
	struct addr own;
	for (size_t i = 0; i < 2; i++) {
		if (!app_spec_has_family(n->spec, families[i]) ||
		    !accepts_family(listener, families[i]))
			continue;
		if (is_wildcard(listener) ||
		    (n->own(families[i], &own, n->userdata) && addr_equal(&own, &listener->addr)))
			return true;
	}
	return false;
}

static int check_listener(const struct nat_api *n, const struct endpoint *listener, const char *key,
			  struct err *err)
{
	char text[NAT_SPEC_TEXT_MAX], where[ENDPOINT_TEXT_MAX];
	if (listener->unix_path[0] || listener->port == 0)
		return 0;
	for (size_t i = 0; i < n->spec->n_nats; i++) {
		const struct nat_spec *nat = &n->spec->nats[i];
		if (nat->proto != IPPROTO_TCP || nat->dest != listener->port)
			continue;
		if (addr_is_set(&nat->to) ? leads_by_address(listener, &nat->to)
					  : leads_by_default(n, listener))
			return err_set(
				err, -EACCES,
				"NAT mapping %s leads to the API of the agent itself (%s %s): "
				"clients of the VIP would reach it; use another port for one of "
				"the two, or agent.api.on_vips: true if they are meant to",
				nat_spec_format(nat, text), key, endpoint_format(listener, where));
	}
	return 0;
}

int nat_api_check(const struct config_agent *agent, const struct app_spec *spec,
		  nat_api_own_cb *own, void *userdata, struct err *err)
{
	const struct nat_api n = { .spec = spec, .own = own, .userdata = userdata };
	if (agent->api.on_vips || spec->n_nats == 0)
		return 0;
	int r = check_listener(&n, &agent->listen_addr, "agent.listen_addr", err);
	return r == 0 ? check_listener(&n, &agent->read_addr, "agent.read_addr", err) : r;
}
