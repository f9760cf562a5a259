/* SPDX-License-Identifier: MIT */
/* The name servers that the resolver of this process asks. For a child that looks names up: it
 * changes the process. */
#ifndef NET_NAME_SERVERS_H
#define NET_NAME_SERVERS_H

/* Leaves out the name servers to which a VIP is the only source (net/source.h); returns how
 * many. */
int name_servers_avoid_vips(void);

#endif
