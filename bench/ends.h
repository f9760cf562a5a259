/* SPDX-License-Identifier: MIT */
/* Two network namespaces with a link between them: the host is 10.2.0.2/24, the other end
 * 10.2.0.1/24. */
#ifndef BENCH_ENDS_H
#define BENCH_ENDS_H

struct ends {
	int host, other;
};

/* The host is the present namespace, and stays the one we are in. Both ends are called eth0. */
void ends_make(struct ends *ends);
/* `space`: one of the two. */
void ends_enter(int space);

#endif
