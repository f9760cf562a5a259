/* SPDX-License-Identifier: MIT */
#include "agent/vip/nat_targets.h"

#include <errno.h>

#include "net/forwarding.h"
#include "net/subnets.h"

static bool names_one(const struct app_spec *spec)
{
	for (size_t i = 0; i < spec->n_nats; i++)
		if (addr_is_set(&spec->nats[i].to))
			return true;
	return false;
}

static int admit_in(const struct subnets *subnets, const struct app_spec *spec, struct err *err)
{
	char text[NAT_SPEC_TEXT_MAX], to[ADDR_TEXT_MAX];
	for (size_t i = 0; i < spec->n_nats; i++) {
		const struct nat_spec *nat = &spec->nats[i];
		struct prefix host = { .addr = nat->to,
				       .len = (uint8_t)(addr_size(nat->to.family) * 8) };
		if (addr_is_set(&nat->to) && !subnets_around(subnets, &host))
			return err_set(err, -EACCES,
				       "NAT mapping %s: %s is not on a directly connected network; "
				       "from %s only such targets are accepted, others in the "
				       "configuration file",
				       nat_spec_format(nat, text), addr_format(&nat->to, to),
				       app_source_name(spec->source));
	}
	return 0;
}

int nat_targets_admit(const struct app_spec *spec, struct err *err)
{
	struct subnets subnets;
	if (spec->source == APP_FROM_CONFIG || !names_one(spec))
		return 0;
	subnets_load(&subnets);
	int r = admit_in(&subnets, spec, err);
	subnets_done(&subnets);
	return r;
}

int nat_targets_check(const struct prefix *vip, const struct app_spec *spec, struct err *err)
{
	char text[NAT_SPEC_TEXT_MAX];
	int r = nat_targets_admit(spec, err);
	for (size_t i = 0; i < spec->n_nats && r == 0; i++) {
		const struct nat_spec *nat = &spec->nats[i];
		if (nat->to.family != vip->addr.family)
			continue;
		const char *lacks = forwarding_lacks(&nat->to);
		if (lacks)
			r = err_set(err, -ENETUNREACH,
				    "NAT mapping %s: the kernel drops packets of other hosts to "
				    "that address: 'sysctl -w %s'",
				    nat_spec_format(nat, text), lacks);
	}
	return r;
}
