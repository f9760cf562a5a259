/* SPDX-License-Identifier: MIT */
#ifndef LIB_VERSION_H
#define LIB_VERSION_H

/* Set by the Makefile from the file VERSION; for tools that look at a file alone. */
#ifndef VIPHERALD_VERSION
#define VIPHERALD_VERSION "0.0.0"
#endif

#endif
