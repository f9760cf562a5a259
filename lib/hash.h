/* SPDX-License-Identifier: MIT */
/*
 * uthash with our settings: no room for its debugging aids, and the same answer to running out of
 * memory as lib/mem.h. Everything that looks something up by key uses it.
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stdio.h>
#include <stdlib.h>

#define uthash_fatal(msg)                                                                          \
	do {                                                                                       \
		fputs("vipherald: " msg ", aborting\n", stderr);                                   \
		abort();                                                                           \
	} while (0)

#include <uthash.h>

/* The longest chain before the table is doubled: each in it is a cache miss on the way to the last.
 * As chains are of random length, 6 makes for one or two on average, 10 (uthash's) for four. */
#undef HASH_BKT_CAPACITY_THRESH
#define HASH_BKT_CAPACITY_THRESH 6U

#endif
