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

#endif
