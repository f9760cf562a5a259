/* SPDX-License-Identifier: MIT */
/*
 * A set of ports, and the socket filter that lets through what the kernel says about the end of
 * listeners on them. Pure.
 */
#ifndef NET_PORTSET_H
#define NET_PORTSET_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct port_set {
	uint64_t bits[1024];
};

static inline void port_set_add(struct port_set *s, uint16_t port)
{
	s->bits[port / 64] |= UINT64_C(1) << port % 64;
}

static inline void port_set_remove(struct port_set *s, uint16_t port)
{
	s->bits[port / 64] &= ~(UINT64_C(1) << port % 64);
}

static inline bool port_set_has(const struct port_set *s, uint16_t port)
{
	return s->bits[port / 64] >> port % 64 & 1;
}

/* From first to last, both included. */
struct port_range {
	uint16_t first, last;
};

/* The set as ascending ranges, at most `max` (not 0) of them: where there are more, those with the
 * fewest ports between them become one, so that the ranges may hold ports that the set does not,
 * but never the other way round. Returns how many there are. */
size_t port_set_ranges(const struct port_set *s, struct port_range *ret, size_t max);

/* A classic BPF program may have 4,096 instructions; each range takes six. */
#define PORT_FILTER_RANGES 512
#define PORT_FILTER_MAX    4096

/*
 * The program for a socket that hears the destroy events of sock_diag. It drops every message about
 * a socket with a remote port, which is every closed connection, after three instructions; of the
 * rest it takes those with a local port in the ranges, found by bisection. Returns its length.
 */
size_t port_filter_build(const struct port_range *ranges, size_t n,
			 struct sock_filter ret[static PORT_FILTER_MAX]);

#endif
