/* SPDX-License-Identifier: MIT */
#include "agent/config/keep.h"

#define SWAP(a, b)                                                                                 \
	do {                                                                                       \
		__typeof__(a) swapped = (a);                                                       \
		(a) = (b);                                                                         \
		(b) = swapped;                                                                     \
	} while (0)

static struct program_spec *find_program(struct config *c, const char *name)
{
	return (struct program_spec *)program_list_find(&c->programs, name);
}

/* The process that starts programs knows the users that were configured when it began. */
static void keep_users(struct config *present, struct config *next)
{
	for (size_t i = 0; i < next->programs.n; i++) {
		struct program_spec *b = &next->programs.items[i];
		struct program_spec *a = find_program(present, b->name);
		if (a)
			SWAP(a->user, b->user);
	}
}

void config_keep(struct config *present, struct config *next)
{
	struct config_agent *a = &present->agent, *b = &next->agent;
	SWAP(a->listen_addr, b->listen_addr);
	SWAP(a->read_addr, b->read_addr);
	SWAP(a->state_file, b->state_file);
	SWAP(a->user, b->user);
	SWAP(a->drop_privileges, b->drop_privileges);
	SWAP(a->sandbox, b->sandbox);
	SWAP(a->exec_user, b->exec_user);
	SWAP(a->consul.publish, b->consul.publish);
	/* A listener does not begin or cease to speak TLS. */
	if (!a->tls.cert != !b->tls.cert) {
		SWAP(a->tls, b->tls);
		SWAP(present->tls_keys, next->tls_keys);
	}
	SWAP(present->nat, next->nat);
	SWAP(present->fleet.engine, next->fleet.engine);
	SWAP(present->fleet.prefix, next->fleet.prefix);
	SWAP(present->fleet.node, next->fleet.node);
	keep_users(present, next);
	SWAP(present->gateway_family, next->gateway_family);
}

void config_keep_consul(struct config *present, struct config *next)
{
	SWAP(present->agent.consul, next->agent.consul);
}

void config_keep_nomad(struct config *present, struct config *next)
{
	SWAP(present->agent.nomad, next->agent.nomad);
}
