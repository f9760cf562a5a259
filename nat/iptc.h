/* SPDX-License-Identifier: MIT */
/*
 * libiptc, which has every function twice, as one table of functions per address family. The only
 * user of it. Nothing here takes the lock (nat/xtlock.h).
 */
#ifndef NAT_IPTC_H
#define NAT_IPTC_H

#include <stddef.h>
#include <stdint.h>

struct xtc_handle; /* a snapshot of one table, and the changes made to it */

struct iptc {
	uint8_t family;
	const char *names_file; /* in /proc: the tables that exist */
	/* Creates the table if there is none. NULL, and errno. */
	struct xtc_handle *(*init)(const char *table);
	/* Entries: struct ipt_entry or ip6t_entry. */
	const void *(*first)(const char *chain, struct xtc_handle *h);
	const void *(*next)(const void *entry, struct xtc_handle *h);
	/* 0, and errno, on failure; rules are numbered from 0. */
	int (*append)(const char *chain, const void *entry, struct xtc_handle *h);
	int (*remove)(const char *chain, unsigned number, struct xtc_handle *h);
	/* The kernel takes all or nothing; EAGAIN when the table changed since. */
	int (*commit)(struct xtc_handle *h);
	void (*free)(struct xtc_handle *h);
	const char *(*strerror)(int err);
};

extern const struct iptc iptc_v4, iptc_v6;

/* The newest revision of the target DNAT that the kernel has. -errno. */
int iptc_dnat_revision(const struct iptc *t);

#endif
