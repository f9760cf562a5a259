/* SPDX-License-Identifier: MIT */
#include "net/portset.h"

#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* Both are in network order in the message, and a load turns them into host order. */
#define AT_LOCAL_PORT                                                                              \
	(NLMSG_HDRLEN + offsetof(struct inet_diag_msg, id) +                                       \
	 offsetof(struct inet_diag_sockid, idiag_sport))
#define AT_REMOTE_PORT                                                                             \
	(NLMSG_HDRLEN + offsetof(struct inet_diag_msg, id) +                                       \
	 offsetof(struct inet_diag_sockid, idiag_dport))

#define ACCEPT_ALL UINT32_MAX

/* ---- ranges ---- */

static size_t all_ranges(const struct port_set *s, struct port_range *ret)
{
	size_t n = 0;
	for (uint32_t port = 0; port <= UINT16_MAX; port++) {
		if (port % 64 == 0 && s->bits[port / 64] == 0) {
			port += 63;
			continue;
		}
		if (!port_set_has(s, (uint16_t)port))
			continue;
		if (n > 0 && ret[n - 1].last + 1U == port)
			ret[n - 1].last = (uint16_t)port;
		else
			ret[n++] = (struct port_range){ (uint16_t)port, (uint16_t)port };
	}
	return n;
}

static int compare_gaps(const void *a, const void *b)
{
	uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;
	return x < y ? -1 : x > y;
}

static uint16_t gap_before(const struct port_range *r)
{
	return (uint16_t)(r->first - r[-1].last);
}

/* Only gaps wider than this may stay, and `*ret_equal` of those that are just as wide. */
static uint16_t widest_to_close(const struct port_range *r, size_t n, size_t max, size_t *ret_equal)
{
	uint16_t *gaps = mem_new(n - 1, sizeof(*gaps));
	for (size_t i = 1; i < n; i++)
		gaps[i - 1] = gap_before(&r[i]);
	qsort(gaps, n - 1, sizeof(*gaps), compare_gaps);
	uint16_t widest = gaps[n - max - 1];
	*ret_equal = 0;
	for (size_t i = n - max; i < n - 1 && gaps[i] == widest; i++)
		(*ret_equal)++;
	free(gaps);
	return widest;
}

size_t port_set_ranges(const struct port_set *s, struct port_range *ret, size_t max)
{
	/* Every second port is the worst there is. */
	struct port_range *all = mem_new(UINT16_MAX / 2 + 1, sizeof(*all));
	size_t n = all_ranges(s, all), kept = n;
	if (n > max) {
		size_t equal;
		uint16_t widest = widest_to_close(all, n, max, &equal);
		kept = 1;
		for (size_t i = 1; i < n; i++) {
			uint16_t gap = (uint16_t)(all[i].first - all[kept - 1].last);
			if (gap > widest || (gap == widest && equal > 0 && equal--))
				all[kept++] = all[i];
			else
				all[kept - 1].last = all[i].last;
		}
	}
	memcpy(ret, all, kept * sizeof(*ret));
	free(all);
	return kept;
}

/* ---- the program ---- */

struct program {
	struct sock_filter *code;
	size_t len;
};

static void put(struct program *p, uint16_t code, uint32_t k)
{
	p->code[p->len++] = (struct sock_filter)BPF_STMT(code, k);
}

static void put_jump(struct program *p, uint16_t code, uint32_t k, uint8_t jump_true,
		     uint8_t jump_false)
{
	p->code[p->len++] = (struct sock_filter)BPF_JUMP(code, k, jump_true, jump_false);
}

/* Decides about the port in the accumulator: of two halves the upper one when it reaches there. */
static void put_search(struct program *p, const struct port_range *ranges, size_t n)
{
	if (n == 1) {
		put_jump(p, BPF_JMP | BPF_JGE | BPF_K, ranges->first, 0, 2);
		put_jump(p, BPF_JMP | BPF_JGT | BPF_K, ranges->last, 1, 0);
		put(p, BPF_RET | BPF_K, ACCEPT_ALL);
		put(p, BPF_RET | BPF_K, 0);
		return;
	}
	size_t half = n / 2;
	put_jump(p, BPF_JMP | BPF_JGE | BPF_K, ranges[half].first, 0, 1);
	size_t jump = p->len++; /* the other half may be out of a short jump's reach */
	put_search(p, ranges, half);
	p->code[jump] =
		(struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, (uint32_t)(p->len - jump - 1));
	put_search(p, ranges + half, n - half);
}

size_t port_filter_build(const struct port_range *ranges, size_t n,
			 struct sock_filter ret[static PORT_FILTER_MAX])
{
	struct program p = { .code = ret };
	put(&p, BPF_LD | BPF_H | BPF_ABS, AT_REMOTE_PORT);
	put_jump(&p, BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	put(&p, BPF_RET | BPF_K, 0);
	if (n == 0) {
		put(&p, BPF_RET | BPF_K, 0);
		return p.len;
	}
	put(&p, BPF_LD | BPF_H | BPF_ABS, AT_LOCAL_PORT);
	put_search(&p, ranges, n);
	return p.len;
}
